"""Operations that no expression can state: a function of floats, and one that gives its derivatives."""

from __future__ import annotations

import functools
import inspect
import sys
from typing import TYPE_CHECKING, Any, NoReturn, Self

from autograd import primitives
from autograd.engine import Value
from autograd.entry import Op
from autograd.errors import ARITHMETIC_ERRORS, ArgumentError, OperandError, UnknownDerivativeError, failure
from autograd.many import many_node, split_operands
from autograd.operands import number
from autograd.ops import TABLE
from autograd.program.kernel import opcodes
from autograd.program.tape import SOURCES

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


def custom(forward: Callable[..., float], partials: Callable[..., Sequence[float]]) -> Callable[..., Any]:
    """
    Make an operation of two Python functions, where no expression can state it; else there is `register`.

    First derivatives work everywhere, in forward and in reverse mode. Nobody has stated the second ones: to ask for one
    is an error.

    Parameters
    ----------
    forward
        ``forward(*floats) -> float``: the value. It must give the same result for the same numbers.
    partials
        ``partials(out, *floats) -> tuple``: the local derivative for each argument, `out` being the value.

    Returns
    -------
    function
        Of Values and plain numbers. The ``op`` of its nodes is the name of `forward`, with a number if that is taken.
        Each call of `custom` adds an operation for the life of the process, so call it once and keep the function.

    Raises
    ------
    TypeError
        `forward` or `partials` is not callable.
    ValueError
        `partials` does not take one argument more than `forward`; when called: it does not give a derivative for each.
    NotImplementedError
        When differentiated twice.

    Examples
    --------
    >>> import bisect
    >>> heights = [0.0, 1.0, 4.0, 9.0]
    >>> def height(x: float) -> float:  # between the points of a table
    ...     i = int(x)
    ...     return heights[i] + (x - i) * (heights[i + 1] - heights[i])
    >>> def slopes(out: float, x: float) -> tuple[float]:
    ...     i = int(x)
    ...     return (heights[i + 1] - heights[i],)
    >>> interpolated = custom(height, slopes)
    >>> x = Value(1.5)
    >>> y = interpolated(x) ** 2
    >>> y.backward()
    >>> y.data, x.grad
    (6.25, 15.0)
    """
    for role, given in (("forward", forward), ("partials", partials)):
        if not callable(given):
            msg = f"custom: {role} must be a function, not {type(given).__name__} {given!r}"
            raise OperandError(msg)
    least, most = _numbers_of_arguments(forward, "forward")
    least_of_partials, most_of_partials = _numbers_of_arguments(partials, "partials")
    if least + 1 > most_of_partials or most + 1 < least_of_partials:
        msg = (
            f"custom: partials must take one argument more than forward, (out, *floats): forward takes "
            f"{_say(least, most)} arguments, partials {_say(least_of_partials, most_of_partials)}"
        )
        raise ArgumentError(msg)
    names: dict[int, str] = {}
    if least == most:
        names[int(least)] = _add_entries(forward, partials, int(least))

    @functools.wraps(forward)
    def function(*operands: Any) -> Any:
        arity = len(operands)
        if not least <= arity <= most:
            msg = f"{getattr(forward, '__name__', forward)} takes {_say(least, most)} operands, not {arity}"
            raise OperandError(msg)
        name = names.get(arity) or names.setdefault(arity, _add_entries(forward, partials, arity))
        given, numbers, nodes = split_operands(operands, f"{name}: an operand")
        try:
            out = number(forward(*numbers), f"{name}: the result of forward")
        except ARITHMETIC_ERRORS as error:
            raise failure(error, name, given) from error
        return many_node(name, out, (given, nodes, _slopes(name, partials, out, numbers))) if nodes else out

    return function


def _numbers_of_arguments(function: Callable[..., Any], role: str) -> tuple[float, float]:
    """Give the least and the largest number of positional arguments that a function takes."""
    try:
        own = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):  # some builtins do not tell
        return 1, float("inf")
    if any(p.kind is p.KEYWORD_ONLY and p.default is p.empty for p in own):
        msg = f"custom: {role} must be called with positional arguments alone, but has keyword-only ones"
        raise ArgumentError(msg)
    positional = [p for p in own if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    most = float("inf") if any(p.kind is p.VAR_POSITIONAL for p in own) else len(positional)
    return max(1, sum(p.default is p.empty for p in positional)), most


def _say(least: float, most: float) -> str:
    return f"{least}" if least == most else f"{least} or more" if most == float("inf") else f"{least} to {most}"


def _slopes(name: str, partials: Callable[..., Any], out: float, numbers: Sequence[float]) -> list[float]:
    """Call `partials`, and check what it gives."""
    try:
        slopes = partials(out, *numbers)
    except ARITHMETIC_ERRORS as error:
        raise failure(error, f"the partials of {name}", numbers) from error
    if not isinstance(slopes, list | tuple) or len(slopes) != len(numbers):
        msg = f"{name}: partials must give a tuple of {len(numbers)}, a derivative for each argument, not {slopes!r}"
        raise ArgumentError(msg)
    return [number(slope, f"{name}: a local derivative") for slope in slopes]


def _add_entries(forward: Callable[..., float], partials: Callable[..., Any], arity: int) -> str:
    """
    Add an operation to the table for those who read it there, and one for each of its local derivatives.

    Their texts call the two functions, as primitives that every arithmetic on floats has. The derivative of a local
    derivative is unknown, and says so when it is used.
    """
    name = _free_name(getattr(forward, "__name__", ""))
    names = ["x", "y"][:arity] if arity <= 2 else [f"x{place}" for place in range(1, arity + 1)]
    operands = ", ".join(names)
    slopes = [f"{name}_by_{x}" for x in names]

    def slope_at(place: int) -> Callable[..., float]:
        def slope(*numbers: float) -> float:
            return _slopes(name, partials, numbers[-1], numbers[:-1])[place]

        return slope

    def value(*numbers: float) -> float:
        return number(forward(*numbers), f"{name}: the result of forward")

    functions = {name: value, **{slope: slope_at(place) for place, slope in enumerate(slopes)}}
    for primitive, function in functions.items():
        primitives.FLOATS[primitive] = function
        primitives.IEEE[primitive] = _nan_for_exceptions(function)
    unknown = f"unknown_{name}"
    primitives.FLOATS[unknown] = primitives.IEEE[unknown] = Unknown(name)
    stated = tuple(f"{slope}({operands}, out)" for slope in slopes)
    TABLE[name] = Op(name, operands, f"{name}({operands})", stated, forward.__doc__ or name, internal=True)
    for slope in slopes:
        doc = f"A local derivative of {name}."
        text = f"{slope}({operands}, result)"
        TABLE[slope] = Op(slope, f"{operands}, result", text, (unknown,) * (arity + 1), doc, internal=True)
    return name


def _free_name(name: str) -> str:
    """Give a name that nothing has, nor an instruction of programs; the name of a lambda is none."""
    stem = name if name.isidentifier() else "operation"
    known = {*TABLE, *primitives.FLOATS, *dir(Value), *vars(sys.modules["autograd"]), *opcodes(), *SOURCES}
    return next(name for name in (stem, *(f"{stem}_{i}" for i in range(2, 3 + len(known)))) if name not in known)


def _nan_for_exceptions(function: Callable[..., float]) -> Callable[..., float]:
    def total(*numbers: float) -> float:
        try:
            return function(*numbers)
        except ArgumentError:  # it does not give what it should
            raise
        except ARITHMETIC_ERRORS:
            return float("nan")

    return total


class Unknown(float):
    """
    A derivative that nobody has stated: a nan that cannot be used.

    It stands where a node keeps a local derivative, so that a sweep over it raises without looking for it.

    Parameters
    ----------
    operation
        Whose second derivative it is.
    """

    def __new__(cls, operation: str) -> Self:  # noqa: D102 - the class says it
        unknown = super().__new__(cls, "nan")
        unknown.operation = operation
        return unknown

    operation: str

    def __getnewargs__(self) -> tuple[Any]:  # so that it can be copied
        return (self.operation,)

    def _refuse(self, *_: object) -> NoReturn:
        msg = (
            f"{self.operation} is a custom operation, whose second derivative is not known: state the operation as text"
            " with autograd.register, or its derivative as another custom operation"
        )
        raise UnknownDerivativeError(msg)

    __mul__ = __rmul__ = __add__ = __radd__ = __float__ = _refuse
