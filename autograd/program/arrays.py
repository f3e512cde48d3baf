"""Runs a tape with NumPy: each instruction on the numbers of many examples at once."""

from __future__ import annotations

import functools
from ctypes import addressof, c_char
from typing import TYPE_CHECKING, Any

from autograd.errors import MissingExtraError
from autograd.primitives import numpy_primitives

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from autograd.program.tape import Tape

#: Examples that are computed together: their numbers stay in the cache.
_BLOCK = 1024

LINE = 8  #: Numbers of a line of the cache.

_OPERATORS = {
    "add": "add", "and": "logical_and", "eq": "equal", "ge": "greater_equal", "gt": "greater", "le": "less_equal",
    "lt": "less", "mul": "multiply", "ne": "not_equal", "neg": "negative", "or": "logical_or", "select": "where",
    "sub": "subtract",
}  # fmt: skip


@functools.cache
def numpy() -> Any:
    """
    Import NumPy.

    Returns
    -------
    module

    Raises
    ------
    ImportError
        It is not installed.
    """
    try:
        import numpy as np  # noqa: PLC0415 - optional
    except ImportError as error:
        msg = "programs run with NumPy: pip install 'chainrule[program]'"
        raise MissingExtraError(msg) from error
    return np


def address_of(array: Any) -> int:
    """
    Give where the numbers of an array are.

    Parameters
    ----------
    array
        The array, in C's order.

    Returns
    -------
    int
    """
    try:
        return addressof(c_char.from_buffer(array))  # in a fifth of the time that its attribute takes
    except (TypeError, ValueError):  # it cannot be written to, or has no numbers
        return array.ctypes.data  # type: ignore[no-any-return]


def on_a_line(count: int) -> Any:
    """
    Give room for numbers that begins where a line of the cache does.

    Parameters
    ----------
    count
        Of the numbers.

    Returns
    -------
    numpy.ndarray
        (count,), not yet filled.
    """
    numbers = numpy().empty(count + LINE)
    start = -numbers.ctypes.data // 8 % LINE
    return numbers[start : start + count]


class ArrayExecutor:
    """
    Computes results of a tape for many examples.

    Parameters
    ----------
    tape
        The instructions.
    stored
        The places of what is wanted for each example.
    summed
        The places of what is wanted as a sum over the examples.
    """

    name = "NumPy"

    def __init__(self, tape: Tape, stored: Sequence[int], summed: Sequence[int]) -> None:
        self._stored, self._summed = tuple(stored), tuple(summed)
        results = {*stored, *summed}
        self._size = len(tape.instructions)
        needed = tape.needed_for([*results])
        last_use = {operand: place for place in needed for operand in _registers(tape, place)}
        freed: dict[int, list[int]] = {}
        for operand, place in last_use.items():
            if operand not in results:
                freed.setdefault(place, []).append(operand)
        self._sources = [(place, *tape.instructions[place]) for place in needed if not _registers(tape, place)]
        self._steps = [
            (_function(tape.instructions[place].op), tape.instructions[place].operands, place, freed.get(place, ()))
            for place in needed
            if _registers(tape, place)
        ]

    def run(self, inputs: Any, params: Any) -> tuple[Any, Any, None]:
        """Compute the results, as every `Runner`."""
        np = numpy()
        count = len(inputs)
        stored, totals = np.empty((len(self._stored), count)), np.zeros(len(self._summed))
        with np.errstate(all="ignore"):
            for start in range(0, count, _BLOCK):
                block = inputs[start : start + _BLOCK].T.copy()
                registers: list[Any] = [None] * self._size
                for place, kind, (given,) in self._sources:
                    registers[place] = block[given] if kind == "input" else params[given] if kind == "param" else given
                for function, operands, place, freed in self._steps:
                    registers[place] = function(*[registers[operand] for operand in operands])
                    for each in freed:
                        registers[each] = None
                for numbers, place in zip(stored, self._stored, strict=True):
                    numbers[start : start + _BLOCK] = registers[place]
                for index, place in enumerate(self._summed):
                    totals[index] += np.broadcast_to(registers[place], block.shape[1]).sum()
        return stored, totals, None


def _registers(tape: Tape, place: int) -> tuple[int, ...]:
    op, operands = tape.instructions[place]
    return () if op in ("constant", "input", "param") else operands


@functools.cache
def _function(op: str) -> Callable[..., Any]:
    """Give what computes an instruction for arrays."""
    function: Callable[..., Any] = getattr(numpy(), _OPERATORS[op]) if op in _OPERATORS else numpy_primitives()[op]
    return function
