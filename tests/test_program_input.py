"""What a program is given that it cannot use, and what has changed since it was recorded: clear errors."""

import math
from decimal import Decimal
from fractions import Fraction
from functools import partial

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

import autograd
from autograd import Program, Value, gradients, record, recorded, trace_source
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
        ([[]], ArgumentError, r"not an array of shape \(1, 0\)"),
        (np.zeros((1, 1, 2)), ArgumentError, r"not an array of shape \(1, 1, 2\)"),
        (np.zeros((2, 1)), ArgumentError, r"not an array of shape \(2, 1\)"),
        (None, OperandError, "not None"),
        (b"12", OperandError, "not b'12'"),
        ({"x": 1.0}, OperandError, "not {'x': 1.0}"),
        ((x for x in [1.0, 2.0]), OperandError, "not <generator"),
        (np.array([None, 1.0]), OperandError, "not array"),
        (np.zeros(2, "M8[D]"), OperandError, "not array.*datetime64"),
        (np.zeros(2, [("a", float)]), OperandError, "not array"),
        (np.ma.array([1.0, 2.0], mask=[0, 1]), OperandError, "not a masked array, whose mask would be lost"),
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


@pytest.mark.parametrize("threads", [0, -1, 1.0, "2", None, True, 1025, 10**9])
def test_threads_are_a_whole_number(threads):
    weight = Value(3.0)
    program = record(lambda x: x[0] * weight if x[0] > 0 else x[0], [1.0], [weight], on_guard="record")
    for each in (product(), program):
        points = np.ones((3, 2 if each is not program else 1))
        for run in (each, each.value_and_grad, each.jacobian):
            with pytest.raises(ArgumentError, match=f"threads must be a whole number from 1 to 1024, not {threads!r}"):
                run(points, threads=threads)
            run(points, threads=np.int64(2))


@given(st.integers(-4, 4).filter(bool), st.integers(-4, 4).filter(bool), st.sampled_from([float, ">f8", "f4", object]))
def test_no_matter_how_numbers_stand_in_memory(rows, columns, kind):
    numbers = np.arange(48.0).reshape(8, 6).astype(kind)
    points = numbers[::rows, ::columns][:, :2]
    if points.shape[1] == 2:
        assert product()(points).tolist() == [float(a) * float(b) for a, b in points.tolist()]
    assert product()(np.broadcast_to(np.array([2.0, 3.0], kind), (5, 2))).tolist() == [6.0] * 5


def test_no_inputs():
    weight = Value(3.0)
    program = record(lambda _: weight * 2, [], [weight])
    assert program([]) == 6.0
    assert program(np.empty((3, 0))).tolist() == [6.0] * 3
    assert program.value_and_grad([[], []])[1].tolist() == [2.0]
    constant = record(lambda _: Value(2.0) * 3, [])
    assert constant.value_and_grad([])[1].shape == (0,)
    assert constant.jacobian(np.empty((4, 0))).shape == (4, 1, 0)


def test_many_examples():
    points = np.ones((1_000_003, 2))
    values, slopes = product().value_and_grad(points, threads=2)
    assert (values.sum(), slopes.sum()) == (1_000_003, 2_000_006)


@pytest.mark.parametrize(
    ("params", "error"),
    [(2.0, ArgumentError), ([[2.0]], ArgumentError), ({"w": 2.0}, OperandError), (["2"], OperandError)],
)
def test_params_of_a_run_that_are_no_numbers_for_it(params, error):
    weight = Value(3.0)
    program = record(lambda x: x[0] * weight, [1.0], [weight])
    with pytest.raises(error, match="params must be 1 numbers, not"):
        program([1.0], params=params)
    assert math.isnan(program([1.0], params=[math.nan]))


@pytest.mark.parametrize(
    ("result", "message"),
    [
        (None, "must end with a Value or with several, not with NoneType None"),
        (3.0, "must end with a Value or with several, not with float 3.0"),
        ([], r"must end with a Value or with several, not with list \[\]"),
        ({"a": Value(1.0)}, "must end with a Value or with several, not with dict"),
        ("ab", "must end with a Value or with several, not with str 'ab'"),
        ([Value(1.0), 2.0], "result 1 of the graph must be a Value, not float 2.0"),
        ([[Value(1.0)]], "result 0 of the graph must be a Value, not list"),
    ],
)
def test_what_is_no_graph_is_refused(result, message):
    with pytest.raises(OperandError, match=message):
        record(lambda x: result, [1.0])
    with pytest.raises(OperandError, match=message):
        record(result, [1.0])


def test_leaves_that_are_none_or_there_twice():
    a, b = Value(1.0, "a"), Value(2.0, "b")
    out = a * b
    for inputs, params in (([out], []), ([], [out])):
        with pytest.raises(
            ArgumentError, match=r"s\[0\] must be a leaf, which nobody has computed, not the result of mul"
        ):
            record(out, inputs, params)
    for inputs, params in (([a, a], []), ([a], [a]), ([], [b, a, b])):
        with pytest.raises(ArgumentError, match="a leaf is among inputs and params twice: .*label='[ab]'"):
            record(out, inputs, params)
    with pytest.raises(OperandError, match=r"inputs\[0\] must be a Value, not float 1.0"):
        record(out, [1.0])


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
    with pytest.raises(OperandError, match=f"^record: {message}"):
        record(lambda x: x[0] * 2, inputs, params)
    if params:
        with pytest.raises(OperandError, match=f"^recorded: {message}"):
            recorded(lambda x: x * 2, params=params)


def test_a_program_is_not_made_of_a_value():
    with pytest.raises(OperandError, match=r"^graph must be .* not Value: autograd\.record makes a program of a Value"):
        Program(Value(1.0), [])


def test_params_outside_of_the_graph():
    used, unused = Value(1.0), Value(2.0, "u")
    with pytest.raises(ArgumentError, match=r"params\[1\] must be in the graph; nothing depends on .*label='u'"):
        record(lambda x: x[0] * used, [1.0], [used, unused])


def test_an_input_that_is_not_in_the_graph_is_refused():
    x, y, other = Value(1.0, "x"), Value(2.0, "y"), Value(1.0, "other")
    with pytest.raises(
        ArgumentError, match=r"inputs\[0\] must be in the graph; nothing depends on .*'other'.*leave it out"
    ):
        record(x * y, [other, y])


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


@pytest.mark.parametrize(("before", "after"), [(math.nan, 5.0), (0.0, -0.0), (-0.0, 0.0), (1.0, math.nan)])
def test_a_constant_that_is_another_zero_or_no_number_has_changed(before, after):
    constant = Value(before)
    program = record(lambda x: autograd.atan2(constant, x[0]), [-1.0])
    first = program([-1.0])
    constant.data = after
    with pytest.raises(StaleGraphError, match=f"{after} was {before}"):
        program([-1.0])
    constant.data = before
    assert program([-1.0]) == first or math.isnan(first)


def test_messages_are_short_whatever_was_given():
    weight = Value(3.0)
    program = record(lambda x: x[0] * weight, [1.0], [weight])
    for wrong in ("x" * 10**6, [None] * 10**5, {1: 10**1000}, [[1j] * 10**5]):
        with pytest.raises(OperandError, match="x must be 1 numbers, or rows of so many, not ") as caught:
            program(wrong)
        assert len(str(caught.value)) < 200
    with pytest.raises(OperandError, match=r"params must be 1 numbers, not \[Value.*; of a Value give its data"):
        program([1.0], params=[weight])


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


def square_of(x):
    return x * x


def test_a_custom_operation_is_run_by_numpy():
    squared = autograd.custom(square_of, lambda out, x: (2 * x,))
    program = record(lambda x: squared(x[0]) * x[1], [1.0, 2.0])
    values, slopes = program.value_and_grad([[3.0, 2.0], [4.0, 1.0]], threads=2)
    assert (values.tolist(), slopes.tolist()) == ([18.0, 16.0], [[12.0, 9.0], [8.0, 16.0]])
    assert program.executor == "NumPy"
    program.compile()
    assert program.executor == "NumPy"


@pytest.mark.parametrize(
    "name", ["lt", "select", "dot", "total", "load", "end", "layer", "add_product", "input", "param", "constant"]
)
def test_a_custom_operation_may_have_the_name_of_an_instruction(name):
    def function(x, y):
        return x + 10 * y

    function.__name__ = name
    named = autograd.custom(function, lambda out, x, y: (1.0, 10.0))
    program = record(lambda x: named(x[0], x[1]) * 2, [1.0, 2.0])
    assert program([3.0, 4.0]) == 86.0
    value, slopes = program.value_and_grad([3.0, 4.0])
    assert (value, slopes.tolist()) == (86.0, [2.0, 20.0])


@pytest.mark.parametrize("name", ["input", "param", "constant"])
def test_an_operation_of_text_cannot_be_called_as_a_leaf_is(name):
    with pytest.raises(ArgumentError, match=f"the name '{name}' is taken: it is a leaf of programs already"):
        autograd.register(autograd.Op(name, "x", "2*x", ("2.0",), "Twice."))


def no_number_above_5(x):
    return x if x <= 5 else "much"


def test_a_custom_operation_that_does_not_give_what_it_should():
    much = autograd.custom(no_number_above_5, lambda out, x: (1.0,) if x > 0 else (1.0, 2.0))
    program = record(lambda x: much(x[0]), [3.0])
    with pytest.raises(OperandError, match="no_number_above_5: the result of forward must be a real number.*'much'"):
        program([[3.0], [6.0]])
    with pytest.raises(ArgumentError, match=r"no_number_above_5: partials must give a tuple of 1, .* not \(1.0, 2.0\)"):
        program.value_and_grad([[3.0], [-6.0]])


def test_the_second_derivative_of_a_custom_operation_is_refused():
    cubed = autograd.custom(cube_of, lambda out, x: (3 * x**2,))
    program = record(lambda x: gradients(cubed(x[0]) * x[0], x[0]), [2.0])
    assert program([2.0]) == 32.0
    with pytest.raises(UnknownDerivativeError, match="cube_of is a custom operation, whose second derivative is not"):
        program.value_and_grad([2.0])


def test_a_number_that_is_too_large_is_named():
    with pytest.raises(OverflowError, match=r"^x is too large for a float"):
        record(lambda x: x[0] * 1, [1.0])([10**400])


def test_values_do_not_keep_the_slopes_alive():
    program = record(autograd.sum, [1.0] * 50)
    values, _ = program.value_and_grad([[1.0] * 50] * 3)
    assert values.base is None


@pytest.mark.parametrize("count", [2, 5])
def test_an_error_names_the_example_of_several(count):
    program = record(lambda x: autograd.sqrt(x[0]) / x[1], [1.0, 1.0])
    points = np.ones((count, 2))
    points[1:, 0] = -1.0
    for run in (program, program.value_and_grad, program.jacobian):
        with pytest.raises(DomainError, match=r"^example 1: sqrt\(x0=-1.0\): math domain error$") as caught:
            run(points)
        assert caught.value.example == 1
        with pytest.raises(DomainError, match=r"^sqrt\(x0=-1.0\): math domain error$"):
            run([-1.0, 1.0])


@pytest.mark.parametrize("given", ["no", 1, None])
def test_flags_are_true_or_false(given):
    w = Value(2.0)
    program = record(lambda x: w * x[0], [1.0], [w])
    for run in (partial(program, [1.0]), partial(program.value_and_grad, [1.0]), partial(program.jacobian, [1.0])):
        with pytest.raises(OperandError, match=f"^check must be True or False, not {given!r}$"):
            run(check=given)
    with pytest.raises(OperandError, match=f"^summed must be True or False, not {given!r}$"):
        program.value_and_grad([1.0], summed=given)
    with pytest.raises(OperandError, match=f"^single must be True or False, not {given!r}$"):
        program.compile(single=given)


def test_a_sum_is_of_gradients_by_parameters():
    with pytest.raises(ArgumentError, match="summed=True is for the gradient by parameters, and this program has none"):
        record(lambda x: x[0] * x[0], [1.0]).value_and_grad([[1.0], [2.0]], summed=True)
