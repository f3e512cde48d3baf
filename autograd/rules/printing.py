"""Prints the texts of the table: as source, with the operands' names put in, and as LaTeX."""

from __future__ import annotations

import ast
import builtins
import re
import unicodedata
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from autograd import primitives
from autograd.ops import TABLE
from autograd.rules.parameters import group, owner, parameters
from autograd.rules.reading import let_lines, names_in

if TYPE_CHECKING:
    from collections.abc import Sequence

    from autograd.entry import Op


def source(name: str, operands: Sequence[str], index: int | None = None, out: str = "out") -> str:
    """
    Print an entry's text with the names of its operands put in.

    Parameters
    ----------
    name
        The entry.
    operands
        Text for each operand.
    index
        Of the operand whose local derivative is printed, in its textbook form; None for the value.
    out
        Text for the result.

    Returns
    -------
    str
        "0" for an operand that never gets a gradient.

    Examples
    --------
    >>> source("mul", ["w", "x + 1"]), source("mul", ["w", "x + 1"], 0), source("tanh", ["h"], 0)
    ('w * (x + 1)', 'x + 1', '1 - tanh(h) ** 2')
    >>> source("dot", ["w1", "w2", "x1", "x2", "b"])
    'w1 * x1 + w2 * x2 + b'
    """
    return ast.unparse(_substituted(TABLE[name], operands, index, out))


def _substituted(op: Op, operands: Sequence[str], index: int | None, out: str) -> ast.expr:
    """Give the tree of a text, operands put in and sums over sequences written out."""
    place, member = (0, None) if index is None else owner(op, len(operands), index)
    text = op.value if index is None else rule_text(op, place)
    lets = let_lines(op, text)
    needed = names_in(text).union(*(names_in(meaning) for _, meaning in lets))
    meanings: dict[str, Any] = {"out": _tree_of(out)}
    for parameter, part in zip(parameters(op), group(op, operands), strict=True):
        if isinstance(part, str):
            meanings[parameter.name] = _tree_of(part)
            continue
        if parameter.name in needed:
            meanings[parameter.name] = [_tree_of(operand) for operand in part]
        if member is not None:
            meanings[parameter.element] = _tree_of(part[member])
            meanings["place"] = ast.Constant(member)
    return put_in(text, lets, meanings)


def rule_text(op: Op, place: int) -> str:
    """
    Give the text of a local derivative, in its textbook form if it has one.

    Parameters
    ----------
    op
        The entry.
    place
        Of the parameter.

    Returns
    -------
    str
        "0" for a parameter that never gets a gradient.
    """
    return (op.textbook or op.partials or ())[place] or "0"


def put_in(text: str, lets: Sequence[tuple[str, str]], meanings: dict[str, Any]) -> ast.expr:
    """
    Read a text, and put trees in the place of names.

    Parameters
    ----------
    text
        A text of the table.
    lets
        Names with their texts, which are read first.
    meanings
        For a name the tree, or the list of trees, that it stands for; it gets those of `lets` too.

    Returns
    -------
    ast.expr
    """
    for let, meaning in lets:
        meanings[let] = _Substitution(meanings).visit(ast.parse(meaning, mode="eval").body)
    return _Substitution(meanings).visit(ast.parse(text, mode="eval").body)  # type: ignore[no-any-return]


def _tree_of(operand: str) -> ast.expr:
    """Read what is to be put in; what is no expression, say a label with spaces, stands as it is."""
    try:
        return ast.parse(operand.strip(), mode="eval").body
    except SyntaxError:
        return ast.Name(operand, ast.Load())


class _Substitution(ast.NodeTransformer):
    """Puts trees, or lists of trees, in the place of names."""

    def __init__(self, meanings: dict[str, Any]) -> None:
        self.meanings = meanings

    def visit_Name(self, node: ast.Name) -> ast.expr:
        meaning = self.meanings.get(node.id, node)
        return ast.List(meaning, ast.Load()) if isinstance(meaning, list) else meaning

    def visit_ListComp(self, node: ast.ListComp) -> ast.expr:
        (loop,) = node.generators
        names = loop.target.elts if isinstance(loop.target, ast.Tuple) else [loop.target]
        over = loop.iter.args if isinstance(loop.iter, ast.Call) else [loop.iter]
        columns = [self.visit(sequence).elts for sequence in over]
        return ast.List(
            [
                _Substitution({**self.meanings, **{n.id: item for n, item in zip(names, row, strict=True)}}).visit(  # type: ignore[attr-defined]
                    ast.parse(ast.unparse(node.elt), mode="eval").body
                )
                for row in zip(*columns, strict=True)
            ],
            ast.Load(),
        )

    def visit_Call(self, node: ast.Call) -> ast.expr:
        self.generic_visit(node)
        node.args = [
            item
            for argument in node.args
            for item in (
                argument.value.elts
                if isinstance(argument, ast.Starred) and isinstance(argument.value, ast.List)
                else [argument]
            )
        ]
        if isinstance(node.func, ast.Name) and isinstance(node.args[0], ast.List):
            terms = [*node.args[0].elts, *node.args[1:]]
            if node.func.id == "len":
                return ast.Constant(len(terms))
            joint = {"sum": ast.Add, "product": ast.Mult}.get(node.func.id)
            if joint and terms:
                joined = terms[0]
                for term in terms[1:]:
                    joined = ast.BinOp(joined, joint(), term)
                return joined
        return node


def latex(name: str, operands: Sequence[str] | None = None, index: int | None = None) -> str:
    r"""
    Print an entry's value or local derivative as LaTeX.

    Parameters
    ----------
    name
        The entry.
    operands
        Text for each operand; by default the names of the parameters, and then a local derivative is printed in its
        textbook form.
    index
        Of the local derivative; None for the value.

    Returns
    -------
    str
        To stand between dollar signs.

    Examples
    --------
    >>> latex("truediv"), latex("tanh", index=0)
    ('\\frac{x}{y}', '1-\\tanh^2 x')
    """
    op = TABLE[name]
    if operands is None:
        if index is not None and op.tex:
            return op.tex[index]
        operands = [
            item
            for p in parameters(op)
            for item in ([p.name] if p.kind == "scalar" else [f"{p.element}_1", f"{p.element}_2"])
        ]
    return _latex(_substituted(op, operands, index, "out"))


def tree_as_latex(tree: ast.expr) -> str:
    """
    Print a tree as LaTeX.

    Parameters
    ----------
    tree
        Of a text of the table, or of a call of an operation.

    Returns
    -------
    str
    """
    return _latex(tree)


def name_as_latex(name: str) -> str:
    r"""
    Print a name that a user has chosen.

    Parameters
    ----------
    name
        A label or the name of a variable; it need not be an identifier.

    Returns
    -------
    str

    Examples
    --------
    >>> [name_as_latex(name) for name in ("w", "v12", "loss", "theta", "50 %")]
    ['w', 'v_{12}', '\\mathrm{loss}', 'θ', '\\text{50 \\%}']
    """
    if match := re.fullmatch(r"([A-Za-z]+)_?(\d+)", name):
        return f"{name_as_latex(match[1])}_{{{match[2]}}}"
    if len(name) == 1 and name.isalpha():
        return name
    with suppress(KeyError):  # theta is shown as the letter
        return unicodedata.lookup(f"GREEK SMALL LETTER {name}")
    written = "".join(_LATEX_ESCAPES.get(character, character) for character in name)
    return rf"\mathrm{{{written}}}" if name.isidentifier() else rf"\text{{{written}}}"


_LATEX_ESCAPES = {
    **{character: rf"\{character}" for character in "{}$&#_%"},
    "\\": r"}\backslash \text{",
    "^": r"}\wedge \text{",
    "~": r"}\sim \text{",
}

_LATEX_SIGNS = {
    ast.Add: "+", ast.Sub: "-", ast.Mult: r"\cdot", ast.Lt: "<", ast.LtE: r"\le", ast.Gt: ">", ast.GtE: r"\ge",
    ast.Eq: "=", ast.NotEq: r"\ne", ast.And: r"\wedge", ast.Or: r"\vee",
}  # fmt: skip


def _latex(node: ast.expr) -> str:  # noqa: PLR0912 - a case for each kind of tree
    match node:
        case ast.Constant(value=(int() | float()) as value):
            return f"{value:g}"
        case ast.Constant(value=builtins.Ellipsis):
            return r"\dots"
        case ast.Name(id=name):
            stem, _, index = name.partition("_")
            stem = {"inf": r"\infty", "pi": r"\pi"}.get(stem, stem if len(stem) == 1 else rf"\mathrm{{{stem}}}")
            return stem + (f"_{{{index}}}" if index else "")
        case ast.BinOp(left=left, op=ast.Div(), right=right):
            return rf"\frac{{{_latex(left)}}}{{{_latex(right)}}}"
        case ast.BinOp(left=left, op=ast.Pow(), right=right):
            return f"{_in_parentheses(left, ast.BinOp | ast.UnaryOp | ast.Call)}^{{{_latex(right)}}}"
        case ast.BinOp(left=left, op=op, right=right):
            loose = _SUMS if isinstance(op, ast.Mult) else ()
            written = _LATEX_SIGNS[type(op)]
            return f"{_in_parentheses(left, loose)} {written} {_in_parentheses(right, loose or _SUMS)}"
        case ast.List(elts=items):
            return rf"\left({', '.join(_latex(item) for item in items)}\right)"
        case ast.UnaryOp(operand=operand):
            return f"-{_in_parentheses(operand, _SUMS)}"
        case ast.Compare(left=left, ops=ops, comparators=right):
            signs = [_LATEX_SIGNS[type(op)] for op in ops]
            return " ".join([_latex(left), *(f"{s} {_latex(r)}" for s, r in zip(signs, right, strict=True))])
        case ast.BoolOp(op=op, values=values):
            return f" {_LATEX_SIGNS[type(op)]} ".join(_latex(value) for value in values)
        case ast.IfExp(test=test, body=body, orelse=orelse):
            rows = [rf"{_latex(body)} & {_latex(test)}"]
            while isinstance(orelse, ast.IfExp):
                rows.append(rf"{_latex(orelse.body)} & {_latex(orelse.test)}")
                orelse = orelse.orelse
            rows.append(rf"{_latex(orelse)} & \text{{otherwise}}")
            return r"\begin{cases} " + r" \\ ".join(rows) + r" \end{cases}"
        case ast.Call(func=ast.Name(id=name), args=arguments):
            printed = [_latex(argument) for argument in arguments]
            plain = rf"\operatorname{{{name.replace('_', ' ')}}}\left({', '.join(printed)}\right)"
            template = primitives.LATEX.get(name, "")
            return template.format(*printed) if template.count("{0}") + template.count("{1}") == len(printed) else plain
    msg = f"no LaTeX for {ast.dump(node)}"
    raise NotImplementedError(msg)


_SUMS = (ast.Add, ast.Sub)


def _in_parentheses(node: ast.expr, loose: Any) -> str:
    """Print, in parentheses if the tree binds less tightly than what stands around it."""
    text = _latex(node)
    bare = isinstance(loose, tuple)
    wrap = isinstance(getattr(node, "op", None), loose) if bare else isinstance(node, loose)
    return rf"\left({text}\right)" if wrap or isinstance(node, ast.IfExp | ast.Compare) else text
