"""Programs of this project."""

from __future__ import annotations

import importlib.metadata
import random
import sys
import time

import numpy as np
from tasks import INPUTS, OPERATIONS, clock_of

import autograd
import nn


def about():
    """Say which version, and with what."""
    versions = [f"{name} {importlib.metadata.version(name)}" for name in ("chainrule", "numpy", "llvmlite")]
    return f"{', '.join(versions)}, the engine {'native' if autograd.NATIVE else 'in Python'}"


_PROGRAMS, _RUNS = {}, {}


def prepare(task, data, cores, _cache):
    """Give the ways in which a task is done."""
    options = {"threads": cores} if cores > 1 else {}
    if task.startswith("graph"):
        program = autograd.record(graph(data), inputs=data["x"][0])
        x = data["x"] if len(data["x"]) > 1 else data["x"][0]
    else:
        program, options["params"] = network(task.split()[0], data)
        program.compile()
        x = np.column_stack([data["x"], data["y"]])
    _PROGRAMS[task] = program
    _RUNS[task] = lambda: program.value_and_grad(x, **options)
    return {"ours": _RUNS[task]}


def _model(kind, data):
    sizes, activation = ([16, 16, 1], "tanh") if kind == "moons" else ([30, 10], "relu")
    model = nn.MLP(data["x"].shape[1], sizes, activation=activation)
    for place, layer in enumerate(model.layers):
        for neuron, weights, bias in zip(layer.neurons, data[f"weight{place}"], data[f"bias{place}"]):
            for own, number in zip([*neuron.w, neuron.b], [*weights, bias]):
                own.data = float(number)
    return model


def network(kind, data):
    """Record a network and its loss for one example; give its parameters' numbers too."""
    model = _model(kind, data)
    params = model.parameters()
    example = [*data["x"][0], data["y"][0]]
    loss = nn.mse if kind == "moons" else nn.cross_entropy
    program = autograd.record(lambda x: loss([model(x[:-1])], [x[-1]]), inputs=example, params=params)
    return program, np.array([p.data for p in params])


def graph(data):
    """Give the function that a random graph is of."""
    steps = list(zip(data["ops"].tolist(), data["first"].tolist(), data["second"].tolist()))
    functions = [getattr(autograd, name) for name in OPERATIONS[4:]]

    def last(x):
        values = list(x)
        for op, a, b in steps:
            if op == 0:
                values.append(values[a] + values[b])
            elif op == 1:
                values.append(values[a] - values[b])
            elif op == 2:
                values.append(values[a] * values[b])
            elif op == 3:
                values.append(values[a] / values[b])
            else:
                values.append(functions[op - 4](values[a]))
        return values[-1]

    return last


def executor(task):
    """Say what runs a task by now."""
    return _PROGRAMS[task].executor


def warm(task, wanted):
    """Run a task, compiled if that is wanted, as it will be when it has been run often enough; say what runs it."""
    if wanted == "straight-line code":
        _PROGRAMS[task].compile(single=task.endswith(" at 1"))
    _RUNS[task]()
    return executor(task)


def first_result(path):
    """Time a graph, from recording to the first result, where a program has been run before."""
    autograd.record(lambda x: x[0] * x[1], inputs=[1.0, 2.0]).value_and_grad([3.0, 4.0])
    with np.load(path) as data:
        stored = dict(data)
    last, point = graph(stored), stored["x"][0]
    start = time.perf_counter()
    autograd.record(last, inputs=point).value_and_grad(point)
    return time.perf_counter() - start


def big(count, limit):
    """Record a graph of so many operations and run it, with so many bytes of memory at most; say what it took."""
    import resource

    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))

    def last(x):  # what is far behind counts ever less, so that the gradient is finite, and not zero
        recent = (x * (100 // len(x)))[:100]
        rng = random.Random(0)
        value = x[0]
        for place in range(0, count, 4):
            value = autograd.sin(value * recent[rng.randrange(100)] + x[place % len(x)]) * 0.3
            recent[place % 100] = value
        return value

    point = [0.1 * (i + 1) for i in range(INPUTS)]
    start = time.perf_counter()
    program = autograd.record(last, inputs=point)
    recorded = time.perf_counter()
    value, grad = program.value_and_grad(point)
    first = time.perf_counter()
    again = program.value_and_grad(point)
    last_run = time.perf_counter()
    return {
        "nodes": program.stats["nodes"],
        "executor": program.executor,
        "seconds to record": recorded - start,
        "seconds to the first result": first - recorded,
        "seconds of the next": last_run - first,
        "peak bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024),
        "finite": bool(np.isfinite(value) and np.isfinite(grad).all() and grad.any() and again[0] == value),
    }


class _Watch(nn.Callback):
    """Notes when epochs end."""

    def __init__(self, clock):
        self.clock = clock

    def on_start(self, _run):
        self.times = [self.clock()]

    def on_epoch(self, _run):
        self.times.append(self.clock())


_Watch.__module__ = "nn.watch"  # it changes nothing: `fit` need not try programs anew in each epoch


def epochs(path, count, batch, rate, clock):
    """Time epochs of `nn.fit` from the start: the seconds of each, and the loss and the accuracy of the last."""
    with np.load(path) as data:
        stored = dict(data)
    model = _model("digits", stored)
    watch = _Watch(clock_of(clock))
    history = nn.fit(
        model, stored["x"].tolist(), stored["y"].tolist(), loss="cross_entropy", optimizer="sgd", lr=rate, epochs=count,
        batch_size=batch, shuffle=False, progress=False, callbacks=[watch], programs=True,
    )  # fmt: skip
    seconds = [after - before for before, after in zip(watch.times, watch.times[1:])]
    return {
        "seconds": seconds,
        "loss": history["loss"][-1],
        "accuracy": history["accuracy"][-1],
        "engine": str(history.engine),
    }
