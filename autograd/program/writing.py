"""What the interpreters have in common: what they are made from, and how their machine code is written."""

from __future__ import annotations

from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from autograd.primitives import BINARY, IEEE
from autograd.program.elementary import Elementary
from autograd.program.elementary.functions import TOGETHER
from autograd.program.lanes import Body
from autograd.program.lowering import body_of, kept_instructions, operands_of
from autograd.program.tape import OPERATORS, SOURCES, Tape

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from autograd.program.machine import Features

#: Instructions of as many operands as they are given: no function of a few numbers.
_OF_MANY = ("sum", "dot")


def made_from(*own: str) -> list[Path]:
    """
    List the files that an interpreter is made from.

    Parameters
    ----------
    *own
        Those that it does not share with another one, in this folder.

    Returns
    -------
    list of pathlib.Path
    """
    shared = (
        "../entry.py", "../ops.py", "../primitives.py", "../rules/parameters.py", "../rules/reading.py", "writing.py",
        "folding.py", "lanes.py", "lowering.py", "tape.py", "machine.py", "compiling.py", "elementary/__init__.py",
        "elementary/functions.py", "elementary/coefficients.py", "elementary/trigonometric.py",
        "elementary/remainders.py", "elementary/vectors.py",
    )  # fmt: skip
    return [Path(__file__).parent / name for name in (*shared, *own)]


@cache
def pairs() -> dict[str, tuple[str, str]]:
    """
    List the instructions that compute two functions of one number.

    Returns
    -------
    dict
        By its name the names of the two.
    """
    return {f"{first}+{pair.second}": (first, pair.second) for first, pair in TOGETHER.items()}


@cache
def of_the_table() -> dict[str, int]:
    """
    List the instructions that compute a number from a few numbers, with how many.

    Returns
    -------
    dict of str to int
    """
    known = {op: 3 if op == "select" else 1 if op == "neg" else 2 for op in OPERATORS if op not in _OF_MANY}
    for name in sorted(IEEE):
        if name not in known and (name == "truediv" or Elementary.has(name)):
            known[name] = 2 if name in BINARY else 1
    for name in sorted(kept_instructions()):
        tape = Tape()
        count = len(operands_of(name))
        body_of(name)(tape, *(tape.source("input", i) for i in range(count)))
        if all(step.op in known or step.op in SOURCES for step in tape.instructions):
            known[name] = count
    return known


class Writer:
    """
    Writes a module with a function ``run``, of the address of its arguments: whole numbers of 64 bits.

    Parameters
    ----------
    features
        Of the CPU.
    name
        Of the module.
    """

    def __init__(self, features: Features, name: str) -> None:
        from llvmlite import ir  # noqa: PLC0415 - optional

        from autograd.program.folding import FoldingBuilder  # noqa: PLC0415 - it needs llvmlite

        self._ir, self._lanes = ir, features.lanes
        self._features = features
        self._whole, self._word, self._double = ir.IntType(64), ir.IntType(32), ir.DoubleType()
        self._vector = ir.VectorType(self._double, features.lanes)
        self._run = ir.Function(ir.Module(name), ir.FunctionType(ir.VoidType(), [self._whole.as_pointer()]), "run")
        self._builder = FoldingBuilder(self._run.append_basic_block("entry"))
        self._body = Body(self._builder, features.lanes, features)

    def _argument(self, place: int, name: str = "") -> Any:
        return self._builder.load(self._builder.gep(self._run.args[0], [self._number(place)]), name=name)

    # ------------------------------------------------------------------ code

    def _run_code(self, code: Any, opcodes: dict[str, int]) -> None:
        """Run code, a row of words, from its beginning to the instruction `end`."""
        builder, run = self._builder, self._run
        self._code, before = code, builder.block
        step, after = run.append_basic_block("step"), run.append_basic_block("after")
        unknown = run.append_basic_block("unknown")
        builder.branch(step)
        builder.position_at_end(step)
        self._at = builder.phi(self._whole, "at")
        self._at.add_incoming(self._number(0), before)
        switch = builder.switch(builder.load(builder.gep(code, [self._at])), unknown)
        builder.position_at_end(unknown)
        builder.unreachable()
        for name, number in opcodes.items():
            block = run.append_basic_block(f"op{number}")
            switch.add_case(self._word(number), block)
            builder.position_at_end(block)
            if name == "end":
                builder.branch(after)
                continue
            length = self._instruction(name)
            self._at.add_incoming(builder.add(self._at, length), builder.block)
            builder.branch(step)
        builder.position_at_end(after)

    def _instruction(self, name: str) -> Any:
        """Write an instruction; the result is the length of its code."""
        raise NotImplementedError

    def _operand(self, place: int) -> Any:
        """Give a whole number of the code, so far behind the instruction."""
        return self._operand_at(self._number(place))

    def _operand_at(self, place: Any) -> Any:
        builder = self._builder
        return builder.zext(builder.load(builder.gep(self._code, [builder.add(self._at, place)])), self._whole)

    def _of_numbers(self, body: Body, name: str, given: Sequence[Any]) -> Any:
        """Write an instruction; where it wants truth values, numbers are true that are not zero."""
        tests = {"select": 1, "and": 2, "or": 2}.get(name, 0)
        zero = body.constant(0.0)
        true = [self._builder.fcmp_unordered("!=", each, zero) for each in given[:tests]]
        return body.as_number(body.emit(name, [*true, *given[tests:]]))

    # ------------------------------------------------------------------ numbers

    def _number(self, n: int) -> Any:
        return self._whole(n)

    def _sum_of(self, one: Any, other: Any, n: int) -> Any:
        return self._builder.add(self._builder.add(one, other), self._number(n))

    def _vector_of(self, row: Any, v: Any) -> Any:
        builder = self._builder
        return builder.gep(builder.bitcast(row, self._vector.as_pointer()), [v])

    # ------------------------------------------------------------------ loops

    @contextmanager
    def _count(self, start: Any, stop: Any, step: Any) -> Iterator[Any]:
        """Repeat what is written inside, while the index is below `stop`."""
        with self._accumulate(start, stop, step, []) as (index, _, give):
            yield index
            give([])

    @contextmanager
    def _accumulate(
        self, start: Any, stop: Any, step: Any, values: Sequence[Any], *, is_while: bool = False
    ) -> Iterator[Any]:
        """
        Repeat what is written inside, each time with what it gave; afterwards `_totals_out` has that.

        It can end early, where the first value is whether to go on; the index is where.
        """
        builder, run = self._builder, self._run
        before = builder.block
        head, inside, after = (run.append_basic_block(name) for name in ("head", "inside", "after"))
        builder.branch(head)
        builder.position_at_end(head)
        index = builder.phi(self._whole, "i")
        index.add_incoming(start, before)
        carried = [builder.phi(value.type) for value in values]
        for phi, value in zip(carried, values, strict=True):
            phi.add_incoming(value, before)
        is_inside = builder.icmp_signed("<", index, stop)
        builder.cbranch(builder.and_(is_inside, carried[0]) if is_while else is_inside, inside, after)
        builder.position_at_end(inside)
        given: list[Any] = []
        yield index, carried, given.extend
        index.add_incoming(builder.add(index, step), builder.block)
        for phi, value in zip(carried, given, strict=True):
            phi.add_incoming(value, builder.block)
        builder.branch(head)
        builder.position_at_end(after)
        self._totals_out = carried
