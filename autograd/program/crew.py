"""
Threads that are at hand: for a while after each job they wait for the next one in machine code, and take it at once.

To wake a thread takes the system as long as a thousand examples of a small network take a processor, and Python's lock
would have to be handed over twice. After that while a thread sleeps, until it is rung for.
"""

from __future__ import annotations

import atexit
import os
import threading
import time
from contextlib import suppress
from functools import cache
from pathlib import Path
from queue import SimpleQueue
from struct import Struct
from typing import TYPE_CHECKING, Any

from autograd.program import mailbox
from autograd.program.arrays import numpy
from autograd.program.compiling import compiled_once
from autograd.program.machine import features

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from autograd.program.compiling import CompiledFunction
    from autograd.program.machine import Features

_PACK = Struct("4q").pack


@cache
def _function(machine: Features) -> CompiledFunction:
    return compiled_once("mailbox", mailbox.mailbox_module, [Path(mailbox.__file__)], machine)


class Crew:
    """
    Threads that run functions of machine code.

    Parameters
    ----------
    count
        Of the threads, beside the one that asks.
    """

    def __init__(self, count: int) -> None:
        self._one_at_a_time = threading.Lock()
        run = _function(features()).run
        self._members: list[_Member] = []
        atexit.register(self._end)
        with suppress(RuntimeError):  # where the system gives no more threads, there are fewer
            for _ in range(count):
                self._members.append(_Member(run))

    def run(self, function: CompiledFunction, jobs: Sequence[tuple[bytes, Any]]) -> None:
        """
        Call a function several times at once, and wait until all is done.

        Parameters
        ----------
        function
            The function.
        jobs
            For each call, that of the calling thread first, its arguments, and what must live as long as it runs.
        """
        count = len(self._members)
        with self._one_at_a_time:
            for member, (arguments, alive) in zip(self._members, jobs[len(jobs) - count :], strict=True):
                member.post(function.address, arguments, alive)
            for arguments, _ in jobs[: len(jobs) - count]:
                function.run(arguments)
            for member in self._members:
                member.wait()

    def _end(self) -> None:
        for member in self._members:
            member.end()


class _Member:
    """
    A thread with a mailbox.

    Parameters
    ----------
    run
        The function of `mailbox`.
    """

    def __init__(self, run: Callable[[bytes], None]) -> None:
        np = numpy()
        self._run, self._mail = run, np.zeros(mailbox.SIZE, dtype=np.int64)
        self._address = self._mail.ctypes.data
        self._alive: Any = None  # what the job needs
        # not an Event, which an interrupt can leave locked
        self._bell: SimpleQueue[None] = SimpleQueue()
        self._state = threading.Lock()
        self._is_awake, self._has_ended = True, False
        self._thread = threading.Thread(target=self._serve, name="chainrule", daemon=True)
        self._thread.start()

    def post(self, function: int, arguments: bytes, alive: Any) -> None:
        """Give the thread a job; if to wait for the one before was interrupted, that must come to its end first."""
        self.wait()
        self._alive = arguments, alive
        np = numpy()
        self._do(mailbox.POST, function, np.frombuffer(arguments, dtype=np.int64).ctypes.data)
        self._ring()

    def wait(self) -> None:
        """Wait for the end of the job."""
        while self._is_busy:
            self._do(mailbox.WAIT)
            if self._is_busy:
                self._ring()  # who has posted the job may have been interrupted before
                time.sleep(0)  # there may be fewer processors than threads
        self._alive = None

    def end(self) -> None:
        """Have the thread come to its end."""
        self._has_ended = True
        self._bell.put(None)
        self._thread.join()

    def _ring(self) -> None:
        with self._state:
            if not self._is_awake:
                self._bell.put(None)
                self._is_awake = True

    def _serve(self) -> None:
        while not self._has_ended:
            self._do(mailbox.SERVE)
            with self._state:
                self._is_awake = self._is_busy
            if not self._is_awake:
                self._bell.get()

    def _do(self, task: int, function: int = 0, argument: int = 0) -> None:
        self._run(_PACK(self._address, task, function, argument))

    @property
    def _is_busy(self) -> bool:
        return bool(self._mail[mailbox.POSTED] != self._mail[mailbox.DONE])


@cache
def crew(count: int) -> Crew:
    """
    Give a crew; there is one of each size.

    Parameters
    ----------
    count
        Of its threads, beside the one that asks.

    Returns
    -------
    Crew
    """
    return Crew(count)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=crew.cache_clear)  # there these threads do not run
