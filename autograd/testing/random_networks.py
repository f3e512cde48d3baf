"""Random networks with inputs for them."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from hypothesis import assume
from hypothesis import strategies as st

from autograd.engine import Value
from autograd.entry import REALS
from autograd.ops import TABLE
from autograd.testing.random_expressions import function_named

if TYPE_CHECKING:
    from collections.abc import Sequence


class RandomMLP:
    """
    A multi-layer perceptron of Values, and inputs for it.

    Parameters
    ----------
    inputs
        A number for each input.
    layers
        For each layer its neurons, each a list of weights and the bias as its last.
    activation
        Name of the operation of one number that all layers but the last apply.
    """

    def __init__(self, inputs: Sequence[float], layers: Sequence[Sequence[Sequence[float]]], activation: str) -> None:
        self.inputs = list(inputs)
        self.activation = activation
        self.layers = [[[Value(number) for number in neuron] for neuron in layer] for layer in layers]

    def parameters(self) -> list[Value]:
        """
        List weights and biases.

        Returns
        -------
        list of Value
        """
        return [parameter for layer in self.layers for neuron in layer for parameter in neuron]

    def __call__(self, x: Sequence[Any]) -> Any:
        """
        Compute the sum of the outputs.

        Parameters
        ----------
        x
            A Value or a number for each input.

        Returns
        -------
        Value
        """
        for depth, layer in enumerate(self.layers):
            x = [function_named("dot")(neuron[:-1], x, neuron[-1]) for neuron in layer]
            if depth < len(self.layers) - 1:
                x = [function_named(self.activation)(out) for out in x]
        return function_named("sum")(x)

    def __repr__(self) -> str:
        numbers = [[[parameter.data for parameter in neuron] for neuron in layer] for layer in self.layers]
        return f"RandomMLP({self.inputs!r}, {numbers!r}, {self.activation!r})"


@st.composite
def mlps(draw: st.DrawFn, activations: Sequence[str] | None = None, max_layers: int = 3, widest: int = 4) -> RandomMLP:
    """
    Draw small multi-layer perceptrons with weights and inputs.

    Parameters
    ----------
    activations
        Names of operations of one number to choose from; by default all that have a value everywhere.
    max_layers
        How many layers at most.
    widest
        How many inputs, and neurons in a layer, at most.

    Returns
    -------
    strategy of RandomMLP
        ``mlp(mlp.inputs)`` is a Value; the example prints as the call that makes it again.
    """
    everywhere = [
        op.name
        for op in TABLE.values()
        if not (op.internal or op.by_hand) and op.domain == (REALS,) and op.parameters == "x"
    ]
    widths = draw(st.lists(st.integers(1, widest), min_size=2, max_size=max_layers + 1))
    weight = st.floats(-2.0, 2.0, allow_subnormal=False)
    layers = [
        draw(st.lists(st.lists(weight, min_size=nin + 1, max_size=nin + 1), min_size=nout, max_size=nout))
        for nin, nout in pairwise(widths)
    ]
    inputs = draw(st.lists(weight, min_size=widths[0], max_size=widths[0]))
    mlp = RandomMLP(inputs, layers, draw(st.sampled_from(list(activations) if activations else everywhere)))
    try:
        out = mlp(inputs).data
    except ArithmeticError:  # exp(exp(10)) is too large for a float
        out = math.inf
    assume(math.isfinite(out))
    return mlp
