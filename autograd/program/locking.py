"""
Locks: one thread at a time records with other numbers than parameters have, makes what runs a program, or compiles.

A fork waits for all three. Otherwise the child, which has none of the other threads, could wait for ever.
"""

from __future__ import annotations

import os
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


if hasattr(os, "register_at_fork"):
    # no function of Python, where an interrupt could come between: what is raised in a hook is printed and lost
    for _lock in reversed(_LOCKS):
        os.register_at_fork(before=_lock.acquire, after_in_parent=_lock.release, after_in_child=_lock.release)
