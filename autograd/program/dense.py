"""
Writes the instructions for layers, which are most of the work of a network: many sums of products at once.

Each computes a tile of results, which stay in the CPU's registers until all their products have been added.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from autograd.program.blocks import BlockWriter

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from autograd.program.machine import Features

#: So many registers at a time are computed by a layer, or multiplied with others; the rest in a smaller tile.
TILE = 4

_SIZES = range(1, TILE + 1)

#: The instructions.
DENSE = (
    *(f"{name}{size}" for name in ("layer", "scaled_layer", "outer_rows") for size in _SIZES),
    *(f"outer{rows}x{columns}" for rows in _SIZES for columns in _SIZES), "layer_rows1", "layer_rows2",
)  # fmt: skip


def columns_of(features: Features) -> int:
    """
    Tell how many columns a tile has, so that all its results can stay in the CPU's registers.

    Parameters
    ----------
    features
        Of the CPU.

    Returns
    -------
    int
    """
    return TILE if features.registers >= 2 * TILE * TILE else TILE // 2


class DenseWriter(BlockWriter):
    """
    Writes a module, as `BlockWriter`.

    Parameters
    ----------
    features, name
        As for `Writer`.
    """

    def _dense(self) -> dict[str, Callable[[], Any]]:
        """Give what writes each instruction."""
        return {
            **{f"layer{size}": partial(self._layer, size) for size in _SIZES},
            **{f"scaled_layer{size}": partial(self._layer, size, is_scaled=True) for size in _SIZES},
            **{f"layer_rows{vectors}": partial(self._layer_rows, vectors) for vectors in (1, 2)},
            **{f"outer_rows{size}": partial(self._outer_rows, size) for size in _SIZES},
            **{f"outer{rows}x{columns}": partial(self._outer, rows, columns) for rows in _SIZES for columns in _SIZES},
        }

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
        for body, start, stop in self._vectors_in_groups(columns_of(self._features)):
            wide = body.lanes // self._lanes
            # the xs of some vectors are in the cache for all tiles
            vectors = self._count(start, stop, self._number(wide))
            with vectors as v, self._count(self._number(0), tiles, self._number(1)) as index:
                base = builder.gep(self._rows["weights"], [builder.add(weights, builder.mul(index, step))])
                first = [self._splat_at(base, self._number(j)) for j in range(size) for _ in range(wide)]
                with self._accumulate(self._number(0), count, self._number(1), first) as (i, sums, give):
                    numbers = self._vectors_at(self._register_at(builder.add(xs, i)), v, wide)
                    at = builder.mul(builder.add(i, self._number(1)), tile)
                    given = [self._splat_at(base, builder.add(at, self._number(j))) for j in range(size)]
                    give(self._products_added(given, numbers, sums))
                totals = iter(self._totals_out)
                for number in self._places_of_tile(self._number(0), index, size):
                    place = builder.add(outs, builder.mul(number, each))
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
                first = self._vectors_at(base, self._number(0), width) * self._lanes
                with self._accumulate(self._number(0), count, one, first) as (i, sums, give):
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
        most = columns_of(self._features)
        whole = builder.and_(columns, self._number(-most))
        with self._count(zero, rows, self._number(1)) as row:
            a = self._registers_of_tile(a_s, row, height)
            places = [self._operand_at(place) for place in self._places_of_tile(targets, row, height)]
            own = [builder.gep(self._rows["sums"], [place]) for place in places]
            for wide, start, stop in ((most, zero, whole), (1, whole, columns)):
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
        return [self._body.fused(x, y, total) for (x, y), total in zip(pairs, sums, strict=True)]

    def _places_of_tile(self, start: Any, index: Any, size: int) -> list[Any]:
        """Give the places in the code of all that belongs to a tile."""
        return [self._sum_of(start, self._builder.mul(index, self._number(size)), i) for i in range(size)]

    def _registers_of_tile(self, start: Any, index: Any, size: int) -> list[Any]:
        return [self._register_at(place) for place in self._places_of_tile(start, index, size)]
