"""What may stand beside a Value, and what is said when it may not."""

from __future__ import annotations

from numbers import Number, Real
from typing import Any

from autograd.errors import OperandError, RangeError


def number(given: Any, role: str) -> float:
    """
    Convert a plain real number to the float that the engine computes with.

    Parameters
    ----------
    given
        A ``bool``, ``int``, ``float``, ``Fraction`` or NumPy scalar.
    role
        What the number is for; the messages begin with it.

    Returns
    -------
    float

    Raises
    ------
    TypeError
        `given` is not a real number.
    OverflowError
        `given` is too large for a float.

    Examples
    --------
    >>> from fractions import Fraction
    >>> number(Fraction(1, 4), "x")
    0.25
    """
    if type(given) is float:
        return given
    if type(given) is int or isinstance(given, Real) or _is_numpy_bool(given):  # the look at the type is the faster one
        try:
            return float(given)
        except OverflowError:
            msg = f"{role} is too large for a float: an {type(given).__name__} of about {_digits(given)} digits"
            raise RangeError(msg) from None
    raise OperandError(_refusal(given, role))


def beside(given: Any, operation: str, reflected: str) -> Any:
    """
    Convert what stands beside a Value in ``a + b``, or leave it to the other side.

    Parameters
    ----------
    given
        The other operand.
    operation
        Name of the operation, for the message.
    reflected
        The special method by which the other side may answer, say ``"__radd__"``.

    Returns
    -------
    float or NotImplemented
        ``NotImplemented`` where `given` is of a foreign class that has the special method: an ndarray
        then applies the operation to each of its elements.

    Raises
    ------
    TypeError
        `given` is not a real number, and of no class that could know better.
    OverflowError
        `given` is too large for a float.
    """
    if type(given) is float:
        return given
    foreign = type(given).__module__ != "builtins" and not isinstance(given, Number) and not _is_numpy_bool(given)
    if foreign and hasattr(given, reflected):
        return NotImplemented
    return number(given, f"{operation}: an operand")


def _is_numpy_bool(given: Any) -> bool:
    """Tell whether it is NumPy's bool, the one real scalar that NumPy does not register as a number."""
    return type(given).__module__ == "numpy" and type(given).__name__ in ("bool", "bool_")


def _digits(given: Any) -> int:
    """Count the decimal digits of a huge number, roughly, without printing them."""
    return int(int(given).bit_length() * 0.30103) + 1


def _refusal(given: Any, role: str) -> str:
    kind = type(given).__name__
    advice = {
        "Value": "; a Value is one already: take its number with .data, or its value without history with .detach()",
        "str": "; to read a typed expression use autograd.parse",
        "ndarray": "; a Value holds one number: take .item() of a one-element array, or a Value for each element",
    }.get(kind, "")
    return (
        f"{role} must be a real number (bool, int, float, Fraction or NumPy scalar), not {kind} {_short(given)}{advice}"
    )


def _short(given: Any) -> str:
    text = repr(given)
    return text if len(text) <= 40 else text[:37] + "..."
