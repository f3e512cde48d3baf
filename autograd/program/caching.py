"""The decorator: a function is recorded when it is first called, and again when its arguments have another form."""

from __future__ import annotations

import functools
import inspect
import sys
from itertools import repeat
from numbers import Number
from typing import TYPE_CHECKING, Any, NamedTuple, Self, overload

from autograd.engine import Value
from autograd.errors import ArgumentError, OperandError
from autograd.functional.containers import in_the_form_of, leaves
from autograd.operands import number
from autograd.program.recording import keeps_leaves, record_function, shared_leaves
from autograd.program.variants import Variants

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from autograd.program.program import Program


class CacheInfo(NamedTuple):
    """
    What a recorded function has kept.

    Parameters
    ----------
    hits
        Calls for which there was a recording of their form.
    misses
        Calls for which there was none.
    currsize
        Recordings that are kept.
    """

    hits: int
    misses: int
    currsize: int


@overload
def recorded(f: Callable[..., Any], /) -> RecordedFunction: ...
@overload
def recorded(
    *, params: Iterable[Value] = (), static_argnames: str | Iterable[str] = (), on_guard: str = "raise"
) -> Callable[[Callable[..., Any]], RecordedFunction]: ...
@overload
def recorded(
    f: Callable[..., Any], /, *, params: Iterable[Value] = (), static_argnames: str | Iterable[str] = (),
    on_guard: str = "raise",
) -> RecordedFunction: ...  # fmt: skip
def recorded(
    f: Callable[..., Any] | None = None, /, *, params: Iterable[Value] = (),
    static_argnames: str | Iterable[str] = (), on_guard: str = "raise",
) -> Any:  # fmt: skip
    """
    Record a function when it is first called, and again when the form of its arguments changes; else run the recording.

    Parameters
    ----------
    f
        A function of numbers, or of lists, tuples and dicts of numbers; it returns such. It is called with Values. What
        else it is given (strings, truth values, None, any object that can be hashed) belongs to the form. It is to
        depend on its arguments and on `params` alone.
    params
        Leaves that it uses, as the parameters of a model: a call takes the numbers that they have by then.
    static_argnames
        Names of arguments that are passed as they are, say a number of steps: another one is another form.
    on_guard
        As for `record`: ``"raise"``, or ``"record"`` the function again where a comparison comes out otherwise.

    Returns
    -------
    RecordedFunction
        Of the same arguments. Without `f`, a decorator that makes one.

    Raises
    ------
    TypeError, ValueError
        As for `record`; or a static argument has no such name.

    Examples
    --------
    >>> from autograd import exp
    >>> @recorded
    ... def hill(p, height=1.0):
    ...     return height * exp(-(p[0] ** 2) - p[1] ** 2)
    >>> hill([0.0, 0.0]), hill([0.0, 0.0], height=2)
    (1.0, 2.0)
    >>> hill.value_and_grad([1.0, 0.0], height=2.0)
    (0.7357588823428847, [-1.4715177646857693, -0.0])
    >>> hill.cache_info()
    CacheInfo(hits=1, misses=2, currsize=2)
    """
    options: dict[str, Any] = {"params": params, "static_argnames": static_argnames, "on_guard": on_guard}
    if f is None:
        return functools.partial(RecordedFunction, **options)
    return RecordedFunction(f, **options)


class RecordedFunction:
    """
    What `recorded` makes of a function.

    Parameters
    ----------
    f, params, static_argnames, on_guard
        As for `recorded`.
    """

    def __init__(
        self, f: Callable[..., Any], params: Iterable[Value] = (), static_argnames: str | Iterable[str] = (),
        on_guard: str = "raise",
    ) -> None:  # fmt: skip
        if not callable(f):
            msg = f"recorded: f must be a function, not {type(f).__name__} {f!r}"
            raise OperandError(msg)
        if on_guard not in ("raise", "record"):
            msg = f"recorded: on_guard must be 'raise' or 'record', not {on_guard!r}"
            raise ArgumentError(msg)
        functools.update_wrapper(self, f)
        self._f = f
        try:
            self._signature = inspect.signature(f)
        except ValueError as error:
            msg = f"recorded: f must be a function whose arguments are known; {error}: wrap it in a function of yours"
            raise OperandError(msg) from None
        self._static = {static_argnames} if isinstance(static_argnames, str) else set(static_argnames)
        unknown = self._static - set(self._signature.parameters)
        if unknown:
            msg = f"recorded: static_argnames has {min(unknown)!r}, which is no argument of {self._signature}"
            raise ArgumentError(msg)
        self._params = shared_leaves(params, "recorded")
        self._on_guard = on_guard
        self._recordings: dict[Any, _Recording] = {}
        self._hits = self._misses = 0

    def __get__(self, instance: object, owner: type | None = None) -> Self:
        if instance is None:
            return self
        name = self._f.__name__
        msg = f"recorded: {name} is a method: record that of an object, {name} = recorded(the_object.{name})"
        raise OperandError(msg)

    def __repr__(self) -> str:
        return f"<recorded function {getattr(self._f, '__qualname__', self._f)}{self._signature}>"

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """
        Compute the function.

        Parameters
        ----------
        *args, **kwargs
            Its arguments. With a Value among them the function itself is called, so that its graph can go on.

        Returns
        -------
        Any
            What the function returns, with floats in it.

        Raises
        ------
        TypeError, ValueError, ArithmeticError, GuardError
            As for a `Program`; or an argument can neither be a number nor part of the form.
        """
        call = self._call(args, kwargs)
        if call.has_values:
            return self._f(*args, **kwargs)
        program, form = self._recording(call).program_for(call.numbers)
        values = program(call.numbers)
        return in_the_form_of(form, iter(values)) if isinstance(values, list) else values

    def value_and_grad(self, *args: Any, **kwargs: Any) -> tuple[Any, Any]:
        """
        Compute the function and its derivative.

        Parameters
        ----------
        *args, **kwargs
            Its arguments: numbers.

        Returns
        -------
        value
            What a call gives.
        grad
            By `params`, a list; or without these by the first argument, in its form, as `autograd.value_and_grad` has
            it.

        Raises
        ------
        TypeError, ValueError, ArithmeticError, GuardError
            As for a call; or the function does not return one number.
        """
        call = self._call(args, kwargs)
        if call.has_values:
            msg = "recorded: value_and_grad is of plain numbers; for Values there is autograd.value_and_grad"
            raise OperandError(msg)
        program, form = self._recording(call).program_for(call.numbers)
        if isinstance(form, list | tuple | dict):
            msg = f"recorded: value_and_grad is of a function that returns one number, not a {type(form).__name__}"
            raise OperandError(msg)
        value, slopes = program.value_and_grad(call.numbers)
        if self._params:
            return value, slopes.tolist()
        return value, call.in_the_form_of_first(slopes.tolist())

    def program(self, *args: Any, **kwargs: Any) -> Program | Variants:
        """
        Give the program for arguments of some form, to print or to run it on many examples.

        Parameters
        ----------
        *args, **kwargs
            Arguments of that form.

        Returns
        -------
        Program or Variants
            Its inputs are the numbers among the arguments, in order.

        Raises
        ------
        TypeError, ValueError
            As for a call.
        """
        return self._recording(self._call(args, kwargs)).made

    def cache_info(self) -> CacheInfo:
        """Tell how many recordings there are, and how often they were used."""
        return CacheInfo(self._hits, self._misses, len(self._recordings))

    def cache_clear(self) -> None:
        """Forget all recordings."""
        self._recordings.clear()
        self._hits = self._misses = 0

    def __copy__(self) -> Self:
        return self  # as functions are

    def __reduce__(self) -> str | tuple[Any, ...]:
        """Pickle by name, as functions are; and else what was recorded, which is recorded anew."""
        name = getattr(self, "__qualname__", "")
        found: Any = sys.modules.get(self.__module__)
        for part in name.split("."):
            found = getattr(found, part, None)
        if found is self:
            return str(name)
        if self._params and keeps_leaves(self._f):
            msg = (
                f"a copy of {self._f!r} would have params of its own, and the function those that it has now: decorate "
                "it with @recorded, so that it is found by its name, or record a method of what has the parameters"
            )
            raise OperandError(msg)
        return type(self), (self._f, self._params, sorted(self._static), self._on_guard)

    def _recording(self, call: _Call) -> _Recording:
        found = self._recordings.get(call.key)
        if found is not None:
            self._hits += 1
            return found
        self._misses += 1
        made = self._recordings[call.key] = _Recording(self._f, call, self._params, self._on_guard)
        return made

    def _call(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> _Call:
        return _Call(self._signature.bind(*args, **kwargs), self._static)


class _Call:
    """A call's arguments: the numbers among them, and their form."""

    def __init__(self, bound: inspect.BoundArguments, static: set[str]) -> None:
        self._signature, self._arguments, self._static = bound.signature, bound.arguments, static
        self.numbers: list[float] = []
        self.has_values = False
        self._others: list[Any] = []  # beside each number None, for anything else the thing itself in a tuple
        self._key: list[Any] = []
        self._first: tuple[Any, int, int] = (None, 0, 1)  # the argument, numbers in it, and what can be in their place
        first = next(iter(bound.signature.parameters), None)
        for name, given in bound.arguments.items():
            self._key.append(name)
            if name in static:
                self._add_other(given, f"recorded: the static argument {name}")
            else:
                self._add(given, f"recorded: argument {name}")
            if name == first:
                self._first = given, len(self.numbers), len(self._others)
        self.key = tuple(self._key)

    def _add(self, given: Any, role: str) -> None:
        if isinstance(given, list | tuple | dict):
            places = list(given) if isinstance(given, dict) else range(len(given))
            self._key += [type(given), tuple(map(_distinct, places)) if isinstance(given, dict) else len(given)]
            for place in places:
                self._add(given[place], f"{role}[{place!r}]")
        elif isinstance(given, Number) and not isinstance(given, bool):
            self.numbers.append(number(given, role))
            self._key.append(None)
            self._others.append(None)
        else:
            self.has_values |= isinstance(given, Value)
            self._add_other(given, role)

    def _add_other(self, given: Any, role: str) -> None:
        try:
            hash(given)
        except TypeError:
            msg = (
                f"{role} must be a number, lists, tuples and dicts of numbers, or something that can be hashed, not "
                f"{type(given).__name__} {given!r}{'; of an array give tolist()' if hasattr(given, 'tolist') else ''}"
            )
            raise OperandError(msg) from None
        self._key.append(_distinct(given))
        self._others.append((given,))

    def keep(self) -> None:
        """Keep the form of the arguments, but not their lists, which may change later."""
        self._arguments = {
            name: None if name in self._static else in_the_form_of(given, repeat(None))
            for name, given in self._arguments.items()
        }
        first, *counts = self._first
        self._first = (in_the_form_of(first, repeat(None)), *counts)

    def on(self, f: Callable[..., Any], variables: Iterable[Value]) -> Any:
        """Call a function with these arguments, but with Values in the place of the numbers."""
        rest = iter(variables)
        filled = iter([next(rest) if other is None else other[0] for other in self._others])
        arguments = {name: in_the_form_of(form, filled) for name, form in self._arguments.items()}
        bound = inspect.BoundArguments(self._signature, arguments)
        return f(*bound.args, **bound.kwargs)

    def in_the_form_of_first(self, slopes: list[float]) -> Any:
        """Put the first derivatives into the form of the first argument."""
        first, numbers, places = self._first
        if not 0 < numbers == places:
            msg = "recorded: value_and_grad is by params, or by the first argument, which must be of numbers alone"
            raise ArgumentError(msg)
        return in_the_form_of(first, iter(slopes))


def _distinct(given: Any) -> Any:
    """Give what is equal for the same alone: 1 is not True, nor is 0.0 -0.0, be they in tuples or sets."""
    if type(given) in (tuple, frozenset):
        return type(given), type(given)(map(_distinct, given))
    return type(given), given.hex() if isinstance(given, float) else given


class _Recording:
    """What a function has been recorded as, for arguments of one form."""

    def __init__(self, f: Callable[..., Any], call: _Call, params: Sequence[Value], on_guard: str) -> None:
        forms: dict[Program, Any] = {}
        call.keep()

        def record_at(numbers: Sequence[float]) -> Program:
            returned: list[Any] = []

            def flat(variables: list[Value]) -> Any:
                out = call.on(f, variables)
                found = leaves(out, "recorded: what the function returns")
                roots = [each if isinstance(each, Value) else Value(each) for each in found]
                is_container = isinstance(out, list | tuple | dict)
                returned.append(in_the_form_of(out, repeat(None)) if is_container else None)
                return roots if is_container else roots[0]

            program = record_function(flat, numbers, params, all_used=on_guard == "raise")
            (forms[program],) = returned
            return program

        self._forms = forms
        first = record_at(call.numbers)
        self.made = Variants([first], record_at) if on_guard == "record" else first

    def program_for(self, numbers: Sequence[float]) -> tuple[Program, Any]:
        """Give the program that goes the way of a point, and the form of what the function returns there."""
        program = self.made.program_for(numbers) if isinstance(self.made, Variants) else self.made
        return program, self._forms[program]
