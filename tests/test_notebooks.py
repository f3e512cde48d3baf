"""The notebooks: pairs in sync, outputs that do not change from run to run, exercises that can be solved."""

import importlib.util
import json
import re
from pathlib import Path

import nbformat
import pytest

FOLDER = Path(__file__).parent.parent / "notebooks"
NAMES = sorted(path.stem for path in FOLDER.glob("[0-9]*.py"))


def module(name):
    spec = importlib.util.spec_from_file_location(name, FOLDER / f"{name}.py")
    made = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    return made


build = module("build")
answers = module("exercises")
check, demand = answers.check, answers.demand


def executed(name):
    return nbformat.read(FOLDER / f"{name}.ipynb", as_version=4)


def outputs(name):
    return [output for cell in executed(name).cells if cell.cell_type == "code" for output in cell.outputs]


def test_every_source_has_its_notebook_and_the_other_way_round():
    assert NAMES
    assert sorted(path.stem for path in FOLDER.glob("*.ipynb")) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_the_pair_is_in_sync(name):
    source = build.unexecuted(FOLDER / f"{name}.py")
    shown = executed(name)
    assert [(c.cell_type, c.id, c.source) for c in shown.cells] == [
        (c.cell_type, c.id, c.source) for c in source.cells
    ], f"run python notebooks/build.py {name}"
    assert shown.metadata == source.metadata


@pytest.mark.parametrize("name", NAMES)
def test_it_has_been_executed_and_shows_nothing_that_changes(name):
    shown = executed(name)
    nbformat.validate(shown)
    code = [cell for cell in shown.cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in code] == list(range(1, len(code) + 1))
    assert all(cell.metadata == {} for cell in shown.cells)
    assert {output.output_type for output in outputs(name)} <= {"stream", "display_data", "execute_result"}
    assert {output.get("name", "stdout") for output in outputs(name)} == {"stdout"}
    text = json.dumps(
        [
            {
                kind: content
                for kind, content in output.get("data", {"text": output.get("text")}).items()
                if "png" not in kind
            }
            for output in outputs(name)
        ]
    )
    found = re.findall(r"\b0x[0-9a-f]{6,}|ipykernel_\d+|/(?:tmp|home|root|Users)/[\w/.]*|\b\d\d:\d\d:\d\d\b", text)
    assert found == []


@pytest.mark.parametrize("name", NAMES)
def test_it_says_what_one_learns_and_ends_with_exercises(name):
    cells = build.unexecuted(FOLDER / f"{name}.py").cells
    assert cells[0].source.startswith(f"# {int(name[:2])} · ")
    assert "you\nwill learn" in cells[0].source or "you will learn" in cells[0].source
    assert any(cell.source.startswith("## Exercises") for cell in cells)
    assert len(list(build.exercises(executed(name)))) >= 3
    longest = max((cell.source for cell in cells if cell.cell_type == "code"), key=lambda s: s.count("\n"))
    assert longest.count("\n") < 30, f"a cell is one idea:\n{longest}"


@pytest.mark.parametrize("name", NAMES)
def test_exercises_wait_for_an_answer(name):
    for cell, _ in build.exercises(executed(name)):
        said = "".join(output.get("text", "") for output in cell.outputs)
        assert said.endswith("Your turn: put your answer in place of the dots.\n")


@pytest.mark.parametrize("name", NAMES)
def test_solved_a_notebook_demands_every_answer(name):
    source = FOLDER / f"{name}.py"
    count = len(list(build.exercises(build.unexecuted(source))))
    shown = build.solved(source)
    assert list(build.exercises(shown)) == []
    code = "\n".join(cell.source for cell in shown.cells if cell.cell_type == "code")
    assert "from exercises import demand as check" in code
    assert len(re.findall(r"^check\(", code, re.MULTILINE)) == count


@pytest.mark.slow
def test_the_build_is_reproducible(tmp_path):
    source = tmp_path / "1.py"
    source.write_text(
        '# %%\nimport matplotlib.pyplot as plt\nplt.plot([1, 3, 2]);\n\n# %%\nprint(set("abc"), print)\nobject()\n\n'
        "# %%\nimport sys\nprint(sys._getframe().f_code.co_filename)\n"
    )
    first, second = (nbformat.writes(build.execute(build.unexecuted(source))) for _ in range(2))
    assert first == second
    assert "image/png" in first
    assert "Cell In[3]" in first
    assert '"<object>"' in first
    assert "matplotlib version" not in first


def test_check_compares_numbers_up_to_rounding(capsys):
    for answer, expected, said in [
        (..., 1.0, "Your turn"),
        (0.1 + 0.2, 0.3, "Right!"),
        (0.31, 0.3, "Not yet: 0.31 is not it. Hint: count."),
        ([1, 2], (1.0, 2.0), "Right!"),
        ([1], (1.0, 2.0), "Not yet"),
        ("1", 1.0, "Not yet"),
        ("abc", "abc", "Right!"),
        (float("nan"), 1.0, "Not yet"),
        (4, lambda n: n % 2 == 0, "Right!"),
        (3, lambda n: n % 2 == 0, "Not yet"),
        (0, lambda n: 1 / n, "Not yet: it ends in ZeroDivisionError"),
        (len, lambda f: f("ab") == 3, "Not yet: it does not do what it should"),
    ]:
        check(answer, expected, "count")
        assert capsys.readouterr().out.startswith(said), answer
        if said == "Right!":
            demand(answer, expected, "count")
        else:
            with pytest.raises(ValueError, match=re.escape(said)):
                demand(answer, expected, "count")
