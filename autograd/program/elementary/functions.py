"""
The elementary functions on vectors: within two units in the last place, and right at every corner.

Each is reduced to a short interval, where it is a polynomial (see `autograd.program.elementary.coefficients`); what
rounding takes away is carried along where it would show. Nothing depends on what the C library does.
"""

from __future__ import annotations

from math import inf, nan
from typing import TYPE_CHECKING, NamedTuple

from autograd.program.elementary import coefficients
from autograd.program.elementary.remainders import remainder
from autograd.program.elementary.trigonometric import cos, sin, tan
from autograd.program.elementary.vectors import TO_WHOLE, bits_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from autograd.program.elementary.vectors import Bits, Numbers, Writer

#: As `TO_WHOLE`, but what is left is the whole number and twice the bias of an exponent, so that it is not negative.
_TO_EXPONENT = TO_WHOLE + 2046.0

_LOG2_E = 1.4426950408889634
_LN2_HIGH = float.fromhex("0x1.62e42fee00000p-1")  # the last bits are zero: its products with exponents are exact
_LN2_LOW = float.fromhex("0x1.a39ef35793c76p-33")
_PI_HALF, _PI_HALF_LOW = 1.5707963267948966, 6.123233995736766e-17

# ---------------------------------------------------------------------- exponentials


def _reduced(w: Writer, x: Numbers) -> tuple[Numbers, Numbers, Numbers]:
    """Give n as `_TO_EXPONENT` leaves it, r and what rounding took from r: x is n log(2) + r, n whole and r small."""
    shifted = w.fma(x, _LOG2_E, _TO_EXPONENT)
    n = shifted - _TO_EXPONENT
    high = w.fma(n, -_LN2_HIGH, x)
    r = w.fma(n, -_LN2_LOW, high)
    return shifted, r, w.fma(n, -_LN2_LOW, high - r)


def _scaled(x: Numbers, shifted: Numbers) -> Numbers:
    """Multiply by 2**n, n as `_TO_EXPONENT` leaves it, in two steps: 2**n itself may be too large, or subnormal."""
    whole = shifted.bits << 52
    half = (shifted.bits << 51) & -(1 << 52)
    return x * half.number * (whole - half).number


def _exp_parts(w: Writer, x: Numbers, more: Numbers) -> tuple[Numbers, Numbers, Numbers]:
    """Give exp(x + more) as 2**n times the sum of two numbers, the first of them n."""
    shifted, r, low = _reduced(w, w.between(x, -746.0, 710.0))
    r, low = w.total(r, low + more)
    line = r + w.fma(r * r, w.polynomial(r, coefficients.EXP), low)
    return shifted, *w.total(w.number(1.0), line)


def exp(w: Writer, x: Numbers) -> Numbers:
    """Write the exponential function."""
    is_zero = x < -746.0  # as of -inf, and often: not a subnormal number, which takes CPUs long
    shifted, r, _ = _reduced(w, w.at_most(is_zero.pick(0.0, x), 710.0))
    return is_zero.pick(0.0, _scaled(r * r * w.polynomial(r, coefficients.EXP) + r + 1.0, shifted))


def exp2(w: Writer, x: Numbers) -> Numbers:
    """Write 2**x: 2**n 2**r."""
    x = w.between(x, -1076.0, 1025.0)
    shifted = x + _TO_EXPONENT
    r = x - (shifted - _TO_EXPONENT)
    return _scaled(w.fma(r, w.polynomial(r, coefficients.EXP2), 1.0), shifted)


def _expm1(w: Writer, x: Numbers) -> tuple[Numbers, Numbers]:
    """Give half of exp(x) - 1 as two numbers, from -40 to 710: 2**(n-1) - 1/2 + 2**(n-1) (exp(r) - 1)."""
    shifted, r, low = _reduced(w, x)
    curve = w.fma(r * r, w.polynomial(r, coefficients.EXP), low)
    power = ((shifted.bits << 52) - (1024 << 52)).number
    whole, line = power - 0.5, power * r
    near = whole + line
    lost = (whole - near) + line
    return near, w.fma(power, curve, lost)


def expm1(w: Writer, x: Numbers) -> Numbers:
    """Write exp(x) - 1."""
    near, rest = _expm1(w, w.between(x, -40.0, 710.0))
    return (abs(x) < 2.0**-54).pick(x, (near + rest) * 2.0)


def _reduced_to_roots(w: Writer, x: Numbers) -> tuple[Numbers, Numbers]:
    """Give n as `TO_WHOLE` leaves it, and r: 2x is n/8 log(2) + 2r, n whole and r small."""
    shifted = w.fma(x, 16.0 * _LOG2_E, TO_WHOLE)
    n = shifted - TO_WHOLE
    return shifted, w.fma(n, _LN2_LOW / -16.0, w.fma(n, _LN2_HIGH / -16.0, x))


def _exp_of_double(w: Writer, shifted: Numbers, r: Numbers) -> tuple[Numbers, Numbers]:
    """
    Give s and (exp(2r) - 1)/2, where exp(2x) is s exp(2r), for x from 0 to 350 as `_reduced_to_roots` leaves it.

    s is 2**(n/8), a power of two times one of eight roots. What these lack is in the second.
    """
    s = (w.looked_up(coefficients.ROOTS, shifted.bits).bits + (shifted.bits << 49)).number
    low = w.looked_up(coefficients.ROOTS_LOW, shifted.bits)
    return s, r + w.fma(w.polynomial(r, coefficients.HALF_EXPM1), r * r, low)


def _tanh(w: Writer, shifted: Numbers, r: Numbers) -> tuple[Numbers, Numbers, Numbers]:
    """
    Give tanh, the same roughly, and 1 - tanh, for x from 0 to 350 as `_reduced_to_roots` leaves it.

    With t = (exp(2x) - 1)/2 it is 1 - 1/(t + 1), roughly; what that lacks is (t - (t + 1) tanh)/(t + 1).
    """
    s, u = _exp_of_double(w, shifted, r)
    half = w.fma(s, 0.5, -0.5)
    t = w.fma(s, u, half)
    inverse = 1.0 / (t + 1.0)
    rough = 1.0 - inverse
    left = t - rough
    if not w.fused:  # t has been rounded twice
        high, low = w.product(s, u)
        left += (((half - t) + high) + low) * inverse
    return w.fma(w.rest(-rough, t, left), inverse, rough), rough, inverse


def tanh(w: Writer, x: Numbers) -> Numbers:
    """Write tanh."""
    out, _, _ = _tanh(w, *_reduced_to_roots(w, w.at_most(abs(x), 22.0)))
    return w.with_sign(out, x)


def _both_exponentials(w: Writer, x: Numbers) -> tuple[Numbers, Numbers, Numbers, Numbers, Numbers]:
    """Give n, r, 2**(-2n), cosh(r) - 1 and sinh(r) - r for x that is not negative."""
    shifted, r, low = _reduced(w, x)
    n = w.between(shifted - _TO_EXPONENT, 0.0, 500.0)
    less = (w.bits(1023 << 52) - ((n + TO_WHOLE).bits << 53)).number
    z = r * r
    even = z * w.polynomial(z, coefficients.COSH)
    odd = w.fma(r * z, w.polynomial(z, coefficients.SINH), low)
    return shifted - 1.0, r, less, even, odd


def sinh(w: Writer, x: Numbers) -> Numbers:
    """Write sinh: 2**(n-1) ((1 - 2**-2n) cosh(r) + (1 + 2**-2n) sinh(r))."""
    size = abs(x)
    shifted, r, less, even, odd = _both_exponentials(w, w.between(size, 0.0, 711.0))
    minus, plus = 1.0 - less, 1.0 + less
    line = plus * r
    near = minus + line
    lost = (minus - near) + line
    out = _scaled(near + w.fma(minus, even, w.fma(plus, odd, lost)), shifted)
    return w.with_sign((size < 2.0**-28).pick(size, out), x)


def cosh(w: Writer, x: Numbers) -> Numbers:
    """Write cosh: 2**(n-1) ((1 + 2**-2n) cosh(r) + (1 - 2**-2n) sinh(r))."""
    shifted, r, less, even, odd = _both_exponentials(w, w.between(abs(x), 0.0, 711.0))
    minus, plus = 1.0 - less, 1.0 + less
    return _scaled(plus + w.fma(minus, r + odd, plus * even), shifted)


# ---------------------------------------------------------------------- logarithms

_ROOT_HALF = bits_of(0.5**0.5)
_BIAS = 1023 << 52
_FRACTION = (1 << 52) - 1
_2_52 = bits_of(2.0**52)


def _split(x: Numbers) -> tuple[Bits, Numbers, Numbers]:
    """Give 4 * 2**-k as bits, k and m: x, which is positive and not subnormal, is 2**k m, m beside 1 within sqrt(2)."""
    shifted = x.bits + (_BIAS - _ROOT_HALF)
    m = ((shifted & _FRACTION) + _ROOT_HALF).number
    k = ((shifted >> 52) | _2_52).number - (2.0**52 + 1023.0)
    inverse = x.writer.bits(2 * _BIAS + (2 << 52)) - (shifted & ~_FRACTION)
    return inverse, k, m


def _log_of(w: Writer, x: Numbers, low: Numbers | None = None, more: Numbers | None = None) -> Numbers:
    """log(x + low) + more log(2)."""
    inverse, k, m = _split(x)
    f = m - 1.0
    if low is not None:
        f = w.fma(low * 0.25, inverse.number, f)
    if more is not None:
        k = k + more
    half_square, bent = _bent(w, f)
    return w.fma(k, _LN2_HIGH, f - (half_square - w.fma(k, _LN2_LOW, bent)))


def _bent(w: Writer, f: Numbers) -> tuple[Numbers, Numbers]:
    """Give f*f/2 and what log(1 + f) is above f - f*f/2."""
    s = f / (f + 2.0)
    half_square = f * f * 0.5
    z = s * s
    return half_square, s * w.fma(z, w.polynomial(z, coefficients.LOG), half_square)


def _with_subnormals(w: Writer, x: Numbers, out: Numbers, log_of_2: float) -> Numbers:
    """Complete a logarithm: to subnormal numbers by 2**54 times them, to 0, negative numbers, inf and nan."""

    def otherwise() -> list[Numbers]:
        is_subnormal = (x < 2.0**-1022) & (x > 0.0)
        scaled = w.again(is_subnormal.pick(x * 2.0**54, 1.0)) - 54.0 * log_of_2
        other = (x < 0.0).pick(nan, x.equals(0.0).pick(-inf, (x < inf).pick(out, x)))
        return [is_subnormal.pick(scaled, other)]

    (out,) = w.rarely(~((x >= 2.0**-1022) & (x < inf)), [out], otherwise)
    return out


def log(w: Writer, x: Numbers) -> Numbers:
    """Write the natural logarithm."""
    return _with_subnormals(w, x, _log_of(w, x), 0.6931471805599453)


def _log_to_base(w: Writer, x: Numbers, unit: tuple[float, float], of_2: tuple[float, float]) -> Numbers:
    """Write a logarithm from that of m, as two numbers, and of 2 to the base; `unit` is that of e."""
    _, k, m = _split(x)
    f = m - 1.0
    half_square, bent = _bent(w, f)
    high = f - half_square
    high, low = w.total(high, (f - high) - half_square + bent)
    product, lost = w.product(high, unit[0])
    lost = w.fma(low, unit[0], w.fma(high, unit[1], lost))
    near, rest = w.total(k * of_2[0], product)
    return near + (rest + w.fma(k, of_2[1], lost))


def log2(w: Writer, x: Numbers) -> Numbers:
    """Write the logarithm to the base 2."""
    out = _log_to_base(w, x, (_LOG2_E, 2.0355273740931033e-17), (1.0, 0.0))
    return _with_subnormals(w, x, out, 1.0)


def log10(w: Writer, x: Numbers) -> Numbers:
    """Write the logarithm to the base 10."""
    of_2 = float.fromhex("0x1.34413509f7800p-2"), 2.8363394551044964e-14
    out = _log_to_base(w, x, (0.4342944819032518, 1.098319650216765e-17), of_2)
    return _with_subnormals(w, x, out, 0.30102999566398120)


def log1p(w: Writer, x: Numbers) -> Numbers:
    """Write log(1 + x), with what the rounding of 1 + x takes away."""
    u, lost = w.any_total(w.number(1.0), x)
    out = (abs(x) < 2.0**-54).pick(x, _log_of(w, u, lost))
    out = (x > -1.0).pick(out, x.equals(-1.0).pick(-inf, nan))
    return (x < inf).pick(out, (x + inf))


def _root_of(w: Writer, high: Numbers, low: Numbers) -> tuple[Numbers, Numbers]:
    """Give the square root of a sum of two numbers, and what rounding takes from it."""
    root = w.intrinsic("sqrt", high)
    return root, (w.rest(-root, root, high) + low) / (root * 2.0)


def asinh(w: Writer, x: Numbers) -> Numbers:
    """Write log(|x| + sqrt(x² + 1)); beyond 2**54 that is log(2|x|)."""
    size = abs(x)
    is_large = size > 2.0**54
    near = w.between(size, 0.0, 2.0**54)
    square, square_low = w.product(near, near)
    total, total_low = w.any_total(square, w.number(1.0))
    root, root_low = _root_of(w, total, total_low + square_low)
    u, u_low = w.total(root, near)
    out = _log_of(w, is_large.pick(size, u), is_large.pick(0.0, u_low + root_low), is_large.pick(1.0, 0.0))
    out = (size < 2.0**-28).pick(size, (size < inf).pick(out, size))
    return w.with_sign(out, x)


def acosh(w: Writer, x: Numbers) -> Numbers:
    """Write log(x + sqrt(x² - 1)); beyond 2**54 that is log(2x)."""
    is_large = x > 2.0**54
    near = w.between(x, 1.0, 2.0**54)
    square, square_low = w.product(near, near)
    total, total_low = w.total(square, w.number(-1.0))
    total, total_low = w.total(total, total_low + square_low)
    root = w.intrinsic("sqrt", total)
    rest = (w.rest(-root, root, total) + total_low) / (near.equals(1.0).pick(1.0, root) * 2.0)
    u, u_low = w.total(near, root)
    out = _log_of(w, is_large.pick(x, u), is_large.pick(0.0, u_low + rest), is_large.pick(1.0, 0.0))
    out = (x < inf).pick(out, x)
    return (x < 1.0).pick(nan, out)


def atanh(w: Writer, x: Numbers) -> Numbers:
    """
    Write half of log(a/b), a = 1 + |x| and b = 1 - |x|.

    With a 2**k times c it is half of k log(2), and atanh(s), s = (c - b)/(c + b).
    """
    size = abs(x)
    inside = w.between(size, 0.0, 1.0 - 2.0**-53)
    above, above_low = w.total(w.number(1.0), inside)
    below, below_low = w.total(w.number(1.0), -inside)
    # The difference of the exponents, and of most of the fractions, is the logarithm of the ratio to within a tenth.
    shifted = above.bits - below.bits + (_BIAS + (1 << 51))
    k = ((shifted >> 52) | _2_52).number - (2.0**52 + 1023.0)
    scale = (w.bits(2 * _BIAS) - (shifted & ~_FRACTION)).number
    above, above_low = above * scale, above_low * scale
    difference, lost = w.any_total(above, -below)
    difference, lost = w.total(difference, lost + (above_low - below_low))
    total, total_lost = w.any_total(above, below)
    total_lost = total_lost + (above_low + below_low)
    inverse = 1.0 / total
    s = difference * inverse
    s_low = (w.rest(-s, total, difference) + w.fma(-s, total_lost, lost)) * inverse
    z = s * s
    bent = w.fma(s * z, w.polynomial(z, coefficients.ATANH), w.fma(k, 0.5 * _LN2_LOW, s_low))
    near, rest = w.total(k * (0.5 * _LN2_HIGH), s)
    out = near + (rest + bent)
    out = (size < 2.0**-28).pick(size, out)
    out = (size < 1.0).pick(out, size.equals(1.0).pick(inf, nan))
    return w.with_sign(x.is_nan().pick(x, out), x)


# ---------------------------------------------------------------------- inverse trigonometric functions


def _angle(w: Writer, above: Numbers, below: Numbers) -> tuple[Numbers, Numbers, Numbers]:
    """
    Give atan(above/below), neither of them negative, as an angle of 0, 45 or 90 degrees, what it lacks, and the rest.

    The rest is that of the nearest of the three, so that its tangent is at most one half.
    """
    is_flat, is_steep = above * 2.0 < below, above > below * 2.25
    numerator = is_steep.pick(-below, is_flat.pick(above, above - below))
    denominator = is_steep.pick(above, is_flat.pick(below, above + below))
    t = numerator / denominator
    z = t * t
    rest = w.fma(t * z, w.polynomial(z, coefficients.ATAN), t)
    near = is_steep.pick(_PI_HALF, is_flat.pick(0.0, 0.5 * _PI_HALF))
    low = is_steep.pick(_PI_HALF_LOW, is_flat.pick(0.0, 0.5 * _PI_HALF_LOW))
    return near, low, rest


def atan(w: Writer, x: Numbers) -> Numbers:
    """Write the inverse of tan."""
    near, low, rest = _angle(w, abs(x), w.number(1.0))
    return w.with_sign(near + (rest + low), x)


def atan2(w: Writer, y: Numbers, x: Numbers) -> Numbers:
    """Write the angle of the point (x, y)."""
    high, wide = abs(y), abs(x)
    is_large = (high > 2.0**1000) | (wide > 2.0**1000)  # their sum may be inf
    above, below = is_large.pick(high * 2.0**-60, high), is_large.pick(wide * 2.0**-60, wide)
    is_even = high.equals(wide)  # both may be inf, or 0
    above = is_even.pick(high.equals(0.0).pick(0.0, 1.0), above)
    near, low, rest = _angle(w, above, is_even.pick(1.0, below))
    is_left = x.bits.is_signed()
    near, low = is_left.pick(2.0 * _PI_HALF - near, near), is_left.pick(2.0 * _PI_HALF_LOW - low, low)
    out = near + (is_left.pick(-rest, rest) + low)
    return w.with_sign((high.is_nan() | wide.is_nan()).pick(high + wide, out), y)


def _asin_of(w: Writer, x: Numbers, z: Numbers) -> Numbers:
    """asin(x) - x, for x from -1/2 to 1/2 and its square z."""
    return x * z * w.polynomial(z, coefficients.ASIN)


def asin(w: Writer, x: Numbers) -> Numbers:
    """Write the inverse of sin: beyond 1/2 it is pi/2 - 2 asin(sqrt((1 - |x|)/2))."""
    size = abs(x)
    is_large = size > 0.5
    z = is_large.pick((1.0 - size) * 0.5, size * size)
    t = is_large.pick(w.intrinsic("sqrt", z), size)
    bent = _asin_of(w, t, z)
    out = is_large.pick(_PI_HALF - (2.0 * t + (2.0 * bent - _PI_HALF_LOW)), t + bent)
    return w.with_sign(out, x)


def acos(w: Writer, x: Numbers) -> Numbers:
    """Write the inverse of cos, by that of sin."""
    size = abs(x)
    is_large = size > 0.5
    z = is_large.pick((1.0 - size) * 0.5, size * size)
    t = is_large.pick(w.intrinsic("sqrt", z), x)
    bent = _asin_of(w, t, z)
    twice, is_left = 2.0 * t + 2.0 * bent, x < 0.0
    large = is_left.pick(2.0 * _PI_HALF - (2.0 * t + (2.0 * bent - 2.0 * _PI_HALF_LOW)), twice)
    return is_large.pick(large, _PI_HALF - (t + (bent - _PI_HALF_LOW)))


# ---------------------------------------------------------------------- roots and powers


def cbrt(w: Writer, x: Numbers) -> Numbers:
    """Write the cube root: of 2**(3q) m, m from 1 to 8, by a step of Newton's for m**(-1/3) and what is left of m."""
    size = abs(x)
    is_subnormal = size < 2.0**-1022
    scaled = is_subnormal.pick(size * 2.0**54, size)
    exponent = ((scaled.bits >> 52) | _2_52).number - (2.0**52 + 1023.0)
    m = ((scaled.bits & _FRACTION) | _BIAS).number
    shifted = w.fma(exponent, 1.0 / 3.0, TO_WHOLE)
    q = shifted - TO_WHOLE
    left = w.fma(q, -3.0, exponent)  # -1, 0 or 1
    is_less, is_more = left < 0.0, left > 0.0
    root = w.polynomial(m, coefficients.CBRT) * is_less.pick(2.0 ** (1 / 3), is_more.pick(2.0 ** (-1 / 3), 1.0))
    m = m * is_less.pick(0.5, is_more.pick(2.0, 1.0))
    cube = m * root * (root * root)
    root = w.fma(root * (1.0 / 3.0), 1.0 - cube, root)
    near = m * (root * root)
    square, square_low = w.product(near, near)
    cube, cube_low = w.product(square, near)
    rest = (m - cube) - w.fma(square_low, near, cube_low)
    near = w.fma(rest * (1.0 / 3.0), root * root, near)
    power = ((shifted.bits << 52) + _BIAS).number * is_subnormal.pick(2.0**-18, 1.0)
    is_ordinary = (size > 0.0) & (size < inf)
    return is_ordinary.pick(w.with_sign(near * power, x), x)


def hypot(w: Writer, x: Numbers, y: Numbers) -> Numbers:
    """Write sqrt(x² + y²), of numbers moved to where squares neither overflow nor underflow."""
    x, y = abs(x), abs(y)
    larger = (x > y).pick(x, y)
    is_large, is_small = larger > 2.0**500, larger < 2.0**-400
    scale = is_large.pick(2.0**-600, is_small.pick(2.0**600, 1.0))
    back = is_large.pick(2.0**600, is_small.pick(2.0**-600, 1.0))
    a, b = x * scale, y * scale
    out = w.intrinsic("sqrt", w.fma(a, a, b * b)) * back
    return (x.equals(inf) | y.equals(inf)).pick(inf, out)


def power(w: Writer, x: Numbers, y: Numbers) -> Numbers:
    """Write x**y: exp(y log(|x|)), where the logarithm has 65 bits or more, and the sign."""
    size = abs(x)
    is_subnormal = size < 2.0**-1022
    _, k, m = _split(is_subnormal.pick(size * 2.0**54, size))
    k = is_subnormal.pick(k - 54.0, k)
    high, low = _long_log(w, k, m)
    times = w.between(y, -(2.0**64), 2.0**64)
    exponent, exponent_low = w.product(high, times)
    exponent_low = (abs(exponent) < 1000.0).pick(w.fma(low, times, exponent_low), 0.0)
    shifted, near, rest = _exp_parts(w, exponent, exponent_low)
    out = _scaled(near + rest, shifted)

    def otherwise() -> list[Numbers]:
        is_whole = w.floor(y).equals(y)
        is_odd = is_whole & ~w.floor(y * 0.5).equals(y * 0.5)
        grows = (size > 1.0) & (y > 0.0) | (size < 1.0) & (y < 0.0)
        limit = size.equals(1.0).pick(1.0, grows.pick(inf, 0.0))
        power = (size.equals(0.0) | size.equals(inf) | abs(y).equals(inf)).pick(limit, out)
        power = (x.bits.is_signed() & is_odd).pick(-power, power)
        power = ((x < 0.0) & (size < inf) & ~is_whole & (abs(y) < inf)).pick(nan, power)
        power = (x.is_nan() | y.is_nan()).pick(x + y, power)
        return [(y.equals(0.0) | x.equals(1.0)).pick(1.0, power)]

    (out,) = w.rarely(~((x > 0.0) & (x < inf) & (abs(y) < inf)), [out], otherwise)
    return out


def _long_log(w: Writer, k: Numbers, m: Numbers) -> tuple[Numbers, Numbers]:
    """Give k log(2) + log(m) as two numbers: 2s (1 + z/3 + z² ...), the first terms with all their digits."""
    f = m - 1.0
    below = f + 2.0
    below_low = f - (below - 2.0)
    inverse = 1.0 / below
    s = f * inverse
    s_low = (w.rest(-s, below, f) - s * below_low) * inverse
    z, z_low = w.product(s, s)
    z_low = w.fma(s * 2.0, s_low, z_low)
    third, third_low = w.product(z, 1.0 / 3.0)
    third_low = w.fma(z_low, 1.0 / 3.0, w.fma(z, 2.0**-54 / 3.0, third_low))
    far = z * z * (w.polynomial(z, coefficients.LOG_FAR) * 0.5)
    more, more_low = w.total(third, far)
    more_low = more_low + third_low
    bent, bent_low = w.product(s, more)
    bent_low = w.fma(s, more_low, w.fma(s_low, more, bent_low))
    near, near_low = w.total(s, bent)
    near_low = near_low + (bent_low + s_low)
    high, low = w.total(k * _LN2_HIGH, near * 2.0)
    low = low + w.fma(k, _LN2_LOW, near_low * 2.0)
    return w.total(high, low)


# ---------------------------------------------------------------------- the error function


def _erfc_of(w: Writer, x: Numbers) -> Numbers:
    """erfc(x) for x of at least 1/2: exp(-x²) times a quotient, with what rounding takes away from each of them."""
    x = w.between(x, 0.5, 28.0)
    square, square_low = w.product(x, x)
    shifted, power, power_low = _exp_parts(w, -square, -square_low)
    t = (x - 4.0) / (x + 4.0)
    first, *others = coefficients.ERFC
    bent = t * w.polynomial(t, others)
    above = bent + first
    above_low = bent - (above - first)
    below, below_low = w.total(x * 2.0, w.number(1.0))
    inverse = 1.0 / below
    ratio = above * inverse
    ratio_low = (w.rest(-ratio, below, above) + w.fma(-ratio, below_low, above_low)) * inverse
    return _scaled(w.fma(power, ratio, w.fma(power, ratio_low, power_low * ratio)), shifted)


def erf(w: Writer, x: Numbers) -> Numbers:
    """Write the error function: beyond 1 it is 1 - erfc(|x|)."""
    size = abs(x)
    z = w.between(x * x, 0.0, 1.0)
    small = w.fma(x, w.polynomial(z, coefficients.ERF), x)
    return (size > 1.0).pick(w.with_sign(1.0 - _erfc_of(w, size), x), small)


def erfc(w: Writer, x: Numbers) -> Numbers:
    """Write 1 - erf(x)."""
    size = abs(x)
    z = w.between(x * x, 0.0, 1.0)
    small = 0.5 - w.fma(x, w.polynomial(z, coefficients.ERF), x - 0.5)
    far = _erfc_of(w, size)
    return (size > 0.5).pick((x < 0.0).pick(2.0 - far, far), small)


# ---------------------------------------------------------------------- what is a few instructions


def maximum(_: Writer, x: Numbers, y: Numbers) -> Numbers:
    """Write the larger of two numbers; the first of equal ones, and nan if there is one."""
    return ((y > x) | y.is_nan()).pick(y, x)


def minimum(_: Writer, x: Numbers, y: Numbers) -> Numbers:
    """Write the smaller of two numbers; the first of equal ones, and nan if there is one."""
    return ((y < x) | y.is_nan()).pick(y, x)


def floor(w: Writer, x: Numbers) -> Numbers:
    """Write rounding down; as Python's ints have one 0, it is never -0.0."""
    return w.floor(x) + 0.0


def ceil(w: Writer, x: Numbers) -> Numbers:
    """Write rounding up."""
    return w.ceil(x) + 0.0


def trunc(w: Writer, x: Numbers) -> Numbers:
    """Write rounding towards zero."""
    return w.trunc(x) + 0.0


#: What writes them.
SHORT: dict[str, Callable[..., Numbers]] = {
    function.__name__: function for function in (ceil, floor, maximum, minimum, trunc)
}

#: What writes the others.
FUNCTIONS: dict[str, Callable[..., Numbers]] = {
    **{function.__name__: function for function in (acos, acosh, asin, asinh, atan, atan2, atanh, cbrt, cos, cosh)},
    **{function.__name__: function for function in (erf, erfc, exp, exp2, expm1, hypot, log, log10, log1p, log2)},
    **{function.__name__: function for function in (sin, sinh, tan, tanh)},
    "pow": power,
    "remainder": remainder,
}


def _tanh_and_its_slope(w: Writer, x: Numbers, shifted: Numbers, r: Numbers) -> list[Numbers]:
    """Write tanh and its derivative, which is (1 + tanh)(1 - tanh)."""
    out, rough, rest = _tanh(w, shifted, r)
    return [w.with_sign(out, x), w.fma(rough, rest, rest)]


class Pair(NamedTuple):
    """
    Two functions of the same number that share most of their work.

    Parameters
    ----------
    second
        The other function.
    limit
        The size of a number from which on they must be had apart.
    begin
        Writes the beginning, of the size of a number: which can be done of one number while another is ended.
    end
        Writes the two, of the number and of what the beginning gave.
    """

    second: str
    limit: float
    begin: Callable[[Writer, Numbers], Sequence[Numbers]]
    end: Callable[..., list[Numbers]]


#: By the primitive that is the first of two.
TOGETHER: dict[str, Pair] = {"tanh": Pair("sech2", 350.0, _reduced_to_roots, _tanh_and_its_slope)}
