"""How training goes, live: a bar with the time left."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from autograd.errors import MissingExtraError

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self

    from nn.training.run import Run


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
        if shown:
            try:
                from tqdm import tqdm  # noqa: PLC0415 - optional
            except ImportError as error:
                msg = "the progress bar comes with tqdm: pip install 'chainrule[data]'; or write progress=False"
                raise MissingExtraError(msg) from error
            count = len(run.inputs)
            self._bar = tqdm(total=run.epochs * count, initial=run.epoch * count, unit=" examples")

    def advance(self, count: int, said: str) -> None:
        """
        Move on.

        Parameters
        ----------
        count
            By how many examples.
        said
            How it goes.
        """
        if self._bar is not None:
            self._bar.set_postfix_str(f"epoch {self._run.epoch + 1}/{self._run.epochs}, {said}", refresh=False)
            self._bar.update(count)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.close()
