"""
What derivatives of a function cost, in units of one gradient: `python benchmarks/functional.py`.

The function is a small network's loss, an MLP with tanh and softplus, as a function of its parameters.
"""

import random
import time
from itertools import pairwise

import autograd
from autograd import Value, grad, gradients, hvp, jvp

WIDTHS = (8, 16, 16, 1)


def sizes():
    return [(n, m) for n, m in pairwise(WIDTHS)]


def loss(parameters, inputs):
    weights = iter(parameters)
    values = inputs
    for n, m in sizes():
        rows = [[next(weights) for _ in range(n)] for _ in range(m)]
        values = [autograd.tanh(autograd.dot(row, values, next(weights))) for row in rows]
    return autograd.softplus(-values[0])


def seconds_of(actions, rounds=15):
    """Time each action, all in turn in each round, so that what else the machine does meets them alike."""
    fastest = dict.fromkeys(actions, float("inf"))
    for _ in range(rounds):
        for name, action in actions.items():
            start = time.perf_counter()
            action()
            fastest[name] = min(fastest[name], time.perf_counter() - start)
    return fastest


def chain(x):
    """Many small operations, where the network has few large ones."""
    y = x[0]
    for _ in range(500):
        y = autograd.sin(y * x[1]) + x[2] / (y * y + 1.5)
    return y


def table(name, f, point):
    vector = [random.gauss(0, 1) for _ in point]
    nodes = [Value(x) for x in point]
    root = f(nodes)
    seconds = seconds_of(
        {
            "f, recorded": lambda: f(nodes),
            "backward(), the sweep alone": root.backward,
            "gradients(), the sweep alone, as Values": lambda: gradients(root, nodes),
            "grad": lambda: grad(f)(point),
            "jvp": lambda: jvp(f, (point,), (vector,)),
            "hvp": lambda: hvp(f, (point,), (vector,)),
        }
    )
    print(f"\n{name}: {len(point)} inputs, {len(autograd.topological_order(root))} nodes")
    print(f"{'':42}{'ms':>8}{'in grads':>10}{'in sweeps':>11}")
    for row, time_of in seconds.items():
        sweeps = time_of / seconds["backward(), the sweep alone"]
        print(f"{row:42}{time_of * 1e3:8.2f}{time_of / seconds['grad']:10.2f}{sweeps:11.1f}")


if __name__ == "__main__":
    random.seed(0)
    count = sum(n * m + m for n, m in sizes())
    inputs = [random.gauss(0, 1) for _ in range(WIDTHS[0])]
    table("MLP", lambda p: loss(p, inputs), [random.gauss(0, 0.5) for _ in range(count)])
    table("chain", chain, [0.4, 0.9, 0.3])
