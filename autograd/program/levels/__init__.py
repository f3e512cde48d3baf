"""
Runs a tape by levels: what does not depend on each other is computed in the lanes of vectors, for one example.

`coding` puts instructions into vectors, `kernel` is the machine code that runs them.
"""

from __future__ import annotations

import struct
from functools import cache
from typing import TYPE_CHECKING, Any

from autograd.program.arrays import numpy, on_a_line
from autograd.program.compiling import compiled_once
from autograd.program.levels import kernel
from autograd.program.levels.coding import coded
from autograd.program.machine import features
from autograd.program.writing import made_from

if TYPE_CHECKING:
    from collections.abc import Sequence

    from autograd.program.compiling import CompiledFunction
    from autograd.program.levels.coding import Code
    from autograd.program.machine import Features
    from autograd.program.tape import Tape

#: Of fewer instructions straight-line code is faster, and soon compiled.
_LEAST = 2_000


def by_levels(tape: Tape, stored: Sequence[int], summed: Sequence[int]) -> ByLevels | None:
    """
    Put a tape into vectors, where that pays.

    Parameters
    ----------
    tape
        The instructions.
    stored
        The places of what is wanted for each example.
    summed
        The places of what is wanted as a sum over the examples.

    Returns
    -------
    ByLevels or None
    """
    code = coded(tape, [*stored, *summed], features().lanes, _LEAST) if len(tape) >= _LEAST else None
    return None if code is None else ByLevels(code, len(stored))


@cache
def _function(machine: Features) -> CompiledFunction:
    """Give the interpreter for a CPU."""
    return compiled_once("levels", lambda: kernel.module(machine), made_from("levels/kernel.py"), machine)


class ByLevels:
    """
    Computes results of a tape for one example after the other.

    Parameters
    ----------
    code
        What it runs.
    stored
        How many of the results are wanted for each example; of the others the sum is.
    """

    name = "interpreter by levels"

    def __init__(self, code: Code, stored: int) -> None:
        self._machine = features()
        self._function = _function(self._machine)
        self._code, self._stored = code, stored
        self._kept: list[tuple[Any, bytes]] = []  # memory of earlier runs, and what they are given

    def run(self, inputs: Any, params: Any) -> tuple[Any, Any, bool]:
        """Compute the results, as every `Runner`."""
        np = numpy()
        code = self._code
        try:
            memory, arguments = kept = self._kept.pop()  # nobody else can have it then
        except IndexError:
            memory, arguments = kept = self._memory()
        stored, sums = np.empty((self._stored, len(inputs))), np.zeros(len(code.results) - self._stored)
        memory[code.params] = params[: code.params.stop - code.params.start]
        for example, row in enumerate(inputs[:, : code.inputs.stop - code.inputs.start]):
            memory[code.inputs] = row
            self._function.run(arguments)
            results = memory[code.results]
            stored[:, example] = results[: self._stored]
            sums += results[self._stored :]
        self._kept.append(kept)
        return stored, sums, bool(np.isfinite(stored).all())

    def _memory(self) -> tuple[Any, bytes]:
        code = self._code
        memory = on_a_line(code.registers * self._machine.lanes)
        memory[: len(code.given)] = code.given
        return memory, struct.pack("2q", code.words.ctypes.data, memory.ctypes.data)
