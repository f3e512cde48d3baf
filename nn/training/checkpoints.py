"""Where training stands, in a file: from it a run that was killed goes on, bit for bit."""

from __future__ import annotations

import hashlib
import json
import os
import struct
from pathlib import Path
from typing import TYPE_CHECKING, Any

from autograd.errors import ArgumentError, CheckpointError
from nn.examples import is_sequence

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_FORMAT = "chainrule checkpoint 1"


def write_checkpoint(path: str | os.PathLike[str], state: Mapping[str, Any]) -> None:
    """
    Write a checkpoint; at every moment the file is either the one before or the new one, as a whole.

    Parameters
    ----------
    path
        Where.
    state
        Numbers, strings, lists and dicts.
    """
    body = json.dumps(state)
    unfinished = _unfinished(path)
    with unfinished.open("w", encoding="utf-8", newline="\n") as file:
        file.write(f"{_FORMAT} {_digest(body)}\n{body}\n")
        file.flush()
        os.fsync(file.fileno())
    unfinished.replace(path)


def check_writable(path: str | os.PathLike[str]) -> None:
    """
    See that a checkpoint can be written, now and not only after the first epoch.

    Parameters
    ----------
    path
        Where.

    Raises
    ------
    ValueError
        It cannot.
    """
    unfinished = _unfinished(path)
    try:
        unfinished.touch()
        unfinished.unlink()
    except OSError as error:
        msg = f"the checkpoint {os.fspath(path)!r} cannot be written: {error.strerror}"
        raise ArgumentError(msg) from None


def _unfinished(path: str | os.PathLike[str]) -> Path:
    """Give one name beside it, so that what a kill leaves behind is written over the next time."""
    target = Path(path)
    return target.with_name(f"{target.name}.unfinished")


def read_checkpoint(path: str | os.PathLike[str]) -> dict[str, Any] | None:
    """
    Read a checkpoint.

    Parameters
    ----------
    path
        Where.

    Returns
    -------
    dict or None
        None if there is no such file.

    Raises
    ------
    ValueError
        It is damaged, or something else.
    """
    try:
        text = Path(path).read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    except UnicodeDecodeError:
        text = ""
    head, _, body = text.partition("\n")
    body = body.removesuffix("\n")
    if not head.startswith(f"{_FORMAT} "):
        msg = f"{os.fspath(path)!r} is not a checkpoint of this version; give another path, or delete it to start anew"
        raise CheckpointError(msg)
    if head != f"{_FORMAT} {_digest(body)}":
        msg = f"the checkpoint {os.fspath(path)!r} is damaged; delete it to start anew"
        raise CheckpointError(msg)
    return json.loads(body)  # type: ignore[no-any-return]


def check_same_run(path: str | os.PathLike[str], saved: Mapping[str, Any], own: Mapping[str, Any]) -> None:
    """
    See that a checkpoint is that of the run that is to go on.

    Parameters
    ----------
    path
        Where it is.
    saved, own
        What the two runs are made of, by name.

    Raises
    ------
    ValueError
        They differ; the message says in what.
    """
    differing = [name for name in {**own, **saved} if saved.get(name) != own.get(name)]
    if differing:
        said = ", ".join(f"{name} ({saved.get(name)!r} there, {own.get(name)!r} here)" for name in differing)
        msg = (
            f"the checkpoint {os.fspath(path)!r} is of another run, with another {said}; give another path, or delete "
            "it to start anew"
        )
        raise ArgumentError(msg)


def fingerprint(*tables: Any) -> str:
    """
    Give a short name to numbers, which others hardly have.

    Parameters
    ----------
    *tables
        Numbers, in lists as deep as they come.

    Returns
    -------
    str

    Examples
    --------
    >>> fingerprint([[1.0, 2.0]]) == fingerprint([[1.0, 2.0]]), fingerprint([1.0]) == fingerprint([-1.0])
    (True, False)
    """
    digest = hashlib.sha256()
    for token in _tokens(tables):
        digest.update(token)
    return digest.hexdigest()[:16]


def _tokens(part: Any) -> Iterator[bytes]:
    if is_sequence(part):
        yield b"["
        for each in part:
            yield from _tokens(each)
        yield b"]"
    else:
        yield struct.pack("<d", part)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
