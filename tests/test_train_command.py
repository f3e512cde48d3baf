"""``chainrule train``, as a user runs it."""

import re
import subprocess
import sys

import pytest

import nn
from nn.cli import main
from nn.commands.recipes import RECIPES

pytest.importorskip("sklearn", reason="needs scikit-learn")
pytest.importorskip("matplotlib", reason="needs matplotlib")
pytest.importorskip("safetensors", reason="needs safetensors")


def run(*words):
    command = [sys.executable, "-c", "from nn.cli import main; raise SystemExit(main())", "train", *words]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_it_trains_shows_how_it_goes_and_saves(tmp_path):
    out = tmp_path / "deep" / "iris"
    done = run("iris", "--epochs", "40", "--hidden", "6,5", "--activation", "relu", "--seed", "1", "--out", str(out))
    assert done.returncode == 0, done.stderr
    assert "120 examples to train on, 30 held out, a fifth of each class (seed 1)" in done.stdout
    assert "layers of 6, 5, 3 neurons, relu: 83 parameters" in done.stdout
    assert "epoch 40/40" in done.stderr
    last = done.stdout.strip().split("\n")[-1]
    assert last.startswith("held-out accuracy: ")
    assert last.endswith(" %")
    assert float(last.split()[2]) > 80.0
    assert {path.name for path in out.iterdir()} == {"model.safetensors", "history.png", "confusion.png"}
    assert all(path.read_bytes()[:4] == b"\x89PNG" for path in out.glob("*.png"))
    model = nn.MLP(4, [6, 5, 3], activation="relu")
    before = model.state_dict()
    assert model.load(out / "model.safetensors").state_dict() != before


@pytest.mark.parametrize(
    ("data", "pictures"),
    [
        ("moons", {"history.png", "boundary.png", "confusion.png"}),
        ("circles", {"history.png", "boundary.png", "confusion.png"}),
        ("spirals", {"history.png", "boundary.png", "confusion.png"}),
        ("digits", {"history.png", "weights.png", "confusion.png"}),
    ],
)
def test_each_data_set(tmp_path, capsys, monkeypatch, data, pictures):
    monkeypatch.chdir(tmp_path)
    hidden = "0" if data == "digits" else "4"
    assert main(["train", data, "--epochs", "1", "--hidden", hidden, "--optimizer", "sgd"]) == 0
    out = capsys.readouterr().out.strip().split("\n")
    assert out[-1].startswith("held-out accuracy: ")
    assert {path.name for path in (tmp_path / "trained" / data).iterdir()} == {"model.safetensors", *pictures}
    assert set(RECIPES) == {"moons", "circles", "spirals", "digits", "iris"}


NAMES = ["anna", "hanna", "nan", "han", "ann", "nana", "aha", "hana", "naan", "haan", "anah", "nah"]


def test_names_of_ones_own(tmp_path):
    data, saved = tmp_path / "names.txt", tmp_path / "gpt.safetensors"
    data.write_text("\n".join([*NAMES, "", NAMES[0]]), encoding="utf-8")
    words = ["names", "--data", str(data), "--steps", "30", "--batch-size", "2", "--samples", "3", "--block-size", "6"]
    done = run(*words, "--save", str(saved), "--temperature", "0.5")
    assert done.returncode == 0, done.stderr
    assert "names: 11 to train on, 1 held out (seed 0)" in done.stdout
    assert "30/30" in done.stderr
    assert "held-out loss, a character: " in done.stdout
    assert "of counted pairs, with one added: " in done.stdout
    assert len(done.stdout.strip().split("\n")[-1].split(", ")) == 3
    nn.GPT(4, block_size=6).load(saved)
    assert {path.name for path in tmp_path.iterdir()} == {"names.txt", "gpt.safetensors"}
    again = run(*words, "--temperature", "0.5")
    assert done.stdout.split("\n")[-2:] == again.stdout.split("\n")[-2:]


@pytest.mark.no_cover
def test_names_of_the_package(capsys):
    pytest.importorskip("names", reason="needs the package names")
    assert main(["train", "names", "--steps", "2"]) == 0
    assert "names: 4,647 to train on, 516 held out" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["names", "--hidden", "3"], "train names has no --hidden"),
        (["digits", "--temperature", "1"], "train digits has no --temperature"),
        (["names", "--data", "nowhere.txt"], "'nowhere.txt' cannot be read: No such file"),
        (["names", "--data", "{few}"], "must have at least 10 names, one a line, not 2"),
        (["names", "--data", "{long}"], "'abcdefghijklmnop' in line 2 has 16 characters, .* give --block-size 17"),
        (["names", "--data", "{bytes}"], "is not text in UTF-8"),
        (["names", "--data", "{good}", "--temperature", "0"], "--temperature must be positive, not 0"),
        (["names", "--data", "{good}", "--samples", "0"], "--samples must be at least 1, not 0"),
        (["names", "--data", "{good}", "--steps", "0"], "steps must be at least 1, not 0"),
        (["names", "--data", "{good}", "--save", "nowhere/gpt"], "'nowhere/gpt' cannot be written: No such file"),
        (["names", "--data", "{good}", "--save", "."], "--save: '.' cannot be written: Is a directory"),
    ],
)
def test_bad_input_of_names(tmp_path, monkeypatch, capsys, words, said):
    monkeypatch.chdir(tmp_path)
    files = {
        "few": b"anna\nhan",
        "long": b"anna\nabcdefghijklmnop",
        "bytes": b"\xff\xfe",
        "good": "\n".join(NAMES).encode(),
    }
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    assert main(["train", *(word.strip("{}") for word in words)]) == 2
    captured = capsys.readouterr()
    assert re.search(said, captured.err)
    assert captured.out == ""
    assert {path.name for path in tmp_path.iterdir()} == set(files)


@pytest.mark.no_cover
def test_the_seed_decides_everything(tmp_path, capsys):
    def trained(seed, name):
        assert main(["train", "moons", "--epochs", "2", "--seed", str(seed), "--out", str(tmp_path / name)]) == 0
        said = [line for line in capsys.readouterr().out.split("\n") if not line.startswith("saved")]
        return said, (tmp_path / name / "model.safetensors").read_bytes()

    assert trained(0, "a") == trained(0, "b")
    assert trained(0, "a") != trained(1, "c")


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (["--hidden", "16;16"], "--hidden must be widths with commas between them, as 16,16, not '16;16'"),
        (["--hidden", "16,-1"], "--hidden: a width must be at least 1, not -1"),
        (["--activation", "sigmoyd"], "did you mean 'sigmoid'"),
        (["--activation", "tahn"], "did you mean 'tanh'"),
        (["--optimizer", "adm"], "did you mean 'adam'"),
        (["--init", "xavier"], "did you mean 'xavier_"),
        (["--epochs", "0"], "epochs must be at least 1, not 0"),
        (["--batch-size", "0"], "batch_size must be at least 1, not 0"),
        (["--lr", "-1"], "lr must be zero or positive"),
        (["--lr", "1e9", "--optimizer", "sgd"], "training diverged in epoch 1"),
    ],
)
def test_bad_options_are_clear_errors(tmp_path, capsys, words, text):
    assert main(["train", "moons", "--out", str(tmp_path), *words]) == 2
    captured = capsys.readouterr()
    assert text in captured.err
    assert captured.err.rstrip("\n").split("\n")[-1].startswith("chainrule: error: ")
    assert "held-out" not in captured.out


def test_a_folder_that_cannot_be_made_is_refused_before_training(tmp_path, capsys):
    (tmp_path / "file").write_text("")
    assert main(["train", "iris", "--out", str(tmp_path / "file")]) == 2
    assert "--out must be a folder that can be made" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        main(["train", "irises"])
    assert "invalid choice: 'irises'" in capsys.readouterr().err


@pytest.mark.parametrize("missing", ["matplotlib", "sklearn", "safetensors", "tqdm"])
def test_what_is_missing_is_said_before_training(tmp_path, capsys, monkeypatch, missing):
    found = __import__("importlib.util").util.find_spec
    monkeypatch.setattr("nn.commands.training.find_spec", lambda name: None if name == missing else found(name))
    assert main(["train", "iris", "--out", str(tmp_path)]) == 2
    captured = capsys.readouterr()
    assert missing in captured.err
    assert "pip install 'chainrule[all]'" in captured.err
    assert "examples" not in captured.out + captured.err
