"""Files that are written as a whole or not at all."""

from __future__ import annotations

import os
import secrets
import stat
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from autograd.errors import OperandError

if TYPE_CHECKING:
    from collections.abc import Iterable


def name_of(path: str | bytes | os.PathLike[str]) -> str:
    """
    Give the name of a file.

    Parameters
    ----------
    path
        As it was given.

    Returns
    -------
    str

    Raises
    ------
    TypeError
        It is no path.
    """
    try:
        return os.fsdecode(path)
    except TypeError:
        msg = f"path must be the name of a file, a str or a pathlib.Path, not {type(path).__name__} {path!r}"
        raise OperandError(msg) from None


def write_whole(path: str | bytes | os.PathLike[str], content: Iterable[bytes]) -> None:
    """
    Write a file beside the one that is wanted, and let it take its place when all is on the disk.

    What is there keeps its permissions, and remains if anything fails. A link stays one, to what it has named. What is
    no regular file, as a pipe, is written into.

    Parameters
    ----------
    path
        Where.
    content
        What comes one after the other.

    Raises
    ------
    TypeError
        `path` is no path.
    OSError
        The file cannot be written.
    """
    name = name_of(path)
    target = Path(name)
    try:
        if target.exists() and not target.is_file():
            with target.open("wb") as file:
                file.writelines(content)
        else:
            _replace(Path(os.path.realpath(target)), content)
    except OSError as error:
        if error.errno is None:
            raise
        raise OSError(error.errno, error.strerror, name) from error  # what was asked for


def _replace(target: Path, content: Iterable[bytes]) -> None:
    mode = stat.S_IMODE(target.stat().st_mode) if target.exists() else None
    unfinished = target.with_name(f".{secrets.token_hex(8)}.unfinished")
    try:
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
        with os.fdopen(os.open(unfinished, flags, 0o666 if mode is None else mode), "wb") as file:
            file.writelines(content)
            file.flush()
            os.fsync(file.fileno())
        if mode is not None:
            unfinished.chmod(mode)  # some of which the umask may have taken
        unfinished.replace(target)
    finally:
        with suppress(OSError):
            unfinished.unlink()
