"""What an entry of the table says about an operation."""

from __future__ import annotations

from typing import NamedTuple

#: Intervals on which an operation has a value.
REALS = "(-inf, inf)"
POSITIVE = "(0, inf)"
NOT_NEGATIVE = "[0, inf)"
UNIT = "[-1, 1]"


class Op(NamedTuple):
    """
    An operation: its value and its local derivatives, as expression text.

    Texts are Python expressions over the parameters, ``out`` (the result), the primitives (``autograd.primitives``) and
    other entries. A local derivative may be ``nothing``: that branch was not taken. In that of an element of a
    sequence ``place`` is where it stands, counted from 0.

    Parameters
    ----------
    name
        What it is called; also the name of the function and the method.
    parameters
        ``"x, y"``; ``"x, slope=0.01"`` with a default; ``"*values"`` takes one or more arguments; ``"[values]"`` takes
        a sequence and ``"[values]+"`` one that is not empty. In the texts ``value`` is an element of ``values``.
    value
        The result.
    partials
        The local derivative for each parameter, for a sequence that of one of its elements; None for a parameter that
        never gets a gradient. None in place of all: the operation is composed, its text is read with Values.
    doc
        What it computes, in a line.
    let
        Names used in the texts, each with its text.
    textbook
        The local derivatives as people know them, to be shown, where `partials` has them in another form.
    tex
        LaTeX of the local derivatives, where it is to differ from what `textbook` prints as.
    kink
        What holds where the derivative does not exist, or is a matter of convention.
    domain
        For each parameter the interval on which the operation has a value.
    symbol
        How the operation is shown in a drawing, if not by its name.
    special
        The special method of Python that stands for the operation, as ``__abs__``; for two numbers, as ``__mod__``, the
        one that answers from the right side comes with it.
    aliases
        Other names of the function and the method: NumPy's, by which ``numpy.arcsin`` of an object array finds it.
    internal
        It serves other entries: it is neither a method nor a function for users.
    by_hand
        It is written out in ``autograd/engine.py``; the texts serve the other readers.
    """

    name: str
    parameters: str
    value: str
    partials: tuple[str | None, ...] | None
    doc: str
    let: tuple[tuple[str, str], ...] = ()
    textbook: tuple[str, ...] = ()
    tex: tuple[str, ...] = ()
    kink: str = ""
    domain: tuple[str, ...] = (REALS,)
    symbol: str = ""
    special: str = ""
    aliases: tuple[str, ...] = ()
    internal: bool = False
    by_hand: bool = False
