"""
sin, cos and tan on vectors.

What is left of an angle after taking off quarter turns has to be right to its last digit even where next to nothing is
left: pi/2 is taken off in three parts, without fused instructions in four. Of huge angles the digits of 2/pi that count
are looked up (Payne and Hanek's reduction).
"""

from __future__ import annotations

import itertools
import math
import sys
from math import inf
from typing import TYPE_CHECKING, Any

from autograd.program.elementary import coefficients
from autograd.program.elementary.vectors import TO_WHOLE, Bits, Numbers

if TYPE_CHECKING:
    from autograd.program.elementary.vectors import Writer

#: pi/2 in parts of 53 bits: products of the first with whole numbers are exact only inside of a fused instruction.
_FUSED = [float.fromhex(part) for part in ("0x1.921fb54442d18p0", "0x1.1a62633145c07p-54", "-0x1.f1976b7ed8fbcp-110")]
#: pi/2 in parts of 33 bits, and a last one: their products with whole numbers up to 2**20 are exact.
_PLAIN = [float.fromhex(part) for part in ("0x1.921fb54400000p0", "0x1.0b4611a600000p-34", "0x1.3198a2e000000p-69")]
_PLAIN += [float.fromhex("0x1.b839a252049c1p-104")]

_LARGEST_EXPONENT = 971  # of the last bit of a float
_WIDTH = 192  # bits of 2/pi that count: 53 for the angle, 62 that may cancel, and those of the result


def _two_over_pi(digits: int) -> int:
    """Give 2/pi * 2**digits, rounded down, by Machin's formula for pi."""
    one = 1 << (digits + 64)

    def arctan_of_inverse(n: int) -> int:
        total, power, k = 0, one // n, 1
        while power:
            total += power // k if k % 4 == 1 else -(power // k)
            power, k = power // (n * n), k + 2
        return total

    pi = 4 * (4 * arctan_of_inverse(5) - arctan_of_inverse(239))
    return (2 * one << digits) // pi


def sin(w: Writer, x: Numbers) -> Numbers:
    """Write sin: with r what is left of x after n quarter turns, sin(r), cos(r), -sin(r) or -cos(r) in turn."""
    r, _, n = _reduced(w, x)
    return (abs(x) < 2.0**-28).pick(x, _quarter(w, r, n))


def cos(w: Writer, x: Numbers) -> Numbers:
    """Write cos: sin, a quarter turn on."""
    r, _, n = _reduced(w, x)
    return _quarter(w, r, n + 1)


def _quarter(w: Writer, r: Numbers, n: Bits) -> Numbers:
    z = r * r
    sine = w.fma(r * z, w.polynomial(z, coefficients.SIN), r)
    cosine = w.fma(z * z, w.polynomial(z, coefficients.COS), w.fma(z, -0.5, 1.0))
    out = (n << 63).is_signed().pick(cosine, sine)
    return (out.bits ^ (n >> 1 << 63)).number


def tan(w: Writer, x: Numbers) -> Numbers:
    """Write tan: with r what is left of x after n quarter turns, tan(r), or -1/tan(r) for odd n."""
    r, low, n = _reduced(w, x, wanted=True)
    z = r * r
    bent = w.fma(r * z, w.polynomial(z, coefficients.TAN), low * (z + 1.0))
    near, rest = w.total(r, bent)
    is_odd = (n << 63).is_signed()
    out = is_odd.pick(-1.0, near) / is_odd.pick(near, 1.0)
    error = w.rest(out, near, w.number(1.0)) + out * rest
    return (abs(x) < 2.0**-28).pick(x, w.fma(out, is_odd.pick(error, 0.0), out))


def _reduced(w: Writer, x: Numbers, *, wanted: bool = False) -> tuple[Numbers, Numbers, Bits]:
    """
    Take n quarter turns off: give what is left, what rounding took from that, and the last bits of n.

    What rounding took is as good as its first digits, with fused instructions only if it is `wanted`.
    """
    shifted = w.fma(x, 2.0 / math.pi, TO_WHOLE)
    n = shifted - TO_WHOLE
    if w.fused and not wanted:
        near, low = w.fma(n, -_FUSED[1], w.fma(n, -_FUSED[0], x)), n * -_FUSED[2]
    elif w.fused:
        high = w.fma(n, -_FUSED[0], x)
        product, lost = w.product(n, -_FUSED[1])
        near, low = w.any_total(high, product)
        low = w.fma(n, -_FUSED[2], low + lost)
    else:
        near, low = w.any_total(x - n * _PLAIN[0], n * -_PLAIN[1])
        near, more = w.any_total(near, n * -_PLAIN[2])
        low = low + (more - n * _PLAIN[3])
    r, low = w.total(near, low)

    is_huge = abs(x) > (2.0**30 if w.fused else 2.0**20)

    def otherwise() -> list[Numbers]:
        is_finite = is_huge & (abs(x) < inf)
        return [is_finite.pick(*pair) for pair in zip(_huge(w, is_finite.pick(x, 2.0**30)), usual, strict=True)]

    usual = [r, low, shifted]
    r, low, shifted = w.rarely(is_huge, usual, otherwise)
    return r, low, shifted.bits


def _huge(w: Writer, x: Numbers) -> list[Numbers]:
    """Give what `_reduced` does, for angles that are all huge, one after the other."""
    builder, ir = w.builder, w.ir
    function = _reduction(w)
    out = [ir.Constant(kind, ir.Undefined) for kind in (w.vector, w.vector, w.whole)]
    for lane in range(w.lanes):
        at = ir.IntType(32)(lane)
        found = builder.call(function, [builder.extract_element(x.value, at)])
        out = [builder.insert_element(each, builder.extract_value(found, i), at) for i, each in enumerate(out)]
    fraction, fraction_low = Numbers(w, out[0]), Numbers(w, out[1])
    r, low = w.product(fraction, _FUSED[0])
    low = low + (fraction_low * _FUSED[0] + fraction * _FUSED[1])
    return [*w.total(r, low), Bits(w, out[2]).number]


def _reduction(w: Writer) -> Any:
    """
    Give a function of the module that divides one huge number by pi/2.

    It returns the fraction that is left, in two parts, and the last bits of the whole number. All is done with whole
    numbers of three words, which count parts of four quarter turns: what does not fit is left out by itself.
    """
    ir = w.ir
    double, word, long = ir.DoubleType(), ir.IntType(64), ir.IntType(128)
    kind = ir.LiteralStructType([double, double, word])
    function = w.declared("elementary.quarter_turns", ir.FunctionType(kind, [double]))
    if function.blocks:
        return function
    function.linkage = "internal"
    builder = ir.IRBuilder(function.append_basic_block())
    bits = builder.bitcast(function.args[0], word)
    exponent = builder.and_(builder.lshr(bits, word(52)), word(0x7FF))
    fraction = builder.or_(builder.and_(bits, word((1 << 52) - 1)), word(1 << 52))
    # The digits of 2/pi that count, moved to the right by less than a byte, times the fraction.
    shift = builder.sub(word(_LARGEST_EXPONENT + 1075), exponent)
    at = builder.gep(builder.bitcast(_table(w), ir.IntType(8).as_pointer()), [builder.lshr(shift, word(3))])
    words = builder.bitcast(at, word.as_pointer())
    digits = [builder.load(builder.gep(words, [word(i)]), align=1) for i in range(4)]
    right = builder.and_(shift, word(7))
    left = builder.sub(word(63), right)
    product, factor = long(0), builder.zext(fraction, long)
    turns = []
    for lower, upper in itertools.pairwise(digits):
        moved = builder.or_(builder.lshr(lower, right), builder.shl(builder.shl(upper, word(1)), left))
        product = builder.add(builder.mul(builder.zext(moved, long), factor), builder.lshr(product, long(64)))
        turns.append(builder.trunc(product, word))
    # The first two bits are quarter turns; the others, as a number with a sign, the fraction of the nearest one.
    low, middle, high = turns
    n = builder.lshr(builder.add(high, word(1 << 61)), word(62))
    high = builder.or_(builder.shl(high, word(2)), builder.lshr(middle, word(62)))
    middle = builder.or_(builder.shl(middle, word(2)), builder.lshr(low, word(62)))
    parts = [
        builder.sitofp(builder.ashr(high, word(16)), double),
        builder.uitofp(builder.or_(builder.lshr(middle, word(32)), _last_bits(builder, high, 16, 32)), double),
        builder.uitofp(_last_bits(builder, middle, 32, 0), double),
    ]
    parts = [builder.fmul(part, double(2.0**power)) for part, power in zip(parts, (-48, -96, -128), strict=True)]
    near = builder.fadd(parts[0], parts[1])
    rest = builder.fadd(builder.fadd(builder.fsub(parts[0], near), parts[1]), parts[2])
    is_negative = builder.icmp_signed("<", bits, word(0))
    out = ir.Constant(kind, ir.Undefined)
    for index, part in enumerate((near, rest, n)):
        opposite = builder.neg(part) if part is n else builder.fneg(part)
        out = builder.insert_value(out, builder.select(is_negative, opposite, part), index)
    builder.ret(out)
    return function


def _last_bits(builder: Any, word: Any, count: int, places: int) -> Any:
    """Give the last bits of a word, moved to the left."""
    return builder.shl(builder.and_(word, word.type((1 << count) - 1)), word.type(places))


def _table(w: Writer) -> Any:
    """Give the digits of 2/pi, from the last one that can count, as bytes of the module."""
    module, ir = w.builder.module, w.ir
    digits = _two_over_pi(_LARGEST_EXPONENT + _WIDTH - 2).to_bytes(192, sys.byteorder)
    kind = ir.ArrayType(ir.IntType(8), len(digits))
    table = ir.GlobalVariable(module, kind, "elementary.two_over_pi")
    table.linkage, table.global_constant = "internal", True
    table.initializer = ir.Constant(kind, bytearray(digits))
    return table
