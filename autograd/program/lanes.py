"""Writes instructions of a tape as LLVM IR on vectors, which have one example in each lane."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from autograd.program.elementary import Elementary
from autograd.program.lowering import body_of, kept_instructions
from autograd.program.tape import Tape

if TYPE_CHECKING:
    from autograd.program.machine import Features

#: So many vectors are computed side by side, since each instruction waits for the one before.
AT_ONCE = 4

_ARITHMETIC = {"add": "fadd", "sub": "fsub", "mul": "fmul", "truediv": "fdiv"}
_COMPARISONS = {"lt": "<", "le": "<=", "gt": ">", "ge": ">=", "eq": "==", "ne": "!="}


class Body:
    """
    Appends instructions.

    Parameters
    ----------
    builder
        Of LLVM IR.
    lanes
        How many numbers a vector has.
    features
        Of the CPU.
    """

    def __init__(self, builder: Any, lanes: int, features: Features) -> None:
        from llvmlite import ir  # noqa: PLC0415 - optional

        self._ir, self._builder, self.lanes, self._features = ir, builder, lanes, features
        self.vector = ir.VectorType(ir.DoubleType(), lanes)
        self.elementary = Elementary(builder, lanes, features)

    def constant(self, number: float) -> Any:
        """
        Give a number in every lane; a truth value stays one.

        Parameters
        ----------
        number
            The number.

        Returns
        -------
        llvmlite.ir.Constant
        """
        kind = self._ir.IntType(1) if isinstance(number, bool) else self._ir.DoubleType()
        return self._ir.Constant(self._ir.VectorType(kind, self.lanes), [kind(number)] * self.lanes)

    def splat(self, scalar: Any) -> Any:
        """
        Put a number into every lane.

        Parameters
        ----------
        scalar
            The number.

        Returns
        -------
        llvmlite.ir.Value
        """
        builder, undefined = self._builder, self._ir.Constant(self.vector, self._ir.Undefined)
        single = builder.insert_element(undefined, scalar, self._ir.IntType(32)(0))
        zeros = self._ir.Constant(self._ir.VectorType(self._ir.IntType(32), self.lanes), [0] * self.lanes)
        return builder.shuffle_vector(single, undefined, zeros)

    def as_number(self, register: Any) -> Any:
        """
        Make 1.0 and 0.0 of truth values.

        Parameters
        ----------
        register
            A vector of numbers or of truth values.

        Returns
        -------
        llvmlite.ir.Value
        """
        is_test = register.type.element == self._ir.IntType(1)
        return self._builder.uitofp(register, self.vector) if is_test else register

    def emit(self, op: str, operands: list[Any]) -> Any:
        """
        Append an instruction.

        Parameters
        ----------
        op
            A primitive of the table, or another instruction that a tape has; or ``fused_dot``, a ``dot`` of a layer.
        operands
            Vectors.

        Returns
        -------
        llvmlite.ir.Value
        """
        builder = self._builder
        if op in _ARITHMETIC:
            return getattr(builder, _ARITHMETIC[op])(*operands)
        if op in _COMPARISONS:
            ordered = builder.fcmp_unordered if op == "ne" else builder.fcmp_ordered
            return ordered(_COMPARISONS[op], *operands)
        match op:
            case "neg":
                return builder.fneg(*operands)
            case "and":
                return builder.and_(*operands)
            case "or":
                return builder.or_(*operands)
            case "select":
                return builder.select(*operands)
            case "sum":
                total, *terms = operands
                for term in terms:
                    total = builder.fadd(total, term)
                return total
            case "dot" | "fused_dot":
                total, *factors = operands
                for w, x in zip(factors[::2], factors[1::2], strict=True):
                    total = self.fused(w, x, total) if op == "fused_dot" else builder.fadd(total, builder.fmul(w, x))
                return total
        if op in kept_instructions():
            return self._entry(op, operands)
        return self.elementary.call(op, operands)

    def fused(self, x: Any, y: Any, z: Any) -> Any:
        """
        Give x*y + z, with one rounding where the CPU has that.

        Parameters
        ----------
        x, y, z
            Vectors.

        Returns
        -------
        llvmlite.ir.Value
        """
        ir, builder = self._ir, self._builder
        if not self._features.fused:
            return builder.fadd(builder.fmul(x, y), z)
        name = f"llvm.fma.v{self.lanes}f64"
        function = builder.module.globals.get(name) or ir.Function(
            builder.module, ir.FunctionType(self.vector, [self.vector] * 3), name
        )
        return builder.call(function, [x, y, z])

    def emit_both(self, first: str, second: str, x: Any) -> list[Any]:
        """
        Append two instructions on the same number that are computed together.

        Parameters
        ----------
        first, second
            One of `functions.TOGETHER`, and what is beside it.
        x
            A vector.

        Returns
        -------
        list of llvmlite.ir.Value
        """
        return self.elementary.together(first, x, lambda: [self.emit(first, [x]), self.emit(second, [x])])

    def call_both(self, first: str, second: str, x: Any) -> list[Any]:
        """
        Append the same by a call, so that code of many grows little by each.

        Parameters
        ----------
        first, second, x
            As for `emit_both`.

        Returns
        -------
        list of llvmlite.ir.Value
        """
        ir, module, name = self._ir, self._builder.module, f"{first}+{second}.{self.lanes}"
        function = module.globals.get(name)
        if function is None:
            signature = ir.FunctionType(ir.LiteralStructType([self.vector] * 2), [self.vector])
            function = ir.Function(module, signature, name)
            function.linkage, function.calling_convention = "internal", "fastcc"
            builder = ir.IRBuilder(function.append_basic_block())
            out = ir.Constant(signature.return_type, ir.Undefined)
            body = Body(builder, self.lanes, self._features)
            for place, result in enumerate(body.emit_both(first, second, function.args[0])):
                out = builder.insert_value(out, result, place)
            builder.ret(out)
        results = self._builder.call(function, [x])
        return [self._builder.extract_value(results, place) for place in range(2)]

    def _entry(self, name: str, given: list[Any]) -> Any:
        """Append an entry of the table with what it is made of."""
        tape = Tape()
        result = body_of(name)(tape, *(tape.source("input", i) for i in range(len(given))))
        done: dict[int, Any] = {}
        for place in tape.needed_for([result]):
            op, operands = tape.instructions[place]
            if op == "constant":
                done[place] = self.constant(operands[0])
            elif op == "input":
                done[place] = given[operands[0]]
            else:
                done[place] = self.emit(op, [done[operand] for operand in operands])
        return done[result]
