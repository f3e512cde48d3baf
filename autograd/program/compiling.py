"""Compiles LLVM IR with llvmlite, and keeps on disk what is the same for every program."""

from __future__ import annotations

import ctypes
import hashlib
import os
import re
import sys
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from autograd.primitives import C_LIBRARY
from autograd.program.locking import compiler
from autograd.program.machine import target_machine

if TYPE_CHECKING:
    from collections.abc import Callable

    from autograd.program.machine import Features

_DIGEST = hashlib.sha256().digest_size

_KEPT = 12  # files, the latest ones

#: The name of a file, of what is in it and what it was made from; others in the folder are somebody else's.
_NAME = "{}-{:.32}.o"
_OWN = re.compile(r"[a-z]+-[0-9a-f]{32}\.o")


def compiled(module: Any, features: Features, *, opt: int = 1) -> CompiledFunction:
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
    CompiledFunction
        The function ``run`` of the module.
    """
    from llvmlite import binding  # noqa: PLC0415 - optional

    text = str(module)
    with compiler:
        _show_the_c_library()
        parsed = binding.parse_assembly(text)
        parsed.verify()
        engine = binding.create_mcjit_compiler(parsed, target_machine(features, opt))
        engine.finalize_object()
        return CompiledFunction(engine)


def compiled_once(name: str, write: Callable[[], Any], sources: list[Path], features: Features) -> CompiledFunction:
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
    CompiledFunction
        The function ``run`` of the module.
    """
    from llvmlite import binding  # noqa: PLC0415 - optional

    with compiler:
        path = _path_of(name, sources, repr((features, binding.llvm_version_info, sys.version_info[:2])))
        machine = target_machine(features, 2)
        _show_the_c_library()
        code = None if path is None else _read(path)
        if code is None:
            parsed = binding.parse_assembly(str(write()))
            parsed.verify()
            code = machine.emit_object(parsed)
            if path is not None:
                _write(path, code)
        engine = binding.create_mcjit_compiler(binding.parse_assembly(""), machine)
        engine.add_object_file(binding.ObjectFileRef.from_data(code))
        engine.finalize_object()
        return CompiledFunction(engine)


class CompiledFunction:
    """
    The function ``run`` of compiled code, of the address of its arguments.

    Parameters
    ----------
    engine
        What has compiled it; the code lives as long.

    Attributes
    ----------
    address
        Where it is.
    run
        Runs it. The arguments are whole numbers of 64 bits, one after the other, as bytes.
    """

    def __init__(self, engine: Any) -> None:
        self.address: int = engine.get_function_address("run")
        run: Any = ctypes.CFUNCTYPE(None, ctypes.c_char_p)(self.address)
        run.engine = engine  # a call holds the function alone, while another thread may let go of all else
        self.run: Callable[[bytes], None] = run


def cache_folder() -> Path:
    """
    Tell where compiled code is kept: ``CHAINRULE_CACHE``, or where the system has caches.

    Returns
    -------
    Path
    """
    chosen = os.environ.get("CHAINRULE_CACHE")
    if chosen:
        return Path(chosen).expanduser()
    if sys.platform == "win32":
        base = os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local"
    elif sys.platform == "darwin":
        base = Path.home() / "Library" / "Caches"
    else:
        base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "chainrule"


def _path_of(name: str, sources: list[Path], made_for: str) -> Path | None:
    """Give where a module is kept; None where it cannot be: there is no home, or the sources are not files."""
    made_of = hashlib.sha256(made_for.encode())
    try:
        for source in sources:
            made_of.update(source.read_bytes())
        return cache_folder() / _NAME.format(name, made_of.hexdigest())
    except (OSError, RuntimeError):
        return None


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
    with suppress(OSError):
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent, suffix=".tmp", delete=False) as file:
            written = Path(file.name)
            try:
                file.write(hashlib.sha256(code).digest() + code)
                file.close()
                written.replace(path)
            finally:
                written.unlink(missing_ok=True)
        own = (each for each in path.parent.iterdir() if _OWN.fullmatch(each.name))
        kept = sorted(own, key=lambda each: each.stat().st_mtime)
        for old in kept[:-_KEPT]:
            old.unlink(missing_ok=True)


def _show_the_c_library() -> None:
    from llvmlite import binding  # noqa: PLC0415 - optional

    library = ctypes.CDLL("ucrtbase" if sys.platform == "win32" else None)
    for name in (*C_LIBRARY.values(), "fmod"):
        binding.add_symbol(name, ctypes.cast(getattr(library, name), ctypes.c_void_p).value)
