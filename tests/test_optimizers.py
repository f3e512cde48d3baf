"""The update rule, its variants, clipping and schedules, beside what PyTorch does."""

import copy
import importlib.util
import json
import math
import random
from pathlib import Path

import mpmath
import pytest
from hypothesis import given
from hypothesis import strategies as st

import autograd
import nn
from autograd import Value
from nn.optim import OPTIMIZERS, Optimizer
from nn.optim.rule import state_of

DATA = Path(__file__).parent / "data"
STORED = json.loads((DATA / "trajectories.json").read_text())
_SPEC = importlib.util.spec_from_file_location("make_trajectories", DATA / "make_trajectories.py")
CASES = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(CASES)


def named(case):
    name, options = case
    return f"{name} {options}"


@pytest.mark.parametrize(
    ("case", "expected"), [*zip(CASES.CASES, STORED["trajectories"], strict=True)], ids=map(named, CASES.CASES)
)
def test_trajectories_are_those_of_pytorch(case, expected):
    name, options = case
    w = [Value(x) for x in CASES.START]
    optimizer = CASES.optimizer_of(nn, name, options, w)
    assert len(expected) == 50
    for t, there in enumerate(expected):
        optimizer.zero_grad()
        CASES.loss(w, t, autograd.sin, autograd.tanh).backward()
        if "clip_value" in options:
            nn.clip_grad_value_(w, options["clip_value"])
        if "clip_norm" in options:
            nn.clip_grad_norm_(w, *options["clip_norm"])
        optimizer.step()
        assert [x.data for x in w] == pytest.approx(there, rel=1e-10, abs=1e-10)


@pytest.mark.parametrize(
    ("case", "expected"), [*zip(CASES.SCHEDULES, STORED["rates"], strict=True)], ids=map(named, CASES.SCHEDULES)
)
def test_schedules_are_those_of_pytorch(case, expected):
    name, options = case
    optimizer = nn.SGD([Value(0.0)], lr=CASES.RATE)
    schedule = getattr(nn, name)(optimizer, **options)
    assert len(set(expected)) > 1
    for metric, there in zip(CASES.metrics(), expected, strict=True):
        schedule.step(*([metric] if name == "ReduceLROnPlateau" else []))
        assert schedule.get_last_lr() == [optimizer.lr] == pytest.approx([there], rel=1e-10, abs=1e-12)


@pytest.mark.parametrize("case", CASES.CASES, ids=map(named, CASES.CASES))
@given(seed=st.integers(0, 1000))
def test_what_explain_says_is_what_step_does(case, seed):
    """The formula with its numbers is the update; nothing is applied by asking."""
    name, options = case
    rng = random.Random(seed)
    w = [Value(rng.uniform(-2, 2)) for _ in range(4)]
    optimizer = CASES.optimizer_of(nn, name, options, w)
    for _ in range(3):
        for p in w:
            p.grad = rng.uniform(-2, 2)
        before = copy.deepcopy(optimizer.state_dict())
        said = [optimizer.explain(p, p.grad) for p in w]
        assert optimizer.state_dict() == before
        optimizer.step()
        for p, (formula, numbers) in zip(w, said, strict=True):
            assert eval(formula, {"sqrt": math.sqrt, "maximum": max}, numbers) == p.data
            assert set(numbers) <= {"w", "grad", "g", "η", "m", "μ", "λ", "ε", "v", "u", "b", "m̂", "v̂"}


def test_the_shortest_rule_is_the_update_rule():
    w = Value(1.0)
    assert nn.SGD([w], lr=0.1).explain(w, 2.0) == ("w - η*grad", {"w": 1.0, "η": 0.1, "grad": 2.0})
    adam = nn.Adam([w], lr=0.1)
    formula, numbers = adam.explain(w, 2.0)
    assert formula == "w - η*m̂/(sqrt(v̂) + ε)"
    assert numbers == pytest.approx({"w": 1.0, "η": 0.1, "m̂": 2.0, "v̂": 4.0, "ε": 1e-8})
    assert state_of(adam.rule(adam.param_groups[0]), tuple(adam.settings(adam.param_groups[0]))) == ("m", "v")


@pytest.mark.parametrize("case", CASES.CASES, ids=map(named, CASES.CASES))
def test_an_optimizer_goes_on_from_its_state_bit_for_bit(case):
    name, options = case

    def run(w, optimizer, times):
        for t in times:
            optimizer.zero_grad()
            CASES.loss(w, t, autograd.sin, autograd.tanh).backward()
            optimizer.step()

    whole = [Value(x) for x in CASES.START]
    run(whole, CASES.optimizer_of(nn, name, options, whole), range(20))
    first = [Value(x) for x in CASES.START]
    optimizer = CASES.optimizer_of(nn, name, options, first)
    run(first, optimizer, range(9))
    saved = json.loads(json.dumps(optimizer.state_dict()))  # plain data
    second = [Value(x.data) for x in first]
    other = CASES.optimizer_of(nn, name, {k: v for k, v in options.items() if k == "groups"} | {"lr": 7.0}, second)
    other.load_state_dict(saved)
    run(second, other, range(9, 20))
    assert [x.data for x in second] == [x.data for x in whole]


@pytest.mark.parametrize("case", CASES.SCHEDULES, ids=map(named, CASES.SCHEDULES))
def test_a_schedule_goes_on_from_its_state(case):
    name, options = case

    def step(schedule, metric):
        schedule.step(*([metric] if name == "ReduceLROnPlateau" else []))
        return schedule.get_last_lr()

    metrics = CASES.metrics()
    one, other = (nn.SGD([Value(0.0)], lr=CASES.RATE) for _ in range(2))
    schedule = getattr(nn, name)(one, **options)
    for metric in metrics[:12]:
        step(schedule, metric)
    saved = json.loads(json.dumps(one.state_dict())), json.loads(json.dumps(schedule.state_dict()))
    again = getattr(nn, name)(other, **options)
    other.load_state_dict(saved[0])
    again.load_state_dict(saved[1])
    assert [step(schedule, x) for x in metrics[12:]] == [step(again, x) for x in metrics[12:]]


def test_groups_and_rates():
    a, b = Value(1.0), Value(1.0)
    optimizer = nn.SGD([{"params": [a]}, {"params": b, "lr": 0.5}], lr=0.1)
    a.grad = b.grad = 1.0
    optimizer.step()
    assert (a.data, b.data, optimizer.parameters, optimizer.lr) == (0.9, 0.5, [a, b], 0.1)
    optimizer.lr = 0.25
    assert [group["lr"] for group in optimizer.param_groups] == [0.25, 0.25]
    c = Value(0.0)
    optimizer.add_param_group({"params": [c], "lr": 1.0})
    c.grad = 1.0
    optimizer.step()
    assert c.data == -1.0
    assert repr(nn.Adam([a], lr=0.5)) == "Adam(lr=0.5, betas=(0.9, 0.999), eps=1e-08, weight_decay=0.0, 1 parameters)"


def test_a_step_moves_all_or_none():
    a, b = Value(1.0), Value(1.0)
    optimizer = nn.Adam([{"params": [a]}, {"params": [b]}], lr=0.1)
    a.grad = b.grad = 1.0
    optimizer.step()
    before = a.data, copy.deepcopy(optimizer.state_dict())
    optimizer.param_groups[1]["params"][0] = b - 0.1 * b.grad
    with pytest.raises(ValueError, match=r"a parameter must be a leaf.*is the result of sub.*p\.data -= lr"):
        optimizer.step()
    assert (a.data, optimizer.state_dict()) == before


def test_extreme_gradients_do_not_raise():
    for kind in OPTIMIZERS.values():
        for grad in (1e200, -1e308, math.inf, math.nan, 0.0, 5e-324):
            w = Value(1.0)
            optimizer = kind([w], lr=0.1)
            for _ in range(3):
                w.grad = grad
                optimizer.step()
            if math.isfinite(grad) and kind is not nn.SGD:
                assert math.isfinite(w.data)


@given(st.lists(st.floats(-1e3, 1e3), min_size=1, max_size=6), st.floats(0.01, 100), st.sampled_from([1.0, 2.0, 3.5]))
def test_clipping_by_norm(grads, bound, power):
    w = [Value(0.0) for _ in grads]
    for p, g in zip(w, grads, strict=True):
        p.grad = g
    norm = nn.clip_grad_norm_(w, bound, power)
    exact = sum(mpmath.mpf(abs(g)) ** power for g in grads) ** (1 / mpmath.mpf(power))  # where no power underflows
    assert norm == pytest.approx(float(exact), rel=1e-12)
    after = sum(abs(p.grad) ** power for p in w) ** (1 / power)
    assert after <= bound * (1 + 1e-12)
    if norm < bound - 1e-6:
        assert [p.grad for p in w] == grads


def test_norms_of_huge_gradients():
    w = [Value(0.0), Value(0.0)]
    w[0].grad, w[1].grad = 3e200, 4e200
    assert nn.clip_grad_norm_(w, 1.0) == pytest.approx(5e200)
    assert [p.grad for p in w] == pytest.approx([0.6, 0.8])
    w[0].grad, w[1].grad = 3e200, 4e200
    assert nn.clip_grad_norm_(w, 1.0, 3.0) == pytest.approx((27 + 64) ** (1 / 3) * 1e200)


W = Value(1.0)


@pytest.mark.parametrize(
    ("call", "kind", "text"),
    [
        (lambda: nn.SGD([W, W]), ValueError, "given once, but .* is there twice"),
        (lambda: nn.SGD([{"params": [W]}, {"params": [W]}]), ValueError, "there twice"),
        (lambda: nn.SGD([{"params": []}]), ValueError, "params must not be empty"),
        (lambda: nn.SGD([{"param": [W]}]), TypeError, "must be a dict with 'params'"),
        (lambda: nn.SGD([{"params": [W], "momentums": 0.9}]), ValueError, "did you mean 'momentum'"),
        (lambda: nn.SGD(nn.Neuron(1).parameters), TypeError, r"not method; write model\.parameters\(\)"),
        (lambda: nn.SGD([W], momentum=-1), ValueError, "SGD: momentum must be zero or positive, not -1"),
        (lambda: nn.SGD([W], nesterov=True), ValueError, "nesterov needs a momentum"),
        (lambda: nn.SGD([W], momentum=0.9, nesterov=1), TypeError, "nesterov must be True or False"),
        (lambda: nn.SGD([W], weight_decay=math.nan), ValueError, "weight_decay must be zero or positive, not nan"),
        (lambda: nn.Adam([W], betas=(0.9, 1.0)), ValueError, "betas must be from 0 to 1, 1 excluded, not 1.0"),
        (lambda: nn.Adam([W], betas=0.9), TypeError, "betas must be two numbers"),
        (lambda: nn.AdamW([W], eps=0.0), ValueError, "AdamW: eps must be positive"),
        (lambda: nn.RMSprop([W], alpha=2.0), ValueError, "alpha must be from 0 to 1"),
        (lambda: nn.Adagrad([W], lr="1"), TypeError, "Adagrad: lr must be a real number"),
        (lambda: nn.Adam([W]).load_state_dict(nn.SGD([W]).state_dict()), ValueError, "is that of SGD"),
        (lambda: nn.Adam([W]).load_state_dict({}), TypeError, "must be a dict, as state_dict"),
        (lambda: nn.SGD([W]).load_state_dict(nn.SGD([W, Value(0.0)]).state_dict()), ValueError, r"groups of \[2\]"),
        (lambda: nn.SGD([W]).explain(Value(1.0), 1.0), ValueError, "not one of the parameters"),
        (lambda: nn.clip_grad_norm_(nn.Neuron(1), 1.0), TypeError, r"write model\.parameters\(\)"),
        (lambda: nn.clip_grad_norm_([W], -1.0), ValueError, "max_norm must be zero or positive"),
        (lambda: nn.clip_grad_norm_([W], 1.0, 0), ValueError, "norm_type must be positive"),
        (lambda: nn.clip_grad_value_([1.0], 1.0), TypeError, "must be a Value, not float"),
        (lambda: nn.StepLR(W, 3), TypeError, "optimizer must be one, as nn.SGD"),
        (lambda: nn.StepLR(nn.SGD([W]), 0), ValueError, "step_size must be at least 1"),
        (lambda: nn.LinearWarmupLR(nn.SGD([W]), 5, 5), ValueError, "more than warmup_steps, not 5 for 5"),
        (lambda: nn.ReduceLROnPlateau(nn.SGD([W]), mode="mim"), ValueError, "did you mean 'min'"),
        (lambda: nn.ReduceLROnPlateau(nn.SGD([W])).step("a"), TypeError, "metrics must be a real number"),
        (lambda: nn.ExponentialLR(nn.SGD([W]), 0.5).load_state_dict({"a": 1}), ValueError, "must have last_epoch"),
    ],
)
def test_wrong_arguments(call, kind, text):
    with pytest.raises(kind, match=text):
        call()


@pytest.mark.parametrize("damage", [lambda s: s["state"][0].update(m=[1.0]), lambda s: s["param_groups"][0].pop("lr")])
def test_a_damaged_state_changes_nothing(damage):
    w = [Value(1.0), Value(2.0)]
    optimizer = nn.Adam(w)
    w[0].grad = 1.0
    optimizer.step()
    saved = optimizer.state_dict()
    before = copy.deepcopy(saved)
    damage(saved)
    with pytest.raises(ValueError, match="damaged"):
        optimizer.load_state_dict(saved)
    assert optimizer.state_dict() == before


def test_every_optimizer_is_found_by_name():
    assert {name: kind.__name__ for name, kind in OPTIMIZERS.items()} == {
        "sgd": "SGD", "adagrad": "Adagrad", "rmsprop": "RMSprop", "adam": "Adam", "adamw": "AdamW"
    }  # fmt: skip
    assert all(issubclass(kind, Optimizer) for kind in OPTIMIZERS.values())
