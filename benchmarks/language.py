"""
How well the GPT foretells names that it was not trained on, beside counted pairs of characters, over several seeds.

Run it with ``python benchmarks/language.py``; it needs ``pip install 'chainrule[names]'``, or ``--data FILE`` with
names of your own. The settings are those of ``chainrule train names``, fixed beforehand: a tenth of the names is held
out, and looked at once, at the end. A loss is the mean of -log of the probability of a character, or of a name's end;
the counts have one added (add-one smoothing).
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from pathlib import Path

from nn.commands.names import names_in, names_of_package, train_on_names


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, help="a file of names, one a line")
    parser.add_argument("--steps", type=int, default=2000)
    parser.add_argument("--seeds", type=int, default=3, help="how many, from 0 on (default 3)")
    given = parser.parse_args()
    names = names_of_package() if given.data is None else names_in(given.data, 16)
    print(f"{len(names):,} names, {given.steps:,} steps of 8")
    ours, counted = [], []
    for seed in range(given.seeds):
        start = time.perf_counter()
        result = train_on_names(names, steps=given.steps, seed=seed, progress=False)
        ours.append(result.loss)
        counted.append(result.bigram_loss)
        print(
            f"  seed {seed}: held-out loss {ours[-1]:.4f}, of counted pairs {counted[-1]:.4f}, by "
            f"{result.history.engine}, {time.perf_counter() - start:.1f} s",
            flush=True,
        )
    print(f"  mean: {statistics.mean(ours):.4f}, of counted pairs {statistics.mean(counted):.4f}")
    if statistics.mean(ours) >= statistics.mean(counted):
        sys.exit("the GPT must beat counted pairs")


if __name__ == "__main__":
    main()
