"""What all that run a tape have in common."""

from __future__ import annotations

from typing import Any, Protocol


class Runner(Protocol):
    """
    Computes results of a tape for many examples.

    Attributes
    ----------
    name
        How `Program.executor` calls it.
    """

    name: str

    def run(self, inputs: Any, params: Any) -> tuple[Any, Any, bool | None]:
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
        is_finite
            Whether every number in `stored` is; None if that has not been looked at.
        """
