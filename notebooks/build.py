"""
Runs notebooks: of NAME.py, in jupytext's percent format, it makes NAME.ipynb beside it.

`python notebooks/build.py` does all, `python notebooks/build.py 03 05` those whose names
begin so. The same sources and the same programs give the same bytes: cells are numbered,
and what would differ from run to run is left out.
"""

from __future__ import annotations

import base64
import io
import os
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import jupytext
import nbformat
from ipykernel.compiler import get_file_name
from nbclient import NotebookClient
from PIL import Image

if TYPE_CHECKING:
    from nbformat import NotebookNode

FOLDER = Path(__file__).parent
_METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}

#: IPython takes a cell for a file in a folder of its process, named by a hash of the cell.
_CELL_FILE = re.compile(r"[^\s\"'&;<>]*ipykernel_\d+[/\\](\d+\.py)")

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


if __name__ == "__main__":
    for source in sources(*sys.argv[1:]):
        target = source.with_suffix(".ipynb")
        nbformat.write(execute(unexecuted(source)), target)
        print(f"{target.name}  {target.stat().st_size / 1000:.0f} kB")
