"""Where a function is checked: its inputs as leaves, and the lines through them along which it is evaluated."""

from __future__ import annotations

import inspect
import math
import random
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

from autograd.engine import Value
from autograd.errors import ARITHMETIC_ERRORS, ArgumentError, OperandError
from autograd.operands import number
from autograd.rules import ieee_operation

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence


_IDENTITY = ieee_operation("identity")


class Direction(NamedTuple):
    """
    A line through the point.

    Parameters
    ----------
    name
        Of the input, or of the direction.
    rates
        The leaves that change, each with how fast.
    at
        What the line's parameter is at the point.
    width
        A large change of it.
    is_axis
        Whether it is that of one input, whose data is the parameter.
    """

    name: str
    rates: dict[Value, float]
    at: float
    width: float
    is_axis: bool


class Point:
    """
    The inputs of a function as leaves, and the function of them.

    Parameters
    ----------
    f
        The function.
    inputs
        Numbers, Values, and lists of them. A number becomes a leaf, a Value stays what it is.
    """

    def __init__(self, f: Callable[..., Any], inputs: Any) -> None:
        if not isinstance(inputs, list | tuple):
            msg = f"gradcheck: inputs must be a list with an item for each argument of f, not {_said(inputs)}"
            raise OperandError(msg)
        self.f = f
        self.names: dict[Value, str] = {}
        places, self._takes_none = _places(f, inputs)
        self.arguments = [self._as_leaves(item, place) for item, place in zip(inputs, places, strict=True)]
        if not self.names:
            msg = "gradcheck: inputs must have at least one number or Value to differentiate by, not none"
            raise ArgumentError(msg)
        self.base = {leaf: leaf.data for leaf in self.names}

    def _as_leaves(self, item: Any, place: str) -> Any:
        if isinstance(item, list | tuple):
            return [self._as_leaves(inner, f"{place}[{index}]") for index, inner in enumerate(item)]
        if not isinstance(item, Value):
            item = Value(number(item, f"gradcheck: inputs: {place}"))
        elif item.op:
            msg = (
                f"gradcheck: inputs: {place} must be a number or a leaf, not the result of {item.op}: give its "
                "detach(), or the leaves it was computed from"
            )
            raise ArgumentError(msg)
        if not math.isfinite(item.data):
            msg = f"gradcheck: inputs: {place} must be finite, not {item.data!r}"
            raise ArgumentError(msg)
        self.names.setdefault(item, item.label or place)
        return item

    def root(self) -> Value:
        """
        Call the function.

        Returns
        -------
        Value
        """
        out = self.f() if self._takes_none else self.f(*self.arguments)
        if not isinstance(out, Value):
            return Value(number(out, "gradcheck: the result of f"))
        return _IDENTITY(out) if out in self.names else out  # an input goes back to what it was, a result does not

    @contextmanager
    def restored(self) -> Iterator[None]:
        """Leave the inputs' gradients as they were, whatever f does to them; their data is put back each time."""
        grads = {leaf: leaf.grad for leaf in self.names}
        try:
            yield
        finally:
            for leaf, grad in grads.items():
                leaf.grad = grad

    def reset(self) -> None:
        """Give the inputs their data again."""
        for leaf, data in self.base.items():
            leaf.data = data

    def evaluate(self, direction: Direction, x: float, compute: Callable[[], list[Value]]) -> list[Value]:
        """
        Compute nodes with the inputs moved.

        Parameters
        ----------
        direction
            Along which line.
        x
            The line's parameter.
        compute
            Makes the nodes.

        Returns
        -------
        list of Value
            Empty where there is no value.
        """
        try:
            for leaf, rate in direction.rates.items():
                leaf.data = x if direction.is_axis else self.base[leaf] + x * rate
            return compute()
        except ARITHMETIC_ERRORS:
            return []
        finally:
            self.reset()

    def axes(self) -> list[Direction]:
        """
        Give a line for each input.

        Returns
        -------
        list of Direction
        """
        return [
            Direction(name, {leaf: 1.0}, self.base[leaf], abs(self.base[leaf]) or 1.0, is_axis=True)
            for leaf, name in self.names.items()
        ]

    def random_directions(self, count: int, seed: int) -> list[Direction]:
        """
        Give lines along which all inputs change, each in proportion to its size.

        Parameters
        ----------
        count
            How many.
        seed
            Of the random numbers.

        Returns
        -------
        list of Direction
        """
        rng = random.Random(seed)  # noqa: S311 - no secret
        typical = math.fsum(map(abs, self.base.values())) / len(self.base) or 1.0
        return [
            Direction(
                f"direction {index + 1}",
                {
                    leaf: rng.choice((-1, 1)) * rng.uniform(0.5, 1) * (abs(x) or typical)
                    for leaf, x in self.base.items()
                },
                at=0.0,
                width=1.0,
                is_axis=False,
            )
            for index in range(count)
        ]


def _places(f: Callable[..., Any], inputs: Sequence[Any]) -> tuple[list[str], bool]:
    """Name the inputs as the function does; tell whether it takes none of them."""
    places = [f"inputs[{index}]" for index in range(len(inputs))]
    try:
        signature = inspect.signature(f)
    except ValueError:  # a builtin need not have one
        return places, False
    try:
        bound = signature.bind(*inputs)
    except TypeError:
        if signature.parameters:
            return places, False  # calling it says what is amiss
        return places, True
    places = []
    for name, value in bound.arguments.items():
        star = signature.parameters[name].kind is inspect.Parameter.VAR_POSITIONAL
        places += [f"{name}[{index}]" for index in range(len(value))] if star else [name]
    return places, False


def _said(given: Any) -> str:
    text = repr(given)
    return f"{type(given).__name__} {text if len(text) <= 40 else text[:37] + '...'}"
