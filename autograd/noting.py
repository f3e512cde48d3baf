"""Nodes on which a watcher notes something."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, NoReturn, SupportsFloat, TypeVar

from autograd.engine import Value
from autograd.errors import NoGraphError
from autograd.watchers import without_parents

if TYPE_CHECKING:
    from collections.abc import Mapping

    from autograd.sources import SourceLine
    from autograd.tracing import Trace

_Kind = TypeVar("_Kind", bound=Value)


class Lined(Value):
    """
    A node that knows which line of the user's code made it, and no more: it takes little memory.

    A copy has forgotten it.
    """

    __slots__ = ("source",)

    source: SourceLine | None


class Noted(Value):
    """
    A node that takes notes; it is made by `noted`, in the place of a plain one.

    What is noted here lives as long as the node, and is copied with it: these attributes are not slots. The copies lack
    `trace` alone.
    """

    __slots__ = ("__dict__", "trace")

    #: What else was recorded when the node was made; None if nobody asked.
    trace: Trace | None

    #: By the number of a `jvp`: how fast the node moves along its tangents. Most nodes have none.
    tangents: Mapping[int, Value | float] = MappingProxyType({})
    #: The line of the user's code that made the node; None if nobody asked, or if there is none.
    source: SourceLine | None = None
    #: The first variable of the user's that has held the node; "" if none was seen.
    variable: str = ""
    #: When it was made: the place among all nodes whose lines were recorded.
    made: int = 0
    #: Whether `jvp` has let go of what the node was computed from.
    let_go: bool = False

    def backward(self, gradient: SupportsFloat = 1.0) -> None:
        """Sweep as `Value.backward` does, if there is a graph."""
        if self.let_go:
            self.refuse_to_sweep()
        super().backward(gradient)

    def let_go_of_parents(self) -> None:
        """Keep the number and the notes alone."""
        without_parents(self)
        self.let_go = True

    def refuse_to_sweep(self) -> NoReturn:
        """
        Say that there is no graph to differentiate.

        Raises
        ------
        RuntimeError
        """
        msg = (
            "inside jvp no graph is kept that could be swept backwards: differentiate a function there, with grad or "
            "vjp, in place of a node"
        )
        raise NoGraphError(msg)


def noted(node: Value) -> Noted:
    """
    Make a node that takes notes, to be used in the place of another.

    Parameters
    ----------
    node
        One that has just been made.

    Returns
    -------
    Noted
        With the same data, history and notes.
    """
    twin = _twin(node, Noted)
    twin.trace = None
    if source := made_at(node):
        twin.source = source
    if isinstance(node, Noted):
        twin.tangents = node.tangents
        twin.variable, twin.made = node.variable, node.made
        twin.trace = getattr(node, "trace", None)
    return twin


def lined(node: Value, source: SourceLine | None) -> Value:
    """
    Make a node that knows the line that made it, to be used in the place of another.

    Parameters
    ----------
    node
        One that has just been made.
    source
        The line.

    Returns
    -------
    Value
        With the same data, history and notes.
    """
    if isinstance(node, Noted):
        node.source = source
        return node
    twin = _twin(node, Lined)
    twin.source = source
    return twin


def made_at(node: Value) -> SourceLine | None:
    """
    Tell which line of the user's code made a node.

    Parameters
    ----------
    node
        The node.

    Returns
    -------
    SourceLine or None
        None if that was not recorded, or if there is none.
    """
    return getattr(node, "source", None) if isinstance(node, Lined | Noted) else None


def _twin(node: Value, kind: type[_Kind]) -> _Kind:
    twin = kind.__new__(kind)
    twin._data, twin._grad, twin._tag, twin._rest, twin._mark = node._data, node._grad, node._tag, node._rest, None
    twin._first, twin._second, twin._d_first, twin._d_second = node._first, node._second, node._d_first, node._d_second
    return twin
