"""What the functions of the table build their nodes with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from autograd.engine import Value
from autograd.many import data_of
from autograd.primitives import COMPARISONS, FLOATS
from autograd.rules.parameters import parameters
from autograd.rules.reading import names_in
from autograd.watchers import show_comparison, watched

if TYPE_CHECKING:
    from autograd.entry import Op


def compared(symbol: str, x: Value | float, y: Value | float) -> bool:
    """
    Compare the numbers of two operands, and show that to those who watch, as a comparison in a user's code.

    Parameters
    ----------
    symbol
        ``"<"``, ``"=="``, ...
    x, y
        Values or plain numbers.

    Returns
    -------
    bool
    """
    outcome = COMPARISONS[symbol](data_of(x), data_of(y))
    if watched:
        if isinstance(x, Value):
            show_comparison(x, COMPARISONS[symbol], y, outcome=outcome)
        elif isinstance(y, Value):
            show_comparison(y, COMPARISONS[symbol.translate(_TURNED)], x, outcome=outcome)
    return outcome


_TURNED = str.maketrans("<>", "><")


def needs_many(op: Op) -> bool:
    """
    Tell whether an operation's nodes keep `Many`.

    Parameters
    ----------
    op
        The entry.

    Returns
    -------
    bool
        True for more than two operands, where a branch may not be taken, or where a local derivative is of a class of
        its own: the slots for one or two are floats.
    """
    kinds = [parameter.kind for parameter in parameters(op)]
    names = set().union(*(["nothing"] if text is None else names_in(text) for text in op.partials or ()))
    special = any(isinstance(FLOATS.get(name), float) and type(FLOATS[name]) is not float for name in names)
    return "nothing" in names or special or len(kinds) > 2 or kinds != ["scalar"] * len(kinds)
