"""
The interpreter by levels as LLVM IR: one function that runs code in which vectors hold results of alike instructions.

A *register* is a vector, in each lane the result of another instruction, for one example. The code is a row of words:
which instruction; how many vectors of it; how many operands each has; and for each vector the register of the result,
and for each operand where in memory each lane finds it. What is computed is read from the table, as in the other one.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from autograd.program.writing import Writer, of_the_table, pairs

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from autograd.program.machine import Features

#: Words of an instruction before those of its vectors.
HEAD = 3


@cache
def opcodes() -> dict[str, int]:
    """
    Give each instruction its code.

    Returns
    -------
    dict of str to int
    """
    return {name: code for code, name in enumerate(("end", "sum", "dot", *pairs(), *of_the_table()))}


def module(features: Features) -> Any:
    """
    Write the interpreter.

    Parameters
    ----------
    features
        Of the CPU.

    Returns
    -------
    llvmlite.ir.Module
        With the function ``run``, of the addresses of code and memory.
    """
    return _Interpreter(features, "levels").write()


class _Interpreter(Writer):
    """Writes the function."""

    def write(self) -> Any:
        builder = self._builder
        self._memory = builder.inttoptr(self._argument(1, "memory"), self._double.as_pointer())
        self._run_code(builder.inttoptr(self._argument(0, "code"), self._word.as_pointer()), opcodes())
        builder.ret_void()
        return self._run.module

    def _instruction(self, name: str) -> Any:
        builder, body = self._builder, self._body
        if name == "sum":
            return self._of_many(1, builder.fadd)
        if name == "dot":
            return self._of_many(2, lambda total, x, y: builder.fadd(total, builder.fmul(x, y)))
        if name in pairs():
            return self._of_few(1, lambda x: body.emit_both(*pairs()[name], x), results=2)
        return self._of_few(of_the_table()[name], lambda *given: [self._of_numbers(body, name, given)])

    def _of_few(self, count: int, compute: Callable[..., Sequence[Any]], results: int = 1) -> Any:
        """Compute results of so many operands each."""
        size = self._number(results + count * self._lanes)
        end = self._end(size)
        with self._count(self._number(HEAD), end, size) as at:
            given = self._gathered(self._behind(at, results), count)
            for i, result in enumerate(compute(*given)):
                self._store(result, self._behind(at, i))
        return end

    def _of_many(self, each: int, add: Callable[..., Any]) -> Any:
        """Add to the first operand others, so many of them at a time."""
        builder = self._builder
        size = self._behind(builder.mul(self._operand(2), self._number(self._lanes)), 1)
        end = self._end(size)
        with self._count(self._number(HEAD), end, size) as at:
            others, step = self._behind(at, 1 + self._lanes), self._number(each * self._lanes)
            start = self._gathered(self._behind(at, 1), 1)
            with self._accumulate(others, builder.add(at, size), step, start) as (place, (total,), give):
                give([add(total, *self._gathered(place, each))])
            self._store(self._totals_out[0], at)
        return end

    def _end(self, size: Any) -> Any:
        """Give where an instruction ends, of each vector of which there are so many words."""
        return self._behind(self._builder.mul(self._operand(1), size), HEAD)

    def _behind(self, at: Any, n: int) -> Any:
        return self._builder.add(at, self._number(n))

    def _gathered(self, at: Any, count: int) -> list[Any]:
        """Load so many vectors of operands, lane by lane: there is an instruction for it, which takes longer."""
        builder, operands = self._builder, []
        for first in range(0, count * self._lanes, self._lanes):
            numbers = self._ir.Constant(self._vector, self._ir.Undefined)
            for lane in range(self._lanes):
                place = self._operand_at(self._behind(at, first + lane))
                number = builder.load(builder.gep(self._memory, [place]))
                numbers = builder.insert_element(numbers, number, self._word(lane))
            operands.append(numbers)
        return operands

    def _store(self, result: Any, at: Any) -> None:
        """Store a vector into the register that a word names."""
        self._builder.store(result, self._vector_of(self._memory, self._operand_at(at)), align=8)
