"""
One digest of many values and gradients: it must be the same on every Python.

Run as a script it prints the Python it ran on and the digest. It needs the standard library and ``autograd`` alone, so
that it runs where nothing can be installed.

The graphs are random, but use only operations whose result IEEE 754 fixes to the bit. Functions of the C library (exp,
tanh, pow, ...) are left out: they differ in the last place from one library to the next.
"""

import hashlib
import math
import platform
import random
import struct
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import autograd
from autograd import Value, gradients

GRAPHS = 200
STEPS = 40  # nodes of a graph, about
MANY = 60  # terms of a sum: enough that a compensated sum, as the builtin is since 3.12, would round otherwise


class Chance:
    """Random choices made of ``random()`` alone: it is the one method that Python promises not to change."""

    def __init__(self, seed):
        self._random = random.Random(seed).random

    def number(self):
        return 4.0 * self._random() - 2.0

    def below(self, count):
        return int(self._random() * count)

    def one_of(self, items):
        return items[self.below(len(items))]

    def many_of(self, items):
        return [self.one_of(items) for _ in range(MANY)]


def where(chance, nodes):
    a, b, c, d = (chance.one_of(nodes) for _ in range(4))
    return autograd.where(a < b, c, d)


#: Each makes a node from those there are.
OPERATIONS = (
    lambda chance, nodes: chance.one_of(nodes) + chance.one_of(nodes),
    lambda chance, nodes: chance.one_of(nodes) - chance.one_of(nodes),
    lambda chance, nodes: chance.one_of(nodes) * chance.one_of(nodes),
    lambda chance, nodes: chance.one_of(nodes) / chance.one_of(nodes),
    lambda chance, nodes: -chance.one_of(nodes),
    lambda chance, nodes: chance.number() + chance.one_of(nodes),
    lambda chance, nodes: chance.one_of(nodes) - chance.number(),
    lambda chance, nodes: chance.number() * chance.one_of(nodes),
    lambda chance, nodes: chance.number() / chance.one_of(nodes),
    lambda chance, nodes: autograd.abs(chance.one_of(nodes)),
    lambda chance, nodes: autograd.sqrt(autograd.abs(chance.one_of(nodes))),
    lambda chance, nodes: autograd.relu(chance.one_of(nodes)),
    lambda chance, nodes: autograd.maximum(chance.one_of(nodes), chance.one_of(nodes), chance.number()),
    lambda chance, nodes: autograd.minimum(chance.one_of(nodes), chance.one_of(nodes)),
    where,
    lambda chance, nodes: autograd.sum(chance.many_of(nodes)),
    lambda chance, nodes: autograd.mean(chance.many_of(nodes)),
    lambda chance, nodes: autograd.dot(chance.many_of(nodes), chance.many_of(nodes), chance.one_of(nodes)),
    lambda chance, nodes: autograd.dot([chance.number() for _ in range(MANY)], chance.many_of(nodes)),
)


def graph(seed):
    """Make a graph: its leaves and its root."""
    chance = Chance(seed)
    leaves = [Value(chance.number()) for _ in range(6)]
    nodes = list(leaves)
    for _ in range(STEPS):
        try:
            node = chance.one_of(OPERATIONS)(chance, nodes)
        except ZeroDivisionError:
            continue
        if 1e-3 < abs(node.data) < 1e3:  # the bits of a nan are not fixed, so that nothing may come near to one
            nodes.append(node)
    return leaves, autograd.sum(nodes)


def numbers(seed):
    """Compute the value of a graph and its gradient, in both ways; of every tenth graph second derivatives too."""
    leaves, root = graph(seed)
    root.backward()
    first = gradients(root, leaves)
    second = gradients(autograd.dot([1.0, -2.0, 3.0, -4.0, 5.0, -6.0], first), leaves) if seed % 10 == 0 else []
    return [root.data, *(leaf.grad for leaf in leaves), *(node.data for node in (*first, *second))]


def digest():
    hashed = hashlib.sha256()
    for seed in range(GRAPHS):
        found = numbers(seed)
        if not all(map(math.isfinite, found)):
            msg = f"graph {seed} has numbers whose bits are not fixed: {found}"
            raise ArithmeticError(msg)
        hashed.update(struct.pack(f"<{len(found)}d", *found))
    return hashed.hexdigest()


if __name__ == "__main__":
    print(f"Python {platform.python_version()} on {platform.machine()}: {digest()}")  # noqa: T201 - a script prints
