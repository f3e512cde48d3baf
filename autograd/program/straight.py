"""
Runs a tape as straight-line machine code, with nothing to look up: several examples in the lanes of vectors, or one.

A tape is cut into chunks, each a function of its own, since the time to compile one function grows faster than its
length. What one chunk computes and another needs passes through memory.
"""

from __future__ import annotations

import struct
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any

from autograd.program.arrays import numpy
from autograd.program.coding import partners_of
from autograd.program.compiling import compiled
from autograd.program.elementary.functions import FUNCTIONS
from autograd.program.lanes import AT_ONCE, Body
from autograd.program.layers import layers_of, terms_of
from autograd.program.machine import features
from autograd.program.tape import SOURCES
from autograd.program.writing import pairs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from autograd.program.compiling import CompiledFunction
    from autograd.program.machine import Features
    from autograd.program.tape import Tape

#: Instructions of a chunk; a tape that is not much longer is one.
_CHUNK, _WHOLE = 1_500, 5_000

#: With fewer than one elementary function in so many instructions one vector is computed at a time.
_FEW_FUNCTIONS = 25


class StoppedError(Exception):
    """A compilation was given up."""


class StraightLine:
    """
    Computes results of a tape for many examples, several in each step, or for one at a time.

    Parameters
    ----------
    tape
        The instructions.
    stored
        The places of what is wanted for each example.
    summed
        The places of what is wanted as a sum over the examples.
    single
        Whether for one example at a time.
    is_stopped
        Tells whether to give up.

    Raises
    ------
    StoppedError
        It was given up.
    """

    name = "straight-line code"

    def __init__(
        self, tape: Tape, stored: Sequence[int], summed: Sequence[int], *, single: bool = False,
        is_stopped: Callable[[], bool] = lambda: False,
    ) -> None:  # fmt: skip
        self._stored, self._summed = len(stored), len(summed)
        machine = features()
        needed = tape.needed_for([*stored, *summed])
        self._lanes = 1 if single else machine.lanes * _vectors_at_once(tape, needed)
        writer = _Writer(tape, stored, summed, needed, self._lanes)
        self._chunks: list[CompiledFunction] = []
        for module in writer.modules(machine):
            if is_stopped():
                raise StoppedError
            self._chunks.append(compiled(module, machine))
        self._memory = writer.memory
        self._kept: list[Any] = []  # rows of earlier runs, and where they are
        self._functions = numpy().array([chunk.address for chunk in self._chunks], dtype="int64")

    def run(self, inputs: Any, params: Any) -> tuple[Any, Any, None]:
        """Compute the results, as every `Runner`."""
        if len(inputs) == 1 == self._lanes:
            return self._one(inputs, params)
        np = numpy()
        count, lanes = len(inputs), self._lanes
        whole = count - count % lanes
        totals = np.zeros((self._summed, lanes))
        stored = np.empty((self._stored, count))
        memory = np.empty((self._memory, lanes))
        if whole:
            self._blocks(inputs[:whole], params, stored, totals, memory)
        sums = totals.sum(axis=1)
        if whole < count:  # the last block is filled up with its last example, which does not count
            rest = count - whole
            filled = np.concatenate([inputs[whole:], np.repeat(inputs[-1:], lanes - rest, axis=0)])
            last, totals = np.empty((self._stored, lanes)), np.zeros((self._summed, lanes))
            self._blocks(filled, params, last, totals, memory)
            stored[:, whole:] = last[:, :rest]
            sums += totals[:, :rest].sum(axis=1)
        return stored, sums, None

    def _blocks(self, inputs: Any, params: Any, stored: Any, totals: Any, memory: Any) -> None:
        columns = numpy().ascontiguousarray(inputs.T)
        rows = (columns, params, stored, totals, memory)
        _driver().run(self._arguments(rows, len(inputs) // self._lanes, len(inputs), stored.shape[1]))

    def _arguments(self, rows: Sequence[Any], blocks: int, row: int, length: int) -> bytes:
        addresses = [each.ctypes.data for each in (self._functions, *rows)]
        return struct.pack("11q", *addresses, len(self._functions), blocks, self._lanes, row, length)

    def _one(self, inputs: Any, params: Any) -> tuple[Any, Any, None]:
        """Compute one example, in memory that is kept: to ask for addresses takes as long as many instructions."""
        try:
            kept = self._kept.pop()  # nobody else can have it then
        except IndexError:
            np = numpy()
            shapes = inputs.shape, params.shape, (self._stored, 1), (self._summed,), (self._memory,)
            rows = [np.empty(shape) for shape in shapes]
            kept = (*rows[:4], rows, self._arguments(rows, 1, 1, 1))
        own_inputs, own_params, stored, totals, _, arguments = kept
        own_inputs[:], own_params[:], totals[:] = inputs, params, 0.0
        _driver().run(arguments)
        results = stored.copy(), totals.copy()
        self._kept.append(kept)
        return *results, None


def _vectors_at_once(tape: Tape, needed: Sequence[int]) -> int:
    """
    Tell how many vectors are best computed side by side.

    Several where there are functions, whose steps wait for each other; of arithmetic alone one, or its numbers would
    not all stay in the CPU's registers.
    """
    functions = {code for code, name in enumerate(tape.names) if name in FUNCTIONS}
    return AT_ONCE if sum(tape.codes[place] in functions for place in needed) * _FEW_FUNCTIONS >= len(needed) else 1


@cache
def _driver() -> CompiledFunction:
    """Compile what calls the chunks: for each block of examples one after the other."""
    from llvmlite import ir  # noqa: PLC0415 - optional

    double, whole = ir.DoubleType(), ir.IntType(64)
    pointer = double.as_pointer()
    chunk = ir.FunctionType(ir.VoidType(), [pointer] * 5 + [whole] * 2)
    module = ir.Module("driver")
    function = ir.Function(module, ir.FunctionType(ir.VoidType(), [whole.as_pointer()]), "run")
    builder = ir.IRBuilder(function.append_basic_block("entry"))
    given = [builder.load(builder.gep(function.args[0], [whole(i)])) for i in range(11)]
    functions = builder.inttoptr(given[0], chunk.as_pointer().as_pointer())
    inputs, params, stored, totals, memory = (builder.inttoptr(each, pointer) for each in given[1:6])
    count, blocks, lanes, row, length = given[6:]
    with repeated(builder, blocks) as block:
        first = builder.mul(block, lanes)
        here = builder.gep(inputs, [first]), params, builder.gep(stored, [first]), totals, memory
        with repeated(builder, count) as i:
            builder.call(builder.load(builder.gep(functions, [i])), [*here, row, length])
    builder.ret_void()
    return compiled(module, features())


@contextmanager
def repeated(builder: Any, count: Any) -> Iterator[Any]:
    """Repeat so often what is written inside."""
    function, before = builder.function, builder.block
    head, inside, after = (function.append_basic_block(name) for name in ("head", "inside", "after"))
    builder.branch(head)
    builder.position_at_end(head)
    index = builder.phi(count.type)
    index.add_incoming(count.type(0), before)
    builder.cbranch(builder.icmp_signed("<", index, count), inside, after)
    builder.position_at_end(inside)
    yield index
    index.add_incoming(builder.add(index, count.type(1)), builder.block)
    builder.branch(head)
    builder.position_at_end(after)


class _Writer:
    """Writes the chunks."""

    def __init__(
        self, tape: Tape, stored: Sequence[int], summed: Sequence[int], needed: Sequence[int], lanes: int
    ) -> None:
        self._tape, self._lanes = tape, lanes
        self._stored, self._summed = stored, summed
        self._partners = partners_of(tape, needed)
        _, _, layers = layers_of(tape, stored, *terms_of(tape, stored, summed))
        self._in_layers = {place for place in layers if tape.names[tape.codes[place]] == "dot"}
        later = {second for second, _ in self._partners.values()}
        steps = []
        for place in needed:
            if tape.names[tape.codes[place]] not in SOURCES and place not in later:
                steps.append(place)
                if place in self._partners:
                    steps.append(self._partners[place][0])
        size = _CHUNK if len(steps) > _WHOLE else max(1, len(steps))
        self._chunks: list[list[int]] = [[]]
        for place in steps:
            if len(self._chunks[-1]) >= size and place not in later:
                self._chunks.append([])
            self._chunks[-1].append(place)
        self._chunk_of = {place: i for i, chunk in enumerate(self._chunks) for place in chunk}
        self._slots: dict[int, int] = {}
        self._tests: set[int] = set()  # truth values, among these
        self.memory = self._share_memory()

    def _share_memory(self) -> int:
        """Give a place in memory to each number that a later chunk needs, until the last has read it."""
        last: dict[int, int] = {}
        for i, chunk in enumerate(self._chunks):
            for place in chunk:
                for operand in self._operands(place):
                    if self._chunk_of.get(operand, i) < i:
                        last[operand] = i
        free: list[int] = []
        count = 0
        ends: dict[int, list[int]] = {}
        for i, chunk in enumerate(self._chunks):
            free += ends.pop(i - 1, [])
            for place in chunk:
                if place in last:
                    if free:
                        slot = free.pop()
                    else:
                        slot, count = count, count + 1
                    self._slots[place] = slot
                    ends.setdefault(last[place], []).append(slot)
        return count

    def _operands(self, place: int) -> Sequence[int]:
        tape = self._tape
        return tape.operands[tape.starts[place] : tape.starts[place + 1]]

    def modules(self, features: Features) -> Iterator[Any]:
        """Write each chunk as a module with a function ``run``."""
        where: dict[int, tuple[list[int], list[int]]] = {}
        for kind, results in enumerate((self._stored, self._summed)):
            for index, place in enumerate(results):
                where.setdefault(self._chunk_of.get(place, 0), ([], []))[kind].append(index)
        for i, chunk in enumerate(self._chunks):
            yield self._module(chunk, *where.get(i, ([], [])), features)

    def _module(self, chunk: Sequence[int], stored: Sequence[int], summed: Sequence[int], features: Features) -> Any:
        """
        Write ``run(inputs, params, stored, totals, memory, row, length)`` for one block of examples.

        ``inputs`` has a row of ``row`` numbers for each input, ``stored`` one of ``length`` for each result, ``totals``
        a sum for each lane.
        """
        from llvmlite import ir  # noqa: PLC0415 - optional

        lanes, tape = self._lanes, self._tape
        double, whole = ir.DoubleType(), ir.IntType(64)
        module = ir.Module("program")
        pointer = double.as_pointer()
        function = ir.Function(module, ir.FunctionType(ir.VoidType(), [pointer] * 5 + [whole] * 2), "run")
        inputs, params, stored_at, totals, memory, row, length = function.args
        for argument in (stored_at, totals, memory):
            argument.add_attribute("noalias")
        builder = ir.IRBuilder(function.append_basic_block("entry"))
        body = Body(builder, lanes, features)
        vector = body.vector.as_pointer()

        def at(base: Any, index: int, length: Any) -> Any:
            return builder.bitcast(builder.gep(base, [builder.mul(whole(index), length)]), vector)

        def fixed(base: Any, index: int) -> Any:
            return builder.bitcast(builder.gep(base, [whole(index * lanes)]), vector)

        registers: dict[int, Any] = {}
        zero = body.constant(0.0)

        def register(place: int) -> Any:
            if place not in registers:
                op, operands = tape.instructions[place]
                if op == "constant":
                    registers[place] = body.constant(operands[0])
                elif op == "input":
                    registers[place] = builder.load(at(inputs, operands[0], row), align=8)
                elif op == "param":
                    registers[place] = body.splat(builder.load(builder.gep(params, [whole(operands[0])])))
                else:
                    number = builder.load(fixed(memory, self._slots[place]), align=8)
                    is_test = place in self._tests
                    registers[place] = builder.fcmp_ordered("!=", number, zero) if is_test else number
            return registers[place]

        for place in chunk:
            op, operands = tape.instructions[place]
            given = [register(operand) for operand in operands]
            if place in self._partners:
                second, pair = self._partners[place]
                registers[place], registers[second] = body.call_both(*pairs()[pair], *given)
            elif place not in registers:
                registers[place] = body.emit("fused_dot" if place in self._in_layers else op, given)
            if place in self._slots:
                number = body.as_number(registers[place])
                if number is not registers[place]:
                    self._tests.add(place)
                builder.store(number, fixed(memory, self._slots[place]), align=8)
        for index in stored:
            number = body.as_number(register(self._stored[index]))
            builder.store(number, at(stored_at, index, length), align=8)
        for index in summed:
            total = fixed(totals, index)
            builder.store(builder.fadd(builder.load(total, align=8), register(self._summed[index])), total, align=8)
        builder.ret_void()
        return module
