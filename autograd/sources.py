"""Which line of a user's code is being run: `detect_anomaly`, `gradcheck` and `trace_source` ask for it."""

from __future__ import annotations

import linecache
from pathlib import Path
from traceback import walk_tb
from types import TracebackType
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from types import FrameType

#: Where the code of this project is: a line that a user wrote is somewhere else.
_OURS = (*(f"{Path(__file__).parents[1] / package}/" for package in ("autograd", "nn")), "<autograd ")


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

    def __str__(self) -> str:
        return f"{self.file}:{self.number}" + (f": {self.text}" if self.text else "")


def users_frame(frame: FrameType | None, stop: str = "") -> FrameType | None:
    """
    Find the innermost frame that runs a user's code.

    Parameters
    ----------
    frame
        Where to start; from there it goes outwards.
    stop
        A file, or a folder with all its files: what has called these does not count.

    Returns
    -------
    frame or None
    """
    while frame is not None and frame.f_code.co_filename.startswith(_OURS):
        if stop and frame.f_code.co_filename.startswith(stop):
            return None
        frame = frame.f_back
    return frame


def users_line(start: FrameType | TracebackType | None, stop: str = "") -> SourceLine | None:
    """
    Find the innermost line of a user's code, from a frame outwards or in a traceback.

    Parameters
    ----------
    start
        A frame or a traceback.
    stop
        As for `users_frame`.

    Returns
    -------
    SourceLine or None
    """
    if isinstance(start, TracebackType):
        lines = [(frame, number) for frame, number in walk_tb(start) if users_frame(frame) is frame]
        return line_of(*lines[-1]) if lines else None
    frame = users_frame(start, stop)
    return None if frame is None else line_of(frame, frame.f_lineno)


def line_of(frame: FrameType, number: int) -> SourceLine:
    """
    Give a line of the code that a frame runs.

    Parameters
    ----------
    frame
        The frame.
    number
        Of the line.

    Returns
    -------
    SourceLine
    """
    file = frame.f_code.co_filename
    return SourceLine(file, number, linecache.getline(file, number, frame.f_globals).strip())
