"""How a node is said: the texts of the table, filled with names and numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from autograd.engine import Value
from autograd.ops import TABLE
from autograd.rules import parameters
from autograd.rules.patterns import RESULT, call_pattern, value_pattern
from autograd.rules.printing import name_as_latex
from autograd.stepping.naming import as_operand
from autograd.stepping.step import Quantity, Sentence, Step

if TYPE_CHECKING:
    from collections.abc import Mapping

    from autograd.rules.patterns import Pattern
    from autograd.stepping.passes import Passes


class Wording(NamedTuple):
    """
    What the steps of a graph are said with.

    Parameters
    ----------
    passes
        The numbers.
    names
        A name for each node.
    """

    passes: Passes
    names: Mapping[Value, str]

    def number(self, operand: Value | float) -> float:
        """Give the number of an operand."""
        return self.passes.data[self.passes.place[operand]] if isinstance(operand, Value) else operand

    def in_names(self, pattern: Pattern, node: Value) -> str:
        """Fill a pattern with the names of a node's operands; constants stand as they are."""
        return pattern.fill(pattern.source, self._fillings(pattern, node, as_operand))

    def in_latex(self, pattern: Pattern, node: Value) -> str:
        """Fill a pattern as LaTeX."""
        return pattern.fill(pattern.latex, self._fillings(pattern, node, name_as_latex))

    def _fillings(self, pattern: Pattern, node: Value, write: Any) -> list[str]:
        operands = node.operands
        fillings = []
        for slot, place in enumerate(pattern.operands):
            operand = node if place == RESULT else operands[place]
            if isinstance(operand, Value):
                fillings.append(write(self.names[operand]))
            else:
                fillings.append(Quantity("operand", 0, place, tight=slot in pattern.tight).written(operand))
        return fillings


def forward_step(said: Wording, place: int) -> Step:
    """
    Say how a node is computed.

    Parameters
    ----------
    said
        The names and numbers.
    place
        Of the node in the topological order.

    Returns
    -------
    Step
    """
    node = said.passes.order[place]
    op, operands = TABLE[node.op], node.operands
    last = parameters(op)[-1]
    # an operand that was not given stands as the default that means nothing
    without_last = last.default == "None" and not isinstance(operands[-1], Value) and operands[-1] == 0.0
    pattern = call_pattern(op, len(operands), without_last=without_last)
    name = said.names[node]
    return Step(
        phase="forward",
        node=node,
        parent=None,
        argument=None,
        before=0.0,
        after=said.passes.data[place],
        edges=tuple((place, argument) for argument, operand in enumerate(operands) if isinstance(operand, Value)),
        symbols=f"{name} = {said.in_names(pattern, node)}",
        latex=f"{name_as_latex(name)} = {said.in_latex(pattern, node)}",
        rule="",
        sentence=_computed(said, place, pattern),
        source=source_of(node),
    )


def opened(said: Wording, place: int) -> Sentence:
    """
    Say how a node is computed, with the operation written out.

    Parameters
    ----------
    said
        The names and numbers.
    place
        Of the node in the topological order.

    Returns
    -------
    Sentence
    """
    node = said.passes.order[place]
    return _computed(said, place, value_pattern(TABLE[node.op], len(node.operands)))


def _computed(said: Wording, place: int, pattern: Pattern) -> Sentence:
    node = said.passes.order[place]
    operands = node.operands
    written = pattern.fill(escaped(pattern.source), ["{}"] * len(pattern.operands))
    slots = pattern.slots
    return Sentence(
        f"{escaped(f'{said.names[node]} = {said.in_names(pattern, node)}')} = {written} = {{}}",
        (
            *(Quantity("operand", place, pattern.operands[slot], tight=slot in pattern.tight) for slot in slots),
            Quantity("data", place),
        ),
        (*(said.number(operands[pattern.operands[slot]]) for slot in slots), said.passes.data[place]),
    )


def escaped(text: str) -> str:
    """
    Write a text as it stands in a line for `str.format`.

    Parameters
    ----------
    text
        Perhaps with braces.

    Returns
    -------
    str
    """
    return text.replace("{", "{{").replace("}", "}}")


def source_of(node: Value) -> Any:
    """
    Give the line that made a node.

    Parameters
    ----------
    node
        The node.

    Returns
    -------
    SourceLine or None
    """
    return getattr(node, "source", None)
