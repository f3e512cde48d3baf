"""Which parts of a network are looked at as its layers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nn.module import Module
from nn.walking import walk

if TYPE_CHECKING:
    from collections.abc import Iterator


def layers_of(model: Module) -> Iterator[tuple[str, Module]]:
    """
    Give the parts of a network that compute, without those that only hold others.

    Parameters
    ----------
    model
        The network.

    Yields
    ------
    (str, Module)
        The name, and a module that has no modules in it, or that counts as a whole. The name of the network itself is
        empty.

    Examples
    --------
    >>> import nn
    >>> [name for name, part in layers_of(nn.MLP(2, [3, 1], seed=0))]
    ['layers.0', 'layers.1']
    """
    for path, part in walk(model, into=lambda part: not getattr(part, "whole", False)):
        if isinstance(part, Module) and (part.whole or len(part.modules()) == 1):
            yield path, part
