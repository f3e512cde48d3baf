"""Folds a graph that is too big to be seen node by node: a box for each layer."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any

from autograd.stepper.described import described_step, number
from autograd.stepping.layers import MOST_NODES, layer_step, merged, sources_of
from autograd.stepping.step import short

if TYPE_CHECKING:
    from autograd.stepping.layers import Layer
    from autograd.stepping.sequence import Steps
    from autograd.stepping.step import Step

_MOST_STEPS = 3000  # contributions; of a graph with more no page is made node by node
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
    return len(steps.order) > MOST_NODES or len(steps) > _MOST_STEPS


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
        self.layers = merged(self.steps.layers)
        last = len(self.layers) - 1
        self.forward = [self._step(i, "forward") for i in range(last + 1)]
        self.backward = [self._step(last - i, "backward") for i in range(last + 1)]

    def _step(self, which: int, phase: str) -> Step:
        return layer_step(self.steps._passes, self.layers, which, phase)

    def describe(self, title: str) -> dict[str, Any]:
        """Describe it for the script, as `autograd.stepper.description.describe` does a graph that is not folded."""
        steps, place = self.steps, self.steps._passes.place
        nodes, sources = [], [list(each) for each in sources_of(steps.order, self.layers)]
        for layer, forward, backward, uses in zip(self.layers, self.forward, reversed(self.backward), sources):
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
