"""Lists a tape, so that it can be read: an instruction a line, with the line of code that it comes from."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter
from pathlib import PurePath
from typing import TYPE_CHECKING

from autograd.program.tape import SOURCES

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from autograd.program.guards import Guard
    from autograd.program.tape import Tape
    from autograd.sources import SourceLine

_WIDEST = 48  # of an instruction; beyond, its comment follows at once


def listing(
    tape: Tape, values: Sequence[int], guards: Sequence[Guard], slopes: Sequence[int],
    leaf_name: Callable[[str, int], str], sources: Mapping[int, SourceLine | None],
) -> str:  # fmt: skip
    """
    List a tape: what computes the values, what must come out as it did, and what the gradient needs beside that.

    Parameters
    ----------
    tape
        The instructions.
    values, slopes
        Places of the results.
    guards
        The comparisons that must come out as recorded.
    leaf_name
        Names a leaf that is given at each run, by ``"input"`` or ``"param"`` and its index.
    sources
        For the place of each recorded node the line of code that made it; None where it is not known.

    Returns
    -------
    str
    """
    forward = tape.needed_for([*values, *(guard.place for guard in guards)])
    noted = sorted(sources)
    is_one_file = len({source.file for source in sources.values() if source}) <= 1

    def name(place: int) -> str:
        op, operands = tape.instructions[place]
        if op == "constant":
            return f"{operands[0]:g}"
        return leaf_name(op, operands[0]) if op in SOURCES else f"v{place}"

    def comment(place: int) -> str:
        """Give the line of the node that an instruction belongs to: the one whose number is next to be ready."""
        at = bisect_left(noted, place)
        source = sources[noted[at]] if at < len(noted) else None
        if source is None:
            return ""
        file, number, text = source
        return f"line {number}: {text}" if is_one_file else f"{PurePath(file).name}:{number}: {text}"

    def lines(places: Sequence[int], *, commented: bool) -> list[str]:
        written = []
        for place in places:
            op, operands = tape.instructions[place]
            if op not in SOURCES:
                instruction = f"{name(place)} = {op}({', '.join(map(name, operands))})"
                said = comment(place) if commented else ""
                written.append(f"{instruction}\0{said}" if said else instruction)
        return written

    required = [f"require {'' if guard.outcome else 'not '}{name(guard.place)}\0{guard.text}" for guard in guards]
    above = [*lines(forward, commented=True), *required]
    known = set(forward)
    beside = lines([place for place in tape.needed_for(slopes) if place not in known], commented=False)
    listed = [
        *_aligned(above), f"return {', '.join(map(name, values))}", "", "gradient:", *beside,
        f"return {', '.join(map(name, slopes))}",
    ]  # fmt: skip
    return "\n".join(listed)


def clear_labels(labels: Sequence[str]) -> set[str]:
    """
    Find the labels that say which leaf is meant.

    Parameters
    ----------
    labels
        Of all leaves.

    Returns
    -------
    set of str
        Those that one leaf has, and that are not like the name of an instruction.

    Examples
    --------
    >>> clear_labels(["x", "w", "w", "v2", ""])
    {'x'}
    """
    counts = Counter(labels)
    return {label for label, count in counts.items() if label and count == 1 and not re.fullmatch(r"v\d+", label)}


def _aligned(lines: Sequence[str]) -> list[str]:
    """Write what is behind a zero as a comment, below each other."""
    parts = [line.partition("\0") for line in lines]
    width = max((len(code) for code, *_ in parts if len(code) <= _WIDEST), default=0)
    return [f"{code:<{width}}  # {said}" if said else code for code, _, said in parts]
