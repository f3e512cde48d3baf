"""Runs a tape as machine code that llvmlite compiles: no C compiler is needed."""

from __future__ import annotations

import ctypes
import importlib.util
import sys
from typing import TYPE_CHECKING, Any

from autograd.program.arrays import numpy
from autograd.program.elementary import Elementary
from autograd.program.lanes import module_of
from autograd.program.machine import Features, features, target_machine
from autograd.program.tape import OPERATORS, SOURCES

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from autograd.program.tape import Tape


class NativeExecutor:
    """
    Computes results of a tape for many examples, several in each step.

    Parameters
    ----------
    tape
        The instructions.
    stored
        The places of what is wanted for each example.
    summed
        The places of what is wanted as a sum over the examples.
    """

    name = "straight-line code"

    def __init__(self, tape: Tape, stored: Sequence[int], summed: Sequence[int]) -> None:
        self._stored, self._summed = len(stored), len(summed)
        machine = features()
        self._lanes = machine.lanes
        module, called = module_of(tape, stored, summed, self._lanes, fused=machine.fused)
        self._engine = _compiled(str(module), called, machine)
        pointer = ctypes.POINTER(ctypes.c_double)
        signature = ctypes.CFUNCTYPE(None, pointer, pointer, pointer, pointer, ctypes.c_int64)
        self._function = signature(self._engine.get_function_address("run"))

    def run(self, inputs: Any, params: Any) -> tuple[list[Any], list[float]]:
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
            For each result its numbers, (n,).
        summed
            For each result its sum.
        """
        np = numpy()
        count, lanes = len(inputs), self._lanes
        stored = np.empty((self._stored, count))
        totals = np.zeros(self._summed)
        whole = count - count % lanes
        if whole:
            stored[:, :whole], lane_sums = self._blocks(inputs[:whole], params)
            totals += lane_sums.sum(axis=1)
        if whole < count:  # the last block is filled up with its last example, which does not count
            rest = count - whole
            filled = np.concatenate([inputs[whole:], np.repeat(inputs[-1:], lanes - rest, axis=0)])
            last, lane_sums = self._blocks(filled, params)
            stored[:, whole:] = last[:, :rest]
            totals += lane_sums[:, :rest].sum(axis=1)
        return list(stored), totals.tolist()

    def _blocks(self, inputs: Any, params: Any) -> tuple[Any, Any]:
        np = numpy()
        columns = np.ascontiguousarray(inputs.T)
        stored = np.empty((self._stored, len(inputs)))
        lane_sums = np.zeros((self._summed, self._lanes))
        pointer = ctypes.POINTER(ctypes.c_double)
        arrays = [array.ctypes.data_as(pointer) for array in (columns, params, stored, lane_sums)]
        self._function(*arrays, len(inputs) // self._lanes)
        return stored, lane_sums


def _compiled(text: str, called: Iterable[str], machine: Features) -> Any:
    from llvmlite import binding  # noqa: PLC0415 - optional

    for name in called:
        function = getattr(ctypes.CDLL(None), name)
        binding.add_symbol(name, ctypes.cast(function, ctypes.c_void_p).value)
    module = binding.parse_assembly(text)
    module.verify()
    engine = binding.create_mcjit_compiler(module, target_machine(machine))
    engine.finalize_object()
    return engine


def can_run(tape: Tape, places: Iterable[int]) -> bool:
    """
    Tell whether instructions can be compiled: there is llvmlite, and none of them calls back into Python.

    Parameters
    ----------
    tape
        The instructions.
    places
        Of those that are needed.

    Returns
    -------
    bool
    """
    ops = {tape.instructions[place].op for place in places}
    is_there = importlib.util.find_spec("llvmlite") is not None and sys.platform != "win32"
    return is_there and all(op in OPERATORS or op in SOURCES or Elementary.has(op) for op in ops)
