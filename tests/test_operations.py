"""What the table's operations look like to users: names, operators, and what is said when something is missing."""

import math
import sys

import numpy as np
import pytest

import autograd
from autograd import Value, parse
from autograd.errors import MissingExtraError
from autograd.ops import TABLE
from autograd.rules import public_names, spellings
from autograd.rules.parameters import parameters


def test_aliases_are_the_same_functions_and_methods():
    for spelling, name in spellings().items():
        assert getattr(autograd, spelling) is getattr(autograd, name)
        assert getattr(Value, spelling) is getattr(Value, name)
        arguments = ["[x]" if p.kind == "sequence" else "x" for p in parameters(TABLE[name]) if not p.default]
        assert parse(f"{spelling}({', '.join(arguments)})").names == ["x"]
    assert set(public_names()) < set(spellings())
    assert {"arcsin", "arctan2", "absolute", "mod"} < set(spellings())


def test_no_name_is_given_twice():
    names = [name for op in TABLE.values() for name in (op.name, *op.aliases)]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize(
    "name",
    """
    absolute arccos arccosh arcsin arcsinh arctan arctanh cbrt ceil cos cosh exp exp2 expm1 fabs floor log log10 log1p
    log2 reciprocal sin sinh sqrt square tan tanh trunc
    """.split(),  # noqa: SIM905 - a list of names
)
def test_numpys_function_of_an_object_array_finds_the_operation(name):
    x = 1.25 if name == "arccosh" else 0.75
    leaf = Value(x)
    (out,) = getattr(np, name)(np.array([leaf], dtype=object))
    assert out.data == pytest.approx(float(getattr(np, name)(x)), rel=1e-15)
    assert out.parents[0] is leaf


@pytest.mark.parametrize("name", ["arctan2", "hypot", "remainder", "mod"])
def test_numpys_function_of_two_object_arrays_finds_the_operation(name):
    y, x = Value(2.5), Value(0.75)
    (out,) = getattr(np, name)(np.array([y], dtype=object), np.array([x], dtype=object))
    assert out.data == pytest.approx(float(getattr(np, name)(2.5, 0.75)), rel=1e-15)
    assert out.parents == (y, x)


def test_the_remainder_operator_takes_numbers_and_arrays_on_either_side():
    x, y = Value(5.5), Value(-2.0)
    assert ((x % y).data, (x % 2).data, (7 % y).data) == (-0.5, 1.5, -1.0)
    assert (x % y).parents == (x, y)
    assert (7 % y).operands == (7.0, y)
    for out in (np.array([2.0, 4.0]) % x, np.array([2.0, 4.0], dtype=object) % x):
        assert [o.data for o in out] == [2.0, 4.0]
    assert [o.data for o in x % np.array([2.0, 4.0])] == [1.5, 1.5]
    with pytest.raises(ZeroDivisionError, match=r"remainder\(5.5, 0.0\)"):
        x % 0
    with pytest.raises(TypeError, match="remainder: an operand must be a real number"):
        x % "2"


def test_pythons_rounding_gives_values():
    x = Value(-1.5)
    assert [(f(x).data, f(x).parents) for f in (math.floor, math.ceil, math.trunc)] == [
        (-2.0, (x,)),
        (-1.0, (x,)),
        (-1.0, (x,)),
    ]


def test_scalars_of_composed_operations_are_checked():
    with pytest.raises(TypeError, match="clip: low must be a real number"):
        autograd.clip(1.0, None, 2.0)
    assert autograd.clip(3, 0, 2) == 2.0
    assert type(autograd.clip(3, 0, 2)) is float
    low = Value(1.0)
    autograd.clip(0.5, low, 2.0).backward()
    assert low.grad == 1.0


def test_products_with_zeros_have_gradients():
    leaves = [Value(x) for x in (2.0, 0.0, 3.0)]
    autograd.prod(leaves).backward()
    assert [leaf.grad for leaf in leaves] == [0.0, 6.0, 0.0]
    assert autograd.prod([]) == 1.0
    assert autograd.norm([]) == 0.0


def test_derivatives_of_gamma_say_that_scipy_is_missing(monkeypatch):
    monkeypatch.setitem(sys.modules, "scipy", None)
    monkeypatch.setitem(sys.modules, "scipy.special", None)
    assert autograd.gamma(5.0) == 24.0
    with pytest.raises(MissingExtraError, match=r"chainrule\[special\]"):
        autograd.gamma(Value(5.0))


def test_kinks_are_documented():
    for name in ("relu", "abs", "hardtanh", "clip", "floor", "remainder", "cbrt", "hypot", "norm", "maximum", "elu"):
        assert TABLE[name].kink
        text = TABLE[name].kink
        assert text[1:] in getattr(autograd, name).__doc__
