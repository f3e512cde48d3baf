"""
The primitives: the few functions that the texts of the table are written in, once for each kind of number.

`FLOATS` raises where Python's arithmetic and the ``math`` module raise. `IEEE` never does: it gives inf and nan, as the
floating-point standard has it. `mpmath_primitives` computes with as many digits as are asked for, `LATEX` prints.
"""

from __future__ import annotations

import math
import operator
from functools import reduce
from math import copysign, inf, nan
from typing import TYPE_CHECKING, Any

from autograd.errors import MissingExtraError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

# ---------------------------------------------------------------------- floats, as Python computes


def real_power(x: float, y: float) -> float:
    """
    Raise to a power, with a real result.

    Parameters
    ----------
    x, y
        Base and exponent.

    Returns
    -------
    float

    Raises
    ------
    ValueError
        The result is complex.
    ZeroDivisionError, OverflowError
        Where ``x ** y`` raises them.

    Examples
    --------
    >>> real_power(2.0, -1.0)
    0.5
    """
    out: float | complex = x**y
    if isinstance(out, complex):
        msg = "the result of a negative number to a fractional power is complex"
        raise ValueError(msg)  # noqa: TRY004 - the type is right, it is the value that has no real power
    return out


def left_sum(terms: Iterable[float], start: float = 0.0) -> float:
    """
    Add from left to right.

    The builtin ``sum`` compensates its rounding errors since Python 3.12; this has the same bits on every version, and
    those of ``a + b + c``.

    Parameters
    ----------
    terms
        What to add.
    start
        What to add it to.

    Returns
    -------
    float

    Examples
    --------
    >>> left_sum([0.1] * 10)
    0.9999999999999999
    """
    for term in terms:
        start += term
    return start


def maximum(*values: float) -> float:
    """
    Find the largest number; nan if there is one.

    Parameters
    ----------
    *values
        One or more.

    Returns
    -------
    float

    Examples
    --------
    >>> maximum(1.0, nan, 3.0)
    nan
    """
    best = values[0]
    for value in values:
        if value > best or value != value:  # noqa: PLR0124 - only a nan differs from itself
            best = value
    return best


def minimum(*values: float) -> float:
    """
    Find the smallest number; nan if there is one.

    Parameters
    ----------
    *values
        One or more.

    Returns
    -------
    float

    Examples
    --------
    >>> minimum(1.0, nan, 3.0)
    nan
    """
    return -maximum(*(-value for value in values))


def left_product(factors: Iterable[Any]) -> Any:
    """
    Multiply from left to right.

    Parameters
    ----------
    factors
        Numbers, or Values.

    Returns
    -------
    float or Value
        1.0 for no factors.

    Examples
    --------
    >>> left_product([2.0, 3.0, 4.0])
    24.0
    """
    out: Any = 1.0
    for factor in factors:
        out = out * factor
    return out


def element(values: Sequence[Any], index: float) -> Any:
    """
    Take an element of a sequence.

    Parameters
    ----------
    values
        Numbers, or Values.
    index
        A whole number, counted from 0.

    Returns
    -------
    float or Value

    Raises
    ------
    IndexError
        There is no such element; indices below 0 do not count from the end.

    Examples
    --------
    >>> element([2.0, 3.0, 4.0], 1.0)
    3.0
    """
    if 0.0 <= index < len(values):
        return values[int(index)]
    msg = f"the index must be from 0 to {len(values) - 1}, not {index:g}"
    raise IndexError(msg)


def places(values: Sequence[Any]) -> list[float]:
    """
    Count the elements of a sequence.

    Parameters
    ----------
    values
        Numbers, or Values.

    Returns
    -------
    list of float
        For each where it stands, from 0.

    Examples
    --------
    >>> places([7.0, 8.0])
    [0.0, 1.0]
    """
    return [float(place) for place in range(len(values))]


def polygamma(order: float, x: float) -> float:
    """
    Differentiate the logarithm of the gamma function `order` + 1 times.

    Parameters
    ----------
    order
        0 for the digamma function, 1 for the trigamma function, ... up to 99.
    x
        Where.

    Returns
    -------
    float
        In IEEE arithmetic: inf or nan at the poles 0, -1, -2, ...; nan where there is no such order.

    Raises
    ------
    ImportError
        SciPy is missing.

    References
    ----------
    Abramowitz and Stegun, Handbook of Mathematical Functions, 6.4.10 and, for negative x, the reflection formula 6.4.7.

    Examples
    --------
    >>> round(polygamma(1, 1.0), 12) == round(math.pi**2 / 6, 12)
    True
    """
    try:
        from scipy.special import digamma, zeta  # noqa: PLC0415 - optional
    except ImportError as error:
        msg = "the derivatives of the gamma functions come with SciPy: pip install 'chainrule[special]'"
        raise MissingExtraError(msg) from error
    if order not in range(100) or x == -inf:
        return nan
    order = int(order)
    if order == 0:
        return float(digamma(x))
    if x == 0.0 or (x < 0.0 and x == math.floor(x)):
        return inf if order % 2 else nan
    scaled = float(zeta(order + 1, x if not x < 0.0 else 1.0 - x)) * math.factorial(order)
    if not x < 0.0:
        return scaled if order % 2 else -scaled
    # The n-th derivative of cot is a polynomial in cot, since cot' = -(1 + cot²).
    polynomial = [0.0, 1.0]
    for _ in range(order):
        slope = [power * factor for power, factor in enumerate(polynomial)][1:]
        polynomial = [-a - b for a, b in zip([*slope, 0.0, 0.0], [0.0, 0.0, *slope])]
    cot = 1.0 / math.tan(math.pi * (x - math.floor(x + 0.5)))
    derivative_of_cot = 0.0
    for factor in reversed(polynomial):
        derivative_of_cot = derivative_of_cot * cot + factor
    return -scaled - math.pi ** (order + 1) * derivative_of_cot


def _floor(x: float) -> float:
    return float(math.floor(x))


def _ceil(x: float) -> float:
    return float(math.ceil(x))


def _trunc(x: float) -> float:
    return float(math.trunc(x))


def _detached(x: float) -> float:
    return x


#: What `math` and mpmath both have by these names.
_SHARED = tuple(
    "acos acosh asin asinh atan atan2 atanh cos cosh erf erfc exp expm1 gamma inf log log10 log1p nan pi sin sinh sqrt"  # noqa: SIM905
    " tan tanh".split()
)

#: Primitives of any number of arguments that are computed two at a time, with what a single one is combined with.
CHAINED = {"hypot": 0.0, "maximum": None, "minimum": None, "product": 1.0}

#: Comparisons by their signs.
COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge, "==": operator.eq, "!=": operator.ne,
}  # fmt: skip

FLOATS: dict[str, Any] = {
    **{name: getattr(math, name) for name in (*_SHARED, "cbrt", "copysign", "exp2", "hypot", "lgamma", "log2")},
    "abs": abs,
    "ceil": _ceil,
    "detached": _detached,
    "element": element,
    "floor": _floor,
    "len": len,
    "maximum": maximum,
    "minimum": minimum,
    "places": places,
    "nothing": None,  # the local derivative of a branch that was not taken
    "polygamma": polygamma,
    "pow": real_power,
    "product": left_product,
    "remainder": operator.mod,
    "sum": left_sum,
    "trunc": _trunc,
    "zip": zip,
}

# ---------------------------------------------------------------------- IEEE floats: inf and nan in place of exceptions


def _divide(x: float, y: float) -> float:
    try:
        return x / y
    except ZeroDivisionError:
        return nan if x == 0.0 or x != x else copysign(inf, x) * copysign(1.0, y)  # noqa: PLR0124


def _total_power(x: float, y: float) -> float:
    try:
        out: float | complex = x**y
    except (ZeroDivisionError, OverflowError):
        if x < 0.0 and y % 1.0 != 0.0:
            return nan
        return copysign(inf, x) if abs(math.fmod(y, 2.0)) == 1.0 else inf  # % would round -1 + 2**-53
    return nan if isinstance(out, complex) else out


def _total_remainder(x: float, y: float) -> float:
    return x % y if y != 0.0 else nan


def _total_element(values: Sequence[float], index: float) -> float:
    return values[int(index)] if 0.0 <= index < len(values) else nan


def _total(
    function: Callable[[float], float],
    poles: dict[float, float] | None = None,
    elsewhere: float = nan,
    overflow: Callable[[float], float] = lambda _: inf,
) -> Callable[[float], float]:
    """Complete a function: at its poles, where else it has no value, and where that is too large for a float."""
    limits = poles or {}

    def total(x: float) -> float:
        try:
            return function(x)
        except ValueError:
            return limits.get(x, elsewhere)
        except OverflowError:
            return overflow(x)

    return total


def _signed_inf(x: float) -> float:
    return copysign(inf, x)


def _finite_only(function: Callable[[float], float]) -> Callable[[float], float]:
    """Complete a function to whole numbers, of which inf and nan are none."""

    def total(x: float) -> float:
        return function(x) if math.isfinite(x) else x

    return total


def _total_gamma(x: float) -> float:
    if x == 0.0:
        return copysign(inf, x)
    return _gamma(x)


_gamma = _total(math.gamma, overflow=_signed_inf)  # it overflows on the negative side next to zero alone

IEEE: dict[str, Any] = {
    **FLOATS,
    "acos": _total(math.acos),
    "acosh": _total(math.acosh),
    "asin": _total(math.asin),
    "atanh": _total(math.atanh, {-1.0: -inf, 1.0: inf}),
    "ceil": _finite_only(_ceil),
    "cos": _total(math.cos),
    "cosh": _total(math.cosh),
    "element": _total_element,
    "exp": _total(math.exp),
    "exp2": _total(math.exp2),
    "expm1": _total(math.expm1),
    "floor": _finite_only(_floor),
    "gamma": _total_gamma,
    "lgamma": _total(math.lgamma, elsewhere=inf),
    "log": _total(math.log, {0.0: -inf}),
    "log10": _total(math.log10, {0.0: -inf}),
    "log1p": _total(math.log1p, {-1.0: -inf}),
    "log2": _total(math.log2, {0.0: -inf}),
    "pow": _total_power,
    "remainder": _total_remainder,
    "sin": _total(math.sin),
    "sinh": _total(math.sinh, overflow=_signed_inf),
    "sqrt": _total(math.sqrt),
    "tan": _total(math.tan),
    "truediv": _divide,
    "trunc": _finite_only(_trunc),
}

# ---------------------------------------------------------------------- the two derivatives of x ** y

_SAFE = 1e-290  # below it a result may have lost digits


def power_by_base(x: float, y: float) -> float:
    """
    ∂(x**y)/∂x = y · x**(y-1), in IEEE arithmetic.

    Written plainly, the rounding of ``y - 1`` costs up to 600 units in the last place; ``y * (x**y / x)`` costs two,
    but overflows and underflows early. There half the power is taken twice.

    Parameters
    ----------
    x, y
        Base and exponent.

    Returns
    -------
    float
        The derivative, or its limit.

    Examples
    --------
    >>> power_by_base(3.0, 2.0), power_by_base(0.0, 0.5), power_by_base(0.0, 0.0)
    (6.0, inf, 0.0)
    """
    if y == 2.0:
        return 2.0 * x
    out = _total_power(x, y)
    if y == 0.0 or (out == 0.0 and math.isinf(y)):
        return 0.0
    if x == 0.0 or math.isinf(x):
        return y * _total_power(x, y - 1.0)
    ratio = out / x
    if _SAFE < abs(out) < inf and _SAFE < abs(ratio) < inf:
        return y * ratio
    half = _total_power(abs(x), y / 2.0)
    return y * copysign(half, out) / x * half


def power_by_exponent(x: float, y: float) -> float:
    """
    ∂(x**y)/∂y = x**y · log x, in IEEE arithmetic; nan for a negative base.

    Parameters
    ----------
    x, y
        Base and exponent.

    Returns
    -------
    float
        The derivative, or its limit.

    Examples
    --------
    >>> power_by_exponent(1.0, 3.0), power_by_exponent(0.0, 2.0), power_by_exponent(-2.0, 2.0)
    (0.0, 0.0, nan)
    """
    if (x == 0.0 and y > 0.0) or (x == inf and y < 0.0):
        return 0.0
    log: float = IEEE["log"](x)
    out = _total_power(x, y)
    if _SAFE < out < inf:
        return out * log
    half = _total_power(x, y / 2.0)
    return half * log * half


# ---------------------------------------------------------------------- mpmath, and LaTeX


def mpmath_primitives() -> dict[str, Any]:
    """
    Give the primitives in mpmath's arithmetic, at its current precision.

    Returns
    -------
    dict of str to function or number
    """
    import mpmath  # noqa: PLC0415 - optional

    def odd_root(x: Any) -> Any:
        return mpmath.sign(x) * mpmath.cbrt(abs(x))

    def truncated(x: Any) -> Any:
        return mpmath.floor(x) if x >= 0 else mpmath.ceil(x)

    names = (*_SHARED, "ceil", "floor")
    return {
        **FLOATS,
        **{name: getattr(mpmath, name) for name in names},
        "cbrt": odd_root,
        "copysign": lambda x, y: abs(x) if y >= 0 else -abs(x),
        "exp2": lambda x: mpmath.power(2, x),
        "hypot": lambda *xs: mpmath.sqrt(mpmath.fsum(x * x for x in xs)),
        "lgamma": lambda x: mpmath.re(mpmath.loggamma(x)),
        "log2": lambda x: mpmath.log(x) / mpmath.ln2,
        "polygamma": lambda order, x: mpmath.psi(int(order), x) if order == int(order) else mpmath.nan,
        "pow": mpmath.power,
        "remainder": mpmath.fmod,
        "sum": lambda terms, start=0: start + mpmath.fsum(terms),
        "trunc": truncated,
    }


#: How a call of a primitive is printed; {0} and {1} are its arguments. Those that are missing print as \operatorname.
LATEX: dict[str, str] = {
    "abs": r"\left|{0}\right|",
    "acos": r"\arccos\left({0}\right)",
    "acosh": r"\operatorname{{arcosh}}\left({0}\right)",
    "asin": r"\arcsin\left({0}\right)",
    "asinh": r"\operatorname{{arsinh}}\left({0}\right)",
    "atan": r"\arctan\left({0}\right)",
    "atanh": r"\operatorname{{artanh}}\left({0}\right)",
    "cbrt": r"\sqrt[3]{{{0}}}",
    "ceil": r"\left\lceil {0} \right\rceil",
    "copysign": r"\left|{0}\right| \operatorname{{sgn}}\left({1}\right)",
    "cos": r"\cos\left({0}\right)",
    "cosh": r"\cosh\left({0}\right)",
    "detached": "{0}",
    "element": r"{0}_{{{1}}}",
    "exp": r"e^{{{0}}}",
    "exp2": r"2^{{{0}}}",
    "expm1": r"\left(e^{{{0}}} - 1\right)",
    "floor": r"\left\lfloor {0} \right\rfloor",
    "gamma": r"\Gamma\left({0}\right)",
    "hypot": r"\sqrt{{\left({0}\right)^2 + \left({1}\right)^2}}",
    "lgamma": r"\ln\left|\Gamma\left({0}\right)\right|",
    "log": r"\ln\left({0}\right)",
    "log10": r"\log_{{10}}\left({0}\right)",
    "log1p": r"\ln\left(1 + {0}\right)",
    "log2": r"\log_2\left({0}\right)",
    "maximum": r"\max\left({0}, {1}\right)",
    "minimum": r"\min\left({0}, {1}\right)",
    "polygamma": r"\psi^{{\left({0}\right)}}\left({1}\right)",
    "remainder": r"\left({0} \bmod {1}\right)",
    "sin": r"\sin\left({0}\right)",
    "sinh": r"\sinh\left({0}\right)",
    "sqrt": r"\sqrt{{{0}}}",
    "tan": r"\tan\left({0}\right)",
    "tanh": r"\tanh\left({0}\right)",
}

# ---------------------------------------------------------------------- complex numbers, near the real axis


def numpy_primitives() -> dict[str, Any]:
    """
    Give the primitives for NumPy's arrays, in IEEE arithmetic.

    Returns
    -------
    dict of str to function
        Those that NumPy lacks take one number after the other.

    Examples
    --------
    >>> numpy_primitives()["lgamma"]([1.0, -1.0]).tolist()
    [0.0, inf]
    """
    import numpy as np  # noqa: PLC0415 - optional

    def one_by_one(function: Callable[..., float]) -> Callable[..., Any]:
        return lambda *xs: np.asarray(np.frompyfunc(function, len(xs), 1)(*xs), dtype=float)

    same = "cbrt copysign cos cosh exp exp2 expm1 hypot log log10 log1p log2 remainder sin sinh sqrt tan tanh"
    named = {name: name for name in same.split()}
    named |= {f"a{name}": f"arc{name}" for name in ("cos", "cosh", "sin", "sinh", "tan", "tan2", "tanh")}
    named |= {"abs": "absolute", "truediv": "divide"}

    def power(x: Any, y: Any) -> Any:
        if np.ndim(y) == 0 and y == 0.5:  # of which NumPy makes a square root, with other infinities and zeros
            x = np.where((x == 0.0) | (x == -inf), np.abs(x), x)
        return np.power(x, y)

    return {
        **{name: one_by_one(function) for name, function in IEEE.items() if callable(function)},
        **{name: getattr(np, numpys) for name, numpys in named.items()},
        **_zeros_kept(np),
        "dot": lambda start, *factors: reduce(np.add, map(np.multiply, factors[::2], factors[1::2]), start),
        "pow": power,
        "sum": lambda *terms: reduce(np.add, terms),
    }


def _zeros_kept(np: Any) -> dict[str, Callable[..., Any]]:
    """Give for arrays what has other zeros in NumPy and JAX: none negative of rounding, the first of two equal ones."""

    def rounding(function: Callable[[Any], Any]) -> Callable[[Any], Any]:
        def rounded(x: Any) -> Any:
            whole = function(x)
            return np.where(whole == 0.0, 0.0, whole)

        return rounded

    return {
        **{name: rounding(getattr(np, name)) for name in ("ceil", "floor", "trunc")},
        "maximum": lambda x, y: np.where((y > x) | (y != y), y, x),  # noqa: PLR0124 - nan
        "minimum": lambda x, y: np.where((y < x) | (y != y), y, x),  # noqa: PLR0124 - nan
    }


#: Primitives of two numbers.
BINARY = frozenset({"atan2", "copysign", "hypot", "maximum", "minimum", "pow", "polygamma", "remainder", "truediv"})


def jax_primitives() -> dict[str, Any]:
    """
    Give the primitives for JAX's arrays, in IEEE arithmetic, with what texts choose by.

    Returns
    -------
    dict of str to function or number
        Those that JAX lacks are missing.

    Raises
    ------
    ImportError
        JAX is not installed.

    Examples
    --------
    >>> jax_primitives()["if_else"](True, 2.0, 3.0)
    2.0
    """
    jax = import_jax()
    np, special = jax.numpy, jax.scipy.special

    def known(x: Any) -> bool:
        return isinstance(x, bool)

    def if_else(test: Any, x: Any, y: Any) -> Any:
        return (x if test else y) if known(test) else np.where(test, x, y)

    def and_(x: Any, y: Any) -> Any:
        return x and y if known(x) and known(y) else np.logical_and(x, y)

    def or_(x: Any, y: Any) -> Any:
        return x or y if known(x) and known(y) else np.logical_or(x, y)

    def folded(function: Callable[[Any, Any], Any], *start: float) -> Callable[..., Any]:
        return lambda *xs: reduce(function, xs if len(xs) > 1 else (*start, *xs))

    def polygamma(order: Any, x: Any) -> Any:
        return special.polygamma(np.asarray(order, int), x)

    def element(values: Sequence[Any], index: Any) -> Any:
        return reduce(lambda out, at: np.where(index == at, values[at], out), range(len(values)), nan)

    same = "cbrt copysign cos cosh exp exp2 expm1 log log10 log1p log2 remainder sin sinh sqrt tan tanh"
    named = {name: name for name in same.split()}
    named |= {f"a{name}": f"arc{name}" for name in ("cos", "cosh", "sin", "sinh", "tan", "tan2", "tanh")}
    named |= {"abs": "absolute", "pow": "power", "truediv": "divide"}
    return {
        **{name: FLOATS[name] for name in ("inf", "len", "nan", "pi", "places", "product", "sum", "zip")},
        **{name: getattr(np, jaxs) for name, jaxs in named.items()},
        **{name: folded(f) if name in BINARY else f for name, f in _zeros_kept(np).items()},
        **{name: getattr(special, name) for name in ("erf", "erfc", "gamma")},
        "and_": and_,
        "if_else": if_else,
        "compared": lambda sign, x, y: COMPARISONS[sign](x, y),
        "detached": jax.lax.stop_gradient,
        "or_": or_,
        "element": element,
        "hypot": folded(np.hypot, 0.0),
        "lgamma": special.gammaln,
        "mul": operator.mul,
        "nothing": 0.0,
        "polygamma": polygamma,
    }


def import_jax() -> Any:
    """
    Import JAX.

    Returns
    -------
    module

    Raises
    ------
    ImportError
        It is not installed.
    """
    try:
        import jax  # noqa: PLC0415 - optional
        import jax.numpy  # noqa: PLC0415
        import jax.scipy.special  # noqa: PLC0415
    except ImportError as error:
        msg = "what is handed on to JAX needs it: pip install 'chainrule[jax]'"
        raise MissingExtraError(msg) from error
    return jax


#: What the C library calls those primitives that machine code takes from there.
C_LIBRARY = {"gamma": "tgamma", "lgamma": "lgamma"}

#: What LLVM calls those primitives that a CPU has an instruction for, or nearly.
LLVM = {"abs": "fabs", "copysign": "copysign", "sqrt": "sqrt"}


def complex_primitives() -> dict[str, Any]:
    """
    Give the primitives that continue into the complex plane, as they are right beside the real axis.

    What chooses, chooses by the real part; ``abs``, ``copysign`` and ``maximum`` are analytic but where they choose.

    Returns
    -------
    dict of str to function or number
        Primitives that have no such form here are missing.

    Examples
    --------
    >>> complex_primitives()["sqrt"](4 + 1e-100j)
    (2+2.5e-101j)
    """
    import cmath  # noqa: PLC0415 - a check alone needs it

    def copysign_of(x: complex, y: complex) -> complex:
        return x if copysign(1.0, x.real) == copysign(1.0, y.real) else -x

    def expm1_of(x: complex) -> complex:
        half = math.sin(x.imag / 2)
        return complex(math.expm1(x.real) * math.cos(x.imag) - 2 * half * half, math.exp(x.real) * math.sin(x.imag))

    def log1p_of(x: complex) -> complex:
        ratio = x.imag / (1 + x.real)
        return complex(math.log1p(x.real) + math.log1p(ratio * ratio) / 2, math.atan(ratio))

    def cbrt_of(x: complex) -> complex:
        return -cbrt_of(-x) if x.real < 0 else x and cmath.exp(cmath.log(x) / 3)

    def hypot_of(*xs: complex) -> complex:
        scale = max((abs(x.real) for x in xs), default=0.0)
        return scale and scale * cmath.sqrt(sum((x / scale) ** 2 for x in xs))

    def remainder_of(x: complex, y: complex) -> complex:
        return x - y * math.floor(x.real / y.real)

    def atan2_of(y: complex, x: complex) -> complex:
        length = math.hypot(x.real, y.real)
        angle = math.atan2(y.real, x.real)
        return complex(angle, length and (x.real / length * y.imag - y.real / length * x.imag) / length)

    def power_of(x: complex, y: complex) -> complex:
        if x == 0 or (y.imag == 0 and abs(y.real) <= 64 and y.real == math.floor(y.real)):
            return complex(x) ** y
        if x.real < 0:  # a whole power of it, or a real one would not exist
            out = power_of(-x, y)
            return -out if y.real % 2.0 == 1.0 else out
        return cmath.exp(y * cmath.log(x))

    def largest_of(*values: complex) -> complex:
        return max(values, key=lambda value: value.real)

    def smallest_of(*values: complex) -> complex:
        return min(values, key=lambda value: value.real)

    return {
        **{name: getattr(cmath, name) for name in FLOATS if hasattr(cmath, name)},
        **{name: _of_real_part(FLOATS[name]) for name in ("ceil", "detached", "floor", "trunc")},
        **{name: FLOATS[name] for name in ("element", "len", "nothing", "places", "product", "sum", "zip")},
        "abs": lambda x: -x if x.real < 0 else x,
        "atan2": atan2_of,
        "cbrt": cbrt_of,
        "compared": lambda sign, x, y: COMPARISONS[sign](x.real, y.real),
        "copysign": copysign_of,
        "exp2": lambda x: cmath.exp(x * math.log(2)),
        "expm1": expm1_of,
        "hypot": hypot_of,
        "log1p": log1p_of,
        "log2": lambda x: cmath.log(x) / math.log(2),
        "maximum": largest_of,
        "minimum": smallest_of,
        "pow": power_of,
        "remainder": remainder_of,
    }


def _of_real_part(function: Callable[[float], float]) -> Callable[[complex], float]:
    return lambda x: function(x.real)
