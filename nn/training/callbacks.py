"""What can be hung onto training."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from autograd.arguments import flag
from nn.arguments import choose, positive, real
from nn.optim import clip_grad_norm_
from nn.optim.clipping import scale_for_norm

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from nn.training.run import Run


class Callback:
    """
    Something that is called while a network is trained; a subclass overrides what it needs.

    Examples
    --------
    >>> class Printing(Callback):
    ...     def on_epoch(self, run):
    ...         print(f"epoch {run.epoch} of {run.epochs}, {run.step} updates so far")
    >>> import nn
    >>> model = nn.MLP(2, [1], seed=0)
    >>> history = nn.fit(model, [[0, 1], [1, 0]], [1.0, 2.0], loss="mse", optimizer="sgd", lr=0.1, epochs=2,
    ...                  batch_size=1, callbacks=[Printing()], progress=False)
    epoch 1 of 2, 2 updates so far
    epoch 2 of 2, 4 updates so far
    """

    def on_start(self, run: Run) -> None:
        """
        Look at it before the first mini-batch, also before that of a resumed run.

        Parameters
        ----------
        run
            Where training stands.
        """

    def on_gradient(self, run: Run) -> None:
        """
        Look at the gradients, or change them, before the update.

        Parameters
        ----------
        run
            Where training stands.
        """

    def on_update(self, run: Run) -> None:
        """
        Look at the parameters after the update.

        Parameters
        ----------
        run
            Where training stands.
        """

    def on_epoch(self, run: Run) -> None:
        """
        Look at what an epoch came to, in ``run.history``.

        Parameters
        ----------
        run
            Where training stands; ``run.stop(reason)`` ends it.
        """

    def on_end(self, run: Run) -> None:
        """
        Look at the result.

        Parameters
        ----------
        run
            Where training stands.
        """

    def state_dict(self) -> dict[str, Any]:
        """
        Give what a resumed run needs to know.

        Returns
        -------
        dict
            Of what JSON can hold.
        """
        return {}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """
        Go on where another was.

        Parameters
        ----------
        state
            As `state_dict` gave it.
        """


def overrides(callback: Callback, name: str) -> bool:
    """
    Tell whether a callback does something at a moment.

    Parameters
    ----------
    callback
        The callback.
    name
        Of the method.

    Returns
    -------
    bool

    Examples
    --------
    >>> overrides(ClipGradNorm(1.0), "on_gradient"), overrides(ClipGradNorm(1.0), "on_update")
    (True, False)
    """
    return name in vars(callback) or getattr(type(callback), name) is not getattr(Callback, name)


class ClipGradNorm(Callback):
    """
    Scale the gradients of each mini-batch down, if their norm is too large, see `clip_grad_norm_`.

    Parameters
    ----------
    max_norm
        What is too large.

    Raises
    ------
    TypeError, ValueError
        It is not a positive number.
    """

    def __init__(self, max_norm: float) -> None:
        self.max_norm = real(max_norm, "ClipGradNorm: max_norm", 0.0, open_below=True)

    def on_gradient(self, run: Run) -> None:
        """
        Clip them.

        Parameters
        ----------
        run
            Where training stands.
        """
        clip_grad_norm_(run.optimizer.parameters, self.max_norm)

    def scale(self, grads: Sequence[float]) -> float:
        """
        Give what the gradients are multiplied by, which is all that `on_gradient` does.

        Parameters
        ----------
        grads
            Those of the optimizer's parameters.

        Returns
        -------
        float
        """
        return scale_for_norm(grads, self.max_norm)


class EarlyStopping(Callback):
    """
    Stop when a number of the history has not become better for some epochs.

    Parameters
    ----------
    monitor
        Which number: one with "loss" in its name is better if it is smaller, others if they are larger.
    patience
        How many epochs to wait.
    min_delta
        How much better counts.
    restore_best
        Whether the network gets the parameters back that it had in the best epoch.

    Raises
    ------
    TypeError, ValueError
        `patience` is no positive integer, or `min_delta` is negative.

    References
    ----------
    Prechelt: Early Stopping - But When?, 1998.
    """

    def __init__(
        self,
        monitor: str = "validation_loss",
        patience: int = 5,
        min_delta: float = 0.0,
        *,
        restore_best: bool = True,
    ) -> None:
        positive(patience, "EarlyStopping: patience")
        self.monitor = monitor
        self.patience = patience
        self.min_delta = real(min_delta, "EarlyStopping: min_delta", 0.0)
        self.restore_best = flag(restore_best, "EarlyStopping: restore_best")
        #: The best epoch so far, its number, and the state of the network then.
        self.best_epoch = 0
        self.best = math.inf
        self.best_state: dict[str, Any] = {}

    def on_start(self, run: Run) -> None:
        """
        See that there will be such a number; a new run starts anew.

        Parameters
        ----------
        run
            Where training stands.

        Raises
        ------
        TypeError, ValueError
            The history will have no such number.
        """
        choose(self.monitor, dict.fromkeys(run.names), "EarlyStopping: monitor")
        if not run.epoch:
            self.best_epoch, self.best, self.best_state = 0, math.inf, {}

    def on_epoch(self, run: Run) -> None:
        """
        Compare with the best epoch so far.

        Parameters
        ----------
        run
            Where training stands.
        """
        last = run.history[self.monitor][-1]
        cost = last if "loss" in self.monitor else -last
        if cost < self.best - self.min_delta or not self.best_epoch:
            self.best_epoch, self.best = run.epoch, cost
            self.best_state = run.model.state_dict() if self.restore_best else {}
        elif run.epoch - self.best_epoch >= self.patience:
            run.stop(f"{self.monitor} has not become better since epoch {self.best_epoch}")

    def on_end(self, run: Run) -> None:
        """
        Restore the best parameters.

        Parameters
        ----------
        run
            Where training stands.
        """
        if self.best_state:
            run.model.load_state_dict(self.best_state)

    def state_dict(self) -> dict[str, Any]:
        """
        Give what a resumed run needs to know.

        Returns
        -------
        dict
        """
        return {"best_epoch": self.best_epoch, "best": self.best, "best_state": self.best_state}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """
        Go on where another was.

        Parameters
        ----------
        state
            As `state_dict` gave it.
        """
        self.best_epoch, self.best = state["best_epoch"], state["best"]
        self.best_state = dict(state["best_state"])
