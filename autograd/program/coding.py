"""Writes a tape as code for the interpreter: which instructions, in which registers, and what is done at once."""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING, Any, NamedTuple

from autograd.program.arrays import numpy
from autograd.program.dense import columns_of
from autograd.program.kernel import FEW, opcodes
from autograd.program.layers import (
    UNIFORM,
    RowOuter,
    layers_of,
    outers_of,
    runs_of,
    terms_of,
    tiles,
    with_ones,
    with_rows,
)  # fmt: skip
from autograd.program.ordering import by_level
from autograd.program.pausing import collector_paused
from autograd.program.tape import SOURCES
from autograd.program.writing import pairs

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from autograd.program.layers import Layer, Outer
    from autograd.program.machine import Features
    from autograd.program.tape import Tape

#: No instruction that could go on.
_NOTHING = (-1, 0)


class Code(NamedTuple):
    """
    What the interpreter runs.

    Parameters
    ----------
    tape
        The instructions that have been written: the same as were given, or in another order.
    words
        The code.
    registers
        How many there are. The first ones hold what is the same for all examples.
    shared
        What is in these: places of parameters and constants.
    weights
        What stands in the table of weights: places of parameters and constants, -1 for -0.0.
    totals
        For each total that the code adds up which sum it belongs to.
    products
        How many products layers compute for an example.
    instructions
        How many instructions there are beside these.
    """

    tape: Tape
    words: array[int]
    registers: int
    shared: list[int]
    weights: list[int]
    totals: list[int]
    products: int
    instructions: int


@collector_paused()
def coded(tape: Tape, stored: Sequence[int], summed: Sequence[int], machine: Features) -> Code | None:
    """
    Write what results need as code.

    Parameters
    ----------
    tape
        The instructions.
    stored
        The places of what is wanted for each example.
    summed
        The places of what is wanted as a sum over the examples.
    machine
        What the interpreter has been written for.

    Returns
    -------
    Code or None
        None if there is an instruction that the interpreter does not know.
    """
    plan = _Plan(tape, stored, summed, machine)
    if plan.is_network():
        one = tape.constant(1.0)
        tape, at = by_level(tape, [*stored, *summed, one])
        stored, summed = ([at[place] for place in places] for places in (stored, summed))
        plan = _Plan(tape, stored, summed, machine, at[one])
    return _Writer(plan).code() if plan.is_known() else None


def partners_of(tape: Tape, needed: Sequence[int]) -> dict[int, tuple[int, str]]:
    """
    Find functions of the same number that are computed together.

    Parameters
    ----------
    tape
        The instructions.
    needed
        Places of those that are needed.

    Returns
    -------
    dict
        By the place of the first of two the place of the second, and the name of both.
    """
    found: dict[int, tuple[int, str]] = {}
    for name, (first, second) in pairs().items():
        if first in tape.names and second in tape.names:
            codes = tape.names.index(first), tape.names.index(second)
            of: dict[int, int] = {}
            for place in needed:
                if tape.codes[place] == codes[0]:
                    of[tape.operands[tape.starts[place]]] = place
                elif tape.codes[place] == codes[1]:
                    earlier = of.get(tape.operands[tape.starts[place]])
                    if earlier is not None:
                        found[earlier] = place, name
    return found


class _Plan:
    """
    What is computed how: by itself, in a layer, with a partner, or within the sum that it belongs to.

    Parameters
    ----------
    tape, stored, summed, machine
        As for `coded`.
    one
        The place of 1.0, if what is added up by itself may be multiplied with it, among other products.

    Attributes
    ----------
    needed
        The places of what is computed.
    member
        By the place of a sum of products the layer that it is in.
    outers
        What is multiplied and summed over the examples, by the place behind which it can be.
    partners
        By the place of the first of two that are computed together the other one, and the name of both.
    stored, totals
        By the place of a result where it goes.
    scaled
        By the place of the first sum of a layer whose results are only multiplied, each with another number: the places
        of these products, and of the numbers.
    column
        By the place of the first sum of a layer that reads its x from the rows of inputs, where in a row they begin.
    elsewhere
        Whether what is at a place is computed with something else.
    factor
        Of a sum, which of its operands, 1 or 2, is a product that is computed within; else 0.
    last
        When what is at a place is needed for the last time: twice the place of who reads it, and one more for an outer
        product behind that; -1 for never.
    shared
        Places of parameters and constants that must be in a register.
    blocks
        By the place of an input those that are loaded at once with it: as many as a vector has lanes, or all.
    """

    def __init__(
        self, tape: Tape, stored: Sequence[int], summed: Sequence[int], machine: Features, one: int | None = None
    ) -> None:
        self.tape, self.lanes, self.columns_of_tile = tape, machine.lanes, columns_of(machine)
        self.uniform = {code for code, name in enumerate(tape.names) if name in UNIFORM}
        self.sources = {code for code, name in enumerate(tape.names) if name in SOURCES}
        products, plain = terms_of(tape, stored, summed)
        if one is not None:
            products, plain = with_ones(products, plain, one)
        self.needed, uses, self.member = layers_of(tape, stored, products, plain)
        self.partners = partners_of(tape, self.needed)
        self.stored, self.totals = _by_place(enumerate(stored)), _by_place((index, place) for place, index in plain)
        self.elsewhere = bytearray(len(tape))
        for second, _ in self.partners.values():
            self.elsewhere[second] = 1
        columns = {p: tape.operands[tape.starts[p]] for p in self.needed if tape.names[tape.codes[p]] == "input"}
        outers = with_rows(outers_of(products), columns, self.lanes)
        self.factor = array("i", bytes(4 * len(tape)))
        self.scaled: dict[int, tuple[list[int], list[int]]] = {}
        self._take_products_in(outers, uses)
        first = {layer.dots[0]: layer.column(columns, self.lanes) for layer in self.member.values()}
        self.column = {dot: column for dot, column in first.items() if column is not None and dot not in self.scaled}
        self.last = array("i", [-1]) * len(tape)
        self.shared: dict[int, None] = {}
        self.outers: dict[int, list[Outer | RowOuter]] = {}
        self._find_last_uses(outers)
        self.blocks: dict[int, list[int]] = {}
        self._find_blocks(columns, self.lanes)

    def is_known(self) -> bool:
        """Tell whether the interpreter knows all instructions."""
        codes = {self.tape.codes[place] for place in self.needed} - self.sources
        return all(self.tape.names[code] in opcodes() for code in codes)

    def is_network(self) -> bool:
        """Tell whether most of the work is layers: then much is alike, and all that is at one level is needed soon."""
        products = sum(len(layer.xs) for layer in self.member.values())
        return products > sum(self.tape.codes[place] not in self.sources for place in self.needed)

    def _take_products_in(self, outers: Sequence[Outer | RowOuter], often: Any) -> None:
        """Find products that are one instruction with what is multiplied, or with the sum of two that needs them."""
        tape, codes = self.tape, self.tape.codes
        operands, starts = tape.operands, tape.starts
        add, mul = (tape.names.index(op) if op in tape.names else -1 for op in ("add", "mul"))
        uses = bytearray(numpy().where(often > 2, 2, often).astype("uint8").tobytes())
        for place in (*self.stored, *self.totals, *(x for outer in outers for x in outer.operands)):
            uses[place] = 2
        self._scale_layers(mul, uses)
        for place in self.needed:
            if codes[place] == add:
                for side in (1, 0):
                    operand = operands[starts[place] + side]
                    is_free = not self.elsewhere[operand] and operand not in self.member
                    if codes[operand] == mul and uses[operand] == 1 and is_free:
                        self.elsewhere[operand], self.factor[place] = 1, 1 + side
                        break

    def _scale_layers(self, mul: int, uses: Sequence[int]) -> None:
        """Find layers of which each result is only multiplied, with what is known before the layer is."""
        tape = self.tape
        products: dict[int, tuple[int, int]] = {}
        for place in self.needed:
            if tape.codes[place] == mul and place not in self.member:
                one, other = tape.operands[tape.starts[place] : tape.starts[place + 1]]
                for dot, factor in ((one, other), (other, one)):
                    if dot in self.member:
                        products[dot] = place, factor
        for layer in {layer.dots[0]: layer for layer in self.member.values()}.values():
            found = [products[dot] for dot in layer.dots if uses[dot] == 1 and dot in products]
            if len(found) == len(layer.dots) and all(factor < layer.dots[0] for _, factor in found):
                self.scaled[layer.dots[0]] = [place for place, _ in found], [factor for _, factor in found]
                for place, _ in found:
                    self.elsewhere[place] = 1

    def _find_last_uses(self, outers: Sequence[Outer | RowOuter]) -> None:
        codes, last, uniform = self.tape.codes, self.last, self.uniform
        for place in self.needed:
            if codes[place] not in self.sources and not self.elsewhere[place]:
                for operand in self.read(place):
                    last[operand] = 2 * place
                    if codes[operand] in uniform:
                        self.shared[operand] = None
        for outer in outers:
            ready = max(*outer.operands, self.needed[0])
            self.outers.setdefault(ready, []).append(outer)
            for operand in outer.operands:
                last[operand] = max(last[operand], 2 * ready + 1)
                if codes[operand] in uniform:
                    self.shared[operand] = None
        for place in (*self.stored, *self.totals):
            if codes[place] in uniform:
                self.shared[place] = None
        for place in self.shared:
            last[place] = 2 * len(self.tape)  # its register is never free

    def _find_blocks(self, columns: dict[int, int], lanes: int) -> None:
        at = {column: place for place, column in columns.items() if self.is_wanted(place)}
        if len(at) < lanes and len(at) in FEW and max(at) < len(at):
            together = [at[column] for column in range(len(at))]
            self.blocks = dict.fromkeys(together, together)
        for run in runs_of(at):
            for first in range(0, len(run) // lanes * lanes, lanes):
                block = [at[column] for column in run[first : first + lanes]]
                self.blocks |= dict.fromkeys(block, block)

    def is_wanted(self, place: int) -> bool:
        """Tell whether an input must be in a register."""
        return self.last[place] >= 0 or place in self.stored or place in self.totals

    def read(self, place: int) -> Sequence[int]:
        """Give what is read for an instruction, with what it takes in: of a + x*y these three."""
        if place in self.member:
            layer = self.member[place]
            if layer.dots[0] in self.column:
                return ()
            return (*layer.xs, *self.scaled[layer.dots[0]][1]) if layer.dots[0] in self.scaled else layer.xs
        operands, starts = self.tape.operands, self.tape.starts
        own = operands[starts[place] : starts[place + 1]]
        factor = self.factor[place]
        if not factor:
            return own
        product = own[factor - 1]
        return own[2 - factor], operands[starts[product]], operands[starts[product] + 1]


def _by_place(results: Iterable[tuple[int, int]]) -> dict[int, list[int]]:
    found: dict[int, list[int]] = {}
    for index, place in results:
        found.setdefault(place, []).append(index)
    return found


class _Writer:
    """Goes along a tape once, and gives each instruction its registers."""

    def __init__(self, plan: _Plan) -> None:
        self._plan = plan
        self._words = array("i")
        # the latest instruction that is there for several registers, and where it says for how many
        self._begun = _NOTHING
        self._register = array("i", [-1]) * len(plan.tape)
        for index, place in enumerate(plan.shared):
            self._register[place] = index
        self._count = len(plan.shared)
        self._free: list[int] = []
        self._weights: list[int] = []
        self._totals: list[int] = []
        self._total_of: dict[int, int] = {}  # of a sum, for what is added up by itself
        self._regions: dict[tuple[tuple[int, ...], ...], int] = {}
        self._products = self._instructions = 0

    def code(self) -> Code:
        plan, codes = self._plan, self._plan.tape.codes
        number = {code: opcodes().get(name, -1) for code, name in enumerate(plan.tape.names)}
        busy, last = {*plan.stored, *plan.totals, *plan.outers}, plan.last
        several = {code for code, name in enumerate(plan.tape.names) if name in ("sum", "dot")}
        for place in plan.needed:
            code = codes[place]
            if code in plan.sources:
                self._load(place)
            elif place in plan.partners:
                self._write_both(place)
            elif place in plan.member:
                self._write_layer(place)
            elif not plan.elsewhere[place]:
                self._write(place, number[code], with_count=code in several)
            if place in busy:
                self._give_out(place)
            if last[place] == -1 and self._register[place] >= len(plan.shared):  # nobody reads it
                self._free.append(self._register[place])
        self._words.append(opcodes()["end"])
        totals, shared = self._totals, list(plan.shared)
        words, weights, count = self._words, self._weights, self._count
        return Code(plan.tape, words, count, shared, weights, totals, self._products, self._instructions)

    # ------------------------------------------------------------------ instructions

    def _load(self, place: int) -> None:
        plan, tape = self._plan, self._plan.tape
        if tape.codes[place] in plan.uniform or self._register[place] >= 0 or not plan.is_wanted(place):
            return
        block = plan.blocks.get(place, [place])
        is_all = place in plan.blocks and len(block) < plan.lanes
        if is_all:
            self._words.append(opcodes()[f"load_all{len(block)}"])
        else:
            self._go_on(opcodes()["load_rows" if place in plan.blocks else "load"], len(block) + 1)
        for each in block:
            self._register[each] = self._new()
            self._words.append(self._register[each])
        if not is_all:
            self._words.append(tape.operands[tape.starts[block[0]]])

    def _write(self, place: int, number: int, *, with_count: bool) -> None:
        plan = self._plan
        read = plan.read(place)
        given = [self._register[operand] for operand in read]
        self._release(read, 2 * place)
        self._register[place] = out = self._new()
        self._instructions += 1
        if with_count:
            is_sum = number == opcodes()["sum"]
            self._words.extend((number, out, len(given) if is_sum else len(given) // 2))
        else:
            self._go_on(opcodes()["add_product"] if plan.factor[place] else number, 1 + len(given))
            self._words.append(out)
        self._words.extend(given)

    def _write_both(self, place: int) -> None:
        second, name = self._plan.partners[place]
        read = self._plan.read(place)
        given = self._register[read[0]]
        self._release(read, 2 * place)
        results = self._register[place], self._register[second] = self._new(), self._new()
        if given in self._words[-3:-1]:  # results of the latest, which is ended after the next is begun
            self._begun = _NOTHING
        self._go_on(opcodes()[name], 3)
        self._words.extend((*results, given))
        self._instructions += 1

    def _write_layer(self, place: int) -> None:
        """Write a layer where the first of its sums is."""
        layer = self._plan.member[place]
        if place in self._plan.column:
            self._write_layer_of_rows(layer, self._plan.column[place])
        elif layer.dots[0] == place:
            results, factors = self._plan.scaled.get(place, (layer.dots, []))
            for result in results:
                self._register[result] = self._new()
            for size, part in tiles(len(results)):
                name = f"{'scaled_' if factors else ''}layer{size}"
                outs = [self._register[result] for result in results[part]]
                self._words.extend((opcodes()[name], len(outs) // size, len(layer.xs), len(self._weights)))
                self._words.extend(self._register[x] for x in layer.xs)
                if factors:
                    pairs = zip(outs, (self._register[factor] for factor in factors[part]), strict=True)
                    outs = [register for pair in pairs for register in pair]
                self._words.extend(outs)
                for start in range(part.start, part.stop, size):
                    self._weights += layer.tiled_weights(start, size)
            self._products += len(layer.dots) * len(layer.xs)
        self._release(self._plan.read(place), 2 * place)

    def _write_layer_of_rows(self, layer: Layer, column: int) -> None:
        for dot in layer.dots:
            self._register[dot] = self._new()
        lanes, count = self._plan.lanes, len(layer.dots)
        vectors = -(-count // lanes)
        for width, start, stop in ((2, 0, vectors // 2 * 2), (1, vectors // 2 * 2, vectors)):
            if start == stop:
                continue
            words = opcodes()[f"layer_rows{width}"], (stop - start) // width, len(layer.xs), len(self._weights), column
            self._words.extend(words)
            outs = [self._register[dot] for dot in layer.dots[start * lanes : stop * lanes]]
            self._words.extend(outs)
            self._words.extend([self._unused()] * ((stop - start) * lanes - len(outs)))
            for first in range(start, stop, width):
                self._weights += layer.tiled_weights(first * lanes, width * lanes)
        self._products += count * len(layer.xs)

    def _unused(self) -> int:
        """Give a register that nobody reads, for what is beyond the last sum."""
        register = self._new()
        self._free.append(register)
        return register

    def _give_out(self, place: int) -> None:
        """Store a result, add it up, and multiply what is to be summed."""
        plan, register = self._plan, self._register
        for index in plan.stored.get(place, ()):
            self._words.extend((opcodes()["store"], index, register[place]))
        for index in plan.totals.get(place, ()):
            self._go_on(opcodes()["total"], 2)
            total = self._total_of.setdefault(index, len(self._totals))
            if total == len(self._totals):
                self._totals.append(index)
            self._words.extend((total, register[place]))
        for outer in plan.outers.get(place, ()):
            if isinstance(outer, RowOuter):
                self._multiply_rows(outer)
            else:
                self._multiply(outer)
            self._release(outer.operands, 2 * place + 1)

    def _multiply(self, outer: Outer) -> None:
        first = self._regions.setdefault(tuple(outer.targets), len(self._totals))
        is_new = first == len(self._totals)
        for height, rows in tiles(len(outer.a)):
            for width, columns in tiles(len(outer.x), self._plan.columns_of_tile):
                part = outer.part(rows, columns)
                self._words.extend((opcodes()[f"outer{height}x{width}"], len(part.a) // height))
                self._words.extend((len(part.x) // width, first))
                self._words.extend(self._register[place] for place in part.operands)
                first += len(part.a) * len(part.x)
                if is_new:
                    self._totals += part.tiled_targets(height, width)
        self._products += len(outer.a) * len(outer.x)

    def _multiply_rows(self, outer: RowOuter) -> None:
        for size, part in tiles(len(outer.a)):
            a, targets = outer.a[part], outer.targets[part]
            self._words.extend((opcodes()[f"outer_rows{size}"], len(a) // size, outer.length // self._plan.lanes))
            self._words.extend((outer.column, *(self._register[place] for place in a), *targets))
        self._products += len(outer.a) * outer.length

    def _go_on(self, code: int, size: int) -> None:
        """Go on with the latest instruction, or begin one that may be for several registers."""
        latest, times = self._begun
        if latest == code and times + 1 + self._words[times] * size == len(self._words):
            self._words[times] += 1
            return
        self._words.extend((code, 1))
        self._begun = code, len(self._words) - 1

    # ------------------------------------------------------------------ registers

    def _new(self) -> int:
        if self._free:
            return self._free.pop()
        self._count += 1
        return self._count - 1

    def _release(self, places: Iterable[int], now: int) -> None:
        """Free the registers of what is needed for the last time."""
        last = self._plan.last
        for place in places:
            if last[place] == now:
                self._free.append(self._register[place])
                last[place] = -2  # an operand may be there twice
