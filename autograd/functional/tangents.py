"""
Forward mode: a node's tangent is computed as soon as the node is made, and then its parents can go.

The tangent says how fast a node changes while the primals move along theirs. By the chain rule::

    tangent of node = Σ ∂node/∂operand · tangent of operand

Every `jvp` numbers the tangents that are its own, and computes with them as if it were not open itself: inside the sum
above there are no tangents of its number, so that two perturbations are never taken for one.
"""

from __future__ import annotations

from contextlib import contextmanager
from itertools import count
from typing import TYPE_CHECKING, Any

from autograd.engine import Value
from autograd.functional.nesting import Open, nested, opened, records
from autograd.functional.sweeping import fresh, local_derivatives, product
from autograd.noting import Noted, noted
from autograd.watchers import Watcher, last_watcher, open_watchers, watched_by, watching

if TYPE_CHECKING:
    from collections.abc import Iterator

_numbers = count()


class Pushing(Watcher):
    """
    The forward pass of one `jvp`.

    Parameters
    ----------
    keep
        Whether primals or tangents are Values, by which the result may be differentiated.
    """

    def __init__(self, *, keep: bool) -> None:
        self.number = next(_numbers)
        self.outer = open_watchers()
        #: Whether nothing around it can ask for derivatives of the tangents: then floats will do.
        self.plain = not keep and not nested() and not self.outer
        #: Whether nothing around it can ask for parents of the nodes: then they can go.
        self.alone: bool = (
            all(isinstance(other, Pushing) and other.alone for other in self.outer) if self.outer else not keep
        )

    @contextmanager
    def open(self) -> Iterator[None]:
        """Push tangents through whatever is computed inside, be it in a `no_grad` that was opened before."""
        with opened(Open(number=self.number)), watched_by(self.outer), watching(self):
            yield

    def start(self, primal: Value | float, tangent: Value | float) -> Value:
        """
        Make a variable; with the plain tangent 0.0 it is a constant.

        Parameters
        ----------
        primal, tangent
            Where it is, and how fast it moves.

        Returns
        -------
        Value
        """
        variable = noted(fresh(primal))
        if isinstance(tangent, Value) or tangent != 0.0:
            variable.tangents = {**variable.tangents, self.number: tangent}
        return variable

    def tangent(self, result: Value | float) -> Value | float:
        """
        Tell how fast a result moves.

        Parameters
        ----------
        result
            A node, or a plain number.

        Returns
        -------
        Value or float
        """
        return result.tangents.get(self.number, 0.0) if isinstance(result, Noted) else 0.0

    def made(self, node: Value) -> Value:
        """
        Note a new node's tangent on it, and let go of its parents if nobody else needs them.

        Parameters
        ----------
        node
            The node.

        Returns
        -------
        Value
            What takes its place: the node itself if no operand moves.
        """
        moving: dict[Any, Any] = {}
        for parent in node.parents:
            if isinstance(parent, Noted) and self.number in parent.tangents:
                moving[parent] = parent.tangents[self.number]
        if not moving:
            return node
        cut = self.alone and last_watcher() is self and not records()
        if cut and not self.plain:
            node = noted(node)
        # a twin, since a tangent may lead back to the node that it was computed from: that must not be a circle
        twin = noted(node)
        tangent = self._from_recorded(node, moving) if self.plain else self._from_table(node, moving)
        twin.tangents = {**twin.tangents, self.number: tangent}
        if cut:
            twin.let_go_of_parents()
            if isinstance(node, Noted):
                node.let_go_of_parents()
        return twin

    @staticmethod
    def _from_recorded(node: Value, moving: dict[Any, Any]) -> float:
        total = 0.0
        for parent, slope, taken in zip(node.parents, node.local_grads, node.taken):
            if taken and parent in moving:
                total += slope * moving[parent]
        return total

    def _from_table(self, node: Value, moving: dict[Any, Value | float]) -> Value | float:
        total: Value | float | None = None
        with watched_by(self.outer):
            for operand, slope in zip(node.operands, local_derivatives(node, moving)):
                if slope is not None and operand in moving:
                    share = product(slope, moving[operand])
                    total = share if total is None else total + share
        return 0.0 if total is None else total
