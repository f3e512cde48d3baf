"""Arguments and results that are numbers, or lists, tuples and dicts of them, nested as one likes."""

from __future__ import annotations

import copy
from numbers import Real
from typing import TYPE_CHECKING, Any

from autograd.engine import Value
from autograd.errors import ArgumentError, OperandError
from autograd.operands import number

if TYPE_CHECKING:
    from collections.abc import Iterator


def leaves(tree: Any, role: str) -> list[Value | float]:
    """
    List the numbers of a container, in order.

    Parameters
    ----------
    tree
        A number, or lists, tuples and dicts of numbers.
    role
        What it is; the messages begin with it, and with where in it the fault is.

    Returns
    -------
    list of Value or float

    Raises
    ------
    TypeError
        Something in it is neither a container nor a real number.

    Examples
    --------
    >>> leaves({"w": [1, 2.5], "b": (3.0,)}, "grad: argument 0")
    [1.0, 2.5, 3.0]
    """
    items = _items(tree)
    if items is None:
        return [_leaf(tree, role)]
    found: list[Value | float] = []
    for place, item in items:
        if type(item) is float:  # most are
            found.append(item)
        else:
            found += leaves(item, f"{role}[{place!r}]")
    return found


def in_the_form_of(tree: Any, results: Iterator[Any]) -> Any:
    """
    Put results into a container like another.

    Parameters
    ----------
    tree
        The container.
    results
        As many as it has numbers, in their order.

    Returns
    -------
    Any
        A container of the same kinds and keys.

    Examples
    --------
    >>> in_the_form_of({"w": [1, 2.5], "b": (3.0,)}, iter("abc"))
    {'w': ['a', 'b'], 'b': ('c',)}
    """
    if not isinstance(tree, dict | list | tuple):
        return next(results)
    items = tree.values() if isinstance(tree, dict) else tree
    made = [in_the_form_of(item, results) for item in items]
    if isinstance(tree, dict):
        twin = copy.copy(tree)  # keeps what a subclass adds, say the default of a defaultdict
        twin.update(zip(tree, made, strict=True))
        return twin
    return type(tree)(*made) if hasattr(tree, "_fields") else type(tree)(made)


def leaves_like(tree: Any, like: Any, role: str, like_role: str) -> list[Value | float]:
    """
    List the numbers of a container in the order that those of another of the same form have.

    Parameters
    ----------
    tree, like
        The containers.
    role, like_role
        What they are, for messages.

    Returns
    -------
    list of Value or float

    Raises
    ------
    TypeError
        One is a container of another kind, or a number; or as `leaves`.
    ValueError
        They have not the same length or keys.

    Examples
    --------
    >>> leaves_like({"b": 1.0, "w": [2.0]}, {"w": [0.0], "b": 0.0}, "tangents", "primals")
    [2.0, 1.0]
    """
    items, like_items = _items(tree), _items(like)
    if _kind(tree) is not _kind(like):
        msg = f"{role} must have the form of {like_role}, {_say(like)}, not be {_say(tree)}"
        raise OperandError(msg)
    if items is None or like_items is None:
        return [_leaf(tree, role)]
    parts = dict(items)
    if parts.keys() != dict(like_items).keys():
        msg = f"{role} must have the form of {like_role}, {_say(like)}, not be {_say(tree)}"
        raise ArgumentError(msg)
    found: list[Value | float] = []
    for place, item in like_items:
        if type(item) is type(parts[place]) is float:
            found.append(parts[place])
        else:
            found += leaves_like(parts[place], item, f"{role}[{place!r}]", f"{like_role}[{place!r}]")
    return found


def _items(tree: Any) -> list[tuple[Any, Any]] | None:
    """Give the parts of a container with their keys; None for what is none."""
    if isinstance(tree, dict):
        return list(tree.items())
    return list(enumerate(tree)) if isinstance(tree, list | tuple) else None


def _leaf(given: Any, role: str) -> Value | float:
    if isinstance(given, Value):
        return given
    if hasattr(given, "__iter__") and not isinstance(given, str | Real) and getattr(given, "shape", None) != ():
        msg = (
            f"{role} must be a real number, or lists, tuples and dicts of them, not {type(given).__name__} {given!r}; "
            "make a list of it"
        )
        raise OperandError(msg)
    return number(given, role)


def _kind(tree: Any) -> type:
    return next((kind for kind in (dict, list, tuple) if isinstance(tree, kind)), object)


def _say(tree: Any) -> str:
    """Describe a form in a message."""
    items = _items(tree)
    if items is None:
        return "a number" if isinstance(tree, Value | Real) else f"{type(tree).__name__} {tree!r}"
    if isinstance(tree, dict):
        return f"a dict with the keys {list(tree)!r}"
    return f"a {type(tree).__name__} of {len(items)}"
