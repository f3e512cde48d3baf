"""The steps of a graph as a sequence, each made when it is asked for."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, overload

from autograd.engine import Value
from autograd.errors import ArgumentError, OperandError
from autograd.stepping.backward import BackwardWording
from autograd.stepping.layers import Layer, layer_step, layers_of
from autograd.stepping.naming import names_of, variables_of_caller
from autograd.stepping.passes import Passes
from autograd.stepping.progress import data_known, grads_known
from autograd.stepping.step import Step
from autograd.stepping.updates import update_step
from autograd.stepping.wording import Wording, forward_step, opened
from autograd.tracing import comparisons_behind

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from os import PathLike

    from autograd.stepping.step import Sentence
    from autograd.tracing import Comparison

_BY = ("contribution", "node", "layer")
_LONGEST_PRINTED = 200  # steps that a notebook shows one by one


def steps(root: Value, by: str = "contribution", optimizer: Any = None, model: Any = None) -> Steps:
    """
    List the steps of computing a node and of differentiating it.

    Parameters
    ----------
    root
        The node. Its graph is left as it is: no ``grad`` is touched.
    by
        What one step of the backward pass is: ``"contribution"``: what one node hands to one of its operands;
        ``"node"``: the gradient of one node, as the sum of all that it gets; ``"layer"``: a whole layer, in the forward
        pass too.
    optimizer
        Show its update of each parameter in the graph, with the gradients of this sweep. Nothing is updated.
    model
        What has the layers, by its ``named_parameters()``, after which the parameters are called; without it each depth
        of the graph is a layer.

    Returns
    -------
    Steps
        First the forward pass, node by node, then the backward pass in topological order, then the update. A step is
        made when it is asked for.

    Raises
    ------
    TypeError
        `root` is not a Value, or `optimizer` or `model` is not one.
    ValueError
        There is no such `by`.

    Examples
    --------
    >>> a, b = Value(2.0, "a"), Value(-3.0, "b")
    >>> for step in steps(a * b + a):
    ...     print(step)
    v1 = a * b = 2 * (-3) = -6
    v2 = v1 + a = -6 + 2 = -4
    v1.grad += ∂v2/∂v1 · v2.grad = 1 · 1 → 1
    a.grad += ∂v2/∂a · v2.grad = 1 · 1 → 1
    a.grad += ∂v1/∂a · v1.grad = b · v1.grad = -3 · 1 → -2
    b.grad += ∂v1/∂b · v1.grad = a · v1.grad = 2 · 1 → 2
    >>> steps(a * b + a)[4].total
    'a.grad = 1 + (-3) = -2 (two paths: through v2, through v1)'
    >>> print(steps(a * b + a, by="node")[-1])
    a.grad = ∂v2/∂a · v2.grad + ∂v1/∂a · v1.grad = 1 · v2.grad + b · v1.grad = 1 · 1 + (-3) · 1 = -2
    """
    return Steps(root, by, optimizer, model, variables_of_caller())


class Steps(Sequence[Step]):
    """
    The steps of a graph; it is made by `steps`.

    Indexing makes a step, slicing a list of steps; printing shows them all, as text.

    Parameters
    ----------
    root, by, optimizer, model
        As for `steps`.
    variables
        Names for nodes that have no label.
    code
        The code that made the graph, if it is to be shown beside the steps.

    Attributes
    ----------
    code
        The code, or "". ``step.source.number`` is the line of a step in it.
    """

    def __init__(
        self, root: Value, by: str = "contribution", optimizer: Any = None, model: Any = None,
        variables: Mapping[Value, str] | None = None, code: str = "",
    ) -> None:  # fmt: skip
        if not isinstance(root, Value):
            msg = f"steps: root must be a Value, not {type(root).__name__} {root!r}"
            raise OperandError(msg)
        if by not in _BY:
            msg = f"steps: by must be one of {', '.join(map(repr, _BY))}, not {by!r}"
            raise ArgumentError(msg)
        if optimizer is not None and not (hasattr(optimizer, "parameters") and hasattr(optimizer, "explain")):
            msg = f"steps: optimizer must have parameters and explain(), as nn.SGD, not {type(optimizer).__name__}"
            raise OperandError(msg)
        self.root = root
        self.by = by
        self.optimizer = optimizer
        self.code = code
        self._passes = Passes(root)
        self.model = model
        if model is not None:
            self.layers  # noqa: B018 - a model that is none is found here
        parameters = {} if model is None else {node: name for name, node in model.named_parameters()}
        known = parameters | dict(variables or {})
        self._variables = {node: name for node, name in known.items() if node in self._passes.place}

    @property
    def order(self) -> Sequence[Value]:
        """The nodes in topological order, the root last."""
        return self._passes.order

    @property
    def swept(self) -> list[Value]:
        """The nodes that the sweep reaches, the root first."""
        return [self.order[place] for place in self._passes.swept]

    @cached_property
    def names(self) -> dict[Value, str]:
        """A short name for each node."""
        return names_of(self.order, self._variables)

    @cached_property
    def comparisons(self) -> list[Comparison]:
        """The comparisons that `trace_source` has seen, as far as their outcome depends on this graph."""
        return comparisons_behind(self.order)

    @cached_property
    def grads(self) -> dict[Value, float]:
        """The gradient of each node when the sweep has ended; 0.0 where it does not come."""
        return dict(zip(self.order, self._passes.grads))

    @cached_property
    def data(self) -> dict[Value, float]:
        """The number of each node, as it was when the steps were asked for."""
        return dict(zip(self.order, self._passes.data))

    @cached_property
    def layers(self) -> list[Layer]:
        """The layers, the first to be computed first."""
        return layers_of(self.order, self.model)

    @cached_property
    def _wording(self) -> Wording:
        return Wording(self._passes, self.names)

    @cached_property
    def _updated(self) -> list[Value]:
        """The parameters that the optimizer would move: those in the graph."""
        if self.optimizer is None:
            return []
        return [parameter for parameter in self.optimizer.parameters if parameter in self._passes.place]

    @cached_property
    def _parts(self) -> list[tuple[str, int, Callable[[int], Step]]]:
        """For each phase its name, its length, and what makes its steps."""
        passes, said = self._passes, self._wording
        update = ("update", len(self._updated), lambda i: update_step(said, self.optimizer, self._updated[i]))
        if self.by == "layer":
            layers = self.layers
            last = len(layers) - 1
            return [
                ("forward", len(layers), lambda i: layer_step(passes, layers, i, "forward")),
                ("backward", len(layers), lambda i: layer_step(passes, layers, last - i, "backward")),
                update,
            ]
        forward = ("forward", len(passes.computed), lambda i: forward_step(said, passes.computed[i]))
        backward = BackwardWording(said)
        if self.by == "node":
            return [
                forward,
                ("backward", len(passes.swept) - 1, lambda i: backward.collected(passes.swept[i + 1])),
                update,
            ]
        return [forward, ("backward", len(passes.shares), backward.contribution), update]

    def phase(self, name: str) -> range:
        """
        Tell which steps belong to a phase.

        Parameters
        ----------
        name
            ``"forward"``, ``"backward"`` or ``"update"``.

        Returns
        -------
        range

        Examples
        --------
        >>> x = Value(3.0, "x")
        >>> steps(x * x).phase("backward")
        range(1, 3)
        """
        if name not in self._phases:
            msg = f"phase must be 'forward', 'backward' or 'update', not {name!r}"
            raise ArgumentError(msg)
        return self._phases[name]

    @cached_property
    def _phases(self) -> dict[str, range]:
        phases, start = {}, 0
        for phase, length, _ in self._parts:
            phases[phase] = range(start, start + length)
            start += length
        return phases

    def __len__(self) -> int:
        return self._phases["update"].stop

    @overload
    def __getitem__(self, index: int) -> Step: ...
    @overload
    def __getitem__(self, index: slice) -> list[Step]: ...
    def __getitem__(self, index: int | slice) -> Step | list[Step]:
        if isinstance(index, slice):
            return [self[place] for place in range(len(self))[index]]
        place = range(len(self))[index]
        for _, length, make in self._parts:
            if place < length:
                return make(place)
            place -= length
        raise AssertionError

    def grouped(self, by: str) -> Steps:
        """
        Give the steps of the same passes, grouped in another way.

        Parameters
        ----------
        by
            What one step of the backward pass is, as for `steps`.

        Returns
        -------
        Steps
            With the same numbers, even if a leaf has changed since.

        Examples
        --------
        >>> x = Value(3.0, "x")
        >>> print(steps(x * x).grouped("node")[-1].total)
        x.grad = 3 + 3 = 6 (two paths: through v1 (as operand 1), through v1 (as operand 2))
        """
        if by == self.by:
            return self
        other = Steps(self.root, by, self.optimizer, self.model, self._variables, self.code)
        other._passes = self._passes
        return other

    def numbers_after(self, index: int) -> tuple[dict[int, float], dict[int, float]]:
        """
        Give what is known when a step has been made.

        Parameters
        ----------
        index
            Of the step.

        Returns
        -------
        data, grads
            The numbers and the gradients that are known, each by its node's place in the order; a gradient as far as it
            has been added up.

        Examples
        --------
        >>> x = Value(3.0, "x")
        >>> steps(x * x).numbers_after(1)
        ({0: 3.0, 1: 9.0}, {1: 1.0, 0: 3.0})
        """
        place = range(len(self))[index]
        done = {phase: max(0, min(place + 1, places.stop) - places.start) for phase, places in self._phases.items()}
        layers = self.layers if self.by == "layer" else None
        data = data_known(self._passes, layers, done["forward"])
        moved = (self[each] for each in self._phases["update"][: done["update"]])
        data |= {self._passes.place[step.node]: step.after for step in moved}
        return data, grads_known(self._passes, self.by, layers, done["backward"])

    def computed_as(self, node: Value) -> str:
        """
        Say of what a node is the result, in names.

        Parameters
        ----------
        node
            The result of an operation in the graph.

        Returns
        -------
        str

        Raises
        ------
        ValueError
            It is not in the graph, or a leaf.

        Examples
        --------
        >>> x = Value(3.0, "x")
        >>> y = x * 2
        >>> steps(y).computed_as(y)
        'x * 2'
        """
        symbols = forward_step(self._wording, self._place_of_result(node)).symbols
        return symbols.removeprefix(f"{self.names[node]} = ")

    def opened(self, node: Value) -> Sentence:
        """
        Say how a node was computed, with the operation written out: a ``dot`` as its products.

        Parameters
        ----------
        node
            The result of an operation in the graph.

        Returns
        -------
        Sentence

        Raises
        ------
        ValueError
            It is not in the graph, or a leaf.

        Examples
        --------
        >>> from autograd import dot
        >>> w, x = Value(0.5, "w"), Value(2.0, "x")
        >>> y = dot([w, 3], [x, w], 1)
        >>> print(steps(y).opened(y))
        y = w * x + 3 * w + 1 = 0.5 * 2 + 3 * 0.5 + 1 = 3.5
        """
        return opened(self._wording, self._place_of_result(node))

    def _place_of_result(self, node: Value) -> int:
        if node not in self._passes.place or not node.op:
            msg = f"node must be the result of an operation in the graph, not {node!r}"
            raise ArgumentError(msg)
        return self._passes.place[node]

    # ------------------------------------------------------------------ shown

    def __str__(self) -> str:
        lines = []
        for step in self:
            lines.append(str(step))
            if step.sum and len(step.sum.numbers) > 1 and self.by != "node":  # of one number there is no sum
                lines.append(f"  {step.total}")
        return "\n".join(lines)

    def __repr__(self) -> str:
        counts = ", ".join(f"{length} {phase}" for phase, length, _ in self._parts if length)
        return f"<Steps of {self.names[self.root]} by {self.by}: {counts or 'none'}>"

    def _repr_html_(self) -> str:
        """Show the stepper in a notebook."""
        from autograd.stepper import page  # noqa: PLC0415 - it takes time, and is for notebooks

        return page(self)

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        """Show the stepper in a notebook, and text elsewhere."""
        return {
            "text/plain": str(self) if len(self) <= _LONGEST_PRINTED else repr(self),
            "text/html": self._repr_html_(),
        }

    def to_html(self, path: str | PathLike[str]) -> None:
        """
        Write the stepper into a file of its own, which needs nothing beside it.

        Parameters
        ----------
        path
            Of the file; one that is there is replaced.
        """
        from autograd.stepper import document  # noqa: PLC0415 - it takes time, and few need it

        Path(path).write_text(document(self), "utf-8")
