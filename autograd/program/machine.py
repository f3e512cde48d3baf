"""The CPU that machine code is written for: this one, or a plainer one that it can stand in for."""

from __future__ import annotations

import os
from functools import cache
from typing import Any, NamedTuple

from autograd.errors import ArgumentError
from autograd.program.locking import compiler

#: Plainer CPUs, as LLVM names them, and what this one must have to stand in for each.
_PLAINER = {"sse2": ("x86-64", ("sse2",)), "avx2": ("x86-64-v3", ("avx2", "fma"))}


class Features(NamedTuple):
    """
    What code is written for.

    Parameters
    ----------
    lanes
        How many numbers a vector has.
    registers
        How many vectors it has room for.
    fused
        Whether there is an instruction for ``x*y + z`` with one rounding.
    cpu, flags
        LLVM's name of the CPU, and what it has or lacks beyond that name, as LLVM writes it.
    """

    lanes: int
    registers: int
    fused: bool
    cpu: str
    flags: str


def features() -> Features:
    """
    Tell what code is to be written for: this machine, unless ``CHAINRULE_CPU`` names a plainer one.

    Returns
    -------
    Features

    Raises
    ------
    ValueError
        ``CHAINRULE_CPU`` is neither ``auto`` nor ``sse2`` or ``avx2``, or this machine cannot run the code for that.
    """
    return _features(os.environ.get("CHAINRULE_CPU") or "auto")


def target_machine(features: Features, opt: int = 1) -> Any:
    """
    Make a target machine; each compiler takes one over.

    Parameters
    ----------
    features
        Of the CPU.
    opt
        How much work goes into the choice of instructions and registers: 0 to 3.

    Returns
    -------
    llvmlite.binding.TargetMachine
    """
    from llvmlite import binding  # noqa: PLC0415 - optional

    binding.initialize_native_target()
    binding.initialize_native_asmprinter()
    return binding.Target.from_default_triple().create_target_machine(
        cpu=features.cpu, features=features.flags, opt=opt, jit=True
    )


@cache
def _features(name: str) -> Features:
    with compiler:
        return _found(name)


def _found(name: str) -> Features:
    from llvmlite import binding  # noqa: PLC0415 - optional

    host = binding.get_host_cpu_features()
    if name == "auto":
        if binding.get_process_triple().startswith(("aarch64", "arm64")):
            return Features(2, 32, True, binding.get_host_cpu_name(), host.flatten())  # noqa: FBT003 - NEON has it
        lanes = 8 if host.get("avx512f") and host.get("avx512dq") else 4 if host.get("avx2") else 2
        whole_width = ",-prefer-256-bit" if lanes == 8 else ""  # else LLVM would cut each vector in two
        registers, fused = 32 if lanes == 8 else 16, bool(host.get("fma"))
        return Features(lanes, registers, fused, binding.get_host_cpu_name(), host.flatten() + whole_width)
    if name not in _PLAINER:
        msg = f"CHAINRULE_CPU is {name!r}, but can be auto or one of {', '.join(_PLAINER)}"
        raise ArgumentError(msg)
    cpu, needed = _PLAINER[name]
    if missing := [each for each in needed if not host.get(each)]:
        msg = f"CHAINRULE_CPU is {name!r}, but this CPU has no {' and no '.join(missing)}"
        raise ArgumentError(msg)
    return Features(2 if name == "sse2" else 4, 16, name == "avx2", cpu, "")
