"""Runs a tape by the interpreter: machine code that is compiled once for a CPU, and knows every instruction."""

from __future__ import annotations

import math
import struct
from collections import defaultdict
from functools import cache
from itertools import accumulate
from typing import TYPE_CHECKING, Any

from autograd.program import kernel
from autograd.program.arrays import LINE, address_of, numpy, on_a_line
from autograd.program.coding import coded
from autograd.program.compiling import compiled, compiled_once
from autograd.program.crew import crew
from autograd.program.locking import compiler
from autograd.program.machine import features
from autograd.program.writing import made_from

if TYPE_CHECKING:
    from collections.abc import Sequence

    from autograd.program.compiling import CompiledFunction
    from autograd.program.machine import Features
    from autograd.program.tape import Tape

#: Numbers that the registers may have together, so that they stay in the cache; where layers read each many times, also
#: with the inputs of a block, in a smaller one.
_IN_CACHE, _IN_SMALL_CACHE = 2**21, 12 * 2**10

#: Of more registers than these each has one vector, or they would take too much memory.
_MANY = 2**20

_MOST_VECTORS = 16  # in a block of examples

#: Inputs and results of so many numbers are copied, which takes less time than to ask where they are.
_SMALL = 4096

_SHAPES = 16  # of inputs, for which memory is kept

_MOST_WORDS = 2_000  # of short code

_PACK = struct.Struct(f"{len(kernel.ARGUMENTS)}q").pack

#: Where among the arguments are those that differ from run to run, for many numbers.
_CHANGING = slice(8 * kernel.ARGUMENTS.index("inputs"), 8 * (kernel.ARGUMENTS.index("stored") + 1))
_PACK_CHANGING = struct.Struct("2q").pack


@cache
def _function(machine: Features) -> CompiledFunction:
    """Give the interpreter for a CPU."""
    return compiled_once(
        "interpreter",
        lambda: kernel.interpreter_module(machine),
        made_from("kernel.py", "dense.py", "blocks.py"),
        machine,
    )


class Interpreter:
    """
    Computes results of a tape for many examples, an instruction at a time on a block of them.

    Parameters
    ----------
    tape
        The instructions.
    stored
        The places of what is wanted for each example.
    summed
        The places of what is wanted as a sum over the examples.

    Raises
    ------
    NotImplementedError
        There is an instruction that it does not know.
    """

    def __init__(self, tape: Tape, stored: Sequence[int], summed: Sequence[int]) -> None:
        np = numpy()
        self._machine = features()
        code = coded(tape, stored, summed, self._machine)
        if code is None:
            msg = "the interpreter does not know all instructions"
            raise NotImplementedError(msg)
        self._function = _function(self._machine)
        self._stored = len(stored)
        self._registers = code.registers
        self.instructions = code.instructions
        self.products = code.products
        self.is_dense = code.products > 4 * code.instructions
        self.name = "dense loops" if self.is_dense else "interpreter"
        lanes = self._machine.lanes
        constants = _Constants(code.tape)
        mask = np.concatenate([np.ones(lanes), np.zeros(lanes)])
        shared, weights = (constants.indices(places) for places in (code.shared, code.weights))
        kept = [*(np.array(row, dtype=np.int32) for row in (code.words, shared, weights, code.totals)), mask]
        names = ("code", "shared_from", "weights_from", "targets", "mask")
        self._constants = np.array(constants.numbers[::-1])  # they are counted backwards
        self._kept = kept  # as long as there are their addresses
        self._given = {name: row.ctypes.data for name, row in zip(names, kept, strict=True)} | {
            "shared_count": len(code.shared),
            "weight_count": len(code.weights),
            "total_count": len(code.totals),
            "sum_count": len(summed),
        }
        # of earlier runs, by the shape of the inputs
        self._memories: dict[tuple[int, int], list[_Memory]] = defaultdict(list)

    @property
    def length(self) -> int:
        """How many words the code has."""
        return len(self._kept[0])

    @property
    def is_short(self) -> bool:
        """Whether the code may be compiled; to compile longer code would take long and save little."""
        return self.length <= _MOST_WORDS

    def specialise(self, row: int) -> None:
        """
        From now on be the interpreter of this code alone, which is compiled: with the same results, bit for bit.

        Parameters
        ----------
        row
            How many inputs an example has, usually.
        """
        width = self._vectors_of_block(row) * self._machine.lanes
        with compiler:  # once, for another thread may be in what would be thrown away
            if self._function is _function(self._machine):
                module = kernel.module_for(self._machine, self._kept[0].tolist(), width, width + LINE)
                self._function = compiled(module, self._machine)

    def run(self, inputs: Any, params: Any) -> tuple[Any, Any, bool | None]:
        """Compute the results, as every `Runner`."""
        memory = self._taken(inputs.shape, len(params))
        self._function.run(memory.begin(inputs, params))
        results = memory.results()
        self._memories[inputs.shape].append(memory)
        return results

    def run_parts(self, parts: Sequence[Any], params: Any) -> list[tuple[Any, Any, bool]]:
        """
        Compute the results for parts of the examples, each in a thread of its own.

        Parameters
        ----------
        parts
            The inputs, for each thread.
        params
            As for `run`.

        Returns
        -------
        list
            For each part what `run` gives.
        """
        memories = [self._taken(part.shape, len(params)) for part in parts]
        arguments = [memory.begin(part, params) for memory, part in zip(memories, parts, strict=True)]
        function = self._function
        # what a job needs lives as long as that, even if nobody waits for it, and the program is gone by then
        jobs = [(own, (memory, self, function)) for own, memory in zip(arguments, memories, strict=True)]
        crew(len(parts) - 1).run(function, jobs)
        results = [memory.results() for memory in memories]
        for memory, part in zip(memories, parts, strict=True):
            self._memories[part.shape].append(memory)
        return results

    def _taken(self, shape: tuple[int, int], params: int) -> _Memory:
        """Take memory for such inputs, which nobody else has then."""
        try:
            return self._memories[shape].pop()
        except IndexError:
            if len(self._memories) > _SHAPES:
                self._memories = defaultdict(list)
            return self._memory(*shape, params)

    def _vectors_of_block(self, row: int) -> int:
        if self._registers > _MANY:
            return 1
        numbers, room = (self._registers + row, _IN_SMALL_CACHE) if self.is_dense else (self._registers, _IN_CACHE)
        return max(4, min(_MOST_VECTORS, room // (max(1, numbers) * self._machine.lanes) // 4 * 4))

    def _memory(self, count: int, row: int, params: int) -> _Memory:
        lanes = self._machine.lanes
        vectors = max(1, -(-count // lanes))
        width = min(self._vectors_of_block(row), vectors) * lanes
        stride = width + LINE  # else the same vector of all registers would compete for a few places of the cache
        given = self._given | {"width": width, "stride": stride, "row": row, "column": vectors * lanes, "count": count}
        sizes = {
            "registers": self._registers * stride,
            "weights": given["weight_count"],
            "totals": given["total_count"] * lanes,
            "sums": given["sum_count"],
            "finite": lanes,
            "constants": _aligned(len(self._constants)),
            "params": params,
        }
        memory = _Memory(given, sizes, (count, row), (self._stored, vectors * lanes))
        memory.constants[-len(self._constants) :] = self._constants
        return memory


class _Memory:
    """
    What a run needs, kept for the next with as many examples: registers, totals, and room for few inputs and results.

    Parameters
    ----------
    given
        Arguments that are known, by their names.
    sizes
        How many numbers other arguments have room for.
    inputs, stored
        The shape of what comes in, and of what goes out.
    """

    def __init__(
        self, given: dict[str, int], sizes: dict[str, int], inputs: tuple[int, int], stored: tuple[int, int]
    ) -> None:
        self._shape, self._count = stored, inputs[0]
        self._is_small = max(math.prod(inputs), math.prod(stored)) <= _SMALL
        if self._is_small:
            sizes = sizes | {"inputs": math.prod(inputs), "stored": math.prod(stored)}
        starts = dict(zip(sizes, accumulate(map(_aligned, sizes.values()), initial=0)))
        numbers = on_a_line(sum(map(_aligned, sizes.values())))
        given |= {name: numbers.ctypes.data + 8 * start for name, start in starts.items()}

        def row(name: str) -> Any:
            return numbers[starts[name] : starts[name] + sizes[name]]

        self.constants, self._params = row("constants"), row("params")
        self._finite, self._sums = row("finite"), row("sums")
        if self._is_small:
            self._inputs, self._stored = row("inputs").reshape(inputs), row("stored").reshape(stored)
        packed = _PACK(*(given.get(name, 0) for name in kernel.ARGUMENTS))
        self._packed, self._before, self._after = packed, packed[: _CHANGING.start], packed[_CHANGING.stop :]

    def begin(self, inputs: Any, params: Any) -> bytes:
        """Give the function's arguments."""
        self._params[...] = params
        if self._is_small:
            self._inputs[...] = inputs
            return self._packed
        np = numpy()
        self._inputs, self._stored = np.ascontiguousarray(inputs), np.empty(self._shape)
        changing = _PACK_CHANGING(address_of(self._inputs), address_of(self._stored))
        return self._before + changing + self._after

    def results(self) -> tuple[Any, Any, bool]:
        """Give what the function has computed, as every `Runner`; copies, where the next run would write over it."""
        stored = self._stored.copy() if self._is_small else self._stored
        if not self._is_small:
            self._inputs = self._stored = None
        return stored[:, : self._count], self._sums.copy(), math.isfinite(self._finite[0])


def _aligned(size: int) -> int:
    return -(-size // LINE) * LINE


class _Constants:
    """
    Numbers for what is the same for all examples: a parameter by its index, a constant by a negative one.

    Parameters
    ----------
    tape
        The instructions.
    """

    def __init__(self, tape: Tape) -> None:
        self._tape = tape
        self._index = {-1: -1}
        self.numbers = [-0.0]

    def indices(self, places: Sequence[int]) -> list[int]:
        """
        Give indices.

        Parameters
        ----------
        places
            Of parameters and constants; -1 for -0.0.

        Returns
        -------
        list of int
        """
        return [self._index_of(place) for place in places]

    def _index_of(self, place: int) -> int:
        tape = self._tape
        if place >= 0 and place not in tape.numbers:
            return tape.operands[tape.starts[place]]
        if place not in self._index:
            self.numbers.append(float(tape.numbers[place]))
            self._index[place] = -len(self.numbers)
        return self._index[place]
