"""Says in words what is wrong with a network."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nn.arguments import positive
from nn.diagnosis.findings import findings_in
from nn.diagnosis.measuring import measure
from nn.tables import numbers_for, rows_of
from nn.training.checking import check_examples, check_model, choose_loss, choose_optimizer
from nn.training.evaluating import evaluating

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from nn.diagnosis.findings import Cure, Finding
    from nn.diagnosis.measuring import Measurement
    from nn.module import Module
    from nn.optim import Optimizer


def diagnose(
    model: Module,
    X: Sequence[Any],  # noqa: N803 - what everybody calls it
    y: Sequence[Any],
    loss: str | Callable[[Any, Any], Any],
    *,
    optimizer: str | Optimizer | None = None,
    limit: int = 200,
) -> Diagnosis:
    """
    Look at what passes through a network, forward and backward, and say what is wrong.

    It knows gradients that vanish or explode, saturated activations, dead units, and inputs, targets, weights or
    updates that are badly scaled. The network and the optimizer stay as they were.

    Parameters
    ----------
    model
        The network.
    X, y
        A sequence of numbers for each example, and its target.
    loss
        As for `fit`.
    optimizer
        What is to train it, or its name: then the size of its updates is looked at too.
    limit
        How many of the examples to look at; they are taken at even distances.

    Returns
    -------
    Diagnosis

    Raises
    ------
    TypeError, ValueError
        An argument cannot be used.
    ArithmeticError
        The loss cannot be computed.

    Examples
    --------
    >>> import nn
    >>> model = nn.MLP(2, [8] * 8 + [1], activation="sigmoid", seed=0, init="xavier_uniform")
    >>> X, y = nn.datasets.xor()
    >>> diagnosis = nn.diagnose(model, X, y, "bce_with_logits")
    >>> diagnosis.kind
    'vanishing'
    >>> print(diagnosis.cures[0].text)
    relu with init='kaiming_uniform': its slope is 1, not at most 1/4
    """
    check_model(model, "diagnose")
    positive(limit, "diagnose: limit")
    rows = rows_of(X, "diagnose: X")
    targets = numbers_for(y, len(rows), "diagnose: y")
    places = range(0, len(rows), max(1, -(-len(rows) // limit)))
    inputs, wanted = [rows[i] for i in places], [targets[i] for i in places]
    function = choose_loss(loss)
    chosen = None if optimizer is None else choose_optimizer(optimizer, model, None, "diagnose")
    with evaluating(model):
        check_examples(model, function, inputs, wanted, places, "diagnose")
    return Diagnosis(measure(model, inputs, wanted, function, chosen))


class Diagnosis:
    """
    What is wrong with a network, where, and what to try.

    Parameters
    ----------
    measured
        What passes through it.
    """

    def __init__(self, measured: Measurement) -> None:
        #: What passes through it: ``measured.layers`` has the numbers of each layer.
        self.measured = measured
        #: The troubles, causes before what follows from them.
        self.findings: list[Finding] = findings_in(measured)

    @property
    def kind(self) -> str:
        """The first trouble: vanishing, exploding, saturated, dead or badly scaled; or healthy."""
        return self.findings[0].kind if self.findings else "healthy"

    @property
    def where(self) -> tuple[str, ...]:
        """Where the first trouble is."""
        return self.findings[0].where if self.findings else ()

    @property
    def cures(self) -> tuple[Cure, ...]:
        """What to try against the first trouble."""
        return self.findings[0].cures if self.findings else ()

    def __str__(self) -> str:
        said = "\n".join(map(str, self.findings)) or "healthy"
        return f"{said}\n\n{self.table()}"

    def __repr__(self) -> str:
        return f"Diagnosis({self.kind!r}{f', where={self.where}' if self.where else ''})"

    def table(self) -> str:
        """
        Write the numbers of each layer.

        Returns
        -------
        str
        """
        head = ("layer", "mean", "spread", "saturated", "dead", "gradient", "‖∂L/∂b‖", "update/weight")
        rows = [
            (
                layer.name or type(layer.module).__name__,
                f"{layer.mean:.3g}",
                f"{layer.spread:.3g}",
                _percent(layer.saturated),
                _percent(layer.dead),
                f"{layer.gradient_norm:.2g}",
                _number(layer.learning_speed),
                _number(layer.update_ratio),
            )
            for layer in self.measured.layers
        ]
        columns = [(name, *cells) for name, cells in zip(head, zip(*rows, strict=True), strict=True) if any(cells)]
        widths = [max(map(len, column)) for column in columns]
        return "\n".join(
            f"{first:<{widths[0]}}" + "".join(f"  {cell:>{width}}" for cell, width in zip(cells, widths[1:]))
            for first, *cells in zip(*columns, strict=True)
        )

    def plot(self) -> list[Any]:
        """
        Draw histograms of the outputs and of the gradients of each layer, and their sizes over depth.

        Returns
        -------
        list of matplotlib.axes.Axes
            Of one figure.

        Raises
        ------
        ImportError
            matplotlib is not installed.
        """
        from nn.diagnosis.pictures import overview  # noqa: PLC0415 - draws only when asked to

        return overview(self.measured)


def _percent(share: float | None) -> str:
    return "" if share is None else f"{100 * share:.0f} %"


def _number(x: float | None) -> str:
    return "" if x is None else f"{x:.2g}"
