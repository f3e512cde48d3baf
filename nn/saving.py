"""Numbers in files of the safetensors format."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from autograd.errors import ArgumentError, MissingExtraError
from autograd.files import name_of, write_whole

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping


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
    numpy, safetensors, _ = _libraries()
    data = safetensors.save({name: numpy.array(given, dtype=float) for name, given in numbers.items()})
    write_whole(path, [data])


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
        It is damaged, or has numbers that NumPy does not know.
    """
    _, safetensors, damage = _libraries()
    name = name_of(path)
    data = Path(name).read_bytes()
    try:
        return {name: array.tolist() for name, array in sorted(safetensors.load(data).items())}
    except (damage, KeyError, TypeError, ValueError) as error:
        msg = f"{name!r} is not a safetensors file, or is damaged: {error}"
        raise ArgumentError(msg) from None


def _libraries() -> tuple[Any, Any, type[Exception]]:
    try:
        import numpy as np  # noqa: PLC0415 - optional
        from safetensors import SafetensorError  # noqa: PLC0415 - optional
        from safetensors import numpy as safetensors  # noqa: PLC0415 - optional
    except ImportError as error:
        msg = "saving and loading come with safetensors: pip install 'chainrule[save]'"
        raise MissingExtraError(msg) from error
    return np, safetensors, SafetensorError
