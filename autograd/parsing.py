"""Reads expressions that a user types, like ``tanh(w*x + b)``. Nothing is evaluated but operations of the table."""

from __future__ import annotations

import ast
import difflib
import math
import operator
from typing import TYPE_CHECKING, Any

from autograd.engine import Value
from autograd.errors import ARITHMETIC_ERRORS, AutogradError, ExpressionError, failure
from autograd.operands import number
from autograd.ops import TABLE
from autograd.primitives import real_power
from autograd.rules import operation, parameters, public_names, spellings

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

_LONGEST = 10_000  # characters
_CONSTANTS = {"pi": math.pi, "e": math.e}


def _power(x: Any, y: Any) -> Any:
    return real_power(x, y) if type(x) is type(y) is float else x**y


_BINARY: dict[type[ast.AST], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv,
    ast.Pow: _power, ast.Mod: operator.mod,
    ast.Lt: operator.lt, ast.LtE: operator.le, ast.Gt: operator.gt, ast.GtE: operator.ge,
}  # fmt: skip
_UNARY: dict[type[ast.AST], Callable[[Any], Any]] = {ast.USub: operator.neg, ast.UAdd: operator.pos}


def _nearest(name: str) -> str | None:
    """Find what was meant by a misspelt name: first of all one with the same letters in another order."""
    near = difflib.get_close_matches(name, spellings())
    return next((known for known in near if sorted(known) == sorted(name)), near[0] if near else None)


def _is_list(argument: ast.expr) -> bool:
    """Tell a list, or a call of a function whose result is one."""
    match argument:
        case ast.Call(func=ast.Name(id=name)) if name in spellings():
            return TABLE[spellings()[name]].value.startswith("[")
    return isinstance(argument, ast.List | ast.Tuple)


class Expression:
    """
    An expression that has been read; see `parse`.

    Parameters
    ----------
    text
        What was typed.

    Raises
    ------
    TypeError
        `text` is not a string.
    ValueError
        It is not an expression of names, numbers, operators and operations of the table.
    """

    def __init__(self, text: str) -> None:
        if not isinstance(text, str):
            msg = f"parse: the expression must be a str, not {type(text).__name__} {text!r}"
            raise TypeError(msg)
        self.text = text
        #: Every step in the order of evaluation: a constant, a name, or a function and its number of arguments.
        self._steps: list[tuple[str, Any, int]] = []
        self.names: list[str] = []
        self._read(self._tree())

    def __repr__(self) -> str:
        return f"parse({self.text!r})"

    def __call__(self, **values: Any) -> Any:
        """
        Compute the expression.

        Parameters
        ----------
        **values
            A Value or a number for each of `names`.

        Returns
        -------
        Value or float
            A Value if one was given.

        Raises
        ------
        ValueError
            A name has no value, or a value has no name.
        TypeError
            A value is neither a Value nor a real number.
        """
        self.check_names(values)
        values = {name: v if isinstance(v, Value) else number(v, f"parse: {name}") for name, v in values.items()}
        stack: list[Any] = []
        for kind, what, count in self._steps:
            if kind == "constant":
                stack.append(what)
            elif kind == "name":
                stack.append(values[what] if what in values else _CONSTANTS[what])
            else:
                arguments = stack[len(stack) - count :]
                del stack[len(stack) - count :]
                stack.append(arguments if what is list else self._apply(what, arguments))
        return stack[0]

    def _apply(self, function: Callable[..., Any], arguments: Sequence[Any]) -> Any:
        try:
            return function(*arguments)
        except AutogradError:
            raise
        except ARITHMETIC_ERRORS as error:  # of plain numbers
            raise failure(error, function.__name__.strip("_"), arguments) from None
        except TypeError as error:  # of a list or a comparison among numbers
            msg = f"{self.text!r} cannot be computed: {error}"
            raise ExpressionError(msg) from None

    def check_names(self, values: Mapping[str, Any]) -> None:
        """
        See that there is a value for each name.

        Parameters
        ----------
        values
            By name.

        Raises
        ------
        ValueError
            A name has no value, or a value has no name.
        """
        missing = [name for name in self.names if name not in values and name not in _CONSTANTS]
        if missing:
            msg = f"no value is given for {', '.join(missing)} in {self.text!r}"
            raise ExpressionError(msg)
        unknown = [name for name in values if name not in self.names]
        if unknown:
            msg = (
                f"{', '.join(unknown)} does not occur in {self.text!r}, which has {', '.join(self.names) or 'no names'}"
            )
            raise ExpressionError(msg)

    def _tree(self) -> ast.expr:
        if len(self.text) > _LONGEST:
            msg = f"the expression has {len(self.text)} characters; at most {_LONGEST} are read"
            raise ExpressionError(msg)
        if not self.text.strip():
            msg = "the expression is empty; write one like 'tanh(w*x + b)'"
            raise ExpressionError(msg)
        try:
            return ast.parse(self.text.strip(), mode="eval").body
        except SyntaxError as error:
            raise self._error(f"this is not an expression: {error.msg}", error.lineno, error.offset) from None
        except (ValueError, RecursionError, MemoryError) as error:
            msg = f"this is not an expression that can be read: {error}"
            raise ExpressionError(msg) from None

    def _read(self, tree: ast.expr) -> None:
        """Put the tree into the order of evaluation, with a stack in place of recursion."""
        waiting: list[ast.expr] = [tree]
        while waiting:
            node = waiting.pop()
            step, operands = self._step(node)
            self._steps.append(step)
            waiting += operands
        self._steps.reverse()
        seen = [what for kind, what, _ in self._steps if kind == "name"]
        self.names = list(dict.fromkeys(seen))

    def _step(self, node: ast.expr) -> tuple[tuple[str, Any, int], list[ast.expr]]:
        match node:
            case ast.Constant(value=value) if type(value) in (int, float):
                return ("constant", self._number(node, value), 0), []
            case ast.Name(id=name):
                return ("name", name, 0), []
            case ast.BinOp(left=left, op=op, right=right) if type(op) in _BINARY:
                return ("call", _BINARY[type(op)], 2), [left, right]
            case ast.UnaryOp(op=op, operand=operand) if type(op) in _UNARY:
                return ("call", _UNARY[type(op)], 1), [operand]
            case ast.Compare(left=left, ops=[op], comparators=[right]) if type(op) in _BINARY:
                return ("call", _BINARY[type(op)], 2), [left, right]
            case ast.List(elts=items) | ast.Tuple(elts=items):
                return ("call", list, len(items)), items
            case ast.Call(func=ast.Name(id=name), args=arguments, keywords=[]):
                if name not in spellings():
                    near = _nearest(name)
                    hint = f"; did you mean {near}?" if near else f"; known are {', '.join(public_names())}"
                    raise self._error(f"unknown function {name!r}{hint}", node=node.func)
                self._check_arguments(node, spellings()[name], arguments)
                return ("call", operation(spellings()[name]), len(arguments)), arguments
            case ast.Call(func=ast.Name(id=name), keywords=[_, *_]):
                raise self._error(f"give the arguments of {name} by position, without names", node=node)
            case ast.Compare():
                raise self._error("a comparison is one of < <= > >= between two numbers", node=node)
        raise self._error("only names, numbers, + - * / % **, comparisons and functions can be used", node=node)

    def _check_arguments(self, call: ast.expr, name: str, arguments: list[ast.expr]) -> None:
        """See that a function gets as many arguments as it takes, and lists where it takes lists."""
        expected = parameters(TABLE[name])
        if expected[0].kind == "star":
            least, most, kinds = 1, len(arguments), ["scalar"] * len(arguments)
        else:
            least, most = sum(not parameter.default for parameter in expected), len(expected)
            kinds = [parameter.kind for parameter in expected]
        if kinds[:1] == ["sequence"] and arguments and not any(map(_is_list, arguments)):
            raise self._error(f"{name} takes a list: write {name}([a, b])", node=call)
        if not least <= len(arguments) <= max(most, least):
            count = f"{least}" if least == most else f"at least {least}" if most < least else f"{least} to {most}"
            raise self._error(
                f"{name} takes {count} argument{'s' * (count[-1] != '1')}, not {len(arguments)}", node=call
            )
        for argument, kind in zip(arguments, kinds):
            if _is_list(argument) != (kind == "sequence"):
                wanted = "a list, as [a, b]" if kind == "sequence" else "a number, not a list"
                raise self._error(f"{name} takes {wanted} here", node=argument)

    def _number(self, node: ast.expr, value: Any) -> float:
        try:
            return float(value)
        except OverflowError:
            raise self._error("this number is too large for a float", node=node) from None

    def _error(
        self, what: str, line: int | None = None, column: int | None = None, *, node: ast.expr | None = None
    ) -> ExpressionError:
        """Point at the place with carets."""
        text = self.text.strip()
        width = 1
        if node is not None:
            line, column = node.lineno, node.col_offset + 1
            if node.end_lineno == line and node.end_col_offset is not None:
                width = node.end_col_offset - node.col_offset
        lines = text.splitlines() or [""]  # Python ends a line at \r too
        shown = lines[min(line or 1, len(lines)) - 1]
        before = column - 1 if column else 0
        if node is not None:  # ast counts bytes
            width = len(shown.encode()[before : before + width].decode(errors="replace"))
            before = len(shown.encode()[:before].decode(errors="replace"))
        start = max(0, before - 60)
        return ExpressionError(f"{what}\n    {shown[start : start + 120]}\n    {' ' * (before - start)}{'^' * width}")


def parse(text: str) -> Expression:
    """
    Read a typed expression.

    It may have names, numbers, ``+ - * / **``, comparisons, lists, and the operations of the table. It is not evaluated
    as Python, so that it can do no more than these.

    Parameters
    ----------
    text
        The expression.

    Returns
    -------
    Expression
        To be called with a Value or a number for each of its ``names``.

    Raises
    ------
    TypeError
        `text` is not a string.
    ValueError
        It cannot be read; the message points at the place.

    Examples
    --------
    >>> neuron = parse("tanh(w*x + b)")
    >>> neuron.names
    ['w', 'x', 'b']
    >>> neuron(w=0.5, x=2, b=-1)
    0.0
    >>> from autograd import Value
    >>> w = Value(0.5)
    >>> neuron(w=w, x=2, b=-1).backward()
    >>> w.grad
    2.0
    """
    return Expression(text)
