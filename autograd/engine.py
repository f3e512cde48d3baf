"""
The engine: a number that remembers how it was computed.

A `Value` is a node of a computation graph. Each operation makes a new node that keeps the nodes it was computed from
(its *parents*) and, for each of them, the *local derivative*: how fast the result changes with that parent. This is
all that backpropagation needs. `Value.backward` walks the graph from the result to the leaves, every node after all
nodes that use it, and hands each parent its share, by the chain rule::

    parent.grad += ∂node/∂parent · node.grad

The six arithmetic operators are written out here. Every other operation is one entry of the table in
``autograd/ops.py``, turned into functions of Values by ``autograd/rules``.
"""

from __future__ import annotations

import operator
import os
from threading import RLock
from typing import TYPE_CHECKING, Any, Self, SupportsFloat

from autograd.errors import ARITHMETIC_ERRORS, OperandError, failure
from autograd.operands import beside, number
from autograd.primitives import power_by_base, power_by_exponent, real_power
from autograd.watchers import show_comparison, show_detached, show_node, show_sweep, watched

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Value", "topological_order"]


class Value:
    """
    A scalar, its gradient, and how it was computed.

    Parameters
    ----------
    data
        The number; it is kept as a ``float``.
    label
        A name for messages and drawings.

    Raises
    ------
    TypeError
        `data` is not a real number, or more is given than these two.

    Examples
    --------
    >>> a, b = Value(2.0, "a"), Value(-3.0, "b")
    >>> c = a * b + a
    >>> c.backward()
    >>> c.data, a.grad, b.grad
    (-4.0, -2.0, 2.0)
    """

    # An operation of one or two arguments has its parents in _first and _second, each in its argument's place (None
    # where a plain number stands), and their local derivatives in _d_first and _d_second. _rest has what these cannot
    # hold: that plain number, or the `Many` operands of an operation like sum. The operation's name and the node's
    # label share _tag. A leaf has no operation: its tag is empty.
    __slots__ = ("_d_first", "_d_second", "_data", "_first", "_grad", "_mark", "_rest", "_second", "_tag")

    if TYPE_CHECKING:
        _data: float
        _grad: float
        _tag: str
        _first: Value | None
        _second: Value | None
        _d_first: float
        _d_second: float
        _rest: Any
        _mark: object

        # the operations of the table are attached by autograd.rules
        def __getattr__(self, name: str) -> Callable[..., Any]: ...

    def __init__(self, data: SupportsFloat, label: str = "", *more: object, **other: object) -> None:
        if more or other:
            msg = (
                "Value takes data and label, nothing else: parents are recorded by the operations; an operation of "
                "your own is made with autograd.register, or with autograd.custom where no expression can state it"
            )
            raise TypeError(msg)
        self._data = number(data, "Value: data")
        self._grad = 0.0
        self._tag = ""
        self._first = self._second = self._rest = self._mark = None
        self._d_first = self._d_second = 0.0
        if label != "":
            self.label = label

    # ------------------------------------------------------------------ what a node tells

    @property
    def data(self) -> float:
        """The number. Setting it does not change what was computed from it before."""
        return self._data

    @data.setter
    def data(self, data: SupportsFloat) -> None:
        self._data = number(data, "Value.data")

    @property
    def grad(self) -> float:
        """∂(root)/∂(this node), summed over the sweeps for a leaf; 0.0 before the first sweep."""
        return self._grad

    @grad.setter
    def grad(self, grad: SupportsFloat) -> None:
        self._grad = number(grad, "Value.grad")

    @property
    def op(self) -> str:
        """Name of the operation that made this node, an entry of the table; "" for a leaf."""
        return str(self._tag)

    @property
    def label(self) -> str:
        """A name for messages and drawings."""
        return self._tag.label if isinstance(self._tag, _LabelledTag) else ""

    @label.setter
    def label(self, label: str) -> None:
        if not isinstance(label, str):
            msg = f"Value.label must be a str, not {type(label).__name__} {label!r}"
            raise OperandError(msg)
        self._tag = _LabelledTag(self._tag, label)

    @property
    def parents(self) -> tuple[Value, ...]:
        """The Values among the operands, in argument order; one that is an operand twice is here twice."""
        if self._rest.__class__ is Many:
            return self._rest.parents
        if self._second is None:
            return () if self._first is None else (self._first,)
        return (self._second,) if self._first is None else (self._first, self._second)

    @property
    def local_grads(self) -> tuple[float, ...]:
        """∂(node)/∂(parent) for each of `parents`; 0.0 for a branch that was not taken."""
        if self._rest.__class__ is Many:
            return tuple(0.0 if slope is None else slope for slope in self._rest.local_grads)
        if self._second is None:
            return () if self._first is None else (self._d_first,)
        return (self._d_second,) if self._first is None else (self._d_first, self._d_second)

    @property
    def taken(self) -> tuple[bool, ...]:
        """For each of `parents`, whether the operation took that branch; nothing flows back into one not taken."""
        if self._rest.__class__ is Many:
            return tuple(slope is not None for slope in self._rest.local_grads)
        return (True,) * len(self.parents)

    @property
    def operands(self) -> tuple[Value | float, ...]:
        """What the operation was applied to, in argument order: Values and plain numbers."""
        if self._rest.__class__ is Many:
            return self._rest.operands
        if self._second is not None:
            return (self._rest if self._first is None else self._first), self._second
        if self._first is None:
            return ()
        return (self._first,) if self._rest is None else (self._first, self._rest)

    def item(self) -> float:
        """Return the number, as a Python float."""
        return self._data

    def detach(self) -> Value:
        """Return a new leaf with the same number, from which no gradient flows back; inside `record`, a new node."""
        detached = show_detached(self) if watched else None
        return Value(self._data, self.label) if detached is None else detached

    def __repr__(self) -> str:
        label = f", label={self.label!r}" if self.label else ""
        return f"Value(data={self._data}, grad={self._grad}{label})"

    def __format__(self, spec: str) -> str:
        return format(self._data, spec) if spec else repr(self)

    # ------------------------------------------------------------------ the six operators

    def __add__(self, other: Any) -> Value:
        if isinstance(other, Value):
            return make_node("add", self._data + other._data, self, other, 1.0, 1.0)
        constant = beside(other, "add", "__radd__")
        if constant is NotImplemented:
            return NotImplemented
        return make_node("add", self._data + constant, self, None, 1.0, 0.0, constant)

    def __radd__(self, other: Any) -> Value:
        constant = beside(other, "add", "__add__")
        if constant is NotImplemented:
            return NotImplemented
        return make_node("add", constant + self._data, None, self, 0.0, 1.0, constant)

    def __sub__(self, other: Any) -> Value:
        if isinstance(other, Value):
            return make_node("sub", self._data - other._data, self, other, 1.0, -1.0)
        constant = beside(other, "sub", "__rsub__")
        if constant is NotImplemented:
            return NotImplemented
        return make_node("sub", self._data - constant, self, None, 1.0, 0.0, constant)

    def __rsub__(self, other: Any) -> Value:
        constant = beside(other, "sub", "__sub__")
        if constant is NotImplemented:
            return NotImplemented
        return make_node("sub", constant - self._data, None, self, 0.0, -1.0, constant)

    def __mul__(self, other: Any) -> Value:
        if isinstance(other, Value):
            return make_node("mul", self._data * other._data, self, other, other._data, self._data)
        constant = beside(other, "mul", "__rmul__")
        if constant is NotImplemented:
            return NotImplemented
        return make_node("mul", self._data * constant, self, None, constant, 0.0, constant)

    def __rmul__(self, other: Any) -> Value:
        constant = beside(other, "mul", "__mul__")
        if constant is NotImplemented:
            return NotImplemented
        return make_node("mul", constant * self._data, None, self, 0.0, constant, constant)

    def __truediv__(self, other: Any) -> Value:
        divisor = other if isinstance(other, Value) else beside(other, "truediv", "__rtruediv__")
        return NotImplemented if divisor is NotImplemented else _quotient(self, divisor)

    def __rtruediv__(self, other: Any) -> Value:
        dividend = beside(other, "truediv", "__truediv__")
        return NotImplemented if dividend is NotImplemented else _quotient(dividend, self)

    def __pow__(self, other: Any) -> Value:
        exponent = other if isinstance(other, Value) else beside(other, "pow", "__rpow__")
        return NotImplemented if exponent is NotImplemented else _power(self, exponent)

    def __rpow__(self, other: Any) -> Value:
        base = beside(other, "pow", "__pow__")
        return NotImplemented if base is NotImplemented else _power(base, self)

    def __neg__(self) -> Value:
        return make_node("neg", -self._data, self, None, -1.0, 0.0)

    def __pos__(self) -> Value:
        return self

    # ------------------------------------------------------------------ a node beside numbers

    def __lt__(self, other: Any) -> bool:
        return _compare(self, other, operator.lt, "__gt__")

    def __le__(self, other: Any) -> bool:
        return _compare(self, other, operator.le, "__ge__")

    def __gt__(self, other: Any) -> bool:
        return _compare(self, other, operator.gt, "__lt__")

    def __ge__(self, other: Any) -> bool:
        return _compare(self, other, operator.ge, "__le__")

    def __bool__(self) -> bool:
        outcome = self._data != 0.0
        return show_comparison(self, operator.ne, 0.0, outcome=outcome) if watched else outcome

    def __float__(self) -> float:
        msg = (
            "a Value is not converted to a float, since that would cut the graph without a word: for the number write "
            "v.data, for a function of a Value write autograd.exp(v) in place of math.exp(v)"
        )
        raise OperandError(msg)

    def __int__(self) -> int:
        return int(float(self))

    # ------------------------------------------------------------------ the chain rule

    def backward(self, gradient: SupportsFloat = 1.0) -> None:
        """
        Compute the derivative of this node with respect to every node it depends on, by the chain rule.

        The gradient of a leaf is added to its ``grad``, so that several sweeps sum up; an inner node's ``grad`` is
        its derivative in the latest sweep. What is differentiated is what was computed, even if ``data`` has been
        changed since.

        Parameters
        ----------
        gradient
            The derivative of whatever is to be differentiated with respect to this node.

        Raises
        ------
        TypeError
            `gradient` is not a real number.

        Examples
        --------
        >>> x = Value(3.0)
        >>> y = x * x * 2
        >>> y.backward()
        >>> x.grad
        12.0
        """
        seed = number(gradient, "Value.backward: gradient")
        with _one_at_a_time:
            order = topological_order(self, live=True)
            leaves: list[tuple[Value, float]] = []
            try:
                for node in order:
                    if not node._tag:
                        leaves.append((node, node._grad))
                    node._grad = 0.0
                self._grad = seed
                _sweep(order)
                if watched:
                    show_sweep(order, lambda node: node._grad)
                for leaf, before in leaves:
                    leaf._grad += before
            except BaseException:  # even a KeyboardInterrupt: a sweep counts as a whole or not at all
                for leaf, before in leaves:
                    leaf._grad = before
                raise

    def zero_grad(self) -> None:
        """Set the gradient of this node and of every node it depends on to 0.0."""
        for node in topological_order(self):
            node._grad = 0.0


def topological_order(*roots: Value, live: bool = False, mark: object | None = None) -> list[Value]:
    """
    List every node that the roots depend on, each after its parents.

    Read backwards it is the order of backpropagation: when a node's turn comes, all nodes that use it have had theirs,
    so its gradient is complete. A stack in place of recursion makes the depth of a graph a matter of memory alone.

    Parameters
    ----------
    *roots
        Where to start. They are in the list too.
    live
        Leave out what can be reached only through a branch that was not taken.
    mark
        Nodes that carry this mark are left out, with all they depend on, and those listed get it: to go on where an
        earlier call with the same mark ended.

    Returns
    -------
    list of Value

    Examples
    --------
    >>> a = Value(2.0, "a")
    >>> b = a * a
    >>> [node.op or node.label for node in topological_order(b + a)]
    ['a', 'mul', 'add']
    """
    with _one_at_a_time:
        visited = object() if mark is None else mark
        order: list[Value] = []
        stack: list[Value | None] = [*reversed(roots)]
        while stack:
            node = stack.pop()
            if node is None:  # all that the node beneath depends on has been listed
                order.append(stack.pop())  # type: ignore[arg-type]
            elif node._mark is not visited:
                node._mark = visited
                if not node._tag:
                    order.append(node)
                    continue
                stack.append(node)
                stack.append(None)
                parent = node._second
                if parent is not None and parent._mark is not visited:
                    stack.append(parent)
                parent = node._first
                if parent is not None and parent._mark is not visited:
                    stack.append(parent)
                if node._rest.__class__ is Many:
                    many = node._rest
                    for parent, slope in zip(reversed(many.parents), reversed(many.local_grads)):
                        if parent._mark is not visited and not (live and slope is None):
                            stack.append(parent)
        return order


def _sweep(order: list[Value]) -> None:
    """Hand every node's gradient on to its parents, the last node first."""
    for node in reversed(order):
        grad = node._grad
        parent = node._first
        if parent is not None:
            parent._grad += node._d_first * grad
        parent = node._second
        if parent is not None:
            parent._grad += node._d_second * grad
        elif node._rest.__class__ is Many:
            many = node._rest
            for parent, slope in zip(many.parents, many.local_grads):
                if slope is not None:  # nothing flows into a branch that was not taken, not even 0 * inf
                    parent._grad += slope * grad


class Many:
    """
    What a node keeps of an operation with many operands, or with a branch that was not taken.

    Parameters
    ----------
    operands
        Values and plain numbers, in argument order.
    parents
        The Values among them.
    local_grads
        The local derivative for each parent; None where the operation did not take that branch.
    """

    __slots__ = ("local_grads", "operands", "parents")

    if TYPE_CHECKING:
        operands: tuple[Value | float, ...]
        parents: tuple[Value, ...]
        local_grads: tuple[float | None, ...]

    def __init__(
        self, operands: tuple[Value | float, ...], parents: tuple[Value, ...], local_grads: tuple[float | None, ...]
    ) -> None:
        self.operands = operands
        self.parents = parents
        self.local_grads = local_grads


def make_node(
    op: str, data: float, first: Value | None, second: Value | None, d_first: float, d_second: float, rest: Any = None
) -> Value:
    """
    Make the node of an operation's result; every operation ends here.

    Parameters
    ----------
    op
        Name of the operation.
    data
        Its result.
    first, second
        The parents in the first and the second argument; None where there is none.
    d_first, d_second
        ∂(result)/∂(parent); 0.0 where there is none.
    rest
        The plain number among two operands, or `Many` operands, for which `first` and `second` are None.

    Returns
    -------
    Value
    """
    node = _new(Value)
    node._data = data
    node._grad = 0.0
    node._tag = op
    node._first = first
    node._second = second
    node._d_first = d_first
    node._d_second = d_second
    node._rest = rest
    node._mark = None
    return show_node(node) if watched else node


def _quotient(x: Any, y: Any) -> Value:
    """Divide; at least one of the two is a Value."""
    a = x._data if isinstance(x, Value) else x
    b = y._data if isinstance(y, Value) else y
    try:
        out = a / b
    except ZeroDivisionError as error:
        raise failure(error, "truediv", (x, y)) from None
    if not isinstance(x, Value):
        return make_node("truediv", out, None, y, 0.0, -out / b, x)
    if not isinstance(y, Value):
        return make_node("truediv", out, x, None, 1.0 / b, 0.0, y)
    return make_node("truediv", out, x, y, 1.0 / b, -out / b)


def _power(x: Any, y: Any) -> Value:
    """Raise to a power; at least one of the two is a Value."""
    a = x._data if isinstance(x, Value) else x
    b = y._data if isinstance(y, Value) else y
    try:
        out = real_power(a, b)
    except ARITHMETIC_ERRORS as error:
        raise failure(error, "pow", (x, y)) from None
    if not isinstance(x, Value):
        return make_node("pow", out, None, y, 0.0, power_by_exponent(a, b), x)
    if not isinstance(y, Value):
        return make_node("pow", out, x, None, power_by_base(a, b), 0.0, y)
    return make_node("pow", out, x, y, power_by_base(a, b), power_by_exponent(a, b))


def _compare(node: Value, other: Any, operation: Callable[[float, float], bool], reflected: str) -> bool:
    """Compare by data."""
    bound = other._data if isinstance(other, Value) else beside(other, operation.__name__, reflected)
    if bound is NotImplemented:
        return NotImplemented  # type: ignore[no-any-return]
    outcome = operation(node._data, bound)
    if watched:
        show_comparison(node, operation, other if isinstance(other, Value) else bound, outcome=outcome)
    return outcome


_new = object.__new__

#: Sweeps and walks leave marks on nodes; two graphs may share leaves.
_one_at_a_time = RLock()
if hasattr(os, "register_at_fork"):  # a forked process lacks the thread that may have held the lock
    os.register_at_fork(after_in_child=_one_at_a_time._at_fork_reinit)  # type: ignore[attr-defined]


class _LabelledTag(str):
    """An operation's name together with the node's label: most nodes have no label, and should not pay for one."""

    __slots__ = ("label",)

    label: str

    def __new__(cls, op: str, label: str) -> Self:
        tag = super().__new__(cls, op)
        tag.label = label
        return tag
