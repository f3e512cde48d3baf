"""
Training microgpt's transformer: on a microgpt-style Value, and here through programs and node by node, in one run.

Run it with ``python benchmarks/gpt.py``; ``--data FILE`` takes other names than made-up ones, one a line. Both sides
train the same sizes, 4,192 parameters, on the same documents, a document a step, by Adam. What programs take includes
recording and all that is compiled. The microgpt-style Value takes some of the steps alone, spread over the run and each
timed beside ours, and its time for all of them is taken from their mean.
"""

from __future__ import annotations

import argparse
import gc
import random
import statistics
import time
from pathlib import Path

import microgpt

import nn

RATE, BETA1, BETA2, EPS = 0.01, 0.85, 0.99, 1e-8
BLOCK = 16


class Adam:
    """The update, parameter by parameter, as a program without libraries has it."""

    def __init__(self, parameters):
        self.parameters = parameters
        self.m, self.v = [0.0] * len(parameters), [0.0] * len(parameters)

    def step(self, t, rate):
        for i, p in enumerate(self.parameters):
            self.m[i] = BETA1 * self.m[i] + (1 - BETA1) * p.grad
            self.v[i] = BETA2 * self.v[i] + (1 - BETA2) * p.grad**2
            p.data -= rate * (self.m[i] / (1 - BETA1**t)) / ((self.v[i] / (1 - BETA2**t)) ** 0.5 + EPS)
            p.grad = 0


def documents_of(path, count, rng):
    """Read names, or make some up of the lengths that names have."""
    if path is None:
        letters = "abcdefghijklmnopqrstuvwxyz"
        lengths = rng.choices(range(2, 13), [1, 3, 8, 20, 26, 21, 11, 5, 3, 1, 1], k=count)
        return ["".join(rng.choices(letters, k=length)) for length in lengths]
    names = [line.strip().lower() for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    rng.shuffle(names)
    return names[:count]


def time_of(function, *arguments, **options):
    gc.collect()
    start = time.perf_counter()
    out = function(*arguments, **options)
    return time.perf_counter() - start, out


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, help="a file of names, one a line")
    parser.add_argument("--steps", type=int, default=1000)
    parser.add_argument("--sample", type=int, default=30, help="steps that the microgpt-style Value takes (default 30)")
    parser.add_argument("--eager", action="store_true", help="train node by node too")
    given = parser.parse_args()
    rng = random.Random(42)
    documents = documents_of(given.data, given.steps, rng)
    characters = nn.Characters(documents)
    tokens = [characters.encode(document) for document in documents]
    print(f"{len(documents):,} documents of {statistics.mean(map(len, documents)):.2f} characters, at most "
          f"{max(map(len, documents))}; {len(characters)} tokens")  # fmt: skip

    microgpt.VOCABULARY = len(characters)
    theirs = microgpt.Transformer(microgpt.Scalar, random.Random(0), BLOCK)
    adam = Adam(theirs.parameters)

    def step(t, document):
        microgpt.loss_of(theirs, document).backward()
        adam.step(t, RATE * (1 - t / given.steps))

    def train(*, programs):
        return nn.fit_documents(model(), tokens, steps=given.steps, shuffle=False, programs=programs, progress=False)

    def model():
        return nn.GPT(len(characters), block_size=BLOCK, seed=0)

    assert len(model().parameters()) == len(theirs.parameters)
    chosen = tokens[:: max(1, len(tokens) // given.sample)][: given.sample]
    half = len(chosen) // 2
    times = [time_of(step, 1 + i, document)[0] for i, document in enumerate(chosen[:half])]
    seconds, history = time_of(train, programs=True)  # in the middle, so that both have the same machine
    times += [time_of(step, 1 + half + i, document)[0] for i, document in enumerate(chosen[half:])]
    assert history.engine == "programs"
    whole = statistics.mean(times) * given.steps
    print(
        f"microgpt-style Value  {whole:9.2f} s for {given.steps:,} steps, from {len(times)} of {statistics.mean(times):.3f} s"
    )
    print(f"through programs      {seconds:9.2f} s, recording and compiling included")
    print(f"ratio                 {whole / seconds:9.0f}")
    again, _ = time_of(train, programs=True)
    print(f"once more             {again:9.2f} s; ratio {whole / again:.0f}")
    if given.eager:
        seconds, slow = time_of(train, programs=False)
        far = max(abs(a - b) for a, b in zip(history["loss"], slow["loss"]))
        print(
            f"node by node          {seconds:9.2f} s; ratio {whole / seconds:.0f}; losses differ by {far:.1e} at most"
        )


if __name__ == "__main__":
    main()
