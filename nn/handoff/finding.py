"""Finds how a part of a model is handed on, and which of its parameters are one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from autograd import Value
from autograd.errors import ArgumentError, OperandError, UnsupportedError
from autograd.ops import TABLE
from autograd.rules import operation, parameters, public_names
from nn.module import Module
from nn.state import shape_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from nn.layers import Layer, Neuron


def rule_for(part: Any, rules: Mapping[type, Any]) -> Any:
    """
    Find the rule for a part by its class, or by one that it is derived from and computes as.

    Parameters
    ----------
    part
        A module, of this package or of PyTorch.
    rules
        A rule for each class.

    Returns
    -------
    object or None
        None if there is none, or if a derived class computes something else.
    """
    own: Any = type(part)
    for known in own.__mro__:
        if known in rules:
            return rules[known] if own.forward is known.forward and own.__call__ is known.__call__ else None
    return None


def check_model(model: Any, who: str) -> None:
    """
    See that it is a model.

    Parameters
    ----------
    model
        What was given.
    who
        The function it was given to.

    Raises
    ------
    TypeError
        It is not a module.
    """
    if not isinstance(model, Module):
        msg = f"{who}: model must be a Module, not {type(model).__name__} {model!r}"
        raise OperandError(msg)


def unsupported(part: Any, path: str, who: str, target: str, instead: str) -> UnsupportedError:
    """
    Say that there is no rule for a part.

    Parameters
    ----------
    part
        The part.
    path
        Its name in the model.
    who
        The function that was called.
    target
        What knows no such part.
    instead
        What to do.

    Returns
    -------
    NotImplementedError
    """
    what = type(part).__name__ if hasattr(part, "forward") else f"function {getattr(part, '__name__', part)!s}"
    return UnsupportedError(
        f"{who}: {path or 'the model'} is a {what}, which {target} has no counterpart of; {instead}"
    )


def table_name(function: Any) -> str | None:
    """
    Find the operation of the table that a function is.

    Parameters
    ----------
    function
        As ``autograd.softmax``.

    Returns
    -------
    str or None

    Examples
    --------
    >>> import autograd
    >>> table_name(autograd.softmax), table_name(len)
    ('softmax', None)
    """
    name = getattr(function, "__name__", "")
    return name if name in public_names() and operation(name) is function else None


def options_of(name: str, options: Mapping[str, Any]) -> list[Any]:
    """
    List all further operands of an activation in order.

    Parameters
    ----------
    name
        The operation.
    options
        Those that are given.

    Returns
    -------
    list

    Examples
    --------
    >>> options_of("leaky_relu", {}), options_of("leaky_relu", {"slope": 0.2})
    ([0.01], [0.2])
    """
    return [options.get(each.name, float(each.default or "nan")) for each in parameters(TABLE[name])[1:]]


def biases_of(neurons: Sequence[Neuron], path: str, who: str) -> list[Value] | None:
    """
    List the biases of neurons.

    Parameters
    ----------
    neurons
        The neurons.
    path, who
        For the message.

    Returns
    -------
    list of Value, or None
        None if there are none.

    Raises
    ------
    ValueError
        Some have one and some not.
    """
    biases = [neuron.b for neuron in neurons if isinstance(neuron.b, Value)]
    if len(biases) == len(neurons):
        return biases
    if biases or any(neuron.b for neuron in neurons):
        msg = f"{who}: in {path or 'the model'} either every neuron must have a bias that is a parameter, or none"
        raise ArgumentError(msg)
    return None


def activation_of(layer: Layer, path: str, who: str) -> str:
    """
    Give the activation of a layer.

    Parameters
    ----------
    layer
        The layer.
    path, who
        For the message.

    Returns
    -------
    str

    Raises
    ------
    ValueError
        Its neurons have several.
    """
    names = {neuron.activation for neuron in layer.neurons}
    if len(names) > 1:
        msg = f"{who}: the neurons of {path or 'the model'} must have one activation, not {', '.join(sorted(names))}"
        raise ArgumentError(msg)
    return names.pop()


class Shared:
    """
    What has been made of parameters: those that are shared in a model are shared in what is made of it.

    Parameters
    ----------
    who
        The function that was called, for messages.
    """

    def __init__(self, who: str) -> None:
        self._who = who
        self._made: dict[tuple[Value, ...], Any] = {}
        self._seen: set[Value] = set()

    def get(self, values: Any, path: str, make: Callable[[], Any]) -> Any:
        """
        Make something of parameters, or find what was made.

        Parameters
        ----------
        values
            A parameter, or lists of one shape.
        path
            Their name.
        make
            Makes it.

        Returns
        -------
        object

        Raises
        ------
        ValueError
            Some of them are no parameters, or have been used among others.
        """
        if shape_of(values, Value) is None:
            msg = f"{self._who}: {path} must be parameters, in lists of one length, not {values!r:.80}"
            raise ArgumentError(msg)
        key = tuple(_flat(values))
        if key not in self._made:
            if len({*key}) != len(key) or not self._seen.isdisjoint(key):
                msg = (
                    f"{self._who}: {path} shares some of its parameters with others; it must share all of them, or none"
                )
                raise ArgumentError(msg)
            self._seen.update(key)
            self._made[key] = make()
        return self._made[key]


def _flat(values: Any) -> list[Value]:
    return [values] if isinstance(values, Value) else [each for part in values for each in _flat(part)]
