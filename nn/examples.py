"""An example is a list of numbers; what takes one takes lists of them too, as deep as they come."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from autograd.errors import ArgumentError, OperandError

if TYPE_CHECKING:
    from collections.abc import Callable


def is_sequence(x: Any) -> bool:
    """Tell whether it is a list, a tuple or an array."""
    return hasattr(x, "__len__") and not isinstance(x, str | bytes | dict)


def has_examples(x: Any) -> bool:
    """Tell whether it is a list of lists."""
    return is_sequence(x) and len(x) > 0 and is_sequence(x[0])


def on_examples(function: Callable[[Any], Any], x: Any) -> Any:
    """
    Apply a function of one example to one, or to each of many.

    Parameters
    ----------
    function
        Of a list of numbers.
    x
        Such a list, or a list of such, or deeper.

    Returns
    -------
    object
        What the function gives, in as many lists.

    Examples
    --------
    >>> on_examples(sum, [1, 2]), on_examples(sum, [[1, 2], [3, 4]])
    (3, [3, 7])
    """
    return [on_examples(function, each) for each in x] if has_examples(x) else function(x)


def check_width(x: Any, width: int, who: object) -> None:
    """
    See that an example has as many numbers as a module takes.

    Parameters
    ----------
    x
        The example.
    width
        How many.
    who
        The module; the messages begin with it.

    Raises
    ------
    TypeError
        It is no sequence.
    ValueError
        It has more or fewer.
    """
    if not is_sequence(x):
        msg = f"{who!r} takes a sequence of {width} inputs, not {type(x).__name__} {x!r}"
        raise OperandError(msg)
    if len(x) != width:
        msg = f"{who!r} takes {width} inputs, not {len(x)}"
        raise ArgumentError(msg)
