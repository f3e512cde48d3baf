"""Writes a tape as code for the interpreter by levels: alike instructions of a level in the lanes of vectors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from autograd.program.arrays import numpy
from autograd.program.coding import partners_of
from autograd.program.depths import depths_of
from autograd.program.levels.kernel import HEAD, opcodes
from autograd.program.writing import pairs

if TYPE_CHECKING:
    from collections.abc import Sequence

    from autograd.program.depths import Depths
    from autograd.program.tape import Tape

#: There are so many instructions for each vector, and a part of a lane more, or they do not pay.
_FILLED, _FILLED_LANES = 1.0, 1 / 8

#: With more operands than these an instruction, most of the work is long sums, for which there are better loops.
_OPERANDS = 3.0


class Code(NamedTuple):
    """
    What the interpreter by levels runs.

    Parameters
    ----------
    words
        The code.
    registers
        How many there are. The first of them hold what is given.
    given
        Numbers that are there from the beginning.
    params, inputs
        Where parameters and inputs are, those up to the last one that is needed.
    results
        Where the results are.
    """

    words: Any
    registers: int
    given: list[float]
    params: slice
    inputs: slice
    results: Any


def coded(tape: Tape, results: Sequence[int], lanes: int, least: int) -> Code | None:
    """
    Write what results need as code.

    Parameters
    ----------
    tape
        The instructions.
    results
        Places.
    lanes
        How many numbers a vector has.
    least
        How many instructions there must be.

    Returns
    -------
    Code or None
        None if it does not pay: there are too few instructions, or too few for each vector, or most are long sums; or
        if there is one that the interpreter does not know.
    """
    np = numpy()
    depths = depths_of(tape, results)
    count, fill = np.count_nonzero(depths.levels > 0), _FILLED + _FILLED_LANES * lanes
    if count < least or depths.levels.max(initial=0) * fill > count:  # not even sorted: it may be one long chain
        return None
    vectors = _Vectors(tape, depths, lanes)
    is_known = vectors.kinds.min() >= 0
    if not is_known or len(vectors.begins) * fill > count or vectors.counts.sum() > _OPERANDS * count:
        return None
    where, given, params, inputs = _given(tape, depths)
    registers = vectors.take_registers(-(-inputs.stop // lanes), where)
    return Code(vectors.words(where), registers, given, params, inputs, where[results])


def _given(tape: Tape, depths: Depths) -> tuple[Any, list[float], slice, slice]:
    """Give what is given its place in memory: constants, behind a number for lanes that are not filled; the others."""
    np = numpy()
    where, numbers = np.zeros(len(tape), dtype=np.int64), [1.0]
    is_given = depths.levels == 0
    for place in np.flatnonzero(is_given).tolist():
        if place in tape.numbers:
            where[place] = len(numbers)
            numbers.append(float(tape.numbers[place]))
    slices, start = [], len(numbers)
    for kind in ("param", "input"):
        places = np.flatnonzero(is_given & (depths.codes == tape.names.index(kind))) if kind in tape.names else []
        which = depths.operands[depths.starts[places]]
        where[places] = start + which
        slices.append(slice(start, start + int(which.max(initial=-1)) + 1))
        start = slices[-1].stop
    return where, numbers, *slices


def _registers(levels: Any, ends: Any, start: int) -> tuple[list[int], int]:
    """Give vectors of results registers from `start` on, each until its end, the last level that reads it."""
    registers: list[int] = []
    free: list[int] = []
    held: dict[int, list[int]] = {}  # until a level
    level = 0
    for own, end in zip(levels.tolist(), ends.tolist(), strict=True):
        while level < own:
            free += held.pop(level, ())
            level += 1
        if not free:
            free.append(start)
            start += 1
        registers.append(free.pop())
        held.setdefault(end, []).append(registers[-1])
    return registers, start


class _Vectors:
    """
    Puts instructions into vectors: those of one level that are alike, what is read for the last time first.

    Parameters
    ----------
    tape
        The instructions.
    depths
        Their levels.
    lanes
        How many numbers a vector has.

    Attributes
    ----------
    kinds, counts
        Of the instructions, in the order in which they are computed: their codes, and how many operands they have.
    begins
        The first instruction of each vector.
    """

    def __init__(self, tape: Tape, depths: Depths, lanes: int) -> None:
        np = numpy()
        self._depths, self._lanes = depths, lanes
        levels, last = depths.levels, depths.last
        self._partners = partners_of(tape, np.flatnonzero(levels > 0).tolist())
        firsts, seconds = [*self._partners], [second for second, _ in self._partners.values()]
        kinds = np.array([opcodes().get(name, -1) for name in tape.names])[depths.codes]
        kinds[firsts] = [opcodes()[name] for _, name in self._partners.values()]
        last[firsts] = np.max([last[firsts], last[seconds]], axis=0)
        levels[seconds] = -1  # these are computed with their partners
        places = np.flatnonzero(levels > 0)
        counts = np.diff(depths.starts)
        order = np.lexsort((last[places], counts[places], kinds[places], levels[places]))
        self._places = places = places[order]
        self.kinds, self.counts = kinds[places], counts[places]
        alike = levels[places], self.kinds, self.counts
        self._groups = np.flatnonzero(np.any([np.diff(key, prepend=-2) != 0 for key in alike], axis=0))
        within = np.arange(len(places)) - np.repeat(self._groups, np.diff(self._groups, append=len(places)))
        self._lane = within % lanes
        self._vector = np.cumsum(self._lane == 0) - 1
        self.begins = np.flatnonzero(self._lane == 0)
        self._results = np.where(np.isin(self.kinds[self.begins], [opcodes()[name] for name in pairs()]), 2, 1)
        self._levels = np.repeat(levels[places[self.begins]], self._results)
        self._ends = np.repeat(last[places[np.append(self.begins[1:], len(places)) - 1]], self._results)

    def take_registers(self, start: int, where: Any) -> int:
        """
        Give each vector of results a register.

        Parameters
        ----------
        start
            The first one that is free.
        where
            By the place of what is given where in memory it is. The results are added.

        Returns
        -------
        int
            How many registers there are.
        """
        np = numpy()
        places, lane, vector = self._places, self._lane, self._vector
        registers, end = _registers(self._levels, self._ends, start)
        last = np.cumsum(self._results) - 1
        self._first, self._second = (np.array(registers)[of] for of in (last - self._results + 1, last))
        where[places] = self._first[vector] * self._lanes + lane
        firsts = np.flatnonzero(self._results[vector] == 2)
        seconds = [self._partners[place][0] for place in places[firsts].tolist()]
        where[seconds] = self._second[vector[firsts]] * self._lanes + lane[firsts]
        return end

    def words(self, where: Any) -> Any:
        """
        Write the code.

        Parameters
        ----------
        where
            By its place on the tape, where in memory a number is.

        Returns
        -------
        numpy.ndarray
        """
        np = numpy()
        counts, lanes = self.counts, self._lanes
        heads = self._vector[self._groups]
        sizes = self._results + counts[self.begins] * lanes
        ends = np.cumsum(sizes + HEAD * np.isin(np.arange(len(sizes)), heads))
        starts = ends - sizes
        words = np.zeros(ends[-1] + 1, dtype=np.int32)  # lanes that are not filled read what is at 0; and 0 is the end
        for i, each in enumerate((self.kinds[self._groups], np.diff(heads, append=len(sizes)), counts[self._groups])):
            words[starts[heads] - HEAD + i] = each
        words[starts + self._results - 1] = self._second  # the first itself, where there is no other
        words[starts] = self._first
        column = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
        operands = self._depths.operands[np.repeat(self._depths.starts[self._places], counts) + column]
        lane = (starts + self._results)[self._vector] + self._lane
        words[np.repeat(lane, counts) + column * lanes] = where[operands]
        return words
