"""A picture of a tape: a box for each number that it computes, an oval for what computes it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from autograd.drawing.picture import Arrow, Box, Oval, Picture
from autograd.program.tape import SOURCES
from autograd.stepping.layers import Layer, counted, merged

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from autograd.program.tape import Tape


def picture_of(tape: Tape, results: Sequence[int], leaf_name: Callable[[str, int], str], limit: int) -> Picture:
    """
    Show what results are computed from.

    Parameters
    ----------
    tape
        The instructions.
    results
        Places.
    leaf_name
        Names a leaf that is given at each run, by ``"input"`` or ``"param"`` and its index.
    limit
        Of more numbers than these a box stands for each depth.

    Returns
    -------
    Picture
        Constants stand inside of the operations.
    """
    shown = [place for place in tape.needed_for(results) if tape.instructions[place].op != "constant"]
    if len(shown) > limit:
        return _folded(tape, shown)
    picture = Picture()
    for place in shown:
        op, operands = tape.instructions[place]
        if op in SOURCES:
            picture.boxes.append(Box(f"n{place}", leaf_name(op, operands[0]), (), None, is_leaf=True))
            continue
        known = [tape.instructions[operand] for operand in operands]
        constants = any(each.op == "constant" for each in known)
        said = ", ".join(f"{each.operands[0]:.4g}" if each.op == "constant" else "·" for each in known)
        picture.boxes.append(Box(f"n{place}", f"v{place}", (), None))
        picture.ovals.append(Oval(f"o{place}", f"{op}({said})" if constants else op))
        picture.arrows += [
            Arrow(f"e{place}-{argument}", f"n{operand}", f"o{place}")
            for argument, (operand, each) in enumerate(zip(operands, known, strict=True))
            if each.op != "constant"
        ]
        picture.arrows.append(Arrow(f"v{place}", f"o{place}", f"n{place}"))
    return picture


def side_by_side(pictures: Mapping[str, Picture]) -> Picture:
    """
    Put pictures into one.

    Parameters
    ----------
    pictures
        Each with its name, which is written on a frame around it.

    Returns
    -------
    Picture
    """
    whole = Picture(note="; ".join(f"{name}: {picture.note}" for name, picture in pictures.items() if picture.note))
    for i, (name, picture) in enumerate(pictures.items()):
        own = f"p{i}-"
        whole.boxes += [box._replace(id=own + box.id, cluster=(name, *box.cluster)) for box in picture.boxes]
        whole.ovals += [oval._replace(id=own + oval.id, cluster=(name, *oval.cluster)) for oval in picture.ovals]
        whole.arrows += [
            arrow._replace(id=own + arrow.id, start=own + arrow.start, end=own + arrow.end) for arrow in picture.arrows
        ]
    return whole


def _folded(tape: Tape, shown: Sequence[int]) -> Picture:
    """Show all instructions of one depth as one box."""
    depth: dict[int, int] = {}
    by_depth: dict[int, list[int]] = {}
    for place in shown:
        op, operands = tape.instructions[place]
        above = [depth[operand] for operand in operands if operand in depth] if op not in SOURCES else []
        depth[place] = 1 + max(above, default=0) if op not in SOURCES else 0
        by_depth.setdefault(depth[place], []).append(place)
    layers = merged([Layer(f"depth {level}", by_depth[level], []) for level in sorted(by_depth)])
    layer_of = {place: i for i, layer in enumerate(layers) for place in layer.nodes}
    picture = Picture(note=f"{len(shown):,} numbers, folded by depth; limit={len(shown)} draws each of them")
    for i, layer in enumerate(layers):
        sources: dict[int, set[int]] = {}
        for place in layer.nodes:
            op, operands = tape.instructions[place]
            for operand in operands if op not in SOURCES else ():
                if layer_of.get(operand, i) != i:
                    sources.setdefault(layer_of[operand], set()).add(operand)
        facts = (("count", counted(len(layer.nodes), "number", "numbers")),)
        picture.boxes.append(Box(f"n{i}", layer.name, facts, None, is_layer=True))
        for source in sorted(sources):
            picture.arrows.append(Arrow(f"e{i}-{source}", f"n{source}", f"n{i}", text=f"{len(sources[source]):,}"))
    return picture
