"""Writes a tape as code for the interpreter: which instructions, in which registers, and what is done at once."""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING, NamedTuple

from autograd.program.arrays import numpy
from autograd.program.kernel import TILE, opcodes, pairs
from autograd.program.layers import layers_of, outers_of, terms_of, uses_of
from autograd.program.pausing import collector_paused
from autograd.program.tape import SOURCES

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from autograd.program.layers import Layer, Outer
    from autograd.program.tape import Tape


class Code(NamedTuple):
    """
    What the interpreter runs.

    Parameters
    ----------
    words
        The code.
    registers
        How many there are. The first ones hold what is the same for all examples.
    shared
        What is in these: places of parameters and constants.
    weights
        What stands in the table of weights: places of parameters and constants, -1 for -0.0.
    totals
        For each total that the code adds up, which sum it belongs to; one sum more than were asked for is for nothing.
    products
        How many products layers compute for an example.
    instructions
        How many instructions there are beside these.
    """

    words: array[int]
    registers: int
    shared: list[int]
    weights: list[int]
    totals: list[int]
    products: int
    instructions: int


@collector_paused()
def coded(tape: Tape, stored: Sequence[int], summed: Sequence[int]) -> Code | None:
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

    Returns
    -------
    Code or None
        None if there is an instruction that the interpreter does not know.
    """
    plan = _Plan(tape, stored, summed)
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
    elsewhere
        Whether what is at a place is computed with something else.
    factor
        Of a sum, which of its operands, 1 or 2, is a product that is computed within; else 0.
    last
        When what is at a place is needed for the last time: twice the place of who reads it, and one more for an outer
        product behind that; -1 for never.
    shared
        Places of parameters and constants that must be in a register.
    """

    def __init__(self, tape: Tape, stored: Sequence[int], summed: Sequence[int]) -> None:
        self.tape = tape
        self.uniform = {code for code, name in enumerate(tape.names) if name in ("param", "constant")}
        self.sources = {code for code, name in enumerate(tape.names) if name in SOURCES}
        products, plain = terms_of(tape, stored, summed)
        factors = [factor for term in products for factor in term[:2]]
        self.needed = tape.needed_for([*stored, *(place for place, _ in plain), *factors])
        self.member: dict[int, Layer] = layers_of(tape, self.needed, self.uniform)
        self.partners = partners_of(tape, self.needed)
        self.stored, self.totals = _by_place(enumerate(stored)), _by_place((index, place) for place, index in plain)
        self.sum_count = len(summed)
        self.elsewhere = bytearray(len(tape))
        for second, _ in self.partners.values():
            self.elsewhere[second] = 1
        outers = outers_of(products)
        self.factor = array("i", bytes(4 * len(tape)))
        self._take_products_in(outers)
        self.last = array("i", [-1]) * len(tape)
        self.shared: dict[int, None] = {}
        self.outers: dict[int, list[Outer]] = {}
        self._find_last_uses(outers)

    def is_known(self) -> bool:
        """Tell whether the interpreter knows all instructions."""
        codes = {self.tape.codes[place] for place in self.needed} - self.sources
        return all(self.tape.names[code] in opcodes() for code in codes)

    def _take_products_in(self, outers: Sequence[Outer]) -> None:
        """Find products that nobody needs but one sum of two: they are one instruction with it."""
        tape, codes = self.tape, self.tape.codes
        operands, starts = tape.operands, tape.starts
        add, mul = (tape.names.index(op) if op in tape.names else -1 for op in ("add", "mul"))
        often = uses_of(tape, self.needed)
        uses = bytearray(numpy().where(often > 2, 2, often).astype("uint8").tobytes())
        for place in (*self.stored, *self.totals, *(x for outer in outers for x in outer.operands), *self.member):
            uses[place] = 2
        for place in self.needed:
            if codes[place] == add:
                for side in (1, 0):
                    operand = operands[starts[place] + side]
                    if codes[operand] == mul and uses[operand] == 1:
                        self.elsewhere[operand], self.factor[place] = 1, 1 + side
                        break

    def _find_last_uses(self, outers: Sequence[Outer]) -> None:
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

    def read(self, place: int) -> Sequence[int]:
        """Give what is read for an instruction, with what it takes in: of a + x*y these three."""
        if place in self.member:
            return self.member[place].xs
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
        self._begun = (-1, 0)
        self._register = array("i", [-1]) * len(plan.tape)
        for index, place in enumerate(plan.shared):
            self._register[place] = index
        self._unused = len(plan.shared)  # a register that nobody reads, for the rest of a tile
        self._count = self._unused + 1
        self._free: list[int] = []
        self._weights: list[int] = []
        self._totals = list(range(plan.sum_count))
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
            if last[place] == -1 and self._register[place] > self._unused:  # nobody reads it
                self._free.append(self._register[place])
        self._words.append(opcodes()["end"])
        totals, shared = self._totals, list(plan.shared)
        return Code(self._words, self._count, shared, self._weights, totals, self._products, self._instructions)

    # ------------------------------------------------------------------ instructions

    def _load(self, place: int) -> None:
        plan = self._plan
        is_read = plan.last[place] >= 0 or place in plan.stored or place in plan.totals
        if plan.tape.codes[place] not in plan.uniform and is_read:
            self._register[place] = self._new()
            which = plan.tape.operands[plan.tape.starts[place]]
            self._go_on(opcodes()["load"], 2)
            self._words.extend((self._register[place], which))

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
        self._register[place], self._register[second] = self._new(), self._new()
        self._go_on(opcodes()[name], 3)
        self._words.extend((self._register[place], self._register[second], given))
        self._instructions += 1

    def _write_layer(self, place: int) -> None:
        """Write a layer where the first of its sums is."""
        layer = self._plan.member[place]
        if layer.dots[0] == place:
            outs = []
            for dot in layer.dots:
                self._register[dot] = self._new()
                outs.append(self._register[dot])
            outs += [self._unused] * (-len(outs) % TILE)
            self._words.extend((opcodes()["layer"], len(outs) // TILE, len(layer.xs), len(self._weights)))
            self._words.extend(self._register[x] for x in layer.xs)
            self._words.extend(outs)
            self._weights += layer.tiled_weights()
            self._products += len(layer.dots) * len(layer.xs)
        self._release(layer.xs, 2 * place)

    def _give_out(self, place: int) -> None:
        """Store a result, add it up, and multiply what is to be summed."""
        plan, register = self._plan, self._register
        for index in plan.stored.get(place, ()):
            self._words.extend((opcodes()["store"], index, register[place]))
        for index in plan.totals.get(place, ()):
            self._go_on(opcodes()["total"], 2)
            self._words.extend((index, register[place]))
        for outer in plan.outers.get(place, ()):
            first = self._regions.setdefault(tuple(outer.targets), len(self._totals))
            if first == len(self._totals):
                self._totals += outer.tiled_targets(plan.sum_count)
            self._words.extend((opcodes()["outer"], -(-len(outer.a) // TILE), -(-len(outer.x) // TILE), first))
            self._words.extend(outer.registers(register, self._unused))
            self._products += len(outer.a) * len(outer.x)
            self._release(outer.operands, 2 * place + 1)

    def _go_on(self, code: int, size: int) -> None:
        """Begin an instruction that is there for several registers, or go on with the latest."""
        latest, times = self._begun
        if latest == code and times + 1 + self._words[times] * size == len(self._words):
            self._words[times] += 1
        else:
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
