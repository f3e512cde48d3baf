"""The line of a user's code that made a node."""

from __future__ import annotations

from typing import NamedTuple


class SourceLine(NamedTuple):
    """
    A line of code.

    Parameters
    ----------
    file
        Its file, or what stands for one: a cell of a notebook has a made-up name.
    number
        Of the line, from 1.
    text
        The line itself, without the space around it; "" if it is not known.
    """

    file: str
    number: int
    text: str
