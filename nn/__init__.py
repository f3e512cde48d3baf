"""
Neural networks of single neurons, on top of ``autograd``; names are those of PyTorch.

Examples
--------
>>> import nn
>>> model = nn.MLP(2, [3, 1], seed=0)
>>> len(model.parameters())
13
>>> nn.Sequential(nn.Linear(2, 4), nn.BatchNorm(4), nn.ReLU(), nn.Dropout(0.1), nn.Linear(4, 1))
Sequential of [Linear(2, 4), BatchNorm(4), ReLU(), Dropout(0.1), Linear(4, 1)]
"""

from typing import Any

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

from nn import activations  # noqa: E402 - only when autograd is known to be ours
from nn import initialisers as init  # noqa: E402
from nn.activations import Activation  # noqa: E402
from nn.arguments import nearest  # noqa: E402
from nn.containers import Residual, Sequential  # noqa: E402
from nn.diagnosis import Diagnosis, Monitor, diagnose  # noqa: E402
from nn.dropout import Dropout  # noqa: E402
from nn.embedding import Embedding  # noqa: E402
from nn.handoff import from_torch, to_jax, to_torch  # noqa: E402
from nn.language import GPT, Bigrams, Characters, fit_documents, generate, mean_loss  # noqa: E402
from nn.layers import MLP, Layer, Linear, Neuron  # noqa: E402
from nn.losses import (  # noqa: E402
    bce_with_logits,
    cross_entropy,
    hinge,
    huber,
    l1_penalty,
    l2_penalty,
    mae,
    mse,
)
from nn.module import Module  # noqa: E402
from nn.normalisation import BatchNorm, LayerNorm, RMSNorm  # noqa: E402
from nn.optim import (  # noqa: E402
    SGD,
    Adagrad,
    Adam,
    AdamW,
    Optimizer,
    RMSprop,
    clip_grad_norm_,
    clip_grad_value_,
)
from nn.schedules import (  # noqa: E402
    CosineAnnealingLR,
    ExponentialLR,
    LinearLR,
    LinearWarmupLR,
    ReduceLROnPlateau,
    StepLR,
)
from nn.training import Callback, ClipGradNorm, EarlyStopping, History, evaluate, fit, predict  # noqa: E402

__all__ = [
    "GPT",
    "MLP",
    "SGD",
    "Activation",
    "Adagrad",
    "Adam",
    "AdamW",
    "BatchNorm",
    "Bigrams",
    "Callback",
    "Characters",
    "ClipGradNorm",
    "CosineAnnealingLR",
    "Diagnosis",
    "Dropout",
    "EarlyStopping",
    "Embedding",
    "ExponentialLR",
    "History",
    "Layer",
    "LayerNorm",
    "Linear",
    "LinearLR",
    "LinearWarmupLR",
    "Module",
    "Monitor",
    "Neuron",
    "Optimizer",
    "RMSNorm",
    "RMSprop",
    "ReduceLROnPlateau",
    "Residual",
    "Sequential",
    "StepLR",
    "bce_with_logits",
    "clip_grad_norm_",
    "clip_grad_value_",
    "cross_entropy",
    "diagnose",
    "evaluate",
    "fit",
    "fit_documents",
    "from_torch",
    "generate",
    "hinge",
    "huber",
    "init",
    "l1_penalty",
    "l2_penalty",
    "mae",
    "mean_loss",
    "mse",
    "predict",
    "to_jax",
    "to_torch",
]


def __getattr__(name: str) -> Any:
    """Find the module of an activation: ``nn.ReLU``, ``nn.LeakyReLU``, ``nn.Softmax``, ..."""
    found = activations.module_class(name)
    if found is None:
        hint = nearest(name, [*__all__, *activations.module_names()])
        msg = f"module 'nn' has no attribute {name!r}{hint}"
        raise AttributeError(msg)
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *activations.module_names()})
