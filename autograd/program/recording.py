"""Recording a graph as a program."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from autograd.engine import Value, topological_order
from autograd.errors import ArgumentError, OperandError
from autograd.operands import number
from autograd.program.program import Program
from autograd.tracing import comparisons_behind, trace_source


def record(
    f_or_root: Callable[[list[Value]], Any] | Value | Sequence[Value],
    inputs: Sequence[Any],
    params: Iterable[Value] = (),
) -> Program:
    """
    Record a graph once, to run it on other numbers: many examples at a time, with gradients.

    Parameters
    ----------
    f_or_root
        A function of a list of Values, one for each input, that returns a Value or several; or what a graph ends with.
    inputs
        For a function, the numbers to record it at. For a graph, the leaves whose numbers are given at each run.
    params
        Leaves that all examples share, as the parameters of a model: a run takes the numbers that they have by then.
        Leaves that are neither keep the numbers that they have now.

    Returns
    -------
    Program
        Call it with numbers for the inputs, or with rows of these.

    Raises
    ------
    TypeError, ValueError
        Something else is given, a leaf that is none, or one that is not in the graph.

    Notes
    -----
    Where the code compares Values, it goes one way, and only that is recorded: a run in which a comparison would come
    out otherwise raises GuardError. Of a graph such comparisons are known if it was made inside ``with
    trace_source()``. ``where``, ``maximum``, ``relu`` choose anew at each run.

    Examples
    --------
    >>> from autograd import tanh
    >>> program = record(lambda x: tanh(x[0] * x[1]) + x[0], inputs=[0.5, 2.0])
    >>> program([0.0, 3.0])
    0.0
    >>> value, grad = program.value_and_grad([[0.0, 3.0], [1.0, 0.0]])
    >>> value.tolist(), grad.tolist()
    ([0.0, 1.0], [[4.0, 0.0], [1.0, 1.0]])
    """
    given = list(params)
    for place, leaf in enumerate(given):
        _check_leaf(leaf, f"params[{place}]")
    if isinstance(f_or_root, Value) or not callable(f_or_root):
        leaves = list(inputs)
        for place, leaf in enumerate(leaves):
            _check_leaf(leaf, f"inputs[{place}]")
        out: Any = f_or_root
        comparisons = comparisons_behind(topological_order(*_roots(out)))
    else:
        leaves = [Value(number(x, f"record: inputs[{place}]"), f"x{place}") for place, x in enumerate(inputs)]
        with trace_source() as trace:
            out = f_or_root(list(leaves))
        comparisons = trace.comparisons
    roots = _roots(out)
    if len({*leaves, *given}) != len(leaves) + len(given):
        msg = "record: a leaf is among inputs and params twice"
        raise ArgumentError(msg)
    present = set(topological_order(*roots))
    for place, leaf in enumerate(given):
        if leaf not in present:
            msg = f"record: params[{place}] must be in the graph; nothing depends on {leaf!r}"
            raise ArgumentError(msg)
    return Program(roots, leaves, given, comparisons, single=isinstance(out, Value))


def _check_leaf(leaf: Any, role: str) -> None:
    if not isinstance(leaf, Value):
        msg = f"record: {role} must be a Value, not {type(leaf).__name__} {leaf!r}"
        raise OperandError(msg)
    if leaf.op:
        msg = f"record: {role} must be a leaf, which nobody has computed, not the result of {leaf.op}"
        raise ArgumentError(msg)


def _roots(given: Any) -> list[Value]:
    roots = [given] if isinstance(given, Value) else list(given) if isinstance(given, Iterable) else []
    if not roots or not all(isinstance(root, Value) for root in roots):
        msg = f"record: the graph must end with a Value or with several, not with {type(given).__name__} {given!r}"
        raise OperandError(msg)
    return roots
