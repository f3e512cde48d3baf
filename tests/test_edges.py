"""
Values, exceptions and derivatives at the edges, from `data/edges.txt`: for floats, for Values and in IEEE arithmetic.

The file says how its lines were made; they are not made from the table.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import NamedTuple

import pytest
from test_accuracy import DEFINITIONS, ELEMENTARY, PYTHON, Point, ones, outcome, shaken, value

from autograd import Value
from autograd.ops import TABLE
from autograd.rules import ieee_operation

COMMON = [-1.3, 0.49, 0.99, 1.01, 0.0, -0.0, math.inf, -math.inf, math.nan]
COMMON += [5e-324, -5e-324, 1e-310, -1e-310, 1e300, -1e300, 1e-300, -1e-300]
EXCEPTIONS = {kind.__name__: kind for kind in (IndexError, OverflowError, ValueError, ZeroDivisionError)}


class Edge(NamedTuple):
    """A line of the file."""

    label: str
    name: str
    arguments: tuple[float, ...]
    value: float | None
    derivatives: tuple[float, ...]
    exception: type[Exception] | None


def read() -> list[Edge]:
    edges = []
    for line in (Path(__file__).parent / "data" / "edges.txt").read_text(encoding="utf-8").splitlines():
        text = line.partition("--")[0].strip()
        if text:
            left, right = text.split(" -> ")
            label, name, *arguments = left.split()
            first, *rest = right.split()
            exception = EXCEPTIONS.get(first)
            numbers = tuple(map(float, rest if exception else [first, *rest]))
            edges.append(
                Edge(label, name, tuple(map(float, arguments)), *(numbers[:1] or (None,)), numbers[1:], exception)
            )
    return edges


EDGES = read()


def same(found: float, right: float, units: float) -> bool:
    """Compare up to some units in the last place."""
    if right != right or math.isinf(right):
        return found == right or (found != found and right != right)
    return abs(found - right) <= units * math.ulp(right)


def checked(edge: Edge, leaves: list[Value], out) -> None:
    number = out.data if isinstance(out, Value) else out
    units = 2.0 if edge.name in PYTHON else 8.0  # another C library may round another way
    assert same(number, edge.value, units), (edge, number)
    assert math.copysign(1.0, number) == math.copysign(1.0, edge.value) or number != number, (edge, number)
    if isinstance(out, Value) and out not in leaves:
        out.backward()
    units = 4.0 if edge.name in ELEMENTARY else 8.0
    for place, (leaf, right) in enumerate(zip(leaves, edge.derivatives, strict=True)):
        if not same(leaf.grad, right, units) and edge.name not in ELEMENTARY:
            units += 8.0 * float(shaken(Point(edge.name, edge.arguments), ones(edge.name, place))) / math.ulp(right)
        assert same(leaf.grad, right, units), (edge, place, leaf.grad)


def test_labels_are_unique_and_every_operation_is_at_every_common_edge():
    assert len({edge.label for edge in EDGES}) == len(EDGES)
    public = {op.name for op in TABLE.values() if not op.internal}
    assert {edge.name for edge in EDGES} == public
    for name in public:
        for place in COMMON:
            assert any(repr(place) in map(repr, edge.arguments) for edge in EDGES if edge.name == name), (name, place)


@pytest.mark.parametrize("edge", EDGES, ids=lambda edge: edge.label)
def test_values(edge):
    leaves = [Value(argument) for argument in edge.arguments]
    if edge.exception:
        with pytest.raises(edge.exception):
            value(edge.name)(*leaves)
    else:
        checked(edge, leaves, value(edge.name)(*leaves))


@pytest.mark.parametrize("edge", EDGES, ids=lambda edge: edge.label)
def test_plain_floats(edge):
    if TABLE[edge.name].by_hand:
        return  # they are Python's own
    if edge.exception:
        with pytest.raises(edge.exception):
            value(edge.name)(*edge.arguments)
        return
    out = value(edge.name)(*edge.arguments)
    assert type(out) is float
    checked(edge._replace(derivatives=()), [], out)


@pytest.mark.parametrize("edge", EDGES, ids=lambda edge: edge.label)
def test_ieee_arithmetic(edge):
    leaves = [Value(argument) for argument in edge.arguments]
    out = value(edge.name, ieee_operation)(*leaves)
    if edge.exception:
        assert same(out.data, edge.value, 0.0), out.data
    else:
        checked(edge, leaves, out)


@pytest.mark.parametrize("edge", [edge for edge in EDGES if edge.name in PYTHON], ids=lambda edge: edge.label)
def test_the_file_is_what_python_says(edge):
    found = outcome(PYTHON[edge.name], *edge.arguments)
    if edge.exception:
        assert found is edge.exception
    else:
        assert same(float.fromhex(found), edge.value, 2.0), found


def test_every_definition_is_at_the_edges():
    assert {name for name in DEFINITIONS if not TABLE[name].internal} == {edge.name for edge in EDGES}
