"""What arguments may be, and the messages when they may not."""

from __future__ import annotations

import difflib
import random
from typing import TYPE_CHECKING, Any

from autograd.errors import ArgumentError, OperandError
from autograd.operands import number

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

#: The generator behind ``random.seed`` and ``random.uniform``.
_GLOBAL: random.Random = random.uniform.__self__  # type: ignore[attr-defined]


def generator(seed: int | random.Random | None) -> random.Random:
    """
    Give a source of random numbers.

    Parameters
    ----------
    seed
        An integer, a generator, or None for Python's global generator.

    Returns
    -------
    random.Random

    Raises
    ------
    TypeError
        `seed` is none of these.
    """
    if seed is None:
        return _GLOBAL
    if isinstance(seed, random.Random):
        return seed
    if isinstance(seed, int):
        return random.Random(seed)  # noqa: S311 - not for secrets
    msg = f"seed must be an integer, a random.Random or None, not {type(seed).__name__} {seed!r}"
    raise OperandError(msg)


def positive(count: int, role: str) -> None:
    """
    See that a count is a positive integer.

    Parameters
    ----------
    count
        The number.
    role
        What it counts; the messages begin with it.

    Raises
    ------
    TypeError
        It is not an integer.
    ValueError
        It is below one.
    """
    if not isinstance(count, int) or isinstance(count, bool):
        msg = f"{role} must be an integer, not {type(count).__name__} {count!r}"
        raise OperandError(msg)
    if count < 1:
        msg = f"{role} must be at least 1, not {count}"
        raise ArgumentError(msg)


def real(given: Any, role: str, low: float, high: float = float("inf"), *, open_below: bool = False,
         open_above: bool = False) -> float:  # fmt: skip
    """
    Give a number within bounds as a float.

    Parameters
    ----------
    given
        The number.
    role
        What it is for; the messages begin with it.
    low, high
        The bounds.
    open_below, open_above
        Whether a bound itself is too far.

    Returns
    -------
    float

    Raises
    ------
    TypeError
        It is not a real number.
    ValueError
        It is out of bounds, or nan.

    Examples
    --------
    >>> real(0.5, "p", 0.0, 1.0)
    0.5
    """
    x = number(given, role)
    if (x > low if open_below else x >= low) and (x < high if open_above else x <= high):
        return x
    if low == -float("inf"):
        bounds = "a finite number"
    elif high == float("inf"):
        bounds = "positive" if open_below and low == 0.0 else "zero or positive" if low == 0.0 else f"at least {low:g}"
    else:
        bounds = f"from {low:g} to {high:g}" + (f", {low:g} excluded" if open_below else "")
        bounds += f", {high:g} excluded" if open_above else ""
    msg = f"{role} must be {bounds}, not {given}"
    raise ArgumentError(msg)


def choose(name: str, known: Mapping[str, Any], role: str) -> Any:
    """
    Find something by its name.

    Parameters
    ----------
    name
        What is asked for.
    known
        What there is.
    role
        What the name is for; the messages begin with it.

    Returns
    -------
    object
        What `known` has by that name.

    Raises
    ------
    TypeError
        `name` is not a str.
    ValueError
        There is no such name; the message has the nearest one.

    Examples
    --------
    >>> choose("mean", {"mean": 1, "sum": 2}, "reduction")
    1
    """
    if not isinstance(name, str):
        msg = f"{role} must be a name ({listed(known)}), not {type(name).__name__} {name!r}"
        raise OperandError(msg)
    if name not in known:
        msg = f"{role} must be one of {listed(known)}, not {name!r}{nearest(name, known)}"
        raise ArgumentError(msg)
    return known[name]


def nearest(name: str, known: Iterable[str]) -> str:
    """
    Ask whether another name was meant.

    Parameters
    ----------
    name
        The one that is not there.
    known
        Those that are.

    Returns
    -------
    str
        To be put at the end of a message; empty if there is nothing like it.

    Examples
    --------
    >>> nearest("adma", ["sgd", "adam"])
    "; did you mean 'adam'?"
    >>> nearest("bce", ["mse", "bce_with_logits"])
    "; did you mean 'bce_with_logits'?"
    """
    folded = {each.lower(): each for each in known}
    given = name.lower()
    near = difflib.get_close_matches(given, folded)
    near.sort(key=lambda each: sorted(each) != sorted(given))  # first those with the same letters in another order
    if not near:
        by_first_word = {each.partition("_")[0]: each for each in reversed(folded)}
        near = [by_first_word[word] for word in difflib.get_close_matches(given.partition("_")[0], by_first_word, 1)]
    return f"; did you mean {folded[near[0]]!r}?" if near else ""


def listed(names: Iterable[str]) -> str:
    """
    Say names in a message, or the first few of many.

    Parameters
    ----------
    names
        All of them.

    Returns
    -------
    str
    """
    said = [repr(name) for name in names]
    return ", ".join(said if len(said) <= 12 else [*said[:11], f"... {len(said) - 11} more"])
