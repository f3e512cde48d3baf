"""Neurons, layers of them, and multi-layer perceptrons."""

from __future__ import annotations

import difflib
import random
from typing import TYPE_CHECKING, Any

import autograd
from autograd import Value
from autograd.errors import ArgumentError, OperandError
from autograd.ops import TABLE
from autograd.rules import operation, parameters, public_names
from nn.module import Module

if TYPE_CHECKING:
    from collections.abc import Sequence

_LINEAR = "linear"

#: The generator behind ``random.seed`` and ``random.uniform``.
_GLOBAL: random.Random = random.uniform.__self__  # type: ignore[attr-defined]


class Neuron(Module):
    """
    A weighted sum of the inputs plus a bias, and an activation.

    Parameters
    ----------
    nin
        Number of inputs.
    nonlin
        Whether the activation is applied.
    activation
        Name of an operation of one number, as ``"relu"`` or ``"tanh"``; ``"linear"`` for none.
    seed
        Seed or generator for the weights, uniform in [-1, 1]; by default Python's global one. The bias starts at 0.

    Raises
    ------
    TypeError, ValueError
        `nin` is no positive integer, or there is no such activation.

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
    ) -> None:
        positive(nin, "Neuron: nin")
        if not isinstance(nonlin, bool):
            msg = (
                f"Neuron: nonlin must be True or False, not {nonlin!r}; an activation is given as activation={nonlin!r}"
            )
            raise OperandError(msg)
        _check_activation(activation)
        self.activation = activation if nonlin else _LINEAR
        uniform = generator(seed).uniform
        self.w = [Value(uniform(-1, 1)) for _ in range(nin)]
        self.b = Value(0.0)

    def __call__(self, x: Sequence[Value | float]) -> Value:
        """
        Compute the output.

        Parameters
        ----------
        x
            The inputs.

        Returns
        -------
        Value

        Raises
        ------
        ValueError
            There are more or fewer inputs than weights.
        """
        if not hasattr(x, "__len__"):
            msg = f"{self!r} takes a sequence of {len(self.w)} inputs, not {type(x).__name__} {x!r}"
            raise OperandError(msg)
        if len(x) != len(self.w):
            msg = f"{self!r} takes {len(self.w)} inputs, not {len(x)}"
            raise ArgumentError(msg)
        total = autograd.dot(self.w, x, self.b)
        # looked up by name at each call: a neuron holds numbers and names alone, so that it can be pickled
        return total if self.activation == _LINEAR else operation(self.activation)(total)  # type: ignore[no-any-return]

    def __repr__(self) -> str:
        symbol = "Linear" if self.activation == _LINEAR else TABLE[self.activation].symbol
        return f"{symbol or self.activation.capitalize()}Neuron({len(self.w)})"


class Layer(Module):
    """
    Neurons that share their inputs.

    Parameters
    ----------
    nin
        Number of inputs.
    nout
        Number of neurons.
    nonlin, activation, seed
        As for `Neuron`.

    Raises
    ------
    TypeError, ValueError
        As `Neuron`.
    """

    def __init__(
        self,
        nin: int,
        nout: int,
        nonlin: bool = True,
        activation: str = "relu",
        seed: int | random.Random | None = None,
    ) -> None:
        positive(nout, "Layer: nout")
        rng = generator(seed)
        self.neurons = [Neuron(nin, nonlin, activation, rng) for _ in range(nout)]

    def __call__(self, x: Sequence[Value | float]) -> Any:
        """
        Compute the outputs.

        Parameters
        ----------
        x
            The inputs.

        Returns
        -------
        list of Value
            For a layer of one neuron the bare Value.

        Raises
        ------
        ValueError
            There are more or fewer inputs than weights.
        """
        return _bare(self.outputs(x))

    def outputs(self, x: Sequence[Value | float]) -> list[Value]:
        """
        Compute the outputs, as a list even for one neuron.

        Parameters
        ----------
        x
            The inputs.

        Returns
        -------
        list of Value
        """
        return [neuron(x) for neuron in self.neurons]

    def __repr__(self) -> str:
        return f"Layer of [{', '.join(map(repr, self.neurons))}]"


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
    seed
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
        self, nin: int, nouts: Sequence[int], activation: str = "relu", seed: int | random.Random | None = None
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
            Layer(widths[i], nout, i != len(nouts) - 1, activation, rng) for i, nout in enumerate(nouts)
        ]  # fmt: skip

    def __call__(self, x: Sequence[Value | float]) -> Any:
        """
        Compute the outputs.

        Parameters
        ----------
        x
            The inputs.

        Returns
        -------
        list of Value
            If the last layer has one neuron, the bare Value.

        Raises
        ------
        ValueError
            There are more or fewer inputs than weights.
        """
        for layer in self.layers:
            x = layer.outputs(x)
        return _bare(x)

    def __repr__(self) -> str:
        return f"MLP of [{', '.join(map(repr, self.layers))}]"


def _bare(outputs: Sequence[Any]) -> Any:
    return outputs[0] if len(outputs) == 1 else outputs


def generator(seed: int | random.Random | None) -> random.Random:
    """
    Give a source of random numbers.

    Parameters
    ----------
    seed
        An integer, a generator, or None for Python's global generator.

    Returns
    -------
    random.Random

    Raises
    ------
    TypeError
        `seed` is none of these.
    """
    if seed is None:
        return _GLOBAL
    if isinstance(seed, random.Random):
        return seed
    if isinstance(seed, int):
        return random.Random(seed)  # noqa: S311 - not for secrets
    msg = f"seed must be an integer, a random.Random or None, not {type(seed).__name__} {seed!r}"
    raise OperandError(msg)


def positive(count: int, role: str) -> None:
    """
    See that a count is a positive integer.

    Parameters
    ----------
    count
        The number.
    role
        What it counts; the messages begin with it.

    Raises
    ------
    TypeError
        It is not an integer.
    ValueError
        It is below one.
    """
    if not isinstance(count, int) or isinstance(count, bool):
        msg = f"{role} must be an integer, not {type(count).__name__} {count!r}"
        raise OperandError(msg)
    if count < 1:
        msg = f"{role} must be at least 1, not {count}"
        raise ArgumentError(msg)


def _check_activation(name: str) -> None:
    known = [op for op in public_names() if _takes_one_number(op)]
    if name != _LINEAR and name not in known:
        near = difflib.get_close_matches(str(name), [*known, _LINEAR], 1)
        hint = f"did you mean {near[0]!r}?" if near else f"known are {', '.join([*known, _LINEAR])}"
        msg = f"activation must name an operation of one number, not {name!r}; {hint}"
        raise ArgumentError(msg)


def _takes_one_number(name: str) -> bool:
    first, *others = parameters(TABLE[name])
    return first.kind == "scalar" and all(parameter.default for parameter in others)
