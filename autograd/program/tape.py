"""The tape: a straight line of instructions, each of which computes one number from numbers before it."""

from __future__ import annotations

import operator
from array import array
from collections.abc import Sequence
from math import nan
from typing import TYPE_CHECKING, Any, NamedTuple

from autograd.primitives import CHAINED, IEEE, left_sum

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

#: What an instruction may be beside a primitive of the table.
OPERATORS: dict[str, Any] = {
    "add": operator.add, "sub": operator.sub, "mul": operator.mul, "neg": operator.neg, "lt": operator.lt,
    "le": operator.le, "gt": operator.gt, "ge": operator.ge, "eq": operator.eq, "ne": operator.ne,
    "sum": lambda start, *terms: left_sum(terms, start),
    "dot": lambda start, *factors: left_sum(map(operator.mul, factors[::2], factors[1::2]), start),
    "and": lambda x, y: x and y, "or": lambda x, y: x or y, "select": lambda test, x, y: x if test else y,
    "truediv": IEEE["truediv"],
}  # fmt: skip

#: What may be known without computing it, for a constant among its operands.
_SIMPLER = frozenset({"and", "mul", "or", "pow", "select"})

#: Instructions that compute nothing.
SOURCES = frozenset({"constant", "input", "param"})

#: So many results are remembered, so that what is the same is computed once; then it begins anew.
_REMEMBERED = 2**18


class Instruction(NamedTuple):
    """
    A step of a tape.

    Parameters
    ----------
    op
        A primitive of the table; ``"add"``, ``"lt"``, ``"select"`` and their like; an entry of the table, or one of its
        local derivatives, that is kept as one; or, where a number comes from, ``"constant"``, ``"input"`` or
        ``"param"``.
    operands
        Places of earlier instructions; for a constant the number, for an input or a parameter which one.
    """

    op: str
    operands: tuple[Any, ...]


class Tape:
    """
    Instructions in the order in which they are computed; none is there twice, and none of constants alone.

    Parameters
    ----------
    keeps_entries
        Whether an entry of the table is one instruction. Else a tape has primitives alone.

    Attributes
    ----------
    instructions
        What it has so far. An instruction is named by its place.
    """

    def __init__(self, *, keeps_entries: bool = False) -> None:
        self.keeps_entries = keeps_entries
        # Arrays, since a tape may have a hundred million instructions: the operands of instruction i stand between
        # starts[i] and starts[i + 1].
        self.names: list[str] = []
        self.codes = array("H")
        self.operands = array("i")
        self.starts = array("q", [0])
        self.numbers: dict[int, float] = {}
        self._code_of: dict[str, int] = {}
        self._sources: dict[Any, int] = {}
        self._places: dict[Any, int] = {}

    @property
    def instructions(self) -> Sequence[Instruction]:
        """What it has so far."""
        return _Instructions(self)

    def __len__(self) -> int:
        return len(self.codes)

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
        numbers = self.numbers
        for operand in operands:
            if operand not in numbers:
                break
        else:
            function = OPERATORS.get(op) or IEEE[op]
            return self.constant(function(*[numbers[operand] for operand in operands]))
        known = self._known(op, operands) if op in _SIMPLER else None
        return self.append(op, operands) if known is None else known

    def _known(self, op: str, operands: tuple[int, ...]) -> int | None:
        """Give the place of a result that is there under another name, if one of its operands is a constant."""
        numbers = self.numbers
        first, *others = operands
        if op == "select":
            yes, no = others
            if first in numbers:
                return yes if numbers[first] else no
            return first if numbers.get(yes) is True and numbers.get(no) is False else None
        (second,) = others
        if op == "pow":
            return self.emit("mul", first, first) if numbers.get(second) == 2.0 else None
        for one, other in (operands, operands[::-1]):
            if op == "mul":  # by one: exact, it changes neither a nan nor the sign of a zero
                if numbers.get(one) == 1.0:
                    return other
            elif one in numbers:
                return other if bool(numbers[one]) == (op == "and") else one
            elif op == "or" and self._is_not(one, other):
                return self.constant(number=True)
        return None

    def _is_not(self, one: int, other: int) -> bool:
        """Tell whether a truth value is the opposite of another."""
        op, operands = self.instructions[one]
        return op == "select" and operands[0] == other and self.numbers.get(operands[1]) is False

    def append(self, op: str, operands: tuple[int, ...]) -> int:
        """
        Append an instruction as it is, unless it is there.

        Parameters
        ----------
        op
            What is computed.
        operands
            Of which results.

        Returns
        -------
        int
            The place of its result.
        """
        places, key = self._places, (op, operands)
        place = places.get(key)
        if place is None:
            if len(places) >= _REMEMBERED:
                places.clear()
            places[key] = place = self._new(op, operands)
        return place

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
        key = number.hex() if isinstance(number, float) else bool(number)  # 0.0 is not -0.0
        place = self._sources.get(key)
        if place is None:
            place = self._sources[key] = self._new("constant", ())
            self.numbers[place] = number
        return place

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
        place = self._sources.get((kind, index))
        if place is None:
            place = self._sources[kind, index] = self._new(kind, (index,))
        return place

    def _new(self, op: str, operands: tuple[int, ...]) -> int:
        code = self._code_of.get(op)
        if code is None:
            code = len(self.names)
            self.names.append(op)
            self._code_of[op] = code
        self.codes.append(code)
        self.operands.extend(operands)
        self.starts.append(len(self.operands))
        return len(self.codes) - 1

    def copied(self, count: int) -> tuple[array[int], array[int], array[int]]:
        """
        Copy the first instructions, while another thread may append some.

        Parameters
        ----------
        count
            How many.

        Returns
        -------
        codes, starts, operands
            As `Tape` has them.
        """
        starts = self.starts[: count + 1]
        return self.codes[:count], starts, self.operands[: starts[-1]]

    def cut(self, length: int) -> None:
        """
        Take back instructions, be the last one appended in part only.

        Parameters
        ----------
        length
            How many are left.
        """
        for places in (self._sources, self._places):
            for key in [key for key, place in places.items() if place >= length]:
                del places[key]
        for place in [place for place in self.numbers if place >= length]:
            del self.numbers[place]
        del self.operands[self.starts[length] :]
        del self.starts[length + 1 :]
        del self.codes[length:]  # last: as long as it is longer, there is something to cut

    # ------------------------------------------------------------------ what texts of the table are written with

    def sum(self, terms: Iterable[int], start: int | None = None) -> int:
        """
        Add from left to right.

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
        return self.emit("sum", self.constant(0.0) if start is None else start, *terms)

    def sum_of_products(self, pairs: Iterable[tuple[int, int]], start: int | None = None) -> int:
        """
        Multiply in pairs, and add from left to right: one instruction.

        Parameters
        ----------
        pairs
            Places of factors.
        start
            Of what the products are added to; by default 0.0.

        Returns
        -------
        int
        """
        factors = [factor for pair in pairs for factor in pair]
        return self.emit("dot", self.constant(0.0) if start is None else start, *factors)

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
        taken = self.constant(nan)
        for place, value in enumerate(values):
            taken = self.emit("select", self.emit("eq", index, self.constant(float(place))), value, taken)
        return taken

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

    def needed_for(self, results: Sequence[int]) -> array[int]:
        """
        List the instructions that results depend on.

        Parameters
        ----------
        results
            Places.

        Returns
        -------
        array of int
            In the order in which they are computed.
        """
        last = max(results, default=-1)
        needed = bytearray(last + 1)
        for place in results:
            needed[place] = 1
        operands, starts = self.operands, self.starts
        sources = {self._code_of.get(name) for name in SOURCES}
        codes = self.codes
        for place in range(last, -1, -1):
            if needed[place] and codes[place] not in sources:
                for operand in operands[starts[place] : starts[place + 1]]:
                    needed[operand] = 1
        return array("i", (place for place in range(last + 1) if needed[place]))


class _Instructions(Sequence[Instruction]):
    """
    The instructions of a tape, each made when it is looked at.

    Parameters
    ----------
    tape
        The tape.
    """

    def __init__(self, tape: Tape) -> None:
        self._tape = tape

    def __len__(self) -> int:
        return len(self._tape.codes)

    def __getitem__(self, place: Any) -> Any:
        tape = self._tape
        op = tape.names[tape.codes[place]]
        if op == "constant":
            return Instruction(op, (tape.numbers[place],))
        return Instruction(op, tuple(tape.operands[tape.starts[place] : tape.starts[place + 1]]))

    def __iter__(self) -> Iterator[Instruction]:
        return map(self.__getitem__, range(len(self)))
