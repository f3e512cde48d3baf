"""
A program as a function of JAX's arrays.

It is written from the recorded nodes, not from the tape: a node's operation has its local derivatives in the table, and
these JAX differentiates again, where of the tape's primitives it would know its own rules alone. Nodes of one operation
at one depth are computed together, as a vector: what JAX compiles has as many instructions as there are such levels,
and a layer is one, however many neurons it has.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from autograd.errors import ArgumentError
from autograd.ops import TABLE
from autograd.primitives import COMPARISONS, import_jax
from autograd.rules.jax_arrays import jax_operation
from autograd.rules.parameters import group, parameters

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from autograd.program.graph import Graph


class _Place(NamedTuple):
    """Where a node's number is: in which vector, and at which place of it."""

    vector: int
    at: int


class _Level(NamedTuple):
    """Nodes that are computed together: for each operand the places or numbers that it has in them."""

    op: str
    operands: Sequence[Sequence[_Place | float]]


#: The vectors that are given.
_INPUTS, _PARAMS = 0, 1


def jax_function(graph: Graph) -> Callable[..., Any]:
    """
    Write a graph as a function of JAX's arrays.

    Parameters
    ----------
    graph
        The nodes. Where a comparison comes out otherwise than while recording, the results are nan.

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
    place: dict[int, _Place | float] = {}
    levels = _levels(graph, place)
    functions = {op: jax_operation(op) for op in dict.fromkeys(level.op for level in levels)}
    signs = [COMPARISONS[one.operator] for one in graph.comparisons]

    def compute(x: Any, numbers: Any) -> Any:
        np = jax.numpy
        vectors = [x, numbers]
        for op, operands in levels:
            given = group(TABLE[op], [_given(vectors, each) for each in operands])
            out = functions[op](*(given[0] if parameters(TABLE[op])[0].kind == "star" else given))
            vectors.append(np.broadcast_to(out, len(operands[0])))

        def number(node: int) -> Any:
            at = place[node]
            return _taken(vectors, [at]) if isinstance(at, _Place) else at

        results = np.stack([np.asarray(number(root), x.dtype) for root in graph.roots])
        for compared, one in zip(signs, graph.comparisons, strict=True):
            # a factor, not a choice: the gradient is to be nan, too
            is_same = compared(number(one.left), number(one.right)) == one.outcome
            results = results * np.where(is_same, 1.0, np.nan)
        return results[0] if graph.single else results

    def of_inputs(x: Any) -> Any:
        """Compute the recorded graph, for one example: x has a number for each input."""
        return compute(_vector(x, len(graph.inputs), "x"), jax.numpy.zeros(0))

    def of_inputs_and_params(x: Any, params: Any) -> Any:
        """Compute the recorded graph, for one example: x and params have a number for each input and parameter."""
        numbers = _vector(params, count, "params")
        return compute(_vector(x, len(graph.inputs), "x"), numbers)

    count = len(graph.params)
    return of_inputs_and_params if count else of_inputs


def _levels(graph: Graph, place: dict[int, _Place | float]) -> list[_Level]:
    """Put together what can be computed at once, and note in `place` where each result will be, or a constant."""
    depth: dict[int, int] = {}
    together: dict[tuple[Any, ...], list[tuple[int, Sequence[int]]]] = {}
    sources = {"input": _INPUTS, "param": _PARAMS}
    for node, (name, operands) in enumerate(graph.nodes()):
        if name == "constant":
            place[node] = graph.numbers[operands[0]]
        elif name in sources:
            place[node] = _Place(sources[name], operands[0])
        else:
            depth[node] = 1 + max((depth.get(each, 0) for each in operands), default=0)
            is_given = tuple(not isinstance(place.get(each), float) for each in operands)
            together.setdefault((depth[node], name, is_given), []).append((node, operands))
    levels = []
    for vector, (key, nodes) in enumerate(sorted(together.items(), key=lambda item: item[0][0]), start=2):
        columns = zip(*(operands for _, operands in nodes), strict=True)
        levels.append(_Level(key[1], [[place[each] for each in column] for column in columns]))
        place |= {node: _Place(vector, index) for index, (node, _) in enumerate(nodes)}
    return levels


def _given(vectors: Sequence[Any], operands: Sequence[_Place | float]) -> Any:
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
