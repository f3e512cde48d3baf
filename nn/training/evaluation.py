"""The scores of what is not trained on, after each epoch."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from autograd import mean
from nn.normalisation import BatchNorm
from nn.training.evaluating import evaluate, in_mode
from nn.training.programs import LossProgram
from nn.training.recordable import all_ours, is_known_mean, obstacle_now
from nn.training.replaying import table_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nn.training.run import Run
    from nn.training.scoring import Metric

#: So many examples are evaluated without a program too, where a network or a loss is a user's own.
_TRIED = 8


class Evaluation:
    """
    Gives the loss and the metric of what is held out, by a program where there can be one.

    Parameters
    ----------
    run
        Where training stands.
    inputs, targets
        What is held out.
    metric
        The metric; None for none.
    programs
        Whether programs are allowed.
    anew
        Whether the program is recorded anew each time.
    """

    def __init__(
        self, run: Run, inputs: Sequence[Any], targets: Sequence[Any], metric: Metric | None, *, programs: bool,
        anew: bool,
    ) -> None:  # fmt: skip
        self._run, self._inputs, self._targets, self._metric = run, inputs, targets, metric
        self._may_record, self._anew = programs, anew
        self._program: LossProgram | None = None

    def __call__(self) -> dict[str, float]:
        """
        Compute them.

        Returns
        -------
        dict of str to float
            ``loss``, and the metric by its name.
        """
        found = None
        if self._may_record:
            try:
                found = self._by_program()
            except Exception:  # noqa: BLE001 - code that takes plain numbers alone may raise anything
                self._may_record = False
        return found or self._evaluated(self._inputs, self._targets)

    def _evaluated(self, inputs: Sequence[Any], targets: Sequence[Any]) -> dict[str, float]:
        run = self._run
        return evaluate(run.model, inputs, targets, loss=run.loss, metric=self._metric or "none")

    def _by_program(self) -> dict[str, float] | None:
        """Compute them, unless something is not as it should be."""
        import numpy as np  # noqa: PLC0415 - optional

        model, loss = self._run.model, self._run.loss
        modules = model.modules()
        if obstacle_now(modules):
            return None
        if self._program is None or self._anew or any(isinstance(module, BatchNorm) for module in modules):
            self._table = table_of(self._inputs, self._targets)
            with in_mode(model, mode=False):
                self._program = LossProgram(model, loss, self._inputs[0], self._targets[0])
        theta = np.array([parameter.data for parameter in model.parameters()])
        losses, outputs = self._program.scores(self._table, theta)
        if not np.isfinite(losses).all():
            return None
        if not (all_ours(modules) and is_known_mean(loss)):
            tried = slice(_TRIED)
            expected = self._evaluated(self._inputs[tried], self._targets[tried])["loss"]
            if not math.isclose(mean(losses[tried].tolist()), expected, rel_tol=1e-9, abs_tol=1e-9):
                self._may_record = False
                return None
        row = {"loss": mean(losses.tolist())}
        return row if self._metric is None else row | {self._metric.name: self._metric(outputs, self._targets)}
