"""Programs of one function, one for each way that its comparisons can come out."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import TYPE_CHECKING, Any, Self

from autograd.errors import ArgumentError, AutogradError, GuardError, OperandError
from autograd.program.arrays import numpy
from autograd.program.locking import making, parameters
from autograd.program.program import Program, programs_in, write_programs

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Sequence

    from autograd.drawing.picture import Picture
    from autograd.engine import Value

#: Programs of one function: one that goes more ways would be recorded more often than run.
MOST_VARIANTS = 64


class Variants:
    """
    What `record` makes of a function with ``on_guard="record"``: a program for each way that it has gone so far.

    It is called as a `Program` is. Each example is computed by the program of its way; where there is none, the
    function is recorded at that example.

    Parameters
    ----------
    programs
        Those that there are; one at least.
    record_at
        Records the function at a point; None if there is no function, but these programs alone.
    is_portable
        Whether a copy may record, too. A function that keeps parameters to itself must not: those of the copy are
        others.

    Examples
    --------
    >>> from autograd import record
    >>> program = record(lambda x: x[0] * 2 if x[0] > 1 else -x[0], inputs=[2.0], on_guard="record")
    >>> program([[3.0], [0.5], [4.0]]).tolist()
    [6.0, -0.5, 8.0]
    >>> program
    <Variants of 1 inputs and 0 params: 2 programs>
    """

    def __init__(
        self, programs: Iterable[Program], record_at: Callable[[Sequence[float]], Program] | None = None, *,
        is_portable: bool = False,
    ) -> None:  # fmt: skip
        self._programs = list(programs) if isinstance(programs, Iterable) else []
        if not self._programs or not all(isinstance(each, Program) for each in self._programs):
            msg = f"programs must be one Program at least, not {programs!r}"
            raise OperandError(msg)
        if len({(len(each._graph.inputs), *map(id, each.params)) for each in self._programs}) > 1:
            msg = "programs must be of as many inputs and of the same parameters, for one function has them"
            raise ArgumentError(msg)
        self._record_at, self._is_portable = record_at, is_portable

    def __copy__(self) -> Self:
        return type(self)(self._programs, self._record_at, is_portable=self._is_portable)

    def __reduce__(self) -> tuple[Any, ...]:
        record_at = self._record_at if self._is_portable else None
        return partial(type(self), is_portable=self._is_portable), (self._programs, record_at)

    def save(self, path: str | os.PathLike[str]) -> None:
        """
        Write the programs that there are by now into a file, with the numbers that their parameters have.

        The function is code, and is not saved: what goes another way must have been recorded before.

        Parameters
        ----------
        path
            Where. What is there is replaced when all has been written.

        Raises
        ------
        TypeError, RuntimeError, OSError
            As for a `Program`.

        Examples
        --------
        >>> import tempfile
        >>> from autograd import Variants, record
        >>> variants = record(lambda x: x[0] * 2 if x[0] > 1 else -x[0], inputs=[2.0], on_guard="record")
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     variants.save(f"{folder}/ways.program")
        ...     loaded = Variants.load(f"{folder}/ways.program")
        >>> loaded([3.0])
        6.0
        >>> loaded([0.5])
        Traceback (most recent call last):
        ...
        autograd.errors.GuardError: example 0 goes a way that was not recorded before, ...
        """
        write_programs(path, self._programs)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Variants:
        """
        Read programs from a file. Nothing in the file is executed, and all is looked at before it is used.

        Parameters
        ----------
        path
            What `save` has written.

        Returns
        -------
        Variants
            Its programs share new leaves for their parameters. An example that goes none of their ways is a GuardError.

        Raises
        ------
        FileNotFoundError, ValueError
            As for a `Program`.
        """
        return cls(programs_in(path))

    @property
    def programs(self) -> tuple[Program, ...]:
        """The programs that have been recorded so far, in that order."""
        return tuple(self._programs)

    @property
    def params(self) -> tuple[Value, ...]:
        """The parameters, which all programs share."""
        return self._programs[0].params

    @property
    def executor(self) -> str:
        """What computes values and gradients by now, for each program."""
        return ", ".join(dict.fromkeys(program.executor for program in self._programs))

    @property
    def stats(self) -> dict[str, int]:
        """How many programs there are, and what these have in all, as a `Program` counts it."""
        each = [program.stats for program in self._programs]
        alike = ("inputs", "params")
        return {"programs": len(each)} | {
            name: count if name in alike else sum(stats[name] for stats in each) for name, count in each[0].items()
        }

    def compile(self, *, single: bool = False) -> None:
        """
        Compile the programs that there are by now, as a `Program` does.

        Parameters
        ----------
        single
            Whether for one example at a time; else for many.
        """
        for program in self._programs:
            program.compile(single=single)

    def __call__(self, x: Any, *, params: Any = None, check: bool = True, threads: int = 1) -> Any:
        """
        Compute the results.

        Parameters
        ----------
        x, params, check, threads
            As for a `Program`. While the function is recorded its leaves have the numbers in `params`: runs of other
            programs wait, so the function must not wait for them, and who reads the leaves sees these.

        Returns
        -------
        float or numpy.ndarray
            As a `Program` gives it.

        Raises
        ------
        TypeError, ValueError, ArithmeticError
            As for a `Program`; also what the function itself raises where it is recorded, and where it returns more
            results for one example than for another.
        GuardError
            The function goes more ways than are kept, 64.
        """
        parts = self._parts(x, params)
        results = _of_each(parts, lambda program, x: program(x, params=params, check=check, threads=threads))
        if len(parts) == 1:
            return results[0]
        rows = [rows for *_, rows in parts]
        if isinstance(results[0], list):
            return [_together(rows, columns) for columns in zip(*results, strict=True)]
        return _together(rows, results)

    def value_and_grad(
        self, x: Any, *, params: Any = None, summed: bool = False, check: bool = True, threads: int = 1
    ) -> tuple[Any, Any]:
        """
        Compute the result and its derivatives.

        Parameters
        ----------
        x, params, summed, check, threads
            As for a `Program`.

        Returns
        -------
        value, grad
            As a `Program` gives them.

        Raises
        ------
        TypeError, ValueError, ArithmeticError, GuardError
            As for a call.
        """
        parts, has_params = self._parts(x, params), bool(self.params)
        if len(parts) == 1:
            program, points, _ = parts[0]
            return program.value_and_grad(points, params=params, summed=summed, check=check, threads=threads)
        options = {"params": params, "summed": summed or has_params, "check": check, "threads": threads}
        both = _of_each(parts, lambda program, x: program.value_and_grad(x, **options))
        rows, grads = [rows for *_, rows in parts], [grad for _, grad in both]
        values = _together(rows, [value for value, _ in both])
        if not has_params:
            return values, _together(rows, grads)
        return values, sum(grads) / (1 if summed else len(values))

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
            As a `Program` gives it.

        Raises
        ------
        TypeError, ValueError, ArithmeticError, GuardError
            As for a call.
        """
        parts = self._parts(x, params)
        found = _of_each(parts, lambda program, x: program.jacobian(x, params=params, check=check, threads=threads))
        return found[0] if len(parts) == 1 else _together([rows for *_, rows in parts], found)

    # ------------------------------------------------------------------ who computes what

    def program_for(self, x: Any, params: Any = None) -> Program:
        """
        Give the program of the way that a point goes; record it if there is none.

        Parameters
        ----------
        x
            A number for each input.
        params
            As for a call.

        Returns
        -------
        Program

        Raises
        ------
        TypeError, ValueError, ArithmeticError, GuardError
            As for a call.
        """
        return self._parts(x, params)[0][0]

    def _parts(self, x: Any, params: Any) -> list[tuple[Program, Any, Any]]:
        """Divide examples by the way they go: programs, each with what to call it with, and which rows that is."""
        np = numpy()
        points, is_batch = self._programs[0]._points(x)
        left = np.arange(len(points))
        parts: list[tuple[Program, Any, Any]] = []
        tried = 0
        while len(left):
            has_none = tried == len(self._programs)
            is_new = has_none and self._record_one_more(tried, int(left[0]), points[left[0]].tolist(), params)
            program = self._programs[tried]
            goes = program.follows(points[left], params=params)
            goes[0] |= is_new  # if rounding is to decide, the program itself refuses
            if goes.any():
                parts.append((program, points[left[goes]], left[goes]))
            left = left[~goes]
            tried += 1
        if len(parts) < 2:
            return [(parts[0][0] if parts else self._programs[0], points if is_batch else points[0], None)]
        if len({program.form for program, *_ in parts}) > 1:
            msg = "the function returns more results for one example than for another: run them one at a time"
            raise ArgumentError(msg)
        return parts

    def _record_one_more(self, tried: int, example: int, point: Sequence[float], params: Any) -> bool:
        """Record the way of an example, unless there are more than were tried by then: one may be the same."""
        if self._record_at is None:
            msg = (
                f"example {example} goes a way that was not recorded before, nor can it be now: a file or a copy has "
                "the programs, but not the function. Run such examples first, and save or copy again"
            )
            error = GuardError(msg)
            error.example = example
            raise error
        if len(self._programs) == MOST_VARIANTS:
            msg = (
                f"the function goes more than {MOST_VARIANTS} ways, and would be recorded for each of them: choose "
                "with where, maximum or relu, which are part of a program, in place of comparisons"
            )
            raise GuardError(msg)
        if params is None:
            program = self._record_at(point)
        else:
            with parameters:
                program = self._recorded_with(self._programs[0]._numbers(params).tolist(), self._record_at, point)
        with making:
            is_new = tried == len(self._programs)
            if is_new:
                self._programs.append(program)
        return is_new

    def _recorded_with(
        self, numbers: Sequence[float], record_at: Callable[[Sequence[float]], Program], point: Sequence[float]
    ) -> Program:
        """Record while the parameters have other numbers."""
        before = [leaf.data for leaf in self.params]
        try:
            _put(self.params, numbers)
            return record_at(point)
        finally:
            _put(self.params, before)

    # ------------------------------------------------------------------ shown

    def __repr__(self) -> str:
        inputs, count = len(self._programs[0]._graph.inputs), len(self._programs)
        return f"<Variants of {inputs} inputs and {len(self.params)} params: {count} program{'s' * (count > 1)}>"

    def __str__(self) -> str:
        """List the tape of each program, below the comparisons that lead to it."""
        return "\n\n".join(f"way {i}:\n{program}" for i, program in enumerate(self._programs))

    def picture(self, *, gradient: bool = False, limit: int) -> Picture:
        """
        Show the tapes as graphs side by side, for `autograd.draw`.

        Parameters
        ----------
        gradient, limit
            As for a `Program`, for each tape.

        Returns
        -------
        Picture
        """
        from autograd.drawing.tapes import side_by_side  # noqa: PLC0415 - few draw

        pictures = [program.picture(gradient=gradient, limit=limit) for program in self._programs]
        return side_by_side({f"way {i}": picture for i, picture in enumerate(pictures)})


def _put(leaves: Sequence[Value], numbers: Sequence[float]) -> None:
    """Give leaves numbers; an interrupt waits until all have them."""
    interrupt, has_put = None, False
    while not has_put:
        try:
            for leaf, own in zip(leaves, numbers, strict=True):
                leaf.data = own
            has_put = True
        except KeyboardInterrupt as error:
            interrupt = error
    if interrupt:
        raise interrupt


def _of_each(parts: Sequence[tuple[Program, Any, Any]], run: Callable[[Program, Any], Any]) -> list[Any]:
    """Run each part; an error counts the examples of all parts."""
    results = []
    for program, points, rows in parts:
        try:
            results.append(run(program, points))
        except AutogradError as error:
            if rows is not None and error.example is not None:
                own, error.example = f"example {error.example}", int(rows[error.example])
                left = str(error).removeprefix(own)
                error.args = (f"example {error.example}{'' if left != str(error) else ': '}{left}",)
            raise
    return results


def _together(rows: Sequence[Any], parts: Sequence[Any]) -> Any:
    """Put what was computed for some rows each into one array."""
    count = sum(map(len, rows))
    whole = numpy().empty((count, *parts[0].shape[1:]))
    for places, numbers in zip(rows, parts, strict=True):
        whole[places] = numbers
    return whole
