"""Tells a reader of the notebooks whether an answer is right."""

from __future__ import annotations

import math
from numbers import Real
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

_RIGHT = "Right!"


def check(answer: Any, expected: Any | Callable[[Any], bool], hint: str) -> None:
    """
    Print whether an answer is right, and a hint if it is not; the notebook goes on.

    Parameters
    ----------
    answer
        What the reader put in place of the dots.
    expected
        The right answer, up to rounding; or a function that tells whether one is right.
    hint
        What to think of.

    Examples
    --------
    >>> check(..., 12.0, "the derivative of x**3 is 3*x**2")
    Your turn: put your answer in place of the dots.
    >>> check(6.0, 12.0, "the derivative of x**3 is 3*x**2")
    Not yet: 6.0 is not it. Hint: the derivative of x**3 is 3*x**2.
    >>> check(12, 12.0, "the derivative of x**3 is 3*x**2")
    Right!
    """
    print(_verdict(answer, expected, hint))


def demand(answer: Any, expected: Any | Callable[[Any], bool], hint: str) -> None:
    """
    Take an answer as `check` does, but stop at a wrong one: with it solutions are tried.

    Parameters
    ----------
    answer, expected, hint
        As for `check`.

    Raises
    ------
    ValueError
        The answer is not right.

    Examples
    --------
    >>> demand(6.0, 12.0, "the derivative of x**3 is 3*x**2")
    Traceback (most recent call last):
    ValueError: Not yet: 6.0 is not it. Hint: the derivative of x**3 is 3*x**2.
    """
    verdict = _verdict(answer, expected, hint)
    if verdict != _RIGHT:
        raise ValueError(verdict)


def _verdict(answer: Any, expected: Any | Callable[[Any], bool], hint: str) -> str:
    if answer is ...:
        return "Your turn: put your answer in place of the dots."
    try:
        right = expected(answer) if callable(expected) else _same(answer, expected)
        why = (
            f"{answer!r} is not it"
            if not callable(answer)
            else "it does not do what it should"
        )
    except Exception as error:  # noqa: BLE001 - whatever the reader's code does wrong
        right = False
        why = f"it ends in {type(error).__name__}: {error}"
    return _RIGHT if right else f"Not yet: {why}. Hint: {hint}."


def _same(answer: Any, expected: Any) -> bool:
    answer = getattr(answer, "data", answer)  # a Value's number
    if isinstance(answer, Real) and isinstance(expected, Real):
        return math.isclose(answer, expected, rel_tol=1e-6, abs_tol=1e-9)
    if isinstance(expected, list | tuple) and isinstance(answer, list | tuple):
        return len(answer) == len(expected) and all(map(_same, answer, expected))
    return bool(answer == expected)
