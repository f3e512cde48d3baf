"""Computes a graph node by node, as Python's floats do: what has no value raises, as where the graph is made."""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING, Any

from autograd.engine import Value
from autograd.errors import ARITHMETIC_ERRORS, failure
from autograd.ops import TABLE
from autograd.rules.parameters import group, parameters
from autograd.rules.reading import FLOATS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from autograd.program.graph import Graph


def replay(graph: Graph, inputs: Sequence[float], params: Sequence[float]) -> array[float]:
    """
    Compute all nodes of a graph.

    Parameters
    ----------
    graph
        The graph.
    inputs, params
        Their numbers.

    Returns
    -------
    array of float
        The number of each node.

    Raises
    ------
    ArithmeticError, ValueError
        What an operation raises outside of its domain; the message names it and the operands.
    """
    given = {"constant": graph.numbers, "input": inputs, "param": params}
    numbers = array("d")
    for name, operands in graph.nodes():
        if name in given:
            numbers.append(given[name][operands[0]])
            continue
        try:
            numbers.append(_computed(name, [numbers[operand] for operand in operands]))
        except ARITHMETIC_ERRORS as error:
            labels = graph.labels
            said = [Value(numbers[operand], labels.get(operand, "")) for operand in operands]
            raise failure(error, name, said) from None
    return numbers


def _computed(name: str, numbers: list[float]) -> Any:
    op = TABLE[name]
    grouped = group(op, numbers)
    starred = parameters(op)[0].kind == "star"
    return FLOATS.value(name)(*(grouped[0] if starred else grouped))
