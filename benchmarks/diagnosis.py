"""
Two tables: which planted faults ``nn.diagnose`` names, and whether what it suggests makes the network train.

Run it with ``python benchmarks/diagnosis.py``. There are ten faults and five healthy networks. Thresholds were tuned on
the seeds 0 to 9; what is printed is of other seeds, which also decide the data, the weights and the order of the
examples. The first cure that is suggested is applied as it stands, and the network trained from the start.
"""

from __future__ import annotations

import argparse
import random
import time
from itertools import pairwise

import nn
from autograd import Value
from autograd.errors import DivergenceError
from nn.datasets import Standardiser, digits, iris, moons, spirals
from nn.diagnosis import diagnose

KINDS = ["vanishing", "exploding", "saturated", "dead", "badly scaled", "healthy"]


class Recurrence(nn.Module):
    """h ← w h + u x, one number after the other: as deep as the sequence is long, with one weight."""

    class Cell(nn.Module):
        def __init__(self, w, u):
            self.w, self.u = Value(w), Value(u)

        def forward(self, pair):
            h, x = pair
            return [self.w * h + self.u * x]

    def __init__(self, w, u):
        self.cell = self.Cell(w, u)

    def forward(self, x):
        h = [Value(0.0)]
        for each in x:
            h = self.cell([h[0], each])
        return h


def data_of(name, seed):
    """Give inputs, targets, and the number of outputs."""
    if name == "moons":
        return (*moons(100, 0.1, seed), 1)
    if name == "spirals":
        return (*spirals(120, seed=seed), 1)
    if name == "sequences":
        rng = random.Random(seed)
        inputs = [[rng.gauss(0, 1) for _ in range(20)] for _ in range(60)]
        return inputs, [0.2 * sum(row) for row in inputs], 1
    inputs, targets = iris() if name == "iris" else digits()
    places = random.Random(seed).sample(range(len(inputs)), 120)
    return [inputs[i] for i in places], [targets[i] for i in places], max(targets) + 1


def network(setup, width, outputs, seed):
    """Build what a setup says."""
    rng = random.Random(seed)
    if setup["data"] == "sequences":
        return Recurrence(setup.get("w", 1.5), 0.1 + 0.2 * rng.random())
    widths = [width, *setup["hidden"]]
    name, init = setup["activation"], setup["init"]
    if setup.get("norm") or setup.get("residual"):
        layers = []
        for nin, nout in pairwise(widths):
            part = [nn.Layer(nin, nout, activation="linear", seed=rng, init=init)]
            part += [nn.LayerNorm(nout)] if setup.get("norm") else []
            part += [nn.Activation(name)]
            layers += [nn.Residual(*part)] if setup.get("residual") and nin == nout else part
        return nn.Sequential(*layers, nn.Linear(widths[-1], outputs, seed=rng))
    return nn.MLP(width, [*setup["hidden"], outputs], activation=name, seed=rng, init=init)


def planted(setup, seed):
    """Give a network with its data and its optimizer, as a setup says."""
    inputs, targets, outputs = data_of(setup["data"], seed)
    inputs = [[setup.get("stretch", 1.0) * x + setup.get("shift", 0.0) for x in row] for row in inputs]
    if "feature" in setup:
        inputs = [[setup["feature"] * row[0], *row[1:]] for row in inputs]
    if setup.get("standardise"):
        inputs = Standardiser(inputs)(inputs)
    model = network(setup, len(inputs[0]), outputs, seed)
    for layer in getattr(model, "layers", [])[:-1]:
        if isinstance(layer, nn.Layer) and "fresh" not in setup:
            for row in layer.weight:
                for w in row:
                    w.data = setup.get("scale", 1.0) * w.data + setup.get("tilt", 0.0)
            for b in layer.bias:
                b.data += setup.get("bias", 0.0)
    loss = "mse" if setup["data"] == "sequences" else "bce_with_logits" if outputs == 1 else "cross_entropy"
    kind = nn.SGD if setup.get("optimizer") == "sgd" else nn.Adam
    optimizer = kind(model.parameters(), lr=setup.get("lr", 0.01))
    return model, inputs, targets, loss, optimizer


def score(setup, seed, epochs=60):
    """Train, and give the accuracy, or R², on what it was trained on."""
    model, inputs, targets, loss, optimizer = planted(setup, seed)
    callbacks = [nn.ClipGradNorm(setup["clip"])] if "clip" in setup else []
    try:
        nn.fit(model, inputs, targets, loss=loss, optimizer=optimizer, epochs=epochs, batch_size=10, seed=seed,
               callbacks=callbacks, progress=False)  # fmt: skip
        result = nn.evaluate(model, inputs, targets, loss=loss)
    except (DivergenceError, OverflowError):
        return float("-inf")
    return result["r2" if loss == "mse" else "accuracy"]


def cured(setup, change):
    """Change a setup as a cure says; whatever gives the weights new starts undoes what was done to them."""
    return {**setup, **change, **({"fresh": True} if "init" in change else {})}


def setup(data, hidden, activation, init, **more):
    return {"data": data, "hidden": hidden, "activation": activation, "init": init, **more}


SETUPS = {
    "six layers of sigmoid": ("vanishing", setup("moons", [10] * 6, "sigmoid", "xavier_uniform")),
    "eight layers of tanh, small weights": (
        "vanishing",
        setup("moons", [10] * 8, "tanh", "xavier_uniform", scale=0.25),
    ),
    "six layers of relu, large weights": ("exploding", setup("moons", [16] * 6, "relu", "normal", scale=1.5)),
    "one weight, twenty times": ("exploding", {"data": "sequences", "w": 1.6, "optimizer": "sgd"}),
    "tanh, large weights": ("saturated", setup("moons", [16, 16], "tanh", "normal", scale=8.0)),
    "sigmoid, large weights": ("saturated", setup("iris", [16, 16], "sigmoid", "normal", scale=6.0)),
    "relu, biases of -10": ("dead", setup("moons", [16, 16], "relu", "kaiming_uniform", bias=-10.0)),
    "relu on pixels, negative weights": ("dead", setup("digits", [24], "relu", "kaiming_uniform", tilt=-0.5)),
    "inputs in thousands": (
        "badly scaled",
        setup("moons", [16, 16], "tanh", "xavier_uniform", stretch=1e3, shift=500.0),
    ),
    "one feature in thousands": ("badly scaled", setup("iris", [12], "relu", "kaiming_uniform", feature=1e4)),
    "tanh on moons": ("healthy", setup("moons", [16, 16], "tanh", "xavier_uniform")),
    "relu on digits": ("healthy", setup("digits", [24], "relu", "kaiming_uniform")),
    "sigmoid on irises": ("healthy", setup("iris", [10], "sigmoid", "xavier_uniform", standardise=True)),
    "six layers of relu": ("healthy", setup("moons", [16] * 6, "relu", "kaiming_uniform")),
    "eight layers of tanh with norms": ("healthy", setup("moons", [12] * 8, "tanh", "xavier_uniform", norm=True)),
}


def _said(result):
    return "diverges" if result == float("-inf") else f"{result:.2f}"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, nargs="*", default=list(range(1000, 1010)), help="default 1000 to 1009")
    parser.add_argument("--cures", type=int, default=1, help="on how many of the seeds to try the cures (default 1)")
    given = parser.parse_args()
    counts = {kind: dict.fromkeys(KINDS, 0) for kind in KINDS}
    named, start = {}, time.perf_counter()
    for seed in given.seeds:
        right = 0
        for title, (kind, config) in SETUPS.items():
            model, inputs, targets, loss, optimizer = planted(config, seed)
            named[title, seed] = found = diagnose(model, inputs, targets, loss, optimizer=optimizer)
            counts[kind][found.kind] += 1
            right += found.kind == kind
            if found.kind != kind:
                print(f"  seed {seed}: {title} is {kind}, but was named {found.kind}")
        print(f"seed {seed}: {right} of {len(SETUPS)} right", flush=True)
    print(f"\n{'planted':<14}{'named':>14}\n{'':<14}" + "".join(f"{kind:>14}" for kind in KINDS))
    for kind, row in counts.items():
        print(f"{kind:<14}" + "".join(f"{count or '.':>14}" for count in row.values()))
    print(f"{time.perf_counter() - start:.0f} s\n")
    print(f"{'':<38}{'as planted':>12}{'cured':>10}   accuracy (R² of the recurrence) after 60 epochs, and the cure")
    for seed in given.seeds[: given.cures]:
        for title, (_, config) in SETUPS.items():
            before = _said(score(config, seed))
            cures = named[title, seed].cures
            after = f"{_said(score(cured(config, cures[0].change), seed)):>10}   {cures[0].text}" if cures else ""
            print(f"{title:<38}{before:>12}{after}", flush=True)


if __name__ == "__main__":
    main()
