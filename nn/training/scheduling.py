"""The learning rate over the epochs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from autograd.errors import OperandError
from nn.schedules import ReduceLROnPlateau

if TYPE_CHECKING:
    from collections.abc import Mapping

    from nn.optim import Optimizer


class Pace:
    """
    A schedule, a function of the epoch, or a learning rate that stays.

    Parameters
    ----------
    schedule
        What was given.
    optimizer
        Whose learning rate it is.

    Raises
    ------
    TypeError
        It is none of these.
    """

    def __init__(self, schedule: Any, optimizer: Optimizer) -> None:
        if schedule is not None and not hasattr(schedule, "step") and not callable(schedule):
            msg = (
                "fit: schedule must be a schedule, as nn.CosineAnnealingLR(optimizer, T_max=...), or a function of the "
                f"epoch, not {schedule!r}"
            )
            raise OperandError(msg)
        self._schedule = schedule
        self._optimizer = optimizer

    def before(self, epoch: int) -> None:
        """
        Set the learning rate that a function gives.

        Parameters
        ----------
        epoch
            The epoch that begins, counted from 0.
        """
        if callable(self._schedule):
            self._optimizer.lr = self._schedule(epoch)

    def after(self, row: Mapping[str, float]) -> None:
        """
        Let a schedule take its step.

        Parameters
        ----------
        row
            The numbers of the epoch that has ended.
        """
        if isinstance(self._schedule, ReduceLROnPlateau):
            self._schedule.step(row.get("validation_loss", row["loss"]))
        elif hasattr(self._schedule, "step"):
            self._schedule.step()

    def state_dict(self) -> dict[str, Any]:
        """
        Give where the schedule is.

        Returns
        -------
        dict
        """
        return self._schedule.state_dict() if hasattr(self._schedule, "state_dict") else {}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """
        Go on where another was.

        Parameters
        ----------
        state
            As `state_dict` gave it.
        """
        if hasattr(self._schedule, "load_state_dict"):
            self._schedule.load_state_dict(state)
