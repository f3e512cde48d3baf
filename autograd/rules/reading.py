"""Compiles the texts of the table for a kind of number: floats, IEEE floats, mpmath's, complex."""

from __future__ import annotations

import ast
from functools import cache, partial, reduce
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from autograd import primitives
from autograd.ops import TABLE
from autograd.rules.parameters import parameters

if TYPE_CHECKING:
    from collections.abc import Callable

    from autograd.entry import Op

_SIGNS = {ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=", ast.Eq: "==", ast.NotEq: "!="}


class _Rewriter(ast.NodeTransformer):
    """Makes an operation of what Python's own operators would compute otherwise."""

    def __init__(self, *, total: bool, nodes: bool, branches: bool) -> None:
        self.total = total
        self.nodes = nodes
        self.branches = branches

    def visit_BinOp(self, node: ast.BinOp) -> ast.expr:
        self.generic_visit(node)
        constant = isinstance(node.left, ast.Constant) and isinstance(node.right, ast.Constant | ast.UnaryOp)
        name = {
            ast.Pow: "pow",
            ast.Div: "truediv" if self.total else None,
            ast.Mult: "mul" if self.branches else None,
        }.get(type(node.op))
        # 2**20 is a number, not an operation
        return node if name is None or constant else _call(name, node.left, node.right)

    def visit_Compare(self, node: ast.Compare) -> ast.expr:
        self.generic_visit(node)
        if not self.nodes:
            return node
        operands = [node.left, *node.comparators]  # a comparison of Values is one of their numbers
        tests: list[ast.expr] = [
            _call("compared", ast.Constant(_SIGNS[type(op)]), x, y) for op, (x, y) in zip(node.ops, pairwise(operands))
        ]
        return tests[0] if len(tests) == 1 else self._joined(ast.BoolOp(ast.And(), tests))

    def visit_BoolOp(self, node: ast.BoolOp) -> ast.expr:
        self.generic_visit(node)
        return self._joined(node)

    def _joined(self, node: ast.BoolOp) -> ast.expr:
        if not self.branches:
            return node
        name = "and_" if isinstance(node.op, ast.And) else "or_"
        return reduce(partial(_call, name), node.values)

    def visit_IfExp(self, node: ast.IfExp) -> ast.expr:
        is_number = not isinstance(node.test, ast.Compare | ast.BoolOp)
        self.generic_visit(node)
        if not self.branches:
            return node
        test = _call("compared", ast.Constant("!="), node.test, ast.Constant(0.0)) if is_number else node.test
        return _call("if_else", test, node.body, node.orelse)


def _call(name: str, *arguments: ast.expr) -> ast.Call:
    return ast.Call(ast.Name(name, ast.Load()), list(arguments), [])


def names_in(text: str) -> set[str]:
    """Every name that a text mentions."""
    return {node.id for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Name)}


def let_lines(op: Op, text: str) -> list[tuple[str, str]]:
    """Choose those of an entry's ``let`` that a text needs, in order."""
    needed = names_in(text)
    chosen = []
    for name, meaning in reversed(op.let):
        if name in needed:
            chosen.append((name, meaning))
            needed |= names_in(meaning)
    return chosen[::-1]


class Reader:
    """
    Compiles the texts of the table for one kind of number; each text once.

    Parameters
    ----------
    resolve
        Gives what a name in a text stands for: a function or a number.
    total
        Division and powers are calls too, so that they need not raise.
    nodes
        The numbers are Values.
    branches
        The numbers are arrays, of which some may go one way and some the other: choices and products are calls too.
    """

    def __init__(
        self, resolve: Callable[[str], Any], *, total: bool = False, nodes: bool = False, branches: bool = False
    ) -> None:
        self.total = total
        self._resolve = resolve
        self._rewriter = _Rewriter(total=total, nodes=nodes, branches=branches)
        self._compiled: dict[tuple[str, int | None], tuple[Op, Callable[..., Any]]] = {}

    def value(self, name: str) -> Callable[..., Any]:
        """
        Compile an entry's value.

        Parameters
        ----------
        name
            The entry.

        Returns
        -------
        function
            Of the entry's arguments.
        """
        return self._compiled_once(TABLE[name], None)

    def partial(self, name: str, index: int) -> Callable[..., Any]:
        """
        Compile a local derivative.

        Parameters
        ----------
        name
            The entry.
        index
            Of the parameter.

        Returns
        -------
        function
            Of the arguments grouped by parameter (a list for a sequence), and the result ``out``. It returns the
            derivative, or for a sequence the list of derivatives; None where there is none.
        """
        return self._compiled_once(TABLE[name], index)

    def _compiled_once(self, op: Op, index: int | None) -> Callable[..., Any]:
        found = self._compiled.get((op.name, index))
        if found is None or found[0] is not op:  # another entry may have taken the name since
            found = self._compiled[op.name, index] = op, self._compile(op, index)
        return found[1]

    def _compile(self, op: Op, index: int | None) -> Callable[..., Any]:
        if index is None:
            signature, text = [parameter.signature for parameter in parameters(op)], op.value
        else:
            signature, text = [*(parameter.name for parameter in parameters(op)), "out"], partial_text(op, index)
        lines = [f"    {name} = {self.rewrite(meaning)}\n" for name, meaning in let_lines(op, text)]
        body = f"def read({', '.join(signature)}):\n{''.join(lines)}    return {self.rewrite(text)}\n"
        return self.define(body, "read", f"<autograd text {op.name}>")

    def rewrite(self, text: str) -> str:
        """
        Give a text as this reader compiles it.

        Parameters
        ----------
        text
            A text of the table.

        Returns
        -------
        str
        """
        return ast.unparse(self._rewriter.visit(ast.parse(text, mode="eval")))

    def define(self, source: str, name: str, filename: str, **known: Any) -> Callable[..., Any]:
        """
        Execute the definition of a function; what it names and does not define is resolved.

        Parameters
        ----------
        source
            Text of the definition.
        name
            Of the function in it.
        filename
            What tracebacks call the text's file.
        **known
            Further names that the text may use.

        Returns
        -------
        function
        """
        tree = ast.parse(source)
        named = [node for node in ast.walk(tree) if isinstance(node, ast.Name)]
        own = {node.id for node in named if isinstance(node.ctx, ast.Store)}
        own |= {node.arg for node in ast.walk(tree) if isinstance(node, ast.arg)}
        own |= {node.name for node in ast.walk(tree) if isinstance(node, ast.ExceptHandler) and node.name}
        names = {"__name__": "autograd", **known}
        for node in named:
            if node.id not in own and node.id not in names:
                names[node.id] = self._resolve(node.id)
        scope: dict[str, Any] = {}
        exec(compile(tree, filename, "exec"), names, scope)  # noqa: S102 - text of our own table
        return scope[name]  # type: ignore[no-any-return]


def partial_text(op: Op, index: int) -> str:
    """
    Give the text of a local derivative for all of a parameter: over a sequence it is a list.

    Parameters
    ----------
    op
        The entry.
    index
        Of the parameter.

    Returns
    -------
    str

    Examples
    --------
    >>> partial_text(TABLE["dot"], 0), partial_text(TABLE["sum"], 0)
    ('xs', '[1.0 for value in values]')
    >>> partial_text(TABLE["take"], 0)
    '[1.0 if place == chosen else nothing for place, value in zip(places(values), values)]'
    """
    text = (op.partials or ())[index] or "nothing"
    own = parameters(op)[index]
    if own.kind == "scalar":
        return text
    elements = {p.element: p.name for p in parameters(op) if p.kind != "scalar"}
    if text in elements:
        return elements[text]
    if "place" in names_in(text):
        elements = {"place": f"places({own.name})", **elements}
    used = [element for element in elements if element in names_in(text) or element == own.element]
    sequences = [elements[element] for element in used]
    source = sequences[0] if len(sequences) == 1 else f"zip({', '.join(sequences)})"
    return f"[{text} for {', '.join(used)} in {source}]"


def _float_or_entry(numbers: dict[str, Any], reader: Callable[[], Reader]) -> Callable[[str], Any]:
    def resolve(name: str) -> Any:
        return numbers[name] if name in numbers else reader().value(name)

    return resolve


FLOATS: Reader = Reader(_float_or_entry(primitives.FLOATS, lambda: FLOATS))
IEEE: Reader = Reader(_float_or_entry(primitives.IEEE, lambda: IEEE), total=True)


@cache
def mpmath_reader() -> Reader:
    """
    Give the reader that computes in mpmath's arithmetic, at its current precision.

    Returns
    -------
    Reader
    """
    numbers = primitives.mpmath_primitives()
    return Reader(_float_or_entry(numbers, mpmath_reader))


@cache
def complex_reader() -> Reader:
    """
    Give the reader that computes with complex numbers near the real axis.

    Returns
    -------
    Reader
        Compiling a text raises LookupError if one of its primitives has no complex form.
    """
    numbers = primitives.complex_primitives()

    def resolve(name: str) -> Any:
        if name not in numbers and name in primitives.FLOATS:
            msg = f"{name} has no complex form"
            raise LookupError(msg)
        return _float_or_entry(numbers, complex_reader)(name)

    return Reader(resolve, nodes=True)
