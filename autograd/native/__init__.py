"""
Which engine serves: the readable one, or the same as machine code, made of it at build time by `generator`.

The environment variable ``CHAINRULE_NATIVE`` chooses: ``0`` the Python engine, ``1`` the native one, or else an
ImportError; ``auto``, the default, the native one where there is one.
"""

from __future__ import annotations

import importlib
import os
import sys
from importlib.machinery import PathFinder
from pathlib import Path

from autograd.errors import ArgumentError, NativeEngineError
from autograd.native.generator import SOURCES, fingerprint

_FOLDER = Path(__file__).parent.parent

#: Where a build that fails writes why.
NOT_BUILT = "native/not_built.txt"


def choose_engine() -> str:
    """
    Put the native engine in the place of the readable one, if it is wanted and there; before either is imported.

    Returns
    -------
    str
        Why the Python engine serves; "" if the native one does.

    Raises
    ------
    ImportError
        ``CHAINRULE_NATIVE`` is 1, and the native engine cannot serve.
    ValueError
        ``CHAINRULE_NATIVE`` is neither 0 nor 1 nor auto.
    """
    wanted = os.environ.get("CHAINRULE_NATIVE") or "auto"
    if wanted not in ("0", "1", "auto"):
        msg = f"the environment variable CHAINRULE_NATIVE must be 0, 1 or auto, not {wanted!r}"
        raise ArgumentError(msg)
    if wanted == "0":
        return "CHAINRULE_NATIVE is 0"
    missing = _load()
    if missing and wanted == "1":
        msg = f"CHAINRULE_NATIVE is 1, but the native engine cannot serve: {missing}"
        raise NativeEngineError(msg)
    return missing


def _load() -> str:
    """Load the native engine, or say why not."""
    note = _FOLDER / NOT_BUILT
    failed = f"building it failed: {note.read_text(encoding='utf-8').strip()}" if note.exists() else ""
    # only in this folder: the finder of an editable install would answer with its own, whichever autograd is imported
    if PathFinder.find_spec("autograd._native", [str(_FOLDER)]) is None:
        return failed or "it was not built for this Python; pip install builds it where there is a C compiler"
    try:
        native = importlib.import_module("autograd._native")
    except ImportError as error:
        return f"it cannot be loaded: {error}"
    if fingerprint(_FOLDER) != native.SOURCES:
        return failed or f"it was built from other sources: {', '.join(SOURCES)} or the generator; install again"
    for name in ("engine", "many"):
        sys.modules[f"autograd.{name}"] = native
        setattr(sys.modules["autograd"], name, native)
    return ""
