"""JAX, compiled, in float64."""

from __future__ import annotations

import time

import jax
import jax.numpy as jnp
import numpy as np
from tasks import OPERATIONS

_FUNCTIONS = {
    "add": jnp.add, "sub": jnp.subtract, "mul": jnp.multiply, "div": jnp.divide, "sin": jnp.sin, "exp": jnp.exp,
    "log": jnp.log, "tanh": jnp.tanh, "sqrt": jnp.sqrt,
}  # fmt: skip
_LARGEST_GRAPH = 1_000  # compiling takes longer and longer


def about():
    """Say which version."""
    return f"JAX {jax.__version__}, {jax.devices()[0].platform}, float64, jit"


def prepare(task, data, _cores, _cache):
    """Give the ways in which a task is done, compiled."""
    kind = task.split()[0]
    if kind == "graph":
        if len(data["ops"]) > _LARGEST_GRAPH:
            return {}
        compiled, x = graph(data)
    else:
        layers = [
            [jnp.array(data[f"weight{i}"]), jnp.array(data[f"bias{i}"])] for i in range(3 if kind == "moons" else 2)
        ]
        loss = moons if kind == "moons" else digits
        given, y = jnp.array(data["x"]), jnp.array(data["y"])
        both = jax.jit(jax.value_and_grad(loss))
        return {"JAX": lambda: jax.block_until_ready(both(layers, given, y))}
    return {"JAX": lambda: jax.block_until_ready(compiled(x))}


def moons(layers, x, y):
    """[2, 16, 16, 1] with tanh, and squared errors."""
    (w0, b0), (w1, b1), (w2, b2) = layers
    hidden = jnp.tanh(jnp.tanh(x @ w0.T + b0) @ w1.T + b1)
    return jnp.mean((hidden @ w2[0] + b2[0] - y) ** 2)


def digits(layers, x, y):
    """[64, 30, 10] with relu, and cross-entropy."""
    (w0, b0), (w1, b1) = layers
    logits = jax.nn.relu(x @ w0.T + b0) @ w1.T + b1
    right = jnp.take_along_axis(logits, y[:, None], axis=1)[:, 0]
    return jnp.mean(jax.nn.logsumexp(logits, axis=1) - right)


def graph(data):
    """Give a compiled function of a column for each input, for its values and gradients, and the columns."""
    steps = list(zip(data["ops"].tolist(), data["first"].tolist(), data["second"].tolist()))

    def last(x):
        values = list(x)
        for op, a, b in steps:
            function = _FUNCTIONS[OPERATIONS[op]]
            values.append(function(values[a], values[b]) if op < 4 else function(values[a]))
        return values[-1]

    def both(x):
        value, back = jax.vjp(last, x)
        (slopes,) = back(jnp.ones_like(value))
        return value, slopes.T

    x = jnp.array(data["x"].T if len(data["x"]) > 1 else data["x"][0])
    return jax.jit(both).lower(x).compile(), x


def first_result(path):
    """Time a graph, from tracing to the first result."""
    with np.load(path) as data:
        stored = dict(data)
    start = time.perf_counter()
    compiled, x = graph(stored)
    jax.block_until_ready(compiled(x))
    return time.perf_counter() - start
