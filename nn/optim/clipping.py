"""Clipping gradients, so that one step cannot go too far."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from autograd import Value
from autograd.errors import OperandError
from nn.arguments import real

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


def clip_grad_value_(parameters: Iterable[Value], clip_value: float) -> None:
    """
    Keep each gradient from -c to c: g ← min(max(g, -c), c).

    Parameters
    ----------
    parameters
        Whose gradients.
    clip_value
        c.

    Raises
    ------
    TypeError, ValueError
        A parameter is not a Value, or c is negative.

    References
    ----------
    Mikolov: Statistical Language Models Based on Neural Networks, 2012.

    Examples
    --------
    >>> w = Value(1.0)
    >>> w.grad = -5.0
    >>> clip_grad_value_([w], 2.0)
    >>> w.grad
    -2.0
    """
    bound = real(clip_value, "clip_grad_value_: clip_value", 0.0)
    for parameter in _listed(parameters, "clip_grad_value_"):
        if abs(parameter.grad) > bound:
            parameter.grad = math.copysign(bound, parameter.grad)


def clip_grad_norm_(parameters: Iterable[Value], max_norm: float, norm_type: float = 2.0) -> float:
    """
    Scale all gradients together, if their norm is too large: g ← g · min(1, c/(‖g‖ + 1e-6)).

    Parameters
    ----------
    parameters
        Whose gradients.
    max_norm
        c.
    norm_type
        Which norm: 2 is the Euclidean length, ``math.inf`` the largest absolute value.

    Returns
    -------
    float
        The norm before.

    Raises
    ------
    TypeError, ValueError
        A parameter is not a Value, c is negative, or there is no such norm.

    References
    ----------
    Pascanu, Mikolov, Bengio: On the difficulty of training recurrent neural networks, 2013.

    Examples
    --------
    >>> v, w = Value(1.0), Value(2.0)
    >>> v.grad, w.grad = 3.0, 4.0
    >>> clip_grad_norm_([v, w], 1.0)
    5.0
    >>> round(v.grad, 5), round(w.grad, 5)
    (0.6, 0.8)
    """
    bound = real(max_norm, "clip_grad_norm_: max_norm", 0.0)
    power = real(norm_type, "clip_grad_norm_: norm_type", 0.0, open_below=True)
    found = _listed(parameters, "clip_grad_norm_")
    norm = _norm([parameter.grad for parameter in found], power)
    scale = _scale(norm, bound)
    if scale != 1.0:
        for parameter in found:
            parameter.grad *= scale
    return norm


def scale_for_norm(grads: Sequence[float], max_norm: float) -> float:
    """
    Give what `clip_grad_norm_` multiplies gradients by.

    Parameters
    ----------
    grads
        The gradients.
    max_norm
        Of their Euclidean norm.

    Returns
    -------
    float

    Examples
    --------
    >>> round(scale_for_norm([3.0, 4.0], 1.0), 5), scale_for_norm([3.0, 4.0], 10.0)
    (0.2, 1.0)
    """
    return _scale(_norm(grads, 2.0), max_norm)


def _scale(norm: float, bound: float) -> float:
    return min(bound / (norm + 1e-6), 1.0)  # in this order: a norm that is nan makes all gradients nan, as in PyTorch


def _norm(grads: Sequence[float], power: float) -> float:
    if power == 2.0:
        return math.hypot(*grads)
    largest = max(map(abs, grads), default=0.0)
    if power == math.inf or largest == 0.0 or not math.isfinite(largest):
        return largest
    total = math.fsum((abs(grad) / largest) ** power for grad in grads)
    return largest * float(total ** (1 / power))


def _listed(parameters: Iterable[Value], name: str) -> list[Value]:
    if not hasattr(parameters, "__iter__"):
        advice = "; write model.parameters()" if hasattr(parameters, "parameters") or callable(parameters) else ""
        msg = f"{name}: parameters must be a list of Values, not {type(parameters).__name__}{advice}"
        raise OperandError(msg)
    found = list(parameters)
    for parameter in found:
        if not isinstance(parameter, Value):
            msg = f"{name}: a parameter must be a Value, not {type(parameter).__name__} {parameter!r}"
            raise OperandError(msg)
    return found
