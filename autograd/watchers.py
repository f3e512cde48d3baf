"""Who is shown new nodes, sweeps and comparisons: what `no_grad`, `jvp`, `detect_anomaly`, `trace_source` share."""

from __future__ import annotations

from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    from autograd.engine import Value


class Watcher:
    """What is called while a `watching` is open; here, nothing happens."""

    def made(self, node: Value) -> Value:
        """
        See a new node.

        Parameters
        ----------
        node
            The node, to which nothing refers yet.

        Returns
        -------
        Value
            What is to take its place.
        """
        return node

    def compared(
        self, left: Value, operation: Callable[[float, float], bool], right: Value | float, *, outcome: bool
    ) -> None:
        """
        See a comparison, or a node asked whether it is true: whether it differs from 0.0.

        Parameters
        ----------
        left, right
            What is compared.
        operation
            One of ``operator.lt le gt ge ne``.
        outcome
            What came out.
        """

    def detached(self, node: Value) -> Value | None:  # noqa: ARG002 - here, nothing happens
        """
        See a node from which one is wanted to which no gradient flows back.

        Parameters
        ----------
        node
            The node.

        Returns
        -------
        Value or None
            That one; None if it may be a leaf.
        """
        return None

    def swept(self, order: list[Value], adjoint: Callable[[Value], float | None]) -> None:
        """
        See a sweep that has ended.

        Parameters
        ----------
        order
            The nodes in topological order.
        adjoint
            Gives a node's adjoint; None where the sweep has not been.
        """


#: One entry for each open `watching`, in whatever thread: all that the others pay is to see that it is empty.
watched: list[Watcher] = []
_watchers: ContextVar[tuple[Watcher, ...]] = ContextVar("watchers", default=())


@contextmanager
def watching(watcher: Watcher) -> Iterator[None]:
    """
    Show each new node and each sweep to a watcher, in this thread or task.

    Parameters
    ----------
    watcher
        It sees a node after those that were there before it, but before `no_grad`, which has the last word.
    """
    before = _watchers.set(tuple(sorted((*_watchers.get(), watcher), key=lambda each: each is _FORGETTING)))
    watched.append(watcher)
    try:
        yield
    finally:
        watched.remove(watcher)
        _watchers.reset(before)


class watched_by:  # noqa: N801 - a class, since a generator would cost a forward pass a third of its time
    """
    Show new nodes and sweeps to some watchers alone, in this thread or task: a context manager.

    Parameters
    ----------
    watchers
        Some of those that are open.
    """

    __slots__ = ("_before", "_watchers")

    def __init__(self, watchers: tuple[Watcher, ...]) -> None:
        self._watchers = watchers

    def __enter__(self) -> None:
        self._before = _watchers.set(self._watchers)

    def __exit__(self, *failure: object) -> None:
        _watchers.reset(self._before)


def open_watchers() -> tuple[Watcher, ...]:
    """
    List the watchers of this thread or task, without `no_grad`.

    Returns
    -------
    tuple of Watcher
    """
    return tuple(watcher for watcher in _watchers.get() if watcher is not _FORGETTING)


def last_watcher() -> Watcher | None:
    """
    Tell which watcher is shown a node last.

    Returns
    -------
    Watcher or None
    """
    watchers = _watchers.get()
    return watchers[-1] if watchers else None


def recording() -> bool:
    """
    Tell whether operations are recorded: whether no `no_grad` is open in this thread or task.

    Returns
    -------
    bool
    """
    return _FORGETTING not in _watchers.get()


def show_node(node: Value) -> Value:
    """
    Show the watchers a new node.

    Parameters
    ----------
    node
        The node.

    Returns
    -------
    Value
        What is to take its place.
    """
    for watcher in _watchers.get():
        node = watcher.made(node)
    return node


def show_detached(node: Value) -> Value | None:
    """
    Show the watchers a node from which one is wanted to which no gradient flows back.

    Parameters
    ----------
    node
        The node.

    Returns
    -------
    Value or None
        That one; None if nobody minds a leaf.
    """
    for watcher in _watchers.get():
        found = watcher.detached(node)
        if found is not None:
            return found
    return None


def show_comparison(
    left: Value, operation: Callable[[float, float], bool], right: Value | float, *, outcome: bool
) -> bool:
    """
    Show the watchers a comparison.

    Parameters
    ----------
    left, operation, right, outcome
        As for `Watcher.compared`.

    Returns
    -------
    bool
        The outcome.
    """
    for watcher in _watchers.get():
        watcher.compared(left, operation, right, outcome=outcome)
    return outcome


def show_sweep(order: list[Value], adjoint: Callable[[Value], float | None]) -> None:
    """
    Tell the watchers of a sweep that has ended.

    Parameters
    ----------
    order
        The nodes in topological order.
    adjoint
        Gives a node's adjoint; None where the sweep has not been.
    """
    for watcher in _watchers.get():
        watcher.swept(order, adjoint)


def no_grad() -> AbstractContextManager[None]:
    """
    Compute without recording: inside, results are leaves, and no gradient flows through them.

    Returns
    -------
    context manager
        It counts for this thread or task alone, and can be used as a decorator too.

    Examples
    --------
    >>> from autograd import Value
    >>> x = Value(2.0)
    >>> with no_grad():
    ...     y = x * x
    >>> y.data, y.parents
    (4.0, ())
    """
    return watching(_FORGETTING)


def without_parents(node: Value) -> Value:
    """
    Cut a new node off from what it was computed from.

    Parameters
    ----------
    node
        The node, which becomes a leaf.

    Returns
    -------
    Value
        The same node.
    """
    node._tag = ""
    node._first = node._second = node._rest = None
    node._d_first = node._d_second = 0.0
    return node


class _Forgetting(Watcher):
    def made(self, node: Value) -> Value:
        if len(_watchers.get()) > 1 and (detached := show_detached(node)) is not None:  # mostly nobody else watches
            return detached
        # what another watcher has noted on it goes too: only its notes give a node a dictionary
        return node.detach() if hasattr(node, "__dict__") else without_parents(node)


_FORGETTING = _Forgetting()
