"""Where training stands."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from nn.training.history import History

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from nn.module import Module
    from nn.optim import Optimizer


@dataclass
class Run:
    """
    Where training stands: what callbacks are shown.

    Parameters
    ----------
    model, optimizer, loss
        What trains.
    inputs, targets
        What it is trained on.
    places
        Where each of these examples is among those that were given, some of which may be held out.
    epochs
        How many are to come in all.
    names
        Of the numbers that the history will have.
    epoch
        How many are done.
    step
        How many updates there were.
    batch
        Which examples are in the present mini-batch.
    history
        The epochs so far.
    """

    model: Module
    optimizer: Optimizer
    loss: Callable[[Any, Any], Any]
    inputs: Sequence[Any]
    targets: Sequence[Any]
    places: Sequence[int]
    epochs: int
    names: Sequence[str] = ()
    epoch: int = 0
    step: int = 0
    batch: Sequence[int] = ()
    history: History = field(default_factory=History)

    def stop(self, reason: str) -> None:
        """
        End after this epoch.

        Parameters
        ----------
        reason
            Why; the history keeps it.
        """
        self.history.stopped = reason
