"""How far a network's outputs are from what they should be."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import autograd
from autograd.errors import ArgumentError, OperandError

if TYPE_CHECKING:
    from collections.abc import Sequence


def cross_entropy(logits: Sequence[Any], targets: Any) -> Any:
    """
    Negative logarithm of the probability that the softmax of the logits gives to the right class.

    Parameters
    ----------
    logits
        One number for each class; or a sequence of such, one for each example.
    targets
        Index of the right class; or one for each example.

    Returns
    -------
    Value
        For several examples the mean.

    Raises
    ------
    TypeError
        A target is not an integer.
    ValueError
        A target is no class, or there are not as many targets as examples.

    References
    ----------
    Goodfellow, Bengio, Courville: Deep Learning, section 6.2.2.3. In terms of logits: log Σ exp(z) - z[target].

    Examples
    --------
    >>> round(cross_entropy([1.0, 2.0, 4.0], 2), 6)
    0.169846
    """
    _check_sequence(logits, "cross_entropy: logits")
    if isinstance(targets, str) or not hasattr(targets, "__len__"):
        return _cross_entropy_of_one(logits, targets)
    if len(logits) != len(targets):
        msg = f"cross_entropy: there must be a target for each example, not {len(targets)} for {len(logits)}"
        raise ArgumentError(msg)
    return autograd.mean([_cross_entropy_of_one(row, t) for row, t in zip(logits, targets, strict=True)])


def _check_sequence(given: Any, role: str) -> None:
    if isinstance(given, str) or not hasattr(given, "__len__"):
        msg = f"{role} must be a sequence of numbers, not {type(given).__name__} {given!r}"
        raise OperandError(msg)
    if not len(given):
        msg = f"{role} must not be empty"
        raise ArgumentError(msg)


def _cross_entropy_of_one(logits: Any, target: Any) -> Any:
    _check_sequence(logits, "cross_entropy: the logits of an example")
    try:
        index = target.__index__()
    except AttributeError:
        msg = f"cross_entropy: a target must be an integer, not {type(target).__name__} {target!r}"
        raise OperandError(msg) from None
    if not 0 <= index < len(logits):
        msg = f"cross_entropy: a target must be a class, from 0 to {len(logits) - 1}, not {index}"
        raise ArgumentError(msg)
    return autograd.logsumexp(logits) - logits[index]


def mse(predictions: Sequence[Any], targets: Sequence[Any]) -> Any:
    """
    Mean of the squared errors.

    Parameters
    ----------
    predictions, targets
        As many numbers each, Values or plain; or two single ones.

    Returns
    -------
    Value

    Raises
    ------
    ValueError
        There are not as many targets as predictions, or none.

    Examples
    --------
    >>> mse([1.0, 2.0], [1.0, 4.0])
    2.0
    """
    ours, theirs = (x if hasattr(x, "__len__") else [x] for x in (predictions, targets))
    if len(ours) != len(theirs):
        msg = f"mse: predictions and targets must be of one length, not {len(ours)} and {len(theirs)}"
        raise ArgumentError(msg)
    if not len(ours):
        msg = "mse: predictions and targets must not be empty"
        raise ArgumentError(msg)
    for one in (*ours, *theirs):
        if hasattr(one, "__len__"):
            msg = (
                f"mse: predictions and targets must be flat sequences of numbers, but have {type(one).__name__} {one!r}"
            )
            raise OperandError(msg)
    return autograd.mean([(p - t) ** 2 for p, t in zip(ours, theirs, strict=True)])
