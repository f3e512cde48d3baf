"""What every part of a network is: something that has parameters."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from autograd import Value

if TYPE_CHECKING:
    from collections.abc import Iterator


class Module:
    """
    A part of a network; its parameters are the Values in its attributes.

    They are found in lists, tuples, dicts and other modules too, in the order in which the attributes were set.

    Examples
    --------
    >>> class Line(Module):
    ...     def __init__(self):
    ...         self.slope = Value(2.0)
    ...         self.offsets = [Value(1.0)]
    >>> [name for name, parameter in Line().named_parameters()]
    ['slope', 'offsets.0']
    """

    def parameters(self) -> list[Value]:
        """
        List the parameters; one that is shared, once.

        Returns
        -------
        list of Value
        """
        return [parameter for _, parameter in self.named_parameters()]

    def named_parameters(self) -> list[tuple[str, Value]]:
        """
        List the parameters with their names.

        Returns
        -------
        list of (str, Value)
            A name is the way to the parameter: ``layers.0.neurons.1.w.0``.
        """
        found: dict[Value, str] = {}
        for name, parameter in _values_in(self, ""):
            found.setdefault(parameter, name)
        return [(name, parameter) for parameter, name in found.items()]

    def zero_grad(self) -> None:
        """Set the gradients of all parameters to 0.0."""
        for parameter in self.parameters():
            parameter.grad = 0.0


def _values_in(part: Any, path: str) -> Iterator[tuple[str, Value]]:
    """Find every leaf in a module, a sequence or a dict."""
    if isinstance(part, Value):
        if not part.op:
            yield path, part
        return
    if isinstance(part, Module):
        items: Any = vars(part).items()
    elif isinstance(part, dict):
        items = part.items()
    elif isinstance(part, list | tuple):
        items = enumerate(part)
    else:
        return
    for name, inner in items:
        yield from _values_in(inner, f"{path}.{name}" if path else str(name))
