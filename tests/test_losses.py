"""Losses: beside PyTorch's numbers, mpmath's, and finite differences."""

import itertools
import json
import math
from pathlib import Path

import mpmath
import pytest
from hypothesis import given
from hypothesis import strategies as st

import nn
from autograd import Value, gradcheck, gradients
from nn.losses import LOSSES

FORWARDS = json.loads((Path(__file__).parent / "data" / "forwards.json").read_text())
STORED, CLASSES = FORWARDS["losses"], FORWARDS["cross entropy"]
REDUCTIONS = ["mean", "sum", "none"]
OPTIONS = {"huber": {"delta": 0.7}}
TARGETS = {"hinge": "signs", "bce_with_logits": "shares"}
ELEMENTWISE = ["mse", "mae", "huber", "hinge", "bce_with_logits"]


def flat(x):
    return [each for row in x for each in flat(row)] if isinstance(x, list) else [getattr(x, "data", x)]


def values(x):
    return [values(row) for row in x] if isinstance(x, list) else Value(x)


@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize("name", ELEMENTWISE)
def test_losses_are_those_of_pytorch(name, reduction):
    predictions, targets = STORED["predictions"], STORED[TARGETS.get(name, "targets")]
    loss = LOSSES[name](values(predictions), targets, reduction, **OPTIONS.get(name, {}))
    assert flat(loss) == pytest.approx(flat(STORED[reduction][name]), rel=1e-12, abs=1e-12)
    assert flat(LOSSES[name](predictions, values(targets), reduction, **OPTIONS.get(name, {}))) == flat(loss)


@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize("smoothing", [0.0, 0.1])
@pytest.mark.parametrize("targets", ["targets", "soft"])
def test_cross_entropy_is_that_of_pytorch(reduction, smoothing, targets):
    loss = nn.cross_entropy(values(CLASSES["logits"]), CLASSES[targets], reduction, label_smoothing=smoothing)
    name = f"{'soft ' * (targets == 'soft')}{'smooth ' * bool(smoothing)}{reduction}"
    assert flat(loss) == pytest.approx(flat(CLASSES[name]), rel=1e-12, abs=1e-12)


def test_extreme_logits_are_as_in_pytorch():
    logits = [[1000.0, -1000.0, 0.0], [1e4, 1e4, 1e4]]
    assert nn.cross_entropy(logits, [1, 0], "none") == pytest.approx(CLASSES["extreme"], rel=1e-12)
    classes = [0, 1, 0, 1, 0, 1, 0]
    ours = nn.bce_with_logits(FORWARDS["extreme"], classes, "none")
    assert ours == pytest.approx(STORED["extreme bce_with_logits"], rel=1e-12, abs=1e-12)


LOGITS = st.lists(st.floats(-1e3, 1e3), min_size=2, max_size=5)


@given(LOGITS, st.data())
def test_cross_entropy_and_its_gradient_lose_no_digits(logits, data):
    target = data.draw(st.integers(0, len(logits) - 1))
    z = [Value(x) for x in logits]
    loss = nn.cross_entropy(z, target)
    loss.backward()
    with mpmath.workdps(1000):
        others = mpmath.fsum(mpmath.exp(mpmath.mpf(x) - logits[target]) for i, x in enumerate(logits) if i != target)
        assert loss.data == pytest.approx(float(mpmath.log(1 + others)), rel=1e-11, abs=1e-300)
        for i, (zi, x) in enumerate(zip(z, logits, strict=True)):
            share = mpmath.exp(mpmath.mpf(x) - logits[target]) / (1 + others)
            slope = -others / (1 + others) if i == target else share
            assert zi.grad == pytest.approx(float(slope), rel=1e-11, abs=1e-300)


@given(st.floats(-1e3, 1e3), st.sampled_from([0, 1, 0.0, 1.0, 0.25]))
def test_binary_cross_entropy_and_its_gradient_lose_no_digits(logit, target):
    z = Value(logit)
    loss = nn.bce_with_logits(z, target)
    loss.backward()
    with mpmath.workdps(1000):
        p = 1 / (1 + mpmath.exp(-mpmath.mpf(logit)))
        t = mpmath.mpf(target)
        exact = -(t * mpmath.log(p) if t else 0) - ((1 - t) * mpmath.log(1 - p) if t != 1 else 0)
        assert loss.data == pytest.approx(float(exact), rel=1e-11, abs=1e-300)
        tight = {"rel": 1e-11, "abs": 1e-300} if target in {0, 1} else {"rel": 1e-9, "abs": 1e-14}
        assert z.grad == pytest.approx(float(p - t), **tight)


@pytest.mark.parametrize("reduction", ["mean", "sum"])
@pytest.mark.parametrize("name", ELEMENTWISE)
def test_gradients_of_losses(name, reduction):
    targets = [0.25, -1.0, 0.5] if name != "hinge" else [1, -1, 1]
    targets = [0.25, 1.0, 0.5] if name == "bce_with_logits" else targets
    assert gradcheck(lambda *p: LOSSES[name](list(p), targets, reduction), [0.5, 2.5, -1.5], order=2).ok
    if name != "hinge":  # the targets may be trained too
        assert gradcheck(lambda *t: LOSSES[name]([0.5, 2.5, -1.5], list(t)), [0.3, 0.6, 0.4]).ok


@pytest.mark.parametrize("target", [1, [0.2, 0.5, 0.3]])
@pytest.mark.parametrize("smoothing", [0.0, 0.2])
def test_gradients_of_cross_entropy(target, smoothing):
    report = gradcheck(
        lambda *z: nn.cross_entropy([list(z), [1.0, *z[:2]]], [target, target], label_smoothing=smoothing),
        [0.5, -1.0, 2.0],
        order=2,
    )
    assert report.ok
    assert report.counts["right"] == len(report.rows)


def test_penalties():
    model = nn.MLP(2, [2, 1], seed=0)
    w = [p.data for p in model.parameters()]
    assert nn.l1_penalty(model, 0.1).data == pytest.approx(0.1 * sum(map(abs, w)))
    assert nn.l2_penalty(model.parameters(), 0.1).data == pytest.approx(0.1 * sum(x * x for x in w))
    assert gradcheck(lambda *p: nn.l1_penalty(p, 0.3) + nn.l2_penalty(list(p), 0.2), [0.5, -2.0]).ok


@pytest.mark.parametrize("error", [-3.0, -0.5, 0.0, 0.5, 3.0])
def test_the_second_derivative_of_huber_is_not_lost_at_zero(error):
    p = Value(error)
    second = gradients(gradients(nn.huber(p, 0.0), p), p)
    assert getattr(second, "data", second) == (1.0 if abs(error) < 1 else 0.0)


def test_lists_of_one_and_reductions():
    outs = [[Value(1.0)], [Value(2.0)]]
    assert nn.mse(outs, [1.0, 4.0]).data == nn.mse(outs, [[1.0], [4.0]]).data == 2.0
    assert nn.mse([1.0, 2.0], [[1.0], [4.0]]) == 2.0
    assert nn.mse([1.0, 3.0], [1.0, 1.0], "none") == [0.0, 4.0]
    assert nn.mse([[1.0, 3.0], [1.0, 1.0]], [[1.0, 1.0], [1.0, 1.0]], "sum") == 4.0
    assert nn.mse(3.0, 1.0, "none") == 4.0
    assert nn.cross_entropy([7.0], 0) == 0.0
    assert nn.cross_entropy([1.0, 2.0], [0.5, 0.5]) == pytest.approx(math.log(math.e + math.e**2) - 1.5)


def test_micrograds_max_margin_loss():
    scores, targets = [Value(0.5), Value(-2.0), Value(0.1)], [1, -1, -1]
    theirs = sum((1 + -t * s).relu() for t, s in zip(targets, scores, strict=True)) * (1.0 / 3)
    assert nn.hinge(scores, targets).data == pytest.approx(theirs.data, rel=1e-15)


@pytest.mark.parametrize(
    ("call", "kind", "text"),
    [
        (lambda: nn.mse([1.0], [1.0], "men"), ValueError, "mse: reduction must be .* did you mean 'mean'"),
        (lambda: nn.mae([1.0], ["a"]), TypeError, "mae: a target must be a real number"),
        (lambda: nn.mae([None], [1.0]), TypeError, "mae: a prediction must be a real number"),
        (lambda: nn.mse([1.0, 2.0], [[1.0, 2.0], 3.0]), TypeError, "of one shape, but a target is a list of 2"),
        (lambda: nn.mse([[1.0, 2.0, 3.0]], [[1.0, 2.0]]), ValueError, "of one length, not 3 and 2"),
        (lambda: nn.huber([1.0], [1.0], delta=0), ValueError, "delta must be positive"),
        (lambda: nn.hinge([1.0], [0]), ValueError, "must be -1 or 1, not 0"),
        (lambda: nn.bce_with_logits([1.0], [2]), ValueError, "must be from 0 to 1, not 2"),
        (lambda: nn.bce_with_logits([1.0], [math.nan]), ValueError, "must be from 0 to 1, not nan"),
        (lambda: nn.cross_entropy([1.0, 2.0], [0.5, 0.4]), ValueError, "add up to 1, not 0.5, 0.4"),
        (lambda: nn.cross_entropy([1.0, 2.0], [1.5, -0.5]), ValueError, "must be positive and add up to 1"),
        (lambda: nn.cross_entropy([[1.0, 2.0]], [[1.0]]), ValueError, "each of 2 classes, but has 1"),
        (lambda: nn.cross_entropy([1.0, 2.0], 0, label_smoothing=2), ValueError, "label_smoothing must be from 0 to 1"),
        (lambda: nn.cross_entropy(1.0, 0), TypeError, "logits must be a sequence"),
        (lambda: nn.cross_entropy([1.0, 2.0], 0, "average"), ValueError, "cross_entropy: reduction must be one of"),
        (lambda: nn.l1_penalty(3), TypeError, "l1_penalty: parameters must be a module or a list of Values, not int"),
        (lambda: nn.l2_penalty([1.0], "a"), TypeError, "strength must be a real number"),
    ],
)
def test_wrong_arguments(call, kind, text):
    with pytest.raises(kind, match=text):
        call()


def test_every_loss_is_found_by_name():
    assert set(LOSSES) == {*ELEMENTWISE, "cross_entropy"}
    for name, reduction in itertools.product(ELEMENTWISE, REDUCTIONS):
        assert LOSSES[name]([Value(1.0)], [1.0], reduction) is not None
