"""What arguments may be, and the message when they may not."""

from __future__ import annotations

from autograd.errors import OperandError


def flag(given: bool, role: str) -> bool:  # noqa: FBT001 - it is what is looked at
    """
    See that something is True or False.

    Parameters
    ----------
    given
        What it is.
    role
        What it is for; the message begins with it.

    Returns
    -------
    bool

    Raises
    ------
    TypeError
        It is neither.
    """
    if not isinstance(given, bool):
        msg = f"{role} must be True or False, not {given!r}"
        raise OperandError(msg)
    return given
