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

    It keeps nothing itself: what a step gives is there as a whole, or not at all.

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
        np, optimizer = self._np, self._optimizer
        moved, after = numbers, []
        for group, places, state in zip(optimizer.param_groups, self._places, states, strict=True):
            rule, settings = optimizer.rule(group), optimizer.settings(group)
            names = tuple(settings)
            kept = state_of(rule, names)
            own = (numbers, grads) if places is None else (numbers[places], grads[places])
            start = group[optimizer.initial] if optimizer.initial else 0.0
            columns = [state[name] if name in state else np.full(len(own[0]), start) for name in kept]
            new, *columns = update_of_arrays(rule, names)(state["t"] + 1, *settings.values(), *own, *columns)
            if places is None:
                moved = new
            else:
                moved = moved.copy() if moved is numbers else moved
                moved[places] = new
            after.append(state | dict(zip(kept, columns, strict=True)) | {"t": state["t"] + 1})
        return moved, after
