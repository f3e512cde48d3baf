"""What a check of gradients found, as data, text and HTML."""

from __future__ import annotations

import math
from collections import Counter
from html import escape
from typing import TYPE_CHECKING, NamedTuple

from autograd.checking.verdicts import INCONCLUSIVE, RIGHT, WRONG

if TYPE_CHECKING:
    from autograd.checking.culprits import Culprit


class Row(NamedTuple):
    """
    What is known of one derivative.

    Parameters
    ----------
    input
        The input it is taken by: its label or place; for a higher derivative all of them, ``"x, y"``; or a direction.
    analytic
        The derivative by the graph.
    numeric
        The derivative by differences; nan if there is none.
    error
        How far these two may be apart if the analytic one is right: the estimated error of the difference, and
        rounding.
    verdict
        ``"right"``, ``"wrong"`` or ``"inconclusive"``.
    note
        Why, if it is not plain.
    """

    input: str
    analytic: float
    numeric: float
    error: float
    verdict: str
    note: str = ""

    @property
    def difference(self) -> float:
        """How far the analytic and the numeric derivative are apart."""
        return abs(self.analytic - self.numeric)


class Report:
    """
    Result of `gradcheck`: a row for each derivative; it is true unless one is wrong, and prints as a table.

    Parameters
    ----------
    rows
        What is known of each derivative.
    summary
        How it was checked.
    culprits
        The local derivatives found wrong, the one that matters most first.
    explanation
        What is known of the cause if a row is wrong.
    """

    _COLUMNS = ("input", "analytic", "numeric", "difference", "est. error", "verdict")

    def __init__(self, rows: list[Row], summary: str, culprits: list[Culprit], explanation: str) -> None:
        self.rows = rows
        self.summary = summary
        self.culprits = culprits
        self.explanation = explanation

    @property
    def ok(self) -> bool:
        """Whether no derivative is wrong. Inconclusive ones are not, even if all are: see `all_right`."""
        return not any(row.verdict == WRONG for row in self.rows)

    @property
    def all_right(self) -> bool:
        """Whether every derivative has been found right: none is wrong, and none inconclusive."""
        return all(row.verdict == RIGHT for row in self.rows)

    @property
    def counts(self) -> dict[str, int]:
        """How many rows have each verdict."""
        counts = Counter(row.verdict for row in self.rows)
        return {verdict: counts[verdict] for verdict in (RIGHT, WRONG, INCONCLUSIVE)}

    @property
    def worst(self) -> Row | None:
        """Of the wrong rows the one that is furthest off in relation to its size; None if there is none."""
        wrong = [row for row in self.rows if row.verdict == WRONG]
        return max(wrong, key=_how_wrong, default=None)

    @property
    def headline(self) -> str:
        """The counts and how they were found, in a line."""
        counted = ", ".join(f"{count} {verdict}" for verdict, count in self.counts.items() if count)
        nothing = ", so nothing has been checked" if self.counts[INCONCLUSIVE] == len(self.rows) else ""
        return f"gradcheck: {counted}{nothing} ({self.summary})"

    def __bool__(self) -> bool:
        return self.ok

    def __repr__(self) -> str:
        table = [self._COLUMNS, *(_cells(row) for row in self.rows)]
        widths = [max(map(len, column)) for column in zip(*table)]
        lines = [self.headline]
        notes = ["", *(row.note for row in self.rows)]
        for cells, note in zip(table, notes, strict=True):
            middle = (cell.rjust(width) for cell, width in zip(cells[1:-1], widths[1:-1]))
            padded = [cells[0].ljust(widths[0]), *middle, cells[-1].ljust(widths[-1]), note]
            lines.append("  ".join(padded).rstrip())
        return "\n".join(lines + ([self.explanation] if self.explanation else []))

    def _repr_html_(self) -> str:
        head = "".join(f"<th>{escape(name)}</th>" for name in (*self._COLUMNS, ""))
        colours = {RIGHT: "#1a7f37", WRONG: "#cf222e", INCONCLUSIVE: "#9a6700"}
        body = []
        for row in self.rows:
            *numbers, verdict = (escape(cell) for cell in _cells(row))
            cells = "".join(f"<td>{cell}</td>" for cell in numbers)
            cells += f'<td style="color:{colours[row.verdict]}">{verdict}</td>'
            cells += f'<td style="text-align:left">{escape(row.note)}</td>'
            body.append(f"<tr>{cells}</tr>")
        explanation = f"<p>{escape(self.explanation)}</p>" if self.explanation else ""
        return (
            f"<p>{escape(self.headline)}</p><table><thead><tr>{head}</tr></thead>"
            f"<tbody>{''.join(body)}</tbody></table>{explanation}"
        )


def _how_wrong(row: Row) -> float:
    size = max(abs(row.analytic), abs(row.numeric))
    share = row.difference / size if size else 0.0
    return math.inf if math.isnan(share) else share  # nan is as bad as can be


def _cells(row: Row) -> tuple[str, ...]:
    return (
        row.input, f"{row.analytic:.10g}", f"{row.numeric:.10g}", f"{row.difference:.1e}", f"{row.error:.1e}",
        row.verdict,
    )  # fmt: skip
