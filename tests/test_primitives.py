"""Primitives for arrays are those for numbers, at every corner: NumPy's and JAX's own functions have other zeros."""

import itertools
import math

import numpy as np
import pytest

from autograd.primitives import BINARY, IEEE, jax_primitives, numpy_primitives

CORNERS = [0.0, -0.0, 1.0, -1.0, 0.5, -0.5, 2.0, -2.0, 3.0, -3.0, 1 / 3, 1e308, -1e308, 5e-324, -5e-324, 750.0, -750.0]
CORNERS += [math.inf, -math.inf, math.nan, 170.5]
OF_LISTS = {"dot", "element", "len", "places", "product", "sum", "zip"}
OF_NUMBERS = sorted(name for name, function in IEEE.items() if callable(function) and name not in OF_LISTS)


def rows_of(name):
    if name == "polygamma":
        return list(itertools.product([0.0, 1.0, 2.0], CORNERS))
    return list(itertools.product(CORNERS, repeat=2 if name in BINARY else 1))


def alike(found, wanted):
    if math.isnan(wanted) or wanted == 0.0:
        return math.isnan(found) if math.isnan(wanted) else math.copysign(1.0, found) == math.copysign(1.0, wanted)
    return math.isclose(found, wanted, rel_tol=1e-13, abs_tol=5e-323)


@pytest.mark.parametrize("name", OF_NUMBERS)
@pytest.mark.parametrize("count", [1, 2])
def test_numpys_are_those_of_floats(name, count):
    function = numpy_primitives()[name]
    with np.errstate(all="ignore"):
        for row in rows_of(name):
            wanted = IEEE[name](*row)
            arrays = [np.full(count, x) for x in row]
            for given in (arrays, [*arrays[:-1], row[-1]], [row[0], *arrays[1:]]):
                found = np.broadcast_to(function(*given), count)
                assert all(alike(x, wanted) for x in found.tolist()), (row, found, wanted)


@pytest.mark.parametrize("name", ["ceil", "floor", "maximum", "minimum", "trunc"])
def test_jaxs_have_the_zeros_of_floats(name):
    jax = pytest.importorskip("jax", reason="needs JAX")
    numbers = [x for x in CORNERS if abs(x) != 5e-324]  # XLA takes these for zero
    with jax.enable_x64(True):  # noqa: FBT003 - it is JAX's
        function = jax.jit(jax_primitives()[name])
        rows = list(itertools.product(numbers, repeat=2 if name in BINARY else 1))
        found = function(*(jax.numpy.array(column) for column in zip(*rows, strict=True)))
        for row, x in zip(rows, found.tolist(), strict=True):
            assert alike(x, IEEE[name](*row)), row
