"""The cell magic ``%%step``, in an IPython shell of its own."""

import re
import subprocess
import sys
import types

import pytest

from autograd.stepping import Steps

interactiveshell = pytest.importorskip("IPython.core.interactiveshell", reason="needs IPython")


@pytest.fixture
def shell(monkeypatch):
    from traitlets.config import Config

    module = types.ModuleType("a_notebook")
    config = Config({"HistoryManager": {"enabled": False}})
    shell = interactiveshell.InteractiveShell(config=config, user_module=module)
    monkeypatch.setattr(interactiveshell.InteractiveShell, "_instance", shell)
    shell.colors = "nocolor"
    shell.run_cell("%load_ext autograd\nfrom autograd import Value, tanh\nimport nn")
    return shell


def run(shell, cell):
    """Run a cell, and give its result."""
    outcome = shell.run_cell(cell)
    outcome.raise_error()
    return outcome.result


CELL = """%%step
w, x = Value(0.5), Value(2.0)
h = w * x
if h > 0:
    h = h + 1

tanh(h)
"""


def test_a_cell_is_run_and_stepped_through(shell):
    found = run(shell, CELL)
    assert isinstance(found, Steps)
    assert [str(step) for step in found[:3]] == [
        "v1 = w * x = 0.5 * 2 = 1", "h = v1 + 1 = 1 + 1 = 2", "v2 = tanh(h) = tanh(2) = 0.964",
    ]  # fmt: skip
    assert shell.user_ns["h"].data == 2.0


def test_lines_count_as_in_the_notebook(shell):
    found = run(shell, CELL)
    assert found.code == CELL
    lines = found.code.splitlines()
    for step in found:
        assert lines[step.source.number - 1].strip() == step.source.text
    assert [step.source.number for step in found if step.phase == "forward"] == [3, 5, 7]
    assert [(c.operator, c.source.text) for c in found.comparisons] == [(">", "if h > 0:")]


def test_the_line_is_that_of_the_cell_though_a_function_of_another_one_is_called(shell):
    run(shell, "def square(x):\n    return x * x")
    found = run(shell, "%%step\nx = Value(3.0)\nsquare(x) + 1")
    assert [step.source.number for step in found if step.phase == "forward"] == [3, 3]
    found = run(shell, "%%step\ndef cube(x):\n    return x * x * x\ncube(Value(3.0))")
    assert [step.source.number for step in found if step.phase == "forward"] == [3, 3]


def test_the_last_line_may_set_a_variable(shell):
    assert run(shell, "%%step\ny = Value(2.0) * 3").root is shell.user_ns["y"]
    assert run(shell, "%%step\nz: Value = Value(2.0) * 3").names[shell.user_ns["z"]] == "z"


def test_it_takes_the_arguments_of_steps(shell):
    run(shell, "w = Value(1.0, 'w')\nsgd = nn.SGD([w], lr=0.1)\nmodel = nn.MLP(1, [2, 1], seed=0)")
    found = run(shell, "%%step by=node optimizer=sgd\nw * w")
    assert (found.by, str(found[-1])) == ("node", "w ← w - η · w.grad = 1 - 0.1 · 2 = 0.8")
    assert [layer.name for layer in run(shell, "%%step by='layer' model=model\nmodel([1.0])").layers] == [
        "layers.0", "layers.1",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("cell", "message"),
    [
        ("%%step\n1 + 1", "that is a Value; it gives int 2"),
        ("%%step\nimport math", "that is a Value; there is none"),
        ("%%step\npass", "that is a Value; there is none"),
        ("%%step by=edge\nValue(1.0) * 2", "by must be one of 'contribution', 'node', 'layer', not 'edge'"),
        ("%%step optimizer=nobody\nValue(1.0) * 2", "there is no variable 'nobody'"),
        ("%%step quickly\nValue(1.0) * 2", "'quickly' is not understood"),
        ("%%step model=Value\nValue(1.0) * 2", "model must have named_parameters()"),
    ],
)
def test_what_cannot_be_stepped_through_is_said_in_a_line(shell, capsys, cell, message):
    outcome = shell.run_cell(cell)
    assert not outcome.success
    shown = capsys.readouterr()
    assert message in shown.out + shown.err
    assert "Traceback" not in shown.out + shown.err


def plain(text):
    return re.sub(r"\x1b\[[0-9;]*m", "", text)


def test_errors_are_shown_as_usual(shell, capsys):
    """All but the number of the cell is as without the magic, the line included."""
    shown = []
    for first in ("# a comment", "%%step"):
        cell = f"{first}\ndef f(x):\n    return 1 / x\n\nf(Value(0.0))\nValue(1.0)"
        assert not shell.run_cell(cell).success
        shown.append(plain(capsys.readouterr().out))
    assert "DivisionByZeroError" in shown[0]
    assert "Cell In[1], line 5" in shown[0] or "line 5" in shown[0]
    frames = [re.findall(r"line (\d+)|:(\d+)", text) for text in shown]
    assert frames[0] == frames[1]
    assert "notebook.py" not in shown[1]
    assert "run_cell_magic" not in shown[1]


def test_a_syntax_error_is_shown_as_usual(shell, capsys):
    outcome = shell.run_cell("%%step\nx = (1 +")
    assert isinstance(outcome.error_in_exec, SyntaxError)
    assert "SyntaxError" in plain(capsys.readouterr().out)


def test_it_can_be_taken_away(shell, capsys):
    run(shell, "%unload_ext autograd")
    assert not shell.run_cell("%%step\nValue(1.0)").success or "%%step" in capsys.readouterr().err


def test_importing_autograd_does_not_import_ipython():
    code = "import sys, autograd; autograd.load_ipython_extension; assert 'IPython' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)
