"""Puts a graph on a tape: the forward pass from its nodes, the backward pass by the chain rule."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from autograd.engine import Value
from autograd.ops import TABLE
from autograd.program.lowering import contribution_of, is_always_taken, partial_of, taken_of, value_of
from autograd.rules.parameters import group, parameters

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from autograd.entry import Op
    from autograd.program.tape import Tape

#: So many products, or more, are one instruction with their sum.
_LONG = 4


def put_forward(tape: Tape, order: Sequence[Value], sources: Mapping[Value, tuple[str, int]]) -> dict[Value, int]:
    """
    Append what computes the nodes of a graph.

    Parameters
    ----------
    tape
        Where to.
    order
        The nodes in topological order.
    sources
        For the leaves that are given at each run, what they are. Other leaves keep their numbers.

    Returns
    -------
    dict of Value to int
        The place of each node's number.
    """
    place: dict[Value, int] = {}
    rules: dict[str, _Rule] = {}
    for node in order:
        if not node.op:
            place[node] = tape.source(*sources[node]) if node in sources else tape.constant(node.data)
        else:
            rule = _rule_of(node, rules)
            operands = _operands(tape, node, place)
            place[node] = rule.value(tape, *(operands if rule.is_flat else rule.grouped(operands)))
    return place


def put_backward(
    tape: Tape, order: Sequence[Value], place: Mapping[Value, int], root: Value, leaves: Sequence[Value]
) -> list[int]:
    """
    Append what computes the derivatives of a node.

    Parameters
    ----------
    tape
        Where to.
    order
        The nodes in topological order.
    place
        Where the number of each is.
    root
        What is differentiated.
    leaves
        By what.

    Returns
    -------
    list of int
        The places of the derivatives.
    """
    depending = _depending_on(leaves, order)
    adjoints = _Adjoints(tape, root)
    rules: dict[str, _Rule] = {}
    for node in reversed(order):
        if not node.op or node not in depending:
            continue
        adjoint = adjoints.of(node)
        if adjoint is None:
            continue
        rule = _rule_of(node, rules)
        operands = _operands(tape, node, place)
        if rule.is_flat:
            for index, operand in enumerate(node.operands):
                if operand in depending:
                    _hand_on(tape, adjoints, node, rule, index, [operand], [*operands, place[node]], adjoint)
        else:
            grouped, receivers = group(rule.op, operands), group(rule.op, node.operands)
            for index, part in enumerate(receivers):
                members = part if isinstance(part, list) else [part]
                wanted = [each if each in depending else None for each in members]
                if any(each is not None for each in wanted):
                    _hand_on(tape, adjoints, node, rule, index, wanted, [*grouped, place[node]], adjoint)
        adjoints.forget(node)
    zero = tape.constant(0.0)
    return [zero if (at := adjoints.of(leaf)) is None else at for leaf in leaves]


class _Rule(NamedTuple):
    """What translates the nodes of one operation."""

    op: Op
    value: Callable[..., int]
    is_flat: bool  # each parameter is one operand

    def grouped(self, operands: list[int]) -> list[int | list[int]]:
        parts = group(self.op, operands)
        return parts[0] if parameters(self.op)[0].kind == "star" else parts


def _rule_of(node: Value, known: dict[str, _Rule]) -> _Rule:
    name = node.op
    rule = known.get(name)
    if rule is None:
        op = TABLE[name]
        is_flat = all(parameter.kind == "scalar" for parameter in parameters(op))
        rule = known[name] = _Rule(op, value_of(op), is_flat)
    return rule


def _hand_on(
    tape: Tape, adjoints: _Adjoints, node: Value, rule: _Rule, index: int, members: list[Value | None],
    given: list[int | list[int]], adjoint: int,
) -> None:  # fmt: skip
    """Hand a node's adjoint on to the operands of one of its parameters, those that are not None."""
    op = rule.op
    if is_always_taken(op, index):
        for member, partial in zip(members, _listed(partial_of(op, index)(tape, *given)), strict=True):
            if member is not None:
                adjoints.add_product(node, member, partial, adjoint)
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

    def __init__(self, tape: Tape, root: Value) -> None:
        self._tape = tape
        self._places = {root: tape.constant(1.0)}
        self._terms: dict[Value, list[tuple[int, ...]]] = {}  # a product of two places, or one place
        self._reached: dict[Value, int] = {}  # the others are always reached

    def of(self, node: Value) -> int | None:
        """Give the place of a node's adjoint; None if nothing has been handed to it."""
        terms = self._terms.pop(node, None)
        if terms is None:
            return self._places.get(node)
        if node in self._places:
            terms.append((self._places[node],))
        self._places[node] = place = self._sum(terms)
        return place

    def forget(self, node: Value) -> None:
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

    def add_product(self, node: Value, operand: Value, partial: int, adjoint: int) -> None:
        """Add what a node hands to one of its operands, as a product."""
        if node in self._reached:
            self.add(node, operand, self._tape.emit("mul", partial, adjoint), None)
        else:
            self._reached_now(operand, None)
            product = self._tape.numbers.get(partial) != 1.0
            self._terms.setdefault(operand, []).append((partial, adjoint) if product else (adjoint,))

    def add(self, node: Value, operand: Value, share: int, taken: int | None) -> None:
        """Add what a node hands to one of its operands, which it may not have taken."""
        tape, reached = self._tape, self._reached.get(node)
        if reached is not None:
            share = tape.emit("select", reached, share, tape.constant(0.0))
            taken = reached if taken is None else tape.emit("and", reached, taken)
        self._reached_now(operand, taken)
        self._terms.setdefault(operand, []).append((share,))

    def _reached_now(self, operand: Value, taken: int | None) -> None:
        """Note that an operand is reached: always, or where a branch was taken."""
        is_new = operand not in self._terms and operand not in self._places
        before = self._reached.pop(operand, None)
        if taken is not None and (is_new or before is not None):
            self._reached[operand] = taken if before is None else self._tape.emit("or", before, taken)


def _depending_on(leaves: Sequence[Value], order: Sequence[Value]) -> set[Value]:
    depending = set(leaves)
    for node in order:
        if not depending.isdisjoint(node.parents):
            depending.add(node)
    return depending


def _listed(places: int | list[int]) -> list[int]:
    return places if isinstance(places, list) else [places]


def _operands(tape: Tape, node: Value, place: Mapping[Value, int]) -> list[int]:
    return [place[each] if isinstance(each, Value) else tape.constant(each) for each in node.operands]
