"""
How far a network's outputs are from what they should be.

Predictions and targets are numbers, or lists of one shape; a list of one number may stand for that number. What becomes
of the losses of all numbers (of all examples, for `cross_entropy`) is said by ``reduction``: their ``"mean"``, their
``"sum"``, or ``"none"``: they stay as they are.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import autograd
from autograd import Value
from autograd.errors import ArgumentError, OperandError
from autograd.many import data_of
from autograd.operands import number
from nn.arguments import choose, real
from nn.examples import is_sequence
from nn.walking import is_module

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from nn.module import Module

#: How far the probabilities of an example may be from adding up to 1.
_TOLERANCE = 1e-6


def mse(predictions: Any, targets: Any, reduction: str = "mean") -> Any:
    """
    Mean of the squared errors: mean (p - t)².

    Parameters
    ----------
    predictions, targets
        Numbers, Values or plain, in lists of one shape.
    reduction
        ``"mean"``, ``"sum"`` or ``"none"``.

    Returns
    -------
    Value

    Raises
    ------
    ValueError
        There are not as many targets as predictions, or none.

    References
    ----------
    Legendre: Nouvelles méthodes pour la détermination des orbites des comètes, 1805.

    Examples
    --------
    >>> mse([1.0, 2.0], [1.0, 4.0])
    2.0
    """
    return _of_pairs("mse", lambda p, t: (p - t) ** 2, predictions, targets, reduction)


def mae(predictions: Any, targets: Any, reduction: str = "mean") -> Any:
    """
    Mean of the absolute errors: mean |p - t|. Its gradient is as large for small errors as for large ones.

    Parameters
    ----------
    predictions, targets, reduction
        As for `mse`.

    Returns
    -------
    Value

    Raises
    ------
    ValueError
        As `mse`.

    References
    ----------
    Laplace: Mémoire sur la probabilité des causes par les évènements, 1774.

    Examples
    --------
    >>> mae([1.0, 2.0], [1.0, 4.0])
    1.0
    """
    return _of_pairs("mae", lambda p, t: abs(p - t), predictions, targets, reduction)


def huber(predictions: Any, targets: Any, reduction: str = "mean", delta: float = 1.0) -> Any:
    """
    Squared for small errors, absolute for large ones: e²/2 if |e| ≤ δ, else δ(|e| - δ/2), where e = p - t.

    Parameters
    ----------
    predictions, targets, reduction
        As for `mse`.
    delta
        δ.

    Returns
    -------
    Value

    Raises
    ------
    ValueError
        As `mse`, or δ is not positive.

    References
    ----------
    Huber: Robust Estimation of a Location Parameter, 1964.

    Examples
    --------
    >>> huber([1.0, 2.0, 3.0], [1.5, 2.0, 6.0], reduction="none")
    [0.125, 0.0, 2.5]
    """
    delta = real(delta, "huber: delta", 0.0, open_below=True)

    def loss(p: Any, t: Any) -> Any:
        error = p - t
        near = autograd.clip(error, -delta, delta)
        return near * (error - near / 2)  # both cases in one, and smooth at 0

    return _of_pairs("huber", loss, predictions, targets, reduction)


def hinge(scores: Any, targets: Any, reduction: str = "mean", margin: float = 1.0) -> Any:
    """
    Max-margin loss of support vector machines: max(0, margin - t·s).

    Parameters
    ----------
    scores
        As `predictions` of `mse`; the sign of a score is the class.
    targets
        -1 or 1.
    reduction
        As for `mse`.
    margin
        Up to where a right score still costs.

    Returns
    -------
    Value

    Raises
    ------
    ValueError
        As `mse`, or a target is neither -1 nor 1.

    References
    ----------
    Cortes, Vapnik: Support-Vector Networks, 1995.

    Examples
    --------
    >>> hinge([2.0, 0.5, 0.5], [1, 1, -1], reduction="none")
    [0.0, 0.5, 1.5]
    """
    margin = number(margin, "hinge: margin")

    def loss(s: Any, t: Any) -> Any:
        if data_of(t) not in {-1.0, 1.0}:
            msg = f"hinge: a target must be -1 or 1, not {data_of(t):g}; classes 0 and 1 become these by 2*t - 1"
            raise ArgumentError(msg)
        return autograd.relu(margin - t * s)

    return _of_pairs("hinge", loss, scores, targets, reduction)


def bce_with_logits(logits: Any, targets: Any, reduction: str = "mean") -> Any:
    """
    Binary cross-entropy from logits: -(t log σ(z) + (1 - t) log(1 - σ(z))), exact however large the logits are.

    Parameters
    ----------
    logits
        As `predictions` of `mse`; σ(z) is the probability of the class 1.
    targets
        The class, 0 or 1, or its probability.
    reduction
        As for `mse`.

    Returns
    -------
    Value

    Raises
    ------
    ValueError
        As `mse`, or a target is not from 0 to 1.

    References
    ----------
    Goodfellow, Bengio, Courville: Deep Learning, section 6.2.2.2.

    Examples
    --------
    >>> bce_with_logits([1000.0, -1000.0], [0, 0], reduction="none")
    [1000.0, 0.0]
    """

    def loss(z: Any, t: Any) -> Any:
        if not 0.0 <= data_of(t) <= 1.0:
            msg = f"bce_with_logits: a target must be from 0 to 1, not {data_of(t):g}"
            raise ArgumentError(msg)
        if not isinstance(t, Value) and t in {0.0, 1.0}:
            return -autograd.log_sigmoid(z if t else -z)
        return -(t * autograd.log_sigmoid(z) + (1 - t) * autograd.log_sigmoid(-z))

    return _of_pairs("bce_with_logits", loss, logits, targets, reduction)


def cross_entropy(logits: Sequence[Any], targets: Any, reduction: str = "mean", label_smoothing: float = 0.0) -> Any:
    """
    Negative logarithm of the probability that the softmax of the logits gives to the right class.

    It is log Σ exp(z) - z[target], computed as softplus(log Σ' exp(z) - z[target]), where Σ' leaves out the target: so
    a loss near 0 loses no digits. For probabilities t of the classes it is -Σ t log softmax(z).

    Parameters
    ----------
    logits
        One number for each class; or a sequence of such, one for each example.
    targets
        Index of the right class; or one for each example. In its place there may be a probability for each class; for
        a single example these must be floats. An index may be a Value, so that what is recorded holds for any class.
    reduction
        ``"mean"``, ``"sum"`` or ``"none"``, over the examples.
    label_smoothing
        ε: the targets are mixed with as much of equal probabilities, t ← (1 - ε) t + ε/classes.

    Returns
    -------
    Value
        For several examples the mean.

    Raises
    ------
    TypeError
        A target is not an integer.
    ValueError
        A target is no class, its probabilities do not add up to 1, or there are not as many targets as examples.

    References
    ----------
    Goodfellow, Bengio, Courville: Deep Learning, section 6.2.2.3. Label smoothing: Szegedy, Vanhoucke, Ioffe, Shlens,
    Wojna: Rethinking the Inception Architecture, 2016.

    Examples
    --------
    >>> round(cross_entropy([1.0, 2.0, 4.0], 2), 6)
    0.169846
    >>> round(cross_entropy([[1.0, 2.0], [0.0, 3.0]], [[0.5, 0.5], [0.0, 1.0]]), 6)
    0.430925
    """
    _check_sequence(logits, "cross_entropy: logits")
    smoothing = real(label_smoothing, "cross_entropy: label_smoothing", 0.0, 1.0)
    if not is_sequence(targets) or (not is_sequence(logits[0]) and _are_probabilities(targets)):
        return _reduced([_cross_entropy_of_one(logits, targets, smoothing)], reduction, "cross_entropy", single=True)
    if len(logits) != len(targets):
        msg = f"cross_entropy: there must be a target for each example, not {len(targets)} for {len(logits)}"
        raise ArgumentError(msg)
    losses = [_cross_entropy_of_one(row, target, smoothing) for row, target in zip(logits, targets, strict=True)]
    return _reduced(losses, reduction, "cross_entropy")


def l1_penalty(parameters: Module | Iterable[Any], strength: float = 1.0) -> Any:
    """
    Sum of the absolute values of parameters, to be added to a loss: λ Σ |w|. It draws weights to zero.

    Parameters
    ----------
    parameters
        A module, or a list of Values.
    strength
        λ.

    Returns
    -------
    Value

    References
    ----------
    Tibshirani: Regression Shrinkage and Selection via the Lasso, 1996.

    Examples
    --------
    >>> l1_penalty([Value(-2.0), Value(3.0)], 0.1).data
    0.5
    """
    return number(strength, "l1_penalty: strength") * autograd.sum([abs(p) for p in _list_of(parameters, "l1_penalty")])


def l2_penalty(parameters: Module | Iterable[Any], strength: float = 1.0) -> Any:
    """
    Sum of the squares of parameters, to be added to a loss: λ Σ w². It keeps weights small.

    Parameters
    ----------
    parameters
        A module, or a list of Values.
    strength
        λ.

    Returns
    -------
    Value

    References
    ----------
    Hoerl, Kennard: Ridge Regression, 1970.

    Examples
    --------
    >>> l2_penalty([Value(-2.0), Value(1.0)], 0.5).data
    2.5
    """
    found = _list_of(parameters, "l2_penalty")
    return number(strength, "l2_penalty: strength") * autograd.dot(found, found)


#: Every loss by its name.
LOSSES: dict[str, Callable[..., Any]] = {
    loss.__name__: loss for loss in (mse, mae, huber, hinge, bce_with_logits, cross_entropy)
}


# ---------------------------------------------------------------------- examples and their losses


def _of_pairs(name: str, loss: Callable[[Any, Any], Any], ours: Any, theirs: Any, reduction: str) -> Any:
    """Apply a loss to each prediction and its target."""
    losses = _nested(name, loss, ours, theirs)
    return _reduced(losses if isinstance(losses, list) else [losses], reduction, name, single=not is_sequence(losses))


def _nested(name: str, loss: Callable[[Any, Any], Any], ours: Any, theirs: Any) -> Any:
    if is_sequence(ours) and is_sequence(theirs):
        if len(ours) != len(theirs):
            msg = f"{name}: predictions and targets must be of one length, not {len(ours)} and {len(theirs)}"
            raise ArgumentError(msg)
        if not len(ours):
            msg = f"{name}: predictions and targets must not be empty"
            raise ArgumentError(msg)
        return [_nested(name, loss, one, other) for one, other in zip(ours, theirs, strict=True)]
    ours, theirs = _only(ours), _only(theirs)
    for one, role in ((ours, "a prediction"), (theirs, "a target")):
        if is_sequence(one):
            msg = (
                f"{name}: predictions and targets must be of one shape, but {role} is a {type(one).__name__} of "
                f"{len(one)} where the other is one number"
            )
            raise OperandError(msg)
    return loss(_checked(ours, f"{name}: a prediction"), _checked(theirs, f"{name}: a target"))


def _only(x: Any) -> Any:
    """Take a number out of a list of one."""
    return x[0] if is_sequence(x) and len(x) == 1 else x


def _checked(x: Any, role: str) -> Any:
    return x if isinstance(x, Value) else number(x, role)


def _reduced(losses: list[Any], reduction: str, name: str, *, single: bool = False) -> Any:
    """Make what is asked for out of the losses."""
    ways: dict[str, Callable[[], Any]] = {
        "mean": lambda: autograd.mean(list(_flat(losses))),
        "sum": lambda: autograd.sum(list(_flat(losses))),
        "none": lambda: losses,
    }
    way = choose(reduction, ways, f"{name}: reduction")
    return losses[0] if single else way()


def _flat(losses: list[Any]) -> Iterator[Any]:
    for loss in losses:
        if isinstance(loss, list):
            yield from _flat(loss)
        else:
            yield loss


def _check_sequence(given: Any, role: str) -> None:
    if not is_sequence(given):
        msg = f"{role} must be a sequence of numbers, not {type(given).__name__} {given!r}"
        raise OperandError(msg)
    if not len(given):
        msg = f"{role} must not be empty"
        raise ArgumentError(msg)


def _are_probabilities(targets: Sequence[Any]) -> bool:
    return any(isinstance(t, Value) or (isinstance(t, float) and not hasattr(t, "__index__")) for t in targets)


def _cross_entropy_of_one(logits: Any, target: Any, smoothing: float) -> Any:
    _check_sequence(logits, "cross_entropy: the logits of an example")
    if isinstance(target, Value):
        return _cross_entropy_of_index(logits, target, smoothing)
    if not is_sequence(target):
        index = _class(target, len(logits))
        if not smoothing:
            others = [z for place, z in enumerate(logits) if place != index]
            return autograd.softplus(autograd.logsumexp(others) - logits[index]) if others else 0.0 * logits[index]
        target = [float(place == index) for place in range(len(logits))]
    return _of_shares(logits, _probabilities(target, len(logits)), smoothing)


def _of_shares(logits: Any, shares: list[Any], smoothing: float) -> Any:
    if smoothing:
        shares = [(1 - smoothing) * share + smoothing / len(shares) for share in shares]
    return -autograd.dot(shares, autograd.log_softmax(logits))


def _cross_entropy_of_index(logits: Any, target: Value, smoothing: float) -> Any:
    """Choose the class by `where`, not by Python's own indexing: it is data."""
    _class(int(target.data) if target.data.is_integer() else target.data, len(logits))
    differs = [target - place for place in range(len(logits))]
    if smoothing:
        return _of_shares(logits, [autograd.where(each, 0.0, 1.0) for each in differs], smoothing)
    if len(logits) == 1:
        return 0.0 * logits[0]
    right = autograd.sum([autograd.where(each, 0.0, z) for each, z in zip(differs, logits, strict=True)])
    others = [autograd.where(each, z, -math.inf) for each, z in zip(differs, logits, strict=True)]
    return autograd.softplus(autograd.logsumexp(others) - right)


def _class(target: Any, count: int) -> int:
    try:
        index: int = target.__index__()
    except AttributeError:
        msg = f"cross_entropy: a target must be an integer, not {type(target).__name__} {target!r}"
        raise OperandError(msg) from None
    if not 0 <= index < count:
        msg = f"cross_entropy: a target must be a class, from 0 to {count - 1}, not {index}"
        raise ArgumentError(msg)
    return index


def _probabilities(target: Any, count: int) -> list[Any]:
    if len(target) != count:
        msg = f"cross_entropy: a target must have a probability for each of {count} classes, but has {len(target)}"
        raise ArgumentError(msg)
    shares = [_checked(share, "cross_entropy: a probability") for share in target]
    total = sum(map(data_of, shares))
    if not (all(data_of(share) >= 0.0 for share in shares) and abs(total - 1.0) <= _TOLERANCE):
        said = ", ".join(f"{data_of(share):g}" for share in shares)
        msg = f"cross_entropy: the probabilities of a target must be positive and add up to 1, not {said}"
        raise ArgumentError(msg)
    return shares


def _list_of(parameters: Any, name: str) -> list[Any]:
    if not is_module(parameters) and not hasattr(parameters, "__iter__"):
        msg = f"{name}: parameters must be a module or a list of Values, not {type(parameters).__name__}"
        raise OperandError(msg)
    return parameters.parameters() if is_module(parameters) else list(parameters)
