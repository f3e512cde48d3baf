"""Models as modules of PyTorch, and back."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, NoReturn

from autograd import Value
from autograd.errors import ArgumentError, MissingExtraError, OperandError
from autograd.ops import TABLE
from autograd.rules import parameters
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
from nn.layers import MLP, Layer, Linear, Neuron
from nn.normalisation import BatchNorm, LayerNorm, RMSNorm
from nn.state import numbers_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from nn.module import Module

#: Operations that PyTorch has a module for, and the arguments that make it the same.
_MODULES: dict[str, tuple[str, dict[str, Any]]] = {
    "elu": ("ELU", {}),
    "gelu": ("GELU", {"approximate": "none"}),
    "gelu_tanh": ("GELU", {"approximate": "tanh"}),
    "hardtanh": ("Hardtanh", {"min_val": -1.0, "max_val": 1.0}),
    "leaky_relu": ("LeakyReLU", {}),
    "log_sigmoid": ("LogSigmoid", {}),
    "log_softmax": ("LogSoftmax", {"dim": -1}),
    "mish": ("Mish", {}),
    "relu": ("ReLU", {}),
    "selu": ("SELU", {}),
    "sigmoid": ("Sigmoid", {}),
    "silu": ("SiLU", {}),
    "softmax": ("Softmax", {"dim": -1}),
    "softplus": ("Softplus", {"beta": 1.0, "threshold": 40.0}),  # the identity beyond, as it is to the last digit
    "softsign": ("Softsign", {}),
    "tanh": ("Tanh", {}),
}

#: What PyTorch calls the options.
_OPTIONS = {"alpha": "alpha", "slope": "negative_slope"}

#: Operations of one number that it has as functions, by the same names and with the same results.
_FUNCTIONS = frozenset(
    """
    abs acos acosh asin asinh atan atanh ceil cos cosh erf erfc exp exp2 expm1 floor lgamma log log10 log1p log2
    reciprocal sign sin sinh sqrt square tan trunc
    """.split()  # noqa: SIM905 - a list of names
)


def to_torch(model: Module) -> Any:
    """
    Give an equivalent module of PyTorch, in double precision, with the weights copied.

    Parameters
    ----------
    model
        Of the modules of this package.

    Returns
    -------
    torch.nn.Module
        For examples of numbers in the last axis. It gives an axis of one number where a layer of one neuron gives the
        bare number here. Each part is being trained or not as it is here, and parameters that are shared are shared.

    Raises
    ------
    ImportError
        PyTorch is not installed.
    TypeError
        `model` is no module.
    NotImplementedError
        There is a module in it that PyTorch has no counterpart of.

    Examples
    --------
    >>> import nn
    >>> to_torch(nn.MLP(2, [3, 1], seed=0))
    Sequential(
      (0): Linear(in_features=2, out_features=3, bias=True)
      (1): ReLU()
      (2): Linear(in_features=3, out_features=1, bias=True)
    )
    """
    check_model(model, "to_torch")
    _torch()
    return _ToTorch().translated(model, "")


def from_torch(module: Any) -> Module:
    """
    Give an equivalent module of this package, with the weights copied.

    Parameters
    ----------
    module
        A ``torch.nn.Module``: ``Linear``, ``Sequential``, the usual activations, ``LayerNorm``, ``RMSNorm``,
        ``BatchNorm1d``, ``Dropout``, ``Embedding``, and what `to_torch` gives.

    Returns
    -------
    Module
        Each part is being trained or not as it is there, and parameters that are shared are shared.

    Raises
    ------
    ImportError
        PyTorch is not installed.
    TypeError
        `module` is no module of PyTorch.
    NotImplementedError
        There is a module in it that this package has no counterpart of, or one with such options.

    Notes
    -----
    PyTorch's ``Softplus()`` is the identity above 20, and so differs there by up to 2e-9.

    Examples
    --------
    >>> import torch
    >>> from_torch(torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.ReLU()))
    Sequential of [Linear(2, 3), ReLU()]
    """
    torch = _torch()
    if not isinstance(module, torch.nn.Module):
        msg = f"from_torch: module must be a torch.nn.Module, not {type(module).__name__} {module!r:.80}"
        raise OperandError(msg)
    made: Module = _FromTorch().translated(module, "")
    return made


def _torch() -> Any:
    try:
        import torch  # noqa: PLC0415 - optional
    except ImportError as error:
        msg = "what is handed on to PyTorch needs it: pip install 'chainrule[torch]'"
        raise MissingExtraError(msg) from error
    return torch


# ---------------------------------------------------------------------- to PyTorch


class _ToTorch:
    """Translates modules; one that is there twice, once."""

    def __init__(self) -> None:
        self._made: dict[int, Any] = {}
        self._told: set[Any] = set()
        self._shared = Shared("to_torch")

    def translated(self, part: Any, path: str) -> Any:
        if id(part) not in self._made:
            write = rule_for(part, _TO_TORCH) if hasattr(part, "forward") else None
            name = table_name(part) if write is None else None
            if write is not None:
                made = write(self, part, path)
                for inner in {*made.modules()} - self._told:  # the others are told by their own parts
                    inner.training = part.training
                    self._told.add(inner)
            elif name in _MODULES or name in _FUNCTIONS:
                made = self.activation(name, {}, path, part)
            else:
                raise unsupported(part, path, "to_torch", "PyTorch", "write it as a torch.nn.Module of your own")
            self._made[id(part)] = made
        return self._made[id(part)]

    def translated_all(self, parts: Sequence[Any], path: str) -> list[Any]:
        prefix = f"{path}." if path else ""
        return [self.translated(part, f"{prefix}layers.{place}") for place, part in enumerate(parts)]

    def parameter(self, values: Any, path: str, name: str) -> Any:
        torch = _torch()
        numbers = torch.tensor(numbers_of(values), dtype=torch.float64)
        return self._shared.get(values, f"{path}.{name}" if path else name, lambda: torch.nn.Parameter(numbers))

    def activation(self, name: str, options: dict[str, Any], path: str, part: Any) -> Any:
        if name in _FUNCTIONS:
            from nn.handoff.torch_modules import Function  # noqa: PLC0415 - it imports PyTorch

            return Function(name)
        if name not in _MODULES or any(isinstance(option, Value) for option in options.values()):
            trained = " with an option that is trained" if name in _MODULES else ""
            instead = f"the activation {name!r}{trained}; write it as a torch.nn.Module of your own"
            raise unsupported(part, path, "to_torch", "PyTorch", instead)
        module, given = _MODULES[name]
        names = [_OPTIONS[key] for key in _option_names(name)]
        return getattr(_torch().nn, module)(**given, **dict(zip(names, options_of(name, options), strict=True)))

    def linear(self, weight: Any, biases: list[Value] | None, path: str) -> Any:
        made = _torch().nn.Linear(len(weight[0]), len(weight), bias=biases is not None, device="meta")
        made.weight = self.parameter(weight, path, "weight")
        if biases is not None:
            made.bias = self.parameter(biases, path, "bias")
        return made


def _option_names(name: str) -> list[str]:
    return [each.name for each in parameters(TABLE[name])[1:]]


def _to_layer(to: _ToTorch, layer: Layer, path: str) -> Any:
    made = to.linear(layer.weight, biases_of(layer.neurons, path, "to_torch"), path)
    return _with_activation(to, made, activation_of(layer, path, "to_torch"), path, layer)


def _to_neuron(to: _ToTorch, neuron: Neuron, path: str) -> Any:
    made = to.linear([neuron.w], biases_of([neuron], path, "to_torch"), path)
    return _with_activation(to, made, neuron.activation, path, neuron)


def _with_activation(to: _ToTorch, linear: Any, name: str, path: str, part: Any) -> Any:
    return linear if name == LINEAR else _torch().nn.Sequential(linear, to.activation(name, {}, path, part))


def _to_mlp(to: _ToTorch, model: MLP, path: str) -> Any:
    torch = _torch()
    modules: list[Any] = []
    for made in to.translated_all(model.layers, path):
        modules += made if isinstance(made, torch.nn.Sequential) else [made]
    return torch.nn.Sequential(*modules)


def _to_sequential(to: _ToTorch, part: Sequential, path: str) -> Any:
    return _torch().nn.Sequential(*to.translated_all(part.layers, path))


def _to_residual(to: _ToTorch, part: Residual, path: str) -> Any:
    from nn.handoff import torch_modules  # noqa: PLC0415 - it imports PyTorch

    return torch_modules.Residual(*to.translated_all(part.layers, path))


def _to_embedding(to: _ToTorch, part: Embedding, path: str) -> Any:
    made = _torch().nn.Embedding(len(part.weight), len(part.weight[0]), device="meta")
    made.weight = to.parameter(part.weight, path, "weight")
    return made


def _to_layer_norm(to: _ToTorch, part: LayerNorm, path: str) -> Any:
    made = _torch().nn.LayerNorm(len(part.weight), eps=part.eps)
    made.weight, made.bias = to.parameter(part.weight, path, "weight"), to.parameter(part.bias, path, "bias")
    return made


def _to_rms_norm(to: _ToTorch, part: RMSNorm, path: str) -> Any:
    has_weights = part.weight is not None
    made = _torch().nn.RMSNorm(part.normalized_shape, eps=part.eps, elementwise_affine=has_weights)
    if has_weights:
        made.weight = to.parameter(part.weight, path, "weight")
    return made


def _to_batch_norm(to: _ToTorch, part: BatchNorm, path: str) -> Any:
    torch = _torch()
    made = torch.nn.BatchNorm1d(len(part.weight), eps=part.eps, momentum=part.momentum)
    made.weight, made.bias = to.parameter(part.weight, path, "weight"), to.parameter(part.bias, path, "bias")
    made.running_mean = torch.tensor(part.running_mean, dtype=torch.float64)
    made.running_var = torch.tensor(part.running_var, dtype=torch.float64)
    return made


_TO_TORCH: dict[type, Callable[[_ToTorch, Any, str], Any]] = {
    Activation: lambda to, part, path: to.activation(part.name, part.options, path, part),
    BatchNorm: _to_batch_norm,
    Dropout: lambda _, part, __: _torch().nn.Dropout(part.p),
    Embedding: _to_embedding,
    Layer: _to_layer,
    LayerNorm: _to_layer_norm,
    Linear: _to_layer,
    MLP: _to_mlp,
    Neuron: _to_neuron,
    RMSNorm: _to_rms_norm,
    Residual: _to_residual,
    Sequential: _to_sequential,
}

# ---------------------------------------------------------------------- from PyTorch


class _FromTorch:
    """Translates modules of PyTorch; one that is there twice, once."""

    def __init__(self) -> None:
        self._made: dict[int, Any] = {}
        self._values: dict[int, Any] = {}

    def translated(self, part: Any, path: str) -> Any:
        if id(part) not in self._made:
            write = rule_for(part, _from_torch_rules())
            if write is None:
                raise unsupported(
                    part, path, "from_torch", "chainrule", "replace it, or write an nn.Module of your own"
                )
            made = write(self, part, path)
            made.training = part.training
            self._made[id(part)] = made
        return self._made[id(part)]

    def values(self, parameter: Any) -> Any:
        """Give the Values for a parameter of PyTorch, in lists of its shape."""
        if id(parameter) not in self._values:
            self._values[id(parameter)] = _values_of(_numbers(parameter))
        return self._values[id(parameter)]


def _numbers(tensor: Any) -> Any:
    return tensor.detach().double().cpu().tolist()


def _values_of(numbers: Any) -> Any:
    return [_values_of(each) for each in numbers] if isinstance(numbers, list) else Value(numbers)


def _refuse(part: Any, path: str, why: str) -> NoReturn:
    raise unsupported(part, path, "from_torch", "chainrule", why)


def _need(part: Any, path: str, **wanted: Any) -> None:
    """See that a module has the options that there are here."""
    for option, value in wanted.items():
        given = getattr(part, option)
        if given != value:
            _refuse(part, path, f"{option} must be {value!r} there, not {given!r}")


def _from_linear(by: _FromTorch, part: Any, _: str) -> Linear:
    made = Linear(part.in_features, part.out_features, part.bias is not None, init="zeros")
    biases = [0.0] * part.out_features if part.bias is None else by.values(part.bias)
    for neuron, weights, bias in zip(made.neurons, by.values(part.weight), biases, strict=True):
        neuron.w, neuron.b = weights, bias
    return made


def _from_parts(made: Callable[..., Any]) -> Callable[[_FromTorch, Any, str], Any]:
    def write(by: _FromTorch, part: Any, path: str) -> Any:
        if not len(part):
            msg = f"from_torch: {path or 'the module'} must have a module at least, but is empty"
            raise ArgumentError(msg)
        prefix = f"{path}." if path else ""
        return made(*(by.translated(each, f"{prefix}{name}") for name, each in part._modules.items()))

    return write


def _from_embedding(by: _FromTorch, part: Any, path: str) -> Embedding:
    _need(part, path, padding_idx=None, max_norm=None, scale_grad_by_freq=False)
    made = Embedding(part.num_embeddings, part.embedding_dim, seed=0)
    made.weight = by.values(part.weight)
    return made


def _from_norm(kind: type[LayerNorm | RMSNorm]) -> Callable[[_FromTorch, Any, str], Any]:
    def write(by: _FromTorch, part: Any, path: str) -> Any:
        _need(part, path, elementwise_affine=True)
        if len(part.normalized_shape) != 1:
            _refuse(part, path, f"normalized_shape must be one number there, not {tuple(part.normalized_shape)}")
        made = kind(part.normalized_shape[0])
        made.eps = made.eps if part.eps is None else part.eps
        made.weight = by.values(part.weight)
        if isinstance(made, LayerNorm):
            if part.bias is None:
                _refuse(part, path, "bias must be True there, not False")
            made.bias = by.values(part.bias)
        return made

    return write


def _from_batch_norm(by: _FromTorch, part: Any, path: str) -> BatchNorm:
    _need(part, path, affine=True, track_running_stats=True)
    if part.momentum is None:
        _refuse(part, path, "momentum must be a number there, not None")
    made = BatchNorm(part.num_features, eps=part.eps, momentum=part.momentum)
    made.weight, made.bias = by.values(part.weight), by.values(part.bias)
    made.running_mean, made.running_var = _numbers(part.running_mean), _numbers(part.running_var)
    return made


def _from_softmax(name: str) -> Callable[[_FromTorch, Any, str], Activation]:
    def write(_: _FromTorch, part: Any, path: str) -> Activation:
        if part.dim not in {-1, 1}:
            _refuse(part, path, f"dim must be -1 or 1 there, not {part.dim}")
        return Activation(name)

    return write


def _from_gelu(_: _FromTorch, part: Any, __: str) -> Activation:
    return Activation("gelu_tanh" if part.approximate == "tanh" else "gelu")


def _from_activation(name: str, needed: dict[str, Any]) -> Callable[[_FromTorch, Any, str], Activation]:
    def write(_: _FromTorch, part: Any, path: str) -> Activation:
        _need(part, path, **needed)
        return Activation(name, **{own: getattr(part, _OPTIONS[own]) for own in _option_names(name)})

    return write


@cache
def _from_torch_rules() -> dict[type, Callable[[_FromTorch, Any, str], Any]]:
    torch = _torch()
    from nn.handoff import torch_modules  # noqa: PLC0415 - it imports PyTorch

    rules = {getattr(torch.nn, module): _from_activation(name, needed) for name, (module, needed) in _MODULES.items()}
    return {
        **rules,
        torch.nn.BatchNorm1d: _from_batch_norm,
        torch.nn.Dropout: lambda _, part, __: Dropout(part.p),
        torch.nn.Embedding: _from_embedding,
        torch.nn.GELU: _from_gelu,
        torch.nn.LayerNorm: _from_norm(LayerNorm),
        torch.nn.Linear: _from_linear,
        torch.nn.LogSoftmax: _from_softmax("log_softmax"),
        torch.nn.RMSNorm: _from_norm(RMSNorm),
        torch.nn.Sequential: _from_parts(Sequential),
        torch.nn.Softmax: _from_softmax("softmax"),
        torch.nn.Softplus: _from_softplus,
        torch_modules.Function: lambda _, part, __: Activation(part.name),
        torch_modules.Residual: _from_parts(Residual),
    }


def _from_softplus(_: _FromTorch, part: Any, path: str) -> Activation:
    _need(part, path, beta=1.0)
    if part.threshold < 20:
        _refuse(part, path, f"threshold must be at least 20 there, not {part.threshold}")
    return Activation("softplus")
