"""Rules that give each parameter a step size of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from autograd.arguments import flag
from autograd.errors import OperandError
from nn.arguments import real
from nn.optim.optimizer import Optimizer

if TYPE_CHECKING:
    from collections.abc import Iterable

    from autograd import Value
    from nn.optim.rule import Line


class Adagrad(Optimizer):
    """
    Steps that shrink with all past gradients: v ← v + g², w ← w - η g/(√v + ε).

    Parameters
    ----------
    parameters
        The leaves to update; or groups of them, each a dict with ``params`` and options of its own.
    lr
        The learning rate η; with a decay δ, η/(1 + (t - 1) δ) stands for it in step t.
    lr_decay
        δ.
    weight_decay
        λ: g = ∂L/∂w + λ w.
    initial_accumulator_value
        The first v.
    eps
        ε.

    Raises
    ------
    TypeError, ValueError
        As `SGD`.

    References
    ----------
    Duchi, Hazan, Singer: Adaptive Subgradient Methods for Online Learning and Stochastic Optimization, 2011.

    Examples
    --------
    >>> from autograd import Value
    >>> w = Value(1.0)
    >>> optimizer = Adagrad([w], lr=0.1)
    >>> (w * w).backward()
    >>> optimizer.step()
    >>> round(w.data, 9)
    0.9
    """

    initial = "initial_accumulator_value"

    def __init__(
        self,
        parameters: Iterable[Value] | Iterable[dict[str, Any]],
        lr: float = 0.01,
        lr_decay: float = 0.0,
        weight_decay: float = 0.0,
        initial_accumulator_value: float = 0.0,
        eps: float = 1e-10,
    ) -> None:
        super().__init__(
            parameters,
            lr=lr,
            lr_decay=lr_decay,
            weight_decay=weight_decay,
            initial_accumulator_value=initial_accumulator_value,
            eps=eps,
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
        for name in ("lr_decay", "initial_accumulator_value"):
            group[name] = real(group[name], f"Adagrad: {name}", 0.0)
        group["eps"] = _epsilon(group, "Adagrad")

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
        return super().settings(group) | {"δ": group["lr_decay"], "ε": group["eps"]}

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
        rate = (("η", "η/(1 + (t - 1)*δ)"),) if group["lr_decay"] else ()
        return (*decay, *rate, ("v", f"v + {g}*{g}"), ("w", f"w - η*{g}/(sqrt(v) + ε)"))


class RMSprop(Optimizer):
    """
    Steps that shrink with recent gradients: v ← α v + (1 - α) g², w ← w - η g/(√v + ε).

    Centred, √(v - a²) stands for √v, where a ← α a + (1 - α) g. With momentum μ: b ← μ b + g/(√v + ε), w ← w - η b.

    Parameters
    ----------
    parameters
        The leaves to update; or groups of them, each a dict with ``params`` and options of its own.
    lr
        The learning rate η.
    alpha
        α.
    eps
        ε.
    weight_decay
        λ: g = ∂L/∂w + λ w.
    momentum
        μ.
    centered
        Whether the mean is taken off.

    Raises
    ------
    TypeError, ValueError
        As `SGD`.

    References
    ----------
    Tieleman, Hinton: Lecture 6.5 of Neural Networks for Machine Learning, 2012. Centred: Graves: Generating Sequences
    With Recurrent Neural Networks, 2013.

    Examples
    --------
    >>> from autograd import Value
    >>> w = Value(1.0)
    >>> optimizer = RMSprop([w], lr=0.01)
    >>> (w * w).backward()
    >>> optimizer.step()
    >>> round(w.data, 6)
    0.9
    """

    def __init__(
        self,
        parameters: Iterable[Value] | Iterable[dict[str, Any]],
        lr: float = 0.01,
        alpha: float = 0.99,
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        momentum: float = 0.0,
        centered: bool = False,  # noqa: FBT001, FBT002 - PyTorch's signature
    ) -> None:
        super().__init__(
            parameters, lr=lr, alpha=alpha, eps=eps, weight_decay=weight_decay, momentum=momentum, centered=centered
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
        group["alpha"] = real(group["alpha"], "RMSprop: alpha", 0.0, 1.0)
        group["momentum"] = real(group["momentum"], "RMSprop: momentum", 0.0)
        group["eps"] = _epsilon(group, "RMSprop")
        flag(group["centered"], "RMSprop: centered")

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
        return super().settings(group) | {"α": group["alpha"], "ε": group["eps"], "μ": group["momentum"]}

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
        lines = [*decay, ("v", f"α*v + (1 - α)*{g}*{g}")]
        spread = "sqrt(v)"
        if group["centered"]:
            # rounding may take the variance below 0
            lines += [("a", f"α*a + (1 - α)*{g}"), ("u", "maximum(v - a*a, 0.0)")]
            spread = "sqrt(u)"
        if not group["momentum"]:
            return (*lines, ("w", f"w - η*{g}/({spread} + ε)"))
        return (*lines, ("b", f"μ*b + {g}/({spread} + ε)"), ("w", "w - η*b"))


class Adam(Optimizer):
    """
    Momentum and a step size for each parameter: m ← β1 m + (1 - β1) g, v ← β2 v + (1 - β2) g².

    Both start at 0; without that bias they are m̂ = m/(1 - β1ᵗ), v̂ = v/(1 - β2ᵗ); w ← w - η m̂/(√v̂ + ε).

    Parameters
    ----------
    parameters
        The leaves to update; or groups of them, each a dict with ``params`` and options of its own.
    lr
        The learning rate η.
    betas
        β1 and β2.
    eps
        ε.
    weight_decay
        λ: g = ∂L/∂w + λ w.

    Raises
    ------
    TypeError, ValueError
        As `SGD`.

    References
    ----------
    Kingma, Ba: Adam: A Method for Stochastic Optimization, 2015.

    Examples
    --------
    >>> from autograd import Value
    >>> w = Value(1.0)
    >>> optimizer = Adam([w], lr=0.1)
    >>> (w * w).backward()
    >>> optimizer.step()
    >>> round(w.data, 6)
    0.9
    """

    def __init__(
        self,
        parameters: Iterable[Value] | Iterable[dict[str, Any]],
        lr: float = 0.001,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
    ) -> None:
        super().__init__(parameters, lr=lr, betas=betas, eps=eps, weight_decay=weight_decay)

    def check(self, group: dict[str, Any]) -> None:
        """
        See that the options of a group can be used.

        Parameters
        ----------
        group
            With all options.
        """
        super().check(group)
        name, betas = type(self).__name__, group["betas"]
        if not isinstance(betas, tuple | list) or len(betas) != 2:
            msg = f"{name}: betas must be two numbers, not {betas!r}"
            raise OperandError(msg)
        group["betas"] = tuple(real(beta, f"{name}: one of the betas", 0.0, 1.0, open_above=True) for beta in betas)
        group["eps"] = _epsilon(group, name)

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
        return super().settings(group) | {"β1": group["betas"][0], "β2": group["betas"][1], "ε": group["eps"]}

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
        return (*decay, *_moments(g), ("w", "w - η*m̂/(sqrt(v̂) + ε)"))


class AdamW(Adam):
    """
    Adam with weight decay apart from the gradient: w ← w - η λ w - η m̂/(√v̂ + ε).

    Parameters
    ----------
    parameters, lr, betas, eps
        As for `Adam`.
    weight_decay
        λ.

    Raises
    ------
    TypeError, ValueError
        As `SGD`.

    References
    ----------
    Loshchilov, Hutter: Decoupled Weight Decay Regularization, 2019.

    Examples
    --------
    >>> from autograd import Value
    >>> w = Value(1.0)
    >>> optimizer = AdamW([w], lr=0.1)
    >>> (w * w).backward()
    >>> optimizer.step()
    >>> round(w.data, 6)
    0.899
    """

    def __init__(
        self,
        parameters: Iterable[Value] | Iterable[dict[str, Any]],
        lr: float = 0.001,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.01,
    ) -> None:
        super().__init__(parameters, lr, betas, eps, weight_decay)

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
        shrunk = "w - η*λ*w" if group["weight_decay"] else "w"
        return (*_moments("grad"), ("w", f"{shrunk} - η*m̂/(sqrt(v̂) + ε)"))


def _moments(g: str) -> tuple[Line, ...]:
    """Average the gradient and its square over time, without the bias of their start."""
    return (
        ("m", f"β1*m + (1 - β1)*{g}"),
        ("v", f"β2*v + (1 - β2)*{g}*{g}"),
        ("c1", "1 - β1**t"),
        ("c2", "1 - β2**t"),
        ("m̂", "m/c1"),
        ("v̂", "v/c2"),
    )


def _epsilon(group: dict[str, Any], name: str) -> float:
    return real(group["eps"], f"{name}: eps", 0.0, open_below=True)
