"""Draws the graph for the page: each node, operation and edge with an id by which the script finds it."""

from __future__ import annotations

import re
import subprocess
from typing import TYPE_CHECKING

from autograd.drawing.folding import folded
from autograd.drawing.picture import clusters_of, picture_of
from autograd.stepper.folding import Folded, is_folded

if TYPE_CHECKING:
    from autograd.stepping.sequence import Steps

_ROOM = 9  # characters, for the numbers of a what-if
_STYLE = (
    "text{font:11px Courier,monospace;text-anchor:middle}polygon,polyline,path,ellipse{fill:none;stroke:#000}"
    "#page{fill:#fff;stroke:none}.arrow{fill:#000}.frame{stroke:#9a9a9a}"
)
_REPEATED = re.compile(
    r' (?:font-family="Courier(?:,monospace)?"|font-size="11.00"|text-anchor="middle"|stroke="black"|fill="none"'
    r'|fill="#f2f2f2"|class="(?:node|edge|graph)")'
)


def svg_of(steps: Steps) -> str:
    """
    Draw a graph with the numbers and gradients of all nodes.

    Parameters
    ----------
    steps
        The steps.

    Returns
    -------
    str
        SVG; "" if nothing can lay it out: to be looked at must never fail.
    """
    try:
        from autograd.drawing.digraph import Style, digraph  # noqa: PLC0415 - they need graphviz

        if is_folded(steps):
            picture = folded(steps.order, Folded(steps).layers, steps.data, steps.grads)
        else:
            clusters = clusters_of(steps.order, steps.model)
            picture = picture_of(steps.order, steps.names, steps.data, steps.grads, clusters)
        return _compact(digraph(picture, Style(room=_ROOM, stacked=True, tooltips=False)).svg())
    except (ImportError, OSError, subprocess.SubprocessError):
        return ""


def _compact(svg: str) -> str:
    """Write a drawing with fewer characters: what every element repeats is said once, a tenth of a point is enough."""
    svg = re.sub(r"<!--.*?-->|<title>.*?</title>", "", svg, flags=re.DOTALL)
    svg = re.sub(r"<[^>]*>", lambda tag: _compact_tag(tag[0]), svg)
    return re.sub(r">\s+<", "><", svg).replace("<g ", f"<style>{_STYLE}</style><g ", 1)


def _compact_tag(tag: str) -> str:
    tag = re.sub(r'fill="white" stroke="(?:transparent|none)"', 'id="page"', tag)
    tag = tag.replace('<polygon fill="black"', '<polygon class="arrow"').replace("&#45;", "-")
    tag = tag.replace('fill="none" stroke="#9a9a9a"', 'class="frame"')
    tag = _REPEATED.sub("", tag)
    tag = re.sub(r"(?<![\d.])-?\d+\.\d+", lambda number: f"{float(number[0]):.1f}".removesuffix(".0"), tag)
    return tag.replace(' "', '"')
