"""What a network gives when it is not being trained."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from autograd import no_grad
from autograd.many import data_of
from nn.tables import numbers_for, rows_of
from nn.training.checking import choose_loss
from nn.training.gradients import numbers, outputs_of
from nn.training.scoring import choose_metric

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from nn.module import Module


@contextmanager
def evaluating(model: Module) -> Iterator[None]:
    """
    Compute without a graph, and with all modules out of training; afterwards each is as it was.

    Parameters
    ----------
    model
        The network.
    """
    with in_mode(model, mode=False), no_grad():
        yield


@contextmanager
def training(model: Module) -> Iterator[None]:
    """
    Have all modules trained; afterwards each is as it was.

    Parameters
    ----------
    model
        The network.
    """
    with in_mode(model, mode=True):
        yield


@contextmanager
def in_mode(model: Module, *, mode: bool) -> Iterator[None]:
    """
    Have all modules trained, or not; afterwards each is as it was.

    Parameters
    ----------
    model
        The network.
    mode
        Whether they are being trained.
    """
    before = [(module, module.training) for module in model.modules()]
    model.train(mode)
    try:
        yield
    finally:
        for module, was in before:
            module.training = was


def predict(model: Module, X: Sequence[Any]) -> list[Any]:  # noqa: N803 - what everybody calls it
    """
    Give a network's outputs as numbers.

    Parameters
    ----------
    model
        The network.
    X
        A sequence of numbers for each example.

    Returns
    -------
    list
        For each example a number, or a list of numbers.

    Raises
    ------
    TypeError, ValueError
        `X` is no such thing, or too wide or too narrow for the network.

    Examples
    --------
    >>> import nn
    >>> predict(nn.Sequential(nn.ReLU()), [[1.0, -2.0], [0.5, 3.0]])
    [[1.0, 0.0], [0.5, 3.0]]
    """
    rows = rows_of(X, "predict: X")
    with evaluating(model):
        return numbers(outputs_of(model, rows))  # type: ignore[no-any-return]


def evaluate(
    model: Module,
    X: Sequence[Any],  # noqa: N803 - what everybody calls it
    y: Sequence[Any],
    *,
    loss: str | Callable[[Any, Any], Any],
    metric: str | Callable[[Any, Any], float] | None = None,
) -> dict[str, float]:
    """
    Give the loss over some examples, and how well the network does there.

    Parameters
    ----------
    model
        The network.
    X, y
        The examples.
    loss, metric
        As for `fit`.

    Returns
    -------
    dict of str to float
        ``loss``, and the metric by its name.

    Raises
    ------
    TypeError, ValueError
        There are no such loss or metric, or the examples are not what the network takes.

    Examples
    --------
    >>> import nn
    >>> evaluate(nn.Sequential(nn.ReLU()), [[1.0, -2.0], [0.5, 3.0]], [0, 0], loss="cross_entropy")["accuracy"]
    0.5
    """
    rows = rows_of(X, "evaluate: X")
    targets = numbers_for(y, len(rows), "evaluate: y")
    function = choose_loss(loss)
    score = choose_metric(metric, function, targets)
    with evaluating(model):
        outputs = outputs_of(model, rows)
        result = {"loss": data_of(function(outputs, targets))}
    if score is not None:
        result[score.name] = score(numbers(outputs), targets)
    return result
