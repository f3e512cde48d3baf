"""From DOT to pictures: with the system's Graphviz, or with that of a wheel, or, where there is none, as a table."""

from __future__ import annotations

import functools
import re
import shutil
import sysconfig
import warnings
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

import graphviz
from graphviz.backend import dot_command

from autograd.errors import MissingExtraError

if TYPE_CHECKING:
    from collections.abc import Callable

    from autograd.drawing.picture import Picture

_LEAST_SCALE = 0.6  # of letters that one can read


@functools.cache
def find_dot() -> str:
    """
    Find a program that lays out graphs.

    Returns
    -------
    str
        The path of the system's ``dot``, else of the one in the wheel graphviz-pure; "" if there is neither.
    """
    scripts = sysconfig.get_path("scripts")
    return shutil.which("dot") or shutil.which("graphviz-pure") or shutil.which("graphviz-pure", path=scripts) or ""


class Rendered(graphviz.Digraph):  # type: ignore[misc]
    """
    A ``graphviz.Digraph`` that finds its program, and shows itself without one too.

    Parameters
    ----------
    picture
        What it shows.
    number
        Writes a number.
    """

    def __init__(self, picture: Picture, number: Callable[[float], str]) -> None:
        super().__init__("graph", format="svg")
        self.picture = picture
        self._number = number
        program = find_dot()
        if program and not shutil.which("dot"):
            dot_command.DOT_BINARY = Path(program)

    def svg(self) -> str:
        """
        Lay the graph out.

        Returns
        -------
        str
            The text of an SVG element.

        Raises
        ------
        ImportError
            There is no program to do it.
        """
        try:
            drawn: str = self.pipe(format="svg", encoding="utf-8", quiet=True)
        except graphviz.ExecutableNotFound as error:
            msg = (
                "there is no program dot to lay out a graph: pip install 'chainrule[draw]', or install Graphviz; the "
                "DOT text is in .source"
            )
            raise MissingExtraError(msg) from error
        return drawn[drawn.index("<svg") :]

    def render(self, *args: Any, **options: Any) -> str:
        """
        Save a picture; where there is no program to make one, the DOT text, with a warning.

        Parameters
        ----------
        *args, **options
            As for ``graphviz.Digraph.render``.

        Returns
        -------
        str
            The path of the file.
        """
        try:
            return super().render(*args, **options)  # type: ignore[no-any-return]
        except graphviz.ExecutableNotFound:
            saved = str(self.filepath)
            warnings.warn(
                f"there is no program dot to make a picture, so only the DOT text has been saved: {saved}; "
                "pip install 'chainrule[draw]'",
                stacklevel=2,
            )
            return saved

    def table(self) -> str:
        """
        Write what the picture shows as an HTML table.

        Returns
        -------
        str
        """
        made_by = {arrow.end: arrow.start for arrow in self.picture.arrows if arrow.slope is None}
        text_of = {oval.id: oval.text for oval in self.picture.ovals}
        name_of = {box.id: box.name for box in self.picture.boxes}
        operands: dict[str, list[str]] = {}
        for arrow in self.picture.arrows:
            operands.setdefault(arrow.end, []).append(name_of.get(arrow.start, text_of.get(arrow.start, "")))
        rows = []
        for box in self.picture.boxes:
            operation = made_by.get(box.id, "")
            origin = f"{text_of[operation]} of {', '.join(operands.get(operation, []))}" if operation in text_of else ""
            facts = [fact if isinstance(fact, str) else self._number(fact) for _, fact in box.facts]
            rows.append("".join(f"<td>{escape(cell)}</td>" for cell in (box.name, origin, *facts)))
        head = "".join(f"<th>{name}</th>" for name in ("node", "made by", *self._fact_names()))
        body = "".join(f"<tr>{row}</tr>" for row in rows)
        note = f"<p>{escape(self.picture.note)}</p>" if self.picture.note else ""
        return f"{note}<table><tr>{head}</tr>{body}</table>"

    def _fact_names(self) -> list[str]:
        return [name for name, _ in self.picture.boxes[0].facts] if self.picture.boxes else []

    def _repr_mimebundle_(self, **_: Any) -> dict[str, Any]:
        """Show the picture in a notebook; where it cannot be made, a table."""
        try:
            return {"image/svg+xml": _fitted(self.svg()), "text/plain": repr(self)}
        except Exception:  # noqa: BLE001 - to be looked at must never fail
            return {"text/html": self.table(), "text/plain": self.source}

    def __repr__(self) -> str:
        return f"<drawing of {len(self.picture.boxes):,} boxes and {len(self.picture.arrows):,} arrows>"


def _fitted(svg: str) -> str:
    """
    Let a drawing shrink to the width of a page, as long as it can be read.

    Examples
    --------
    >>> _fitted('<svg width="400pt" height="90pt"></svg>')
    '<svg style="max-width:max(100%,240pt);height:auto" width="400pt" height="90pt"></svg>'
    """
    width = re.search(r'width="(\d+)', svg)
    least = f"{_LEAST_SCALE * int(width[1]):.0f}pt" if width else "0pt"
    return svg.replace("<svg ", f'<svg style="max-width:max(100%,{least});height:auto" ', 1)
