"""The numbers of both passes, recorded once."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from autograd.engine import Value, topological_order

if TYPE_CHECKING:
    from collections.abc import Sequence


class Share(NamedTuple):
    """
    What a node hands to one of its operands in the backward pass.

    Parameters
    ----------
    node
        Place of the node in the topological order.
    argument
        Which of its operands gets it.
    parent
        Place of that operand in the topological order.
    slope
        The local derivative.
    before, after
        The parent's gradient, before and after.
    """

    node: int
    argument: int
    parent: int
    slope: float
    before: float
    after: float


class Passes:
    """
    The forward and the backward pass over a graph, as numbers.

    The backward pass adds up as `Value.backward` does, but touches no ``grad``.

    Parameters
    ----------
    root
        What is differentiated.
    """

    def __init__(self, root: Value) -> None:
        self.order: Sequence[Value] = topological_order(root)
        self.data = [node._data for node in self.order]
        self.computed = [place for place, node in enumerate(self.order) if node.op]
        self._root = root

    @cached_property
    def place(self) -> dict[Value, int]:
        """The place of each node in the order."""
        return {node: place for place, node in enumerate(self.order)}

    @cached_property
    def swept(self) -> list[int]:
        """The nodes that the sweep reaches, the root first."""
        return [self.place[node] for node in reversed(topological_order(self._root, live=True))]

    @property
    def shares(self) -> list[Share]:
        """All that is handed on, in the order of the sweep."""
        return self._sweep[0]

    @property
    def grads(self) -> list[float]:
        """The gradient of each node, when the sweep has ended."""
        return self._sweep[1]

    @cached_property
    def _sweep(self) -> tuple[list[Share], list[float]]:
        grads = [0.0] * len(self.order)
        grads[-1] = 1.0
        shares: list[Share] = []
        for child in self.swept:
            node, grad = self.order[child], grads[child]
            edges = iter(zip(node.local_grads, node.taken))
            for argument, operand in enumerate(node.operands):
                if not isinstance(operand, Value):
                    continue
                slope, taken = next(edges)
                if taken:
                    parent = self.place[operand]
                    before = grads[parent]
                    grads[parent] = after = before + slope * grad
                    shares.append(Share(child, argument, parent, slope, before, after))
        return shares, grads

    @cached_property
    def received(self) -> dict[int, list[int]]:
        """For each node that gets shares, which of `shares` they are."""
        received: dict[int, list[int]] = {}
        for place, share in enumerate(self.shares):
            received.setdefault(share.parent, []).append(place)
        return received
