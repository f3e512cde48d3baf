"""PyTorch, eager, in float64."""

from __future__ import annotations

import torch
from tasks import OPERATIONS

_FUNCTIONS = {
    "add": torch.add, "sub": torch.sub, "mul": torch.mul, "div": torch.div, "sin": torch.sin, "exp": torch.exp,
    "log": torch.log, "tanh": torch.tanh, "sqrt": torch.sqrt,
}  # fmt: skip
_LARGEST_GRAPH = 10_000  # each operation is a call: no more is to be learned from larger ones


def about():
    """Say which version."""
    return f"PyTorch {torch.__version__}, float64, eager, {torch.get_num_threads()} threads"


def prepare(task, data, cores, _cache):
    """Give the ways in which a task is done."""
    torch.set_num_threads(cores)
    kind = task.split()[0]
    if kind == "graph":
        return {} if len(data["ops"]) > _LARGEST_GRAPH else {"PyTorch": graph(data)}
    layers = [
        [torch.tensor(data[name + str(i)], requires_grad=True) for name in ("weight", "bias")]
        for i in range(3 if kind == "moons" else 2)
    ]
    flat = [each for layer in layers for each in layer]
    loss = moons if kind == "moons" else digits
    x, y = torch.tensor(data["x"]), torch.tensor(data["y"])

    def run():
        value = loss(layers, x, y)
        grads = torch.autograd.grad(value, flat)
        return value.item(), [list(grads[i : i + 2]) for i in range(0, len(grads), 2)]

    return {"PyTorch": run}


def moons(layers, x, y):
    """[2, 16, 16, 1] with tanh, and squared errors."""
    linear = torch.nn.functional.linear
    hidden = torch.tanh(linear(torch.tanh(linear(x, *layers[0])), *layers[1]))
    return torch.nn.functional.mse_loss(linear(hidden, *layers[2])[:, 0], y)


def digits(layers, x, y):
    """[64, 30, 10] with relu, and cross-entropy."""
    linear = torch.nn.functional.linear
    return torch.nn.functional.cross_entropy(linear(torch.relu(linear(x, *layers[0])), *layers[1]), y)


def graph(data):
    """Give what computes values and gradients, operation by operation."""
    steps = list(zip(data["ops"].tolist(), data["first"].tolist(), data["second"].tolist()))
    rows = torch.tensor(data["x"].T.copy() if len(data["x"]) > 1 else data["x"][0])

    def run():
        values = [row.requires_grad_() for row in rows.clone().unbind()]
        inputs = values[:]
        for op, a, b in steps:
            function = _FUNCTIONS[OPERATIONS[op]]
            values.append(function(values[a], values[b]) if op < 4 else function(values[a]))
        grads = torch.autograd.grad(values[-1], inputs, torch.ones_like(values[-1]))
        return values[-1].detach(), torch.stack(grads, dim=-1)

    return run
