"""
Turns the readable engine into Cython: what the build compiles is generated from what people read.

A build calls `generate`. Of the sources nothing is written twice: their own annotations say what becomes a C ``double``
or a field of a C struct, and a name means the same type wherever it is a variable. What Python gives a class of its own
accord and Cython does not (identity as equality, deletion without recursion) is in ``additions.pyx``.
"""

from __future__ import annotations

import ast
import copy
import zlib
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

#: Compiled together, in this order, so that they call each other in C.
SOURCES = ("operands.py", "engine.py", "many.py")

#: What a variable of this name is, in any function of the sources.
_VARIABLES = {
    "before": "cython.double", "given": "list", "grad": "cython.double", "leaf": "Value", "leaves": "list",
    "local_grads": "list", "many": "Many", "node": "Value", "nodes": "list", "operands": "list", "order": "list",
    "parent": "Value", "stack": "list",
}  # fmt: skip

#: What an annotation of an argument or an attribute becomes; all others are Python objects.
_TYPES = {
    "float": "cython.double", "list[Value]": "list", "Value": "Value", "Value | None": "Value",
    "tuple[float | None, ...]": "tuple", "tuple[Value | float, ...]": "tuple", "tuple[Value, ...]": "tuple",
}  # fmt: skip

#: Functions that are called in C; those with True from Python too.
_IN_C = {"_sweep": False, "beside": True, "data_of": True, "make_node": True, "number": True}

#: Nobody subclasses these, so that a look at the type is enough.
_DIRECTIVES = {"Many": ("final",)}

#: Loops over plain numbers, a line or two each, which ``additions.pyx`` has in C.
_LOOPS = {"_all_are", "_numbers_of", "sum_of_products"}


class _ToCython(ast.NodeTransformer):
    """Rewrites one source."""

    # ------------------------------------------------------------------ what is left out

    def visit_If(self, node: ast.If) -> ast.AST | None:
        """Leave out what only type checkers read."""
        if isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
            return None
        self.generic_visit(node)
        node.body = [_Known(node.test).visit(each) for each in node.body]
        return node

    def visit_ImportFrom(self, node: ast.ImportFrom) -> ast.AST | None:
        """Leave out imports of one source in another."""
        own = {f"autograd.{Path(source).stem}" for source in SOURCES}
        return None if node.module in own or node.module == "__future__" else node

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST | None:
        """Variables have their types by name."""
        return None if node.value is None else self.visit(ast.Assign([node.target], node.value))

    # ------------------------------------------------------------------ classes and functions

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        """Make a class with slots a C struct, whose fields are those annotated for type checkers."""
        if node.bases:
            return self.generic_visit(node)
        fields = [
            _statement(f"{field.target.id} = cython.declare({_type(field.annotation)}, visibility='public')")
            for block in node.body
            for field in (block.body if isinstance(block, ast.If) else ())
            if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name)
        ]
        node.body = [each for each in node.body if not _assigns(each, "__slots__")]
        self.generic_visit(node)
        node.body[0] = _with_signature(node)
        node.body = [node.body[0], *fields, *node.body[1:], *_METHODS.get(node.name, [])]  # the docstring stays first
        node.decorator_list += [_expression(f"cython.{each}") for each in (*_DIRECTIVES.get(node.name, ()), "cclass")]
        return node

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST | None:
        """Declare a function's arguments and variables."""
        if node.name in _LOOPS:
            return None
        self.generic_visit(node)
        in_c = node.name in _IN_C
        assigned = {each.id for each in _own_names(node) if isinstance(each.ctx, ast.Store)}
        known = sorted(assigned & {*_VARIABLES})
        declared = [_statement(f"{name} = cython.declare({_VARIABLES[name]})") for name in known]
        doc = 1 if ast.get_docstring(node) is not None else 0
        node.body[doc:doc] = declared
        if in_c:
            typed = ", ".join(f"{a.arg}={_type(a.annotation)}" for a in node.args.args)
            kind = "ccall" if _IN_C[node.name] else "cfunc"
            node.decorator_list += [_expression(f"cython.{kind}"), _expression(f"cython.locals({typed})")]
        if node.name in ("__init__", "make_node"):
            made = "self" if node.name == "__init__" else "node"
            end = -1 if isinstance(node.body[-1], ast.Return) else len(node.body)
            node.body.insert(end, _statement(f"_leave_to_counting({made})"))
        if node.name == "make_node":
            node.body = [each for statement in node.body if (each := _filled(statement))]
        return node

    # ------------------------------------------------------------------ statements and expressions

    def visit_Call(self, node: ast.Call) -> ast.AST:
        """Make a node without looking anything up."""
        self.generic_visit(node)
        return _expression("Value.__new__(Value)") if ast.unparse(node) == "_new(Value)" else node

    def visit_Compare(self, node: ast.Compare) -> ast.AST:
        """See by the C type whether an operation has many operands."""
        self.generic_visit(node)
        left = node.left
        if isinstance(left, ast.Attribute) and left.attr == "__class__":
            return _expression(f"isinstance({ast.unparse(left.value)}, {ast.unparse(node.comparators[0])})")
        return node

    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
        """Multiply in C where a local derivative that is kept as an object is a plain float."""
        self.generic_visit(node)
        return _expression("_share(slope, grad)") if ast.unparse(node) == "slope * grad" else node

    def visit_UnaryOp(self, node: ast.UnaryOp) -> ast.AST:
        """See by its fields whether a node is a leaf."""
        self.generic_visit(node)
        return _expression("_is_leaf(node)") if ast.unparse(node) == "not node._tag" else node

    def visit_IfExp(self, node: ast.IfExp) -> ast.AST:
        """Keep tuples of C numbers Python's tuples."""
        self.generic_visit(node)
        node.body = _Known(node.test).visit(node.body)
        node.body, node.orelse = (
            _expression(f"cython.cast(tuple, {ast.unparse(each)})") if isinstance(each, ast.Tuple) else each
            for each in (node.body, node.orelse)
        )
        return node

    def visit_For(self, node: ast.For) -> ast.AST:
        """Loop over two tuples at once with an index."""
        self.generic_visit(node)
        if not (isinstance(node.iter, ast.Call) and ast.unparse(node.iter.func) == "zip"):
            return node
        texts = [ast.unparse(each) for each in node.iter.args]
        backwards = all(text.startswith("reversed(") for text in texts)
        plain = [text.removeprefix("reversed(").removesuffix(")") if backwards else text for text in texts]
        names = [ast.unparse(each) for each in node.target.elts]  # type: ignore[attr-defined]
        lines = ["i = cython.declare(cython.Py_ssize_t)"]
        lines += [f"{name}_s = cython.declare(tuple, {text})" for name, text in zip(names, plain, strict=True)]
        shorter = f"min({', '.join(f'len({name}_s)' for name in names)})"
        bounds = f"{shorter} - 1, -1, -1" if backwards else shorter
        lines += [f"for i in range({bounds}):", *(f"    {name} = {name}_s[i]" for name in names)]
        first, *rest = ast.parse("\n".join(lines)).body[::-1]
        first.body += node.body  # type: ignore[attr-defined]
        return [*rest[::-1], first]  # type: ignore[return-value]


class _Known(ast.NodeTransformer):
    """Reads the fields of what a test has found to be a Value from the C struct."""

    def __init__(self, test: ast.expr) -> None:
        text = ast.unparse(test)
        self._name = text.removeprefix("isinstance(").removesuffix(", Value)") if "isinstance" in text else ""

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        """Look at each ``name.field``."""
        if isinstance(node.value, ast.Name) and node.value.id == self._name and node.attr.startswith("_"):
            return _expression(f"cython.cast(Value, {self._name}).{node.attr}")
        return self.generic_visit(node)


def generate(folder: Path) -> str:
    """
    Write the Cython module.

    Parameters
    ----------
    folder
        Of the package ``autograd``.

    Returns
    -------
    str
        Source for Cython.
    """
    parts = ["# cython: language_level=3", "cimport cython", "cdef list watched"]
    for source in SOURCES:
        tree = _ToCython().visit(ast.parse((folder / source).read_text(encoding="utf-8")))
        parts.append(ast.unparse(ast.fix_missing_locations(tree)))
    parts.append((folder / "native" / "additions.pyx").read_text(encoding="utf-8"))
    return "\n\n".join([*parts, f"SOURCES = {fingerprint(folder)}\n"])


def fingerprint(folder: Path) -> int:
    """
    Tell the sources of one build from those of another.

    Parameters
    ----------
    folder
        Of the package ``autograd``.

    Returns
    -------
    int
    """
    total = 0
    for source in (*SOURCES, "native/additions.pyx", "native/generator.py"):
        total = zlib.crc32((folder / source).read_bytes(), total)
    return total


def _with_signature(node: ast.ClassDef) -> ast.stmt:
    """Give the docstring of a class, before it the signature where Python looks for that of a C type."""
    (init,) = (each for each in node.body if isinstance(each, ast.FunctionDef) and each.name == "__init__")
    arguments = copy.deepcopy(init.args)
    for each in ast.walk(arguments):
        if isinstance(each, ast.arg):
            each.annotation = None
    del arguments.args[0]
    doc = ast.get_docstring(node, clean=False)
    return ast.Expr(ast.Constant(f"{node.name}({ast.unparse(arguments)})\n--\n\n{doc}"))


def _statement(text: str) -> ast.stmt:
    return ast.parse(text).body[0]


def _expression(text: str) -> ast.expr:
    return ast.parse(text, mode="eval").body


def _type(annotation: ast.expr | None) -> str:
    return _TYPES.get(ast.unparse(annotation), "object") if annotation else "object"


def _assigns(statement: ast.stmt, name: str) -> bool:
    return isinstance(statement, ast.Assign) and ast.unparse(statement.targets[0]) == name


def _filled(statement: ast.stmt) -> ast.stmt | None:
    """Fill a field of a new node unless it has that already: zero, or None, of which Python 3.11 counts each use."""
    text = ast.unparse(statement)
    if text in ("node._grad = 0.0", "node._mark = None"):
        return None
    if text in ("node._first = first", "node._second = second", "node._rest = rest"):
        return _statement(f"if {text.split()[-1]} is not None: {text}")
    return statement


def _own_names(function: ast.AST) -> Iterator[ast.Name]:
    """Give the names in a function, but not those of functions and comprehensions inside."""
    for child in ast.iter_child_nodes(function):
        if isinstance(child, ast.Name):
            yield child
        if not isinstance(child, ast.FunctionDef | ast.Lambda | ast.ListComp | ast.GeneratorExp):
            yield from _own_names(child)


#: What a class gets that a Python class has without saying so.
_METHODS = {
    "Value": ast.parse(
        "def __eq__(self, other): return True if self is other else NotImplemented\n"
        "def __hash__(self): return _address(self)\n"
        "def __dealloc__(self): _let_go(self)\n"
    ).body
}
