"""
One table: micrograd, a microgpt-style Value, this engine in plain Python, and the native one.

Run it with ``python benchmarks/engines.py``, in an environment that has ``micrograd==0.1.0`` and an install with a C
compiler. Each engine lives in a process of its own, all on one core, and only one of them works at a time: each round
takes them in another order, and each turn begins with a step that is not counted, so that none is timed in what another
has left of the memory. Figures are medians over the rounds of the processor's time, with the cyclic garbage collector
on and off.

The steps are a training step of micrograd's moons demo (`moons.py`), neuron by neuron and, for ours, with ``nn.MLP``
too, and one of a small transformer in the style of microgpt (`microgpt.py`).
"""

from __future__ import annotations

import argparse
import gc
import importlib.metadata
import os
import platform
import random
import statistics
import subprocess
import sys
import time
import tracemalloc

ENGINES = {"micrograd 0.1.0": "", "microgpt-style Value": "", "ours, plain Python": "0", "ours, native": "1"}
BASES = {"moons": "micrograd 0.1.0", "nn.MLP": "micrograd 0.1.0", "microgpt": "microgpt-style Value"}


# ---------------------------------------------------------------------- in the process of an engine


def kind_of(engine):
    if engine.startswith("ours"):
        from autograd import Value
    elif engine.startswith("micrograd"):
        from micrograd.engine import Value
    else:
        from microgpt import Scalar as Value
    return Value


def tasks(engine):
    import microgpt
    import moons

    kind = kind_of(engine)
    points, labels = moons.moons(random.Random(1337))
    model = moons.Elementwise(kind, random.Random(1))
    found = {"moons": lambda: moons.step(kind, model, points, labels)}
    if engine.startswith("ours"):
        import nn

        mlp = nn.MLP(2, [16, 16, 1], seed=1)
        found["nn.MLP"] = lambda: moons.step(kind, mlp, points, labels)
    if not engine.startswith("micrograd"):  # which has no log
        transformer = microgpt.Transformer(kind, random.Random(0))
        found["microgpt"] = lambda: microgpt.step(transformer).data  # the graph ends with the step, as that of moons
        found["microgpt nodes"] = lambda: microgpt.count(
            microgpt.step(transformer), "parents" if engine.startswith("ours") else "children"
        )
    a, b, c = kind(1.5), kind(-0.5), kind(2.0)
    found["bytes"] = lambda: bytes_a_node(a, b)
    found["build"] = lambda: build(a, b, c)
    found["sweep"] = lambda: sweep(a, b)
    return found


def bytes_a_node(a, b):
    nodes = [None] * 10_000
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    for i in range(len(nodes)):
        nodes[i] = a * b
    size = (tracemalloc.get_traced_memory()[0] - before) / len(nodes)
    tracemalloc.stop()
    return size


def build(a, b, c, times=20_000):
    """Give the nanoseconds of ``a*b + c``, to make and to let go."""
    loop = range(times)
    start = time.process_time_ns()
    for _ in loop:
        a * b + c
    taken = time.process_time_ns() - start
    start = time.process_time_ns()
    for _ in loop:
        pass
    return (taken - (time.process_time_ns() - start)) / times


def sweep(a, b, count=20_000):
    """Give the nanoseconds of ``backward()`` for each node, on a graph that fits the processor's cache only partly."""
    nodes = [a, b]
    rng = random.Random(0)
    for _ in range(count):
        nodes.append(nodes[-1] * b + nodes[rng.randrange(max(0, len(nodes) - 100), len(nodes))])
    start = time.process_time_ns()
    nodes[-1].backward()
    return (time.process_time_ns() - start) / (2 * count)


def serve(engine):
    """Do what is asked for on each line, ``TASK,on|off,REPEATS``; answer with the median of seconds, or a figure."""
    sys.setrecursionlimit(10**6)
    if engine.startswith("ours"):
        import autograd

        native = engine.endswith("native")
        if native != autograd.NATIVE:
            sys.exit(f"{engine}: {autograd.WHY_NOT_NATIVE}")
    found = tasks(engine)
    print(*found, sep=",", flush=True)
    for line in sys.stdin:
        task, collector, repeats = line.rstrip("\n").split(",")
        (gc.enable if collector == "on" else gc.disable)()
        gc.collect()
        figures = []
        if task in BASES:
            found[task]()
        for _ in range(int(repeats)):
            start = time.process_time()
            figure = found[task]()
            figures.append(time.process_time() - start if task in BASES else figure)
        del figure
        print(statistics.median(figures), flush=True)


# ---------------------------------------------------------------------- the table


class Engine:
    def __init__(self, name):
        self.process = subprocess.Popen(
            [sys.executable, __file__, "--serve", name],
            env={**os.environ, "CHAINRULE_NATIVE": ENGINES[name] or "auto"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.tasks = self.process.stdout.readline().strip().split(",")

    def ask(self, task, collector="on", repeats=1):
        self.process.stdin.write(f"{task},{collector},{repeats}\n")
        self.process.stdin.flush()
        return float(self.process.stdout.readline())

    def end(self):
        self.process.stdin.close()
        self.process.wait()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=9, help="shuffled rounds over the engines")
    parser.add_argument("--repeats", type=int, default=3, help="steps of each engine in a round")
    parser.add_argument("--serve", choices=ENGINES, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.serve:
        serve(given.serve)
        return
    found = importlib.metadata.version("micrograd")
    if found != "0.1.0":
        sys.exit(f"the table is about micrograd 0.1.0, but {found} is installed")
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    engines = {name: Engine(name) for name in ENGINES}
    print(f"CPython {platform.python_version()}, one core, medians of {given.rounds} rounds of {given.repeats}")
    times = measured(engines, given.rounds, given.repeats)
    for task, base in BASES.items():
        title = task
        if task == "microgpt":
            title += f", {engines[base].ask('microgpt nodes'):,.0f} nodes on {base}"
        elif task == "nn.MLP":
            title += ", a neuron as one node; micrograd as above"
        print(f"\n{title}\n{'':<24}{'ms, collector on':>18}{'ratio':>8}{'ms, off':>12}{'ratio':>8}")
        for name in engines:
            key = (name, "moons" if task == "nn.MLP" and name == base else task)
            if (*key, "on") in times:
                cells = ""
                for collector, width in (("on", 18), ("off", 12)):
                    own = times[*key, collector]
                    base_time = times[base, "moons" if task == "nn.MLP" else task, collector]
                    cells += f"{1000 * own:>{width}.2f}{base_time / own:>8.1f}"
                print(f"{name:<24}{cells}")
    print(f"\n{'':<24}{'bytes a node':>14}{'ns for a*b + c':>18}{'ns a swept node':>18}")
    for name, engine in engines.items():
        build_, sweep_ = (engine.ask(task, "off", 7) for task in ("build", "sweep"))
        print(f"{name:<24}{engine.ask('bytes'):>14.0f}{build_:>18.0f}{sweep_:>18.0f}")
        engine.end()


def measured(engines, rounds, repeats):
    """Time every task of every engine, in shuffled order."""
    order = random.Random(0)
    times = {}
    for _ in range(rounds):
        for collector in ("on", "off"):
            for task in BASES:
                names = [name for name in engines if task in engines[name].tasks]
                order.shuffle(names)
                for name in names:
                    taken = engines[name].ask(task, collector, repeats)
                    times.setdefault((name, task, collector), []).append(taken)
    return {key: statistics.median(taken) for key, taken in times.items()}


if __name__ == "__main__":
    main()
