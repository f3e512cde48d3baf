"""Runs a tape by the interpreter: machine code that is compiled once for a CPU, and knows every instruction."""

from __future__ import annotations

import ctypes
import struct
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from autograd import ops, primitives
from autograd.program import compiling, elementary, kernel, lanes, lowering, tape
from autograd.program.arrays import numpy
from autograd.program.coding import coded
from autograd.program.machine import features

if TYPE_CHECKING:
    from collections.abc import Sequence

    from autograd.program.machine import Features
    from autograd.program.tape import Tape

#: Numbers that the registers may have together, so that they stay in the cache.
_IN_CACHE = 2**21

_MOST_VECTORS = 8  # in a block of examples

_SOURCES = [Path(module.__file__ or "") for module in (ops, primitives, elementary, kernel, lanes, lowering, tape)]


@cache
def _function(machine: Features) -> Any:
    """Give the interpreter for a CPU."""
    engine = compiling.compiled_once("interpreter", lambda: kernel.interpreter_module(machine)[0], _SOURCES, machine)
    function = ctypes.CFUNCTYPE(None, ctypes.c_void_p)(engine.get_function_address("run"))
    function.engine = engine  # it lives as long as the function
    return function


class Interpreter:
    """
    Computes results of a tape for many examples, an instruction at a time on a block of them.

    Parameters
    ----------
    tape
        The instructions.
    stored
        The places of what is wanted for each example.
    summed
        The places of what is wanted as a sum over the examples.

    Raises
    ------
    NotImplementedError
        There is an instruction that it does not know.
    """

    def __init__(self, tape: Tape, stored: Sequence[int], summed: Sequence[int]) -> None:
        np = numpy()
        code = coded(tape, stored, summed)
        if code is None:
            msg = "the interpreter does not know all instructions"
            raise NotImplementedError(msg)
        self._machine = features()
        self._run = _function(self._machine)
        self._stored, self._summed = len(stored), len(summed)
        self._words = np.frombuffer(code.words, dtype=np.int32)
        self._registers, self._totals = code.registers, code.totals
        self.instructions = code.instructions
        self.is_dense = code.products > 4 * code.instructions
        self.name = "dense loops" if self.is_dense else "interpreter"
        lanes = self._machine.lanes
        most = _IN_CACHE // (code.registers * lanes)
        self._most_vectors = max(1, min(_MOST_VECTORS, most))
        self._mask = np.concatenate([np.ones(lanes), np.zeros(lanes)])
        self._table = _Table(tape, code.shared, code.weights)
        self._kept: dict[Any, tuple[Any, Any, int]] = {}

    def run(self, inputs: Any, params: Any) -> tuple[Any, Any]:
        """
        Compute the results.

        Parameters
        ----------
        inputs
            An array (n, number of inputs).
        params
            The parameters' numbers, an array (number of parameters,).

        Returns
        -------
        stored
            For each result its numbers, an array (number of results, n).
        summed
            For each result its sum, an array.
        """
        np = numpy()
        count, lanes = len(inputs), self._machine.lanes
        width = min(self._most_vectors, max(1, -(-count // lanes))) * lanes
        column = -(-count // lanes) * lanes
        stored = np.empty((self._stored, column))
        totals = np.zeros((self._totals, lanes))
        if count:
            registers = np.empty((self._registers, width))
            shared, weights = self._table.filled(params)
            registers[: len(shared)] = shared[:, None]
            inputs = np.ascontiguousarray(inputs)
            arguments = struct.pack(
                "12q", self._words.ctypes.data, registers.ctypes.data, weights.ctypes.data, inputs.ctypes.data,
                stored.ctypes.data, totals.ctypes.data, width, inputs.shape[1], column, 0, count, self._mask.ctypes.data,
            )  # fmt: skip
            self._run(arguments)
        return stored[:, :count], totals[:-1].sum(axis=1)


class _Table:
    """Gives the numbers that are the same for all examples, from those of the parameters."""

    def __init__(self, tape: Tape, shared: Sequence[int], weights: Sequence[int]) -> None:
        np = numpy()
        constants: dict[int, int] = {}
        param = tape.names.index("param") if "param" in tape.names else -1

        def index_of(place: int) -> int:
            if place < 0:
                return 0
            if tape.codes[place] == param:
                return tape.operands[tape.starts[place]]
            return -1 - constants.setdefault(place, len(constants) + 1)

        index = np.array([index_of(place) for place in (*shared, *weights)], dtype=np.int64)
        zero = np.array([place < 0 for place in (*shared, *weights)], dtype=bool)
        self._constants = np.array([0.0, *(float(tape.numbers[place]) for place in constants)])[::-1].copy()
        self._index, self._shared = np.where(zero, -1, index), len(shared)

    def filled(self, params: Any) -> tuple[Any, Any]:
        """Give what is in the shared registers, and the weights."""
        np = numpy()
        numbers = np.concatenate([params, self._constants])[self._index]
        return numbers[: self._shared], numbers[self._shared :]
