"""How numbers and operations are written in a drawing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from autograd.engine import Value
from autograd.ops import TABLE
from autograd.rules import parameters

if TYPE_CHECKING:
    from collections.abc import Sequence

#: Operators as they are typeset.
_TYPESET = str.maketrans({"*": "×", "-": "−"})
_MOST_CONSTANTS = 3
_LONGEST_NAME = 40


def operation_text(node: Value, number_format: str = ".4g") -> str:
    """
    Write an operation with the constants among its operands.

    Parameters
    ----------
    node
        Its result.
    number_format
        Of the constants.

    Returns
    -------
    str

    Examples
    --------
    >>> from autograd import leaky_relu
    >>> x = Value(3.0)
    >>> [operation_text(node) for node in (x * 2, 2 - x, x**0.5, x.tanh(), leaky_relu(x, 0.1))]
    ['× 2', '2 −', '** 0.5', 'tanh', 'leaky_relu(·, 0.1)']
    """
    op, operands = TABLE[node.op], node.operands
    symbol = op.symbol or op.name
    if symbol != "**":
        symbol = symbol.translate(_TYPESET)
    given = parameters(op)
    if given[-1].default == "None" and not isinstance(operands[-1], Value) and operands[-1] == 0.0:
        operands = operands[:-1]  # it was not given
    constants = [format(x, number_format) for x in operands if not isinstance(x, Value)]
    if not constants:
        return symbol
    if len(operands) == 2 and (op.by_hand or op.special):
        return f"{constants[0]} {symbol}" if isinstance(operands[1], Value) else f"{symbol} {constants[0]}"
    if any(parameter.kind != "scalar" for parameter in given):
        return f"{symbol} {_some(constants)}"
    return f"{symbol}({', '.join('·' if isinstance(x, Value) else format(x, number_format) for x in operands)})"


def _some(constants: Sequence[str]) -> str:
    shown = [*constants[:_MOST_CONSTANTS], *(["…"] if len(constants) > _MOST_CONSTANTS else [])]
    return f"({', '.join(shown)})"


def shown_name(name: str) -> str:
    """
    Write a name as it stands in a box.

    Parameters
    ----------
    name
        Any text.

    Returns
    -------
    str
        Not too long, and without what cannot be printed.

    Examples
    --------
    >>> shown_name("loss"), shown_name(chr(0)), len(shown_name("long " * 100))
    ('loss', '\N{REPLACEMENT CHARACTER}', 40)
    """
    return printable(name if len(name) <= _LONGEST_NAME else f"{name[: _LONGEST_NAME - 1]}…")


def printable(text: str) -> str:
    """
    Write a text without what cannot be printed, nor stand in an SVG.

    Parameters
    ----------
    text
        Any text.

    Returns
    -------
    str
    """
    return "".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in text)
