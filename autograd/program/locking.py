"""
Locks: one thread at a time makes what runs a program, and one is in the compiler.

A fork waits for both. Otherwise the child, which has none of the other threads, could wait for ever.
"""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING, Any, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

_T = TypeVar("_T")

#: Who holds both has taken `making` first.
making, compiler = threading.RLock(), threading.RLock()


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


def _hold() -> None:
    making.acquire()
    compiler.acquire()


def _let_go() -> None:
    compiler.release()
    making.release()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_hold, after_in_parent=_let_go, after_in_child=_let_go)
