"""Networks by hand in C with vector types: `network.c`, compiled by gcc."""

from __future__ import annotations

import ctypes
import subprocess
from pathlib import Path

import numpy as np
from peers.numpy import layers_of

#: A gcc older than the CPU takes it for one before, and with 512 bits that one's tuning is a loss of a fifth.
_FLAGS = ["-O3", "-march=native", "-mtune=generic", "-fopenmp"]


class Task(ctypes.Structure):
    """As in the C code."""

    _fields_ = (
        ("x", ctypes.c_void_p), ("y", ctypes.c_void_p),
        ("weights", ctypes.c_void_p * 3), ("biases", ctypes.c_void_p * 3),
    )  # fmt: skip


def about():
    """Say which compiler."""
    version = subprocess.run(["gcc", "--version"], check=True, capture_output=True, text=True).stdout
    return f"C, {version.splitlines()[0]}, {' '.join(_FLAGS)}"


def prepare(task, data, cores, cache):
    """Give the ways in which a task is done."""
    kind = task.split()[0]
    if kind == "graph":
        return {}
    built = cache / f"network-{cores}.so"
    subprocess.run(["gcc", *_FLAGS, "-shared", "-fPIC", "-o", built, Path(__file__).with_name("network.c"), "-lm"],
                   check=True)  # fmt: skip
    function = getattr(ctypes.CDLL(str(built)), kind)
    function.restype = ctypes.c_double
    weights, biases = layers_of(data)
    passed = Task(data["x"].ctypes.data, data["y"].ctypes.data)
    grads, start = [], 0
    flat = np.empty(sum(map(np.size, weights + biases)))
    for place, (weight, bias) in enumerate(zip(weights, biases)):
        passed.weights[place], passed.biases[place] = weight.ctypes.data, bias.ctypes.data
        middle, end = start + weight.size, start + weight.size + bias.size
        grads.append([flat[start:middle].reshape(weight.shape), flat[middle:end]])
        start = end
    given = ctypes.byref(passed), ctypes.c_long(len(data["x"])), cores, ctypes.c_void_p(flat.ctypes.data)

    def run():
        return function(*given), grads

    run.alive = data, passed  # C has pointers to these
    return {"C": run}
