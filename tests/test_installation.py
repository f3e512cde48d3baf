"""What importing costs, and what happens when another project sits in the same folder."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import autograd

ROOT = Path(autograd.__file__).parent.parent


def run(code, folder=ROOT):
    return subprocess.run(
        [sys.executable, "-S", "-c", code],  # no site: an editable install would find what is missing here
        env={**os.environ, "PYTHONPATH": str(folder)},
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )


def test_import_needs_the_standard_library_alone():
    code = (
        "import sys; before = set(sys.modules); import autograd; autograd.exp; autograd.parse; "
        "new = set(sys.modules) - before; "
        "new = {name.partition('.')[0] for name in new if getattr(sys.modules[name], '__file__', None)}; "
        "print(sorted(new - sys.stdlib_module_names - {'autograd'}))"
    )
    assert run(code).stdout.strip() == "[]"


@pytest.fixture
def packages(tmp_path):
    for name in ("autograd", "nn"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path


@pytest.mark.parametrize("importing", ["import autograd", "import nn", "import nn.cli", "from autograd import Value"])
def test_a_foreign_file_in_the_folder_is_noticed(packages, importing):
    assert run(importing, packages).returncode == 0
    (packages / "autograd" / "tracer.py").write_text("")
    said = run(importing, packages).stderr
    assert "ImportError: the folder" in said
    assert "HIPS autograd" in said
    assert "install chainrule again" in said
    assert said.count("Traceback") == 1


@pytest.mark.parametrize("importing", ["import nn", "import nn.cli"])
@pytest.mark.parametrize(
    "spoil",
    [
        lambda folder: (folder / "__init__.py").write_text("from .tracer import trace"),  # theirs won
        lambda folder: (folder / "__init__.py").unlink(),  # theirs was uninstalled
        lambda folder: (folder / "installation.py").unlink(),  # ours was
    ],
)
def test_what_another_installation_left_is_noticed(packages, importing, spoil):
    spoil(packages / "autograd")
    said = run(importing, packages).stderr
    assert "ImportError: the " in said
    assert "install chainrule again" in said
    assert said.count("Traceback") == 1
