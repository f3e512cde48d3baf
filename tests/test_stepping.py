"""The steps of the passes: what they say is true, and adds up."""

import ast

import pytest
from hypothesis import given, settings

import autograd
from autograd import Value
from autograd.stepping import steps
from autograd.testing import expressions


def lines(root):
    return [str(step) for step in steps(root)]


def test_calls_keep_their_shape():
    w, x, b = Value(1.0, "w"), Value(2.0, "x"), Value(3.0, "b")
    assert lines(autograd.dot([w], [x], b))[0] == "v1 = dot([w], [x], b) = dot([1], [2], 3) = 5"
    assert lines(autograd.dot([x, w], [3, x]))[0] == "v1 = dot([x, w], [3, x]) = dot([2, 1], [3, 2]) = 8"
    assert lines(autograd.sum([x, 2]))[0] == "v1 = sum([x, 2]) = sum([2, 2]) = 4"
    assert lines(autograd.maximum(x, w))[0] == "v1 = maximum(x, w) = maximum(2, 1) = 2"
    assert lines(2 - x)[0] == "v1 = 2 - x = 2 - 2 = 0"


def test_an_operand_that_comes_twice_is_told_apart():
    x = Value(3.0, "x")
    assert lines(x * x)[1:] == [
        "x.grad += ∂v1/∂x (as operand 1) · v1.grad = x · 1 = 3 · 1 → 3",
        "x.grad += ∂v1/∂x (as operand 2) · v1.grad = x · 1 = 3 · 1 → 6",
    ]


@pytest.mark.parametrize(
    ("f", "said"),
    [
        (abs, "= 0 · 1 → 0   (derivative 0 at 0)"),
        (lambda x: autograd.norm([x, 0.0 * x]), "= 0 · 1 → 0   (derivatives 0 at the origin)"),
        (lambda x: autograd.maximum(x, 0.0), "= 0.5 · 1 → 0.5   (equal arguments share the derivative equally)"),
    ],
)
def test_at_a_kink_the_convention_is_said(f, said):
    assert any(line.endswith(said) for line in lines(f(Value(0.0, "x")))), lines(f(Value(0.0, "x")))
    assert not any("(derivative" in line or "share" in line for line in lines(f(Value(2.0, "x"))))


@given(expressions(max_ops=6))
@settings(max_examples=50)
def test_the_steps_sum_to_the_gradients_and_leave_grad_alone(expression):
    leaves = [Value(x, f"x{i}") for i, x in enumerate(expression.inputs)]
    root = expression(*leaves)
    last = {step.parent: step.after for step in steps(root) if step.phase == "backward"}
    assert {leaf.grad for leaf in leaves} == {0.0}
    root.backward()
    for leaf in leaves:
        assert leaf is root or last.get(leaf, 0.0) == leaf.grad or leaf.grad != leaf.grad
    for step in steps(root):
        if step.phase == "forward":
            ast.parse(str(step).split(" = ")[1])


def test_what_is_no_value_is_refused():
    with pytest.raises(TypeError, match="root must be a Value, not float"):
        steps(1.0)
