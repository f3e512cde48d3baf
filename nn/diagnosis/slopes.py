"""How steep an activation can be, and where it is flat: read off the activation itself."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from autograd import Value
from nn.activations import Activation, activation
from nn.layers import Layer, Neuron

if TYPE_CHECKING:
    from nn.module import Module

#: Where an activation is looked at; far out, a slope below this share of the largest one is flat.
_NEAR = [i / 16 for i in range(-96, 97)]
_FAR = 40.0
_FLAT = 1e-3


class Slopes(NamedTuple):
    """
    How steep an activation is.

    Parameters
    ----------
    steepest
        Its largest slope.
    flat_sides
        On how many sides it is flat far out: 2 for one that saturates, as tanh; 1 for one that rectifies, as relu.
    """

    steepest: float
    flat_sides: int


def slopes_of(module: Module) -> Slopes | None:
    """
    Tell how steep the activation of a layer is.

    Parameters
    ----------
    module
        A layer, a neuron, or an activation as a module.

    Returns
    -------
    Slopes or None
        None if it has none, or one that has no slope everywhere.
    """
    name = activation_of(module)
    return None if name is None else _slopes(name)


def activation_of(module: Module) -> str | None:
    """
    Name the activation of a layer.

    Parameters
    ----------
    module
        A part of a network.

    Returns
    -------
    str or None
    """
    if isinstance(module, Layer):
        return module.neurons[0].activation
    if isinstance(module, Neuron):
        return module.activation
    return module.name if isinstance(module, Activation) else None


@cache
def _slopes(name: str) -> Slopes | None:
    apply = activation(name)
    try:
        near = [_slope(apply, z) for z in _NEAR]
        far = [_slope(apply, z) for z in (-_FAR, _FAR)]
    except (ArithmeticError, ValueError, TypeError, IndexError):
        return None
    steepest = max(near)
    return Slopes(steepest, sum(slope <= _FLAT * steepest for slope in far)) if steepest > 0.0 else None


def _slope(apply: object, z: float) -> float:
    x = Value(z)
    out = apply(x)  # type: ignore[operator]
    return 1.0 if out is x else abs(out.local_grads[0])
