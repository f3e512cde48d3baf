"""What `Value` promises, and the hard cases where engines of this kind go wrong."""

import copy
import gc
import inspect
import math
import operator
import pickle
import threading
import weakref
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

import autograd
from autograd import AutogradError, Value, gradients, no_grad, topological_order
from autograd.ops import TABLE
from autograd.watchers import Watcher, watching

FLOATS = st.floats(allow_nan=True, allow_infinity=True)


def grads(f, *inputs):
    """Give the gradients of f at some inputs."""
    leaves = [Value(x) for x in inputs]
    f(*leaves).backward()
    return [leaf.grad for leaf in leaves]


def same(a, b):
    return a == b or (math.isnan(a) and math.isnan(b))


# ---------------------------------------------------------------------- what a node holds


def test_a_leaf():
    x = Value(3, "x")
    assert (x.data, x.grad, x.label, x.op) == (3.0, 0.0, "x", "")
    assert (x.parents, x.local_grads, x.operands, x.taken) == ((), (), (), ())
    assert type(x.data) is float
    assert repr(x) == "Value(data=3.0, grad=0.0, label='x')"
    assert repr(Value(3)) == "Value(data=3.0, grad=0.0)"


def test_an_operation_keeps_operands_and_local_gradients_in_argument_order():
    x, y = Value(3.0), Value(4.0)
    for node, operands, local_grads, op in [
        (x * y, (x, y), (4.0, 3.0), "mul"),
        (x * x, (x, x), (3.0, 3.0), "mul"),
        (2 - x, (2.0, x), (-1.0,), "sub"),
        (x - 2, (x, 2.0), (1.0,), "sub"),
        (2 + x, (2.0, x), (1.0,), "add"),
        (x + 2, (x, 2.0), (1.0,), "add"),
        (2 * x, (2.0, x), (2.0,), "mul"),
        (x * 2, (x, 2.0), (2.0,), "mul"),
        (12 / x, (12.0, x), (-12 / 9,), "truediv"),
        (x / 2, (x, 2.0), (0.5,), "truediv"),
        (2**x, (2.0, x), (8 * math.log(2),), "pow"),
        (x**2, (x, 2.0), (6.0,), "pow"),
        (-x, (x,), (-1.0,), "neg"),
        (x.atan2(1), (x, 1.0), (0.1,), "atan2"),
        (autograd.atan2(1, x), (1.0, x), (-0.1,), "atan2"),
        (autograd.sum([x, 2, y]), (x, 2.0, y), (1.0, 1.0), "sum"),
        (autograd.dot([x, 5], [y, x], 7), (x, 5.0, y, x, 7.0), (4.0, 3.0, 5.0), "dot"),
        (autograd.where(1, x, y), (1.0, x, y), (1.0, 0.0), "where"),
    ]:
        assert node.operands == operands
        assert node.parents == tuple(operand for operand in operands if isinstance(operand, Value))
        assert node.local_grads == pytest.approx(local_grads, rel=1e-15)
        assert node.op == op
        assert node._prev == node.parents


def test_in_place_forms_make_new_nodes():
    x = Value(3.0)
    for change, result in [
        (operator.iadd, 5.0),
        (operator.isub, 1.0),
        (operator.imul, 6.0),
        (operator.itruediv, 1.5),
        (operator.ipow, 9.0),
    ]:
        y = change(x, 2)
        assert y is not x
        assert (x.data, y.data, y.parents) == (3.0, result, (x,))


def test_what_micrograds_readers_read():
    x = Value(3.0)
    symbols = [node._op for node in (x, x + x, x * 2, x - 1, x / x, -x, x**2, 2**x, x.relu(), x.tanh())]
    assert symbols == ["", "+", "*", "-", "/", "-", "**2", "**", "ReLU", "tanh"]
    assert (x * x)._prev == (x, x)
    for name in ("_op", "_prev"):
        with pytest.raises(AttributeError):
            setattr(x, name, ())


def test_label_of_an_inner_node():
    x = Value(2.0)
    y = x * x
    assert y.label == ""
    y.label = "y"
    assert (y.label, y.op) == ("y", "mul")
    y.label = "z"
    assert (y.label, y.op, repr(y)) == ("z", "mul", "Value(data=4.0, grad=0.0, label='z')")
    y.backward()
    assert x.grad == 4.0
    with pytest.raises(TypeError, match=r"Value\.label must be a str, not int 3"):
        y.label = 3


def test_data_and_grad_are_always_floats():
    x = Value(2.0)
    x.data = 10
    assert type(x.data) is float
    x.grad = 0
    assert type(x.grad) is float
    assert type((x * x).data) is float
    for name in ("data", "grad"):
        with pytest.raises(TypeError, match=rf"Value\.{name} must be a real number"):
            setattr(x, name, "1")
    assert (x.data, x.grad) == (10.0, 0.0)


def test_value_takes_data_and_label_alone():
    for call in (lambda: Value(1.0, "", "+"), lambda: Value(1.0, _children=()), lambda: Value(1.0, _op="+")):
        with pytest.raises(TypeError, match="data and label"):
            call()
    with pytest.raises(TypeError, match="label must be a str"):
        Value(1.0, (Value(2.0),))


# ---------------------------------------------------------------------- it behaves as the float in it


@pytest.mark.parametrize("name", ["add", "sub", "mul", "truediv", "pow"])
@given(a=FLOATS, b=FLOATS)
def test_operators_compute_and_raise_as_floats_do(name, a, b):
    apply = getattr(operator, name)
    try:
        expected = apply(a, b)
    except ArithmeticError as error:
        expected = error
    if isinstance(expected, complex):
        expected = ValueError()
    for x, y in ((Value(a), Value(b)), (Value(a), b), (a, Value(b))):
        if isinstance(expected, Exception):
            with pytest.raises(AutogradError) as caught:
                apply(x, y)
            builtin = next(t for t in (ZeroDivisionError, OverflowError, ValueError) if isinstance(expected, t))
            assert isinstance(caught.value, builtin)
            assert repr(a) in str(caught.value)
            assert repr(b) in str(caught.value)
        else:
            node = apply(x, y)
            assert same(node.data, expected)
            assert math.copysign(1, node.data) == math.copysign(1, expected) or math.isnan(expected)
            assert all(type(slope) is float for slope in node.local_grads)


@given(a=FLOATS, b=FLOATS)
def test_comparisons_and_truth_follow_the_data(a, b):
    x, y = Value(a), Value(b)
    for compare in (operator.lt, operator.le, operator.gt, operator.ge):
        assert compare(x, y) is compare(a, b)
        assert compare(x, b) is compare(a, b)
        assert compare(a, y) is compare(a, b)
    assert bool(x) is bool(a)


def test_equality_and_hash_are_identity():
    x, y = Value(1.0), Value(1.0)
    assert x != y
    assert x == x
    assert len({x, y, x}) == 2
    assert {x: "x"}[x] == "x"


def test_format_and_item():
    x = Value(2 / 3, "x")
    assert f"{x:.3f}" == "0.667"
    assert f"{x}" == str(x) == repr(x)
    assert x.item() == 2 / 3
    assert type(x.item()) is float


@pytest.mark.parametrize("convert", [float, int, math.exp, math.sqrt, complex])
def test_conversions_say_what_to_write_instead(convert):
    with pytest.raises(TypeError, match=r"v\.data.*autograd\.exp\(v\)"):
        convert(Value(1.0))


@pytest.mark.parametrize("operand", [1 + 2j, "a", None, Decimal(1), [1], (1,), {}, {1}, b"1", object()])
@pytest.mark.parametrize("name", ["add", "sub", "mul", "truediv", "pow", "lt", "ge"])
def test_what_is_no_number_is_a_type_error(name, operand):
    x = Value(2.0)
    for call in (lambda: getattr(operator, name)(x, operand), lambda: getattr(operator, name)(operand, x)):
        with pytest.raises(TypeError):
            call()
    with pytest.raises(TypeError, match=r"must be a real number|nor a number"):
        getattr(operator, name)(x, operand)
    with pytest.raises(TypeError, match=f"data must be a real number .* not {type(operand).__name__}"):
        Value(operand)


@pytest.mark.parametrize("number", [True, 3, 3.5, Fraction(1, 3), 2**70])
def test_numbers_become_floats(number):
    x = Value(1.0)
    assert type(Value(number).data) is float
    assert Value(number).data == float(number)
    for node in (x * number, number * x, x + number, x / number, x**number):
        assert type(node.data) is float
        assert all(type(operand) is float for operand in node.operands if operand is not x)


def test_a_number_too_large_for_a_float():
    for call in (lambda: Value(10**400), lambda: Value(1.0) * 10**400, lambda: Fraction(10**400) + Value(1.0)):
        with pytest.raises(OverflowError, match="401 digits"):
            call()


def test_a_foreign_class_gets_its_chance():
    class Foreign:
        def __rmul__(self, other):
            return "mine"

    assert Value(1.0) * Foreign() == "mine"
    with pytest.raises(TypeError, match="add: an operand must be a real number"):
        Value(1.0) + Foreign()


def test_an_error_names_operation_operands_and_label_and_changes_nothing():
    x, zero = Value(1.0), Value(0.0, "rate")
    with pytest.raises(ZeroDivisionError, match=r"truediv\(1\.0, rate=0\.0\): .*division by zero"):
        x / zero
    with pytest.raises(ZeroDivisionError, match=r"truediv\(1\.0, rate=0\.0\)"):
        1 / zero
    with pytest.raises(OverflowError, match=r"exp\(h=710\.0\)"):
        Value(710.0, "h").exp()
    with pytest.raises(ValueError, match=r"pow\(-1\.0, 0\.5\): .*complex"):
        Value(-1.0) ** 0.5
    with pytest.raises(OverflowError, match=r"pow\(1e\+200, 2\.0\)"):
        Value(1e200) ** 2
    with pytest.raises(ZeroDivisionError, match=r"1\.0, 0\.0"):
        1 / (1 / Value(math.inf))
    assert (Value(1e200) * 1e200).data == math.inf
    assert (x.grad, zero.grad) == (0.0, 0.0)


# ---------------------------------------------------------------------- gradients of the hard cases


@pytest.mark.parametrize(
    ("f", "inputs", "expected"),
    [
        (lambda a: a + a, [3.0], [2.0]),
        (lambda a: a * a, [3.0], [6.0]),
        (lambda x: x**0, [0.0], [0.0]),
        (lambda x: x**0.5, [0.0], [math.inf]),
        (lambda x: x.sqrt(), [0.0], [math.inf]),
        (lambda x: x**1, [0.0], [1.0]),
        (lambda x: x**2, [0.0], [0.0]),
        (lambda x, y: x**y, [0.0, 2.0], [0.0, 0.0]),
        (lambda x, y: x**y, [0.0, 0.5], [math.inf, 0.0]),
        (lambda x, y: x**y, [-2.0, 2.0], [-4.0, math.nan]),
        (lambda x: x**3, [-30.0], [2700.0]),
        (lambda x: x.sigmoid(), [-1000.0], [0.0]),
        (lambda x: x.sigmoid(), [1000.0], [0.0]),
        (lambda x: x.sigmoid(), [40.0], [4.248354255291589e-18]),
        (lambda x: x.relu(), [0.0], [0.0]),
        (lambda x: x.relu(), [math.nan], [math.nan]),
        (abs, [0.0], [0.0]),
        (abs, [-2.0], [-1.0]),
        (lambda a: autograd.maximum(a, a), [1.0], [1.0]),
        (autograd.maximum, [1.0, 1.0], [0.5, 0.5]),
        (autograd.minimum, [1.0, 1.0, 1.0], [1 / 3, 1 / 3, 1 / 3]),
        (autograd.maximum, [math.nan, 1.0], [math.nan, math.nan]),
        (autograd.hypot, [0.0, 0.0], [0.0, 0.0]),
        (lambda x, y: autograd.atan2(y, x), [0.0, 0.0], [0.0, 0.0]),
        (lambda a, b: autograd.logsumexp([a, b]), [1000.0, 1000.0], [0.5, 0.5]),
        (lambda a, b: autograd.logsumexp([a, b]), [math.inf, 0.0], [1.0, 0.0]),
        (lambda x: x.leaky_relu(0.25), [0.0], [0.25]),
        (lambda x: x.leaky_relu(), [-1.0], [0.01]),
        (lambda x: 1 / x, [1e-320], [-math.inf]),
    ],
)
def test_gradient(f, inputs, expected):
    assert all(same(a, b) for a, b in zip(grads(f, *inputs), expected, strict=True)), grads(f, *inputs)


def test_values_at_the_extremes():
    assert autograd.sigmoid(-1000.0) == 0.0
    assert autograd.sigmoid(1000.0) == 1.0
    assert autograd.softplus(1000.0) == 1000.0
    assert autograd.logsumexp([1000.0, 1000.0]) == 1000.6931471805599
    assert math.isnan(autograd.relu(math.nan))
    assert math.isnan(autograd.maximum(1.0, math.nan))
    assert autograd.logsumexp([-math.inf, -math.inf]) == -math.inf


def test_a_branch_not_taken_sends_nothing_back():
    x = Value(0.0)
    dead = x.sqrt()
    y = autograd.where(x > 0, dead, 0.0 * x)
    y.backward()
    assert (x.grad, dead.grad) == (0.0, 0.0)
    assert dead in y.parents
    assert y.local_grads == (0.0, 1.0)
    assert y.taken == (False, True)
    assert dead in topological_order(y)
    assert dead not in topological_order(y, live=True)
    x = Value(0.0)
    autograd.maximum(x.sqrt() - 1, x * 3).backward()
    assert x.grad == 3.0
    x = Value(0.0)
    (derivative,) = gradients(autograd.where(x > 0, x.sqrt(), x * 5), [x])
    assert derivative.data == 5.0
    with pytest.raises(ValueError, match=r"log\(0\.0\)"):
        autograd.where(x > 0, x.log(), 0.0)


def test_repeated_sweeps_add_to_leaves_alone():
    x = Value(3.0)
    y = (x * x) * 2
    y.backward()
    y.backward()
    assert x.grad == 24.0
    x = Value(2.0)
    h = x * x
    (3 * h).backward()
    (5 * h).backward()
    assert (x.grad, h.grad) == (32.0, 5.0)


def test_the_gradient_is_of_what_was_computed():
    x = Value(3.0)
    y = x * x
    x.data = 10
    y.backward()
    assert (x.grad, y.data) == (6.0, 9.0)


def test_a_root_that_is_a_leaf_and_a_given_gradient():
    x = Value(3.0)
    x.backward()
    x.backward(2)
    assert x.grad == 3.0
    y = x * x
    y.backward(gradient=0.5)
    assert (x.grad, y.grad) == (6.0, 0.5)
    with pytest.raises(TypeError, match="gradient must be a real number"):
        y.backward("1")
    assert (x.grad, y.grad) == (6.0, 0.5)


def test_a_sweep_touches_only_what_the_root_depends_on():
    x, other = Value(2.0), Value(5.0)
    y, aside = x * x, x * other
    aside.grad = 7.0
    y.backward()
    assert (other.grad, aside.grad) == (0.0, 7.0)


def test_zero_grad_clears_the_graph():
    x = Value(2.0)
    y = x * x
    y.backward()
    y.zero_grad()
    assert (x.grad, y.grad) == (0.0, 0.0)


def test_detach_cuts():
    x = Value(2.0, "x")
    y = x.detach() * x
    y.backward()
    assert x.grad == 2.0
    assert x.detach().label == "x"


def test_no_grad_records_nothing():
    x = Value(2.0)
    with no_grad():
        nodes = [x * x, x.exp(), autograd.sum([x, x]), autograd.where(x, x, x), 2 - x]
    for node in nodes:
        assert (node.parents, node.op, node.operands, node.local_grads) == ((), "", (), ())
        node.backward()
    assert x.grad == 0.0
    assert (x * x).parents == (x, x)

    @no_grad()
    def predict():
        return x * 3

    assert predict().parents == ()


def test_no_grad_is_of_one_thread():
    x = Value(2.0)
    parents = []
    with no_grad():
        thread = threading.Thread(target=lambda: parents.append((x * x).parents))
        thread.start()
        thread.join()
    assert parents == [(x, x)]


def test_two_graphs_that_share_leaves_in_two_threads():
    shared = [Value(float(i)) for i in range(50)]
    start = threading.Barrier(4)

    def work():
        start.wait()
        for _ in range(50):
            total = shared[0]
            for leaf in shared[1:]:
                total = total + leaf
            total.backward()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {leaf.grad for leaf in shared} == {200.0}


def test_an_interrupted_sweep_counts_as_none():
    class Interrupting(Watcher):
        def swept(self, *_):
            raise KeyboardInterrupt

    x = Value(2.0)
    y = x * x * x
    y.backward()
    with watching(Interrupting()), pytest.raises(KeyboardInterrupt):
        y.backward()
    assert x.grad == 12.0
    y.backward()
    assert x.grad == 24.0


def test_results_are_plain_values():
    class Parameter(Value):
        pass

    p = Parameter(2.0, "p")
    for node in (p * p, p + 1, 1 - p, -p, p.exp(), autograd.sum([p]), p**2, p.detach()):
        assert type(node) is Value
    (p * p).backward()
    assert p.grad == 4.0


def test_no_reference_cycles():
    def step():
        x = Value(2.0)
        y = autograd.where(x > 1, (x * x).tanh() + autograd.sum([x, x]), 0.0)
        y.backward()
        gradients(gradients(y, x), x)

    step()
    gc.collect()
    gc.disable()
    try:
        before = len(gc.get_objects())
        for _ in range(1000):
            step()
        assert len(gc.get_objects()) - before < 20
    finally:
        gc.enable()


def test_weak_references_are_a_clear_error():
    with pytest.raises(TypeError, match="weak reference"):
        weakref.ref(Value(1.0))


# ---------------------------------------------------------------------- higher derivatives


def test_gradients_leave_grad_alone_and_have_a_graph_of_their_own():
    x, y = Value(2.0), Value(3.0)
    z = x * y
    dx, dy = gradients(z, [x, y])
    assert (dx.data, dy.data) == (3.0, 2.0)
    assert dx is not y
    assert (x.grad, y.grad, z.grad) == (0.0, 0.0, 0.0)
    dx.backward()
    assert (x.grad, y.grad) == (0.0, 1.0)


def test_gradients_with_respect_to_inner_nodes_and_strangers():
    x, stranger = Value(2.0), Value(1.0)
    h = x * x
    y = h * h
    assert [d.data for d in gradients(y, (h, x, stranger, y))] == [8.0, 32.0, 0.0, 1.0]


@pytest.mark.parametrize("order", range(1, 8))
def test_derivatives_of_any_order(order):
    x = Value(0.7)
    f = x.exp() * 2
    for _ in range(order):
        f = gradients(f, x)
    assert f.data == pytest.approx(2 * math.exp(0.7), rel=1e-14)


def test_second_derivatives_at_flat_points():
    for f, expected in [
        (autograd.softplus, 0.25),
        (autograd.tanh, 0.0),
        (lambda x: x**2, 2.0),
        (autograd.cos, -1.0),
        (lambda x: autograd.hypot(x, 1.0), 1.0),
        (lambda x: autograd.logsumexp([x, 0.0]), 0.25),
        (lambda x: autograd.logsumexp([x, 1 * x]), 0.0),
    ]:
        x = Value(0.0)
        assert gradients(gradients(f(x), x), x).data == pytest.approx(expected, abs=1e-15)


def test_inside_a_gradients_graph_arithmetic_is_ieee():
    x = Value(0.0)
    first = gradients(x.sqrt(), x)
    assert first.data == math.inf
    second = gradients(first, x)
    assert second.data == -math.inf or math.isnan(second.data)


def test_gradients_say_when_data_was_changed():
    x = Value(3.0, "x")
    y = x * x
    x.data = 10
    with pytest.raises(RuntimeError, match=r"mul gave 9\.0, .*x=10\.0.* gives 100\.0"):
        gradients(y, x)
    zero, x = Value(0.0), Value(3.0)
    y = zero * x
    x.data = 4.0
    with pytest.raises(RuntimeError, match="data was changed"):
        gradients(y, zero)


def test_gradients_of_what_is_no_value():
    with pytest.raises(TypeError, match="root must be a Value, not float"):
        gradients(1.0, Value(1.0))
    with pytest.raises(TypeError, match="wrt must be a Value or a list of Values"):
        gradients(Value(1.0), 1.0)


# ---------------------------------------------------------------------- copying and pickling


def graph():
    x, y = Value(2.0, "x"), Value(3.0, "y")
    h = x * x
    h.label = "h"
    return [autograd.where(x > 0, autograd.sum([h, 2, y]) * 2 - h, y / 3) ** 2, h, x, y]


@pytest.mark.parametrize(
    "duplicate",
    [
        copy.deepcopy,
        lambda nodes: pickle.loads(pickle.dumps(nodes)),
        lambda nodes: pickle.loads(pickle.dumps(nodes, protocol=2)),
        lambda nodes: pickle.loads(pickle._dumps(nodes)),
    ],
)
def test_copies_are_whole_and_keep_what_they_share(duplicate):
    nodes = graph()
    nodes[0].backward()
    twins = duplicate(nodes)
    for node, twin in zip(topological_order(*nodes), topological_order(*twins), strict=True):
        assert twin is not node
        assert repr(twin) == repr(node)
        assert (twin.op, twin.local_grads, twin.taken) == (node.op, node.local_grads, node.taken)
        assert list(map(repr, twin.operands)) == list(map(repr, node.operands))
    assert twins[2] in topological_order(twins[0])
    assert twins[1] in topological_order(twins[0])
    before = nodes[2].grad
    twins[0].backward()
    assert twins[2].grad == 2 * before
    assert nodes[2].grad == before


def test_a_shallow_copy_has_the_same_parents():
    x = Value(2.0)
    y = x * x
    z = copy.copy(y)
    assert z is not y
    assert z.parents == (x, x)


def test_attributes_of_a_subclass_are_copied():
    twins = pickle.loads(pickle.dumps(Named(1.0))), copy.deepcopy(Named(1.0)), copy.copy(Named(1.0))
    for twin in twins:
        assert type(twin) is Named
        assert twin.tags == ["a"]


class Named(Value):
    def __init__(self, data):
        super().__init__(data)
        self.tags = ["a"]


def test_a_pickling_that_fails_does_not_spoil_the_next():
    nodes = graph()
    bad = [nodes[0], lambda: None]
    with pytest.raises((pickle.PicklingError, AttributeError)):
        pickle.dumps(bad)
    assert pickle.loads(pickle.dumps(nodes))[0].data == nodes[0].data


# ---------------------------------------------------------------------- what help and inspect show


@pytest.mark.parametrize("name", autograd.rules.public_names())
def test_functions_show_source_signature_and_formula(name):
    function = getattr(autograd, name)
    assert function.__name__ == name
    assert f"def {name}(" in inspect.getsource(function)
    assert TABLE[name].doc in function.__doc__
    assert TABLE[name].value in function.__doc__
    assert all(text in function.__doc__ for text in TABLE[name].partials or () if text)
    assert name in dir(autograd)
    assert name in dir(Value(1.0))
    assert inspect.signature(function).parameters
    assert inspect.signature(getattr(Value, name)).parameters.keys() == inspect.signature(function).parameters.keys()


def test_star_import_leaves_the_builtins_alone():
    scope = {}
    exec("from autograd import *", scope)
    import builtins

    assert not {name for name in scope if name in dir(builtins)} - {"__builtins__", "__doc__", "__name__"}
    assert scope["tanh"](Value(0.0)).data == 0.0


@pytest.mark.parametrize("name", autograd.rules.public_names())
def test_plain_numbers_in_plain_number_out(name):
    op = TABLE[name]
    inside = 1.5 if op.domain == ("[1, inf)",) else 0.5
    needed = [p for p in autograd.rules.parameters(op) if not p.default]
    arguments = [[0.5, 0.25] if p.kind == "sequence" else inside for p in needed]
    out = getattr(autograd, name)(*arguments)
    for number in out if isinstance(out, list) else [out]:
        assert type(number) is float


def test_wrong_arguments_of_functions():
    for call, text in [
        (lambda: autograd.exp("1"), "exp: x must be a real number"),
        (lambda: autograd.sum(3), "sum: values must be a sequence"),
        (lambda: autograd.sum(Value(3)), "sum: values must be a sequence"),
        (lambda: autograd.sum(["a"]), "sum: values must be a real number"),
        (lambda: autograd.where(None, 1, 2), "where: condition must be a real number"),
        (autograd.maximum, "maximum: values must not be empty"),
        (lambda: autograd.mean([]), "mean: values must not be empty"),
        (lambda: autograd.logsumexp([]), "logsumexp: values must not be empty"),
        (lambda: autograd.dot([1], [1, 2]), "ws and xs must be of one length, not 1 and 2"),
        (autograd.exp, "missing 1 required positional argument"),
        (lambda: autograd.nothing, "no attribute 'nothing'"),
        (lambda: Value(1.0).nothing, "no attribute 'nothing'"),
    ]:
        with pytest.raises((TypeError, ValueError, AttributeError), match=text):
            call()
    assert autograd.sum([]) == 0.0
    assert autograd.dot([], [], 2.0) == 2.0


def test_a_generators_own_error_is_not_hidden():
    def broken():
        yield 1.0
        msg = "inside"
        raise TypeError(msg)

    with pytest.raises(TypeError, match="inside"):
        autograd.sum(broken())


class Foreign:
    """Of a class that knows by itself what to do beside a Value."""

    def __getattr__(self, name):
        raise AttributeError(name)

    for _name in ("add", "sub", "mul", "truediv", "pow"):
        vars()[f"__{_name}__"] = lambda self, other, _name=_name: _name
        vars()[f"__r{_name}__"] = lambda self, other, _name=_name: f"r{_name}"


@pytest.mark.parametrize("name", ["add", "sub", "mul", "truediv", "pow"])
def test_a_foreign_operand_may_answer_from_either_side(name):
    assert getattr(operator, name)(Value(1.0), Foreign()) == f"r{name}"
    assert getattr(operator, name)(Foreign(), Value(1.0)) == name
    assert getattr(Value(1.0), f"__r{name}__")(Foreign()) is NotImplemented
