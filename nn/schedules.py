"""
Schedules: how learning rates change over time, named as in ``torch.optim.lr_scheduler``.

Make one for an optimizer, and call its ``step()`` after each epoch (or each batch); it sets the ``lr`` of each group.
In the formulas η₀ is the rate that the group had at first, and t counts the calls of ``step``.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from autograd.errors import ArgumentError, OperandError
from autograd.operands import number
from nn.arguments import choose, positive, real

if TYPE_CHECKING:
    from nn.optim import Optimizer


class Schedule:
    """
    A learning rate as a function of time; a subclass states it.

    Parameters
    ----------
    optimizer
        Whose rates.

    Raises
    ------
    TypeError
        It is no optimizer.
    """

    def __init__(self, optimizer: Optimizer) -> None:
        _check_optimizer(optimizer, self)
        self.optimizer = optimizer
        self.base_lrs: list[float] = [group["lr"] for group in optimizer.param_groups]
        self.last_epoch = 0
        self._set()

    def rate(self, base: float, t: int) -> float:
        """
        Give the rate at a time.

        Parameters
        ----------
        base
            η₀.
        t
            The number of steps so far.

        Returns
        -------
        float
        """
        raise NotImplementedError

    def step(self) -> None:
        """Go on by one."""
        self.last_epoch += 1
        self._set()

    def _set(self) -> None:
        for group, base in zip(self.optimizer.param_groups, self.base_lrs, strict=True):
            group["lr"] = self.rate(base, self.last_epoch)

    def get_last_lr(self) -> list[float]:
        """
        Give the rate of each group.

        Returns
        -------
        list of float
        """
        return [group["lr"] for group in self.optimizer.param_groups]

    def state_dict(self) -> dict[str, Any]:
        """
        Give what the schedule depends on, beside its own options.

        Returns
        -------
        dict
        """
        return {"last_epoch": self.last_epoch, "base_lrs": list(self.base_lrs)}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """
        Go on where another one was.

        Parameters
        ----------
        state
            As `state_dict` gave it.

        Raises
        ------
        TypeError, ValueError
            It is not the state of such a schedule. Nothing has been changed then.
        """
        _check_state(state, self)
        if len(state["base_lrs"]) != len(self.base_lrs):
            given, own = len(state["base_lrs"]), len(self.base_lrs)
            msg = f"{type(self).__name__}: the state is that of {given} groups, not {own}"
            raise ArgumentError(msg)
        bases = [real(base, f"{type(self).__name__}: base_lrs", 0.0) for base in state["base_lrs"]]
        self.last_epoch, self.base_lrs = int(state["last_epoch"]), bases
        self._set()


class StepLR(Schedule):
    """
    Multiply the rate by γ every so many steps: η = η₀ γ^⌊t/step_size⌋.

    Parameters
    ----------
    optimizer
        Whose rates.
    step_size
        After how many steps.
    gamma
        γ.

    Raises
    ------
    TypeError, ValueError
        An option cannot be used.

    References
    ----------
    Krizhevsky, Sutskever, Hinton: ImageNet Classification with Deep Convolutional Neural Networks, 2012, section 5.

    Examples
    --------
    >>> import nn
    >>> optimizer = nn.SGD(nn.Neuron(1).parameters(), lr=1.0)
    >>> schedule = StepLR(optimizer, step_size=2, gamma=0.5)
    >>> for _ in range(4):
    ...     schedule.step()
    >>> optimizer.lr
    0.25
    """

    def __init__(self, optimizer: Optimizer, step_size: int, gamma: float = 0.1) -> None:
        positive(step_size, "StepLR: step_size")
        self.step_size = step_size
        self.gamma = real(gamma, "StepLR: gamma", 0.0)
        super().__init__(optimizer)

    def rate(self, base: float, t: int) -> float:
        """
        Give the rate at a time.

        Parameters
        ----------
        base, t
            η₀ and the number of steps so far.

        Returns
        -------
        float
        """
        return base * self.gamma ** (t // self.step_size)


class ExponentialLR(Schedule):
    """
    Multiply the rate by γ in each step: η = η₀ γᵗ.

    Parameters
    ----------
    optimizer
        Whose rates.
    gamma
        γ.

    Raises
    ------
    TypeError, ValueError
        An option cannot be used.

    References
    ----------
    Li, Arora: An Exponential Learning Rate Schedule for Deep Learning, 2020.

    Examples
    --------
    >>> import nn
    >>> optimizer = nn.SGD(nn.Neuron(1).parameters(), lr=1.0)
    >>> ExponentialLR(optimizer, gamma=0.5).step()
    >>> optimizer.lr
    0.5
    """

    def __init__(self, optimizer: Optimizer, gamma: float) -> None:
        self.gamma = real(gamma, "ExponentialLR: gamma", 0.0)
        super().__init__(optimizer)

    def rate(self, base: float, t: int) -> float:
        """
        Give the rate at a time.

        Parameters
        ----------
        base, t
            η₀ and the number of steps so far.

        Returns
        -------
        float
        """
        return base * self.gamma**t


class CosineAnnealingLR(Schedule):
    """
    Half a wave of the cosine: η = η_min + (η₀ - η_min) (1 + cos(π t/T_max))/2.

    Parameters
    ----------
    optimizer
        Whose rates.
    T_max
        In how many steps the rate falls to `eta_min`; it rises again after them.
    eta_min
        η_min.

    Raises
    ------
    TypeError, ValueError
        An option cannot be used.

    References
    ----------
    Loshchilov, Hutter: SGDR: Stochastic Gradient Descent with Warm Restarts, 2017.

    Examples
    --------
    >>> import nn
    >>> optimizer = nn.SGD(nn.Neuron(1).parameters(), lr=1.0)
    >>> schedule = CosineAnnealingLR(optimizer, T_max=2)
    >>> schedule.step()
    >>> round(optimizer.lr, 12)
    0.5
    """

    def __init__(self, optimizer: Optimizer, T_max: int, eta_min: float = 0.0) -> None:  # noqa: N803 - PyTorch's name
        positive(T_max, "CosineAnnealingLR: T_max")
        self.T_max = T_max
        self.eta_min = real(eta_min, "CosineAnnealingLR: eta_min", 0.0)
        super().__init__(optimizer)

    def rate(self, base: float, t: int) -> float:
        """
        Give the rate at a time.

        Parameters
        ----------
        base, t
            η₀ and the number of steps so far.

        Returns
        -------
        float
        """
        return self.eta_min + (base - self.eta_min) * (1 + math.cos(math.pi * t / self.T_max)) / 2


class LinearLR(Schedule):
    """
    From one multiple of the rate to another in a straight line: η = η₀ (s + (e - s) min(t, T)/T).

    Parameters
    ----------
    optimizer
        Whose rates.
    start_factor, end_factor
        s and e.
    total_iters
        T.

    Raises
    ------
    TypeError, ValueError
        An option cannot be used.

    References
    ----------
    Goyal, Dollár, Girshick and others: Accurate, Large Minibatch SGD, 2017, section 2.2: gradual warm-up.

    Examples
    --------
    >>> import nn
    >>> optimizer = nn.SGD(nn.Neuron(1).parameters(), lr=1.0)
    >>> schedule = LinearLR(optimizer, start_factor=0.5, total_iters=2)
    >>> schedule.step()
    >>> optimizer.lr
    0.75
    """

    def __init__(
        self, optimizer: Optimizer, start_factor: float = 1 / 3, end_factor: float = 1.0, total_iters: int = 5
    ) -> None:
        self.start_factor = real(start_factor, "LinearLR: start_factor", 0.0, 1.0, open_below=True)
        self.end_factor = real(end_factor, "LinearLR: end_factor", 0.0, 1.0)
        positive(total_iters, "LinearLR: total_iters")
        self.total_iters = total_iters
        super().__init__(optimizer)

    def rate(self, base: float, t: int) -> float:
        """
        Give the rate at a time.

        Parameters
        ----------
        base, t
            η₀ and the number of steps so far.

        Returns
        -------
        float
        """
        share = min(t, self.total_iters) / self.total_iters
        return base * (self.start_factor + (self.end_factor - self.start_factor) * share)


class LinearWarmupLR(Schedule):
    """
    Up from 0 in a straight line, then down to 0 in another: η = η₀ t/W up to t = W, then η₀ (T - t)/(T - W).

    Parameters
    ----------
    optimizer
        Whose rates. The first step of the optimizer has rate 0: call ``step()`` before it to do without that one.
    warmup_steps
        W, the steps up.
    total_steps
        T, all steps.

    Raises
    ------
    TypeError, ValueError
        An option cannot be used.

    References
    ----------
    Devlin, Chang, Lee, Toutanova: BERT, 2019, appendix A.2.

    Examples
    --------
    >>> import nn
    >>> optimizer = nn.SGD(nn.Neuron(1).parameters(), lr=1.0)
    >>> schedule = LinearWarmupLR(optimizer, warmup_steps=2, total_steps=4)
    >>> rates = [optimizer.lr]
    >>> for _ in range(5):
    ...     schedule.step()
    ...     rates.append(optimizer.lr)
    >>> rates
    [0.0, 0.5, 1.0, 0.5, 0.0, 0.0]
    """

    def __init__(self, optimizer: Optimizer, warmup_steps: int, total_steps: int) -> None:
        positive(warmup_steps, "LinearWarmupLR: warmup_steps")
        positive(total_steps, "LinearWarmupLR: total_steps")
        if total_steps <= warmup_steps:
            msg = f"LinearWarmupLR: total_steps must be more than warmup_steps, not {total_steps} for {warmup_steps}"
            raise ArgumentError(msg)
        self.warmup_steps = warmup_steps
        self.total_steps = total_steps
        super().__init__(optimizer)

    def rate(self, base: float, t: int) -> float:
        """
        Give the rate at a time.

        Parameters
        ----------
        base, t
            η₀ and the number of steps so far.

        Returns
        -------
        float
        """
        if t < self.warmup_steps:
            return base * t / self.warmup_steps
        return base * max(0, self.total_steps - t) / (self.total_steps - self.warmup_steps)


class ReduceLROnPlateau:
    """
    Multiply the rate by a factor when a number has stopped improving.

    Parameters
    ----------
    optimizer
        Whose rates.
    mode
        ``"min"``: smaller is better, as for a loss; ``"max"``: larger is, as for an accuracy.
    factor
        By which the rate is multiplied: η ← max(factor · η, min_lr).
    patience
        How many steps without improvement are let pass.
    threshold
        By how much a number must be better to count.
    threshold_mode
        ``"rel"``: by that share of the best so far; ``"abs"``: by that much.
    cooldown
        How many steps after a reduction do not count.
    min_lr
        The smallest rate.
    eps
        A smaller change of the rate is not made.

    Raises
    ------
    TypeError, ValueError
        An option cannot be used.

    References
    ----------
    He, Zhang, Ren, Sun: Deep Residual Learning for Image Recognition, 2015, section 3.4.

    Examples
    --------
    >>> import nn
    >>> optimizer = nn.SGD(nn.Neuron(1).parameters(), lr=1.0)
    >>> schedule = ReduceLROnPlateau(optimizer, factor=0.5, patience=1)
    >>> for loss in (3.0, 2.0, 2.0, 2.0):
    ...     schedule.step(loss)
    >>> optimizer.lr
    0.5
    """

    def __init__(
        self,
        optimizer: Optimizer,
        mode: str = "min",
        factor: float = 0.1,
        patience: int = 10,
        threshold: float = 1e-4,
        threshold_mode: str = "rel",
        cooldown: int = 0,
        min_lr: float = 0.0,
        eps: float = 1e-8,
    ) -> None:
        _check_optimizer(optimizer, self)
        choose(mode, {"min": 0, "max": 0}, "ReduceLROnPlateau: mode")
        choose(threshold_mode, {"rel": 0, "abs": 0}, "ReduceLROnPlateau: threshold_mode")
        self.optimizer = optimizer
        self.mode = mode
        self.factor = real(factor, "ReduceLROnPlateau: factor", 0.0, 1.0, open_above=True)
        self.patience = _count(patience, "ReduceLROnPlateau: patience")
        self.threshold = real(threshold, "ReduceLROnPlateau: threshold", 0.0)
        self.threshold_mode = threshold_mode
        self.cooldown = _count(cooldown, "ReduceLROnPlateau: cooldown")
        self.min_lr = real(min_lr, "ReduceLROnPlateau: min_lr", 0.0)
        self.eps = real(eps, "ReduceLROnPlateau: eps", 0.0)
        self.best = math.inf if mode == "min" else -math.inf
        self.num_bad_epochs = self.cooldown_counter = 0

    def step(self, metrics: float) -> None:
        """
        Look at the number, and reduce the rate if it is time.

        Parameters
        ----------
        metrics
            The number, say the loss on held-out examples.

        Raises
        ------
        TypeError
            It is not a number.
        """
        current = number(metrics, "ReduceLROnPlateau.step: metrics")
        if self._is_better(current):
            self.best, self.num_bad_epochs = current, 0
        else:
            self.num_bad_epochs += 1
        if self.cooldown_counter:
            self.cooldown_counter -= 1
            self.num_bad_epochs = 0
        if self.num_bad_epochs > self.patience:
            for group in self.optimizer.param_groups:
                lower = max(group["lr"] * self.factor, self.min_lr)
                if group["lr"] - lower > self.eps:
                    group["lr"] = lower
            self.cooldown_counter, self.num_bad_epochs = self.cooldown, 0

    def _is_better(self, current: float) -> bool:
        sign = 1.0 if self.mode == "max" else -1.0
        share, amount = (self.threshold, 0.0) if self.threshold_mode == "rel" else (0.0, self.threshold)
        return sign * current > sign * (self.best * (1 + sign * share) + sign * amount)

    def get_last_lr(self) -> list[float]:
        """
        Give the rate of each group.

        Returns
        -------
        list of float
        """
        return [group["lr"] for group in self.optimizer.param_groups]

    def state_dict(self) -> dict[str, Any]:
        """
        Give what the schedule depends on, beside its own options.

        Returns
        -------
        dict
        """
        return {name: getattr(self, name) for name in _PLATEAU_STATE}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """
        Go on where another one was.

        Parameters
        ----------
        state
            As `state_dict` gave it.

        Raises
        ------
        TypeError, ValueError
            It is not the state of such a schedule. Nothing has been changed then.
        """
        _check_state(state, self)
        self.best = float(state["best"])
        self.num_bad_epochs, self.cooldown_counter = int(state["num_bad_epochs"]), int(state["cooldown_counter"])


_PLATEAU_STATE = ("best", "num_bad_epochs", "cooldown_counter")


def _check_optimizer(optimizer: Any, schedule: object) -> None:
    if not hasattr(optimizer, "param_groups"):
        given = f"{type(optimizer).__name__} {optimizer!r}"
        msg = f"{type(schedule).__name__}: optimizer must be one, as nn.SGD, not {given}"
        raise OperandError(msg)


def _check_state(state: Any, schedule: Schedule | ReduceLROnPlateau) -> None:
    name = type(schedule).__name__
    if not isinstance(state, Mapping):
        msg = f"{name}: the state must be a dict, as state_dict() gives it, not {type(state).__name__}"
        raise OperandError(msg)
    if set(state) != set(schedule.state_dict()):
        msg = f"{name}: the state must have {', '.join(schedule.state_dict())}, not {', '.join(map(str, state))}"
        raise ArgumentError(msg)


def _count(given: int, role: str) -> int:
    if given != 0 or isinstance(given, bool | float):
        positive(given, role)
    return given
