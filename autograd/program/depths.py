"""At which level each instruction of a tape can be computed: what depends on nothing at the first, and so on."""

from __future__ import annotations

import struct
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

from autograd.program.arrays import numpy
from autograd.program.compiling import compiled_once
from autograd.program.machine import features
from autograd.program.tape import SOURCES
from autograd.program.writing import Writer, made_from

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from autograd.program.compiling import CompiledFunction
    from autograd.program.machine import Features
    from autograd.program.tape import Tape


class Depths(NamedTuple):
    """
    Where what results need can be computed.

    Parameters
    ----------
    levels
        Of each instruction: 0 for what is given, one more than those of its operands, -1 if nobody needs it.
    last
        The highest level that reads it; more than all levels for a result.
    codes, starts, operands
        Of the tape, as arrays.
    """

    levels: Any
    last: Any
    codes: Any
    starts: Any
    operands: Any


def depths_of(tape: Tape, results: Sequence[int]) -> Depths:
    """
    Find the levels of what results need.

    Parameters
    ----------
    tape
        The instructions.
    results
        Places.

    Returns
    -------
    Depths

    Examples
    --------
    >>> from autograd.program.tape import Tape
    >>> tape = Tape()
    >>> x = tape.source("input", 0)
    >>> unused, y = tape.emit("sin", x), tape.emit("exp", x)
    >>> found = depths_of(tape, [tape.emit("mul", y, x)])
    >>> found.levels.tolist(), found.last.tolist()
    ([0, -1, 1, 2], [2, 0, 2, 3])
    """
    np = numpy()
    codes, starts, operands = map(np.asarray, tape.copied(max(results, default=-1) + 1))
    is_source = np.array([name in SOURCES for name in tape.names], dtype=np.int8)[codes]
    levels, last = np.full(len(codes), -1, dtype=np.int32), np.zeros(len(codes), dtype=np.int32)
    levels[results] = 0
    rows = (starts, operands, is_source, levels, last)
    _function(features()).run(struct.pack("6q", *(row.ctypes.data for row in rows), len(codes)))
    last[results] = levels.max(initial=0) + 1
    return Depths(levels, last, codes, starts, operands)


@cache
def _function(machine: Features) -> CompiledFunction:
    return compiled_once("depths", lambda: _Depths(machine, "depths").write(), made_from("depths.py"), machine)


class _Depths(Writer):
    """Writes what goes along a tape: from its end, to find what is needed, and from its beginning."""

    def write(self) -> Any:
        builder, ir = self._builder, self._ir
        kinds = (self._whole, self._word, ir.IntType(8), self._word, self._word)
        self._starts, self._operands, self._is_source, self._levels, self._last = (
            builder.inttoptr(self._argument(place), kind.as_pointer()) for place, kind in enumerate(kinds)
        )
        count, zero, one = self._argument(len(kinds)), self._number(0), self._number(1)
        with self._count(zero, count, one) as behind:
            place = builder.sub(builder.sub(count, behind), one)
            with self._if_computed(place), self._operands_of(place) as operand:
                builder.store(self._word(0), builder.gep(self._levels, [operand]))
        with self._count(zero, count, one) as place, self._if_computed(place):
            with self._accumulate(*self._range_of(place), one, [self._word(0)]) as (at, (highest,), give):
                level = builder.load(builder.gep(self._levels, [self._operand_of(at)]))
                give([self._higher(level, highest)])
            own = builder.add(self._totals_out[0], self._word(1))
            builder.store(own, builder.gep(self._levels, [place]))
            with self._operands_of(place) as operand:
                last = builder.gep(self._last, [operand])
                builder.store(self._higher(own, builder.load(last)), last)
        builder.ret_void()
        return self._run.module

    @contextmanager
    def _if_computed(self, place: Any) -> Iterator[None]:
        """Do what is written inside, if an instruction is needed and not given."""
        builder = self._builder
        is_needed = builder.icmp_signed(">=", builder.load(builder.gep(self._levels, [place])), self._word(0))
        is_source = builder.load(builder.gep(self._is_source, [place]))
        is_computed = builder.icmp_signed("==", is_source, is_source.type(0))
        with builder.if_then(builder.and_(is_needed, is_computed)):
            yield

    @contextmanager
    def _operands_of(self, place: Any) -> Iterator[Any]:
        """Repeat what is written inside for each operand of an instruction."""
        with self._count(*self._range_of(place), self._number(1)) as at:
            yield self._operand_of(at)

    def _range_of(self, place: Any) -> tuple[Any, Any]:
        builder = self._builder
        ends = place, builder.add(place, self._number(1))
        first, last = (builder.load(builder.gep(self._starts, [end])) for end in ends)
        return first, last

    def _operand_of(self, at: Any) -> Any:
        builder = self._builder
        return builder.zext(builder.load(builder.gep(self._operands, [at])), self._whole)

    def _higher(self, x: Any, y: Any) -> Any:
        return self._builder.select(self._builder.icmp_signed(">", x, y), x, y)
