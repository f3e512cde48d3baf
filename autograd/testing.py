"""Hypothesis strategies for tests of code that is built on Values: numbers, nodes, and random expressions."""

from __future__ import annotations

import math
import operator
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from autograd.engine import Value
from autograd.entry import REALS
from autograd.errors import MissingExtraError
from autograd.ops import TABLE
from autograd.rules import operation, parameters

try:
    from hypothesis import strategies as st
except ImportError as error:
    _MESSAGE = "autograd.testing needs hypothesis: pip install 'chainrule[test]'"
    raise MissingExtraError(_MESSAGE) from error

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_OPEN = {"(": True, "[": False, ")": True, "]": False}


def floats_in(domain: str, largest: float = 100.0) -> st.SearchStrategy[float]:
    """
    Draw floats from an interval.

    Parameters
    ----------
    domain
        As in the table: ``"(0, inf)"``, ``"[-1, 1]"``.
    largest
        Bound on the magnitude where the interval has none.

    Returns
    -------
    strategy of float

    Examples
    --------
    >>> floats_in("[0, 1]")
    floats(min_value=0.0, max_value=1.0, allow_subnormal=False)
    """
    low, high = (float(end) for end in domain[1:-1].split(","))
    if _OPEN[domain[0]]:
        low = math.nextafter(low, math.inf)
    if _OPEN[domain[-1]]:
        high = math.nextafter(high, -math.inf)
    return st.floats(max(low, -largest), min(high, largest), allow_subnormal=False)


def values(domain: str = "(-inf, inf)") -> st.SearchStrategy[Value]:
    """
    Draw leaves.

    Parameters
    ----------
    domain
        Where their data lie.

    Returns
    -------
    strategy of Value
    """
    return st.builds(Value, floats_in(domain))


class RandomExpression:
    """
    An expression as a list of operations, and numbers at which it has a value.

    Parameters
    ----------
    inputs
        A number for each argument.
    operations
        Each the name of an operation and its operands: a number, or the place of an earlier result, where the inputs
        have the first places.
    """

    def __init__(self, inputs: Sequence[float], operations: Sequence[tuple[str, tuple[Any, ...]]]) -> None:
        self.inputs = list(inputs)
        self.operations = list(operations)

    def __call__(self, *arguments: Any, functions: Callable[[str], Callable[..., Any]] | None = None) -> Any:
        """
        Compute the expression.

        Parameters
        ----------
        *arguments
            Values or numbers.
        functions
            Gives the function for the name of an operation; by default those of Values. Operations of a sequence are
            called with a list.

        Returns
        -------
        Value or number
            The last result.
        """
        lookup = functions or function_named
        results = list(arguments)
        for name, operands in self.operations:
            given = [results[operand] if isinstance(operand, int) else operand for operand in operands]
            results.append(call_by_name(lookup, name, given))
        return results[-1]

    def __repr__(self) -> str:
        names = [f"x{i}" for i in range(len(self.inputs))]
        lines = [f"def f({', '.join(names)}):"]
        for number, (name, operands) in enumerate(self.operations):
            given = [names[operand] if isinstance(operand, int) else repr(operand) for operand in operands]
            names.append(f"v{number}")
            lines.append(f"    v{number} = {call_by_name(_printer, name, given)}")
        return "\n".join([*lines, f"    return {names[-1]}", f"f{tuple(self.inputs)!r}"])


def function_named(name: str) -> Callable[..., Any]:
    """
    Give the function of Values or floats for an operation, be it a function or an operator.

    Parameters
    ----------
    name
        The operation.

    Returns
    -------
    function
    """
    return getattr(operator, name) if TABLE[name].by_hand else operation(name)


def call_by_name(lookup: Callable[[str], Callable[..., Any]], name: str, operands: Sequence[Any]) -> Any:
    """
    Call an operation with its operands in a row; those of a sequence go into lists.

    Parameters
    ----------
    lookup
        Gives the function for a name.
    name
        The operation.
    operands
        As many for each sequence.

    Returns
    -------
    Value or number
    """
    kinds = [parameter.kind for parameter in parameters(TABLE[name])]
    sequences = kinds.count("sequence")
    if not sequences:
        return lookup(name)(*operands)
    length = (len(operands) - (len(kinds) - sequences)) // sequences
    rest = iter(operands)
    return lookup(name)(*([next(rest) for _ in range(length)] if kind == "sequence" else next(rest) for kind in kinds))


def _printer(name: str) -> Callable[..., str]:
    if TABLE[name].by_hand:
        symbol = TABLE[name].symbol
        return lambda *operands: f" {symbol} ".join(operands) if len(operands) > 1 else symbol + operands[0]
    return lambda *operands: f"autograd.{name}({', '.join(str(operand).replace(chr(39), '') for operand in operands)})"


def scalar_operations() -> list[str]:
    """
    List the operations whose result is one number.

    Returns
    -------
    list of str
    """
    return [op.name for op in TABLE.values() if not op.internal and not op.value.startswith("[")]


@st.composite
def expressions(
    draw: st.DrawFn,
    ops: Sequence[str] | None = None,
    max_ops: int = 10,
    n_inputs: int | None = None,
    largest: float = 100.0,
) -> RandomExpression:
    """
    Draw expressions with shared parts and repeated operands, at inputs where they have a value.

    Parameters
    ----------
    ops
        Names of the operations to use; by default all of the table that give one number.
    max_ops
        How many operations at most; there is at least one.
    n_inputs
        How many inputs; by default one to three.
    largest
        Bound on the magnitude of every number that occurs.

    Returns
    -------
    strategy of RandomExpression
        A failing one shrinks to few operations, and prints as Python.
    """
    names = list(ops) if ops is not None else scalar_operations()
    count = draw(st.integers(1, 3)) if n_inputs is None else n_inputs
    inputs = [draw(floats_in("(-inf, inf)", min(largest, 3.0))) for _ in range(count)]
    results = list(inputs)
    chosen: list[tuple[str, tuple[Any, ...]]] = []
    for _ in range(draw(st.integers(1, max_ops))):
        name = draw(st.sampled_from(names))
        operands = draw(_operands(name, len(results)))
        numbers = [results[operand] if isinstance(operand, int) else operand for operand in operands]
        try:
            out = call_by_name(function_named, name, numbers)
        except (ArithmeticError, ValueError):
            continue
        if isinstance(out, float) and abs(out) <= largest:
            results.append(out)
            chosen.append((name, operands))
    if not chosen:
        chosen.append(("neg", (0,)))
    return RandomExpression(inputs, chosen)


@st.composite
def _operands(draw: st.DrawFn, name: str, known: int) -> tuple[Any, ...]:
    """Draw places of earlier results, now and then a number; the first is a place, so all depends on the inputs."""
    place = st.integers(0, known - 1)
    operand = st.one_of(place, place, floats_in("(-inf, inf)", 3.0))
    length = draw(st.integers(1, 3))
    counts = [1 if parameter.kind == "scalar" else length for parameter in parameters(TABLE[name])]
    return (draw(place), *(draw(operand) for _ in range(sum(counts) - 1)))


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
    return RandomMLP(inputs, layers, draw(st.sampled_from(list(activations) if activations else everywhere)))
