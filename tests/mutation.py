"""
Breaks every local derivative of the table in turn, and sees that it is noticed.

A mutant is one entry with one wrong partial: its sign, a factor of 2 or of 1 + 1e-5, the partials of two parameters
exchanged, a term left out, or a neighbour's partial. Each is shown to two judges that know nothing of each other: the
tests, and `gradcheck` of the operation at random points. Every mutant must be noticed by both, but for those that
compute the same, which are listed with the reason.

    python tests/mutation.py [--sample 40 --seed 0] [--entries tanh sech2]

Judged are the texts. The six operators that ``autograd/engine.py`` writes out are pinned to theirs by a test.
"""

import argparse
import ast
import contextlib
import gc
import io
import multiprocessing
import os
import random
import sys
from pathlib import Path
from typing import NamedTuple

import mpmath  # noqa: F401 - the children are to find it loaded
import numpy as np  # noqa: F401
import pytest
import scipy.special  # noqa: F401
import sympy  # noqa: F401

from autograd import gradcheck
from autograd.entry import Op
from autograd.errors import ARITHMETIC_ERRORS
from autograd.ops import TABLE
from autograd.rules import ieee_operation, parameters

ROOT = Path(__file__).parents[1]
POINTS = 40

#: Mutants that compute the same as the entry: (entry, parameter, mutation), "*" for any; and why.
EQUIVALENT = {
    ("sqrt", "x", "only the left of sum 1"): "it differs at -0.0 alone, which the tests see and no difference can",
    ("remainder", "x", "a neighbour's"): "it differs where there is no number, which only the tests look at",
    ("sign", "x", "*"): "the derivative is 0 wherever x is a number, and so is any multiple of it",
    ("floor", "x", "*"): "as for sign",
    ("ceil", "x", "*"): "as for sign",
    ("trunc", "x", "*"): "as for sign",
}


class Mutant(NamedTuple):
    """An entry with a wrong partial."""

    entry: str
    parameter: str
    mutation: str
    op: Op

    def __str__(self):
        index = [p.name for p in parameters(self.op)].index(self.parameter)
        return f"{self.entry} by {self.parameter}: {self.mutation}: {self.op.partials[index]}"

    @property
    def excuse(self):
        """Why nobody can notice it; "" if somebody must."""
        for (entry, parameter, mutation), reason in EQUIVALENT.items():
            if entry == self.entry and parameter in ("*", self.parameter) and mutation in ("*", self.mutation):
                return reason
        return ""


# ---------------------------------------------------------------------- making them


def mutants():
    entries = [op for op in TABLE.values() if op.partials is not None]
    for op in entries:
        given = parameters(op)
        names = [p.name for p in given]
        for index, text in enumerate(op.partials):
            if text is None:
                continue
            for mutation, wrong in mutations(text):
                yield broken(op, names[index], mutation, {index: wrong})
            neighbour = neighbours_partial(op, index, entries)
            if neighbour not in (None, text):
                yield broken(op, names[index], "a neighbour's", {index: neighbour})
            following = index + 1
            if following == len(names) or given[index].kind != given[following].kind:
                continue
            if op.partials[following] not in (None, text):
                swapped = {index: op.partials[following], following: text}
                yield broken(op, names[index], "exchanged", swapped)


def broken(op, parameter, mutation, texts):
    partials = tuple(texts.get(index, text) for index, text in enumerate(op.partials))
    return Mutant(op.name, parameter, mutation, op._replace(partials=partials))


def mutations(text):
    yield "sign", each_case(text, "-({})")
    yield "factor 2", each_case(text, "2*({})")
    yield "factor 1 + 1e-5", each_case(text, "1.00001*({})")
    sums = [node for node in ast.walk(parsed(text)) if is_sum(node)]
    for place in range(len(sums)):
        for kept in ("left", "right"):
            yield f"only the {kept} of sum {place + 1}", without_a_term(text, place, kept)


def parsed(text):
    return ast.parse(text, mode="eval").body


def each_case(text, form):
    """Put the result into a form, but for that of a branch not taken."""

    def change(node):
        if isinstance(node, ast.IfExp):
            return ast.IfExp(node.test, change(node.body), change(node.orelse))
        is_nothing = isinstance(node, ast.Name) and node.id == "nothing"
        return node if is_nothing else parsed(form.format(ast.unparse(node)))

    return ast.unparse(change(parsed(text)))


def is_sum(node):
    return isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Sub)


def without_a_term(text, place, kept):
    tree = ast.parse(text, mode="eval")
    chosen = [node for node in ast.walk(tree) if is_sum(node)][place]
    rest = getattr(chosen, kept)
    if kept == "right" and isinstance(chosen.op, ast.Sub):
        rest = ast.UnaryOp(ast.USub(), rest)

    class Drop(ast.NodeTransformer):
        def visit_BinOp(self, node):
            return rest if node is chosen else self.generic_visit(node)

    return ast.unparse(ast.fix_missing_locations(Drop().visit(tree)))


def neighbours_partial(op, index, entries):
    """Give the partial of the next entry with the same parameters and no names of its own."""
    at = entries.index(op)
    for other in (*entries[at + 1 :], *entries[:at]):
        if other.parameters == op.parameters and not other.let:
            return other.partials[index]
    return None


# ---------------------------------------------------------------------- judging them


def noticed_by_the_tests(mutant):
    """Run the test of local derivatives for the entry, and where that sees nothing those of all entries."""
    TABLE[mutant.entry] = mutant.op
    quickest = f"test_table.py::test_local_derivatives_are_those_of_the_value_at_60_digits[{mutant.entry}]"
    rest = [] if mutant.excuse else [["test_table.py", "test_edges.py", "test_accuracy.py"]]
    return any(fails(tests) for tests in [[quickest], *rest])


def fails(tests):
    options = ["-x", "-q", "-p", "no:cacheprovider", "-p", "_hypothesis_pytestplugin", "--rootdir", str(ROOT)]
    options += ["--hypothesis-seed=0", "-W", "ignore::pytest.PytestAssertRewriteWarning"]
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        status = pytest.main([*options, *(str(ROOT / "tests" / test) for test in tests)])
    if status not in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED):
        msg = f"pytest ended with {status!r}"
        raise RuntimeError(msg)
    return status == pytest.ExitCode.TESTS_FAILED


def noticed_by_gradcheck(mutant):
    """Check the operation at random points, as it is used in graphs of derivatives, which is read from the texts."""
    TABLE[mutant.entry] = mutant.op
    rng = random.Random(mutant.entry)
    function = ieee_operation(mutant.entry)
    for _ in range(POINTS):
        inputs = arguments(mutant.op, rng)
        try:
            report = gradcheck(function, inputs, raise_exception=False)
        except ARITHMETIC_ERRORS:  # which IEEE arithmetic never raises
            return True
        if any(culprit.op == mutant.entry for culprit in report.culprits):
            return True
    return False


def arguments(op, rng):
    """Draw a number for each scalar and three for each sequence; a condition is true or false."""
    given = parameters(op)
    domains = op.domain if len(op.domain) == len(given) else op.domain * len(given)
    drawn = []
    for parameter, domain in zip(given, domains, strict=True):
        numbers = [draw(domain, rng) for _ in range(1 if parameter.kind == "scalar" else 3)]
        if parameter.name == "condition":
            numbers = [float(rng.randrange(2))]
        if parameter.name == "order":
            numbers = [float(rng.randrange(4))]
        drawn += [numbers] if parameter.kind == "sequence" else numbers
    return drawn


def draw(domain, rng):
    low, high = (float(end) for end in domain[1:-1].split(","))
    size = rng.choice((0.1, 1.0, 4.0))
    inside = [x for _ in range(50) if low < (x := rng.uniform(-size, size)) < high]
    return inside[0] if inside else max(low, -4.0) + rng.random()


JUDGES = (noticed_by_the_tests, noticed_by_gradcheck)


def judged(task):
    index, judge = task
    return JUDGES[judge](CHOSEN[index])


CHOSEN: list[Mutant] = []


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sample", type=int, metavar="N", help="only so many, chosen at random")
    parser.add_argument("--seed", type=int, default=0, help="of the choice")
    parser.add_argument("--entries", nargs="+", metavar="ENTRY", help="only those of some entries")
    given = parser.parse_args()
    os.environ["HYPOTHESIS_PROFILE"] = "unshrunk"  # that a test fails is enough
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    CHOSEN.extend(m for m in mutants() if not given.entries or m.entry in given.entries)
    if given.sample:
        CHOSEN[:] = sorted(random.Random(given.seed).sample(CHOSEN, min(given.sample, len(CHOSEN))), key=str)
    tasks = [(index, judge) for index in range(len(CHOSEN)) for judge in range(len(JUDGES))]
    caught = missed = excused = 0
    gc.freeze()
    # each child is forked from this process, which has compiled no text of the table yet
    with multiprocessing.get_context("fork").Pool(os.cpu_count(), maxtasksperchild=1) as pool:
        verdicts = pool.imap(judged, tasks, chunksize=1)
        for mutant in CHOSEN:
            by = [next(verdicts) for _ in JUDGES]
            words = f"tests {'caught' if by[0] else 'MISSED'}, gradcheck {'caught' if by[1] else 'MISSED'}"
            if all(by):
                caught += 1
            elif mutant.excuse:
                excused += 1
                words += f" (equivalent: {mutant.excuse})"
            else:
                missed += 1
            print(f"{words:<32}  {mutant}", flush=True)
    print(f"{len(CHOSEN)} mutants: {caught} caught by both, {missed} missed, {excused} equivalent")
    sys.exit(missed > 0)


if __name__ == "__main__":
    main()
