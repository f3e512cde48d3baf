"""Watches a network while it is trained."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nn.arguments import positive
from nn.diagnosis.diagnosing import Diagnosis
from nn.diagnosis.measuring import measure, ratio_of_update, weights_of
from nn.training.callbacks import Callback
from nn.training.layers import layers_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from nn.module import Module
    from nn.training.run import Run

#: What is kept of each layer, each time.
KEPT = ("mean", "spread", "size", "saturated", "dead", "gradient_mean", "gradient_spread", "gradient_norm",
        "weight_norm", "weight_gradient_norm", "learning_speed", "update_ratio")  # fmt: skip


class Monitor(Callback):
    """
    Look at each layer while a network is trained: at the start, and then again and again.

    Parameters
    ----------
    every
        After how many updates to look again; by default once an epoch.
    sample
        How many of the examples to look at, always the same ones.

    Raises
    ------
    TypeError, ValueError
        They are no positive integers.

    Examples
    --------
    >>> import nn
    >>> monitor = nn.Monitor(every=2)
    >>> model = nn.MLP(2, [4, 1], activation="tanh", seed=0)
    >>> history = nn.fit(model, *nn.datasets.xor(), loss="bce_with_logits", epochs=3, batch_size=2, callbacks=[monitor],
    ...                  progress=False)
    >>> monitor.steps, monitor.layers
    ([0, 2, 4, 6], ['layers.0', 'layers.1'])
    >>> len(monitor["learning_speed"]["layers.0"])
    4
    >>> monitor.diagnosis.kind
    'healthy'
    """

    def __init__(self, every: int | None = None, sample: int = 64) -> None:
        if every is not None:
            positive(every, "Monitor: every")
        positive(sample, "Monitor: sample")
        self.every = every
        self.sample = sample
        #: After how many updates it was looked at.
        self.steps: list[int] = []
        #: The last diagnosis; None before training.
        self.diagnosis: Diagnosis | None = None
        self._records: list[dict[str, dict[str, float | None]]] = []
        self._before: dict[Module, list[float]] | None = None
        self._ratios: dict[str, float | None] = {}

    @property
    def layers(self) -> list[str]:
        """Names of the layers, in the order in which they are called."""
        return list(self._records[0]) if self._records else []

    def __getitem__(self, name: str) -> dict[str, list[float | None]]:
        return {layer: [record[layer][name] for record in self._records] for layer in self.layers}

    def on_start(self, run: Run) -> None:
        """
        Look at the network before it is trained.

        Parameters
        ----------
        run
            Where training stands.
        """
        if not run.epoch:
            self.steps, self._records = [], []
        if not self.steps:
            self._look(run)

    def on_gradient(self, run: Run) -> None:
        """
        Keep the weights before an update after which it is time to look.

        Parameters
        ----------
        run
            Where training stands.
        """
        if self.every is None or (run.step + 1) % self.every == 0:
            self._before = {part: [w.data for w in weights_of(part)] for _, part in layers_of(run.model)}

    def on_update(self, run: Run) -> None:
        """
        Compare the weights with those before.

        Parameters
        ----------
        run
            Where training stands.
        """
        if self._before is not None:
            self._ratios = {
                name: ratio_of_update(self._before[part], weights_of(part)) for name, part in layers_of(run.model)
            }
            self._before = None
            if self.every is not None:
                self._look(run)

    def on_epoch(self, run: Run) -> None:
        """
        Look at the network once an epoch.

        Parameters
        ----------
        run
            Where training stands.
        """
        if self.every is None:
            self._look(run)

    def _look(self, run: Run) -> None:
        step = max(1, -(-len(run.inputs) // self.sample))
        measured = measure(run.model, run.inputs[::step], run.targets[::step], run.loss)
        for layer in measured.layers:
            layer.update_ratio = self._ratios.get(layer.name.partition("[")[0])
        self.diagnosis = Diagnosis(measured)
        self.steps.append(run.step)
        self._records.append({layer.name: {name: getattr(layer, name) for name in KEPT} for layer in measured.layers})

    def plot(self, name: str = "learning_speed", ax: Any = None) -> Any:
        """
        Draw a number of each layer over training as a heat map.

        Parameters
        ----------
        name
            Which one, as ``"gradient_norm"`` or ``"saturated"``; norms are on a logarithmic scale.
        ax
            The Axes; by default a new figure.

        Returns
        -------
        matplotlib.axes.Axes

        Raises
        ------
        ImportError
            matplotlib is not installed.
        ValueError
            There is no such number.
        """
        from nn.diagnosis.pictures import over_time  # noqa: PLC0415 - draws only when asked to

        return over_time(self, name, ax)

    def state_dict(self) -> dict[str, Any]:
        """
        Give what a resumed run needs to know.

        Returns
        -------
        dict
        """
        return {"steps": self.steps, "records": self._records, "ratios": self._ratios}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """
        Go on where another was.

        Parameters
        ----------
        state
            As `state_dict` gave it.
        """
        self.steps, self._records, self._ratios = (state[name] for name in ("steps", "records", "ratios"))
