"""Tables of numbers: a row for each example."""

from __future__ import annotations

import math
from typing import Any

from autograd.errors import ArgumentError, OperandError
from nn.arguments import real
from nn.examples import is_sequence


def rows_of(table: Any, role: str, width: int | None = None) -> list[list[float]]:
    """
    See that something is a table of finite numbers.

    Parameters
    ----------
    table
        A sequence of numbers for each example.
    role
        What it is; the messages begin with it.
    width
        How many numbers there must be for each example; by default as many as the first one has.

    Returns
    -------
    list of list of float
        Integers stay what they are: they may be indices.

    Raises
    ------
    TypeError, ValueError
        It is not; the message names the example.

    Examples
    --------
    >>> rows_of([(1.5, 2), (3.0, 4)], "inputs")
    [[1.5, 2], [3.0, 4]]
    """
    if not is_sequence(table):
        msg = f"{role} must be a sequence with a sequence of numbers for each example, not {type(table).__name__}"
        raise OperandError(msg)
    if not len(table):
        msg = f"{role} must not be empty"
        raise ArgumentError(msg)
    rows = _rows_of_array(table) or [_row(given, f"{role}: example {i}") for i, given in enumerate(table)]
    expected = len(rows[0]) if width is None else width
    for i, row in enumerate(rows):
        if len(row) != expected:
            why = f"but example 0 has {expected}" if width is None else f"but there must be {expected}"
            msg = f"{role}: example {i} has {len(row)} numbers, {why}"
            raise ArgumentError(msg)
    return rows


def numbers_for(table: Any, count: int, role: str) -> list[Any]:
    """
    See that there is a finite number for each example, or a list of them.

    Parameters
    ----------
    table
        What there is for each example.
    count
        How many examples there are.
    role
        What it is; the messages begin with it.

    Returns
    -------
    list
        Integers stay what they are: they may be classes.

    Raises
    ------
    TypeError, ValueError
        It is not so; the message names the example.

    Examples
    --------
    >>> numbers_for((0, 1.5, [2, 3]), 3, "targets")
    [0, 1.5, [2, 3]]
    """
    if not is_sequence(table):
        msg = f"{role} must be a sequence with a number for each example, not {type(table).__name__}"
        raise OperandError(msg)
    if len(table) != count:
        msg = f"{role} must have a number for each example, but there are {len(table)} for {count}"
        raise ArgumentError(msg)
    return [_numbers(given, f"{role}: example {i}") for i, given in enumerate(table)]


def _rows_of_array(table: Any) -> list[list[float]] | None:
    """Take the numbers out of an array of NumPy, if all are finite."""
    if getattr(table, "ndim", 0) != 2 or table.dtype.kind not in "fi" or not table.size:
        return None
    return table.tolist() if math.isfinite(abs(table).max()) else None


def _row(given: Any, role: str) -> list[float]:
    if isinstance(given, list | tuple) and {*map(type, given)} == {float} and all(map(math.isfinite, given)):
        return list(given)  # most are such
    if not is_sequence(given):
        msg = f"{role} must be a sequence of numbers, not {type(given).__name__} {given!r}"
        raise OperandError(msg)
    if not len(given):
        msg = f"{role} must have at least one number"
        raise ArgumentError(msg)
    return [_finite(x, f"{role}, number {j}") for j, x in enumerate(given)]


def _numbers(given: Any, role: str) -> Any:
    return _row(given, role) if is_sequence(given) else _finite(given, role)


def _finite(given: Any, role: str) -> float:
    exact = real(given, role, -math.inf, open_below=True, open_above=True)
    return int(given) if hasattr(given, "__index__") else exact
