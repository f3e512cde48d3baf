"""Operations of one's own: further entries of the table."""

from __future__ import annotations

import ast
import inspect
import keyword
import re
import sys
from typing import TYPE_CHECKING, Any, get_args, get_origin, get_type_hints

from autograd import primitives
from autograd.engine import Value
from autograd.entry import Op
from autograd.errors import ARITHMETIC_ERRORS, ArgumentError, OperandError
from autograd.functional import gradients
from autograd.ops import TABLE
from autograd.program.tape import SOURCES
from autograd.rules import FLOATS, attach_methods, ieee_operation, operation, parameters, spellings
from autograd.rules.functions import FUNCTION_NAMES

if TYPE_CHECKING:
    from collections.abc import Callable

#: What a text may be made of: what every reader of the table understands.
_GRAMMAR = (
    ast.Expression, ast.Constant, ast.Name, ast.expr_context, ast.BinOp, ast.Add, ast.Sub, ast.Mult, ast.Div, ast.Pow,
    ast.UnaryOp, ast.USub, ast.Compare, ast.Lt, ast.LtE, ast.Gt, ast.GtE, ast.Eq, ast.NotEq, ast.BoolOp, ast.boolop,
    ast.IfExp, ast.Call, ast.Starred, ast.ListComp, ast.comprehension, ast.List, ast.Tuple,
)  # fmt: skip
_PARAMETER = re.compile(r"\*?\w+|\[\w+\]\+?|\w+=(None|[-+.\w]+)")
_INTERVAL = re.compile(r"[\[(](-inf|[-+.e\d]+), (inf|[-+.e\d]+)[\])]")


def register(op: Op) -> Callable[..., Any]:
    """
    Add an operation to the table.

    It is then a function of ``autograd`` and a method of `Value`, and whatever reads the table knows it: derivatives of
    every order, forward mode, typed expressions, the steps. To register an equal entry again changes nothing, so that a
    notebook's cell can run twice.

    Parameters
    ----------
    op
        The entry: its value and its local derivatives as text, in terms of the primitives and of other entries.

    Returns
    -------
    function
        Of Values and plain numbers; ``autograd.<name>`` from now on.

    Raises
    ------
    TypeError
        `op` is not an `Op`, or one of its fields has the wrong type.
    ValueError
        The name is taken; there are not as many local derivatives as parameters; a text cannot be read, or has a name
        that is not known, or calls something with the wrong number of arguments. Then nothing has been registered.

    Examples
    --------
    >>> from autograd import Op, Value
    >>> bell = register(Op("bell", "x", "exp(-x*x)", ("-2*x*out",), "The curve exp(-x²)."))
    >>> x = Value(0.5)
    >>> bell(x).data == x.bell().data == bell(0.5)
    True
    """
    if isinstance(op, Op) and TABLE.get(op.name) == op and not op.by_hand:
        return _function(op)
    check_entry(op)
    TABLE[op.name] = op
    try:
        function = _tried_out(op)
    except BaseException:
        del TABLE[op.name]
        raise
    attach_methods()
    return function


def check_entry(op: Op) -> None:
    """
    See that an entry can be added to the table.

    Parameters
    ----------
    op
        The entry.

    Raises
    ------
    TypeError, ValueError
        As `register`.
    """
    if not isinstance(op, Op):
        msg = f"register: the entry must be an autograd.Op, not {type(op).__name__} {op!r}"
        raise OperandError(msg)
    _check_types(op)
    for name in (op.name, *op.aliases):
        check_name(name, public=not op.internal)
    if len({op.name, *op.aliases}) <= len(op.aliases):
        raise _refused(op, f"aliases has a name twice: {op.aliases!r}")
    if op.special and (not re.fullmatch(r"__\w+__", op.special) or op.special in vars(Value)):
        raise _refused(op, f"special must be a special method that Value has not got, not {op.special!r}")
    if op.by_hand:
        raise _refused(op, "by_hand is for operations that are written out in the engine")
    check_texts(op)


def check_name(name: str, *, public: bool) -> None:
    """
    See that a name for an operation is free.

    Parameters
    ----------
    name
        The name.
    public
        Whether it is to be a function of ``autograd`` and a method of Value.

    Raises
    ------
    ValueError
        It is no name, or is taken.
    """
    if not name.isidentifier() or keyword.iskeyword(name) or name.startswith("_"):
        msg = f"register: an operation's name must be a Python name without an underscore in front, not {name!r}"
        raise ArgumentError(msg)
    owner = (
        "an entry of the table" if name in TABLE or name in spellings()
        else "a primitive" if name in primitives.FLOATS or name in primitives.IEEE
        else "a leaf of programs" if name in SOURCES
        else "an attribute of Value" if public and hasattr(Value, name)
        else "an attribute of autograd" if public and name in vars(sys.modules["autograd"])
        else None
    )  # fmt: skip
    if owner:
        msg = f"register: the name {name!r} is taken: it is {owner} already"
        raise ArgumentError(msg)


def _check_types(op: Op) -> None:
    for field, kind in get_type_hints(Op).items():
        given = getattr(op, field)
        if not _fits(given, kind):
            msg = f"register: {field} of {op.name!r} must be {kind}, not {type(given).__name__} {given!r}"
            raise OperandError(msg)


def _fits(given: Any, kind: Any) -> bool:
    """Tell whether something is of a type: a class, a tuple of types or a choice of them."""
    inside = get_args(kind)
    if get_origin(kind) is tuple:
        kinds = inside[:1] * len(given) if isinstance(given, tuple) and inside[-1] is ... else inside
        return isinstance(given, tuple) and len(given) == len(kinds) and all(map(_fits, given, kinds))
    return any(_fits(given, each) for each in inside) if inside else isinstance(given, kind)


def check_texts(op: Op) -> None:
    """
    See that every reader of the table can read an entry's texts.

    Parameters
    ----------
    op
        The entry.

    Raises
    ------
    ValueError
        As `register`.
    """
    for text in op.parameters.split(", "):
        if not _PARAMETER.fullmatch(text):
            raise _refused(op, f"{text!r} is no parameter; one is written x, x=1.0, *xs, [xs] or [xs]+")
    own = parameters(op)
    names = [p.name for p in own]
    if any(p.kind == "star" for p in own) and len(own) > 1:
        raise _refused(op, f"*{own[0].name} must be the only parameter")
    defaults = [bool(p.default) for p in own]
    if defaults != sorted(defaults):
        raise _refused(op, "a parameter without a default follows one with a default")
    for field, texts in {"partials": op.partials, "textbook": op.textbook or None, "tex": op.tex or None}.items():
        if texts is not None and len(texts) != len(own):
            raise _refused(op, f"{field} has {len(texts)} texts for {len(own)} parameters ({', '.join(names)})")
    if len(op.domain) not in (1, len(own)) or not all(_INTERVAL.fullmatch(interval) for interval in op.domain):
        raise _refused(op, f"domain must have an interval like '(0, inf)' for each parameter, not {op.domain!r}")
    _check_own_names(op, [*names, *(name for name, _ in op.let)])
    elements = {p.element for p in own if p.kind != "scalar"}
    known: set[str] = set(names)
    hidden = {name for name, text in op.let if "out" in _free_names(op, text)}
    for name, text in op.let:
        _check_text(op, text, known | {"out"})
        known.add(name)
    _check_text(op, op.value, known - hidden, value=True)
    for parameter, partial, textbook in zip(own, op.partials or (None,) * len(own), op.textbook or (None,) * len(own)):
        for text in filter(None, (partial, textbook)):
            own_names = set() if parameter.kind == "scalar" else {*elements, "place"}
            _check_text(op, text, known | {"out", "nothing"} | own_names)


def _check_own_names(op: Op, names: list[str]) -> None:
    """See that what an entry calls its parameters and steps does not hide what the functions made of it need."""
    scalars = [p.name for p in parameters(op)]
    made = {form.format(name) for name in scalars for form in ("{}_node", "{}_nodes", "{}_given", "d_{}", "ieee_d_{}")}
    taken = made | {"out", "place", "constant", "error", op.name} | set(FUNCTION_NAMES) | set(primitives.FLOATS)
    for name in names:
        if not name.isidentifier() or keyword.iskeyword(name) or name in taken or names.count(name) > 1:
            raise _refused(
                op, f"{name!r} cannot be the name of a parameter or of a step in let: it is taken, or no name"
            )


def _check_text(op: Op, text: str, known: set[str], *, value: bool = False) -> None:
    unknown = _free_names(op, text) - known - set(primitives.FLOATS) - set(TABLE)
    if not value:
        unknown.discard(op.name)  # a derivative may be stated in terms of the operation
    if "nothing" in _free_names(op, text) and "nothing" not in known:
        unknown.add("nothing")
    if unknown:
        raise _refused(op, f"unknown names in {text!r}: {', '.join(sorted(unknown))}")
    calls = [node for node in ast.walk(_tree(op, text)) if isinstance(node, ast.Call)]
    for function in sorted(_functions_in(op, text, known) - {getattr(call.func, "id", None) for call in calls}):
        raise _refused(op, f"{function!r} in {text!r} is a function, but is not called")
    for call in calls:
        if not isinstance(call.func, ast.Name) or call.func.id not in _functions_in(op, text, known):
            raise _refused(op, f"{ast.unparse(call)!r} in {text!r} is not a call of a primitive or of an entry")
        if not any(isinstance(argument, ast.Starred) for argument in call.args):
            _check_call(op, call, first=op.partials is None)


def _functions_in(op: Op, text: str, known: set[str]) -> set[str]:
    """List the names in a text that stand for functions."""
    names = _free_names(op, text) - known
    return {name for name in names if callable(primitives.FLOATS.get(name)) or name in TABLE or name == op.name}


def _check_call(op: Op, call: ast.Call, *, first: bool) -> None:
    """See that what is called takes that many arguments, where it says how many."""
    name = call.func.id  # type: ignore[attr-defined]
    if name == op.name:
        signature = inspect.Signature([inspect.Parameter(p.name, _KINDS[p.kind]) for p in parameters(op)])
    elif name in TABLE and (first or name not in primitives.FLOATS):
        signature = inspect.signature(FLOATS.value(name))
    else:
        try:
            signature = inspect.signature(primitives.FLOATS[name])
        except (TypeError, ValueError):  # a number, or a builtin that does not tell: it will be tried out
            return
    try:
        signature.bind(*call.args)
    except TypeError as error:
        raise _refused(op, f"{ast.unparse(call)!r}: {error}") from None


_KINDS: dict[str, Any] = {
    "scalar": inspect.Parameter.POSITIONAL_OR_KEYWORD,
    "sequence": inspect.Parameter.POSITIONAL_OR_KEYWORD,
    "star": inspect.Parameter.VAR_POSITIONAL,
}


def _tree(op: Op, text: str) -> ast.Expression:
    try:
        tree = ast.parse(text.strip(), mode="eval")
    except (SyntaxError, ValueError) as error:
        raise _refused(op, f"{text!r} is not an expression: {error}") from None
    for node in ast.walk(tree):
        right = isinstance(node, _GRAMMAR)
        if isinstance(node, ast.Constant):
            right = type(node.value) in (int, float)
        elif isinstance(node, ast.ListComp):
            right = len(node.generators) == 1 and not node.generators[0].ifs
        if not right:
            shown = ast.unparse(node) if isinstance(node, ast.expr) else type(node).__name__
            raise _refused(op, f"{text!r} has {shown!r}, which not every reader of the table understands")
    return tree


def _free_names(op: Op, text: str) -> set[str]:
    named = [node for node in ast.walk(_tree(op, text)) if isinstance(node, ast.Name)]
    return {node.id for node in named} - {node.id for node in named if isinstance(node.ctx, ast.Store)}


def _refused(op: Op, why: str) -> ArgumentError:
    return ArgumentError(f"register: {op.name}: {why}")


def _tried_out(op: Op) -> Callable[..., Any]:
    """Make the function, and see that it can be computed and differentiated twice at a point of the domain."""
    points = [Value(_point(interval)) for interval in op.domain * len(parameters(op))]
    arguments: list[Any] = []
    for parameter, point in zip(parameters(op), points):
        pair = [point, Value(point.data)]
        arguments += pair if parameter.kind == "star" else [pair] if parameter.kind == "sequence" else [point]
    try:
        function = _function(op)
        out = function(*arguments)
        for root in out if isinstance(out, list) else [out]:
            first = gradients(root, points)
            gradients(sum(first), points)
    except ARITHMETIC_ERRORS:
        pass  # no value just there
    except (TypeError, AttributeError, NameError, RecursionError, LookupError) as error:
        raise _refused(op, f"it cannot be computed at {', '.join(map(str, arguments))}: {error}") from error
    return function


def _function(op: Op) -> Callable[..., Any]:
    return ieee_operation(op.name) if op.internal else operation(op.name)


def _point(interval: str) -> float:
    low, high = (float(end) for end in interval[1:-1].split(", "))
    if low == -float("inf"):
        return min(0.5, high - 0.5)
    return (low + min(high, low + 1.0)) / 2
