"""
A place in memory where one thread posts jobs for another, as LLVM IR.

A job is a function of machine code and its argument. Who looks for one looks so often, and then gives up.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

#: Looks, each of them a pause of the processor, that take about 0.2 ms.
_LOOKS = 5_000

#: Words of a mailbox, in two lines of the cache: how many jobs have been posted, with the latest one's function and its
#: argument; and how many are done.
POSTED, FUNCTION, ARGUMENT, DONE, SIZE = 0, 1, 2, 8, 16

#: What to do: post a job, do jobs as they come, or wait for the end of one.
POST, SERVE, WAIT = 0, 1, 2


def mailbox_module() -> Any:
    """
    Write the functions of a mailbox.

    Returns
    -------
    llvmlite.ir.Module
        With one function, ``run``, of the address of four whole numbers: the address of a mailbox, what to do, and for
        `POST` the address of a function and its argument.
    """
    return _Writer().write()


class _Writer:
    """Writes the function."""

    def __init__(self) -> None:
        from llvmlite import binding, ir  # noqa: PLC0415 - optional

        self._ir, self._whole = ir, ir.IntType(64)
        module = ir.Module("mailbox")
        nothing = ir.VoidType()
        self._run = ir.Function(module, ir.FunctionType(nothing, [self._whole.as_pointer()]), "run")
        self._pause = None
        if binding.get_process_triple().startswith(("x86_64", "i686")):
            self._pause = ir.Function(module, ir.FunctionType(nothing, []), "llvm.x86.sse2.pause")
        self._builder = ir.IRBuilder(self._run.append_basic_block("entry"))
        self._end = self._run.append_basic_block("end")

    def write(self) -> Any:
        builder, whole = self._builder, self._whole
        box, task, *job = (builder.load(builder.gep(self._run.args[0], [whole(i)])) for i in range(4))
        self._box = builder.inttoptr(box, whole.as_pointer())
        switch = builder.switch(task, self._end)
        for code, name in ((POST, "post"), (SERVE, "serve"), (WAIT, "wait")):
            block = self._run.append_basic_block(name)
            switch.add_case(whole(code), block)
            builder.position_at_end(block)
            if code == POST:
                self._post(*job)
            elif code == SERVE:
                self._serve()
            else:
                self._wait()
        builder.position_at_end(self._end)
        builder.ret_void()
        return self._run.module

    def _post(self, function: Any, argument: Any) -> None:
        builder = self._builder
        builder.store(function, self._word(FUNCTION))
        builder.store(argument, self._word(ARGUMENT))
        count = builder.add(builder.load(self._word(POSTED)), self._whole(1))
        builder.store_atomic(count, self._word(POSTED), "release", 8)  # what has been written before is seen first
        builder.branch(self._end)

    def _serve(self) -> None:
        builder, whole = self._builder, self._whole
        with self._looking() as (looks, posted, is_idle), builder.if_then(builder.not_(is_idle)):
            function_type = self._ir.FunctionType(self._ir.VoidType(), [whole])
            function = builder.inttoptr(builder.load(self._word(FUNCTION)), function_type.as_pointer())
            builder.call(function, [builder.load(self._word(ARGUMENT))])
            builder.store_atomic(posted, self._word(DONE), "release", 8)
            looks.add_incoming(whole(0), builder.block)
            builder.branch(looks.parent)

    def _wait(self) -> None:
        with self._looking() as (_, _, is_done):
            waiting = self._run.append_basic_block("waiting")
            self._builder.cbranch(is_done, self._end, waiting)
            self._builder.position_at_end(waiting)

    @contextmanager
    def _looking(self) -> Iterator[tuple[Any, Any, Any]]:
        """
        Repeat what is written inside until that has been often enough.

        It is given the number of repetitions, how many jobs have been posted, and whether all are done.
        """
        builder, whole = self._builder, self._whole
        before, head = builder.block, self._run.append_basic_block("head")
        builder.branch(head)
        builder.position_at_end(head)
        looks = builder.phi(whole)
        looks.add_incoming(whole(0), before)
        posted, done = (builder.load_atomic(self._word(place), "acquire", 8) for place in (POSTED, DONE))
        yield looks, posted, builder.icmp_unsigned("==", posted, done)
        if self._pause is not None:
            builder.call(self._pause, [])
        following = builder.add(looks, whole(1))
        looks.add_incoming(following, builder.block)
        builder.cbranch(builder.icmp_unsigned("<", following, whole(_LOOKS)), head, self._end)

    def _word(self, place: int) -> Any:
        return self._builder.gep(self._box, [self._whole(place)])
