"""What to say when the numbers of training run away."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

from autograd.errors import DivergenceError
from autograd.many import data_of
from nn.examples import is_sequence
from nn.training.evaluating import evaluating
from nn.training.layers import layers_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from nn.module import Module
    from nn.training.run import Run

#: How many times the first loss (or 1, if that is more) a loss may be.
_BOUND = 1e4


class Guard:
    """
    Stops training whose numbers run away, before they are written over good ones.

    Parameters
    ----------
    run
        Where training stands.
    """

    def __init__(self, run: Run) -> None:
        self._run = run
        #: Where the last good state is, if it is kept.
        self.checkpoint: Path | None = None
        #: The largest loss that passes; set by the first one.
        self.bound = math.inf

    def passes(self, loss: float) -> bool:
        """
        Tell whether a loss is finite, and no larger than ever; the first one of all sets the bound.

        Parameters
        ----------
        loss
            Of the present mini-batch.

        Returns
        -------
        bool
        """
        if not self._run.step:
            self.bound = _BOUND * max(1.0, abs(loss))
        return math.isfinite(loss) and loss <= self.bound

    def check(self, loss: float) -> None:
        """
        See that the loss and all gradients are finite, and the loss no larger than ever.

        Parameters
        ----------
        loss
            Of the present mini-batch.

        Raises
        ------
        ArithmeticError
            They are not.
        """
        what = ""
        if not self.passes(loss):
            grown = f"has grown to {loss:.3g}, {_BOUND:,.0f} times what it was"
            what = f"the loss {grown if math.isfinite(loss) else f'is {loss}'}"
        elif not all(math.isfinite(parameter.grad) for parameter in self._run.optimizer.parameters):
            named = self._run.model.named_parameters()
            what = next(f"the gradient of {name} is {p.grad}" for name, p in named if not math.isfinite(p.grad))
        if what:
            raise self.error(what)

    def error(self, what: str) -> DivergenceError:
        """
        Give the exception to raise.

        Parameters
        ----------
        what
            What happened.

        Returns
        -------
        DivergenceError
            It names the example and the layer.
        """
        run = self._run
        found = find_largest(run.model, {run.places[i]: run.inputs[i] for i in run.batch})
        kept = ""
        if self.checkpoint is not None and self.checkpoint.exists():
            kept = f"; the last good state is in {str(self.checkpoint)!r}"
        msg = (
            f"training diverged in epoch {run.epoch + 1}, update {run.step + 1}: {what}; {found}; a smaller learning "
            f"rate than {run.optimizer.lr:g}, nn.ClipGradNorm, or standardised inputs may help, and nn.diagnose tells "
            f"more{kept}"
        )
        return DivergenceError(msg, example=found.example, layer=found.layer)


class Culprit(NamedTuple):
    """
    Where numbers are largest, or no numbers at all.

    Parameters
    ----------
    layer
        Name of the module; or of a parameter.
    example
        Index of the example; None for a parameter.
    size
        The largest number, without sign; nan and inf are larger than any.
    """

    layer: str
    example: int | None
    size: float

    def __str__(self) -> str:
        if self.example is None:
            return f"the parameter {self.layer} is {self.size:.3g}"
        if self.size == math.inf:
            return f"{self.layer} gives no finite number for example {self.example}"
        return f"the largest number that a layer gives is {self.size:.3g}, by {self.layer} for example {self.example}"


def find_largest(model: Module, examples: Mapping[int, Any]) -> Culprit:
    """
    Find the first layer that gives no finite number, or else the largest one.

    Parameters
    ----------
    model
        The network.
    examples
        Inputs by the number of the example.

    Returns
    -------
    Culprit
    """
    for name, parameter in model.named_parameters():
        if not math.isfinite(parameter.data):
            return Culprit(name, None, parameter.data)
    worst = Culprit("the model", next(iter(examples)), 0.0)
    layers = dict(layers_of(model))
    for example, inputs in examples.items():
        seen: list[tuple[str, float]] = []
        hooks = [part.register_forward_hook(_noting(name, seen)) for name, part in layers.items()]
        try:
            with evaluating(model):
                model(inputs)
        except (ArithmeticError, ValueError):
            missing = [name for name in layers if name not in dict(seen)]
            seen.append((missing[0] if missing else "the model", math.inf))
        finally:
            for hook in hooks:
                hook.remove()
        for name, size in seen:
            if size > worst.size:
                worst = Culprit(name or "the model", example, size)
                if size == math.inf:
                    return worst
    return worst


def _noting(name: str, seen: list[tuple[str, float]]) -> Callable[..., None]:
    return lambda _module, _inputs, outputs: seen.append((name, largest(outputs)))


def largest(outputs: Any) -> float:
    """
    Give the largest number among outputs, without sign; nan counts as inf.

    Parameters
    ----------
    outputs
        Values, in lists as deep as they come.

    Returns
    -------
    float

    Examples
    --------
    >>> largest([1.0, [-3.0]]), largest([float("nan")])
    (3.0, inf)
    """
    if is_sequence(outputs):
        return max(map(largest, outputs), default=0.0)
    size = abs(data_of(outputs))
    return math.inf if math.isnan(size) else size
