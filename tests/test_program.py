"""Programs: what is recorded once gives what the graph itself gives, for every operation and at every corner."""

import math
import operator
import random
from fractions import Fraction
from functools import partial

import mpmath
import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import autograd
import nn
from autograd import Value, gradients, record, trace_source
from autograd.errors import ArgumentError, DomainError, GuardError, OperandError
from autograd.ops import TABLE
from autograd.program import executor, levels
from autograd.program import program as program_module
from autograd.rules import IEEE, group, parameters
from autograd.rules.functions import ieee_operation
from autograd.testing import expressions
from autograd.testing.random_expressions import function_named, scalar_operations

HARD = [0.0, -0.0, 1.0, -1.0, 0.5, 2.0, -2.5, 1e-300, 1e300, -1e300, 710.0, -750.0, 27.0, 1e-20]
HARD += [math.inf, -math.inf, math.nan]
NODES = [op.name for op in TABLE.values() if op.partials is not None]


class AtOnce:
    """Compiles when asked for, not beside."""

    def __init__(self, make):
        self.result = make(lambda: False)


RUNNERS = ["NumPy", "interpreter", "straight-line code", "interpreter by levels"]


@pytest.fixture(autouse=True, scope="module", params=RUNNERS)
def runs(request):
    """Run every test on each executor."""
    with pytest.MonkeyPatch.context() as patch:
        if request.param == "interpreter by levels":  # whatever is to be run
            patch.setattr(levels, "_LEAST", 1)
            patch.setattr(levels.coding, "_FILLED", -1.0)
            patch.setattr(levels.coding, "_OPERANDS", math.inf)
            patch.setattr(executor, "_FEW", math.inf)
        patch.setattr(executor, "_has_llvmlite", lambda: request.param != "NumPy")
        patch.setattr(executor, "_TO_COMPILE", -1.0 if request.param == "straight-line code" else math.inf)
        patch.setattr(executor, "Compilation", AtOnce)
        yield request.param


def test_the_executor_is_the_one_that_is_named(runs):
    program = record(lambda x: x[0] * x[1], [1.0, 2.0])
    program.value_and_grad([1.0, 2.0])
    assert program.executor == runs


@pytest.mark.parametrize("name", sorted(set(NODES) - {"gamma_slope", "gamma", "lgamma", "polygamma"}))
def test_every_operation_is_compiled(name, runs):
    out, leaves = nodes_of(name)
    program = record(out, leaves)
    program.value_and_grad([1.5] * len(leaves), check=False)
    has_levels = program.stats["with gradient"] > 0
    assert program.executor == (runs if has_levels or runs != "interpreter by levels" else "interpreter")


ELEMENTARY = {
    "exp": (mpmath.exp, [(-745, 710), (-1, 1)]),
    "expm1": (mpmath.expm1, [(-50, 710), (-1, 1), (-1e-8, 1e-8)]),
    "tanh": (mpmath.tanh, [(-25, 25), (-1.2, 1.2), (-1e-8, 1e-8)]),
    "log": (mpmath.log, [(1e-308, 1e-300), (0.4, 2.2), (1e-3, 1e6), (1 - 1e-8, 1 + 1e-8)]),
    "log1p": (mpmath.log1p, [(-1, 3), (-1e-5, 1e-5), (0, 1e9), (-1, -1 + 1e-9)]),
}


@pytest.mark.parametrize("name", ELEMENTARY)
def test_elementary_functions_are_within_two_units_in_the_last_place(name):
    exact, ranges = ELEMENTARY[name]
    generator = np.random.default_rng(0)
    points = np.concatenate([generator.uniform(*each, size=1000) for each in ranges])
    program = record(lambda x: getattr(autograd, name)(x[0]), [0.5])
    with mpmath.workprec(150):
        for x, y in zip(points.tolist(), program(points[:, None]).tolist(), strict=True):
            wanted = exact(mpmath.mpf(x))
            assert abs(mpmath.mpf(y) - wanted) <= 2 * math.ulp(float(wanted)), x


@pytest.mark.parametrize("cpu", ["sse2", "avx2", "auto"])
def test_every_width_of_vectors(cpu, monkeypatch):
    monkeypatch.setenv("CHAINRULE_CPU", cpu)
    program = record(lambda x: autograd.tanh(x[0]) * Value(2.0), [1.0])
    weight = Value(3.0)
    weighted = record(lambda x: autograd.sin(x[0]) * weight, [1.0], [weight])
    for count in range(10):
        points = np.linspace(-1, 1, count)[:, None]
        assert np.allclose(program(points), 2 * np.tanh(points[:, 0]), rtol=1e-15)
        assert np.allclose(weighted.value_and_grad(points, summed=True)[1], np.sin(points).sum(), rtol=1e-14)


def alike(x, y, tolerance=1e-13):
    return x == y or (x != x and y != y) or math.isclose(x, y, rel_tol=tolerance, abs_tol=tolerance and 1e-307)


def nodes_of(name):
    """Give an operation applied to leaves: two elements for each sequence."""
    op = TABLE[name]
    leaves, grouped = [], []
    for parameter in parameters(op):
        part = [Value(1.5) for _ in range(1 if parameter.kind == "scalar" else 2)]
        leaves += part
        grouped += part if parameter.kind != "sequence" else [part]
    return ieee_operation(name)(*grouped), leaves


def points_for(count):
    generator = random.Random(0)
    if count == 1:
        return [[x] for x in HARD]
    if count == 2:
        return [[x, y] for x in HARD for y in HARD]
    return [[generator.choice(HARD) for _ in range(count)] for _ in range(300)]


@pytest.mark.parametrize("name", NODES)
def test_every_operation_at_every_corner(name):
    op, (out, leaves) = TABLE[name], nodes_of(name)
    program = record(out, leaves)
    points = points_for(len(leaves))
    values, grads = program.value_and_grad(points, check=False)
    starred = parameters(op)[0].kind == "star"
    for point, value, grad in zip(points, values.tolist(), grads.tolist(), strict=True):
        grouped = group(op, point)
        if name in ("pow", "power_by_base") and IEEE.value("pow")(*point) != IEEE.value("pow")(*point):
            continue  # the sign of a nan decides about what has no meaning
        expected = IEEE.value(name)(*(grouped[0] if starred else grouped))
        assert alike(value, expected), (point, value, expected)
        slopes = []
        for index, part in enumerate(grouped):
            found = IEEE.partial(name, index)(*grouped, expected)
            slopes += found if isinstance(found, list) else [found] if not isinstance(part, list) else part
        if expected == value or expected != expected:
            for x, y in zip(grad, slopes, strict=True):
                assert alike(x, 0.0 if y is None else y, 1e-12), (point, grad, slopes)


def eager(expression, point):
    leaves = [Value(x) for x in point]
    out = expression(*leaves)
    out.backward()
    return out.data, [leaf.grad for leaf in leaves]


def is_steady(expression, point, value, slopes):
    """Tell whether the last digits of inputs and of what is between do not decide about the first ones of results."""
    noise = random.Random(0)

    def noisy(name):
        return lambda *given: function_named(name)(*given) * (1 + noise.uniform(-1e-14, 1e-14))

    try:
        near, near_slopes = eager(partial(expression, functions=noisy), [x * (1 + 1e-14) for x in point])
    except (ArithmeticError, ValueError):
        return False
    pairs = zip([near, *near_slopes], [value, *slopes], strict=True)
    return all(alike(x, y, 1e-11) for x, y in pairs)


def test_a_slope_that_is_not_finite_raises_what_an_operation_raises():
    program = record(lambda x: 1 / (1 + autograd.exp(-x[0])), [1.0])
    with pytest.raises(ArithmeticError, match="1000"):
        program.value_and_grad([-1000.0])
    assert program.value_and_grad([-1000.0], check=False)[0] == 0.0
    assert record(lambda x: autograd.sqrt(x[0]), [1.0]).value_and_grad([0.0])[1].tolist() == [math.inf]


def test_of_examples_of_nan_alone_one_is_computed_anew(monkeypatch):
    program = record(lambda x: autograd.exp(x[0]) * x[1], [1.0, 2.0])
    replayed = []
    monkeypatch.setattr(program_module, "replay", lambda graph, inputs, params: replayed.append(inputs))
    nan = math.nan
    program([[nan, nan], [1.0, 2.0], [nan, nan], [nan, 3.0], [nan, nan]])
    assert [inputs[1] for inputs in replayed if inputs[1] == inputs[1]] == [3.0]
    assert len(replayed) == 2


@pytest.mark.parametrize("name", ["softmax", "log_softmax"])
@pytest.mark.parametrize("point", [[-740.0, -741.0], [800.0, 0.0], [0.0, 1e300], [-1000.0, -2000.0], [3.0, 3.0]])
def test_what_keeps_numbers_in_range_is_not_frozen(name, point):
    f = ieee_operation(name)
    program = record(f, [0.0, 0.0])
    expected = [each.data for each in f([Value(x) for x in point])]
    assert all(map(partial(alike, tolerance=1e-15), program(point), expected))
    leaves = [Value(0.0), Value(0.0)]
    for one in (record(f(leaves)[0], leaves), record(lambda x: f(x)[0], [0.0, 0.0])):
        value, slopes = one.value_and_grad(point)
        eager_value, eager_slopes = eager(lambda *x: f(x)[0], point)
        assert alike(value, eager_value, 1e-15)
        assert all(map(partial(alike, tolerance=1e-14), slopes.tolist(), eager_slopes))


def test_the_gradient_of_logsumexp_is_right_far_from_where_it_was_recorded():
    program = record(lambda x: gradients(autograd.logsumexp(x), x), [0.0, 0.0])
    assert program([800.0, 1.0]) == [1.0, 0.0]
    assert program([-1000.0, -1000.0]) == [0.5, 0.5]


def no_gradient(x):
    with autograd.no_grad():
        return x * 1.0


@pytest.mark.parametrize("cut", [Value.detach, no_gradient])
def test_what_is_cut_off_is_computed_anew(cut):
    program = record(lambda x: x[0] * cut(x[0]) * x[1], [1.0, 2.0])
    assert program([3.0, 4.0]) == 36.0
    value, slopes = program.value_and_grad([3.0, 4.0])
    assert (value, slopes.tolist()) == (36.0, [12.0, 9.0])
    straight_through = record(lambda x: x[0] + cut(autograd.floor(x[0]) - x[0]), [1.25])
    assert straight_through.value_and_grad([2.75])[1].tolist() == [1.0]
    assert straight_through([2.75]) == 2.0

    w = Value(2.0)
    shared = record(lambda x: cut(w) * x[0] * w, [1.0], [w])
    w.data = 5.0
    assert shared([1.0]) == 25.0
    assert shared.value_and_grad([1.0])[1].tolist() == [5.0]


def test_a_comparison_of_what_is_cut_off_is_a_guard():
    program = record(lambda x: x[0] * 2 if x[0].detach() > 0 else -x[0], [1.0])
    assert program([3.0]) == 6.0
    with pytest.raises(GuardError, match="was True"):
        program([-3.0])


def test_elsewhere_what_is_cut_off_is_a_leaf():
    x = Value(2.0)
    record(lambda x: x[0].detach() * x[0], [1.0])
    with autograd.no_grad():
        y = x * x
    assert [(each.op, each.parents) for each in (x.detach(), y)] == [("", ())] * 2


#: Two that round otherwise may be on two sides of a jump.
SMOOTH = [name for name in scalar_operations() if "jump" not in TABLE[name].kink and name not in ("where", "copysign")]


@given(expressions(ops=SMOOTH), st.data())
def test_random_graphs_at_other_numbers(expression, data):
    points = [list(expression.inputs)]
    points += data.draw(
        st.lists(st.lists(st.floats(-3, 3), min_size=len(points[0]), max_size=len(points[0])), max_size=3)
    )
    program = record(lambda x: expression(*x) + 0.0 * x[0], expression.inputs)
    wanted = []
    for point in points:
        try:
            wanted.append((point, *eager(expression, point)))
        except (ArithmeticError, ValueError):
            assume(point is not points[0])
    values, grads = program.value_and_grad([point for point, *_ in wanted], check=False)
    for (point, value, slopes), found, found_slopes in zip(wanted, values, grads, strict=True):
        if not is_steady(expression, point, value, slopes):
            continue
        assert alike(found, value, 1e-9), point
        scale = max(map(abs, slopes), default=0.0)
        for x, y in zip(found_slopes.tolist(), slopes, strict=True):
            assert alike(x, y, 1e-9) or abs(x - y) <= 1e-9 * scale, point


@pytest.mark.parametrize(
    "f",
    [
        lambda x: autograd.take([x, autograd.gamma(x)], 0.0),
        lambda x: autograd.where(1.0, x, autograd.gamma(x)),
        lambda x: autograd.where(0.0, autograd.gamma(x), x) + autograd.take([x, x * x], 1.0),
    ],
)
def test_nothing_flows_into_a_branch_that_a_constant_rules_out(f):
    """Not even 0 times inf: the derivative of gamma is infinite there."""
    x = Value(1e-160)
    f(x).backward()
    _, grad = record(lambda xs: f(xs[0]), [1.0]).value_and_grad([1e-160])
    assert grad.tolist() == [x.grad]
    assert math.isfinite(x.grad)


@given(expressions(ops=["add", "sub", "mul", "truediv", "sqrt", "neg"]))
def test_arithmetic_is_the_same_to_the_last_bit(expression):
    program = record(lambda x: expression(*x) + 0.0 * x[0], expression.inputs)
    value, grad = program.value_and_grad(expression.inputs, check=False)
    expected, slopes = eager(lambda *x: expression(*x) + 0.0 * x[0], expression.inputs)
    assert alike(value, expected, 0.0)
    assert all(map(alike, grad.tolist(), slopes, [0.0] * len(slopes)))


def test_params_are_shared_and_taken_as_they_are_at_a_run():
    model = nn.MLP(3, [4, 1], seed=0)
    program = record(model, [0.0, 0.0, 0.0], model.parameters())
    points = np.random.default_rng(0).normal(size=(2500, 3))
    for parameter in model.parameters():
        parameter.data *= 2
    values, grad = program.value_and_grad(points, summed=True)
    mean = program.value_and_grad(points)[1]
    assert np.allclose(mean, grad / 2500, rtol=1e-12)
    model.zero_grad()
    outs = [model(point) for point in points.tolist()]
    autograd.sum(outs).backward()
    assert np.allclose(values, [out.data for out in outs], rtol=1e-13)
    assert np.allclose(grad, [parameter.grad for parameter in model.parameters()], rtol=1e-12)


def test_one_point_and_many_have_their_shapes():
    program = record(lambda x: x[0] * x[1], [1.0, 1.0])
    assert program([2.0, 3.0]) == 6.0
    assert isinstance(program([2.0, 3.0]), float)
    assert program([[2, 3], [4, 5]]).tolist() == [6.0, 20.0]
    assert program.value_and_grad([2.0, 3.0])[1].tolist() == [3.0, 2.0]
    assert program([[Fraction(1, 2), 4]]).tolist() == [2.0]
    assert program(np.empty((0, 2))).shape == (0,)


def test_several_results():
    program = record(lambda x: [x[0] * x[1], x[0] - x[1]], [1.0, 1.0])
    assert program([2.0, 3.0]) == [6.0, -1.0]
    assert program.jacobian([2.0, 3.0]).tolist() == [[3.0, 2.0], [1.0, -1.0]]
    assert program.jacobian([[2.0, 3.0]]).shape == (1, 2, 2)
    with pytest.raises(ValueError, match="call jacobian"):
        program.value_and_grad([2.0, 3.0])


def test_several_results_of_parameters():
    w = [Value(3.0), Value(5.0)]
    program = record(lambda x: [x[0] * w[0], w[1] / x[1]], [1.0, 1.0], w)
    assert program.jacobian([2.0, 4.0]).tolist() == [[2.0, 0.0], [0.0, 0.25]]
    values, slopes = program._first_differentiated(np.array([[2.0, 4.0], [-1.0, 2.0]]), np.array([3.0, 6.0]))
    assert (values.tolist(), slopes.tolist()) == ([[6.0, -3.0], [1.5, 3.0]], [1.0, 0.0])


def test_the_graph_of_a_gradient_can_be_recorded():
    x = Value(0.3)
    slope = gradients(autograd.sin(x) * x, x)
    program = record(slope, [x])
    value, grad = program.value_and_grad([[0.3], [1.2]])
    for i, point in enumerate((0.3, 1.2)):
        assert value[i] == pytest.approx(math.cos(point) * point + math.sin(point), rel=1e-14)
        assert grad[i, 0] == pytest.approx(2 * math.cos(point) - point * math.sin(point), rel=1e-14)


def test_what_is_the_same_is_computed_once_and_what_is_known_not_at_all():
    def f(x):
        autograd.exp(x[0])  # nobody needs it
        return (x[0] + 1.0) * (x[0] + 1.0) + autograd.sqrt(Value(4.0)) * x[1]

    program = record(f, [1.0, 1.0])
    assert program.stats == {
        "nodes": 9, "instructions": 4, "with gradient": 5, "inputs": 2, "params": 0, "guards": 0,
    }  # fmt: skip
    lines = str(program).splitlines()
    assert lines[0].startswith("v2 = add(x0, 1) ")
    assert "= sqrt(" not in str(program)
    assert repr(program) == "<Program of 2 inputs and 0 params: 4 instructions, 5 with gradient>"


def test_a_sum_of_products_is_one_instruction():
    program = record(lambda x: autograd.dot(x[:3], x[3:], 0.5), [1.0] * 6)
    assert "= dot(0.5, x0, x3, x1, x4, x2, x5) " in str(program).splitlines()[0]
    assert program.value_and_grad([1, 2, 3, 4, 5, 6])[1].tolist() == [4, 5, 6, 1, 2, 3]
    assert program([1, 2, 3, 4, 5, 6]) == 32.5
    known = record(lambda x: autograd.sum([Value(2.0), 3.0]) * x[0] + autograd.dot([2.0], [Value(4.0)]), [1.0])
    assert known([10.0]) == 58.0


def test_a_comparison_is_a_guard_and_a_choice_is_data(monkeypatch):
    def f(x):
        return x[0] * 2 if x[0] > 1 else -x[0]

    program = record(f, [2.0])
    assert program([[3.0], [1.5]]).tolist() == [6.0, 3.0]
    with pytest.raises(GuardError, match=r"example 1 would go another way .* > 1 was True .*test_program.py") as caught:
        program([[3.0], [0.5]])
    assert caught.value.example == 1
    assert "; there 0.5 > 1 is False; choose" in str(caught.value)
    without = record(lambda x: x[0] + autograd.sqrt(x[1]) if x[0] > 1 else -x[0], [2.0, 2.0])
    with pytest.raises(GuardError) as caught:  # without what is compared: not all nodes have a number there
        without([0.5, -1.0])
    assert "there" not in str(caught.value)
    monkeypatch.setattr("autograd.program.program._MANY_NODES", 1)
    with pytest.raises(GuardError, match=r"test_program.py:\d+: .*\); choose"):
        program([[3.0], [0.5]])
    with pytest.raises(GuardError, match="!= 0 was True"):
        record(lambda x: x[0] or -x[0], [2.0])([0.0])
    chosen = record(lambda x: autograd.where(x[0], x[0] * 2, x[1]), [2.0, 3.0])
    assert chosen([[3.0, 1.0], [0.0, 1.0]]).tolist() == [6.0, 1.0]
    assert chosen.value_and_grad([[3.0, 1.0], [0.0, 1.0]])[1].tolist() == [[2.0, 0.0], [0.0, 1.0]]
    leaf = Value(2.0)
    with trace_source():
        root = f([leaf])
    with pytest.raises(GuardError):
        record(root, [leaf])([0.0])


def test_what_is_not_taken_sends_nothing_back():
    program = record(lambda x: autograd.where(x[0], 1.0, x[1] * x[2]), [1.0, 2.0, 3.0])
    assert program.value_and_grad([1.0, math.inf, 0.0])[1].tolist() == [0.0, 0.0, 0.0]


def test_what_has_no_value_raises_what_the_operation_raises():
    program = record(lambda x: autograd.log(x[0]) * 2, [1.0])
    with pytest.raises(DomainError, match=r"log\(x0=-2.0\)"):
        program([[1.0], [-2.0]])
    with pytest.raises(ValueError, match="log"):
        program.value_and_grad([0.0])
    with pytest.raises(DomainError, match="-3.0"):
        program([[math.inf], [-3.0]])
    assert program([0.0], check=False) == -math.inf
    assert record(lambda x: x[0] * 2, [1.0])([math.inf]) == math.inf


def test_a_custom_operation_is_called_for_each_example():
    """By NumPy's executor: machine code does not call back into Python."""
    cubed = autograd.custom(lambda x: x**3, lambda out, x: (3 * x**2,))
    program = record(lambda x: cubed(x[0]) + x[0], [1.0])
    value, grad = program.value_and_grad([[2.0], [3.0]])
    assert value.tolist() == [10.0, 30.0]
    assert grad.tolist() == [[13.0], [28.0]]
    assert program.executor == "NumPy"


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (
            lambda x: record(lambda y: 1.0, [1.0]),
            OperandError,
            "must end with a Value or with several, not with float 1.0",
        ),
        (lambda x: record([], [x]), OperandError, "must end with a Value"),
        (lambda x: record(x * 2, [1.0]), OperandError, r"inputs\[0\] must be a Value, not float 1.0"),
        (lambda x: record(lambda y: y[0], ["1"]), OperandError, r"inputs\[0\]"),
        (lambda x: record(x * 2, [x], [x * 3]), ArgumentError, r"params\[0\] must be a leaf.* not the result of mul"),
        (lambda x: record(x * 2, [x], [x]), ArgumentError, "among inputs and params twice"),
        (lambda x: record(x * 2, [x], [Value(1.0)]), ArgumentError, r"params\[0\] must be in the graph"),
        (lambda x: record(x * 2, [x])([1.0, 2.0]), ArgumentError, r"1 numbers, .* not an array of shape \(2,\)"),
        (lambda x: record(x * 2, [x])([[[1.0]]]), ArgumentError, "shape"),
        (lambda x: record(x * 2, [x])(["one"]), OperandError, "x must be 1 numbers"),
    ],
)
def test_wrong_arguments_are_refused(make, error, message):
    with pytest.raises(error, match=message):
        make(Value(1.0))


def test_a_long_chain():
    x = Value(0.5)
    y = x
    for _ in range(20_000):
        y = operator.mul(y, 0.9999) + 1e-5
    value, grad = record(y, [x]).value_and_grad([0.5])
    y.backward()
    assert (value, grad[0]) == (y.data, pytest.approx(x.grad, rel=1e-12))


def test_what_a_second_derivative_depends_on_is_a_guard():
    program = record(lambda x: gradients(autograd.relu(x[0]) * x[0], x[0]), [2.0])
    assert program([[1.0], [3.0]]).tolist() == [2.0, 6.0]
    with pytest.raises(GuardError, match="> 0 was True"):
        program([-1.0])
    larger = record(lambda x: gradients(autograd.maximum(x[0] ** 2, x[1] ** 3), x[1]), [1.0, 2.0])
    assert larger([1.0, 3.0]) == 27.0
    with pytest.raises(GuardError, match="1 == 8 was False"):
        larger([9.0, 3.0])


def test_numbers_may_be_given_for_the_parameters():
    weight = Value(3.0)
    program = record(lambda x: x[0] * weight, [1.0], [weight])
    assert program([2.0], params=[5.0]) == 10.0
    assert program.value_and_grad([2.0], params=np.array([7.0]))[0] == 14.0
    assert program.jacobian([2.0], params=[7.0]).tolist() == [[2.0]]
    assert weight.data == 3.0
    with pytest.raises(ArgumentError, match=r"params must be 1 numbers, not an array of shape \(2,\)"):
        program([2.0], params=[1.0, 2.0])
    with pytest.raises(OperandError, match="params must be 1 numbers, not 'w'"):
        program([2.0], params="w")
