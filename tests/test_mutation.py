"""A sample of wrong local derivatives is noticed; `python tests/mutation.py` tries them all."""

import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.slow
def test_a_sample_of_mutants_is_noticed_by_the_tests_and_by_gradcheck():
    command = [sys.executable, "-W", "ignore", str(Path(__file__).parent / "mutation.py"), "--sample", "25"]
    found = subprocess.run(command, capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stdout + found.stderr
    assert found.stdout.splitlines()[-1].startswith("25 mutants: ")
    assert ", 0 missed, " in found.stdout.splitlines()[-1]
