"""Models as functions of JAX's arrays."""

from __future__ import annotations

from functools import reduce
from typing import TYPE_CHECKING, Any

from autograd import Value
from autograd.errors import ArgumentError, OperandError
from autograd.ops import TABLE
from autograd.primitives import import_jax
from autograd.rules import parameters
from autograd.rules.jax_arrays import jax_operation
from nn.activations import LINEAR, Activation
from nn.containers import Residual, Sequential
from nn.dropout import Dropout
from nn.embedding import Embedding
from nn.handoff.finding import (
    Shared,
    activation_of,
    biases_of,
    check_model,
    options_of,
    rule_for,
    table_name,
    unsupported,
)
from nn.language.transformer import GPT, CausalSelfAttention, TransformerBlock
from nn.layers import MLP, Layer, Linear, Neuron
from nn.normalisation import BatchNorm, LayerNorm, RMSNorm
from nn.state import numbers_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from nn.module import Module

    Step = Callable[[dict[str, Any], Any], Any]

_INSTEAD = (
    "record what it computes and hand that on: autograd.record(model, inputs=..., params=model.parameters()).to_jax()"
)


def to_jax(model: Module) -> tuple[Callable[[dict[str, Any], Any], Any], dict[str, Any]]:
    """
    Give a model as a function of JAX's arrays, which JAX can compile, differentiate and spread over devices.

    Layers stay products with matrices. It computes what the model does after ``eval()``: without dropout, and with the
    running averages of `BatchNorm`, which are part of the function, as numbers.

    Parameters
    ----------
    model
        Of the modules of this package.

    Returns
    -------
    apply
        ``apply(params, x)`` gives what ``model(x)`` gives, for one example, or for arrays of examples of any shape.
    params
        The parameters' numbers: arrays by name, as ``layers.0.weight``, in JAX's floats: single precision, unless
        ``jax.config.update("jax_enable_x64", True)`` has asked for more.

    Raises
    ------
    ImportError
        JAX is not installed.
    TypeError
        `model` is no module.
    NotImplementedError
        There is a module in it that is not of this package; the message says which, and what to do.

    Examples
    --------
    >>> import jax
    >>> import nn
    >>> apply, params = to_jax(nn.MLP(2, [3, 1], seed=0))
    >>> {name: array.shape for name, array in params.items()}["layers.0.weight"]
    (3, 2)
    >>> jax.jit(apply)(params, jax.numpy.ones((5, 2))).shape
    (5,)
    """
    check_model(model, "to_jax")
    import_jax()
    writer = _Writer()
    step = writer.step(model, "")
    is_bare = isinstance(model, Neuron | Layer | MLP) and not isinstance(model, Linear)

    def apply(params: dict[str, Any], x: Any) -> Any:
        """Compute what the model does after eval(), for one example or for arrays of them."""
        out = step(params, import_jax().numpy.asarray(x))
        return out[..., 0] if is_bare and out.shape[-1] == 1 else out

    return apply, writer.params


class _Writer:
    """Writes modules as functions of parameters and of an array whose last axis is an example."""

    def __init__(self) -> None:
        self.params: dict[str, Any] = {}
        self._shared = Shared("to_jax")

    def step(self, part: Any, path: str) -> Step:
        write = rule_for(part, _RULES) if hasattr(part, "forward") else None
        name = table_name(part) if write is None else None
        if name is not None and _is_activation(name):
            return self.activation(name, {}, path)
        if write is None:
            raise unsupported(part, path, "to_jax", "JAX", _INSTEAD)
        return write(self, part, f"{path}." if path else "")  # type: ignore[no-any-return]

    def steps(self, parts: Sequence[Any], prefix: str) -> Step:
        steps = [self.step(part, f"{prefix}layers.{place}") for place, part in enumerate(parts)]
        return lambda params, x: reduce(lambda out, step: step(params, out), steps, x)

    def parameter(self, values: Any, name: str) -> str:
        """Give the name of parameters among `params`, where they are put."""
        found: str = self._shared.get(values, name, lambda: name)
        if found not in self.params:
            self.params[found] = import_jax().numpy.asarray(numbers_of(values), float)
        return found

    def activation(self, name: str, options: dict[str, Any], prefix: str) -> Step:
        if name == LINEAR:
            return lambda _, x: x
        np, function = import_jax().numpy, jax_operation(name)
        if parameters(TABLE[name])[0].kind == "sequence":
            return lambda _, x: np.stack(function(list(np.moveaxis(x, -1, 0))), axis=-1)
        given = [
            self.parameter(option, f"{prefix}options.{key.name}") if isinstance(option, Value) else option
            for key, option in zip(parameters(TABLE[name])[1:], options_of(name, options), strict=True)
        ]
        return lambda params, x: function(x, *(params[each] if isinstance(each, str) else each for each in given))


def _neurons(
    writer: _Writer, part: Layer | Neuron, weights: Any, biases: Any, names: tuple[str, str], path: str
) -> Step:
    neurons = [part] if isinstance(part, Neuron) else part.neurons
    width = len(neurons[0].w)
    weight = writer.parameter(weights, names[0])
    bias = None if biases is None else writer.parameter(biases, names[1])
    name = part.activation if isinstance(part, Neuron) else activation_of(part, path, "to_jax")
    activate = writer.activation(name, {}, path)

    def step(params: dict[str, Any], x: Any) -> Any:
        _check_width(x, width, part)
        out = x @ params[weight].T
        return activate(params, out if bias is None else out + params[bias])

    return step


def _layer(writer: _Writer, layer: Layer, prefix: str) -> Step:
    biases = biases_of(layer.neurons, prefix.rstrip("."), "to_jax")
    return _neurons(writer, layer, layer.weight, biases, (f"{prefix}weight", f"{prefix}bias"), prefix.rstrip("."))


def _neuron(writer: _Writer, neuron: Neuron, prefix: str) -> Step:
    biases = biases_of([neuron], prefix.rstrip("."), "to_jax")
    return _neurons(writer, neuron, [neuron.w], biases, (f"{prefix}w", f"{prefix}b"), prefix.rstrip("."))


def _activation(writer: _Writer, part: Activation, prefix: str) -> Step:
    return writer.activation(part.name, part.options, prefix)


def _sequential(writer: _Writer, part: Sequential | MLP, prefix: str) -> Step:
    return writer.steps(part.layers, prefix)


def _residual(writer: _Writer, part: Residual, prefix: str) -> Step:
    inner = writer.steps(part.layers, prefix)

    def step(params: dict[str, Any], x: Any) -> Any:
        out = inner(params, x)
        if out.shape != x.shape:
            msg = f"{part!r} needs as many outputs as inputs to add them, but has {out.shape[-1]} for {x.shape[-1]}"
            raise ArgumentError(msg)
        return x + out

    return step


def _embedding(writer: _Writer, part: Embedding, prefix: str) -> Step:
    np = import_jax().numpy
    weight = writer.parameter(part.weight, f"{prefix}weight")
    count = len(part.weight)

    def step(params: dict[str, Any], index: Any) -> Any:
        if not np.issubdtype(index.dtype, np.integer):
            msg = f"{part!r}: an index must be an integer, not {index.dtype}"
            raise OperandError(msg)
        # JAX cannot raise for a number: what is outside of the table is nan
        return np.take(params[weight], np.where(index < 0, count, index), axis=0, mode="fill", fill_value=np.nan)

    return step


def _dropout(_: _Writer, __: Dropout, ___: str) -> Step:
    return lambda _, x: x


def _layer_norm(writer: _Writer, part: LayerNorm, prefix: str) -> Step:
    weight = writer.parameter(part.weight, f"{prefix}weight")
    bias = writer.parameter(part.bias, f"{prefix}bias")

    def step(params: dict[str, Any], x: Any) -> Any:
        _check_width(x, len(part.weight), part)
        deviations = x - x.mean(axis=-1, keepdims=True)
        return deviations * _scale(deviations, part.eps) * params[weight] + params[bias]

    return step


def _rms_norm(writer: _Writer, part: RMSNorm, prefix: str) -> Step:
    weight = None if part.weight is None else writer.parameter(part.weight, f"{prefix}weight")

    def step(params: dict[str, Any], x: Any) -> Any:
        _check_width(x, part.normalized_shape, part)
        scaled = x * _scale(x, part.eps)
        return scaled if weight is None else scaled * params[weight]

    return step


def _scale(x: Any, eps: float) -> Any:
    return ((x * x).mean(axis=-1, keepdims=True) + eps) ** -0.5


def _batch_norm(writer: _Writer, part: BatchNorm, prefix: str) -> Step:
    np = import_jax().numpy
    weight = writer.parameter(part.weight, f"{prefix}weight")
    bias = writer.parameter(part.bias, f"{prefix}bias")
    mean, variance = np.array(part.running_mean), np.array(part.running_var)
    eps = part.eps

    def step(params: dict[str, Any], x: Any) -> Any:
        _check_width(x, len(mean), part)
        return (x - mean) * (variance + eps) ** -0.5 * params[weight] + params[bias]

    return step


def _gpt(writer: _Writer, part: GPT, prefix: str) -> Step:
    embedded = writer.step(part.token_embedding, f"{prefix}token_embedding")
    positions = writer.parameter(part.position_embedding.weight, f"{prefix}position_embedding.weight")
    normed = writer.step(part.norm, f"{prefix}norm")
    blocks = [writer.step(block, f"{prefix}blocks.{place}") for place, block in enumerate(part.blocks)]
    head = writer.step(part.head, f"{prefix}head")

    def step(params: dict[str, Any], tokens: Any) -> Any:
        count = tokens.shape[-1]
        if count > part.block_size:
            msg = f"{count} tokens are more than this GPT can look at: give {part.block_size} at most"
            raise ArgumentError(msg)
        x = normed(params, embedded(params, tokens) + params[positions][:count])
        return head(params, reduce(lambda x, block: block(params, x), blocks, x))

    return step


def _block(writer: _Writer, part: TransformerBlock, prefix: str) -> Step:
    normed, attention, wide, narrow = (
        writer.step(getattr(part, name), f"{prefix}{name}") for name in ("norm", "attention", "wide", "narrow")
    )
    relu = writer.activation("relu", {}, prefix)

    def step(params: dict[str, Any], x: Any) -> Any:
        x = x + attention(params, normed(params, x))
        return x + narrow(params, relu(params, wide(params, normed(params, x))))

    return step


def _attention(writer: _Writer, part: CausalSelfAttention, prefix: str) -> Step:
    np = import_jax().numpy
    query, key, value, out = (
        writer.step(getattr(part, name), f"{prefix}{name}") for name in ("query", "key", "value", "out")
    )
    softmax = writer.activation("softmax", {}, prefix)

    def step(params: dict[str, Any], x: Any) -> Any:
        """Look back from all tokens at once; the last two axes of `x` are the tokens, and the numbers of each."""
        count = x.shape[-2]
        heads = [each(params, x).reshape(*x.shape[:-1], part.n_head, part.head_size) for each in (query, key, value)]
        scores = np.einsum("...qhd,...khd->...hqk", *heads[:2]) / part.head_size**0.5
        seen = np.tri(count, dtype=bool)
        weights = softmax(params, np.where(seen, scores, -np.inf))
        return out(params, np.einsum("...hqk,...khd->...qhd", weights, heads[2]).reshape(x.shape))

    return step


def _is_activation(name: str) -> bool:
    first, *others = parameters(TABLE[name])
    maps_a_list = first.kind == "sequence" and TABLE[name].value.startswith("[")
    return maps_a_list or (first.kind == "scalar" and all(each.default for each in others))


def _check_width(x: Any, width: int, who: object) -> None:
    if x.shape[-1:] != (width,):
        name, _, _ = repr(who).partition(" of [")  # without all neurons of a layer
        msg = f"{name} takes {width} inputs, not an array of shape {x.shape}"
        raise ArgumentError(msg)


_RULES = {
    Activation: _activation,
    BatchNorm: _batch_norm,
    CausalSelfAttention: _attention,
    Dropout: _dropout,
    Embedding: _embedding,
    GPT: _gpt,
    Layer: _layer,
    LayerNorm: _layer_norm,
    Linear: _layer,
    MLP: _sequential,
    Neuron: _neuron,
    RMSNorm: _rms_norm,
    Residual: _residual,
    Sequential: _sequential,
    TransformerBlock: _block,
}
