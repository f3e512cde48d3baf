"""Plots: what is drawn where, and that each says what it shows. What they look like, people must see."""

import math
import sys

import pytest

matplotlib = pytest.importorskip("matplotlib", reason="needs matplotlib")
matplotlib.use("Agg")

from matplotlib import pyplot as plt  # noqa: E402

import nn  # noqa: E402
from nn import plotting  # noqa: E402
from nn.datasets import xor  # noqa: E402


@pytest.fixture(autouse=True)
def _closed():
    yield
    plt.close("all")


def history_of(**columns):
    history = nn.History()
    for row in zip(*columns.values(), strict=True):
        history.append(dict(zip(columns, row, strict=True)))
    return history


def fixed(weights, bias):
    """Give a network of one neuron with these weights."""
    model = nn.MLP(len(weights), [1], seed=0)
    neuron = model.layers[0].neurons[0]
    for w, number in zip(neuron.w, weights, strict=True):
        w.data = number
    neuron.b.data = bias
    return model


def trained():
    model = nn.MLP(2, [3, 1], activation="tanh", seed=0)
    nn.bce_with_logits([model(row) for row in xor().inputs], xor().targets).backward()
    return model


DRAWN = {
    "curves": lambda ax: plotting.curves(history_of(loss=[2.0, 1.0], accuracy=[0.5, 0.75], lr=[0.1, 0.1]), ax),
    "history": lambda ax: history_of(loss=[2.0, 1.0], lr=[0.1, 0.1]).plot(ax),
    "boundary": lambda ax: plotting.decision_boundary(trained(), *xor(), ax, resolution=5),
    "regions": lambda ax: plotting.decision_boundary(nn.MLP(2, [3], seed=0), *xor(), ax, resolution=5),
    "flow": lambda ax: plotting.gradient_flow(trained(), ax),
    "weights": lambda ax: plotting.weight_images(nn.Layer(4, 3, seed=0), ax=ax),
    "images": lambda ax: plotting.weight_images(nn.Layer(4, 3, seed=0), (2, 2), ax),
    "confusion": lambda ax: plotting.confusion([[3, 1], [0, 4]], ax=ax),
}


@pytest.mark.parametrize("draw", DRAWN.values(), ids=DRAWN)
def test_each_plot_has_title_and_labels_and_draws_where_it_is_told(draw):
    own = draw(None)
    assert own.get_title()
    assert own.get_xlabel()
    assert own.get_ylabel() or not own.get_yticks().size
    _, (left, right) = plt.subplots(1, 2)
    assert draw(right) is right
    assert not left.has_data()
    with pytest.raises(TypeError, match="ax must be a matplotlib Axes, not str"):
        draw("here")


def test_curves():
    columns = {"loss": [2.0, 1.0], "accuracy": [0.5, 0.75], "validation_loss": [3.0, 2.0],
               "validation_accuracy": [0.25, 0.5], "lr": [0.1, 0.1]}  # fmt: skip
    ax = plotting.curves(history_of(**columns))
    (right,) = (each for each in ax.figure.axes if each is not ax)
    assert [list(line.get_ydata()) for line in ax.lines] == [[2.0, 1.0], [3.0, 2.0]]
    assert [list(line.get_ydata()) for line in right.lines] == [[50.0, 75.0], [25.0, 50.0]]
    assert [list(line.get_xdata()) for line in ax.lines] == [[1, 2], [1, 2]]
    assert right.get_ylabel() == "accuracy (%)"
    assert ax.get_yscale() == "log"
    labels = [text.get_text() for text in ax.get_legend().get_texts()]
    assert labels == ["loss", "loss, validation", "accuracy", "accuracy, validation"]
    assert plotting.curves(history_of(loss=[1.0, -1.0], r2=[0.5, 0.7])).get_yscale() == "linear"


def test_the_boundary_is_where_the_output_is_0():
    ax = plotting.decision_boundary(fixed([1.0, 0.0], -0.25), *xor(), resolution=21)
    (contour,) = (each for each in ax.collections if type(each).__name__ == "QuadContourSet")
    assert {round(float(x), 9) for path in contour.get_paths() for x, _ in path.vertices} == {0.25}
    points = {tuple(map(float, point)) for each in ax.collections for point in each.get_offsets()}
    assert points >= {(0.0, 0.0), (0.0, 1.0), (1.0, 0.0), (1.0, 1.0)}


def test_gradient_flow_has_the_gradients_of_each_layer():
    model = trained()
    ax = plotting.gradient_flow(model)
    sizes = [[abs(p.grad) for p in layer.parameters()] for layer in model.layers]
    heights = [bar.get_height() for bar in ax.patches]
    assert heights == [*map(max, sizes), *(pytest.approx(sum(size) / len(size)) for size in sizes)]
    assert [text.get_text() for text in ax.get_xticklabels()] == ["layers.0", "layers.1"]


def test_weights_are_tiled():
    ax = plotting.weight_images([[1.0, 2.0, 3.0, 4.0], [5.0, 6.0, 7.0, 8.0], [9.0, 8.0, 7.0, 6.0]], (2, 2))
    shown = ax.images[0].get_array().filled(math.nan).tolist()
    assert [[None if math.isnan(x) else x for x in row] for row in shown] == [
        [1.0, 2.0, None, 5.0, 6.0],
        [3.0, 4.0, None, 7.0, 8.0],
        [None] * 5,
        [9.0, 8.0, None, None, None],
        [7.0, 6.0, None, None, None],
    ]


def test_confusion_has_the_counts():
    ax = plotting.confusion([[3, 1], [0, 4]], labels=["no", "yes"])
    assert {text.get_position(): text.get_text() for text in ax.texts} == {(0, 0): "3", (1, 0): "1", (1, 1): "4"}
    assert ax.get_title() == "Confusion matrix: 7 of 8 right"
    assert [text.get_text() for text in ax.get_yticklabels()] == ["no", "yes"]


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda: plotting.curves(nn.History()), "at least one epoch"),
        (lambda: plotting.decision_boundary(nn.MLP(3, [1]), [[0, 0, 1]], [0]), "2 numbers, .* not 3"),
        (lambda: plotting.gradient_flow(nn.MLP(2, [1])), r"call loss\.backward\(\) before"),
        (lambda: plotting.weight_images(nn.Layer(4, 3), (3, 2)), r"height and width of 4 pixels, not \(3, 2\)"),
        (lambda: plotting.confusion([[1, 2]]), "as many rows as columns"),
        (lambda: plotting.confusion([[1, 2], [3, 4]], labels=["a"]), "as many rows as columns and labels"),
    ],
)
def test_wrong_arguments(call, text):
    with pytest.raises(ValueError, match=text):
        call()
    assert plt.get_fignums() == []


def test_without_matplotlib_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(ImportError, match=r"chainrule\[plots\]"):
        plotting.gradient_flow(trained())
