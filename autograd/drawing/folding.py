"""A graph that is too big to show every node: a box for each layer."""

from __future__ import annotations

import math
from collections import Counter
from typing import TYPE_CHECKING

from autograd.drawing.picture import Arrow, Box, Picture
from autograd.stepping.layers import counted

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from autograd.engine import Value
    from autograd.stepping.layers import Layer


#: More boxes than these are not looked at.
_MOST = 24


def merged(layers: Sequence[Layer]) -> list[Layer]:
    """
    Put neighbours together until there are no more layers than one can look at.

    Parameters
    ----------
    layers
        The layers, those before others that depend on them.

    Returns
    -------
    list of Layer

    Examples
    --------
    >>> from autograd.stepping.layers import Layer
    >>> [layer.name for layer in merged([Layer(f"depth {i}", [i], []) for i in range(48)])][:2]
    ['depth 0 to depth 1', 'depth 2 to depth 3']
    """
    size = max(1, -(-len(layers) // _MOST))
    groups = [layers[start : start + size] for start in range(0, len(layers), size)]
    return [
        group[0]._replace(
            name=group[0].name if len(group) == 1 else f"{group[0].name} to {group[-1].name}",
            nodes=[place for layer in group for place in layer.nodes],
            parameters=[place for layer in group for place in layer.parameters],
        )
        for group in groups
    ]


def folded(order: Sequence[Value], layers: Sequence[Layer], grads: Mapping[Value, float]) -> Picture:
    """
    Show each layer as one box.

    Parameters
    ----------
    order
        The nodes in topological order.
    layers
        The layers, those before others that depend on them.
    grads
        The gradient of each node.

    Returns
    -------
    Picture
        An arrow says how many nodes of one layer take a number from another.
    """
    picture = Picture()
    layer_of = {order[k]: i for i, layer in enumerate(layers) for k in layer.nodes}
    counts: Counter[tuple[int, int]] = Counter()
    for i, layer in enumerate(layers):
        own = layer.nodes
        data = math.hypot(*(order[k].data for k in own))
        grad = math.hypot(*(grads[order[k]] for k in own))
        said = f"{counted(len(own), 'node', 'nodes')}, {counted(len(layer.parameters), 'leaf', 'leaves')}"
        facts = (("count", said), ("‖data‖", data), ("‖grad‖", grad))
        picture.boxes.append(Box(f"L{i}", layer.name, facts, grad, is_layer=True))
        for k in own:
            sources = dict.fromkeys(layer_of[parent] for parent in order[k].parents if parent.op)
            counts.update((source, i) for source in sources if source != i)
    for (start, end), count in counts.items():
        picture.arrows.append(Arrow(f"l{start}-{end}", f"L{start}", f"L{end}", text=f"{count:,}"))
    return picture
