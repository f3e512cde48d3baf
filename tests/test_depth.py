"""Graphs of a million nodes: nothing recurses, whatever their form."""

import copy
import pickle
import sys
import tracemalloc

import pytest

import autograd
from autograd import Value, gradients, topological_order

MILLION = 10**6
pytestmark = pytest.mark.no_cover


def left_nested(x, n):
    for _ in range(n):
        x = x + 1.0
    return x


def right_nested(x, n):
    one = Value(1.0)
    for _ in range(n):
        x = one + x
    return x


def doubled(x, n):
    for _ in range(n):
        x = x * x
    return x


def ladder(x, n):
    y = x
    for _ in range(n // 2):
        x, y = x + y, x - y
    return x + y


def through_sums(x, n):
    for _ in range(n):
        x = autograd.sum([x, 1.0, x])
    return x


def through_choices(x, n):
    for _ in range(n):
        x = autograd.where(1, x, 0.0)
    return x


SHAPES = {
    left_nested: 1.0,
    right_nested: 1.0,
    doubled: 0.0,
    ladder: None,
    through_sums: None,
    through_choices: 1.0,
}


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.__name__)
def test_a_million_nodes_build_sweep_print_and_die(shape):
    limit = sys.getrecursionlimit()
    x = Value(0.0)
    y = shape(x, MILLION)
    y.backward()
    if SHAPES[shape] is not None:
        assert x.grad == SHAPES[shape]
    assert len(repr(y)) < 100
    y.zero_grad()
    del y
    assert x.grad == 0.0
    assert sys.getrecursionlimit() == limit


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.__name__)
@pytest.mark.parametrize("duplicate", [copy.deepcopy, lambda node: pickle.loads(pickle.dumps(node))])
def test_deep_graphs_copy_and_pickle(shape, duplicate):
    n = 20_000
    x = Value(0.0)
    y = shape(x, n)
    twin = duplicate(y)
    assert len(topological_order(twin)) == len(topological_order(y))
    twin.backward()
    assert x.grad == 0.0


@pytest.mark.slow
@pytest.mark.parametrize("shape", [left_nested, right_nested, through_sums], ids=lambda shape: shape.__name__)
@pytest.mark.parametrize("duplicate", [copy.deepcopy, lambda node: pickle.loads(pickle.dumps(node))])
def test_a_million_nodes_copy_and_pickle(shape, duplicate):
    twin = duplicate(shape(Value(0.0), MILLION))
    assert len(topological_order(twin)) >= MILLION


def test_a_long_list_of_nodes_is_copied_in_linear_time():
    nodes = [Value(0.0)]
    for _ in range(20_000):
        nodes.append(nodes[-1] + 1.0)
    twins = copy.deepcopy(nodes)
    assert twins[-1].parents == (twins[-2],)


def test_gradients_of_a_deep_graph():
    x = Value(1.0)
    y = left_nested(x, 50_000)
    assert gradients(y * y, x).data == 2 * y.data


def test_a_binary_node_takes_at_most_130_bytes():
    a, b = Value(1.5), Value(2.5)
    nodes = [None] * 10_000
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        for i in range(len(nodes)):
            nodes[i] = a * b
        assert (tracemalloc.get_traced_memory()[0] - before) / len(nodes) <= 130
    finally:
        tracemalloc.stop()
