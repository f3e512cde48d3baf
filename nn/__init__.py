"""
Neural networks of single neurons, on top of ``autograd``.

Examples
--------
>>> import nn
>>> model = nn.MLP(2, [3, 1], seed=0)
>>> len(model.parameters())
13
"""

try:
    from autograd.installation import check_installation
except ModuleNotFoundError:
    _MESSAGE = (
        "the package `autograd` that Python finds is not the one of chainrule: HIPS autograd (`pip install autograd`) "
        "has the same import name; to mend it run `pip uninstall --yes autograd chainrule` and then install "
        "chainrule again"
    )
    raise ImportError(_MESSAGE) from None

check_installation()

from nn.layers import MLP, Layer, Neuron  # noqa: E402 - only when autograd is known to be ours
from nn.losses import cross_entropy, mse  # noqa: E402
from nn.module import Module  # noqa: E402
from nn.optim import SGD  # noqa: E402

__all__ = ["MLP", "SGD", "Layer", "Module", "Neuron", "cross_entropy", "mse"]
