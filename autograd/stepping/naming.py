"""Short names for the nodes of a graph."""

from __future__ import annotations

import ast
import sys
from collections import Counter
from functools import cache
from itertools import chain, count
from typing import TYPE_CHECKING, Any

from autograd.engine import Value
from autograd.noting import Noted
from autograd.sources import users_frame
from autograd.tracing import traces_behind

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_LONGEST = 1000  # elements of a list that are looked at


def names_of(order: Sequence[Value], variables: Mapping[Value, str] | None = None) -> dict[Value, str]:
    """
    Give each node a short name of its own.

    That is its label if no other has it; else a variable that holds it; else the first variable that `trace_source` has
    seen to hold it, of several such nodes the one made last; else v1, v2, ... in order.

    Parameters
    ----------
    order
        The nodes.
    variables
        Names of variables that hold nodes, as `variables_of_caller` finds them.

    Returns
    -------
    dict of Value to str

    Examples
    --------
    >>> from autograd import Value, topological_order
    >>> x, h = Value(1.0, "x"), Value(2.0)
    >>> list(names_of(topological_order(x * h + 1), {h: "h"}).values())
    ['x', 'h', 'v1', 'v2']
    """
    labels = [" ".join(node.label.split()) for node in order]
    often = Counter(labels)
    names = {node: label for node, label in zip(order, labels) if label and often[label] == 1}
    taken = set(names.values())
    present, held = set(order), variables or {}
    leaves = [each for trace in traces_behind(order) for each in trace.leaves.items()]
    noted = sorted((node for node in order if isinstance(node, Noted)), key=lambda node: node.made)
    seen = chain(reversed(leaves), ((node, node.variable) for node in reversed(noted)))
    for node, name in chain(((node, held.get(node, "")) for node in order), seen):
        if name and node in present and node not in names and name not in taken:
            names[node] = name
            taken.add(name)
    fresh = (name for number in count(1) if (name := f"v{number}") not in taken)
    return {node: names.get(node) or next(fresh) for node in order}


def variables_of_caller() -> dict[Value, str]:
    """
    List the variables that hold Values in the innermost frame of a user's code, and in its module.

    Returns
    -------
    dict of Value to str
        The first name of each, without those that begin with an underscore; of an element of a list or tuple, its
        place, as ``w[0]``.
    """
    frame = users_frame(sys._getframe(1))
    if frame is None:
        return {}
    own = variables_in(frame.f_locals)
    return own if frame.f_locals is frame.f_globals else variables_in(frame.f_globals) | own


def variables_in(namespace: Mapping[str, Any]) -> dict[Value, str]:
    """
    List the variables of a namespace that hold Values.

    Parameters
    ----------
    namespace
        Names with what they stand for.

    Returns
    -------
    dict of Value to str
        As for `variables_of_caller`.
    """
    found: dict[Value, str] = {}
    named = [(name, held) for name, held in namespace.items() if not name.startswith("_")]
    for name, held in named:
        if isinstance(held, Value):
            found.setdefault(held, name)
    for name, held in named:
        if type(held) in (list, tuple) and len(held) <= _LONGEST:
            for place, each in enumerate(held):
                if isinstance(each, Value):
                    found.setdefault(each, f"{name}[{place}]")
    return found


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
