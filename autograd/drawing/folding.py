"""A graph that is too big to show every node: a box for each layer."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from autograd.drawing.picture import Arrow, Box, Picture
from autograd.stepping.layers import counted, sources_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from autograd.engine import Value
    from autograd.stepping.layers import Layer


def folded(
    order: Sequence[Value], layers: Sequence[Layer], data: Mapping[Value, float], grads: Mapping[Value, float]
) -> Picture:
    """
    Show each layer as one box.

    Parameters
    ----------
    order
        The nodes in topological order.
    layers
        The layers, those before others that depend on them.
    data, grads
        The number and the gradient of each node.

    Returns
    -------
    Picture
        An arrow says how many nodes of one layer take a number from another.
    """
    picture = Picture()
    for i, (layer, sources) in enumerate(zip(layers, sources_of(order, layers), strict=True)):
        own = layer.nodes
        length, grad = (math.hypot(*(numbers[order[k]] for k in own)) for numbers in (data, grads))
        said = f"{counted(len(own), 'node', 'nodes')}, {counted(len(layer.parameters), 'leaf', 'leaves')}"
        facts = (("count", said), ("‖data‖", length), ("‖grad‖", grad))
        picture.boxes.append(Box(f"n{i}", layer.name, facts, grad, is_layer=True))
        for j, (source, count) in enumerate(sources.items()):
            picture.arrows.append(Arrow(f"e{i}-{j}", f"n{source}", f"n{i}", text=f"{count:,}"))
    return picture
