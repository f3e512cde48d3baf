"""Copying and pickling graphs of any depth: flat, in topological order, where Python's own way is recursive."""

from __future__ import annotations

import copy
import weakref
from threading import local
from typing import TYPE_CHECKING, Any

from autograd.engine import Many, Value, topological_order

if TYPE_CHECKING:
    from collections.abc import Sequence


def _rebuild(cls: type[Value], numbers: Sequence[Any], label: str, operands: Sequence[Any], local_grads: Any) -> Value:
    """Make a node from what `_parts` tells of it."""
    node = Value(0.0) if cls is Value and not numbers[2] else cls.__new__(cls)
    node._data, node._grad, op, node._d_first, node._d_second = numbers
    node._tag = op
    node._mark = node._first = node._second = node._rest = None
    if label:
        node.label = label
    if local_grads is not None:
        parents = tuple(operand for operand in operands if isinstance(operand, Value))
        node._rest = Many(tuple(operands), parents, tuple(local_grads))
    else:
        places = [operand if isinstance(operand, Value) else None for operand in (*operands, None, None)[:2]]
        node._first, node._second = places
        node._rest = next((operand for operand in operands if isinstance(operand, float)), None)
    return node


def _parts(node: Value) -> tuple[Any, ...]:
    """Tell a node in the arguments of `_rebuild`."""
    numbers = (node._data, node._grad, node.op, node._d_first, node._d_second)
    local_grads = node._rest.local_grads if node._rest.__class__ is Many else None
    return type(node), numbers, node.label, node.operands, local_grads


def _deepcopy(root: Value, memo: dict[Any, Any]) -> Value:
    """Copy a node and all it depends on; one ``memo`` keeps what several copied things share."""
    mark = memo.setdefault("autograd: mark of what is copied", object())
    for node in topological_order(root, mark=mark):
        if id(node) not in memo:
            cls, numbers, label, operands, local_grads = _parts(node)
            copies = tuple(memo[id(item)] if isinstance(item, Value) else item for item in operands)
            memo[id(node)] = twin = _rebuild(cls, numbers, label, copies, local_grads)
            _set_attributes(twin, copy.deepcopy(_attributes(node), memo))
    return memo[id(root)]  # type: ignore[no-any-return]


def _copy(node: Value) -> Value:
    """Copy a node alone: the copy has the same parents."""
    twin = _rebuild(*_parts(node))
    _set_attributes(twin, _attributes(node))
    return twin


def _attributes(node: Value) -> dict[str, Any] | None:
    """Give what an instance of a subclass has beside the slots of Value."""
    return getattr(node, "__dict__", None)


def _set_attributes(node: Value, attributes: dict[str, Any] | None) -> None:
    for name, value in (attributes or {}).items():
        setattr(node, name, value)


# ---------------------------------------------------------------------- pickle


class _Pickling(local):
    """What this thread is pickling: the nodes of which every parent has been written before."""

    def __init__(self) -> None:
        self.opened: weakref.ref[_Opening] | None = None


_pickling = _Pickling()


class _Opening:
    """
    Written before the nodes of a graph: from here to the `_Closing` they come parents first.

    A pickler asks every object how to write it, but does not say what it has written already. Between these two a node
    need not bring its ancestors, so that writing a graph never recurses.
    """

    def __init__(self, nodes: Sequence[Value]) -> None:
        self.nodes = {id(node) for node in nodes}
        self.outer: weakref.ref[_Opening] | None = None

    def __reduce__(self) -> tuple[Any, ...]:
        self.outer = _pickling.opened
        _pickling.opened = weakref.ref(self)  # a pickling that fails lets go of it, and so ends it
        return tuple, ()


class _Closing:
    """Written after the nodes of a graph."""

    def __init__(self, opening: _Opening) -> None:
        self.opening = opening

    def __reduce__(self) -> tuple[Any, ...]:
        _pickling.opened = self.opening.outer
        return tuple, ()


def _reduce(root: Value, _protocol: Any) -> tuple[Any, ...]:
    """Tell how to pickle a node: its ancestors first, each once, however many graphs of a pickle share them."""
    opened = _pickling.opened and _pickling.opened()
    state = _attributes(root) or None
    if not root.op or (opened and id(root) in opened.nodes):
        return _rebuild, _parts(root), state
    ancestors = topological_order(root)[:-1]
    cls, numbers, label, operands, local_grads = _parts(root)
    opening = _Opening(ancestors)
    before = (opening, ancestors, _Closing(opening))
    return _rebuild_after, (before, cls, numbers, label, operands, local_grads), state


def _rebuild_after(_before: Any, *parts: Any) -> Value:
    """Make a node whose ancestors, which stand before it in the pickle, have been made."""
    return _rebuild(*parts)


for _name, _method in (("__deepcopy__", _deepcopy), ("__copy__", _copy), ("__reduce_ex__", _reduce)):
    setattr(Value, _name, _method)
