"""Which metric is shown beside the loss."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nn.arguments import choose
from nn.examples import is_sequence
from nn.losses import LOSSES
from nn.metrics import accuracy, decisions, r2

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

#: Losses of single numbers whose sign is the class.
_BY_SIGN = (LOSSES["bce_with_logits"], LOSSES["hinge"])


class Metric:
    """
    A number that says how well outputs match targets.

    Parameters
    ----------
    name
        What it is called.
    function
        Of outputs and targets, as numbers.
    takes_arrays
        Whether the outputs may be a NumPy array.
    """

    def __init__(self, name: str, function: Callable[[Any, Any], float], *, takes_arrays: bool = False) -> None:
        self.name = name
        self._function = function
        self._takes_arrays = takes_arrays

    def __call__(self, outputs: Sequence[Any], targets: Sequence[Any]) -> float:
        """
        Compute it.

        Parameters
        ----------
        outputs, targets
            Of several examples.

        Returns
        -------
        float
        """
        if not self._takes_arrays and hasattr(outputs, "tolist"):
            outputs = outputs.tolist()
        return self._function(outputs, targets)

    def said(self, score: float) -> str:
        """
        Say a score to people.

        Parameters
        ----------
        score
            What the metric gave.

        Returns
        -------
        str
        """
        return f"{self.name} {100 * score:.1f} %" if self.name == "accuracy" else f"{self.name} {score:.4g}"


def choose_metric(
    metric: str | Callable[[Any, Any], float] | None, loss: Callable[[Any, Any], Any], targets: Sequence[Any]
) -> Metric | None:
    """
    Find the metric that was asked for, or the one that fits.

    Parameters
    ----------
    metric
        ``"accuracy"``, ``"r2"``, ``"none"``, a function of outputs and targets; None for the one that fits: accuracy
        if the targets are classes, else R².
    loss
        The loss.
    targets
        Those to train on.

    Returns
    -------
    Metric or None

    Raises
    ------
    TypeError, ValueError
        There is no such metric.
    """
    if isinstance(metric, Metric):
        return metric
    if callable(metric):
        return Metric(getattr(metric, "__name__", "metric"), metric)
    classes = sorted({target for target in targets if not is_sequence(target)})
    pair = (classes[0], classes[1]) if len(classes) == 2 else (0, 1)
    threshold = 0.0 if loss in _BY_SIGN else sum(pair) / 2

    def by_classes(outputs: Any, targets: Any) -> float:
        actual = [decisions([target])[0] if is_sequence(target) else target for target in targets]
        return accuracy(decisions(outputs, pair, threshold), actual)

    known = {"accuracy": Metric("accuracy", by_classes, takes_arrays=True), "r2": Metric("r2", r2), "none": None}
    if metric is None:
        two_classes = len(classes) == 2 and all(isinstance(target, int) for target in classes)
        return known["accuracy" if two_classes or loss in (LOSSES["cross_entropy"], *_BY_SIGN) else "r2"]
    return choose(metric, known, "metric")  # type: ignore[no-any-return]
