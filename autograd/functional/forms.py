"""Derivatives of functions: of numbers, and of lists, tuples and dicts of numbers, to any order."""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING, Any, NamedTuple

from autograd.engine import Value
from autograd.errors import ArgumentError, OperandError
from autograd.functional.containers import in_the_form_of, leaves, leaves_like
from autograd.functional.nesting import Open, depend_on_an_open_form, nested, opened
from autograd.functional.sweeping import float_sweep, fresh, value_sweep
from autograd.functional.tangents import Pushing
from autograd.watchers import open_watchers, recording, watched_by

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


def value_and_grad(f: Callable[..., Any], argnums: int | Sequence[int] = 0) -> Callable[..., tuple[Any, Any]]:
    """
    Turn a function into one that returns its value and its derivative.

    Parameters
    ----------
    f
        A function that returns a scalar, of numbers or of lists, tuples and dicts of numbers. It is called with Values.
    argnums
        Which argument to differentiate by, or several.

    Returns
    -------
    function
        Of the same arguments. The derivative has the form of the argument (a list for a list), and is a tuple of such
        if `argnums` is a sequence. Plain numbers in give plain floats out, Values in give Values, so that it nests to
        any order. A `no_grad` around the call does not count inside.

    Raises
    ------
    TypeError
        `f` is not callable, `argnums` no integer, or (when called) an argument or the result is no number.
    ValueError
        When called: there is no such argument, or it is named twice.

    Examples
    --------
    >>> value_and_grad(lambda x, y: x * y[0] + y[1], argnums=(0, 1))(2.0, [3.0, 4.0])
    (10.0, (3.0, [2.0, 1.0]))
    """
    return _value_and_grad("value_and_grad", f, argnums)


def _value_and_grad(form: str, f: Callable[..., Any], argnums: int | Sequence[int]) -> Callable[..., tuple[Any, Any]]:
    _check_function(form, f)
    places = _Places(form, argnums)

    def differentiated(*args: Any, **kwargs: Any) -> tuple[Any, Any]:
        recorded = _Recorded.of(form, f, args, places.among(args), kwargs)
        if isinstance(recorded.out, list | tuple | dict):
            msg = (
                f"{form}: the function must return a real number, not {type(recorded.out).__name__} "
                f"{recorded.out!r}; for several outputs there is jacobian"
            )
            raise OperandError(msg)
        (root,) = recorded.roots
        slopes = recorded.pulled_back([1.0])
        return recorded.given_out([root])[0], places.shaped(args, slopes)

    return differentiated


def grad(f: Callable[..., Any], argnums: int | Sequence[int] = 0) -> Callable[..., Any]:
    """
    Turn a function into its derivative.

    Parameters
    ----------
    f
        A function that returns a scalar, of numbers or of lists, tuples and dicts of numbers. It is called with Values.
    argnums
        Which argument to differentiate by, or several.

    Returns
    -------
    function
        Of the same arguments; see `value_and_grad`.

    Raises
    ------
    TypeError, ValueError
        As `value_and_grad`.

    Examples
    --------
    >>> cube = lambda x: x**3
    >>> grad(cube)(2.0), grad(grad(cube))(2.0), grad(grad(grad(cube)))(2.0)
    (12.0, 12.0, 6.0)
    """
    both = _value_and_grad("grad", f, argnums)

    def derivative(*args: Any, **kwargs: Any) -> Any:
        return both(*args, **kwargs)[1]

    return derivative


def jacobian(f: Callable[..., Any], argnums: int | Sequence[int] = 0) -> Callable[..., Any]:
    """
    Turn a function into the one that gives all derivatives of all its outputs.

    Parameters
    ----------
    f
        A function of numbers or containers of them that returns a number, or a list, tuple or dict of numbers.
    argnums
        Which argument to differentiate by, or several.

    Returns
    -------
    function
        Of the same arguments. It returns what `f` returns, with each number replaced by its derivative, which has the
        form of the argument. It records `f` once, and sweeps once for each output.

    Raises
    ------
    TypeError, ValueError
        As `value_and_grad`.

    Examples
    --------
    >>> jacobian(lambda x: [x[0] * x[1], x[0] ** 2, 7.0])([2.0, 3.0])
    [[3.0, 2.0], [4.0, 0.0], [0.0, 0.0]]
    """
    _check_function("jacobian", f)
    places = _Places("jacobian", argnums)

    def derivatives(*args: Any, **kwargs: Any) -> Any:
        recorded = _Recorded.of("jacobian", f, args, places.among(args), kwargs)
        count = len(recorded.roots)
        units = ([float(row == column) for column in range(count)] for row in range(count))
        rows = [places.shaped(args, recorded.pulled_back(unit)) for unit in units]
        return in_the_form_of(recorded.out, iter(rows))

    return derivatives


def hessian(f: Callable[..., Any], argnums: int | Sequence[int] = 0) -> Callable[..., Any]:
    """
    Turn a function into the one that gives all its second derivatives.

    Parameters
    ----------
    f
        A function that returns a scalar, of numbers or of lists, tuples and dicts of numbers.
    argnums
        Which argument to differentiate by, or several.

    Returns
    -------
    function
        Of the same arguments: the `jacobian` of the `grad`, in its form; for a list of n numbers a list of n rows.

    Raises
    ------
    TypeError, ValueError
        As `value_and_grad`.

    Examples
    --------
    >>> hessian(lambda x: x[0] ** 2 * x[1])([2.0, 3.0])
    [[6.0, 4.0], [4.0, 0.0]]
    """
    _check_function("hessian", f)
    _Places("hessian", argnums)
    return jacobian(grad(f, argnums), argnums)


def jvp(f: Callable[..., Any], primals: Sequence[Any], tangents: Sequence[Any]) -> tuple[Any, Any]:
    """
    Differentiate along a direction, in forward mode: in one pass, with no graph.

    Parameters
    ----------
    f
        A function of numbers or containers of them that returns a number or a container of numbers.
    primals
        Its arguments.
    tangents
        How fast each of them moves: of the same form.

    Returns
    -------
    value, tangent
        What `f` returns, and how fast it moves: of the same form. Plain numbers in give plain floats out, and then the
        memory that is needed does not grow with the number of operations. Values in give Values, with a graph.

    Raises
    ------
    TypeError
        `f` is not callable, `primals` or `tangents` is no tuple, or something in them is no number.
    ValueError
        `tangents` has not the form of `primals`.
    RuntimeError
        `f` sweeps backwards through a node, where no graph is kept; `grad` and `vjp` do work inside.

    Examples
    --------
    >>> jvp(lambda x, y: x * y, (2.0, 3.0), (1.0, 10.0))
    (6.0, 23.0)
    """
    _check_function("jvp", f)
    primals, tangents = _arguments("jvp: primals", primals), _arguments("jvp: tangents", tangents)
    along = leaves_like(tangents, primals, "jvp: tangents", "primals")
    points = leaves(primals, "jvp: primals")
    keep = _any_value(points) or _any_value(along)
    forward = Pushing(keep=keep)
    with watched_by(forward.outer):
        variables = [forward.start(point, direction) for point, direction in zip(points, along, strict=True)]
    with forward.open():
        out = f(*in_the_form_of(primals, iter(variables)))
        results = leaves(out, "jvp: the result of the function")
    moves = [forward.tangent(result) for result in results]
    both = _given_out([*results, *moves], keep=keep)
    return in_the_form_of(out, iter(both[: len(results)])), in_the_form_of(out, iter(both[len(results) :]))


def vjp(f: Callable[..., Any], *primals: Any) -> tuple[Any, Callable[[Any], tuple[Any, ...]]]:
    """
    Compute a function, and give the function that pulls gradients of its outputs back to its arguments.

    Parameters
    ----------
    f
        A function of numbers or containers of them that returns a number or a container of numbers.
    *primals
        Its arguments.

    Returns
    -------
    value, pullback
        What `f` returns; and a function that takes how much each number of it counts, in the same form, and returns a
        tuple with the derivatives by each argument. It may be called more than once.

    Raises
    ------
    TypeError
        `f` is not callable, or an argument or the result is no number.

    Examples
    --------
    >>> value, pullback = vjp(lambda x, y: [x * y, x + y], 2.0, 3.0)
    >>> value, pullback([1.0, 0.0]), pullback([1.0, 10.0])
    ([6.0, 5.0], (3.0, 2.0), (13.0, 12.0))
    """
    _check_function("vjp", f)
    recorded = _Recorded.of("vjp", f, primals, range(len(primals)), {})

    def pullback(cotangent: Any) -> tuple[Any, ...]:
        seeds = leaves_like(cotangent, recorded.out, "vjp: the pullback's argument", "the function's result")
        slopes = iter(recorded.pulled_back(seeds))
        return tuple(in_the_form_of(primal, slopes) for primal in primals)

    return in_the_form_of(recorded.out, iter(recorded.given_out(recorded.roots))), pullback


def hvp(f: Callable[..., Any], primals: Sequence[Any], vector: Sequence[Any]) -> Any:
    """
    Multiply the matrix of second derivatives by a vector, without computing the matrix.

    Parameters
    ----------
    f
        A function that returns a scalar, of numbers or of lists, tuples and dicts of numbers.
    primals
        Its arguments.
    vector
        What to multiply by: of the same form.

    Returns
    -------
    Any
        Of the form of the argument; a tuple of such if there are several. It is the gradient of the derivative along
        `vector`, and costs a small multiple of one gradient, however many numbers there are.

    Raises
    ------
    TypeError, ValueError
        As `jvp`.

    Examples
    --------
    >>> hvp(lambda x: x[0] ** 2 * x[1], ([2.0, 3.0],), ([1.0, 10.0],))
    [46.0, 4.0]
    """
    _check_function("hvp", f)
    primals, vector = _arguments("hvp: primals", primals), _arguments("hvp: vector", vector)
    leaves_like(vector, primals, "hvp: vector", "primals")

    def along(*arguments: Any) -> Any:
        return jvp(f, arguments, vector)[1]

    return _value_and_grad("hvp", along, 0 if len(primals) == 1 else range(len(primals)))(*primals)[1]


# ---------------------------------------------------------------------- what the forms have in common


class _Recorded(NamedTuple):
    """A function's evaluation, recorded to be swept."""

    out: Any
    roots: list[Value]
    variables: list[Value]
    keep: bool

    @classmethod
    def of(
        cls, form: str, f: Callable[..., Any], args: tuple[Any, ...], positions: Sequence[int], kwargs: dict[str, Any]
    ) -> _Recorded:
        """Call a function with fresh variables in the place of some arguments, be it in a `no_grad`."""
        given = [leaf for p in positions for leaf in leaves(args[p], f"{form}: argument {p}")]
        arguments = list(args)
        with watched_by(open_watchers()):
            variables = [fresh(leaf) for leaf in given]
            rest = iter(variables)
            for position in positions:
                arguments[position] = in_the_form_of(args[position], rest)
            with opened(Open(frozenset(variables))):
                out = f(*arguments, **kwargs)
        results = leaves(out, f"{form}: the result of the function")
        roots = [result if isinstance(result, Value) else Value(result) for result in results]
        return cls(out, roots, variables, _any_value(given))

    def pulled_back(self, seeds: Sequence[Value | float]) -> list[Any]:
        """Sweep once, each root with its seed; by floats alone where nobody can differentiate the result."""
        weights: dict[Value, Any] = {}
        for root, seed in zip(self.roots, seeds, strict=True):
            weights[root] = weights[root] + seed if root in weights else seed
        if not (self.keep or nested() or _any_value(seeds)):
            return float_sweep(weights, self.variables)
        with watched_by(open_watchers()):
            slopes = value_sweep(weights, self.variables)
        return _given_out(slopes, keep=self.keep or _any_value(seeds))

    def given_out(self, results: list[Value]) -> list[Any]:
        return _given_out(results, keep=self.keep)


def _given_out(results: Sequence[Value | float], *, keep: bool) -> list[Any]:
    """Give Values for Values and where a form around this one is to see them, else floats."""
    nodes = [result if isinstance(result, Value) else Value(result) for result in results]
    if not keep and not (nested() and depend_on_an_open_form(nodes)):
        return [node.data for node in nodes]
    return nodes if recording() else [node.detach() for node in nodes]


class _Places:
    """Which arguments to differentiate by."""

    def __init__(self, form: str, argnums: int | Sequence[int]) -> None:
        self.form = form
        self.several = isinstance(argnums, list | tuple | range)
        given: Any = argnums if self.several else [argnums]
        try:
            self.positions = [operator.index(position) for position in given]
        except TypeError:
            self.positions = []
        if len(self.positions) < len(given) or any(isinstance(position, bool) for position in given):
            msg = f"{form}: argnums must be an integer or a sequence of integers, not {argnums!r}"
            raise OperandError(msg)

    def among(self, args: tuple[Any, ...]) -> list[int]:
        """Find the places in a call's arguments."""
        for position in self.positions:
            if not -len(args) <= position < len(args):
                msg = (
                    f"{self.form}: argnums has {position}, but the function was called with {len(args)} "
                    "positional arguments"
                )
                raise ArgumentError(msg)
        found = [position % len(args) for position in self.positions]
        if len(set(found)) < len(found):
            msg = f"{self.form}: argnums must name an argument once, not twice as in {self.positions}"
            raise ArgumentError(msg)
        return found

    def shaped(self, args: tuple[Any, ...], slopes: list[Any]) -> Any:
        """Put derivatives into the form of the arguments."""
        rest = iter(slopes)
        shaped = [in_the_form_of(args[position], rest) for position in self.positions]
        return tuple(shaped) if self.several else shaped[0]


def _check_function(form: str, f: Any) -> None:
    if not callable(f):
        msg = f"{form}: f must be a function, not {type(f).__name__} {f!r}"
        raise OperandError(msg)


def _arguments(role: str, given: Any) -> tuple[Any, ...]:
    if not isinstance(given, list | tuple):
        msg = f"{role} must be a tuple with one item for each argument of the function, not {given!r}"
        raise OperandError(msg)
    return tuple(given)


def _any_value(numbers: Sequence[Any]) -> bool:
    return any(isinstance(number, Value) for number in numbers)
