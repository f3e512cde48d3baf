"""Which functional forms are being evaluated around one: what they differentiate by is a variable inside."""

from __future__ import annotations

from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, NamedTuple

from autograd.engine import Value, topological_order
from autograd.noting import Noted

if TYPE_CHECKING:
    from collections.abc import Iterator


class Open(NamedTuple):
    """
    A form that is being evaluated.

    Parameters
    ----------
    variables
        The nodes that one in reverse mode differentiates by.
    number
        Of the tangents of one in forward mode; None in reverse mode.
    """

    variables: frozenset[Value] = frozenset()
    number: int | None = None


_open: ContextVar[tuple[Open, ...]] = ContextVar("open", default=())


@contextmanager
def opened(form: Open) -> Iterator[None]:
    """
    Evaluate a form: those evaluated inside are nested in it.

    Parameters
    ----------
    form
        The form.
    """
    before = _open.set((*_open.get(), form))
    try:
        yield
    finally:
        _open.reset(before)


def nested() -> bool:
    """
    Tell whether a form is being evaluated in this thread or task.

    Returns
    -------
    bool
    """
    return bool(_open.get())


def records() -> bool:
    """
    Tell whether one of them needs the graph.

    Returns
    -------
    bool
    """
    return any(form.number is None for form in _open.get())


def depend_on_an_open_form(nodes: list[Value]) -> bool:
    """
    Tell whether nodes change with what one of them differentiates by.

    Parameters
    ----------
    nodes
        The nodes.

    Returns
    -------
    bool
    """
    numbers = {form.number for form in _open.get() if form.number is not None}
    if any(isinstance(node, Noted) and not numbers.isdisjoint(node.tangents) for node in nodes):
        return True
    variables = frozenset[Value]().union(*(form.variables for form in _open.get()))
    return bool(variables) and not variables.isdisjoint(topological_order(*nodes))
