"""Derivatives estimated from values of a function alone, with an estimate of how wrong they are."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

from autograd.checking.rounding import UNIT
from autograd.errors import ArgumentError
from autograd.operands import number

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_CUBE_ROOT_OF_EPSILON = 6e-6  # balances rounding against truncation

_SMALLEST_STEP = 2.0**-1000  # it can be halved often before it is zero


def central_difference(f: Callable[..., Any], inputs: Sequence[float], index: int = 0) -> float:
    """
    Estimate a derivative from two values of the function: (f(x + h) - f(x - h)) / 2h.

    Parameters
    ----------
    f
        A function of floats that returns a float.
    inputs
        Where to differentiate.
    index
        By which argument.

    Returns
    -------
    float
        About ten digits of the derivative, if the function is smooth there.

    Raises
    ------
    ValueError
        There is no such argument.

    References
    ----------
    Press et al., Numerical Recipes, section 5.7: the step is the cube root of the machine's epsilon, times the scale
    of the argument.

    Examples
    --------
    >>> round(central_difference(lambda x: x**3, [2.0]), 6)
    12.0
    """
    point = [number(x, "central_difference: an input") for x in inputs]
    if not -len(point) <= index < len(point):
        msg = f"central_difference: index must be below the number of inputs, {len(point)}, not {index}"
        raise ArgumentError(msg)
    step = _CUBE_ROOT_OF_EPSILON * max(1.0, abs(point[index]))
    above, below = list(point), list(point)
    above[index] += step
    below[index] -= step
    rise = number(f(*above), "central_difference: the function's result") - f(*below)
    return float(rise / (above[index] - below[index]))  # the steps as floats have them


# ---------------------------------------------------------------------- a function of one number


class Line:
    """
    A function of one number near a point; it remembers its values.

    Parameters
    ----------
    function
        Of a float; nan where it has no value.
    at
        The point.
    width
        How large a change of the argument is large: the first steps are a fraction of it.
    noise
        Given an offset from the point, a bound on the rounding error of the function's value there.
    reach
        The largest step to try if small ones drown in rounding errors.
    again
        Computes the function at the point once more, if `function` remembers what it gave.
    """

    def __init__(
        self,
        function: Callable[[float], float],
        at: float,
        width: float,
        noise: Callable[[float], float],
        reach: float,
        again: Callable[[], float] | None = None,
    ) -> None:
        self.function = function
        self.at = at
        self.again = again or (lambda: function(at))
        self.start = max(power_of_two_below(width / 32), _SMALLEST_STEP)
        self.reach = power_of_two_below(reach)
        self.noise = noise
        self.noise_here = noise(0.0)
        self.finest = max(8 * math.ulp(at), self.start * 2.0**-52)
        self._values: dict[float, float] = {}

    def __call__(self, offset: float) -> float:
        """
        Evaluate the function.

        Parameters
        ----------
        offset
            Distance from the point.

        Returns
        -------
        float
        """
        if offset not in self._values:
            value = self.function(self.at + offset)
            self._values[offset] = value if math.isfinite(value) else math.nan
        return self._values[offset]

    def sides(self) -> tuple[int, ...]:
        """
        Tell on which sides of the point, right beside it, the function has values.

        Returns
        -------
        tuple of int
            1 for above, -1 for below.
        """
        step = max(self.finest, self.start * 2.0**-45)
        return tuple(side for side in (1, -1) if math.isfinite(self(side * step)))

    def bend(self, step: float) -> float:
        """
        Tell by how much the slopes on the two sides of the point differ.

        It is of the order of the step for a smooth function, constant at a kink, and grows as the step shrinks at a
        jump.

        Parameters
        ----------
        step
            How far from the point to look.

        Returns
        -------
        float
        """
        return abs((self(step) - self(0.0)) - (self(0.0) - self(-step))) / step


def power_of_two_below(x: float) -> float:
    """
    Round down to a power of two: added to a float of moderate size it loses nothing.

    Parameters
    ----------
    x
        A number that is not negative.

    Returns
    -------
    float

    Examples
    --------
    >>> power_of_two_below(0.3), power_of_two_below(4.0)
    (0.25, 4.0)
    """
    return math.ldexp(0.5, math.frexp(x)[1]) if x else 0.0


class Estimate(NamedTuple):
    """
    A derivative as differences give it.

    Parameters
    ----------
    value
        The derivative.
    error
        How far off it is at most, as estimated: what the steps left out, and rounding.
    gain
        By how much the function's rounding error counts in `error`.
    widest
        The largest step that went into it.
    """

    value: float
    error: float
    gain: float
    widest: float


class Scheme(NamedTuple):
    """
    A way to take differences.

    Parameters
    ----------
    side
        1 or -1 for differences to one side, 0 for central ones.
    orders
        Which columns of the extrapolation tableau may be the result: 0 are plain differences, 1 those extrapolated
        once, ...
    """

    side: int
    orders: tuple[int, ...]

    def quotient(self, line: Line, step: float) -> float:
        """
        Take one difference quotient.

        Parameters
        ----------
        line
            The function.
        step
            The step.

        Returns
        -------
        float
        """
        above, below = (step, -step) if self.side == 0 else (self.side * step, 0.0)
        return (line(above) - line(below)) / ((line.at + above) - (line.at + below))  # the steps as floats have them

    def gain(self, order: int) -> float:
        """
        Bound by how much rounding errors of the function count, for a step of one.

        Parameters
        ----------
        order
            The column of the tableau.

        Returns
        -------
        float
        """
        if self.side == 0:
            return 2.0 if order else 1.0
        return 16.0 if order else 2.0


_UP_TO_SIX = tuple(range(7))

#: The ways to take differences by name.
SCHEMES = {
    "forward": Scheme(1, (0,)),
    "central": Scheme(0, (0,)),
    "central4": Scheme(0, (1,)),  # one extrapolation of halved steps is the five-point formula
    "richardson": Scheme(0, _UP_TO_SIX),
}


def extrapolate(
    line: Line, scheme: Scheme, start: float, end: float, enough: Callable[[Estimate], bool]
) -> Estimate | None:
    """
    Differentiate by differences with halved steps, and their extrapolation to a step of zero.

    Parameters
    ----------
    line
        The function.
    scheme
        Which differences.
    start, end
        The largest step, and the smallest to consider.
    enough
        Whether an estimate will do.

    Returns
    -------
    Estimate or None
        The one of least error; None if the function has too few values.

    References
    ----------
    Ridders, Accurate computation of F'(x) and F'(x)F''(x), Advances in Engineering Software 4 (1982). Press et al.,
    Numerical Recipes, section 5.7: the error of an entry is how much it differs from those it was made of.

    Examples
    --------
    >>> line = Line(math.exp, 1.0, 1.0, lambda offset: 1e-15, 1.0)
    >>> estimate = extrapolate(line, SCHEMES["richardson"], 0.25, 1e-9, lambda estimate: False)
    >>> abs(estimate.value - math.e) < estimate.error < 1e-12
    True
    """
    growth = 4.0 if scheme.side == 0 else 2.0
    rows: list[list[float]] = []
    best: Estimate | None = None
    step = start
    while step >= end:
        slope = scheme.quotient(line, step)
        if not math.isfinite(slope):
            if scheme.side == 0 and len(line.sides()) < 2:
                break  # no step is small enough for both sides
            rows = []
            step /= 2
            continue
        row = [slope]
        for order, coarser in enumerate(rows[-1][: max(scheme.orders)] if rows else []):
            row.append(row[order] + (row[order] - coarser) / (growth ** (order + 1) - 1))
        rows.append(row)
        for order in scheme.orders:
            off = _left_out(rows, order, growth, free=len(scheme.orders) > 1)
            gain = scheme.gain(order) / step
            error = 2 * off + gain * line.noise_here + 4 * UNIT * abs(row[order]) if math.isfinite(off) else math.inf
            if math.isfinite(error) and (best is None or error < best.error):
                best = Estimate(row[order], error, gain, step * 2**order)
        if best is not None and len(rows) > 3:
            drowned = (
                scheme.gain(0) / step * line.noise_here >= best.error
            )  # by rounding, and more so with smaller steps
            if drowned or enough(best):
                break
        step /= 2
    return best


def _left_out(rows: list[list[float]], order: int, growth: float, *, free: bool) -> float:
    """Estimate what an entry of the last row leaves out, from how much it differs from its neighbours."""
    if len(rows) < 3 or order >= len(rows[-2]):
        return math.inf
    row, previous, first = rows[-1], rows[-2], rows[-3]
    if free and order:
        return max(abs(row[order] - row[order - 1]), abs(row[order] - previous[order - 1]))
    off = abs(row[order] - previous[order])
    if order < len(first):  # two that agree by chance do not make it exact
        off = max(off, abs(previous[order] - first[order]) / growth ** (order + 1))
    return off


def differentiate(line: Line, scheme: Scheme, enough: Callable[[Estimate], bool]) -> tuple[Estimate | None, Scheme]:
    """
    Differentiate with a step that suits the function.

    Parameters
    ----------
    line
        The function.
    scheme
        Which differences; at the edge of the function's domain one-sided ones take their place.
    enough
        Whether an estimate will do.

    Returns
    -------
    Estimate or None, Scheme
        The estimate, and how it was found.
    """
    estimate = _from_either_start(line, scheme, enough)
    if estimate is None:
        sides = line.sides()
        if len(sides) == 1:
            scheme = Scheme(sides[0], scheme.orders)
            estimate = _from_either_start(line, scheme, enough)
    return estimate, scheme


def _from_either_start(line: Line, scheme: Scheme, enough: Callable[[Estimate], bool]) -> Estimate | None:
    """Begin with a small fraction of the argument; if that drowns in rounding errors, with a large step."""
    estimate = extrapolate(line, scheme, line.start, line.finest, enough)
    if line.reach > line.start and (estimate is None or not enough(estimate)):
        other = extrapolate(line, scheme, line.reach, line.finest, enough)
        if estimate is None or (other is not None and other.error < estimate.error):
            return other
    return estimate


def measured_noise(line: Line, spacing: float) -> float:
    """
    Estimate the noise of a function from values at equal distances: its high differences are nothing else.

    Parameters
    ----------
    line
        The function.
    spacing
        The distance.

    Returns
    -------
    float
        About the standard deviation of the noise; inf if the function has no values there.

    References
    ----------
    Moré and Wild, Estimating computational noise, SIAM Journal on Scientific Computing 33 (2011).

    Examples
    --------
    >>> line = Line(lambda x: x + 1e-6 * math.sin(1e12 * x), 1.0, 1.0, lambda offset: 0.0, 1.0)
    >>> 1e-7 < measured_noise(line, 1e-4) < 1e-5
    True
    """
    # on each side by itself: a jump at the point is no noise
    return min(_scatter([line(side * k * spacing) for k in range(1, 10)]) for side in (1, -1))


def _scatter(values: list[float]) -> float:
    if not all(map(math.isfinite, values)):
        return math.inf
    noise = math.inf
    for order in range(1, 7):
        values = [b - a for a, b in pairwise(values)]
        if order > 3:  # noise is the same in all of them, what is smooth is less in each
            variance = math.fsum(v * v for v in values) / len(values) / math.comb(2 * order, order)
            noise = min(noise, variance**0.5)
    return noise
