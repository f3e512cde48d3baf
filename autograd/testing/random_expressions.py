"""Random expressions: graphs with shared parts and repeated operands."""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from autograd.ops import TABLE
from autograd.rules import operation, parameters
from autograd.testing.leaves import floats_in

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


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
