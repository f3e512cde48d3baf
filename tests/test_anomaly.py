"""The first nan, inf or exception, and where it comes from."""

import asyncio
import math
import threading
import traceback
from pathlib import Path

import pytest
from hypothesis import given, reject

import autograd
import nn
from autograd import Value, custom, detect_anomaly, grad, gradients, hessian, hvp, jvp, no_grad, where
from autograd.errors import AnomalyError
from autograd.testing import expressions


def line_of(text):
    """Give the place in this file of the only line that has a text and is marked as wanted."""
    lines = Path(__file__).read_text(encoding="utf-8").splitlines()
    (found,) = [n for n, line in enumerate(lines, 1) if text in line and line.endswith("# here")]
    return f"{__file__}:{found}: "


def anomaly(action):
    with pytest.raises(AnomalyError) as caught, detect_anomaly():
        action()
    return str(caught.value).split("\n")


def test_it_is_a_floating_point_error():
    assert issubclass(AnomalyError, FloatingPointError)
    assert issubclass(AnomalyError, autograd.AutogradError)


# ---------------------------------------------------------------------- forward


def test_the_first_infinite_result_is_named_with_its_line():
    w = Value(3.0, "w")

    def compute():
        h = w * 2  # here
        h.label = "h"
        big = h * 1e308  # here
        return big - big

    first, at, title, ancestor = anomaly(compute)
    assert first == "mul(h=6.0, 1e+308) is inf"
    assert at == f"  at {line_of('big = h')}big = h * 1e308  # here"
    assert title == "computed from:"
    assert ancestor == f"  h = mul(w=3.0, 2.0) = 6.0    {line_of('h = w * 2')}h = w * 2  # here"


def test_a_nan_input_is_named():
    x = Value(math.nan, "x")
    assert anomaly(lambda: x + 1.0)[0] == "add(x=nan, 1.0) is nan"


def test_an_exception_is_named_with_its_line_and_its_cause():
    x = Value(1.0, "x")

    def compute():
        y = x - 1.0
        z = where(y > 0, y, y * 1.0)
        return autograd.log(z)  # here

    with pytest.raises(AnomalyError) as caught, detect_anomaly():
        compute()
    lines = str(caught.value).split("\n")
    assert lines[0].startswith("log(0.0): ")
    assert lines[1] == f"  at {line_of('autograd.log(z)')}return autograd.log(z)  # here"
    assert [line.split()[0] for line in lines[3:]] == ["where(0.0,", "sub(x=1.0,", "mul(0.0,"]
    assert isinstance(caught.value.__cause__, ValueError)


@pytest.mark.parametrize(
    ("action", "message"),
    [
        (lambda x: x / 0, "truediv(x=2.0, 0.0): "),
        (lambda x: 0.0 ** (-x), "pow(0.0, -2.0): "),
        (lambda x: (-x) ** 0.5, "pow(-2.0, 0.5): "),
        (lambda x: autograd.exp(x * 1000), "exp(2000.0): "),
        (lambda x: custom(math.log, lambda out, x: (1 / x,))(-x), "log_2(-2.0): "),
    ],
)
def test_every_kind_of_exception_of_an_operation(action, message):
    assert anomaly(lambda: action(Value(2.0, "x")))[0].startswith(message)


def test_other_exceptions_pass():
    for error, action in ((TypeError, lambda: Value(1.0) + "a"), (KeyError, lambda: {}["a"])):
        with pytest.raises(error) as caught, detect_anomaly():
            action()
        assert not isinstance(caught.value, AnomalyError)


def test_a_caught_exception_is_no_anomaly():
    x = Value(0.0)
    with detect_anomaly():
        try:
            y = 1 / x
        except ZeroDivisionError:
            y = x + 1
    assert y.data == 1.0


def test_the_users_line_is_named_not_that_of_a_layer():
    layer = nn.MLP(2, [3, 1])
    layer.parameters()[0].data = math.inf
    lines = anomaly(lambda: layer([Value(1.0), 2.0]))  # here
    assert lines[0].startswith("dot(inf, ")
    assert lines[1].startswith(f"  at {line_of('anomaly(lambda: layer')}")


def test_chains_and_operands_are_short():
    x = Value(1.0)

    def compute():
        y = x
        for _ in range(50):
            y = y * 1.5 + autograd.sum([y] * 50)
        return y

    lines = anomaly(lambda: compute() * 1e308)
    assert len(lines) <= 2 + 1 + 5
    assert max(map(len, lines)) < 300
    assert any("... " in line and " more" in line for line in lines)


@given(expressions(max_ops=6))
def test_nothing_else_changes(expression):
    leaves = [Value(x) for x in expression.inputs]
    plain = expression(*leaves)
    with detect_anomaly():
        watched = expression(*leaves)
    assert repr((watched.data, watched.op, watched.local_grads)) == repr((plain.data, plain.op, plain.local_grads))
    plain.backward()
    expected = [leaf.grad for leaf in leaves]
    for leaf in leaves:
        leaf.grad = 0.0
    watched.backward()
    assert repr([leaf.grad for leaf in leaves]) == repr(expected)
    if all(map(math.isfinite, expected)):
        try:
            with detect_anomaly():
                slopes = grad(lambda inputs: expression(*inputs))(expression.inputs)
        except AnomalyError:  # an infinite adjoint of a constant inner node goes nowhere
            reject()
        assert repr(slopes) == repr(expected)


# ---------------------------------------------------------------------- in a sweep


def sweeps(x):
    """Give ways of differentiating the square root of x times 1.0, added to 1.0."""
    f = lambda x: autograd.sqrt(x) * 1.0 + 1.0
    return {
        "backward": lambda: f(x).backward(),
        "gradients": lambda: gradients(f(x), x),
        "grad": lambda: grad(f)(x),
        "of floats": lambda: grad(f)(0.0),
    }


@pytest.mark.parametrize("way", list(sweeps(0.0)))
def test_the_operation_whose_derivative_is_infinite_is_named(way):
    x = Value(0.0, "x")
    lines = anomaly(sweeps(x)[way])
    operand = "x=0.0" if way in ("backward", "gradients") else "0.0"
    assert lines[0] == (
        f"in a sweep, sqrt({operand}) = 0.0 passes inf on to {operand}: its derivative is inf, its adjoint 1.0"
    )
    assert lines[1].endswith("f = lambda x: autograd.sqrt(x) * 1.0 + 1.0")
    assert lines[2] == "on the way from the root:"
    assert [line.split("(")[0].strip() for line in lines[3:]] == ["mul", "add"]
    assert x.grad == 0.0  # a sweep counts as a whole or not at all


def test_zero_times_infinity_is_found():
    x = Value(0.0, "x")
    y = autograd.sqrt(x) * 0.0
    first, *_ = anomaly(y.backward)
    assert first == "in a sweep, sqrt(x=0.0) = 0.0 passes nan on to x=0.0: its derivative is inf, its adjoint 0.0"


def test_a_sum_of_gradients_that_overflows():
    x = Value(1e-10, "x")
    first, *_ = anomaly((x * 1e308 + x * 1e308).backward)
    assert first == "in a sweep, the adjoint of x=1e-10 adds up to inf"
    assert x.grad == 0.0


def test_a_graph_made_before_says_that_its_lines_were_not_noted():
    y = autograd.sqrt(Value(0.0))
    assert anomaly(y.backward)[1].startswith("  at a line that was not noted")


def test_a_node_keeps_its_line_after_the_end():
    with detect_anomaly():
        y = autograd.sqrt(Value(0.0))  # here
    assert anomaly(y.backward)[1].startswith(f"  at {line_of('y = autograd.sqrt')}")


def test_forward_mode_and_higher_orders():
    f = lambda x: autograd.sqrt(x) ** 3
    for action in (
        lambda: jvp(autograd.sqrt, (0.0,), (1.0,)),
        lambda: grad(grad(f))(0.0),
        lambda: hessian(f)(0.0),
        lambda: hvp(f, (0.0,), (1.0,)),
    ):
        lines = anomaly(action)
        assert lines[1].startswith(f"  at {__file__}")
        assert any("sqrt(" in line for line in lines)
    with detect_anomaly():
        assert jvp(f, (4.0,), (1.0,)) == (8.0, 3.0)
        assert hessian(lambda x: x[0] ** 2 * x[1])([2.0, 3.0]) == [[6.0, 4.0], [4.0, 0.0]]
        assert hvp(f, (4.0,), (1.0,)) == grad(grad(f))(4.0) == 0.375


def test_a_branch_not_taken_is_no_anomaly():
    x = Value(0.0)
    with detect_anomaly():
        y = where(x > 0, autograd.sqrt(x), 0.0)
        y.backward()
        assert gradients(y, x).data == x.grad == 0.0


def test_the_way_from_the_root_leads_over_branches_that_were_taken():
    x = Value(0.0)
    y = autograd.sqrt(x)
    z = y * 2.0 + where(x > 0, y, 1.0)
    assert [line.split("(")[0].strip() for line in anomaly(z.backward)[3:]] == ["mul", "add"]


# ---------------------------------------------------------------------- where it counts


def test_off_it_leaves_nothing_behind():
    x = Value(1e308)
    assert type(x * 1.0) is Value
    with detect_anomaly():
        pass
    assert (x * 10).data == math.inf
    anomaly(lambda: x * 10)
    assert (x * 10).data == math.inf
    assert type(x * 10) is Value


def test_it_is_a_decorator_and_nests():
    @detect_anomaly()
    def compute(x):
        with detect_anomaly(), no_grad():
            return x * 10

    for _ in range(2):
        with pytest.raises(AnomalyError, match="mul"):
            compute(Value(1e308, "x"))
    assert compute(Value(1.0)).parents == ()


@pytest.mark.parametrize("first", [no_grad, detect_anomaly])
def test_no_grad_and_it_in_either_order(first):
    second = detect_anomaly if first is no_grad else no_grad
    x = Value(1e308, "x")
    with first(), second():
        assert (x + 0).parents == ()
        with pytest.raises(AnomalyError, match=r"mul\(x=1e\+308, 10\.0\) is inf"):
            x * 10


def test_it_counts_for_its_own_thread():
    inside, done = threading.Event(), threading.Event()
    results = []

    def work():
        inside.wait(10)
        results.append((Value(1e308) * 10).data)
        done.set()

    thread = threading.Thread(target=work)
    thread.start()
    with detect_anomaly():
        inside.set()
        assert done.wait(10)
    thread.join()
    assert results == [math.inf]


def test_it_counts_for_its_own_task():
    async def watched():
        with detect_anomaly():
            await asyncio.sleep(0.01)
            with pytest.raises(AnomalyError):
                Value(1e308) * 10

    async def free():
        await asyncio.sleep(0.005)
        return (Value(1e308) * 10).data

    async def both():
        return (await asyncio.gather(watched(), free()))[1]

    assert asyncio.run(both()) == math.inf


def test_the_traceback_shows_the_users_line():
    with pytest.raises(AnomalyError) as caught, detect_anomaly():
        Value(1e308) * 10
    assert any("Value(1e308) * 10" in (frame.line or "") for frame in traceback.extract_tb(caught.value.__traceback__))
