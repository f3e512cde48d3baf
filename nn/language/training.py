"""Training a GPT on documents."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Protocol

import autograd
from autograd.arguments import flag
from autograd.errors import ArgumentError, DivergenceError, MissingExtraError
from nn.arguments import generator, positive
from nn.language.documents import check_documents
from nn.language.programs import DocumentProgram
from nn.optim import Adam
from nn.optim.vectors import VectorUpdate, takes_vectors
from nn.schedules import LinearLR
from nn.training import History
from nn.training.recordable import all_ours, obstacle_now

if TYPE_CHECKING:
    import random
    from collections.abc import Sequence

    from nn.language.transformer import GPT
    from nn.optim import Optimizer
    from nn.schedules import Schedule


def fit_documents(
    model: GPT,
    documents: Sequence[Sequence[int]],
    *,
    steps: int = 1000,
    batch_size: int = 1,
    optimizer: Optimizer | None = None,
    schedule: Schedule | None = None,
    seed: int | random.Random | None = None,
    shuffle: bool = True,
    programs: bool | str = "auto",
    progress: bool = True,
) -> History:
    """
    Train a GPT: for each step the mean gradient of some documents, and an update.

    Parameters
    ----------
    model
        The network.
    documents
        For each its tokens, as `Characters.encode` gives them. They are gone through again and again.
    steps
        How many updates.
    batch_size
        Documents for each.
    optimizer
        Of the network's parameters; by default microgpt's, Adam with rate 0.01 and betas 0.85 and 0.99.
    schedule
        Of the optimizer's rates, a time for each step; by default they fall to 0 in a straight line.
    seed
        Of the order of the documents: seed or generator; by default Python's global one.
    shuffle
        Whether they are put into a random order first.
    programs
        True: the loss is recorded once, and run as a program. False: it is computed node by node. ``"auto"``: by a
        program where that is possible; ``history.why_eager`` says why not.
    progress
        Whether there is a progress bar.

    Returns
    -------
    History
        ``loss`` and ``lr`` of each step; ``engine`` says what computed them.

    Raises
    ------
    TypeError, ValueError
        An argument cannot be used; nothing has been changed then.
    ImportError
        A library is not installed; the message names the extra.
    ArithmeticError
        Numbers have run away. The network keeps the last that were finite.

    Examples
    --------
    >>> import nn
    >>> characters = nn.Characters(["emma", "ava"])
    >>> model = nn.GPT(len(characters), n_embd=4, n_head=2, block_size=5, seed=0)
    >>> documents = [characters.encode(name) for name in ("emma", "ava")]
    >>> history = fit_documents(model, documents, steps=60, seed=0, progress=False)
    >>> history["loss"][0] > 1.5, history["loss"][-1] < 1.0
    (True, True)
    """
    given = check_documents(model, documents, "fit_documents: documents")
    positive(steps, "fit_documents: steps")
    positive(batch_size, "fit_documents: batch_size")
    if programs != "auto":
        flag(programs, "fit_documents: programs, if it is not 'auto',")  # type: ignore[arg-type]
    if optimizer is None:
        optimizer = Adam(model.parameters(), lr=0.01, betas=(0.85, 0.99))
    history = History("step")
    if programs is not False:
        history.why_eager = _obstacle(model, optimizer)
        if programs is True and history.why_eager:
            msg = f"fit_documents: programs cannot train this: {history.why_eager}"
            raise ArgumentError(msg)
    if shuffle:
        generator(seed).shuffle(given)
    is_eager = programs is False or bool(history.why_eager)
    bar = _Bar(steps, shown=progress)
    engine: _Engine = _Eagerly(model, given, optimizer) if is_eager else _ByProgram(model, given, optimizer)
    history.engine = "eager" if is_eager else "programs"
    if schedule is None:
        schedule = LinearLR(optimizer, 1.0, 0.0, steps)
    try:
        for step in range(steps):
            places = [(step * batch_size + i) % len(given) for i in range(batch_size)]
            loss = engine.step(places)
            if loss is None:
                msg = f"fit_documents: in step {step + 1} a number is not finite; try a lower learning rate"
                raise DivergenceError(msg, example=places[0])
            history.append({"loss": loss, "lr": optimizer.lr})
            schedule.step()
            bar.advance(loss)
    finally:
        engine.give_back()
        bar.close()
    return history


class _Engine(Protocol):
    """What takes steps."""

    def step(self, places: Sequence[int]) -> float | None:
        """Move the parameters by the gradient of some documents, and give their loss; None if it is not finite."""

    def give_back(self) -> None:
        """Let the network have its numbers."""


class _Eagerly:
    """Takes steps node by node."""

    def __init__(self, model: GPT, documents: Sequence[Sequence[int]], optimizer: Optimizer) -> None:
        self._model, self._documents, self._optimizer = model, documents, optimizer

    def step(self, places: Sequence[int]) -> float | None:
        loss = autograd.mean([self._model.loss(self._documents[place]) for place in places])
        if not math.isfinite(loss.data):
            return None
        self._optimizer.zero_grad()
        loss.backward()
        self._optimizer.step()
        return float(loss.data)

    def give_back(self) -> None:
        """Do nothing: the network has its numbers."""


class _ByProgram:
    """Takes steps on vectors; the network has its numbers when they are given back."""

    def __init__(self, model: GPT, documents: Sequence[Sequence[int]], optimizer: Optimizer) -> None:
        import numpy as np  # noqa: PLC0415 - optional

        self._np = np
        self._program = DocumentProgram(model, max(map(len, documents)) - 1)
        self._rows = self._program.rows(documents)
        self._parameters = model.parameters()
        self._update = VectorUpdate(optimizer, self._parameters)
        theta = np.array([parameter.data for parameter in self._parameters])
        self._now = theta, np.zeros_like(theta), self._update.states()

    def step(self, places: Sequence[int]) -> float | None:
        theta, _, states = self._now
        loss, gradient = self._program.gradient(self._rows[places], theta)
        with self._np.errstate(all="ignore"):
            self._update.read_options()  # the schedule has changed the learning rate
            moved, after = self._update.step(theta, gradient, states)
            if not (math.isfinite(loss) and math.isfinite(moved.dot(moved))):
                return None
        self._now = moved, gradient, after  # at once: an interrupt leaves all as it was before, or after
        return loss

    def give_back(self) -> None:
        theta, gradient, states = self._now
        for parameter, number, slope in zip(self._parameters, theta.tolist(), gradient.tolist(), strict=True):
            parameter.data, parameter.grad = number, slope
        self._update.give_back(states)


def _obstacle(model: GPT, optimizer: Optimizer) -> str:
    """Tell why there can be no program; empty if there can."""
    modules = model.modules()
    obstacle = obstacle_now(modules)
    if obstacle:
        return obstacle
    if not all_ours(modules):
        return f"{type(model).__name__} is a network of your own, which may depend on more than a recording shows"
    if not takes_vectors(optimizer):
        return f"{type(optimizer).__name__} takes its steps in a way of its own"
    if set(optimizer.parameters) - set(model.parameters()):
        return "the optimizer has parameters that are not the network's"
    return ""


class _Bar:
    """A progress bar, or nothing."""

    def __init__(self, steps: int, *, shown: bool) -> None:
        self._bar: Any = None
        if shown:
            try:
                from tqdm import tqdm  # noqa: PLC0415 - optional
            except ImportError as error:
                msg = "the progress bar comes with tqdm: pip install 'chainrule[data]'; or write progress=False"
                raise MissingExtraError(msg) from error
            self._bar = tqdm(total=steps, unit=" steps")
            self._smooth = 0.0

    def advance(self, loss: float) -> None:
        if self._bar is not None:
            done = self._bar.n + 1
            self._smooth += (loss - self._smooth) / min(done, 50)
            if not done % 10:
                self._bar.set_postfix_str(f"loss {self._smooth:.3f}", refresh=False)
            self._bar.update()

    def close(self) -> None:
        if self._bar is not None:
            self._bar.close()
