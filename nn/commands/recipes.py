"""What `chainrule train` can train on, and how it does unless told otherwise."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from nn import datasets

if TYPE_CHECKING:
    from collections.abc import Callable

    from nn.datasets import Dataset


class Recipe(NamedTuple):
    """
    A data set, and a way to train on it.

    Parameters
    ----------
    load
        Gives the examples; those that are made up take the seed.
    classes
        Names of the classes.
    hidden
        Widths of the hidden layers.
    epochs, batch_size
        How long, and in what portions.
    lr
        The learning rate of the first epoch; it falls to 0 along a cosine.
    activation, init
        Of the hidden layers.
    optimizer, weight_decay
        The update rule.
    label_smoothing
        Of the cross-entropy, where there are more than two classes.
    made_up
        Whether the data are.
    standardise
        Whether the features are brought to mean 0 and spread 1.
    """

    load: Callable[..., Dataset]
    classes: tuple[str, ...]
    hidden: tuple[int, ...]
    epochs: int
    batch_size: int
    lr: float
    activation: str = "tanh"
    init: str = "xavier_uniform"
    optimizer: str = "adam"
    weight_decay: float = 0.0
    label_smoothing: float = 0.0
    made_up: bool = True
    standardise: bool = False


_TWO = ("0", "1")

RECIPES: dict[str, Recipe] = {
    "moons": Recipe(partial(datasets.moons, 200, 0.1), _TWO, (16, 16), epochs=60, batch_size=20, lr=0.02),
    "circles": Recipe(partial(datasets.circles, 200, 0.05), _TWO, (16,), epochs=60, batch_size=20, lr=0.02),
    "spirals": Recipe(partial(datasets.spirals, 200, 2, 1.0, 0.02), _TWO, (16, 16), epochs=200, batch_size=20, lr=0.02),
    "digits": Recipe(
        datasets.digits, tuple("0123456789"), (48,), epochs=30, batch_size=32, lr=0.01, activation="relu",
        init="kaiming_uniform", label_smoothing=0.1, made_up=False,
    ),
    "iris": Recipe(
        datasets.iris, ("setosa", "versicolor", "virginica"), (8,), epochs=60, batch_size=16, lr=0.02,
        weight_decay=0.001, made_up=False, standardise=True,
    ),
}  # fmt: skip
