"""The gradient of a mini-batch: the one place where the network is computed while it is trained."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from autograd import Value
from autograd.errors import OperandError
from autograd.many import data_of
from nn.examples import is_sequence
from nn.normalisation import BatchNorm

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from nn.module import Module


class BatchResult(NamedTuple):
    """
    What came of a mini-batch, as numbers.

    Parameters
    ----------
    loss
        The mean over the examples, and the penalty.
    outputs
        The network's, for each example a number or a list of numbers; it may be an array of NumPy.
    """

    loss: float
    outputs: Any


class BatchGradient:
    """
    Compute the mean gradient of a mini-batch, by building its graph and sweeping it.

    Parameters
    ----------
    model
        The network.
    loss
        Of the outputs and targets of several examples; it gives their mean.
    penalty
        Of the model, to be added.
    """

    def __init__(
        self, model: Module, loss: Callable[[Any, Any], Any], penalty: Callable[[Any], Any] | None = None
    ) -> None:
        self.model = model
        self.loss = loss
        self.penalty = penalty

    def __call__(self, inputs: Sequence[Any], targets: Sequence[Any]) -> BatchResult:
        """
        Set the gradients of all parameters.

        Parameters
        ----------
        inputs, targets
            The examples of the mini-batch.

        Returns
        -------
        BatchResult
        """
        outputs = outputs_of(self.model, inputs)
        loss = self.loss(outputs, targets)
        if self.penalty is not None:
            loss = loss + self.penalty(self.model)
        if not isinstance(loss, Value):
            msg = f"the loss must be one Value, not {type(loss).__name__} {loss!r}"
            raise OperandError(msg)
        self.model.zero_grad()
        loss.backward()
        return BatchResult(loss.data, numbers(outputs))


def outputs_of(model: Module, inputs: Sequence[Any], call: Callable[[Any], Any] | None = None) -> list[Any]:
    """
    Compute the outputs for several examples.

    Parameters
    ----------
    model
        The network.
    inputs
        The examples.
    call
        What calls the network; by default it is called itself.

    Returns
    -------
    list
        For each example a Value or a list of Values.
    """
    call = call or model
    if normalises_over_examples(model):
        return call(inputs)  # type: ignore[no-any-return]
    return [call(row) for row in inputs]  # one by one: a module of one's own need not know of mini-batches


def normalises_over_examples(model: Module) -> bool:
    """
    Tell whether the output for an example depends on the others in its mini-batch.

    Parameters
    ----------
    model
        The network.

    Returns
    -------
    bool
    """
    return any(isinstance(part, BatchNorm) for part in model.modules())


def numbers(outputs: Any) -> Any:
    """
    Take the numbers out of outputs.

    Parameters
    ----------
    outputs
        Values, in lists as deep as they come.

    Returns
    -------
    float or list
    """
    return [numbers(out) for out in outputs] if is_sequence(outputs) else data_of(outputs)


def joined(pieces: Sequence[Any]) -> Any:
    """
    Put the outputs of mini-batches after each other.

    Parameters
    ----------
    pieces
        Lists, or arrays of NumPy.

    Returns
    -------
    list or numpy.ndarray
        An array if all are.
    """
    if all(hasattr(piece, "tolist") for piece in pieces):
        import numpy as np  # noqa: PLC0415 - optional

        return np.concatenate(pieces)
    return [out for piece in pieces for out in (piece.tolist() if hasattr(piece, "tolist") else piece)]
