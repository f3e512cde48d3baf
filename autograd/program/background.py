"""Compiles a tape in a thread of its own, beside what goes on."""

from __future__ import annotations

import atexit
import threading
from typing import TYPE_CHECKING

from autograd.program.straight import StraightLine

if TYPE_CHECKING:
    from collections.abc import Sequence

    from autograd.program.tape import Tape

_is_ending = threading.Event()
_running: set[threading.Thread] = set()


class Compilation:
    """
    The making of straight-line code.

    Parameters
    ----------
    tape, stored, summed, single
        As for `StraightLine`.

    Attributes
    ----------
    result
        The code; None as long as it is not there.
    failure
        Why there will be none.
    """

    def __init__(self, tape: Tape, stored: Sequence[int], summed: Sequence[int], *, single: bool) -> None:
        self.result: StraightLine | None = None
        self.failure: Exception | None = None
        self._wanted = tape, stored, summed
        self._single = single
        thread = threading.Thread(target=self._compile, name="chainrule compiler", daemon=True)
        try:
            thread.start()
        except RuntimeError as error:  # there are too many, or the process is ending
            self.failure = error

    def _compile(self) -> None:
        _running.add(threading.current_thread())
        try:
            self.result = StraightLine(*self._wanted, single=self._single, is_stopped=_is_ending.is_set)
        except Exception as error:  # noqa: BLE001 - nobody has asked for it: what ran the tape goes on
            self.failure = error
        finally:
            _running.discard(threading.current_thread())


@atexit.register
def _end() -> None:
    """Let no thread be in the compiler while the process ends."""
    _is_ending.set()
    for thread in tuple(_running):
        thread.join()
