"""Graphs of derivatives, recorded: Jacobians and second derivatives by a program are those of the eager functions."""

import math
import sys

import numpy as np
import pytest
from hypothesis import assume, given, reject

import autograd
import nn
from autograd import Value, gradients, record, recorded
from autograd.errors import ArgumentError
from autograd.program import tape
from autograd.testing import expressions

SMOOTH = ["add", "sub", "mul", "tanh", "sin", "exp", "sigmoid", "softplus"]


def close(found, wanted):
    scale = max([1.0, *(abs(x) for x in np.ravel(wanted) if math.isfinite(x))])
    return np.allclose(found, wanted, rtol=1e-9, atol=1e-9 * scale, equal_nan=True)


def bounded(*tables):
    return all(math.isfinite(x) and abs(x) < 1e100 for table in tables for x in np.ravel(table))


@given(expressions(ops=SMOOTH))
def test_the_hessian_of_a_random_expression(expression):
    inputs = list(expression.inputs)

    def f(x):
        return expression(*x) + 0.0 * x[0]

    try:
        wanted, slopes = autograd.hessian(f)(inputs), autograd.grad(f)(inputs)
    except ArithmeticError:
        reject()
    assume(bounded(wanted, slopes))
    count = len(inputs)
    by_gradient = record(lambda x: gradients(f(x), x), inputs)
    assert close(by_gradient(inputs), slopes)
    assert close(by_gradient.jacobian(inputs), wanted)
    rows = by_gradient.jacobian([inputs, inputs])
    assert rows.shape == (2, count, count)
    assert close(rows[1], wanted)
    assert close(recorded(autograd.hessian(f))(inputs), wanted)


@given(expressions(ops=SMOOTH))
def test_the_jacobian_of_several_results(expression):
    inputs = list(expression.inputs)

    def f(x):
        return [expression(*x) + 0.0 * x[0], x[0] * x[-1], autograd.sin(x[0])]

    try:
        wanted = autograd.jacobian(f)(inputs)
    except ArithmeticError:
        reject()
    assume(bounded(wanted))
    assert close(record(f, inputs).jacobian(inputs), wanted)


def test_third_derivatives_at_many_points():
    third = autograd.grad(autograd.grad(autograd.grad(lambda x: autograd.sin(x) * x)))
    program = record(lambda x: third(x[0]), [0.5])
    points = np.linspace(-3, 3, 11)
    assert np.allclose(program(points[:, None]), -3 * np.sin(points) - points * np.cos(points), rtol=1e-12, atol=1e-13)


def test_a_loss_with_a_derivative_in_it_has_its_gradient_by_the_parameters():
    model = nn.MLP(1, [4, 1], activation="tanh", seed=1)

    def residual(x):
        u = model([x[0]])
        return (gradients(u, x[0]) + u) ** 2

    params = model.parameters()
    program = record(residual, [0.3], params)
    model.zero_grad()
    leaf = Value(0.7)
    residual([leaf]).backward()
    value, grad = program.value_and_grad([0.7])
    assert np.allclose(value, residual([Value(0.7)]).data, rtol=1e-12)
    assert np.allclose(grad, [parameter.grad for parameter in params], rtol=1e-11, atol=1e-14)


def test_the_gradient_by_all_parameters_of_a_network():
    """The slope by the bias of the last layer is 1, whatever the parameters are: it is not in the graph of it."""
    model = nn.MLP(2, [3, 1], activation="tanh", seed=0)
    params = model.parameters()
    program = record(lambda x: gradients(model(x), params), [0.1, 0.2], params=params)
    model.zero_grad()
    model([0.7, -0.4]).backward()
    assert program([0.7, -0.4]) == pytest.approx([p.grad for p in params], rel=1e-13)
    assert program.jacobian([0.7, -0.4]).shape == (13, 13)
    with pytest.raises(ArgumentError, match=r"params\[13\] must be in the graph"):
        record(lambda x: gradients(model(x), params), [0.1, 0.2], params=[*params, Value(1.0)])


def interrupted_at(line, run):
    """Raise at a line of the tape's code, be it between two that belong together; tell whether there are so many."""
    left, before = iter(range(line)), sys.gettrace()

    def trace(frame, event, _):
        if frame.f_code.co_filename != tape.__file__:
            return None
        if event == "line" and next(left, None) is None:
            raise KeyboardInterrupt
        return trace

    sys.settrace(trace)
    try:
        run()
    except KeyboardInterrupt:
        return True
    finally:
        sys.settrace(before)
    return False


def test_derivatives_that_were_interrupted_are_written_anew():
    def f(x):
        return autograd.where(x[0], autograd.tanh(x[0] * x[1]), -x[1]) * 3.0 + x[0] ** 3

    point = [0.5, 2.0]
    expected = record(f, point).jacobian(point).tolist()
    line, has_ended = 0, False
    while not has_ended:
        program = record(f, point)
        has_ended = not interrupted_at(line, lambda program=program: program._flat_slopes)
        interrupted_at(line % 40, lambda program=program: program._flat_slopes)  # also while it is put right
        assert program.jacobian(point).tolist() == expected, line
        assert program(point) == f([Value(x) for x in point]).data
        line += 3
    assert line > 300
