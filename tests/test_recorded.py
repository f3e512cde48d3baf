"""The decorator that records: it gives what the function gives, for each form of arguments."""

import copy
import functools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import autograd
import nn
from autograd import Value, recorded
from autograd.errors import ArgumentError, DomainError, GuardError, OperandError

numbers = st.floats(-3, 3)
trees = st.recursive(
    numbers, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner), max_leaves=8
)


def all_in(tree):
    if isinstance(tree, list | tuple | dict):
        return [x for part in (tree.values() if isinstance(tree, dict) else tree) for x in all_in(part)]
    return [tree]


def plain(tree):
    if isinstance(tree, dict):
        return {key: plain(part) for key, part in tree.items()}
    return type(tree)(map(plain, tree)) if isinstance(tree, list | tuple) else float(getattr(tree, "data", tree))


@given(trees, numbers)
def test_any_form_of_arguments_and_results(tree, scale):
    def f(tree, scale):
        return {"scaled": [x * scale for x in all_in(tree)], "same": (tree, scale)}

    fast = recorded(f)
    for _ in range(2):
        assert fast(tree, scale) == plain(f(tree, scale))
    assert fast.cache_info() == (1, 1, 1)


@given(trees, numbers)
def test_value_and_grad_is_that_of_the_function(tree, scale):
    def f(tree, scale):
        return autograd.sum([autograd.sin(x * scale) * x for x in all_in(tree)]) + scale

    fast = recorded(f)
    if not all_in(tree):
        with pytest.raises(ValueError, match="by the first argument, which must be of numbers alone"):
            fast.value_and_grad(tree, scale)
        return
    value, grad = fast.value_and_grad(tree, scale)
    expected, slopes = autograd.value_and_grad(f)(tree, scale)
    assert value == pytest.approx(expected, rel=1e-13, abs=1e-14)
    assert plain(grad) == grad
    assert all_in(grad) == pytest.approx(all_in(slopes), rel=1e-12, abs=1e-14)


def test_it_is_recorded_once_for_each_form():
    calls = []

    @recorded
    def total(x, *, sign="+"):
        """Add up."""
        calls.append((len(x), sign))
        return autograd.sum(x) if sign == "+" else -autograd.sum(x)

    assert [total([1, 2]), total([3, 4]), total([1, 2, 3]), total([1, 2], sign="-"), total((1, 2))] == [3, 7, 6, -3, 3]
    assert calls == [(2, "+"), (3, "+"), (2, "-"), (2, "+")]
    assert total.cache_info() == (1, 4, 4)
    assert (total.__name__, total.__doc__) == ("total", "Add up.")
    total.cache_clear()
    assert total.cache_info() == (0, 0, 0)
    assert total([5, 6]) == 11
    assert len(calls) == 5


def test_truth_values_and_static_arguments_belong_to_the_form():
    @recorded(static_argnames="n")
    def power(x, n, *, halved=False):
        y = x
        for _ in range(n - 1):
            y = y * x
        return y / 2 if halved is True else y

    assert [power(3.0, 2), power(3.0, 3), power(2.0, n=3), power(2.0, 3, halved=True)] == [9.0, 27.0, 8.0, 4.0]
    assert power.cache_info() == (1, 3, 3)
    assert power.value_and_grad(2.0, 3) == (8.0, 12.0)


def test_parameters_are_taken_as_they_are():
    model = nn.MLP(2, [3, 1], seed=0)
    fast = recorded(model, params=model.parameters())
    for scale in (1.0, 1.5):
        for parameter in model.parameters():
            parameter.data *= scale
        value, grad = fast.value_and_grad([0.5, -1.0])
        model.zero_grad()
        out = model([0.5, -1.0])
        out.backward()
        assert value == pytest.approx(out.data, rel=1e-13)
        assert grad == pytest.approx([parameter.grad for parameter in model.parameters()], rel=1e-12)
    assert fast.cache_info().misses == 1


def test_with_values_the_graph_goes_on():
    fast = recorded(lambda x, y: autograd.exp(x) * y)
    assert autograd.grad(autograd.grad(fast))(1.0, 3.0) == pytest.approx(3 * math.e)
    x = Value(2.0)
    fast(x, 1.0).backward()
    assert x.grad == pytest.approx(math.exp(2))
    with pytest.raises(OperandError, match="for Values there is autograd.value_and_grad"):
        fast.value_and_grad(x, 1.0)


def test_the_gradient_of_a_function_can_be_recorded():
    fast = recorded(autograd.hessian(lambda p: p[0] ** 2 * p[1] + autograd.sin(p[1])))
    found = fast([2.0, 3.0])
    assert [x for row in found for x in row] == pytest.approx([6.0, 4.0, 4.0, -math.sin(3)], rel=1e-14)


@given(st.lists(numbers, min_size=1, max_size=6))
def test_recorded_again_where_a_comparison_comes_out_otherwise(points):
    def f(x):
        return {"big": x * x} if x > 1 else (x, -x)

    fast = recorded(f, on_guard="record")
    for x in points:
        assert fast(x) == ({"big": x * x} if x > 1 else (x, -x))
    assert fast.cache_info().currsize == 1


def test_a_comparison_that_comes_out_otherwise_raises_by_default():
    fast = recorded(lambda x: x * x if x > 1 else x)
    assert fast(3.0) == 9.0
    with pytest.raises(GuardError, match=r'> 1 was True .*on_guard="record"'):
        fast(0.0)


def test_no_grad_around_the_first_call_does_not_count():
    fast = recorded(lambda x: x * x)
    with autograd.no_grad():
        assert fast(3.0) == 9.0
    assert fast.value_and_grad(4.0) == (16.0, 8.0)


def test_its_program_runs_on_many_examples():
    fast = recorded(lambda p, scale: (p[0] - p[1]) * scale)
    program = fast.program([1.0, 2.0], 3.0)
    assert program([[1.0, 2.0, 3.0], [4.0, 2.0, 1.0]]).tolist() == [-3.0, 2.0]


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: recorded(1.0), OperandError, "f must be a function, not float 1.0"),
        (lambda: recorded(lambda x: x, on_guard="no"), ArgumentError, "on_guard must be 'raise' or 'record', not 'no'"),
        (lambda: recorded(lambda x: x, static_argnames="n"), ArgumentError, "static_argnames has 'n', which is no"),
        (lambda: recorded(lambda x: x, params=[1.0]), OperandError, r"params\[0\] must be a Value, not float 1.0"),
        (lambda: recorded(lambda x: x, params=[Value(1.0)])(1.0), ArgumentError, r"params\[0\] must be in the graph"),
        (lambda: recorded(lambda x: x)(1j), OperandError, "argument x must be a real number.*complex 1j"),
        (lambda: recorded(lambda x: x)([1.0, {2.0}]), OperandError, r"argument x\[1\] must be a number, .* not set"),
        (
            lambda: recorded(lambda x: x)(np.ones(1)),
            OperandError,
            r"not ndarray array\(\[1.\]\); of an array give tolist",
        ),
        (lambda: recorded(lambda x: "text")(1.0), OperandError, "what the function returns must be a real number"),
        (lambda: recorded(lambda x: [x]).value_and_grad(1.0), OperandError, "returns one number, not a list"),
        (lambda: recorded(lambda x: x).value_and_grad([1.0, None]), OperandError, r"returns\[1\] must be.*NoneType"),
        (lambda: recorded(lambda x, y: y).value_and_grad("a", 1.0), ArgumentError, "must be of numbers alone"),
        (lambda: recorded(autograd.log)(-1.0), DomainError, "log"),
        (recorded(lambda x: x), TypeError, "missing a required argument: 'x'"),
    ],
)
def test_wrong_use_is_refused(make, error, message):
    with pytest.raises(error, match=message):
        make()


def test_a_method_is_recorded_of_an_object():
    class Doubling:
        factor = 2.0

        @autograd.recorded
        def times(self, x):
            return x * self.factor

        def twice(self, x):
            return x * self.factor

    assert isinstance(Doubling.times, type(autograd.recorded(abs)))
    with pytest.raises(TypeError, match=r"times is a method: .* times = recorded\(the_object\.times\)"):
        Doubling().times(3.0)
    assert autograd.recorded(Doubling().twice)(3.0) == 6.0


def test_a_function_of_unknown_arguments_is_refused():
    with pytest.raises(TypeError, match=r"f must be a function whose arguments are known; .*max.*: wrap it"):
        autograd.recorded(max)


def test_it_shows_which_function_it_is():
    def hill(x, height=1.0):
        return height * x

    name = "test_it_shows_which_function_it_is.<locals>.hill"
    assert repr(recorded(hill)) == f"<recorded function {name}(x, height=1.0)>"


def test_lists_of_the_first_call_may_change_later():
    fast = recorded(lambda p: autograd.sum(p) if p[0] > 0 else -autograd.sum(p), on_guard="record")
    first = [1.0, 2.0]
    assert fast(first) == 3.0
    first.pop()
    assert fast([-1.0, 5.0]) == -4.0
    first += [3.0, 4.0]
    assert fast([-2.0, 5.0]) == -3.0


@pytest.mark.parametrize(
    ("one", "other"),
    [(0.0, -0.0), ((True,), (1,)), ((1, (0.0, "a")), (1, (-0.0, "a"))), (frozenset({1}), frozenset({True})), (1, 1.0)],
)
def test_what_is_equal_but_not_the_same_is_another_form(one, other):
    seen = []
    fast = recorded(lambda x, kind: seen.append(kind) or x * 2, static_argnames="kind")
    for kind in (one, other, one, other):
        assert fast(1.5, kind) == 3.0
    assert list(map(repr, seen)) == [repr(one), repr(other)]
    keys = recorded(lambda x: x[next(iter(x))] + isinstance(next(iter(x)), bool))
    assert (keys({True: 1.0}), keys({1: 1.0})) == (2.0, 1.0)


def test_the_first_argument_is_the_first_of_the_function():
    fast = recorded(lambda x=1.0, y=2.0: x * y**2)
    assert fast.value_and_grad(3.0) == (12.0, 4.0)
    assert fast.value_and_grad(y=3.0, x=2.0) == (18.0, 9.0)
    with pytest.raises(ArgumentError, match="value_and_grad is by params, or by the first argument"):
        fast.value_and_grad(y=3.0)


def test_a_copy_that_would_compute_with_other_parameters_is_refused():
    w = Value(3.0)
    for on_guard in ("raise", "record"):
        fast = recorded(lambda x: x * w, params=[w], on_guard=on_guard)
        with pytest.raises(OperandError, match="a copy of .* would have params of its own.*decorate it with @recorded"):
            copy.deepcopy(fast)
        assert copy.copy(fast) is fast
        with pytest.raises(OperandError, match="or record a method"):
            copy.deepcopy(recorded(functools.partial(lambda y, x: x * w * y, 1.0), params=[w], on_guard=on_guard))
    model = nn.MLP(1, [1], seed=0)
    twin = copy.deepcopy(recorded(model.__call__, params=model.parameters(), on_guard="record"))
    before = twin([2.0])
    for parameter in model.parameters():
        parameter.data = 0.0
    assert twin([2.0]) == before
    assert copy.deepcopy(recorded(lambda x: x * 2.0))(3.0) == 6.0
