"""
Locks: one thread at a time records with other numbers than parameters have, makes what runs a program, or compiles.

A fork waits for all three. Otherwise the child, which has none of the other threads, could wait for ever.
"""

from __future__ import annotations

import os
import signal
import threading
from typing import TYPE_CHECKING, Any, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

_T = TypeVar("_T")

#: Who holds several has taken them in this order.
parameters, making, compiler = _LOCKS = threading.RLock(), threading.RLock(), threading.RLock()


class MadeOnce(Generic[_T]):
    """
    A property that is computed when it is first asked for, by one thread.

    Parameters
    ----------
    make
        Computes it.
    """

    def __init__(self, make: Callable[[Any], _T]) -> None:
        self._make = make

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    def __get__(self, instance: Any, owner: type | None = None) -> _T:
        kept = vars(instance)  # where Python finds it from then on
        with making:
            if self._name not in kept:
                kept[self._name] = self._make(instance)
        return kept[self._name]  # type: ignore[no-any-return]


class _Fork:
    """Holds all locks while a process forks. What is raised meanwhile Python only prints, and forks all the same."""

    def __init__(self) -> None:
        self._is_interrupted = False

    def begin(self) -> None:
        """Take the locks, come what may."""
        self._is_interrupted = False
        for lock in _LOCKS:
            while True:
                try:
                    lock.acquire()
                    break
                except KeyboardInterrupt:
                    self._is_interrupted = True

    def end(self) -> None:
        """Let go."""
        for lock in reversed(_LOCKS):
            lock.release()

    def end_in_parent(self) -> None:
        """Let go; an interrupt comes anew, once this is over."""
        self.end()
        if self._is_interrupted:
            threading.Timer(0.01, os.kill, (os.getpid(), signal.SIGINT)).start()


if hasattr(os, "register_at_fork"):
    _fork = _Fork()
    os.register_at_fork(before=_fork.begin, after_in_parent=_fork.end_in_parent, after_in_child=_fork.end)
