"""What the script is told about a graph: its nodes, its steps and their numbers, as data for JSON."""

from __future__ import annotations

import ast
import math
import re
from typing import TYPE_CHECKING, Any

from autograd.engine import Value, topological_order
from autograd.ops import TABLE
from autograd.rules import latex, parameters
from autograd.rules.javascript import operations
from autograd.rules.parameters import owner
from autograd.rules.printing import name_as_latex, put_in
from autograd.stepping.step import short

if TYPE_CHECKING:
    from collections.abc import Iterable

    from autograd.sources import SourceLine
    from autograd.stepping.sequence import Steps
    from autograd.stepping.step import Sentence, Step
    from autograd.tracing import Comparison

#: More steps than these are not shown one by one.
MOST_STEPS = 3000

_LONGEST_TITLE = 60


def describe(steps: Steps) -> dict[str, Any]:
    """
    Describe a graph and its steps.

    Parameters
    ----------
    steps
        The steps.

    Returns
    -------
    dict
        Of what JSON can hold; numbers that it cannot, as inf, are texts.
    """
    order = list(steps.order)
    compared = [each for one in steps.comparisons for each in (one.left, one.right) if isinstance(each, Value)]
    beside = [node for node in topological_order(*compared) if node not in steps.names]
    place = {node: k for k, node in enumerate([*order, *beside])}
    groupings = {by: steps.grouped(by) for by in ("contribution", "node", "layer")}
    ops = sorted({node.op for node in place if node.op})
    return {
        "title": title(steps),
        "by": steps.by,
        "root": place[steps.root],
        "nodes": [*(_node(steps, node, place) for node in order), *(_beside(node, place) for node in beside)],
        "swept": [place[node] for node in steps.swept],
        "layers": [layer._asdict() for layer in groupings["layer"].layers],
        "rules": {name: _rules(name) for name in ops},
        "unavailable": operations(ops)[1],
        "comparisons": [_comparison(steps, one, place) for one in steps.comparisons],
        "steps": {
            "forward": {by: _listed(groupings[by], "forward", place) for by in ("node", "layer")},
            "backward": {by: _listed(listed, "backward", place) for by, listed in groupings.items()},
            "update": [_update(steps, step, place) for step in (steps[i] for i in steps.phase("update"))],
        },
        "code": steps.code,
    }


def title(steps: Steps) -> str:
    """
    Say what is computed.

    Parameters
    ----------
    steps
        The steps.

    Returns
    -------
    str
    """
    root, names = steps.root, steps.names
    if not root.op:
        return names[root]
    written: dict[str, ast.expr] = {}  # nodes without a name of their own, by the one that steps call them by
    for node in steps.order:
        if not node.op or (node is not root and not re.fullmatch(r"v\d+", names[node])):
            continue
        try:
            tree = put_in(steps.computed_as(node), (), dict(written))
        except SyntaxError:  # a label that is no identifier
            continue
        if len(ast.unparse(tree)) <= _LONGEST_TITLE:
            written[names[node]] = tree
    said = ast.unparse(written[names[root]]) if names[root] in written else steps.computed_as(root)
    return said if re.fullmatch(r"v\d+", names[root]) else f"{names[root]} = {said}"


def _node(steps: Steps, node: Value, place: dict[Value, int]) -> dict[str, Any]:
    told = {"name": steps.names[node], **_beside(node, place), "data": number(steps.data[node])}
    if not node.op:
        return told
    op, count = TABLE[node.op], len(node.operands)
    told["call"] = steps.computed_as(node)
    if len(parameters(op)) != count:
        told["owners"] = [owner(op, count, argument)[0] for argument in range(count)]
    return told | _source(getattr(node, "source", None))


def _beside(node: Value, place: dict[Value, int]) -> dict[str, Any]:
    """Describe a node as far as its number depends on it: one that the code compares, but that is not in the graph."""
    edges = iter(zip(node.local_grads, node.taken))
    slopes: list[Any] = []
    for operand in node.operands:
        slope, taken = next(edges) if isinstance(operand, Value) else (0.0, False)
        slopes.append(number(slope) if taken else None)
    operands = [place[each] if isinstance(each, Value) else [number(each)] for each in node.operands]
    return {"op": node.op, "data": number(node.data), "operands": operands, "slopes": slopes}


def _comparison(steps: Steps, comparison: Comparison, place: dict[Value, int]) -> dict[str, Any]:
    left, operator, right, outcome, source = comparison
    names = [
        short(each) if not isinstance(each, Value) else steps.names.get(each) or each.label or short(each.data)
        for each in (left, right)
    ]
    return {
        "left": place[left], "operator": operator, "outcome": outcome, "text": f"{names[0]} {operator} {names[1]}",
        "right": place[right] if isinstance(right, Value) else [number(right)], **_source(source),
    }  # fmt: skip


def _update(steps: Steps, step: Step, place: dict[Value, int]) -> dict[str, Any]:
    """Describe an update; its formula, if the gradient alone is between that and a new number."""
    grad = steps.grads[step.node]
    formula, settings = steps.optimizer.explain(step.node, grad)
    _, others = steps.optimizer.explain(step.node, grad + 1.0)
    if any(settings[name] != others[name] for name in settings if name != "grad"):
        return _step(step, place)
    return _step(step, place) | {"formula": formula, "settings": {name: number(x) for name, x in settings.items()}}


def _rules(name: str) -> list[str]:
    """Give the local derivative by each parameter, typeset, in the letters of the table."""
    op, rules, index = TABLE[name], [], 0
    for parameter in parameters(op):
        below = name_as_latex(parameter.name) if parameter.kind == "scalar" else rf"{parameter.element}_{{1}}"
        rules.append(rf"\frac{{\partial}}{{\partial {below}}} \left({latex(name)}\right) = {latex(name, index=index)}")
        index += 1 if parameter.kind == "scalar" else 2
    return rules


def _listed(steps: Steps, phase: str, place: dict[Value, int]) -> list[dict[str, Any]]:
    return [_step(step, place) for step in (steps[i] for i in steps.phase(phase))]


def _step(step: Step, place: dict[Value, int]) -> dict[str, Any]:
    told: dict[str, Any] = {"node": place[step.node], **_sentence(step.sentence)}
    told["symbols"] = len(step.symbols.replace("{", "{{").replace("}", "}}"))
    told["latex"] = step.latex
    if step.parent is not None:
        told["parent"] = place[step.parent]
    if step.argument is not None:
        told["argument"] = step.argument
    if step.note:
        told["note"] = step.note
    if step.sum:
        told["sum"] = _sentence(step.sum)
    if step.layer is not None:
        told["layer"] = step.layer
    if step.phase == "update" or step.layer is not None:
        told["numbers"] = [number(each) for each in step.sentence.numbers]
    return told | _source(step.source)


def _sentence(sentence: Sentence) -> dict[str, Any]:
    return {"line": sentence.line, "quantities": [_quantity(each) for each in sentence.quantities]}


def _quantity(quantity: Iterable[Any]) -> list[Any]:
    kind, node, argument, tight = quantity
    return [kind, node, argument, 1] if tight else [kind, node] if argument is None else [kind, node, argument]


def _source(source: SourceLine | None) -> dict[str, Any]:
    return {"source": {"number": source.number, "text": source.text}} if source else {}


def number(x: float) -> float | str:
    """
    Write a number so that JSON can hold it.

    Parameters
    ----------
    x
        Any float.

    Returns
    -------
    float or str
        Of inf and nan their names.
    """
    return x if math.isfinite(x) else str(float(x))
