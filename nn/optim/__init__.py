"""The update rule and its variants."""

from nn.optim.adaptive import Adagrad, Adam, AdamW, RMSprop
from nn.optim.clipping import clip_grad_norm_, clip_grad_value_
from nn.optim.gradient_descent import SGD
from nn.optim.optimizer import Optimizer

#: Every optimizer by its name in small letters.
OPTIMIZERS: dict[str, type[Optimizer]] = {
    optimizer.__name__.lower(): optimizer for optimizer in (SGD, Adagrad, RMSprop, Adam, AdamW)
}

__all__ = [
    "OPTIMIZERS",
    "SGD",
    "Adagrad",
    "Adam",
    "AdamW",
    "Optimizer",
    "RMSprop",
    "clip_grad_norm_",
    "clip_grad_value_",
]
