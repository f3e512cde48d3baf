"""A picture as DOT, the language of Graphviz."""

from __future__ import annotations

from html import escape
from itertools import groupby, pairwise
from typing import TYPE_CHECKING, Any

import graphviz

from autograd.drawing.colours import depth, fill, largest_of
from autograd.drawing.rendering import Rendered
from autograd.drawing.wording import printable, shown_name

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from autograd.drawing.picture import Box, Picture

_FONT = {"fontname": "Courier", "fontsize": "11"}
_HIGHLIGHT = "#d55e00"
_PALE = "#9a9a9a"
_NBSP = "\N{NO-BREAK SPACE}"


class Style:
    """
    How a picture is drawn.

    Parameters
    ----------
    rankdir
        The direction in which numbers flow: ``"LR"``, ``"TB"``, ``"RL"`` or ``"BT"``.
    number_format
        As for `format`.
    fields
        What stands in a box.
    local_grads
        Whether the local derivatives stand on the arrows.
    color_by_grad
        Whether the boxes are coloured.
    path
        Ids of boxes, in order: the arrows from each to the next are bright, others pale.
    room
        How many characters a number has room for, so that others can be put in its place.
    stacked
        Whether the fields of a box stand across the direction of flow, so that chains take less room.
    tooltips
        Whether the whole name appears under the mouse.
    """

    def __init__(
        self, *, rankdir: str = "LR", number_format: str = ".4g", fields: Sequence[str] = ("label", "data", "grad"),
        local_grads: bool = False, color_by_grad: bool = False, path: Sequence[str] = (), room: int = 0,
        stacked: bool = False, tooltips: bool = True,
    ) -> None:  # fmt: skip
        self.rankdir = rankdir
        self.number_format = number_format
        self.fields = fields
        self.local_grads = local_grads
        self.color_by_grad = color_by_grad
        self.path = path
        self.room = room
        self.stacked = stacked
        self.tooltips = tooltips

    def number(self, x: float) -> str:
        """
        Write a number.

        Parameters
        ----------
        x
            The number.

        Returns
        -------
        str
        """
        return format(x, self.number_format)


def digraph(picture: Picture, style: Style) -> Rendered:
    """
    Write a picture as DOT.

    Parameters
    ----------
    picture
        What is shown.
    style
        How.

    Returns
    -------
    Rendered
        A ``graphviz.Digraph``.

    Raises
    ------
    ImportError
        graphviz is not installed.
    """
    graph = Rendered(picture, style.number)
    graph.attr(rankdir=style.rankdir, bgcolor="white", **_FONT)
    graph.attr("node", **_FONT)
    graph.attr("edge", **_FONT)
    bright = _bright(picture, style.path)
    scale = largest_of([box.grad for box in picture.boxes if box.grad is not None])
    nodes = [(box.cluster, box.id, _box(box, picture, style, scale)) for box in picture.boxes]
    nodes += [(oval.cluster, oval.id, {"label": _plain(oval.text), "shape": "ellipse"}) for oval in picture.ovals]
    for _, id_, attributes in nodes:
        if id_ in bright:
            attributes |= {"color": _HIGHLIGHT, "penwidth": "2"}
    _put_in_clusters(graph, sorted(nodes, key=lambda node: node[0]), 0)
    for arrow in picture.arrows:
        drawn = {"id": arrow.id}
        text = style.number(arrow.slope) if style.local_grads and arrow.slope is not None else arrow.text
        if text:
            drawn["label"] = f" {_plain(text)} "
        if bright:
            drawn |= {"color": _HIGHLIGHT, "penwidth": "2.5"} if arrow.id in bright else {"color": _PALE}
        graph.edge(arrow.start, arrow.end, **drawn)
    _add_notes(graph, picture, style, scale)
    return graph


def _box(box: Box, picture: Picture, style: Style, scale: float) -> dict[str, str]:
    fields = []
    if "label" in style.fields:
        fields.append(shown_name(box.name))
    for name, fact in box.facts:
        if isinstance(fact, str):
            fields.append(fact)
        elif name in style.fields or name not in ("data", "grad"):
            number = style.number(fact) if picture.swept or name == "data" else "–"
            fields.append(f"{name} {number.ljust(style.room, _NBSP)}")
    label = "|".join(map(_in_record, fields))
    if not (style.stacked or box.is_layer):
        label = f"{{{label}}}"  # in the direction of flow
    drawn = {"shape": "record", "label": label}
    if style.tooltips:
        drawn["tooltip"] = _plain(printable(box.name)) or " "
    if style.color_by_grad and picture.swept and box.grad is not None:
        drawn |= {"style": "filled", "fillcolor": fill(box.grad, scale)}
        if depth(box.grad, scale) > 0.7:  # from there on white is easier to read
            drawn["fontcolor"] = "white"
    elif box.is_leaf:
        drawn |= {"style": "filled", "fillcolor": "#f2f2f2"}
    return drawn


def _bright(picture: Picture, path: Sequence[str]) -> set[str]:
    """Give the ids of what is on a path of boxes."""
    through = {arrow.start: arrow for arrow in picture.arrows if arrow.slope is None}
    bright = set(path)
    for start, end in pairwise(path):
        for arrow in picture.arrows:
            out = through.get(arrow.end)
            if arrow.start == start and out is not None and out.end == end:
                bright |= {arrow.id, arrow.end, out.id}
    return bright


def _put_in_clusters(graph: Any, nodes: Sequence[tuple[tuple[str, ...], str, Mapping[str, str]]], level: int) -> None:
    """Add nodes that are sorted by cluster; those of one cluster get a frame with its name."""
    for cluster, members in groupby(nodes, key=lambda node: node[0][: level + 1]):
        if len(cluster) <= level:
            for _, id_, attributes in members:
                graph.node(id_, id=id_, **attributes)
            continue
        framed = graphviz.Digraph(f"cluster_{'/'.join(cluster)}")
        framed.attr(label=_plain(cluster[-1].partition("#")[0]), color=_PALE, style="rounded", **_FONT)
        _put_in_clusters(framed, list(members), level + 1)
        graph.subgraph(framed)


def _add_notes(graph: Any, picture: Picture, style: Style, scale: float) -> None:
    said = [picture.note] if picture.note else []
    if not picture.swept:
        said.append("gradients are not computed yet: call backward()")
    rows = [f"<TR><TD COLSPAN='5'>{escape(line)}</TD></TR>" for line in said]
    if style.color_by_grad and picture.swept:
        grads = [share * scale for share in (-1, -0.25, 0, 0.25, 1)]
        cells = "".join(
            f"<TD BGCOLOR='{fill(grad, scale)}'><FONT COLOR='{'white' if depth(grad, scale) == 1 else 'black'}'>"
            f" {style.number(grad)} </FONT></TD>"
            for grad in grads
        )
        rows.append(f"<TR><TD COLSPAN='5'>gradient</TD></TR><TR>{cells}</TR>")
    if rows:
        graph.attr(label=f"<<TABLE BORDER='0' CELLSPACING='0'>{''.join(rows)}</TABLE>>")


def _plain(text: str) -> str:
    r"""
    Write a text so that DOT shows it as it is: no entities, no escapes such as ``\N``, no HTML.

    Examples
    --------
    >>> _plain("<b>&amp;"), _plain("a\nb"), _plain("\\N")
    ('&lt;b&gt;&amp;amp;', 'a b', '\\\\N')
    """
    return escape(text.replace("\n", " "), quote=False).replace("\\", "\\\\")


def _in_record(text: str) -> str:
    r"""
    Write a text as it stands in a field of a record.

    Examples
    --------
    >>> _in_record("{a|b}")
    '\\{a\\|b\\}'
    """
    return "".join(f"\\{character}" if character in "{}|" else character for character in _plain(text))
