"""Records which line of a user's code made each node, and which comparisons decided its way."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from itertools import count
from typing import TYPE_CHECKING, NamedTuple

from autograd.engine import Value, topological_order
from autograd.noting import Noted, lined, noted
from autograd.primitives import COMPARISONS
from autograd.sources import line_of, users_frame
from autograd.watchers import Watcher, watching

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from types import CodeType, FrameType

    from autograd.sources import SourceLine

_SYMBOLS = {function.__name__: symbol for symbol, function in COMPARISONS.items()}

_serial = count(1)


class Comparison(NamedTuple):
    """
    A comparison of numbers on which the code may have gone one way or another.

    Parameters
    ----------
    left, right
        What was compared: Values, or a plain number on the right.
    operator
        ``"<"``, ``"<="``, ``">"`` or ``">="``; ``"!="`` beside 0.0 for a node that was asked whether it is true; in a
        derivative of Values also ``"=="``.
    outcome
        What came out.
    source
        The line of the user's code; None if there is none.
    """

    left: Value
    operator: str
    right: Value | float
    outcome: bool
    source: SourceLine | None

    def __str__(self) -> str:
        numbers = [format(getattr(operand, "data", operand), ".4g") for operand in (self.left, self.right)]
        where = f" ({self.source})" if self.source else ""
        return f"{numbers[0]} {self.operator} {numbers[1]} was {self.outcome}{where}"


class LineTrace(Watcher):
    """
    Notes on each node the line that made it, and remembers comparisons: what it takes to record a program.

    Attributes
    ----------
    comparisons
        What was compared, in order.
    """

    def __init__(self) -> None:
        self.comparisons: list[Comparison] = []
        self._lines: dict[tuple[CodeType, int], SourceLine] = {}

    def made(self, node: Value) -> Value:
        """Note on a node the line that made it."""
        return lined(node, self._here())

    def compared(
        self, left: Value, operation: Callable[[float, float], bool], right: Value | float, *, outcome: bool
    ) -> None:
        """Remember a comparison."""
        self.comparisons.append(Comparison(left, _SYMBOLS[operation.__name__], right, outcome, self._here()))

    def _here(self) -> SourceLine | None:
        """Give the line that is wanted."""
        return self._line_in(users_frame(sys._getframe(2)))

    def _line_in(self, frame: FrameType | None) -> SourceLine | None:
        """Give the line that a frame runs, which is the same for all nodes that it makes."""
        if frame is None:
            return None
        key = frame.f_code, frame.f_lineno
        line = self._lines.get(key)
        if line is None:
            line = self._lines[key] = line_of(frame, frame.f_lineno)
        return line


class Trace(LineTrace):
    """
    What `trace_source` has recorded beside the nodes.

    Parameters
    ----------
    file
        Of the code whose lines are wanted, where it is on the way to the operation; "" for the innermost line.

    Attributes
    ----------
    leaves
        For each leaf the first variable that was seen to hold it.
    """

    def __init__(self, file: str = "") -> None:
        super().__init__()
        self.leaves: dict[Value, str] = {}
        self._file = file
        self._last: FrameType | None = None

    def made(self, node: Value) -> Value:
        """Note on a node the line that made it, where it was recorded, and when."""
        twin = noted(node)
        twin.made = next(_serial)
        twin.trace = self
        twin.source = self._here()
        return twin

    def _here(self) -> SourceLine | None:
        inner = frame = users_frame(sys._getframe(2))
        self.look_at_variables(inner)
        while frame is not None and self._file and frame.f_code.co_filename != self._file:
            frame = frame.f_back
        return self._line_in(frame or inner)

    def look_at_variables(self, frame: FrameType | None = None) -> None:
        """
        Note which variables hold nodes by now, in a frame and in the one that was looked at before.

        A line binds its variable after the operation, and its frame may have ended when the next node is made: what it
        held is still there.

        Parameters
        ----------
        frame
            The frame; None at the end.
        """
        for each in {self._last, frame} - {None}:
            for name, held in list(each.f_locals.items()) if each else ():
                if name.startswith("_"):
                    continue
                if isinstance(held, Noted):
                    held.variable = held.variable or name
                elif isinstance(held, Value):
                    self.leaves.setdefault(held, name)
        self._last = frame


@contextmanager
def trace_source(file: str = "") -> Iterator[Trace]:
    """
    Record the line of code that makes each node, and the comparisons of Values.

    `steps` shows the line of each step, calls nodes by the variables that have held them, and lists the comparisons.
    This takes time and memory, so it is for looking at a graph.

    Parameters
    ----------
    file
        Name of a file whose lines are wanted, even where code of another file makes the node; by default it is the
        innermost line outside of this project.

    Returns
    -------
    context manager
        It counts for this thread or task alone, and can be used as a decorator too.

    Examples
    --------
    >>> from autograd import Value, steps
    >>> def f(a, b):
    ...     d = a * b
    ...     return d + a if d > 0 else d
    >>> with trace_source():
    ...     y = f(Value(2.0, "a"), Value(3.0, "b"))
    >>> for step in steps(y)[:2]:
    ...     print(f"line {step.source.number}: {step}")
    line 2: d = a * b = 2 * 3 = 6
    line 3: y = d + a = 6 + 2 = 8
    >>> comparison = steps(y).comparisons[0]
    >>> comparison.operator, comparison.right, comparison.outcome, comparison.source.text
    ('>', 0.0, True, 'return d + a if d > 0 else d')
    """
    trace = Trace(file)
    with watching(trace):
        try:
            yield trace
        finally:
            trace.look_at_variables()


def comparisons_behind(order: Sequence[Value]) -> list[Comparison]:
    """
    List the comparisons that depend on a graph, of those made where its nodes were traced.

    Parameters
    ----------
    order
        Its nodes in topological order.

    Returns
    -------
    list of Comparison
        In the order in which they were made.
    """
    made = [comparison for trace in traces_behind(order) for comparison in trace.comparisons]
    operands = [each for one in made for each in (one.left, one.right) if not isinstance(each, float)]
    depending = set(order)
    for node in topological_order(*operands):
        if not depending.isdisjoint(node.parents):
            depending.add(node)
    return [one for one in made if one.left in depending or one.right in depending]


def traces_behind(order: Sequence[Value]) -> list[Trace]:
    """
    List the traces in which nodes were made.

    Parameters
    ----------
    order
        The nodes.

    Returns
    -------
    list of Trace
    """
    found = (getattr(node, "trace", None) for node in order if isinstance(node, Noted))
    return list(dict.fromkeys(trace for trace in found if trace is not None))
