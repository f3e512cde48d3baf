"""
A Value in the style of microgpt, and a training step of a small transformer in its style, for any kind of Value.

Written for this comparison after the design of Andrej Karpathy's microgpt.py: slots, a tuple of children, a tuple of
local gradients, a recursive sweep; one token at a time through embedding, RMSNorm, causal attention, and a relu MLP.
"""

from __future__ import annotations

import math


class Scalar:
    __slots__ = ("children", "data", "grad", "local_grads")

    def __init__(self, data, children=(), local_grads=()):
        self.data = data
        self.grad = 0
        self.children = children
        self.local_grads = local_grads

    def __add__(self, other):
        other = other if isinstance(other, Scalar) else Scalar(other)
        return Scalar(self.data + other.data, (self, other), (1, 1))

    def __mul__(self, other):
        other = other if isinstance(other, Scalar) else Scalar(other)
        return Scalar(self.data * other.data, (self, other), (other.data, self.data))

    def __pow__(self, other):
        return Scalar(self.data**other, (self,), (other * self.data ** (other - 1),))

    def log(self):
        return Scalar(math.log(self.data), (self,), (1 / self.data,))

    def exp(self):
        return Scalar(math.exp(self.data), (self,), (math.exp(self.data),))

    def relu(self):
        return Scalar(max(0, self.data), (self,), (float(self.data > 0),))

    def __neg__(self):
        return self * -1

    def __radd__(self, other):
        return self + other

    def __sub__(self, other):
        return self + (-other)

    def __rsub__(self, other):
        return other + (-self)

    def __rmul__(self, other):
        return self * other

    def __truediv__(self, other):
        return self * other**-1

    def __rtruediv__(self, other):
        return other * self**-1

    def backward(self):
        order, seen = [], set()

        def visit(node):
            if node not in seen:
                seen.add(node)
                for child in node.children:
                    visit(child)
                order.append(node)

        visit(self)
        self.grad = 1
        for node in reversed(order):
            for child, local in zip(node.children, node.local_grads):
                child.grad += local * node.grad


WIDTH, HEADS, VOCABULARY = 16, 4, 27
TOKENS = [(7 * place) % VOCABULARY for place in range(10)]  # a document; what it says does not matter to the time


class Transformer:
    """One layer; `kind` is the class of its numbers."""

    def __init__(self, kind, rng, block=10):
        def matrix(rows, columns):
            return [[kind(rng.gauss(0, 0.08)) for _ in range(columns)] for _ in range(rows)]

        self.tokens, self.places = matrix(VOCABULARY, WIDTH), matrix(block, WIDTH)
        self.query, self.key, self.value, self.out = (matrix(WIDTH, WIDTH) for _ in range(4))
        self.wide, self.narrow = matrix(4 * WIDTH, WIDTH), matrix(WIDTH, 4 * WIDTH)
        self.head = matrix(VOCABULARY, WIDTH)
        matrices = [*vars(self).values()]
        self.parameters = [p for each in matrices for row in each for p in row]

    def logits(self, token, place, keys, values):
        x = normed([t + p for t, p in zip(self.tokens[token], self.places[place])])
        before, x = x, normed(x)
        query = linear(x, self.query)
        keys.append(linear(x, self.key))
        values.append(linear(x, self.value))
        attended = []
        size = WIDTH // HEADS
        for start in range(0, WIDTH, size):
            part = slice(start, start + size)
            scores = [sum(q * k for q, k in zip(query[part], key[part])) / size**0.5 for key in keys]
            weights = softmax(scores)
            attended += [sum(w * v[j] for w, v in zip(weights, values)) for j in range(start, start + size)]
        x = [a + b for a, b in zip(linear(attended, self.out), before)]
        before, x = x, normed(x)
        x = linear([h.relu() for h in linear(x, self.wide)], self.narrow)
        return linear([a + b for a, b in zip(x, before)], self.head)


def linear(x, weights):
    return [sum(w * each for w, each in zip(row, x)) for row in weights]


def softmax(logits):
    top = max(each.data for each in logits)
    exponentials = [(each - top).exp() for each in logits]
    total = sum(exponentials)
    return [each / total for each in exponentials]


def normed(x):
    scale = (sum(each * each for each in x) / len(x) + 1e-5) ** -0.5
    return [each * scale for each in x]


def loss_of(model, tokens):
    """Give the mean loss of a document."""
    keys, values, losses = [], [], []
    for place, (token, target) in enumerate(zip(tokens, tokens[1:])):
        losses.append(-softmax(model.logits(token, place, keys, values))[target].log())
    return (1 / len(losses)) * sum(losses)


def step(model):
    """Forward, backward, and an update of plain gradient descent; give the loss."""
    loss = loss_of(model, TOKENS)
    loss.backward()
    for p in model.parameters:
        p.data -= 0.01 * p.grad
        p.grad = 0
    return loss


def count(root, parents):
    """Count the nodes behind a root."""
    seen, stack = {root}, [root]
    while stack:
        for parent in getattr(stack.pop(), parents):
            if parent not in seen:
                seen.add(parent)
                stack.append(parent)
    return len(seen)
