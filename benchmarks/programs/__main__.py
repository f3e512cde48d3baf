"""
One table: programs, beside what else computes values and gradients of the same work.

Run it with ``python benchmarks/programs``, in an environment with ``chainrule[data,program]``, on a machine with gcc.
``--quick`` takes a few minutes, the whole about half an hour; ``--only moons,digits`` does some of the work. Each peer
works in a process and an environment of its own, which is made of the packages pinned in `environments.py` and kept in
``build/benchmarks``. All read the same rows of float64, and all results are compared with ours.

The work: an MLP of 337 parameters on the moons, value and mean gradient (``moons``); one on all digits of scikit-learn
(``digits``); random graphs without structure, values and gradients at 1,000 points and at one, and the time to the
first result (``graphs``); a graph of 10**7 nodes and its memory (``big``); epochs in mini-batches through `nn.fit`
(``epoch``). On one core, to which the processes are pinned, and the networks on two.

Peers take turns in shuffled order, after a warm-up; figures are medians over the rounds. PyTorch and HIPS autograd run
graphs operation by operation, and so up to 10**4 of them; JAX compiles those of 10**3, and ``--jax-compile`` tries
10**4 for two minutes. On a machine with other work ``--clock cpu`` counts the time of the processes
alone, where they are on one core.

It fails if another executor ran than `EXECUTORS` says (``--any-executor``: it does not), or if results differ.
"""

from __future__ import annotations

import argparse
import os
import platform
import random
import statistics
import sys
from pathlib import Path

import numpy as np
import tasks
from environments import CACHE, PeerFailedError, Worker

#: What is to run our programs.
EXECUTORS = {
    "moons 10000": "dense loops",
    "moons 100": "dense loops",
    "digits 1797": "dense loops",
    "graph 1000 at 1000": "straight-line code",
    "graph 1000 at 1": "interpreter by levels",
    "graph 10000 at 1000": "straight-line code",
    "graph 10000 at 1": "interpreter by levels",
    "graph 100000 at 1000": "interpreter",
    "graph 100000 at 1": "interpreter by levels",
    "big": "interpreter",
}
_PEERS = ("ours", "c", "numpy", "jax", "torch", "hips", "casadi")
_WORK = ("moons", "digits", "graphs", "big", "epoch")
_AGREEMENT = 1e-9
_GIBIBYTE = 2**30


class Benchmark:
    """What is asked for, what was found, and what was wrong."""

    def __init__(self, given):
        self.given = given
        self.order = random.Random(0)
        self.workers = {}
        self.demands, self.wrong = [], []

    def worker(self, peer, cores=1):
        """Give the process of a peer."""
        if (peer, cores) not in self.workers:
            self.workers[peer, cores] = Worker(peer, cores)
        return self.workers[peer, cores]

    def end(self):
        """End all processes."""
        for worker in self.workers.values():
            worker.end()
        self.workers.clear()

    def demand(self, text, found, most=None, least=None):
        """Note what was to be shown, and whether it was."""
        if found is None:
            outcome = "         -   not measured"
        else:
            met = found <= most if least is None else found >= least
            outcome = f"{found:>10.3f}   {'met' if met else 'NOT MET'}"
        wanted = f"at most {most:g}" if least is None else f"at least {least:g}"
        self.demands.append(f"{text:<62}{wanted:>14}{outcome}")

    def data(self, task, make):
        """Give the file of a task, which is made if need be."""
        path = CACHE / "data" / f"{task}.npz"
        if not path.exists() or path.stat().st_mtime < Path(tasks.__file__).stat().st_mtime:
            path.parent.mkdir(parents=True, exist_ok=True)
            np.savez(path, **make())
        return path

    # ------------------------------------------------------------------ one task, by all

    def compare(self, task, title, unit, cores=1, peers=_PEERS):
        """Time a task by all peers, see that they agree, print a table; give the seconds of each way."""
        found = {}
        for peer in peers:
            for way in self.worker(peer, cores).ask(what="prepare", task=task):
                found[way] = self.worker(peer, cores)
        if not found:
            return {}
        runs = "-"
        if "ours" in found:
            runs = found["ours"].ask(what="warm", given={"task": task, "wanted": EXECUTORS[task]})
        self.agree(task, found)
        times = {way: [] for way in found}
        budget, clock = self.given.budget, self.given.clock if cores == 1 else "wall"
        for way, worker in found.items():
            worker.ask(what="time", task=task, way=way, clock=clock, budget=budget / 4)
        for _ in range(self.given.repeats):
            ways = list(found)
            self.order.shuffle(ways)
            for way in ways:
                answer = found[way].ask(what="time", task=task, way=way, clock=clock, budget=budget)
                times[way].append(answer)
        if "ours" in found:
            runs = found["ours"].ask(what="executor", given={"task": task})
            self.check_executor(task, runs)
        for worker in {*found.values()}:
            worker.ask(what="forget", task=task)
        medians = {way: statistics.median(taken) for way, taken in times.items()}
        print(f"\n{title}, {_cores(cores)}; ours: {runs}")
        ours = medians.get("ours")
        print(f"{'':<20}{'ms':>12}{unit[0]:>16}{'ours / it':>12}{'spread':>9}")
        for way, taken in sorted(medians.items(), key=lambda each: each[1]):
            ratio = f"{ours / taken:12.3f}" if ours else f"{'-':>12}"
            spread = (max(times[way]) - min(times[way])) / taken
            print(
                f"{way:<20}{1e3 * taken:>12.4f}{1e9 * taken / unit[1]:>16.2f}{ratio}{100 * spread:>7.0f} %", flush=True
            )
        return medians

    def check_executor(self, task, runs):
        """See that what is to run a task did."""
        if runs != EXECUTORS[task] and not self.given.any_executor:
            self.wrong.append(f"{task}: {runs} ran, not {EXECUTORS[task]}")

    def agree(self, task, found):
        """See that all ways come to the same."""
        results = {}
        for way, worker in found.items():
            file = CACHE / "result.npz"
            worker.ask(what="result", task=task, way=way, file=str(file))
            with np.load(file) as stored:
                value, grad = stored["value"].ravel(), stored["grad"]
                results[way] = (value if task.startswith("graph") else value.mean(keepdims=True)), grad
        first = next(iter(results))
        for way, pair in results.items():
            for what, own, other in zip(("value", "gradient"), results[first], pair):
                difference = np.abs(own - other.reshape(own.shape)).max() / np.abs(own).max()
                if not difference <= _AGREEMENT:
                    self.wrong.append(f"{task}: the {what} of {way} differs from that of {first} by {difference:.1e}")

    # ------------------------------------------------------------------ the work

    def moons(self):
        """Time the MLP on the moons."""
        for count in (10_000, 100):
            task = f"moons {count}"
            self.data(task, lambda count=count: tasks.moons(count))
            title = f"moons MLP, 337 parameters, value and mean gradient, batch {count:,}"
            took = self.compare(task, title, ("ns an example", count), peers=_PEERS[:-1])
            text = f"moons, batch {count:,}: of JAX's time"
            self.demand(text, _ratio(took, "ours", "JAX"), most=0.4 if count > 100 else 0.3)
            if count > 100:
                self.demand(f"moons, batch {count:,}: of C's time", _ratio(took, "ours", "C"), most=1.0)
                two = self.compare(task, title, ("ns an example", count), cores=2, peers=_PEERS[:-1])
                faster = took["ours"] / two["ours"] if "ours" in two else None
                self.demand(f"moons, batch {count:,}: two cores, times one", faster, least=1.6)

    def digits(self):
        """Time the MLP on the digits."""
        task = "digits 1797"
        self.data(task, tasks.digits)
        title = "digits, MLP [64, 30, 10], cross-entropy, value and mean gradient of all 1,797"
        took = self.compare(task, title, ("ns an example", 1797), peers=_PEERS[:-1])
        self.demand("digits: of NumPy's time", _ratio(took, "ours", "NumPy"), most=0.5)
        self.demand("digits: of JAX's time", _ratio(took, "ours", "JAX"), most=0.5)
        self.compare(task, title, ("ns an example", 1797), cores=2, peers=_PEERS[:-1])

    def graphs(self):
        """Time random graphs."""
        sizes = (1_000, 10_000) if self.given.quick else (1_000, 10_000, 100_000)
        for size in sizes:
            many = self.data(f"graph {size} at 1000", lambda size=size: tasks.random_graph(size, 1000))
            with np.load(many) as stored:
                one = dict(stored)
            one["x"] = one["x"][:1]
            self.data(f"graph {size} at 1", lambda one=one: one)
            for points, least in ((1000, 8.0), (1, 1.5)):
                places = f"{points:,} points" if points > 1 else "one point"
                title = f"a random graph of {size:,} operations, value and gradient, {places}"
                unit = ("ns/op/point", size * points)
                took = self.compare(f"graph {size} at {points}", title, unit, peers=("ours", *_PEERS[3:]))
                best = min((way for way in took if "CasADi" in way), key=took.get)
                plain = "CasADi, call" if points == 1 else best
                text = f"graph of {size:,}, {places}: times faster than {plain}"
                self.demand(text, _ratio(took, plain, "ours"), least=least)
            self.first_results(size, many)

    def first_results(self, size, path):
        """Time a graph from its code to its first result, in new processes."""
        self.end()
        print(f"\na random graph of {size:,} operations, seconds from recording to the first result at a point")
        limits = {"ours": None, "casadi": None}
        if size <= 1_000 or (self.given.jax_compile and size <= 10_000):
            limits["jax"] = 120.0
        for peer, limit in limits.items():
            taken = []
            for _ in range(3 if peer == "ours" else 1):
                worker = Worker(peer, 1)
                try:
                    taken.append(worker.ask(what="first_result", given={"path": str(path)}, limit=limit))
                except TimeoutError:
                    break
                finally:
                    worker.end()
            print(f"{peer:<20}{statistics.median(taken) if taken else '>120':>12.5}", flush=True)
            if peer == "ours" and size == 100_000:
                self.demand(f"graph of {size:,}: seconds to the first result", statistics.median(taken), most=3.0)

    def big(self):
        """Record a graph of 10**7 nodes."""
        count = 10**6 if self.given.quick else 10**7
        print(f"\na graph of {count:,} nodes, value and gradient at a point, in a process of its own")
        worker = Worker("ours", 1)
        try:
            took = worker.ask(what="big", given={"count": count, "limit": 12 * _GIBIBYTE})
        except PeerFailedError as error:
            print(f"{error}; at most 12 GiB were given")
            self.demand(f"graph of {count:,} nodes: GiB of memory", 12.0, most=4.0)
            return
        finally:
            worker.end()
        self.check_executor("big", took["executor"])
        if not took["finite"]:
            self.wrong.append("big: the results are not finite, or not the same twice")
        peak = took["peak bytes"] / _GIBIBYTE
        print(f"{took['nodes']:,} nodes, {took['executor']}: {took['seconds to record']:.1f} s to record")
        print(
            f"{took['seconds to the first result']:.1f} s to the first result, {took['seconds of the next']:.2f} s more"
        )
        print(f"peak memory of the process {peak:.2f} GiB")
        self.demand(f"graph of {count:,} nodes: GiB of memory", peak, most=4.0)

    def epoch(self):
        """Time epochs of the digits in mini-batches, by `nn.fit` and in NumPy."""
        path = self.data("digits 1797", tasks.digits)
        given = {"path": str(path), "count": 6, "batch": 10, "rate": 0.1, "clock": self.given.clock}
        times = {"ours": [], "numpy": []}
        for _ in range(self.given.repeats):
            both = list(times)
            self.order.shuffle(both)
            last = {peer: self.worker(peer).ask(what="epochs", given=given) for peer in both}
            for peer, answer in last.items():
                times[peer].append(statistics.median(answer["seconds"][2:]))
            for what in ("loss", "accuracy"):
                if not abs(last["ours"][what] - last["numpy"][what]) <= _AGREEMENT * last["numpy"][what]:
                    self.wrong.append(f"epoch: the {what} of nn.fit and of NumPy differ")
        ours, numpy = (statistics.median(times[peer]) for peer in ("ours", "numpy"))
        engine = last["ours"]["engine"]
        if "program" not in engine:
            self.wrong.append(f"epoch: nn.fit ran without programs: {engine}")
        print(f"\ndigits, an epoch of [64, 30, 10] in mini-batches of 10, one core; nn.fit: {engine}")
        print(f"{'nn.fit':<20}{1e3 * ours:>12.2f} ms\n{'NumPy':<20}{1e3 * numpy:>12.2f} ms", flush=True)
        self.demand("digits, an epoch: of NumPy's time", ours / numpy, most=1.0)


def _cores(count):
    return "one core" if count == 1 else f"{count} cores"


def _ratio(took, one, other):
    return took[one] / took[other] if one in took and other in took else None


def main():
    """Do what is asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default=",".join(_WORK), help="some of the work, with commas between")
    parser.add_argument("--quick", action="store_true", help="few rounds, and no graph of 10**5 or 10**7")
    parser.add_argument("--repeats", type=int, help="shuffled rounds over the peers (default 9, 3 with --quick)")
    parser.add_argument("--budget", type=float, default=0.2, help="seconds of each peer in a round (default 0.2)")
    parser.add_argument("--clock", choices=("wall", "cpu"), default="wall", help="what is counted")
    parser.add_argument("--any-executor", action="store_true", help="do not fail if another one ran")
    parser.add_argument("--jax-compile", action="store_true", help="try to compile 10**4 operations for two minutes")
    given = parser.parse_args()
    given.repeats = given.repeats or (3 if given.quick else 9)
    work = given.only.split(",")
    if not set(work) <= set(_WORK):
        parser.error(f"--only: there are {', '.join(_WORK)}, not {given.only}")
    benchmark = Benchmark(given)
    print(f"Python {platform.python_version()}, {_cpu()}, {os.cpu_count()} cores, {given.clock} time, medians of "
          f"{given.repeats} rounds")  # fmt: skip
    try:
        for peer in _PEERS:
            print(benchmark.worker(peer).ask(what="about"), flush=True)
        for each in work:
            getattr(benchmark, each)()
    finally:
        benchmark.end()
    print("\nwhat was to be shown")
    print(*benchmark.demands, *(f"WRONG: {each}" for each in benchmark.wrong), sep="\n")
    sys.exit(bool(benchmark.wrong))


def _cpu():
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    return next((line.split(":")[1].strip() for line in lines if line.startswith("model name")), platform.machine())


if __name__ == "__main__":
    main()
