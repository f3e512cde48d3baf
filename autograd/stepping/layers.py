"""Folds a graph into layers: those of a model, or one for each depth."""

from __future__ import annotations

import math
import re
from collections import Counter
from typing import TYPE_CHECKING, Any, NamedTuple

from autograd.errors import OperandError
from autograd.stepping.step import Quantity, Sentence, Step
from autograd.stepping.wording import escaped

if TYPE_CHECKING:
    from collections.abc import Sequence

    from autograd.engine import Value
    from autograd.stepping.passes import Passes


#: A graph of more nodes is folded into layers: a picture of each takes seconds, and nobody reads it.
MOST_NODES = 600

_MOST_LAYERS = 24  # of more boxes nobody looks at each


class Layer(NamedTuple):
    """
    Nodes that are shown as one.

    Parameters
    ----------
    name
        Of the layer: ``layers.0``, or ``depth 3``.
    nodes
        Places in the topological order of the nodes that are computed in it.
    parameters
        Places of the leaves that are used in it first.
    """

    name: str
    nodes: list[int]
    parameters: list[int]


def layers_of(order: Sequence[Value], model: Any = None) -> list[Layer]:
    """
    Fold a graph into layers, each of which depends on those before it alone.

    Without a model a layer is all nodes of one depth, the length of the longest way to a leaf. With one, a node belongs
    to the layer whose parameters it uses; one that uses none belongs to the layer of what it is computed from, or, if
    that is several neurons, comes after it: a loss, say. A layer that is used again is there again.

    Parameters
    ----------
    order
        The nodes in topological order.
    model
        Something with ``named_parameters()``.

    Returns
    -------
    list of Layer

    Raises
    ------
    TypeError
        `model` has no ``named_parameters``.

    Examples
    --------
    >>> from autograd import Value, topological_order
    >>> x = Value(2.0)
    >>> [(layer.name, layer.nodes) for layer in layers_of(topological_order(x * x + x))]
    [('depth 1', [1]), ('depth 2', [2])]
    """
    return _by_depth(order) if model is None else _by_module(order, _units_in(model))[0]


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
    >>> [layer.name for layer in merged([Layer(f"depth {i}", [i], []) for i in range(48)])][:2]
    ['depth 0 to 1', 'depth 2 to 3']
    """
    size = max(1, -(-len(layers) // _MOST_LAYERS))
    groups = [layers[start : start + size] for start in range(0, len(layers), size)]
    return [
        group[0]._replace(
            name=group[0].name if len(group) == 1 else f"{group[0].name} to {group[-1].name.removeprefix('depth ')}",
            nodes=[place for layer in group for place in layer.nodes],
            parameters=[place for layer in group for place in layer.parameters],
        )
        for group in groups
    ]


def sources_of(order: Sequence[Value], layers: Sequence[Layer]) -> list[dict[int, int]]:
    """
    Tell which layers each layer takes numbers from.

    Parameters
    ----------
    order
        The nodes in topological order.
    layers
        The layers.

    Returns
    -------
    list of dict of int to int
        For each layer the others before it, with how many nodes of it use one of theirs.
    """
    layer_of = {order[place]: i for i, layer in enumerate(layers) for place in layer.nodes}
    found = []
    for i, layer in enumerate(layers):
        used = Counter(
            source
            for place in layer.nodes
            for source in {layer_of[parent] for parent in order[place].parents if parent.op} - {i}
        )
        found.append(dict(sorted(used.items())))
    return found


def units_of(order: Sequence[Value], model: Any) -> dict[Value, tuple[int, str, str]]:
    """
    Tell to which part of a model each node belongs.

    Parameters
    ----------
    order, model
        As for `layers_of`.

    Returns
    -------
    dict of Value to (int, str, str)
        The number of the layer, its name and that of the neuron, as ``layers.0.neurons.1``; both are empty where
        several come together. A leaf that is no parameter is left out.

    Raises
    ------
    TypeError
        `model` has no ``named_parameters``.
    """
    unit_of = _units_in(model)
    layers, found = _by_module(order, unit_of)
    for level, layer in enumerate(layers):
        found |= {order[leaf]: (level, unit_of[order[leaf]]) for leaf in layer.parameters if order[leaf] in unit_of}
    return {node: (level, _module(unit) if unit else "", unit) for node, (level, unit) in found.items()}


def _units_in(model: Any) -> dict[Value, str]:
    if not hasattr(model, "named_parameters"):
        msg = f"model must have named_parameters(), as an nn.Module, not {type(model).__name__} {model!r}"
        raise OperandError(msg)
    return {parameter: _unit(name) for name, parameter in model.named_parameters()}


def _by_depth(order: Sequence[Value]) -> list[Layer]:
    depth: dict[Value, int] = {}
    layers: list[Layer] = []
    for place, node in enumerate(order):
        depth[node] = level = 1 + max((depth[parent] for parent in node.parents), default=-1)
        if level:
            if level > len(layers):
                layers.append(Layer(f"depth {level}", [], []))
            layers[level - 1].nodes.append(place)
    _share_out_leaves(order, layers)
    return layers


def _by_module(order: Sequence[Value], unit_of: dict[Value, str]) -> tuple[list[Layer], dict[Value, tuple[int, str]]]:
    """Give the layers, and for each node the number of its layer and the neuron in it."""
    layers: list[Layer] = []
    found: dict[Value, tuple[int, str]] = {}
    for place, node in enumerate(order):
        if not node.op:
            continue
        before = [found[parent] for parent in node.parents if parent.op]
        level = max((level for level, _ in before), default=-1)
        units = {unit_of[parent]: None for parent in node.parents if parent in unit_of}
        if units:
            unit = next(iter(units))
            name = _module(unit)
            if level < 0 or layers[level].name != name:
                level = _next_layer(layers, level, name)
        else:
            sources = {unit for at, unit in before if at == level}
            unit = next(iter(sources)) if len(sources) == 1 else ""
            if level < 0 or (not unit and layers[level].name):
                level = _next_layer(layers, level, "")
        found[node] = level, unit
        layers[level].nodes.append(place)
    _share_out_leaves(order, layers)
    return [layer._replace(name=layer.name or "no parameters") for layer in layers], found


def _next_layer(layers: list[Layer], level: int, name: str) -> int:
    """Give the first layer of a name that comes after a level."""
    for later in range(level + 1, len(layers)):
        if layers[later].name == name:
            return later
    layers.append(Layer(name, [], []))
    return len(layers) - 1


def _unit(parameter: str) -> str:
    """Give the part of a model that a parameter belongs to: ``layers.0.neurons.1.w.0`` to ``layers.0.neurons.1``."""
    return re.sub(r"(^|\.)[^.]+(\.\d+)?$", "", parameter)


def _module(unit: str) -> str:
    """Give the layer of a part: ``layers.0.neurons.1`` to ``layers.0``."""
    match = re.match(r"[^.]+(\.\d+)?", unit)
    return match[0] if match else "model"


def _share_out_leaves(order: Sequence[Value], layers: list[Layer]) -> None:
    """Give each leaf to the first layer that uses it."""
    place_of = {node: place for place, node in enumerate(order) if not node.op}
    for layer in layers:
        for place in layer.nodes:
            for parent in order[place].parents:
                leaf = place_of.pop(parent, None)
                if leaf is not None:
                    layer.parameters.append(leaf)


def layer_step(passes: Passes, layers: Sequence[Layer], number: int, phase: str) -> Step:
    """
    Say what happens in a layer.

    Parameters
    ----------
    passes
        The numbers.
    layers
        All layers.
    number
        Which of them.
    phase
        ``"forward"`` or ``"backward"``.

    Returns
    -------
    Step
    """
    layer, order = layers[number], passes.order
    nodes, leaves = len(layer.nodes), len(layer.parameters)
    if phase == "forward":
        counts = Counter(order[place].op for place in layer.nodes)
        symbols = f"{layer.name}: {', '.join(f'{count:,} {op}' for op, count in counts.items())}"
        lengths = [("data norm", _length(passes.data, layer.nodes))]
        line = "; ‖data‖ = {}"
    else:
        symbols = (
            f"{layer.name}: gradients of {counted(nodes, 'node', 'nodes')} and {counted(leaves, 'leaf', 'leaves')}"
        )
        lengths = [
            ("grad norm", _length(passes.grads, layer.nodes)),
            ("parameter norm", _length(passes.grads, layer.parameters)),
        ]
        line = "; ‖grad‖ = {} and {}"
    return Step(
        phase=phase,
        node=order[layer.nodes[-1]],
        parent=None,
        argument=None,
        before=0.0,
        after=lengths[0][1],
        edges=tuple(
            (place, argument)
            for place in layer.nodes
            for argument, operand in enumerate(order[place].operands)
            if operand in passes.place
        ),
        symbols=symbols,
        latex=rf"\text{{{symbols}}}",
        rule="",
        sentence=Sentence(
            escaped(symbols) + line,
            tuple(Quantity(kind, number) for kind, _ in lengths),
            tuple(length for _, length in lengths),
        ),
        layer=number,
    )


def _length(numbers: Sequence[float], places: Sequence[int]) -> float:
    """Give the Euclidean length of some numbers."""
    return math.hypot(*(numbers[place] for place in places))


def counted(count: int, one: str, many: str) -> str:
    """
    Say how many there are.

    Parameters
    ----------
    count
        The number.
    one, many
        What they are called.

    Returns
    -------
    str

    Examples
    --------
    >>> counted(1, "leaf", "leaves"), counted(2000, "leaf", "leaves")
    ('1 leaf', '2,000 leaves')
    """
    return f"{count:,} {one if count == 1 else many}"
