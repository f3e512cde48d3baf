"""The tape: a straight line of instructions, each of which computes one number from numbers before it."""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING, Any, NamedTuple

from autograd.primitives import CHAINED, IEEE, left_sum

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

#: What an instruction may be beside a primitive of the table.
OPERATORS: dict[str, Any] = {
    "add": operator.add, "sub": operator.sub, "mul": operator.mul, "neg": operator.neg, "lt": operator.lt,
    "le": operator.le, "gt": operator.gt, "ge": operator.ge, "eq": operator.eq, "ne": operator.ne,
    "element": lambda index, *values: IEEE["element"](values, index),
    "sum": lambda start, *terms: left_sum(terms, start),
    "dot": lambda start, *factors: left_sum(map(operator.mul, factors[::2], factors[1::2]), start),
    "and": lambda x, y: x and y, "or": lambda x, y: x or y, "select": lambda test, x, y: x if test else y,
}  # fmt: skip


class Instruction(NamedTuple):
    """
    A step of a tape.

    Parameters
    ----------
    op
        A primitive of the table; ``"add"``, ``"lt"``, ``"select"`` and their like; or, where a number comes from,
        ``"constant"``, ``"input"`` or ``"param"``.
    operands
        Places of earlier instructions; for a constant the number, for an input or a parameter which one.
    """

    op: str
    operands: tuple[Any, ...]


#: Instructions that compute nothing.
SOURCES = frozenset({"constant", "input", "param"})


class Tape:
    """
    Instructions in the order in which they are computed; none is there twice, and none of constants alone.

    Attributes
    ----------
    instructions
        What it has so far. An instruction is named by its place.
    """

    def __init__(self) -> None:
        self.instructions: list[Instruction] = []
        self._places: dict[Any, int] = {}

    def emit(self, op: str, *operands: int) -> int:
        """
        Append an instruction, unless its result is there or known.

        Parameters
        ----------
        op
            What is computed.
        *operands
            Of which results.

        Returns
        -------
        int
            The place of its result.

        Examples
        --------
        >>> tape = Tape()
        >>> x = tape.source("input", 0)
        >>> tape.emit("mul", x, x) == tape.emit("mul", x, x)
        True
        >>> tape.instructions[tape.emit("sqrt", tape.constant(4.0))]
        Instruction(op='constant', operands=(2.0,))
        """
        known = [self.instructions[place] for place in operands]
        if all(each.op == "constant" for each in known):
            function = OPERATORS.get(op) or IEEE[op]
            return self.constant(function(*(each.operands[0] for each in known)))
        if op == "select" and known[0].op == "constant":
            return operands[1] if known[0].operands[0] else operands[2]
        if op == "mul":  # exact: it changes neither a nan nor the sign of a zero
            for one, other in (operands, operands[::-1]):
                if self.instructions[one] == Instruction("constant", (1.0,)):
                    return other
        return self._append(op, operands)

    def constant(self, number: float) -> int:
        """
        Give the place of a number.

        Parameters
        ----------
        number
            The number; a truth value, too.

        Returns
        -------
        int
        """
        key = ("constant", number.hex() if isinstance(number, float) else bool(number))  # 0.0 is not -0.0
        if key not in self._places:
            self._places[key] = len(self.instructions)
            self.instructions.append(Instruction("constant", (number,)))
        return self._places[key]

    def source(self, kind: str, index: int) -> int:
        """
        Give the place of what is given at each run.

        Parameters
        ----------
        kind
            ``"input"`` or ``"param"``.
        index
            Which.

        Returns
        -------
        int
        """
        return self._append(kind, (index,))

    def _append(self, op: str, operands: tuple[Any, ...]) -> int:
        place = self._places.setdefault((op, operands), len(self.instructions))
        if place == len(self.instructions):
            self.instructions.append(Instruction(op, operands))
        return place

    # ------------------------------------------------------------------ what texts of the table are written with

    def sum(self, terms: Iterable[int], start: int | None = None) -> int:
        """
        Add from left to right; products are one instruction with their sum.

        Parameters
        ----------
        terms
            Places.
        start
            Of what they are added to; by default 0.0.

        Returns
        -------
        int
        """
        places = list(terms)
        total = self.constant(0.0) if start is None else start
        if places and all(self.instructions[place].op == "mul" for place in places):
            return self.emit("dot", total, *(x for place in places for x in self.instructions[place].operands))
        return self.emit("sum", total, *places)

    def element(self, values: Sequence[int], index: int) -> int:
        """
        Take one of several numbers; nan where there is none.

        Parameters
        ----------
        values
            Places.
        index
            Of the number that says which.

        Returns
        -------
        int
        """
        op, operands = self.instructions[index]
        if op == "constant" and 0.0 <= operands[0] < len(values):
            return values[int(operands[0])]
        return self.emit("element", index, *values)

    def fold(self, name: str, *values: int) -> int:
        """
        Combine many numbers, two at a time.

        Parameters
        ----------
        name
            One of ``primitives.CHAINED``.
        *values
            Places.

        Returns
        -------
        int
        """
        start = CHAINED[name]
        if len(values) < 2 and start is not None:
            values = (self.constant(start), *values)
        best, *others = values
        for value in others:
            best = self.emit("mul" if name == "product" else name, best, value)
        return best

    def needed_for(self, results: Sequence[int]) -> list[int]:
        """
        List the instructions that results depend on.

        Parameters
        ----------
        results
            Places.

        Returns
        -------
        list of int
            In the order in which they are computed.
        """
        needed = set(results)
        for place in range(max(results, default=-1), -1, -1):
            if place in needed and self.instructions[place].op not in SOURCES:
                needed.update(self.instructions[place].operands)
        return sorted(needed)
