"""What a drawing shows: boxes for numbers, ovals for operations, arrows between them, as data."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from autograd.drawing.wording import operation_text
from autograd.engine import Value, topological_order
from autograd.ops import TABLE
from autograd.rules.patterns import value_function
from autograd.stepping.layers import units_of

if TYPE_CHECKING:
    from collections.abc import Container, Mapping, Sequence
    from typing import Any


class Box(NamedTuple):
    """
    A number, or a layer in place of many.

    Parameters
    ----------
    id
        ``n3`` for the node at place 3 of the topological order, or for layer 3.
    name
        What it is called.
    facts
        What is known of it, each with its name: ``("data", 2.0)``; a text stands for itself.
    grad
        Its gradient, for the colour; None if it is not known.
    cluster
        The layer it is in and the part of that, from the outside in.
    is_leaf
        Whether nobody computed it.
    is_layer
        Whether it stands for many nodes.
    """

    id: str
    name: str
    facts: tuple[tuple[str, float | str], ...]
    grad: float | None
    cluster: tuple[str, ...] = ()
    is_leaf: bool = False
    is_layer: bool = False


class Oval(NamedTuple):
    """
    An operation.

    Parameters
    ----------
    id
        ``o3`` for that of the node at place 3.
    text
        Its symbol, with the constants in it.
    cluster
        As for a box.
    """

    id: str
    text: str
    cluster: tuple[str, ...] = ()


class Arrow(NamedTuple):
    """
    How numbers flow.

    Parameters
    ----------
    id
        ``e3-1``: operand 1 into the operation of node 3; ``v3``: out of it.
    start, end
        The ids of what it joins.
    slope
        The local derivative; None for an arrow out of an operation.
    text
        What else is written on it.
    """

    id: str
    start: str
    end: str
    slope: float | None = None
    text: str = ""


@dataclass
class Picture:
    """
    What a drawing shows.

    Parameters
    ----------
    boxes, ovals, arrows
        In the order in which they are computed.
    note
        What is said below.
    swept
        Whether there are gradients.
    """

    boxes: list[Box] = field(default_factory=list)
    ovals: list[Oval] = field(default_factory=list)
    arrows: list[Arrow] = field(default_factory=list)
    note: str = ""
    swept: bool = True


def picture_of(
    order: Sequence[Value],
    names: Mapping[Value, str],
    data: Mapping[Value, float],
    grads: Mapping[Value, float],
    clusters: Mapping[Value, tuple[str, ...]],
    opened: Container[Value] = (),
) -> Picture:
    """
    Show every node of a graph.

    Parameters
    ----------
    order
        The nodes in topological order.
    names
        What each is called.
    data, grads
        The number and the gradient of each.
    clusters
        In which part of a model a node is.
    opened
        Nodes whose operation is shown as what it is made of.

    Returns
    -------
    Picture
    """
    picture = Picture()
    place = {node: k for k, node in enumerate(order)}
    for k, node in enumerate(order):
        cluster, grad = clusters.get(node, ()), grads[node]
        facts = (("data", data[node]), ("grad", grad))
        picture.boxes.append(Box(f"n{k}", names[node], facts, grad, cluster, is_leaf=not node.op))
        if not node.op:
            continue
        if node in opened and _open(picture, node, k, place, cluster):
            continue
        picture.ovals.append(Oval(f"o{k}", operation_text(node), cluster))
        _join(picture, node, k, place, f"o{k}")
        picture.arrows.append(Arrow(f"v{k}", f"o{k}", f"n{k}"))
    return picture


def clusters_of(order: Sequence[Value], model: Any) -> dict[Value, tuple[str, ...]]:
    """
    Tell in which frames a node stands: its layer's, and in that its neuron's.

    Parameters
    ----------
    order
        The nodes in topological order.
    model
        What has the layers, as for `autograd.stepping.layers.layers_of`; None if there is none.

    Returns
    -------
    dict of Value to tuple of str
    """
    if model is None:
        return {}
    clusters: dict[Value, tuple[str, ...]] = {}
    for node, (level, layer, unit) in units_of(order, model).items():
        if layer:
            part = unit.removeprefix(layer).lstrip(".")
            clusters[node] = (f"{layer}#{level}", part) if part else (f"{layer}#{level}",)
    return clusters


def _join(picture: Picture, node: Value, k: int, place: Mapping[Value, int], end: str) -> None:
    """Draw an arrow for each operand that is a node; for one that is an operand twice, two."""
    slopes = iter(node.local_grads)
    for argument, operand in enumerate(node.operands):
        if isinstance(operand, Value):
            picture.arrows.append(Arrow(f"e{k}-{argument}", f"n{place[operand]}", end, next(slopes)))


def _open(picture: Picture, node: Value, k: int, place: Mapping[Value, int], cluster: tuple[str, ...]) -> bool:
    """Show an operation as those that its text is made of; tell whether there is more than one."""
    copies = [Value(operand.data) if isinstance(operand, Value) else operand for operand in node.operands]
    made = value_function(TABLE[node.op], len(copies))(*copies)
    inner = [part for part in topological_order(made) if part.op]
    if len(inner) < 2:
        return False
    place_of = {argument: place[x] for argument, x in enumerate(node.operands) if isinstance(x, Value)}
    argument_of = {copy: argument for argument, copy in enumerate(copies) if isinstance(copy, Value)}
    id_of = {part: f"o{k}.{i}" for i, part in enumerate(inner)} | {made: f"o{k}"}
    for part in inner:
        picture.ovals.append(Oval(id_of[part], operation_text(part), cluster))
        for parent, slope in zip(part.parents, part.local_grads, strict=True):
            end = id_of[part]
            if parent.op:
                picture.arrows.append(Arrow(f"{id_of[parent]}-{end}", id_of[parent], end, slope))
            else:
                argument = argument_of[parent]
                picture.arrows.append(Arrow(f"e{k}-{argument}", f"n{place_of[argument]}", end, slope))
    picture.arrows.append(Arrow(f"v{k}", f"o{k}", f"n{k}"))
    return True
