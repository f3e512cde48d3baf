"""
The table beside exact arithmetic: each value and each derivative, to the third order.

The witness is independent of the table: SymPy differentiates a definition of its own, mpmath evaluates that with 60
digits left after the worst cancellation. `python tests/test_accuracy.py 20` prints the measured errors of each entry:
of first derivatives in units in the last place, plain and as they count, and of second and third ones, scaled.
"""

from __future__ import annotations

import itertools
import math
import operator
import random
import sys
from functools import cache
from typing import NamedTuple

import mpmath
import pytest
import sympy
from hypothesis import given
from hypothesis import strategies as st
from sympy import Piecewise, S, exp, log, pi, sqrt

from autograd import Value, gradients, rules
from autograd.ops import TABLE
from autograd.rules import ieee_operation, mpmath_reader, operation, parameters

MAX, TINY = sys.float_info.max, 5e-324

# ---------------------------------------------------------------------- definitions, independent of the table

x, y, z, w, b = NAMES = sympy.symbols("x y z w b", real=True)
_sigmoid = 1 / (1 + exp(-x))
_softplus = Piecewise((x + log(1 + exp(-x)), x > 0), (log(1 + exp(x)), True))
_tanh_of_softplus = 1 - 2 / ((1 + exp(x)) ** 2 + 1)
_normal_cdf = Piecewise((0, x < -100), (1, x > 100), (sympy.erfc(-x / sqrt(2)) / 2, True))
_selu_rate, _selu_alpha = (sympy.Rational(float(c)) for c in ("1.0507009873554805", "1.6732632423543772"))
_cubic = sqrt(8 / pi) * (x + sympy.Rational("0.044715") * x**3)
_norm = sqrt(x**2 + y**2 + z**2)
_total = exp(x) + exp(y) + exp(z)


def _largest(a, *others):
    if not others:
        return a
    rest = _largest(*others)
    return Piecewise((a, a > rest), (rest, True))


def _odd(on_the_right):
    """Give the odd function that is this one for positive x."""
    return Piecewise((on_the_right, x >= 0), (-on_the_right.subs(x, -x), True))


def _step(function):
    """Give the derivative of a step function together with its value."""
    return function, (S.Zero,)


#: The value of each entry; with its derivatives where SymPy cannot differentiate it.
DEFINITIONS = {
    "add": x + y,
    "sub": x - y,
    "mul": x * y,
    "truediv": x / y,
    "pow": x**y,
    "neg": -x,
    "square": x**2,
    "reciprocal": 1 / x,
    "exp": exp(x),
    "exp2": exp(x * log(2)),
    "expm1": exp(x) - 1,
    "log": log(x),
    "log2": log(x) / log(2),
    "log10": log(x) / log(10),
    "log1p": log(1 + x),
    "sqrt": sqrt(x),
    "cbrt": _odd(x ** sympy.Rational(1, 3)),
    "sin": sympy.sin(x),
    "cos": sympy.cos(x),
    "tan": sympy.tan(x),
    "asin": sympy.asin(x),
    "acos": sympy.acos(x),
    "atan": sympy.atan(x),
    "atan2": sympy.atan2(x, y),  # the entry's parameters are y, x
    "hypot": sqrt(x**2 + y**2),
    "sinh": sympy.sinh(x),
    "cosh": sympy.cosh(x),
    "tanh": 1 - 2 / (exp(2 * x) + 1),
    "asinh": sympy.asinh(x),
    "acosh": sympy.acosh(x),
    "atanh": (log(1 + x) - log(1 - x)) / 2,
    "erf": sympy.erf(x),
    "erfc": sympy.erfc(x),
    "gamma": sympy.gamma(x),
    "lgamma": sympy.loggamma(x),
    "sigmoid": _sigmoid,
    "log_sigmoid": -_softplus.subs(x, -x),
    "softplus": _softplus,
    "relu": Piecewise((x, x > 0), (0, True)),
    "leaky_relu": Piecewise((x, x > 0), (x * y, True)),
    "elu": Piecewise((x, x > 0), (y * (exp(x) - 1), True)),
    "selu": _selu_rate * Piecewise((x, x > 0), (_selu_alpha * (exp(x) - 1), True)),
    "gelu": x * _normal_cdf,
    "gelu_tanh": x * _sigmoid.subs(x, _cubic),
    "silu": x * _sigmoid,
    "mish": x * _tanh_of_softplus,
    "softsign": _odd(x / (1 + x)),
    "hardtanh": Piecewise((-1, x < -1), (1, x > 1), (x, True)),
    "abs": Piecewise((x, x >= 0), (-x, True)),
    "sign": _step(sympy.sign(x)),
    "floor": _step(sympy.floor(x)),
    "ceil": _step(sympy.ceiling(x)),
    "trunc": _step(sympy.sign(x) * sympy.floor(sympy.Abs(x))),
    "remainder": (x - y * sympy.floor(x / y), (S.One, -sympy.floor(x / y))),
    "maximum": _largest(x, y, z),
    "minimum": -_largest(-x, -y, -z),
    "where": Piecewise((y, sympy.Ne(x, 0)), (z, True)),
    "take": Piecewise((x, z < 1), (y, True)),
    "clip": Piecewise((z, z < y), (y, x < y), (z, x > z), (x, True)),
    "sum": x + y + z,
    "dot": x * z + y * w + b,
    "logsumexp": log(_total),
    "norm": _norm,
    "prod": x * y * z,
    "mean": (x + y + z) / 3,
    "softmax": exp(x) / _total,
    "log_softmax": x - log(_total),
    "gamma_slope": sympy.diff(sympy.gamma(x), x),
    "cbrt_slope": Piecewise((x, x >= 0), (-x, True)) ** sympy.Rational(-2, 3) / 3,
    "asin_slope": 1 / sqrt(1 - x**2),
    "asinh_slope": 1 / sqrt(1 + x**2),
    "acosh_slope": 1 / sqrt(x**2 - 1),
    "atanh_slope": 1 / (1 - x**2),
    "lorentzian": 1 / (1 + x**2),
    "polar": x / (x**2 + y**2),
    "cosine": x / sqrt(x**2 + y**2),
    "sech2": 4 * exp(2 * x) / (exp(2 * x) + 1) ** 2,
    "sigmoid_slope": exp(x) / (exp(x) + 1) ** 2,
    "erf_slope": 2 / sqrt(pi) * exp(-(x**2)),
    "normal_pdf": exp(-(x**2) / 2) / sqrt(2 * pi),
    "normal_cdf": _normal_cdf,
    "identity": x,
}

#: Entries without a definition here, each with the reason.
NOT_FUNCTIONS = {
    "scale": "a power of two: any will do; norm, polar and cosine show that it is the right one",
    "exp_below": "its derivative by top is left out on purpose; logsumexp shows that the whole is right",
    "sub_detached": "its derivative by top is left out on purpose; log_softmax shows that the whole is right",
    "stop_gradient": "its derivative is left out on purpose",
    "polygamma": "its order is a whole number; gamma and lgamma show it at orders 0 to 3",
    "power_by_base": "pow shows it at orders 1 to 3",
    "power_by_exponent": "pow shows it at orders 1 to 3",
    "power_times_log": "pow shows it at orders 2 and 3",
}

#: Their first derivative is within 4 units in the last place. Of the others the derivative has roots, where terms
#: cancel: there the error is within 8 units of what is left when each argument is wrong by one unit.
ELEMENTARY = set(
    """
    add sub mul truediv pow neg square reciprocal exp exp2 expm1 log log2 log10 log1p sqrt cbrt sin cos tan asin acos
    atan atan2 hypot sinh cosh tanh asinh acosh atanh erf erfc sigmoid log_sigmoid softplus relu leaky_relu elu selu
    softsign hardtanh abs sign floor ceil trunc remainder maximum minimum where clip sum dot norm prod mean logsumexp
    """.split()  # noqa: SIM905 - a list of names
)
ELEMENTARY_UNITS = 4.0
UNITS = 8.0

#: The relative error of second and third derivatives. Seen are 1e-14; what is promised is 1e-10.
HIGHER = 1e-13

#: Entries with a constant that the table has to as many digits as a float has.
DECIMAL_CONSTANTS = {"selu", "gelu_tanh"}

#: Entries that are worse where the derivative leaves the range of floats: the largest error, in units in the last
#: place, where it is below 1e-290, and the reason.
WORSE = {
    "gelu": (40.0, "x is multiplied by a density that is subnormal"),
    "gelu_tanh": (400.0, "x and the slope of the cubic are multiplied by a slope that is subnormal"),
    "mish": (400.0, "x is multiplied by a slope that is subnormal"),
    "silu": (400.0, "x is multiplied by a slope that is subnormal"),
}

#: The size of the terms that a derivative of some order is the sum of, where it is more than conditioning says.
LARGEST_TERM = {
    "logsumexp": lambda _: S.One,
    "softmax": lambda _: S.One,
    "log_softmax": lambda _: S.One,
    "norm": lambda order: _norm ** (1 - order),
}

# ---------------------------------------------------------------------- exact derivatives


class Point(NamedTuple):
    """An operation and its arguments."""

    name: str
    arguments: tuple[float, ...]


@cache
def definition(name: str, orders: tuple[int, ...]) -> sympy.Expr:
    """Differentiate a definition, by each argument as often as is said."""
    given = DEFINITIONS[name]
    expression, slopes = given if isinstance(given, tuple) else (given, None)
    if not any(orders):
        return expression
    if slopes is not None:
        return slopes[orders.index(1)] if sum(orders) == 1 else S.Zero
    first = next(place for place, order in enumerate(orders) if order)
    fewer = tuple(order - (place == first) for place, order in enumerate(orders))
    return sympy.diff(definition(name, fewer), symbols(name)[first])


@cache
def symbols(name: str) -> tuple[sympy.Symbol, ...]:
    sizes = {"scalar": 1, "star": 3, "sequence": 3 if len(parameters(TABLE[name])) == 1 else 2}
    return NAMES[: sum(sizes[parameter.kind] for parameter in parameters(TABLE[name]))]


@cache
def evaluator(name: str, orders: tuple[int, ...]):
    return sympy.lambdify(symbols(name), definition(name, orders), "mpmath")


@cache
def has_exponentials(name: str) -> bool:
    return definition(name, ones(name)).has(exp, sympy.erfc)


def exact(point: Point, *orders: int, spare: int = 60) -> mpmath.mpf:
    """Evaluate a derivative with 60 digits to spare: no cancellation costs more than the range of floats has."""
    spread = max(abs(math.log10(abs(a))) if a else 0.0 for a in point.arguments)
    size = max(abs(a) for a in point.arguments) if has_exponentials(point.name) else 0.0
    with mpmath.workdps(spare + int(2 * spread) + int(min(size, 27.0) ** 2)):
        try:
            return mpmath.re(evaluator(point.name, orders)(*map(mpmath.mpf, point.arguments)))
        except ZeroDivisionError:
            return mpmath.inf


def unit(of: mpmath.mpf) -> float:
    """Give the unit in the last place."""
    return math.ulp(min(abs(float(of)), MAX))


def error(found: float, right: mpmath.mpf) -> mpmath.mpf:
    """Give the absolute error; what is too large for a float is rightly infinite."""
    if found != found:
        return mpmath.inf
    if abs(right) > MAX and abs(found) >= MAX:
        return mpmath.mpf(0 if right == mpmath.inf or (found > 0) == (right > 0) else "inf")
    with mpmath.workdps(60):
        return abs(mpmath.mpf(found) - right)


# ---------------------------------------------------------------------- what the library says


def function_named(name: str):
    op = TABLE[name]
    return getattr(operator, name) if op.by_hand else ieee_operation(name) if op.internal else operation(name)


def value(name: str, lookup=function_named):
    """Give the operation as a function of scalar Values, the first of its results if there are several."""
    op = TABLE[name]
    function = lookup(name)
    kinds = [parameter.kind for parameter in parameters(op)]
    several = op.value.startswith("[")

    def of_scalars(*arguments):
        if kinds == ["sequence"]:
            out = function(arguments)
        elif "sequence" in kinds:
            end = 2 * kinds.count("sequence")
            out = function(*(arguments[i : i + 2] for i in range(0, end, 2)), *arguments[end:])
        else:
            out = function(*arguments)
        return out[0] if several else out

    return of_scalars


def number(name: str, arguments: tuple[float, ...]) -> float:
    return value(name)(*map(Value, arguments)).data


def slopes(point: Point) -> list[float]:
    leaves = [Value(a) for a in point.arguments]
    value(point.name)(*leaves).backward()
    return [leaf.grad for leaf in leaves]


def derivatives(point: Point, *orders: int) -> set[float]:
    """Differentiate, by each argument as often as is said: by the first argument first, and by the last one first."""
    found = set()
    for step in (1, -1):
        leaves = [Value(a) for a in point.arguments]
        out = value(point.name)(*leaves)
        for leaf, order in list(zip(leaves, orders, strict=True))[::step]:
            for _ in range(order):
                out = gradients(out, leaf)
        found.add(out.data)
        if sum(map(bool, orders)) == 1:
            break
    return found


# ---------------------------------------------------------------------- where to look

EXTREMES = [
    TINY, 1e-310, sys.float_info.min, 1e-300, 1e-200, 1e-154, 1e-100, 1e-16, 1e-8, 0.1, 0.5, 1.5, 2.0, 10.0, 1e8, 1e16,
    1e100, 1e154, 1e155, 1e200, 1e300, MAX / 2, MAX,
]  # fmt: skip

#: Poles, branch points, roots of derivatives, and where results leave the range of floats.
SPECIAL = [
    1.0, math.pi / 4, math.pi / 2, math.pi, 1.5 * math.pi, 100.5 * math.pi, 2.0, 3.0, 4.0, 1.4616321449683623, 20.0,
    26.2, 27.2, 36.0, 38.5, 170.5, 177.0, 354.0, 708.4, 709.78, 740.0, 745.1, 1021.5, 1024.0, 1074.0, 0.7517915247,
    1.2784645428, 1.1924312, math.sqrt(2),
]  # fmt: skip


def sizes(rng: random.Random, count: int) -> list[float]:
    """Draw from all floats, evenly by exponent."""
    return [math.ldexp(rng.uniform(0.5, 1), rng.randint(-1073, 1024)) for _ in range(count)]


def around(rng: random.Random, center: float, count: int) -> list[float]:
    near = [center * (1 + rng.choice((-1, 1)) * 2.0 ** -rng.uniform(1, 53)) for _ in range(count)]
    return [math.nextafter(center, 0), math.nextafter(center, MAX), center, *near]


def scalars(rng: random.Random, count: int) -> list[float]:
    drawn = EXTREMES + sizes(rng, count) + [rng.uniform(0, 50) for _ in range(count)]
    drawn += [rng.gauss(0, 1) for _ in range(count)] + [rng.uniform(0, 750) for _ in range(count // 2)]
    drawn += [a for center in SPECIAL for a in around(rng, center, count // 20)]
    return [a if rng.random() < 0.5 else -a for a in drawn]


def signed(rng: random.Random, sequence: list[float]) -> tuple[float, ...]:
    return tuple(a if rng.random() < 0.5 else -a for a in sequence)


def groups(rng: random.Random, length: int, count: int, *, wide: bool) -> list[tuple[float, ...]]:
    """Draw several numbers at once: of any sizes, of like size, and around one."""
    found = []
    for _ in range(count):
        if wide:
            found.append(signed(rng, sizes(rng, length)))
            (top,) = sizes(rng, 1)
            found.append(signed(rng, [top * 10 ** rng.uniform(-20, 0) or TINY for _ in range(length)]))
            found.append(signed(rng, [top * rng.uniform(0.1, 1) or TINY for _ in range(length)]))
        found.append(signed(rng, [10 ** rng.uniform(-3, 3) for _ in range(length)]))
        found.append(tuple(rng.gauss(0, 1) for _ in range(length)))
    return found


def powers(rng: random.Random, count: int) -> list[tuple[float, float]]:
    """Draw bases and exponents whose power is a float."""
    found = [(a, float(n)) for a in (0.5, 3.0, -2.0, -0.1, 1e-200, 1e200, -1e100) for n in (-3, -2, -1, 0, 1, 2, 3)]
    for base in sizes(rng, count) + [1 + rng.uniform(-1, 1) * 2.0 ** -rng.uniform(1, 50) for _ in range(count)]:
        if base != 1.0:
            reach = math.log2(base)
            found += [
                (base, rng.uniform(-1074, 1023) / reach),
                (base, rng.uniform(-2, 2) / reach),
                (base, rng.gauss(0, 2)),
            ]
            found.append((base, math.copysign(10 ** rng.uniform(-300, 0), rng.random() - 0.5)))
            found.append((-base, float(rng.randint(-6, 6))))
    return found


#: Their derivatives do not depend on the size of the arguments.
WIDE = {
    "add",
    "sub",
    "mul",
    "truediv",
    "atan2",
    "hypot",
    "remainder",
    "maximum",
    "minimum",
    "norm",
    "sum",
    "mean",
    "polar",
    "cosine",
}


def points(name: str, count: int, seed: int = 0) -> list[Point]:
    """Draw where the operation has a value."""
    return [Point(name, arguments) for arguments in candidates(name, count, seed) if has_value(name, arguments)]


def candidates(name: str, count: int, seed: int = 0) -> list[tuple[float, ...]]:
    rng = random.Random(f"{name} {seed}")
    length = len(symbols(name))
    if name == "pow":
        drawn = powers(rng, count // 3)
    elif length == 1:
        drawn = [(a,) for a in scalars(rng, count)]
    elif length == 2 and parameters(TABLE[name])[1].default:
        drawn = [(a, rng.gauss(0, 1)) for a in scalars(rng, count // 2)]
    else:
        drawn = groups(rng, length, count, wide=name in WIDE)
        drawn += [(0.0, *rest) for _, *rest in drawn] if name == "where" else []
        drawn = [(*rest, rng.uniform(0.0, 2.0)) for *rest, _ in drawn] if name == "take" else drawn
    return drawn


def has_value(name: str, arguments: tuple[float, ...]) -> bool:
    if name == "remainder" and abs(arguments[0] / arguments[1]) > 1e300:
        return False
    try:
        return math.isfinite(number(name, arguments))
    except (ArithmeticError, ValueError):
        return False


def is_smooth(point: Point, orders: tuple[int, ...]) -> bool:
    """Tell whether there is a derivative: not by the exponent of a negative base, and not at a kink."""
    if point.name == "hardtanh":
        return abs(point.arguments[0]) != 1
    if point.name in {"maximum", "minimum", "clip"}:
        return len(set(point.arguments)) == len(point.arguments)
    return not (point.name == "pow" and orders[1] and point.arguments[0] < 0)


def axes(name: str) -> range:
    return range(len(symbols(name)))


def ones(name: str, *places: int) -> tuple[int, ...]:
    return tuple(places.count(place) for place in axes(name))


# ---------------------------------------------------------------------- measuring


def shaken(point: Point, orders: tuple[int, ...]) -> mpmath.mpf:
    """Give how far a derivative moves when each argument moves by a unit in the last place."""
    total = mpmath.mpf(0)
    for place, argument in enumerate(point.arguments):
        more = tuple(order + (place == other) for other, order in enumerate(orders))
        total += abs(exact(point, *more)) * math.ulp(argument)
    return total


def first_errors(point: Point) -> list[tuple[float, float]]:
    """Give the error of each local derivative, in units in the last place: plainly, and of what conditioning allows."""
    found = []
    for place, slope in enumerate(slopes(point)):
        orders = ones(point.name, place)
        if not is_smooth(point, orders):
            continue
        right = exact(point, *orders)
        wrong = error(slope, right)
        plain = scaled = float(wrong / unit(right))
        if point.name not in ELEMENTARY and plain > UNITS:
            scaled = float(wrong / (unit(right) + shaken(point, orders) + largest_term(point, 1) * math.ulp(1.0)))
        if point.name in WORSE and abs(right) < 1e-290:
            scaled = plain / WORSE[point.name][0] * UNITS
        found.append((plain, scaled))
    return found


def largest_term(point: Point, order: int) -> mpmath.mpf:
    if point.name not in LARGEST_TERM:
        return mpmath.mpf(0)
    term = sympy.lambdify(symbols(point.name), LARGEST_TERM[point.name](order), "mpmath")
    return term(*map(mpmath.mpf, point.arguments))


def higher_error(point: Point, orders: tuple[int, ...]) -> float:
    """Give the error of a higher derivative, relative to it and to what conditioning adds."""
    if not is_smooth(point, orders):
        return 0.0
    right = exact(point, *orders)
    scale = abs(right) + shaken(point, orders) / math.ulp(1.0) + largest_term(point, sum(orders))
    if not 1e-280 < scale < 1e280:
        return 0.0
    return float(max(error(found, right) for found in derivatives(point, *orders)) / scale)


def all_orders(name: str, order: int) -> list[tuple[int, ...]]:
    chosen = itertools.combinations_with_replacement(axes(name), order)
    return [ones(name, *places) for places in chosen]


# ---------------------------------------------------------------------- the tests

PUBLIC = [name for name in DEFINITIONS if not TABLE[name].internal]

#: The function of Python for each entry that has one.
PYTHON = {name: getattr(math, name) for name in TABLE if hasattr(math, name) and name not in ("pow", "remainder")}
PYTHON |= {
    "abs": abs,
    "ceil": lambda a: float(math.ceil(a)),
    "floor": lambda a: float(math.floor(a)),
    "norm": math.hypot,
    "pow": lambda base, exponent: base**exponent,
    "prod": lambda *numbers: math.prod(numbers, start=1.0),
    "remainder": lambda a, n: a % n,
    "trunc": lambda a: float(math.trunc(a)),
}

#: Enough for all entries in half a minute; the slow tests look at many more points.
FEW, MANY = 3, 100
FEW_HIGHER, MANY_HIGHER = 12, 60


def test_every_entry_has_a_definition_or_a_reason():
    assert set(TABLE) == set(DEFINITIONS) | set(NOT_FUNCTIONS)
    assert not set(DEFINITIONS) & set(NOT_FUNCTIONS)
    assert (set(ELEMENTARY) | set(WORSE) | set(LARGEST_TERM)) <= set(DEFINITIONS)
    assert all(units <= 1000 for units, _ in WORSE.values())


@pytest.mark.parametrize("name", sorted(PYTHON))
def test_values_are_pythons(name):
    for arguments in candidates(name, FEW):
        assert outcome(number, name, arguments) == outcome(PYTHON[name], *arguments), arguments


def outcome(function, *arguments):
    """Give the result bit for bit, or the type of the exception."""
    try:
        out = function(*arguments)
    except (ArithmeticError, ValueError) as raised:
        return next(kind for kind in (ZeroDivisionError, OverflowError, ValueError) if isinstance(raised, kind))
    return ValueError if isinstance(out, complex) else out.hex()


@pytest.mark.parametrize("name", sorted(set(DEFINITIONS) - set(PYTHON)))
def test_other_values_are_right(name):
    for point in points(name, FEW):
        if max(map(abs, point.arguments)) < 1e100:
            right = exact(point, *ones(name))
            allowed = unit(right) + shaken(point, ones(name)) + largest_term(point, 0) * math.ulp(1.0)
            units = WORSE.get(name, (UNITS,))[0] if abs(right) < 1e-290 else UNITS
            assert error(number(*point), right) <= units * allowed, point


@pytest.mark.parametrize("name", DEFINITIONS)
def test_the_texts_read_with_mpmath_are_the_definitions(name):
    decimals = 15 if name in DECIMAL_CONSTANTS else 40
    op = TABLE[name]
    with mpmath.workdps(60):
        for point in points(name, 1)[-5:]:
            if max(map(abs, point.arguments)) < 30:
                given = rules.group(op, [mpmath.mpf(a) for a in point.arguments])
                arguments = given[0] if parameters(op)[0].kind == "star" else given
                found = mpmath_reader().value(name)(*arguments)
                right = exact(point, *ones(name))
                found = found[0] if isinstance(found, list) else found
                assert abs(found - right) <= (abs(right) + 1) * mpmath.mpf(10) ** -decimals, point


def check_first(name, count, seed=0):
    limit = ELEMENTARY_UNITS if name in ELEMENTARY else UNITS
    drawn = points(name, count, seed)
    assert len(drawn) >= count
    for point in drawn:
        for plain, scaled in first_errors(point):
            assert scaled <= limit, (point, plain, scaled)


def check_higher(name, count, seed=0):
    rng = random.Random(seed)
    drawn = points(name, 2, seed)
    for point in rng.sample(drawn, min(count, len(drawn))):
        for order in (1, 2, 3):
            for orders in all_orders(name, order):
                assert higher_error(point, orders) <= HIGHER, (point, orders)


@pytest.mark.parametrize("name", PUBLIC)
def test_first_derivatives(name):
    check_first(name, FEW)


@pytest.mark.parametrize("name", DEFINITIONS)
def test_higher_derivatives(name):
    check_higher(name, FEW_HIGHER)


@pytest.mark.slow
@pytest.mark.parametrize("name", PUBLIC)
def test_first_derivatives_at_many_points(name):
    check_first(name, MANY, seed=1)


@pytest.mark.slow
@pytest.mark.parametrize("name", DEFINITIONS)
def test_higher_derivatives_at_many_points(name):
    check_higher(name, MANY_HIGHER, seed=1)


@given(st.sampled_from([n for n in PUBLIC if len(symbols(n)) == 1 and n in ELEMENTARY]), st.floats(allow_nan=False))
def test_first_derivatives_wherever_hypothesis_looks(name, argument):
    point = Point(name, (argument,))
    if argument and math.isfinite(argument) and has_value(*point):
        assert all(scaled <= ELEMENTARY_UNITS for _, scaled in first_errors(point))


@pytest.mark.parametrize("name", PUBLIC)
def test_the_witness_does_not_depend_on_its_precision(name):
    drawn = points(name, 1)
    for point in random.Random(0).sample(drawn, min(8, len(drawn))):
        right, finer = (exact(point, *ones(name, 0, 0), spare=spare) for spare in (60, 120))
        assert abs(right - finer) <= abs(finer) * mpmath.mpf("1e-50") + mpmath.mpf("1e-400"), point


def report(count: int, names: list[str]) -> None:
    """Print the largest errors of each entry."""
    for name in names or DEFINITIONS:
        firsts = [] if TABLE[name].internal else [e for point in points(name, count) for e in first_errors(point)]
        plain, scaled = (max(errors, default=0.0) for errors in ([p for p, _ in firsts], [s for _, s in firsts]))
        drawn = points(name, 1 + count // 8)
        higher = [
            max((higher_error(point, orders) for point in drawn for orders in all_orders(name, order)), default=0.0)
            for order in (2, 3)
        ]
        text = f"{name:15} {plain:9.3g} {scaled:9.3g} {higher[0]:9.2g} {higher[1]:9.2g}"
        print(text, flush=True)  # noqa: T201 - a script prints


if __name__ == "__main__":
    report(int(sys.argv[1]), sys.argv[2:])
