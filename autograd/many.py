"""Operations with many operands: these taken apart, and the node of the result."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from autograd.engine import Many, Value, make_node
from autograd.errors import ArgumentError, OperandError
from autograd.operands import number

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


def data_of(operand: Value | float) -> float:
    """
    Give an operand's number.

    Parameters
    ----------
    operand
        A Value or a plain number.

    Returns
    -------
    float
    """
    return operand._data if isinstance(operand, Value) else operand


def many_node(name: str, out: float, *groups: tuple[list[Any], list[Value], Sequence[float | None]]) -> Value:
    """
    Make the node of an operation with many operands.

    Parameters
    ----------
    name
        The entry.
    out
        The result.
    *groups
        For each parameter its operands, the Values among them, and the local derivative for each operand; None where
        there is none.

    Returns
    -------
    Value
    """
    operands: list[Value | float] = []
    local_grads: list[float | None] = []
    for given, nodes, slopes in groups:
        operands += given
        if len(nodes) == len(given):
            local_grads += slopes
        elif nodes:
            pairs = zip(given, slopes, strict=True)
            local_grads += [slope for operand, slope in pairs if isinstance(operand, Value)]
    kept: tuple[Any, ...] = tuple(operands)
    all_nodes = len(local_grads) == len(kept)
    parents = kept if all_nodes else tuple([operand for operand in kept if isinstance(operand, Value)])
    return make_node(name, out, None, None, 0.0, 0.0, Many(kept, parents, tuple(local_grads)))


def split_operands(
    given: Iterable[Any], role: str, *, may_be_empty: bool = True
) -> tuple[list[Any], list[float], list[Value]]:
    """
    Check a sequence of operands, and take their numbers.

    Parameters
    ----------
    given
        Values and plain numbers.
    role
        What they are for; the messages begin with it.
    may_be_empty
        Whether there may be none.

    Returns
    -------
    operands, numbers, nodes
        The Values and floats, the number of each, and the Values among them.

    Raises
    ------
    TypeError
        It is not a sequence, or has an element that is neither a Value nor a real number.
    ValueError
        It is empty and may not be.
    """
    try:
        operands = list(given)
    except TypeError:
        if hasattr(given, "__iter__"):  # it was raised inside
            raise
        msg = f"{role} must be a sequence of Values or numbers, not {type(given).__name__} {given!r}"
        raise OperandError(msg) from None
    if not operands and not may_be_empty:
        msg = f"{role} must not be empty"
        raise ArgumentError(msg)
    if _all_are(Value, operands):
        return operands, _numbers_of(operands), operands
    if _all_are(float, operands):
        return operands, operands, []
    operands = [item if isinstance(item, Value) else number(item, role) for item in operands]
    return operands, [data_of(item) for item in operands], [item for item in operands if isinstance(item, Value)]


def sum_of_products(ws: list[float], xs: list[float], start: float = 0.0) -> float:
    """
    Multiply in pairs, and add from left to right.

    Parameters
    ----------
    ws, xs
        Two lists of one length.
    start
        What to add to.

    Returns
    -------
    float

    Examples
    --------
    >>> sum_of_products([1.0, 2.0], [3.0, 4.0], 0.5)
    11.5
    """
    for w, x in zip(ws, xs):
        start += w * x
    return start


def _all_are(kind: type, items: list[Any]) -> bool:
    """Tell whether the items of a list, of which there is one, are all exactly of a class."""
    return set(map(type, items)) == {kind}


def _numbers_of(nodes: list[Any]) -> list[float]:
    """Give the number of each node."""
    return [node._data for node in nodes]
