"""Recording a graph as a program."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from types import FunctionType
from typing import TYPE_CHECKING, Any, Literal, overload

from autograd.engine import Value, topological_order
from autograd.errors import ArgumentError, OperandError
from autograd.many import many_node
from autograd.operands import number
from autograd.program.graph import graph_of
from autograd.program.locking import parameters
from autograd.program.pausing import collector_paused
from autograd.program.program import Program
from autograd.program.variants import Variants
from autograd.tracing import LineTrace, comparisons_behind
from autograd.watchers import Watcher, open_watchers, watched_by, watching

if TYPE_CHECKING:
    from autograd.tracing import Comparison

Recordable = Callable[[list[Value]], Any] | Value | Sequence[Value]


@overload
def record(
    f_or_root: Recordable, inputs: Sequence[Any], params: Iterable[Value] = (), *, on_guard: Literal["raise"] = "raise"
) -> Program: ...
@overload
def record(
    f_or_root: Recordable, inputs: Sequence[Any], params: Iterable[Value] = (), *, on_guard: Literal["record"]
) -> Variants: ...
def record(
    f_or_root: Recordable, inputs: Sequence[Any], params: Iterable[Value] = (), *, on_guard: str = "raise"
) -> Program | Variants:
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
        Leaves that are neither keep the numbers that they have now; once they have others, a run raises.
    on_guard
        What to do where a comparison comes out otherwise than while recording: ``"raise"`` GuardError, or ``"record"``
        a function again, at that example. It is to depend on its inputs and on `params` alone, and to go 64 ways at
        most.

    Returns
    -------
    Program or Variants
        Call it with numbers for the inputs, or with rows of these. It is `Variants`, a program for each way the
        function goes, with ``on_guard="record"``.

    Raises
    ------
    TypeError, ValueError
        Something else is given, a leaf that is none, or one that is not in the graph.

    Notes
    -----
    Where the code compares Values, it goes one way, and only that is recorded. Of a graph such comparisons are known if
    it was made inside ``with trace_source()``. ``where``, ``maximum``, ``relu`` choose anew at each run.

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
    if on_guard not in ("raise", "record"):
        msg = f"record: on_guard must be 'raise' or 'record', not {on_guard!r}"
        raise ArgumentError(msg)
    given, shared = _listed(inputs, "record: inputs"), shared_leaves(params, "record")
    if callable(f_or_root):
        point = [number(x, f"record: inputs[{place}]") for place, x in enumerate(given)]
        if on_guard == "record":
            record_at = partial(record_function, f_or_root, params=shared)
            return Variants([record_at(point)], record_at, is_portable=_is_portable(f_or_root, shared))
        return record_function(f_or_root, point, shared, all_used=True)
    if on_guard == "record":
        msg = (
            "record: on_guard='record' is for a function, which can be called again at other numbers; of a graph there "
            "is one way only"
        )
        raise ArgumentError(msg)
    roots = _roots(f_or_root)
    for place, leaf in enumerate(given):
        _check_leaf(leaf, f"record: inputs[{place}]")
    order = topological_order(*roots)
    leaves = {node for node in order if not node.op}
    _check_distinct(shared, given)
    _check_present(shared, "params", leaves)
    _check_present(given, "inputs", leaves)
    return _program(roots, given, shared, comparisons_behind(order), single=isinstance(f_or_root, Value))


def record_function(
    f: Callable[[list[Value]], Any], point: Sequence[float], params: Sequence[Value], *, all_used: bool = False
) -> Program:
    """
    Record a function at a point.

    Parameters
    ----------
    f
        Of a list of Values, one for each input.
    point
        The numbers.
    params
        Leaves that all examples share.
    all_used
        Whether a parameter on which nothing depends is an error.

    Returns
    -------
    Program

    Raises
    ------
    TypeError, ValueError
        As for `record`.
    """
    leaves = [Value(x, f"x{place}") for place, x in enumerate(point)]
    trace = _Recorder()
    with collector_paused(), watched_by(open_watchers()), watching(trace):  # be it in a no_grad
        out = f(list(leaves))
    roots = _roots(out)
    _check_distinct(params, leaves)
    if all_used and params and not set(params).issubset(topological_order(*roots)):
        uses = _Uses()  # a gradient does not depend on all that it is the gradient by
        with watched_by(()), watching(uses):
            f(list(leaves))
        _check_present(params, "params", uses.read)
    return _program(roots, leaves, params, trace.comparisons, single=isinstance(out, Value))


def keeps_leaves(f: Callable[..., Any]) -> bool:
    """
    Tell whether the leaves that a function computes with are not copied with it, as those of an object are.

    Parameters
    ----------
    f
        The function.

    Returns
    -------
    bool
    """
    while isinstance(f, partial):
        f = f.func
    return isinstance(f, FunctionType)


def _is_portable(f: Callable[..., Any], params: Sequence[Value]) -> bool:
    """Tell whether a function can be pickled, and computes with parameters that are copied with it."""
    is_nameless = "<" in getattr(f, "__qualname__", "<")
    return not (keeps_leaves(f) and (params or is_nameless))


class _Recorder(LineTrace):
    """What is cut off while a function is recorded stays a node: at other numbers it is another number."""

    def detached(self, node: Value) -> Value:
        """Give a node of the same number."""
        return node if node.op == "stop_gradient" else many_node("stop_gradient", node.data, ([node], [node], [None]))


class _Uses(Watcher):
    """Sees what operations read."""

    def __init__(self) -> None:
        self.read: set[Value] = set()

    def made(self, node: Value) -> Value:
        """See a node."""
        self.read.update(node.parents)
        return node


def _program(
    roots: Sequence[Value], inputs: Sequence[Value], params: Sequence[Value], comparisons: Sequence[Comparison], *,
    single: bool,
) -> Program:  # fmt: skip
    with parameters:
        graph, constants = graph_of(roots, inputs, params, comparisons, single=single)
    return Program(graph, params, constants)


def shared_leaves(params: Iterable[Value], called: str) -> list[Value]:
    """
    See that parameters are leaves.

    Parameters
    ----------
    params
        What was given.
    called
        The function that it was given to.

    Returns
    -------
    list of Value

    Raises
    ------
    TypeError, ValueError
        One is none.
    """
    shared = _listed(params, f"{called}: params")
    for place, leaf in enumerate(shared):
        _check_leaf(leaf, f"{called}: params[{place}]")
    return shared


def _listed(given: Any, role: str) -> list[Any]:
    if isinstance(given, str | bytes | dict) or not isinstance(given, Iterable) or getattr(given, "shape", None) == ():
        msg = f"{role} must be a sequence, as a list, not {type(given).__name__} {given!r}"
        raise OperandError(msg)
    return list(given)


def _check_distinct(params: Sequence[Value], inputs: Sequence[Value]) -> None:
    seen: set[Value] = set()
    for leaf in (*inputs, *params):
        if leaf in seen:
            msg = f"record: a leaf is among inputs and params twice: {leaf!r}"
            raise ArgumentError(msg)
        seen.add(leaf)


def _check_present(leaves: Sequence[Value], role: str, present: set[Value]) -> None:
    for place, leaf in enumerate(leaves):
        if leaf not in present:
            msg = f"record: {role}[{place}] must be in the graph; nothing depends on {leaf!r}: leave it out"
            raise ArgumentError(msg)


def _check_leaf(leaf: Any, role: str) -> None:
    if not isinstance(leaf, Value):
        msg = f"{role} must be a Value, not {type(leaf).__name__} {leaf!r}"
        raise OperandError(msg)
    if leaf.op:
        msg = f"{role} must be a leaf, which nobody has computed, not the result of {leaf.op}"
        raise ArgumentError(msg)


def _roots(given: Any) -> list[Value]:
    is_sequence = isinstance(given, Iterable) and not isinstance(given, Value | str | bytes | dict)
    roots = [given] if isinstance(given, Value) else list(given) if is_sequence else []
    if not roots:
        msg = f"record: the graph must end with a Value or with several, not with {type(given).__name__} {given!r}"
        raise OperandError(msg)
    for place, root in enumerate(roots):
        if not isinstance(root, Value):
            msg = f"record: result {place} of the graph must be a Value, not {type(root).__name__} {root!r}"
            raise OperandError(msg)
    return roots
