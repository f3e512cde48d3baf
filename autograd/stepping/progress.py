"""What is known in the middle of a pass."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from autograd.stepping.layers import Layer
    from autograd.stepping.passes import Passes


def data_known(passes: Passes, layers: Sequence[Layer] | None, forward: int) -> dict[int, float]:
    """
    Give the numbers that are known after some steps of the forward pass.

    Parameters
    ----------
    passes
        The numbers.
    layers
        The layers, if each is one step.
    forward
        How many steps.

    Returns
    -------
    dict of int to float
        By place in the topological order.
    """
    leaves = [place for place, node in enumerate(passes.order) if not node.op]
    steps = ([place] for place in passes.computed) if layers is None else (layer.nodes for layer in layers)
    computed = [place for step in islice(steps, forward) for place in step]
    return {place: passes.data[place] for place in (*leaves, *computed)}


def grads_known(passes: Passes, by: str, layers: Sequence[Layer] | None, backward: int) -> dict[int, float]:
    """
    Give the gradients after some steps of the backward pass, as far as they have been added up.

    Parameters
    ----------
    passes
        The numbers.
    by
        What one step is, as for `steps`.
    layers
        The layers, if each is one step.
    backward
        How many steps.

    Returns
    -------
    dict of int to float
        By place in the topological order.
    """
    if not backward:
        return {}
    grads = {len(passes.order) - 1: 1.0}
    if by == "contribution":
        return grads | {share.parent: share.after for share in islice(passes.shares, backward)}
    collected = _last_first(layers) if layers is not None else ([place] for place in passes.swept[1:])
    return grads | {place: passes.grads[place] for step in islice(collected, backward) for place in step}


def _last_first(layers: Sequence[Layer]) -> Iterator[list[int]]:
    for layer in reversed(layers):
        yield [*layer.nodes, *layer.parameters]
