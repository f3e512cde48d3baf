"""
Runs notebooks: of NAME.py, in jupytext's percent format, it makes NAME.ipynb beside it.

`python notebooks/build.py` does all, `python notebooks/build.py 03 05` those whose names
begin so. `python notebooks/build.py --solved FOLDER` writes notebooks that have not been
run, with the solutions put in and every answer demanded to be right.

The same sources and the same programs give the same bytes: cells are numbered, and what
would differ from run to run is left out.
"""

from __future__ import annotations

import base64
import io
import os
import re
import shutil
import sys
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import jupytext
import nbformat
from ipykernel.compiler import get_file_name
from nbclient import NotebookClient
from PIL import Image

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nbformat import NotebookNode

FOLDER = Path(__file__).parent
_METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}

#: IPython takes a cell for a file in a folder of its process, named by a hash of the cell.
_CELL_FILE = re.compile(r"[^\s\"'&;<>(]*ipykernel_\d+[/\\](\d+\.py)")

_EXERCISE = re.compile(r"^(\w+) = \.\.\..*$", re.MULTILINE)
_SOLUTION = re.compile(
    r"<details><summary>Solution</summary>\n\n```python\n(.*?)\n```\n.*</details>",
    re.DOTALL,
)

_ADDRESS = re.compile(r" at 0x[0-9a-fA-F]+\b")


def sources(*beginnings: str) -> list[Path]:
    """List the sources of all notebooks, or of those whose names begin so."""
    return [
        path
        for path in sorted(FOLDER.glob("[0-9]*.py"))
        if path.name.startswith(beginnings or ("",))
    ]


def unexecuted(source: Path) -> NotebookNode:
    """Read a source as a notebook that has not been run."""
    make = {"code": nbformat.v4.new_code_cell, "markdown": nbformat.v4.new_markdown_cell}
    cells = [
        make[cell.cell_type](cell.source, id=f"cell-{number}")
        for number, cell in enumerate(
            jupytext.read(source, fmt="py:percent").cells, start=1
        )
    ]
    return nbformat.v4.new_notebook(cells=cells, metadata=_METADATA)


def exercises(notebook: NotebookNode) -> Iterator[tuple[NotebookNode, str]]:
    """Give the cell of each exercise, and its solution, which stands in the cell below."""
    for cell, below in pairwise(notebook.cells):
        if cell.cell_type == "code" and _EXERCISE.search(cell.source):
            found = _SOLUTION.match(below.source)
            if not found:
                msg = f"no solution below:\n{cell.source}"
                raise ValueError(msg)
            yield cell, found[1]


def solved(source: Path) -> NotebookNode:
    """Read a source with its solutions in place of the dots; a wrong one will stop it."""
    notebook = unexecuted(source)
    for cell, solution in exercises(notebook):
        cell.source = _EXERCISE.sub(lambda _, given=solution: given, cell.source, count=1)
    for cell in notebook.cells:
        cell.source = cell.source.replace("import check", "import demand as check")
    return notebook


def execute(notebook: NotebookNode) -> NotebookNode:
    """Run a notebook in its folder; a cell that fails is an exception."""
    os.environ["PYTHONHASHSEED"] = "0"
    place = {"metadata": {"path": str(FOLDER)}}
    client = NotebookClient(
        notebook,
        resources=place,
        record_timing=False,
        coalesce_streams=True,
        extra_arguments=["--log-level=ERROR"],
    )
    client.execute()
    notebook.metadata = nbformat.from_dict(_METADATA)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    names = {
        Path(get_file_name(cell.source)).name: f"Cell In[{cell.execution_count}]"
        for cell in code
    }
    for cell in code:
        cell.metadata.clear()
        for output in cell.outputs:
            _settle(output, names)
    nbformat.validate(notebook)
    return notebook


def _settle(output: NotebookNode, names: dict[str, str]) -> None:
    """Take out of an output what differs from run to run."""
    contents = output.get("data", {}) if "data" in output else output
    for kind, content in contents.items():
        if kind == "image/png":
            contents[kind] = _repainted(content)
        elif kind.startswith("text") and isinstance(content, str):
            named = _CELL_FILE.sub(lambda match: names[match[1]], content)
            contents[kind] = _ADDRESS.sub("", named)


def _repainted(png: str) -> str:
    """Write a picture anew: without notes on what made it, and small."""
    image = Image.open(io.BytesIO(base64.b64decode(png))).convert("RGB")
    file = io.BytesIO()
    image.quantize(256, dither=Image.Dither.NONE).save(file, "PNG", optimize=True)
    return base64.b64encode(file.getvalue()).decode("ascii")


def _write_solved(folder: Path) -> None:
    folder.mkdir()
    for source in sources():
        nbformat.write(solved(source), folder / f"{source.stem}.ipynb")
    for beside in (*FOLDER.glob("*.mplstyle"), FOLDER / "exercises.py"):
        shutil.copy(beside, folder)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--solved"]:
        _write_solved(Path(sys.argv[2]))
        sys.exit()
    for source in sources(*sys.argv[1:]):
        target = source.with_suffix(".ipynb")
        nbformat.write(execute(unexecuted(source)), target)
        print(f"{target.name}  {target.stat().st_size / 1000:.0f} kB")
