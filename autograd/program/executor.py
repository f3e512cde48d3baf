"""Chooses what runs a tape."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from autograd.program import native
from autograd.program.arrays import ArrayExecutor
from autograd.program.native import NativeExecutor

if TYPE_CHECKING:
    from collections.abc import Sequence

    from autograd.program.tape import Tape

_MOST_INSTRUCTIONS = 5_000  # of one piece of straight-line code; compiling takes longer and longer beyond

#: Seconds, about, that an instruction takes: to be compiled, to be begun with NumPy, and there for an example.
_TO_COMPILE, _TO_BEGIN, _FOR_AN_EXAMPLE = 1.5e-4, 2e-6, 1.5e-9


class Executor:
    """
    Runs a tape with NumPy, until that has taken as long as to compile it would; from then on as machine code.

    So it never takes more than twice as long as if it had been known how often the tape would be run. What decides is
    how much was asked for, not a clock: the same runs give the same bits.

    Parameters
    ----------
    tape
        The instructions.
    stored, summed
        The places of what is wanted for each example, and as a sum over the examples.
    """

    def __init__(self, tape: Tape, stored: Sequence[int], summed: Sequence[int] = ()) -> None:
        self._wanted = tape, stored, summed
        needed = tape.needed_for([*stored, *summed])
        self._may_be_compiled = len(needed) <= _MOST_INSTRUCTIONS and native.can_run(tape, needed)
        self._spent = 0.0
        self._runs: ArrayExecutor | NativeExecutor = ArrayExecutor(*self._wanted)

    @property
    def name(self) -> str:
        """What runs the tape by now."""
        return self._runs.name

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
        stored, summed
            For each result its numbers, (n,); for each result its sum.
        """
        if self._may_be_compiled and self._spent <= _TO_COMPILE:
            self._spent += _TO_BEGIN + _FOR_AN_EXAMPLE * len(inputs)
            if self._spent > _TO_COMPILE:
                self._runs = NativeExecutor(*self._wanted)
        return self._runs.run(inputs, params)
