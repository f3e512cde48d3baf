"""Writes a tape as code for the interpreter: which instructions, in which registers, and what is done for all at once."""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING, NamedTuple

from autograd.program.kernel import TILE, opcodes
from autograd.program.layers import layers_of, outers_of, terms_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

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
        What stands in the table of weights: places of parameters and constants, -1 for 0.0.
    totals
        How many totals there are, with one that nobody asks for.
    products
        How many products layers compute for an example.
    instructions
        How many instructions there are beside these.
    """

    words: array[int]
    registers: int
    shared: list[int]
    weights: list[int]
    totals: int
    products: int
    instructions: int


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
    return _Coder(tape, stored, summed).code()


class _Coder:
    """Goes along a tape once, and gives each instruction its registers."""

    def __init__(self, tape: Tape, stored: Sequence[int], summed: Sequence[int]) -> None:
        self._tape = tape
        names = [tape.names[code] for code in range(len(tape.names))]
        self._names = names
        self._uniform = {names.index(kind) for kind in ("param", "constant") if kind in names}
        self._input = names.index("input") if "input" in names else -1
        self._products, self._plain = terms_of(tape, stored, summed)
        roots = [*stored, *(place for place, _ in self._plain), *(x for term in self._products for x in term[:2])]
        self._needed = tape.needed_for(roots)
        self._layers = layers_of(tape, self._needed, self._uniform)
        self._outers = outers_of(self._products)
        self._stored: dict[int, list[int]] = {}
        for index, place in enumerate(stored):
            self._stored.setdefault(place, []).append(index)
        self._totals: dict[int, list[int]] = {}
        for place, index in self._plain:
            self._totals.setdefault(place, []).append(index)
        self._total_count = len(summed)

    def code(self) -> Code | None:
        numbers = opcodes()
        tape, names, needed = self._tape, self._names, self._needed
        operands, starts, codes = tape.operands, tape.starts, tape.codes
        uniform = self._uniform
        add, mul = (names.index(op) if op in names else -1 for op in ("add", "mul"))
        listed = {names.index(op): op for op in ("sum", "dot") if op in names}
        sources = {*uniform, self._input}
        if any(names[code] not in numbers and code not in sources for code in set(codes[place] for place in needed)):
            return None

        # which products are taken into the sum that they belong to: those that nobody else needs
        uses = bytearray(len(codes))
        for place in needed:
            if codes[place] not in sources:
                for operand in operands[starts[place] : starts[place + 1]]:
                    if uses[operand] < 2:
                        uses[operand] += 1
        for place in (*self._stored, *self._totals, *(x for outer in self._outers for x in outer.operands)):
            uses[place] = 2
        taken = bytearray(len(codes))
        factor = array("i", [0]) * len(codes)  # of a sum, which operand is a product that it takes in
        if mul >= 0:
            for place in needed:
                if codes[place] == add:
                    at = starts[place]
                    for side in (1, 0):
                        operand = operands[at + side]
                        if codes[operand] == mul and uses[operand] == 1:
                            taken[operand], factor[place] = 1, 1 + side
                            break

        # where each number is needed for the last time, and what must be in a register though it is shared
        last = array("i", [-1]) * len(codes)
        shared: dict[int, None] = {}
        in_layer = self._layers.member
        for place in needed:
            code = codes[place]
            if code in sources or taken[place]:
                continue
            for operand in self._read(place, factor[place]) if place not in in_layer else in_layer[place].xs:
                last[operand] = place
                if codes[operand] in uniform:
                    shared[operand] = None
        outers_at: dict[int, list[int]] = {}
        for index, outer in enumerate(self._outers):
            ready = max(outer.operands)
            outers_at.setdefault(max(ready, needed[0]), []).append(index)
            for operand in outer.operands:
                last[operand] = max(last[operand], ready)
                if codes[operand] in uniform:
                    shared[operand] = None
        for place in (*self._stored, *self._totals):
            if codes[place] in uniform:
                shared[place] = None

        register = array("i", [-1]) * len(codes)
        for index, place in enumerate(shared):
            register[place] = index
        unused = len(shared)  # a register that nobody reads, for the rest of a tile
        count = unused + 1
        free: list[int] = []
        words = array("i")
        weights: list[int] = []
        products = instructions = 0
        keep = len(codes) + 1
        for place in shared:
            last[place] = keep

        def new() -> int:
            nonlocal count
            if free:
                return free.pop()
            count += 1
            return count - 1

        def release(places: Iterable[int], now: int) -> None:
            for each in places:
                if last[each] == now and register[each] >= 0:
                    free.append(register[each])
                    last[each] = -1  # an operand may be there twice

        simple = {code: numbers[name] for code, name in enumerate(names) if name in numbers}
        fused = numbers["add_product"]
        for place in needed:
            code = codes[place]
            if code == self._input:
                if last[place] >= 0 or place in self._stored or place in self._totals:
                    register[place] = new()
                    words.extend((numbers["load"], register[place], operands[starts[place]]))
            elif code in uniform or taken[place]:
                pass
            elif place in in_layer:
                layer = in_layer[place]
                if layer.dots[0] == place:
                    outs = []
                    for dot in layer.dots:
                        register[dot] = new()
                        outs.append(register[dot])
                    tiles = -(-len(outs) // TILE)
                    outs += [unused] * (tiles * TILE - len(outs))
                    words.extend((numbers["layer"], tiles, len(layer.xs), len(weights)))
                    words.extend(register[x] for x in layer.xs)
                    words.extend(outs)
                    weights += layer.tiled_weights(tape)
                    products += len(layer.dots) * len(layer.xs)
                release(layer.xs, place)
            else:
                read = self._read(place, factor[place])
                given = [register[operand] for operand in read]
                release(read, place)
                out = new()
                register[place] = out
                instructions += 1
                if code in listed:
                    length = len(given) if listed[code] == "sum" else len(given) // 2
                    words.extend((simple[code], out, length))
                else:
                    words.extend((fused if factor[place] else simple[code], out))
                words.extend(given)
            if place in self._stored:
                for index in self._stored[place]:
                    words.extend((numbers["store"], index, register[place]))
            if place in self._totals:
                for index in self._totals[place]:
                    words.extend((numbers["total"], index, register[place]))
            for index in outers_at.get(place, ()):
                outer = self._outers[index]
                words.append(numbers["outer"])
                words.extend(outer.code(register, unused, self._total_count))
                products += len(outer.a) * len(outer.x)
                release(outer.operands, place)
            if last[place] == -1 and register[place] >= unused + 1:  # nobody reads it further
                free.append(register[place])
        words.append(numbers["end"])
        return Code(words, count, list(shared), weights, self._total_count + 1, products, instructions)

    def _read(self, place: int, factor: int) -> Sequence[int]:
        """Give what an instruction reads, with what it takes in: of a + x*y these three."""
        tape = self._tape
        operands, starts = tape.operands, tape.starts
        own = operands[starts[place] : starts[place + 1]]
        if not factor:
            return own
        product = own[factor - 1]
        return own[2 - factor], operands[starts[product]], operands[starts[product] + 1]
