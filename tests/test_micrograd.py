"""Scripts written for micrograd, or for a microgpt-style Value, run after changing their import."""

import math
import random

import numpy as np
import pytest

import nn
from autograd import Value
from nn import MLP, Layer, Module, Neuron


def test_micrograds_first_published_expression():
    x = Value(-4.0)
    z = 2 * x + 2 + x
    q = z.relu() + z * x
    h = (z * z).relu()
    y = h + q + q * x
    y.backward()
    assert (y.data, x.grad) == (-20.0, 46.0)


def test_micrograds_second_published_expression():
    a = Value(-4.0)
    b = Value(2.0)
    c = a + b
    d = a * b + b**3
    c += c + 1
    c += 1 + c + (-a)
    d += d * 2 + (b + a).relu()
    d += 3 * d + (b - a).relu()
    e = c - d
    f = e**2
    g = f / 2.0
    g += 10.0 / f
    g.backward()
    assert f"{g.data:.4f}" == "24.7041"
    assert f"{a.grad:.4f}" == "138.8338"
    assert f"{b.grad:.4f}" == "645.5773"


def test_its_graph_can_be_traced_as_its_notebook_does():
    def trace(root):
        nodes, edges = set(), set()

        def build(v):
            if v not in nodes:
                nodes.add(v)
                for child in v._prev:
                    edges.add((child, v))
                    build(child)

        build(root)
        return nodes, edges

    neuron = Neuron(2)
    y = neuron([Value(1.0), Value(-2.0)])
    nodes, edges = trace(y)
    assert y in nodes
    assert len(edges) >= 5
    assert {node._op for node in nodes} == {"", "·", "ReLU"}


def test_its_moons_demo_learns():
    np.random.seed(1337)  # noqa: NPY002 - as the demo does
    random.seed(1337)
    make_moons = pytest.importorskip("sklearn.datasets", reason="needs scikit-learn").make_moons
    points, y = make_moons(n_samples=100, noise=0.1)
    y = y * 2 - 1
    model = MLP(2, [16, 16, 1])
    assert len(model.parameters()) == 337

    def loss():
        inputs = [list(map(Value, xrow)) for xrow in points]
        scores = list(map(model, inputs))
        losses = [(1 + -yi * scorei).relu() for yi, scorei in zip(y, scores)]
        data_loss = sum(losses) * (1.0 / len(losses))
        alpha = 1e-4
        reg_loss = alpha * sum(p * p for p in model.parameters())
        total_loss = data_loss + reg_loss
        accuracy = [(yi > 0) == (scorei.data > 0) for yi, scorei in zip(y, scores)]
        return total_loss, sum(accuracy) / len(accuracy)

    published = {0: 0.8958441028683222}
    for k in range(8):
        total_loss, acc = loss()
        model.zero_grad()
        total_loss.backward()
        learning_rate = 1.0 - 0.9 * k / 100
        for p in model.parameters():
            p.data -= learning_rate * p.grad
        if k in published:
            assert total_loss.data == pytest.approx(published[k], rel=1e-9)
    assert total_loss.data < 0.35
    assert acc > 0.8


@pytest.mark.slow
def test_its_moons_demo_follows_its_published_losses_to_the_end():
    np.random.seed(1337)  # noqa: NPY002 - as the demo does
    random.seed(1337)
    make_moons = pytest.importorskip("sklearn.datasets", reason="needs scikit-learn").make_moons
    points, y = make_moons(n_samples=100, noise=0.1)
    model = MLP(2, [16, 16, 1])
    optimizer = nn.SGD(model.parameters(), lr=1.0)
    seen = []
    for k in range(100):
        loss = nn.hinge(model(points), y * 2 - 1) + nn.l2_penalty(model, 1e-4)
        optimizer.zero_grad()
        loss.backward()
        optimizer.lr = 1.0 - 0.9 * k / 100
        optimizer.step()
        seen.append(loss.data)
    assert seen[0] == pytest.approx(0.8958441028683222, rel=1e-9)
    assert seen[99] == pytest.approx(0.010978370135492717, rel=1e-9)


def test_a_microgpt_style_script_learns():
    """Embeddings, attention, RMSNorm and a softmax, written with nothing but Values, lists and operators."""
    rng = random.Random(0)
    text = "abab" * 4
    vocabulary = sorted(set(text))
    size = 4

    def matrix(nout, nin):
        return [[Value(rng.gauss(0, 0.3)) for _ in range(nin)] for _ in range(nout)]

    state = {name: matrix(size, size) for name in ("wq", "wk", "wv", "wo", "fc1", "fc2")}
    state["wte"], state["head"] = matrix(len(vocabulary), size), matrix(len(vocabulary), size)
    params = [p for mat in state.values() for row in mat for p in row]

    def linear(x, w):
        return [sum(wi * xi for wi, xi in zip(wo, x)) for wo in w]

    def softmax(logits):
        max_val = max(val.data for val in logits)
        exps = [(val - max_val).exp() for val in logits]
        total = sum(exps)
        return [e / total for e in exps]

    def rmsnorm(x):
        ms = sum(xi * xi for xi in x) / len(x)
        scale = (ms + 1e-5) ** -0.5
        return [xi * scale for xi in x]

    def step(tokens):
        keys, values, losses = [], [], []
        for pos in range(len(tokens) - 1):
            x = rmsnorm(state["wte"][tokens[pos]])
            q = linear(x, state["wq"])
            keys.append(linear(x, state["wk"]))
            values.append(linear(x, state["wv"]))
            attn = softmax([sum(a * b for a, b in zip(q, k)) / size**0.5 for k in keys])
            out = [sum(attn[t] * values[t][j] for t in range(len(values))) for j in range(size)]
            x = [a + b for a, b in zip(x, linear(out, state["wo"]))]
            hidden = [xi.relu() for xi in linear(rmsnorm(x), state["fc1"])]
            x = [a + b for a, b in zip(x, linear(hidden, state["fc2"]))]
            probs = softmax(linear(x, state["head"]))
            losses.append(-probs[tokens[pos + 1]].log())
        return (1 / len(losses)) * sum(losses)

    tokens = [vocabulary.index(c) for c in text]
    m, v = [0.0] * len(params), [0.0] * len(params)
    first = None
    for k in range(40):
        loss = step(tokens)
        first = first or loss.data
        loss.backward()
        for i, p in enumerate(params):
            m[i] = 0.85 * m[i] + 0.15 * p.grad
            v[i] = 0.99 * v[i] + 0.01 * p.grad**2
            m_hat = m[i] / (1 - 0.85 ** (k + 1))
            v_hat = v[i] / (1 - 0.99 ** (k + 1))
            p.data -= 0.05 * m_hat / (v_hat**0.5 + 1e-8)
            p.grad = 0
    assert first > math.log(2)
    assert loss.data < 0.01


def test_its_classes_are_here():
    layer = Layer(2, 3)
    assert isinstance(layer, Module)
    assert len(layer.parameters()) == 9
