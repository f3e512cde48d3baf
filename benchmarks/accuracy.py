"""
One table: what networks learn of each data set, over several seeds.

Run it with ``python benchmarks/accuracy.py``. The recipes are those of ``chainrule train``. A fifth of each class is
held out; the seed decides the data that are made up, the split, the weights and the order of the examples. The number
of epochs is fixed beforehand: what is held out is looked at once, after the last one.
"""

from __future__ import annotations

import argparse
import statistics
import time

from nn.commands.recipes import RECIPES
from nn.commands.training import train_by


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", nargs="*", default=list(RECIPES), help=", ".join(RECIPES))
    parser.add_argument("--seeds", type=int, default=5, help="how many, from 0 on (default 5)")
    given = parser.parse_args()
    for name in given.data:
        recipe = RECIPES[name]
        train, held_out = [], []
        print(
            f"{name}: hidden {recipe.hidden}, {recipe.activation}, {recipe.optimizer} {recipe.lr:g}, "
            f"{recipe.epochs} epochs in mini-batches of {recipe.batch_size}"
        )
        for seed in range(given.seeds):
            start = time.perf_counter()
            result = train_by(name, recipe, seed, progress=False)
            seconds = time.perf_counter() - start
            train.append(100 * result.train_accuracy)
            held_out.append(100 * result.held_out_accuracy)
            sizes = f"{len(result.split.train_targets)} / {len(result.split.held_out_targets)}"
            print(
                f"  seed {seed}: {sizes} examples, {train[-1]:.2f} % on what it was trained on, {held_out[-1]:.2f} % "
                f"held out, {seconds:.0f} s",
                flush=True,
            )
        print(f"  mean: {statistics.mean(train):.2f} % trained on, {statistics.mean(held_out):.2f} % held out\n")


if __name__ == "__main__":
    main()
