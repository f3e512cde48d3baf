"""
Write trajectories.json: how PyTorch's optimizers and schedules move, to be followed by ours.

    pip install torch && python tests/data/make_trajectories.py

The tests read the cases, the start and the loss from here too, so that there is one of each; they need no torch.
"""

import json
import math
from pathlib import Path

STEPS = 50
START = [1.5, -0.8, 0.3, 2.0]
SCHEDULE_STEPS = 30
RATE = 0.5

#: Optimizer and options; "groups" has options of each half of the parameters, "clip_..." what is done to the gradients.
CASES = [
    ("SGD", {"lr": 0.03}),
    ("SGD", {"lr": 0.03, "weight_decay": 0.1}),
    ("SGD", {"lr": 0.01, "momentum": 0.9}),
    ("SGD", {"lr": 0.01, "momentum": 0.9, "dampening": 0.3}),
    ("SGD", {"lr": 0.01, "momentum": 0.9, "nesterov": True}),
    ("SGD", {"lr": 0.01, "momentum": 0.9, "nesterov": True, "weight_decay": 0.1}),
    ("Adagrad", {"lr": 0.3}),
    ("Adagrad", {"lr": 0.3, "lr_decay": 0.05, "weight_decay": 0.1, "initial_accumulator_value": 0.5, "eps": 1e-3}),
    ("RMSprop", {"lr": 0.01}),
    ("RMSprop", {"lr": 0.005, "alpha": 0.9, "eps": 1e-3, "weight_decay": 0.1}),
    ("RMSprop", {"lr": 0.01, "momentum": 0.8}),
    ("RMSprop", {"lr": 0.01, "centered": True}),
    ("RMSprop", {"lr": 0.01, "centered": True, "momentum": 0.8, "weight_decay": 0.1}),
    ("Adam", {"lr": 0.1}),
    ("Adam", {"lr": 0.1, "betas": [0.8, 0.95], "eps": 1e-3}),
    ("Adam", {"lr": 0.1, "weight_decay": 0.1}),
    ("AdamW", {"lr": 0.1}),
    ("AdamW", {"lr": 0.1, "betas": [0.8, 0.95], "eps": 1e-3, "weight_decay": 0.3}),
    ("AdamW", {"lr": 0.1, "weight_decay": 0.0}),
    ("SGD", {"lr": 0.03, "groups": [{"lr": 0.01, "momentum": 0.9}, {"weight_decay": 0.2}]}),
    ("Adam", {"lr": 0.1, "groups": [{"betas": [0.5, 0.9]}, {"lr": 0.01, "weight_decay": 0.1}]}),
    ("SGD", {"lr": 0.03, "clip_value": 0.5}),
    ("SGD", {"lr": 0.03, "clip_norm": [1.0, 2.0]}),
    ("SGD", {"lr": 0.03, "clip_norm": [1.0, 3.0]}),
    ("SGD", {"lr": 0.03, "clip_norm": [1.0, math.inf]}),
]

SCHEDULES = [
    ("StepLR", {"step_size": 7, "gamma": 0.3}),
    ("ExponentialLR", {"gamma": 0.9}),
    ("CosineAnnealingLR", {"T_max": 20, "eta_min": 0.01}),
    ("LinearLR", {"start_factor": 0.25, "end_factor": 0.75, "total_iters": 12}),
    ("LinearWarmupLR", {"warmup_steps": 6, "total_steps": 25}),
    ("ReduceLROnPlateau", {"factor": 0.5, "patience": 2}),
    ("ReduceLROnPlateau", {"mode": "max", "factor": 0.5, "patience": 1, "cooldown": 3, "threshold": 0.01}),
    ("ReduceLROnPlateau", {"threshold_mode": "abs", "threshold": 0.05, "patience": 1, "min_lr": 0.1}),
    ("ReduceLROnPlateau", {"mode": "max", "threshold_mode": "abs", "threshold": 0.05, "patience": 1, "factor": 0.7}),
]


def loss(w, t, sin, tanh):
    """Compute what is minimised: it is not convex, and changes from step to step as that of mini-batches does."""
    centres = [1.0, -2.0, 0.5, 3.0]
    bowl = sum((i + 1) * (x - c) ** 2 for i, (x, c) in enumerate(zip(w, centres)))
    return bowl + sin(w[0] * w[1] + 0.3 * t) + tanh(w[2]) * w[3]


def metrics():
    """List what the plateau schedules look at: a loss that falls, stops, falls and rises."""
    return [1 / (1 + k) + 0.2 * math.sin(k) ** 2 * (k > 10) for k in range(SCHEDULE_STEPS)]


def optimizer_of(library, name, options, parameters):
    """Make an optimizer of torch or of nn; both take the same."""
    own = {key: value for key, value in options.items() if key not in {"groups", "clip_value", "clip_norm"}}
    if "groups" in options:
        half = len(parameters) // 2
        first, second = options["groups"]
        parameters = [{"params": parameters[:half], **first}, {"params": parameters[half:], **second}]
    return getattr(library, name)(parameters, **own)


def main():
    """Let torch run, and write what it does."""
    import torch

    trajectories = []
    for name, options in CASES:
        w = [torch.tensor(x, dtype=torch.float64, requires_grad=True) for x in START]
        optimizer = optimizer_of(torch.optim, name, options, w)
        path = []
        for t in range(STEPS):
            optimizer.zero_grad()
            loss(w, t, torch.sin, torch.tanh).backward()
            if "clip_value" in options:
                torch.nn.utils.clip_grad_value_(w, options["clip_value"])
            if "clip_norm" in options:
                torch.nn.utils.clip_grad_norm_(w, *options["clip_norm"])
            optimizer.step()
            path.append([x.item() for x in w])
        trajectories.append(path)
    rates = []
    for name, options in SCHEDULES:
        optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=RATE)
        if name == "LinearWarmupLR":
            up, total = options["warmup_steps"], options["total_steps"]
            schedule = torch.optim.lr_scheduler.LambdaLR(
                optimizer, lambda t, up=up, total=total: t / up if t < up else max(0, (total - t) / (total - up))
            )
        else:
            schedule = getattr(torch.optim.lr_scheduler, name)(optimizer, **options)
        seen = []
        for metric in metrics():
            optimizer.step()
            schedule.step(*([metric] if name == "ReduceLROnPlateau" else []))
            seen.append(optimizer.param_groups[0]["lr"])
        rates.append(seen)
    gains = {
        name: torch.nn.init.calculate_gain(name) for name in ("linear", "sigmoid", "tanh", "relu", "leaky_relu", "selu")
    }
    gains["leaky_relu 0.2"] = torch.nn.init.calculate_gain("leaky_relu", 0.2)
    written = {"torch": torch.__version__, "trajectories": trajectories, "rates": rates, "gains": gains}
    lines = json.dumps(written, indent=None).replace("]], [[", "]],\n[[").replace(', "', ',\n"')
    Path(__file__).with_name("trajectories.json").write_text(lines + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
