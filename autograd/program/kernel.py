"""
The interpreter as LLVM IR: one function that runs any tape, an instruction at a time, on a block of examples.

A *register* is a row of numbers, one for each example of a block. The code is a row of whole numbers: which
instruction, the register of its result, those of its operands. What an instruction does to one vector is read from the
table: `lanes` writes it, as for straight-line code. Beside the table's there are a few instructions for many operands:
a sum, a sum of products, and a layer, which is many sums of products over the same registers, forward and backward.
"""

from __future__ import annotations

from functools import cache, partial
from typing import TYPE_CHECKING, Any

from autograd.program.dense import DENSE, DenseWriter
from autograd.program.lanes import AT_ONCE
from autograd.program.writing import of_the_table, pairs

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from autograd.program.lanes import Body
    from autograd.program.machine import Features

#: So few inputs are loaded at once where an example has no others.
FEW = range(1, 5)

#: Instructions with operands to be listed, in the order of their codes; those of the table follow.
SPECIAL = ("end", "load", "load_rows", *(f"load_all{count}" for count in FEW), "store", "total", "sum", "dot", *DENSE)

#: What the function is given, in this order, as a row of 64-bit whole numbers: addresses, and sizes. Before the params,
#: counted backwards from them, are the constants.
ARGUMENTS = (
    "code", "registers", "weights", "inputs", "stored", "totals", "sums", "finite", "params", "shared_from",
    "weights_from", "targets", "mask", "shared_count", "weight_count", "total_count", "sum_count", "width", "stride",
    "row", "column", "count",
)  # fmt: skip


@cache
def opcodes() -> dict[str, int]:
    """
    Give each instruction its code.

    Returns
    -------
    dict of str to int
    """
    return {name: code for code, name in enumerate((*SPECIAL, "add_product", *pairs(), *of_the_table()))}


def interpreter_module(features: Features) -> Any:
    """
    Write the interpreter.

    Parameters
    ----------
    features
        Of the CPU.

    Returns
    -------
    llvmlite.ir.Module
        With the function ``run``, of the address of its `ARGUMENTS`.
    """
    return _Interpreter(features, "interpreter").write()


def module_for(features: Features, code: Sequence[int], width: int, stride: int) -> Any:
    """
    Write the interpreter for one code: its instructions follow each other, and their operands are in them.

    Parameters
    ----------
    features
        Of the CPU.
    code
        The code.
    width
        Of the usual block of examples, for which there is code that knows that, too.
    stride
        From one register to the next, where a block is as wide.

    Returns
    -------
    llvmlite.ir.Module
        As `interpreter_module` gives it; it computes the same bits for this code.
    """
    return _InterpreterOfOne(features, code, width, stride).write()


class _Interpreter(DenseWriter):
    """Writes the function."""

    def write(self) -> Any:
        builder = self._builder
        self._take_arguments()
        self._begin()
        with self._count(self._number(0), self._last, self._width_of_block) as start:
            self._start = start
            self._run_block(self._smaller(builder.sub(self._last, start), self._width_of_block))
        self._end()
        builder.ret_void()
        return self._run.module

    def _run_block(self, block: Any) -> None:
        """Run the code on a block of so many examples."""
        builder, lanes = self._builder, self._number(self._lanes)
        self._vectors = builder.udiv(builder.add(block, self._number(self._lanes - 1)), lanes)
        self._is_full = builder.icmp_unsigned("==", builder.mul(self._vectors, lanes), block)
        self._run_code(self._words["code"], opcodes())

    def _take_arguments(self) -> None:
        builder, doubles, words = self._builder, self._double.as_pointer(), self._word.as_pointer()
        given = {name: self._argument(place, name) for place, name in enumerate(ARGUMENTS)}
        row_names = ARGUMENTS[1 : ARGUMENTS.index("shared_from")]
        self._rows = {name: builder.inttoptr(given[name], doubles) for name in (*row_names, "mask")}
        names = ("code", "shared_from", "weights_from", "targets")
        self._words = {name: builder.inttoptr(given[name], words) for name in names}
        self._counts = {name: given[name] for name in ARGUMENTS if name.endswith("_count")}
        self._width_of_block, self._row, self._column = given["width"], given["row"], given["column"]
        self._stride = given["stride"]  # from one register to the next
        self._last = given["count"]

    def _begin(self) -> None:
        """Put in place what is the same for all examples, and zeros into totals and sums."""
        builder, zero, one = self._builder, self._number(0), self._number(1)
        with self._count(zero, self._counts["weight_count"], one) as i:
            builder.store(self._given(self._words["weights_from"], i), builder.gep(self._rows["weights"], [i]))
        vectors = builder.udiv(self._width_of_block, self._number(self._lanes))
        with self._count(zero, self._counts["shared_count"], one) as i:
            number = self._body.splat(self._given(self._words["shared_from"], i))
            row = builder.gep(self._rows["registers"], [builder.mul(i, self._stride)])
            with self._count(zero, vectors, one) as v:
                builder.store(number, self._vector_of(row, v), align=8)
        with self._count(zero, self._counts["total_count"], one) as i:
            builder.store(self._body.constant(0.0), self._total_at(i), align=8)
        with self._count(zero, self._counts["sum_count"], self._number(self._lanes)) as i:
            sums = self._vector_of(builder.gep(self._rows["sums"], [i]), zero)
            builder.store(self._body.constant(0.0), sums, align=8)
        builder.store(self._body.constant(0.0), self._finite, align=8)

    def _given(self, which: Any, i: Any) -> Any:
        """Load a parameter, or where the index is negative a constant."""
        builder = self._builder
        index = builder.sext(builder.load(builder.gep(which, [i])), self._whole)
        return builder.load(builder.gep(self._rows["params"], [index]))

    def _end(self) -> None:
        """Add up totals over the lanes, and where a sum has several."""
        builder = self._builder
        is_finite = self._over_lanes(builder.load(self._finite, align=8))
        builder.store(is_finite, builder.gep(self._rows["finite"], [self._number(0)]))
        with self._count(self._number(0), self._counts["total_count"], self._number(1)) as i:
            target = builder.sext(builder.load(builder.gep(self._words["targets"], [i])), self._whole)
            at = builder.gep(self._rows["sums"], [target])
            total = self._over_lanes(builder.load(self._total_at(i), align=8))
            builder.store(builder.fadd(builder.load(at), total), at)

    def _over_lanes(self, vector: Any) -> Any:
        builder, count = self._builder, self._lanes
        while count > 1:  # the halves side by side
            count //= 2
            halves = [self._shuffled(vector, vector, range(start, start + count)) for start in (0, count)]
            vector = builder.fadd(*halves)
        return builder.extract_element(vector, self._word(0))

    @property
    def _finite(self) -> Any:
        """Where zero times each result is added up: nan if one is not finite."""
        return self._vector_of(self._rows["finite"], self._number(0))

    def _instruction(self, name: str) -> Any:
        special: dict[str, Callable[[], Any]] = {
            "load": self._load, "load_rows": self._load_rows, "store": self._store, "total": self._total,
            "sum": self._sum, "dot": self._dot,
            **{f"load_all{count}": partial(self._load_all, count) for count in FEW},
            **self._dense(),
        }  # fmt: skip
        if name in special:
            return special[name]()
        if name == "add_product":
            return self._elementwise(3, lambda _, total, x, y: self._builder.fadd(total, self._builder.fmul(x, y)))
        if name in pairs():
            return self._both(*pairs()[name])
        return self._elementwise(of_the_table()[name], lambda body, *given: self._of_numbers(body, name, given))

    def _elementwise(self, count: int, compute: Callable[..., Any]) -> Any:
        """``op times, result, operand, ..., result, ...``: the same for several registers, one after the other."""
        builder = self._builder
        size = self._number(count + 1)
        end = self._sum_of(builder.mul(self._operand(1), size), self._number(2), 0)
        with self._count(self._number(2), end, size) as at:
            rows = [self._register_at(builder.add(at, self._number(i))) for i in range(count + 1)]
            for body, start, stop in self._vectors_in_groups():
                with self._count(start, stop, self._number(body.lanes // self._lanes)) as v:
                    out, *places = [self._place_of(body, row, v) for row in rows]
                    computed = compute(body, *[builder.load(place, align=8) for place in places])
                    builder.store(computed, out, align=8)
        return end

    def _both(self, first: str, second: str) -> Any:
        """
        ``op times, result, result, operand, ...``: two functions of each of several registers.

        They are begun of one register before they are ended of another: a CPU that finds work so near to each other
        need not wait. From a register on that has a number far out, it is one register after the other.
        """
        end = self._sum_of(self._builder.mul(self._operand(1), self._number(3)), self._number(2), 0)
        for body, v in self._groups_of_vectors():
            self._both_of_vectors(first, second, body, v, end)
        return end

    def _both_of_vectors(self, first: str, second: str, body: Body, v: Any, end: Any) -> None:
        builder, size, start = self._builder, self._number(3), self._number(2)

        def loaded(at: Any) -> Any:
            return self._loaded(body, builder.add(at, self._number(2)), v)

        def store(at: Any, results: Sequence[Any]) -> None:
            for i, result in enumerate(results):
                row = self._register_at(builder.add(at, self._number(i)))
                builder.store(result, self._place_of(body, row, v), align=8)

        elementary, last = body.elementary, builder.sub(end, size)
        begun = elementary.begin(first, loaded(start))
        with self._accumulate(start, end, size, begun, is_while=True) as (at, (_, *ready), give):
            give(elementary.begin(first, loaded(self._smaller(builder.add(at, size), last))))
            store(at, elementary.end(first, loaded(at), ready))
        with self._count(at, end, size) as left:
            store(left, body.emit_both(first, second, loaded(left)))

    # ------------------------------------------------------------------ what comes in and goes out

    def _load(self) -> Any:
        """
        ``load times, register, input, ...``: take inputs of each example, of the last one where there are no more.

        All inputs of a vector of examples are taken before those of the next, since they stand together in memory.
        """
        return self._loaded_from_rows(1, self._gathered)

    def _load_rows(self) -> Any:
        """``load_rows times, register, ..., first input, ...``: the same for inputs that stand beside each other."""
        return self._loaded_from_rows(
            self._lanes, lambda rows: self._transposed([self._vector_in(row) for row in rows])
        )

    def _load_all(self, count: int) -> Any:
        """``load_all register, ...``: all inputs of each example, which are so few."""
        builder = self._builder
        registers = [self._register(1 + i) for i in range(count)]
        is_whole = builder.and_(self._is_full, builder.icmp_unsigned("==", self._row, self._number(count)))
        with builder.if_else(is_whole) as (whole, otherwise):
            with whole, self._each_vector() as v:
                first = builder.add(self._start, builder.mul(v, self._number(self._lanes)))
                base = builder.gep(self._rows["inputs"], [builder.mul(first, self._row)])
                numbers = self._vectors_at(base, self._number(0), count)
                for i, register in enumerate(registers):
                    builder.store(self._every(count, i, numbers), self._vector_of(register, v), align=8)
            with otherwise:
                for v, rows in self._rows_of_examples():
                    for i, register in enumerate(registers):
                        (column,) = self._gathered([builder.gep(row, [self._number(i)]) for row in rows])
                        builder.store(column, self._vector_of(register, v), align=8)
        return self._number(1 + count)

    def _every(self, step: int, first: int, vectors: Sequence[Any]) -> Any:
        """Take every so many numbers from vectors one after the other."""
        chosen, where = vectors[0], [divmod(first + step * lane, self._lanes) for lane in range(self._lanes)]
        for k, vector in enumerate(vectors):
            picks = [self._lanes + lane if which == k else i for i, (which, lane) in enumerate(where)]
            chosen = self._shuffled(chosen, vector, picks)
        return chosen

    def _loaded_from_rows(self, count: int, columns_of: Callable[[Sequence[Any]], list[Any]]) -> Any:
        """Fill registers, so many from where the rows of some examples go on."""
        builder, size = self._builder, self._number(count + 1)
        end = self._sum_of(builder.mul(self._operand(1), size), self._number(2), 0)
        for v, rows in self._rows_of_examples():
            with self._count(self._number(2), end, size) as at:
                column = self._operand_at(builder.add(at, self._number(count)))
                for i, numbers in enumerate(columns_of([builder.gep(row, [column]) for row in rows])):
                    register = self._register_at(builder.add(at, self._number(i)))
                    builder.store(numbers, self._vector_of(register, v), align=8)
        return end

    def _gathered(self, rows: Sequence[Any]) -> list[Any]:
        """Load the first number of each row."""
        numbers = self._ir.Constant(self._vector, self._ir.Undefined)
        for lane, row in enumerate(rows):
            numbers = self._builder.insert_element(numbers, self._builder.load(row), self._word(lane))
        return [numbers]

    def _store(self) -> Any:
        """``store result, register``."""
        builder = self._builder
        first = builder.add(builder.mul(self._operand(1), self._column), self._start)
        out, register = builder.gep(self._rows["stored"], [first]), self._register(2)
        before, zero = builder.load(self._finite, align=8), self._body.constant(0.0)
        with self._accumulate(self._number(0), self._vectors, self._number(1), [before]) as (v, (so_far,), give):
            number = builder.load(self._vector_of(register, v), align=8)
            builder.store(number, self._vector_of(out, v), align=8)
            give([builder.fadd(so_far, builder.fmul(number, zero))])
        builder.store(self._totals_out[0], self._finite, align=8)
        return self._number(3)

    def _total(self) -> Any:
        """``total times, place, register, ...``: add registers up over the examples."""
        builder, zero, one = self._builder, self._number(0), self._number(1)
        end = self._sum_of(builder.mul(self._operand(1), self._number(2)), self._number(2), 0)
        for _, shown in self._whole_or_masked():
            with self._count(self._number(2), end, self._number(2)) as at:
                total = self._total_at(self._operand_at(at))
                register = self._register_at(builder.add(at, one))
                before = builder.load(total, align=8)
                whole = builder.and_(self._vectors, self._number(-AT_ONCE))
                zeros = [before, *[self._body.constant(0.0)] * (AT_ONCE - 1)]  # chains that are added up side by side
                with self._accumulate(zero, whole, self._number(AT_ONCE), zeros) as (v, sums, give):
                    give([self._added(so_far, register, v, i, shown) for i, so_far in enumerate(sums)])
                first, *others = self._totals_out
                for other in others:
                    first = builder.fadd(first, other)
                with self._accumulate(whole, self._vectors, one, [first]) as (v, (so_far,), give):
                    give([self._added(so_far, register, v, 0, shown)])
                builder.store(self._totals_out[0], total, align=8)
        return end

    def _added(self, total: Any, register: Any, v: Any, i: int, shown: Callable[[Any, Any], Any]) -> Any:
        """Add a vector of a register to a total."""
        v = self._builder.add(v, self._number(i))
        return self._builder.fadd(total, shown(self._builder.load(self._vector_of(register, v), align=8), v))

    # ------------------------------------------------------------------ many operands

    def _sum(self) -> Any:
        """``sum register, count, first, ...``: from left to right."""
        builder = self._builder
        out, count = self._register(1), self._operand(2)
        for body, start, stop in self._vectors_in_groups():
            with self._count(start, stop, self._number(body.lanes // self._lanes)) as v:
                first = self._loaded(body, self._number(3), v)
                with self._accumulate(self._number(1), count, self._number(1), [first]) as (i, (total,), give):
                    give([builder.fadd(total, self._loaded(body, builder.add(i, self._number(3)), v))])
                builder.store(self._totals_out[0], self._place_of(body, out, v), align=8)
        return builder.add(count, self._number(3))

    def _dot(self) -> Any:
        """``dot register, count, start, x, y, ...``: with a count of products."""
        builder = self._builder
        out, count = self._register(1), self._operand(2)
        for body, start, stop in self._vectors_in_groups():
            with self._count(start, stop, self._number(body.lanes // self._lanes)) as v:
                first = self._loaded(body, self._number(3), v)
                with self._accumulate(self._number(0), count, self._number(1), [first]) as (i, (total,), give):
                    at = builder.add(builder.mul(i, self._number(2)), self._number(4))
                    x, y = self._loaded(body, at, v), self._loaded(body, builder.add(at, self._number(1)), v)
                    give([builder.fadd(total, builder.fmul(x, y))])
                builder.store(self._totals_out[0], self._place_of(body, out, v), align=8)
        return builder.add(builder.mul(count, self._number(2)), self._number(4))


class _InterpreterOfOne(_Interpreter):
    """
    Writes the function for one code.

    Parameters
    ----------
    features, code, width, stride
        As for `module_for`.
    """

    def __init__(self, features: Features, code: Sequence[int], width: int, stride: int) -> None:
        super().__init__(features, "program")
        self._known, self._usual_width, self._usual_stride = code, width, stride

    def _run_block(self, block: Any) -> None:
        builder, stride = self._builder, self._stride
        is_usual = builder.icmp_unsigned("==", block, self._number(self._usual_width))
        with builder.if_else(is_usual) as (usual, other):
            with usual:
                self._vectors = self._number(self._usual_width // self._lanes)
                self._is_full, self._stride = self._ir.IntType(1)(1), self._number(self._usual_stride)
                self._run_code(self._words["code"], opcodes())
            with other:
                self._stride = stride
                super()._run_block(block)

    def _run_code(self, code: Any, opcodes: dict[str, int]) -> None:
        names = {number: name for name, number in opcodes.items()}
        self._code, self._at = code, self._number(0)
        while (name := names[self._known[self._at.constant]]) != "end":
            self._at = self._builder.add(self._at, self._instruction(name))

    def _operand_at(self, place: Any) -> Any:
        at = self._builder.add(self._at, place)
        is_known = isinstance(at, self._ir.Constant)
        return self._number(self._known[at.constant]) if is_known else super()._operand_at(place)
