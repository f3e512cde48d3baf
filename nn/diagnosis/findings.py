"""What measurements mean: the rules by which a trouble is named, and what helps against it."""

from __future__ import annotations

import math
import statistics
from typing import TYPE_CHECKING, Any, NamedTuple

from nn.activations import LINEAR
from nn.diagnosis.measuring import norm
from nn.diagnosis.slopes import activation_of, slopes_of
from nn.examples import is_sequence

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from nn.diagnosis.measuring import LayerMeasures, Measurement

#: From which share of units, or of outputs, on a layer counts as dead, or as saturated.
_DEAD = 0.6
_SATURATED = 0.5
#: How much gradients may shrink or grow from the last hidden layer back to the first, and numbers on the way forward.
_SHRINKING = 1 / 20
_GROWING = 30.0
_LARGE = 100.0
#: Between these the root mean square of the inputs must be; from here on it is large; how far features may be apart,
#: and how far off 0; from which norm of a neuron's weights on these are large.
_INPUT_SIZES = 0.02, 10.0
_LARGE_INPUTS = 2.0
_LARGE_WEIGHTS = 3.0
_APART = 50.0
_OFF_CENTRE = 10.0
#: The size of numbers to be predicted, above which it is hard to get there.
_TARGET_SIZE = 50.0
#: What an update may be, relative to the weights; about 1e-3 is usual.
_UPDATES = 1e-6, 0.3
_USUAL_UPDATE = 3e-3


class Cure(NamedTuple):
    """
    Something to try.

    Parameters
    ----------
    text
        In words.
    change
        What to change, by name: ``init``, ``activation`` (of the hidden layers), ``standardise`` (inputs), ``lr``,
        ``clip`` (the norm of the gradient), ``norm`` (a LayerNorm after each hidden layer).
    """

    text: str
    change: Mapping[str, Any]


class Finding(NamedTuple):
    """
    A trouble.

    Parameters
    ----------
    kind
        ``"vanishing"``, ``"exploding"``, ``"saturated"``, ``"dead"`` or ``"badly scaled"``.
    where
        Names of the layers; or ``"inputs"``, ``"targets"``, ``"learning rate"``.
    evidence
        What was measured, in words.
    cures
        What to try, the most promising first.
    """

    kind: str
    where: tuple[str, ...]
    evidence: str
    cures: tuple[Cure, ...]

    def __str__(self) -> str:
        lines = [f"{self.kind}, in {listed(self.where)}: {self.evidence}"]
        return "\n".join([*lines, *(f"  try: {cure.text}" for cure in self.cures)])


_STANDARDISE = Cure("standardised inputs: nn.datasets.Standardiser", {"standardise": True})


def findings_in(measured: Measurement) -> list[Finding]:
    """
    Name the troubles that measurements show, causes before what follows from them.

    Parameters
    ----------
    measured
        What passes through a network.

    Returns
    -------
    list of Finding
        Empty if it is healthy.
    """
    return [
        *_inputs(measured),
        *_targets(measured),
        *_twins(measured),
        *_flat(measured),
        *_over_depth(measured),
        *_updates(measured),
    ]


# ---------------------------------------------------------------------- data and update


def _inputs(measured: Measurement) -> Iterator[Finding]:
    columns = [[float(x) for x in column] for column in zip(*measured.inputs, strict=True)]
    varying = [column for column in columns if max(column) > min(column)]
    if not varying:
        return
    size = _size(measured.inputs)
    reaches = sorted(max(map(abs, column)) for column in varying)
    middle = reaches[(len(reaches) - 1) // 2]
    off = max(abs(statistics.fmean(column)) / statistics.pstdev(column) for column in varying)
    low, high = _INPUT_SIZES
    if not low <= size <= high:
        said = f"their root mean square is {size:.3g}; it should be about 1"
    elif reaches[-1] > _APART * middle:
        said = f"one feature goes up to {reaches[-1]:.3g}, most others to {middle:.3g} or less"
    elif off > _OFF_CENTRE and size > 1.0:
        said = f"the mean of one feature is {off:.3g} times its standard deviation away from 0"
    else:
        return
    yield Finding("badly scaled", ("inputs",), said, (_STANDARDISE,))


def _size(rows: Sequence[Sequence[float]]) -> float:
    numbers = [x for row in rows for x in row]
    return norm(numbers) / math.sqrt(len(numbers))


def _targets(measured: Measurement) -> Iterator[Finding]:
    numbers = [x for target in measured.targets for x in (target if is_sequence(target) else [target])]
    if all(isinstance(x, int) for x in numbers):
        return  # classes
    size = norm(numbers) / math.sqrt(len(numbers))
    if size > _TARGET_SIZE:
        cure = Cure("targets of mean 0 and spread 1, as nn.datasets.Standardiser makes them", {"standardise": True})
        yield Finding("badly scaled", ("targets",), f"their root mean square is {size:.3g}", (cure,))


def _updates(measured: Measurement) -> Iterator[Finding]:
    ratios = [layer.update_ratio for layer in measured.layers if layer.update_ratio]
    if measured.lr is None or not ratios:
        return
    low, high = _UPDATES
    middle = statistics.median(ratios)
    if middle > high or max(ratios) < low:
        typical = middle if middle > high else max(ratios)
        better = float(f"{measured.lr * _USUAL_UPDATE / typical:.1g}")
        said = f"with {measured.lr:g} an update is {typical:.2g} of the weights; about 1e-3 is usual"
        cure = Cure(f"a learning rate of {better:g}", {"lr": better})
        yield Finding("badly scaled", ("learning rate",), said, (cure,))


def _twins(measured: Measurement) -> Iterator[Finding]:
    """Find layers whose neurons are all the same: they would stay so."""
    for layer in measured.layers[:-1]:
        rows = [tuple(w.data for w in row) for row in getattr(layer.module, "weight", ()) if is_sequence(row)]
        if len(rows) > 1 and len(set(rows)) == 1:
            said = "all neurons have the same weights, so they will all learn the same"
            yield Finding("badly scaled", (layer.name,), said, (_by_activation(measured.layers),))


# ---------------------------------------------------------------------- layers


def _flat(measured: Measurement) -> Iterator[Finding]:
    hidden = measured.layers
    dead = [layer for layer in hidden if layer.dead is not None and layer.dead >= _DEAD and layer.saturated is None]
    if dead:
        share, name = max((layer.dead or 0.0, layer.name) for layer in dead)
        said = f"{100 * share:.0f} % of the units of {name} are off for every example, and learn nothing"
        cures = (
            Cure(
                "new weights with init='kaiming_uniform' and biases of 0, and a smaller learning rate",
                {"init": "kaiming_uniform"},
            ),
            Cure("leaky_relu, which is never quite off", {"activation": "leaky_relu", "init": "kaiming_uniform"}),
        )
        yield Finding("dead", _names(dead), said, cures)
    saturated = [layer for layer in hidden if layer.saturated is not None and layer.saturated >= _SATURATED]
    if saturated:
        share, name = max((layer.saturated or 0.0, layer.name) for layer in saturated)
        said = f"{100 * share:.0f} % of the outputs of {name} are where the activation is nearly flat"
        smaller = Cure("smaller weights: init='xavier_uniform'", {"init": "xavier_uniform"})
        norms = Cure("nn.LayerNorm or nn.BatchNorm before the activations", {"norm": True})
        yield Finding("saturated", _names(saturated), said, (*_if_by_inputs(measured, saturated[0]), smaller, norms))


def _if_by_inputs(measured: Measurement, layer: LayerMeasures) -> tuple[Cure, ...]:
    """Tell whether a layer is saturated because the inputs are large, and not its weights."""
    rows = [norm([w.data for w in row]) for row in getattr(layer.module, "weight", ())]
    large = _size(measured.inputs) > _LARGE_INPUTS and layer is measured.layers[0]
    return (_STANDARDISE,) if large and rows and statistics.fmean(rows) < _LARGE_WEIGHTS else ()


def _over_depth(measured: Measurement) -> Iterator[Finding]:
    layers = measured.layers
    # what is between a weighted sum and a normalisation may have any size: look after the activations, if there are any
    hidden = [layer for layer in layers[:-1] if layer.dead is not None or layer.saturated is not None] or layers[:-1]
    if len(hidden) < 2 or not layers[-1].gradient_norm:
        return
    first, last = hidden[0], hidden[-1]
    factor = first.gradient_norm / last.gradient_norm if last.gradient_norm else 0.0
    growth = layers[-1].size / max(first.size, 1e-300)
    a_layer = factor ** (1 / (len(hidden) - 1)) if factor else 0.0
    said = (
        f"the gradient is {first.gradient_norm:.2g} in {first.name} and {last.gradient_norm:.2g} in {last.name}: on "
        f"its way back it is multiplied by {a_layer:.2g} in each layer"
    )
    if factor < _SHRINKING:
        slow = [layer for layer in hidden if layer.gradient_norm < last.gradient_norm * math.sqrt(_SHRINKING)]
        yield Finding("vanishing", _names(slow), said, _against_vanishing(hidden))
    elif factor > _GROWING or growth > _LARGE:
        if factor <= _GROWING:
            said = (
                f"numbers grow on the way forward, from {first.size:.2g} in {first.name} to "
                f"{layers[-1].size:.2g} in {layers[-1].name}"
            )
        yield Finding("exploding", _names(hidden), said, _against_exploding(hidden))


def _against_vanishing(hidden: Sequence[LayerMeasures]) -> tuple[Cure, ...]:
    norm_cure = Cure("nn.LayerNorm after each hidden layer", {"norm": True})
    around = Cure("nn.Residual around every one or two layers, as a way for the gradient", {"residual": True})
    slopes = [found for layer in hidden if (found := slopes_of(layer.module))]
    if any(each.flat_sides == 2 and each.steepest < 0.5 for each in slopes):
        change = {"activation": "relu", "init": "kaiming_uniform"}
        return Cure("relu with init='kaiming_uniform': its slope is 1, not at most 1/4", change), norm_cure, around
    return _by_activation(hidden), norm_cure, around


def _against_exploding(hidden: Sequence[LayerMeasures]) -> tuple[Cure, ...]:
    clip = Cure("clipped gradients: callbacks=[nn.ClipGradNorm(1.0)]", {"clip": 1.0})
    if any(layer.name.endswith("]") for layer in hidden):  # one layer, again and again
        return clip, Cure("recurrent weights of at most 1, so that their powers stay small", {"scale": 1.0})
    return _by_activation(hidden), clip, Cure("nn.LayerNorm after each hidden layer", {"norm": True})


def _by_activation(hidden: Sequence[LayerMeasures]) -> Cure:
    """Give the initialiser that keeps the size of numbers."""
    for layer in hidden:
        slopes = slopes_of(layer.module)
        if slopes is not None and activation_of(layer.module) != LINEAR:
            name = "xavier_uniform" if slopes.flat_sides == 2 else "kaiming_uniform"
            return Cure(f"init={name!r}, which keeps the size of numbers from layer to layer", {"init": name})
    return Cure("init='lecun_uniform', which keeps the size of numbers from layer to layer", {"init": "lecun_uniform"})


def _names(layers: Sequence[LayerMeasures]) -> tuple[str, ...]:
    return tuple(layer.name or type(layer.module).__name__ for layer in layers)


def listed(names: Sequence[str]) -> str:
    """
    Say names, the middle ones of many left out.

    Parameters
    ----------
    names
        All of them.

    Returns
    -------
    str

    Examples
    --------
    >>> listed(["a", "b"]), listed(["a", "b", "c", "d", "e"])
    ('a and b', 'a, b, ... and e')
    """
    if len(names) > 4:
        return f"{names[0]}, {names[1]}, ... and {names[-1]}"
    return f"{', '.join(names[:-1])} and {names[-1]}" if len(names) > 1 else names[0]
