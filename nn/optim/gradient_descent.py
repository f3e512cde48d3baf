"""The update rule, and momentum."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from autograd.arguments import flag
from autograd.errors import ArgumentError
from nn.arguments import real
from nn.optim.optimizer import Optimizer

if TYPE_CHECKING:
    from collections.abc import Iterable

    from autograd import Value
    from nn.optim.rule import Line


class SGD(Optimizer):
    """
    Gradient descent: w ← w - η ∂L/∂w; with a gradient of one mini-batch it is stochastic.

    With momentum μ: m ← μ m + (1 - τ) ∂L/∂w (the first m is the gradient itself), w ← w - η m. With Nesterov's:
    w ← w - η (∂L/∂w + μ m). With weight decay λ, ∂L/∂w + λ w stands for the gradient.

    Parameters
    ----------
    parameters
        The leaves to update; or groups of them, each a dict with ``params`` and options of its own.
    lr
        The learning rate η.
    momentum
        μ.
    dampening
        τ.
    weight_decay
        λ.
    nesterov
        Whether momentum is Nesterov's.

    Raises
    ------
    TypeError
        A parameter is not a Value, or an option is not a number.
    ValueError
        There are no parameters, one of them is not a leaf, or an option is out of bounds.

    References
    ----------
    Robbins, Monro: A Stochastic Approximation Method, 1951. Polyak: Some methods of speeding up the convergence of
    iteration methods, 1964. Nesterov: A method of solving a convex programming problem with convergence rate O(1/k²),
    1983. Sutskever, Martens, Dahl, Hinton: On the importance of initialization and momentum in deep learning, 2013.

    Examples
    --------
    >>> from autograd import Value
    >>> w = Value(1.0)
    >>> optimizer = SGD([w], lr=0.1)
    >>> (w * w).backward()
    >>> optimizer.step()
    >>> w.data
    0.8
    """

    def __init__(
        self,
        parameters: Iterable[Value] | Iterable[dict[str, Any]],
        lr: float = 0.001,
        momentum: float = 0.0,
        dampening: float = 0.0,
        weight_decay: float = 0.0,
        nesterov: bool = False,  # noqa: FBT001, FBT002 - PyTorch's signature
    ) -> None:
        super().__init__(
            parameters, lr=lr, momentum=momentum, dampening=dampening, weight_decay=weight_decay, nesterov=nesterov
        )

    def check(self, group: dict[str, Any]) -> None:
        """
        See that the options of a group can be used.

        Parameters
        ----------
        group
            With all options.
        """
        super().check(group)
        for name in ("momentum", "dampening"):
            group[name] = real(group[name], f"SGD: {name}", 0.0)
        if flag(group["nesterov"], "SGD: nesterov") and not (group["momentum"] and not group["dampening"]):
            msg = "SGD: nesterov needs a momentum, and no dampening"
            raise ArgumentError(msg)

    def settings(self, group: dict[str, Any]) -> dict[str, float]:
        """
        Give the numbers that the rule calls by letters.

        Parameters
        ----------
        group
            With all options.

        Returns
        -------
        dict of str to float
        """
        return super().settings(group) | {"μ": group["momentum"], "τ": group["dampening"]}

    def rule(self, group: dict[str, Any]) -> tuple[Line, ...]:
        """
        Give the rule for a group's options.

        Parameters
        ----------
        group
            With all options.

        Returns
        -------
        tuple of (str, str)
        """
        decay, g = self.decayed(group)
        if not group["momentum"]:
            return (*decay, ("w", f"w - η*{g}"))
        share = f"(1 - τ)*{g}" if group["dampening"] else g
        velocity = ("m", f"μ*m + {share} if t > 1 else {g}")
        return (*decay, velocity, ("w", f"w - η*({g} + μ*m)" if group["nesterov"] else "w - η*m"))
