"""Drawing a graph."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from autograd.drawing.folding import folded
from autograd.drawing.picture import clusters_of, picture_of
from autograd.engine import Value, topological_order
from autograd.errors import ArgumentError, OperandError
from autograd.stepping.layers import MOST_NODES, layers_of, merged
from autograd.stepping.naming import names_of, variables_of_caller

if TYPE_CHECKING:
    from autograd.drawing.rendering import Rendered
    from autograd.program import Program, Variants

_DIRECTIONS = ("LR", "TB", "RL", "BT")
_FIELDS = ("label", "data", "grad")


def draw(
    roots: Value | Sequence[Value] | Program | Variants,
    model: Any = None,
    *,
    rankdir: str = "LR",
    number_format: str = ".4g",
    fields: Sequence[str] = _FIELDS,
    local_grads: bool = False,
    color_by_grad: bool = False,
    path: Sequence[Value] = (),
    opened: bool | Iterable[Value] = (),
    limit: int = MOST_NODES,
    gradient: bool = False,
) -> Rendered:
    """
    Draw a computation graph: boxes for numbers, ovals for operations.

    Parameters
    ----------
    roots
        The node, or nodes, that it ends with; or a program, of which `rankdir`, `limit` and `gradient` count alone.
    model
        Something with ``named_parameters()``, as an `nn.Module`: its layers and neurons get frames, its parameters
        their names.
    rankdir
        The direction in which numbers flow: ``"LR"`` (left to right), ``"TB"``, ``"RL"`` or ``"BT"``.
    number_format
        As for `format`.
    fields
        What stands in a box: some of ``"label"``, ``"data"`` and ``"grad"``.
    local_grads
        Write the local derivatives on the arrows.
    color_by_grad
        Colour the boxes by their gradients: blue is negative, red positive.
    path
        Nodes from an operand to a result and so on: the way along them is highlighted, unless the graph is folded.
    opened
        Nodes whose operation is drawn as what it is made of, as a ``dot`` as its products; True for all.
    limit
        A graph with more nodes than these is folded: a box for each layer of the model, or for each depth.

    gradient
        Of a program, draw the instructions for the derivatives too.

    Returns
    -------
    graphviz.Digraph
        A notebook shows it; ``.render("graph", format="svg")`` saves it; ``.source`` is the DOT text. The same graph
        gives the same text in every process.

    Raises
    ------
    TypeError, ValueError
        An argument cannot be used.

    Examples
    --------
    >>> a, b = Value(2.0, "a"), Value(-3.0, "b")
    >>> c = a * b + a
    >>> c.backward()
    >>> drawing = draw(c)
    >>> drawing
    <drawing of 4 boxes and 6 arrows>
    >>> 'label="{a|data 2|grad -2}"' in drawing.source
    True
    """
    from autograd.drawing.digraph import Style, digraph  # noqa: PLC0415 - they need graphviz

    chosen = _checked_choices(rankdir, number_format, fields, limit)
    if hasattr(roots, "picture"):
        return digraph(roots.picture(gradient=gradient, limit=limit), Style(**chosen))
    order = topological_order(*_checked_roots(roots))
    data, grads = {node: node.data for node in order}, {node: node.grad for node in order}
    places = {node: f"n{k}" for k, node in enumerate(order)}
    for node in path:
        if node not in places:
            msg = f"draw: path must be of nodes in this graph, not {node!r}"
            raise ArgumentError(msg)
    if len(order) > limit:
        picture = folded(order, merged(layers_of(order, model)), data, grads)
        by = "depth" if model is None else "layer"
        picture.note = f"{len(order):,} nodes, folded by {by}; limit={len(order)} draws each of them"
    else:
        clusters = clusters_of(order, model)
        parameters = {} if model is None else {node: name for name, node in model.named_parameters()}
        names = names_of(order, parameters | variables_of_caller())
        for node, name in parameters.items():
            if names.get(node) == name:
                around = ".".join(part.partition("#")[0] for part in clusters.get(node, ()))
                names[node] = name.removeprefix(f"{around}.")
        inner = {node for node in order if node.op} if opened is True else set(opened or ())
        picture = picture_of(order, names, data, grads, clusters, inner)
    picture.swept = any(grads.values())
    way = [] if len(order) > limit else [places[node] for node in path]
    return digraph(picture, Style(local_grads=local_grads, color_by_grad=color_by_grad, path=way, **chosen))


def draw_dot(root: Value, format: str = "svg", rankdir: str = "LR") -> Rendered:  # noqa: A002 - as in micrograd
    """
    Draw a graph as micrograd's ``draw_dot`` does.

    Parameters
    ----------
    root
        The node that it ends with.
    format
        Of the file that ``.render()`` saves: ``"svg"``, ``"png"``, ...
    rankdir
        ``"LR"`` or ``"TB"``.

    Returns
    -------
    graphviz.Digraph

    Examples
    --------
    >>> draw_dot(Value(2.0, "x") * 3, format="png").format
    'png'
    """
    drawing = draw(root, rankdir=rankdir, number_format=".4f")
    drawing.format = format
    return drawing


def _checked_roots(roots: Any) -> list[Value]:
    found = [roots] if isinstance(roots, Value) else list(roots) if isinstance(roots, Iterable) else []
    if not found or not all(isinstance(root, Value) for root in found):
        msg = f"draw: roots must be a Value, a list of Values or a program, not {type(roots).__name__} {roots!r}"
        raise OperandError(msg)
    return found


def _checked_choices(rankdir: str, number_format: str, fields: Sequence[str], limit: int) -> dict[str, Any]:
    if rankdir not in _DIRECTIONS:
        msg = f"draw: rankdir must be one of {', '.join(_DIRECTIONS)}, not {rankdir!r}"
        raise ArgumentError(msg)
    try:
        format(0.0, number_format)
    except (TypeError, ValueError):
        msg = f"draw: number_format must be a format of a float, as '.4g', not {number_format!r}"
        raise ArgumentError(msg) from None
    if isinstance(fields, str) or not set(fields) <= set(_FIELDS):
        msg = f"draw: fields must be some of {', '.join(map(repr, _FIELDS))}, not {fields!r}"
        raise ArgumentError(msg)
    if not isinstance(limit, int) or limit < 1:
        msg = f"draw: limit must be a positive integer, not {limit!r}"
        raise ArgumentError(msg)
    return {"rankdir": rankdir, "number_format": number_format, "fields": tuple(fields)}
