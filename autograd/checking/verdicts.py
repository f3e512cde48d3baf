"""Weighs a derivative against differences: right, wrong, or beyond what they can tell."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

from autograd.checking.differences import Estimate, differentiate, extrapolate, measured_noise, power_of_two_below

if TYPE_CHECKING:
    from autograd.checking.differences import Line, Scheme

RIGHT = "right"
WRONG = "wrong"
INCONCLUSIVE = "inconclusive"

#: How many standard deviations a bound on noise has.
_SIGMAS = 8.0

#: Noise that is a smaller part of a value is taken for rounding inside an operation.
_LIKE_ROUNDING = 1e-9

# Why a verdict is inconclusive.
UNRESOLVED = "rounding errors are too large for differences to resolve it"
KINK = "a kink or a jump"
NOISE = "the function is noisy: its values scatter by more than their rounding errors"
FICKLE = "the function gives different results for the same inputs"
UNSETTLED = "differences with smaller steps do not settle on a number"
NO_VALUES = "the function has no values near by"
NOT_FINITE = "the derivative is not a finite number"


class Judgement(NamedTuple):
    """
    What differences say of a derivative.

    Parameters
    ----------
    verdict
        `RIGHT`, `WRONG` or `INCONCLUSIVE`.
    numeric
        The derivative by differences.
    error
        How far it may be from the analytic one if that is right: errors of the difference, and rounding in both.
    reason
        Why it is inconclusive.
    secant
        The largest slope of a secant from the point over the first step: a derivative much smaller than that is zero
        to all intents.
    """

    verdict: str
    numeric: float
    error: float
    reason: str = ""
    secant: float = 0.0


def judge(line: Line, analytic: float, slack: float, scheme: Scheme, resolution: float) -> Judgement:
    """
    Compare a derivative with differences.

    "Right" needs an estimated error well below what must not go unseen. "Wrong" is said only after a second look from
    as close as rounding errors allow has shown the same, no kink being in the way.

    Parameters
    ----------
    line
        The function.
    analytic
        Its derivative as it is claimed.
    slack
        How far rounding can have put that off.
    scheme
        Which differences.
    resolution
        The relative error that must not go unseen.

    Returns
    -------
    Judgement
    """
    finest = resolution / 4  # an error of `resolution` then stands out by a factor of three
    first = _judge(line, analytic, slack, scheme, finest)
    if first.verdict != WRONG and first.reason not in (UNSETTLED, KINK):
        return first
    if line.again() != line(0.0):
        return first._replace(verdict=INCONCLUSIVE, reason=FICKLE)
    spacings = (max(line.start * 2.0**-24, line.finest), max(line.start * 2.0**-36, line.finest))
    noise = _SIGMAS * max(measured_noise(line, spacing) for spacing in spacings)
    if not line.noise_here < noise < math.inf:
        return first
    line.noise_here = noise  # there is more of it than the graph tells
    second = _judge(line, analytic, slack, scheme, finest)
    if second.reason == UNRESOLVED:
        return second._replace(reason=NOISE)
    if second.verdict == WRONG and noise > _LIKE_ROUNDING * abs(line(0.0)):
        return first  # what looks like noise may be fine structure, and the larger steps it calls for may miss that
    return second


def _judge(line: Line, analytic: float, slack: float, scheme: Scheme, finest: float) -> Judgement:
    def settled(estimate: Estimate) -> bool:
        error = estimate.error + slack
        size = max(abs(analytic), abs(estimate.value))
        return abs(analytic - estimate.value) <= error <= 1e-3 * finest * size

    if not math.isfinite(line(0.0)):
        return Judgement(INCONCLUSIVE, math.nan, math.inf, NO_VALUES)
    estimate, scheme = differentiate(line, scheme, settled)
    if estimate is None:
        return Judgement(INCONCLUSIVE, math.nan, math.inf, NO_VALUES)
    numeric, error = estimate.value, estimate.error + slack
    secant = _largest_secant(line)
    if not math.isfinite(analytic):
        return _judge_non_finite(line, estimate, scheme, finest, secant)
    size = max(abs(analytic), abs(numeric))
    if abs(analytic - numeric) <= error <= finest * size and not _may_bend(line, finest * size):
        return Judgement(RIGHT, numeric, error, "", secant)
    if is_bent(line, max(size, secant), finest):
        return Judgement(INCONCLUSIVE, numeric, error, KINK, secant)
    if abs(analytic - numeric) <= error:
        fits = error <= finest * size
        return Judgement(RIGHT if fits else INCONCLUSIVE, numeric, error, "" if fits else UNRESOLVED, secant)
    return _look_again(line, analytic, slack, estimate, scheme, finest)._replace(secant=secant)


def judge_exact(line: Line, analytic: float, numeric: float, error: float, resolution: float) -> Judgement:
    """
    Compare a derivative with one that was found without taking differences.

    Parameters
    ----------
    line
        The function, to see whether it has a kink.
    analytic, numeric
        Its derivative as it is claimed, and as it was found.
    error
        How far they may be apart.
    resolution
        The relative error that must not go unseen.

    Returns
    -------
    Judgement
    """
    size = max(abs(analytic), abs(numeric))
    if not math.isfinite(numeric):
        return Judgement(INCONCLUSIVE, numeric, math.inf, NO_VALUES)
    if math.isfinite(line(0.0)) and is_bent(line, max(size, _largest_secant(line)), resolution / 4):
        return Judgement(INCONCLUSIVE, numeric, error, KINK)
    if not abs(analytic - numeric) <= error:
        return Judgement(WRONG, numeric, error)
    if error <= resolution / 4 * size:
        return Judgement(RIGHT, numeric, error)
    return Judgement(INCONCLUSIVE, numeric, error, UNRESOLVED)


def _largest_secant(line: Line) -> float:
    return max((abs(_secant(line, side)) for side in (1, -1) if math.isfinite(line(side * line.start))), default=0.0)


def _secant(line: Line, side: int) -> float:
    return (line(side * line.start) - line(0.0)) / line.start


def _judge_non_finite(line: Line, estimate: Estimate, scheme: Scheme, finest: float, secant: float) -> Judgement:
    """Decide on an infinite derivative, or nan: wrong where a finite one is plain to see, far out and near by."""
    numeric, error = estimate.value, estimate.error
    if error <= finest * abs(numeric) and not is_bent(line, abs(numeric), finest):
        near = _from_near(line, scheme, finest * abs(numeric))
        if near is not None and abs(near[1].value - numeric) <= near[1].error + error:
            return Judgement(WRONG, numeric, error, NOT_FINITE, secant)
    return Judgement(INCONCLUSIVE, numeric, error, NOT_FINITE, secant)


def _may_bend(line: Line, allowed: float) -> bool:
    """Suspect a kink from values that central differences have asked for already."""
    near, far = line.bend(line.start / 8), line.bend(line.start)
    return near > max(4 * allowed, 4 * line.noise_here / (line.start / 8)) and near > 0.5 * far


def is_bent(line: Line, size: float, finest: float) -> bool:
    """
    Tell whether there is a kink or a jump at the point, or too near to it for the steps to avoid.

    Parameters
    ----------
    line
        The function.
    size
        How large its slopes are.
    finest
        The change of slope that matters, in units of `size`.

    Returns
    -------
    bool
    """
    return bool(_has_bend(line, 4 * finest * size))


def _has_bend(line: Line, matters: float) -> bool | None:
    """Tell whether the slope jumps by so much; None if rounding errors do not let it be seen."""
    if matters == 0.0 or len(line.sides()) < 2:
        return False
    near = max(power_of_two_below(16 * line.noise_here / matters), line.finest)
    far = min(32 * near, max(line.start, line.reach))
    if far < 8 * near:
        return None
    bend = line.bend(near)
    if not bend > max(matters, 8 * line.noise_here / near):
        return False
    steps = [near]
    while steps[-1] < far:
        steps.append(2 * steps[-1])
    return not any(bend < 0.55 * line.bend(step) for step in steps)


def _from_near(line: Line, scheme: Scheme, needed: float) -> tuple[Estimate, Estimate] | None:
    """
    Differentiate at close range.

    The first steps are so small that rounding leaves an error of `needed`; larger ones follow as long as they agree.
    Returned are the first estimate and the best.
    """
    gain = 2 * scheme.gain(max(scheme.orders))
    # three quarters of a power of two: other points than before
    step = 0.75 * (max(power_of_two_below(gain * line.noise_here / needed), line.finest) if needed else line.finest)
    first = best = extrapolate(line, scheme, 32 * step, step, lambda _: False)
    while first and best and step <= max(line.start, line.reach):
        step *= 8
        estimate = extrapolate(line, scheme, 32 * step, step, lambda _: False)
        if estimate is None or abs(estimate.value - best.value) > estimate.error + best.error:
            break
        if estimate.error < best.error:
            best = estimate
    return (first, best) if first and best else None


def _look_again(
    line: Line, analytic: float, slack: float, estimate: Estimate, scheme: Scheme, finest: float
) -> Judgement:
    """Look for whatever else could be why a derivative differs from the estimate, before it is called wrong."""
    gap = abs(analytic - estimate.value)
    error = _with_noise_around(line, estimate) + slack
    if gap <= error:
        return Judgement(INCONCLUSIVE, estimate.value, error, UNRESOLVED)
    found = _from_near(line, scheme, gap / 50)
    if found is None:
        return Judgement(INCONCLUSIVE, estimate.value, error, UNSETTLED)
    first, near = found
    before, gap = gap, abs(analytic - near.value)
    error = _with_noise_around(line, near) + slack
    if error < gap < before / 10:  # the first estimate was far off, say beyond a jump: begin again from this one
        return _look_again(line, analytic, slack, near, scheme, finest)
    if gap <= error:
        if error <= finest * max(abs(analytic), abs(near.value)):
            return Judgement(RIGHT, near.value, error)
        # a zero has no size that the error could be small beside
        return Judgement(INCONCLUSIVE, near.value, error, UNRESOLVED if abs(analytic) <= slack else UNSETTLED)
    if first.error > abs(analytic - first.value) / 10:  # nearer by, it may be right
        return Judgement(INCONCLUSIVE, near.value, error, UNSETTLED)
    bent = _has_bend(line, gap / 2)
    if bent is not False:
        return Judgement(INCONCLUSIVE, near.value, error, KINK if bent else UNRESOLVED)
    return Judgement(WRONG, near.value, error)


def _with_noise_around(line: Line, estimate: Estimate) -> float:
    """Count in the rounding errors where the function was evaluated, which can be larger than at the point."""
    around = [side * estimate.widest for side in (1, -1) if math.isfinite(line(side * estimate.widest))]
    noise = max((line.noise(offset) for offset in around), default=0.0)
    return estimate.error + estimate.gain * max(noise - line.noise_here, 0.0)
