"""The reverse sweep once more: with floats that touch no ``grad``, and with Values, to be differentiated again."""

from __future__ import annotations

import math
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, NamedTuple

from autograd.engine import Many, Value, topological_order
from autograd.errors import OperandError, StaleGraphError, describe
from autograd.many import data_of
from autograd.noting import Noted
from autograd.ops import TABLE
from autograd.rules import IEEE, VALUES, group, ieee_operation, parameters
from autograd.watchers import show_sweep, watched

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterator, Mapping, Sequence

    from autograd.entry import Op


def gradients(root: Value, wrt: Value | Sequence[Value]) -> Any:
    """
    Differentiate a node; the derivatives are Values that can be differentiated again.

    No ``grad`` is touched. Inside the new graph arithmetic is IEEE: inf and nan in place of exceptions.

    Parameters
    ----------
    root
        What to differentiate.
    wrt
        With respect to what: a node, or a sequence of nodes.

    Returns
    -------
    Value or list of Value
        A derivative for each of `wrt`; a single one if `wrt` is a single node. 0.0 where `root` does not depend on it.

    Raises
    ------
    TypeError
        `root` or one of `wrt` is not a Value.
    RuntimeError
        The ``data`` of a node was changed after it had been used: the recorded graph is not what its leaves say. Or
        the graph was not kept, since it was computed inside `jvp`.

    Examples
    --------
    >>> x = Value(2.0)
    >>> first = gradients(x**3, x)
    >>> second = gradients(first, x)
    >>> first.data, second.data
    (12.0, 12.0)
    """
    targets = [wrt] if isinstance(wrt, Value) else wrt if isinstance(wrt, list | tuple) else None
    if not isinstance(root, Value):
        msg = f"gradients: root must be a Value, not {type(root).__name__} {root!r}"
        raise OperandError(msg)
    if targets is None or not all(isinstance(target, Value) for target in targets):
        msg = f"gradients: wrt must be a Value or a list of Values, not {wrt!r}"
        raise OperandError(msg)
    results = value_sweep({root: 1.0}, targets, whole=True)
    return results[0] if isinstance(wrt, Value) else results


def float_sweep(seeds: dict[Value, float], targets: Sequence[Value]) -> list[float]:
    """
    Sweep as `Value.backward` does, with the local derivatives that are recorded.

    Parameters
    ----------
    seeds
        The roots, each with its adjoint.
    targets
        With respect to what to differentiate.

    Returns
    -------
    list of float
        A derivative for each of `targets`, to the last bit what `Value.backward` gives.
    """
    order = topological_order(*seeds, live=True)
    adjoints = dict.fromkeys(order, 0.0) | seeds
    for node in reversed(order):
        adjoint = adjoints[node]
        if node._first is not None:
            adjoints[node._first] += node._d_first * adjoint
        if node._second is not None:
            adjoints[node._second] += node._d_second * adjoint
        elif node._rest.__class__ is Many:
            for parent, slope in zip(node._rest.parents, node._rest.local_grads):
                if slope is not None:
                    adjoints[parent] += slope * adjoint
    if watched:
        show_sweep(order, adjoints.__getitem__)
    return [adjoints.get(target, 0.0) for target in targets]


def value_sweep(seeds: Mapping[Value, Value | float], targets: Sequence[Value], *, whole: bool = False) -> list[Value]:
    """
    Sweep in the same order of additions, with the table's local derivatives read with Values.

    Parameters
    ----------
    seeds
        The roots, each with its adjoint.
    targets
        With respect to what to differentiate.
    whole
        Whether targets may be older than a `jvp` that is open, and so their graph must have been kept from there on.

    Returns
    -------
    list of Value
        A derivative for each of `targets`.

    Raises
    ------
    RuntimeError
        The ``data`` of a node was changed after it had been used, or `jvp` has not kept the graph.
    """
    order = topological_order(*seeds, live=True)
    on_a_path = set(targets)
    for node in order:
        if node._tag:
            _check_unchanged(node)
            for parent in node.parents:
                if parent in on_a_path:
                    on_a_path.add(node)
                    break
        elif whole and isinstance(node, Noted) and node.let_go and node not in on_a_path:
            node.refuse_to_sweep()
    adjoints: dict[Value, Value | float] = dict(seeds)
    with _in_a_sweep():
        for node in reversed(order):
            if node in on_a_path and node._tag and node in adjoints:
                adjoint = adjoints[node]
                for operand, slope in zip(node.operands, local_derivatives(node, on_a_path)):
                    if slope is not None and operand in on_a_path:
                        share = product(slope, adjoint)
                        adjoints[operand] = adjoints[operand] + share if operand in adjoints else share
        recorded = set(order)
        results = [_result(adjoints.get(target, 0.0), recorded) for target in targets]
    if watched:
        show_sweep(order, lambda node: data_of(adjoints[node]) if node in adjoints else None)
    return results


def _result(adjoint: Value | float, recorded: Container[Value]) -> Value:
    """Give a node that is not one of the graph that was swept, and has the sign that `Value.backward` gives a zero."""
    if not isinstance(adjoint, Value):
        return Value(adjoint + 0.0)
    if adjoint._data == 0.0 and math.copysign(1.0, adjoint._data) < 0.0:
        return 0.0 + adjoint
    return _IDENTITY(adjoint) if adjoint in recorded else adjoint


_IDENTITY = ieee_operation("identity")


def fresh(number: Value | float) -> Value:
    """
    Make a node to differentiate by; one made of a Value still leads back to it.

    Parameters
    ----------
    number
        A Value or a plain number.

    Returns
    -------
    Value
    """
    return _IDENTITY(number) if isinstance(number, Value) else Value(number)


_sweeping: ContextVar[bool] = ContextVar("sweeping", default=False)


@contextmanager
def _in_a_sweep() -> Iterator[None]:
    before = _sweeping.set(True)
    try:
        yield
    finally:
        _sweeping.reset(before)


def in_a_sweep() -> bool:
    """
    Tell whether what is computed in this thread or task are derivatives, as Values.

    Returns
    -------
    bool
    """
    return _sweeping.get()


# ---------------------------------------------------------------------- a node's entry, read once


class _Rules(NamedTuple):
    """What the sweeps need of an entry: its texts compiled, and which of its parameters are sequences."""

    op: Op
    sequences: bool
    star: bool
    value: Callable[..., float]
    partials: tuple[Callable[..., Any], ...]
    slopes: tuple[Callable[..., Any], ...]


_rules: dict[str, _Rules] = {}


def _rules_of(node: Value) -> _Rules:
    op = TABLE[node._tag]
    rules = _rules.get(node._tag)
    if rules is None or rules.op is not op:  # another entry may have taken the name since
        kinds = [parameter.kind for parameter in parameters(op)]
        partials, slopes = (
            tuple(reader.partial(op.name, index) for index in range(len(kinds))) for reader in (IEEE, VALUES)
        )
        sequences = kinds != ["scalar"] * len(kinds)
        rules = _rules[op.name] = _Rules(op, sequences, "star" in kinds, IEEE.value(op.name), partials, slopes)
    return rules


def local_derivatives(node: Value, wanted: Container[Any]) -> list[Value | float | None]:
    """
    Read a node's local derivatives with Values.

    Parameters
    ----------
    node
        The node.
    wanted
        Of which operands.

    Returns
    -------
    list of Value, float or None
        ∂(node)/∂(operand) for each operand; None where it is not wanted, or the branch was not taken.
    """
    rules = _rules_of(node)
    operands = node.operands
    if not rules.sequences:
        return [slope(*operands, node) if operand in wanted else None for slope, operand in zip(rules.slopes, operands)]
    groups = group(rules.op, operands)
    slopes: list[Value | float | None] = []
    for slope, part in zip(rules.slopes, groups):
        if isinstance(part, list):
            used = any(operand in wanted for operand in part)
            slopes += slope(*groups, node) if used else [None] * len(part)
        else:
            slopes.append(slope(*groups, node) if part in wanted else None)
    return slopes


def product(slope: Value | float, other: Value | float) -> Value | float:
    """
    Multiply a local derivative by an adjoint or a tangent, without a node for a factor of one.

    Parameters
    ----------
    slope, other
        The two.

    Returns
    -------
    Value or float
    """
    if not isinstance(slope, Value) and slope == 1.0:
        return other
    if not isinstance(other, Value) and other == 1.0:
        return slope
    return slope * other


def _check_unchanged(node: Value) -> None:
    """Compute a node again from its operands' present data; it must come out as recorded."""
    rules = _rules_of(node)
    operands = node.operands
    groups: list[Any] = [operand._data if isinstance(operand, Value) else operand for operand in operands]
    if rules.sequences:
        groups = group(rules.op, groups)
    out = rules.value(*groups[0]) if rules.star else rules.value(*groups)
    same = out == node._data or _same(out, node._data)
    if same:
        if rules.sequences:
            slopes: list[float | None] = []
            for partial, part in zip(rules.partials, groups):
                slope = partial(*groups, out)
                slopes += slope if isinstance(part, list) else [slope]
            now = [slope or 0.0 for slope, operand in zip(slopes, operands) if isinstance(operand, Value)]
        else:
            both = zip(rules.partials, operands)
            now = [partial(*groups, out) or 0.0 for partial, operand in both if isinstance(operand, Value)]
        before = node.local_grads
        same = tuple(now) == before or all(map(_same, now, before))
    if not same:
        shown = ", ".join(describe(operand) for operand in operands)
        msg = (
            f"gradients: data was changed after the graph was recorded: {node.op} gave {node.data!r}, with its "
            f"operands' present data ({shown}) it gives {out!r}; compute the root again from its leaves"
        )
        raise StaleGraphError(msg)


def _same(a: float, b: float) -> bool:
    return a == b or (a != a and b != b)  # noqa: PLR0124 - only a nan differs from itself
