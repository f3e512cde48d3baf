"""`gradcheck`: what is right passes, what is wrong is caught and named, and what cannot be told is said to be so."""

import importlib.util
import math
import random
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import autograd
from autograd import Value, gradcheck, gradients
from autograd.checking import central_difference
from autograd.checking.complex_step import ComplexStep
from autograd.checking.culprits import audit, name_of
from autograd.checking.differences import SCHEMES, Line, differentiate, extrapolate, measured_noise
from autograd.checking.rounding import rounding
from autograd.errors import ArgumentError, AutogradError, GradientError, OperandError
from autograd.ops import TABLE
from autograd.primitives import FLOATS, complex_primitives
from autograd.rules import public_names
from nn import MLP, cross_entropy, mse

METHODS = ["forward", "central", "central4", "richardson", "complex"]

_BENCHMARK = Path(__file__).parents[1] / "benchmarks" / "gradcheck_power.py"
_spec = importlib.util.spec_from_file_location("gradcheck_power", _BENCHMARK)
power = importlib.util.module_from_spec(_spec)
sys.modules["gradcheck_power"] = power
_spec.loader.exec_module(power)


def verdicts(f, inputs, **options):
    return [row.verdict for row in gradcheck(f, inputs, raise_exception=False, **options).rows]


def altered(f, change):
    """Make a function in whose graph the first node of an operation has its local derivatives changed."""

    def g(*inputs):
        root = f(*inputs)
        node = next(node for node in autograd.topological_order(root) if node.op)
        for argument, slope in enumerate(change(node.local_grads)):
            power.alter(node, argument, slope)
        return root

    return g


# ---------------------------------------------------------------------- properties

seeds = st.integers(0, 2**64)


@given(seeds)
def test_random_expressions_are_not_wrong_and_keep_their_data(seed):
    expression = power.Expression(random.Random(seed))
    leaves = [Value(x) for x in expression.inputs]
    for leaf in leaves:
        leaf.grad = 7.0
    report = gradcheck(expression, leaves)
    assert report.ok
    assert [leaf.data for leaf in leaves] == expression.inputs
    assert [leaf.grad for leaf in leaves] == [7.0] * len(leaves)


@given(seeds)
def test_a_fault_that_matters_is_never_called_right(seed):
    rng = random.Random(seed)
    expression = power.Expression(rng)
    planted = power.plant(expression, rng)
    assume(planted)
    faulty, hit = planted
    report = gradcheck(faulty, expression.inputs, raise_exception=False)
    assert not any(report.rows[index].verdict == "right" for index in hit)


@given(
    st.floats(-3, 3).filter(lambda x: abs(x) > 1e-3), st.sampled_from([1e-8, 1e-3, 1.0, 1e3, 1e8]),
    st.sampled_from(["forward", "central", "central4", "richardson", "complex"]),
)  # fmt: skip
def test_scales_of_inputs_and_results_do_not_matter(x, scale, method):
    f = lambda v: autograd.exp(autograd.sin(v / scale)) / scale
    assert set(verdicts(f, [x * scale], method=method)) <= {"right", "inconclusive"}
    if method in ("richardson", "complex") and abs(math.cos(x)) > 1e-3:
        assert verdicts(f, [x * scale], method=method) == ["right"]
        assert verdicts(altered(f, lambda d: [d[0] * (1 + 1e-5)]), [x * scale], method=method) == ["wrong"]


@given(st.floats(-20, 20), st.floats(0.1, 10))
def test_the_estimated_error_covers_the_error(x, scale):
    noise = 4e-16 * (1 + abs(scale))
    line = Line(lambda t: math.sin(scale * t), x, abs(x) or 1.0, lambda _: noise, 1.0)
    estimate, _ = differentiate(line, SCHEMES["richardson"], lambda _: False)
    rounded = 1e-15 * scale * scale * (abs(x) + 1)  # scale·t is rounded before the sine is taken
    assert abs(estimate.value - scale * math.cos(scale * x)) <= estimate.error + rounded + rounded * estimate.gain


# ---------------------------------------------------------------------- what is right


@pytest.mark.parametrize("method", METHODS)
def test_each_method_finds_a_right_gradient_right(method):
    def f(x, w):
        return autograd.tanh(autograd.dot(w, [x, x * x], 0.1)) + autograd.exp(x) / w[0] - autograd.log1p(w[1] ** 2)

    report = gradcheck(f, [0.7, [2.0, -1.5]], method)
    assert [row.input for row in report.rows] == ["x", "w[0]", "w[1]"]
    assert [row.verdict for row in report.rows] == ["right"] * 3
    assert all(row.difference <= row.error < 1e-5 * abs(row.analytic) for row in report.rows)


def test_a_model_is_checked_as_it_is_and_is_left_as_it_was():
    model = MLP(3, [4, 2], activation="tanh", seed=1)
    inputs, targets = [[0.1, -0.2, 0.3], [0.5, 0.4, -1.0]], [0, 1]
    for parameter in model.parameters():
        parameter.grad = 0.5
    before = [(p.data, p.grad) for p in model.parameters()]

    def loss():
        return cross_entropy([model(row) for row in inputs], targets)

    for report in (gradcheck(loss, model.parameters()), gradcheck(lambda *_: loss(), model.parameters())):
        assert report.counts == {"right": len(before), "wrong": 0, "inconclusive": 0}
    assert [(p.data, p.grad) for p in model.parameters()] == before


def test_parameters_that_are_not_inputs_keep_their_gradients():
    model = MLP(2, [2, 1], seed=3)
    for parameter in model.parameters():
        parameter.grad = 0.25
    assert gradcheck(lambda x, y: mse([model([x, y])], [0.5]), [0.3, -0.4]).ok
    assert {parameter.grad for parameter in model.parameters()} == {0.25}


def test_everything_is_restored_when_f_raises():
    x = Value(2.0, "x")
    x.grad = 3.0
    calls = []

    def f(v):
        calls.append(v.data)
        if len(calls) == 4:
            raise KeyError
        return v * v

    with pytest.raises(KeyError):
        gradcheck(f, [x])
    assert len(calls) == 4
    assert calls[-1] != 2.0
    assert (x.data, x.grad) == (2.0, 3.0)


def test_what_f_does_to_gradients_is_undone():
    x = Value(3.0)
    x.grad = 2.0

    def f(v):
        (v * v).backward()
        return v * 5

    assert gradcheck(f, [x]).rows[0].analytic == 5.0
    assert x.grad == 2.0


def test_a_value_that_is_two_inputs_is_one_variable():
    x = Value(3.0, "x")
    report = gradcheck(lambda a, b: a * b, [x, x])
    assert [(row.input, row.analytic, row.verdict) for row in report.rows] == [("x", 6.0, "right")]


@pytest.mark.parametrize(
    ("f", "x"),
    [
        (lambda x: x, 2.0),
        (lambda x: x * 0, 2.0),
        (lambda _: 3.0, 2.0),
        (lambda x: x - x, 2.0),
        (lambda x: (x - 2) ** 2, 2.0),
        (autograd.sin, math.pi / 2),
        (lambda x: autograd.relu(x) + 1, -3.0),
        (lambda x: 1e15 * autograd.cos(x), 0.0),
        (autograd.sin, 1e8),
        (lambda x: autograd.sin(1e8 * x), 1.0),
        (lambda x: autograd.exp(1e-12 * x), 1e12),
        (lambda x: x * x, 1e150),
        (lambda x: x * x, 1e-150),
        (autograd.sqrt, 1e-300),
        (lambda x: autograd.sqrt(x - 1), 1 + 1e-9),
        (autograd.log, 1e-12),
        (autograd.log, 1e-320),
        (autograd.erf, 3.0),
    ],
)
def test_flat_steep_huge_and_tiny_functions_are_right(f, x):
    report = gradcheck(f, [x])
    if x == 1e-320:  # a subnormal input has too few digits
        assert report.ok
    else:
        assert report.rows[0].verdict == "right", report


def test_an_operation_that_rounds_inside_by_more_than_its_result_shows_is_right():
    """log(1 + e) is added to -0.0038 here: the rounding of that sum of about one is not to be seen in the result."""
    report = gradcheck(lambda x: autograd.logsumexp([-6.596, x]) / 0.08832026752810118, [-0.003762062970809441])
    assert report.rows[0].verdict == "right"


def test_an_input_that_has_no_effect_needs_no_resolution():
    report = gradcheck(lambda x, y: autograd.relu(x) + y, [-3.0, 2.0])
    assert [(row.verdict, row.note) for row in report.rows] == [("right", "zero"), ("right", "")]


# ---------------------------------------------------------------------- what cannot be told


@pytest.mark.parametrize("f", [lambda x: 1e20 + x, lambda x: (x + 1e20) - 1e20, lambda x: 1e20 + autograd.tanh(x) * 3])
def test_an_input_lost_in_rounding_is_inconclusive(f):
    report = gradcheck(f, [1.0])
    (row,) = report.rows
    assert row.verdict == "inconclusive"
    assert report.ok
    assert "rounding" in row.note
    assert row.error > abs(row.analytic)


def test_what_rounding_leaves_must_show_an_error_as_small_as_the_resolution():
    assert verdicts(lambda x: 1e6 + x, [1.0]) == ["right"]
    assert verdicts(lambda x: 1e10 + x, [1.0]) == ["inconclusive"]
    assert verdicts(lambda x: 1e10 + x, [1.0], resolution=1e-2) == ["right"]


def test_a_kink_farther_away_than_the_least_step_rounding_allows_is_no_fault():
    """Where softmax is all but 1, only steps across the kink of relu move it by more than a last place."""

    def f(x, y):
        top = autograd.exp(y)
        return autograd.softmax([0.793, autograd.sqrt(top), autograd.relu(autograd.expm1(x)), top])[3]

    report = gradcheck(f, [0.002495352836444236, 3.3237730815957964])
    assert report.rows[0].verdict == "inconclusive"


def test_a_complex_step_resolves_what_a_difference_cannot():
    assert verdicts(lambda x: 1e20 + x, [1.0], method="complex") == ["right"]


def test_an_operation_that_is_wrong_is_found_though_rounding_hides_it():
    def f(x):
        y = autograd.tanh(x)
        power.alter(y, 0, y.local_grads[0] * 1.5)
        return y + 1e20

    report = gradcheck(f, [0.5], raise_exception=False)
    assert report.rows[0].verdict == "wrong"
    assert report.culprits[0].op == "tanh"


KINKS = {
    "abs": (lambda x: abs(x) * 3 + x, 0.0),
    "relu": (lambda x: autograd.relu(x - 1) * 3 + x, 1.0),
    "leaky_relu": (autograd.leaky_relu, 0.0),
    "maximum": (lambda x: autograd.maximum(x, 2 * x - 1, -5.0), 1.0),
    "minimum": (lambda x: autograd.minimum(x * 2.0, x * 3.0) + autograd.exp(x), 0.0),
}


@pytest.mark.parametrize("name", KINKS)
@pytest.mark.parametrize("method", METHODS)
def test_a_kink_at_the_point_is_named_and_not_called_wrong(name, method):
    f, x = KINKS[name]
    report = gradcheck(f, [x], method)
    assert report.ok
    if report.rows[0].verdict == "inconclusive":  # a one-sided slope may be the one that was chosen
        assert f"kink, jump or sharp bend in reach: {name}(" in report.rows[0].note
    else:
        assert method == "forward"


@pytest.mark.parametrize("name", KINKS)
@pytest.mark.parametrize("distance", [1e-2, 1e-4, 1e-6, 1e-8, 1e-12])
def test_a_kink_near_the_point_is_avoided_or_named(name, distance):
    f, x = KINKS[name]
    report = gradcheck(f, [x + distance])
    assert report.ok
    assert report.rows[0].verdict == "right" or name in report.rows[0].note
    if distance >= 1e-6:
        assert report.rows[0].verdict == "right"


def test_a_kink_that_rounding_does_not_let_the_steps_avoid_is_named():
    report = gradcheck(lambda x: autograd.relu(x) * 3 + 1e6, [1e-9])
    assert report.rows[0].verdict == "inconclusive"
    assert report.rows[0].note.startswith("kink, jump or sharp bend in reach: relu(")


def test_a_jump_is_named():
    report = gradcheck(lambda x: x * 2 + autograd.where(x > 1, x, 5.0) * 3, [1.0])
    assert report.rows[0].verdict == "inconclusive"
    assert "where" in report.rows[0].note


def test_a_branch_of_f_is_named():
    report = gradcheck(lambda x: autograd.exp(x) if x > 1 else x * 2 + x, [1.0])
    assert report.rows[0].verdict == "inconclusive"
    assert "another path" in report.rows[0].note


def test_a_faulty_smooth_operation_beside_a_kink_that_is_out_of_reach_is_caught():
    def f(x):
        y = autograd.exp(x)
        power.alter(y, 0, y.data * 1.01)
        return autograd.relu(x - 0.5) + y

    report = gradcheck(f, [0.5001], raise_exception=False)
    assert [culprit.op for culprit in report.culprits] == ["exp"]


@pytest.mark.parametrize("f", [autograd.sqrt, lambda x: x**0.5, lambda x: autograd.sqrt(x) * x])
def test_the_edge_of_a_domain_is_no_exception(f):
    assert gradcheck(f, [0.0]).ok


@pytest.mark.parametrize("x", [1e-3, 1e-9, 1e-15])
@pytest.mark.parametrize("method", METHODS[:4])
def test_next_to_the_edge_of_a_domain(x, method):
    report = gradcheck(lambda v: autograd.log(v - 1) + autograd.sqrt(2 - v), [1 + x], method)
    assert report.ok
    if x > 1e-10 and method != "forward":
        assert report.rows[0].verdict == "right"


def test_one_side_is_enough():
    """x**2.5 has a smooth second derivative at 0, and no value below."""
    report = gradcheck(lambda x: autograd.sqrt(x) * autograd.sqrt(x) * 3 + x, [2.0])
    assert report.rows[0].verdict == "right"
    line = Line(lambda t: math.exp(t) if t >= 1 else math.nan, 1.0, 1.0, lambda _: 1e-15, 0.125)
    estimate, scheme = differentiate(line, SCHEMES["richardson"], lambda _: False)
    assert scheme.side == 1
    assert abs(estimate.value - math.e) <= estimate.error < 1e-8


def test_noise_makes_a_verdict_inconclusive_not_wrong():
    def f(x):
        ripple = 1e-7 * math.sin(1e15 * x.data) * math.cos(3e14 * x.data**2)
        return x * x + ripple

    for x in (0.3, 1.7, 2.9):
        assert set(verdicts(f, [x], resolution=1e-7)) <= {"right", "inconclusive"}


def test_a_function_with_a_will_of_its_own_is_not_called_wrong():
    rng = random.Random(0)
    for scale in (1e-9, 1e-4, 1.0):
        report = gradcheck(lambda x, scale=scale: x * x + scale * rng.random(), [3.0])
        assert report.ok
    assert "different results for the same inputs" in report.rows[0].note


@pytest.mark.parametrize("frequency", [1e3, 1e6, 1e9])
def test_fast_oscillation_is_resolved_by_small_steps(frequency):
    f = lambda x: autograd.sin(frequency * x)
    assert gradcheck(f, [1.234]).ok
    if frequency < 1e9:  # there, rounding leaves five digits
        assert verdicts(f, [1.234]) == ["right"]
    assert verdicts(altered(f, lambda d: [d[0] * 1.1]), [1.234]) == ["wrong"]


def test_an_infinite_derivative_is_inconclusive_and_says_where():
    report = gradcheck(lambda x: autograd.sqrt(x * 0) + x, [3.0])
    assert report.rows[0].verdict == "inconclusive"
    assert "sqrt(0.0)" in report.rows[0].note


def test_a_nan_where_the_function_is_smooth_is_wrong():
    with pytest.raises(GradientError, match="exp"):
        gradcheck(altered(autograd.exp, lambda _: [math.nan]), [1.0])


# ---------------------------------------------------------------------- what is wrong


def _with_slopes():
    """Give for each operation of the table a place where its local derivatives are finite and not zero."""
    names = [*public_names(), *(op.name for op in TABLE.values() if op.by_hand)]
    for name in names:
        if TABLE[name].partials is None:
            continue
        for seed in range(2000):
            rng = random.Random(seed)
            values = [Value(power._size(rng, 1)) for _ in range(3)]
            step = power._random_step(rng, TABLE[name], values)
            out = power._apply(step, values) if step else None
            used = [a for p in (step.arguments if step else ()) for a in (p if isinstance(p, list) else [p])]
            distinct = [a for a in used if isinstance(a, power.Place)]
            if not isinstance(out, Value) or len({a.index for a in distinct}) < len(distinct) or not distinct:
                continue
            slopes = out.local_grads
            if all(s and 1e-2 < abs(s * p.data / (out.data or 1.0)) < 1e2 for s, p in zip(slopes, out.parents)):
                f = lambda *vs, step=step: power._compute(step, vs) * 2 + 1
                if gradcheck(f, [v.data for v in values]).counts["inconclusive"] == 0:
                    yield pytest.param(name, f, [v.data for v in values], id=name)
                    break


_PLACES = list(_with_slopes())

FAULTS = {
    "sign": lambda slopes: [-s for s in slopes],
    "twice": lambda slopes: [2 * s for s in slopes],
    "slightly": lambda slopes: [s * (1 + 1.1e-5) for s in slopes],
    "swapped": lambda slopes: slopes[::-1],
    "dropped": lambda slopes: [*slopes[:-1], 0.0],
}


def test_most_operations_have_a_place_where_they_are_checked():
    assert len(_PLACES) >= 0.8 * sum(op.partials is not None for op in map(TABLE.get, public_names()))


@pytest.mark.parametrize(("name", "f", "point"), _PLACES)
@pytest.mark.parametrize("fault", FAULTS)
def test_a_planted_fault_is_caught_and_named(name, f, point, fault):
    root = f(*map(Value, point))
    node = next(node for node in autograd.topological_order(root) if node.op)
    slopes = node.local_grads
    changed = FAULTS[fault](slopes)
    if all(abs(a - b) <= 1e-4 * abs(b) for a, b in zip(changed, slopes)) and fault != "slightly":
        assert gradcheck(altered(f, FAULTS[fault]), point).ok  # no fault
        return
    with pytest.raises(GradientError) as failed:
        gradcheck(altered(f, FAULTS[fault]), point)
    report = failed.value.report
    assert {culprit.op for culprit in report.culprits} == {name}
    assert f"the operation at fault: {name}(" in str(failed.value)


def test_the_error_names_the_worst_input_the_node_and_the_line():
    def f(x, y):
        good = autograd.sin(x) * y
        bad = autograd.exp(good)  # this line
        bad.label = "h"
        power.alter(bad, 0, bad.data * 2)
        return bad + x * 100

    with pytest.raises(GradientError) as failed:
        gradcheck(f, [Value(0.5, "left"), 0.7])
    message = str(failed.value)
    assert isinstance(failed.value, AssertionError)
    assert isinstance(failed.value, AutogradError)
    assert message.startswith("the derivative by y is ")
    assert "exp(" in message
    assert "labelled 'h'" in message
    assert f"{__file__}:" in message
    assert "bad = autograd.exp(good)  # this line" in message
    assert failed.value.report.worst.input == "y"


def test_the_fault_that_matters_most_is_named_first():
    def f(x):
        small, large = autograd.sin(x), autograd.exp(x)
        power.alter(small, 0, small.local_grads[0] * 1.001)
        power.alter(large, 0, large.data * 2)
        return small + large

    report = gradcheck(f, [1.0], raise_exception=False)
    assert [culprit.op for culprit in report.culprits] == ["exp", "sin"]
    assert "1 more local derivative is wrong" in report.explanation


def test_a_wrong_entry_of_the_table_is_caught(monkeypatch):
    wrong = TABLE["atan"]._replace(name="arctangent", partials=("1/(2 + x*x)",), textbook=())
    monkeypatch.setitem(TABLE, "arctangent", wrong)
    with pytest.raises(GradientError, match=r"arctangent\(0.5\)") as failed:
        gradcheck(autograd.rules.operation("arctangent"), [0.5])
    assert "made at" not in str(failed.value)  # no line of anybody's


def test_what_leaves_the_graph_is_said_to_do_so():
    report = gradcheck(lambda x: x * 1 + x.data * 2, [1.0], raise_exception=False)
    assert not report.culprits
    assert ".data" in report.explanation


def test_what_was_computed_before_is_said_to_be_so():
    w = Value(2.0, "w")
    squared = w * w
    report = gradcheck(lambda: squared * 3, [w], raise_exception=False)
    assert not report.ok
    assert "mul(w=2.0, w=2.0), which was computed from an input before f was called" in report.explanation


def test_a_fault_at_equal_operands_of_an_operation_with_a_kink_is_named():
    def f(x):
        top = autograd.maximum(x, x)
        power.alter(top, 0, 0.75)
        return top * 2

    assert gradcheck(f, [1.5], raise_exception=False).culprits[0].op == "maximum"


def test_a_fault_that_differences_cannot_pin_down_is_said_to_be_in_doubt():
    def f(x, y):
        angle = autograd.hypot(x - x, y - y)
        power.alter(angle, 0, 1.0)
        power.alter(angle.parents[0], 0, 2.0)
        return angle + x

    report = gradcheck(f, [1.5, 2.0], raise_exception=False)
    assert not report.ok
    assert "sub(" in report.explanation


def test_the_resolution_decides_what_must_not_go_unseen():
    faulty = altered(autograd.exp, lambda d: [d[0] * (1 + 1e-8)])
    assert verdicts(faulty, [1.0], resolution=1e-8) == ["wrong"]
    assert verdicts(altered(autograd.exp, lambda d: d), [1.0], resolution=1e-8) == ["right"]


# ---------------------------------------------------------------------- higher orders


@pytest.mark.parametrize("method", ["central4", "richardson", "complex"])
def test_second_and_third_derivatives(method):
    report = gradcheck(lambda x, y: autograd.tanh(x * y) + x**3 / y, [0.5, 2.0], method, 3)
    assert report.counts == {"right": 2 + 4 + 6, "wrong": 0, "inconclusive": 0}
    assert [row.input for row in report.rows[:6]] == ["x", "y", "x, x", "x, y", "y, x", "y, y"]
    x = Value(0.5)
    first = gradients(autograd.tanh(x * 2.0) + x**3 / 2.0, x)
    assert report.rows[2].analytic == pytest.approx(gradients(first, x).data, rel=1e-12)


def test_a_wrong_second_derivative_is_caught_though_the_first_is_right(monkeypatch):
    wrong = TABLE["sech2"]._replace(name="sech_squared", partials=("-tanh(x)*out",), textbook=())
    monkeypatch.setitem(TABLE, "sech_squared", wrong)
    outer = TABLE["tanh"]._replace(name="hyperbolic", partials=("sech_squared(x)",), textbook=(), tex=())
    monkeypatch.setitem(TABLE, "hyperbolic", outer)
    f = autograd.rules.operation("hyperbolic")
    assert gradcheck(f, [0.5]).ok
    with pytest.raises(GradientError, match=r"sech_squared\(0.5\)") as failed:
        gradcheck(f, [0.5], order=2)
    assert failed.value.report.worst.input == "x, x"


def test_a_wrong_gradient_ends_the_check_of_higher_orders():
    report = gradcheck(altered(autograd.exp, lambda d: [2 * d[0]]), [0.5], order=2, raise_exception=False)
    assert len(report.rows) == 1


# ---------------------------------------------------------------------- many inputs


def _sum_of_squares(*xs):
    return autograd.dot(xs, xs) + autograd.tanh(xs[0])


def test_many_inputs_are_checked_along_random_directions():
    point = [math.sin(k) for k in range(300)]
    report = gradcheck(_sum_of_squares, point)
    assert [row.input for row in report.rows] == [f"direction {k}" for k in range(1, 17)]
    assert "300 inputs, along 16 random directions (seed 0), not one by one" in repr(report)
    assert {row.verdict for row in report.rows} == {"right"}
    assert len(gradcheck(_sum_of_squares, point[:30], directions=0).rows) == 30
    assert len(gradcheck(_sum_of_squares, point, directions=0).rows) == 300


def test_directions_depend_on_the_seed_alone():
    point = [0.5, 0.25, -1.0]
    rows = [gradcheck(_sum_of_squares, point, directions=3, seed=seed).rows for seed in (1, 1, 2)]
    assert rows[0] == rows[1] != rows[2]


@pytest.mark.no_cover
def test_a_fault_shows_along_random_directions():
    def f(*xs):
        y = autograd.exp(xs[7])
        power.alter(y, 0, -y.data)
        return _sum_of_squares(*xs) + y

    point = [Value(math.sin(k)) for k in range(250)]
    before = [leaf.data for leaf in point]
    with pytest.raises(GradientError, match="the operation at fault: exp"):
        gradcheck(f, point)
    assert [leaf.data for leaf in point] == before


def test_directions_of_second_order():
    report = gradcheck(lambda *xs: autograd.dot(xs, xs) * xs[0], [0.5, 2.0, -1.0], directions=2, order=2)
    assert [row.input for row in report.rows[2:]] == ["direction 1, direction 2", "direction 2, direction 1"]
    assert {row.verdict for row in report.rows} == {"right"}


# ---------------------------------------------------------------------- the report


def test_the_report_is_a_table_in_text_and_in_html():
    name = '<b>"x"</b>'
    report = gradcheck(lambda x, y: x * y + 1e20 * y, [Value(2.0, name), 3.0])
    lines = repr(report).splitlines()
    assert lines[0].startswith("gradcheck: ")
    assert lines[1].split() == ["input", "analytic", "numeric", "difference", "est.", "error", "verdict"]
    assert len(lines) == 4
    assert lines[2].startswith(name)
    assert bool(report) is report.ok is True

    class Cells(HTMLParser):
        tags, text = [], []

        def handle_starttag(self, tag, _attrs):
            self.tags.append(tag)

        def handle_data(self, data):
            self.text.append(data)

    parser = Cells()
    parser.feed(report._repr_html_())
    assert "b" not in parser.tags
    assert name in parser.text
    assert parser.tags.count("tr") == 3
    assert parser.tags.count("td") == 14


def test_a_failed_report_is_false_and_says_why_in_html_too():
    report = gradcheck(altered(autograd.exp, lambda d: [2 * d[0]]), [0.5], raise_exception=False)
    assert not report
    assert "the operation at fault: exp" in report._repr_html_()
    assert report.counts["wrong"] == 1
    assert "0 right" not in report.headline


def test_inconclusive_is_said():
    report = gradcheck(lambda x: 1e20 + x, [1.0])
    assert report.headline.startswith("gradcheck: 1 inconclusive, so nothing has been checked (")
    assert report.ok
    assert not report.all_right


def test_some_inconclusive_derivatives_leave_others_checked():
    report = gradcheck(lambda x, y: autograd.relu(x) + y, [0.0, 1.0])
    assert report.headline.startswith("gradcheck: 1 right, 1 inconclusive (")
    assert not report.all_right
    assert gradcheck(lambda y: y * y, [1.0]).all_right


# ---------------------------------------------------------------------- bad input


@pytest.mark.parametrize(
    ("arguments", "options", "error", "words"),
    [
        ((3, [1.0]), {}, TypeError, "f must be a function, not int 3"),
        ((abs, 1.0), {}, TypeError, "inputs must be a list .* not float 1.0"),
        ((abs, []), {}, ValueError, "inputs must have at least one"),
        ((abs, ["1"]), {}, TypeError, r"inputs: x must be a real number .* not str '1'"),
        ((abs, [math.inf]), {}, ValueError, "inputs: x must be finite, not inf"),
        ((abs, [Value(2.0) * 3]), {}, ValueError, "must be a number or a leaf, not the result of mul"),
        ((abs, [1.0]), {"method": "exact"}, ValueError, "method must be one of forward, .*, not 'exact'"),
        ((abs, [1.0]), {"order": 0}, ValueError, "order must be at least 1, not 0"),
        ((abs, [1.0]), {"order": 1.5}, TypeError, "order must be an integer, not float 1.5"),
        ((abs, [1.0]), {"directions": -1}, ValueError, "directions must be at least 0, not -1"),
        ((abs, [1.0]), {"directions": True}, TypeError, "directions must be an integer, not bool True"),
        ((abs, [1.0]), {"resolution": 0.0}, ValueError, "resolution must be a float from 1e-12 to 0.1, not 0.0"),
        ((lambda x: [x], [1.0]), {}, TypeError, "the result of f must be a real number"),
    ],
)
def test_what_cannot_be_used_is_refused(arguments, options, error, words):
    with pytest.raises(error, match=f"gradcheck: .*{words}") as refused:
        gradcheck(*arguments, **options)
    assert isinstance(refused.value, OperandError | ArgumentError)


def test_a_wrong_number_of_inputs_is_the_functions_own_error():
    with pytest.raises(TypeError, match="positional argument"):
        gradcheck(lambda x: x, [1.0, 2.0])


def test_exceptions_at_the_point_itself_are_the_users():
    with pytest.raises(ValueError, match="log"):
        gradcheck(autograd.log, [-1.0])


def test_functions_without_a_signature_are_called_with_the_inputs():
    assert gradcheck(Value.__neg__, [1.0]).ok
    assert gradcheck(max, [1.0, 2.0]).ok


# ---------------------------------------------------------------------- the complex step


@pytest.mark.parametrize("name", public_names())
def test_a_complex_step_agrees_or_names_the_operation(name):
    rng = random.Random(4)
    op = TABLE[name]
    for _ in range(20):
        values = [Value(power._size(rng, 1)) for _ in range(3)]
        step = power._random_step(rng, op, values)
        out = power._apply(step, values) if step else None
        if not isinstance(out, Value):
            continue
        f = lambda *vs, step=step: power._compute(step, vs)
        without = [node.op for node in autograd.topological_order(out) if node.op and not _has_complex_form(node.op)]
        if without:
            with pytest.raises(ArgumentError, match=rf"complex form .* and {', '.join(dict.fromkeys(without))} ha"):
                gradcheck(f, [v.data for v in values], "complex")
        else:
            assert gradcheck(f, [v.data for v in values], "complex").ok


def _has_complex_form(name):
    try:
        autograd.rules.complex_reader().value(name)
    except LookupError:
        return False
    return True


def test_most_operations_have_a_complex_form():
    assert sum(map(_has_complex_form, TABLE)) > 0.8 * len(TABLE)


def test_operations_without_a_complex_form_are_named():
    with pytest.raises(ArgumentError, match="every operation of f, and erf has none here; use method='richardson'"):
        gradcheck(lambda x: autograd.erf(x) * 2, [1.0], "complex")


@given(st.floats(-5, 5).filter(lambda x: abs(x) > 1e-3), st.floats(0.2, 5))
def test_a_complex_step_is_exact(x, y):
    a, b = Value(x), Value(y)
    root = autograd.expm1(a / b) * autograd.log1p(b) + autograd.atan2(a, b) * autograd.hypot(a, b) - b**a + abs(a) ** 3
    step = ComplexStep(root)
    slopes = [gradient.data for gradient in gradients(root, [a, b])]
    sizes = rounding(root).slack
    assert step.slope({a: 1.0}) == pytest.approx(slopes[0], rel=1e-12, abs=1e3 * sizes[a])
    assert step.slope({b: 1.0}) == pytest.approx(slopes[1], rel=1e-12, abs=1e3 * sizes[b])


@pytest.mark.parametrize(("x", "y"), [(-2.0, 3.0), (-2.0, 101.0), (-2.0, 102.0), (2.0, 0.5), (3.0, -2.0)])
def test_a_complex_step_through_powers_of_negative_numbers(x, y):
    base = Value(x)
    assert ComplexStep(base**y).slope({base: 1.0}) == pytest.approx(y * x ** (y - 1), rel=1e-13)


_TWO = {"atan2", "copysign", "hypot", "maximum", "minimum", "pow", "remainder"}
_NOT_OF_NUMBERS = {"element", "len", "nothing", "places", "product", "sum", "zip"}


@pytest.mark.parametrize("name", [name for name in complex_primitives() if name in FLOATS and callable(FLOATS[name])])
def test_complex_primitives_continue_the_real_ones(name):
    if name in _NOT_OF_NUMBERS:
        assert complex_primitives()[name] is FLOATS[name]
        return
    tiny = 2.0**-300
    for point in [(0.3, 1.7), (0.8, -0.6), (-0.3, 0.4), (-0.7, 3.0), (1.6, -2.0), (2.5, 0.0)]:
        operands = point if name in _TWO else point[:1]
        try:
            value = FLOATS[name](*operands)
        except ArithmeticError:
            continue
        except ValueError:
            continue
        for index in range(len(operands)):
            moved = [complex(x, tiny * (place == index)) for place, x in enumerate(operands)]
            found = complex(complex_primitives()[name](*moved))
            assert found.real == pytest.approx(value, rel=1e-13)

            def f(x, index=index, operands=operands):
                return FLOATS[name](*operands[:index], x, *operands[index + 1 :])

            if not (name in ("copysign", "pow", "remainder") and index == 1):  # these have jumps, or no such neighbours
                line = Line(f, operands[index], 0.1, lambda _, value=value: 1e-15 + 4e-16 * abs(value), 0.01)
                estimate, _ = differentiate(line, SCHEMES["richardson"], lambda _: False)
                assert found.imag / tiny == pytest.approx(0.0 if name == "detached" else estimate.value, abs=1e-7)


def test_a_complex_step_beside_a_pole_is_inconclusive():
    x = 1 + 4 * math.ulp(1.0)
    assert verdicts(lambda v: autograd.log(v - 1), [x], method="complex") == ["inconclusive"]


def test_a_complex_step_at_a_branch_point_is_inconclusive():
    report = gradcheck(lambda x: autograd.sqrt(x), [0.0], "complex")  # noqa: PLW0108 - a line to be named
    assert report.rows[0].verdict == "inconclusive"
    assert "sqrt(0.0)" in report.rows[0].note


def test_a_complex_step_catches_a_fault():
    report = gradcheck(altered(autograd.exp, lambda d: [d[0] * (1 + 1e-9)]), [0.5], "complex", raise_exception=False)
    assert report.rows[0].verdict == "wrong"


def test_a_condition_that_complex_numbers_decide_otherwise_is_refused():
    with pytest.raises(ArgumentError, match="where has none"):
        gradcheck(lambda x: autograd.where(x, 2.0 * x, 5.0 - x), [0.0], "complex")


# ---------------------------------------------------------------------- the parts


def test_extrapolation_beats_its_best_row():
    line = Line(math.exp, 1.0, 1.0, lambda _: 5e-16, 0.125)
    errors = {}
    for name, scheme in SCHEMES.items():
        estimate = extrapolate(line, scheme, 0.25, 1e-9, lambda _: False)
        errors[name] = abs(estimate.value - math.e)
        assert errors[name] <= estimate.error
    assert errors["richardson"] < errors["central4"] < errors["central"] < errors["forward"] < 1e-6


def test_measured_noise_is_that_of_the_function_and_no_jump():
    rng = random.Random(5)
    line = Line(lambda x: math.exp(x) + rng.gauss(0, 1e-6) + (x > 1), 1.0, 1.0, lambda _: 0.0, 1.0)
    assert 2e-7 < measured_noise(line, 1e-5) < 4e-6
    silent = Line(lambda x: math.exp(x) + (x > 1), 1.0, 1.0, lambda _: 0.0, 1.0)
    assert measured_noise(silent, 1e-5) < 1e-14
    nowhere = Line(lambda x: 1.0 if x == 1.0 else math.nan, 1.0, 1.0, lambda _: 0.0, 1.0)
    assert measured_noise(nowhere, 1e-5) == math.inf


def test_rounding_bounds_what_exact_arithmetic_shows():
    from fractions import Fraction

    rng = random.Random(6)
    for _ in range(200):
        xs = [rng.uniform(-1, 1) * 10 ** rng.randint(-3, 8) for _ in range(4)]
        root = autograd.sum([Value(x) for x in xs]) * xs[0] - xs[1] * Value(xs[2])
        exact = sum(map(Fraction, xs)) * Fraction(xs[0]) - Fraction(xs[1]) * Fraction(xs[2])
        assert abs(Fraction(root.data) - exact) <= Fraction(rounding(root).value)


def test_rounding_counts_what_a_long_sum_loses_on_the_way():
    xs = [1e16, 1.0, 1.0, -1e16]
    assert rounding(autograd.sum([Value(x) for x in xs])).value >= 2.0


def test_an_audit_tells_wrong_from_untold():
    x = Value(0.0, "x")
    root = abs(x) + autograd.exp(x)
    found = audit(root, 1e-5, {})
    assert not found.culprits
    assert [node.op for node in found.untold] == ["abs"]


def test_long_lists_of_operands_are_cut_short():
    assert name_of(autograd.sum([Value(1.0)] * 20)).endswith("... 20 in all)")


@given(st.floats(-10, 10), st.floats(-10, 10))
def test_central_difference_has_about_ten_digits(a, b):
    found = central_difference(lambda x, y: x * x * y + math.sin(y), [a, b], 1)
    assert found == pytest.approx(a * a + math.cos(b), rel=1e-8, abs=1e-6)


def test_central_difference_refuses_an_argument_that_is_not_there():
    with pytest.raises(ArgumentError, match="index must be below the number of inputs, 1, not 1"):
        central_difference(abs, [1.0], 1)


def test_importing_autograd_does_not_import_the_checks():
    code = "import sys, autograd; assert 'autograd.checking' not in sys.modules; autograd.gradcheck; print('ok')"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "ok\n"


# ---------------------------------------------------------------------- power and size


@pytest.mark.no_cover
def test_a_sample_of_random_expressions_has_no_false_alarm_and_no_miss():
    counts = power.measure(150, seed=7, show=False)
    assert counts["false alarms"] == counts["missed"] == 0
    assert counts["caught"] >= 0.97 * counts["planted"]
    assert counts["named"] >= 0.99 * counts["caught"]
    assert counts["inconclusive"] <= 0.04 * counts["expressions"]


@pytest.mark.slow
def test_ten_thousand_random_expressions():
    run = subprocess.run([sys.executable, _BENCHMARK, "10000", "0"], capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout


UNDERFLOWING = [
    lambda x: x * x,
    lambda x: x * x * x,
    lambda x: x * 3.0 * x,
    lambda x: x / 7,
    lambda x: x * x + x,
    lambda x: autograd.tanh(x) * x,
    lambda x: (x * 1e200) * (x * 1e-150),
    lambda x: x**3,
    lambda x: abs(x) ** 1.5,
    lambda x: 1e-200 * x,
]


@given(st.integers(-320, -140), st.sampled_from(UNDERFLOWING))
def test_what_underflows_is_not_called_wrong(exponent, f):
    assert gradcheck(f, [float(f"3.06e{exponent}")]).ok
