"""
Where weights start: initialisers, named as in ``torch.nn.init``.

Each fills a matrix of weights, a row for each neuron, as ``layer.weight`` gives it: ``nn.init.xavier_normal_(
layer.weight, seed=0)``. Layers call them by name: ``nn.MLP(2, [16, 1], init="kaiming_normal", seed=0)``. Then the gain
is that of the layer's activation.

The idea of all of them: if every weight has variance gain² / fan_in, numbers keep their size from layer to layer on the
way forward; with gain² / fan_out gradients keep theirs on the way back.
"""

from __future__ import annotations

import math
from functools import cache
from typing import TYPE_CHECKING, Any

from autograd import Value, rules
from autograd.errors import ArgumentError, OperandError
from autograd.operands import number
from nn.activations import LINEAR, check_activation
from nn.arguments import choose, generator, real
from nn.examples import is_sequence
from nn.walking import is_module

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Sequence

    Seed = int | random.Random | None
    Weights = Sequence[Sequence[Value]]

#: Gains that are usual, where they are not 1/√E[f(z)²].
_USUAL_GAINS = {"sigmoid": 1.0, "tanh": 5 / 3, "selu": 3 / 4}


def calculate_gain(nonlinearity: str, param: float | None = None) -> float:
    r"""
    Give the factor that makes up for what an activation takes from the size of numbers.

    It is 1/√E[f(z)²] for z ~ N(0, 1): √2 for relu, √(2/(1 + slope²)) for leaky_relu, 1 for linear. For sigmoid, tanh
    and selu it is what PyTorch takes: 1, 5/3 and 3/4.

    Parameters
    ----------
    nonlinearity
        Name of an operation of one number, or ``"linear"``.
    param
        Its parameter, as the slope of leaky_relu.

    Returns
    -------
    float

    Raises
    ------
    TypeError, ValueError
        There is no such activation, or it has no parameter.

    References
    ----------
    He, Zhang, Ren, Sun: Delving Deep into Rectifiers, 2015.

    Examples
    --------
    >>> [round(calculate_gain(name), 4) for name in ("linear", "relu", "leaky_relu", "tanh", "gelu")]
    [1.0, 1.4142, 1.4141, 1.6667, 1.5335]
    """
    check_activation(nonlinearity)
    if nonlinearity == LINEAR:
        return 1.0
    if param is None and nonlinearity in _USUAL_GAINS:
        return _USUAL_GAINS[nonlinearity]
    options = () if param is None else (number(param, "calculate_gain: param"),)
    return _gain_from_moments(nonlinearity, options)


@cache
def _gain_from_moments(name: str, options: tuple[float, ...]) -> float:
    """Integrate f(z)² over the normal density; the trapezoidal rule has the kink at 0 among its points."""
    f = rules.FLOATS.value(name)
    steps = 128
    try:
        moment = sum(
            f(i / steps, *options) ** 2 * math.exp(-((i / steps) ** 2) / 2) for i in range(-9 * steps, 9 * steps + 1)
        )
    except (ArithmeticError, ValueError):
        msg = f"calculate_gain: {name!r} has no gain, since it has no value for some numbers"
        raise ArgumentError(msg) from None
    except TypeError:
        msg = f"calculate_gain: {name!r} has no parameter"
        raise OperandError(msg) from None
    return 1 / math.sqrt(moment / steps / math.sqrt(2 * math.pi))


def uniform_(weights: Weights, a: float = -1.0, b: float = 1.0, *, seed: Seed = None) -> None:
    """
    Draw weights from the uniform distribution U(a, b); micrograd's are in [-1, 1].

    Parameters
    ----------
    weights
        A row for each neuron.
    a, b
        The bounds.
    seed
        Seed or generator; by default Python's global one.
    """
    _draw(weights, generator(seed).uniform, number(a, "uniform_: a"), number(b, "uniform_: b"))


def normal_(weights: Weights, mean: float = 0.0, std: float = 1.0, *, seed: Seed = None) -> None:
    """
    Draw weights from the normal distribution N(mean, std²).

    Parameters
    ----------
    weights
        A row for each neuron.
    mean, std
        Mean and standard deviation.
    seed
        Seed or generator; by default Python's global one.
    """
    _draw(weights, generator(seed).gauss, number(mean, "normal_: mean"), real(std, "normal_: std", 0.0))


def constant_(weights: Weights, val: float, *, seed: Seed = None) -> None:
    """
    Set all weights to one number.

    Parameters
    ----------
    weights
        A row for each neuron.
    val
        The number.
    seed
        Not used: nothing is drawn.
    """
    _ = seed
    val = number(val, "constant_: val")
    for weight in _checked(weights):
        weight.data = val


def zeros_(weights: Weights, *, seed: Seed = None) -> None:
    """
    Set all weights to zero: then all neurons of a layer compute the same, and learn the same.

    Parameters
    ----------
    weights
        A row for each neuron.
    seed
        Not used: nothing is drawn.
    """
    constant_(weights, 0.0, seed=seed)


def xavier_uniform_(weights: Weights, gain: float = 1.0, *, seed: Seed = None) -> None:
    """
    Draw from U(-a, a), a = gain √(6/(fan_in + fan_out)): variance gain² · 2/(fan_in + fan_out).

    Parameters
    ----------
    weights
        A row for each neuron.
    gain
        See `calculate_gain`.
    seed
        Seed or generator; by default Python's global one.

    References
    ----------
    Glorot, Bengio: Understanding the difficulty of training deep feedforward neural networks, 2010.

    Examples
    --------
    >>> import nn
    >>> layer = nn.Linear(4, 2)
    >>> xavier_uniform_(layer.weight, seed=0)
    >>> max(abs(w.data) for row in layer.weight for w in row) <= 1.0
    True
    """
    _spread_evenly(weights, gain, sum(_fans(weights)) / 2, seed)


def xavier_normal_(weights: Weights, gain: float = 1.0, *, seed: Seed = None) -> None:
    """
    Draw from N(0, gain² · 2/(fan_in + fan_out)).

    Parameters
    ----------
    weights, gain, seed
        As for `xavier_uniform_`.

    References
    ----------
    Glorot, Bengio: Understanding the difficulty of training deep feedforward neural networks, 2010.
    """
    normal_(weights, 0.0, _gain(gain) / math.sqrt(sum(_fans(weights)) / 2), seed=seed)


def kaiming_uniform_(
    weights: Weights,
    a: float = 0.0,
    mode: str = "fan_in",
    nonlinearity: str = "leaky_relu",
    *,
    seed: Seed = None,
) -> None:
    """
    Draw from U(-bound, bound), bound = gain √(3/fan): variance gain²/fan.

    Parameters
    ----------
    weights
        A row for each neuron.
    a
        Slope of leaky_relu; relu is leaky_relu of slope 0.
    mode
        ``"fan_in"`` keeps the size of numbers on the way forward, ``"fan_out"`` that of gradients on the way back.
    nonlinearity
        The activation; its gain is that of `calculate_gain`.
    seed
        Seed or generator; by default Python's global one.

    References
    ----------
    He, Zhang, Ren, Sun: Delving Deep into Rectifiers, 2015.
    """
    _spread_evenly(weights, _kaiming_gain(nonlinearity, a), _fan(weights, mode), seed)


def kaiming_normal_(
    weights: Weights,
    a: float = 0.0,
    mode: str = "fan_in",
    nonlinearity: str = "leaky_relu",
    *,
    seed: Seed = None,
) -> None:
    """
    Draw from N(0, gain²/fan).

    Parameters
    ----------
    weights, a, mode, nonlinearity, seed
        As for `kaiming_uniform_`.

    References
    ----------
    He, Zhang, Ren, Sun: Delving Deep into Rectifiers, 2015.
    """
    normal_(weights, 0.0, _kaiming_gain(nonlinearity, a) / math.sqrt(_fan(weights, mode)), seed=seed)


def lecun_uniform_(weights: Weights, *, seed: Seed = None) -> None:
    """
    Draw from U(-a, a), a = √(3/fan_in): variance 1/fan_in.

    Parameters
    ----------
    weights
        A row for each neuron.
    seed
        Seed or generator; by default Python's global one.

    References
    ----------
    LeCun, Bottou, Orr, Müller: Efficient BackProp, 1998.
    """
    _spread_evenly(weights, 1.0, _fans(weights)[0], seed)


def lecun_normal_(weights: Weights, *, seed: Seed = None) -> None:
    """
    Draw from N(0, 1/fan_in).

    Parameters
    ----------
    weights, seed
        As for `lecun_uniform_`.

    References
    ----------
    LeCun, Bottou, Orr, Müller: Efficient BackProp, 1998.
    """
    normal_(weights, 0.0, 1 / math.sqrt(_fans(weights)[0]), seed=seed)


#: Every initialiser that a layer can ask for by name.
INITIALISERS: dict[str, Callable[..., None]] = {
    function.__name__.removesuffix("_"): function
    for function in (
        uniform_, normal_, zeros_, xavier_uniform_, xavier_normal_, kaiming_uniform_, kaiming_normal_, lecun_uniform_,
        lecun_normal_,
    )
}  # fmt: skip


def initialise(weights: Weights, name: str, activation: str, seed: Seed) -> None:
    """
    Fill the weights of a layer as its constructor was asked to.

    Parameters
    ----------
    weights
        A row for each neuron.
    name
        Of an initialiser.
    activation
        Of the layer.
    seed
        Seed or generator.

    Raises
    ------
    TypeError, ValueError
        There is no such initialiser.
    """
    fill = choose(name, INITIALISERS, "init")
    settings: dict[str, Any] = {}
    if fill in {xavier_uniform_, xavier_normal_}:
        settings["gain"] = calculate_gain(activation)
    elif fill in {kaiming_uniform_, kaiming_normal_}:
        settings["nonlinearity"] = activation
    fill(weights, **settings, seed=seed)


# ---------------------------------------------------------------------- what they share


def _checked(weights: Weights) -> list[Value]:
    """List the weights of a matrix, row by row."""
    if is_module(weights):
        msg = f"weights must be a list of rows of Values, not {type(weights).__name__}; write layer.weight"
        raise OperandError(msg)
    if not is_sequence(weights) or not all(is_sequence(row) for row in weights):
        msg = f"weights must be a list of rows of Values, a row for each neuron, not {type(weights).__name__}"
        raise OperandError(msg)
    if len({len(row) for row in weights}) != 1 or not len(weights[0]):
        msg = "weights must have rows of one length, at least one"
        raise ArgumentError(msg)
    flat = [weight for row in weights for weight in row]
    for weight in flat:
        if not isinstance(weight, Value):
            msg = f"weights must be Values, not {type(weight).__name__} {weight!r}"
            raise OperandError(msg)
    return flat


def _fans(weights: Weights) -> tuple[int, int]:
    """Give the numbers of inputs and of neurons."""
    _checked(weights)
    return len(weights[0]), len(weights)


def _fan(weights: Weights, mode: str) -> int:
    fan_in, fan_out = _fans(weights)
    return choose(mode, {"fan_in": fan_in, "fan_out": fan_out}, "mode")  # type: ignore[no-any-return]


def _gain(gain: float) -> float:
    return real(gain, "gain", 0.0)


def _kaiming_gain(nonlinearity: str, a: float) -> float:
    return calculate_gain(nonlinearity, a if nonlinearity == "leaky_relu" else None)


def _spread_evenly(weights: Weights, gain: float, fan: float, seed: Seed) -> None:
    bound = _gain(gain) * math.sqrt(3 / fan)
    uniform_(weights, -bound, bound, seed=seed)


def _draw(weights: Weights, distribution: Callable[[float, float], float], first: float, second: float) -> None:
    for weight in _checked(weights):
        weight.data = distribution(first, second)
