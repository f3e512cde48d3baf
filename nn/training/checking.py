"""What is seen to before training starts, so that it does not end in the middle of the night."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from autograd import no_grad
from autograd.errors import ArgumentError, AutogradError, OperandError
from nn.arguments import choose
from nn.losses import LOSSES
from nn.module import Module
from nn.optim import OPTIMIZERS, Optimizer
from nn.training.gradients import normalises_over_examples, outputs_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


def check_model(model: Any, role: str) -> Module:
    """
    See that something is a network with parameters.

    Parameters
    ----------
    model
        What was given.
    role
        Who was given it; the messages begin with it.

    Returns
    -------
    Module

    Raises
    ------
    TypeError, ValueError
        It is not.
    """
    if not isinstance(model, Module):
        msg = f"{role}: model must be a nn.Module, not {type(model).__name__}"
        raise OperandError(msg)
    if not model.parameters():
        msg = f"{role}: model must have parameters, but {type(model).__name__} has none"
        raise ArgumentError(msg)
    return model


def choose_loss(loss: str | Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    """
    Find a loss by its name.

    Parameters
    ----------
    loss
        A name, or the function itself.

    Returns
    -------
    function

    Raises
    ------
    TypeError, ValueError
        There is no such loss.
    """
    return loss if callable(loss) else choose(loss, LOSSES, "loss")


def choose_optimizer(optimizer: str | Optimizer, model: Module, lr: float | None, role: str) -> Optimizer:
    """
    Make an optimizer by its name, or see that a given one moves the network.

    Parameters
    ----------
    optimizer
        A name, or an optimizer.
    model
        The network.
    lr
        The learning rate of one that is given by name.
    role
        Who was given it; the messages begin with it.

    Returns
    -------
    Optimizer

    Raises
    ------
    TypeError, ValueError
        There is no such optimizer, or it has other parameters.
    """
    if isinstance(optimizer, str):
        kind = choose(optimizer.lower(), OPTIMIZERS, f"{role}: optimizer")
        return kind(model.parameters(), **({} if lr is None else {"lr": lr}))  # type: ignore[no-any-return]
    if not hasattr(optimizer, "step") or isinstance(optimizer, type):
        written = f"nn.{optimizer.__name__}(model.parameters(), lr=...)" if isinstance(optimizer, type) else "'adam'"
        msg = f"{role}: optimizer must be an optimizer or its name, as {written}, not {optimizer!r}"
        raise OperandError(msg)
    if lr is not None:
        msg = f"{role}: lr is for an optimizer that is given by name; this one has a learning rate already"
        raise ArgumentError(msg)
    own = set(model.parameters())
    foreign = [parameter for parameter in optimizer.parameters if parameter not in own]
    if foreign:
        msg = (
            f"{role}: the optimizer must have parameters of this model, but {len(foreign)} of its "
            f"{len(optimizer.parameters)} are not"
        )
        raise ArgumentError(msg)
    return optimizer


def check_examples(
    model: Module,
    loss: Callable[[Any, Any], Any],
    inputs: Sequence[Any],
    targets: Sequence[Any],
    places: Sequence[int],
    role: str,
) -> None:
    """
    See that the network takes such inputs, and the loss each of the targets.

    Parameters
    ----------
    model, loss
        The network, which is not being trained now, and its loss.
    inputs, targets
        The examples, all of one width.
    places
        What number each has in messages.
    role
        What they are; the messages begin with it.

    Raises
    ------
    TypeError, ValueError
        It is not so; the message names the example.
    """
    with no_grad():
        try:
            outputs = outputs_of(model, inputs[:1])
        except (TypeError, ValueError) as error:
            raise _at(error, f"{role}: the model does not take these inputs") from None
        tried = set()
        for i, target in zip(places, targets, strict=True):
            key = repr(target)
            if key not in tried:
                tried.add(key)
                try:
                    loss(outputs, [target])
                except (TypeError, ValueError) as error:
                    raise _at(error, f"{role}: example {i}") from None


def _at(error: Exception, where: str) -> Exception:
    """Put the place before what an error says; it stays of the same kind."""
    kind = type(error) if isinstance(error, AutogradError) else OperandError
    return kind(f"{where}: {error}")


def check_mini_batches(model: Module, count: int, size: int) -> None:
    """
    See that no mini-batch is too small for the network.

    Parameters
    ----------
    model
        The network.
    count, size
        Numbers of examples, in all and in a mini-batch.

    Raises
    ------
    ValueError
        BatchNorm would meet a single example.
    """
    last = count % size or min(size, count)
    if min(last, size) == 1 and normalises_over_examples(model):
        msg = (
            "fit: batch_size must not leave a mini-batch of one example, since BatchNorm normalises over at least two: "
            f"{count} examples in mini-batches of {size} do"
        )
        raise ArgumentError(msg)
