"""Compiles in a thread of its own, beside what goes on."""

from __future__ import annotations

import atexit
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Generic, TypeVar

from autograd.program.locking import compiler

if TYPE_CHECKING:
    from collections.abc import Callable

_T = TypeVar("_T")

_is_ending = threading.Event()
_running: set[threading.Thread] = set()


class Compilation(Generic[_T]):
    """
    The making of code.

    Parameters
    ----------
    make
        Gives the code. It may ask what it is given whether it is to be stopped.

    Attributes
    ----------
    result
        The code; None as long as it is not there, and for ever if making it has failed: nobody has asked for it, and
        what has run the tape goes on.
    """

    def __init__(self, make: Callable[[Callable[[], bool]], _T]) -> None:
        self.result: _T | None = None
        self._make = make
        thread = threading.Thread(target=self._compile, name="chainrule compiler", daemon=True)
        with suppress(RuntimeError):  # there are too many, or the process is ending
            thread.start()

    def _compile(self) -> None:
        _running.add(threading.current_thread())
        try:
            with suppress(Exception):
                self.result = self._make(_is_ending.is_set)
        finally:
            _running.discard(threading.current_thread())


@atexit.register
def _end() -> None:
    """Let no thread be in the compiler while the process ends."""
    _is_ending.set()
    for thread in tuple(_running):
        thread.join()
    with compiler:  # which a thread of the user's may be in
        pass
