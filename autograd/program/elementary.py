"""Elementary functions on vectors, as LLVM IR."""

from __future__ import annotations

import math
from functools import reduce
from typing import Any

from autograd.primitives import C_LIBRARY, LLVM

#: Taylor's coefficients of exp, 1/k!, from the highest: on |r| <= ln(2)/2 the first one left out is below 2**-57.
_EXP = [1 / 6227020800, 1 / 479001600, 1 / 39916800, 1 / 3628800, 1 / 362880, 1 / 40320, 1 / 5040, 1 / 720, 1 / 120]
_EXP += [1 / 24, 1 / 6, 0.5, 1.0, 1.0]

#: 2/(2k + 1), from the highest: log(1 + f) is 2 atanh(s) with s = f/(2 + f), and s*s is below 0.03.
_ATANH = [2 / (2 * k + 1) for k in range(11, 0, -1)]

_ROOT_HALF = 0x3FE6A09E667F3BCD  # sqrt(1/2), as bits
_LOG2_E = 1.4426950408889634
_LN2_HIGH = float.fromhex("0x1.62e42fee00000p-1")  # the last bits are zero: its products with whole numbers are exact
_LN2_LOW = float.fromhex("0x1.a39ef35793c76p-33")


class Elementary:
    """
    Appends elementary functions.

    Parameters
    ----------
    builder
        Of LLVM IR.
    lanes
        How many numbers a vector has.
    fused
        Whether the CPU has an instruction for ``x*y + z`` with one rounding.
    """

    def __init__(self, builder: Any, lanes: int, *, fused: bool = True) -> None:
        from llvmlite import ir  # noqa: PLC0415 - optional

        self._ir, self._builder, self._lanes, self._fused = ir, builder, lanes, fused
        self._vector = ir.VectorType(ir.DoubleType(), lanes)
        self._whole = ir.VectorType(ir.IntType(64), lanes)
        self.called: set[str] = set()

    def call(self, name: str, operands: list[Any]) -> Any:
        """
        Append a primitive of the table.

        Parameters
        ----------
        name
            The primitive.
        operands
            Vectors.

        Returns
        -------
        llvmlite.ir.Value
        """
        if name in LLVM:
            return self._intrinsic(LLVM[name], *operands)
        if name in C_LIBRARY:
            return self._lane_by_lane(C_LIBRARY[name], operands)
        return getattr(self, f"_write_{name}")(*operands)

    @classmethod
    def has(cls, name: str) -> bool:
        """
        Tell whether a primitive can be written.

        Parameters
        ----------
        name
            The primitive.

        Returns
        -------
        bool
        """
        return name in LLVM or name in C_LIBRARY or hasattr(cls, f"_write_{name}")

    def number(self, x: float) -> Any:
        """Give a number in every lane."""
        return self._ir.Constant(self._vector, [self._ir.DoubleType()(x)] * self._lanes)

    def _integer(self, n: int) -> Any:
        return self._ir.Constant(self._whole, [self._ir.IntType(64)(n)] * self._lanes)

    def _intrinsic(self, name: str, *operands: Any) -> Any:
        signature = self._ir.FunctionType(self._vector, [self._vector] * len(operands))
        return self._builder.call(self._declared(f"llvm.{name}.v{self._lanes}f64", signature), operands)

    def _declared(self, name: str, signature: Any) -> Any:
        module = self._builder.module
        return module.globals.get(name) or self._ir.Function(module, signature, name)

    def _lane_by_lane(self, name: str, operands: list[Any]) -> Any:
        """Call a function of the C library for each lane; `called` has it."""
        builder, double = self._builder, self._ir.DoubleType()
        self.called.add(name)
        function = self._declared(name, self._ir.FunctionType(double, [double] * len(operands)))
        out = self._ir.Constant(self._vector, self._ir.Undefined)
        for lane in range(self._lanes):
            at = self._ir.IntType(32)(lane)
            given = [builder.extract_element(operand, at) for operand in operands]
            out = builder.insert_element(out, builder.call(function, given), at)
        return out

    def _horner(self, x: Any, coefficients: list[float]) -> Any:
        def step(total: Any, coefficient: float) -> Any:
            return self._intrinsic("fma", total, x, self.number(coefficient))

        return reduce(step, coefficients[1:], self.number(coefficients[0]))

    # ------------------------------------------------------------------ the functions

    def _write_maximum(self, x: Any, y: Any) -> Any:
        return self._chosen(">", x, y)

    def _write_minimum(self, x: Any, y: Any) -> Any:
        return self._chosen("<", x, y)

    def _write_remainder(self, x: Any, y: Any) -> Any:
        """Give it the sign of y, as Python does; the C library's has that of x."""
        builder, zero = self._builder, self.number(0.0)
        rest = self._lane_by_lane("fmod", [x, y])
        differs = builder.xor(builder.fcmp_ordered("<", rest, zero), builder.fcmp_ordered("<", y, zero))
        turned = builder.select(differs, builder.fadd(rest, y), rest)
        return builder.select(builder.fcmp_ordered("==", rest, zero), self._intrinsic("copysign", zero, y), turned)

    def _chosen(self, symbol: str, x: Any, y: Any) -> Any:
        builder = self._builder
        is_better = builder.or_(builder.fcmp_ordered(symbol, y, x), builder.fcmp_unordered("uno", y, y))
        return builder.select(is_better, y, x)

    def _write_exp(self, x: Any) -> Any:
        """exp(x) = 2**n exp(r), with n the whole number nearest to x/ln(2)."""
        builder = self._builder
        n, r, _ = self._reduced(self._between(x, -750.0, 710.0))
        power = self._scaled(self._horner(r, _EXP), n)
        return builder.select(builder.fcmp_unordered("uno", x, x), x, power)

    def _scaled(self, x: Any, n: Any) -> Any:
        """Multiply by 2**n in two steps, so that a result may be subnormal."""
        builder = self._builder
        whole = builder.fptosi(n, self._whole)
        half = builder.ashr(whole, self._integer(1))
        for part in (half, builder.sub(whole, half)):
            bits = builder.shl(builder.add(part, self._integer(1023)), self._integer(52))
            x = builder.fmul(x, builder.bitcast(bits, self._vector))
        return x

    def _write_expm1(self, x: Any) -> Any:
        """exp(x) - 1 = 2**n expm1(r) + (2**n - 1); far out, where the 1 is lost, exp(x), and on the other side -1."""
        builder = self._builder
        inside = self._between(x, -40.0, 40.0)
        n, r, low = self._reduced(inside)
        curved = self._intrinsic("fma", builder.fmul(r, r), self._horner(r, _EXP[:-2]), low)
        power = self._scaled(self.number(1.0), n)
        whole, line = builder.fsub(power, self.number(1.0)), builder.fmul(power, r)
        near = builder.fadd(whole, line)
        lost = builder.fadd(builder.fsub(whole, near), line)
        near = builder.fadd(near, self._intrinsic("fma", power, curved, lost))
        near = builder.select(builder.fcmp_ordered("<", self._intrinsic("fabs", x), self.number(2.0**-54)), x, near)
        return builder.select(builder.fcmp_unordered(">", x, self.number(40.0)), self._write_exp(x), near)

    def _write_tanh(self, x: Any) -> Any:
        """From expm1 of -2|x|, which is never large, or of 2|x|, so that nothing cancels."""
        builder = self._builder
        size, two = self._intrinsic("fabs", x), self.number(2.0)
        is_small = builder.fcmp_ordered("<", size, self.number(1.0))
        double = builder.fmul(two, self._intrinsic("minnum", size, self.number(22.0)))
        t = self._write_expm1(builder.select(is_small, builder.fneg(double), double))
        above, below = builder.select(is_small, builder.fneg(t), two), builder.fadd(t, two)
        inverse = builder.fdiv(self.number(1.0), below)
        ratio = builder.fmul(above, inverse)
        rest = self._intrinsic("fma", builder.fneg(ratio), below, above)
        lost = builder.fsub(t, builder.fsub(below, two))
        rest = self._intrinsic("fma", builder.fneg(ratio), lost, rest)
        ratio = self._intrinsic("fma", rest, inverse, ratio)
        out = builder.select(is_small, ratio, builder.fsub(self.number(1.0), ratio))
        return builder.select(builder.fcmp_unordered("uno", x, x), x, self._intrinsic("copysign", out, x))

    def _write_log(self, x: Any) -> Any:
        """log(x) = k log(2) + log(1 + f), with x = 2**k (1 + f) and 1 + f between sqrt(1/2) and sqrt(2)."""
        builder = self._builder
        is_subnormal = builder.fcmp_ordered("<", x, self.number(2.0**-1022))
        normal = builder.select(is_subnormal, builder.fmul(x, self.number(2.0**54)), x)
        bits = builder.bitcast(normal, self._whole)
        k = builder.ashr(builder.sub(bits, self._integer(_ROOT_HALF)), self._integer(52))
        m = builder.bitcast(builder.sub(bits, builder.shl(k, self._integer(52))), self._vector)
        k = builder.select(is_subnormal, builder.sub(k, self._integer(54)), k)
        n, f = builder.sitofp(k, self._vector), builder.fsub(m, self.number(1.0))
        s = builder.fdiv(f, builder.fadd(f, self.number(2.0)))
        z = builder.fmul(s, s)
        rest = builder.fmul(z, self._horner(z, _ATANH))
        half_square = builder.fmul(self.number(0.5), builder.fmul(f, f))
        low = self._intrinsic("fma", n, self.number(_LN2_LOW), builder.fmul(s, builder.fadd(half_square, rest)))
        near = builder.fsub(builder.fsub(half_square, low), f)
        out = builder.fsub(builder.fmul(n, self.number(_LN2_HIGH)), near)
        out = builder.select(builder.fcmp_ordered("==", x, self.number(0.0)), self.number(-math.inf), out)
        out = builder.select(builder.fcmp_ordered("<", x, self.number(0.0)), self.number(math.nan), out)
        return builder.select(builder.fcmp_unordered("==", x, self.number(math.inf)), x, out)

    def _write_log1p(self, x: Any) -> Any:
        """log(1 + x), with what the rounding of 1 + x has taken away put back."""
        builder = self._builder
        u = builder.fadd(self.number(1.0), x)
        lost = builder.fsub(x, builder.fsub(u, self.number(1.0)))
        near = builder.fadd(self._write_log(u), builder.fdiv(lost, u))
        near = builder.select(builder.fcmp_ordered("<", self._intrinsic("fabs", x), self.number(2.0**-54)), x, near)
        is_far = builder.or_(
            builder.fcmp_ordered("<=", x, self.number(-1.0)), builder.fcmp_unordered("==", x, self.number(math.inf))
        )
        return builder.select(is_far, self._write_log(u), near)

    def _between(self, x: Any, low: float, high: float) -> Any:
        builder = self._builder
        below = builder.select(builder.fcmp_ordered(">", x, self.number(high)), self.number(high), x)
        return builder.select(builder.fcmp_ordered("<", below, self.number(low)), self.number(low), below)

    def _reduced(self, x: Any) -> tuple[Any, Any, Any]:
        """Give n, r and what rounding took from r, with x = n log(2) + r, n whole and r small."""
        builder = self._builder
        n = self._intrinsic("rint", builder.fmul(x, self.number(_LOG2_E)))
        high = self._intrinsic("fma", builder.fneg(n), self.number(_LN2_HIGH), x)
        r = self._intrinsic("fma", builder.fneg(n), self.number(_LN2_LOW), high)
        return n, r, self._intrinsic("fma", builder.fneg(n), self.number(_LN2_LOW), builder.fsub(high, r))
