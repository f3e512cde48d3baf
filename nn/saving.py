"""Numbers in files of the safetensors format."""

from __future__ import annotations

import math
import os
import struct
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from autograd.errors import ArgumentError, MissingExtraError
from nn.state import shape_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

#: How `struct` calls the kinds of numbers of the format.
_FORMATS = {"F64": "d", "F32": "f", "F16": "e", "I64": "q", "I32": "i", "I16": "h", "I8": "b", "U8": "B", "BOOL": "?"}


def write(numbers: Mapping[str, Any], path: str | os.PathLike[str]) -> None:
    """
    Write named numbers into a file.

    Parameters
    ----------
    numbers
        For each name a number, or lists of one shape.
    path
        Where. What is there is replaced when all has been written.

    Raises
    ------
    ImportError
        safetensors is not installed.
    """
    tensors = {
        name: {"dtype": "float64", "shape": list(shape_of(given) or ()), "data": _packed(given)}
        for name, given in numbers.items()
    }
    data = _safetensors().serialize(tensors)
    target = Path(path)
    handle, temporary = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(target)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def read(path: str | os.PathLike[str]) -> dict[str, Any]:
    """
    Read the named numbers in a file.

    Parameters
    ----------
    path
        The file.

    Returns
    -------
    dict of str to float or list

    Raises
    ------
    ImportError
        safetensors is not installed.
    FileNotFoundError
        There is no such file.
    ValueError
        It is damaged, or has numbers of a kind that is not known.
    """
    library = _safetensors()
    data = Path(path).read_bytes()
    try:
        tensors = library.deserialize(data)
    except library.SafetensorError as error:
        msg = f"{os.fspath(path)!r} is not a safetensors file, or is damaged: {error}"
        raise ArgumentError(msg) from None
    return {name: _unpacked(name, tensor) for name, tensor in tensors}


def _safetensors() -> Any:
    try:
        import safetensors  # noqa: PLC0415 - optional
    except ImportError as error:
        msg = "saving and loading come with safetensors: pip install 'chainrule[save]'"
        raise MissingExtraError(msg) from error
    return safetensors


def _packed(given: Any) -> bytes:
    flat = list(_flat(given))
    return struct.pack(f"<{len(flat)}d", *flat)


def _flat(given: Any) -> Iterator[float]:
    if isinstance(given, list):
        for each in given:
            yield from _flat(each)
    else:
        yield given


def _unpacked(name: str, tensor: Mapping[str, Any]) -> Any:
    kind, shape = tensor["dtype"], tensor["shape"]
    if kind not in _FORMATS:
        msg = f"{name} has numbers of the kind {kind}; known are {', '.join(_FORMATS)}"
        raise ArgumentError(msg)
    numbers: list[Any] = list(struct.unpack(f"<{math.prod(shape)}{_FORMATS[kind]}", tensor["data"]))
    for length in reversed(shape[1:]):
        numbers = [numbers[start : start + length] for start in range(0, len(numbers), length)]
    return numbers if shape else numbers[0]
