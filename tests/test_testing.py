"""The strategies for users' own tests."""

import math

import pytest
from hypothesis import find, given, settings
from hypothesis.errors import NoSuchExample

import autograd
from autograd import Value
from autograd.testing import RandomMLP, expressions, floats_in, mlps, values


@pytest.mark.parametrize("domain", ["(-inf, inf)", "(0, inf)", "[0, inf)", "[-1, 1]", "(-1, 1)"])
def test_floats_stay_in_their_domain(domain):
    low, high = (float(end) for end in domain[1:-1].split(","))

    @given(floats_in(domain))
    def check(x):
        assert (low < x if domain[0] == "(" else low <= x) or low == -math.inf
        assert (x < high if domain[-1] == ")" else x <= high) or high == math.inf

    check()
    if domain[0] == "[":
        assert find(floats_in(domain), lambda x: x == low) == low
    elif low > -math.inf:
        with pytest.raises(NoSuchExample):
            find(floats_in(domain), lambda x: x == low)


@given(values("(0, inf)"))
def test_values_are_leaves(leaf):
    assert isinstance(leaf, Value)
    assert leaf.data > 0.0
    assert leaf.op == ""


def test_a_failing_expression_shrinks_to_the_guilty_operation():
    smallest = find(
        expressions(max_ops=12),
        lambda e: any(name == "tanh" for name, _ in e.operations),
        settings=settings(max_examples=2000, database=None),
    )
    assert [name for name, _ in smallest.operations] == ["tanh"]
    assert repr(smallest) == "def f(x0):\n    v0 = autograd.tanh(x0)\n    return v0\nf(0.0,)"


@given(expressions(ops=["mul", "exp"], max_ops=4, n_inputs=2))
def test_expressions_use_what_they_were_told_to(expression):
    assert len(expression.inputs) == 2
    assert len(expression.operations) <= 4
    assert {name for name, _ in expression.operations} <= {"mul", "exp", "neg"}


@given(mlps())
def test_mlps_compute_and_print(mlp):
    out = mlp(mlp.inputs)
    assert isinstance(out, Value)
    assert isinstance(out.data, float)
    again = eval(repr(mlp), {"RandomMLP": RandomMLP})
    assert again(again.inputs).data == out.data
    out.backward()
    assert len(mlp.parameters()) == sum(len(neuron) for layer in mlp.layers for neuron in layer)
    last_bias = mlp.layers[-1][0][-1]
    assert last_bias.grad == 1.0


@given(mlps(activations=["exp"]))
def test_mlps_have_a_value(mlp):
    assert math.isfinite(mlp(mlp.inputs).data)


@given(mlps(activations=["tanh"]))
def test_mlps_use_what_they_were_told_to(mlp):
    assert mlp.activation == "tanh"
    x = mlp.inputs
    for depth, layer in enumerate(mlp.layers):
        x = [autograd.dot([w.data for w in neuron[:-1]], x, neuron[-1].data) for neuron in layer]
        x = [math.tanh(out) for out in x] if depth < len(mlp.layers) - 1 else x
    assert mlp(mlp.inputs).data == autograd.sum(x)
