"""How training goes, live: a bar with the time left."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Any

from autograd.errors import MissingExtraError

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType
    from typing import Self

    from nn.training.run import Run

#: Seconds for which what is said stays.
_PAUSE = 0.1


class Progress:
    """
    A progress bar, or nothing.

    Parameters
    ----------
    run
        Where training stands.
    shown
        Whether there is a bar.

    Raises
    ------
    ImportError
        tqdm is not installed.
    """

    def __init__(self, run: Run, *, shown: bool) -> None:
        self._run = run
        self._bar: Any = None
        self._said = -_PAUSE
        if shown:
            try:
                from tqdm import tqdm  # noqa: PLC0415 - optional
            except ImportError as error:
                msg = "the progress bar comes with tqdm: pip install 'chainrule[data]'; or write progress=False"
                raise MissingExtraError(msg) from error
            count = len(run.inputs)
            self._bar = tqdm(total=run.epochs * count, initial=run.epoch * count, unit=" examples")

    def advance(self, count: int, say: Callable[..., str], *about: Any) -> None:
        """
        Move on.

        Parameters
        ----------
        count
            By how many examples.
        say
            Tells how it goes; it is asked some times a second, and at the end.
        *about
            What it is given.
        """
        if self._bar is not None:
            now = time.monotonic()
            if now - self._said >= _PAUSE or self._bar.n + count >= self._bar.total:
                self._said = now
                text = f"epoch {self._run.epoch + 1}/{self._run.epochs}, {say(*about)}"
                self._bar.set_postfix_str(text, refresh=False)
            self._bar.update(count)

    def note(self, text: str) -> None:
        """
        Write a line above the bar.

        Parameters
        ----------
        text
            The line.
        """
        if self._bar is not None:
            self._bar.write(text, file=sys.stderr)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.close()
