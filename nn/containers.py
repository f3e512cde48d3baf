"""Modules made of modules."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from autograd.errors import ArgumentError, OperandError
from nn.examples import is_sequence
from nn.module import Module
from nn.walking import is_module

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


def chain(parts: Iterable[Module], x: Any) -> Any:
    """
    Hand the outputs of each module to the next.

    Parameters
    ----------
    parts
        The modules.
    x
        Inputs of the first.

    Returns
    -------
    list of Value
        The outputs of the last.
    """
    for part in parts:
        out = part.outputs(x) if hasattr(part, "outputs") else part(x)
        x = out if is_sequence(out) else [out]  # a module of one's own may give a bare Value
    return x


class Sequential(Module):
    """
    Modules in a row: the outputs of each are the inputs of the next.

    Parameters
    ----------
    *layers
        The modules. A function, as ``autograd.softmax``, may stand among them.

    Raises
    ------
    TypeError
        One of them is neither a module nor a function.
    ValueError
        There are none.

    Examples
    --------
    >>> import nn
    >>> model = Sequential(nn.Linear(2, 3, seed=0), nn.Tanh(), nn.Linear(3, 1, seed=1))
    >>> model
    Sequential of [Linear(2, 3), Tanh(), Linear(3, 1)]
    >>> len(model([1.0, -1.0]))
    1
    """

    def __init__(self, *layers: Module) -> None:
        if not layers:
            msg = "Sequential: there must be at least one module"
            raise ArgumentError(msg)
        for layer in layers:
            _check_module(layer, "Sequential: a part")
        self.layers = list(layers)

    def forward(self, x: Any) -> Any:
        """
        Compute the outputs.

        Parameters
        ----------
        x
            The inputs, or a list of examples.

        Returns
        -------
        list of Value
            A list even for one output.
        """
        return chain(self.layers, x)

    def __len__(self) -> int:
        return len(self.layers)

    def __getitem__(self, index: int) -> Module:
        return self.layers[index]

    def __iter__(self) -> Iterator[Module]:
        return iter(self.layers)

    def __repr__(self) -> str:
        return f"Sequential of [{', '.join(map(repr, self.layers))}]"


class Residual(Module):
    """
    A module with a way around it: x + f(x), so that gradients reach what is below however small those of f are.

    Parameters
    ----------
    *layers
        f: a module, or several in a row. It has as many outputs as inputs.

    Raises
    ------
    TypeError, ValueError
        As `Sequential`.

    References
    ----------
    He, Zhang, Ren, Sun: Deep Residual Learning for Image Recognition, 2015.

    Examples
    --------
    >>> import nn
    >>> Residual(nn.ReLU())([-1.0, 2.0])
    [-1.0, 4.0]
    """

    def __init__(self, *layers: Module) -> None:
        if not layers:
            msg = "Residual: there must be at least one module"
            raise ArgumentError(msg)
        for layer in layers:
            _check_module(layer, "Residual: a part")
        self.layers = list(layers)

    def forward(self, x: Any) -> Any:
        """
        Compute the outputs.

        Parameters
        ----------
        x
            The inputs, or a list of examples.

        Returns
        -------
        list of Value

        Raises
        ------
        ValueError
            There are more or fewer outputs than inputs.
        """
        return self._added(x, chain(self.layers, x))

    def _added(self, x: Any, out: Any) -> Any:
        if not is_sequence(x):
            return x + out
        if not is_sequence(out) or len(x) != len(out):
            count = len(out) if is_sequence(out) else 1
            msg = f"{self!r} needs as many outputs as inputs to add them, but has {count} for {len(x)}"
            raise ArgumentError(msg)
        return [self._added(one, other) for one, other in zip(x, out, strict=True)]

    def __repr__(self) -> str:
        return f"Residual of [{', '.join(map(repr, self.layers))}]"


def _check_module(part: Any, role: str) -> None:
    if isinstance(part, type):
        msg = f"{role} must be a module, but {part.__name__} is a class: write {part.__name__}(...)"
        raise OperandError(msg)
    if not is_module(part) and not callable(part):
        msg = f"{role} must be a module, not {type(part).__name__} {part!r}"
        raise OperandError(msg)
