"""What the script is told about a graph: its nodes, its steps and their numbers, as data for JSON."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING, Any

from autograd.engine import Value, topological_order
from autograd.ops import TABLE
from autograd.rules import latex, parameters
from autograd.rules.javascript import operations
from autograd.rules.parameters import owner
from autograd.rules.printing import name_as_latex, put_in
from autograd.stepper.described import described_source, described_step, number
from autograd.stepper.folding import Folded, is_folded
from autograd.stepping.step import short

if TYPE_CHECKING:
    from autograd.stepping.sequence import Steps
    from autograd.stepping.step import Step
    from autograd.tracing import Comparison

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
    if is_folded(steps):
        return Folded(steps).describe(title(steps))
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
    for node in steps.order[-_LONGEST_TITLE:]:
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
    return told | described_source(getattr(node, "source", None))


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
        "right": place[right] if isinstance(right, Value) else [number(right)], **described_source(source),
    }  # fmt: skip


def _update(steps: Steps, step: Step, place: dict[Value, int]) -> dict[str, Any]:
    """Describe an update; its formula, if the gradient alone is between that and a new number."""
    grad = steps.grads[step.node]
    formula, settings = steps.optimizer.explain(step.node, grad)
    _, others = steps.optimizer.explain(step.node, grad + 1.0)
    if any(settings[name] != others[name] for name in settings if name != "grad"):
        return described_step(step, place)
    return described_step(step, place) | {
        "formula": formula,
        "settings": {name: number(x) for name, x in settings.items()},
    }


def _rules(name: str) -> list[str]:
    """Give the local derivative by each parameter, typeset, in the letters of the table."""
    op, rules, index = TABLE[name], [], 0
    for parameter in parameters(op):
        below = name_as_latex(parameter.name) if parameter.kind == "scalar" else rf"{parameter.element}_{{1}}"
        rules.append(rf"\frac{{\partial}}{{\partial {below}}} \left({latex(name)}\right) = {latex(name, index=index)}")
        index += 1 if parameter.kind == "scalar" else 2
    return rules


def _listed(steps: Steps, phase: str, place: dict[Value, int]) -> list[dict[str, Any]]:
    return [described_step(step, place) for step in (steps[i] for i in steps.phase(phase))]
