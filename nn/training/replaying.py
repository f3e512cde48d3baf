"""Training by programs, on vectors; the network has its numbers back whenever it is looked at."""

from __future__ import annotations

import math
from contextlib import contextmanager
from itertools import chain
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from autograd.errors import ArgumentError
from nn.optim.vectors import VectorUpdate, takes_vectors
from nn.training.gradients import BatchGradient, BatchResult
from nn.training.programs import LossProgram, numbers_of
from nn.training.recordable import all_ours, is_known_mean, is_ours, obstacle_in, obstacle_now

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from nn.optim.vectors import States
    from nn.training.run import Run

#: So many examples a network or a loss of a user's own is tried on, before it is trained by programs.
_TRIED = 64

#: How far programs may be from what a network gives itself, as a share.
_TOLERANCE = 1e-9


class Replay:
    """
    Computes gradients of mini-batches by programs, and updates as vectors.

    What is not of this project may depend on more than a recording has seen. It is tried: before training, and with
    the first mini-batch of each epoch, programs must give what the network gives.

    Parameters
    ----------
    run
        Where training stands.
    gradient
        What computes the gradient of a mini-batch without programs.
    others
        What else may change the network, as callbacks.

    Raises
    ------
    Exception
        There can be no programs; the message says why.
    """

    def __init__(self, run: Run, gradient: BatchGradient, others: Iterable[Any] = ()) -> None:
        self._run, self._eager = run, gradient
        self._modules = run.model.modules()
        self._refuse(obstacle_in(self._modules) or obstacle_now(self._modules))
        import numpy as np  # noqa: PLC0415 - optional

        self._np, self._outside = np, np.geterr()
        self._table = table_of(run.inputs, run.targets)
        self._parameters = run.model.parameters()
        self._record()
        has_word = all_ours(self._modules) and is_known_mean(gradient.loss) and gradient.penalty is None
        self._is_tried = not (has_word and all(map(is_ours, others)))
        if self._is_tried:
            sample = _sample(run.targets)
            for batch in (sample, sample[:1]):
                if not self._agrees(batch):
                    self._refuse(_OTHERWISE)
        self._update = VectorUpdate(run.optimizer, self._parameters) if takes_vectors(run.optimizer) else None
        moved = set(run.optimizer.parameters)
        self._moved = np.array([i for i, parameter in enumerate(self._parameters) if parameter in moved])
        self._now = self._taken()

    @contextmanager
    def silenced(self) -> Iterator[None]:
        """Have NumPy compute with inf and nan without a word, since numbers are looked at afterwards."""
        with self._np.errstate(all="ignore"):
            yield

    def begin(self, batches: Sequence[Sequence[int]]) -> None:
        """
        Begin an epoch: take the numbers that the network has.

        Parameters
        ----------
        batches
            Its mini-batches; on the first one is tried what has to be tried.

        Raises
        ------
        Exception
            Programs cannot go on; the message says why.
        """
        self._refuse(obstacle_now(self._modules))
        if self._is_tried and not self._agrees(batches[0]):
            self._record()
            if not self._agrees(batches[0]):
                self._refuse(_OTHERWISE)
        self._rows = self._table[self._np.fromiter(chain.from_iterable(batches), int)]
        self._done = 0
        self._now = self._taken()

    def gradient(self, count: int, is_good: Callable[[float], bool]) -> BatchResult | None:
        """
        Compute the gradient of the next mini-batch.

        Parameters
        ----------
        count
            Of its examples.
        is_good
            Tells of a loss whether training can go on with it.

        Returns
        -------
        BatchResult or None
            None if something is wrong: a number is not finite, or the loss is not good.

        Raises
        ------
        GuardError
            The network's code would go another way for one of the examples.
        """
        numbers, _, states = self._now
        rows = self._rows[self._done : self._done + count]
        self._done += count
        loss, gradient, outputs = self._program.gradient(rows, numbers)
        if not (math.isfinite(gradient.dot(gradient)) and is_good(loss)):
            return None
        self._now = numbers, gradient, states
        return BatchResult(loss, outputs)

    def scale(self, scale: Callable[[Sequence[float]], float]) -> None:
        """
        Multiply the gradients of the optimizer's parameters.

        Parameters
        ----------
        scale
            Gives the factor for such gradients.
        """
        numbers, gradient, states = self._now
        gradient = gradient.copy()
        gradient[self._moved] *= scale(gradient[self._moved].tolist())
        self._now = numbers, gradient, states

    def update(self) -> bool:
        """
        Move the parameters by the optimizer's rule.

        Returns
        -------
        bool
            Whether that was possible: nothing has moved if the optimizer has a way of its own, or if a number would
            not be finite.
        """
        if self._update is None:
            return False
        numbers, gradient, states = self._now
        moved, after = self._update.step(numbers, gradient, states)
        if not math.isfinite(moved.dot(moved)):
            return False
        self._now = moved, gradient, after  # at once: an interrupt leaves all as it was before, or after
        return True

    def give_back(self) -> None:
        """Give the network and the optimizer the numbers that they have come to."""
        try:
            self._store()
        except KeyboardInterrupt:
            self._store()
            raise

    @contextmanager
    def handed_back(self) -> Iterator[None]:
        """Have the network and the optimizer show their numbers, and take over what is changed."""
        self.give_back()
        with self._np.errstate(**self._outside):
            yield
        self._now = self._taken()

    # ------------------------------------------------------------------ numbers, here and there

    def _taken(self) -> tuple[Any, Any, States]:
        """Take the numbers, the gradient and what the optimizer keeps."""
        numbers, gradient = (
            self._np.fromiter(map(attrgetter(name), self._parameters), float) for name in ("data", "grad")
        )
        if self._update is None:
            return numbers, gradient, []
        self._update.read_options()
        return numbers, gradient, self._update.states()

    def _store(self) -> None:
        numbers, gradient, states = self._now
        for parameter, number, slope in zip(self._parameters, numbers.tolist(), gradient.tolist(), strict=True):
            parameter.data, parameter.grad = number, slope
        if self._update:
            self._update.give_back(states)

    # ------------------------------------------------------------------ recording, and trying

    def _record(self) -> None:
        run = self._run
        self._program = LossProgram(run.model, run.loss, run.inputs[0], run.targets[0], self._eager.penalty)

    def _agrees(self, batch: Sequence[int]) -> bool:
        """Compare with what the network gives itself."""
        np, run = self._np, self._run
        expected = self._eager([run.inputs[i] for i in batch], [run.targets[i] for i in batch])
        numbers, slopes = (np.array([getattr(p, name) for p in self._parameters]) for name in ("data", "grad"))
        loss, gradient, _ = self._program.gradient(self._table[batch], numbers)
        is_near = bool((abs(gradient - slopes) <= _TOLERANCE * abs(slopes).max()).all())  # not where there is a nan
        return is_near and math.isclose(loss, expected.loss, rel_tol=_TOLERANCE, abs_tol=_TOLERANCE)

    @staticmethod
    def _refuse(why: str) -> None:
        if why:
            raise ArgumentError(why)


_OTHERWISE = (
    "programs give another loss or gradient than the network does: it depends on more than the example and the "
    "parameters, or the loss is no mean over the examples"
)


def table_of(inputs: Sequence[Any], targets: Sequence[Any]) -> Any:
    """
    Put examples into an array, as programs take them.

    Parameters
    ----------
    inputs, targets
        The examples.

    Returns
    -------
    numpy.ndarray
        A row for each example.

    Raises
    ------
    ValueError
        Targets are not all of one length.
    """
    import numpy as np  # noqa: PLC0415 - optional

    rows = [numbers_of(row, target) for row, target in zip(inputs, targets, strict=True)]
    if len({len(row) for row in rows}) > 1:
        msg = "some targets are more numbers than others"
        raise ArgumentError(msg)
    return np.array(rows, dtype=float)


def _sample(targets: Sequence[Any]) -> list[int]:
    """Choose examples: of each target one, and the first ones."""
    first: dict[str, int] = {}
    for place, target in enumerate(targets):
        first.setdefault(repr(target), place)
    return list(dict.fromkeys([*list(first.values())[:_TRIED], *range(min(len(targets), 8))]))
