"""The forward and the backward pass, step by step, as data and text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from autograd.engine import Value, topological_order
from autograd.errors import OperandError
from autograd.ops import TABLE
from autograd.rules import IEEE, group, parameters, source

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


class Step(NamedTuple):
    """
    One step of a pass.

    Parameters
    ----------
    phase
        ``"forward"``: a node is computed; ``"backward"``: a node hands a parent its share.
    node
        The node.
    parent
        The parent that gets the share; None in the forward pass.
    argument
        Of which operand it is the share; None in the forward pass.
    before, after
        The number that changes, before and after: the node's data, or the parent's gradient in this sweep.
    text
        The step in a line, with names and with numbers.
    """

    phase: str
    node: Value
    parent: Value | None
    argument: int | None
    before: float
    after: float
    text: str

    def __str__(self) -> str:
        return self.text


def steps(root: Value) -> list[Step]:
    """
    List the steps of computing a node and of differentiating it.

    Parameters
    ----------
    root
        The node. Its graph is left as it is: no ``grad`` is touched.

    Returns
    -------
    list of Step
        The forward pass node by node, then the backward pass term by term.

    Raises
    ------
    TypeError
        `root` is not a Value.

    Examples
    --------
    >>> a, b = Value(2.0, "a"), Value(-3.0, "b")
    >>> for step in steps(a * b + a):
    ...     print(step)
    v1 = a * b = 2 * -3 = -6
    v2 = v1 + a = -6 + 2 = -4
    v1.grad += ∂v2/∂v1 · v2.grad = 1 · 1 → 1
    a.grad += ∂v2/∂a · v2.grad = 1 · 1 → 1
    a.grad += ∂v1/∂a · v1.grad = b · 1 = -3 · 1 → -2
    b.grad += ∂v1/∂b · v1.grad = a · 1 = 2 · 1 → 2
    """
    if not isinstance(root, Value):
        msg = f"steps: root must be a Value, not {type(root).__name__} {root!r}"
        raise OperandError(msg)
    return [*_forward(root), *_backward(root)]


def names_of(order: Sequence[Value]) -> dict[Value, str]:
    """
    Give each node a short name of its own: its label if no other has it, else v1, v2, ... in order.

    Parameters
    ----------
    order
        The nodes.

    Returns
    -------
    dict of Value to str
    """
    labels = [node.label for node in order]
    taken = {label for label in labels if label}
    fresh = (name for number in range(1, 2 * len(order) + 2) if (name := f"v{number}") not in taken)
    return {node: node.label if node.label and labels.count(node.label) == 1 else next(fresh) for node in order}


def _forward(root: Value) -> Iterator[Step]:
    order = topological_order(root)
    names = names_of(order)
    for node in order:
        if node.op:
            symbols = [names[v] if isinstance(v, Value) else _short(v) for v in node.operands]
            numbers = [_short(v.data if isinstance(v, Value) else v) for v in node.operands]
            text = f"{names[node]} = {_call(node, symbols)} = {_call(node, numbers)} = {_short(node.data)}"
            yield Step("forward", node, None, None, 0.0, node.data, text)


def _backward(root: Value) -> Iterator[Step]:
    """Sweep as `Value.backward` does, with gradients of its own."""
    order = topological_order(root)
    names = names_of(order)
    grads = dict.fromkeys(order, 0.0)
    grads[root] = 1.0
    for node in reversed(topological_order(root, live=True)):
        edges = iter(zip(node.local_grads, node.taken, strict=True))
        symbols = [names[v] if isinstance(v, Value) else _short(v) for v in node.operands]
        for argument, parent in enumerate(node.operands):
            if not isinstance(parent, Value):
                continue
            slope, taken = next(edges)
            if not taken:
                continue
            before = grads[parent]
            grads[parent] = after = before + slope * grads[node]
            which = f" (as operand {argument + 1})" if node.parents.count(parent) > 1 else ""
            head = f"{names[parent]}.grad += ∂{names[node]}/∂{names[parent]}{which} · {names[node]}.grad"
            rule = source(node.op, symbols, argument, names[node])
            rule = f"({rule})" if " " in rule else rule
            holds = _holds(node, argument, slope)
            terms = [_short(slope)] if _is_number(rule) or not holds else [rule, _short(slope)]
            shown = " = ".join(f"{term} · {_short(grads[node])}" for term in terms)
            note = "" if holds else f"   ({TABLE[node.op].kink})"
            yield Step("backward", node, parent, argument, before, after, f"{head} = {shown} → {_short(after)}{note}")


def _holds(node: Value, argument: int, slope: float) -> bool:
    """Tell whether the rule that people know gives the local derivative here; at a kink a convention does."""
    if not TABLE[node.op].kink:
        return True
    numbers = [v.data if isinstance(v, Value) else v for v in node.operands]
    names = [f"x{place}" for place in range(len(numbers))]
    text = IEEE.rewrite(source(node.op, names, argument, "out"))
    rule = IEEE.define(f"def rule({', '.join(names)}, out):\n    return {text}\n", "rule", f"<rule of {node.op}>")
    known = rule(*numbers, node.data)
    return known == slope or abs(known - slope) <= 1e-9 * abs(slope) or (known != known and slope != slope)  # noqa: PLR0124


def _call(node: Value, operands: Sequence[str]) -> str:
    """Write the operation with its operands: ``a * b``, ``tanh(a)``."""
    if TABLE[node.op].by_hand:
        return source(node.op, operands)
    op = TABLE[node.op]
    groups = list(zip(parameters(op), group(op, operands), group(op, node.operands), strict=True))
    if groups[-1][0].default == "None" and groups[-1][2] == 0.0:  # it was not given
        groups.pop()
    brackets = {"sequence": "[{}]", "star": "{}", "scalar": "{}"}
    listed = [
        brackets[parameter.kind].format(", ".join(part) if isinstance(part, list) else part)
        for parameter, part, _ in groups
    ]
    return f"{node.op}({', '.join(listed)})"


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _short(number: Any) -> str:
    return f"{number:.4g}"
