"""Puts a graph on a tape: the forward pass from its nodes, the backward pass by the chain rule."""

from __future__ import annotations

from typing import TYPE_CHECKING

from autograd.engine import Value
from autograd.ops import TABLE
from autograd.program.lowering import contribution_of, taken_of, value_of
from autograd.rules.parameters import group, parameters

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from autograd.program.tape import Tape


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
    for node in order:
        if node in sources:
            place[node] = tape.source(*sources[node])
        elif not node.op:
            place[node] = tape.constant(node.data)
        else:
            op = TABLE[node.op]
            grouped = group(op, _operands(tape, node, place))
            starred = parameters(op)[0].kind == "star"
            place[node] = value_of(op)(tape, *(grouped[0] if starred else grouped))
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
    for node in reversed(order):
        if not node.op or node not in depending or node not in adjoints.places:
            continue
        op, operands = TABLE[node.op], _operands(tape, node, place)
        grouped, receivers = group(op, operands), group(op, node.operands)
        for index, part in enumerate(receivers):
            members = part if isinstance(part, list) else [part]
            wanted = [isinstance(each, Value) and each in depending for each in members]
            if any(wanted):
                given = (tape, *grouped, place[node], adjoints.places[node])
                taken = taken_of(op, index)
                shares = _listed(contribution_of(op, index)(*given))
                reached = [None] * len(shares) if taken is None else _listed(taken(*given))
                for member, is_wanted, share, on in zip(members, wanted, shares, reached, strict=True):
                    if is_wanted:
                        adjoints.add(node, member, share, on)
    return [adjoints.places.get(leaf, tape.constant(0.0)) for leaf in leaves]


class _Adjoints:
    """
    The adjoints of nodes, as far as they have been added up.

    What can be reached only through a branch that was not taken gets nothing, not even 0.0 times inf: beside the
    adjoint of such a node stands whether anything has reached it.
    """

    def __init__(self, tape: Tape, root: Value) -> None:
        self._tape = tape
        self.places = {root: tape.constant(1.0)}
        self._reached: dict[Value, int] = {}  # the others are always reached

    def add(self, node: Value, operand: Value, share: int, taken: int | None) -> None:
        """Add what a node hands to one of its operands, which it may not have taken."""
        tape, reached = self._tape, self._reached.get(node)
        if reached is not None:
            share = tape.emit("select", reached, share, tape.constant(0.0))
            taken = reached if taken is None else tape.emit("and", reached, taken)
        if operand not in self.places:
            self.places[operand] = share
            if taken is not None:
                self._reached[operand] = taken
            return
        self.places[operand] = tape.emit("add", self.places[operand], share)
        before = self._reached.pop(operand, None)
        if before is not None and taken is not None:
            self._reached[operand] = tape.emit("or", before, taken)


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
