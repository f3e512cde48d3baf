"""Training: what `fit` computes, says, refuses, and how it goes on after a kill."""

import json
import math
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import nn
from autograd import Value
from autograd.errors import DivergenceError
from nn.datasets import moons, xor

CORNERS, ODD = xor()


def small(seed=0, **options):
    return nn.MLP(2, [3, 1], activation="tanh", seed=seed, **options)


def fit(model, inputs=CORNERS, targets=ODD, **options):
    settings = {"loss": "bce_with_logits", "epochs": 3, "batch_size": 2, "seed": 0, "progress": False}
    return nn.fit(model, inputs, targets, **(settings | options))


def weights(model):
    return [p.data for p in model.parameters()]


# ---------------------------------------------------------------------- what it computes


def by_hand(model, optimizer, order, loss, targets=ODD):
    """Train in the way of the README, in a given order of the examples."""
    losses = []
    for batches in order:
        total = 0.0
        for batch in batches:
            value = loss([model(CORNERS[i]) for i in batch], [targets[i] for i in batch])
            optimizer.zero_grad()
            value.backward()
            optimizer.step()
            total += value.data * len(batch)
        losses.append(total / len(targets))
    return losses


@pytest.mark.parametrize("optimizer", [nn.SGD, nn.Adam])
@pytest.mark.parametrize("loss", [nn.bce_with_logits, nn.mse])
def test_it_trains_as_one_would_by_hand(optimizer, loss):
    ours, theirs = small(), small()
    given = {"loss": loss, "shuffle": False, "epochs": 4, "programs": False}
    history = fit(ours, optimizer=optimizer(ours.parameters(), lr=0.1), **given)
    losses = by_hand(theirs, optimizer(theirs.parameters(), lr=0.1), [[[0, 1], [2, 3]]] * 4, loss)
    assert weights(ours) == weights(theirs)
    assert history["loss"] == pytest.approx(losses, rel=1e-15)
    assert history["lr"] == [0.1] * 4


def test_every_example_comes_once_an_epoch_in_an_order_that_changes():
    seen = []

    class Watching(nn.Callback):
        def on_update(self, run):
            seen.append(list(run.batch))

    fit(small(), batch_size=3, epochs=20, callbacks=[Watching()])
    epochs = [seen[i] + seen[i + 1] for i in range(0, 40, 2)]
    assert all(sorted(order) == [0, 1, 2, 3] for order in epochs)
    assert len({tuple(order) for order in epochs}) > 5
    assert {len(batch) for batch in seen} == {3, 1}


def test_the_seed_decides_the_order():
    def trained(seed):
        model = small()
        fit(model, seed=seed, epochs=5)
        return weights(model)

    assert trained(1) == trained(1) != trained(2)
    random.seed(5)
    first = trained(None)
    random.seed(5)
    assert trained(None) == first
    assert trained(random.Random(7)) == trained(random.Random(7)) != trained(random.Random(8))


def test_a_penalty_and_a_function_as_loss():
    ours, theirs = small(), small()
    penalty = lambda model: nn.l2_penalty(model, 0.01)
    fit(ours, optimizer="sgd", lr=0.1, shuffle=False, penalty=penalty, programs=False)
    optimizer = nn.SGD(theirs.parameters(), lr=0.1)
    by_hand(
        theirs,
        optimizer,
        [[[0, 1], [2, 3]]] * 3,
        lambda outputs, targets: nn.bce_with_logits(outputs, targets) + nn.l2_penalty(theirs, 0.01),
    )
    assert weights(ours) == weights(theirs)


def test_schedules():
    model = small()
    optimizer = nn.SGD(model.parameters(), lr=1.0)
    history = fit(model, optimizer=optimizer, schedule=nn.ExponentialLR(optimizer, gamma=0.5))
    assert history["lr"] == [1.0, 0.5, 0.25]
    history = fit(model, optimizer="sgd", lr=1.0, schedule=lambda epoch: 1 / (epoch + 1))
    assert history["lr"] == [1.0, 1 / 2, 1 / 3]
    plateau = nn.ReduceLROnPlateau(optimizer, factor=0.1, patience=0, threshold=1e9, threshold_mode="abs")
    optimizer.lr = 1.0
    assert fit(model, optimizer=optimizer, schedule=plateau)["lr"] == pytest.approx([1.0, 1.0, 0.1])


def test_numpy_arrays_and_classes_are_taken():
    model = nn.MLP(2, [4, 2], seed=0)
    history = fit(model, np.array(CORNERS), np.array(ODD), loss="cross_entropy")
    other = nn.MLP(2, [4, 2], seed=0)
    assert fit(other, loss="cross_entropy") == history
    assert weights(other) == weights(model)


def test_what_is_held_out_is_looked_at_but_not_trained_on():
    inputs, targets = moons(40, seed=1)
    model, other = small(), small()
    history = fit(model, inputs[:30], targets[:30], validation=(inputs[30:], targets[30:]), epochs=5)
    plain = fit(other, inputs[:30], targets[:30], epochs=5)
    assert weights(model) == weights(other)
    assert plain["loss"] == history["loss"]
    last = nn.evaluate(model, inputs[30:], targets[30:], loss="bce_with_logits")
    assert (history["validation_loss"][-1], history["validation_accuracy"][-1]) == (last["loss"], last["accuracy"])
    seen = set()

    class Watching(nn.Callback):
        def on_start(self, run):
            seen.update(run.places)
            assert [inputs[i] for i in run.places] == run.inputs

    fit(small(), inputs, targets, validation=0.25, callbacks=[Watching()])
    assert len(seen) == 30


def test_a_share_is_held_out_of_each_class_where_there_are_enough_of_each():
    seen = []

    class Watching(nn.Callback):
        def on_start(self, run):
            seen.append([run.targets.count(k) for k in (0, 1)])

    inputs = [[i, -i] for i in range(20)]
    for targets in ([0] * 5 + [1] * 15, [0] + [1] * 19, list(range(20))):
        fit(small(), inputs, targets, loss="mse", validation=0.2, callbacks=[Watching()])
    assert seen[0] == [4, 12]
    assert sum(seen[1]) == 16
    assert len(seen) == 3


@pytest.mark.parametrize(
    ("loss", "outputs", "targets", "expected"),
    [
        ("cross_entropy", 2, [0, 1, 1, 0], "accuracy"),
        ("cross_entropy", 2, [[0.9, 0.1], [0.0, 1.0], [0.0, 1.0], [1.0, 0.0]], "accuracy"),
        ("hinge", 1, [-1, 1, 1, -1], "accuracy"),
        ("mse", 1, [0, 1, 1, 0], "accuracy"),
        ("mse", 1, [0.5, 1.5, 1.0, 0.25], "r2"),
        ("mse", 2, [[0.5, 1.5], [1.0, 1.0], [0.0, 0.0], [1.0, 2.0]], "r2"),
    ],
)
def test_the_metric_that_fits(loss, outputs, targets, expected):
    model = nn.MLP(2, [4, outputs], activation="tanh", seed=1)
    history = fit(model, CORNERS, targets, loss=loss, lr=0.1, epochs=200)
    assert list(history.columns) == ["loss", expected, "lr"]
    assert history[expected][-1] > 0.9
    result = nn.evaluate(model, CORNERS, targets, loss=loss)
    assert result[expected] > 0.9
    assert fit(model, CORNERS, targets, loss=loss, metric="none").columns.keys() == {"loss", "lr"}


def test_modules_of_ones_own_and_those_that_need_a_whole_mini_batch():
    class Own(nn.Module):
        def __init__(self):
            self.w = [Value(0.5), Value(-0.5)]

        def __call__(self, x):
            return self.w[0] * x[0] + self.w[1] * x[1]

    own = Own()
    fit(own, targets=[0.0, -1.0, 2.0, 1.0], loss="mse", optimizer="sgd", lr=0.2, epochs=200)
    assert weights(own) == pytest.approx([2.0, -1.0], abs=1e-6)
    norm = nn.Sequential(nn.Linear(2, 4, seed=0), nn.BatchNorm(4), nn.Tanh(), nn.Dropout(0.2, seed=1), nn.Linear(4, 1))
    history = fit(norm, epochs=3, validation=(CORNERS, ODD))
    assert norm.layers[1].running_mean != [0.0] * 4
    assert history["validation_loss"][-1] == nn.evaluate(norm, CORNERS, ODD, loss="bce_with_logits")["loss"]


def test_training_leaves_modes_as_they_were():
    model = nn.Sequential(nn.Linear(2, 2, seed=0), nn.Dropout(0.5, seed=0), nn.Linear(2, 1, seed=1))
    model.eval()
    fit(model, epochs=1)
    assert not model.training
    model.train()
    nn.predict(model, CORNERS)
    assert all(module.training for module in model.modules())
    assert nn.predict(model, CORNERS) == nn.predict(model, CORNERS)


def test_it_reaches_every_corner():
    model = nn.MLP(2, [8, 1], activation="tanh", seed=0)
    history = fit(model, lr=0.1, epochs=60, batch_size=4)
    assert history["accuracy"][-1] == 1.0
    assert "60 epochs; the last: loss=" in repr(history)


# ---------------------------------------------------------------------- callbacks


def test_callbacks_are_called_in_their_turn():
    calls = []

    class Noting(nn.Callback):
        def __init__(self):
            for name in ("on_start", "on_gradient", "on_update", "on_epoch", "on_end"):
                setattr(self, name, lambda run, name=name: calls.append((name, run.epoch, run.step)))

    fit(small(), epochs=1, callbacks=[Noting()])
    assert calls == [
        ("on_start", 0, 0),
        ("on_gradient", 0, 0),
        ("on_update", 0, 1),
        ("on_gradient", 0, 1),
        ("on_update", 0, 2),
        ("on_epoch", 1, 2),
        ("on_end", 1, 2),
    ]


def test_early_stopping_gives_the_best_parameters_back():
    class Telling(nn.Callback):
        """Put numbers of our own in the place of the loss."""

        def __init__(self, losses):
            self.losses, self.states = losses, []

        def on_epoch(self, run):
            run.history["loss"][-1] = self.losses[run.epoch - 1]
            self.states.append(weights(run.model))

    telling = Telling([5.0, 3.0, 4.0, 3.5, 2.0, 2.5, 2.6, 1.0])
    model = small()
    history = fit(model, epochs=8, callbacks=[telling, nn.EarlyStopping("loss", patience=2)])
    assert len(history) == 4
    assert history.stopped == "loss has not become better since epoch 2"
    assert weights(model) == telling.states[1]
    telling = Telling([5.0, 3.0, 2.9, 2.8, 2.7, 2.6, 2.5, 2.4])
    stopping = nn.EarlyStopping("loss", patience=3, min_delta=0.25, restore_best=False)
    model = small()
    assert len(fit(model, epochs=8, callbacks=[telling, stopping])) == 8
    assert stopping.best_epoch == 8
    assert weights(model) == telling.states[-1]
    # each epoch is better than the one before: by enough after two, or never
    for min_delta, best, length in ((0.3, 5, 6), (0.7, 1, 3)):
        telling = Telling([5.0, 4.8, 4.6, 4.4, 4.2, 4.0])
        stopping = nn.EarlyStopping("loss", patience=2, min_delta=min_delta)
        model = small()
        assert len(fit(model, epochs=6, callbacks=[telling, stopping])) == length
        assert stopping.best_epoch == best
        assert weights(model) == telling.states[best - 1]


def test_larger_is_better_for_what_is_no_loss():
    stopping = nn.EarlyStopping("accuracy", patience=3)
    history = fit(nn.MLP(2, [8, 1], activation="tanh", seed=0), lr=0.1, epochs=200, callbacks=[stopping])
    assert len(history) < 200
    assert history["accuracy"][stopping.best_epoch - 1] == max(history["accuracy"])


def test_gradients_are_clipped_before_the_update():
    norms = []

    class Watching(nn.Callback):
        def on_gradient(self, run):
            norms.append(math.hypot(*(p.grad for p in run.model.parameters())))

    fit(small(), optimizer="sgd", lr=0.1, callbacks=[Watching(), nn.ClipGradNorm(1e-3), Watching()])
    assert min(norms[::2]) > 1e-3
    assert norms[1::2] == pytest.approx([1e-3] * len(norms[1::2]), rel=1e-2)


# ---------------------------------------------------------------------- running away


def test_a_loss_that_runs_away_names_example_and_layer_and_leaves_the_checkpoint(tmp_path):
    path = tmp_path / "run.json"
    model = nn.MLP(2, [3, 1], activation="linear", seed=0)
    state = []

    class Keeping(nn.Callback):
        def on_epoch(self, run):
            state.append(weights(run.model))

    with pytest.raises(DivergenceError) as caught:
        fit(model, loss="mse", optimizer="sgd", lr=3.0, epochs=99, checkpoint=path, callbacks=[Keeping()])
    error = caught.value
    assert isinstance(error, ArithmeticError)
    assert error.example in range(4)
    assert error.layer in {"layers.0", "layers.1"}
    assert f"{error.layer} for example {error.example}" in str(error)
    assert "smaller learning rate than 3" in str(error)
    assert f"the last good state is in {str(path)!r}" in str(error)
    kept = json.loads(path.read_text().split("\n")[1])
    assert kept["epoch"] == len(state)
    assert all(map(math.isfinite, weights(model)))
    fresh = nn.MLP(2, [3, 1], activation="linear", seed=1)
    fresh.load_state_dict(kept["parts"]["model"])
    assert weights(fresh) == state[-1]


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_a_layer_that_gives_no_number_is_named(bad):
    class Breaking(nn.Module):
        def forward(self, x):
            return [each * (bad if each.data == 1.0 else 1.0) for each in x]

    class First(nn.Module):
        def forward(self, x):
            return [Value(each) for each in x]

    model = nn.Sequential(First(), nn.Linear(2, 2, seed=0), Breaking(), nn.Linear(2, 1, seed=0))
    model.layers[1].load_state_dict(
        {f"neurons.{i}.{n}": v for i in (0, 1) for n, v in (("w", [float(i == 0), float(i == 1)]), ("b", 0.0))}
    )
    inputs = [[0.5, 0.25], [0.5, 0.5], [0.5, 1.0], [0.0, 0.0]]
    with pytest.raises(DivergenceError, match=r"layers\.2 gives no finite number for example 2") as caught:
        fit(model, inputs, [0.0, 1.0, 2.0, 3.0], loss="mse", batch_size=4)
    assert (caught.value.example, caught.value.layer) == (2, "layers.2")


def test_an_overflow_names_the_layer():
    model = nn.Sequential(nn.Linear(1, 1, seed=0), nn.Activation("exp"), nn.Linear(1, 1, seed=0))
    model.layers[0].neurons[0].w[0].data = 1.0
    with pytest.raises(DivergenceError, match=r"exp.*layers\.1 gives no finite number for example 1"):
        fit(model, [[1.0], [1000.0]], [0.0, 1.0], loss="mse", batch_size=1, shuffle=False)


def test_a_parameter_that_is_no_number_is_named():
    model = small()
    model.layers[0].neurons[1].w[0].data = math.nan
    with pytest.raises(DivergenceError, match=r"the parameter layers\.0\.neurons\.1\.w\.0 is nan"):
        fit(model)


# ---------------------------------------------------------------------- refused before training starts


class _OfCalls(nn.Module):
    """Counts how often it is trained."""

    def __init__(self):
        self.w = Value(1.0)

    def forward(self, x):
        assert not self.training, "training has started"
        return self.w * x[0]


@pytest.mark.parametrize(
    ("options", "kind", "text"),
    [
        ({"inputs": [[0, 0], [0, 1], [1], [1, 1]]}, ValueError, "X: example 2 has 1 numbers, but example 0 has 2"),
        ({"inputs": []}, ValueError, "X must not be empty"),
        ({"inputs": [[], [], [], []]}, ValueError, "example 0 must have at least one number"),
        ({"inputs": [0, 1, 2, 3]}, TypeError, "example 0 must be a sequence of numbers, not int 0"),
        ({"inputs": 3}, TypeError, "X must be a sequence with"),
        ({"inputs": [[0, "a"]] * 4}, TypeError, "example 0, number 1 must be a real number"),
        (
            {"inputs": [[0, 0], [0, 0], [0, math.nan], [0, 0]]},
            ValueError,
            "example 2, number 1 must be a finite number, not nan",
        ),
        (
            {"inputs": [[0, 0], [0, 0], [0, math.inf], [0, 0]]},
            ValueError,
            "example 2, number 1 must be a finite number, not inf",
        ),
        ({"targets": [0, 1, 1]}, ValueError, "y must have a number for each example, but there are 3 for 4"),
        ({"targets": [0, 1, math.nan, 0]}, ValueError, "y: example 2 must be .* not nan"),
        ({"targets": [0, 1, 2, 0]}, ValueError, "example 2: bce_with_logits: a target must be from 0 to 1, not 2"),
        ({"targets": [0, 1, 1, None]}, TypeError, "example 3 must be a real number"),
        ({"loss": "hinge"}, ValueError, "example 0: hinge: a target must be -1 or 1, not 0"),
        ({"loss": "cross_entropi"}, ValueError, "loss must be one of .* did you mean 'cross_entropy'"),
        ({"loss": "bce"}, ValueError, "did you mean 'bce_with_logits'"),
        ({"loss": "mse_loss"}, ValueError, "did you mean 'mse'"),
        ({"loss": None}, TypeError, "loss must be a name"),
        ({"optimizer": "adma"}, ValueError, "optimizer must be one of .* did you mean 'adam'"),
        ({"optimizer": nn.Adam}, TypeError, r"as nn\.Adam\(model\.parameters\(\), lr=\.\.\.\)"),
        ({"optimizer": 3}, TypeError, "optimizer must be an optimizer or its name"),
        ({"optimizer": nn.SGD([Value(1.0)], 0.1)}, ValueError, "1 of its 1 are not"),
        ({"lr": -1.0}, ValueError, "lr must be zero or positive"),
        ({"metric": "accurate"}, ValueError, "metric must be one of .* did you mean 'accuracy'"),
        ({"epochs": 0}, ValueError, "epochs must be at least 1"),
        ({"batch_size": 0}, ValueError, "batch_size must be at least 1, not 0"),
        ({"batch_size": 2.0}, TypeError, "batch_size must be an integer"),
        (
            {"validation": ([[1.0, 2.0, 3.0]], [0])},
            ValueError,
            "validation: example 0 has 3 numbers, but there must be 2",
        ),
        ({"validation": ([[1.0, 2.0]], [7])}, ValueError, "validation: example 0: .* from 0 to 1, not 7"),
        ({"validation": ([[1.0, 2.0]],)}, ValueError, "inputs and targets, or a share, not 1 things"),
        ({"validation": 1.5}, ValueError, "fit: validation must be from 0 to 1"),
        ({"callbacks": [nn.EarlyStopping]}, TypeError, r"write EarlyStopping\(\.\.\.\)"),
        ({"callbacks": [nn.EarlyStopping()]}, ValueError, "monitor must be one of 'loss', .* not 'validation_loss'"),
        ({"schedule": 0.5}, TypeError, "schedule must be a schedule"),
        ({"seed": "a"}, TypeError, "seed must be an integer"),
        ({"checkpoint": 3}, TypeError, "checkpoint must be a path, not int 3"),
        ({"progress": 1}, TypeError, "progress must be True or False"),
    ],
)
def test_what_cannot_be_trained_on_is_refused_at_once(options, kind, text):
    with pytest.raises(kind, match=text):
        fit(_OfCalls(), **options)


def test_a_model_that_does_not_fit_the_data_is_refused():
    with pytest.raises(ValueError, match=r"fit: the model does not take these inputs: .* takes 3 inputs, not 2"):
        fit(nn.MLP(3, [1], seed=0))
    with pytest.raises(ValueError, match="example 2: cross_entropy: a target must be a class, from 0 to 1, not 2"):
        fit(nn.MLP(2, [2], seed=0), targets=[0, 1, 2, 0], loss="cross_entropy")
    with pytest.raises(TypeError, match=r"must be a nn\.Module, not list"):
        fit([])
    with pytest.raises(ValueError, match="fit: model must have parameters, but ReLU has none"):
        fit(nn.ReLU())
    norm = nn.Sequential(nn.Linear(2, 2), nn.BatchNorm(2), nn.Linear(2, 1))
    with pytest.raises(ValueError, match="mini-batch of one example.*4 examples in mini-batches of 3 do"):
        fit(norm, batch_size=3)


def test_the_bar_shows_how_it_goes_and_is_said_to_be_missing(capsys, monkeypatch):
    fit(small(), epochs=2, progress=True)
    shown = capsys.readouterr().err
    assert "epoch 2/2, loss 0." in shown
    assert "accuracy" in shown
    assert "8/8" in shown
    monkeypatch.setitem(sys.modules, "tqdm", None)
    with pytest.raises(ImportError, match=r"chainrule\[data\].*progress=False"):
        fit(small(), progress=True)


# ---------------------------------------------------------------------- checkpoints


SCRIPT = """
import sys, time
import nn
path, epochs, pause = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])
model = nn.Sequential(
    nn.Linear(2, 4, seed=1), nn.BatchNorm(4), nn.Tanh(), nn.Dropout(0.2, seed=2), nn.Linear(4, 1, seed=3)
)
optimizer = nn.Adam(model.parameters(), lr=0.05)
class Slow(nn.Callback):
    def on_update(self, run):
        time.sleep(pause)
history = nn.fit(model, *nn.datasets.xor(12, noise=0.1, seed=4), loss="bce_with_logits", optimizer=optimizer,
                 epochs=epochs, batch_size=5, seed=7, validation=nn.datasets.xor(),
                 schedule=nn.ExponentialLR(optimizer, 0.99), callbacks=[nn.EarlyStopping(patience=1000), Slow()],
                 checkpoint=path or None, progress=False)
print(model.state_dict(), optimizer.state_dict(), history.columns)
"""


def start(path, epochs, pause=0.0):
    command = [sys.executable, "-c", SCRIPT, str(path), str(epochs), str(pause)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def result(path, epochs):
    process = start(path, epochs)
    out, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    return out


def epochs_in(path):
    try:
        return json.loads(Path(path).read_text().split("\n")[1])["epoch"]
    except FileNotFoundError:
        return 0


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="SIGKILL is POSIX's")
def test_killed_again_and_again_it_ends_with_the_same_bits(tmp_path):
    path = tmp_path / "run.json"
    undisturbed = result("", 30)
    rng = random.Random(0)
    for goal in (1, 8, 15, 22):
        process = start(path, 30, pause=0.005)
        while epochs_in(path) < goal:
            assert process.poll() is None
            time.sleep(0.002)
        time.sleep(rng.random() * 0.02)  # somewhere within an epoch, or while it is written
        process.kill()
        assert process.wait() == -signal.SIGKILL
        process.stdout.close()
        assert goal <= epochs_in(path) < 30
    assert result(path, 30) == undisturbed
    assert epochs_in(path) == 30
    assert result(path, 30) == undisturbed  # there is nothing left to do


def saved(tmp_path, **options):
    path = tmp_path / "run.json"
    model = small()
    fit(model, checkpoint=path, **options)
    return path, model


def test_a_longer_run_goes_on_where_a_shorter_one_ended(tmp_path):
    path, _ = saved(tmp_path, epochs=2)
    longer, whole = small(), small()
    history = fit(longer, checkpoint=path, epochs=5)
    assert fit(whole, epochs=5) == history
    assert weights(longer) == weights(whole)
    with pytest.raises(ValueError, match="epochs must be at least the 5 that"):
        fit(small(), checkpoint=path, epochs=4)


def test_an_unseeded_run_goes_on_too(tmp_path):
    path = tmp_path / "run.json"
    first = small(seed=None)
    fit(first, checkpoint=path, seed=None, epochs=2)
    second = small(seed=None)
    fit(second, checkpoint=path, seed=None, epochs=2)
    assert weights(first) == weights(second)


def test_a_stopped_run_stays_stopped(tmp_path):
    stopping = nn.EarlyStopping("loss", patience=1, min_delta=1e9)
    path, model = saved(tmp_path, epochs=50, callbacks=[stopping])
    again = small(seed=5)
    history = fit(again, epochs=50, checkpoint=path, callbacks=[nn.EarlyStopping("loss", patience=1, min_delta=1e9)])
    assert len(history) == 2
    assert weights(again) == weights(model)


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"seed": 1}, r"another seed \(0 there, 1 here\)"),
        ({"batch_size": 3}, "another batch_size"),
        ({"optimizer": "sgd", "lr": 0.1}, r"another optimizer \('Adam' there, 'SGD' here\)"),
        ({"loss": "mse"}, "another loss"),
        ({"inputs": [[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 2.0]]}, "another data"),
    ],
)
def test_the_checkpoint_of_another_run_is_refused(tmp_path, options, text):
    path, _ = saved(tmp_path)
    before = path.read_bytes()
    with pytest.raises(ValueError, match=f"is of another run, with {text}"):
        fit(small(), checkpoint=path, **options)
    assert path.read_bytes() == before


def test_the_checkpoint_of_another_network_is_refused(tmp_path):
    path, _ = saved(tmp_path)
    wider = nn.MLP(2, [4, 1], activation="tanh", seed=0)
    before = weights(wider)
    with pytest.raises(ValueError, match="is of another run: load_state_dict"):
        fit(wider, checkpoint=path)
    assert weights(wider) == before


@settings(max_examples=60)
@given(st.data())
def test_a_damaged_checkpoint_is_refused(tmp_path_factory, data):
    path, _ = saved(tmp_path_factory.mktemp("damaged"))
    content = bytearray(path.read_bytes())
    if data.draw(st.booleans()):
        del content[data.draw(st.integers(0, len(content) - 2)) :]
    else:
        place = data.draw(st.integers(0, len(content) - 2))
        content[place] ^= data.draw(st.integers(1, 255))
    path.write_bytes(content)
    model = small(seed=3)
    before = weights(model)
    with pytest.raises(ValueError, match=r"is damaged|is not a checkpoint of this version"):
        fit(model, checkpoint=path)
    assert weights(model) == before
    assert path.read_bytes() == content


def test_a_checkpoint_that_cannot_be_written_says_so_before_training(tmp_path):
    (tmp_path / "run.json.unfinished").mkdir()
    with pytest.raises(ValueError, match=r"run\.json' cannot be written: "):
        fit(_OfCalls(), checkpoint=tmp_path / "run.json")
    (tmp_path / "run.json.unfinished").rmdir()
    with pytest.raises(ValueError, match="in a folder that is there, not '.*nowhere"):
        fit(_OfCalls(), checkpoint=tmp_path / "nowhere" / "run.json")
    assert list(tmp_path.iterdir()) == []
