"""Writes the texts of the table as instructions of a tape."""

from __future__ import annotations

import ast
from functools import cache
from typing import TYPE_CHECKING, Any

from autograd.ops import ENTRIES, TABLE
from autograd.primitives import CHAINED, FLOATS, IEEE
from autograd.program.tape import OPERATORS, SOURCES, Tape
from autograd.rules.parameters import parameters
from autograd.rules.reading import let_lines, names_in, partial_text

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from autograd.entry import Op

#: An entry of so few instructions is written with these.
_SHORT = 2

_COMPARISONS = {ast.Lt: "lt", ast.LtE: "le", ast.Gt: "gt", ast.GtE: "ge", ast.Eq: "eq", ast.NotEq: "ne"}
_ARITHMETIC = {ast.Add: "add", ast.Sub: "sub", ast.Mult: "mul", ast.Div: "truediv", ast.Pow: "pow"}


@cache
def value_of(op: Op) -> Callable[..., Any]:
    """
    Compile what appends an operation to a tape.

    Parameters
    ----------
    op
        The entry.

    Returns
    -------
    function
        Of the tape and, for each parameter, a place (a list of places for a sequence). It returns the place of the
        result.

    Examples
    --------
    >>> from autograd.program.tape import Tape
    >>> for tape in (Tape(), Tape(keeps_entries=True)):
    ...     place = value_of(TABLE["sech2"])(tape, tape.source("input", 0))
    ...     print(tape.instructions[place].op)
    truediv
    sech2
    """
    signature = ", ".join(["tape", *(("*" if p.kind == "star" else "") + p.name for p in parameters(op))])
    return _define(op, signature, op.value, _Writer(), kept=op.name)


@cache
def partial_of(op: Op, index: int) -> Callable[..., Any]:
    """
    Compile what appends a local derivative of an operation.

    Parameters
    ----------
    op
        The entry.
    index
        Of the parameter.

    Returns
    -------
    function
        Of the tape, a place for each parameter (a list for a sequence), and that of the result. It returns the place of
        the derivative; for a sequence a list of them.
    """
    return _of_partial(op, index, "", _Writer(), kept=f"{op.name}'{parameters(op)[index].name}")


@cache
def contribution_of(op: Op, index: int) -> Callable[..., Any]:
    """
    Compile what appends the chain rule for a parameter whose branch may not be taken: its derivative times the adjoint.

    Parameters
    ----------
    op
        The entry.
    index
        Of the parameter.

    Returns
    -------
    function
        Of the arguments of `partial_of`, and the place of the adjoint. It returns the place of what is handed on, 0.0
        where the branch was not taken; for a sequence a list of them.
    """
    return _of_partial(op, index, ", adjoint", _Product())


@cache
def taken_of(op: Op, index: int) -> Callable[..., Any]:
    """
    Compile what appends whether an operation takes a branch.

    Parameters
    ----------
    op, index
        As for `contribution_of`.

    Returns
    -------
    function
        With the arguments of `contribution_of`, it returns the place of a truth value, or a list of them.
    """
    return _of_partial(op, index, ", adjoint", _Taken())


@cache
def is_always_taken(op: Op, index: int) -> bool:
    """
    Tell whether an operation always takes a branch.

    Parameters
    ----------
    op, index
        As for `contribution_of`.

    Returns
    -------
    bool
    """
    return "nothing" not in names_in(partial_text(op, index))


@cache
def kept_instructions() -> dict[str, tuple[Op, int | None]]:
    """
    List what a tape may keep as one instruction, beside primitives: entries, and local derivatives of entries.

    Returns
    -------
    dict
        By the name of the instruction the entry, and which derivative of it.
    """
    kept: dict[str, tuple[Op, int | None]] = {}
    for op in ENTRIES:
        if any(parameter.kind != "scalar" for parameter in parameters(op)):
            continue
        if op.name not in OPERATORS and op.name not in IEEE and _is_worth_keeping(op.value):
            kept[op.name] = op, None
        for index, text in enumerate(op.partials or ()):
            if text and "nothing" not in names_in(text) and _is_worth_keeping(text):
                kept[f"{op.name}'{parameters(op)[index].name}"] = op, index
    return kept


def body_of(name: str) -> Callable[..., Any]:
    """
    Give what appends an instruction that a tape may keep, written with those below it.

    Parameters
    ----------
    name
        One of `kept_instructions`.

    Returns
    -------
    function
        Of a tape and the places of the operands.
    """
    op, index = kept_instructions()[name]
    return value_of(op) if index is None else _in_used(op, index, partial_of(op, index))


def operands_of(name: str) -> list[str]:
    """
    Name the operands of an instruction that a tape may keep.

    Parameters
    ----------
    name
        One of `kept_instructions`.

    Returns
    -------
    list of str
    """
    op, index = kept_instructions()[name]
    return [parameter.name for parameter in parameters(op)] if index is None else _used(op, index)


def _is_worth_keeping(text: str) -> bool:
    """Tell whether a text is more than one primitive or entry."""
    steps = (ast.BinOp, ast.IfExp, ast.Call, ast.Compare, ast.BoolOp)
    return sum(isinstance(node, steps) for node in ast.walk(ast.parse(text))) > 1


def _used(op: Op, index: int) -> list[str]:
    """Name the operands that a local derivative is computed from."""
    text = partial_text(op, index)
    used = names_in(text).union(*(names_in(meaning) for _, meaning in let_lines(op, text)))
    return [name for name in (*(p.name for p in parameters(op)), "out") if name in used]


def _in_used(op: Op, index: int, partial: Callable[..., Any]) -> Callable[..., Any]:
    """Turn a function of all operands and the result into one of those used."""
    used, known = _used(op, index), [*(p.name for p in parameters(op)), "out"]

    def of_used(tape: Tape, *places: int) -> Any:
        given = dict(zip(used, places, strict=True))
        return partial(tape, *(given.get(name) for name in known))

    return of_used


def _of_partial(op: Op, index: int, more: str, writer: _Writer, kept: str = "") -> Callable[..., Any]:
    signature = ", ".join(["tape", *(p.name for p in parameters(op)), "out"]) + more
    text = partial_text(op, index)
    if parameters(op)[index].kind != "scalar" and "for" not in text.split():
        text = f"[each for each in {text}]"
    return _define(op, signature, text, writer, kept=kept, used=_used(op, index))


def _define(
    op: Op, signature: str, text: str, writer: _Writer, kept: str = "", used: Sequence[str] = ()
) -> Callable[..., Any]:  # fmt: skip
    lets = [f"    {name} = {_Writer().write(meaning)}\n" for name, meaning in let_lines(op, text)]
    whole = ""
    if kept in kept_instructions() and kept_instructions()[kept][0] is op:
        given = ", ".join(used or [parameter.name for parameter in parameters(op)])
        whole = f"    if is_kept(tape, {kept!r}, {given}):\n        return tape.emit({kept!r}, {given})\n"
    source = f"def lower({signature}):\n{whole}{''.join(lets)}    return {writer.write(text)}\n"
    scope: dict[str, Any] = {
        "entry": _entry,
        "is_kept": _is_kept,
        "float": float,
        "len": len,
        "range": range,
        "zip": zip,
    }
    exec(compile(source, f"<autograd tape of {op.name}>", "exec"), scope)  # noqa: S102 - text of our own table
    return scope["lower"]  # type: ignore[no-any-return]


def _is_kept(tape: Tape, name: str, *operands: int) -> bool:
    """Tell whether an entry is to be one instruction: not where little of it is left for the constants among these."""
    if not tape.keeps_entries:
        return False
    numbers = tape.numbers
    known = tuple(numbers.get(operand) for operand in operands)
    return all(number is None for number in known) or not _is_short(name, known)


@cache
def _is_short(name: str, known: tuple[float | None, ...]) -> bool:
    tape = Tape()
    given = [tape.source("input", i) if number is None else tape.constant(number) for i, number in enumerate(known)]
    needed = tape.needed_for([body_of(name)(tape, *given)])
    return sum(tape.instructions[place].op not in SOURCES for place in needed) <= _SHORT


def _entry(name: str) -> Callable[..., Any]:
    return value_of(TABLE[name])


class _Writer:
    """Writes an expression as calls that append instructions."""

    def write(self, text: str) -> str:
        return self._written(ast.parse(text, mode="eval").body)

    def _written(self, node: ast.expr) -> str:
        match node:
            case ast.Constant(value=int() | float() as value):
                return f"tape.constant({float(value)!r})"
            case ast.Name(id=name):
                named = FLOATS.get(name)  # a derivative that nobody has stated refuses to be converted
                return f"tape.constant(float({str(float(named))!r}))" if isinstance(named, float) else name
            case ast.BinOp(left=left, op=op, right=right):
                return self._emitted(_ARITHMETIC[type(op)], self._written(left), self._written(right))
            case ast.UnaryOp(operand=operand):
                return self._emitted("neg", self._written(operand))
            case ast.Compare() | ast.BoolOp():
                return self._test(node)
            case ast.IfExp(test=test, body=body, orelse=orelse):
                return self._emitted("select", self._test(test), self._written(body), self._written(orelse))
            case ast.List(elts=items):
                return f"[{', '.join(map(self._written, items))}]"
            case ast.Starred(value=value):
                return f"*{self._written(value)}"
            case ast.ListComp(elt=element):
                return self._comprehension(node, self._written(element))
            case ast.Call(
                func=ast.Name(id="sum"),
                args=[ast.ListComp(elt=ast.BinOp(left=left, op=ast.Mult(), right=right)) as products, *start],
            ):
                pairs = self._comprehension(products, f"({self._written(left)}, {self._written(right)})")
                return f"tape.sum_of_products({', '.join([pairs, *map(self._written, start)])})"
            case ast.Call(func=ast.Name(id=name), args=arguments):
                return self._call(name, list(map(self._written, arguments)))
        msg = f"no instruction for {ast.dump(node)}"
        raise NotImplementedError(msg)

    def _comprehension(self, node: ast.ListComp, element: str) -> str:
        (loop,) = node.generators
        return f"[{element} for {ast.unparse(loop.target)} in {self._written(loop.iter)}]"

    def _call(self, name: str, arguments: list[str]) -> str:
        given = ", ".join(arguments)
        if name == "detached":
            return given
        if name == "zip":
            return f"zip({given})"
        if name == "len":
            return f"tape.constant(float(len({given})))"
        if name == "places":
            return f"[tape.constant(float(place)) for place in range(len({given}))]"
        if name == "element":
            return f"tape.element({given})"
        if name == "sum":
            return f"tape.sum({given})"
        if name in CHAINED:
            return f"tape.fold({name!r}, {'*' if name == 'product' else ''}{given})"
        if name in TABLE and name not in FLOATS:
            return f"entry({name!r})(tape, {given})"
        return self._emitted(name, *arguments)

    def _test(self, node: ast.expr) -> str:
        """Write what is true or false; a number is true unless it is zero."""
        match node:
            case ast.Compare(left=left, ops=ops, comparators=others):
                operands = [self._written(each) for each in (left, *others)]
                signs = [_COMPARISONS[type(op)] for op in ops]
                tests = [self._emitted(*each) for each in zip(signs, operands, operands[1:], strict=False)]
                return self._joined("and", tests)
            case ast.BoolOp(op=op, values=values):
                return self._joined("and" if isinstance(op, ast.And) else "or", list(map(self._test, values)))
        return self._emitted("ne", self._written(node), "tape.constant(0.0)")

    def _joined(self, op: str, tests: list[str]) -> str:
        joined, *others = tests
        for other in others:
            joined = self._emitted(op, joined, other)
        return joined

    def _emitted(self, op: str, *operands: str) -> str:
        return f"tape.emit({op!r}, {', '.join(operands)})"


class _Branches(_Writer):
    """Writes a local derivative branch by branch, so that `nothing` can be told from a number."""

    def write(self, text: str) -> str:
        return self._branch(ast.parse(text, mode="eval").body)

    def _branch(self, node: ast.expr) -> str:
        if isinstance(node, ast.ListComp):
            return self._comprehension(node, self._branch(node.elt))
        if isinstance(node, ast.IfExp) and "nothing" in names_in(ast.unparse(node)):
            return self._emitted("select", self._test(node.test), self._branch(node.body), self._branch(node.orelse))
        return self._nothing if isinstance(node, ast.Name) and node.id == "nothing" else self._something(node)

    _nothing: str

    def _something(self, node: ast.expr) -> str:
        raise NotImplementedError


class _Product(_Branches):
    """Multiplies by the adjoint."""

    _nothing = "tape.constant(0.0)"

    def _something(self, node: ast.expr) -> str:
        return self._emitted("mul", self._written(node), "adjoint")


class _Taken(_Branches):
    """Tells whether there is a number."""

    _nothing = "tape.constant(False)"

    def _something(self, _: ast.expr) -> str:
        return "tape.constant(True)"
