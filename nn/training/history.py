"""What training has been like, epoch by epoch or step by step."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from autograd.errors import ArgumentError
from nn.arguments import listed, nearest

if TYPE_CHECKING:
    from collections.abc import Mapping


class History:
    """
    Numbers of each epoch: ``history["loss"]`` is a list with one for each.

    They are ``loss`` and, if there is one, the metric, as ``accuracy``, both over the mini-batches as they came, so
    while the network was changing; the same with ``validation_`` before, after the epoch, for what is not trained on;
    and ``lr``, the learning rate.

    Parameters
    ----------
    unit
        What there are numbers of: an epoch, or a step.

    Examples
    --------
    >>> history = History()
    >>> history.append({"loss": 2.0, "lr": 0.1})
    >>> history.append({"loss": 1.5, "lr": 0.1})
    >>> history["loss"], len(history)
    ([2.0, 1.5], 2)
    >>> history
    History(2 epochs; the last: loss=1.5, lr=0.1)
    """

    def __init__(self, unit: str = "epoch") -> None:
        #: What there are numbers of.
        self.unit = unit
        #: A list of numbers for each name.
        self.columns: dict[str, list[float]] = {}
        #: Why it ended before the last one, if it did.
        self.stopped = ""
        #: What computed the last mini-batches: ``"programs"`` or ``"eager"``; and why not programs, if it was not they.
        self.engine = "eager"
        self.why_eager = ""

    def append(self, row: Mapping[str, float]) -> None:
        """
        Add an epoch or a step.

        Parameters
        ----------
        row
            Its numbers, by name.
        """
        for name, value in row.items():
            self.columns.setdefault(name, []).append(value)

    @property
    def loss(self) -> list[float]:
        """The loss of each."""
        return self["loss"]

    def __getitem__(self, name: str) -> list[float]:
        if name not in self.columns:
            hint = nearest(name, self.columns)
            msg = f"history has {listed(self.columns) or 'nothing yet'}, not {name!r}{hint}"
            raise ArgumentError(msg)
        return self.columns[name]

    def __contains__(self, name: object) -> bool:
        return name in self.columns

    def __len__(self) -> int:
        return len(self.columns.get("loss", ()))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, History) and (self.columns, self.stopped) == (other.columns, other.stopped)

    __hash__ = None  # type: ignore[assignment]  # it grows

    def __repr__(self) -> str:
        last = ", ".join(f"{name}={column[-1]:.6g}" for name, column in self.columns.items())
        count = f"{len(self)} {self.unit}{'' if len(self) == 1 else 's'}"
        return f"History({count}{f'; the last: {last}' if last else ''})"

    def plot(self, ax: Any = None) -> Any:
        """
        Draw the loss over the epochs or steps, and the metric if there is one.

        Parameters
        ----------
        ax
            The matplotlib Axes to draw the loss on; by default a new figure.

        Returns
        -------
        matplotlib.axes.Axes
            That of the loss; the metric has its scale on the right side.

        Raises
        ------
        ImportError
            matplotlib is not installed.
        """
        from nn.plotting import curves  # noqa: PLC0415 - draws only when asked to

        return curves(self, ax=ax)
