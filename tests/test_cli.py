"""The ``chainrule`` command, as a user runs it."""

import subprocess
import sys

import pytest

from autograd import parse
from nn.cli import main, read_values, show_expression


@pytest.fixture(autouse=True)
def _elsewhere(monkeypatch, tmp_path):
    """The tour writes a page into the present folder."""
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def untrained(monkeypatch):
    """Leave the training out: it has a test of its own."""
    monkeypatch.setattr("nn.cli._train_on_digits", lambda seed, epochs: print(f"training {seed} {epochs}"))  # noqa: T201


@pytest.mark.usefixtures("untrained")
def test_the_tour_shows_an_expression_line_by_line(capsys):
    assert main(["tour", "--expr", "tanh(w*x + b)", "w=0.5", "x=2", "b=-1"]) == 0
    out = capsys.readouterr().out
    for line in (
        "tanh(w*x + b)   at   w = 0.5, x = 2, b = -1",
        "  v1 = w * x = 0.5 * 2 = 1",
        "  v2 = v1 + b = 1 + (-1) = 0",
        "  v3 = tanh(v2) = tanh(0) = 0",
        "  v2.grad += ∂v3/∂v2 · v3.grad = (1 - tanh(v2) ** 2) · v3.grad = 1 · 1 → 1",
        "  w.grad += ∂v1/∂w · v1.grad = x · v1.grad = 2 · 1 → 2",
        "training 0 8",
    ):
        assert line in out.split("\n"), out
    rows = {line.split()[0]: line.split()[1:] for line in out.split("\n") if line[:1] in ("w", "x", "b")}
    for name, expected in (("w", 2.0), ("x", 0.5), ("b", 1.0)):
        exact, difference = map(float, rows[name])
        assert exact == expected
        assert difference == pytest.approx(expected, rel=1e-8)


@pytest.mark.usefixtures("untrained")
@pytest.mark.parametrize("words", [["--expr", "-x*w"], ["--expr=-x*w"]])
def test_an_expression_may_begin_with_a_minus(capsys, words):
    assert main(["tour", *words, "x=1", "w=2"]) == 0
    assert "-x*w   at   x = 1, w = 2" in capsys.readouterr().out


@pytest.mark.usefixtures("untrained")
def test_the_tour_without_arguments(capsys):
    assert main(["tour", "--seed", "3", "--epochs", "2"]) == 0
    assert "training 3 2" in capsys.readouterr().out


def test_a_difference_beyond_the_domain_is_said(capsys):
    show_expression(parse("sqrt(x)"), {"x": 0.0})
    out = capsys.readouterr().out
    assert "inf" in out
    assert "has no value near by" in out


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (["--expr", "tahn(x)", "x=1"], "did you mean tanh?"),
        (["--expr", "__import__('os').system('echo hacked')"], "only names, numbers"),
        (["--expr", "w*x", "w=1"], "no value is given for x"),
        (["--expr", "w", "w=1", "z=2"], "z does not occur"),
        (["--expr", "w", "w=one"], "'w=one' is not of the form name=number"),
        (["--expr", "w", "w"], "'w' is not of the form"),
        (["--expr", "w", "1w=2"], "is not of the form"),
        (["--expr", "w", "w=1", "w=2"], "w is given twice"),
        (["--expr", "log(w)", "w=-1"], "log(w=-1.0)"),
        (["--expr", "1/w", "w=0"], "truediv(1.0, w=0.0)"),
        (["--expr", "1 + 2"], "has no names"),
        (["--expr", "x < 1", "x=1"], "its result is a comparison"),
        (["--expr", "softmax([x, y])", "x=1", "y=2"], "its result is a list"),
        (["--expr", "tanh(x, 2)", "x=1"], "tanh takes 1 argument, not 2"),
        (["--expr", "tanh()"], "tanh takes 1 argument, not 0"),
        (["--expr", "sum(x, y)", "x=1", "y=2"], "write sum([a, b])"),
        (["--expr", "[x]*2", "x=1"], "cannot be computed"),
        (["w=1"], "without --expr"),
        (["--expr", ""], "the expression is empty"),
        (["--expr", "9**9**9**9"], "power("),
    ],
)
@pytest.mark.usefixtures("untrained")
def test_bad_input_is_a_clear_error(capsys, words, text):
    assert main(["tour", *words]) == 2
    captured = capsys.readouterr()
    assert captured.err.startswith("chainrule: error: ")
    assert text in captured.err
    assert "Traceback" not in captured.err
    assert "training" not in captured.out


@pytest.mark.parametrize(
    "words", [["dance"], ["tour", "--epochs", "0"], ["tour", "--seed", "x"], ["step"], ["step", "x", "--by", "edge"]]
)
def test_bad_options_are_refused(capsys, words):
    with pytest.raises(SystemExit) as caught:
        main(words)
    assert caught.value.code == 2
    assert "error" in capsys.readouterr().err


@pytest.mark.usefixtures("untrained")
def test_the_tour_writes_a_page(capsys, tmp_path):
    assert main(["tour", "--expr", "tanh(w*x + b)", "w=0.5", "x=2", "b=-1"]) == 0
    assert "open chainrule-tour.html with a browser" in capsys.readouterr().out
    assert "v1 = w * x = 0.5 * 2 = 1" in (tmp_path / "chainrule-tour.html").read_text("utf-8")


def test_steps_can_be_written_as_a_page(capsys, tmp_path):
    assert main(["step", "w*x", "w=2", "x=-3", "--by", "node", "--html", "steps.html"]) == 0
    assert capsys.readouterr().out.strip() == "To step through it on its drawing, open steps.html with a browser"
    assert "x.grad = ∂v1/∂x · v1.grad = w · v1.grad = 2 · 1 = 2" in (tmp_path / "steps.html").read_text("utf-8")


def test_a_page_that_cannot_be_written_is_a_clear_error(capsys):
    assert main(["step", "w*x", "w=2", "x=-3", "--html", "none/such/steps.html"]) == 2
    assert "--html: 'none/such/steps.html' cannot be written: No such file or directory" in capsys.readouterr().err


def test_steps_are_printed_where_there_is_no_terminal(capsys):
    assert main(["step", "-w*x + w", "w=2", "x=-3", "--by", "node", "--lr", "0.5"]) == 0
    assert capsys.readouterr().out.rstrip("\n").split("\n") == [
        "-w*x + w   at   w = 2, x = -3",
        "",
        "v1 = -w = -2 = -2",
        "v2 = v1 * x = -2 * (-3) = 6",
        "v3 = v2 + w = 6 + 2 = 8",
        "v2.grad = ∂v3/∂v2 · v3.grad = 1 · 1 = 1",
        "x.grad = ∂v2/∂x · v2.grad = v1 · v2.grad = -2 · 1 = -2",
        "v1.grad = ∂v2/∂v1 · v2.grad = x · v2.grad = -3 · 1 = -3",
        "w.grad = ∂v3/∂w · v3.grad + ∂v1/∂w · v1.grad = 1 · 1 + (-1) · (-3) = 4",
        "w ← w - η · w.grad = 2 - 0.5 · 4 = 0",
        "x ← x - η · x.grad = -3 - 0.5 · (-2) = -2",
    ]


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (["tahn(x)", "x=1"], "did you mean tanh?"),
        (["-x"], "no value is given for x"),
        (["1 + 2"], "has no names"),
        (["log(x)", "x=0"], "log(x=0.0)"),
        (["x*2", "x=1", "--lr", "-1"], "lr must be zero or positive"),
    ],
)
def test_bad_expressions_to_step_through_are_clear_errors(capsys, words, text):
    assert main(["step", *words]) == 2
    captured = capsys.readouterr()
    assert text in captured.err
    assert captured.out == ""


def test_help_and_version(capsys):
    assert main([]) == 0
    assert "tour" in capsys.readouterr().out
    with pytest.raises(SystemExit):
        main(["--version"])
    assert capsys.readouterr().out.startswith("chainrule 0.1.0 (Python 3.")


def test_read_values():
    assert read_values(["w=0.5", "x=-2e3", "y=inf"]) == {"w": 0.5, "x": -2000.0, "y": float("inf")}


@pytest.mark.no_cover
def test_the_command_trains_on_the_digits():
    pytest.importorskip("sklearn", reason="needs scikit-learn")
    command = [sys.executable, "-c", "from nn.cli import main; main()", "tour", "--epochs", "2"]
    run = subprocess.run(command, capture_output=True, text=True, check=True)
    last = run.stdout.strip().split("\n")[-1]
    assert last.startswith("held-out accuracy: ")
    assert float(last.split()[2]) >= 80.0
    assert "1,437 examples to train on, 360 held out" in run.stdout
    assert "epoch 2/2" in run.stderr


@pytest.mark.parametrize(("missing", "extra"), [("sklearn", "chainrule[data]"), ("tqdm", "chainrule[data]")])
def test_a_missing_library_is_named_after_the_expression_was_shown(capsys, monkeypatch, missing, extra):
    monkeypatch.setitem(sys.modules, missing, None)
    monkeypatch.setitem(sys.modules, f"{missing}.datasets", None)
    assert main(["tour"]) == 2
    captured = capsys.readouterr()
    assert "Backward pass" in captured.out
    assert extra in captured.err
