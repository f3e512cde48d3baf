"""Pictures of networks and of their training. Each function draws on one matplotlib Axes and returns it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from autograd.errors import ArgumentError, MissingExtraError, OperandError
from nn.arguments import positive
from nn.examples import is_sequence
from nn.metrics import decisions
from nn.tables import numbers_for, rows_of
from nn.training.evaluating import predict
from nn.training.layers import layers_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nn.module import Module
    from nn.training.history import History


def axes(ax: Any = None, **subplots: Any) -> Any:
    """
    Give the Axes to draw on.

    Parameters
    ----------
    ax
        What the user gave; None for a new figure.
    **subplots
        Options of a new figure.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    ImportError
        matplotlib is not installed.
    TypeError
        `ax` is something else.
    """
    try:
        from matplotlib import pyplot as plt  # noqa: PLC0415 - optional
    except ImportError as error:
        msg = "plots come with matplotlib: pip install 'chainrule[plots]'"
        raise MissingExtraError(msg) from error
    if ax is None:
        return plt.subplots(layout="constrained", **subplots)[1]
    if not hasattr(ax, "set_title"):
        msg = f"ax must be a matplotlib Axes, not {type(ax).__name__} {ax!r}"
        raise OperandError(msg)
    return ax


def curves(history: History, ax: Any = None) -> Any:
    """
    Draw the loss over the epochs or steps, and beside it the metric, if there is one.

    Parameters
    ----------
    history
        What `fit` returned.
    ax
        The Axes for the loss; by default a new figure.

    Returns
    -------
    matplotlib.axes.Axes
        That of the loss, on a logarithmic scale if it is positive; the metric has its scale on the right side.

    Raises
    ------
    ImportError
        matplotlib is not installed.
    ValueError
        There is nothing in the history.
    """
    if not len(history):
        msg = f"curves: the history must have at least one {history.unit}"
        raise ArgumentError(msg)
    ax = axes(ax)
    epochs = range(1, len(history) + 1)
    metrics = [name for name in history.columns if not name.startswith("validation_") and name not in {"loss", "lr"}]
    lines = _two_curves(ax, epochs, history, "loss", "C0", 1.0)
    ax.set_xlabel(history.unit)
    ax.set_ylabel("loss (mean over the examples)", color="C0")
    if min(column for name in ("loss", "validation_loss") for column in history.columns.get(name, [1.0])) > 0:
        ax.set_yscale("log")
    title = "Loss"
    for name in metrics:
        right = ax.twinx()
        in_percent = name == "accuracy"
        lines += _two_curves(right, epochs, history, name, "C1", 100.0 if in_percent else 1.0)
        right.set_ylabel("accuracy (%)" if in_percent else {"r2": "R²"}.get(name, name), color="C1")
        title = f"Loss and {'R²' if name == 'r2' else name}"
    ax.set_title(f"{title} over {len(history)} epoch{'s' * (len(history) > 1)}")
    ax.xaxis.get_major_locator().set_params(integer=True)
    below = {"loc": "upper center", "bbox_to_anchor": (0.5, -0.16), "ncols": 2, "frameon": False}
    ax.legend(lines, [line.get_label() for line in lines], fontsize="small", **below)
    return ax


def _two_curves(ax: Any, epochs: Any, history: History, name: str, color: str, scale: float) -> list[Any]:
    """Draw a column of the history, and dashed the same of what was not trained on."""
    lines = []
    said = {"r2": "R²"}.get(name, name)
    for column, style, label in ((name, "-", said), (f"validation_{name}", "--", f"{said}, validation")):
        if column in history:
            marker = "o" if len(epochs) == 1 else ""
            lines += ax.plot(
                epochs, [scale * x for x in history[column]], style, color=color, label=label, marker=marker
            )
    return lines


def decision_boundary(
    model: Module,
    X: Sequence[Any],  # noqa: N803 - what everybody calls it
    y: Sequence[Any],
    ax: Any = None,
    *,
    resolution: int = 60,
    threshold: float = 0.0,
) -> Any:
    """
    Draw which class a network gives to each point of the plane, and the data on top.

    Parameters
    ----------
    model
        A network of two inputs.
    X, y
        The data: points, and their classes.
    ax
        The Axes; by default a new figure.
    resolution
        Number of points along each side at which the network is computed.
    threshold
        For a network of one output: above it is the higher class.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    ImportError
        matplotlib is not installed.
    ValueError
        The inputs are not pairs of numbers.
    """
    points = rows_of(X, "decision_boundary: X")
    if len(points[0]) != 2:
        msg = f"decision_boundary: each example must have 2 numbers, to be drawn in the plane, not {len(points[0])}"
        raise ArgumentError(msg)
    targets = numbers_for(y, len(points), "decision_boundary: y")
    positive(resolution, "decision_boundary: resolution")
    ax = axes(ax)
    across, up = (_range(column, resolution) for column in zip(*points, strict=True))
    ax.grid(visible=False)
    outputs = predict(model, [[a, b] for b in up for a in across])
    classes = sorted(set(targets))
    single = not is_sequence(outputs[0]) or len(outputs[0]) == 1
    rows = [outputs[start : start + resolution] for start in range(0, len(outputs), resolution)]
    if single:
        heights = [[out[0] if is_sequence(out) else out for out in row] for row in rows]
        reach = max(1e-12, *(abs(height - threshold) for row in heights for height in row))
        shades = ax.pcolormesh(
            across, up, heights, cmap="RdBu_r", vmin=threshold - reach, vmax=threshold + reach, alpha=0.5,
            shading="nearest",
        )  # fmt: skip
        ax.contour(across, up, heights, levels=[threshold], colors="black", linewidths=1.2)
        ax.figure.colorbar(shades, ax=ax, label="output of the network")
        colors = ["tab:blue", "tab:red"] if len(classes) == 2 else [f"C{i}" for i in range(len(classes))]
    else:
        from matplotlib.colors import ListedColormap  # noqa: PLC0415 - optional

        regions = [decisions(row) for row in rows]
        count = len(outputs[0])
        colors = [f"C{i}" for i in range(count)]
        ax.pcolormesh(
            across, up, regions, cmap=ListedColormap(colors), vmin=-0.5, vmax=count - 0.5, alpha=0.3, shading="nearest"
        )
    for target, color in zip(classes, colors):
        chosen = [point for point, each in zip(points, targets, strict=True) if each == target]
        ax.scatter(
            *zip(*chosen, strict=True), color=color, edgecolors="black", linewidths=0.5, s=18, label=f"class {target}"
        )
    ax.set_xlabel("first input")
    ax.set_ylabel("second input")
    ax.set_title("Decision boundary, and the data")
    ax.legend(loc="best", fontsize="small")
    return ax


def _range(column: Sequence[float], count: int) -> list[float]:
    """Give evenly spaced numbers that go a little beyond those of a column."""
    low, high = min(column), max(column)
    margin = 0.15 * (high - low) or 1.0
    step = (high - low + 2 * margin) / max(count - 1, 1)
    return [low - margin + i * step for i in range(count)]


def gradient_flow(model: Module, ax: Any = None) -> Any:
    """
    Draw the size of the gradients in each layer, from the input to the output, on a logarithmic scale.

    Parameters
    ----------
    model
        A network after a backward pass.
    ax
        The Axes; by default a new figure.

    Returns
    -------
    matplotlib.axes.Axes
        For each layer with parameters the mean and the largest absolute gradient.

    Raises
    ------
    ImportError
        matplotlib is not installed.
    ValueError
        There are no gradients.
    """
    sizes = {name: [abs(p.grad) for p in part.parameters()] for name, part in layers_of(model) if part.parameters()}
    if not any(map(any, sizes.values())):
        msg = "gradient_flow: all gradients are 0; call loss.backward() before"
        raise ArgumentError(msg)
    ax = axes(ax)
    names = [name or type(model).__name__ for name in sizes]
    places = range(len(names))
    largest = [max(size) for size in sizes.values()]
    means = [math.fsum(size) / len(size) for size in sizes.values()]
    ax.bar(places, largest, color="C0", alpha=0.35, label="largest")
    ax.bar(places, means, color="C0", label="mean")
    ax.set_yscale("log")
    ax.set_xticks(places, names, rotation=45 if len(names) > 6 else 0)
    ax.set_xlabel("layer, from the input to the output")
    ax.set_ylabel("|∂L/∂w| (loss per unit of weight)")
    ax.set_title("Gradient flow")
    ax.legend(fontsize="small")
    return ax


def weight_images(layer: Any, shape: tuple[int, int] | None = None, ax: Any = None) -> Any:
    """
    Draw the weights of a layer as an image for each neuron.

    Parameters
    ----------
    layer
        A layer, or rows of weights, one for each neuron.
    shape
        Height and width of an image, as (8, 8) for the digits; by default all weights are one image, a row for each
        neuron.
    ax
        The Axes; by default a new figure.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    ImportError
        matplotlib is not installed.
    TypeError, ValueError
        It has no such rows, or images of that shape have another number of pixels.
    """
    given = getattr(layer, "weight", layer)
    rows = rows_of([[getattr(w, "data", w) for w in row] for row in given], "weight_images: the weights")
    if shape is not None and (not is_sequence(shape) or len(shape) != 2 or shape[0] * shape[1] != len(rows[0])):
        msg = f"weight_images: shape must be height and width of {len(rows[0])} pixels, not {shape!r}"
        raise ArgumentError(msg)
    ax = axes(ax)
    columns = math.ceil(math.sqrt(len(rows)))
    image, aspect = (rows, "auto") if shape is None else (_tiled(rows, shape, columns), "equal")
    ax.grid(visible=False)
    reach = max(abs(w) for row in rows for w in row) or 1.0
    shown = ax.imshow(image, cmap="RdBu_r", vmin=-reach, vmax=reach, interpolation="nearest", aspect=aspect)
    ax.figure.colorbar(shown, ax=ax, label="weight (red excites, blue inhibits)")
    if shape is None:
        ax.set_xlabel("input")
        ax.set_ylabel("neuron")
        ax.set_title(f"Weights of {len(rows)} neurons")
        for axis in (ax.xaxis, ax.yaxis):
            axis.get_major_locator().set_params(integer=True)
    else:
        ax.set_xticks([])
        ax.set_yticks([])
        ax.set_xlabel(f"neurons in rows of {columns}, each {shape[0]} x {shape[1]} pixels")
        ax.set_title(f"Weights of {len(rows)} neurons as images")
    return ax


def _tiled(rows: list[list[float]], shape: tuple[int, int], columns: int) -> list[list[float]]:
    """Put images side by side, with a gap between them."""
    height, width = shape
    lines = math.ceil(len(rows) / columns)
    image = [[math.nan] * (columns * (width + 1) - 1) for _ in range(lines * (height + 1) - 1)]
    for place, row in enumerate(rows):
        top, left = place // columns * (height + 1), place % columns * (width + 1)
        for i in range(height):
            image[top + i][left : left + width] = row[i * width : (i + 1) * width]
    return image


def confusion(matrix: Sequence[Sequence[int]], labels: Sequence[Any] | None = None, ax: Any = None) -> Any:
    """
    Draw a confusion matrix.

    Parameters
    ----------
    matrix
        What `confusion_matrix` gave: a row for each actual class.
    labels
        Names of the classes; by default their numbers.
    ax
        The Axes; by default a new figure.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    ImportError
        matplotlib is not installed.
    ValueError
        It is not square, or there are not as many labels as classes.
    """
    rows = rows_of(matrix, "confusion: matrix")
    names = [str(label) for label in (range(len(rows)) if labels is None else labels)]
    if len(rows[0]) != len(rows) or len(names) != len(rows):
        msg = (
            f"confusion: matrix must have as many rows as columns and labels, not {len(rows)}, {len(rows[0])} and "
            f"{len(names)}"
        )
        raise ArgumentError(msg)
    ax = axes(ax)
    ax.grid(visible=False)
    shares = [[count / (sum(row) or 1) for count in row] for row in rows]
    shown = ax.imshow(shares, cmap="Blues", vmin=0.0, vmax=1.0)
    for i, row in enumerate(rows):
        for j, count in enumerate(row):
            if count:
                ax.text(
                    j, i, f"{count:g}", ha="center", va="center", color="white" if shares[i][j] > 0.5 else "black",
                    fontsize="small",
                )  # fmt: skip
    ax.set_xticks(range(len(names)), names)
    ax.set_yticks(range(len(names)), names)
    ax.set_xlabel("predicted class")
    ax.set_ylabel("actual class")
    total, right = sum(map(sum, rows)), sum(rows[i][i] for i in range(len(rows)))
    ax.set_title(f"Confusion matrix: {right:g} of {total:g} right")
    ax.figure.colorbar(shown, ax=ax, label="share of the actual class")
    return ax
