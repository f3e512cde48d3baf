"""What passes through a network, forward and backward, layer by layer."""

from __future__ import annotations

import math
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from autograd import Value
from nn.diagnosis.slopes import slopes_of
from nn.examples import has_examples, is_sequence
from nn.training.evaluating import training
from nn.training.gradients import outputs_of
from nn.training.layers import layers_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from nn.diagnosis.slopes import Slopes
    from nn.module import Module
    from nn.optim import Optimizer

#: A unit whose slope is below this share of the activation's largest is saturated, if the activation saturates.
SATURATED = 0.05

#: How biases are called, here and elsewhere.
_BIASES = {"b", "bias", "biases"}


@dataclass
class LayerMeasures:
    """
    What passes through a layer over a batch; of a layer that is called several times for an example, in one call.

    The gradient of an output is that of the example's own loss.

    Parameters
    ----------
    name
        Of the module; with the number of the call, if there are several.
    module
        The module.
    outputs
        All outputs, unit after unit, example after example.
    gradients
        As many gradients.
    mean, spread, size
        Of the outputs: mean, standard deviation, root mean square.
    saturated
        Share of outputs where the activation is nearly flat on both sides; None if it does not saturate.
    dead
        Share of units whose slope is 0 for every example; None if there is no activation.
    gradient_mean, gradient_spread, gradient_norm
        Of the gradients: mean, standard deviation, and the root mean square over the examples of their Euclidean norm.
    weight_norm, weight_gradient_norm
        Euclidean norms of the layer's weights and of their gradient, over all calls.
    learning_speed
        Norm of the gradient of the biases, ‖∂L/∂b‖; None if there are none.
    update_ratio
        Norm of the update of the weights over that of the weights; None if it is not known.
    """

    name: str
    module: Module
    outputs: list[float] = field(repr=False)
    gradients: list[float] = field(repr=False)
    mean: float
    spread: float
    size: float
    saturated: float | None
    dead: float | None
    gradient_mean: float
    gradient_spread: float
    gradient_norm: float
    weight_norm: float | None
    weight_gradient_norm: float | None
    learning_speed: float | None
    update_ratio: float | None = None


@dataclass
class Measurement:
    """
    What passes through a network over a batch.

    Parameters
    ----------
    layers
        For each layer, in the order in which they are called.
    loss
        The mean loss.
    inputs, targets
        The batch.
    lr
        The learning rate; None if there is no optimizer.
    """

    layers: list[LayerMeasures]
    loss: float
    inputs: Sequence[Sequence[float]]
    targets: Sequence[Any]
    lr: float | None = None


def measure(
    model: Module,
    inputs: Sequence[Any],
    targets: Sequence[Any],
    loss: Callable[[Any, Any], Any],
    optimizer: Optimizer | None = None,
) -> Measurement:
    """
    Compute a batch forward and backward, and look at each layer; the network and the optimizer stay as they were.

    Parameters
    ----------
    model
        The network.
    inputs, targets
        The batch.
    loss
        Of outputs and targets; it gives their mean.
    optimizer
        What would update the network.

    Returns
    -------
    Measurement
    """
    calls: dict[tuple[str, int], tuple[Module, list[list[Any]]]] = {}
    counts: dict[str, int] = {}
    grads = [(parameter, parameter.grad) for parameter in model.parameters()]
    state = model.state_dict()

    def noting(name: str) -> Callable[..., None]:
        def note(module: Module, _inputs: Any, outputs: Any) -> None:
            place = name, counts.get(name, 0)
            counts[name] = place[1] + 1
            calls.setdefault(place, (module, []))[1].extend(_rows(outputs))

        return note

    def network(rows: Any) -> Any:
        counts.clear()  # a new example
        return model(rows)

    try:
        with ExitStack() as stack:
            stack.enter_context(training(model))
            for name, part in layers_of(model):
                stack.enter_context(part.register_forward_hook(noting(name)))
            total = loss(outputs_of(model, inputs, network), targets)
        model.zero_grad()
        total.backward()
        layers = [
            _measures(name, call, len(inputs), module, rows, repeated=(name, 1) in calls)
            for (name, call), (module, rows) in calls.items()
        ]
        measured = Measurement(layers, total.data, inputs, targets)
        if optimizer is not None:
            measured.lr = optimizer.lr
            _measure_update(measured, optimizer)
    finally:
        model.load_state_dict(state)
        for parameter, grad in grads:
            parameter.grad = grad
    return measured


def _rows(outputs: Any) -> list[list[Any]]:
    """Give the outputs of each example in a call."""
    if has_examples(outputs):
        return [row for part in outputs for row in _rows(part)]
    return [list(outputs)] if is_sequence(outputs) else [[outputs]]


def _measures(
    name: str, call: int, count: int, module: Module, rows: list[list[Any]], *, repeated: bool
) -> LayerMeasures:
    flat = [out for row in rows for out in row]
    outputs = [out.data if isinstance(out, Value) else float(out) for out in flat]
    gradients = [count * out.grad if isinstance(out, Value) else 0.0 for out in flat]
    mean, spread = moments(outputs)
    gradient_mean, gradient_spread = moments(gradients)
    saturated, dead = _flat_shares(slopes_of(module), rows)
    weights, biases = weights_of(module), biases_of(module)
    return LayerMeasures(
        name=f"{name}[{call}]" if repeated else name,
        module=module,
        outputs=outputs,
        gradients=gradients,
        mean=mean,
        spread=spread,
        size=norm(outputs) / math.sqrt(len(outputs)),
        saturated=saturated,
        dead=dead,
        gradient_mean=gradient_mean,
        gradient_spread=gradient_spread,
        gradient_norm=norm(gradients) / math.sqrt(len(rows)),
        weight_norm=norm([w.data for w in weights]) if weights else None,
        weight_gradient_norm=norm([w.grad for w in weights]) if weights else None,
        learning_speed=norm([b.grad for b in biases]) if biases else None,
    )


def _flat_shares(slopes: Slopes | None, rows: list[list[Any]]) -> tuple[float | None, float | None]:
    """Give the shares of saturated outputs and of dead units."""
    if slopes is None or not all(isinstance(out, Value) and len(out.local_grads) == 1 for row in rows for out in row):
        return None, None
    steep = [[abs(out.local_grads[0]) / slopes.steepest for out in row] for row in rows]
    flat = [share for row in steep for share in row]
    saturated = sum(share < SATURATED for share in flat) / len(flat) if slopes.flat_sides == 2 else None
    if slopes.flat_sides == 0 or len({len(row) for row in steep}) > 1:
        return saturated, None
    units = list(zip(*steep, strict=True))
    return saturated, sum(not any(unit) for unit in units) / len(units)


def _measure_update(measured: Measurement, optimizer: Optimizer) -> None:
    """Let the optimizer take a step, and compare; the caller puts the parameters back."""
    before = {part: [w.data for w in weights_of(part)] for part in {layer.module for layer in measured.layers}}
    state = optimizer.state_dict()
    try:
        optimizer.step()
        for layer in measured.layers:
            layer.update_ratio = ratio_of_update(before[layer.module], weights_of(layer.module))
    finally:
        optimizer.load_state_dict(state)


def ratio_of_update(before: Sequence[float], weights: Sequence[Value]) -> float | None:
    """
    Compare an update with what was updated.

    Parameters
    ----------
    before
        The weights before.
    weights
        The weights now.

    Returns
    -------
    float or None
        Norm of the difference over the norm before; None if there are no weights, or all are 0.
    """
    size = norm(before)
    return norm([w.data - old for w, old in zip(weights, before, strict=True)]) / size if size else None


def weights_of(module: Module) -> list[Value]:
    """
    List the weights of a layer, without its biases.

    Parameters
    ----------
    module
        A part of a network.

    Returns
    -------
    list of Value
    """
    biases = set(biases_of(module))
    return [parameter for parameter in module.parameters() if parameter not in biases]


def biases_of(module: Module) -> list[Value]:
    """
    List the biases of a layer.

    Parameters
    ----------
    module
        A part of a network.

    Returns
    -------
    list of Value
        Those parameters whose name is that of biases.
    """
    named = module.named_parameters()
    return [parameter for name, parameter in named if name.rstrip("0123456789.").rpartition(".")[2] in _BIASES]


def moments(numbers: Sequence[float]) -> tuple[float, float]:
    """
    Give mean and standard deviation.

    Parameters
    ----------
    numbers
        At least one.

    Returns
    -------
    float, float
    """
    mean = sum(numbers) / len(numbers)
    return mean, norm([x - mean for x in numbers]) / math.sqrt(len(numbers))


def norm(numbers: Sequence[float]) -> float:
    """
    Give the Euclidean norm.

    Parameters
    ----------
    numbers
        Any.

    Returns
    -------
    float
    """
    return math.hypot(*numbers)
