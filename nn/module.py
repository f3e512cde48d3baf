"""What every part of a network is: something that has parameters."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Self

from autograd import Value
from autograd.arguments import flag
from autograd.errors import ArgumentError
from nn.state import entries, fill, numbers_of
from nn.walking import walk

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Mapping


class Module:
    """
    A part of a network; its parameters are the Values in its attributes.

    They are found in lists, tuples, dicts, arrays and other modules too, in the order in which the attributes were set.
    A subclass says in `forward` what it computes, and is called as a function; one written for micrograd may define
    ``__call__`` itself.

    Examples
    --------
    >>> class Line(Module):
    ...     def __init__(self):
    ...         self.slope = Value(2.0)
    ...         self.offsets = [Value(1.0)]
    ...
    ...     def forward(self, x):
    ...         return self.slope * x + self.offsets[0]
    >>> Line()(3.0).data
    7.0
    >>> [name for name, parameter in Line().named_parameters()]
    ['slope', 'offsets.0']
    >>> Line()
    Line(2 parameters)
    """

    #: Attributes that are part of the state, but are not trained: numbers, or lists of them.
    buffer_names: ClassVar[tuple[str, ...]] = ()

    #: Whether the parts of it are left out of a summary.
    whole: ClassVar[bool] = False

    #: Whether it is being trained; `train` and `eval` set it. Dropout and BatchNorm compute something else then.
    training: bool = True

    _forward_hooks: tuple[Callable[..., None], ...] = ()

    # ------------------------------------------------------------------ computing

    def __call__(self, *inputs: Any, **options: Any) -> Any:
        """Compute what `forward` says."""
        return self.outputs(*inputs, **options)

    def forward(self, *inputs: Any, **options: Any) -> Any:
        """
        Compute the outputs; a subclass says how.

        Parameters
        ----------
        *inputs, **options
            Whatever the subclass takes.

        Returns
        -------
        list of Value
            Or whatever the subclass gives.

        Raises
        ------
        NotImplementedError
            The subclass has neither this method nor ``__call__``.
        """
        if type(self).__call__ is Module.__call__:
            msg = f"{type(self).__name__} must define forward(self, x)"
            raise NotImplementedError(msg)
        return self(*inputs, **options)

    def outputs(self, *inputs: Any, **options: Any) -> Any:
        """
        Compute the outputs as `forward` gives them: as a list, even where calling a layer gives a bare Value.

        Parameters
        ----------
        *inputs, **options
            As for `forward`.

        Returns
        -------
        list of Value
        """
        out = self.forward(*inputs, **options)
        for hook in self._forward_hooks:
            hook(self, inputs, out)
        return out

    def register_forward_hook(self, hook: Callable[[Module, tuple[Any, ...], Any], None]) -> ForwardHook:
        """
        Have a function called with every output, to look at it.

        Parameters
        ----------
        hook
            Called as ``hook(module, inputs, outputs)``.

        Returns
        -------
        ForwardHook
            Its ``remove()`` ends that, as does the end of a ``with`` block.
        """
        self._forward_hooks = (*self._forward_hooks, hook)
        return ForwardHook(self, hook)

    # ------------------------------------------------------------------ parts and parameters

    def parameters(self) -> list[Value]:
        """
        List the parameters; one that is shared, once.

        Returns
        -------
        list of Value
        """
        return [parameter for _, parameter in self.named_parameters()]

    def named_parameters(self) -> list[tuple[str, Value]]:
        """
        List the parameters with their names.

        Returns
        -------
        list of (str, Value)
            A name is the way to the parameter: ``layers.0.neurons.1.w.0``.

        Raises
        ------
        ValueError
            A parameter has been replaced by a computed node, as by ``self.w -= lr * self.w.grad``.
        """
        found: dict[Value, str] = {}
        computed: list[tuple[str, Value]] = []
        for path, part in walk(self):
            if isinstance(part, Value):
                if part.op:
                    computed.append((path, part))
                else:
                    found.setdefault(part, path)
        for path, node in computed:
            _check_not_updated(path, node, found)
        return [(name, parameter) for parameter, name in found.items()]

    def modules(self) -> list[Module]:
        """
        List the module and all modules in it, each once.

        Returns
        -------
        list of Module
        """
        return [module for _, module in self.named_modules()]

    def named_modules(self) -> list[tuple[str, Module]]:
        """
        List the module and all modules in it, each once, with their names.

        Returns
        -------
        list of (str, Module)
            The name of the module itself is empty.
        """
        return [(path, part) for path, part in walk(self) if isinstance(part, Module)]

    def zero_grad(self) -> None:
        """Set the gradients of all parameters to 0.0."""
        for parameter in self.parameters():
            parameter.grad = 0.0

    def train(self, mode: bool = True) -> Self:  # noqa: FBT001, FBT002 - PyTorch's signature
        """
        Set `training`, here and in all parts.

        Parameters
        ----------
        mode
            Whether the module is being trained.

        Returns
        -------
        Module
            Itself.
        """
        flag(mode, "train: mode")
        for module in self.modules():
            module.training = mode
        return self

    def eval(self) -> Self:
        """
        Say that the module is used, not trained.

        Returns
        -------
        Module
            Itself.
        """
        return self.train(mode=False)

    # ------------------------------------------------------------------ state

    def state_dict(self) -> dict[str, Any]:
        """
        Give the numbers of the parameters and buffers: all that training changes.

        Returns
        -------
        dict of str to float or list
            A list of parameters is a list of numbers under one name: ``layers.0.neurons.1.w``.

        Examples
        --------
        >>> import nn
        >>> nn.Neuron(2, init="zeros").state_dict()
        {'w': [0.0, 0.0], 'b': 0.0}
        """
        return {name: numbers_of(entry) for name, entry in entries(self).items()}

    def load_state_dict(self, state: Mapping[str, Any], *, strict: bool = True) -> None:
        """
        Set the numbers of the parameters and buffers.

        Parameters
        ----------
        state
            As `state_dict` gave it.
        strict
            Whether it must have every name, and no other.

        Raises
        ------
        TypeError, ValueError
            It is not the state of such a module: a name is missing or not known, or there are more or fewer numbers.
            Nothing has been changed then.
        """
        fill(self, state, strict=strict)

    def save(self, path: str | os.PathLike[str]) -> None:
        """
        Write the state into a file, in the safetensors format, every number as it is.

        Parameters
        ----------
        path
            Where. A file that is there is replaced, at once and as a whole.

        Raises
        ------
        ImportError
            safetensors is not installed.
        """
        from nn.saving import write  # noqa: PLC0415 - optional

        write(self.state_dict(), path)

    def load(self, path: str | os.PathLike[str]) -> Self:
        """
        Read the state from a file that `save` wrote.

        Parameters
        ----------
        path
            The file.

        Returns
        -------
        Module
            Itself.

        Raises
        ------
        ImportError
            safetensors is not installed.
        FileNotFoundError
            There is no such file.
        ValueError
            The file is damaged, or has the state of another module. Nothing has been changed then.
        """
        from nn.saving import read  # noqa: PLC0415 - optional

        self.load_state_dict(read(path))
        return self

    # ------------------------------------------------------------------ what it tells

    def extra_repr(self) -> str:
        """
        Say how the module was made, for `repr` and `summary`.

        Returns
        -------
        str
        """
        return ""

    def __repr__(self) -> str:
        said, count = self.extra_repr(), len(Module.parameters(self))
        children = [(path, part) for path, part in walk(self, deep=False) if path and isinstance(part, Module)]
        if not children:
            said = said or (f"{count} parameter{'s' * (count != 1)}" if count else "")
            return f"{type(self).__name__}({said})"
        lines = [f"({path}): {part!r}".replace("\n", "\n  ") for path, part in children]
        return "\n".join([f"{type(self).__name__}({said}", *(f"  {line}" for line in lines), ")"])

    def summary(self) -> str:
        """
        Write a table of the parts with their numbers of parameters.

        Returns
        -------
        str

        Examples
        --------
        >>> import nn
        >>> print(nn.MLP(2, [16, 16, 1], seed=0).summary())
        name      module                  parameters
        layers.0  Layer(2 to 16, relu)            48
        layers.1  Layer(16 to 16, relu)          272
        layers.2  Layer(16 to 1, linear)          17
        total     MLP                            337
        """
        counted: set[Value] = set()
        rows = [("name", "module", "parameters")]
        for path, part in walk(self, into=lambda part: not getattr(part, "whole", False)):
            if isinstance(part, Module):
                leaves = (each for _, each in walk(part, deep=part.whole) if isinstance(each, Value))
                own = {leaf for leaf in leaves if not leaf.op}
                described = part.extra_repr()
                if path:
                    rows.append((path, f"{type(part).__name__}({described})", f"{len(own - counted):,}"))
                counted |= own
        rows.append(("total", type(self).__name__, f"{len(counted):,}"))
        first, second, third = (max(map(len, column)) for column in zip(*rows, strict=True))
        return "\n".join(f"{name:<{first}}  {what:<{second}}  {count:>{third}}" for name, what, count in rows)


class ForwardHook:
    """
    A function that is called with every output of a module.

    Parameters
    ----------
    module
        Whose output.
    hook
        The function.
    """

    def __init__(self, module: Module, hook: Callable[..., None]) -> None:
        self._module = module
        self._hook = hook

    def remove(self) -> None:
        """Have it called no more."""
        self._module._forward_hooks = tuple(hook for hook in self._module._forward_hooks if hook is not self._hook)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.remove()


def _check_not_updated(path: str, node: Value, found: Mapping[Value, str]) -> None:
    """See that a computed node in a module is not what an update of a parameter has left in its place."""
    leaf = node
    while leaf.op in {"add", "sub"} and len(leaf.parents) == 1 and leaf.operands[0] is leaf.parents[0]:
        (leaf,) = leaf.parents
    if leaf is not node and not leaf.op and leaf not in found:
        msg = (
            f"{path} is no parameter any more: {node!r} is computed from one, as p -= lr * p.grad does, which makes a "
            "new node; change the number instead, as in p.data -= lr * p.grad"
        )
        raise ArgumentError(msg)
