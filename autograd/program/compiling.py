"""Compiles LLVM IR with llvmlite, and keeps on disk what is the same for every program."""

from __future__ import annotations

import ctypes
import hashlib
import os
import sys
import tempfile
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

from autograd.primitives import C_LIBRARY
from autograd.program.machine import target_machine

if TYPE_CHECKING:
    from collections.abc import Callable

    from autograd.program.machine import Features

_DIGEST = hashlib.sha256().digest_size

#: Held by who is in the compiler: a process forked in the middle could never compile, so a fork waits.
_compiler = threading.Lock()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_compiler.acquire, after_in_parent=_compiler.release, after_in_child=_compiler.release)


def compiled(module: Any, features: Features, *, opt: int = 1) -> Any:
    """
    Compile a module.

    Parameters
    ----------
    module
        An ``llvmlite.ir.Module``.
    features
        Of the CPU.
    opt
        How much work goes into the choice of instructions and registers: 0 to 3.

    Returns
    -------
    llvmlite.binding.ExecutionEngine
        It gives the addresses of functions.
    """
    from llvmlite import binding  # noqa: PLC0415 - optional

    machine = target_machine(features, opt)
    _show_the_c_library()
    text = str(module)
    with _compiler:
        parsed = binding.parse_assembly(text)
        parsed.verify()
        engine = binding.create_mcjit_compiler(parsed, machine)
        engine.finalize_object()
    return engine


def compiled_once(name: str, write: Callable[[], Any], sources: list[Path], features: Features) -> Any:
    """
    Compile a module, or take it from the disk if an earlier process has compiled it from the same sources.

    Parameters
    ----------
    name
        Of the file.
    write
        Gives the module.
    sources
        The files that it is made from.
    features
        Of the CPU.

    Returns
    -------
    llvmlite.binding.ExecutionEngine
    """
    from llvmlite import binding  # noqa: PLC0415 - optional

    made_of = hashlib.sha256(repr((features, binding.llvm_version_info, sys.version_info[:2])).encode())
    for source in sources:
        made_of.update(source.read_bytes())
    path = cache_folder() / f"{name}-{made_of.hexdigest()[:32]}.o"
    machine = target_machine(features, 2)
    _show_the_c_library()
    code = _read(path)
    if code is None:
        parsed = binding.parse_assembly(str(write()))
        parsed.verify()
        code = machine.emit_object(parsed)
        _write(path, code)
    engine = binding.create_mcjit_compiler(binding.parse_assembly(""), machine)
    engine.add_object_file(binding.ObjectFileRef.from_data(code))
    engine.finalize_object()
    return engine


class CompiledFunction:
    """
    The function ``run`` of compiled code, of the address of its arguments.

    Parameters
    ----------
    engine
        What has compiled it; the code lives as long.
    """

    def __init__(self, engine: Any) -> None:
        self._engine = engine
        self._function = ctypes.CFUNCTYPE(None, ctypes.c_char_p)(engine.get_function_address("run"))

    def __call__(self, arguments: bytes) -> None:
        """
        Run it.

        Parameters
        ----------
        arguments
            Whole numbers of 64 bits, one after the other.
        """
        self._function(arguments)


def cache_folder() -> Path:
    """
    Tell where compiled code is kept: ``CHAINRULE_CACHE``, or where the system has caches.

    Returns
    -------
    Path
    """
    chosen = os.environ.get("CHAINRULE_CACHE")
    if chosen:
        return Path(chosen)
    if sys.platform == "win32":
        base = os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local"
    elif sys.platform == "darwin":
        base = Path.home() / "Library" / "Caches"
    else:
        base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "chainrule"


def _read(path: Path) -> bytes | None:
    """Read a file, unless it is damaged."""
    try:
        content = path.read_bytes()
    except OSError:
        return None
    digest, code = content[:_DIGEST], content[_DIGEST:]
    return code if hashlib.sha256(code).digest() == digest else None


def _write(path: Path, code: bytes) -> None:
    """Write a file as a whole or not at all; where that is not possible, the next process compiles again."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as file:
            file.write(hashlib.sha256(code).digest() + code)
        Path(file.name).replace(path)
    except OSError:
        return


def _show_the_c_library() -> None:
    from llvmlite import binding  # noqa: PLC0415 - optional

    library = ctypes.CDLL("ucrtbase" if sys.platform == "win32" else None)
    for name in (*C_LIBRARY.values(), "fmod"):
        binding.add_symbol(name, ctypes.cast(getattr(library, name), ctypes.c_void_p).value)
