"""
A program as a function of JAX's arrays.

It is written from the recorded nodes, not from the tape: a node's operation has its local derivatives in the table, and
these JAX differentiates again, where of the tape's primitives it would know its own rules alone. Nodes of one operation
at one depth are computed together, as a vector: what JAX compiles has as many instructions as there are such levels,
and a layer is one, however many neurons it has.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from autograd.engine import Value
from autograd.errors import ArgumentError
from autograd.ops import TABLE
from autograd.primitives import COMPARISONS, import_jax
from autograd.rules.jax_arrays import jax_operation
from autograd.rules.parameters import group, parameters

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from autograd.tracing import Comparison


class _Place(NamedTuple):
    """Where a node's number is: in which vector, and at which place of it."""

    vector: int
    at: int


class _Level(NamedTuple):
    """Nodes that are computed together: for each operand the places or numbers that it has in them."""

    op: str
    operands: Sequence[Sequence[_Place] | Sequence[float]]


#: The vectors that are given.
_INPUTS, _PARAMS = 0, 1


def jax_function(
    order: Sequence[Value],
    inputs: Sequence[Value],
    params: Sequence[Value],
    roots: Sequence[Value],
    comparisons: Sequence[Comparison],
    *,
    single: bool,
) -> Callable[..., Any]:
    """
    Write a graph as a function of JAX's arrays.

    Parameters
    ----------
    order
        The nodes in topological order.
    inputs, params
        The leaves whose numbers are given. Others keep those that they have now.
    roots
        What is computed.
    comparisons
        What must come out as it did while recording; the results are nan where it does not.
    single
        Whether there is one result, not an array of them.

    Returns
    -------
    function
        Of an array of the inputs and, if there are any, one of the parameters.

    Raises
    ------
    ImportError
        JAX is not installed.
    NotImplementedError
        JAX lacks an operation.
    """
    jax = import_jax()
    place: dict[Value, _Place] = {leaf: _Place(_INPUTS, i) for i, leaf in enumerate(inputs)}
    place |= {leaf: _Place(_PARAMS, i) for i, leaf in enumerate(params)}
    levels = _levels(order, place)
    functions = {op: jax_operation(op) for op in dict.fromkeys(level.op for level in levels)}
    sides = [(COMPARISONS[one.operator], one.left, one.right, one.outcome) for one in comparisons]

    def compute(x: Any, numbers: Any) -> Any:
        np = jax.numpy
        vectors = [x, numbers]
        for op, operands in levels:
            given = group(TABLE[op], [_given(vectors, each) for each in operands])
            out = functions[op](*(given[0] if parameters(TABLE[op])[0].kind == "star" else given))
            vectors.append(np.broadcast_to(out, len(operands[0])))

        def number(node: Value | float) -> Any:
            if isinstance(node, Value) and node in place:
                return _taken(vectors, [place[node]])
            return _number(node)

        results = np.stack([np.asarray(number(root), x.dtype) for root in roots])
        for compared, left, right, outcome in sides:
            # a factor, not a choice: the gradient is to be nan, too
            results = results * np.where(compared(number(left), number(right)) == outcome, 1.0, np.nan)
        return results[0] if single else results

    def of_inputs(x: Any) -> Any:
        """Compute the recorded graph, for one example: x has a number for each input."""
        return compute(_vector(x, len(inputs), "x"), jax.numpy.zeros(0))

    def of_inputs_and_params(x: Any, params: Any) -> Any:
        """Compute the recorded graph, for one example: x and params have a number for each input and parameter."""
        numbers = _vector(params, count, "params")
        return compute(_vector(x, len(inputs), "x"), numbers)

    count = len(params)
    return of_inputs_and_params if count else of_inputs


def _levels(order: Sequence[Value], place: dict[Value, _Place]) -> list[_Level]:
    """Put together what can be computed at once, and note in `place` where each result will be."""
    depth: dict[Value, int] = {}
    together: dict[tuple[Any, ...], list[Value]] = {}
    for node in order:
        if not node.op:
            continue
        depths = [depth.get(each, 0) for each in node.operands if isinstance(each, Value)]
        depth[node] = 1 + max(depths, default=0)
        given = tuple(isinstance(each, Value) and (bool(each.op) or each in place) for each in node.operands)
        together.setdefault((depth[node], node.op, given), []).append(node)
    levels = []
    for vector, (key, nodes) in enumerate(sorted(together.items(), key=lambda item: item[0][0]), start=2):
        columns = zip(*(node.operands for node in nodes), strict=True)
        operands: list[Any] = [
            [place[each] if is_given else _number(each) for each in column]
            for is_given, column in zip(key[2], columns, strict=True)
        ]
        levels.append(_Level(key[1], operands))
        place |= {node: _Place(vector, index) for index, node in enumerate(nodes)}
    return levels


def _number(operand: Value | float) -> float:
    return operand.data if isinstance(operand, Value) else operand


def _given(vectors: Sequence[Any], operands: Sequence[_Place] | Sequence[float]) -> Any:
    """Give an operand of a level: a vector, or a number if it is the same for all."""
    places = [each for each in operands if isinstance(each, _Place)]
    if places:
        return _taken(vectors, places)
    return operands[0] if len({*operands}) == 1 else import_jax().numpy.array(operands)


def _taken(vectors: Sequence[Any], places: Sequence[_Place]) -> Any:
    """Take numbers out of vectors; a single one if all are the same."""
    jax = import_jax()
    np = jax.numpy
    first = places[0]
    if all(each == first for each in places):
        return jax.lax.index_in_dim(vectors[first.vector], first.at, keepdims=False)
    used = sorted({each.vector for each in places})
    start: dict[int, int] = {}
    size = 0
    for each in used:
        start[each] = size
        size += vectors[each].shape[0]
    vector = vectors[used[0]] if len(used) == 1 else np.concatenate([vectors[each] for each in used])
    indices = [start[each.vector] + each.at for each in places]
    step = indices[1] - indices[0]
    if step > 0 and indices == list(range(indices[0], indices[-1] + 1, step)):
        return jax.lax.slice_in_dim(vector, indices[0], indices[-1] + 1, step)
    return vector[np.array(indices)]


def _vector(given: Any, count: int, name: str) -> Any:
    np = import_jax().numpy
    array = np.asarray(given)
    if array.shape != (count,):
        msg = f"{name} must be an array of shape ({count},), not {array.shape}; for many examples use jax.vmap"
        raise ArgumentError(msg)
    return array.astype(np.result_type(array, float))
