"""How well a network does, in numbers that people can read."""

from __future__ import annotations

import math
from operator import eq
from typing import TYPE_CHECKING, Any

from autograd.errors import ArgumentError
from autograd.many import data_of
from nn.examples import is_sequence

if TYPE_CHECKING:
    from collections.abc import Sequence


def decisions(outputs: Sequence[Any], labels: tuple[Any, Any] = (0, 1), threshold: float = 0.0) -> list[Any]:
    """
    Tell which class each output stands for.

    Parameters
    ----------
    outputs
        For each example a list with a number for each class, of which the largest decides; or a single number.
    labels
        For single numbers: the class up to the threshold, and the one above it.
    threshold
        For single numbers.

    Returns
    -------
    list
        A class for each example.

    Examples
    --------
    >>> decisions([[0.1, 2.0, -1.0], [3.0, 0.0, 0.0]]), decisions([-2.0, 0.5], labels=(-1, 1))
    ([1, 0], [-1, 1])
    """
    if getattr(outputs, "ndim", 1) == 2 and len(outputs[0]) > 1 and outputs.dtype.kind == "f":  # type: ignore[attr-defined]
        return outputs.argmax(axis=1).tolist()  # type: ignore[attr-defined, no-any-return]
    return [_decision(out, labels, threshold) for out in outputs]


def _decision(out: Any, labels: tuple[Any, Any], threshold: float) -> Any:
    if is_sequence(out) and len(out) > 1:
        return max(range(len(out)), key=lambda place: data_of(out[place]))
    only = data_of(out[0] if is_sequence(out) else out)
    return labels[1] if only > threshold else labels[0]


def accuracy(predicted: Sequence[Any], actual: Sequence[Any]) -> float:
    """
    Give the share of right answers.

    Parameters
    ----------
    predicted, actual
        The class of each example.

    Returns
    -------
    float
        From 0 to 1.

    Raises
    ------
    ValueError
        They are not as many, or none.

    Examples
    --------
    >>> accuracy([0, 1, 1, 0], [0, 1, 1, 1])
    0.75
    """
    _check_pairs(predicted, actual, "accuracy")
    right: int = sum(map(eq, predicted, actual))
    return right / len(actual)


def confusion_matrix(
    predicted: Sequence[Any], actual: Sequence[Any], labels: Sequence[Any] | None = None
) -> list[list[int]]:
    """
    Count what was taken for what.

    Parameters
    ----------
    predicted, actual
        The class of each example.
    labels
        All classes in order; by default those that occur, sorted.

    Returns
    -------
    list of list of int
        A row for each actual class, in it a number for each predicted one: right answers are on the diagonal.

    Raises
    ------
    ValueError
        They are not as many, or none; or a class occurs that is not among the labels.

    Examples
    --------
    >>> confusion_matrix([0, 1, 1, 0], [0, 1, 1, 1])
    [[1, 0], [1, 2]]
    """
    _check_pairs(predicted, actual, "confusion_matrix")
    known = sorted({*predicted, *actual}) if labels is None else list(labels)
    place = {label: i for i, label in enumerate(known)}
    counts = [[0] * len(known) for _ in known]
    for ours, theirs in zip(predicted, actual, strict=True):
        for label in (ours, theirs):
            if label not in place:
                msg = f"confusion_matrix: {label!r} is not among the labels {known}"
                raise ArgumentError(msg)
        counts[place[theirs]][place[ours]] += 1
    return counts


def r2(predicted: Sequence[Any], actual: Sequence[Any]) -> float:
    """
    Give the coefficient of determination, R² = 1 - Σ (t - p)² / Σ (t - mean t)².

    Parameters
    ----------
    predicted, actual
        A number for each example, or as many for each.

    Returns
    -------
    float
        1 if all are right, 0 if they are no better than the mean of `actual`. If `actual` is constant: 1 if all are
        right, else minus infinity.

    Raises
    ------
    ValueError
        They are not as many, or none.

    Examples
    --------
    >>> r2([1.0, 2.0, 3.0], [1.0, 2.0, 4.0])
    0.7857142857142857
    """
    _check_pairs(predicted, actual, "r2")
    ours, theirs = ([_numbers(row) for row in rows] for rows in (predicted, actual))
    widths = {len(row) for row in [*ours, *theirs]}
    if len(widths) > 1:
        msg = f"r2: each example must have as many numbers, but there are {sorted(widths)}"
        raise ArgumentError(msg)
    error = math.fsum((t - p) ** 2 for p_row, t_row in zip(ours, theirs, strict=True) for p, t in zip(p_row, t_row))
    columns = list(zip(*theirs, strict=True))
    means = [math.fsum(column) / len(column) for column in columns]
    total = math.fsum((t - mean) ** 2 for column, mean in zip(columns, means, strict=True) for t in column)
    if total == 0.0:
        return 1.0 if error == 0.0 else -math.inf
    return 1 - error / total


def _numbers(row: Any) -> list[float]:
    return [data_of(x) for x in (row if is_sequence(row) else [row])]


def _check_pairs(predicted: Sequence[Any], actual: Sequence[Any], name: str) -> None:
    if len(predicted) != len(actual):
        msg = f"{name}: predicted and actual must be of one length, not {len(predicted)} and {len(actual)}"
        raise ArgumentError(msg)
    if not len(actual):
        msg = f"{name}: predicted and actual must not be empty"
        raise ArgumentError(msg)
