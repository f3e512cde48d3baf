"""A network and its loss as programs: recorded for one example, and run on all those of a mini-batch at once."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from autograd import Value, topological_order
from autograd.errors import ArgumentError, OperandError
from autograd.primitives import left_sum
from autograd.program import record
from nn.examples import is_sequence

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from nn.module import Module


def numbers_of(row: Sequence[float], target: Any) -> list[float]:
    """
    Give all numbers of an example, the features and then the target, as programs are given them.

    Parameters
    ----------
    row, target
        The example.

    Returns
    -------
    list of float
    """
    return [*row, *(target if is_sequence(target) else [target])]


class LossProgram:
    """
    A network and its loss: for examples the losses and the outputs, and the gradient of the mean loss with a penalty.

    Parameters
    ----------
    model
        The network.
    loss
        Of the outputs and targets of several examples, their mean.
    row, target
        An example to record.
    penalty
        Of the model, to be added to the mean loss; None for none.

    Raises
    ------
    Exception
        Whatever recording meets: code that needs plain numbers cannot be recorded.
    """

    def __init__(
        self,
        model: Module,
        loss: Callable[[Any, Any], Any],
        row: Sequence[float],
        target: Any,
        penalty: Callable[[Any], Any] | None = None,
    ) -> None:
        self._is_bare = False

        def loss_and_outputs(x: list[Value]) -> list[Value]:
            out = model(x[: len(row)])
            self._is_bare = not is_sequence(out)
            return [_loss_of(loss, out, x[len(row) :], target), *([out] if self._is_bare else out)]

        self._program = _Program(loss_and_outputs, numbers_of(row, target), model)
        self._penalty = None if penalty is None else _Program(lambda _: [penalty(model)], [], model)

    def scores(self, table: Any, theta: Any) -> tuple[Any, Any]:
        """
        Compute the losses and the outputs.

        Parameters
        ----------
        table
            The examples: rows of `numbers_of`.
        theta
            The numbers of all parameters.

        Returns
        -------
        losses, outputs
            Arrays: a loss for each example, and a number or a row.
        """
        return self._parted(self._program.values(table, theta))

    def gradient(self, table: Any, theta: Any) -> tuple[float, Any, Any]:
        """
        Compute the mean loss with the penalty, its gradient, and the outputs, all in one run.

        Parameters
        ----------
        table, theta
            As for `scores`.

        Returns
        -------
        loss, gradient, outputs
        """
        values, slopes = self._program.gradient(table, theta)
        losses, outputs = self._parted(values)
        count = float(len(losses))
        loss, gradient = left_sum(losses.tolist()) / count, slopes / count
        if self._penalty is not None:
            extra, more = self._penalty.gradient(table[:1, :0], theta)  # of one example without numbers
            loss, gradient = loss + extra.item(), gradient + more
        return loss, gradient, outputs

    def _parted(self, values: Any) -> tuple[Any, Any]:
        return values[0], values[1] if self._is_bare else values[1:].T


class _Program:
    """
    A program whose parameters are some of a network's, run with the numbers of all.

    Parameters
    ----------
    f
        Of a list of Values, gives a list of some.
    inputs
        Numbers to record it at.
    model
        The network.
    """

    def __init__(self, f: Callable[[list[Value]], list[Value]], inputs: list[float], model: Module) -> None:
        import numpy as np  # noqa: PLC0415 - optional

        parameters = model.parameters()
        with _unchanged(model):
            roots = f([Value(x) for x in inputs])
            present = set(topological_order(*roots))
            places = [i for i, parameter in enumerate(parameters) if parameter in present]
            if not places:
                msg = "nothing depends on the parameters"
                raise ArgumentError(msg)
            self._program = record(f, inputs, [parameters[i] for i in places])._steady()
        self._places = None if len(places) == len(parameters) else np.array(places)

    def values(self, table: Any, theta: Any) -> Any:
        """Give the results, a row for each."""
        import numpy as np  # noqa: PLC0415 - optional

        return np.array(self._program(table, params=self._own(theta), check=False))

    def gradient(self, table: Any, theta: Any) -> tuple[Any, Any]:
        """Give the same, and the sum over the examples of the first one's derivatives by all parameters."""
        values, slopes = self._program._first_differentiated(table, self._own(theta))
        if self._places is None:
            return values, slopes
        import numpy as np  # noqa: PLC0415 - optional

        gradient = np.zeros(len(theta))  # nothing depends on the others
        gradient[self._places] = slopes
        return values, gradient

    def _own(self, theta: Any) -> Any:
        return theta if self._places is None else theta[self._places]


def _loss_of(loss: Callable[[Any, Any], Any], out: Any, given: list[Value], target: Any) -> Any:
    computed = loss([out], [given if is_sequence(target) else given[0]])
    if not isinstance(computed, Value):
        msg = f"the loss must be one Value, not {type(computed).__name__} {computed!r}"
        raise OperandError(msg)
    return computed


@contextmanager
def _unchanged(model: Module) -> Iterator[None]:
    """Refuse a forward pass that sets attributes of modules, and set them back."""
    before = [(module, dict(vars(module)), _lengths(module)) for module in model.modules()]
    changed = ""
    try:
        yield
    finally:
        for module, attributes, lengths in before:
            now = vars(module)
            same = now.keys() == attributes.keys() and all(now[name] is attributes[name] for name in now)
            if not same or _lengths(module) != lengths:
                changed = f"a call of {type(module).__name__} changes its attributes"
            now.clear()
            now.update(attributes)
    if changed:
        raise ArgumentError(changed)


def _lengths(module: Module) -> list[int]:
    return [len(each) for each in vars(module).values() if isinstance(each, list | dict | set)]
