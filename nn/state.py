"""The numbers of a module: all that training changes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from autograd import Value
from autograd.errors import ArgumentError, OperandError
from autograd.operands import number
from nn.arguments import listed, nearest
from nn.walking import is_array, is_module, walk

if TYPE_CHECKING:
    from types import UnionType

    from nn.module import Module


class Buffer(NamedTuple):
    """
    Numbers that are part of the state, but are not trained.

    Parameters
    ----------
    module
        Which has them.
    attribute
        What it calls them.
    """

    module: Any
    attribute: str


def entries(module: Module) -> dict[str, Any]:
    """
    Find what has a state.

    Parameters
    ----------
    module
        Where to look.

    Returns
    -------
    dict
        For each name a parameter, a list of parameters of one shape, or a `Buffer`.
    """
    found: dict[str, Any] = {}
    for path, part in walk(module, into=lambda part: shape_of(part, Value) is None):
        if is_module(part):
            prefix = f"{path}." if path else ""
            found |= {prefix + attribute: Buffer(part, attribute) for attribute in part.buffer_names}
        elif shape_of(part, Value) is not None:
            found[path] = part
    return found


def shape_of(part: Any, kinds: type | UnionType = bool | int | float) -> tuple[int, ...] | None:
    """
    Give the shape of numbers in lists.

    Parameters
    ----------
    part
        A number, or a list or an array of such.
    kinds
        What counts as a number; of Values only leaves do.

    Returns
    -------
    tuple of int, or None
        None if it is something else, a list of nothing, or of lists of different lengths.

    Examples
    --------
    >>> shape_of(2.0), shape_of([[1.0, 2.0]]), shape_of([[1.0], 2.0])
    ((), (1, 2), None)
    """
    if isinstance(part, kinds):
        return None if getattr(part, "op", "") else ()
    if not (isinstance(part, list | tuple) or is_array(part)) or not len(part):
        return None
    shapes = {shape_of(each, kinds) for each in part}
    shape = shapes.pop()
    return None if shapes or shape is None else (len(part), *shape)


def numbers_of(entry: Any) -> Any:
    """
    Copy the numbers of what `entries` found.

    Parameters
    ----------
    entry
        A parameter, a list of parameters, or a `Buffer`.

    Returns
    -------
    float or list
    """
    if isinstance(entry, Buffer):
        return numbers_of(getattr(entry.module, entry.attribute))
    if isinstance(entry, Value):
        return entry.data
    return entry if isinstance(entry, bool | int | float) else [numbers_of(each) for each in entry]


def fill(module: Module, state: Mapping[str, Any], *, strict: bool) -> None:
    """
    Set the numbers of a module, all of them or none.

    Parameters
    ----------
    module
        Whose numbers.
    state
        The new ones by name.
    strict
        Whether every name must be there, and no other.

    Raises
    ------
    TypeError, ValueError
        They do not fit.
    """
    if not isinstance(state, Mapping):
        msg = f"load_state_dict: state must be a dict, as state_dict() gives it, not {type(state).__name__} {state!r}"
        raise OperandError(msg)
    known = entries(module)
    if strict:
        _check_names(state, known, type(module).__name__)
    wanted = {name: (entry, _floats(state[name], name)) for name, entry in known.items() if name in state}
    for name, (entry, given) in wanted.items():
        shape, expected = shape_of(given), shape_of(numbers_of(entry))
        if shape != expected:
            msg = f"load_state_dict: {name} must have {_count(expected)}, but the state has {_count(shape)}"
            raise ArgumentError(msg)
    for entry, given in wanted.values():
        if isinstance(entry, Buffer):
            setattr(entry.module, entry.attribute, given)
        else:
            _set(entry, given)


def _check_names(state: Mapping[str, Any], known: Mapping[str, Any], kind: str) -> None:
    missing = [name for name in known if name not in state]
    others = [name for name in state if name not in known]
    if missing:
        hint = nearest(missing[0], others) if others else ""
        msg = f"load_state_dict: the state lacks {listed(missing)} of this {kind}{hint}"
        raise ArgumentError(msg)
    if others:
        msg = f"load_state_dict: this {kind} has no {listed(others)}{nearest(others[0], known)}"
        raise ArgumentError(msg)


def _floats(given: Any, name: str) -> Any:
    """Copy numbers, as floats, from lists or from an array of any library."""
    given = given.tolist() if hasattr(given, "tolist") else given
    if isinstance(given, list | tuple):
        return [_floats(each, name) for each in given]
    return number(given, f"load_state_dict: {name}")


def _set(entry: Any, given: Any) -> None:
    if isinstance(entry, Value):
        entry.data = given
    else:
        for each, numbers in zip(entry, given, strict=True):
            _set(each, numbers)


def _count(shape: tuple[int, ...] | None) -> str:
    if shape is None:
        return "numbers in lists of different lengths"
    return f"{' x '.join(map(str, shape))} numbers" if shape else "one number"
