"""
What works in the process of a peer: it answers questions, one a line, in JSON.

``about``: what the peer is. ``prepare`` a task: the names of the ways in which it is done. ``result`` of one: its value
and gradient, in a file. ``time`` of one: seconds a run, the median over as many as fit in the time that is given.
"""

from __future__ import annotations

import importlib
import json
import math
import os
import statistics
import sys
import time
import traceback
from pathlib import Path


def pin(cores):
    """Keep to the last cores of those there are: the first one has the system's own work, if any has."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[-cores:])


def seconds_of(run, budget, clock):
    """Time a run: the median of samples of a millisecond or more, taken until the time is over."""
    start = clock()
    run()
    first = clock() - start
    count = max(1, math.ceil(1e-3 / max(first, 1e-9)))
    samples = [] if count > 1 else [first]
    until = time.perf_counter() + budget
    while not samples or time.perf_counter() < until:
        start = clock()
        for _ in range(count):
            run()
        samples.append((clock() - start) / count)
    return statistics.median(samples)


def main():
    """Answer until there are no more questions."""
    name, cores, cache = sys.argv[1], int(sys.argv[2]), Path(sys.argv[3])
    pin(cores)
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what libraries print is no answer
    import numpy as np
    import tasks

    peer = importlib.import_module(f"peers.{name}")
    runs = {}
    for line in sys.stdin:
        asked = json.loads(line)
        what, task = asked["what"], asked.get("task")
        try:
            if what == "about":
                answer = peer.about()
            elif what == "prepare":
                with np.load(cache / "data" / f"{task}.npz") as stored:
                    runs[task] = peer.prepare(task, dict(stored), cores, cache)
                answer = list(runs[task])
            elif what == "result":
                value, grad = runs[task][asked["way"]]()
                if isinstance(grad, list):  # of layers: weights and biases
                    grad = np.concatenate([np.column_stack(layer).ravel() for layer in grad])
                np.savez(asked["file"], value=np.asarray(value), grad=np.asarray(grad))
                answer = None
            elif what == "time":
                answer = seconds_of(runs[task][asked["way"]], asked["budget"], tasks.clock_of(asked["clock"]))
            elif what == "forget":
                runs.pop(task)
                answer = None
            else:  # something that this peer alone can do
                answer = getattr(peer, what)(**asked["given"])
        except Exception as error:  # noqa: BLE001 - the answer says what it was
            traceback.print_exc()
            reply = {"error": f"{type(error).__name__}: {error}"}
        else:
            reply = {"answer": answer}
        answers.write(json.dumps(reply) + "\n")
        answers.flush()


if __name__ == "__main__":
    main()
