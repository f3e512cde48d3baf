"""A recorded graph, to be run on other numbers."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from autograd.engine import Value, topological_order
from autograd.errors import ARITHMETIC_ERRORS, ArgumentError, OperandError, StaleGraphError, describe, failure
from autograd.noting import Noted
from autograd.operands import number
from autograd.ops import TABLE
from autograd.program.arrays import numpy
from autograd.program.executor import Executor
from autograd.program.guards import put_guards
from autograd.program.listing import listing
from autograd.program.tape import SOURCES, Tape
from autograd.program.translating import put_backward, put_forward
from autograd.rules.parameters import group, parameters
from autograd.rules.reading import FLOATS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from autograd.drawing.picture import Picture
    from autograd.sources import SourceLine
    from autograd.tracing import Comparison


class Program:
    """
    What `record` makes of a graph: the same computation, for other numbers.

    Parameters
    ----------
    roots
        What is computed.
    inputs
        Leaves whose numbers are given at each run.
    params
        Leaves whose numbers are those that they have at a run.
    comparisons
        Those that must come out as they did.
    single
        Whether there is one result, not a list of them.
    """

    def __init__(
        self, roots: Sequence[Value], inputs: Sequence[Value], params: Sequence[Value],
        comparisons: Sequence[Comparison], *, single: bool,
    ) -> None:  # fmt: skip
        self._roots = tuple(roots)
        self._inputs = tuple(inputs)
        self.params = tuple(params)
        self._single = single
        compared = [each for one in comparisons for each in (one.left, one.right) if isinstance(each, Value)]
        self._order = topological_order(*self._roots, *compared)
        sources = {leaf: ("input", i) for i, leaf in enumerate(inputs)}
        sources |= {leaf: ("param", i) for i, leaf in enumerate(params)}
        self._tape = Tape(keeps_entries=True)
        self._place = put_forward(self._tape, self._order, sources)
        self._comparisons = tuple(comparisons)
        self._guards = put_guards(self._tape, comparisons, self._place)
        self._values = [self._place[root] for root in self._roots]
        self._constants = [(node, node.data) for node in self._order if not node.op and node not in sources]

    @cached_property
    def _slopes(self) -> list[list[int]]:
        """For each result the places of its derivatives, by the parameters or else by the inputs."""
        leaves = self.params or self._inputs
        return [put_backward(self._tape, self._order, self._place, root, leaves) for root in self._roots]

    @cached_property
    def _forward(self) -> Executor:
        return Executor(self._tape, self._observed)

    @cached_property
    def _with_slopes(self) -> Executor:
        return Executor(self._tape, [*self._observed, *self._flat_slopes])

    @cached_property
    def _with_sums(self) -> Executor:
        return Executor(self._tape, self._observed, self._flat_slopes)

    @cached_property
    def _of_guards(self) -> Executor:
        return Executor(self._tape, [guard.place for guard in self._guards])

    @property
    def _observed(self) -> list[int]:
        """The places of what a run looks at for each example: the values, and what must come out as it did."""
        return [*self._values, *(guard.place for guard in self._guards)]

    @property
    def _flat_slopes(self) -> list[int]:
        return [place for row in self._slopes for place in row]

    @property
    def executor(self) -> str:
        """
        What computes values and gradients by now.

        ``"interpreter"``, or ``"straight-line code"`` once it has paid to compile it; ``"dense loops"`` where it is layers
        that most is computed by; ``"NumPy"`` without llvmlite, or if an instruction is a function of Python.
        """
        return self._of_gradient.name

    @property
    def _of_gradient(self) -> Executor:
        return self._with_sums if self.params else self._with_slopes

    def compile(self, *, single: bool = False) -> None:
        """
        Compile what computes values and gradients now, and do not wait until it has paid.

        Parameters
        ----------
        single
            For one example at a time, or for many.
        """
        self._of_gradient.compile(single=single)

    @property
    def form(self) -> int | None:
        """How many results there are, in a list; None for one that is in none."""
        return None if self._single else len(self._roots)

    @property
    def stats(self) -> dict[str, int]:
        """How many nodes were recorded, and what is on the tape for the value and for the gradient."""
        return {
            "nodes": len(self._order),
            "instructions": self._count(self._values),
            "with gradient": self._count([*self._values, *self._flat_slopes]),
            "inputs": len(self._inputs),
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
            Where a result is not finite, compute the example anew, node by node, so that what fails is named.
        threads
            How many threads may share the examples.

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
        values, _, _ = self._run(self._forward, points, self._numbers(params), check=check, threads=threads)
        return self._shaped(values, is_batch=is_batch)

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
        if not self._single:
            msg = "value_and_grad is of one result: this program has several; call jacobian"
            raise ArgumentError(msg)
        points, is_batch = self._points(x)
        if self.params and not (summed or len(points)):
            msg = "x must have an example at least: there is no mean over none; with summed=True the sum is zero"
            raise ArgumentError(msg)
        np = numpy()
        numbers = self._numbers(params)
        values, slopes, sums = self._run(self._of_gradient, points, numbers, check=check, threads=threads)
        value = self._shaped(values, is_batch=is_batch)
        if self.params:
            return value, sums / (1 if summed else len(points))
        rows = np.ascontiguousarray(np.transpose(slopes)) if len(slopes) else np.empty((len(points), 0))
        return value, rows if is_batch else rows[0]

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
        _, slopes, _ = self._run(self._with_slopes, points, self._numbers(params), check=check, threads=threads)
        leaves = self.params or self._inputs
        stacked = slopes.reshape(len(self._roots), len(leaves), len(points)).transpose(2, 0, 1)
        return stacked if is_batch else stacked[0]

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
        outcomes, _ = self._of_guards.run(points, self._numbers(params))
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
        leaves = self._inputs, self.params
        return jax_function(self._order, *leaves, self._roots, self._comparisons, single=self._single)

    # ------------------------------------------------------------------ one run

    def _points(self, x: Any) -> tuple[Any, bool]:
        points = _array(x, f"x must be {len(self._inputs)} numbers, or rows of so many")
        is_batch = points.ndim == 2
        if points.ndim not in (1, 2) or points.shape[-1] != len(self._inputs):
            msg = f"x must be {len(self._inputs)} numbers, or rows of so many, not an array of shape {points.shape}"
            raise ArgumentError(msg)
        self._check_constants()
        return numpy().atleast_2d(points), is_batch

    def _numbers(self, params: Any) -> Any:
        np = numpy()
        if params is None:
            return np.array([leaf.data for leaf in self.params])
        numbers = np.ascontiguousarray(_array(params, f"params must be {len(self.params)} numbers"))
        if numbers.shape != (len(self.params),):
            msg = f"params must be {len(self.params)} numbers, not an array of shape {numbers.shape}"
            raise ArgumentError(msg)
        return numbers

    def _check_constants(self) -> None:
        """See that leaves which are neither inputs nor params still have the numbers they were recorded with."""
        for leaf, recorded in self._constants:
            if leaf.data != recorded and recorded == recorded:  # noqa: PLR0124 - a nan may stay one
                msg = (
                    f"the data of a leaf was changed after the graph was recorded: {describe(leaf)} was {recorded!r}; "
                    "a leaf that is to change must be among inputs or params"
                )
                raise StaleGraphError(msg)

    def _run(self, executor: Executor, points: Any, numbers: Any, *, check: bool, threads: int) -> tuple[Any, Any, Any]:
        """Give the values, the slopes of each example, and their sums."""
        if not isinstance(threads, int) or threads < 1:
            msg = f"threads must be a whole number, 1 or more, not {threads!r}"
            raise ArgumentError(msg)
        stored, sums = executor.run(points, numbers, threads)
        first, last = len(self._values), len(self._observed)
        values, slopes = stored[:first], stored[last:]
        for guard, outcomes in zip(self._guards, stored[first:last], strict=True):
            guard.check(outcomes)
        if check:
            np = numpy()
            for example in np.flatnonzero(~np.isfinite(values).all(axis=0)):
                self._replay(points[example], numbers)
        return values, slopes, sums

    def _replay(self, point: Any, numbers: Any) -> None:
        """Compute an example node by node, as Python's floats do: what has no value raises."""
        given = dict(zip((*self._inputs, *self.params), (*point.tolist(), *numbers.tolist()), strict=True))
        again: dict[Value, Value] = {}
        for node in self._order:
            operands = [again[each] if isinstance(each, Value) else Value(each) for each in node.operands]
            number = _computed(node, operands) if node.op else given.get(node, node.data)
            again[node] = Value(number, node.label)

    def _shaped(self, values: Any, *, is_batch: bool) -> Any:
        shaped = list(values) if is_batch else [float(each[0]) for each in values]
        return shaped[0] if self._single else shaped

    # ------------------------------------------------------------------ shown

    def __repr__(self) -> str:
        stats = self.stats
        return (
            f"<Program of {stats['inputs']} inputs and {stats['params']} params: {stats['instructions']} instructions, "
            f"{stats['with gradient']} with gradient>"
        )

    def __str__(self) -> str:
        """List the tape: what computes the values, then what the gradient needs beside that."""
        sources: dict[int, SourceLine | None] = {}
        for node in self._order:
            if node.op:
                sources.setdefault(self._place[node], node.source if isinstance(node, Noted) else None)
        return listing(self._tape, self._values, self._guards, self._flat_slopes, self._leaf_name, sources)

    def _leaf_name(self, kind: str, index: int) -> str:
        leaf = (self._inputs if kind == "input" else self.params)[index]
        return leaf.label or f"{kind}[{index}]"

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


def _array(given: Any, wanted: str) -> Any:
    """Make an array of real numbers: not of text, nor of complex numbers, nor of None."""
    np = numpy()
    try:
        found = np.asarray(given)
        if found.dtype == object:
            numbers = [number(each, wanted) for each in found.flat]
            return np.array(numbers).reshape(found.shape)
        if found.dtype.kind in "biuf":
            return found.astype(float, copy=False)
    except (TypeError, ValueError) as error:
        msg = f"{wanted}, not {given!r}"
        raise OperandError(msg) from error
    msg = f"{wanted}, not {given!r}"
    raise OperandError(msg)


def _computed(node: Value, operands: Sequence[Value]) -> float:
    """Compute a node anew, as Python's floats do."""
    op = TABLE[node.op]
    grouped = group(op, [operand.data for operand in operands])
    starred = parameters(op)[0].kind == "star"
    try:
        out: float = FLOATS.value(op.name)(*(grouped[0] if starred else grouped))
    except ARITHMETIC_ERRORS as error:
        raise failure(error, op.name, operands) from None
    return out
