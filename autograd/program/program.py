"""A recorded graph, to be run on other numbers."""

from __future__ import annotations

import functools
import os
import reprlib
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from autograd.arguments import flag
from autograd.engine import Value
from autograd.errors import ArgumentError, AutogradError, OperandError, StaleGraphError, describe
from autograd.operands import number
from autograd.program import saving
from autograd.program.arrays import numpy
from autograd.program.executor import Executor
from autograd.program.graph import Graph
from autograd.program.guards import put_guards
from autograd.program.listing import clear_labels, listing
from autograd.program.locking import MadeOnce, parameters
from autograd.program.replaying import replay
from autograd.program.tape import SOURCES, Tape
from autograd.program.translating import put_backward, put_forward

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from autograd.drawing.picture import Picture
    from autograd.sources import SourceLine

#: To compute as many nodes one by one takes a tenth of a second, for a message alone.
_MANY_NODES = 100_000

_MOST_THREADS = 1024

_SHORT = reprlib.Repr()  # messages do not repeat all that was given
_SHORT.maxother = 80


class Program:
    """
    What `record` makes of a graph: the same computation, for other numbers.

    It can be copied, pickled and sent to other processes. What runs it is made there anew.

    Parameters
    ----------
    graph
        What is computed.
    params
        The parameters; a run takes the numbers that they have by then.
    constants
        The leaves that must keep the numbers they were recorded with, and these.

    Attributes
    ----------
    params
        The parameters.
    """

    def __init__(self, graph: Graph, params: Sequence[Value], constants: Sequence[tuple[Value, float]] = ()) -> None:
        if not isinstance(graph, Graph):
            msg = f"graph must be one in arrays, not {type(graph).__name__}: autograd.record makes a program of a Value"
            raise OperandError(msg)
        self._graph = graph
        self.params = tuple(params)
        self._constants = list(constants)
        self._wanted = f"x must be {len(graph.inputs)} numbers, or rows of so many"
        self._wanted_params = f"params must be {len(self.params)} numbers"
        self._tape = Tape(keeps_entries=True)
        self._place = put_forward(self._tape, graph)
        self._guards = put_guards(self._tape, graph.comparisons, self._place)
        self._values = [self._place[root] for root in graph.roots]
        self._observed = [*self._values, *(guard.place for guard in self._guards)]  # for each example
        self._written = len(self._tape)
        self._is_steady = False

    def __reduce__(self) -> tuple[Any, ...]:
        self._check_constants()
        return type(self), (self._graph, self.params, self._constants)

    def save(self, path: str | os.PathLike[str]) -> None:
        """
        Write the program into a file, with the numbers that its parameters have by now.

        Parameters
        ----------
        path
            Where. What is there is replaced when all has been written.

        Raises
        ------
        TypeError
            An operation is made of functions of Python, by `custom`.
        RuntimeError
            A leaf that is neither among the inputs nor the parameters has another number than while recording.
        OSError
            The file cannot be written.

        Examples
        --------
        >>> import tempfile
        >>> from autograd import Program, Value, record
        >>> w = Value(3.0, "w")
        >>> program = record(lambda x: w * x[0], inputs=[1.0], params=[w])
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     program.save(f"{folder}/line.program")
        ...     loaded = Program.load(f"{folder}/line.program")
        >>> loaded.params, loaded([2.0])
        ((Value(data=3.0, grad=0.0, label='w'),), 6.0)
        """
        write_programs(path, [self])

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Program:
        """
        Read a program from a file. Nothing in the file is executed, and all is looked at before it is used.

        Parameters
        ----------
        path
            What `save` has written.

        Returns
        -------
        Program
            Its parameters are new leaves, with the numbers and labels they had.

        Raises
        ------
        FileNotFoundError
            There is no such file.
        ValueError
            It is damaged, of another version, or no program, or those of several ways; or it needs an operation that is
            not registered here, or is another.
        """
        programs = programs_in(path)
        if len(programs) > 1:
            msg = f"{os.fsdecode(path)!r} is of a function that goes {len(programs)} ways: load it with Variants.load"
            raise ArgumentError(msg)
        return programs[0]

    @MadeOnce
    def _first_slopes(self) -> list[int]:
        """Write the derivatives of the first result, by the parameters or else by the inputs; give their places."""
        return self._slopes_of(self._graph.roots[0])

    @MadeOnce
    def _flat_slopes(self) -> list[int]:
        """Write those of all results, one after the other."""
        others = [self._slopes_of(root) for root in self._graph.roots[1:]]
        return [*self._first_slopes, *(place for row in others for place in row)]

    def _slopes_of(self, root: int) -> list[int]:
        tape = self._tape
        if len(tape) != self._written:  # by derivatives that were interrupted
            tape.cut(self._written)
        slopes = put_backward(tape, self._graph, self._place, root, self._graph.leaves())
        self._written = len(tape)
        return slopes

    @MadeOnce
    def _forward(self) -> Executor:
        return self._executor(self._observed)

    @MadeOnce
    def _with_slopes(self) -> Executor:
        return self._executor([*self._observed, *self._flat_slopes])

    @MadeOnce
    def _with_sums(self) -> Executor:
        """Add up the derivatives of the first result; where users have several, they ask for no sums."""
        return self._executor(self._observed, self._first_slopes)

    @MadeOnce
    def _of_guards(self) -> Executor:
        return self._executor([guard.place for guard in self._guards])

    def _executor(self, stored: Sequence[int], summed: Sequence[int] = ()) -> Executor:
        return Executor(self._tape, stored, summed, is_steady=self._is_steady)

    @property
    def executor(self) -> str:
        """
        What has computed the gradient the latest time, or would first.

        ``"interpreter"``, or ``"straight-line code"`` once it has paid to compile it; ``"interpreter by levels"`` for
        few examples of a large graph; ``"dense loops"`` if most of it is layers; ``"NumPy"`` without llvmlite, or if an
        instruction is a function of Python.
        """
        return self._of_gradient.name

    @MadeOnce
    def _of_gradient(self) -> Executor:
        return self._with_sums if self.params and self._graph.single else self._with_slopes

    def compile(self, *, single: bool = False) -> None:
        """
        Compile what computes values, and values with gradients, now: do not wait until that has paid.

        Where layers are most of the work, their loops are compiled for this program alone, if it is short. Nothing is
        compiled for one example of a large graph that is run by levels, nor where NumPy computes. What is compiled
        gives the bits that there were before, but for sums over many examples, which it may add up in another order:
        where each bit of these counts, compile first.

        Parameters
        ----------
        single
            Whether for one example at a time, be it in a row of its own; else for many.
        """
        flag(single, "single")
        for executor in (self._forward, self._of_gradient):
            executor.compile(single=single, row=len(self._graph.inputs))

    @property
    def form(self) -> int | None:
        """How many results there are, in a list; None for one that is in none."""
        return None if self._graph.single else len(self._values)

    @property
    def stats(self) -> dict[str, int]:
        """How many nodes were recorded, and what is on the tape for the value and for the gradient."""
        return {
            "nodes": self._graph.size,
            "instructions": self._count(self._values),
            "with gradient": self._count([*self._values, *self._flat_slopes]),
            "inputs": len(self._graph.inputs),
            "params": len(self.params),
            "guards": len(self._guards),
        }

    def _count(self, results: Sequence[int]) -> int:
        tape = self._tape
        return sum(tape.instructions[place].op not in SOURCES for place in tape.needed_for(results))

    def __call__(self, x: Any, *, params: Any = None, check: bool = True, threads: int = 1) -> Any:
        """
        Compute the results.

        Parameters
        ----------
        x
            A number for each input; or an array (n, number of inputs), a row for each example.
        params
            Numbers for the parameters, (number of parameters,); by default those that they have by now.
        check
            Where what is asked for is not finite for an example, compute that anew, node by node, so that what fails is
            named. A sum over the examples is not looked at.
        threads
            How many threads may share the examples. With other numbers of them sums are rounded otherwise.

        Returns
        -------
        float or numpy.ndarray
            One number, or (n,) for n examples; of several results a list of these.

        Raises
        ------
        TypeError, ValueError
            `x` is not so many numbers.
        RuntimeError
            A leaf that is neither among the inputs nor the parameters has another number than while recording.
        GuardError
            A comparison comes out otherwise than it did while recording.
        ArithmeticError, ValueError
            What an operation raises outside of its domain.
        """
        points, is_batch = self._points(x)
        stored, _ = self._run(self._forward, points, self._numbers(params), check=check, threads=threads)
        values = stored[: len(self._values)]
        if self._graph.single:
            return values[0] if is_batch else float(values[0, 0])
        return list(values) if is_batch else values[:, 0].tolist()

    def value_and_grad(
        self, x: Any, *, params: Any = None, summed: bool = False, check: bool = True, threads: int = 1
    ) -> tuple[Any, Any]:
        """
        Compute the result and its derivatives.

        Parameters
        ----------
        x, params
            As for a call.
        summed
            With parameters: give the sum over the examples, not the mean.
        check, threads
            As for a call.

        Returns
        -------
        value
            As a call gives it.
        grad
            Without parameters by the inputs, an array of the shape of `x`. With parameters by these, for all examples
            together: an array (number of parameters,).

        Raises
        ------
        TypeError, ValueError, GuardError, ArithmeticError
            As for a call; or there are several results.
        """
        if not self._graph.single:
            msg = "value_and_grad is of one result: this program has several; call jacobian"
            raise ArgumentError(msg)
        flag(summed, "summed")
        if summed and not self.params:
            msg = "summed=True is for the gradient by parameters, and this program has none: each example has its own"
            raise ArgumentError(msg)
        points, is_batch = self._points(x)
        count = len(points)
        if self.params and not (summed or count):
            msg = "x must have an example at least: there is no mean over none; with summed=True the sum is zero"
            raise ArgumentError(msg)
        stored, sums = self._run(self._of_gradient, points, self._numbers(params), check=check, threads=threads)
        if self.params:
            value = stored[0] if is_batch else float(stored[0, 0])
            return value, sums if summed else sums / float(count)
        rows = numpy().ascontiguousarray(stored[len(self._observed) :].T)
        # a copy, for the results may be many beside the values
        return (stored[0].copy(), rows) if is_batch else (float(stored[0, 0]), rows[0])

    def jacobian(self, x: Any, *, params: Any = None, check: bool = True, threads: int = 1) -> Any:
        """
        Compute the derivatives of each result by each parameter, or without parameters by each input.

        Parameters
        ----------
        x, params, check, threads
            As for a call.

        Returns
        -------
        numpy.ndarray
            (number of results, number of leaves), with a first axis for the examples if there are several.

        Raises
        ------
        TypeError, ValueError, GuardError, ArithmeticError
            As for a call.
        """
        points, is_batch = self._points(x)
        stored, _ = self._run(self._with_slopes, points, self._numbers(params), check=check, threads=threads)
        count = len(self.params) or points.shape[1]
        stacked = stored[len(self._observed) :].reshape(len(self._values), count, len(points)).transpose(2, 0, 1)
        return stacked if is_batch else stacked[0]

    def _steady(self) -> Program:
        """Let the same numbers give the same bits at any time, for who repeats long runs; before the first of them."""
        self._is_steady = True
        return self

    def _first_differentiated(self, points: Any, numbers: Any) -> tuple[Any, Any]:
        """
        Compute the results, and the sum over the examples of the first one's derivatives by the parameters.

        Parameters
        ----------
        points, numbers
            Of the inputs, a row for each example, and of the parameters: arrays of floats, of the right shapes.

        Returns
        -------
        values, sums
            Arrays: (number of results, n) and (number of parameters,).

        Raises
        ------
        RuntimeError, GuardError
            As for a call.
        """
        self._check_constants()
        stored, sums = self._run(self._with_sums, points, numbers, check=False, threads=1)
        return stored[: len(self._values)], sums

    def follows(self, x: Any, *, params: Any = None) -> Any:
        """
        Tell which examples go the way of the recording: for which the comparisons come out as they did.

        Parameters
        ----------
        x, params
            As for a call.

        Returns
        -------
        numpy.ndarray
            (n,), True or False for each example.

        Raises
        ------
        TypeError, ValueError
            As for a call.
        """
        points, _ = self._points(x)
        outcomes, *_ = self._of_guards.run(points, self._numbers(params))
        follows = numpy().ones(len(points), dtype=bool)
        for guard, outcome in zip(self._guards, outcomes, strict=True):
            follows &= outcome == guard.outcome
        return follows

    def to_jax(self) -> Callable[..., Any]:
        """
        Give the program as a function that JAX can compile, map over examples, differentiate and spread over devices.

        Returns
        -------
        function
            ``f(x)`` of an array with a number for each input, for one example; ``jax.vmap`` makes it one of many. With
            parameters ``f(x, params)``. Several results are an array.

        Raises
        ------
        ImportError
            JAX is not installed.
        NotImplementedError
            JAX lacks an operation, as one made by ``custom``.
        RuntimeError
            A leaf that is neither among the inputs nor the parameters has another number than while recording.

        Notes
        -----
        Derivatives of any order are by the rules of the table. A branch that is not taken gets none. The result is nan,
        and its gradient too, where a comparison comes out otherwise than while recording; inf or nan where a run of
        the program raises. JAX computes in single precision, unless asked for more:
        ``jax.config.update("jax_enable_x64", True)``.

        Operations of one kind at one depth are compiled as one. What comes one after the other takes XLA long: seconds
        for a hundred steps, a minute for some hundreds. Of a network hand on the layers, with ``nn.to_jax``.

        Examples
        --------
        >>> import jax
        >>> from autograd import record
        >>> f = record(lambda x: x[0] * x[1] ** 2, inputs=[1.0, 2.0]).to_jax()
        >>> float(f([3.0, 2.0])), jax.jit(jax.grad(f))(jax.numpy.array([3.0, 2.0])).tolist()
        (12.0, [4.0, 12.0])
        """
        from autograd.program.handoff import jax_function  # noqa: PLC0415 - optional

        self._check_constants()
        return jax_function(self._graph)

    # ------------------------------------------------------------------ one run

    def _points(self, x: Any) -> tuple[Any, bool]:
        points = _array(x, self._wanted)
        shape = points.shape
        if len(shape) not in (1, 2) or shape[-1] != len(self._graph.inputs):
            msg = f"{self._wanted}, not an array of shape {shape}"
            raise ArgumentError(msg)
        if self._constants:
            self._check_constants()
        return (points, True) if len(shape) == 2 else (points[None], False)

    def _numbers(self, params: Any) -> Any:
        np = numpy()
        if params is None:
            if not self.params:
                return np.empty(0)
            with parameters:  # they may have others for a while, in another thread
                return np.fromiter(map(attrgetter("data"), self.params), float)
        numbers = _array(params, self._wanted_params)
        if numbers.shape != (len(self.params),):
            msg = f"{self._wanted_params}, not an array of shape {numbers.shape}"
            raise ArgumentError(msg)
        return np.ascontiguousarray(numbers)

    def _check_constants(self) -> None:
        """See that leaves which are neither inputs nor params still have the numbers they were recorded with."""
        if not self._constants:
            return
        with parameters:
            now = [leaf.data for leaf, _ in self._constants]
        for data, (leaf, recorded) in zip(now, self._constants, strict=True):
            # a nan stays one, and 0.0 is not -0.0
            if (data != recorded or not data) and data.hex() != recorded.hex():
                msg = (
                    f"the data of a leaf was changed after the graph was recorded: {describe(leaf)} was {recorded!r}; "
                    "a leaf that is to change must be among inputs or params"
                )
                raise StaleGraphError(msg)

    def _run(self, executor: Executor, points: Any, numbers: Any, *, check: bool, threads: int) -> tuple[Any, Any]:
        """Give for each example the values, what the guards look at, and any slopes; and sums of slopes."""
        flag(check, "check")
        if not hasattr(threads, "__index__") or isinstance(threads, bool) or not 1 <= threads <= _MOST_THREADS:
            msg = f"threads must be a whole number from 1 to {_MOST_THREADS}, not {threads!r}"
            raise ArgumentError(msg)
        stored, sums, is_finite = executor.run(points, numbers, threads)
        if self._guards:
            for place, guard in enumerate(self._guards, len(self._values)):
                guard.check(stored[place], lambda example: self._numbers_at(points[example], numbers))
        if check and not is_finite:
            self._raise_what_operations_raise(points, numbers, stored)
        return stored, sums

    def _numbers_at(self, point: Any, numbers: Any) -> Sequence[float] | None:
        """Compute all nodes at an example, unless they are many, or one has no value there."""
        if self._graph.size > _MANY_NODES:
            return None
        try:
            return replay(self._graph, point.tolist(), numbers.tolist())
        except AutogradError:
            return None

    def _raise_what_operations_raise(self, points: Any, numbers: Any, stored: Any) -> None:
        """Compute the examples anew that have a value or a slope which is not finite, until one raises."""
        np = numpy()
        wanted = np.concatenate([stored[: len(self._values)], stored[len(self._observed) :]])
        examples = np.flatnonzero(~np.isfinite(wanted).all(axis=0))
        is_nan = np.isnan(points[examples]).all(axis=1) & (points.shape[1] > 0)
        # nothing raises for nan alone, or else it raises in the first such example
        for example in (*examples[is_nan][:1], *examples[~is_nan]):
            try:
                replay(self._graph, points[example].tolist(), numbers.tolist())
            except AutogradError as error:
                error.example = int(example)
                if len(points) > 1:
                    error.args = (f"example {example}: {error}",)
                raise

    # ------------------------------------------------------------------ shown

    def __repr__(self) -> str:
        stats = self.stats
        return (
            f"<Program of {stats['inputs']} inputs and {stats['params']} params: {stats['instructions']} instructions, "
            f"{stats['with gradient']} with gradient>"
        )

    def __str__(self) -> str:
        """List the tape: what computes the values, then what the gradient needs beside that."""
        graph = self._graph
        sources: dict[int, SourceLine | None] = {}
        for (name, _), line, place in zip(graph.nodes(), graph.line_of, self._place, strict=True):
            if name not in SOURCES:
                sources.setdefault(place, None if line < 0 else graph.lines[line])
        return listing(self._tape, self._values, self._guards, self._flat_slopes, self._leaf_name, sources)

    def _leaf_name(self, kind: str, index: int) -> str:
        label = (self._graph.inputs if kind == "input" else self._graph.params)[index]
        return label if label in self._clear_labels else f"{kind}[{index}]"

    @functools.cached_property
    def _clear_labels(self) -> set[str]:
        return clear_labels([*self._graph.inputs, *self._graph.params])

    def picture(self, *, gradient: bool = False, limit: int) -> Picture:
        """
        Show the tape as a graph, for `autograd.draw`.

        Parameters
        ----------
        gradient
            Whether with what computes the derivatives.
        limit
            Of more instructions than these a box stands for each depth.

        Returns
        -------
        Picture
        """
        from autograd.drawing.tapes import picture_of  # noqa: PLC0415 - few draw

        results = [*self._observed, *(self._flat_slopes if gradient else ())]
        return picture_of(self._tape, results, self._leaf_name, limit)


def write_programs(path: str | os.PathLike[str], programs: Sequence[Program]) -> None:
    """
    Write programs of the same parameters into a file.

    Parameters
    ----------
    path
        Where.
    programs
        One, or one for each way that a function goes.

    Raises
    ------
    TypeError, RuntimeError, OSError
        As for `Program.save`.
    """
    with parameters:
        for program in programs:
            program._check_constants()
        numbers = [leaf.data for leaf in programs[0].params]
    saving.write(path, [program._graph for program in programs], numbers)


def programs_in(path: str | os.PathLike[str]) -> list[Program]:
    """
    Read programs from a file.

    Parameters
    ----------
    path
        The file.

    Returns
    -------
    list of Program
        They share their parameters.

    Raises
    ------
    FileNotFoundError, ValueError
        As for `Program.load`.
    """
    graphs, numbers = saving.read(path)
    params = [Value(*each) for each in zip(numbers, graphs[0].params, strict=True)]
    try:
        return [Program(graph, params) for graph in graphs]
    except StaleGraphError:
        msg = f"{os.fsdecode(path)!r} is damaged: a comparison of constants cannot come out as it says"
        raise ArgumentError(msg) from None


def _array(given: Any, wanted: str) -> Any:
    """Make an array of real numbers: not of text, nor of complex numbers, nor of None, nor with some of them hidden."""
    np = numpy()
    if type(given) is np.ndarray and given.dtype == float:  # most often so
        return given
    if isinstance(given, np.ma.MaskedArray):
        msg = f"{wanted}, not a masked array, whose mask would be lost"
        raise OperandError(msg)
    try:
        found = np.asarray(given)
        if found.dtype == object:
            numbers = [number(each, wanted.partition(" ")[0]) for each in found.flat]
            return np.array(numbers).reshape(found.shape)
        if found.dtype.kind in "biuf":
            return found.astype(float, copy=False)
    except (TypeError, ValueError) as error:
        raise _refusal(given, wanted) from error
    raise _refusal(given, wanted)


def _refusal(given: Any, wanted: str) -> OperandError:
    is_of_values = isinstance(given, list | tuple) and any(isinstance(each, Value) for each in given)
    hint = "; of a Value give its data" if is_of_values else ""
    return OperandError(f"{wanted}, not {_SHORT.repr(given)}{hint}")
