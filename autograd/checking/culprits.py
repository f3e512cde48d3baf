"""Goes through a graph node by node, for the local derivative that is wrong or the operation that has a kink."""

from __future__ import annotations

import math
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from autograd.checking.differences import SCHEMES, Line
from autograd.checking.rounding import SMALLEST, UNIT, rounding
from autograd.checking.verdicts import INCONCLUSIVE, UNRESOLVED, WRONG, Judgement, judge
from autograd.engine import Value, topological_order
from autograd.errors import describe
from autograd.ops import TABLE
from autograd.rules import IEEE, group, parameters
from autograd.sources import users_line
from autograd.watchers import Watcher, watching

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_CHECKING = f"{Path(__file__).parent}/"

#: Units in the last place that a local derivative may be off without being wrong.
_UNITS_OFF = 1000


class Culprit(NamedTuple):
    """
    A local derivative that differs from what differences of the operation's own value give.

    Parameters
    ----------
    op
        The operation.
    node
        Its result.
    argument
        By which operand.
    analytic, numeric
        The local derivative as it is recorded, and by differences.
    origin
        The source line that made the node; "" if it is not known.
    impact
        How much it changes the derivative of the root by that operand.
    """

    op: str
    node: Value
    argument: int
    analytic: float
    numeric: float
    origin: str
    impact: float

    def __str__(self) -> str:
        operand = self.node.operands[self.argument]
        which = f"operand {self.argument + 1}" if len(self.node.operands) > 1 else "its operand"
        made = f", made at {self.origin}" if self.origin else ""
        return (
            f"{name_of(self.node)}: the local derivative by {which} ({describe(operand)}) is {self.analytic:.10g}, "
            f"differences give {self.numeric:.10g}{made}"
        )


def name_of(node: Value) -> str:
    """
    Say which node it is: the operation, its operands, and its label.

    Parameters
    ----------
    node
        The result of an operation.

    Returns
    -------
    str

    Examples
    --------
    >>> product = Value(2.0, "w") * 3
    >>> product.label = "h"
    >>> name_of(product)
    "mul(w=2.0, 3.0) labelled 'h'"
    """
    shown = [describe(operand) for operand in node.operands]
    if len(shown) > 6:
        shown = [*shown[:5], f"... {len(shown)} in all"]
    return f"{node.op}({', '.join(shown)})" + (f" labelled {node.label!r}" if node.label else "")


class Audit(NamedTuple):
    """
    What going through a graph node by node has found.

    Parameters
    ----------
    culprits
        The wrong local derivatives, the one with the greatest impact first.
    untold
        Nodes with a local derivative that differences cannot tell of, and why: at a kink, say.
    """

    culprits: list[Culprit]
    untold: dict[Value, str]


def audit(root: Value, resolution: float, origins: dict[Value, str]) -> Audit:
    """
    Compare every local derivative in a graph with differences of the operation's value at the recorded operands.

    Parameters
    ----------
    root
        The graph. It must have been computed from the present data.
    resolution
        The relative error that must not go unseen.
    origins
        The source lines where nodes were made, as far as they are known.

    Returns
    -------
    Audit
    """
    adjoints = rounding(root).adjoints
    culprits: list[Culprit] = []
    untold: dict[Value, str] = {}
    for node in topological_order(root, live=True):
        if not node.op:
            continue
        places = [place for place, operand in enumerate(node.operands) if isinstance(operand, Value)]
        slopes = dict(zip(places, node.local_grads, strict=True))
        open_places: dict[int, str] = {}
        for moved in _places_to_move(node, [place for place in places if not _is_left_out(node.op, place)]):
            if len(moved) > 1 and open_places.keys().isdisjoint(moved):
                continue  # each by itself has told
            analytic = sum(slopes[place] for place in moved)
            size = sum(abs(slopes[place]) for place in moved)
            slack = _UNITS_OFF * UNIT * size
            line = _line_of(node, moved, flat=size == 0.0)
            judgement = judge(line, analytic, slack, SCHEMES["richardson"], resolution)
            if judgement.verdict == WRONG:
                impact = abs(adjoints[node] * (analytic - judgement.numeric))
                impact = math.inf if math.isnan(impact) else impact
                origin = origins.get(node, "")
                culprits.append(Culprit(node.op, node, moved[0], analytic, judgement.numeric, origin, impact))
            elif judgement.verdict == INCONCLUSIVE and not _is_flat(
                judgement, analytic, max(size, abs(line(0.0) / (line.at or 1.0))), resolution
            ):
                open_places.update(dict.fromkeys(moved, judgement.reason))
            else:
                open_places = {place: why for place, why in open_places.items() if place not in moved}
        if open_places:
            untold[node] = next(iter(open_places.values()))
    return Audit(sorted(culprits, key=lambda culprit: culprit.impact, reverse=True), untold)


def _is_flat(judgement: Judgement, analytic: float, size: float, resolution: float) -> bool:
    """Accept a derivative of zero if what differences leave open is tiny beside what it might be."""
    return judgement.reason == UNRESOLVED and analytic == 0.0 and judgement.error <= 0.01 * resolution * size


def _is_left_out(op: str, place: int) -> bool:
    """Tell whether an operand gets no gradient on purpose: the whole does not depend on it, or it is so asked for."""
    entry = TABLE[op]
    return entry.internal and entry.partials is not None and entry.partials[place : place + 1] == (None,)


def _places_to_move(node: Value, places: Sequence[int]) -> list[list[int]]:
    """List the operands one by one; equal ones also together, for by itself each may be at a kink, as in max(a, a)."""
    together: dict[float, list[int]] = {}
    for place in places:
        operand = node.operands[place]
        together.setdefault(operand.data if isinstance(operand, Value) else operand, []).append(place)
    return [*([place] for place in places), *(group for group in together.values() if len(group) > 1)]


def _partial_sums(node: Value) -> float:
    """Bound what an operation with many operands rounds in between."""
    if len(node.operands) <= 2:
        return 0.0
    return sum(abs(slope * parent.data) for slope, parent in zip(node.local_grads, node.parents, strict=True))


def _line_of(node: Value, places: Sequence[int], *, flat: bool) -> Line:
    """Make a function of one operand, at all these places, from the text of an operation's value."""
    op = TABLE[node.op]
    star = parameters(op)[0].kind == "star"
    data = [operand.data if isinstance(operand, Value) else operand for operand in node.operands]
    value = IEEE.value(node.op)

    def function(x: float) -> float:
        groups = group(op, [x if place in places else number for place, number in enumerate(data)])
        return float(value(*groups[0]) if star else value(*groups))

    between = _partial_sums(node)
    least = 0.0 if flat else SMALLEST  # a product with zero is exact

    def noise(offset: float) -> float:
        here = function(at + offset)
        return 2 * UNIT * (abs(here) + between) + least if math.isfinite(here) else 0.0

    at = data[places[0]]
    return Line(function, at, abs(at) or 1.0, noise, max(abs(at), 1.0) / 8)


# ---------------------------------------------------------------------- kinks


def find_kink(order_at: Callable[[float], list[Value]], start: float, finest: float) -> str:
    """
    Name the first operation in a graph that has a kink or a jump near by.

    Parameters
    ----------
    order_at
        Computes the graph at an offset along a line, and lists it in topological order; empty where it has no value.
    start, finest
        The largest and the smallest offset to look at.

    Returns
    -------
    str
        "" if there is none to be found.
    """
    here = order_at(0.0)
    near = finest
    while near <= start:
        around = [order_at(offset) for offset in (-32 * near, -near, near, 32 * near)]
        near *= 32
        if not all(around):
            continue
        if len({tuple(node.op for node in order) for order in [here, *around]}) > 1:
            return "f takes another path near by: the operations it applies are not the same on both sides"
        for node, *others in zip(here, *around, strict=True):
            if node.op and _is_bent(node.data, [other.data for other in others]):
                return f"kink, jump or sharp bend in reach: {name_of(node)}"
    return ""


def _is_bent(here: float, around: Sequence[float]) -> bool:
    """Tell a kink from four values around a point, two of them 32 times as far away."""
    far_below, below, above, far_above = around
    near, far = abs(above - 2 * here + below), abs(far_above - 2 * here + far_below) / 32
    rise = max(abs(above - here), abs(here - below))
    return near > 0.5 * far and near > 1e-3 * rise and near > 256 * UNIT * max(abs(here), abs(above), abs(below))


# ---------------------------------------------------------------------- where nodes were made


def with_origins(f: Callable[[], Any]) -> tuple[Any, dict[Value, str]]:
    """
    Call a function, and note which line of it made each node.

    Parameters
    ----------
    f
        The function.

    Returns
    -------
    result
        What the function returned.
    dict of Value to str
        For each node made meanwhile its source line; "" for those not made by a line outside this package.
    """
    noter = _Noter()
    with watching(noter):
        result = f()
    return result, noter.origins


class _Noter(Watcher):
    """Notes the line that made each node."""

    def __init__(self) -> None:
        self.origins: dict[Value, str] = {}

    def made(self, node: Value) -> Value:
        self.origins[node] = str(users_line(sys._getframe(1), stop=_CHECKING) or "")
        return node
