"""The work that is timed: data, weights, and random graphs, each in a file that all peers read."""

from __future__ import annotations

import math
import random
import time

import numpy as np

#: The operations of random graphs; the first four have two operands.
OPERATIONS = ("add", "sub", "mul", "div", "sin", "exp", "log", "tanh", "sqrt")
_BINARY = OPERATIONS[:4]
INPUTS = 10


def clock_of(name):
    """Give what tells the time: the wall's, or that of the process alone."""
    return time.process_time if name == "cpu" else time.perf_counter


def layers(rng, sizes):
    """Draw weights (outputs, inputs) and biases."""
    drawn = {}
    for place, (nin, nout) in enumerate(zip(sizes, sizes[1:])):
        drawn[f"weight{place}"] = rng.normal(size=(nout, nin)) / math.sqrt(nin)
        drawn[f"bias{place}"] = 0.1 * rng.normal(size=nout)
    return drawn


def moons(count):
    """Two interleaving half circles, labelled -1 and 1, and an MLP(2, [16, 16, 1]) of 337 parameters."""
    rng = np.random.default_rng(0)
    label = np.arange(count) % 2
    angle = math.pi * rng.random(count)
    points = np.column_stack([np.cos(angle), np.sin(angle)])
    points[label == 1] = [1.0, 0.5] - points[label == 1]
    return {
        "x": points + 0.1 * rng.normal(size=points.shape),
        "y": 2.0 * label - 1.0,
        **layers(rng, [2, 16, 16, 1]),
    }


def digits():
    """All digits of scikit-learn, and an MLP(64, [30, 10])."""
    import nn

    inputs, targets = nn.datasets.digits()
    return {"x": np.array(inputs), "y": np.array(targets), **layers(np.random.default_rng(0), [64, 30, 10])}


def random_graph(count, points):
    """
    Draw a graph of so many operations of ten inputs in [-1, 1], all of which its last one depends on.

    Operands are drawn from all nodes before, so that there is no structure. An interval is kept for each node that
    holds all its numbers, and an operation is drawn again where these would leave its domain, come near a pole or grow.
    """
    rng = random.Random(count)
    low, high = [-1.0] * INPUTS, [1.0] * INPUTS
    chosen, first, second = [], [], []
    unused = list(range(INPUTS))
    where = {node: node for node in unused}  # in that list
    seen = set()
    for place in range(INPUTS, INPUTS + count):
        left = INPUTS + count - place
        must_join = left <= 2 * (len(unused) - 1)
        spread = not must_join and len(unused) < max(INPUTS, count // 20)
        for trial in range(10_000):
            if trial % 40 == 0:  # so many tries, and then another operation
                op = rng.choice(OPERATIONS)
                if must_join:
                    op = rng.choice(("tanh", "sin") if trial and left >= len(unused) else ("add", "sub"))
            a = rng.randrange(place) if spread else rng.choice(unused)
            b = rng.choice(unused) if must_join else rng.randrange(place)
            if op not in _BINARY:
                b = a
            elif a == b:
                continue
            most = 3.0 if trial < 5_000 else 1e9  # only where the last ones must be added up
            bounds = _interval(op, low[a], high[a], low[b], high[b])
            if (op, a, b) not in seen and bounds is not None and max(-bounds[0], bounds[1]) <= most:
                break
        else:
            msg = f"no operation found for place {place}"
            raise RuntimeError(msg)
        seen.add((op, a, b))
        chosen.append(OPERATIONS.index(op))
        first.append(a)
        second.append(b)
        low.append(bounds[0])
        high.append(bounds[1])
        for operand in {a, b} & where.keys():
            hole, last = where.pop(operand), unused.pop()
            if last != operand:
                unused[hole] = last
                where[last] = hole
        where[place] = len(unused)
        unused.append(place)
    if unused != [INPUTS + count - 1]:
        msg = "there are dead nodes"
        raise RuntimeError(msg)
    x = np.random.default_rng(0).uniform(-1.0, 1.0, size=(points, INPUTS))
    return {"ops": np.array(chosen), "first": np.array(first), "second": np.array(second), "x": x}


def _interval(op, low, high, other_low, other_high):
    """Bound what an operation gives; None where it does not serve."""
    if op == "add":
        return low + other_low, high + other_high
    if op == "sub":
        return low - other_high, high - other_low
    if op in ("mul", "div"):
        if op == "div":
            if other_low < 0.3 and other_high > -0.3:
                return None
            other_low, other_high = 1 / other_high, 1 / other_low
        corners = [a * b for a in (low, high) for b in (other_low, other_high)]
        return min(corners), max(corners)
    if op == "sin":
        inside = -math.pi / 2 <= low and high <= math.pi / 2
        return (math.sin(low), math.sin(high)) if inside else (-1.0, 1.0)
    if op in ("log", "sqrt") and low < 0.2:
        return None
    if op == "exp" and high > 10.0:
        return None
    function = getattr(math, op)
    return function(low), function(high)
