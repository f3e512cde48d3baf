"""HIPS autograd."""

from __future__ import annotations

import importlib.metadata

import autograd.numpy as np
from autograd.core import make_vjp
from tasks import OPERATIONS

import autograd

_FUNCTIONS = {
    "add": np.add, "sub": np.subtract, "mul": np.multiply, "div": np.divide, "sin": np.sin, "exp": np.exp,
    "log": np.log, "tanh": np.tanh, "sqrt": np.sqrt,
}  # fmt: skip
_LARGEST_GRAPH = 10_000  # each operation is a call: no more is to be learned from larger ones


def about():
    """Say which version."""
    return f"HIPS autograd {importlib.metadata.version('autograd')}"


def prepare(task, data, _cores, _cache):
    """Give the ways in which a task is done."""
    kind = task.split()[0]
    if kind == "graph":
        return {} if len(data["ops"]) > _LARGEST_GRAPH else {"HIPS autograd": graph(data)}
    layers = [[data[f"weight{i}"], data[f"bias{i}"]] for i in range(3 if kind == "moons" else 2)]
    both = autograd.value_and_grad(moons if kind == "moons" else digits)
    x, y = data["x"], data["y"]

    def run():
        value, grads = both(layers, x, y)
        return value, [list(layer) for layer in grads]

    return {"HIPS autograd": run}


def moons(layers, x, y):
    """[2, 16, 16, 1] with tanh, and squared errors."""
    (w0, b0), (w1, b1), (w2, b2) = layers
    hidden = np.tanh(np.dot(np.tanh(np.dot(x, w0.T) + b0), w1.T) + b1)
    return np.mean((np.dot(hidden, w2[0]) + b2[0] - y) ** 2)


def digits(layers, x, y):
    """[64, 30, 10] with relu, and cross-entropy."""
    (w0, b0), (w1, b1) = layers
    logits = np.dot(np.maximum(np.dot(x, w0.T) + b0, 0.0), w1.T) + b1
    logits = logits - np.max(logits, axis=1, keepdims=True)
    return np.mean(np.log(np.sum(np.exp(logits), axis=1)) - logits[np.arange(len(y)), y])


def graph(data):
    """Give what computes values and gradients, operation by operation."""
    steps = list(zip(data["ops"].tolist(), data["first"].tolist(), data["second"].tolist()))
    inputs = tuple(data["x"].T.copy()) if len(data["x"]) > 1 else tuple(data["x"][0])

    def last(x):
        values = list(x)
        for op, a, b in steps:
            function = _FUNCTIONS[OPERATIONS[op]]
            values.append(function(values[a], values[b]) if op < 4 else function(values[a]))
        return values[-1]

    def run():
        back, value = make_vjp(last, inputs)
        return value, np.stack(back(np.ones_like(value)), axis=-1)

    return run
