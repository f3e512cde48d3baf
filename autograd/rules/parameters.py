"""What an entry's parameters are."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

    from autograd.entry import Op


class Parameter(NamedTuple):
    """
    A parameter of an operation.

    Parameters
    ----------
    name
        What it is called.
    kind
        ``"scalar"``; ``"sequence"``: one argument that is a sequence; ``"star"``: any number of arguments.
    default
        Text of its default; "" if there is none.
    may_be_empty
        Whether a sequence may have no elements.
    """

    name: str
    kind: str
    default: str = ""
    may_be_empty: bool = True

    @property
    def element(self) -> str:
        """What the texts call one element of a sequence: its name without the plural s."""
        return self.name.removesuffix("s")

    @property
    def signature(self) -> str:
        """How it stands in a function's signature."""
        return ("*" if self.kind == "star" else "") + self.name + (f"={self.default}" if self.default else "")


def parameters(op: Op) -> tuple[Parameter, ...]:
    """
    Read an entry's parameters.

    Parameters
    ----------
    op
        The entry.

    Returns
    -------
    tuple of Parameter

    Examples
    --------
    >>> from autograd.ops import TABLE
    >>> [(p.name, p.kind) for p in parameters(TABLE["dot"])]
    [('ws', 'sequence'), ('xs', 'sequence'), ('bias', 'scalar')]
    """
    return _parameters(op.parameters)


@cache
def _parameters(texts: str) -> tuple[Parameter, ...]:
    return tuple(_parameter(text) for text in texts.split(", "))


def _parameter(text: str) -> Parameter:
    if text.startswith("*"):
        return Parameter(text[1:], "star", may_be_empty=False)
    if text.startswith("["):
        return Parameter(text.strip("[]+"), "sequence", may_be_empty=not text.endswith("+"))
    name, _, default = text.partition("=")
    return Parameter(name, "scalar", default)


def group(op: Op, operands: Sequence[Any]) -> list[Any]:
    """
    Put a node's operands back into the parameters they came from.

    Parameters
    ----------
    op
        The entry.
    operands
        All of them in argument order, as ``Value.operands`` has them.

    Returns
    -------
    list
        One item a parameter: an operand, or a list of operands for a sequence.
    """
    kinds = [parameter.kind for parameter in parameters(op)]
    scalars = kinds.count("scalar")
    if scalars == len(kinds):
        return list(operands)
    length = (len(operands) - scalars) // max(1, len(kinds) - scalars)
    rest = iter(operands)
    return [next(rest) if kind == "scalar" else [next(rest) for _ in range(length)] for kind in kinds]


def owner(op: Op, count: int, index: int) -> tuple[int, int | None]:
    """
    Find the parameter that an operand belongs to.

    Parameters
    ----------
    op
        The entry.
    count
        How many operands the node has.
    index
        Of the operand.

    Returns
    -------
    place, member
        Of the parameter, and of the operand in it; None if the parameter is not a sequence.

    Examples
    --------
    >>> from autograd.ops import TABLE
    >>> [owner(TABLE["dot"], 5, index) for index in range(5)]
    [(0, 0), (0, 1), (1, 0), (1, 1), (2, None)]
    """
    kinds = [parameter.kind for parameter in parameters(op)]
    scalars = kinds.count("scalar")
    length = (count - scalars) // max(1, len(kinds) - scalars)
    start = 0
    for place, kind in enumerate(kinds):
        if kind == "scalar" and index == start:
            return place, None
        if kind != "scalar" and index < start + length:
            return place, index - start
        start += 1 if kind == "scalar" else length
    msg = f"{op.name} has {count} operands, but not one with index {index}"
    raise IndexError(msg)
