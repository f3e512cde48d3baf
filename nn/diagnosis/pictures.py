"""Pictures of what passes through a network."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from nn.arguments import choose
from nn.plotting import axes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nn.diagnosis.measuring import LayerMeasures, Measurement
    from nn.diagnosis.monitoring import Monitor

_BINS = 40
#: How numbers are called in pictures, and whether they are on a logarithmic scale.
_SAID = {
    "mean": ("mean output", False),
    "spread": ("standard deviation of the outputs", False),
    "size": ("root mean square of the outputs", True),
    "saturated": ("saturated outputs (%)", False),
    "dead": ("dead units (%)", False),
    "gradient_mean": ("mean of ∂L/∂a", False),
    "gradient_spread": ("standard deviation of ∂L/∂a", True),
    "gradient_norm": ("‖∂L/∂a‖ of an example", True),
    "weight_norm": ("‖w‖", True),
    "weight_gradient_norm": ("‖∂L/∂w‖", True),
    "learning_speed": ("learning speed ‖∂L/∂b‖", True),
    "update_ratio": ("‖update‖ / ‖w‖", True),
}


def overview(measured: Measurement) -> list[Any]:
    """
    Draw histograms of outputs and gradients of each layer, and their sizes over depth.

    Parameters
    ----------
    measured
        What passes through a network.

    Returns
    -------
    list of matplotlib.axes.Axes
    """
    layers = measured.layers
    outputs, gradients, sizes = axes(ncols=3, figsize=(13, 1.8 + 0.45 * max(4, len(layers))))
    _ridges(outputs, layers, [layer.outputs for layer in layers])
    outputs.set_title("Outputs of each layer")
    outputs.set_xlabel("output a of a unit")
    outputs.set_ylabel("layer, the input below")
    logarithms = [[math.log10(abs(x)) for x in layer.gradients if x] for layer in layers]
    _ridges(gradients, layers, logarithms)
    gradients.set_title("Gradients in each layer")
    gradients.set_xlabel("log₁₀ |∂L/∂a|")
    gradients.set_ylabel("layer, the input below")
    _over_depth(sizes, layers)
    return [outputs, gradients, sizes]


def _ridges(ax: Any, layers: Sequence[LayerMeasures], columns: Sequence[Sequence[float]]) -> None:
    """Draw a histogram for each layer, one above the other."""
    known = [x for column in columns for x in column]
    if known:
        known.sort()
        low, high = known[len(known) // 200], known[-1 - len(known) // 200]  # a few far out must not hide the others
        width = (high - low) / _BINS or 1.0
        edges = [low + i * width for i in range(_BINS + 1)]
        for place, column in enumerate(columns):
            counts = [0] * _BINS
            for x in column:
                if low <= x <= high:
                    counts[min(int((x - low) / width), _BINS - 1)] += 1
            heights = [place + 0.85 * count / (max(counts) or 1) for count in counts]
            ax.stairs(heights, edges, baseline=place, fill=True, color=f"C{place % 10}", alpha=0.7)
    ax.set_yticks(range(len(layers)), [layer.name for layer in layers])


def _over_depth(ax: Any, layers: Sequence[LayerMeasures]) -> None:
    """Draw the sizes of outputs and gradients, and the learning speed, on a logarithmic axis."""
    places = range(len(layers))
    for name, marker in (("size", "o"), ("gradient_norm", "s"), ("learning_speed", "^")):
        points = [(place, size) for place, layer in zip(places, layers, strict=True) if (size := getattr(layer, name))]
        if points:
            ax.plot(*zip(*points, strict=True), marker=marker, label=_SAID[name][0])
    ax.set_yscale("log")
    ax.set_xticks(places, [layer.name for layer in layers], rotation=90 if len(layers) > 4 else 0)
    ax.set_xlabel("layer, from the input to the output")
    ax.set_ylabel("size (of outputs; loss per unit of output or bias)")
    ax.set_title("Sizes over depth")
    ax.legend(fontsize="small")


def over_time(monitor: Monitor, name: str, ax: Any = None) -> Any:
    """
    Draw a number of each layer over training as a heat map.

    Parameters
    ----------
    monitor
        What has watched training.
    name
        Which number.
    ax
        The Axes; by default a new figure.

    Returns
    -------
    matplotlib.axes.Axes
    """
    said, logarithmic = choose(name, _SAID, "Monitor.plot: name")
    ax = axes(ax)
    percent = 100.0 if said.endswith("(%)") else 1.0
    columns = {layer: column for layer, column in monitor[name].items() if any(x is not None for x in column)}
    table = [[_shown(x, percent, logarithmic=logarithmic) for x in column] for column in columns.values()]
    edges = _edges(monitor.steps)
    ax.grid(visible=False)
    shades = ax.pcolormesh(edges, [i - 0.5 for i in range(len(columns) + 1)], table, cmap="viridis")
    ax.set_yticks(range(len(columns)), list(columns))
    ax.set_xlabel("update")
    ax.set_ylabel("layer, the input below")
    ax.set_title(f"{said} over training"[0].upper() + f"{said} over training"[1:])
    ax.figure.colorbar(shades, ax=ax, label=f"log₁₀ of {said}" if logarithmic else said)
    return ax


def _shown(x: float | None, scale: float, *, logarithmic: bool) -> float:
    if x is None or (logarithmic and x <= 0.0):
        return math.nan
    return math.log10(x) if logarithmic else scale * x


def _edges(steps: Sequence[int]) -> list[float]:
    """Give the borders between updates, half way."""
    middles = [(a + b) / 2 for a, b in pairwise(steps)]
    margin = (steps[1] - steps[0]) / 2 if len(steps) > 1 else 0.5
    return [steps[0] - margin, *middles, steps[-1] + margin]
