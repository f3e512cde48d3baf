"""The loop over epochs and mini-batches."""

from __future__ import annotations

import math
import random
from typing import TYPE_CHECKING, Any

from autograd.errors import ARITHMETIC_ERRORS, ArgumentError, CheckpointError
from nn.datasets import mini_batches
from nn.training.callbacks import ClipGradNorm, overrides
from nn.training.checkpoints import check_same_run, read_checkpoint, write_checkpoint
from nn.training.divergence import Guard
from nn.training.gradients import joined
from nn.training.progress import Progress

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from nn.training.callbacks import Callback
    from nn.training.engine import Engine
    from nn.training.evaluation import Evaluation
    from nn.training.gradients import BatchGradient, BatchResult
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
    engine
        Computes mini-batches by programs, if there can be some.
    pace
        The learning rate over the epochs.
    metric
        What is shown beside the loss.
    evaluation
        Gives the scores of what is not trained on, if there is something.
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
        gradient: BatchGradient,
        engine: Engine,
        pace: Pace,
        metric: Metric | None,
        evaluation: Evaluation | None,
        callbacks: Sequence[Callback],
        batch_size: int,
        seed: int | None,
    ) -> None:
        self._run = run
        self._gradient = gradient
        self._engine = engine
        self._pace = pace
        self._metric = metric
        self._evaluation = evaluation
        self._callbacks = callbacks
        self._batch_size = batch_size
        self._seed = seed
        self._guard = Guard(run)
        self._with_state: dict[str, Any] = {"model": run.model, "optimizer": run.optimizer, "schedule": pace}
        self._with_state |= {f"callback {i}": callback for i, callback in enumerate(callbacks)}
        self._on_gradient, self._on_update = (
            [callback for callback in callbacks if overrides(callback, name)] for name in ("on_gradient", "on_update")
        )
        self._scales_alone = all(type(callback) is ClipGradNorm for callback in self._on_gradient)

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
        batches = self._batches()
        losses, outputs = [], []
        with self._engine.epoch(batches, bar.note):
            for batch in batches:
                run.batch = batch
                result = self._step(batch)
                losses.append(result.loss * len(batch))
                outputs.append(result.outputs)
                bar.advance(len(batch), self._said, result, batch)
        row = {"loss": math.fsum(losses) / len(run.targets)}
        if self._metric is not None:
            row[self._metric.name] = self._metric(joined(outputs), [run.targets[i] for batch in batches for i in batch])
        if self._evaluation is not None:
            row |= {f"validation_{name}": score for name, score in self._evaluation().items()}
        return row | {"lr": rate}

    def _batches(self) -> Sequence[Sequence[int]]:
        run = self._run
        if self._seed is None:
            order = range(len(run.inputs))
            return [order[start : start + self._batch_size] for start in range(0, len(order), self._batch_size)]
        # an epoch's order depends on the seed and the epoch alone: a resumed run need not know what came before
        rng = random.Random(f"{self._seed} {run.epoch}")  # noqa: S311 - not for secrets
        return list(mini_batches(len(run.inputs), self._batch_size, rng))

    def _step(self, batch: Sequence[int]) -> BatchResult:
        """Compute the gradient of a mini-batch, and update."""
        run, engine = self._run, self._engine
        result = engine.gradient(batch, self._guard.passes)
        if result is None:
            with engine.handed_back():
                result = self._computed(batch)
        if self._on_gradient and not (self._scales_alone and engine.scale(self._on_gradient)):
            with engine.handed_back():
                for callback in self._on_gradient:
                    callback.on_gradient(run)
        if not engine.update():
            with engine.handed_back():
                run.optimizer.step()
        run.step += 1
        if self._on_update:
            with engine.handed_back():
                for callback in self._on_update:
                    callback.on_update(run)
        return result

    def _computed(self, batch: Sequence[int]) -> BatchResult:
        """Compute the gradient of a mini-batch without programs, and say what is wrong with it."""
        run = self._run
        try:
            result = self._gradient([run.inputs[i] for i in batch], [run.targets[i] for i in batch])
        except ARITHMETIC_ERRORS as error:  # of data that training started with, so numbers have run away
            what = f"the loss cannot be computed: {error}"
            raise self._guard.error(what) from error
        self._guard.check(result.loss)
        return result

    def _said(self, result: BatchResult, batch: Sequence[int]) -> str:
        said = f"loss {result.loss:.4g}"
        if self._metric is None:
            return said
        return f"{said}, {self._metric.said(self._metric(result.outputs, [self._run.targets[i] for i in batch]))}"

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
            "why_eager": run.history.why_eager,
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
        run.history.why_eager = state["why_eager"]
