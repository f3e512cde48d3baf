"""The remainder of a division on vectors, exact as the C library's and with the sign of Python's."""

from __future__ import annotations

from math import inf, nan
from typing import TYPE_CHECKING, Any

from autograd.program.elementary.vectors import Numbers

if TYPE_CHECKING:
    from autograd.program.elementary.vectors import Writer

_BITS_AT_A_TIME = 11  # a remainder has at most 53 bits, of 64


def remainder(w: Writer, x: Numbers, y: Numbers) -> Numbers:
    """Write x % y, which has the sign of y."""
    rest = w.with_sign(_of_sizes(w, abs(x), abs(y)), x)
    differs = (rest.bits ^ y.bits).is_signed()
    turned = differs.pick(rest + y, rest)
    return rest.equals(0.0).pick(w.with_sign(w.number(0.0), y), turned)


def _of_sizes(w: Writer, x: Numbers, y: Numbers) -> Numbers:
    """Give what is left of x, neither negative: with q the whole part of x/y or one more, x - q*y is exact."""
    ratio = x / y
    rest = w.rest(-w.trunc(ratio), y, x)
    rest = (rest < 0.0).pick(rest + y, rest)
    rest = (x < y).pick(x, rest)

    def otherwise() -> list[Numbers]:
        is_possible = (x < inf) & (y > 0.0)
        out = _one_by_one(w, is_possible.pick(x, 1.0), (is_possible & (y < inf)).pick(y, 1.0))
        out = (y < inf).pick(out, x)
        return [(x.is_nan() | y.is_nan()).pick(x + y, is_possible.pick(out, nan))]

    # Without fused instructions the halves of q and y must have exact products.
    is_usual = ratio < 2.0**52 if w.fused else (ratio < 2.0**26) & (y > 2.0**-900)
    (rest,) = w.rarely(~is_usual | ~(y < inf), [rest], otherwise)
    return rest


def _one_by_one(w: Writer, x: Numbers, y: Numbers) -> Numbers:
    builder, ir = w.builder, w.ir
    function = _long_division(w)
    out = ir.Constant(w.vector, ir.Undefined)
    for lane in range(w.lanes):
        at = ir.IntType(32)(lane)
        rest = builder.call(function, [builder.extract_element(each.value, at) for each in (x, y)])
        out = builder.insert_element(out, rest, at)
    return Numbers(w, out)


def _long_division(w: Writer) -> Any:
    """Give a function of the module that finds what is left of one positive number by another, a few bits at a time."""
    ir = w.ir
    double, whole = ir.DoubleType(), ir.IntType(64)
    function = w.declared("elementary.fmod", ir.FunctionType(double, [double, double]))
    if function.blocks:
        return function
    function.linkage = "internal"
    entry, smaller, head, body, after = (function.append_basic_block() for _ in range(5))
    builder = ir.IRBuilder(entry)
    x, y = function.args
    (exponent_x, fraction_x), (exponent, fraction) = _parts(w, builder, x), _parts(w, builder, y)
    count, first = builder.sub(exponent_x, exponent), builder.urem(fraction_x, fraction)
    builder.cbranch(builder.fcmp_ordered("<", x, y), smaller, head)
    builder.position_at_end(smaller)
    builder.ret(x)
    builder.position_at_end(head)
    left, rest = builder.phi(whole), builder.phi(whole)
    builder.cbranch(builder.icmp_signed(">", left, whole(0)), body, after)
    builder.position_at_end(body)
    most = whole(_BITS_AT_A_TIME)
    step = builder.select(builder.icmp_signed("<", left, most), left, most)
    pairs = (left, count, builder.sub(left, step)), (rest, first, builder.urem(builder.shl(rest, step), fraction))
    for phi, start, following in pairs:
        phi.add_incoming(start, entry)
        phi.add_incoming(following, body)
    builder.branch(head)
    builder.position_at_end(after)
    out = builder.uitofp(rest, double)
    power = builder.sub(exponent, whole(1075))
    half = builder.ashr(power, whole(1))
    for part in (half, builder.sub(power, half)):  # the power itself may be none of a float
        out = builder.fmul(out, builder.bitcast(builder.shl(builder.add(part, whole(1023)), whole(52)), double))
    builder.ret(out)
    return function


def _parts(w: Writer, builder: Any, number: Any) -> tuple[Any, Any]:
    """Give the exponent, 1 for a subnormal number, and the fraction as a whole number."""
    whole = w.ir.IntType(64)
    bits = builder.bitcast(number, whole)
    exponent, fraction = builder.lshr(bits, whole(52)), builder.and_(bits, whole((1 << 52) - 1))
    is_subnormal = builder.icmp_unsigned("==", exponent, whole(0))
    normal = builder.or_(fraction, whole(1 << 52))
    return builder.select(is_subnormal, whole(1), exponent), builder.select(is_subnormal, fraction, normal)
