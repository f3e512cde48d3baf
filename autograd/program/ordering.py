"""Puts instructions of the same kind beside each other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from autograd.program.arrays import numpy
from autograd.program.depths import depths_of
from autograd.program.tape import SOURCES, Tape

if TYPE_CHECKING:
    from collections.abc import Sequence


def by_level(tape: Tape, results: Sequence[int]) -> tuple[Tape, dict[int, int]]:
    """
    Write what results need by levels: what is computed from sources alone, then what needs that, and so on.

    What is at one level does not depend on each other, so that all that one layer of a network does alike is together.

    Parameters
    ----------
    tape
        The instructions.
    results
        Places.

    Returns
    -------
    tape, places
        Another tape, and where on it the result of each instruction is that was needed.

    Examples
    --------
    >>> tape = Tape()
    >>> x, y = tape.source("input", 0), tape.source("input", 1)
    >>> last = tape.emit("mul", tape.emit("exp", tape.emit("sqrt", x)), tape.emit("exp", tape.emit("sqrt", y)))
    >>> [step.op for step in by_level(tape, [last])[0].instructions]
    ['input', 'input', 'sqrt', 'sqrt', 'exp', 'exp', 'mul']
    """
    np, depths = numpy(), depths_of(tape, results)
    needed = np.flatnonzero(depths.levels >= 0)
    ordered = Tape(keeps_entries=tape.keeps_entries)
    places: dict[int, int] = {}
    for place in needed[np.lexsort((depths.codes[needed], depths.levels[needed]))].tolist():
        op, given = tape.instructions[place]
        if op == "constant":
            places[place] = ordered.constant(given[0])
        elif op in SOURCES:
            places[place] = ordered.source(op, given[0])
        else:
            places[place] = ordered.append(op, tuple(places[operand] for operand in given))
    return ordered, places
