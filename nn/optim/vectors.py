"""The updates of an optimizer on NumPy's vectors: for what computes gradients as vectors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nn.optim.optimizer import Optimizer
from nn.optim.rule import state_of, update_of_arrays

if TYPE_CHECKING:
    from collections.abc import Sequence

    from autograd import Value

#: For each group what it keeps: the number of its steps, as ``t``, and a vector by each name.
States = list[dict[str, Any]]


def takes_vectors(optimizer: Any) -> bool:
    """
    Tell whether an optimizer is nothing but its rule.

    Parameters
    ----------
    optimizer
        An optimizer; one of a user may take its steps in a way of its own.

    Returns
    -------
    bool
    """
    return isinstance(optimizer, Optimizer) and type(optimizer).step is Optimizer.step


class VectorUpdate:
    """
    Moves a vector of parameters by an optimizer's rule.

    Of the numbers it keeps none itself: what a step gives is there as a whole, or not at all.

    Parameters
    ----------
    optimizer
        Its rule, options and state.
    parameters
        Those whose numbers are in the vector.
    """

    def __init__(self, optimizer: Optimizer, parameters: Sequence[Value]) -> None:
        import numpy as np  # noqa: PLC0415 - optional

        self._np = np
        self._optimizer = optimizer
        place = {parameter: i for i, parameter in enumerate(parameters)}
        everything = list(range(len(parameters)))
        self._places: list[Any] = []
        for group in optimizer.param_groups:
            places = [place[parameter] for parameter in group["params"]]
            self._places.append(None if places == everything else np.array(places))
        self.read_options()

    def read_options(self) -> None:
        """Read the rules and their options, as the optimizer has them by now: steps go by these from now on."""
        optimizer = self._optimizer
        self._groups: list[tuple[Any, ...]] = []
        for group, places in zip(optimizer.param_groups, self._places, strict=True):
            rule, settings = optimizer.rule(group), optimizer.settings(group)
            names = tuple(settings)
            start = group[optimizer.initial] if optimizer.initial else 0.0
            moved = update_of_arrays(rule, names)
            self._groups.append((moved, tuple(settings.values()), state_of(rule, names), start, places))

    def states(self) -> States:
        """
        Take what the optimizer keeps.

        Returns
        -------
        list of dict
        """
        asarray = self._np.array
        return [
            {name: kept if name == "t" else asarray(kept) for name, kept in state.items()}
            for state in self._optimizer._state
        ]

    def give_back(self, states: States) -> None:
        """
        Have the optimizer keep what has become of it.

        Parameters
        ----------
        states
            As `step` gave them.
        """
        self._optimizer._state = [
            {name: kept if name == "t" else kept.tolist() for name, kept in state.items()} for state in states
        ]

    def step(self, numbers: Any, grads: Any, states: States) -> tuple[Any, States]:
        """
        Give the numbers after an update, and what is to be kept; in IEEE arithmetic, of which NumPy may warn.

        Parameters
        ----------
        numbers, grads
            Vectors.
        states
            What is kept.

        Returns
        -------
        numbers, states
        """
        moved, after = numbers, []
        for (update, settings, names, start, places), state in zip(self._groups, states, strict=True):
            t = state["t"] + 1
            own = (numbers, grads) if places is None else (numbers[places], grads[places])
            columns = [state[name] if name in state else self._np.full(len(own[0]), start) for name in names]
            new, *columns = update(t, *settings, *own, *columns)
            if places is None:
                moved = new
            else:
                moved = moved.copy() if moved is numbers else moved
                moved[places] = new
            after.append({**state, **dict(zip(names, columns, strict=True)), "t": t})
        return moved, after
