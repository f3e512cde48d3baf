"""Elementary functions on vectors, as LLVM IR."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from autograd.primitives import C_LIBRARY, LLVM
from autograd.program.functions import FUNCTIONS, TOGETHER, maximum, minimum
from autograd.program.vectors import Numbers, Writer

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

#: What is a few instructions.
_SHORT = {"ceil": Writer.ceil, "floor": Writer.floor, "trunc": Writer.trunc, "maximum": maximum, "minimum": minimum}


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
        self._writer = Writer(builder, lanes, fused=fused)
        self.called: set[str] = set()

    def call(self, name: str, operands: Sequence[Any]) -> Any:
        """
        Append a primitive of the table.

        What is more than a few instructions is a function of the module, so that code grows little by each call.

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
        if name not in FUNCTIONS:
            return self.inline(name, operands)
        return self._writer.builder.call(self._function(name, len(operands)), operands)

    def inline(self, name: str, operands: Sequence[Any]) -> Any:
        """
        Append a primitive of the table without a call: it is faster in a short loop, but there may be new blocks.

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
        writer = self._writer
        numbers = [Numbers(writer, operand) for operand in operands]
        if name in FUNCTIONS:
            return FUNCTIONS[name](writer, *numbers).value
        if name in _SHORT:
            return _SHORT[name](writer, *numbers).value
        if name in LLVM:
            return writer.intrinsic(LLVM[name], *numbers).value
        return self._lane_by_lane(C_LIBRARY[name], operands)

    def together(self, name: str, x: Any, apart: Callable[[], Sequence[Any]]) -> list[Any]:
        """
        Append a primitive and another function of the same number, which share most of their work.

        Parameters
        ----------
        name
            The primitive, one of `TOGETHER`.
        x
            A vector.
        apart
            Appends the two one after the other: where a lane is far out.

        Returns
        -------
        list of llvmlite.ir.Value
        """
        writer = self._writer
        _, write = TOGETHER[name]
        is_far, usual = write(writer, Numbers(writer, x))
        both = writer.rarely(is_far, usual, lambda: [Numbers(writer, each) for each in apart()])
        return [each.value for each in both]

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
        return name in FUNCTIONS or name in _SHORT or name in LLVM or name in C_LIBRARY

    def _function(self, name: str, count: int) -> Any:
        """Give the function of the module that computes a primitive, written when it is first asked for."""
        writer = self._writer
        signature = writer.ir.FunctionType(writer.vector, [writer.vector] * count)
        function = writer.declared(f"elementary.{name}", signature)
        if not function.blocks:
            function.linkage, function.calling_convention = "internal", "fastcc"
            function.attributes.add("nounwind")
            inner = Writer(writer.ir.IRBuilder(function.append_basic_block()), writer.lanes, fused=writer.fused)
            inner.builder.ret(FUNCTIONS[name](inner, *[Numbers(inner, each) for each in function.args]).value)
        return function

    def _lane_by_lane(self, name: str, operands: Sequence[Any]) -> Any:
        """Call a function of the C library for each lane; `called` has it."""
        writer, builder = self._writer, self._writer.builder
        double = writer.ir.DoubleType()
        self.called.add(name)
        function = writer.declared(name, writer.ir.FunctionType(double, [double] * len(operands)))
        out = writer.ir.Constant(writer.vector, writer.ir.Undefined)
        for lane in range(writer.lanes):
            at = writer.ir.IntType(32)(lane)
            given = [builder.extract_element(operand, at) for operand in operands]
            out = builder.insert_element(out, builder.call(function, given), at)
        return out
