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

_MOST_VECTORS = 8

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
        self._registers, self._totals = code.registers, _Totals(code.totals, len(summed))
        self.instructions = code.instructions
        self.is_dense = code.products > 4 * code.instructions
        self.name = "dense loops" if self.is_dense else "interpreter"
        lanes = self._machine.lanes
        most = _IN_CACHE // (code.registers * lanes)
        self._most_vectors = max(1, min(_MOST_VECTORS, most))
        self._mask = np.concatenate([np.ones(lanes), np.zeros(lanes)])
        self._table = _Table(tape, code.shared, code.weights)
        self._addresses = self._words.ctypes.data, self._mask.ctypes.data
        self._free: list[Any] = []  # memory of earlier runs

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
        vectors = -(-count // lanes)
        column = vectors * lanes
        stored = np.empty((self._stored, column))
        width = min(self._most_vectors, vectors) * lanes
        try:
            memory = self._free.pop()  # nobody else can have it then
        except IndexError:
            memory = None
        if memory is None or len(memory.registers) < self._registers * width:
            memory = _Memory(self._registers * width, self._totals.count, lanes)
        shared, weights = self._table.filled(params)
        memory.registers[: len(shared) * width].reshape(len(shared), width)[:] = shared
        memory.totals.fill(0.0)
        inputs = np.ascontiguousarray(inputs)
        words, mask = self._addresses
        self._run(
            _pack(
                words, memory.at_registers, weights.ctypes.data, inputs.ctypes.data, stored.ctypes.data,
                memory.at_totals, width, inputs.shape[1], column, 0, count, mask,
            )
        )  # fmt: skip
        sums = self._totals.sums(memory.totals)
        self._free.append(memory)
        return (stored if column == count else stored[:, :count]), sums


_pack = struct.Struct(f"{len(kernel.ARGUMENTS)}q").pack


class _Memory:
    """Registers, and totals for each lane."""

    def __init__(self, registers: int, totals: int, lanes: int) -> None:
        np = numpy()
        self.registers = np.empty(registers)
        self.totals = np.empty((totals, lanes))
        self.at_registers, self.at_totals = self.registers.ctypes.data, self.totals.ctypes.data


class _Totals:
    """Adds up what was summed in several places."""

    def __init__(self, targets: Sequence[int], count: int) -> None:
        np = numpy()
        self.count = len(targets)
        self._targets, self._wanted = np.array(targets, dtype=np.int64), count
        places = np.zeros(count + 1, dtype=np.int64)
        places[self._targets] = np.arange(self.count)
        often = np.bincount(self._targets, minlength=count + 1)[:count]
        self._places = places[:count] if (often == 1).all() else None

    def sums(self, totals: Any) -> Any:
        """Give each sum, from the totals of all lanes."""
        np = numpy()
        by_place = totals.sum(axis=1)
        if self._places is not None:
            return by_place[self._places]
        return np.bincount(self._targets, by_place, self._wanted + 1)[: self._wanted]


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
        numbers = [-0.0, *(float(tape.numbers[place]) for place in constants)]  # the last of all is the first of these
        index[[place < 0 for place in (*shared, *weights)]] = -1
        self._constants, self._index, self._shared = np.array(numbers[::-1]), index, len(shared)
        self._known = self._split(self._constants[index]) if param not in tape.codes else None

    def _split(self, numbers: Any) -> tuple[Any, Any]:
        return numbers[: self._shared, None], numbers[self._shared :]

    def filled(self, params: Any) -> tuple[Any, Any]:
        """Give what is in the shared registers, and the weights."""
        if self._known is not None:
            return self._known
        return self._split(numpy().concatenate((params, self._constants)).take(self._index))
