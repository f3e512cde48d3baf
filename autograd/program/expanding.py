"""Writes a tape with primitives alone, for those who know no others."""

from __future__ import annotations

from typing import TYPE_CHECKING

from autograd.program.lowering import body_of, kept_instructions
from autograd.program.tape import SOURCES, Tape

if TYPE_CHECKING:
    from collections.abc import Sequence


def expanded(tape: Tape, results: Sequence[int]) -> tuple[Tape, dict[int, int]]:
    """
    Write what results need with primitives alone.

    Parameters
    ----------
    tape
        The instructions; entries of the table may be among them.
    results
        Places.

    Returns
    -------
    tape, places
        Another tape, and where on it the result of each instruction is that was needed.

    Examples
    --------
    >>> tape = Tape(keeps_entries=True)
    >>> place = tape.emit("sech2", tape.source("input", 0))
    >>> plain, places = expanded(tape, [place])
    >>> [step.op for step in plain.instructions][-1], places[place] == len(plain) - 1
    ('truediv', True)
    """
    plain = Tape()
    places: dict[int, int] = {}
    kept = kept_instructions()
    for place in tape.needed_for(results):
        op, operands = tape.instructions[place]
        if op == "constant":
            places[place] = plain.constant(operands[0])
        elif op in SOURCES:
            places[place] = plain.source(op, operands[0])
        else:
            given = [places[operand] for operand in operands]
            places[place] = body_of(op)(plain, *given) if op in kept else plain.emit(op, *given)
    return plain, places
