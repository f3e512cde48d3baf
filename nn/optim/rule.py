"""
Update rules as text, in the manner of the table of operations.

A rule is a list of assignments: each line a name, and the expression for its new value. It speaks of ``w`` (the
parameter), ``grad`` (its gradient), ``t`` (the number of the step, from 1), settings of the optimizer, and of what is
kept for each parameter: a name that is used before it is assigned, as ``m`` in ``m ← μ*m + grad``. The last line gives
the new ``w``.
"""

from __future__ import annotations

import ast
from functools import cache
from typing import TYPE_CHECKING, Any

from autograd.primitives import numpy_primitives
from autograd.rules import FLOATS
from autograd.rules.reading import Reader

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

Line = tuple[str, str]

_GIVEN = ("w", "grad", "t")


def names_in(text: str) -> list[str]:
    """
    List the names that an expression uses, functions left out.

    Parameters
    ----------
    text
        The expression.

    Returns
    -------
    list of str
        In the order in which they stand there, each once.

    Examples
    --------
    >>> names_in("w - lr*m/(sqrt(v) + eps)")
    ['w', 'lr', 'm', 'v', 'eps']
    """
    tree = ast.parse(text, mode="eval")
    functions = {node.func for node in ast.walk(tree) if isinstance(node, ast.Call)}
    names = [node for node in ast.walk(tree) if isinstance(node, ast.Name) and node not in functions]
    return list(dict.fromkeys(node.id for node in sorted(names, key=lambda node: node.col_offset)))


@cache
def state_of(rule: tuple[Line, ...], settings: tuple[str, ...]) -> tuple[str, ...]:
    """
    Find what a rule keeps for each parameter.

    Parameters
    ----------
    rule
        The lines.
    settings
        Names of what is the same for all parameters.

    Returns
    -------
    tuple of str

    Examples
    --------
    >>> state_of((("m", "μ*m + grad"), ("w", "w - η*m")), ("μ", "η"))
    ('m',)
    """
    known = {*_GIVEN, *settings}
    kept: dict[str, None] = {}
    for target, text in rule:
        kept |= dict.fromkeys(name for name in names_in(text) if name not in known)
        known |= {target, *kept}
    return tuple(kept)


@cache
def update(rule: tuple[Line, ...], settings: tuple[str, ...]) -> Callable[..., list[tuple[float, ...]]]:
    """
    Compile a rule into one loop over all parameters.

    Parameters
    ----------
    rule
        The lines.
    settings
        Names of what is the same for all parameters.

    Returns
    -------
    function
        Of ``t``, the settings, and an iterable that gives ``w``, ``grad`` and the state of each parameter; it returns
        the new ``w`` and state of each. Lines that are the same for all are computed once.
    """
    kept = state_of(rule, settings)
    before, within = _parted(rule, kept)
    row = ", ".join(("w", *kept))
    source = (
        f"def update({', '.join(('t', *settings))}, rows):\n{_body(before, FLOATS)}    new = []\n"
        f"    for {', '.join(('w', 'grad', *kept))} in rows:\n{_body(within, FLOATS, 8)}"
        f"        new.append(({row},))\n    return new\n"
    )
    return FLOATS.define(source, "update", "<update rule>")


@cache
def update_of_arrays(rule: tuple[Line, ...], settings: tuple[str, ...]) -> Callable[..., tuple[Any, ...]]:
    """
    Compile a rule for NumPy's arrays, in which the numbers of all parameters stand.

    Parameters
    ----------
    rule
        The lines.
    settings
        Names of what is the same for all parameters.

    Returns
    -------
    function
        Of ``t``, the settings, and arrays: ``w``, ``grad`` and the state; it returns the new ``w`` and state. In IEEE
        arithmetic; otherwise it gives the numbers that `update` does, to the bit.
    """
    kept = state_of(rule, settings)
    before, within = _parted(rule, kept)
    shared = tuple(dict.fromkeys(("t", *settings, *(target for target, _ in before))))
    source = f"def shared({', '.join(('t', *settings))}):\n{_body(before, FLOATS)}    return {', '.join(shared)},\n"
    numbers_of_all = FLOATS.define(source, "shared", "<update rule>")
    source = (
        f"def update({', '.join((*shared, 'w', 'grad', *kept))}):\n{_body(within, ARRAYS)}"
        f"    return {', '.join(('w', *kept))},\n"
    )
    moved = ARRAYS.define(source, "update", "<update rule>")
    if not before:
        return moved

    def update(t: int, *given: Any) -> tuple[Any, ...]:
        numbers, arrays = given[: len(settings)], given[len(settings) :]
        return moved(*numbers_of_all(t, *numbers), *arrays)  # type: ignore[no-any-return]

    return update


def _parted(rule: tuple[Line, ...], kept: tuple[str, ...]) -> tuple[list[Line], list[Line]]:
    """Part the lines that are the same for all parameters from the others."""
    own = {"w", "grad", *kept}
    before: list[Line] = []
    within: list[Line] = []
    for target, text in rule:
        if target in own or not own.isdisjoint(names_in(text)):
            own.add(target)
            within.append((target, text))
        else:
            before.append((target, text))
    return before, within


def _body(lines: Iterable[Line], reader: Reader, indent: int = 4) -> str:
    return "".join(f"{' ' * indent}{target} = {reader.rewrite(text)}\n" for target, text in lines)


@cache
def _of_arrays() -> dict[str, Any]:
    return numpy_primitives()


#: Reads rules for NumPy's arrays.
ARRAYS = Reader(lambda name: _of_arrays()[name])


def numbers_in_last_line(rule: tuple[Line, ...], known: dict[str, Any]) -> dict[str, float]:
    """
    Compute all but the last line of a rule.

    Parameters
    ----------
    rule
        The lines.
    known
        ``w``, ``grad``, ``t``, the settings and the state.

    Returns
    -------
    dict of str to float
        What the last line speaks of.
    """
    wanted = names_in(rule[-1][1])
    return dict(zip(wanted, _numbers(rule, tuple(known), tuple(wanted))(**known), strict=True))


@cache
def _numbers(rule: tuple[Line, ...], names: tuple[str, ...], wanted: tuple[str, ...]) -> Callable[..., Any]:
    source = f"def numbers({', '.join(names)}):\n{_body(rule[:-1], FLOATS)}    return {', '.join(wanted)},\n"
    return FLOATS.define(source, "numbers", "<update rule>")
