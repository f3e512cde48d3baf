"""Networks by hand in NumPy: whole arrays, in place where that saves one."""

from __future__ import annotations

import numpy as np
from tasks import clock_of

_BLOCK = 512  # examples of which all arrays stay in the cache, and none is so large that memory is mapped anew


def about():
    """Say which version, and which kernels of BLAS."""
    from threadpoolctl import threadpool_info

    used = [
        f"{each['internal_api']} {each['version']} {each.get('architecture')}, {each['num_threads']} threads"
        for each in threadpool_info()
    ]
    return f"NumPy {np.__version__}, {'; '.join(used)}"


def prepare(task, data, _cores, _cache):
    """Give the ways in which a task is done."""
    kind = task.split()[0]
    if kind == "graph":
        return {}
    weights, biases = layers_of(data)
    run = moons if kind == "moons" else digits
    x, y = data["x"], data["y"]
    return {"NumPy": lambda: in_blocks(run, x, y, weights, biases)}


def layers_of(data):
    """Give the weights and the biases."""
    count = sum(name.startswith("weight") for name in data)
    return [data[f"weight{i}"] for i in range(count)], [data[f"bias{i}"] for i in range(count)]


def in_blocks(run, x, y, weights, biases):
    """Add up what blocks of the batch come to."""
    count = len(x)
    loss, grads = run(x[:_BLOCK], y[:_BLOCK], weights, biases)
    for start in range(_BLOCK, count, _BLOCK):
        more, others = run(x[start : start + _BLOCK], y[start : start + _BLOCK], weights, biases)
        loss += more
        for own, other in zip(grads, others):
            own[0] += other[0]
            own[1] += other[1]
    for own in grads:
        own[0] /= count
        own[1] /= count
    return loss / count, grads


def moons(x, y, weights, biases):
    """[2, 16, 16, 1] with tanh, and squared errors: sums over the examples."""
    ones = np.ones(len(x))  # a product with it is quicker than a sum over an axis
    first = x @ weights[0].T.copy()  # as is a product with rows that lie together
    first += biases[0]
    np.tanh(first, out=first)
    second = first @ weights[1].T.copy()
    second += biases[1]
    np.tanh(second, out=second)
    error = second @ weights[2][0]
    error += biases[2]
    error -= y
    loss = error @ error
    error *= 2.0
    last = [(error @ second)[None], error.sum(keepdims=True)]
    slopes = error[:, None] * weights[2]
    second *= second
    np.subtract(1.0, second, out=second)
    slopes *= second
    middle = [slopes.T @ first, ones @ slopes]
    slopes = slopes @ weights[1]
    first *= first
    np.subtract(1.0, first, out=first)
    slopes *= first
    return loss, [[slopes.T @ x, ones @ slopes], middle, last]


def digits(x, y, weights, biases):
    """[64, 30, 10] with relu, and cross-entropy: sums over the examples."""
    rows, ones = np.arange(len(x)), np.ones(len(x))
    hidden = x @ weights[0].T.copy()
    hidden += biases[0]
    np.maximum(hidden, 0.0, out=hidden)
    logits = hidden @ weights[1].T.copy()
    logits += biases[1]
    logits -= logits.max(axis=1, keepdims=True)
    loss = -logits[rows, y].sum()
    np.exp(logits, out=logits)
    totals = logits.sum(axis=1, keepdims=True)
    loss += np.log(totals).sum()
    logits /= totals
    logits[rows, y] -= 1.0
    below = logits @ weights[1]
    below *= hidden > 0.0
    return loss, [[below.T @ x, ones @ below], [logits.T @ hidden, ones @ logits]]


class Epoch:
    """Epochs of gradient descent on the digits, with the mean loss and the accuracy, as `nn.fit` has them."""

    def __init__(self, data, batch, rate):
        self.x, self.y, self.batch, self.rate = data["x"], data["y"], batch, rate
        weights, self.biases = layers_of(data)
        self.weights = [np.ascontiguousarray(each.T) for each in weights]

    def __call__(self):
        """Train for an epoch; give the mean loss and the accuracy over its mini-batches as they come."""
        (first, second), (bias, last_bias) = self.weights, self.biases
        count, rate = len(self.y), self.rate
        order = np.arange(count)
        loss, right = 0.0, 0
        for start in range(0, count, self.batch):
            places = order[start : start + self.batch]
            x, y = self.x[places], self.y[places]
            rows = np.arange(len(y))
            hidden = np.maximum(x @ first + bias, 0.0)
            logits = hidden @ second + last_bias
            shifted = logits - logits.max(axis=1, keepdims=True)
            powers = np.exp(shifted)
            totals = powers.sum(axis=1, keepdims=True)
            loss += (np.log(totals[:, 0]) - shifted[rows, y]).sum()
            right += (logits.argmax(axis=1) == y).sum()
            slopes = powers / totals
            slopes[rows, y] -= 1.0
            slopes /= len(y)
            below = (slopes @ second.T) * (hidden > 0)
            second -= rate * (hidden.T @ slopes)
            last_bias -= rate * slopes.sum(axis=0)
            first -= rate * (x.T @ below)
            bias -= rate * below.sum(axis=0)
        return loss / count, right / count


def epochs(path, count, batch, rate, clock):
    """Time epochs from the start: the seconds of each, and the loss and the accuracy of the last."""
    with np.load(path) as data:
        train = Epoch(dict(data), batch, rate)
    now = clock_of(clock)
    seconds = []
    for _ in range(count):
        start = now()
        loss, accuracy = train()
        seconds.append(now() - start)
    return {"seconds": seconds, "loss": float(loss), "accuracy": float(accuracy)}
