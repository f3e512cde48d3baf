"""
How often gradcheck is wrong, and how often it cannot tell: over random expressions, and over the same with a fault.

    python benchmarks/gradcheck_power.py [COUNT] [SEED]

Each expression applies random operations of the table to random inputs, constants and earlier results, in their
domains. It is checked as it is, where only "right" is correct, and with one local derivative off by a factor of
1 + 1e-5, in a place where that changes the derivative by some input by 1e-5 or more in relation to its size. Printed
are the counts; the exit status is 1 for a false alarm, a miss, or more than 2 % inconclusive.
"""

from __future__ import annotations

import argparse
import math
import operator
import random
import sys
import time
from collections import Counter
from typing import TYPE_CHECKING, Any, NamedTuple

import autograd
from autograd import Value, topological_order
from autograd.checking import gradcheck
from autograd.engine import Many
from autograd.ops import TABLE
from autograd.rules import parameters, public_names

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from autograd.checking import Report
    from autograd.entry import Op

FAULT = 1e-5
LARGEST, SMALLEST = 1e4, 1e-6


class Application(NamedTuple):
    """An operation applied: to numbers, and to earlier results by their place."""

    op: str
    arguments: tuple[Any, ...]
    element: int | None  # which one, of a result that is a list


class Place(NamedTuple):
    """An operand that is an input or an earlier result."""

    index: int

    def __repr__(self) -> str:
        return f"v{self.index}"


class Less(NamedTuple):
    """An operand that is a comparison."""

    left: Any
    right: Any


class Expression:
    """
    A random expression.

    Parameters
    ----------
    rng
        Where randomness comes from.
    """

    def __init__(self, rng: random.Random) -> None:
        self.inputs = [_size(rng, 3) for _ in range(rng.randint(1, 4))]
        self.steps: list[Application] = []
        values: list[Any] = [Value(x) for x in self.inputs]
        wanted = rng.randint(2, 12)
        names = [*public_names(), *(op.name for op in TABLE.values() if op.by_hand)]
        while len(self.steps) < wanted:
            step = _random_step(rng, TABLE[rng.choice(names)], values)
            out = _apply(step, values) if step else None
            if isinstance(out, Value) and _is_moderate(out):
                self.steps.append(step)
                values.append(out)

    def __call__(self, *inputs: Value) -> Value:
        values: list[Any] = list(inputs)
        for step in self.steps:
            values.append(_compute(step, values))
        return values[-1]

    def __str__(self) -> str:
        lines = [f"v{index} = {x!r}" for index, x in enumerate(self.inputs)]
        for index, step in enumerate(self.steps, len(self.inputs)):
            element = "" if step.element is None else f"[{step.element}]"
            lines.append(f"v{index} = {step.op}{step.arguments!r}{element}")
        return "\n".join(lines)


def _is_moderate(out: Value) -> bool:
    """Keep to numbers of moderate size, and to operands that are not lost in the rounding of a result."""
    shares = [abs(slope * parent.data) for slope, parent in zip(out.local_grads, out.parents)]
    return (out.data == 0.0 or SMALLEST <= abs(out.data) <= LARGEST) and not any(
        0.0 < share < SMALLEST * abs(out.data) for share in shares
    )


def _size(rng: random.Random, decades: float) -> float:
    return rng.choice((-1, 1)) * 10 ** rng.uniform(-decades, decades / 2)


def _random_step(rng: random.Random, op: Op, values: Sequence[Any]) -> Application | None:
    """Choose operands in the operation's domain; None if none were found."""

    def operand(domain: str) -> Any:
        for _ in range(20):
            place = Place(min(len(values) - 1, int(len(values) * rng.random() ** 0.7)))
            chosen, data = (
                (place, values[place.index].data) if rng.random() < 0.8 else (x := round(_size(rng, 2), 3), x)
            )
            if _is_in(domain, data):
                return chosen
        return None

    length = rng.randint(1, 4)
    arguments: list[Any] = []
    for index, parameter in enumerate(parameters(op)):
        domain = op.domain[min(index, len(op.domain) - 1)]
        if parameter.kind == "scalar":
            if parameter.default and rng.random() < 0.5:
                break
            never = op.partials is not None and op.partials[index] is None
            arguments.append(
                Less(operand(domain), operand(domain)) if never and rng.random() < 0.8 else operand(domain)
            )
        else:
            operands = [operand(domain) for _ in range(length)]
            arguments += operands if parameter.kind == "star" else [operands]
    flat = [item for argument in arguments for item in (argument if isinstance(argument, list | Less) else [argument])]
    if None in flat:
        return None
    element = rng.randrange(length) if op.value.startswith("[") else None
    return Application(op.name, tuple(arguments), element)


def _is_in(domain: str, x: float) -> bool:
    low, high = (float(end) for end in domain[1:-1].split(","))
    return (low <= x if domain[0] == "[" else low < x) and (x <= high if domain[-1] == "]" else x < high)


def _apply(step: Application, values: Sequence[Any]) -> Any:
    try:
        return _compute(step, values)
    except (ArithmeticError, ValueError):
        return None


def _compute(step: Application, values: Sequence[Any]) -> Any:
    function = getattr(operator if TABLE[step.op].by_hand else autograd, step.op)
    out = function(*(_look_up(argument, values) for argument in step.arguments))
    return out if step.element is None else out[step.element]


def _look_up(argument: Any, values: Sequence[Any]) -> Any:
    if isinstance(argument, Place):
        return values[argument.index]
    if isinstance(argument, Less):
        return _look_up(argument.left, values) < _look_up(argument.right, values)
    return [_look_up(item, values) for item in argument] if isinstance(argument, list) else argument


# ---------------------------------------------------------------------- faults


class Faulty:
    """
    An expression in whose graph one local derivative is off.

    Parameters
    ----------
    expression
        The expression.
    place
        Of the node in topological order.
    argument
        Of the parent.
    factor
        What the local derivative is multiplied by.
    """

    def __init__(self, expression: Callable[..., Value], place: int, argument: int, factor: float = 1 + FAULT) -> None:
        self.expression = expression
        self.place = place
        self.argument = argument
        self.factor = factor
        self.altered: list[Value] = []

    def __call__(self, *inputs: Value) -> Value:
        root = self.expression(*inputs)
        order = topological_order(root)
        if len(order) > self.place and len(order[self.place].parents) > self.argument:
            node = order[self.place]
            alter(node, self.argument, node.local_grads[self.argument] * self.factor)
            self.altered.append(node)
        return root


def alter(node: Value, argument: int, slope: float) -> None:
    """Change the local derivative that a node keeps for a parent."""
    if isinstance(node._rest, Many):
        slopes = list(node._rest.local_grads)
        slopes[argument] = None if slopes[argument] is None else slope
        node._rest = Many(node._rest.operands, node._rest.parents, tuple(slopes))
    elif argument == 0 and node._first is not None:
        node._d_first = slope
    else:
        node._d_second = slope


def gradient_of(f: Callable[..., Value], inputs: Sequence[float]) -> list[float]:
    """Differentiate."""
    leaves = [Value(x) for x in inputs]
    f(*leaves).backward()
    return [leaf.grad for leaf in leaves]


def plant(expression: Expression, rng: random.Random) -> tuple[Faulty, list[int]] | None:
    """Find a place where a fault matters; give the inputs whose derivative it changes by 1e-5 or more."""
    right = gradient_of(expression, expression.inputs)
    order = topological_order(expression(*map(Value, expression.inputs)))
    places = [(i, j) for i, node in enumerate(order) for j in range(len(node.parents))]
    rng.shuffle(places)
    for place, argument in places:
        faulty = Faulty(expression, place, argument)
        wrong = gradient_of(faulty, expression.inputs)
        hit = [
            index
            for index, (a, b) in enumerate(zip(right, wrong))
            if math.isfinite(a) and abs(a - b) >= FAULT * abs(a) * (1 - 1e-6) and a != b
        ]
        if hit:
            faulty.altered.clear()
            return faulty, hit
    return None


# ---------------------------------------------------------------------- counting


def measure(count: int, seed: int, *, show: bool = True) -> Counter[str]:
    """Check so many random expressions, as they are and with a fault; give the counts."""
    counts: Counter[str] = Counter()
    for index in range(count):
        rng = random.Random(seed * 1_000_003 + index)
        expression = Expression(rng)
        report = gradcheck(expression, expression.inputs, raise_exception=False)
        counts["expressions"] += 1
        counts["rows"] += len(report.rows)
        counts["inconclusive rows"] += report.counts["inconclusive"]
        if not report.ok:
            counts["false alarms"] += 1
        elif report.counts["inconclusive"]:
            counts["inconclusive"] += 1
        if show and (not report.ok):
            print(f"\nfalse alarm, expression {index}:\n{expression}\n{report}")
        planted = plant(expression, rng)
        if planted is not None:
            _count_planted(counts, *planted, expression, show=show)
    return counts


def _count_planted(counts: Counter[str], faulty: Faulty, hit: list[int], expression: Expression, *, show: bool) -> None:
    counts["planted"] += 1
    report: Report = gradcheck(faulty, expression.inputs, raise_exception=False)
    if not report.ok:
        counts["caught"] += 1
        named = bool(report.culprits) and any(report.culprits[0].node is node for node in faulty.altered)
        counts["named"] += named
        if show and not named:
            print(f"\nnot named, node {faulty.place}, argument {faulty.argument}:\n{expression}\n{report}")
    elif any(report.rows[index].verdict == "right" for index in hit):
        counts["missed"] += 1
        if show:
            print(f"\nmissed, node {faulty.place}, argument {faulty.argument}:\n{expression}\n{report}")
    else:
        counts["inconclusive about a fault"] += 1


def main() -> int:
    """Run."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("count", type=int, nargs="?", default=10_000)
    parser.add_argument("seed", type=int, nargs="?", default=0)
    options = parser.parse_args()
    begin = time.perf_counter()
    counts = measure(options.count, options.seed)
    print(f"{options.count:,} random expressions, seed {options.seed}, {time.perf_counter() - begin:.0f} s")
    for title, key, of in (
        ("false alarms", "false alarms", "expressions"),
        ("inconclusive in some input", "inconclusive", "expressions"),
        ("inconclusive rows", "inconclusive rows", "rows"),
        (f"faults of {FAULT:g} missed", "missed", "planted"),
        ("faults left inconclusive", "inconclusive about a fault", "planted"),
        ("faults caught", "caught", "planted"),
        ("operation named, of those caught", "named", "caught"),
    ):
        print(f"{title:<34}{counts[key]:>7,} of {counts[of]:>7,}  ({counts[key] / max(1, counts[of]):.2%})")
    unsure = max(
        counts["inconclusive"] / counts["expressions"], counts["inconclusive about a fault"] / counts["planted"]
    )
    return int(counts["false alarms"] > 0 or counts["missed"] > 0 or unsure > 0.02)


if __name__ == "__main__":
    sys.exit(main())
