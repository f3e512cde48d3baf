"""Folds a graph that is too big to be seen node by node: a box for each layer."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any

from autograd.stepper.described import described_step, number
from autograd.stepping.layers import layer_step
from autograd.stepping.step import short

if TYPE_CHECKING:
    from collections.abc import Sequence

    from autograd.stepping.layers import Layer
    from autograd.stepping.sequence import Steps
    from autograd.stepping.step import Step

#: A graph of more nodes, or with more contributions, is folded.
MOST_NODES = 600
MOST_STEPS = 3000

_MOST_LAYERS = 24
_MOST_INSIDE = 30  # nodes of a layer that are listed when it is opened


def is_folded(steps: Steps) -> bool:
    """
    Tell whether a graph is too big to be seen node by node.

    Parameters
    ----------
    steps
        The steps.

    Returns
    -------
    bool
    """
    return len(steps.order) > MOST_NODES or len(steps) > MOST_STEPS


class Folded:
    """
    A graph as layers, of which there are never many: neighbours are one where there would be.

    Parameters
    ----------
    steps
        The steps, by whatever; by layer of a model, these are the layers.
    """

    def __init__(self, steps: Steps) -> None:
        self.steps = steps.grouped("layer")
        self.layers = _merged(self.steps.layers)
        last = len(self.layers) - 1
        self.forward = [self._step(i, "forward") for i in range(last + 1)]
        self.backward = [self._step(last - i, "backward") for i in range(last + 1)]

    def _step(self, which: int, phase: str) -> Step:
        return layer_step(self.steps._passes, self.layers, which, phase)

    def uses(self) -> list[list[int]]:
        """For each layer those that it takes numbers from."""
        layer_of = {k: i for i, layer in enumerate(self.layers) for k in layer.nodes}
        place = self.steps._passes.place
        return [
            sorted({layer_of[place[p]] for k in layer.nodes for p in self.steps.order[k].parents if p.op} - {i})
            for i, layer in enumerate(self.layers)
        ]

    def describe(self, title: str) -> dict[str, Any]:
        """Describe it for the script, as `autograd.stepper.description.describe` does a graph that is not folded."""
        steps, place = self.steps, self.steps._passes.place
        nodes = []
        for layer, forward, backward, uses in zip(self.layers, self.forward, reversed(self.backward), self.uses()):
            said = forward.symbols.removeprefix(f"{layer.name}: ")
            nodes.append({
                "name": layer.name, "op": "layer", "call": said,
                "data": number(forward.after), "grad": number(backward.after),
                "operands": uses, "slopes": [None] * len(uses), "inside": self._inside(layer),
                "counts": [len(layer.nodes), len(layer.parameters)],
            })  # fmt: skip
        return {
            "title": title, "by": "layer", "root": len(nodes) - 1, "nodes": nodes, "swept": [], "rules": {},
            "folded": f"{len(steps.order):,} nodes are too many to be seen one by one: they are folded into layers.",
            "unavailable": {}, "comparisons": [], "code": steps.code,
            "layers": [{"name": layer.name} for layer in self.layers],
            "steps": {
                "forward": {"layer": [described_step(step, place) for step in self.forward]},
                "backward": {"layer": [described_step(step, place) for step in self.backward]}, "update": [],
            },
        }  # fmt: skip

    def _inside(self, layer: Layer) -> list[str]:
        """Say some of the nodes of a layer."""
        steps = self.steps
        chosen = [steps.order[k] for k in islice(layer.nodes, _MOST_INSIDE)]
        names, data, grads = steps.names, steps.data, steps.grads
        return [
            f"{names[node]} = {steps.computed_as(node)} = {short(data[node])},  grad {short(grads[node])}"
            for node in chosen
        ]


def _merged(layers: Sequence[Layer]) -> list[Layer]:
    size = max(1, -(-len(layers) // _MOST_LAYERS))
    groups = [layers[start : start + size] for start in range(0, len(layers), size)]
    return [
        group[0]._replace(
            name=group[0].name if len(group) == 1 else f"{group[0].name} to {group[-1].name.removeprefix('depth ')}",
            nodes=[k for layer in group for k in layer.nodes],
            parameters=[k for layer in group for k in layer.parameters],
        )
        for group in groups
    ]
