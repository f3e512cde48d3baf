"""What computes mini-batches: programs, or else the network itself, and why."""

from __future__ import annotations

from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING, Any

from autograd.errors import ArgumentError, AutogradError, GuardError
from nn.training.replaying import Replay

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from contextlib import AbstractContextManager

    from nn.training.gradients import BatchGradient, BatchResult
    from nn.training.run import Run


class Engine:
    """
    Computes mini-batches by programs as long as they can; the history says whether they do, and why not.

    Parameters
    ----------
    run
        Where training stands.
    gradient
        What computes the gradient of a mini-batch without programs.
    others
        What else may change the network, as callbacks.
    programs
        ``"auto"``, True if it is an error where programs cannot, False for none.
    anew
        Whether programs are recorded anew for each epoch, so that what comes of an epoch depends to the last bit on
        its beginning alone, not on what runs the programs by then.
    """

    def __init__(
        self, run: Run, gradient: BatchGradient, others: Sequence[Any], *, programs: bool | str, anew: bool
    ) -> None:
        self._run, self._gradient, self._others = run, gradient, others
        self._must, self._anew = programs is True, anew
        self._replay: Replay | None = None
        self._is_open = False
        if programs is False:
            run.history.why_eager = "programs=False"

    @contextmanager
    def epoch(self, batches: Sequence[Sequence[int]], note: Callable[[str], None]) -> Iterator[None]:
        """
        Train for an epoch; at its end, however it comes, the network has its numbers.

        Parameters
        ----------
        batches
            Its mini-batches.
        note
            Is told why there are no programs, once.
        """
        known = self._run.history.why_eager
        if not known:
            self._begin(batches)
        replay = self._replay if self._is_open else None
        try:
            with nullcontext() if replay is None else replay.silenced():
                yield
        finally:
            if self._is_open and self._replay is not None:
                self._replay.give_back()
            self._is_open = False
            why = self._run.history.why_eager
            if why and why not in (known, "programs=False"):
                note(f"computed without programs: {why}")

    def _begin(self, batches: Sequence[Sequence[int]]) -> None:
        try:
            if self._replay is None or self._anew:
                self._replay = Replay(self._run, self._gradient, self._others)
            self._replay.begin(batches)
        except Exception as error:  # noqa: BLE001 - code that takes plain numbers alone may raise anything
            self._give_up(error)
        else:
            self._is_open = True
            self._run.history.engine = "programs"

    def _give_up(self, error: Exception) -> None:
        if self._must:
            if isinstance(error, AutogradError):
                raise error
            msg = f"fit: there can be no programs: {error!r}"
            raise ArgumentError(msg) from error
        history = self._run.history
        history.engine, history.why_eager = "eager", str(error) or type(error).__name__
        self._replay, self._is_open = None, False

    def gradient(self, batch: Sequence[int], is_good: Callable[[float], bool]) -> BatchResult | None:
        """
        Compute the gradient of the next mini-batch by programs.

        Parameters
        ----------
        batch
            The places of its examples.
        is_good
            Tells of a loss whether training can go on with it.

        Returns
        -------
        BatchResult or None
            None if that is to be done without them.
        """
        if self._replay is None:
            return None
        try:
            return self._replay.gradient(len(batch), is_good)
        except GuardError as error:
            self._replay.give_back()
            self._give_up(error)
            return None

    def scale(self, callbacks: Sequence[Any]) -> bool:
        """
        Multiply the gradients as callbacks say.

        Parameters
        ----------
        callbacks
            Those that do nothing else with gradients.

        Returns
        -------
        bool
            Whether that was possible; if not, nothing has changed.
        """
        if self._replay is None:
            return False
        for callback in callbacks:
            self._replay.scale(callback.scale)
        return True

    def update(self) -> bool:
        """
        Move the parameters.

        Returns
        -------
        bool
            Whether that was possible; if not, nothing has moved.
        """
        return self._replay is not None and self._replay.update()

    def handed_back(self) -> AbstractContextManager[None]:
        """Have the network and the optimizer show their numbers, and take over what is changed."""
        return nullcontext() if self._replay is None else self._replay.handed_back()
