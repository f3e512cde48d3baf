"""Puts a graph on a tape: the forward pass from its nodes, the backward pass by the chain rule."""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING, NamedTuple

from autograd.ops import TABLE
from autograd.program.lowering import contribution_of, is_always_taken, partial_of, taken_of, value_of
from autograd.program.pausing import collector_paused
from autograd.program.tape import SOURCES
from autograd.rules.parameters import group, parameters

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from autograd.entry import Op
    from autograd.program.graph import Graph
    from autograd.program.tape import Tape

#: So many products, or more, are one instruction with their sum.
_LONG = 4


@collector_paused()
def put_forward(tape: Tape, graph: Graph) -> array[int]:
    """
    Append what computes the nodes of a graph.

    Parameters
    ----------
    tape
        Where to.
    graph
        The nodes.

    Returns
    -------
    array of int
        For each node the place of its number on the tape.
    """
    place = array("i")
    rules: dict[str, _Rule] = {}
    for name, operands in graph.nodes():
        if name == "constant":
            place.append(tape.constant(graph.numbers[operands[0]]))
        elif name in SOURCES:
            place.append(tape.source(name, operands[0]))
        else:
            rule = _rule_of(name, rules)
            given = [place[operand] for operand in operands]
            place.append(rule.value(tape, *(given if rule.is_flat else rule.grouped(given))))
    return place


@collector_paused()
def put_backward(tape: Tape, graph: Graph, place: Sequence[int], root: int, leaves: Sequence[int | None]) -> list[int]:
    """
    Append what computes the derivatives of a node.

    Parameters
    ----------
    tape
        Where to.
    graph
        The nodes.
    place
        Where the number of each is.
    root
        Which is differentiated.
    leaves
        By which; None for one on which nothing depends.

    Returns
    -------
    list of int
        The places of the derivatives.
    """
    depending = _depending_on(leaves, graph)
    adjoints = _Adjoints(tape, root)
    rules: dict[str, _Rule] = {}
    names, codes, starts = graph.names, graph.codes, graph.starts
    for node in range(root, -1, -1):
        if not depending[node] or names[codes[node]] in SOURCES:
            continue
        adjoint = adjoints.of(node)
        if adjoint is None:
            continue
        rule = _rule_of(names[codes[node]], rules)
        own = graph.operands[starts[node] : starts[node + 1]].tolist()
        operands = [place[operand] for operand in own]
        if rule.is_flat:
            for index, operand in enumerate(own):
                if depending[operand]:
                    _hand_on(tape, adjoints, node, rule, index, [operand], [*operands, place[node]], adjoint)
        else:
            grouped, receivers = group(rule.op, operands), group(rule.op, own)
            for index, part in enumerate(receivers):
                members = part if isinstance(part, list) else [part]
                wanted = [each if depending[each] else None for each in members]
                if any(each is not None for each in wanted):
                    _hand_on(tape, adjoints, node, rule, index, wanted, [*grouped, place[node]], adjoint)
        adjoints.forget(node)
    zero = tape.constant(0.0)
    return [zero if leaf is None or (at := adjoints.of(leaf)) is None else at for leaf in leaves]


class _Rule(NamedTuple):
    """What translates the nodes of one operation."""

    op: Op
    value: Callable[..., int]
    is_flat: bool  # each parameter is one operand

    def grouped(self, operands: list[int]) -> list[int | list[int]]:
        parts = group(self.op, operands)
        return parts[0] if parameters(self.op)[0].kind == "star" else parts


def _rule_of(name: str, known: dict[str, _Rule]) -> _Rule:
    rule = known.get(name)
    if rule is None:
        op = TABLE[name]
        is_flat = all(parameter.kind == "scalar" for parameter in parameters(op))
        rule = known[name] = _Rule(op, value_of(op), is_flat)
    return rule


def _hand_on(
    tape: Tape, adjoints: _Adjoints, node: int, rule: _Rule, index: int, members: Sequence[int | None],
    given: list[int | list[int]], adjoint: int,
) -> None:  # fmt: skip
    """Hand a node's adjoint on to the operands of one of its parameters, those that are not None."""
    op = rule.op
    if is_always_taken(op, index):
        adjoints.add_products(node, members, _listed(partial_of(op, index)(tape, *given)), adjoint)
        return
    shares = _listed(contribution_of(op, index)(tape, *given, adjoint))
    taken = _listed(taken_of(op, index)(tape, *given, adjoint))
    for member, share, on in zip(members, shares, taken, strict=True):
        if member is not None:
            adjoints.add(node, member, share, on)


class _Adjoints:
    """
    The adjoints of nodes: for each the terms that it is the sum of, put on the tape when all have arrived.

    What can be reached only through a branch that was not taken gets nothing, not even 0.0 times inf: beside the
    terms of such a node stands whether anything has reached it.
    """

    def __init__(self, tape: Tape, root: int) -> None:
        self._tape = tape
        self._places = {root: tape.constant(1.0)}
        self._terms: dict[int, list[tuple[int, ...]]] = {}  # a product of two places, or one place
        self._reached: dict[int, int] = {}  # the others are always reached

    def of(self, node: int) -> int | None:
        """Give the place of a node's adjoint; None if nothing has been handed to it."""
        terms = self._terms.pop(node, None)
        if terms is None:
            return self._places.get(node)
        self._places[node] = place = self._sum(terms)
        return place

    def forget(self, node: int) -> None:
        """Forget a node that has handed on what it got."""
        del self._places[node]
        self._reached.pop(node, None)

    def _sum(self, terms: list[tuple[int, ...]]) -> int:
        tape = self._tape
        if len(terms) >= _LONG and all(len(term) == 2 for term in terms):
            return tape.emit("dot", tape.constant(0.0), *(place for term in terms for place in term))
        total, *others = [tape.emit("mul", *term) if len(term) == 2 else term[0] for term in terms]
        for other in others:
            total = tape.emit("add", total, other)
        return total

    def add_products(
        self, node: int, operands: Sequence[int | None], partials: Sequence[int], adjoint: int
    ) -> None:  # fmt: skip
        """Add what a node hands to its operands, those that are not None: each derivative times the adjoint."""
        tape, reached = self._tape, self._reached
        if node in reached:
            for operand, partial in zip(operands, partials, strict=True):
                if operand is not None:
                    self.add(node, operand, tape.emit("mul", partial, adjoint), None)
            return
        for operand, partial in zip(operands, partials, strict=True):
            if operand is not None:
                if reached:
                    reached.pop(operand, None)
                term = (adjoint,) if tape.numbers.get(partial) == 1.0 else (partial, adjoint)
                self._terms.setdefault(operand, []).append(term)

    def add(self, node: int, operand: int, share: int, taken: int | None) -> None:
        """Add what a node hands to one of its operands, which it may not have taken."""
        tape, reached = self._tape, self._reached.get(node)
        if reached is not None:
            share = tape.emit("select", reached, share, tape.constant(0.0))
            taken = reached if taken is None else tape.emit("and", reached, taken)
        if taken is None or tape.numbers.get(taken, True):  # else it is never taken
            self._reached_now(operand, taken)
            self._terms.setdefault(operand, []).append((share,))

    def _reached_now(self, operand: int, taken: int | None) -> None:
        """Note that an operand is reached: always, or where a branch was taken."""
        is_new = operand not in self._terms
        before = self._reached.pop(operand, None)
        if taken is not None and (is_new or before is not None):
            either = taken if before is None else self._tape.emit("or", before, taken)
            if either not in self._tape.numbers:  # else one of the branches is always taken
                self._reached[operand] = either


def _depending_on(leaves: Sequence[int | None], graph: Graph) -> bytearray:
    """Tell of each node whether it depends on one of the leaves, with 1 or 0."""
    depending = bytearray(len(graph))
    for leaf in leaves:
        if leaf is not None:
            depending[leaf] = 1
    for node, (name, operands) in enumerate(graph.nodes()):
        if name not in SOURCES and any(map(depending.__getitem__, operands)):
            depending[node] = 1
    return depending


def _listed(places: int | list[int]) -> list[int]:
    return places if isinstance(places, list) else [places]
