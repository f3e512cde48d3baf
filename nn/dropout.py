"""Dropout."""

from __future__ import annotations

import random
from typing import Any

from nn.arguments import generator, real
from nn.examples import is_sequence
from nn.module import Module


class Dropout(Module):
    """
    While it is trained, leave out each number with probability p, and scale the others by 1/(1 - p).

    After ``eval()`` it hands on what it gets. Which numbers are left out depends on the seed and on how many calls
    there were before, both of which are in the ``state_dict``: setting ``calls`` back gives the same ones again.

    Parameters
    ----------
    p
        The probability.
    seed
        Seed or generator; by default Python's global one.

    Raises
    ------
    TypeError, ValueError
        `p` is no probability.

    References
    ----------
    Srivastava, Hinton, Krizhevsky, Sutskever, Salakhutdinov: Dropout, 2014.

    Examples
    --------
    >>> Dropout(0.5, seed=0)([1.0, 2.0, 3.0, 4.0])
    [2.0, 4.0, 0.0, 8.0]
    """

    buffer_names = ("seed", "calls")

    def __init__(self, p: float = 0.5, seed: int | random.Random | None = None) -> None:
        self.p = real(p, "Dropout: p", 0.0, 1.0)
        #: What each call draws from, together with its number; small enough to be exact as a float.
        self.seed = float(generator(seed).getrandbits(32))
        #: How many calls there were.
        self.calls = 0.0

    def forward(self, x: Any) -> Any:
        """
        Leave out some numbers.

        Parameters
        ----------
        x
            A list of numbers, or a list of examples.

        Returns
        -------
        list
            Values, and 0.0 in the place of each number that is left out.
        """
        if not self.training or self.p == 0.0:
            return x
        rng = random.Random(f"{self.seed:.0f} {self.calls:.0f}")  # noqa: S311 - not for secrets
        self.calls += 1.0
        return self._thinned(x, rng)

    def _thinned(self, x: Any, rng: random.Random) -> Any:
        if is_sequence(x):
            return [self._thinned(each, rng) for each in x]
        return 0.0 if rng.random() < self.p else x * (1 / (1 - self.p))

    def extra_repr(self) -> str:
        """
        Say its probability.

        Returns
        -------
        str
        """
        return f"{self.p:g}"
