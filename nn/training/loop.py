"""The loop over epochs and mini-batches."""

from __future__ import annotations

import math
import random
from typing import TYPE_CHECKING, Any

from autograd.errors import ARITHMETIC_ERRORS, ArgumentError, CheckpointError
from nn.datasets import mini_batches
from nn.training.checkpoints import check_same_run, read_checkpoint, write_checkpoint
from nn.training.divergence import Guard
from nn.training.evaluating import evaluate
from nn.training.progress import Progress

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from nn.training.callbacks import Callback
    from nn.training.gradients import BatchResult
    from nn.training.run import Run
    from nn.training.scheduling import Pace
    from nn.training.scoring import Metric


class Loop:
    """
    The loop over epochs and mini-batches.

    Parameters
    ----------
    run
        Where training stands.
    gradient
        Sets the gradients for the examples of a mini-batch.
    pace
        The learning rate over the epochs.
    metric
        What is shown beside the loss.
    held_out
        Inputs and targets to look at after each epoch.
    callbacks
        What is called on the way.
    batch_size
        Number of examples in a mini-batch.
    seed
        Of the order of the examples; None to leave them as they are.
    """

    def __init__(
        self,
        run: Run,
        gradient: Callable[[Sequence[Any], Sequence[Any]], BatchResult],
        pace: Pace,
        metric: Metric | None,
        held_out: tuple[Sequence[Any], Sequence[Any]] | None,
        callbacks: Sequence[Callback],
        batch_size: int,
        seed: int | None,
    ) -> None:
        self._run = run
        self._gradient = gradient
        self._pace = pace
        self._metric = metric
        self._held_out = held_out
        self._callbacks = callbacks
        self._batch_size = batch_size
        self._seed = seed
        self._guard = Guard(run)
        self._with_state: dict[str, Any] = {"model": run.model, "optimizer": run.optimizer, "schedule": pace}
        self._with_state |= {f"callback {i}": callback for i, callback in enumerate(callbacks)}

    def train(self, checkpoint: Path | None, made_of: Mapping[str, Any], *, progress: bool) -> None:
        """
        Train up to the last epoch.

        Parameters
        ----------
        checkpoint
            Where to keep the state after each epoch; what is there is where to start.
        made_of
            What tells this run from others.
        progress
            Whether to show a bar.
        """
        run = self._run
        if checkpoint is not None:
            self._guard.checkpoint = checkpoint
            self._resume(checkpoint, made_of)
        for callback in self._callbacks:
            callback.on_start(run)
        with Progress(run, shown=progress) as bar:
            while run.epoch < run.epochs and not run.history.stopped:
                row = self._epoch(bar)
                run.history.append(row)
                run.epoch += 1
                self._pace.after(row)
                for callback in self._callbacks:
                    callback.on_epoch(run)
                if checkpoint is not None:
                    write_checkpoint(checkpoint, self._state(made_of))
        for callback in self._callbacks:
            callback.on_end(run)

    def _epoch(self, bar: Progress) -> dict[str, float]:
        """Go through all examples once."""
        run = self._run
        self._pace.before(run.epoch)
        rate = run.optimizer.lr
        losses, outputs, targets = [], [], []
        for batch in self._batches():
            run.batch = batch
            given = [run.targets[i] for i in batch]
            result = self._step([run.inputs[i] for i in batch], given)
            losses.append(result.loss * len(batch))
            outputs += result.outputs
            targets += given
            bar.advance(len(batch), self._said(result, given))
        row = {"loss": math.fsum(losses) / len(targets)}
        if self._metric is not None:
            row[self._metric.name] = self._metric(outputs, targets)
        if self._held_out is not None:
            scores = evaluate(run.model, *self._held_out, loss=run.loss, metric=self._metric or "none")
            row |= {f"validation_{name}": score for name, score in scores.items()}
        return row | {"lr": rate}

    def _batches(self) -> Any:
        run = self._run
        if self._seed is None:
            order = range(len(run.inputs))
            return [order[start : start + self._batch_size] for start in range(0, len(order), self._batch_size)]
        # an epoch's order depends on the seed and the epoch alone: a resumed run need not know what came before
        rng = random.Random(f"{self._seed} {run.epoch}")  # noqa: S311 - not for secrets
        return mini_batches(len(run.inputs), self._batch_size, rng)

    def _step(self, inputs: Sequence[Any], targets: Sequence[Any]) -> BatchResult:
        """Compute the gradient of a mini-batch, and update."""
        run = self._run
        try:
            result = self._gradient(inputs, targets)
        except ARITHMETIC_ERRORS as error:  # of data that training started with, so numbers have run away
            what = f"the loss cannot be computed: {error}"
            raise self._guard.error(what) from error
        self._guard.check(result.loss)
        for callback in self._callbacks:
            callback.on_gradient(run)
        run.optimizer.step()
        run.step += 1
        for callback in self._callbacks:
            callback.on_update(run)
        return result

    def _said(self, result: BatchResult, targets: Sequence[Any]) -> str:
        said = f"loss {result.loss:.4g}"
        return said if self._metric is None else f"{said}, {self._metric.said(self._metric(result.outputs, targets))}"

    def _state(self, made_of: Mapping[str, Any]) -> dict[str, Any]:
        run = self._run
        return {
            "made of": made_of,
            "epoch": run.epoch,
            "step": run.step,
            "seed": self._seed,
            "bound": self._guard.bound,
            "history": run.history.columns,
            "stopped": run.history.stopped,
            "parts": {name: part.state_dict() for name, part in self._with_state.items()},
        }

    def _resume(self, checkpoint: Path, made_of: Mapping[str, Any]) -> None:
        """Go on where a checkpoint ends, if there is one."""
        state = read_checkpoint(checkpoint)
        if state is None:
            return
        run = self._run
        check_same_run(checkpoint, state["made of"], made_of)
        if state["epoch"] > run.epochs:
            msg = f"fit: epochs must be at least the {state['epoch']} that {str(checkpoint)!r} has, not {run.epochs}"
            raise ArgumentError(msg)
        try:
            for name, part in self._with_state.items():
                part.load_state_dict(state["parts"][name])
        except (KeyError, TypeError, ValueError) as error:
            msg = f"the checkpoint {str(checkpoint)!r} is of another run: {error}"
            raise CheckpointError(msg) from error
        run.epoch, run.step, self._seed = state["epoch"], state["step"], state["seed"]
        self._guard.bound = state["bound"]
        run.history.columns, run.history.stopped = state["history"], state["stopped"]
