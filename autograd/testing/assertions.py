"""Assertions on gradients."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

from autograd.checking import gradcheck
from autograd.checking.point import Point
from autograd.errors import ArgumentError, GradientError, OperandError
from autograd.functional.containers import leaves, leaves_like
from autograd.functional.sweeping import float_sweep
from autograd.many import data_of
from autograd.operands import number

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from autograd.engine import Value

_RTOL, _ATOL = 1e-7, 1e-12

#: How many of the entries that differ a message lists.
_LISTED = 10


def assert_gradients_close(
    f: Callable[..., Any],
    inputs: Sequence[Any],
    expected: Any = None,
    *,
    rtol: float | None = None,
    atol: float | None = None,
) -> None:
    """
    Assert that the gradients of a function are what they should be.

    They are compared with `expected`, entry by entry; or, without it, with finite differences by `autograd.gradcheck`.

    Parameters
    ----------
    f
        The function; it is called as ``f(*inputs)`` and returns a Value. If it takes no arguments, it is called
        without: `inputs` are then Values that it uses, as in
        ``assert_gradients_close(lambda: loss(model), model.parameters())``.
    inputs
        Numbers, Values (leaves), and lists of them. Their ``data`` and ``grad`` are as before afterwards.
    expected
        The gradients in the form of `inputs`: a number for a number; a list, tuple or array for a list. Or another
        function, called as `f` is: another way to compute the same, whose gradients are to be those of `f`.
    rtol, atol
        A gradient may differ by ``atol + rtol * abs(expected)``, by default by 1e-12 + 1e-7 of it. They come with
        `expected` alone: beside finite differences `autograd.gradcheck` estimates what to allow.

    Raises
    ------
    GradientError
        A gradient differs (it is an AssertionError too); nan where nan is expected does not. The message names the
        worst entry with both numbers, and says what finite differences give, and which operation of `f` has a wrong
        local derivative if one has; ``report`` is the `autograd.checking.Report` of that.
    TypeError, ValueError
        An argument cannot be used: `expected` has not the form of `inputs`, say.

    Examples
    --------
    >>> from autograd import tanh
    >>> assert_gradients_close(lambda x, w: tanh(w[0] * x + w[1]), [0.5, [2.0, -1.0]])
    >>> assert_gradients_close(lambda x: x**3, [2.0], lambda x: x * x * x)
    >>> assert_gradients_close(lambda x, y: x * y, [2.0, 3.0], [3.0, 2.5])
    Traceback (most recent call last):
        ...
    autograd.errors.GradientError: the gradient by y is 2.0, expected 2.5: off by 0.5, where 2.5e-07 is allowed
    input  gradient  expected  differences   f is
    y           2.0       2.5            2  right
    """
    __tracebackhide__ = True
    if not callable(f):
        msg = f"assert_gradients_close: f must be a function, not {type(f).__name__} {f!r}"
        raise OperandError(msg)
    relative, absolute = _tolerance("rtol", rtol, _RTOL), _tolerance("atol", atol, _ATOL)
    if expected is None:
        if rtol is not None or atol is not None:
            msg = (
                "assert_gradients_close: rtol and atol must come with expected gradients; beside finite differences "
                "what to allow is estimated: use gradcheck(f, inputs, resolution=...) to say how much must not go "
                "unseen"
            )
            raise ArgumentError(msg)
        gradcheck(f, inputs)
        return
    point = Point(f, inputs)
    with point.restored():
        entries = _entries(point, expected, relative, absolute)
        wrong = sorted((entry for entry in entries if entry.differs), key=lambda entry: entry.excess, reverse=True)
        if wrong:
            raise _failure(point, wrong, len(entries))


def _tolerance(name: str, given: Any, default: float) -> float:
    tolerance = default if given is None else number(given, f"assert_gradients_close: {name}")
    if not 0.0 <= tolerance < math.inf:
        msg = f"assert_gradients_close: {name} must be zero or positive, and finite, not {given!r}"
        raise ArgumentError(msg)
    return tolerance


class _Entry(NamedTuple):
    """A gradient, what it should be, and by how much it may differ."""

    input: str
    leaf: Value
    gradient: float
    expected: float
    allowed: float

    @property
    def differs(self) -> bool:
        if math.isfinite(self.gradient) and math.isfinite(self.expected):
            return not abs(self.gradient - self.expected) <= self.allowed
        return self.gradient != self.expected and not (math.isnan(self.gradient) and math.isnan(self.expected))

    @property
    def excess(self) -> float:
        """How many times what is allowed."""
        off = abs(self.gradient - self.expected)
        return off / self.allowed if math.isfinite(off) and self.allowed else math.inf


def _entries(point: Point, expected: Any, rtol: float, atol: float) -> list[_Entry]:
    places: Any = leaves(point.arguments, "inputs")
    if callable(expected):
        wanted: Any = float_sweep({Point(expected, point.arguments).root(): 1.0}, places)
    else:
        given = leaves_like(_as_lists(expected), point.arguments, "assert_gradients_close: expected", "inputs")
        wanted = map(data_of, given)
    found = float_sweep({point.root(): 1.0}, places)
    return [
        _Entry(point.names[leaf], leaf, gradient, right, atol + rtol * abs(right))
        for leaf, gradient, right in zip(places, found, wanted, strict=True)
    ]


def _as_lists(tree: Any) -> Any:
    """Make lists of tuples and arrays, as the inputs are."""
    tree = tree.tolist() if hasattr(tree, "tolist") else tree
    return [_as_lists(item) for item in tree] if isinstance(tree, list | tuple) else tree


def _failure(point: Point, wrong: list[_Entry], count: int) -> GradientError:
    """Say what differs, the worst first, and who is right."""
    listed = wrong[:_LISTED]
    report = gradcheck(point.root, [entry.leaf for entry in listed], directions=0, raise_exception=False)
    report.rows = [row._replace(input=entry.input) for row, entry in zip(report.rows, listed, strict=True)]
    worst = wrong[0]
    more = f" (the worst of {len(wrong)} that differ, of {count})" if len(wrong) > 1 else ""
    first = (
        f"the gradient by {worst.input} is {worst.gradient!r}, expected {worst.expected!r}: off by "
        f"{abs(worst.gradient - worst.expected):.4g}, where {worst.allowed:.4g} is allowed{more}"
    )
    table = [
        ("input", "gradient", "expected", "differences", "f is"),
        *(
            (entry.input, repr(entry.gradient), repr(entry.expected), f"{row.numeric:.10g}", row.verdict)
            for entry, row in zip(listed, report.rows, strict=True)
        ),
    ]
    widths = [max(map(len, column)) for column in zip(*table)]
    lines = ["  ".join([cells[0].ljust(widths[0]), *map(str.rjust, cells[1:], widths[1:])]) for cells in table]
    return GradientError("\n".join(filter(None, [first, *lines, report.explanation])), report)
