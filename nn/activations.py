"""Activations, by name and as modules: every operation of the table that takes one number, and those like softmax."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from autograd import Value
from autograd.errors import ArgumentError, OperandError
from autograd.operands import number
from autograd.ops import TABLE
from autograd.rules import operation, parameters, public_names
from nn.arguments import choose, listed, nearest
from nn.examples import on_examples
from nn.module import Module

if TYPE_CHECKING:
    from collections.abc import Callable

#: The name of no activation.
LINEAR = "linear"


def check_activation(name: str) -> None:
    """
    See that there is an activation for a neuron.

    Parameters
    ----------
    name
        Of an operation of one number, or ``"linear"``.

    Raises
    ------
    ValueError
        There is no such operation; the message has the nearest name.
    """
    known = [*(op for op in public_names() if _takes_one_number(op)), LINEAR]
    if not isinstance(name, str) or name not in known:
        hint = nearest(str(name), known) or f"; known are {', '.join(known)}"
        msg = f"activation must name an operation of one number, not {name!r}{hint}"
        raise ArgumentError(msg)


def activation(name: str) -> Callable[[Any], Any]:
    """
    Give the function of an activation.

    Parameters
    ----------
    name
        Of an operation of one number, or ``"linear"``.

    Returns
    -------
    function

    Examples
    --------
    >>> activation("relu")(-2.0), activation("linear")(-2.0)
    (0.0, -2.0)
    """
    return _same if name == LINEAR else operation(name)


def _same(x: Any) -> Any:
    return x


class Activation(Module):
    """
    An activation as a module: applied to each number, or, as softmax is, to each list of numbers.

    ``nn.ReLU()``, ``nn.Tanh()``, ``nn.LeakyReLU(0.2)``, ``nn.Softmax()`` and so on are the same: each such operation of
    the table has its module, in any spelling that begins with a capital.

    Parameters
    ----------
    name
        The operation's.
    *options, **named
        For its further parameters, in order or by name: numbers, or Values to be trained.

    Raises
    ------
    TypeError, ValueError
        There is no such operation, or it has no such parameters.

    Examples
    --------
    >>> Activation("relu")([-1.0, 2.0])
    [0.0, 2.0]
    >>> import nn
    >>> nn.LeakyReLU(0.1)([-1.0, 2.0])
    [-0.1, 2.0]
    """

    def __init__(self, name: str, *options: Any, **named: Any) -> None:
        choose(name, dict.fromkeys(_modules().values()), "activation")
        self.name = name
        expected = [parameter.name for parameter in parameters(TABLE[name])[1:]]
        if len(options) > len(expected) or not set(named) <= set(expected[len(options) :]):
            takes = f"takes {listed(expected)}" if expected else "takes nothing else"
            given = [*map(repr, options), *(f"{key}={option!r}" for key, option in named.items())]
            msg = f"{module_name(name)} {takes}, not {', '.join(given)}"
            raise OperandError(msg)
        given_options = {**dict(zip(expected, options)), **named}
        self.options = {
            key: option if isinstance(option, Value) else number(option, f"{module_name(name)}: {key}")
            for key, option in given_options.items()
        }

    def forward(self, x: Any) -> Any:
        """
        Apply it.

        Parameters
        ----------
        x
            A number, a list of them, or a list of examples.

        Returns
        -------
        Value or list of Value
        """
        apply = operation(self.name)
        if not _takes_one_number(self.name):
            return on_examples(apply, x)
        if not hasattr(x, "__len__"):
            return apply(x, **self.options)
        return on_examples(lambda numbers: [apply(each, **self.options) for each in numbers], x)

    def extra_repr(self) -> str:
        """
        Say its options.

        Returns
        -------
        str
        """
        return ", ".join(
            f"{key}={option.data if isinstance(option, Value) else option}" for key, option in self.options.items()
        )

    def __repr__(self) -> str:
        return f"{module_name(self.name)}({self.extra_repr()})"


def module_name(name: str) -> str:
    """
    Spell an operation as a module.

    Parameters
    ----------
    name
        The operation's.

    Returns
    -------
    str

    Examples
    --------
    >>> module_name("relu"), module_name("leaky_relu"), module_name("tanh")
    ('ReLU', 'LeakyReLU', 'Tanh')
    """
    words = name.split("_")
    symbols = [TABLE[word].symbol if word in TABLE else "" for word in words]
    return "".join(symbol if symbol.isalpha() else word.capitalize() for word, symbol in zip(words, symbols))


def module_class(spelling: str) -> type[Activation] | None:
    """
    Give the module of an activation.

    Parameters
    ----------
    spelling
        Its name, as ``"LeakyReLU"``: with a capital, without underscores.

    Returns
    -------
    class, or None
        None if there is no such activation.
    """
    found = _modules().get(spelling.lower()) if spelling[:1].isupper() else None
    return None if found is None else _class_of(found)


@cache
def _class_of(name: str) -> type[Activation]:
    def __init__(self: Activation, *options: Any, **named: Any) -> None:  # noqa: N807 - it becomes the method
        Activation.__init__(self, name, *options, **named)

    doc = f"{TABLE[name].doc}\n\n`Activation` of ``{name}``.\n"
    return type(module_name(name), (Activation,), {"__init__": __init__, "__doc__": doc, "__module__": __name__})


def module_names() -> list[str]:
    """
    List the modules of activations.

    Returns
    -------
    list of str
    """
    return [module_name(name) for name in _modules().values()]


def _modules() -> dict[str, str]:
    """Give the operations that have modules, by their spellings in small letters."""
    names = [name for name in public_names() if _takes_one_number(name) or _maps_a_list(name)]
    return {name.replace("_", ""): name for name in names}


def _takes_one_number(name: str) -> bool:
    first, *others = parameters(TABLE[name])
    return first.kind == "scalar" and all(parameter.default for parameter in others)


def _maps_a_list(name: str) -> bool:
    return parameters(TABLE[name])[0].kind == "sequence" and TABLE[name].value.startswith("[")


def __getattr__(name: str) -> type[Activation]:
    """Make the module of an activation when it is first asked for."""
    found = module_class(name)
    if found is None:
        msg = f"module {__name__!r} has no attribute {name!r}{nearest(name, module_names())}"
        raise AttributeError(msg)
    return found
