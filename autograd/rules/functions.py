"""Makes the functions and methods that users call, as source text that ``help`` and ``inspect`` can show."""

from __future__ import annotations

import ast
import linecache
import re
from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from autograd import primitives
from autograd.engine import Value, make_node
from autograd.errors import ARITHMETIC_ERRORS, ArgumentError, failure
from autograd.many import data_of, many_node, split_operands, sum_of_products
from autograd.operands import beside, number
from autograd.ops import TABLE
from autograd.primitives import element
from autograd.rules.nodes import compared, needs_many
from autograd.rules.parameters import Parameter, parameters
from autograd.rules.reading import FLOATS, IEEE, Reader, let_lines, partial_text

if TYPE_CHECKING:
    from collections.abc import Callable

    from autograd.entry import Op


def public_names() -> list[str]:
    """
    List the operations that are functions of ``autograd`` and methods of Value.

    Returns
    -------
    list of str
    """
    return [op.name for op in TABLE.values() if not op.internal and not op.by_hand]


def spellings() -> dict[str, str]:
    """
    Give every name that users may call an operation by: its own and its aliases.

    Returns
    -------
    dict of str to str
        The name of the entry by each spelling.

    Examples
    --------
    >>> spellings()["asin"], spellings()["arcsin"]
    ('asin', 'asin')
    """
    return {spelling: name for name in public_names() for spelling in (name, *TABLE[name].aliases)}


def operation(name: str) -> Callable[..., Any]:
    """
    Make the function that users call: of Values and plain numbers, with plain numbers alone giving a plain number.

    Parameters
    ----------
    name
        A public entry.

    Returns
    -------
    function
        With source, signature and docstring.

    Raises
    ------
    KeyError
        There is no such entry.
    """
    return _operation(TABLE[name])


@cache
def _operation(op: Op) -> Callable[..., Any]:
    name = op.name
    filename = f"<autograd operation {name}>"
    source = _source_of_function(op, FLOATS)
    linecache.cache[filename] = (len(source), None, source.splitlines(keepends=True), filename)
    reader = _COMPOSED if op.partials is None else FLOATS
    function = reader.define(source, name, filename, **_names_for(op))
    function.__doc__ = _docstring(op, function)
    function.__module__ = "autograd"
    return function


def ieee_operation(name: str) -> Callable[..., Any]:
    """
    Make the function that computes in IEEE arithmetic, with inf and nan in place of exceptions.

    Parameters
    ----------
    name
        An entry, be it internal or one of the operators too.

    Returns
    -------
    function
        As `operation` makes it. The graphs of derivatives are built with it.
    """
    return _ieee_operation(TABLE[name])


@cache
def _ieee_operation(op: Op) -> Callable[..., Any]:
    name = op.name
    reader = VALUES if op.partials is None else IEEE
    return reader.define(_source_of_function(op, IEEE), name, f"<autograd IEEE operation {name}>", **_names_for(op))


def _public_or_primitive(name: str) -> Any:
    return operation(name) if name in TABLE and not TABLE[name].by_hand else _primitive(name)


def _ieee_or_primitive(name: str) -> Any:
    return ieee_operation(name) if name in TABLE else _primitive(name)


def _primitive(name: str) -> Any:
    return _OF_NODES.get(name) or primitives.FLOATS[name]


_OF_NODES = {"compared": compared, "detached": data_of, "element": lambda values, i: element(values, data_of(i))}


#: Reads composed operations for users.
_COMPOSED = Reader(_public_or_primitive)

#: Reads the table with Values, in IEEE arithmetic: a local derivative comes out as a node that has derivatives again.
VALUES = Reader(_ieee_or_primitive, total=True, nodes=True)


#: What generated functions use beside the names in the texts.
FUNCTION_NAMES: dict[str, Any] = {
    "ARITHMETIC_ERRORS": ARITHMETIC_ERRORS, "ArgumentError": ArgumentError, "Value": Value, "failure": failure,
    "isinstance": isinstance, "len": len, "make_node": make_node, "many_node": many_node, "number": number,
    "split_operands": split_operands, "sum_of_products": sum_of_products, "tuple": tuple,
}  # fmt: skip


def _names_for(op: Op) -> dict[str, Any]:
    """Give the names that the generated function of an entry uses beside those of the texts."""
    known = dict(FUNCTION_NAMES)
    if op.partials is not None:
        for index, parameter in enumerate(parameters(op)):
            known[f"ieee_d_{parameter.name}"] = IEEE.partial(op.name, index)
    return known


class _Method:
    """A method of Value that is made from the table when it is first asked for."""

    def __init__(self, name: str, op: Op) -> None:
        self.name = name
        self.op = op

    def __get__(self, node: Value | None, owner: type[Value]) -> Any:
        function = operation(self.op.name)
        takes_a_node = parameters(self.op)[0].kind != "sequence"
        method: Any = function if takes_a_node else staticmethod(function)
        setattr(Value, self.name, method)
        return method.__get__(node, owner)


def attach_methods() -> None:
    """Make every public operation a method of Value; one of a sequence, like ``Value.sum(values)``, a static one."""
    for name in public_names():
        op = TABLE[name]
        is_operator = op.special and len(parameters(op)) == 2
        for attribute in (name, *op.aliases, *([op.special] if op.special and not is_operator else [])):
            setattr(Value, attribute, _Method(attribute, op))
        if is_operator:
            reflected = op.special.replace("__", "__r", 1)
            setattr(Value, op.special, _operator(op, reflected))
            setattr(Value, reflected, _operator(op, op.special, from_the_right=True))


def _operator(op: Op, other_side: str, *, from_the_right: bool = False) -> Callable[[Value, Any], Any]:
    """Make the method of an operator; an ndarray on the other side answers for itself."""

    def apply(node: Value, other: Any) -> Any:
        operand = other if isinstance(other, Value) else beside(other, op.name, other_side)
        if operand is NotImplemented:
            return NotImplemented
        return operation(op.name)(operand, node) if from_the_right else operation(op.name)(node, operand)

    return apply


def _source_of_function(op: Op, reader: Reader) -> str:
    """Write the function of an operation, its texts as a reader of floats compiles them."""
    signature = ", ".join(parameter.signature for parameter in parameters(op))
    head = [f"def {op.name}({signature}):"]
    if op.partials is None:
        lines = [_line_of_check(op, p) for p in parameters(op)]
        lines += [f"{name} = {meaning}" for name, meaning in let_lines(op, op.value)]
        lines += [f"return {op.value}"]
    else:
        lines = _lines_of_many(op, reader) if needs_many(op) else _lines_of_few(op, reader)
    return "\n".join(head + ["    " + line for line in lines]) + "\n"


def _line_of_check(op: Op, parameter: Parameter) -> str:
    name = parameter.name
    if parameter.kind == "scalar":
        return f"{name} = {name} if isinstance({name}, Value) else number({name}, '{op.name}: {name}')"
    return _line_of_split(op, parameter, f"{name}, _numbers, _nodes")


def _line_of_split(op: Op, parameter: Parameter, targets: str) -> str:
    may_be_empty = "" if parameter.may_be_empty else ", may_be_empty=False"
    return f"{targets} = split_operands({parameter.name}, '{op.name}: {parameter.name}'{may_be_empty})"


def _lines_of_few(op: Op, reader: Reader) -> list[str]:
    """Body of an operation of one or two scalars."""
    names = [parameter.name for parameter in parameters(op)]
    lines = []
    for x in names:
        lines += [
            f"if isinstance({x}, Value):",
            f"    {x}_node, {x} = {x}, {x}._data",
            "else:",
            f"    {x}_node, {x} = None, number({x}, '{op.name}: {x}')",
        ]
    given = ", ".join(f"{x} if {x}_node is None else {x}_node" for x in names)
    lines += _lines_of_value(op, reader, given)
    lines += [f"if {' and '.join(f'{x}_node is None' for x in names)}:", "    return out"]
    if len(names) == 1:
        (x,) = names
        return [
            *lines,
            *_lines_of_partial(op, reader, 0),
            f"return make_node('{op.name}', out, {x}_node, None, d_{x}, 0.0)",
        ]
    x, y = names
    lines += [f"d_{x} = d_{y} = 0.0", "constant = None"]
    for index, name in enumerate(names):
        partial = ["    " + line for line in _lines_of_partial(op, reader, index)]
        lines += [f"if {name}_node is None:", f"    constant = {name}", "else:", *partial]
    return [*lines, f"return make_node('{op.name}', out, {x}_node, {y}_node, d_{x}, d_{y}, constant)"]


def _lines_of_many(op: Op, reader: Reader) -> list[str]:
    """Body of an operation whose node keeps `Many`."""
    lines, groups = [], []
    for p in parameters(op):
        role = f"'{op.name}: {p.name}'"
        if p.kind == "scalar":
            if p.default == "None":
                lines += [f"if {p.name} is None:", f"    {p.name} = 0.0"]
            lines += [
                f"{p.name}_nodes = [{p.name}] if isinstance({p.name}, Value) else []",
                f"{p.name}_given = {p.name}_nodes or [number({p.name}, {role})]",
                f"{p.name} = {p.name}._data if {p.name}_nodes else {p.name}_given[0]",
            ]
        else:
            lines += [_line_of_split(op, p, f"{p.name}_given, {p.name}, {p.name}_nodes")]
        groups.append(f"({p.name}_given, {p.name}_nodes, d_{p.name})")
    names = [p.name for p in parameters(op)]
    for one, other in pairwise(p.name for p in parameters(op) if p.kind == "sequence"):
        lengths = f"{{len({one})}} and {{len({other})}}"
        lines += [
            f"if len({one}) != len({other}):",
            f"    raise ArgumentError(f'{op.name}: {one} and {other} must be of one length, not {lengths}')",
        ]
    lines += _lines_of_value(op, reader, ", ".join(f"*{name}_given" for name in names))
    lines += [f"if not ({' or '.join(f'{name}_nodes' for name in names)}):", "    return out"]
    for index, p in enumerate(parameters(op)):
        lines += [f"d_{p.name} = []", f"if {p.name}_nodes:"]
        lines += ["    " + line for line in _lines_of_partial(op, reader, index)]
        if p.kind == "scalar":
            lines += [f"    d_{p.name} = [d_{p.name}]"]
    return [*lines, f"return many_node('{op.name}', out, {', '.join(groups)})"]


def _lines_of_value(op: Op, reader: Reader, given: str) -> list[str]:
    steps = [*let_lines(op, op.value), ("out", op.value)]
    failed = ["except ARITHMETIC_ERRORS as error:", f"    raise failure(error, '{op.name}', ({given},)) from None"]
    return _guarded(steps, reader, failed)


def _lines_of_partial(op: Op, reader: Reader, index: int) -> list[str]:
    name = parameters(op)[index].name
    text = partial_text(op, index)
    known = {let for let, _ in let_lines(op, op.value)}
    steps = [(let, meaning) for let, meaning in let_lines(op, text) if let not in known]
    arguments = ", ".join([parameter.name for parameter in parameters(op)] + ["out"])
    failed = ["except ARITHMETIC_ERRORS:", f"    d_{name} = ieee_d_{name}({arguments})"]
    return _guarded([*steps, (f"d_{name}", text)], reader, failed)


def _guarded(steps: list[tuple[str, str]], reader: Reader, failed: list[str]) -> list[str]:
    """Assign what texts compute, and guard it if it can raise: comparisons, sums and products of floats cannot."""
    lines = [f"{name} = {_fused(reader.rewrite(text))}" for name, text in steps]
    risky = ast.Call | ast.Div | ast.Pow
    if reader.total or not any(isinstance(node, risky) for _, text in steps for node in ast.walk(ast.parse(text))):
        return lines
    return ["try:", *("    " + line for line in lines), *failed]


def _fused(text: str) -> str:
    """Add products up as they are made, without a list of them: the same roundings in the same order."""
    return _SUM_OF_PRODUCTS.sub(r"sum_of_products(\3, \4\5)", text)


_SUM_OF_PRODUCTS = re.compile(r"sum\(\[(\w+) \* (\w+) for \1, \2 in zip\((\w+), (\w+)\)\](, \w+)?\)")


# ---------------------------------------------------------------------- documentation of an operation


def _docstring(op: Op, function: Callable[..., Any]) -> str:
    """Write the docstring of an operation's function, in numpydoc form."""
    lines = [op.doc, "", "Parameters", "----------"]
    for parameter in parameters(op):
        kind = "Value or number" if parameter.kind == "scalar" else "sequence of Values and numbers"
        default = f", default {parameter.default}" if parameter.default else ""
        lines.append(f"{parameter.signature.split('=')[0]} : {kind}{default}")
    result = "list of " if op.value.startswith("[") else ""
    plain = "Plain floats" if result else "A plain float"
    lines += ["", "Returns", "-------", f"{result}Value", f"    {plain} if no argument is a Value.", ""]
    lines += ["Raises", "------", "TypeError", "    An argument is neither a Value nor a real number."]
    lines += ["ArithmeticError, ValueError", "    Where Python's floats and ``math`` raise.", "", "Notes", "-----"]
    lines += [f"Value: ``{op.value}``", ""]
    if op.partials is not None:
        names = [p.name if p.kind == "scalar" else p.element for p in parameters(op)]
        for x, text, known in zip(names, op.partials, op.textbook or op.partials, strict=True):
            if text:
                lines += [f"∂/∂{x}: ``{known}``" + (f", computed as ``{text}``" if known != text else ""), ""]
    lines += [f"where ``{name} = {meaning}``" + "\n" for name, meaning in op.let]
    if op.kink:
        lines += [f"{op.kink[0].upper()}{op.kink[1:]}.", ""]
    arguments = _sample(op)
    try:
        shown = repr(function(*(ast.literal_eval(text) for text in arguments)))
    except ARITHMETIC_ERRORS:  # outside of its domain
        return "\n".join(lines)
    lines += ["Examples", "--------", ">>> import autograd", f">>> autograd.{op.name}({', '.join(arguments)})"]
    return "\n".join([*lines, shown, ""])


def _sample(op: Op) -> list[str]:
    """Give arguments to show in an example."""
    lowest = float(op.domain[0][1:].partition(",")[0])
    texts = {
        "sequence": ["[1.0, 2.0, 4.0]"],
        "star": ["1.0", "2.0", "4.0"],
        "scalar": ["0.5" if lowest < 0.5 else "1.5"],
    }
    return [text for parameter in parameters(op) if not parameter.default for text in texts[parameter.kind]]
