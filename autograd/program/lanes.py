"""Writes a tape as LLVM IR: straight-line code that takes several examples at once, one in each lane of a vector."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from autograd.program.elementary import Elementary

if TYPE_CHECKING:
    from collections.abc import Sequence

    from autograd.program.tape import Tape

_ARITHMETIC = {"add": "fadd", "sub": "fsub", "mul": "fmul", "truediv": "fdiv"}
_COMPARISONS = {"lt": "<", "le": "<=", "gt": ">", "ge": ">=", "eq": "==", "ne": "!="}


def module_of(
    tape: Tape, stored: Sequence[int], summed: Sequence[int], lanes: int, *, fused: bool = True
) -> tuple[Any, set[str]]:
    """
    Write a tape as a module with one function, ``run(inputs, params, stored, summed, blocks)``.

    Parameters
    ----------
    tape
        The instructions.
    stored
        Places of what is wanted for each example: rows of ``stored``, as ``inputs`` has a row for each input. A row has
        ``blocks * lanes`` numbers.
    summed
        Places of what is added up over the blocks: ``summed`` has for each of them a sum for each lane.
    lanes
        How many examples a block has.
    fused
        Whether the CPU has an instruction for ``x*y + z`` with one rounding.

    Returns
    -------
    module
        An ``llvmlite.ir.Module``.
    called
        The functions of the C library that it calls.
    """
    from llvmlite import ir  # noqa: PLC0415 - optional

    double, whole = ir.DoubleType(), ir.IntType(64)
    module = ir.Module("program")
    pointer = double.as_pointer()
    signature = ir.FunctionType(ir.VoidType(), [pointer, pointer, pointer, pointer, whole])
    function = ir.Function(module, signature, "run")
    inputs, params, stored_at, summed_at, blocks = function.args
    for argument in (stored_at, summed_at):
        argument.add_attribute("noalias")
    entry, loop, after = (function.append_basic_block(name) for name in ("entry", "loop", "after"))
    builder = ir.IRBuilder(entry)
    length = builder.mul(blocks, whole(lanes))
    builder.branch(loop)
    builder.position_at_end(loop)
    block = builder.phi(whole, "block")
    block.add_incoming(whole(0), entry)
    first = builder.mul(block, whole(lanes))
    body = _Body(builder, lanes, fused=fused)

    def row(base: Any, index: int) -> Any:
        return body.vector_at(builder.gep(base, [builder.add(builder.mul(whole(index), length), first)]))

    registers: dict[int, Any] = {}
    for place in tape.needed_for([*stored, *summed]):
        op, operands = tape.instructions[place]
        if op == "constant":
            registers[place] = body.constant(operands[0])
        elif op == "input":
            registers[place] = builder.load(row(inputs, operands[0]), align=8)
        elif op == "param":
            registers[place] = body.splat(builder.load(builder.gep(params, [whole(operands[0])])))
        else:
            registers[place] = body.emit(op, [registers[operand] for operand in operands])
    for index, place in enumerate(stored):
        builder.store(body.as_number(registers[place]), row(stored_at, index), align=8)
    for index, place in enumerate(summed):
        at = body.vector_at(builder.gep(summed_at, [whole(index * lanes)]))
        total = builder.fadd(builder.load(at, align=8), registers[place])
        builder.store(total, at, align=8)
    following = builder.add(block, whole(1))
    block.add_incoming(following, builder.block)
    builder.cbranch(builder.icmp_signed("<", following, blocks), loop, after)
    builder.position_at_end(after)
    builder.ret_void()
    return module, body.elementary.called


class _Body:
    """Appends instructions on vectors."""

    def __init__(self, builder: Any, lanes: int, *, fused: bool) -> None:
        from llvmlite import ir  # noqa: PLC0415 - optional

        self._ir, self._builder, self._lanes = ir, builder, lanes
        self._vector = ir.VectorType(ir.DoubleType(), lanes)
        self.elementary = Elementary(builder, lanes, fused=fused)

    def vector_at(self, pointer: Any) -> Any:
        return self._builder.bitcast(pointer, self._vector.as_pointer())

    def constant(self, number: float) -> Any:
        """Give a number in every lane; a truth value stays one."""
        kind = self._ir.IntType(1) if isinstance(number, bool) else self._ir.DoubleType()
        return self._ir.Constant(self._ir.VectorType(kind, self._lanes), [kind(number)] * self._lanes)

    def splat(self, scalar: Any) -> Any:
        builder, undefined = self._builder, self._ir.Constant(self._vector, self._ir.Undefined)
        single = builder.insert_element(undefined, scalar, self._ir.IntType(32)(0))
        zeros = self._ir.Constant(self._ir.VectorType(self._ir.IntType(32), self._lanes), [0] * self._lanes)
        return builder.shuffle_vector(single, undefined, zeros)

    def as_number(self, register: Any) -> Any:
        is_test = register.type.element == self._ir.IntType(1)
        return self._builder.uitofp(register, self._vector) if is_test else register

    def emit(self, op: str, operands: list[Any]) -> Any:
        builder = self._builder
        if op in _ARITHMETIC:
            return getattr(builder, _ARITHMETIC[op])(*operands)
        if op in _COMPARISONS:
            ordered = builder.fcmp_unordered if op == "ne" else builder.fcmp_ordered
            return ordered(_COMPARISONS[op], *operands)
        match op:
            case "neg":
                return builder.fneg(*operands)
            case "and":
                return builder.and_(*operands)
            case "or":
                return builder.or_(*operands)
            case "select":
                return builder.select(*operands)
            case "sum":
                total, *terms = operands
                for term in terms:
                    total = builder.fadd(total, term)
                return total
            case "dot":
                total, *factors = operands
                for w, x in zip(factors[::2], factors[1::2], strict=True):
                    total = builder.fadd(total, builder.fmul(w, x))
                return total
        return self.elementary.call(op, operands)
