"""Writes what an interpreter does with registers: rows of numbers, one for each example of a block."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from autograd.program.lanes import AT_ONCE, Body
from autograd.program.writing import Writer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence


class BlockWriter(Writer):
    """
    Writes a module whose function goes through the examples block by block.

    Parameters
    ----------
    features, name
        As for `Writer`.
    """

    if TYPE_CHECKING:
        _rows: dict[str, Any]  #: Addresses of rows of numbers: registers, inputs, weights, ...
        _row: Any  #: How many inputs an example has.
        _stride: Any  #: From one register to the next.
        _last: Any  #: How many examples there are.
        _width_of_block: Any
        _start: Any  #: The first example of the block.
        _vectors: Any  #: How many vectors the block has,
        _is_full: Any  #: and whether all their lanes have an example.

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

    def _rows_of_examples(self) -> Iterator[tuple[Any, list[Any]]]:
        """Write what follows for each vector of examples, given where their inputs are."""
        builder = self._builder
        latest = builder.sub(self._last, self._number(1))
        for is_partial, _ in self._whole_or_masked():
            with self._each_vector() as v:
                first = builder.add(self._start, builder.mul(v, self._number(self._lanes)))
                offsets = [self._row_of(first, lane, latest if is_partial else None) for lane in range(self._lanes)]
                yield v, [builder.gep(self._rows["inputs"], [offset]) for offset in offsets]

    def _row_of(self, first: Any, lane: int, latest: Any) -> Any:
        """Give where the inputs of an example begin; if there may be no such example, those of the latest."""
        builder = self._builder
        example = builder.add(first, self._number(lane))
        return builder.mul(example if latest is None else self._smaller(example, latest), self._row)

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

    def _shuffled(self, x: Any, y: Any, lanes: Sequence[int]) -> Any:
        """Put lanes together, of one vector or, counted on, of the other."""
        mask = self._ir.Constant(self._ir.VectorType(self._word, len(lanes)), list(lanes))
        return self._builder.shuffle_vector(x, y, mask)

    # ------------------------------------------------------------------ addresses

    def _register(self, place: int) -> Any:
        return self._register_at(self._number(place))

    def _register_at(self, place: Any) -> Any:
        """Give the address of the register that a place of the code names."""
        builder = self._builder
        return builder.gep(self._rows["registers"], [builder.mul(self._operand_at(place), self._stride)])

    def _place_of(self, body: Body, register: Any, v: Any) -> Any:
        """Give the address of some vectors of a register."""
        return self._builder.bitcast(self._vector_of(register, v), body.vector.as_pointer())

    def _loaded(self, body: Body, place: Any, v: Any) -> Any:
        """Load some vectors of the register that a place of the code names."""
        return self._builder.load(self._place_of(body, self._register_at(place), v), align=8)

    def _vector_in(self, row: Any) -> Any:
        """Load the vector that begins at an address."""
        return self._builder.load(self._vector_of(row, self._number(0)), align=8)

    def _vectors_at(self, row: Any, v: Any, count: int) -> list[Any]:
        """Load some vectors that stand side by side."""
        places = [self._vector_of(row, self._builder.add(v, self._number(u))) for u in range(count)]
        return [self._builder.load(place, align=8) for place in places]

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

    def _vectors_in_groups(self, size: int = AT_ONCE) -> list[tuple[Body, Any, Any]]:
        """Give loops over the vectors of a block: several at a time, which the CPU computes side by side; the rest."""
        whole = self._builder.and_(self._vectors, self._number(-size))
        wide = Body(self._builder, self._lanes * size, self._features)
        return [(wide, self._number(0), whole), (self._body, whole, self._vectors)]
