"""
The interpreter as LLVM IR: one function that runs any tape, an instruction at a time, on a block of examples.

A *register* is a row of numbers, one for each example of a block. The code is a row of whole numbers: which
instruction, the register of its result, those of its operands. What an instruction does to one vector is read from the
table: `lanes` writes it, as for straight-line code. Beside the table's there are a few instructions for many operands:
a sum, a sum of products, and a layer, which is many sums of products over the same registers, forward and backward.
"""

from __future__ import annotations

from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any

from autograd.primitives import BINARY, IEEE
from autograd.program.elementary import Elementary
from autograd.program.lanes import Body
from autograd.program.lowering import body_of, kept_instructions, operands_of
from autograd.program.tape import OPERATORS, SOURCES, Tape

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from autograd.program.machine import Features

#: Instructions with operands to be listed, in the order of their codes; those of the table follow.
SPECIAL = ("end", "load", "store", "total", "sum", "dot", "layer", "outer")

#: So many registers at a time are computed by a layer.
TILE = 4

#: What the function is given, in this order, as a row of 64-bit whole numbers: addresses, and sizes.
ARGUMENTS = (
    "code", "registers", "weights", "inputs", "stored", "totals", "width", "row", "column", "first", "last", "mask",
)  # fmt: skip


@cache
def opcodes() -> dict[str, int]:
    """
    Number the instructions.

    Returns
    -------
    dict of str to int
    """
    return {name: code for code, name in enumerate((*SPECIAL, "add_product", *_of_the_table()))}


@cache
def _of_the_table() -> dict[str, int]:
    """List the instructions that compute a number from numbers, with how many."""
    known = {op: 3 if op == "select" else 1 if op == "neg" else 2 for op in OPERATORS if op not in SPECIAL}
    for name in sorted(IEEE):
        if name not in known and (name == "truediv" or Elementary.has(name)):
            known[name] = 2 if name in BINARY else 1
    for name in sorted(kept_instructions()):
        tape = Tape()
        count = len(operands_of(name))
        body_of(name)(tape, *(tape.source("input", i) for i in range(count)))
        if all(step.op in known or step.op in SOURCES for step in tape.instructions):
            known[name] = count
    return known


def interpreter_module(features: Features) -> tuple[Any, set[str]]:
    """
    Write the interpreter.

    Parameters
    ----------
    features
        Of the CPU.

    Returns
    -------
    module
        An ``llvmlite.ir.Module`` with the function ``run``, of the address of its `ARGUMENTS`.
    called
        The functions of the C library that it calls.
    """
    return _Writer(features).write()


class _Writer:
    """Writes the function."""

    def __init__(self, features: Features) -> None:
        from llvmlite import ir  # noqa: PLC0415 - optional

        self._ir, self._lanes = ir, features.lanes
        self._features = features
        self._whole, self._word, self._double = ir.IntType(64), ir.IntType(32), ir.DoubleType()
        self._vector = ir.VectorType(self._double, features.lanes)
        module = ir.Module("interpreter")
        self._run = ir.Function(module, ir.FunctionType(ir.VoidType(), [self._whole.as_pointer()]), "run")
        self._builder = ir.IRBuilder(self._run.append_basic_block("entry"))
        self._body = Body(self._builder, features.lanes, fused=features.fused)

    def write(self) -> tuple[Any, set[str]]:
        builder = self._builder
        self._take_arguments()
        with self._count(self._first, self._last, self._width_of_block) as start:
            self._start = start
            left = builder.sub(self._last, start)
            block = self._smaller(left, self._width_of_block)
            self._vectors = builder.udiv(builder.add(block, self._number(self._lanes - 1)), self._number(self._lanes))
            self._run_code()
        builder.ret_void()
        return self._run.module, self._body.elementary.called

    def _take_arguments(self) -> None:
        builder = self._builder
        given = {}
        for place, name in enumerate(ARGUMENTS):
            given[name] = builder.load(builder.gep(self._run.args[0], [self._number(place)]), name=name)
        doubles = self._double.as_pointer()
        self._code = builder.inttoptr(given["code"], self._word.as_pointer())
        self._registers = builder.inttoptr(given["registers"], doubles)
        self._weights = builder.inttoptr(given["weights"], doubles)
        self._inputs = builder.inttoptr(given["inputs"], doubles)
        self._stored = builder.inttoptr(given["stored"], doubles)
        self._totals = builder.inttoptr(given["totals"], doubles)
        self._mask = builder.inttoptr(given["mask"], doubles)
        self._width_of_block, self._row, self._column = given["width"], given["row"], given["column"]
        self._first, self._last = given["first"], given["last"]

    def _run_code(self) -> None:
        """Run the code from its beginning to `end`, for the examples from `start` on."""
        builder, run = self._builder, self._run
        before = builder.block
        step, after = run.append_basic_block("step"), run.append_basic_block("after")
        unknown = run.append_basic_block("unknown")
        builder.branch(step)
        builder.position_at_end(step)
        self._at = builder.phi(self._whole, "at")
        self._at.add_incoming(self._number(0), before)
        switch = builder.switch(builder.load(builder.gep(self._code, [self._at])), unknown)
        builder.position_at_end(unknown)
        builder.unreachable()
        for name, code in opcodes().items():
            block = run.append_basic_block(f"op{code}")
            switch.add_case(self._word(code), block)
            builder.position_at_end(block)
            if name == "end":
                builder.branch(after)
                continue
            length = self._instruction(name)
            self._at.add_incoming(builder.add(self._at, length), builder.block)
            builder.branch(step)
        builder.position_at_end(after)

    def _instruction(self, name: str) -> Any:
        """Write an instruction; the result is the length of its code."""
        special: dict[str, Callable[[], Any]] = {
            "load": self._load, "store": self._store, "total": self._total, "sum": self._sum, "dot": self._dot,
            "layer": self._layer, "outer": self._outer,
        }  # fmt: skip
        if name in special:
            return special[name]()
        if name == "add_product":
            return self._elementwise(3, lambda total, x, y: self._builder.fadd(total, self._builder.fmul(x, y)))
        count = _of_the_table()[name]
        if name not in kept_instructions():
            return self._elementwise(count, lambda *given: self._of_numbers(name, given))
        return self._elementwise(count, lambda *given: self._of_entry(name, given))

    def _elementwise(self, count: int, compute: Callable[..., Any]) -> Any:
        out, *operands = [self._register(1 + i) for i in range(count + 1)]
        with self._each_vector() as v:
            given = [self._builder.load(self._vector_of(operand, v), align=8) for operand in operands]
            self._builder.store(self._body.as_number(compute(*given)), self._vector_of(out, v), align=8)
        return self._number(count + 2)

    def _of_numbers(self, name: str, given: Sequence[Any]) -> Any:
        """Write a primitive; where it wants truth values, numbers are true that are not zero."""
        tests = {"select": 1, "and": 2, "or": 2}.get(name, 0)
        zero = self._body.constant(0.0)
        true = [self._builder.fcmp_unordered("!=", each, zero) for each in given[:tests]]
        return self._body.emit(name, [*true, *given[tests:]])

    def _of_entry(self, name: str, given: Sequence[Any]) -> Any:
        tape = Tape()
        result = body_of(name)(tape, *(tape.source("input", i) for i in range(len(given))))
        done: dict[int, Any] = {}
        for place in tape.needed_for([result]):
            op, operands = tape.instructions[place]
            if op == "constant":
                done[place] = self._body.constant(operands[0])
            elif op == "input":
                done[place] = given[operands[0]]
            else:
                done[place] = self._body.emit(op, [done[operand] for operand in operands])
        return done[result]

    # ------------------------------------------------------------------ what comes in and goes out

    def _load(self) -> Any:
        """``load register, input``: take an input of each example, of the last one where there are no more."""
        builder = self._builder
        register, column = self._register(1), self._operand(2)
        latest = builder.sub(self._last, self._number(1))
        count = builder.mul(self._vectors, self._number(self._lanes))
        with self._count(self._number(0), count, self._number(1)) as lane:
            example = self._smaller(builder.add(self._start, lane), latest)
            number = builder.load(builder.gep(self._inputs, [builder.add(builder.mul(example, self._row), column)]))
            builder.store(number, builder.gep(register, [lane]))
        return self._number(3)

    def _store(self) -> Any:
        """``store result, register``."""
        builder = self._builder
        first = builder.add(builder.mul(self._operand(1), self._column), self._start)
        out, register = builder.gep(self._stored, [first]), self._register(2)
        with self._each_vector() as v:
            number = builder.load(self._vector_of(register, v), align=8)
            builder.store(number, self._vector_of(out, v), align=8)
        return self._number(3)

    def _total(self) -> Any:
        """``total place, register``: add it up over the examples."""
        at = self._total_at(self._operand(1))
        register = self._register(2)
        with self._each_vector() as v:
            self._add_to(at, self._masked(self._builder.load(self._vector_of(register, v), align=8), v))
        return self._number(3)

    def _masked(self, number: Any, v: Any) -> Any:
        """Make zero what belongs to no example, behind the last."""
        builder = self._builder
        left = builder.sub(builder.sub(self._last, self._start), builder.mul(v, self._number(self._lanes)))
        shown = self._smaller(left, self._number(self._lanes))
        start = builder.sub(self._number(self._lanes), shown)
        mask = builder.load(builder.bitcast(builder.gep(self._mask, [start]), self._vector.as_pointer()), align=8)
        return builder.select(builder.fcmp_unordered("!=", mask, self._body.constant(0.0)), number, mask)

    def _add_to(self, at: Any, number: Any) -> None:
        builder = self._builder
        builder.store(builder.fadd(builder.load(at, align=8), number), at, align=8)

    # ------------------------------------------------------------------ many operands

    def _sum(self) -> Any:
        """``sum register, count, first, ...``: from left to right."""
        builder = self._builder
        out, count = self._register(1), self._operand(2)
        with self._each_vector() as v:
            first = builder.load(self._vector_of(self._register(3), v), align=8)
            with self._accumulate(self._number(1), count, self._number(1), [first]) as (i, (total,), give):
                term = self._register_at(builder.add(i, self._number(3)))
                give([builder.fadd(total, builder.load(self._vector_of(term, v), align=8))])
            builder.store(self._totals_out[0], self._vector_of(out, v), align=8)
        return builder.add(count, self._number(3))

    def _dot(self) -> Any:
        """``dot register, count, start, x, y, ...``: with a count of products."""
        builder = self._builder
        out, count = self._register(1), self._operand(2)
        with self._each_vector() as v:
            first = builder.load(self._vector_of(self._register(3), v), align=8)
            with self._accumulate(self._number(0), count, self._number(1), [first]) as (i, (total,), give):
                at = builder.add(builder.mul(i, self._number(2)), self._number(4))
                x = builder.load(self._vector_of(self._register_at(at), v), align=8)
                y = self._register_at(builder.add(at, self._number(1)))
                give([builder.fadd(total, builder.fmul(x, builder.load(self._vector_of(y, v), align=8)))])
            builder.store(self._totals_out[0], self._vector_of(out, v), align=8)
        return builder.add(builder.mul(count, self._number(2)), self._number(4))

    def _layer(self) -> Any:
        """
        ``layer tiles, count, weights, x, ..., out, ...``: many sums of products over the same `count` registers.

        Of each tile the weights stand together: a start for each of its results, then for each x a weight for each.
        """
        builder, tile = self._builder, self._number(TILE)
        tiles, count, weights = self._operand(1), self._operand(2), self._operand(3)
        xs = self._number(4)
        outs = builder.add(xs, count)
        size = builder.mul(builder.add(count, self._number(1)), tile)
        with self._count(self._number(0), tiles, self._number(1)) as index:
            base = builder.gep(self._weights, [builder.add(weights, builder.mul(index, size))])
            out = [
                self._register_at(builder.add(builder.add(outs, builder.mul(index, tile)), self._number(j)))
                for j in range(TILE)
            ]
            for wide, start, stop in self._vectors_in_groups():
                with self._count(start, stop, self._number(wide)) as v:
                    starts = [self._splat_at(base, self._number(j)) for j in range(TILE)]
                    first = [each for each in starts for _ in range(wide)]
                    with self._accumulate(self._number(0), count, self._number(1), first) as (i, sums, give):
                        x = self._register_at(builder.add(xs, i))
                        numbers = [
                            builder.load(self._vector_of(x, builder.add(v, self._number(u))), align=8)
                            for u in range(wide)
                        ]
                        at = builder.mul(builder.add(i, self._number(1)), tile)
                        more = []
                        for j in range(TILE):
                            weight = self._splat_at(base, builder.add(at, self._number(j)))
                            more += [
                                self._fused(weight, number, sums[j * wide + u]) for u, number in enumerate(numbers)
                            ]
                        give(more)
                    for j in range(TILE):
                        for u in range(wide):
                            at_out = self._vector_of(out[j], builder.add(v, self._number(u)))
                            builder.store(self._totals_out[j * wide + u], at_out, align=8)
        return builder.add(outs, builder.mul(tiles, tile))

    def _outer(self) -> Any:
        """
        ``outer rows, columns, a, ..., x, ..., place, ...``: add all products of an a and an x up over the examples.

        Rows and columns are counted in tiles; of each tile the places stand together.
        """
        builder, tile = self._builder, self._number(TILE)
        rows, columns = self._operand(1), self._operand(2)
        a_s = self._number(3)
        x_s = builder.add(a_s, builder.mul(rows, tile))
        places = builder.add(x_s, builder.mul(columns, tile))
        with self._count(self._number(0), rows, self._number(1)) as row:
            a = [self._register_at(self._sum_of(a_s, builder.mul(row, tile), i)) for i in range(TILE)]
            with self._count(self._number(0), columns, self._number(1)) as column:
                x = [self._register_at(self._sum_of(x_s, builder.mul(column, tile), j)) for j in range(TILE)]
                which = builder.add(builder.mul(row, columns), column)
                target = builder.add(places, builder.mul(which, self._number(TILE * TILE)))
                zeros = [self._body.constant(0.0)] * (TILE * TILE)
                with self._accumulate(self._number(0), self._vectors, self._number(1), zeros) as (v, sums, give):
                    left = [self._masked(builder.load(self._vector_of(each, v), align=8), v) for each in a]
                    right = [builder.load(self._vector_of(each, v), align=8) for each in x]
                    give([self._fused(left[i], right[j], sums[i * TILE + j]) for i in range(TILE) for j in range(TILE)])
                for k, total in enumerate(self._totals_out):
                    self._add_to(self._total_at(self._operand_at(builder.add(target, self._number(k)))), total)
        return builder.sub(
            builder.add(places, builder.mul(builder.mul(rows, columns), self._number(TILE * TILE))), self._number(0)
        )

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

    def _number(self, n: int) -> Any:
        return self._whole(n)

    def _sum_of(self, one: Any, other: Any, n: int) -> Any:
        return self._builder.add(self._builder.add(one, other), self._number(n))

    def _operand(self, place: int) -> Any:
        """Give a whole number of the code, so far behind the instruction."""
        return self._operand_at(self._number(place))

    def _operand_at(self, place: Any) -> Any:
        builder = self._builder
        return builder.zext(builder.load(builder.gep(self._code, [builder.add(self._at, place)])), self._whole)

    def _register(self, place: int) -> Any:
        return self._register_at(self._number(place))

    def _register_at(self, place: Any) -> Any:
        """Give the address of the register that a place of the code names."""
        builder = self._builder
        return builder.gep(self._registers, [builder.mul(self._operand_at(place), self._width_of_block)])

    def _vector_of(self, row: Any, v: Any) -> Any:
        builder = self._builder
        return builder.gep(builder.bitcast(row, self._vector.as_pointer()), [v])

    def _total_at(self, place: Any) -> Any:
        return self._vector_of(self._totals, place)

    def _splat_at(self, base: Any, place: Any) -> Any:
        return self._body.splat(self._builder.load(self._builder.gep(base, [place])))

    def _smaller(self, x: Any, y: Any) -> Any:
        return self._builder.select(self._builder.icmp_signed("<", x, y), x, y)

    # ------------------------------------------------------------------ loops

    @contextmanager
    def _each_vector(self) -> Iterator[Any]:
        with self._count(self._number(0), self._vectors, self._number(1)) as v:
            yield v

    def _vectors_in_groups(self) -> list[tuple[int, Any, Any]]:
        """Give loops over the vectors of a block: several at a time, then the rest one by one."""
        wide = 4 if self._lanes > 2 else 2
        whole = self._builder.and_(self._vectors, self._number(-wide))
        return [(wide, self._number(0), whole), (1, whole, self._vectors)]

    @contextmanager
    def _count(self, start: Any, stop: Any, step: Any) -> Iterator[Any]:
        """Repeat what is written inside, while the index is below `stop`."""
        with self._accumulate(start, stop, step, []) as (index, _, give):
            yield index
            give([])

    @contextmanager
    def _accumulate(self, start: Any, stop: Any, step: Any, values: Sequence[Any]) -> Iterator[Any]:
        """Repeat what is written inside, each time with what it gave; afterwards `_totals_out` has that."""
        builder, run = self._builder, self._run
        before = builder.block
        head, inside, after = (run.append_basic_block(name) for name in ("head", "inside", "after"))
        builder.branch(head)
        builder.position_at_end(head)
        index = builder.phi(self._whole, "i")
        index.add_incoming(start, before)
        carried = [builder.phi(value.type) for value in values]
        for phi, value in zip(carried, values, strict=True):
            phi.add_incoming(value, before)
        builder.cbranch(builder.icmp_signed("<", index, stop), inside, after)
        builder.position_at_end(inside)
        given: list[Any] = []
        yield index, carried, given.extend
        index.add_incoming(builder.add(index, step), builder.block)
        for phi, value in zip(carried, given, strict=True):
            phi.add_incoming(value, builder.block)
        builder.branch(head)
        builder.position_at_end(after)
        self._totals_out = carried
