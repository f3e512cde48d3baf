"""Random expression graphs beside JAX, which has rules of its own."""

import operator
import warnings

import numpy as np
import pytest
from hypothesis import assume, given, settings
from sizes import size_of_gradients

from autograd import Value, grad, gradients
from autograd.engine import topological_order
from autograd.ops import TABLE
from autograd.testing import expressions, scalar_operations

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    jax = pytest.importorskip("jax", reason="needs jax")
    jax.config.update("jax_enable_x64", True)  # noqa: FBT003 - its signature
    jnp = pytest.importorskip("jax.numpy", reason="needs jax")

#: Ours by name, where JAX's name or signature is another one.
OTHERWISE = {
    "asinh": jnp.arcsinh,
    "dot": lambda ws, xs, bias=0.0: jnp.dot(jnp.array(ws), jnp.array(xs)) + bias,
    "erf": jax.scipy.special.erf,
    "erfc": jax.scipy.special.erfc,
    "gelu": lambda x: jax.nn.gelu(x, approximate=False),
    "gelu_tanh": jax.nn.gelu,
    "lgamma": jax.scipy.special.gammaln,
    "log_sigmoid": jax.nn.log_sigmoid,
    "logsumexp": lambda values: jax.nn.logsumexp(jnp.array(values)),
    "mean": lambda values: jnp.mean(jnp.array(values)),
    "norm": lambda values: jnp.linalg.norm(jnp.array(values)),
    "prod": lambda values: jnp.prod(jnp.array(values)),
    "sign": jnp.sign,
    "softsign": jax.nn.soft_sign,
    "sum": lambda values: jnp.sum(jnp.array(values)),
    "take": lambda values, index: jnp.array(values)[jnp.floor(index).astype(int)],
}

#: What differs on purpose, or JAX has not.
WITHOUT = {
    "clip", "gamma", "hardtanh", "leaky_relu", "elu", "maximum", "minimum", "pow", "remainder", "where",
}  # fmt: skip


def function_of_jax(name):
    if name in OTHERWISE:
        return OTHERWISE[name]
    if TABLE[name].by_hand:
        return getattr(operator, name)
    return getattr(jnp, name, None) or getattr(jax.nn, name)


TOGETHER = [name for name in scalar_operations() if name not in WITHOUT]


@given(expressions(ops=TOGETHER, max_ops=6, largest=20.0))
@settings(max_examples=40)
def test_values_and_gradients_are_those_of_jax(expression):
    assume(all(abs(x) > 1e-3 for x in expression.inputs))  # at kinks it has other conventions
    leaves = [Value(x) for x in expression.inputs]
    root = expression(*leaves)
    assume(all(abs(node.data) > 1e-9 for node in topological_order(root)))
    sizes = size_of_gradients(root, leaves)
    assume(max(sizes) < 1e6)

    def theirs(xs):
        return jnp.asarray(expression(*xs, functions=function_of_jax), dtype=float)

    value, slopes = jax.value_and_grad(theirs)(jnp.array(expression.inputs))
    assume(np.isfinite(value) and np.isfinite(slopes).all())
    assert root.data == pytest.approx(float(value), rel=1e-11, abs=1e-11 * max(sizes))
    for leaf, slope, size in zip(gradients(root, leaves), slopes.tolist(), sizes, strict=True):
        assert leaf.data == pytest.approx(slope, rel=1e-9, abs=1e-10 * size)


def test_a_fourth_derivative_is_jaxs():
    ours = lambda x: (x.tanh() * x.sin() + x * x).exp()
    theirs = lambda x: jnp.exp(jnp.tanh(x) * jnp.sin(x) + x * x)
    for x in (-0.7, 0.3, 1.1):
        wanted = jax.grad(jax.grad(jax.grad(jax.grad(theirs))))(x)
        assert grad(grad(grad(grad(ours))))(x) == pytest.approx(float(wanted), rel=1e-12)
