"""Chooses what runs a tape."""

from __future__ import annotations

import _thread
import importlib.util
import itertools
import os
from contextlib import suppress
from functools import cache, partial
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any, TypeVar

from autograd.program.arrays import ArrayExecutor, numpy
from autograd.program.background import Compilation
from autograd.program.expanding import expanded
from autograd.program.interpreter import Interpreter
from autograd.program.levels import by_levels
from autograd.program.locking import MadeOnce
from autograd.program.straight import StraightLine

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from autograd.program.levels import ByLevels
    from autograd.program.running import Runner
    from autograd.program.tape import Tape

_Result = TypeVar("_Result")

#: Seconds, about, that an instruction takes: to be compiled, and by the interpreter for a block and for each example.
_TO_COMPILE, _FOR_A_BLOCK, _FOR_AN_EXAMPLE = 3e-4, 3e-9, 3e-10

#: The same for layers: a word of their code to be compiled, a product of theirs for each example.
_TO_COMPILE_A_WORD, _FOR_A_PRODUCT = 1e-3, 3e-11

#: Each thread has so many examples, about, or there are fewer threads.
_LEAST_FOR_A_THREAD = 64

#: So few examples are run by levels one after the other, which takes less time than the interpreter at once.
_FEW = 4


class Executor:
    """
    Runs a tape by the interpreter, until that has taken as long as to compile it would; from then on as compiled.

    So it never takes much longer than if it had been known how often the tape would be run. The compiler works beside,
    in a thread of its own. Layers are best run by the interpreter's loops; these are compiled once more for a tape, so
    that they know how long they are. A long tape, much of which does not depend on each other, is run by levels for a
    few examples. Without llvmlite, or where an instruction is a function of Python, NumPy runs the tape.

    Parameters
    ----------
    tape
        The instructions.
    stored, summed
        The places of what is wanted for each example, and as a sum over the examples.
    is_steady
        Whether the same numbers must give the same bits at any time: then no straight-line code takes over, which may
        add up examples in another order.
    """

    def __init__(
        self, tape: Tape, stored: Sequence[int], summed: Sequence[int] = (), *, is_steady: bool = False
    ) -> None:
        self._is_steady = is_steady
        self._wanted = tape, list(stored), list(summed)
        self._spent = {True: 0.0, False: 0.0}  # by what would be compiled: for single examples, or for many
        self._compilations: dict[bool, Compilation[StraightLine]] = {}
        self._specialisation: Compilation[None] | None = None
        self._compiled: dict[bool, StraightLine] = {}
        self._runs: Runner | None = None

    @MadeOnce
    def _by_levels(self) -> ByLevels | None:
        return by_levels(*self._wanted) if _has_llvmlite() else None

    @MadeOnce
    def _uncompiled(self) -> ArrayExecutor | Interpreter:
        tape, stored, summed = self._wanted
        if _has_llvmlite():
            try:
                return Interpreter(tape, stored, summed)
            except NotImplementedError:
                pass
        plain, places = expanded(tape, [*stored, *summed])
        return ArrayExecutor(plain, [places[each] for each in stored], [places[each] for each in summed])

    @property
    def name(self) -> str:
        """What has run the tape the latest time, or would run it first."""
        return (self._runs or self._by_levels or self._uncompiled).name

    def run(self, inputs: Any, params: Any, threads: int = 1) -> tuple[Any, Any, bool | None]:
        """
        Compute the results.

        Parameters
        ----------
        inputs
            An array (n, number of inputs).
        params
            The parameters' numbers, an array (number of parameters,).
        threads
            How many threads may share the examples.

        Returns
        -------
        stored, summed, is_finite
            For each result its numbers, (n,); for each result its sum; whether all numbers of the former are finite,
            None if that has not been looked at.
        """
        self._runs = runs = self._choose(*inputs.shape)
        if threads > 1:
            threads = min(threads, len(inputs) // _LEAST_FOR_A_THREAD)
        if threads < 2:
            return runs.run(inputs, params)
        np = numpy()
        ends = [len(inputs) * i // threads for i in range(threads + 1)]
        parts = [inputs[start:end] for start, end in itertools.pairwise(ends)]
        results: Sequence[tuple[Any, Any, bool | None]]
        if isinstance(runs, Interpreter):
            results = runs.run_parts(parts, params)
        else:
            waiting = [_begun(partial(runs.run, part, params), threads - 1) for part in parts[1:]]
            results = [runs.run(parts[0], params), *(wait() for wait in waiting)]
        stored, sums, finite = zip(*results, strict=True)
        return np.concatenate(stored, axis=1), sum(sums[1:], sums[0]), all(finite) or None

    def _choose(self, count: int, row: int) -> Runner:
        if 0 < count <= _FEW and self._by_levels:
            return self._by_levels
        first = self._uncompiled
        if not isinstance(first, Interpreter):
            return first
        if first.is_dense:
            self._specialise_if_it_pays(first, count, row)  # with the same bits
        if first.is_dense or self._is_steady:
            return first
        single = count == 1
        if single in self._compiled:
            return self._compiled[single]
        compilation = self._compilations.get(single)
        if compilation is None:
            self._spent[single] += _FOR_A_BLOCK + _FOR_AN_EXAMPLE * count  # for each instruction
            if self._spent[single] >= _TO_COMPILE:
                compilation = self._compilations[single] = Compilation(
                    lambda is_stopped: StraightLine(*self._wanted, single=single, is_stopped=is_stopped)
                )
        if compilation is None or compilation.result is None:
            return first
        self._compiled[single] = compilation.result
        return compilation.result

    def _specialise_if_it_pays(self, first: Interpreter, count: int, row: int) -> None:
        if self._specialisation is None and first.is_short:
            self._spent[False] += first.products * _FOR_A_PRODUCT * count
            if self._spent[False] >= first.length * _TO_COMPILE_A_WORD:
                self._specialisation = Compilation(lambda _: first.specialise(row))

    def compile(self, *, single: bool, row: int) -> None:
        """
        Compile the tape now, if it is to be compiled at all.

        Parameters
        ----------
        single
            For one example at a time, or for many.
        row
            How many inputs an example has.
        """
        if single and self._by_levels:
            return
        first = self._uncompiled
        if not isinstance(first, Interpreter):
            return
        if first.is_dense:
            if first.is_short:
                first.specialise(row)
        else:
            if single not in self._compiled:
                self._compiled[single] = StraightLine(*self._wanted, single=single)
            self._runs = self._compiled[single]


@cache
def _has_llvmlite() -> bool:
    return importlib.util.find_spec("llvmlite") is not None


def _begun(task: Callable[[], _Result], threads: int) -> Callable[[], _Result]:
    """Let one of so many threads do a task; if the system has none, do it. Give what waits for the result."""
    done: SimpleQueue[tuple[Any, BaseException | None]] = SimpleQueue()

    def work() -> None:
        try:
            done.put((task(), None))
        except BaseException as error:  # noqa: BLE001 - for who waits
            done.put((None, error))

    def result() -> _Result:
        found, error = done.get()
        if error:
            try:
                raise error
            finally:
                del error  # whose traceback has this frame
        return found  # type: ignore[no-any-return]

    jobs = _jobs_of(threads)
    if jobs is None:
        work()
    else:
        jobs.put(work)
    return result


@cache
def _jobs_of(threads: int) -> SimpleQueue[Callable[[], None]] | None:
    """
    Give what threads take jobs from; None if there can be no thread.

    Not those of `concurrent.futures`, nor `threading`: an interrupt can leave their locks as it must not.
    """
    jobs: SimpleQueue[Callable[[], None]] = SimpleQueue()

    def serve() -> None:
        while True:
            jobs.get()()

    started = 0
    with suppress(RuntimeError):
        while started < threads:
            _thread.start_new_thread(serve, ())
            started += 1
    return jobs if started else None


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_jobs_of.cache_clear)  # there these threads do not run
