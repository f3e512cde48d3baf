"""
One epoch of the digits through `nn.fit`, beside the same by hand in NumPy: ``python benchmarks/digits_epoch.py``.

The network is [64, 30, 10] with relu and cross-entropy, in mini-batches of 10, by gradient descent. Both sides compute
the mean loss and the accuracy over the mini-batches as they come. They take turns, in one process, on one core; an
epoch of `fit` is what passes between two calls of `on_epoch`. It fails if `fit` did without programs, or if the two
sides do not come to the same loss.
"""

from __future__ import annotations

import math
import os
import statistics
import time

os.environ |= {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}

import numpy as np

import nn

EPOCHS, BATCH, RATE = 12, 10, 0.1


class Watch(nn.Callback):
    """Notes when epochs end, and has NumPy take its turn."""

    def __init__(self, other):
        self.other, self.epochs, self.others = other, [], []
        self.began = None

    def on_start(self, _run):
        """Begin."""
        self.began = time.perf_counter()

    def on_epoch(self, _run):
        """Note the time, and give the other side its turn."""
        now = time.perf_counter()
        self.epochs.append(now - self.began)
        self.other()
        self.began = time.perf_counter()
        self.others.append(self.began - now)


Watch.__module__ = "nn.watch"  # it changes nothing: `fit` need not try programs anew in each epoch


class ByHand:
    """The same network in NumPy."""

    def __init__(self, model, inputs, targets):
        self.first, self.second = (
            np.array([[w.data for w in row] for row in layer.weight]).T for layer in model.layers
        )
        self.bias, self.last_bias = (np.array([b.data for b in layer.bias]) for layer in model.layers)
        self.inputs, self.targets = np.array(inputs), np.array(targets)
        self.losses = []

    def __call__(self):
        """Train for an epoch."""
        count = len(self.targets)
        order = np.arange(count)
        loss, right = 0.0, 0
        for start in range(0, count, BATCH):
            places = order[start : start + BATCH]
            x, t = self.inputs[places], self.targets[places]
            rows = np.arange(len(t))
            hidden = np.maximum(x @ self.first + self.bias, 0.0)
            logits = hidden @ self.second + self.last_bias
            shifted = logits - logits.max(axis=1, keepdims=True)
            powers = np.exp(shifted)
            totals = powers.sum(axis=1, keepdims=True)
            loss += (np.log(totals[:, 0]) - shifted[rows, t]).sum()
            right += (logits.argmax(axis=1) == t).sum()
            slopes = powers / totals
            slopes[rows, t] -= 1.0
            slopes /= len(t)
            below = (slopes @ self.second.T) * (hidden > 0)
            self.second -= RATE * (hidden.T @ slopes)
            self.last_bias -= RATE * slopes.sum(axis=0)
            self.first -= RATE * (x.T @ below)
            self.bias -= RATE * below.sum(axis=0)
        self.losses.append((loss / count, right / count))


def main() -> None:
    """Time both sides."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    inputs, targets = nn.datasets.digits()
    model = nn.MLP(64, [30, 10], seed=0, init="kaiming_uniform")
    by_hand = ByHand(model, inputs, targets)
    watch = Watch(by_hand)
    began = time.perf_counter()
    history = nn.fit(model, inputs, targets, loss="cross_entropy", optimizer="sgd", lr=RATE, epochs=EPOCHS,
                     batch_size=BATCH, shuffle=False, progress=False, callbacks=[watch], programs=True)  # fmt: skip
    whole = time.perf_counter() - began - sum(watch.others)
    for ours, theirs in zip(history["loss"], by_hand.losses, strict=True):
        assert math.isclose(ours, theirs[0], rel_tol=1e-6), (ours, theirs)
    ours, theirs = (1e3 * statistics.median(times[2:]) for times in (watch.epochs, watch.others))
    print(f"{len(targets):,} digits in mini-batches of {BATCH}, {history.engine}: loss {history['loss'][-1]:.4f}")
    print(f"an epoch by nn.fit {ours:8.2f} ms, the first one {1e3 * watch.epochs[0]:.1f} ms")
    print(f"an epoch in NumPy  {theirs:8.2f} ms")
    print(f"ratio              {ours / theirs:8.2f}")
    print(
        f"all {EPOCHS} epochs, with checking and recording: {1e3 * whole:.0f} ms, {1e3 * whole / EPOCHS:.2f} an epoch"
    )


if __name__ == "__main__":
    main()
