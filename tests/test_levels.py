"""The interpreter by levels: the results of the other one, whatever the graph and the numbers."""

import math
import operator
import random
from functools import reduce

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import autograd
from autograd import Value, record
from autograd.program import levels
from autograd.program.depths import depths_of
from autograd.program.interpreter import Interpreter
from autograd.program.levels import by_levels
from autograd.program.machine import features
from autograd.program.tape import SOURCES
from autograd.testing import expressions

NONE = np.zeros(0)


@pytest.fixture(autouse=True, scope="module")
def whatever():
    """Run every graph by levels, however small it is, or narrow."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(levels, "_LEAST", 1)
        patch.setattr(levels.coding, "_FILLED", -1.0)
        patch.setattr(levels.coding, "_OPERANDS", math.inf)
        yield


def same_bits(one, other):
    return np.array_equal(one, other, equal_nan=True) and (np.signbit(one) == np.signbit(other))[one == 0].all()


FUNCTIONS = [autograd.tanh, autograd.exp, autograd.relu, autograd.sigmoid, autograd.sin, autograd.sqrt, autograd.log]
ARITHMETIC = [operator.add, operator.sub, operator.mul]


def drawn(seed, count):
    """Give a function of numbers: so many operations, some of many operands, some choices, without a structure."""

    def f(x):
        generator, values = random.Random(seed), list(x)
        for _ in range(count):
            a, b, *several = generator.choices(values, k=generator.randint(3, 8))
            kind = generator.randrange(10)
            values.append(
                generator.choice(ARITHMETIC)(a, b) if kind < 3 else a / (autograd.sin(b) + 1.5) if kind == 3
                else generator.choice(FUNCTIONS)(autograd.sin(a) + 1.5) if kind < 7
                else autograd.sum(several) if kind == 7 else autograd.dot(several, several[::-1], b) if kind == 8
                else autograd.where(autograd.maximum(a, 0.25), b, autograd.minimum(a, 0.5))
            )  # fmt: skip
            if not abs(values[-1].data) < 1e3:
                values.pop()
        return autograd.sum(values[-9:])

    return f


def both(program, points, params=NONE):
    """Give the results by levels, and by the other interpreter; of the first those that are summed, too."""
    tape, slopes = program._tape, program._flat_slopes
    wanted = (program._observed, slopes) if program.params else (program._observed + slopes, [])
    runner, other = by_levels(tape, *wanted), Interpreter(tape, *wanted)
    assert runner is not None
    first = runner.run(points, params)
    again = runner.run(points, params)  # in memory that has been used
    assert all(map(same_bits, first[:2], again[:2]))
    return first, other.run(points, params)


@given(st.integers(0, 2**32), st.integers(0, 300), st.integers(1, 4))
def test_random_graphs_give_the_bits_of_the_other_interpreter(seed, count, examples):
    program = record(drawn(seed, count), [0.5, -0.25, 0.75])
    points = np.random.default_rng(seed).uniform(-1, 1, size=(examples, 3))
    (found, *_, is_finite), (expected, *_) = both(program, points)
    assert same_bits(found, expected)
    assert is_finite == np.isfinite(expected).all()


@given(expressions(), st.lists(st.sampled_from([0.0, -0.0, 1e-300, -1e300, math.inf, -math.inf, math.nan, 0.7])))
def test_so_do_expressions_at_hard_numbers(expression, numbers):
    program = record(lambda x: expression(*x) + x[0], expression.inputs)
    points = np.array([[*numbers, *expression.inputs][: len(expression.inputs)]])
    try:
        (found, *_, is_finite), (expected, *_) = both(program, points)
    except NotImplementedError:
        return
    assert same_bits(found, expected)
    assert is_finite == np.isfinite(expected).all()


@pytest.mark.parametrize("far", [math.nan, math.inf, -400.0])
def test_a_function_of_a_number_is_what_it_is_whatever_else_it_is_taken_of(far):
    program = record(lambda x: autograd.sum([autograd.tanh(v) for v in x]), [0.5] * 20)
    points = np.random.default_rng(0).uniform(-3, 3, size=(1, 20))
    (near, *_), _ = both(program, points)
    points[0, 3] = far
    (found, *_), (expected, *_) = both(program, points)
    assert same_bits(found, expected)
    others = np.delete(np.arange(20), 3) + 1
    assert same_bits(found[others], near[others])


@given(st.integers(0, 2**32), st.integers(0, 60), st.integers(0, 4), st.integers(1, 4))
def test_sums_over_the_examples_are_those_of_the_other_interpreter(seed, count, params, examples):
    leaves = [Value(0.3 * (i + 1)) for i in range(params)]
    f = drawn(seed, count)
    program = record(lambda x: f([*x, *leaves]) + autograd.sum([x[0], *leaves]), [0.5, -0.25], leaves)
    points = np.random.default_rng(seed).uniform(-1, 1, size=(examples, 2))
    found, expected = both(program, points, np.array([leaf.data for leaf in leaves]))
    for one, other in zip(found[:2], expected[:2], strict=True):  # there are layers, whose products are fused
        assert np.allclose(one, other, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("count", range(1, 3 * features().lanes + 2))
def test_vectors_need_not_be_full(count):
    """So many functions of either kind beside each other, and sums of as many numbers."""
    program = record(
        lambda x: [*map(autograd.tanh, x), *map(autograd.log, x), autograd.sum(x), autograd.dot(x, x)], [1.5] * count
    )
    point = np.linspace(0.1, 3.0, count)
    results = program(point)
    assert program.executor == "interpreter by levels"
    assert results[-2] == reduce(operator.add, point.tolist(), 0.0)  # the sum of Python 3.12 is more precise
    assert results[-1] == reduce(operator.add, [number * number for number in point.tolist()], 0.0)
    expected = [*np.tanh(point), *np.log(point)]
    assert np.allclose(results[:-2], expected, rtol=1e-15)
    slopes = program.jacobian(point)
    assert np.array_equal(slopes[-1], 2.0 * point)
    assert np.allclose(slopes[count : 2 * count], np.diag(1.0 / point), rtol=1e-15)


@given(st.integers(0, 2**32), st.integers(0, 100))
def test_levels_are_found_as_one_would(seed, count):
    program = record(drawn(seed, count), [0.5, -0.25, 0.75])
    tape, results = program._tape, [*program._flat_slopes, len(program._tape) // 2]
    own, last = [-1] * len(tape), [0] * len(tape)
    for place in tape.needed_for(results):
        op, operands = tape.instructions[place]
        own[place] = 0 if op in SOURCES else 1 + max(own[operand] for operand in operands)
        for operand in () if op in SOURCES else operands:
            last[operand] = max(last[operand], own[place])
    for result in results:
        last[result] = max(own) + 1
    found = depths_of(tape, results)
    assert found.levels.tolist() == own
    assert found.last.tolist() == last


def test_registers_are_used_again():
    """Of layers, each of which reads but the one before, there need not be more than three at a time."""
    width, lanes = 64, features().lanes

    def f(x):
        for _ in range(30):
            x = [autograd.sin(x[i] * x[i - 5]) for i in range(len(x))]
        return x

    program = record(f, np.linspace(0.5, 1.5, width))
    runner = by_levels(program._tape, program._observed, [])
    assert runner._code.registers < 4 * width / lanes + 2
    point = np.linspace(-1.0, 2.0, width)
    expected = Interpreter(program._tape, program._observed, []).run(point[None], NONE)[0]
    assert same_bits(runner.run(point[None], NONE)[0], expected)


def test_no_run_writes_over_the_results_of_one_that_was_begun_before():
    w = Value(2.0)
    program = record(lambda x: autograd.sum([each * w for each in x]), [0.5] * 20, [w])
    runner = program._of_gradient._by_levels
    function, found = runner._function, []

    def run(factor):
        found.append((factor, *program.value_and_grad([factor] * 20, params=[factor])))

    class Meanwhile:
        def run(self, arguments):
            runner._function = function
            run(3.0)
            function.run(arguments)

    run(1.0)
    runner._function = Meanwhile()
    run(2.0)
    run(4.0)
    assert [factor for factor, *_ in found] == [1.0, 3.0, 2.0, 4.0]
    for factor, value, slopes in found:
        assert value == 20.0 * factor**2
        assert slopes.tolist() == [20.0 * factor]


def test_the_machine_code_is_kept_on_the_disk(tmp_path, monkeypatch):
    monkeypatch.setenv("CHAINRULE_CACHE", str(tmp_path))
    program = record(lambda x: x[0] * x[1], [2.0, 3.0])
    made = [levels._function, levels.coding.depths_of.__globals__["_function"]]
    for _ in range(2):
        for function in made:
            function.cache_clear()
        runner = by_levels(program._tape, program._observed, [])
        assert runner.run(np.array([[5.0, 4.0]]), NONE)[0].tolist() == [[20.0]]
        assert sorted(path.name.split("-")[0] for path in tmp_path.iterdir()) == ["depths", "levels"]
        monkeypatch.setattr(levels.kernel, "module", None)  # it would be written with this
    for function in made:
        function.cache_clear()
