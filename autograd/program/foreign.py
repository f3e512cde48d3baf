"""Operations that users have added to the table: what a program needs of them elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

from autograd.errors import ArgumentError, OperandError
from autograd.ops import ENTRIES, TABLE
from autograd.primitives import FLOATS
from autograd.rules.reading import names_in

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from autograd.entry import Op

_OURS = frozenset(op.name for op in ENTRIES)


def foreign_entries(names: Iterable[str], what: str) -> dict[str, Op]:
    """
    List the entries that users have registered, of some operations and of all that their texts name.

    Parameters
    ----------
    names
        Of the operations.
    what
        Is to be done, for the message.

    Returns
    -------
    dict of str to Op

    Raises
    ------
    TypeError
        One of them is made of functions of Python, by `custom`.
    """
    found: dict[str, Op] = {}
    waiting = [*names]
    while waiting:
        name = waiting.pop()
        if name in _OURS or name in found or name not in TABLE:
            continue
        if name in FLOATS:
            msg = (
                f"cannot {what} this program: it uses {name}, which custom has made of functions of Python; state the "
                "operation as text, with autograd.register"
            )
            raise OperandError(msg)
        found[name] = op = TABLE[name]
        for text in (op.value, *(op.partials or ()), *(meaning for _, meaning in op.let)):
            waiting += names_in(text) if text else ()
    return found


def check_foreign(entries: Mapping[str, Op], who: str) -> None:
    """
    See that operations mean here what they meant elsewhere.

    Parameters
    ----------
    entries
        What they meant.
    who
        Needs them, for the message.

    Raises
    ------
    ValueError
        One is missing, or is another.
    """
    for name, op in entries.items():
        here = TABLE.get(name)
        if here is None:
            msg = f"{who} needs the operation {name!r}: register it before, {_said(op)}"
            raise ArgumentError(msg)
        if _meaning(here) != _meaning(op):
            msg = (
                f"{who} needs the operation {name!r} as it was registered there, {_said(op)}; here it is {_said(here)}"
            )
            raise ArgumentError(msg)


def _said(op: Op) -> str:
    where = "".join(f" with {name} = {meaning}" for name, meaning in op.let)
    return f"{op.name}({op.parameters}) = {op.value}, derivatives {op.partials}{where}"


def _meaning(op: Op) -> tuple[object, ...]:
    return op.parameters, op.value, op.partials, op.let
