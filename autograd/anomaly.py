"""Finds where a nan, an inf or an exception comes from."""

from __future__ import annotations

import sys
from collections import deque
from contextlib import contextmanager
from math import isfinite
from typing import TYPE_CHECKING

from autograd.engine import Value
from autograd.errors import AnomalyError, AutogradError, describe, listed
from autograd.functional.sweeping import in_a_sweep
from autograd.noting import Noted, noted
from autograd.sources import users_line
from autograd.watchers import Watcher, watching

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from autograd.sources import SourceLine

_LONGEST_CHAIN = 5  # nodes


@contextmanager
def detect_anomaly() -> Iterator[None]:
    """
    Stop at the first nan, inf or exception, forward or in a sweep, and say where it comes from.

    Each node made inside keeps the line of code that made it. This takes time, so it is for looking for an error.

    Returns
    -------
    context manager
        It counts for this thread or task alone, and can be used as a decorator too.

    Raises
    ------
    AnomalyError
        A FloatingPointError. It names the operation, its operands and their labels, the line that called it, and the
        nodes that led there.

    Examples
    --------
    >>> x = Value(0.0, "x")
    >>> with detect_anomaly():
    ...     y = x**0.5 + 1
    ...     y.backward()  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ...
    autograd.errors.AnomalyError: in a sweep, pow(x=0.0, 0.5) = 0.0 passes inf on to x=0.0: ...
      at <doctest ...>:2: y = x**0.5 + 1
    on the way from the root:
      add(0.0, 1.0) = 1.0    <doctest ...>:2: y = x**0.5 + 1
    """
    try:
        with watching(_Detector()):
            yield
    except AutogradError as error:
        if not error.operands:
            raise
        line = users_line(error.__traceback__)
        above = [operand for operand in error.operands if isinstance(operand, Value)]
        raise AnomalyError(_message(str(error), line, "computed from", _ancestors(above))) from error


def _check_node(node: Value) -> Value:
    """Note where a node was made, and see that it is a number."""
    if in_a_sweep():  # derivatives as Values: `_check_sweep` sees what comes out
        return node
    node = noted(node)
    node.source = users_line(sys._getframe())
    if not isfinite(node._data):
        what = f"{_call(node)} is {node._data}"
        raise AnomalyError(_message(what, node.source, "computed from", _ancestors(node.parents)))
    return node


def _check_sweep(order: list[Value], adjoint: Callable[[Value], float | None]) -> None:
    """Go the way of a sweep again, and see that all it handed on are numbers."""
    user: dict[Value, Value] = {}
    for node in reversed(order):
        handed = adjoint(node)
        if handed is None:
            continue
        if not isfinite(handed):
            what = f"in a sweep, the adjoint of {_call(node)} adds up to {handed}"
            raise AnomalyError(_message(what, _source(node), "on the way from the root", _users(node, user)))
        for parent, slope, taken in zip(node.parents, node.local_grads, node.taken):
            if taken and adjoint(parent) is not None:
                user.setdefault(parent, node)
                if not isfinite(slope * handed):
                    what = (
                        f"in a sweep, {_call(node)} passes {slope * handed} on to {describe(parent)}: its derivative is"
                        f" {slope}, its adjoint {handed}"
                    )
                    raise AnomalyError(_message(what, _source(node), "on the way from the root", _users(node, user)))


class _Detector(Watcher):
    def made(self, node: Value) -> Value:
        return _check_node(node)

    def swept(self, order: list[Value], adjoint: Callable[[Value], float | None]) -> None:
        _check_sweep(order, adjoint)


# ---------------------------------------------------------------------- what is said


def _message(what: str, line: SourceLine | None, title: str, chain: list[Value]) -> str:
    lines = [what, f"  at {_said(line)}"]
    if chain:
        lines += [f"{title}:", *(f"  {_call(node)}    {_said(_source(node))}" for node in chain)]
    return "\n".join(lines)


def _call(node: Value) -> str:
    """Write a node with its operation, operands and label."""
    if not node.op:
        return describe(node)
    label = f"{node.label} = " if node.label else ""
    value = f" = {node.data}" if isfinite(node.data) else ""
    return f"{label}{node.op}({listed(node.operands)}){value}"


def _said(line: SourceLine | None) -> str:
    return str(line or "a line that was not noted: the node was made outside of detect_anomaly")


def _source(node: Value) -> SourceLine | None:
    return node.source if isinstance(node, Noted) else None


def _ancestors(nodes: Iterable[Value]) -> list[Value]:
    """List the nearest nodes that nodes were computed from, and themselves."""
    found: dict[Value, None] = {}
    waiting = deque(nodes)
    while waiting and len(found) < _LONGEST_CHAIN:
        node = waiting.popleft()
        if node.op:
            found[node] = None
            waiting += node.parents
    return list(found)


def _users(node: Value, user: dict[Value, Value]) -> list[Value]:
    """List the nodes by which a sweep has come from the root to a node, the nearest first."""
    found: list[Value] = []
    while node in user and len(found) < _LONGEST_CHAIN:
        node = user[node]
        found.append(node)
    return found
