"""Initialisers: beside the distributions that they say, and PyTorch's gains."""

import contextlib
import json
import math
import random
import statistics
from pathlib import Path

import pytest

import autograd
import nn
from autograd import Value, rules
from nn import init
from nn.initialisers import INITIALISERS

GAINS = json.loads((Path(__file__).parent / "data" / "trajectories.json").read_text())["gains"]
FAN_IN, FAN_OUT = 60, 80


def matrix(rows=FAN_OUT, columns=FAN_IN):
    return [[Value(7.0) for _ in range(columns)] for _ in range(rows)]


def drawn(fill, *arguments, **options):
    weights = matrix()
    fill(weights, *arguments, **options)
    return [weight.data for row in weights for weight in row]


@pytest.mark.parametrize("name", GAINS)
def test_gains_are_those_of_pytorch(name):
    activation, *param = name.split()
    assert init.calculate_gain(activation, *map(float, param)) == pytest.approx(GAINS[name], rel=1e-12)


@pytest.mark.no_cover
@pytest.mark.parametrize("name", ["gelu", "silu", "softplus", "elu", "mish"])
def test_gains_keep_the_size_of_numbers(name):
    """A witness by drawing: f(z) · gain has mean square 1."""
    rng = random.Random(0)
    f = getattr(autograd, name)
    squares = [(init.calculate_gain(name) * f(rng.gauss(0, 1))) ** 2 for _ in range(40_000)]
    assert statistics.fmean(squares) == pytest.approx(1.0, rel=0.03)


STANDARD = {
    "uniform": 1 / math.sqrt(3),
    "normal": 1.0,
    "zeros": 0.0,
    "xavier_uniform": math.sqrt(2 / (FAN_IN + FAN_OUT)),
    "xavier_normal": math.sqrt(2 / (FAN_IN + FAN_OUT)),
    "kaiming_uniform": math.sqrt(2 / FAN_IN),
    "kaiming_normal": math.sqrt(2 / FAN_IN),
    "lecun_uniform": 1 / math.sqrt(FAN_IN),
    "lecun_normal": 1 / math.sqrt(FAN_IN),
}


@pytest.mark.parametrize("name", INITIALISERS)
def test_the_spread_is_what_the_formula_says(name):
    numbers = drawn(INITIALISERS[name], seed=0)
    assert statistics.fmean(numbers) == pytest.approx(0.0, abs=0.03)
    assert statistics.pstdev(numbers) == pytest.approx(STANDARD[name], rel=0.03)
    if "uniform" in name:
        assert max(map(abs, numbers)) == pytest.approx(STANDARD[name] * math.sqrt(3), rel=0.01)
    elif name != "zeros":
        assert 3.0 < max(map(abs, numbers)) / STANDARD[name] < 5.0
    assert drawn(INITIALISERS[name], seed=0) == numbers
    assert drawn(INITIALISERS[name], seed=random.Random(0)) == numbers
    assert name == "zeros" or drawn(INITIALISERS[name], seed=1) != numbers


def test_options():
    assert statistics.pstdev(drawn(init.xavier_normal_, 3.0, seed=0)) == pytest.approx(
        3 * STANDARD["xavier_normal"], rel=0.03
    )
    fan_out = drawn(init.kaiming_normal_, mode="fan_out", nonlinearity="tanh", seed=0)
    assert statistics.pstdev(fan_out) == pytest.approx(5 / 3 / math.sqrt(FAN_OUT), rel=0.03)
    leaky = drawn(init.kaiming_uniform_, math.sqrt(5), seed=0)
    assert max(leaky) == pytest.approx(1 / math.sqrt(FAN_IN), rel=0.01)  # what PyTorch's Linear has
    assert set(drawn(init.constant_, 0.25)) == {0.25}
    shifted = drawn(init.normal_, 5.0, 0.1, seed=0)
    assert (statistics.fmean(shifted), statistics.pstdev(shifted)) == pytest.approx((5.0, 0.1), rel=0.03)


@pytest.mark.parametrize("name", INITIALISERS)
def test_layers_call_them_by_name(name):
    model = nn.MLP(FAN_IN, [FAN_OUT, 2], activation="tanh", init=name, seed=0)
    numbers = [w.data for row in model.layers[0].weight for w in row]
    gain = {"xavier": 5 / 3, "kaiming": 5 / 3 / math.sqrt(2)}.get(name.partition("_")[0], 1.0)
    assert statistics.pstdev(numbers) == pytest.approx(gain * STANDARD[name], rel=0.03)
    assert {b.data for layer in model.layers for b in layer.bias} == {0.0}
    again = nn.MLP(FAN_IN, [FAN_OUT, 2], activation="tanh", init=name, seed=0)
    assert again.state_dict() == model.state_dict()


def test_without_a_seed_the_draws_are_pythons():
    random.seed(3)
    one = drawn(init.lecun_normal_)
    random.seed(3)
    assert drawn(init.lecun_normal_) == one


def test_kaiming_keeps_numbers_and_gradients_in_size_through_depth():
    rng = random.Random(0)
    for activation, name in (("relu", "kaiming_normal"), ("gelu", "kaiming_normal"), ("tanh", "xavier_normal")):
        model = nn.MLP(40, [40] * 8, activation=activation, init=name, seed=1)
        for layer in model.layers:
            layer.bias[0].data = 0.0
        out = model([rng.gauss(0, 1) for _ in range(40)])
        spread = math.sqrt(statistics.fmean(v.data**2 for v in out))
        assert 0.1 < spread < 10.0, activation


@pytest.mark.parametrize(
    ("call", "kind", "text"),
    [
        (lambda: nn.Layer(2, 2, init="kaiming"), ValueError, "init must be one of .* did you mean 'kaiming_"),
        (lambda: nn.Layer(2, 2, init=3), TypeError, "init must be a name"),
        (lambda: init.calculate_gain("rellu"), ValueError, "did you mean 'relu'"),
        (lambda: init.calculate_gain("log"), ValueError, "'log' has no gain"),
        (lambda: init.calculate_gain("relu", 0.1), TypeError, "'relu' has no parameter"),
        (lambda: init.kaiming_normal_(matrix(), mode="fan"), ValueError, "mode must be one of 'fan_in', 'fan_out'"),
        (lambda: init.xavier_uniform_(nn.Layer(2, 2)), TypeError, r"write layer\.weight"),
        (lambda: init.xavier_uniform_([Value(1.0)]), TypeError, "a row for each neuron"),
        (lambda: init.xavier_uniform_([[Value(1.0)], []]), ValueError, "rows of one length"),
        (lambda: init.normal_([[1.0]]), TypeError, "weights must be Values, not float"),
        (lambda: init.normal_(matrix(), 0.0, -1.0), ValueError, "std must be zero or positive"),
        (lambda: init.xavier_normal_(matrix(), gain=math.nan), ValueError, "gain must be zero or positive"),
        (lambda: init.uniform_(matrix(), seed="a"), TypeError, "seed must be an integer"),
    ],
)
def test_wrong_arguments(call, kind, text):
    with pytest.raises(kind, match=text):
        call()


def test_a_gain_is_a_number_or_an_error():
    for name in rules.public_names():
        with contextlib.suppress(ValueError):
            assert math.isfinite(init.calculate_gain(name))
