"""Random expression graphs, against plain floats, mpmath and sympy."""

import math
import struct

import mpmath
import reference
import sympy
from hypothesis import assume, given, reject, settings
from sizes import size_of_gradients

from autograd import Value, gradients
from autograd.engine import topological_order
from autograd.ops import TABLE
from autograd.testing import expressions, scalar_operations

SMOOTH = [name for name in reference.SYMPY if name in TABLE]


def bits(number):
    return struct.pack("<d", number)


def sweep(expression):
    leaves = [Value(x) for x in expression.inputs]
    root = expression(*leaves)
    root.backward()
    return leaves, root


def test_every_operation_has_a_reference():
    assert set(scalar_operations()) <= set(reference.FLOATS)


@given(expressions())
def test_the_value_is_that_of_plain_floats_bit_for_bit(expression):
    _, root = sweep(expression)
    assert bits(root.data) == bits(expression(*expression.inputs, functions=reference.FLOATS.__getitem__))


@given(expressions())
def test_plain_numbers_give_the_same_plain_number(expression):
    plain = expression(*expression.inputs)
    assert type(plain) is float
    assert bits(plain) == bits(sweep(expression)[1].data)


@given(expressions(largest=20.0))
@settings(max_examples=200)
def test_the_gradient_is_that_of_a_central_difference_at_high_precision(expression):
    leaves, root = sweep(expression)
    sizes = size_of_gradients(root, leaves)
    assume(max(sizes) < 1e6)
    with mpmath.workdps(60):
        step = mpmath.mpf(10) ** -20
        for index, leaf in enumerate(leaves):
            above, below = ([mpmath.mpf(x) for x in expression.inputs] for _ in range(2))
            above[index] += step
            below[index] -= step
            functions = reference.MPMATH.__getitem__
            try:
                difference = (expression(*above, functions=functions) - expression(*below, functions=functions)) / (
                    2 * step
                )
            except (ValueError, IndexError):  # the edge of a domain
                reject()
            assume(near_no_kink(expression, above, below))
            assert abs(leaf.grad - difference) <= 1e-7 * sizes[index]


def near_no_kink(expression, above, below):
    """Tell whether no choice falls differently, nor lies within rounding, between two points."""
    taken = []

    def watched(name):
        def call(*operands):
            flat = [x for part in operands for x in (part if isinstance(part, list) else [part])]
            if name in {"relu", "leaky_relu", "abs", "elu", "selu", "sign", "softsign", "cbrt", "gamma", "lgamma"}:
                taken.append(flat[0])
            elif name in {"hardtanh", "asin", "acos", "acosh", "atanh"}:
                taken.extend((flat[0] - 1, flat[0] + 1))
            elif name == "clip":
                taken.extend((flat[0] - flat[1], flat[0] - flat[2], flat[1] - flat[2]))
            elif name in {"floor", "ceil", "trunc"}:
                taken.append(flat[0] - mpmath.nint(flat[0]))
            elif name == "remainder":
                taken.append(flat[0] / flat[1] - mpmath.nint(flat[0] / flat[1]))
            elif name in {"maximum", "minimum"}:
                taken.extend(a - b for i, a in enumerate(flat) for b in flat[:i] if a is not b)
            elif name == "where" or (name == "atan2" and flat[1] <= 0):
                taken.append(flat[0])
            elif name in {"sqrt", "pow", "hypot", "norm", "atan2"}:
                taken.append(max(map(abs, flat)))
            return reference.MPMATH[name](*operands)

        return call

    signs = []
    for point in (above, below):
        taken.clear()
        expression(*point, functions=watched)
        if any(abs(x) < 1e-9 for x in taken):
            return False
        signs.append([x > 0 for x in taken])
    return signs[0] == signs[1]


@given(expressions(ops=SMOOTH, max_ops=5, largest=20.0))
@settings(max_examples=60)
def test_the_gradient_is_sympys(expression):
    leaves, root = sweep(expression)
    sizes = size_of_gradients(root, leaves)
    assume(max(sizes) < 1e6)
    symbols = sympy.symbols(f"x0:{len(leaves)}", real=True)
    exact_inputs = {symbol: sympy.Float(x, 50) for symbol, x in zip(symbols, expression.inputs, strict=True)}

    def exactly(name):
        return lambda *operands: reference.SYMPY[name](*sympify(operands))

    def sympify(operands):
        return [
            [sympy.Rational(x) if isinstance(x, float) else x for x in part]
            if isinstance(part, list)
            else sympy.Rational(part)
            if isinstance(part, float)
            else part
            for part in operands
        ]

    formula = expression(*symbols, functions=exactly)
    assume(all(abs(x) > 1e-3 for x in expression.inputs))
    for index, (leaf, symbol) in enumerate(zip(leaves, symbols, strict=True)):
        exact = sympy.diff(formula, symbol).subs(exact_inputs).evalf(30)
        assume(exact.is_Float or exact.is_Integer or exact.is_Rational)
        assert abs(leaf.grad - float(exact)) <= 1e-7 * sizes[index]


@given(expressions())
def test_two_sweeps_give_exactly_twice_the_gradient(expression):
    leaves, root = sweep(expression)
    once = [leaf.grad for leaf in leaves]
    assume(all(abs(g) < 1e300 for g in once))
    root.backward()
    assert [leaf.grad for leaf in leaves] == [2 * g for g in once]


@given(expressions())
def test_gradients_are_those_of_the_sweep_bit_for_bit(expression):
    leaves, root = sweep(expression)
    for leaf, derivative in zip(leaves, gradients(root, leaves), strict=True):
        assert derivative.data == leaf.grad or (math.isnan(derivative.data) and math.isnan(leaf.grad))


@given(expressions(ops=SMOOTH, max_ops=3, largest=10.0, n_inputs=1))
@settings(max_examples=60)
def test_second_derivatives_are_mpmaths(expression):
    (x,) = expression.inputs
    assume(abs(x) > 1e-2)
    leaf = Value(x)
    first = gradients(expression(leaf), leaf)
    second = gradients(first, leaf)
    with mpmath.workdps(60):
        step = mpmath.mpf(10) ** -15

        def f(at):
            return expression(at, functions=reference.MPMATH.__getitem__)

        at = mpmath.mpf(x)
        try:
            difference = (f(at + step) - 2 * f(at) + f(at - step)) / step**2
        except ValueError:
            reject()
        size = sum(abs(node.data) for node in topological_order(second))
        assume(near_no_kink(expression, [at + step], [at - step]))
        assume(math.isfinite(size) and size < 1e6)
        assert abs(second.data - difference) <= 1e-8 * (1 + size)


@given(expressions())
def test_an_expression_prints_as_python_that_gives_its_value(expression):
    text = repr(expression)
    scope = {"autograd": __import__("autograd")}
    body, call = text.rsplit("\n", 1)
    exec(body, scope)
    assert bits(eval(call, scope)) == bits(expression(*expression.inputs))


def test_generated_expressions_share_nodes_and_repeat_operands():
    found = {"shared": False, "repeated": False}

    @given(expressions())
    @settings(max_examples=200, database=None)
    def look(expression):
        _, root = sweep(expression)
        parents = [parent for node in topological_order(root) for parent in node.parents]
        found["shared"] |= len(parents) > len(set(parents))
        found["repeated"] |= any(len(node.parents) > len(set(node.parents)) for node in topological_order(root))

    look()
    assert found == {"shared": True, "repeated": True}


def test_a_nan_input_gives_nan_gradients():
    x = Value(math.nan)
    (x.relu() + abs(x)).backward()
    assert math.isnan(x.grad)
