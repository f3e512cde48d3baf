"""What a program is given that it cannot use, and what has changed since it was recorded: clear errors."""

import math
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

import autograd
from autograd import Value, gradients, record, trace_source
from autograd.errors import (
    ArgumentError,
    DomainError,
    OperandError,
    RangeError,
    StaleGraphError,
    UnknownDerivativeError,
)


def product():
    return record(lambda x: x[0] * x[1], [1.0, 2.0])


@given(
    arrays.arrays(
        arrays.integer_dtypes() | arrays.floating_dtypes(sizes=(16, 32, 64)) | arrays.boolean_dtypes(),
        st.tuples(st.integers(0, 3), st.just(2)),
        elements={"allow_nan": False, "allow_infinity": False},
    )
)
def test_arrays_of_any_real_numbers(points):
    wanted = [float(a) * float(b) for a, b in points.tolist()]
    assert product()(points).tolist() == wanted
    assert product()(np.asfortranarray(points)).tolist() == wanted
    assert product()(points[::-1]).tolist() == wanted[::-1]


@pytest.mark.parametrize(
    ("x", "error", "message"),
    [
        ([1j, 2.0], OperandError, "x must be 2 numbers, or rows of so many, not .*1j"),
        (np.array([1j, 2.0]), OperandError, "x must be 2 numbers"),
        (["1.0", "2.0"], OperandError, "x must be 2 numbers, .*'1.0'"),
        ("12", OperandError, "not '12'"),
        ([None, 1.0], OperandError, "x must be 2 numbers"),
        ([Decimal(1), Decimal(2)], OperandError, "x must be 2 numbers"),
        ([Value(1.0), 2.0], OperandError, "x must be 2 numbers"),
        ([[1.0, 2.0], [3.0]], OperandError, "x must be 2 numbers"),
        ({1.0, 2.0}, OperandError, "x must be 2 numbers"),
        ([10**400, 1], RangeError, "too large for a float"),
        (1.0, ArgumentError, r"not an array of shape \(\)"),
        (np.array(1.0), ArgumentError, r"not an array of shape \(\)"),
        ([1.0], ArgumentError, r"not an array of shape \(1,\)"),
        (np.zeros((3, 3)), ArgumentError, r"not an array of shape \(3, 3\)"),
        ([], ArgumentError, r"not an array of shape \(0,\)"),
    ],
)
def test_what_is_no_point_is_refused(x, error, message):
    program = product()
    for run in (program, program.value_and_grad, program.jacobian, program.follows):
        with pytest.raises(error, match=message):
            run(x)


def test_fractions_and_integers_are_numbers():
    assert product()([Fraction(1, 2), 3]) == 1.5
    assert product()([True, 2]) == 2.0


@pytest.mark.parametrize(
    ("inputs", "params", "message"),
    [
        (1.0, (), "inputs must be a sequence, as a list, not float 1.0"),
        ("12", (), "inputs must be a sequence"),
        ({"a": 1.0}, (), "inputs must be a sequence, as a list, not dict"),
        (np.array(1.0), (), "inputs must be a sequence"),
        ([[1.0]], (), r"inputs\[0\] must be a real number.*list"),
        ([1j], (), r"inputs\[0\] must be a real number.*complex"),
        ([1.0], Value(1.0), "params must be a sequence, as a list, not Value"),
        ([1.0], [2.0], r"params\[0\] must be a Value, not float 2.0"),
    ],
)
def test_what_cannot_be_recorded_is_refused(inputs, params, message):
    with pytest.raises(OperandError, match=message):
        record(lambda x: x[0] * 2, inputs, params)


def test_params_outside_of_the_graph():
    used, unused = Value(1.0), Value(2.0, "u")
    with pytest.raises(ArgumentError, match=r"params\[1\] must be in the graph; nothing depends on .*label='u'"):
        record(lambda x: x[0] * used, [1.0], [used, unused])


def test_no_examples():
    weight = Value(3.0)
    program = record(lambda x: x[0] * weight, [1.0], [weight])
    none = np.empty((0, 1))
    assert program(none).shape == (0,)
    assert program.jacobian(none).shape == (0, 1, 1)
    assert program.value_and_grad(none, summed=True)[1].tolist() == [0.0]
    with pytest.raises(ArgumentError, match="no mean over none"):
        program.value_and_grad(none)
    values, grads = product().value_and_grad(np.empty((0, 2)))
    assert (values.shape, grads.shape) == ((0,), (0, 2))


def test_a_constant_that_has_changed_is_noticed():
    rate = Value(0.5, "rate")
    program = record(lambda x: x[0] * rate, [1.0])
    assert program([4.0]) == 2.0
    rate.data = 0.25
    for run in (program, program.value_and_grad, program.jacobian, program.follows):
        with pytest.raises(StaleGraphError, match="rate=0.25 was 0.5; .* must be among inputs or params"):
            run([4.0])
    rate.data = 0.5
    assert program([4.0]) == 2.0


def test_what_else_changes_does_not_matter():
    x, weight = Value(1.0), Value(2.0)
    inner = x * weight
    root = inner + Value(math.nan)
    program = record([inner, root], [x], [weight])
    x.data = 7.0
    inner.data = 8.0
    assert program([3.0])[0] == 6.0


def test_a_way_that_the_leaves_do_not_go_any_longer_is_refused():
    x, limit = Value(1.0), Value(2.0)
    with trace_source():
        root = x * 2 if limit > 1 else x + Value(0.0) * limit
        root = root + limit
    limit.data = 0.0
    with pytest.raises(StaleGraphError, match="was changed after the graph was made: 0 > 1 was True"):
        record(root, [x])


def test_nan_in_nan_out():
    program = product()
    assert math.isnan(program([math.nan, 1.0]))
    value, grad = program.value_and_grad([[math.nan, 1.0], [2.0, 3.0]])
    assert math.isnan(value[0])
    assert value[1] == 6.0
    assert grad[1].tolist() == [3.0, 2.0]


def root_of(x):
    return math.sqrt(x)


def cube_of(x):
    return x**3


def test_a_custom_operation_raises_what_it_raises():
    root = autograd.custom(root_of, lambda out, x: (0.5 / out,))
    program = record(lambda x: root(x[0]) * 2, [4.0])
    assert program.value_and_grad([9.0])[0] == 6.0
    with pytest.raises(DomainError, match=r"root_of\(x0=-1.0\)"):
        program([[4.0], [-1.0]])


def test_the_second_derivative_of_a_custom_operation_is_refused():
    cubed = autograd.custom(cube_of, lambda out, x: (3 * x**2,))
    program = record(lambda x: gradients(cubed(x[0]) * x[0], x[0]), [2.0])
    assert program([2.0]) == 32.0
    with pytest.raises(UnknownDerivativeError, match="cube_of is a custom operation, whose second derivative is not"):
        program.value_and_grad([2.0])
