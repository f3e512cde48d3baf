"""
One table: a training step of micrograd's moons demo, on micrograd, a microgpt-style Value, and this engine.

Run it with ``python benchmarks/moons.py``, in an environment that has ``micrograd`` from PyPI. The step is the demo's
own: MLP(2, [16, 16, 1]) on 100 points, hinge loss and L2 penalty, forward, backward and update. All engines run in one
process on one core, in shuffled order after a warm-up; each figure is a median. The cyclic garbage collector is most of
micrograd's time, so each ratio is given with the collector on and off.
"""

from __future__ import annotations

import argparse
import gc
import math
import os
import platform
import random
import statistics
import sys
import time
import tracemalloc

import micrograd.engine
import micrograd.nn
from microgpt import Scalar

import nn
from autograd import Value


class Elementwise:
    """micrograd's MLP, neuron for neuron, on any kind of value."""

    def __init__(self, kind, rng):
        sizes = [2, 16, 16, 1]
        self.layers = [
            [([kind(rng.uniform(-1, 1)) for _ in range(sizes[i])], kind(0)) for _ in range(sizes[i + 1])]
            for i in range(3)
        ]

    def __call__(self, x):
        for depth, layer in enumerate(self.layers):
            x = [sum((wi * xi for wi, xi in zip(w, x, strict=True)), b) for w, b in layer]
            if depth < 2:
                x = [out.relu() for out in x]
        return x[0]

    def parameters(self):
        return [p for layer in self.layers for w, b in layer for p in [*w, b]]


def moons(rng, count=100):
    """Give points on two interleaving half circles, as scikit-learn's make_moons, and their labels -1 and 1."""
    points, labels = [], []
    for i in range(count):
        label = i % 2
        angle = math.pi * rng.random()
        x, y = math.cos(angle), math.sin(angle)
        if label:
            x, y = 1 - x, 0.5 - y
        points.append((x + rng.gauss(0, 0.1), y + rng.gauss(0, 0.1)))
        labels.append(2 * label - 1)
    return points, labels


def step(kind, model, points, labels):
    """One step of the demo: forward, backward, update."""
    scores = [model([kind(x) for x in point]) for point in points]
    losses = [(1 + -label * score).relu() for label, score in zip(labels, scores, strict=True)]
    data_loss = sum(losses) * (1.0 / len(losses))
    parameters = model.parameters()
    total = data_loss + 1e-4 * sum(p * p for p in parameters)
    for p in parameters:
        p.grad = 0
    total.backward()
    for p in parameters:
        p.data -= 0.1 * p.grad
    return total.data


def seconds(run, repeats):
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        run()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def bytes_a_node():
    a, b = Value(1.5), Value(2.5)
    nodes = [None] * 10_000
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    for i in range(len(nodes)):
        nodes[i] = a * b
    size = (tracemalloc.get_traced_memory()[0] - before) / len(nodes)
    tracemalloc.stop()
    return size


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="shuffled rounds over the engines")
    parser.add_argument("--repeats", type=int, default=3, help="steps of each engine in a round")
    given = parser.parse_args()
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    sys.setrecursionlimit(10**6)
    rng = random.Random(1337)
    points, labels = moons(rng)

    def elementwise(kind):
        model = Elementwise(kind, random.Random(1))
        return lambda: step(kind, model, points, labels)

    mlp = nn.MLP(2, [16, 16, 1], seed=1)
    engines = {
        "micrograd 0.1.0": elementwise(micrograd.engine.Value),
        "microgpt-style Value": elementwise(Scalar),
        "ours, elementwise": elementwise(Value),
        "ours, nn.MLP": lambda: step(Value, mlp, points, labels),
    }
    times = {(name, on): [] for name in engines for on in (True, False)}
    for run in engines.values():
        run()
    order = random.Random(0)
    for on in (True, False):
        (gc.enable if on else gc.disable)()
        for _ in range(given.rounds):
            names = list(engines)
            order.shuffle(names)
            for name in names:
                gc.collect()
                engines[name]()
                times[name, on].append(seconds(engines[name], given.repeats))
    gc.enable()
    medians = {key: statistics.median(values) for key, values in times.items()}
    print(f"micrograd's moons step, Python {platform.python_version()}, one core, medians of {given.rounds} rounds")
    print(f"{'':<24}{'collector on':>34}{'collector off':>34}")
    columns = f"{'ms':>10}{'x micrograd':>12}{'x microgpt':>12}"
    print(f"{'':<24}{columns}{columns}")
    for name in engines:
        cells = ""
        for on in (True, False):
            own = medians[name, on]
            ratios = medians["micrograd 0.1.0", on] / own, medians["microgpt-style Value", on] / own
            cells += f"{1000 * own:>10.1f}{ratios[0]:>12.2f}{ratios[1]:>12.2f}"
        print(f"{name:<24}{cells}")
    print(f"bytes a binary node: {bytes_a_node():.0f}")


if __name__ == "__main__":
    main()
