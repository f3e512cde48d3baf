"""Training a network."""

from __future__ import annotations

from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

from autograd.arguments import flag
from autograd.errors import ArgumentError, OperandError
from nn.arguments import generator, positive, real
from nn.datasets import split
from nn.examples import is_sequence
from nn.tables import numbers_for, rows_of
from nn.training.callbacks import Callback
from nn.training.checking import check_examples, check_mini_batches, check_model, choose_loss, choose_optimizer
from nn.training.checkpoints import check_writable, fingerprint
from nn.training.engine import Engine
from nn.training.evaluating import evaluating, training
from nn.training.evaluation import Evaluation
from nn.training.gradients import BatchGradient
from nn.training.loop import Loop
from nn.training.run import Run
from nn.training.scheduling import Pace
from nn.training.scoring import choose_metric

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Iterable, Sequence

    from nn.module import Module
    from nn.optim import Optimizer
    from nn.training.history import History


def fit(
    model: Module,
    X: Sequence[Any],  # noqa: N803 - what everybody calls it
    y: Sequence[Any],
    *,
    loss: str | Callable[[Any, Any], Any],
    optimizer: str | Optimizer = "adam",
    lr: float | None = None,
    epochs: int = 10,
    batch_size: int = 32,
    validation: tuple[Sequence[Any], Sequence[Any]] | float | None = None,
    callbacks: Iterable[Callback] = (),
    seed: int | random.Random | None = None,
    schedule: Any | Callable[[int], float] | None = None,
    penalty: Callable[[Module], Any] | None = None,
    metric: str | Callable[[Any, Any], float] | None = None,
    shuffle: bool = True,
    checkpoint: str | PathLike[str] | None = None,
    progress: bool = True,
    programs: bool | str = "auto",
) -> History:
    """
    Train a network: for each mini-batch the mean gradient, and an update of the parameters.

    Parameters
    ----------
    model
        The network.
    X, y
        A sequence of numbers for each example, and its target: a class, a number, or a list of numbers.
    loss
        Name of a loss, as ``"cross_entropy"``, or a function of the outputs and targets of several examples.
    optimizer
        An optimizer of the network's parameters, or the name of one.
    lr
        Learning rate of an optimizer that is given by name; by default the optimizer's.
    epochs
        How often all examples are gone through.
    batch_size
        Number of examples in a mini-batch; the last one of an epoch may have fewer.
    validation
        Inputs and targets to look at after each epoch, without training on them; or the share of the examples to take
        for that, of each class its part, if there are enough of each.
    callbacks
        What is called on the way, see `nn.Callback`.
    seed
        Of the order of the examples and of the choice of those for validation: a number, a generator, or None for
        Python's global one.
    schedule
        A schedule of the optimizer, which takes a step after each epoch; or a function that gives the learning rate for
        each epoch, counted from 0.
    penalty
        A function of the network to be added to the loss, as ``lambda model: nn.l2_penalty(model, 1e-4)``.
    metric
        ``"accuracy"``, ``"r2"``, ``"none"``, or a function of outputs and targets; by default what fits the loss.
    shuffle
        Whether the examples come in a new order in each epoch.
    checkpoint
        A file for the state after each epoch. If it is there already, training goes on from it; the result is the same,
        bit for bit, as if it had never been interrupted.
    progress
        Whether a bar shows the loss, the metric and the time left.
    programs
        Whether mini-batches are computed by programs, see `autograd.record`: the same numbers up to rounding, sooner.
        ``"auto"`` takes them where it can; ``history.engine`` says what was taken, ``history.why_eager`` why no
        programs. True makes it an error if they cannot be taken, False takes none.

    Returns
    -------
    History
        The loss and the metric of each epoch.

    Raises
    ------
    ImportError
        The progress bar is wanted, but tqdm is not installed.
    TypeError, ValueError
        An argument cannot be used, a number is nan or infinite, or the checkpoint is damaged or that of another run:
        said before training starts.
    ArithmeticError
        Training diverges: the message names the example and the layer. A checkpoint stays as it was after the last good
        epoch.
    GuardError
        Programs are demanded, but for some example the code goes another way than while recording.

    Notes
    -----
    There are no programs where an output depends on more than the example (dropout, batch normalisation), where
    somebody looks at nodes (hooks, ``detect_anomaly``), where code needs plain numbers or compares them, and where a
    loss is no mean over the examples. What is not of this project is tried on the first mini-batch of each epoch
    before it is trusted. A network, a loss or a penalty that changes in the midst of an epoch needs ``False``.

    Examples
    --------
    >>> import nn
    >>> model = nn.MLP(2, [8, 1], activation="tanh", seed=0)
    >>> history = nn.fit(model, *nn.datasets.xor(), loss="bce_with_logits", optimizer="adam", lr=0.1, epochs=50,
    ...                  batch_size=4, seed=0, progress=False)
    >>> history["accuracy"][-1]
    1.0
    """
    check_model(model, "fit")
    inputs = rows_of(X, "fit: X")
    targets = numbers_for(y, len(inputs), "fit: y")
    function = choose_loss(loss)
    chosen = choose_optimizer(optimizer, model, lr, "fit")
    positive(epochs, "fit: epochs")
    positive(batch_size, "fit: batch_size")
    for given, role in ((shuffle, "shuffle"), (progress, "progress")):
        flag(given, f"fit: {role}")
    if programs != "auto":
        flag(programs, "fit: programs, if it is not 'auto',")  # type: ignore[arg-type]
    hung = _callbacks_in(callbacks)
    kept = _path_of(checkpoint)
    pace = Pace(schedule, chosen)
    start = seed if isinstance(seed, int) else generator(seed).getrandbits(53)
    places, held_out = _set_aside(inputs, targets, validation, start)
    inputs, targets = [inputs[i] for i in places], [targets[i] for i in places]
    check_mini_batches(model, len(inputs), batch_size)
    score = choose_metric(metric, function, targets)
    with evaluating(model):
        check_examples(model, function, inputs, targets, places, "fit")
        if held_out is not None:
            check_examples(model, function, *held_out, range(len(held_out[1])), "fit: validation")

    scores = ["loss", *([score.name] if score else [])]
    names = [*scores, *(f"validation_{name}" for name in scores if held_out), "lr"]
    run = Run(model, chosen, function, inputs, targets, places, epochs, names)
    order = start if shuffle else None
    anew = kept is not None
    gradient = BatchGradient(model, function, penalty)
    engine = Engine(run, gradient, hung, programs=programs, anew=anew)
    evaluation = held_out and Evaluation(run, *held_out, score, programs=programs is not False, anew=anew)
    loop = Loop(run, gradient, engine, pace, score, evaluation, hung, batch_size, order)
    made_of = {
        "loss": getattr(function, "__name__", "loss"),
        "optimizer": type(chosen).__name__,
        "batch_size": batch_size,
        "shuffle": shuffle,
        "seed": seed if isinstance(seed, int) else None,
        "callbacks": [type(callback).__name__ for callback in hung],
        "columns": names,
        "data": "" if kept is None else fingerprint(inputs, targets, *(held_out or ())),
    }
    with training(model):
        loop.train(kept, made_of, progress=progress)
    return run.history


def _callbacks_in(callbacks: Any) -> list[Callback]:
    hung = list(callbacks) if hasattr(callbacks, "__iter__") else [callbacks]
    for callback in hung:
        if not isinstance(callback, Callback):
            written = f"; write {callback.__name__}(...)" if isinstance(callback, type) else ""
            msg = f"fit: callbacks must be a list of nn.Callback, not of {callback!r}{written}"
            raise OperandError(msg)
    return hung


def _path_of(checkpoint: str | PathLike[str] | None) -> Path | None:
    if checkpoint is None:
        return None
    if not isinstance(checkpoint, str | PathLike):
        msg = f"fit: checkpoint must be a path, not {type(checkpoint).__name__} {checkpoint!r}"
        raise OperandError(msg)
    path = Path(checkpoint)
    if path.is_dir() or not path.parent.is_dir():
        msg = f"fit: checkpoint must be a file in a folder that is there, not {str(path)!r}"
        raise ArgumentError(msg)
    check_writable(path)
    return path


def _set_aside(
    inputs: list[Any], targets: list[Any], validation: Any, seed: int
) -> tuple[Sequence[int], tuple[list[Any], list[Any]] | None]:
    """Give the places of the examples to train on, and those to look at after each epoch."""
    everything = range(len(inputs))
    if validation is None:
        return everything, None
    if is_sequence(validation):
        if len(validation) != 2:
            msg = f"fit: validation must be inputs and targets, or a share, not {len(validation)} things"
            raise ArgumentError(msg)
        rows = rows_of(validation[0], "fit: validation", len(inputs[0]))
        return everything, (rows, numbers_for(validation[1], len(rows), "fit: validation"))
    share = real(validation, "fit: validation", 0.0, 1.0, open_below=True, open_above=True)
    # what is split is the places of the examples
    try:
        parts = split(everything, targets, share, seed, stratify=all(isinstance(target, int) for target in targets))
    except ArgumentError:  # too few of a class, or the integers are no classes
        parts = split(everything, targets, share, seed, stratify=False)
    return parts.train_inputs, ([inputs[i] for i in parts.held_out_inputs], parts.held_out_targets)
