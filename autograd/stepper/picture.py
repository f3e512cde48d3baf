"""Draws the graph for the page: each node, operation and edge with an id by which the script finds it."""

from __future__ import annotations

import re
import shutil
import subprocess
from typing import TYPE_CHECKING

from autograd.engine import Value
from autograd.ops import TABLE
from autograd.stepper.folding import Folded, is_folded
from autograd.stepping.step import short

if TYPE_CHECKING:
    from autograd.stepping.sequence import Steps

_LONGEST_NAME = 24
_HEAD = """digraph {
rankdir=LR; bgcolor=white; nodesep=0.2; ranksep=0.5
node [fontname=Courier, fontsize=12, shape=record, height=0.3]
edge [arrowsize=0.7]"""
_STYLE = (
    "text{font:12px Courier,monospace;text-anchor:middle}polygon,polyline,path,ellipse{fill:none;stroke:#000}"
    "#page{fill:#fff;stroke:none}.arrow{fill:#000}"
)
_REPEATED = re.compile(
    r' (?:font-family="Courier(?:,monospace)?"|font-size="12.00"|text-anchor="middle"|stroke="black"|fill="none"'
    r'|class="(?:node|edge|graph)")'
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
        SVG; "" if there is no program that lays it out: to be looked at must never fail.
    """
    program = shutil.which("dot")
    if program is None:
        return ""
    statements = _layers(Folded(steps)) if is_folded(steps) else _statements(steps)
    dot = "\n".join([_HEAD, *statements, "}"])
    made = subprocess.run([program, "-Tsvg"], input=dot.encode(), capture_output=True, check=False)  # noqa: S603 - dot
    return "" if made.returncode else _compact(made.stdout.decode())


def _statements(steps: Steps) -> list[str]:
    place = {node: k for k, node in enumerate(steps.order)}
    lines = []
    for node, k in place.items():
        name = steps.names[node]
        cells = [
            name if len(name) <= _LONGEST_NAME else f"{name[:_LONGEST_NAME]}…",
            short(steps.data[node]),
            f"grad {short(steps.grads[node])}",
        ]
        wide = max(12, *map(len, cells))  # room for the numbers of a what-if
        lines.append(f'n{k} [id=n{k}, width={0.105 * wide:.3f}, label="{"|".join(map(_escaped, cells))}"]')
        if not node.op:
            continue
        lines.append(f'o{k} [id=o{k}, shape=ellipse, width=0.4, margin=0.03, label="{_escaped(_operation(node))}"]')
        lines.append(f"o{k} -> n{k} [id=v{k}]")
        lines += [
            f'n{place[operand]} -> o{k} [id="e{k}-{j}", minlen=1]'
            for j, operand in enumerate(node.operands)
            if isinstance(operand, Value)
        ]
    return lines


def _layers(folded: Folded) -> list[str]:
    lines = []
    for i, (layer, uses) in enumerate(zip(folded.layers, folded.uses())):
        cells = [
            layer.name,
            f"‖data‖ {short(folded.forward[i].after)}",
            f"‖grad‖ {short(folded.backward[-1 - i].after)}",
        ]
        wide = max(18, *map(len, cells))
        lines.append(f'n{i} [id=n{i}, width={0.105 * wide:.3f}, label="{"|".join(map(_escaped, cells))}"]')
        lines += [f'n{other} -> n{i} [id="e{i}-{j}"]' for j, other in enumerate(uses)]
    return lines


def _operation(node: Value) -> str:
    """Write an operation with the plain number beside it, if it has one: ``* 2``, ``2 -``."""
    op = TABLE[node.op]
    parts = [op.symbol if isinstance(each, Value) else short(each) for each in node.operands]
    constants = [part for part, each in zip(parts, node.operands) if not isinstance(each, Value)]
    if len(node.operands) != 2 or not constants or not op.symbol:
        return op.symbol or op.name
    return f"{op.symbol} {constants[0]}" if isinstance(node.operands[0], Value) else f"{constants[0]} {op.symbol}"


def _escaped(text: str) -> str:
    """Write a text as the label of a record: line breaks are spaces, and what has a meaning there is escaped."""
    plain = " ".join(text.split())
    plain = re.sub(r'([\\{}|<>"])', r"\\\1", plain)
    return plain.replace("&", "&amp;")


def _compact(svg: str) -> str:
    """Write a drawing with fewer characters: what every element repeats is said once, a tenth of a point is enough."""
    svg = re.sub(r"<!--.*?-->|<title>.*?</title>|^.*?(?=<svg)", "", svg, flags=re.DOTALL)
    svg = re.sub(r"<[^>]*>", lambda tag: _compact_tag(tag[0]), svg)
    return re.sub(r">\s+<", "><", svg).replace("<g ", f"<style>{_STYLE}</style><g ", 1)


def _compact_tag(tag: str) -> str:
    tag = re.sub(r'fill="white" stroke="(?:transparent|none)"', 'id="page"', tag)
    tag = tag.replace('<polygon fill="black"', '<polygon class="arrow"').replace("&#45;", "-")
    tag = _REPEATED.sub("", tag)
    tag = re.sub(r"(?<![\d.])-?\d+\.\d+", lambda number: f"{float(number[0]):.1f}".removesuffix(".0"), tag)
    return tag.replace(' "', '"')
