"""Notices when another project's ``autograd`` has been installed into the same folder."""

from __future__ import annotations

from pathlib import Path


def check_installation() -> None:
    """
    See that the package folder is ours alone.

    Raises
    ------
    ImportError
        There is a file of HIPS autograd, which installs into the same import name, or ``__init__.py`` is missing, as
        it is after that project has been uninstalled.
    """
    folder = Path(__file__).parent
    if (folder / "tracer.py").exists() or not (folder / "__init__.py").exists():
        msg = (
            f"the folder {folder} holds two projects, or what one left of the other: chainrule and HIPS autograd (`pip "
            "install autograd`) share the import name autograd; to mend it run `pip uninstall --yes autograd chainrule`"
            " and then install chainrule again"
        )
        raise ImportError(msg)
