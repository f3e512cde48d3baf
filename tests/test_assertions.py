"""`assert_gradients_close`, for users' own tests."""

import math
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import nn
from autograd import Op, Value, detect_anomaly, dot, gradients, jvp, register, relu, sqrt, tanh
from autograd.errors import ArgumentError, GradientError, OperandError
from autograd.testing import assert_gradients_close, expressions, floats_in

SMOOTH = ["add", "mul", "sub", "tanh", "sin", "exp", "dot"]


def by_forward_mode(f, inputs):
    units = [[float(i == j) for j in range(len(inputs))] for i in range(len(inputs))]
    return [jvp(f, inputs, unit)[1] for unit in units]


def failure_of(*arguments, **options):
    with pytest.raises(GradientError) as caught:
        assert_gradients_close(*arguments, **options)
    return caught.value


@given(expressions(ops=SMOOTH))
def test_right_gradients_pass_beside_each_witness(expression):
    assume(all(x == 0.0 or abs(x) > 1e-100 for x in expression.inputs))  # products of what is smaller underflow
    assert_gradients_close(expression, expression.inputs, by_forward_mode(expression, expression.inputs), atol=1e-9)
    assert_gradients_close(expression, expression.inputs, expression)
    assert_gradients_close(expression, expression.inputs)


@given(expressions(ops=SMOOTH), st.data())
def test_the_entry_that_is_off_is_named_with_both_numbers(expression, data):
    right = by_forward_mode(expression, expression.inputs)
    place = data.draw(st.integers(0, len(right) - 1))
    assume(abs(right[place]) > 1e-3)
    off = list(right)
    off[place] *= 1 + data.draw(st.sampled_from([-1e-4, 1e-4, -2.0, 0.5]))
    error = failure_of(expression, expression.inputs, off, atol=1e-9)
    first = str(error).splitlines()[0]
    assert repr(off[place]) in first
    assert abs(float(first.split(" is ")[1].split(", expected")[0]) - right[place]) <= 1e-9 * (1 + abs(right[place]))
    assert [row.numeric for row in error.report.rows] == pytest.approx([right[place]], rel=1e-6, abs=1e-6)
    assert_gradients_close(expression, expression.inputs, off, rtol=5.0, atol=1e-9)


def test_tolerances_are_those_of_numpy():
    def f(x):
        return 2.0 * x

    for expected, rtol, atol in [(2.5, 0.2, 0.0), (2.5, 0.0, 0.5), (2.5, 0.1, 0.25), (2.0, 0.0, 0.0)]:
        assert_gradients_close(f, [1.0], [expected], rtol=rtol, atol=atol)
        np.testing.assert_allclose(2.0, expected, rtol=rtol, atol=atol)
    for expected, rtol, atol in [
        (2.5, 0.19, 0.0),
        (2.5, 0.0, 0.49),
        (2.5, 0.1, 0.24),
        (math.nextafter(2.0, 3.0), 0, 0),
    ]:
        failure_of(f, [1.0], [expected], rtol=rtol, atol=atol)
        with pytest.raises(AssertionError):
            np.testing.assert_allclose(2.0, expected, rtol=rtol, atol=atol)
    assert_gradients_close(f, [1.0], [2.0 * (1 + 9e-8)])
    failure_of(f, [1.0], [2.0 * (1 + 2e-7)])
    assert_gradients_close(lambda x: x - x, [1.0], [1e-13])
    failure_of(lambda x: x - x, [1.0], [1e-11])


def test_infinities_and_nan_are_equal_to_themselves_alone():
    assert_gradients_close(sqrt, [0.0], [math.inf])
    assert_gradients_close(lambda x: x * math.nan, [1.0], [math.nan])
    for f, inputs, expected in [
        (sqrt, [0.0], [-math.inf]),
        (sqrt, [0.0], [1e300]),
        (sqrt, [1.0], [math.inf]),
        (sqrt, [1.0], [math.nan]),
        (lambda x: x * math.nan, [1.0], [1.0]),
    ]:
        failure_of(f, inputs, expected, rtol=1e10)


def test_the_worst_of_several_comes_first():
    error = failure_of(lambda x, y, z: x + 2 * y + 3 * z, [1.0, 1.0, 1.0], [1.0, 2.5, 2.9])
    assert str(error) == (
        "the gradient by y is 2.0, expected 2.5: off by 0.5, where 2.5e-07 is allowed"
        " (the worst of 2 that differ, of 3)\n"
        "input  gradient  expected  differences   f is\n"
        "y           2.0       2.5            2  right\n"
        "z           3.0       2.9            3  right"
    )
    assert [row.input for row in error.report.rows] == ["y", "z"]


def test_ten_entries_at_most_are_listed():
    error = failure_of(lambda xs: dot(xs, range(300)), [[1.0] * 300], [[0.5] * 300])
    assert "(the worst of 300 that differ, of 300)" in str(error)
    assert len(str(error).splitlines()) == 12
    assert str(error).startswith("the gradient by xs[299] is 299.0, expected 0.5")


@pytest.fixture
def halved():
    return register(Op("halved", "x", "x*x", ("x",), "A square whose derivative lacks its factor of 2."))


def test_without_expected_gradients_differences_find_the_wrong_operation(halved):
    error = failure_of(lambda x, y: halved(x) * y, [3.0, 2.0])
    assert "the derivative by x is 6, differences give 12" in str(error)
    assert "the operation at fault: halved(x=" not in str(error)  # the leaf has no label
    assert "halved(3.0): the local derivative by its operand (3.0) is 3, differences give 6" in str(error)
    assert "test_assertions.py" in str(error)


def test_beside_expected_gradients_too(halved):
    error = failure_of(lambda x, y: halved(x) * y, [3.0, 2.0], lambda x, y: x * x * y)
    lines = str(error).splitlines()
    assert lines[0] == "the gradient by x is 6.0, expected 12.0: off by 6, where 1.2e-06 is allowed"
    assert lines[2].split() == ["x", "6.0", "12.0", "12", "wrong"]
    assert "halved(3.0): the local derivative by its operand (3.0) is 3, differences give 6, made at" in lines[3]
    assert error.report.culprits[0].op == "halved"


def test_at_a_kink_nobody_is_blamed():
    assert_gradients_close(relu, [0.0])
    assert failure_of(relu, [0.0], [1.0]).report.rows[0].verdict == "inconclusive"


def test_containers_arrays_and_values_are_taken_as_expected_gradients():
    def f(x, ws):
        return x * ws[0] + ws[1][0] * ws[1][1]

    inputs = [2.0, [3.0, (4.0, 5.0)]]
    assert_gradients_close(f, inputs, [3.0, [2.0, [5.0, 4.0]]])
    assert_gradients_close(f, inputs, (3, (np.float64(2.0), np.array([5.0, 4.0]))))
    x = Value(2.0)
    assert_gradients_close(lambda x: x**3, [x], gradients(x**3, [x]))
    assert_gradients_close(lambda x, y: x * y, [x, x], [4.0, 4.0])  # one leaf in two places


def test_the_parameters_of_a_model():
    model = nn.MLP(2, [3, 1], activation="tanh", seed=0)
    point = (0.5, -1.0)

    def reference():
        hidden, (last,) = (layer.neurons for layer in model.layers)
        outs = [tanh(n.w[0] * point[0] + n.w[1] * point[1] + n.b) for n in hidden]
        return last.b + sum(w * out for w, out in zip(last.w, outs))

    for parameter in model.parameters():
        parameter.grad = 7.0
    before = [parameter.data for parameter in model.parameters()]
    assert_gradients_close(lambda: model(point), model.parameters())
    assert_gradients_close(lambda: model(point), model.parameters(), reference)
    failure_of(lambda: model(point), model.parameters(), lambda: 2 * reference())
    assert [parameter.data for parameter in model.parameters()] == before
    assert {parameter.grad for parameter in model.parameters()} == {7.0}


def test_a_layer_in_three_lines():
    @given(floats_in("[0.01, 3]"), floats_in("[-3, 3]"))
    def check(x, beta):
        assert_gradients_close(lambda x, beta: x * (beta * x).sigmoid(), [x, beta])

    check()


def test_a_wrong_layer_shrinks_to_a_small_example(halved):
    @given(floats_in("[-100, 100]"))
    def check(x):
        assert_gradients_close(lambda x: halved(x) + x, [x])

    with pytest.raises(GradientError) as caught:
        check()
    assert "halved(1.0): the local derivative by its operand (1.0) is 1, differences give 2" in str(caught.value)


@pytest.mark.parametrize(
    ("arguments", "options", "kind", "said"),
    [
        ((3.0, [1.0]), {}, OperandError, "f must be a function, not float 3.0"),
        ((tanh, 1.0), {}, OperandError, "inputs must be a list"),
        ((tanh, [1.0]), {"rtol": 1e-3}, ArgumentError, "rtol and atol must come with expected gradients"),
        ((tanh, [1.0]), {"atol": 1e-3}, ArgumentError, "rtol and atol must come with expected gradients"),
        ((tanh, [1.0], [1.0]), {"rtol": -1.0}, ArgumentError, "rtol must be zero or positive"),
        ((tanh, [1.0], [1.0]), {"atol": math.inf}, ArgumentError, "atol must be zero or positive"),
        ((tanh, [1.0], [1.0]), {"atol": "x"}, OperandError, "atol must be a real number"),
        ((tanh, [1.0], 1.0), {}, OperandError, "expected must have the form of inputs, a list of 1, not be a number"),
        ((tanh, [1.0], [1.0, 2.0]), {}, ArgumentError, "expected must have the form of inputs"),
        ((tanh, [1.0], ["x"]), {}, OperandError, "expected[0] must be a real number"),
    ],
)
def test_arguments_that_cannot_be_used(arguments, options, kind, said):
    with pytest.raises(kind) as caught:
        assert_gradients_close(*arguments, **options)
    assert said in str(caught.value)
    assert not isinstance(caught.value, AssertionError)


def test_gradients_are_those_of_backward_under_anomaly_detection_too():
    with detect_anomaly():
        assert_gradients_close(lambda x: x * x, [2.0], [4.0])


def test_the_assertion_needs_no_hypothesis():
    script = """
import sys
sys.modules["hypothesis"] = None
from autograd.testing import assert_gradients_close
assert_gradients_close(lambda x: x * x, [2.0], [4.0])
from autograd.errors import MissingExtraError
try:
    from autograd.testing import floats_in
except MissingExtraError as error:
    print(error)
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == "autograd.testing.floats_in needs hypothesis: pip install 'chainrule[test]'\n"


def test_names_are_those_listed():
    import autograd.testing

    for name in autograd.testing.__all__:
        assert getattr(autograd.testing, name).__module__.startswith("autograd.testing.")
    with pytest.raises(AttributeError, match="has no attribute 'nonesuch'"):
        _ = autograd.testing.nonesuch
