"""The texts of the table as patterns: printed once, then filled with the names or numbers of one node after another."""

from __future__ import annotations

import ast
from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

from autograd.rules.functions import VALUES
from autograd.rules.parameters import group, owner, parameters
from autograd.rules.printing import put_in, rule_text, tree_as_latex
from autograd.rules.reading import FLOATS, IEEE, let_lines, names_in

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from autograd.entry import Op

#: More operands of one sequence than these are not all written out.
LONGEST = 8

#: In place of an operand that stands for the result.
RESULT = -1

_FIRST_SLOT = 0xF0000  # of the characters that Unicode leaves to private use


class Pattern(NamedTuple):
    """
    A text with slots to be filled.

    Parameters
    ----------
    source
        As Python source.
    latex
        As LaTeX.
    operands
        For each slot, which operand stands there: its place among all, or `RESULT`.
    tight
        The slots where a number with a minus sign needs parentheses: after an operator, and as the base of a power.
    is_sum
        It needs parentheses as a factor.
    """

    source: str
    latex: str
    operands: tuple[int, ...]
    tight: frozenset[int]
    is_sum: bool

    def fill(self, text: str, fillings: Sequence[str]) -> str:
        """
        Fill the slots.

        Parameters
        ----------
        text
            `source` or `latex`.
        fillings
            A text for each slot.

        Returns
        -------
        str

        Examples
        --------
        >>> from autograd.ops import TABLE
        >>> power = call_pattern(TABLE["pow"], 2)
        >>> power.fill(power.source, ["x", "2"]), power.tight
        ('x ** 2', frozenset({0, 1}))
        """
        return text.translate({_FIRST_SLOT + slot: filling for slot, filling in enumerate(fillings)})

    @property
    def slots(self) -> list[int]:
        """The slots of the source, from left to right."""
        last = _FIRST_SLOT + len(self.operands)
        return [ord(character) - _FIRST_SLOT for character in self.source if _FIRST_SLOT <= ord(character) < last]


@cache
def rule_pattern(op: Op, count: int, index: int) -> Pattern:
    """
    Give an operation's local derivative in its textbook form.

    Parameters
    ----------
    op
        The entry.
    count
        How many operands there are.
    index
        Of the operand by which it is the derivative.

    Returns
    -------
    Pattern
        A long sequence that it depends on as a whole stands in it by the parameter's name.

    Examples
    --------
    >>> from autograd.ops import TABLE
    >>> rule = rule_pattern(TABLE["dot"], 5, 0)
    >>> rule.operands, rule.fill(rule.source, ["x1"])
    ((2,), 'x1')
    """
    place, member = owner(op, count, index)
    text = rule_text(op, place)
    lets = let_lines(op, text)
    needed = names_in(text).union(*(names_in(meaning) for _, meaning in lets))
    slots = _Slots()
    meanings: dict[str, Any] = {}
    for parameter, part in zip(parameters(op), group(op, range(count)), strict=True):
        if parameter.kind == "scalar":
            if parameter.name in needed:
                meanings[parameter.name] = slots.add(part)
            continue
        if parameter.name in needed and len(part) <= LONGEST:
            meanings[parameter.name] = [slots.add(operand) for operand in part]
        if parameter.element in needed and member is not None:
            meanings[parameter.element] = slots.add(part[member])
        if member is not None:
            meanings["place"] = ast.Constant(member)
    if "out" in needed:
        meanings["out"] = slots.add(RESULT)
    return slots.pattern(put_in(text, lets, meanings))


@cache
def call_pattern(op: Op, count: int, *, without_last: bool = False) -> Pattern:
    """
    Give an operation applied to its operands: ``a * b``, ``tanh(a)``.

    Parameters
    ----------
    op
        The entry.
    count
        How many operands there are.
    without_last
        The last one, which has a default, was not given.

    Returns
    -------
    Pattern
        A long sequence is not written out: ``[w1, w2, w3, ..., w64]``.
    """
    slots = _Slots()
    groups = group(op, range(count))
    if op.by_hand:
        names = [parameter.name for parameter in parameters(op)]
        return slots.pattern(put_in(op.value, (), dict(zip(names, map(slots.add, groups), strict=True))))
    arguments: list[ast.expr] = []
    for parameter, part in zip(parameters(op), groups, strict=True):
        if parameter.kind == "scalar":
            arguments.append(slots.add(part))
            continue
        chosen = part if len(part) <= LONGEST else [*part[:3], None, part[-1]]
        shown: list[ast.expr] = [ast.Constant(...) if operand is None else slots.add(operand) for operand in chosen]
        arguments += shown if parameter.kind == "star" else [ast.List(shown, ast.Load())]
    if without_last:
        arguments.pop()
    return slots.pattern(ast.Call(ast.Name(op.name, ast.Load()), arguments, []))


@cache
def value_pattern(op: Op, count: int) -> Pattern:
    """
    Give an operation's value, sums over sequences written out: a ``dot`` as its products.

    Parameters
    ----------
    op
        The entry.
    count
        How many operands there are.

    Returns
    -------
    Pattern
    """
    slots = _Slots()
    meanings = {
        parameter.name: slots.add(part) if parameter.kind == "scalar" else [slots.add(operand) for operand in part]
        for parameter, part in zip(parameters(op), group(op, range(count)), strict=True)
    }
    return slots.pattern(put_in(op.value, let_lines(op, op.value), meanings))


@cache
def value_function(op: Op, count: int) -> Callable[..., Any]:
    """
    Compile an operation's value for Values, sums over sequences written out, so that the operations in it show.

    Parameters
    ----------
    op
        The entry.
    count
        How many operands there are.

    Returns
    -------
    function
        Of that many operands.

    Examples
    --------
    >>> from autograd import Value
    >>> from autograd.ops import TABLE
    >>> a, b = Value(2.0), Value(3.0)
    >>> value_function(TABLE["dot"], 5)(a, b, b, 4.0, 1.0).op
    'add'
    """
    pattern = value_pattern(op, count)
    names = [f"operand_{place}" for place in range(count)]
    written = pattern.fill(pattern.source, [names[place] for place in pattern.operands])
    source = f"def opened({', '.join(names)}):\n    return {VALUES.rewrite(written)}\n"
    return VALUES.define(source, "opened", f"<autograd {op.name} written out>")


@cache
def text_pattern(text: str, names: tuple[str, ...]) -> Pattern:
    """
    Give any text with a slot for each of some names.

    Parameters
    ----------
    text
        An expression.
    names
        Those to be replaced, in the order of the slots.

    Returns
    -------
    Pattern

    Examples
    --------
    >>> rule = text_pattern("w - lr*grad", ("w", "lr", "grad"))
    >>> rule.fill(rule.source, ["b", "0.1", "b.grad"])
    'b - 0.1 * b.grad'
    """
    slots = _Slots()
    return slots.pattern(put_in(text, (), {name: slots.add(place) for place, name in enumerate(names)}))


@cache
def text_function(text: str, names: tuple[str, ...]) -> Callable[..., float]:
    """
    Compile any text, to compute as Python does.

    Parameters
    ----------
    text
        An expression.
    names
        The function's parameters.

    Returns
    -------
    function

    Examples
    --------
    >>> text_function("w - lr*grad", ("w", "lr", "grad"))(1.0, 0.5, 4.0)
    -1.0
    """
    return FLOATS.define(f"def f({', '.join(names)}):\n    return {FLOATS.rewrite(text)}\n", "f", "<autograd text>")


@cache
def known_rule(op: Op, place: int) -> Callable[..., float]:
    """
    Compile a local derivative in its textbook form.

    Parameters
    ----------
    op
        The entry.
    place
        Of the parameter.

    Returns
    -------
    function
        Of keyword arguments: each parameter (a list for a sequence), the element of each sequence, its ``place``,
        ``out``; others are passed over. In IEEE arithmetic.
    """
    text = rule_text(op, place)
    written = IEEE.rewrite(ast.unparse(put_in(text, let_lines(op, text), {})))
    names = {name for p in parameters(op) for name in (p.name, *([] if p.kind == "scalar" else [p.element]))}
    signature = ", ".join([*sorted(names), "place=0", "out"])
    return IEEE.define(f"def rule(*, {signature}):\n    return {written}\n", "rule", f"<autograd rule of {op.name}>")


class _Slots:
    """Hands out the slots of a pattern, one an operand."""

    def __init__(self) -> None:
        self._slots: dict[int, str] = {}

    def add(self, operand: int) -> ast.Name:
        character = self._slots.setdefault(operand, chr(_FIRST_SLOT + len(self._slots)))
        return ast.Name(character, ast.Load())

    def pattern(self, tree: ast.expr) -> Pattern:
        plain, latex = ast.unparse(tree), tree_as_latex(tree)
        is_sum = isinstance(tree, ast.BinOp) and isinstance(tree.op, ast.Add | ast.Sub)
        characters = list(self._slots.values())
        signed = ast.unparse(_Negated(set(characters)).visit(tree))
        after_operator = {character for before, character in pairwise(plain.replace(" ", "")) if before in "+-*/%"}
        tight = (slot for slot, x in enumerate(characters) if x in after_operator or f"(-{x}) **" in signed)
        return Pattern(plain, latex, tuple(self._slots), frozenset(tight), is_sum)


class _Negated(ast.NodeTransformer):
    """Puts a minus sign before every slot."""

    def __init__(self, slots: set[str]) -> None:
        self._slots = slots

    def visit_Name(self, node: ast.Name) -> ast.expr:
        return ast.UnaryOp(ast.USub(), node) if node.id in self._slots else node
