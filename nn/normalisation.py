"""Modules that bring numbers back to mean 0 and spread 1."""

from __future__ import annotations

import sys
from typing import Any

import autograd
from autograd import Value
from autograd.arguments import flag
from autograd.errors import ArgumentError
from autograd.many import data_of
from nn.arguments import positive, real
from nn.examples import check_width, has_examples, on_examples
from nn.module import Module


class LayerNorm(Module):
    """
    Normalise each example by itself: y = (x - mean)/√(variance + ε) · weight + bias.

    Parameters
    ----------
    normalized_shape
        How many numbers an example has.
    eps
        ε.

    Raises
    ------
    TypeError, ValueError
        There is no such number.

    References
    ----------
    Ba, Kiros, Hinton: Layer Normalization, 2016.

    Examples
    --------
    >>> [round(y.data, 3) for y in LayerNorm(2)([1.0, 3.0])]
    [-1.0, 1.0]
    """

    def __init__(self, normalized_shape: int, eps: float = 1e-5) -> None:
        positive(normalized_shape, "LayerNorm: normalized_shape")
        self.eps = real(eps, "LayerNorm: eps", 0.0)
        self.weight = [Value(1.0) for _ in range(normalized_shape)]
        self.bias = [Value(0.0) for _ in range(normalized_shape)]

    def forward(self, x: Any) -> list[Any]:
        """
        Normalise an example, or each of many.

        Parameters
        ----------
        x
            A list of numbers, or a list of such.

        Returns
        -------
        list of Value
        """
        return on_examples(self._normalised, x)  # type: ignore[no-any-return]

    def _normalised(self, x: Any) -> list[Any]:
        check_width(x, len(self.weight), self)
        _, deviations, variance = _moments(x)
        scale = (variance + self.eps) ** -0.5
        return [d * scale * w + b for d, w, b in zip(deviations, self.weight, self.bias, strict=True)]

    def extra_repr(self) -> str:
        """
        Say its width.

        Returns
        -------
        str
        """
        return f"{len(self.weight)}"


class RMSNorm(Module):
    """
    Scale each example by the root of the mean of its squares: y = x/√(mean(x²) + ε) · weight.

    Parameters
    ----------
    normalized_shape
        How many numbers an example has.
    eps
        ε; by default the distance from 1 to the next float.
    elementwise_affine
        Whether there are weights.

    Raises
    ------
    TypeError, ValueError
        There is no such number.

    References
    ----------
    Zhang, Sennrich: Root Mean Square Layer Normalization, 2019.

    Examples
    --------
    >>> [round(y.data, 3) for y in RMSNorm(2)([3.0, -3.0])]
    [1.0, -1.0]
    """

    def __init__(
        self, normalized_shape: int, eps: float = sys.float_info.epsilon, *, elementwise_affine: bool = True
    ) -> None:
        positive(normalized_shape, "RMSNorm: normalized_shape")
        self.normalized_shape = normalized_shape
        self.eps = real(eps, "RMSNorm: eps", 0.0)
        has_weights = flag(elementwise_affine, "RMSNorm: elementwise_affine")
        self.weight = [Value(1.0) for _ in range(normalized_shape)] if has_weights else None

    def forward(self, x: Any) -> list[Any]:
        """
        Scale an example, or each of many.

        Parameters
        ----------
        x
            A list of numbers, or a list of such.

        Returns
        -------
        list of Value
        """
        return on_examples(self._scaled, x)  # type: ignore[no-any-return]

    def _scaled(self, x: Any) -> list[Any]:
        check_width(x, self.normalized_shape, self)
        scale = (_mean_square(x) + self.eps) ** -0.5
        scaled = [each * scale for each in x]
        return scaled if self.weight is None else [each * w for each, w in zip(scaled, self.weight, strict=True)]

    def extra_repr(self) -> str:
        """
        Say its width.

        Returns
        -------
        str
        """
        return f"{self.normalized_shape}" + ("" if self.weight else ", elementwise_affine=False")


class BatchNorm(Module):
    """
    Normalise each feature over a batch: y = (x - mean)/√(variance + ε) · weight + bias.

    While it is trained, it takes a list of examples, and mean and variance are those of the batch; running averages
    are kept of them: running ← (1 - momentum) · running + momentum · batch, of the variance with n - 1 in place of n.
    After ``eval()`` these stand in their place, and single examples are taken too.

    Parameters
    ----------
    num_features
        How many numbers an example has.
    eps
        ε.
    momentum
        Weight of a new batch in the running averages.

    Raises
    ------
    TypeError, ValueError
        There is no such number.

    References
    ----------
    Ioffe, Szegedy: Batch Normalization, 2015.

    Examples
    --------
    >>> norm = BatchNorm(1)
    >>> [[round(y.data, 3) for y in example] for example in norm([[1.0], [3.0]])]
    [[-1.0], [1.0]]
    >>> norm.running_mean, norm.running_var
    ([0.2], [1.1])
    """

    buffer_names = ("running_mean", "running_var")

    def __init__(self, num_features: int, eps: float = 1e-5, momentum: float = 0.1) -> None:
        positive(num_features, "BatchNorm: num_features")
        self.eps = real(eps, "BatchNorm: eps", 0.0)
        self.momentum = real(momentum, "BatchNorm: momentum", 0.0, 1.0)
        self.weight = [Value(1.0) for _ in range(num_features)]
        self.bias = [Value(0.0) for _ in range(num_features)]
        self.running_mean = [0.0] * num_features
        self.running_var = [1.0] * num_features

    def forward(self, x: Any) -> list[Any]:
        """
        Normalise a batch.

        Parameters
        ----------
        x
            A list of examples; after ``eval()`` it may be one.

        Returns
        -------
        list
            As many lists of Values.

        Raises
        ------
        ValueError
            It is being trained, and there are not at least two examples.
        """
        if not self.training:
            return on_examples(self._by_running_averages, x)  # type: ignore[no-any-return]
        if not has_examples(x) or len(x) < 2:
            msg = (
                f"{self!r} needs a list of at least 2 examples while it is trained, since it normalises over them; "
                "for single ones call model.eval() first"
            )
            raise ArgumentError(msg)
        for example in x:
            check_width(example, len(self.weight), self)
        features = [self._over_the_batch(place, list(column)) for place, column in enumerate(zip(*x, strict=True))]
        return [list(example) for example in zip(*features, strict=True)]

    def _over_the_batch(self, place: int, column: list[Any]) -> list[Any]:
        mean, deviations, variance = _moments(column)
        unbiased = data_of(variance) * len(column) / (len(column) - 1)
        for running, new in ((self.running_mean, data_of(mean)), (self.running_var, unbiased)):
            running[place] = (1 - self.momentum) * running[place] + self.momentum * new
        scale = (variance + self.eps) ** -0.5
        return [d * scale * self.weight[place] + self.bias[place] for d in deviations]

    def _by_running_averages(self, x: Any) -> list[Any]:
        check_width(x, len(self.weight), self)
        return [
            (each - mean) * (variance + self.eps) ** -0.5 * w + b
            for each, mean, variance, w, b in zip(
                x, self.running_mean, self.running_var, self.weight, self.bias, strict=True
            )
        ]

    def extra_repr(self) -> str:
        """
        Say its width.

        Returns
        -------
        str
        """
        return f"{len(self.weight)}"


def _moments(x: Any) -> tuple[Any, list[Any], Any]:
    """Give the mean, the deviations from it, and their variance."""
    mean = autograd.mean(x)
    deviations = [each - mean for each in x]
    return mean, deviations, _mean_square(deviations)


def _mean_square(x: Any) -> Any:
    return autograd.dot(x, x) / len(x)
