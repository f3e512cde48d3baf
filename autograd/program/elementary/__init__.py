"""Elementary functions on vectors, as LLVM IR."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from autograd.primitives import C_LIBRARY, LLVM
from autograd.program.elementary.functions import FUNCTIONS, SHORT, TOGETHER
from autograd.program.elementary.vectors import Numbers, Writer

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from autograd.program.machine import Features


class Elementary:
    """
    Appends elementary functions.

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
        self._builder, self._lanes, self._features = builder, lanes, features

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
        if name in FUNCTIONS:
            return self._builder.call(self._function(name, len(operands)), operands)
        writer = self._writer(name, len(operands))
        numbers = [Numbers(writer, operand) for operand in operands]
        if name in SHORT:
            return SHORT[name](writer, *numbers).value
        if name in LLVM:
            return writer.intrinsic(LLVM[name], *numbers).value
        return self._lane_by_lane(writer, C_LIBRARY[name], operands)

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
            Appends the two one after the other: for lanes that are far out.

        Returns
        -------
        list of llvmlite.ir.Value
        """
        writer = self._writer(name, 1)
        pair, given = TOGETHER[name], Numbers(writer, x)
        size = abs(given)
        usual = pair.end(writer, given, *pair.begin(writer, size))
        is_far = ~(size < pair.limit)

        def otherwise() -> list[Numbers]:  # a lane that is near is what it would be beside others
            return [is_far.pick(Numbers(writer, far), near) for far, near in zip(apart(), usual, strict=True)]

        return [each.value for each in writer.rarely(is_far, usual, otherwise)]

    def begin(self, name: str, x: Any) -> list[Any]:
        """
        Append the beginning of a primitive and another function of the same number, for a loop over many numbers.

        Parameters
        ----------
        name
            The primitive, one of `TOGETHER`.
        x
            A vector.

        Returns
        -------
        list of llvmlite.ir.Value
            Whether it can be ended with `end`: no lane is far out. Then what that needs.
        """
        writer = self._writer(name, 1)
        pair, size = TOGETHER[name], abs(Numbers(writer, x))
        is_near = writer.all_less(size, pair.limit)
        return [is_near, *(each.value for each in pair.begin(writer, size))]

    def end(self, name: str, x: Any, begun: Sequence[Any]) -> list[Any]:
        """
        Append the rest.

        Parameters
        ----------
        name, x
            As for `begin`.
        begun
            What that gave, without the first.

        Returns
        -------
        list of llvmlite.ir.Value
            The primitive, and the other function.
        """
        writer = self._writer(name, 1)
        numbers = [Numbers(writer, each) for each in (x, *begun)]
        return [each.value for each in TOGETHER[name].end(writer, *numbers)]

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
        return name in FUNCTIONS or name in SHORT or name in LLVM or name in C_LIBRARY

    def _writer(self, name: str, count: int, builder: Any = None) -> Writer:
        def itself() -> Any:
            return self._function(name, count)

        return Writer(builder or self._builder, self._lanes, self._features, itself=itself)

    def _function(self, name: str, count: int) -> Any:
        """Give the function of the module that computes a primitive, written when it is first asked for."""
        writer = self._writer(name, count)
        signature = writer.ir.FunctionType(writer.vector, [writer.vector] * count)
        function = writer.declared(f"elementary.{name}.{self._lanes}", signature)
        if not function.blocks:
            function.linkage, function.calling_convention = "internal", "fastcc"
            function.attributes.add("nounwind")
            inner = self._writer(name, count, writer.ir.IRBuilder(function.append_basic_block()))
            inner.builder.ret(FUNCTIONS[name](inner, *[Numbers(inner, each) for each in function.args]).value)
        return function

    def _lane_by_lane(self, writer: Writer, name: str, operands: Sequence[Any]) -> Any:
        """Call a function of the C library for each lane."""
        builder, double = writer.builder, writer.ir.DoubleType()
        function = writer.declared(name, writer.ir.FunctionType(double, [double] * len(operands)))
        out = writer.ir.Constant(writer.vector, writer.ir.Undefined)
        for lane in range(writer.lanes):
            at = writer.ir.IntType(32)(lane)
            given = [builder.extract_element(operand, at) for operand in operands]
            out = builder.insert_element(out, builder.call(function, given), at)
        return out
