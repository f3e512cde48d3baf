"""Neurons, layers of them, and multi-layer perceptrons."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import autograd
from autograd import Value
from autograd.arguments import flag
from autograd.errors import ArgumentError, OperandError
from nn.activations import LINEAR, activation, check_activation, module_name
from nn.arguments import generator, positive
from nn.containers import chain
from nn.examples import check_width, has_examples, on_examples
from nn.initialisers import initialise
from nn.module import Module

if TYPE_CHECKING:
    import random
    from collections.abc import Sequence

__all__ = ["MLP", "Layer", "Linear", "Neuron", "generator", "positive"]


class Neuron(Module):
    """
    A weighted sum of the inputs plus a bias, and an activation: a = f(w·x + b).

    Parameters
    ----------
    nin
        Number of inputs.
    nonlin
        Whether the activation is applied.
    activation
        Name of an operation of one number, as ``"relu"`` or ``"tanh"``; ``"linear"`` for none.
    seed
        Seed or generator for the weights; by default Python's global one.
    init
        Name of an initialiser for the weights (``nn.init``); by default uniform in [-1, 1]. The bias starts at 0.
    bias
        Whether there is a bias.

    Raises
    ------
    TypeError, ValueError
        `nin` is no positive integer, or there is no such activation or initialiser.

    Examples
    --------
    >>> Neuron(2, seed=0)
    ReLUNeuron(2)
    """

    def __init__(
        self,
        nin: int,
        nonlin: bool = True,
        activation: str = "relu",
        seed: int | random.Random | None = None,
        *,
        init: str = "uniform",
        bias: bool = True,
    ) -> None:
        positive(nin, "Neuron: nin")
        if not isinstance(nonlin, bool):
            msg = (
                f"Neuron: nonlin must be True or False, not {nonlin!r}; an activation is given as activation={nonlin!r}"
            )
            raise OperandError(msg)
        check_activation(activation)
        self.activation = activation if nonlin else LINEAR
        self.w = [Value(0.0) for _ in range(nin)]
        self.b = Value(0.0) if flag(bias, "Neuron: bias") else 0.0
        initialise([self.w], init, self.activation, seed)

    def __call__(self, x: Sequence[Any]) -> Any:
        """
        Compute the output.

        Parameters
        ----------
        x
            The inputs, or a list of examples.

        Returns
        -------
        Value
            For a list of examples a list of Values.

        Raises
        ------
        ValueError
            There are more or fewer inputs than weights.
        """
        return on_examples(_bare, self.outputs(x))

    def forward(self, x: Sequence[Any]) -> list[Any]:
        """
        Compute the output.

        Parameters
        ----------
        x
            The inputs, or a list of examples.

        Returns
        -------
        list
            Of one Value; for a list of examples, such a list for each.
        """
        return _each_through([self], x)

    def __repr__(self) -> str:
        return f"{'Linear' if self.activation == LINEAR else module_name(self.activation)}Neuron({len(self.w)})"


class Layer(Module):
    """
    Neurons that share their inputs: a = f(W x + b).

    Parameters
    ----------
    nin
        Number of inputs.
    nout
        Number of neurons.
    nonlin, activation, seed, init, bias
        As for `Neuron`.

    Raises
    ------
    TypeError, ValueError
        As `Neuron`.

    Examples
    --------
    >>> layer = Layer(2, 3, activation="tanh", seed=0)
    >>> len(layer([1.0, -1.0])), len(layer.parameters())
    (3, 9)
    """

    whole = True

    def __init__(
        self,
        nin: int,
        nout: int,
        nonlin: bool = True,
        activation: str = "relu",
        seed: int | random.Random | None = None,
        *,
        init: str = "uniform",
        bias: bool = True,
    ) -> None:
        positive(nout, "Layer: nout")
        self.neurons = [Neuron(nin, nonlin, activation, init="zeros", bias=bias) for _ in range(nout)]
        initialise(self.weight, init, self.neurons[0].activation, seed)

    @property
    def weight(self) -> list[list[Value]]:
        """The weights, a row for each neuron."""
        return [neuron.w for neuron in self.neurons]

    @property
    def bias(self) -> list[Value] | None:
        """The biases, one for each neuron; None if there are none."""
        biases = [neuron.b for neuron in self.neurons if isinstance(neuron.b, Value)]
        return biases or None

    def __call__(self, x: Sequence[Any]) -> Any:
        """
        Compute the outputs.

        Parameters
        ----------
        x
            The inputs, or a list of examples.

        Returns
        -------
        list of Value
            For a layer of one neuron the bare Value. For a list of examples, what there is for each.

        Raises
        ------
        ValueError
            There are more or fewer inputs than weights.
        """
        return on_examples(_bare, self.outputs(x))

    def forward(self, x: Sequence[Any]) -> list[Any]:
        """
        Compute the outputs, as a list even for one neuron.

        Parameters
        ----------
        x
            The inputs, or a list of examples.

        Returns
        -------
        list of Value
        """
        return _each_through(self.neurons, x)

    def extra_repr(self) -> str:
        """
        Say its widths and its activation.

        Returns
        -------
        str
        """
        return f"{len(self.neurons[0].w)} to {len(self.neurons)}, {self.neurons[0].activation}"

    def __repr__(self) -> str:
        return f"Layer of [{', '.join(map(repr, self.neurons))}]"


class Linear(Layer):
    """
    A layer without activation, as PyTorch's: W x + b.

    Parameters
    ----------
    in_features, out_features
        Numbers of inputs and of neurons.
    bias
        Whether there are biases.
    seed, init
        As for `Neuron`; by default the weights are uniform with variance 1 / `in_features`.

    Raises
    ------
    TypeError, ValueError
        As `Neuron`.

    Examples
    --------
    >>> len(Linear(2, 1, seed=0)([1.0, -1.0]))
    1
    """

    def __init__(
        self,
        in_features: int,
        out_features: int,
        bias: bool = True,
        *,
        seed: int | random.Random | None = None,
        init: str = "lecun_uniform",
    ) -> None:
        super().__init__(in_features, out_features, nonlin=False, seed=seed, init=init, bias=bias)

    def __call__(self, x: Sequence[Any]) -> Any:
        """
        Compute the outputs.

        Parameters
        ----------
        x
            The inputs, or a list of examples.

        Returns
        -------
        list of Value
            One for each neuron; for a list of examples, such a list for each.
        """
        return self.outputs(x)

    def extra_repr(self) -> str:
        """
        Say its widths.

        Returns
        -------
        str
        """
        return f"{len(self.neurons[0].w)}, {len(self.neurons)}" + ("" if self.bias else ", bias=False")

    def __repr__(self) -> str:
        return f"Linear({self.extra_repr()})"


class MLP(Module):
    """
    A multi-layer perceptron: layers in a row, the last one linear.

    Parameters
    ----------
    nin
        Number of inputs.
    nouts
        Number of neurons in each layer.
    activation
        Of all layers but the last.
    seed, init
        As for `Neuron`.

    Raises
    ------
    TypeError, ValueError
        As `Neuron`.

    Examples
    --------
    >>> MLP(2, [2, 1], seed=0)
    MLP of [Layer of [ReLUNeuron(2), ReLUNeuron(2)], Layer of [LinearNeuron(2)]]
    """

    def __init__(
        self,
        nin: int,
        nouts: Sequence[int],
        activation: str = "relu",
        seed: int | random.Random | None = None,
        *,
        init: str = "uniform",
    ) -> None:
        if not isinstance(nouts, list | tuple):
            msg = f"MLP: nouts must be a list with the number of neurons of each layer, not {nouts!r}"
            raise OperandError(msg)
        if not nouts:
            msg = "MLP: nouts must have the number of neurons of at least one layer, but it is empty"
            raise ArgumentError(msg)
        rng = generator(seed)
        widths = [nin, *nouts]
        self.layers = [
            Layer(widths[i], nout, i != len(nouts) - 1, activation, rng, init=init) for i, nout in enumerate(nouts)
        ]

    def __call__(self, x: Sequence[Any]) -> Any:
        """
        Compute the outputs.

        Parameters
        ----------
        x
            The inputs, or a list of examples.

        Returns
        -------
        list of Value
            If the last layer has one neuron, the bare Value. For a list of examples, what there is for each.

        Raises
        ------
        ValueError
            There are more or fewer inputs than weights.
        """
        return on_examples(_bare, self.outputs(x))

    def forward(self, x: Sequence[Any]) -> Any:
        """
        Compute the outputs, as a list even if the last layer has one neuron.

        Parameters
        ----------
        x
            The inputs, or a list of examples.

        Returns
        -------
        list of Value
        """
        return chain(self.layers, x)

    def __repr__(self) -> str:
        return f"MLP of [{', '.join(map(repr, self.layers))}]"


def _each_through(neurons: Sequence[Neuron], x: Any) -> list[Any]:
    """Apply neurons to an example, or to each of many."""
    if has_examples(x):
        return [_each_through(neurons, each) for each in x]
    first = neurons[0]
    check_width(x, len(first.w), first)
    # looked up by name at each call: a neuron holds numbers and names alone, so that it can be pickled
    weighted = [autograd.dot(neuron.w, x, neuron.b) for neuron in neurons]
    if first.activation == LINEAR:
        return weighted
    apply = activation(first.activation)
    return [apply(each) for each in weighted]


def _bare(outputs: Sequence[Any]) -> Any:
    return outputs[0] if len(outputs) == 1 else outputs
