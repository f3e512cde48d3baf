"""Puts the page together: a picture and a table for where no script runs, and the script with its data."""

from __future__ import annotations

import json
import zlib
from base64 import b64encode
from functools import cache
from html import escape
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from autograd.rules.javascript import entries, formula, operations
from autograd.stepper.description import describe, title
from autograd.stepper.folding import Folded, is_folded
from autograd.stepper.picture import svg_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from autograd.stepping.sequence import Steps
    from autograd.stepping.step import Step

_SCRIPTS = (
    "primitives",
    "elements",
    "typeset",
    "numbers",
    "passes",
    "picture",
    "panel",
    "predict",
    "order",
    "differences",
    "whatif",
    "stepper",
)


def page(steps: Steps) -> str:
    """
    Show steps as part of a page.

    Parameters
    ----------
    steps
        The steps.

    Returns
    -------
    str
        HTML that needs nothing beside it, and may stand on one page with others of its kind.
    """
    told = describe(steps)
    written = json.dumps(told, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    data = b64encode(zlib.compress(written.encode(), 9)).decode()  # a tenth of it: a notebook may have many steppers
    return (
        '<div class="chainrule-stepper" data-lm-suppress-shortcuts="true">\n'
        f"{_picture(steps)}\n{_table(steps)}\n"
        f'<script type="text/plain">{data}</script>\n<script>{_script(told)}</script>\n</div>'
    )


def document(steps: Steps) -> str:
    """
    Show steps as a file of its own.

    Parameters
    ----------
    steps
        The steps.

    Returns
    -------
    str
        A whole HTML document, which loads nothing.
    """
    template = files(__package__).joinpath("document.html").read_text("utf-8")
    return template.replace("$TITLE", escape(f"Steps of {title(steps)}")).replace("$PAGE", page(steps))


def _script(told: dict[str, Any]) -> str:
    """Give the script, with what it computes operations and updates with."""
    names = list(told["rules"])
    formulas = {
        step["formula"]: formula(step["formula"], step["settings"])
        for step in told["steps"]["update"]
        if "formula" in step
    }
    generated = (
        f"const entries = {entries(names)};\nconst OPERATIONS = {operations(names)[0]};\n"
        f"const FORMULAS = {{ {', '.join(f'{json.dumps(text)}: {written}' for text, written in formulas.items())} }};"
    )
    return f'(() => {{\n"use strict";\n{_written_by_hand()}\n{generated}\nstartSteppers();\n}})();'.replace(
        "</", "<\\/"
    )


@cache
def _written_by_hand() -> str:
    folder = files(__package__)
    style = folder.joinpath("style.css").read_text("utf-8")
    scripts = [folder.joinpath(f"{name}.js").read_text("utf-8") for name in _SCRIPTS]
    return "\n".join([f"const STYLE = {json.dumps(style)};", *scripts])


def _picture(steps: Steps) -> str:
    svg = svg_of(steps)
    if not svg:
        return ""
    code = b64encode(svg.encode()).decode()
    return f'<img alt="{escape(f"The graph of {title(steps)}")}" src="data:image/svg+xml;base64,{code}">'


def _table(steps: Steps) -> str:
    """List every step; HTML needs no end of a row or cell, and a table may have hundreds."""
    folded = Folded(steps) if is_folded(steps) else None
    shown: Sequence[Step] = [*folded.forward, *folded.backward] if folded else steps
    rows = []
    for number, step in enumerate(shown, 1):
        total = f"<br>{escape(step.total)}" if step.sum and len(step.sum.numbers) > 1 else ""
        rows.append(f"<tr><td>{number}<td>{step.phase}<td>{escape(step.text)}{total}")
    return (
        f"<details><summary>All {len(rows)} steps of {escape(title(steps))}</summary>\n"
        f"<table><tr><th>step<th>phase<th>what happens\n{chr(10).join(rows)}\n</table></details>"
    )
