"""Derivatives of functions, in reverse and in forward mode: against each other, sympy and finite differences."""

import gc
import itertools
import math
import threading
import tracemalloc
from collections import OrderedDict, defaultdict
from typing import Any, NamedTuple

import pytest
import reference
import sympy
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.optimize import rosen_hess

import autograd
from autograd import (
    Value,
    grad,
    gradients,
    hessian,
    hvp,
    jacobian,
    jvp,
    no_grad,
    parse,
    value_and_grad,
    vjp,
    where,
)
from autograd.engine import topological_order
from autograd.ops import TABLE
from autograd.testing import call_by_name, expressions, function_named, mlps

FLOATS = st.floats(-3.0, 3.0, allow_subnormal=False)
SMOOTH = [name for name in reference.SYMPY if name in TABLE]


class Point(NamedTuple):
    x: Any
    y: Any


def forward(f):
    """Differentiate a function of one number in forward mode, as `grad` does in reverse."""
    return lambda x: jvp(f, (x,), (1.0,))[1]


def taking_a_list(expression):
    return lambda inputs: expression(*inputs)


def close(a, b, scale=1.0, tolerance=1e-9):
    return a == pytest.approx(b, rel=tolerance, abs=tolerance * scale, nan_ok=True)


def size_of_paths(root, weights):
    """Sum the magnitudes of all paths' products: what rounding errors of a derivative are relative to."""
    sizes = dict(weights)
    for node in topological_order(root):
        if node.op:
            edges = zip(node.parents, node.local_grads, strict=True)
            sizes[node] = sum(abs(slope) * sizes.get(parent, 0.0) for parent, slope in edges)
    return sizes.get(root, 0.0)


# ---------------------------------------------------------------------- reverse mode


@given(expressions())
def test_grad_is_the_sweep_bit_for_bit(expression):
    leaves = [Value(x) for x in expression.inputs]
    root = expression(*leaves)
    root.backward()
    value, slopes = value_and_grad(taking_a_list(expression))(expression.inputs)
    assert repr((value, slopes)) == repr((root.data, [leaf.grad for leaf in leaves]))
    assert all(type(slope) is float for slope in slopes)
    in_values = gradients(root, leaves)
    assert repr([slope.data for slope in in_values]) == repr(slopes)


def test_a_derivative_in_values_is_a_node_of_its_own_with_the_sweeps_zero():
    x, w = Value(2.0), Value(-0.0)
    y = x * w
    slope = gradients(y, x)
    assert slope is not w
    y.backward()
    assert math.copysign(1.0, slope.data) == math.copysign(1.0, x.grad) == 1.0
    assert gradients(slope, w).data == 1.0
    v = Value(3.0)
    assert gradients(x * v, x) is not v


@given(expressions())
def test_values_in_give_values_out_that_can_be_swept(expression):
    leaves = [Value(x) for x in expression.inputs]
    slopes = grad(taking_a_list(expression))(leaves)
    plain = grad(taking_a_list(expression))(expression.inputs)
    assert all(isinstance(slope, Value) for slope in slopes)
    assert repr([slope.data for slope in slopes]) == repr(plain)
    assert all(leaf.grad == 0.0 for leaf in leaves)


@given(expressions(ops=SMOOTH, max_ops=4, n_inputs=2, largest=10.0))
@settings(max_examples=40)
def test_all_second_derivatives_are_those_of_sympy(expression):
    symbols = sympy.symbols("x0 x1")
    exact = expression(*symbols, functions=reference.SYMPY.__getitem__)
    point = dict(zip(symbols, expression.inputs, strict=True))
    wanted = []
    for a, b in itertools.product(symbols, symbols):
        derivative = sympy.diff(exact, a, b).subs({s: sympy.Rational(x) for s, x in point.items()})
        wanted.append(sympy.N(derivative, 40))
    assume(all(number.is_real and number.is_finite for number in wanted))
    leaves = [Value(x) for x in expression.inputs]
    slopes = gradients(expression(*leaves), leaves)
    size = 1.0 + sum(size_of_paths(slope, dict.fromkeys(leaves, 1.0)) for slope in slopes)
    assume(size < 1e6)  # else the intermediate results may overflow where the derivatives do not
    f = taking_a_list(expression)
    rows = [list(map(float, wanted[:2])), list(map(float, wanted[2:]))]
    for index, unit in enumerate(units(2)):
        assert close(hessian(f)(expression.inputs)[index], rows[index], size, 1e-12)
        assert close(jacobian(grad(f))(expression.inputs)[index], rows[index], size, 1e-12)
        assert close(hvp(f, (expression.inputs,), (unit,)), rows[index], size, 1e-12)
        assert close(jvp(grad(f), (expression.inputs,), (unit,))[1], rows[index], size, 1e-12)


@given(expressions(ops=SMOOTH, max_ops=4, n_inputs=1, largest=10.0))
@settings(max_examples=30)
def test_the_third_derivative_is_that_of_sympy(expression):
    symbol = sympy.symbols("x0")
    exact = sympy.diff(expression(symbol, functions=reference.SYMPY.__getitem__), symbol, 3)
    wanted = sympy.N(exact.subs({symbol: sympy.Rational(expression.inputs[0])}), 40)
    assume(wanted.is_real and wanted.is_finite)
    leaf = Value(expression.inputs[0])
    second = gradients(gradients(expression(leaf), leaf), leaf)
    size = 1.0 + size_of_paths(second, {leaf: 1.0})
    assume(size < 1e6)  # else the intermediate results may overflow where the derivatives do not
    assert close(gradients(second, leaf).data, float(wanted), size, 1e-12)
    assert close(grad(grad(grad(expression)))(leaf.data), float(wanted), size, 1e-12)
    assert close(forward(forward(forward(expression)))(leaf.data), float(wanted), size, 1e-12)


@pytest.mark.parametrize("modes", list(itertools.product([grad, forward], repeat=3)))
def test_third_derivatives_in_any_mix_of_modes(modes):
    one, two, three = modes
    x = sympy.symbols("x")
    exact = sympy.exp(sympy.sin(x)) * x**2 / (1 + x**2) + sympy.atan(x) ** 3
    wanted = float(sympy.diff(exact, x, 3).subs(x, sympy.Rational("0.75")))
    f = lambda x: autograd.exp(autograd.sin(x)) * x**2 / (1 + x**2) + autograd.atan(x) ** 3
    assert close(one(two(three(f)))(0.75), wanted, tolerance=1e-13)


@pytest.mark.parametrize("name", [op.name for op in TABLE.values() if not op.internal])
def test_forward_and_reverse_mode_agree_on_every_operation(name):
    kinds = [parameter.kind for parameter in autograd.rules.parameters(TABLE[name])]
    count = 1 if kinds == ["scalar"] else 2 * kinds.count("sequence") + kinds.count("scalar") + 2 * kinds.count("star")
    point = [0.3, 0.7, 0.45, 0.2, 0.9][:count]
    low = float(TABLE[name].domain[0][1:].partition(",")[0])
    if low >= 0.3:
        point = [x + low + 0.5 for x in point]

    def scalar(x):
        out = call_by_name(function_named, name, x)
        return sum(place * part * part for place, part in enumerate(out, 1)) if isinstance(out, list) else out * out

    direction = [0.5, -1.0, 2.0, 0.25, 3.0][:count]
    value, moved = jvp(scalar, (point,), (direction,))
    assert value == scalar([Value(x) for x in point]).data
    slopes = grad(scalar)(point)
    assert close(moved, sum(s * v for s, v in zip(slopes, direction, strict=True)), tolerance=1e-12)
    step = 1e-5
    above, below = ([x + sign * step * v for x, v in zip(point, direction, strict=True)] for sign in (1, -1))
    difference = (scalar(above) - scalar(below)) / (2 * step)
    assert close(moved, difference, tolerance=1e-7) or TABLE[name].kink
    seconds = [[hvp(scalar, (point,), (unit,)), jvp(grad(scalar), (point,), (unit,))[1]] for unit in units(count)]
    for row, (over_forward, over_reverse) in zip(hessian(scalar)(point), seconds, strict=True):
        assert close(over_forward, row, tolerance=1e-12)
        assert close(over_reverse, row, tolerance=1e-12)


def units(count):
    return [[float(row == column) for column in range(count)] for row in range(count)]


# ---------------------------------------------------------------------- forward mode


@given(expressions(), st.data())
def test_forward_mode_is_reverse_mode_times_the_direction(expression, data):
    direction = [data.draw(FLOATS.filter(bool)) for _ in expression.inputs]
    f = taking_a_list(expression)
    value, slopes = value_and_grad(f)(expression.inputs)
    assume(all(map(math.isfinite, slopes)))
    leaves = [Value(x) for x in expression.inputs]
    size = size_of_paths(expression(*leaves), {leaf: abs(v) for leaf, v in zip(leaves, direction, strict=True)})
    assume(math.isfinite(size))
    out, moved = jvp(f, (expression.inputs,), (direction,))
    assert repr(out) == repr(value)
    assert type(moved) is float
    assert close(moved, sum(s * v for s, v in zip(slopes, direction, strict=True)), size, 1e-12)


@given(mlps(activations=["tanh", "softplus", "sigmoid"]))
@settings(max_examples=50)
def test_a_networks_directional_derivatives(mlp):
    parameters = [parameter.data for parameter in mlp.parameters()]
    direction = [math.sin(place + 1.0) for place in range(len(parameters))]

    def loss(numbers):
        rest = iter(numbers)
        mlp.layers = [[[next(rest) for _ in neuron] for neuron in layer] for layer in mlp.layers]
        out = mlp(mlp.inputs)
        return out * out

    slopes = grad(loss)(parameters)
    moved = jvp(loss, (parameters,), (direction,))[1]
    terms = [s * v for s, v in zip(slopes, direction, strict=True)]
    assert close(moved, sum(terms), 1.0 + sum(map(abs, terms)), 1e-10)
    product = hvp(loss, (parameters,), (direction,))
    also = jvp(grad(loss), (parameters,), (direction,))[1]
    assert close(product, also, 1.0 + max(map(abs, also)), 1e-9)


@pytest.mark.parametrize("modes", list(itertools.product([grad, forward], repeat=2)))
def test_no_perturbation_confusion(modes):
    outer, inner = modes
    assert outer(lambda x: x * inner(lambda y: x + y)(1.0))(1.0) == 1.0
    assert outer(lambda x: x * inner(lambda y: x * y)(2.0))(3.0) == 6.0
    assert outer(lambda x: inner(lambda y: x)(1.0) + x)(1.0) == 1.0
    assert outer(lambda x: inner(lambda y: y * y * x * x)(x))(2.0) == 24.0  # 2 x³
    assert outer(inner(lambda x: x**4))(2.0) == 48.0


@pytest.mark.parametrize("modes", list(itertools.product([grad, forward], repeat=3)))
def test_no_perturbation_confusion_at_three_levels(modes):
    one, two, three = modes
    nested = one(lambda x: x * two(lambda y: y * three(lambda z: x * y * z * z)(y))(x))
    # by z at z = y: 2xy²; times y, by y at y = x: 6x³; times x, by x: 24x³
    assert nested(2.0) == 192.0


@pytest.mark.no_cover
def test_forward_mode_keeps_no_graph_and_no_memory():
    def steps(count):
        def f(x, y):
            for _ in range(count):
                x = autograd.sin(x * y) + autograd.dot([x, y], [y, x], 0.5) / (1 + abs(x))
            return x

        return f

    def peak(action):
        gc.collect()
        tracemalloc.start()
        try:
            action()
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    def forward_over_forward(f):
        return jvp(lambda x: jvp(f, (x, 0.9), (1.0, 0.0))[1], (0.3,), (1.0,))

    for action in (lambda f: jvp(f, (0.3, 0.9), (1.0, 2.0)), forward_over_forward):
        action(steps(1000))  # fills the free lists of the interpreter
        few, many = (peak(lambda n=n, action=action: action(steps(n))) for n in (1000, 4000))
        assert many < few + 10_000
    assert peak(lambda: grad(steps(4000), (0, 1))(0.3, 0.9)) > 1_000_000  # the measure sees a graph that is kept


def test_forward_mode_keeps_nothing_alive():
    gc.collect()
    gc.disable()
    try:
        jvp(lambda x: autograd.exp(x) * x, (1.0,), (1.0,))
        before = len(gc.get_objects())
        for _ in range(50):
            jvp(lambda x: autograd.exp(x) * x, (1.0,), (1.0,))
            hvp(lambda x: autograd.exp(x) * x, (1.0,), (1.0,))
            hessian(lambda x: autograd.exp(x[0]) * x[1])([1.0, 2.0])
        assert len(gc.get_objects()) < before + 20
    finally:
        gc.enable()


def test_forward_mode_with_values_keeps_the_graph():
    x, v = Value(2.0, "x"), Value(3.0, "v")
    value, moved = jvp(lambda x: x**3, (x,), (v,))
    assert (value.data, moved.data) == (8.0, 36.0)
    moved.backward()
    assert (x.grad, v.grad) == (36.0, 12.0)  # 6xv and 3x²
    assert [g.data for g in gradients(value, [x])] == [12.0]


def test_values_from_outside_are_constants_to_a_form():
    w = Value(3.0, "w")
    assert jvp(lambda x: w * x * w, (2.0,), (1.0,)) == (18.0, 9.0)
    assert grad(lambda x: w * x * w)(2.0) == 9.0
    assert w.grad == 0.0


def test_a_sweep_through_a_node_inside_jvp_is_refused():
    w = Value(2.0)

    def sweeping(x):
        y = x * w
        y.backward()
        return y

    with pytest.raises(RuntimeError, match="inside jvp no graph is kept.* with grad or vjp"):
        jvp(sweeping, (1.0,), (1.0,))
    assert w.grad == 0.0
    for wrt in (lambda x: w, lambda x: x):
        with pytest.raises(RuntimeError, match="inside jvp no graph is kept"):
            jvp(lambda x, wrt=wrt: gradients(x * x * w, wrt(x)), (1.0,), (1.0,))
    assert jvp(lambda x: gradients(x, x) * x, (2.0,), (1.0,)) == (2.0, 1.0)


def test_forms_inside_forms():
    assert jvp(lambda x: vjp(lambda y: x * y * y, x)[1](1.0)[0], (3.0,), (1.0,)) == (18.0, 12.0)  # 2xy at y = x
    assert grad(lambda x: sum(jacobian(lambda y: [y * y, x * y])(x)))(3.0) == 3.0
    assert hessian(lambda x: hvp(lambda y: x * y**3, (x,), (1.0,)))(2.0) == 12.0  # 6xy at y = x: 6x²
    assert jvp(lambda x: hessian(lambda y: y**4 * x)(x), (2.0,), (1.0,))[1] == 12 * 3 * 4.0
    pull = []
    grad(lambda x: pull.append(vjp(lambda y: x * y, 2.0)[1]) or x)(3.0)
    assert pull[0](1.0)[0] == 3.0  # a pullback works after what was around it


@given(expressions(max_ops=4, n_inputs=2))
def test_a_plain_derivative_inside_a_function_is_a_plain_constant(expression):
    f = taking_a_list(expression)
    outside = grad(f)(expression.inputs)
    inside = []
    grad(lambda x: inside.extend(grad(f)(expression.inputs)) or x)(1.0)
    jvp(lambda x: inside.extend(grad(f)(expression.inputs)) or x, (1.0,), (1.0,))
    assert repr(inside) == repr(outside * 2)
    assert all(type(number) is float for number in inside)


def test_no_grad_around_a_form_does_not_count_and_inside_it_does():
    cube = lambda x: x**3

    def half_hidden(x):
        with no_grad():
            hidden = x * x
        return hidden * x

    with no_grad():
        assert grad(cube)(2.0) == 12.0
        assert jvp(cube, (2.0,), (1.0,)) == (8.0, 12.0)
        assert hvp(cube, (2.0,), (1.0,)) == 12.0
        assert vjp(cube, 2.0)[1](1.0) == (12.0,)
        slope = grad(cube)(Value(2.0))
    assert (slope.data, slope.parents) == (12.0, ())
    assert grad(half_hidden)(2.0) == jvp(half_hidden, (2.0,), (1.0,))[1] == 4.0
    for mode in (grad, forward):
        stopped = mode(lambda x: x * with_no_grad(grad(cube), x))
        assert stopped(2.0) == 12.0  # the inner derivative is a constant
        detached = mode(lambda x: x * x.detach())
        assert detached(3.0) == 3.0


def with_no_grad(f, x):
    with no_grad():
        return f(x)


def test_a_branch_not_taken_moves_nothing():
    f = lambda x: where(x > 0, autograd.sqrt(x), 0.0)
    assert jvp(f, (0.0,), (1.0,)) == (0.0, 0.0)
    assert jvp(lambda x, y: autograd.sqrt(x) + y, (0.0, 1.0), (0.0, 1.0)) == (1.0, 1.0)
    assert jvp(autograd.sqrt, (0.0,), (1.0,)) == (0.0, math.inf)
    assert jvp(lambda x: 7.0, (0.0,), (1.0,)) == (7.0, 0.0)
    assert jvp(autograd.maximum, (2.0, 2.0), (1.0, 5.0)) == (2.0, 3.0)


def test_typed_expressions_and_composed_operations_move():
    typed = parse("softmax([x, 2*x])")
    value, moved = jvp(lambda x: typed(x=x), (0.5,), (1.0,))
    assert close(sum(value), 1.0)
    assert close(moved, [-value[0] * value[1], value[0] * value[1]], tolerance=1e-14)


def test_threads_do_not_see_each_others_tangents():
    results = {}

    def work(number):
        for _ in range(200):
            results[number] = jvp(lambda x: grad(lambda y: x * y**3)(x), (float(number),), (1.0,))

    threads = [threading.Thread(target=work, args=(number,)) for number in range(1, 5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == {n: (3.0 * n**3, 9.0 * n**2) for n in range(1, 5)}


# ---------------------------------------------------------------------- containers

NUMBERS = st.floats(-2.0, 2.0, allow_subnormal=False)
TREES = st.recursive(
    NUMBERS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.lists(inner, max_size=3).map(tuple)
        | st.dictionaries(st.sampled_from("abc"), inner, max_size=3)
        | st.builds(Point, inner, inner)
    ),
    max_leaves=8,
)


def numbers_of(tree):
    if isinstance(tree, dict):
        return [leaf for item in tree.values() for leaf in numbers_of(item)]
    return [leaf for item in tree for leaf in numbers_of(item)] if isinstance(tree, list | tuple) else [tree]


def doubled(tree):
    """Double each number, in a container of the same form."""
    if isinstance(tree, dict):
        return {key: doubled(item) for key, item in tree.items()}
    if isinstance(tree, Point):
        return Point(*map(doubled, tree))
    return type(tree)(map(doubled, tree)) if isinstance(tree, list | tuple) else 2 * tree + 0.0  # never -0.0


@given(TREES)
def test_a_derivative_has_the_form_of_the_argument(tree):
    slopes = grad(lambda t: sum(leaf * leaf for leaf in numbers_of(t)) + 0.0)(tree)
    assert repr(slopes) == repr(doubled(tree))
    value, moved = jvp(doubled, (tree,), (tree,))
    assert value == moved == doubled(tree)
    value, pullback = vjp(doubled, tree)
    assert value == doubled(tree)
    assert pullback(tree) == (doubled(tree),)


def test_forms_are_kept():
    slopes = grad(lambda t: t["p"].x * t["p"].y * t["w"][0])({"p": Point(2.0, 3.0), "w": [4, 5.0]})
    assert slopes == {"p": Point(12.0, 8.0), "w": [6.0, 0.0]}
    assert type(slopes["p"]) is Point
    by_default = grad(lambda t: t["x"] ** 2)(defaultdict(list, x=3.0))
    assert (type(by_default), by_default["missing"]) == (defaultdict, [])
    assert list(grad(lambda t: t["b"] * t["a"])(OrderedDict(b=1.0, a=2.0)).items()) == [("b", 2.0), ("a", 1.0)]
    assert grad(lambda x: 1.0)([]) == []
    assert value_and_grad(lambda x: 5)(3) == (5.0, 0.0)
    given = {"w": [1.0, 2.0]}
    grad(lambda t: t["w"][0])(given)
    assert given == {"w": [1.0, 2.0]}


def test_argnums_and_keyword_arguments():
    f = lambda x, y, scale=1.0: scale * x * y**2
    assert grad(f, 1)(3.0, 4.0) == 24.0
    assert grad(f, -1)(3.0, 4.0, scale=2.0) == 48.0
    assert grad(f, (1, 0))(3.0, 4.0) == (24.0, 16.0)
    assert grad(f, [0])(3.0, 4.0) == (16.0,)
    assert grad(f, range(2))(3.0, 4.0) == (16.0, 24.0)
    assert hessian(f, (0, 1))(3.0, 4.0) == ((0.0, 8.0), (8.0, 6.0))
    assert jacobian(lambda x, y: {"xy": x * y, "sum": [x + y]}, (0, 1))(3.0, 4.0) == {
        "xy": (4.0, 3.0),
        "sum": [(1.0, 1.0)],
    }
    assert hvp(f, (3.0, 4.0), (1.0, 10.0)) == (80.0, 68.0)
    assert hvp(f, [3.0, 4.0], [1.0, 10.0]) == (80.0, 68.0)
    assert jvp(lambda t: t["a"] * t["b"], ({"a": 2.0, "b": 3.0},), ({"b": 1.0, "a": 0.0},)) == (6.0, 2.0)


# ---------------------------------------------------------------------- worked examples


def rosenbrock(x):
    return sum(100 * (b - a**2) ** 2 + (1 - a) ** 2 for a, b in itertools.pairwise(x))


@given(st.lists(FLOATS, min_size=2, max_size=5), st.data())
def test_rosenbrocks_hessian(x, data):
    exact = rosen_hess(x).tolist()
    scale = 1e4
    for row, wanted in zip(hessian(rosenbrock)(x), exact, strict=True):
        assert close(row, wanted, scale, 1e-12)
    vector = [data.draw(FLOATS) for _ in x]
    product = [math.fsum(h * v for h, v in zip(row, vector, strict=True)) for row in exact]
    assert close(hvp(rosenbrock, (x,), (vector,)), product, scale, 1e-12)


def test_rosenbrock_at_a_known_point():
    value, slopes = value_and_grad(rosenbrock)([-1.2, 1.0])
    assert close([value, *slopes], [24.2, -215.6, -88.0], tolerance=1e-14)
    assert close(sum(hessian(rosenbrock)([-1.2, 1.0]), []), [1330.0, 480.0, 480.0, 200.0], tolerance=1e-14)
    assert grad(rosenbrock)([1.0, 1.0]) == [0.0, 0.0]


def test_polar_coordinates():
    to_xy = lambda p: Point(p["r"] * autograd.cos(p["t"]), p["r"] * autograd.sin(p["t"]))
    matrix = jacobian(to_xy)({"r": 2.0, "t": 0.5})
    assert close(matrix.x["r"], math.cos(0.5))
    assert close(matrix.y["t"], 2 * math.cos(0.5))
    determinant = matrix.x["r"] * matrix.y["t"] - matrix.x["t"] * matrix.y["r"]
    assert close(determinant, 2.0, tolerance=1e-15)


def test_several_outputs():
    value, pullback = vjp(lambda x, y: (x * y, [x + y, 3.0]), 2.0, Value(3.0, "y"))
    assert [value[0].data, value[1][0].data, value[1][1].data] == [6.0, 5.0, 3.0]
    slopes = pullback((1.0, [10.0, 100.0]))
    assert [slope.data for slope in slopes] == [13.0, 12.0]
    value, pullback = vjp(lambda x: [x, x], 2.0)
    assert pullback([1.0, 10.0]) == (11.0,)
    weight = Value(5.0, "weight")
    (slope,) = vjp(lambda x: x**2, 3.0)[1](weight)
    slope.backward()
    assert (slope.data, weight.grad) == (30.0, 6.0)
    slopes = vjp(lambda x, y: x, 3.0, 4.0)[1](weight)
    assert [slope.data for slope in slopes] == [5.0, 0.0]


def test_newtons_method_in_three_lines():
    x = 1.0
    for _ in range(6):
        x -= grad(lambda x: x**4 - 3 * x**2 + x)(x) / hessian(lambda x: x**4 - 3 * x**2 + x)(x)
    assert abs(4 * x**3 - 6 * x + 1) < 1e-14


# ---------------------------------------------------------------------- what is refused

FORMS = [grad, value_and_grad, jacobian, hessian]


@pytest.mark.parametrize("form", FORMS)
def test_wrong_input_of_the_forms(form):
    name = form.__name__
    inner = "grad" if form is hessian else name
    with pytest.raises(TypeError, match=f"{name}: f must be a function, not int 3"):
        form(3)
    for wrong in ("0", 0.5, None, True, [0, True], [0.5]):
        with pytest.raises(TypeError, match=f"{name}: argnums must be an integer or a sequence of integers"):
            form(abs, wrong)
    with pytest.raises(ValueError, match="argnums has 1, but the function was called with 1 positional arguments"):
        form(lambda x: x * x, 1)(2.0)
    with pytest.raises(ValueError, match=r"argnums must name an argument once, not twice as in \[0, -1\]"):
        form(lambda x: x * x, (0, -1))(2.0)
    for wrong in ("2", None, 1j, {1.0}, [1.0, "x"]):
        with pytest.raises(TypeError, match=r": argument 0.* must be a real number"):
            form(lambda x: 1.0)(wrong)
    with pytest.raises(TypeError, match=r"argument 1\['w'\]\[2\] must be a real number .*, not str 'x'"):
        form(lambda x, y: 1.0, 1)(0.0, {"w": [1.0, 2.0, "x"]})
    with pytest.raises(TypeError, match=r"argument 0 must be .* lists, tuples and dicts of them, not range .*list"):
        form(lambda x: 1.0)(range(3))
    with pytest.raises(OverflowError, match="argument 0 is too large for a float"):
        form(lambda x: 1.0)(10**400)
    with pytest.raises(TypeError, match=f"{inner}: the result of the function must be a real number.*, not str 'no'"):
        form(lambda x: "no")(2.0)


@pytest.mark.parametrize("form", [grad, value_and_grad, hessian])
def test_a_scalar_is_needed(form):
    with pytest.raises(TypeError, match="must return a real number, not list .* there is jacobian"):
        form(lambda x: [x, x])(2.0)


def test_an_error_inside_leaves_nothing_open():
    x = Value(2.0)
    for form in (*FORMS, lambda f: lambda x: jvp(f, (x,), (1.0,)), lambda f: lambda x: vjp(f, x)):
        with pytest.raises(ZeroDivisionError, match="truediv"):
            form(lambda x: x / 0)(2.0)
        with pytest.raises(ZeroDivisionError, match="truediv"), no_grad():
            form(lambda x: 1 / (x - 2))(x)
    y = x * x
    assert type(y) is Value
    assert y.parents == (x, x)
    assert type(grad(lambda x: x * x)(1.0)) is float


def test_wrong_input_of_jvp_and_vjp_and_hvp():
    square = lambda x: x * x
    for form in (jvp, hvp):
        with pytest.raises(TypeError, match="f must be a function"):
            form(3, (1.0,), (1.0,))
        with pytest.raises(TypeError, match="primals must be a tuple with one item for each argument.*, not 1.0"):
            form(square, 1.0, (1.0,))
        with pytest.raises(TypeError, match="must be a tuple with one item for each argument.*, not 2.0"):
            form(square, (1.0,), 2.0)
        with pytest.raises(ValueError, match="must have the form of primals, a tuple of 1, not be a tuple of 2"):
            form(square, (1.0,), (1.0, 2.0))
        with pytest.raises(TypeError, match=r"\[0\] must have the form of primals\[0\], a list of 1, not be a number"):
            form(lambda x: x[0], ([1.0],), (1.0,))
        with pytest.raises(ValueError, match=r"a dict with the keys \['a'\], not be a dict with the keys \['b'\]"):
            form(lambda x: x["a"], ({"a": 1.0},), ({"b": 1.0},))
        with pytest.raises(TypeError, match=r"(tangents|vector)\[0\]\[1\] must .*not be str 'x'|not str 'x'"):
            form(lambda x: x[0], ([1.0, 2.0],), ([1.0, "x"],))
        with pytest.raises(TypeError, match=r"(primals\[0\]|argument 0) must be a real number"):
            form(square, ("x",), (1.0,))
    with pytest.raises(TypeError, match="jvp: the result of the function must be a real number"):
        jvp(lambda x: "no", (1.0,), (1.0,))
    with pytest.raises(TypeError, match="vjp: f must be a function"):
        vjp(3, 1.0)
    pullback = vjp(lambda x: [x, x], 1.0)[1]
    with pytest.raises(TypeError, match="the pullback's argument must have the form of the function's result"):
        pullback(1.0)
    with pytest.raises(ValueError, match="a list of 2, not be a list of 1"):
        pullback([1.0])


def test_a_stale_graph_is_noticed_inside_a_form_too():
    w = Value(2.0, "w")
    h = w * w
    w.data = 3.0
    with pytest.raises(RuntimeError, match="data was changed"):
        grad(grad(lambda x: h * x * x))(1.0)
    assert grad(lambda x: h * x)(1.0) == 4.0  # the gradient of what was computed
