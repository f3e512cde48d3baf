"""Writes entries of the table as JavaScript, in IEEE arithmetic: inf and nan in place of exceptions."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from autograd.ops import TABLE
from autograd.primitives import FLOATS
from autograd.rules.parameters import parameters
from autograd.rules.reading import let_lines, names_in, partial_text

if TYPE_CHECKING:
    from collections.abc import Iterable

    from autograd.entry import Op

#: The primitives that JavaScript has: by itself, or in ``autograd/stepper/primitives.js``.
PRIMITIVES = frozenset(
    "abs acos acosh asin asinh atan atan2 atanh cbrt ceil copysign cos cosh detached element erf erfc exp exp2"  # noqa: SIM905
    " expm1 floor hypot len log log10 log1p log2 maximum minimum places pow product remainder sin sinh sqrt sum"
    " tan tanh trunc zip".split()
)
_CONSTANTS = {"inf": "Infinity", "nan": "NaN", "pi": "Math.PI", "nothing": "null"}
_SIGNS = {
    ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=",
    ast.Eq: "===", ast.NotEq: "!==", ast.And: "&&", ast.Or: "||",
}  # fmt: skip


def operations(names: Iterable[str]) -> tuple[str, dict[str, str]]:
    """
    Write operations as JavaScript.

    Parameters
    ----------
    names
        Entries of the table.

    Returns
    -------
    script, unavailable
        An object literal with, for each entry, ``value(operands)`` and ``partials(operands, out)``: a local derivative
        for each operand, null where there is none. It needs ``PRIMITIVES`` and ``grouped`` of ``primitives.js``. For
        each entry that cannot be written, the reason.

    Examples
    --------
    >>> script, unavailable = operations(["tanh", "gamma"])
    >>> unavailable
    {'gamma': 'JavaScript has no gamma, lgamma, polygamma'}
    >>> print(script)
    {
      tanh: {
        value: (operands) => entries.tanh(...grouped(["scalar"], operands)),
        partials: (operands, out) => {
          const [x] = grouped(["scalar"], operands);
          return [
            entries.sech2(x),
          ].flat();
        },
      },
    }
    """
    written, unavailable = [], {}
    for name in names:
        op = TABLE[name]
        lacking = sorted(_lacking(op))
        if lacking:
            unavailable[name] = f"JavaScript has no {', '.join(lacking)}"
        else:
            written.append(_operation(op))
    return "{\n" + "".join(written) + "}", unavailable


def entries(names: Iterable[str]) -> str:
    """
    Write the values of entries as JavaScript functions, with those of all entries that they or their derivatives need.

    Parameters
    ----------
    names
        Entries of the table.

    Returns
    -------
    str
        An object literal.

    Examples
    --------
    >>> print(entries(["log_sigmoid"]))
    {
      log_sigmoid(x) {
        return (-entries.softplus((-x)));
      },
      sigmoid(x) {
        const e = PRIMITIVES.exp((-PRIMITIVES.abs(x)));
        return (((x >= 0) ? 1.0 : e) / (1 + e));
      },
      softplus(x) {
        return ((x > 0) ? (x + PRIMITIVES.log1p(PRIMITIVES.exp((-x)))) : PRIMITIVES.log1p(PRIMITIVES.exp(x)));
      },
    }
    """
    needed = dict.fromkeys(each for name in names if not _lacking(TABLE[name]) for each in sorted(_needed(TABLE[name])))
    functions = []
    for name in needed:
        op = TABLE[name]
        signature = ", ".join(("..." if p.kind == "star" else "") + p.name for p in parameters(op))
        functions.append(f"  {name}({signature}) {{\n{_body(op, op.value, 4)}  }},\n")
    return "{\n" + "".join(functions) + "}"


def _operation(op: Op) -> str:
    kinds = ", ".join(f'"{p.kind}"' for p in parameters(op))
    names = ", ".join(p.name for p in parameters(op))
    texts = [partial_text(op, index) for index in range(len(op.partials or ()))]
    lets = {let: meaning for text in texts for let, meaning in let_lines(op, text)}
    consts = "".join(f"      const {let} = {_javascript(meaning)};\n" for let, meaning in op.let if let in lets)
    partials = "".join(f"        {_javascript(text)},\n" for text in texts)
    spread = f"...grouped([{kinds}], operands)"
    is_star = parameters(op)[0].kind == "star"
    return (
        f"  {op.name}: {{\n"
        f"    value: (operands) => entries.{op.name}({'...operands' if is_star else spread}),\n"
        "    partials: (operands, out) => {\n"
        f"      const [{names}] = grouped([{kinds}], operands);\n"
        f"{consts}      return [\n{partials}      ].flat();\n    }},\n  }},\n"
    )


def _body(op: Op, text: str, indent: int) -> str:
    space = " " * indent
    lets = "".join(f"{space}const {let} = {_javascript(meaning)};\n" for let, meaning in let_lines(op, text))
    return f"{lets}{space}return {_javascript(text)};\n"


def _texts(op: Op) -> list[str]:
    return [op.value, *(text for text in op.partials or () if text), *(meaning for _, meaning in op.let)]


def _needed(op: Op) -> set[str]:
    """Give the entries that an entry's texts need, those of their values too, and itself."""
    found, waiting = {op.name}, [name for text in _texts(op) for name in names_in(text)]
    while waiting:
        name = waiting.pop()
        if name in TABLE and name not in found and name not in PRIMITIVES:
            found.add(name)
            entry = TABLE[name]
            waiting += [
                each for text in (entry.value, *(meaning for _, meaning in entry.let)) for each in names_in(text)
            ]
    return found


def _lacking(op: Op) -> set[str]:
    """Give the primitives that an operation needs and JavaScript lacks."""
    texts = [text for name in _needed(op) for text in (TABLE[name].value, *(meaning for _, meaning in TABLE[name].let))]
    called = {
        node.func.id
        for text in (*texts, *_texts(op))
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    }
    return {name for name in called - PRIMITIVES if name in FLOATS or name not in TABLE}


def formula(text: str, names: Iterable[str]) -> str:
    """
    Write any text as a JavaScript function.

    Parameters
    ----------
    text
        An expression.
    names
        Those in it that are given.

    Returns
    -------
    str
        A function of one object with these names.

    Examples
    --------
    >>> formula("w - lr*grad", ["w", "lr", "grad"])
    '({ w, lr, grad }) => (w - (lr * grad))'
    """
    return f"({{ {', '.join(names)} }}) => {_javascript(text)}"


def _javascript(text: str) -> str:
    return _written(ast.parse(text, mode="eval").body)


def _written(node: ast.expr) -> str:
    match node:
        case ast.Constant(value=value):
            return repr(value)
        case ast.Name(id=name):
            return _CONSTANTS.get(name, name)
        case ast.BinOp(left=left, op=ast.Pow(), right=right):
            return f"PRIMITIVES.pow({_written(left)}, {_written(right)})"
        case ast.BinOp(left=left, op=op, right=right):
            return f"({_written(left)} {_SIGNS[type(op)]} {_written(right)})"
        case ast.UnaryOp(operand=operand):
            return f"(-{_written(operand)})"
        case ast.Compare(left=left, ops=ops, comparators=others):
            operands = [_written(each) for each in (left, *others)]
            pairs = [f"{x} {_SIGNS[type(op)]} {y}" for x, op, y in zip(operands, ops, operands[1:], strict=False)]
            return f"({' && '.join(pairs)})"
        case ast.BoolOp(op=op, values=values):
            return f"({f' {_SIGNS[type(op)]} '.join(_written(value) for value in values)})"
        case ast.IfExp(test=test, body=body, orelse=orelse):
            said = _written(test) if isinstance(test, ast.Compare | ast.BoolOp) else f"({_written(test)} !== 0)"
            return f"({said} ? {_written(body)} : {_written(orelse)})"
        case ast.List(elts=items):
            return f"[{', '.join(_written(item) for item in items)}]"
        case ast.Starred(value=value):
            return f"...{_written(value)}"
        case ast.ListComp(elt=element, generators=[ast.comprehension(target=target, iter=sequence)]):
            names = [_written(name) for name in target.elts] if isinstance(target, ast.Tuple) else []
            each = f"[{', '.join(names)}]" if names else _written(target)
            return f"{_written(sequence)}.map(({each}) => {_written(element)})"
        case ast.Call(func=ast.Name(id=name), args=arguments):
            home = "PRIMITIVES" if name in PRIMITIVES else "entries"
            return f"{home}.{name}({', '.join(_written(argument) for argument in arguments)})"
    msg = f"no JavaScript for {ast.dump(node)}"
    raise NotImplementedError(msg)
