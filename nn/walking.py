"""Finds what is in a module."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from autograd import Value

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator


def walk(root: Any, *, into: Callable[[Any], bool] | None = None, deep: bool = True) -> Iterator[tuple[str, Any]]:
    """
    Go through a module, and all that is in it, in the order in which attributes were set.

    Parameters
    ----------
    root
        A module, a list, a tuple, a dict, or an array of objects.
    into
        Whether to go on inside of a part; by default always.
    deep
        Whether to go on inside of modules other than the root.

    Yields
    ------
    (str, object)
        The way to a part, as ``layers.0``, and the part. One that is there twice is given once, a Value each time.
    """
    stack: list[tuple[str, Any]] = [("", root)]
    seen = set()
    while stack:
        path, part = stack.pop()
        if isinstance(part, Value):
            yield path, part
            continue
        if id(part) in seen:
            continue
        seen.add(id(part))
        items = items_in(part)
        if items is None:
            continue
        yield path, part
        if (into is None or into(part) or part is root) and (deep or part is root or not is_module(part)):
            stack += [(f"{path}.{name}" if path else str(name), inner) for name, inner in items][::-1]


def items_in(part: Any) -> Iterable[tuple[Any, Any]] | None:
    """
    Give what is in a part, with names.

    Parameters
    ----------
    part
        Anything.

    Returns
    -------
    pairs, or None
        None for what has nothing in it, as a number.
    """
    if is_module(part):
        return dict(vars(part)).items()
    if isinstance(part, dict):
        return part.items()
    if isinstance(part, list | tuple) or is_array(part):
        return enumerate(part)
    return None


def is_module(part: Any) -> bool:
    """Tell whether it is a module."""
    return hasattr(part, "named_parameters") and not isinstance(part, type)


def is_array(part: Any) -> bool:
    """Tell whether it is a NumPy array of objects, as Values are in."""
    return type(part).__module__ == "numpy" and getattr(part, "dtype", None) == "O" and bool(part.ndim)
