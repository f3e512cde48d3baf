"""
The interpreter as LLVM IR: one function that runs any tape, an instruction at a time, on a block of examples.

A *register* is a row of numbers, one for each example of a block. The code is a row of whole numbers: which
instruction, the register of its result, those of its operands. What an instruction does to one vector is read from the
table: `lanes` writes it, as for straight-line code. Beside the table's there are a few instructions for many operands:
a sum, a sum of products, and a layer, which is many sums of products over the same registers, forward and backward.
"""

from __future__ import annotations

from contextlib import contextmanager
from functools import cache, partial
from typing import TYPE_CHECKING, Any

from autograd.program.lanes import AT_ONCE, Body
from autograd.program.writing import Writer, of_the_table, pairs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from autograd.program.machine import Features

#: So many registers at a time are computed by a layer, and multiplied with so many; the rest in a smaller tile.
TILE = 4

_SIZES = range(1, TILE + 1)

#: Instructions with operands to be listed, in the order of their codes; those of the table follow.
SPECIAL = (
    "end", "load", "load_rows", "store", "total", "sum", "dot",
    *(f"{name}{size}" for name in ("layer", "scaled_layer", "outer_rows") for size in _SIZES),
    *(f"outer{rows}x{columns}" for rows in _SIZES for columns in _SIZES), "layer_rows1", "layer_rows2",
)  # fmt: skip

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
    return _Interpreter(features).write()


class _Interpreter(Writer):
    """Writes the function."""

    def __init__(self, features: Features) -> None:
        super().__init__(features, "interpreter")
        self._wide = Body(self._builder, features.lanes * AT_ONCE, fused=features.fused)

    def write(self) -> Any:
        builder = self._builder
        self._take_arguments()
        self._begin()
        with self._count(self._number(0), self._last, self._width_of_block) as start:
            self._start = start
            block = self._smaller(builder.sub(self._last, start), self._width_of_block)
            self._vectors = builder.udiv(builder.add(block, self._number(self._lanes - 1)), self._number(self._lanes))
            self._is_full = builder.icmp_unsigned("==", builder.mul(self._vectors, self._number(self._lanes)), block)
            self._run_code(self._words["code"], opcodes())
        self._end()
        builder.ret_void()
        return self._run.module

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

    def _shuffled(self, x: Any, y: Any, lanes: Sequence[int]) -> Any:
        """Put lanes together, of one vector or, counted on, of the other."""
        mask = self._ir.Constant(self._ir.VectorType(self._word, len(lanes)), list(lanes))
        return self._builder.shuffle_vector(x, y, mask)

    @property
    def _finite(self) -> Any:
        """Where zero times each result is added up: nan if one is not finite."""
        return self._vector_of(self._rows["finite"], self._number(0))

    def _instruction(self, name: str) -> Any:
        special: dict[str, Callable[[], Any]] = {
            "load": self._load, "load_rows": self._load_rows, "store": self._store, "total": self._total,
            "sum": self._sum, "dot": self._dot,
            **{f"layer{size}": partial(self._layer, size) for size in _SIZES},
            **{f"scaled_layer{size}": partial(self._layer, size, is_scaled=True) for size in _SIZES},
            **{f"layer_rows{vectors}": partial(self._layer_rows, vectors) for vectors in (1, 2)},
            **{f"outer_rows{size}": partial(self._outer_rows, size) for size in _SIZES},
            **{f"outer{rows}x{columns}": partial(self._outer, rows, columns) for rows in _SIZES for columns in _SIZES},
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

        While they are computed for a register they are begun for the next, which does not wait for anything. Where a
        number is far out they are computed one after the other.
        """
        builder, size, code = self._builder, self._number(3), self._number(2)
        end = self._sum_of(builder.mul(self._operand(1), size), code, 0)

        def place_of(body: Body, v: Any, at: Any, i: int) -> Any:
            return self._place_of(body, self._register_at(builder.add(at, self._number(i))), v)

        def operand(body: Body, v: Any, at: Any) -> Any:
            return builder.load(place_of(body, v, at, 2), align=8)

        def store(body: Body, v: Any, at: Any, results: Sequence[Any]) -> None:
            for i, result in enumerate(results):
                builder.store(result, place_of(body, v, at, i), align=8)

        are_near = self._ir.IntType(1)(1)
        for body, start, stop in self._vectors_in_groups():
            step = self._number(body.lanes // self._lanes)
            with self._accumulate(start, stop, step, [body.constant(0.0)]) as (v, (largest,), give):
                with self._accumulate(code, end, size, [largest]) as (at, (so_far,), give_inside):
                    give_inside([body.elementary.larger(so_far, operand(body, v, at))])
                give(self._totals_out)
            are_near = builder.and_(are_near, body.elementary.is_near(first, self._totals_out[0]))
        with builder.if_else(are_near) as (near, far):
            with near:
                for body, v in self._groups_of_vectors():
                    begun = body.elementary.begin(first, operand(body, v, code))
                    with self._accumulate(builder.add(code, size), end, size, begun) as (at, before, give):
                        give(body.elementary.begin(first, operand(body, v, at)))
                        store(body, v, builder.sub(at, size), body.elementary.end(first, before))
                    store(body, v, builder.sub(end, size), body.elementary.end(first, self._totals_out))
            with far:
                for body, v in self._groups_of_vectors():
                    with self._count(code, end, size) as at:
                        x = operand(body, v, at)
                        store(body, v, at, [body.emit(name, [x]) for name in (first, second)])
        return end

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

    def _rows_of_examples(self) -> Iterator[tuple[Any, list[Any]]]:
        """Write what follows for each vector of examples, given where their inputs are."""
        builder = self._builder
        latest = builder.sub(self._last, self._number(1))
        for is_partial, _ in self._whole_or_masked():
            with self._each_vector() as v:
                first = builder.add(self._start, builder.mul(v, self._number(self._lanes)))
                offsets = [self._row_of(first, lane, latest if is_partial else None) for lane in range(self._lanes)]
                yield v, [builder.gep(self._rows["inputs"], [offset]) for offset in offsets]

    def _gathered(self, rows: Sequence[Any]) -> list[Any]:
        """Load the first number of each row."""
        numbers = self._ir.Constant(self._vector, self._ir.Undefined)
        for lane, row in enumerate(rows):
            numbers = self._builder.insert_element(numbers, self._builder.load(row), self._word(lane))
        return [numbers]

    def _transposed(self, rows: list[Any]) -> list[Any]:
        """Exchange blocks beside the diagonal, of one number, of two by two, and so on."""
        lanes, size = range(self._lanes), 1
        while size < self._lanes:
            upper = [i + self._lanes - size if i & size else i for i in lanes]
            lower = [i + self._lanes if i & size else i + size for i in lanes]
            pairs = [(rows[i & ~size], rows[i | size], lower if i & size else upper) for i in lanes]
            rows = [self._shuffled(*each) for each in pairs]
            size *= 2
        return rows

    def _row_of(self, first: Any, lane: int, latest: Any) -> Any:
        """Give where the inputs of an example begin; if there may be no such example, those of the latest."""
        builder = self._builder
        example = builder.add(first, self._number(lane))
        return builder.mul(example if latest is None else self._smaller(example, latest), self._row)

    def _store(self) -> Any:
        """``store result, register``."""
        builder = self._builder
        first = builder.add(builder.mul(self._operand(1), self._column), self._start)
        out, register = builder.gep(self._rows["stored"], [first]), self._register(2)
        with self._each_vector() as v:
            number = builder.load(self._vector_of(register, v), align=8)
            builder.store(number, self._vector_of(out, v), align=8)
            so_far = builder.load(self._finite, align=8)
            builder.store(builder.fadd(so_far, builder.fmul(number, self._body.constant(0.0))), self._finite, align=8)
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

    def _whole_or_masked(self) -> Iterator[tuple[bool, Callable[[Any, Any], Any]]]:
        """Write what follows twice: for a block that is full, and for one that is not, with a mask for its numbers."""
        builder, run = self._builder, self._run
        full, partial, after = (run.append_basic_block(name) for name in ("full", "partial", "after"))
        builder.cbranch(self._is_full, full, partial)
        for block, shown in ((full, lambda number, _: number), (partial, self._masked)):
            builder.position_at_end(block)
            yield block is partial, shown
            builder.branch(after)
        builder.position_at_end(after)

    def _masked(self, number: Any, v: Any) -> Any:
        """Make zero what belongs to no example, behind the last."""
        builder = self._builder
        left = builder.sub(builder.sub(self._last, self._start), builder.mul(v, self._number(self._lanes)))
        shown = self._smaller(left, self._number(self._lanes))
        start = builder.sub(self._number(self._lanes), shown)
        mask = builder.load(
            builder.bitcast(builder.gep(self._rows["mask"], [start]), self._vector.as_pointer()), align=8
        )
        return builder.select(builder.fcmp_unordered("!=", mask, self._body.constant(0.0)), number, mask)

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

    def _place_of(self, body: Body, register: Any, v: Any) -> Any:
        """Give the address of some vectors of a register."""
        return self._builder.bitcast(self._vector_of(register, v), body.vector.as_pointer())

    def _loaded(self, body: Body, place: Any, v: Any) -> Any:
        """Load some vectors of the register that a place of the code names."""
        return self._builder.load(self._place_of(body, self._register_at(place), v), align=8)

    def _layer(self, size: int, *, is_scaled: bool = False) -> Any:
        """
        ``layer tiles, count, weights, x, ..., out, ...``: many sums of products over the same `count` registers.

        Of each tile the weights stand together: a start for each of its results, then for each x a weight for each. If
        it is scaled, behind each `out` is a register that the sum is multiplied with.
        """
        builder, tile = self._builder, self._number(size)
        tiles, count, weights = self._operand(1), self._operand(2), self._operand(3)
        xs, each = self._number(4), self._number(2 if is_scaled else 1)
        outs = builder.add(xs, count)
        step = builder.mul(builder.add(count, self._number(1)), tile)
        for body, start, stop in self._vectors_in_groups():
            wide = body.lanes // self._lanes
            with (
                self._count(
                    start, stop, self._number(wide)
                ) as v,  # the xs of these vectors are in the cache for all tiles
                self._count(self._number(0), tiles, self._number(1)) as index,
            ):
                base = builder.gep(self._rows["weights"], [builder.add(weights, builder.mul(index, step))])
                starts = [self._splat_at(base, self._number(j)) for j in range(size)]
                with self._accumulate(
                    self._number(0), count, self._number(1), [start for start in starts for _ in range(wide)]
                ) as (i, sums, give):
                    numbers = self._vectors_at(self._register_at(builder.add(xs, i)), v, wide)
                    at = builder.mul(builder.add(i, self._number(1)), tile)
                    given = [self._splat_at(base, builder.add(at, self._number(j))) for j in range(size)]
                    give(self._products_added(given, numbers, sums))
                totals = iter(self._totals_out)
                for j in range(size):
                    place = builder.add(
                        outs, builder.mul(self._sum_of(builder.mul(index, tile), self._number(j), 0), each)
                    )
                    out, row = self._register_at(place), [next(totals) for _ in range(wide)]
                    if is_scaled:
                        factors = self._vectors_at(self._register_at(builder.add(place, self._number(1))), v, wide)
                        row = [builder.fmul(factor, total) for factor, total in zip(factors, row, strict=True)]
                    for u, total in enumerate(row):
                        builder.store(total, self._vector_of(out, builder.add(v, self._number(u))), align=8)
        return builder.add(outs, builder.mul(builder.mul(tiles, tile), each))

    def _layer_rows(self, width: int) -> Any:
        """
        ``layer_rows tiles, count, weights, input, out, ...``: the same, where the x are inputs that stand side by side.

        A lane has another sum then, not another example, until all products have been added: so no input needs a
        register. A tile has so many vectors of sums.
        """
        builder, size = self._builder, self._number(width * self._lanes)
        tiles, count, weights, first_input = (self._operand(place) for place in (1, 2, 3, 4))
        outs, one = self._number(5), self._number(1)
        step = builder.mul(builder.add(count, one), size)
        for v, rows in self._rows_of_examples():
            with self._count(self._number(0), tiles, one) as index:
                base = builder.gep(self._rows["weights"], [builder.add(weights, builder.mul(index, step))])
                inputs = [builder.gep(row, [first_input]) for row in rows]
                zeros = self._vectors_at(base, self._number(0), width) * self._lanes
                with self._accumulate(self._number(0), count, one, zeros) as (i, sums, give):
                    left = [self._splat_at(each, i) for each in inputs]
                    right = self._vectors_at(base, builder.mul(builder.add(i, one), self._number(width)), width)
                    give(self._products_added(left, right, sums))
                totals = self._totals_out
                for j in range(width):
                    start = self._sum_of(outs, builder.mul(index, size), j * self._lanes)
                    for k, numbers in enumerate(self._transposed(totals[j::width])):
                        register = self._register_at(builder.add(start, self._number(k)))
                        builder.store(numbers, self._vector_of(register, v), align=8)
        return builder.add(outs, builder.mul(tiles, size))

    def _outer(self, height: int, width: int) -> Any:
        """
        ``outer rows, columns, first, a, ..., x, ...``: add all products of an a and an x up over the examples.

        Rows and columns are counted in tiles; the totals of each tile stand together, those of all behind `first`.
        """
        builder = self._builder
        rows, columns, first = self._operand(1), self._operand(2), self._operand(3)
        a_s = self._number(4)
        x_s = builder.add(a_s, builder.mul(rows, self._number(height)))
        with self._count(self._number(0), rows, self._number(1)) as row:
            a = self._registers_of_tile(a_s, row, height)
            with self._count(self._number(0), columns, self._number(1)) as column:
                x = self._registers_of_tile(x_s, column, width)
                which = builder.add(builder.mul(row, columns), column)
                totals = builder.add(first, builder.mul(which, self._number(height * width)))
                own = [self._total_at(builder.add(totals, self._number(k))) for k in range(height * width)]
                for _, shown in self._whole_or_masked():
                    before = [builder.load(total, align=8) for total in own]
                    with self._accumulate(self._number(0), self._vectors, self._number(1), before) as (v, sums, give):
                        left = [shown(builder.load(self._vector_of(each, v), align=8), v) for each in a]
                        right = [shown(builder.load(self._vector_of(each, v), align=8), v) for each in x]
                        give(self._products_added(left, right, sums))
                    for total, after in zip(own, self._totals_out, strict=True):
                        builder.store(after, total, align=8)
        return builder.add(x_s, builder.mul(columns, self._number(width)))

    def _outer_rows(self, height: int) -> Any:
        """
        ``outer_rows rows, columns, input, a, ..., sum, ...``: the same, where the x are inputs that stand side by side.

        A lane has another input then, not another example, so that sums need no totals. Those of an a stand side by
        side, too; here is the first of each. Columns are counted in vectors; rows in tiles.
        """
        builder, zero = self._builder, self._number(0)
        rows, columns, first_input = (self._operand(place) for place in (1, 2, 3))
        a_s = self._number(4)
        targets = builder.add(a_s, builder.mul(rows, self._number(height)))
        block = self._smaller(builder.sub(self._last, self._start), self._width_of_block)
        x_s = builder.gep(self._rows["inputs"], [builder.add(builder.mul(self._start, self._row), first_input)])
        whole = builder.and_(columns, self._number(-TILE))
        with self._count(zero, rows, self._number(1)) as row:
            a = self._registers_of_tile(a_s, row, height)
            places = [self._operand_at(place) for place in self._places_of_tile(targets, row, height)]
            own = [builder.gep(self._rows["sums"], [place]) for place in places]
            for wide, start, stop in ((TILE, zero, whole), (1, whole, columns)):
                with self._count(start, stop, self._number(wide)) as column:
                    zeros = [self._body.constant(0.0)] * (height * wide)
                    with self._accumulate(zero, block, self._number(1), zeros) as (example, sums, give):
                        x = builder.gep(x_s, [builder.mul(example, self._row)])
                        left = [self._splat_at(each, example) for each in a]
                        give(self._products_added(left, self._vectors_at(x, column, wide), sums))
                    totals = iter(self._totals_out)
                    for target in own:
                        for j in range(wide):
                            at = self._vector_of(target, builder.add(column, self._number(j)))
                            builder.store(builder.fadd(builder.load(at, align=8), next(totals)), at, align=8)
        return builder.add(targets, builder.mul(rows, self._number(height)))

    def _products_added(self, left: Sequence[Any], right: Sequence[Any], sums: Sequence[Any]) -> list[Any]:
        """Add each product of one of the left and one of the right to a sum."""
        pairs = [(x, y) for x in left for y in right]
        return [self._fused(x, y, total) for (x, y), total in zip(pairs, sums, strict=True)]

    def _vectors_at(self, row: Any, v: Any, count: int) -> list[Any]:
        """Load some vectors that stand side by side."""
        places = [self._vector_of(row, self._builder.add(v, self._number(u))) for u in range(count)]
        return [self._builder.load(place, align=8) for place in places]

    def _places_of_tile(self, start: Any, index: Any, size: int) -> list[Any]:
        """Give the places in the code of all that belongs to a tile."""
        return [self._sum_of(start, self._builder.mul(index, self._number(size)), i) for i in range(size)]

    def _registers_of_tile(self, start: Any, index: Any, size: int) -> list[Any]:
        return [self._register_at(place) for place in self._places_of_tile(start, index, size)]

    def _fused(self, x: Any, y: Any, z: Any) -> Any:
        """Give x*y + z, with one rounding where the CPU has that."""
        builder = self._builder
        if not self._features.fused:
            return builder.fadd(builder.fmul(x, y), z)
        name = f"llvm.fma.v{self._lanes}f64"
        function = builder.module.globals.get(name) or self._ir.Function(
            builder.module, self._ir.FunctionType(self._vector, [self._vector] * 3), name
        )
        return builder.call(function, [x, y, z])

    # ------------------------------------------------------------------ addresses

    def _register(self, place: int) -> Any:
        return self._register_at(self._number(place))

    def _register_at(self, place: Any) -> Any:
        """Give the address of the register that a place of the code names."""
        builder = self._builder
        return builder.gep(self._rows["registers"], [builder.mul(self._operand_at(place), self._stride)])

    def _vector_in(self, row: Any) -> Any:
        """Load the vector that begins at an address."""
        return self._builder.load(self._vector_of(row, self._number(0)), align=8)

    def _total_at(self, place: Any) -> Any:
        return self._vector_of(self._rows["totals"], place)

    def _splat_at(self, base: Any, place: Any) -> Any:
        return self._body.splat(self._builder.load(self._builder.gep(base, [place])))

    def _smaller(self, x: Any, y: Any) -> Any:
        return self._builder.select(self._builder.icmp_signed("<", x, y), x, y)

    # ------------------------------------------------------------------ loops

    @contextmanager
    def _each_vector(self) -> Iterator[Any]:
        with self._count(self._number(0), self._vectors, self._number(1)) as v:
            yield v

    def _groups_of_vectors(self) -> Iterator[tuple[Body, Any]]:
        """Write what follows for each group of vectors, as `_vectors_in_groups`, and for each of the rest."""
        for body, start, stop in self._vectors_in_groups():
            with self._count(start, stop, self._number(body.lanes // self._lanes)) as v:
                yield body, v

    def _vectors_in_groups(self) -> list[tuple[Body, Any, Any]]:
        """Give loops over the vectors of a block: several at a time, which the CPU computes side by side; the rest."""
        whole = self._builder.and_(self._vectors, self._number(-AT_ONCE))
        return [(self._wide, self._number(0), whole), (self._body, whole, self._vectors)]
