"""Short names for the nodes of a graph."""

from __future__ import annotations

import ast
from collections import Counter
from functools import cache
from itertools import count
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from autograd.engine import Value


def names_of(order: Sequence[Value]) -> dict[Value, str]:
    """
    Give each node a short name of its own: its label if no other has it, else v1, v2, ... in order.

    Parameters
    ----------
    order
        The nodes.

    Returns
    -------
    dict of Value to str
    """
    labels = [" ".join(node.label.split()) for node in order]
    often = Counter(labels)
    fresh = (name for number in count(1) if (name := f"v{number}") not in often)
    return {node: label if label and often[label] == 1 else next(fresh) for node, label in zip(order, labels)}


@cache
def as_operand(name: str) -> str:
    """
    Write a name as it can stand beside an operator.

    Parameters
    ----------
    name
        Perhaps a label that reads as an expression.

    Returns
    -------
    str
        In parentheses, if the operator would tear it apart.

    Examples
    --------
    >>> as_operand("w"), as_operand("x + 1"), as_operand("first weight")
    ('w', '(x + 1)', 'first weight')
    """
    if name.isidentifier():
        return name
    try:
        tree = ast.parse(name, mode="eval").body
    except (SyntaxError, ValueError):
        return name
    whole = ast.Name | ast.Constant | ast.Call | ast.Attribute | ast.Subscript | ast.List | ast.Dict | ast.Set
    return name if isinstance(tree, whole) else f"({name})"
