"""The names under which scripts written for micrograd read a graph: ``_prev`` and ``_op``."""

from __future__ import annotations

from autograd.engine import Value
from autograd.ops import TABLE


def _prev(node: Value) -> tuple[Value, ...]:
    """Parents, one that is an operand twice given twice."""
    return node.parents


def _op(node: Value) -> str:
    """Symbol of the operation, as micrograd writes it: ``+``, ``**2``, ``ReLU``."""
    if not node.op:
        return ""
    entry = TABLE[node.op]
    constant = node.operands[-1]
    if entry.symbol == "**" and isinstance(constant, float):
        return f"**{constant:g}"
    return entry.symbol or entry.name


for _reader in (_prev, _op):
    setattr(Value, _reader.__name__, property(_reader))
