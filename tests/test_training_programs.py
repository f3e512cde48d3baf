"""Training by programs: the same as without, and without where that cannot be."""

import math
import random
import re
from functools import partial

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import autograd
import nn
from autograd import Value, detect_anomaly
from autograd.errors import ArgumentError, AutogradError, DivergenceError, GuardError, StaleGraphError
from autograd.program import executor
from nn.optim.vectors import VectorUpdate
from nn.training import evaluation, recordable

WIDTH, CLASSES = 3, 3


def by(model, inputs, targets, *, programs, **options):
    settings = {"loss": "mse", "epochs": 2, "batch_size": 4, "seed": 0, "progress": False}
    return nn.fit(model, inputs, targets, programs=programs, **(settings | options))


def examples(seed, count=10, outputs=1, kind="number"):
    rng = random.Random(seed)
    inputs = [[rng.gauss(0, 1) for _ in range(WIDTH)] for _ in range(count)]
    make = {
        "number": lambda: rng.gauss(0, 1),
        "numbers": lambda: [rng.gauss(0, 1) for _ in range(outputs)],
        "class": lambda: rng.randrange(outputs),
        "side": lambda: rng.choice([-1, 1]),
        "bit": lambda: rng.randrange(2),
        "share": rng.random,
        "shares": lambda: [(1 - p) / 2 for p in [rng.random()]] * 2 + [0.0],
    }[kind]
    targets = [make() for _ in range(count)]
    if kind == "shares":
        targets = [[a, b, 1 - a - b] for a, b, _ in targets]
    return inputs, targets


def state_of(model, optimizer=None):
    numbers = [p.data for p in model.parameters()] + [p.grad for p in model.parameters()]
    kept = optimizer.state_dict()["state"] if optimizer else []
    return numbers + [x for state in kept for column in state.values() for x in np.ravel(column).tolist()]


def close(ours, theirs, steps=6):
    """Tell whether numbers are as near as 1e-12 for each step lets them be."""
    return ours == pytest.approx(theirs, rel=steps * 1e-12, abs=steps * 1e-13)


class Gate(nn.Module):
    """A module of a user's own."""

    def __init__(self, rng):
        self.w = [Value(rng.gauss(0, 1)) for _ in range(WIDTH)]
        self.unused = Value(1.0)

    def __call__(self, x):
        return [autograd.sigmoid(w) * each for w, each in zip(self.w, x, strict=True)]


BODIES = {
    "mlp": lambda seed, out, name: nn.MLP(WIDTH, [4, out], activation=name, seed=seed),
    "deep": lambda seed, out, name: nn.MLP(WIDTH, [3, 3, out], activation=name, seed=seed, init="xavier_uniform"),
    "norm": lambda seed, out, _: nn.Sequential(
        nn.Linear(WIDTH, 3, seed=seed), nn.LayerNorm(3), nn.GELU(), nn.Residual(nn.Linear(3, 3, seed=seed)),
        nn.RMSNorm(3), nn.Linear(3, out, seed=seed),
    ),
    "own": lambda seed, out, _: nn.Sequential(
        Gate(random.Random(seed)), nn.Linear(WIDTH, 3, seed=seed), autograd.softmax, nn.Linear(3, out, seed=seed)
    ),
}  # fmt: skip

LOSSES = {
    "mse": ("mse", 1, "number"),
    "mse of several": ("mse", 2, "numbers"),
    "mae": ("mae", 1, "number"),
    "huber": (partial(nn.huber, delta=0.5), 1, "number"),
    "hinge": ("hinge", 1, "side"),
    "bce": ("bce_with_logits", 1, "bit"),
    "bce of shares": ("bce_with_logits", 1, "share"),
    "cross-entropy": ("cross_entropy", CLASSES, "class"),
    "smoothed": (partial(nn.cross_entropy, label_smoothing=0.1), CLASSES, "class"),
    "cross-entropy of shares": ("cross_entropy", CLASSES, "shares"),
    "own": (lambda o, t: autograd.mean([(autograd.tanh(p[0] * p[1]) - q[0]) ** 2 for p, q in zip(o, t)]), 2, "numbers"),
}

OPTIMIZERS = {
    "sgd": lambda p: nn.SGD(p, lr=0.01),
    "momentum": lambda p: nn.SGD(p, lr=0.01, momentum=0.9, dampening=0.2, weight_decay=0.01),
    "nesterov": lambda p: nn.SGD(p, lr=0.01, momentum=0.8, nesterov=True),
    "adagrad": lambda p: nn.Adagrad(p, lr=0.02, lr_decay=0.1, initial_accumulator_value=0.1),
    "rmsprop": lambda p: nn.RMSprop(p, lr=0.01, momentum=0.5, centered=True, eps=1e-3),
    "adam": lambda p: nn.Adam(p, lr=0.01, weight_decay=0.01, eps=1e-4),
    "adamw": lambda p: nn.AdamW(p, lr=0.01, eps=1e-4),
    "groups": lambda p: nn.SGD([{"params": p[3:]}, {"params": p[:2], "lr": 0.03, "momentum": 0.5}], lr=0.01),
}


@given(
    st.integers(0, 10**6), st.sampled_from(sorted(BODIES)), st.sampled_from(["tanh", "relu", "sigmoid", "silu"]),
    st.sampled_from(sorted(LOSSES)), st.sampled_from(sorted(OPTIMIZERS)), st.integers(1, 11),
    st.booleans(), st.booleans(), st.booleans(),
)  # fmt: skip
def test_programs_come_to_the_same_numbers(seed, body, activation, loss, optimizer, batch, clipped, penalised, cooled):
    function, outputs, kind = LOSSES[loss]
    inputs, targets = examples(seed, 10, outputs, kind)
    held_out = examples(seed + 1, 5, outputs, kind)
    found = []
    for programs in (False, True):
        model = BODIES[body](seed, outputs, activation)
        moving = OPTIMIZERS[optimizer](model.parameters())
        history = by(
            model, inputs, targets, programs=programs, loss=function, optimizer=moving, batch_size=batch, seed=seed,
            validation=held_out, metric="accuracy" if kind == "class" else None,
            callbacks=[nn.ClipGradNorm(0.5)] if clipped else [],
            penalty=(lambda model: nn.l2_penalty(model, 0.01)) if penalised else None,
            schedule=nn.ExponentialLR(moving, gamma=0.5) if cooled else None,
        )  # fmt: skip
        columns = [x for column in history.columns.values() for x in column]
        found.append((state_of(model, moving), columns))
        assert history.engine == ("programs" if programs else "eager")
    (theirs, their_columns), (ours, our_columns) = found
    steps = 2 * math.ceil(10 / batch)
    assert close(ours, theirs, steps)
    assert close(our_columns, their_columns, steps)


@given(st.integers(0, 10**6), st.sampled_from(sorted(OPTIMIZERS)))
def test_a_rule_moves_vectors_as_it_moves_numbers_to_the_bit(seed, name):
    rng = random.Random(seed)
    parameters = [Value(rng.gauss(0, 1)) for _ in range(6)]
    optimizer = OPTIMIZERS[name](parameters)
    update = VectorUpdate(optimizer, parameters)
    numbers, states = np.array([p.data for p in parameters]), update.states()
    for _ in range(3):
        for parameter in parameters:
            parameter.grad = rng.gauss(0, 1)
        numbers, states = update.step(numbers, np.array([p.grad for p in parameters]), states)
        optimizer.step()
    assert numbers.tolist() == [p.data for p in parameters]
    kept = optimizer.state_dict()
    update.give_back(states)
    assert optimizer.state_dict() == kept


# ---------------------------------------------------------------------- who looks at the network, and when


class Looking(nn.Callback):
    """Notes what it sees, and takes a hand in it."""

    def __init__(self, meddling):
        self.seen, self.meddling = [], meddling

    def note(self, run):
        self.seen.append(state_of(run.model, run.optimizer))

    def on_gradient(self, run):
        self.note(run)
        if self.meddling:
            run.model.parameters()[0].grad = 0.5

    def on_update(self, run):
        self.note(run)
        if self.meddling:
            run.model.parameters()[1].data = 0.25
            run.optimizer.lr *= 0.9

    def on_epoch(self, run):
        self.note(run)
        if self.meddling:
            run.model.parameters()[2].data *= 0.5


@pytest.mark.parametrize("meddling", [False, True])
def test_callbacks_see_all_numbers_and_what_they_change_counts(meddling):
    found = []
    for programs in (False, True):
        model = nn.MLP(WIDTH, [3, 1], seed=0)
        looking = Looking(meddling)
        by(model, *examples(0), programs=programs, callbacks=[looking, nn.ClipGradNorm(0.1)], lr=0.01)
        found.append([*looking.seen, state_of(model)])
    theirs, ours = found
    assert len(ours) == len(theirs)
    assert all(close(*pair, 2 * 3 * 3) for pair in zip(ours, theirs, strict=True))


@pytest.mark.parametrize("moment", ["gradient", "update", "store"])
@pytest.mark.parametrize("after", [0, 1, 4])
def test_an_interrupt_loses_nothing_and_leaves_nothing_half_done(monkeypatch, moment, after):
    from nn.training.replaying import Replay

    method = {"gradient": "gradient", "update": "update", "store": "_store"}[moment]
    plain, calls = getattr(Replay, method), []

    def interrupted(self, *given):
        calls.append(given)
        if len(calls) == after + 1:
            if moment == "store":
                self._parameters[0].data = math.nan
            raise KeyboardInterrupt
        return plain(self, *given)

    monkeypatch.setattr(Replay, method, interrupted)
    model = nn.MLP(WIDTH, [3, 1], seed=0)
    optimizer = nn.Adam(model.parameters(), lr=0.01)
    with pytest.raises(KeyboardInterrupt):
        by(model, *examples(0), programs=True, optimizer=optimizer, epochs=10)
    steps = after if moment != "store" else 3 * (after + 1)

    class Stopping(nn.Callback):
        def on_update(self, run):
            if run.step == steps:
                raise KeyboardInterrupt

    twin = nn.MLP(WIDTH, [3, 1], seed=0)
    other = nn.Adam(twin.parameters(), lr=0.01)
    if steps:
        with pytest.raises(KeyboardInterrupt):
            by(twin, *examples(0), programs=False, optimizer=other, epochs=10, callbacks=[Stopping()])
    weights = [[p.data for p in each.parameters()] for each in (model, twin)]
    assert close(*weights, 15)
    assert optimizer.state_dict()["state"][0]["t"] == steps
    assert close(state_of(model, optimizer)[2 * len(weights[0]) :], state_of(twin, other)[2 * len(weights[0]) :], 15)


def test_a_step_of_a_users_own_is_taken():
    class Signs(nn.SGD):
        def step(self):
            for parameter in self.parameters:
                parameter.data -= self.lr * math.copysign(1.0, parameter.grad)

    found = []
    for programs in (False, True):
        model = nn.MLP(WIDTH, [3, 1], seed=0)
        by(model, *examples(0), programs=programs, optimizer=Signs(model.parameters(), lr=0.01))
        found.append(state_of(model))
    assert close(*found)


@pytest.mark.parametrize("outputs", [1, 3])
def test_outputs_are_those_before_the_update(outputs):
    inputs, targets = examples(0, 10, outputs, "numbers")
    model, noted = nn.MLP(WIDTH, [4, outputs], activation="tanh", seed=0), []
    expected = [nn.predict(model, inputs)]

    class Predicting(nn.Callback):
        def on_epoch(self, run):
            expected.append(nn.predict(run.model, inputs))

    def metric(found, _targets):
        noted.append(found)
        return 0.0

    by(
        model, inputs, [t[0] for t in targets] if outputs == 1 else targets, programs=True, metric=metric, epochs=3,
        batch_size=10, shuffle=False, callbacks=[Predicting()], lr=0.1,
    )  # fmt: skip
    for ours, theirs in zip(noted, expected[:3], strict=True):
        assert close(np.ravel(ours).tolist(), np.ravel(theirs).tolist())


def test_a_leaf_that_is_no_parameter_may_not_change():
    scale = Value(1.0)

    class Louder(nn.Callback):
        def on_update(self, _run):
            scale.data += 1.0

    model = nn.MLP(WIDTH, [1], seed=0)
    with pytest.raises(StaleGraphError, match="was 1.0"):
        by(model, *examples(0), programs="auto", callbacks=[Louder()], loss=lambda o, t: nn.mse(o, t) * scale)


def test_a_gradient_that_is_no_number_is_no_agreement(monkeypatch):
    from nn.training import replaying

    def gradient(self, *given):
        loss, slopes, outputs = plain(self, *given)
        slopes[1] = math.nan
        return loss, slopes, outputs

    plain = replaying.LossProgram.gradient
    monkeypatch.setattr(replaying.LossProgram, "gradient", gradient)
    with pytest.raises(ArgumentError, match="depends on more"):
        by(nn.MLP(WIDTH, [1], seed=0), *examples(0), programs=True, loss=lambda o, t: nn.mse(o, t) * 1.0)


# ---------------------------------------------------------------------- where there can be no programs


class Own(nn.Module):
    """A network of a user's own, of which `twist` is the part that matters."""

    def __init__(self, twist):
        self.w = [Value(0.5), Value(-0.3), Value(0.2)]
        self.twist = twist
        self.calls = 0
        self.seen = []

    def forward(self, x):
        return [self.twist(self, x, autograd.dot(self.w, x))]


def counting(self, _x, out):
    self.calls += 1
    return out * (1 + self.calls)


def keeping(self, _x, out):
    self.seen.append(out.data)
    return out


def noisy(_self, _x, out):
    return out * random.uniform(0.5, 1.5)


OBSTACLES = {
    "dropout": (lambda: nn.Sequential(nn.Linear(3, 4, seed=0), nn.Dropout(0.5, seed=1), nn.Linear(4, 1, seed=2)),
                {}, "Dropout leaves out other numbers"),
    "batch normalisation": (lambda: nn.Sequential(nn.Linear(3, 4, seed=0), nn.BatchNorm(4), nn.Linear(4, 1, seed=2)),
                            {"batch_size": 5}, "BatchNorm normalises over"),
    "the sum": (lambda: nn.MLP(3, [1], seed=0), {"loss": partial(nn.mse, reduction="sum")}, "no mean over the exam"),
    "the whole batch": (
        lambda: nn.MLP(3, [1], seed=0),
        {"loss": lambda o, t: autograd.sum([abs(a - b) for a, b in zip(o, t)]) / max(map(abs, t))},
        "no mean over the examples",
    ),
    "the largest error": (
        lambda: nn.MLP(3, [1], seed=0),
        {"loss": lambda o, t: autograd.maximum(*[(a - b) ** 2 for a, b in zip(o, t)], -1.0)},
        "no mean over the examples",
    ),
    "a number of an example": (lambda: Own(lambda _s, x, out: out * int(x[0])), {}, "not converted to a float"),
    "a choice by equality": (lambda: Own(lambda _s, x, out: out if x[0] == 1.0 else -out), {}, "depends on more"),
    "a choice of an example": (lambda: Own(lambda _s, x, out: out if x[0] > 0.0 else -out), {}, r"> 0 was"),
    "a cut": (lambda: Own(lambda _s, _x, out: out * out.data), {}, "depends on more"),
    "a counter": (lambda: Own(counting), {}, "changes its attributes"),
    "a list": (lambda: Own(keeping), {}, "changes its attributes"),
    "chance": (lambda: Own(noisy), {}, "depends on more"),
}  # fmt: skip


@pytest.mark.parametrize("name", OBSTACLES)
def test_what_programs_cannot_compute_is_computed_without_and_the_reason_said(name):
    make, options, why = OBSTACLES[name]
    inputs, targets = examples(0)
    inputs[3][0] = 1.0
    found = []
    for programs in (False, "auto"):
        model = make()
        random.seed(0)
        history = by(model, inputs, targets, programs=programs, **options)
        assert history.engine == "eager"
        found.append((state_of(model), history))
    if name != "chance":  # whether a network is tried decides what it draws
        assert found[0] == found[1]
    assert found[1][1].why_eager
    with pytest.raises(AutogradError, match=why):
        by(make(), inputs, targets, programs=True, **options)


def test_who_wants_nodes_gets_them():
    model = nn.MLP(WIDTH, [3, 1], seed=0)
    shown = []
    with model.layers[0].register_forward_hook(lambda _m, _x, out: shown.append(out[0].op)):
        assert "hook of Layer" in by(model, *examples(0), programs="auto").why_eager
    assert "relu" in shown
    with detect_anomaly():
        assert "watched" in by(model, *examples(0), programs="auto").why_eager
    assert by(model, *examples(0), programs="auto").engine == "programs"
    monitored = by(model, *examples(0), programs="auto", callbacks=[nn.Monitor(every=1)])
    assert monitored.engine == "programs"


def test_numpy_may_be_missing(monkeypatch):
    monkeypatch.setattr(recordable, "find_spec", lambda _name: None)
    model, twin = nn.MLP(WIDTH, [3, 1], seed=0), nn.MLP(WIDTH, [3, 1], seed=0)
    history = by(model, *examples(0), programs="auto", validation=examples(1))
    assert "chainrule[program]" in history.why_eager
    assert history == by(twin, *examples(0), programs=False, validation=examples(1))
    assert state_of(model) == state_of(twin)


def test_the_bar_says_once_why(capsys):
    by(OBSTACLES["dropout"][0](), *examples(0), programs="auto", progress=True)
    assert capsys.readouterr().err.count("computed without programs: Dropout leaves out other numbers") == 1
    by(OBSTACLES["dropout"][0](), *examples(0), programs=False, progress=True)
    by(nn.MLP(3, [1], seed=0), *examples(0), programs="auto", progress=True)
    assert "without programs" not in capsys.readouterr().err


def test_code_that_comes_to_another_way_goes_on_without_programs():
    """The weight falls below the bound in the midst of training."""

    def twist(self, _x, out):
        return out if self.w[0] > 0.4 else 2.0 * out

    found = []
    for programs in (False, "auto"):
        model = Own(twist)
        history = by(model, *examples(3), programs=programs, optimizer="sgd", lr=0.05, epochs=20, batch_size=3)
        found.append((state_of(model), history["loss"]))
    assert model.w[0].data < 0.4
    assert (history.engine, "> 0.4 was True" in history.why_eager) == ("eager", True)
    assert close(found[1][0], found[0][0], 80)
    assert close(found[1][1], found[0][1], 80)
    with pytest.raises(GuardError):
        by(Own(twist), *examples(3), programs=True, optimizer="sgd", lr=0.05, epochs=20, batch_size=3)


def test_what_changes_between_epochs_is_recorded_anew():
    class Stricter(nn.Callback):
        strength = 0.01

        def on_epoch(self, _run):
            self.strength *= 2

    found = []
    for programs in (False, True):
        model, stricter = nn.MLP(WIDTH, [3, 1], seed=0), Stricter()
        by(
            model, *examples(0), programs=programs, epochs=4, callbacks=[stricter],
            penalty=lambda model, stricter=stricter: nn.l2_penalty(model, stricter.strength),
        )  # fmt: skip
        found.append(state_of(model))
    assert close(*found[::-1], 12)


# ---------------------------------------------------------------------- what is held out


@pytest.mark.parametrize("name", ["dropout", "batch normalisation"])
def test_what_is_held_out_is_computed_by_programs_out_of_training(name, monkeypatch):
    """These networks are trained without programs, and evaluated with one."""
    found = []
    for programs in (False, "auto"):
        model = OBSTACLES[name][0]()
        history = by(model, *examples(0), programs=programs, validation=examples(1), epochs=3, batch_size=5)
        found.append(history["validation_loss"] + history["validation_r2"])
        monkeypatch.setattr(evaluation, "evaluate", None)  # from here on nobody needs it
    assert close(*found)


def test_what_is_held_out_fails_as_it_does_without_programs():
    said = []
    for programs in (False, True):
        model = nn.MLP(WIDTH, [3, 1], seed=0)
        with pytest.raises(OverflowError) as caught:
            by(model, *examples(0), programs=programs, validation=([[1e200, 0.0, 0.0]], [0.0]), lr=0.0)
        said.append(str(caught.value))
    assert said[0] == said[1]


def test_a_network_of_ones_own_may_do_something_else_where_it_is_not_trained():
    found = []
    for programs in (False, True):
        model = Own(lambda self, _x, out: out if self.training else 2.0 * out)
        found.append(by(model, *examples(0), programs=programs, validation=examples(1))["validation_loss"])
    assert close(*found)


# ---------------------------------------------------------------------- errors, checkpoints, arguments


@pytest.mark.parametrize(
    ("options", "rate"), [({"optimizer": "sgd"}, 40.0), ({"optimizer": "sgd"}, 1e200), ({"optimizer": "sgd"}, 1e308)]
)
def test_training_that_runs_away_is_stopped_with_the_same_words(options, rate):
    said = []
    for programs in (False, True):
        model = nn.MLP(WIDTH, [3, 1], seed=0)
        with pytest.raises(DivergenceError) as caught:
            by(model, *examples(0), programs=programs, lr=rate, epochs=50, **options)
        message = re.sub(r"(\.\d{9})\d*", r"\1", str(caught.value))  # the last digits may differ
        said.append((message, caught.value.example, caught.value.layer))
    assert said[0] == said[1]


def test_a_division_in_a_rule_fails_as_it_does_without_programs():
    """A parameter that nothing depends on has gradient 0, which Adagrad without epsilon divides by 0."""
    said = []
    for programs in (False, True):
        model = BODIES["own"](0, 1, "")
        optimizer = nn.SGD(model.parameters(), lr=0.1)
        optimizer.rule = lambda _group: (("w", "w - η*grad/grad"),)
        before = [p.data for p in model.parameters()]
        with pytest.raises(ZeroDivisionError) as caught:
            by(model, *examples(0), programs=programs, optimizer=optimizer)
        said.append(str(caught.value))
        assert [p.data for p in model.parameters()] == before
    assert said[0] == said[1]


@pytest.mark.parametrize("epochs", [1, 3])
def test_a_run_goes_on_from_its_checkpoint_to_the_same_bits(tmp_path, epochs):
    whole, parted = (nn.MLP(WIDTH, [20, 1], activation="tanh", seed=0) for _ in range(2))
    given = {"programs": True, "batch_size": 1, "validation": examples(1)}
    history = by(whole, *examples(0, 40), epochs=6, checkpoint=tmp_path / "whole", **given)
    by(parted, *examples(0, 40), epochs=epochs, checkpoint=tmp_path / "parted", **given)
    parted = nn.MLP(WIDTH, [20, 1], activation="tanh", seed=5)
    assert by(parted, *examples(0, 40), epochs=6, checkpoint=tmp_path / "parted", **given) == history
    assert [p.data for p in parted.parameters()] == [p.data for p in whole.parameters()]


def test_the_bits_do_not_depend_on_what_has_been_compiled_by_then(monkeypatch):
    inputs, targets = examples(0, 200)
    weights = []
    for seconds in (1.0, 0.0):  # that it is thought to take to compile an instruction
        monkeypatch.setattr(executor, "_TO_COMPILE", seconds)
        model = nn.MLP(WIDTH, [2, 1], activation="tanh", seed=0)
        by(model, inputs, targets, epochs=600, batch_size=200, programs=True)
        weights.append([p.data for p in model.parameters()])
    assert weights[0] == weights[1]


@pytest.mark.parametrize("programs", ["yes", 1, None])
def test_programs_are_auto_or_true_or_false(programs):
    with pytest.raises(TypeError, match="programs, if it is not 'auto', must be True or False"):
        by(nn.MLP(WIDTH, [1], seed=0), *examples(0), programs=programs)
