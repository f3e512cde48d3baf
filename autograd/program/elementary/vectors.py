"""Arithmetic on vectors of floats, as LLVM IR that is written with Python's operators."""

from __future__ import annotations

import operator
import struct
from functools import reduce
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from autograd.program.machine import Features

#: Added to a small number, it leaves the nearest whole number in the last bits: there the distance of floats is one.
TO_WHOLE = 1.5 * 2.0**52

#: So many numbers has a table: as many as a vector of AVX-512, which can be permuted by another.
_TABLE = 8

_HALF_OF_A_FRACTION = -(1 << 27)  # cuts 27 of the 53 digits off


def bits_of(x: float) -> int:
    """
    Give the 64 bits of a float as a whole number.

    Parameters
    ----------
    x
        The float.

    Returns
    -------
    int

    Examples
    --------
    >>> hex(bits_of(1.0))
    '0x3ff0000000000000'
    """
    return int.from_bytes(struct.pack(">d", x), "big")


class _Lanes:
    """What a value of LLVM IR is, with its operators."""

    def __init__(self, writer: Writer, value: Any) -> None:
        self.writer, self.value = writer, value


class Numbers(_Lanes):
    """A vector of floats. Operators take another one, or a float that every lane has."""

    def __add__(self, other: Numbers | float) -> Numbers:
        return self.writer.numbers("fadd", self, other)

    def __radd__(self, other: float) -> Numbers:
        return self.writer.numbers("fadd", other, self)

    def __sub__(self, other: Numbers | float) -> Numbers:
        return self.writer.numbers("fsub", self, other)

    def __rsub__(self, other: float) -> Numbers:
        return self.writer.numbers("fsub", other, self)

    def __mul__(self, other: Numbers | float) -> Numbers:
        return self.writer.numbers("fmul", self, other)

    def __rmul__(self, other: float) -> Numbers:
        return self.writer.numbers("fmul", other, self)

    def __truediv__(self, other: Numbers | float) -> Numbers:
        return self.writer.numbers("fdiv", self, other)

    def __rtruediv__(self, other: float) -> Numbers:
        return self.writer.numbers("fdiv", other, self)

    def __neg__(self) -> Numbers:
        return Numbers(self.writer, self.writer.builder.fneg(self.value))

    def __abs__(self) -> Numbers:
        return self.writer.intrinsic("fabs", self)

    def __lt__(self, other: Numbers | float) -> Mask:
        return self.writer.compared("<", self, other)

    def __gt__(self, other: Numbers | float) -> Mask:
        return self.writer.compared(">", self, other)

    def __ge__(self, other: Numbers | float) -> Mask:
        return self.writer.compared(">=", self, other)

    def equals(self, other: Numbers | float) -> Mask:
        """Compare; nan equals nothing."""
        return self.writer.compared("==", self, other)

    def is_nan(self) -> Mask:
        """Tell where nan is."""
        return Mask(self.writer, self.writer.builder.fcmp_unordered("uno", self.value, self.value))

    @property
    def bits(self) -> Bits:
        """The same lanes, as whole numbers."""
        return Bits(self.writer, self.writer.builder.bitcast(self.value, self.writer.whole))


class Bits(_Lanes):
    """A vector of 64-bit whole numbers."""

    def _with(self, name: str, other: Bits | int) -> Bits:
        return Bits(self.writer, getattr(self.writer.builder, name)(self.value, self.writer.bits(other).value))

    def __add__(self, other: Bits | int) -> Bits:
        return self._with("add", other)

    def __sub__(self, other: Bits | int) -> Bits:
        return self._with("sub", other)

    def __and__(self, other: Bits | int) -> Bits:
        return self._with("and_", other)

    def __or__(self, other: Bits | int) -> Bits:
        return self._with("or_", other)

    def __xor__(self, other: Bits | int) -> Bits:
        return self._with("xor", other)

    def __lshift__(self, count: int) -> Bits:
        return self._with("shl", count)

    def __rshift__(self, count: int) -> Bits:
        return self._with("lshr", count)

    def is_signed(self) -> Mask:
        """Tell where the first bit is set."""
        return Mask(self.writer, self.writer.builder.icmp_signed("<", self.value, self.writer.bits(0).value))

    @property
    def number(self) -> Numbers:
        """The same lanes, as floats."""
        return Numbers(self.writer, self.writer.builder.bitcast(self.value, self.writer.vector))


class Mask(_Lanes):
    """A vector of truth values."""

    def __and__(self, other: Mask) -> Mask:
        return Mask(self.writer, self.writer.builder.and_(self.value, other.value))

    def __or__(self, other: Mask) -> Mask:
        return Mask(self.writer, self.writer.builder.or_(self.value, other.value))

    def __invert__(self) -> Mask:
        return Mask(self.writer, self.writer.builder.not_(self.value))

    def pick(self, yes: Numbers | float, no: Numbers | float) -> Numbers:
        """Choose for each lane."""
        writer = self.writer
        yes, no = writer.number(yes), writer.number(no)
        return Numbers(writer, writer.builder.select(self.value, yes.value, no.value))

    def any(self) -> Any:
        """Tell whether it is true in a lane, as one truth value of LLVM."""
        writer = self.writer
        together = writer.ir.IntType(writer.lanes)
        return writer.builder.icmp_unsigned("!=", writer.builder.bitcast(self.value, together), together(0))


class Writer:
    """
    Appends arithmetic on vectors.

    Parameters
    ----------
    builder
        Of LLVM IR.
    lanes
        How many numbers a vector has.
    features
        Of the CPU.
    itself
        Gives the function of the module that is being written, for `again`.
    """

    def __init__(self, builder: Any, lanes: int, features: Features, *, itself: Callable[[], Any]) -> None:
        from llvmlite import ir  # noqa: PLC0415 - optional

        self.itself = itself
        self.ir, self.builder, self.lanes = ir, builder, lanes
        self.machine_lanes, self.fused = features.lanes, features.fused
        self._permutes = self.machine_lanes == _TABLE and lanes % _TABLE == 0
        self.vector = ir.VectorType(ir.DoubleType(), lanes)
        self.whole = ir.VectorType(ir.IntType(64), lanes)

    # ------------------------------------------------------------------ what there is

    def number(self, x: Numbers | float) -> Numbers:
        """Give a number in every lane."""
        if isinstance(x, Numbers):
            return x
        return Numbers(self, self.ir.Constant(self.vector, [self.ir.DoubleType()(x)] * self.lanes))

    def bits(self, n: Bits | int) -> Bits:
        """Give a whole number in every lane."""
        if isinstance(n, Bits):
            return n
        return Bits(self, self.ir.Constant(self.whole, [self.ir.IntType(64)(n)] * self.lanes))

    def numbers(self, name: str, x: Numbers | float, y: Numbers | float) -> Numbers:
        """Append an arithmetic instruction."""
        return Numbers(self, getattr(self.builder, name)(self.number(x).value, self.number(y).value))

    def compared(self, sign: str, x: Numbers, y: Numbers | float) -> Mask:
        """Append a comparison, false where a nan is."""
        return Mask(self, self.builder.fcmp_ordered(sign, x.value, self.number(y).value))

    def intrinsic(self, name: str, *operands: Numbers) -> Numbers:
        """Append a function that LLVM knows."""
        signature = self.ir.FunctionType(self.vector, [self.vector] * len(operands))
        function = self.declared(f"llvm.{name}.v{self.lanes}f64", signature)
        return Numbers(self, self.builder.call(function, [operand.value for operand in operands]))

    def declared(self, name: str, signature: Any) -> Any:
        """Give a function of the module, declared if it has not been."""
        module = self.builder.module
        return module.globals.get(name) or self.ir.Function(module, signature, name)

    def looked_up(self, table: Sequence[float], place: Bits) -> Numbers:
        """
        Give for each lane the number of a table that the last three bits of a whole number say.

        Parameters
        ----------
        table
            Eight numbers.
        place
            The whole numbers.

        Returns
        -------
        Numbers
        """
        return Numbers(self, self._permuted(table, place) if self._permutes else self._loaded(table, place))

    def _permuted(self, table: Sequence[float], place: Bits) -> Any:
        builder, ir = self.builder, self.ir
        kind = ir.VectorType(ir.DoubleType(), _TABLE)
        signature = ir.FunctionType(kind, [kind, ir.VectorType(ir.IntType(64), _TABLE)])
        permute = self.declared("llvm.x86.avx512.permvar.df.512", signature)
        numbers = ir.Constant(kind, list(table))
        found = [
            builder.call(permute, [numbers, self._lanes_of(place.value, start, _TABLE)])
            for start in range(0, self.lanes, _TABLE)
        ]
        while len(found) > 1:
            found = [self._side_by_side(*both) for both in zip(found[::2], found[1::2], strict=True)]
        return found[0]

    def _lanes_of(self, value: Any, start: int, count: int) -> Any:
        lanes = self.ir.Constant(self.ir.VectorType(self.ir.IntType(32), count), list(range(start, start + count)))
        return self.builder.shuffle_vector(value, value, lanes)

    def _side_by_side(self, left: Any, right: Any) -> Any:
        count = 2 * left.type.count
        lanes = self.ir.Constant(self.ir.VectorType(self.ir.IntType(32), count), list(range(count)))
        return self.builder.shuffle_vector(left, right, lanes)

    def _loaded(self, table: Sequence[float], place: Bits) -> Any:
        builder, ir = self.builder, self.ir
        numbers, place = self._stored(table), place & (_TABLE - 1)
        out = ir.Constant(self.vector, ir.Undefined)
        for lane in range(self.lanes):
            at, zero = ir.IntType(32)(lane), ir.IntType(64)(0)
            number = builder.load(builder.gep(numbers, [zero, builder.extract_element(place.value, at)]))
            out = builder.insert_element(out, number, at)
        return out

    def _stored(self, table: Sequence[float]) -> Any:
        """Give where a table stands in the module, put there if it has not been."""
        ir, module = self.ir, self.builder.module
        name = "table." + ".".join(float(number).hex() for number in table)
        known = module.globals.get(name)
        if known is None:
            kind = ir.ArrayType(ir.DoubleType(), _TABLE)
            known = ir.GlobalVariable(module, kind, name)
            known.global_constant, known.linkage = True, "internal"
            known.initializer = ir.Constant(kind, list(table))
        return known

    # ------------------------------------------------------------------ what is made of it

    def fma(self, x: Numbers, y: Numbers | float, z: Numbers | float) -> Numbers:
        """Give x*y + z, with one rounding where the CPU can, else with two."""
        if self.fused:
            return self.intrinsic("fma", x, self.number(y), self.number(z))
        return x * y + z

    def product(self, x: Numbers, y: Numbers | float) -> tuple[Numbers, Numbers]:
        """Give x*y, and what its rounding took away: exactly, or without fused instructions to 2**-105 of x*y."""
        y = self.number(y)
        high = x * y
        if self.fused:
            return high, self.intrinsic("fma", x, y, -high)
        x_high, y_high = ((each.bits & _HALF_OF_A_FRACTION).number for each in (x, y))
        x_low, y_low = x - x_high, y - y_high
        return high, ((x_high * y_high - high) + x_high * y_low + x_low * y_high) + x_low * y_low

    def rest(self, x: Numbers, y: Numbers, z: Numbers) -> Numbers:
        """Give x*y + z where the two all but cancel."""
        if self.fused:
            return self.intrinsic("fma", x, y, z)
        high, low = self.product(x, y)
        return (z + high) + low

    def total(self, x: Numbers, y: Numbers | float) -> tuple[Numbers, Numbers]:
        """Give x + y, and what its rounding took away; x is the larger one."""
        high = x + y
        return high, y - (high - x)

    def any_total(self, x: Numbers, y: Numbers) -> tuple[Numbers, Numbers]:
        """Give x + y, and what its rounding took away."""
        high = x + y
        of_y = high - x
        return high, (x - (high - of_y)) + (y - of_y)

    def polynomial(self, x: Numbers, coefficients: Sequence[float]) -> Numbers:
        """
        Evaluate a polynomial.

        By Horner's rule in x², of pairs of coefficients that the CPU computes side by side; of a long one the even and
        the odd powers are apart.

        Parameters
        ----------
        x
            Where.
        coefficients
            From the constant one.

        Returns
        -------
        Numbers
        """
        if len(coefficients) > 10:
            square = x * x
            odd, even = (self._by_pairs(square, coefficients[start::2]) for start in (1, 0))
            return self.fma(odd, x, even)
        return self._by_pairs(x, coefficients)

    def _by_pairs(self, x: Numbers, coefficients: Sequence[float]) -> Numbers:
        pairs: list[Numbers | float] = [self.fma(x, c, b) for b, c in zip(coefficients[::2], coefficients[1::2])]
        square, (*rest, last) = x * x, pairs if len(coefficients) % 2 == 0 else [*pairs, coefficients[-1]]
        total = self.number(last)
        for pair in reversed(rest):
            total = self.fma(total, square, pair)
        return total

    def all_less(self, x: Numbers, limit: float) -> Any:
        """Tell whether every lane is less than a number, as one truth value of LLVM."""
        ir, builder = self.ir, self.builder
        lanes = min(self.lanes, self.machine_lanes)  # a vector of the CPU after the other: the masks are put together
        bound = ir.Constant(ir.VectorType(ir.DoubleType(), lanes), [ir.DoubleType()(limit)] * lanes)
        tests = []
        for start in range(0, self.lanes, lanes):
            own = ir.Constant(ir.VectorType(ir.IntType(32), lanes), [*range(start, start + lanes)])
            tests.append(builder.fcmp_ordered("<", builder.shuffle_vector(x.value, x.value, own), bound))
        together = ir.IntType(lanes)
        return builder.icmp_unsigned("==", builder.bitcast(reduce(builder.and_, tests), together), together(-1))

    def between(self, x: Numbers, low: float, high: float) -> Numbers:
        """Move x between two bounds; nan stays."""
        x = self.at_most(x, high)
        return self.number(low).__gt__(x).pick(low, x)

    def at_most(self, x: Numbers, high: float) -> Numbers:
        """Move x below a bound; nan stays."""
        return self.number(high).__lt__(x).pick(high, x)

    def again(self, *operands: Numbers) -> Numbers:
        """Call the function that is being written."""
        return Numbers(self, self.builder.call(self.itself(), [operand.value for operand in operands]))

    def with_sign(self, x: Numbers, signed: Numbers) -> Numbers:
        """Give x the sign of another number."""
        return self.intrinsic("copysign", x, signed)

    def floor(self, x: Numbers) -> Numbers:
        """Round down."""
        return self._rounded("floor", x, operator.gt, -1.0)

    def ceil(self, x: Numbers) -> Numbers:
        """Round up."""
        return self._rounded("ceil", x, operator.lt, 1.0)

    def trunc(self, x: Numbers) -> Numbers:
        """Round towards zero."""
        if self.fused:
            return self.intrinsic("trunc", x)
        return self.with_sign(self.floor(abs(x)), x)

    def _rounded(self, name: str, x: Numbers, is_beyond: Callable[[Any, Any], Mask], step: float) -> Numbers:
        if self.fused:  # a CPU with that has instructions for rounding, too
            return self.intrinsic(name, x)
        nearest = (abs(x) + 2.0**52) - 2.0**52
        nearest = self.with_sign(nearest, x)
        rounded = self.with_sign(is_beyond(nearest, x).pick(nearest + step, nearest), x)
        return (abs(x) < 2.0**52).pick(rounded, x)

    def rarely(
        self, is_rare: Mask, usual: Sequence[Numbers], otherwise: Callable[[], Sequence[Numbers]]
    ) -> list[Numbers]:
        """
        Put something else in the place of results if a lane needs it.

        Parameters
        ----------
        is_rare
            The lanes that need it.
        usual
            What has been computed.
        otherwise
            Appends what else is computed, for all the lanes, and gives the results.

        Returns
        -------
        list of Numbers
        """
        builder = self.builder
        before, rare, after = builder.block, builder.append_basic_block(), builder.append_basic_block()
        builder.cbranch(is_rare.any(), rare, after)
        builder.position_at_end(rare)
        replaced = otherwise()
        end = builder.block
        builder.branch(after)
        builder.position_at_end(after)
        out = []
        for kept, other in zip(usual, replaced, strict=True):
            phi = builder.phi(kept.value.type)
            phi.add_incoming(kept.value, before)
            phi.add_incoming(other.value, end)
            out.append(Numbers(self, phi))
        return out
