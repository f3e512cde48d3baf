"""What runs programs: all that do agree, whatever the sizes, the threads, and what is on the disk."""

import gc
import math
import os
import random
import subprocess
import sys
import tempfile
import textwrap
import threading
import time
import weakref
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import autograd
import nn
from autograd import Value, record
from autograd.ops import TABLE
from autograd.primitives import C_LIBRARY
from autograd.program import background, coding, compiling, crew, executor, interpreter, mailbox, straight
from autograd.program.arrays import ArrayExecutor
from autograd.program.expanding import expanded
from autograd.program.interpreter import Interpreter
from autograd.program.machine import Features, features
from autograd.program.straight import StraightLine
from autograd.program.tape import Tape
from autograd.rules import IEEE, group, parameters
from autograd.rules.functions import ieee_operation
from autograd.testing import expressions


def wanted(program):
    return program._tape, program._observed + program._flat_slopes, []


def same_bits(one, other):
    return np.array_equal(one, other, equal_nan=True) and (np.signbit(one) == np.signbit(other))[one == 0].all()


@given(expressions(), st.integers(1, 40))
@settings(max_examples=40)
def test_the_interpreter_and_straight_line_code_give_the_same_bits(expression, count):
    program = record(lambda x: expression(*x) + 0.0 * x[0], expression.inputs)
    generator = np.random.default_rng(count)
    points = generator.uniform(-3, 3, size=(count, len(expression.inputs)))
    is_far = generator.random(points.shape) < 0.1
    points[is_far] = generator.choice([np.nan, np.inf, 0.0, -400.0, 1e-310, 1e300], size=is_far.sum())
    points[0] = expression.inputs
    tape, stored, summed = wanted(program)
    try:
        interpreted, _, is_finite = Interpreter(tape, stored, summed).run(points, np.zeros(0))
    except NotImplementedError:
        return
    assert is_finite == np.isfinite(interpreted).all()
    compiled, *_ = StraightLine(tape, stored, summed).run(points, np.zeros(0))
    one_by_one = StraightLine(tape, stored, summed, single=True)
    assert same_bits(compiled[:, :1], one_by_one.run(points[:1], np.zeros(0))[0])
    assert same_bits(compiled, one_by_one.run(points, np.zeros(0))[0])
    assert same_bits(interpreted, compiled)


EXECUTORS = Interpreter, StraightLine, partial(StraightLine, single=True)


@pytest.mark.parametrize(("functions", "at_once"), [(0, 1), (1, 1), (10, 4)])
def test_of_arithmetic_one_vector_is_computed_at_a_time(functions, at_once):
    def f(x):
        y = x[0]
        for _ in range(50):
            y = y * x[1] + x[0]
        for _ in range(functions):
            y = autograd.sin(y)
        return y

    runner = StraightLine(*wanted(record(f, [0.3, -0.7])))
    assert runner._lanes == at_once * features().lanes


@pytest.mark.parametrize("far", [math.nan, math.inf, -400.0])
def test_an_example_is_what_it_is_whatever_else_is_in_the_batch(far):
    """And a number, whatever else the function is taken of."""
    program = record(lambda x: autograd.sum([autograd.tanh(v) for v in x]), [0.5] * 20)
    points = np.random.default_rng(0).uniform(-3, 3, size=(4, 20))
    near = points.copy()
    points[0, 3] = points[1] = far
    for make in EXECUTORS:
        runner = make(*wanted(program))
        found, *_ = runner.run(points, np.zeros(0))
        expected = np.hstack([runner.run(near[i : i + 1], np.zeros(0))[0] for i in range(4)])
        assert same_bits(found[:, 2:], expected[:, 2:])
        others = np.delete(np.arange(20), 3) + 1
        assert same_bits(found[others, 0], expected[others, 0])


@given(st.integers(1, 70), st.sampled_from([0.001, 0.1, 0.9]), st.sampled_from(EXECUTORS), st.integers(0, 2**32))
@settings(max_examples=30)
def test_tanh_and_its_slope_are_right_far_out_whatever_is_beside(count, often, make, seed):
    program = record(lambda x: autograd.sum([autograd.tanh(v) for v in x]), [0.5] * 20)
    generator = np.random.default_rng(seed)
    points = generator.uniform(-20, 20, size=(count, 20))
    is_far = generator.random(points.shape) < often
    points[is_far] = generator.choice([349.9, 350.0, 360.0, -371.5, -372.9, 373.5, math.inf], size=is_far.sum())
    found, *_ = make(*wanted(program)).run(points, np.zeros(0))
    assert np.allclose(found[0], np.tanh(points).sum(axis=1), rtol=0, atol=1e-14)
    half = np.exp(-np.abs(points))  # 4 exp(-2|x|)/(1 + exp(-2|x|))², subnormal at last
    slopes = (2.0 * half) * (2.0 * half) / (1.0 + half * half) ** 2
    assert np.allclose(found[1:].T, slopes, rtol=1e-14, atol=1e-323)


#: Of a CPU with AVX-512, for code that is looked at, not run.
AVX512 = Features(lanes=8, registers=32, fused=True, cpu="", flags="")

#: Those of the C library, which Python does not call, are as good as they are there.
OURS = [op.name for op in TABLE.values() if op.partials is not None and op.name not in C_LIBRARY]


@pytest.mark.parametrize("name", OURS)
def test_every_operation_is_within_four_units_in_the_last_place_of_plain_floats(name):
    op, generator = TABLE[name], random.Random(0)
    leaves, grouped = [], []
    for parameter in parameters(op):
        part = [Value(1.5) for _ in range(1 if parameter.kind == "scalar" else 2)]
        leaves += part
        grouped += part if parameter.kind != "sequence" else [part]
    program = record(ieee_operation(name)(*grouped), leaves)
    points = [[generator.choice((1, -1)) * math.exp(generator.uniform(-4, 3)) for _ in leaves] for _ in range(200)]
    starred = parameters(op)[0].kind == "star"
    for point, found in zip(points, program(points, check=False).tolist(), strict=True):
        parts = group(op, point)
        expected = IEEE.value(name)(*(parts[0] if starred else parts))
        assert found == expected or abs(found - expected) <= 4 * math.ulp(expected) or expected != expected, point


def chain(count):
    """Give a function of so many operations with choices, of which many are needed far behind."""

    def f(x):
        values = list(x)
        generator = random.Random(0)
        for _ in range(count):
            a, b = generator.choice(values[-50:]), generator.choice(values)
            kind = generator.randrange(4)
            if kind == 0:
                values.append(autograd.where(autograd.maximum(a, 0.25), autograd.tanh(a - b), b))
            elif kind == 1:
                values.append(autograd.maximum(a * 0.5, b))
            else:
                values.append(a * 0.75 + b * 0.2 if kind == 2 else autograd.sigmoid(a) - b * 0.1)
        return autograd.sum(values[-10:])

    return f


def test_code_in_several_chunks_hands_everything_on(monkeypatch):
    program = record(chain(100), [0.3, -0.7])
    monkeypatch.setattr(straight, "_CHUNK", 40)
    monkeypatch.setattr(straight, "_WHOLE", 60)
    points = np.random.default_rng(0).uniform(-1, 1, size=(70, 2))
    tape, stored, summed = wanted(program)
    for single in (False, True):
        compiled = StraightLine(tape, stored, summed, single=single)
        assert len(compiled._functions) > 3
        assert same_bits(
            compiled.run(points, np.zeros(0))[0], Interpreter(tape, stored, summed).run(points, np.zeros(0))[0]
        )


@given(
    st.lists(st.integers(1, 9), min_size=1, max_size=3),
    st.integers(1, 9),
    st.integers(1, 150),
    st.sampled_from(["tanh", "relu", "linear", "sigmoid"]),
)
def test_layers_of_every_size_are_those_of_the_network(sizes, nin, count, activation):
    model = nn.MLP(nin, sizes, activation=activation, seed=0)

    def loss(x):
        out = model(x)
        return autograd.sum(out if isinstance(out, list) else [out]) ** 2

    program = record(loss, [0.1] * nin, model.parameters())
    points = np.random.default_rng(0).normal(size=(count, nin))
    values, grad = program.value_and_grad(points, summed=True)
    model.zero_grad()
    for point, value in zip(points.tolist(), values.tolist(), strict=True):
        own = loss(point)
        assert math.isclose(own.data, value, rel_tol=1e-11, abs_tol=1e-13)
        own.backward()
    slopes = np.array([parameter.grad for parameter in model.parameters()])
    assert np.abs(grad - slopes).max() <= 1e-11 * max(1e-3, np.abs(slopes).max())


SOME = st.one_of(st.integers(1, 9), st.sampled_from([15, 16, 17, 31, 40]))


@given(SOME, SOME, SOME, st.integers(0, 2), st.sampled_from([1, 5, 8, 63, 64, 65, 128, 200]), st.booleans())
@settings(max_examples=30)
def test_whole_vectors_of_inputs_are_read_where_they_stand(nin, width, nout, skipped, count, is_shuffled):
    model = nn.MLP(nin, [width, nout], activation="tanh", seed=0)
    params = model.parameters()
    if is_shuffled:
        random.Random(0).shuffle(params)  # so that the sums do not stand side by side

    def loss(x):
        out = model(x[skipped:])
        return autograd.sum([each * each for each in (out if isinstance(out, list) else [out])]) + x[0] * x[-1]

    program = record(loss, [0.1] * (nin + skipped), params)
    check_against_numpy(program, np.random.default_rng(0).normal(size=(count, nin + skipped)))


def check_against_numpy(program, points):
    tape, stored, summed = program._tape, program._observed, program._flat_slopes
    plain, places = expanded(tape, [*stored, *summed])
    numbers = np.array([leaf.data for leaf in program.params])
    expected = ArrayExecutor(plain, [places[i] for i in stored], [places[i] for i in summed]).run(points, numbers)
    values, sums, _ = Interpreter(tape, stored, summed).run(points, numbers)
    assert np.allclose(sums, expected[1], rtol=1e-11, atol=1e-11)
    for found in (values, Interpreter(tape, stored, []).run(points, numbers)[0]):
        assert np.allclose(found, expected[0], rtol=1e-11, atol=1e-11)


@given(SOME, SOME, SOME, st.sampled_from(["tanh", "relu", "sigmoid"]), st.sampled_from([1, 8, 63, 65, 300]))
@settings(max_examples=8)
def test_the_interpreter_of_one_network_gives_the_same_bits(nin, width, nout, activation, count):
    model = nn.MLP(nin, [width, nout], activation=activation, seed=0)

    def loss(x):
        out = model(x)
        return autograd.sum([each * each for each in (out if isinstance(out, list) else [out])])

    program = record(loss, [0.1] * nin, model.parameters())
    interpreter = Interpreter(program._tape, program._observed, program._flat_slopes)
    generator = np.random.default_rng(0)
    numbers = np.array([leaf.data for leaf in program.params])
    batches = [generator.normal(size=(size, nin)) for size in (count, 128, 256)]
    batches[0][0, 0] = generator.choice([np.nan, -400.0, 1.0])
    before = [interpreter.run(batch, numbers) for batch in batches]
    interpreter.specialise(nin)
    for batch, (values, sums, is_finite) in zip(batches, before, strict=True):
        again = interpreter.run(batch, numbers)
        assert same_bits(again[0], values)
        assert same_bits(again[1], sums)
        assert again[2] == is_finite


@given(st.integers(1, 6), st.integers(1, 9), st.integers(1, 3), st.sampled_from(["tanh", "relu", "sigmoid"]))
@settings(max_examples=25)
def test_layers_in_straight_line_code_give_the_bits_of_the_interpreter(nin, width, nout, activation):
    """Which of them runs is a matter of time."""
    model = nn.MLP(nin, [width, nout], activation=activation, seed=0)

    def loss(x):
        out = model(x)
        return autograd.sum([each * each for each in out]) if isinstance(out, list) else out * out

    program = record(loss, [0.1] * nin, model.parameters())
    points = np.random.default_rng(nin).normal(size=(37, nin))
    numbers = np.array([leaf.data for leaf in program.params])
    for tape, stored, summed in (wanted(program), (program._tape, program._observed, program._flat_slopes)):
        interpreted, compiled = (
            make(tape, stored, summed).run(points, numbers) for make in (Interpreter, StraightLine)
        )
        assert same_bits(interpreted[0], compiled[0])
        assert np.allclose(interpreted[1], compiled[1], rtol=1e-12, atol=1e-15)


def test_results_of_a_layer_may_be_multiplied_with_each_other():
    model = nn.Linear(5, 4, seed=0)

    def f(x):
        a, b, c, d = model(x)
        return a * b + c * d

    program = record(f, [0.1] * 5, model.parameters())
    check_against_numpy(program, np.random.default_rng(0).normal(size=(70, 5)))


def test_a_function_may_be_of_its_own_result():
    def f(x):
        for _ in range(5):
            x = [autograd.tanh(each) for each in (x[0], x[1], x[0] + x[1])]
        return autograd.sum(x)

    check_against_numpy(record(f, [0.3, -0.7]), np.random.default_rng(0).normal(size=(70, 2)))
    nested = record(lambda x: autograd.tanh(autograd.tanh(autograd.tanh(x[0]))), [0.3])
    check_against_numpy(nested, np.random.default_rng(0).normal(size=(70, 1)))


def test_what_is_no_network_is_computed_in_the_order_of_its_code():
    """Else all that is at one level would need registers at once."""
    program = record(lambda x: chain(300)(x) + autograd.sum([x[0] * k for k in range(10)]), [0.3, -0.7])
    assert coding.coded(program._tape, program._observed, program._flat_slopes, AVX512).tape is program._tape
    model = nn.MLP(4, [8, 3], seed=0)
    program = record(lambda x: autograd.sum(model(x)), [0.1] * 4, model.parameters())
    assert coding.coded(program._tape, program._observed, program._flat_slopes, AVX512).tape is not program._tape


def test_inputs_of_a_wide_layer_take_no_registers():
    registers = set()
    for nin in (16, 64):
        model = nn.MLP(nin, [8, 3], activation="tanh", seed=0)
        program = record(lambda x, model=model: autograd.sum(model(x)), [0.1] * nin, model.parameters())
        registers.add(coding.coded(program._tape, program._observed, program._flat_slopes, AVX512).registers)
    assert len(registers) == 1


def test_weights_that_are_used_twice_get_both_shares():
    model = nn.Linear(4, 4, seed=0)
    program = record(lambda x: autograd.sum(model(model(x))) * x[0], [0.5] * 4, model.parameters())
    point = [0.3, -0.2, 0.8, 0.1]
    _, grad = program.value_and_grad([point, point])
    (autograd.sum(model(model(point))) * point[0]).backward()
    assert np.allclose(grad, [parameter.grad for parameter in model.parameters()], rtol=1e-13)


def drawn(generator, leaves):
    """Draw a graph of leaves, with choices, long sums and sums of products."""
    values = list(leaves)
    functions = [autograd.tanh, autograd.exp, autograd.relu, autograd.sigmoid, autograd.sin, autograd.softplus]
    for _ in range(generator.randint(1, 25)):
        a, b = generator.choice(values), generator.choice(values)
        several = [generator.choice(values) for _ in range(generator.randint(1, 6))]
        kind = generator.randrange(8)
        made = (
            a + b if kind == 0 else a * b if kind in (1, 2) else a - b if kind == 3
            else autograd.dot(several, several[::-1], b) if kind == 4 else autograd.sum(several) if kind == 5
            else autograd.maximum(a, b) if kind == 6 else generator.choice(functions)(a)
        )  # fmt: skip
        if abs(made.data) < 1e3:
            values.append(made)
    return autograd.sum(values[-4:])


@pytest.mark.no_cover
@given(st.integers(0, 2**32), st.integers(0, 4), st.sampled_from([1, 2, 7, 8, 9, 33, 127, 128, 129, 300]))
def test_sums_of_slopes_over_the_examples_are_those_of_numpy(seed, count, examples):
    params = [Value(0.3 * (i + 1)) for i in range(count)]

    def f(x):
        return drawn(random.Random(seed), [*x, *params]) + autograd.sum(params)

    program = record(f, [0.5, -0.25, 0.75], params)
    tape, stored, slopes = program._tape, program._observed, program._flat_slopes
    plain, places = expanded(tape, [*stored, *slopes])
    points = np.random.default_rng(seed).uniform(-1, 1, size=(examples, 3))
    numbers = np.array([param.data for param in params])
    for summed in (slopes, [*stored, *slopes]):
        expected = ArrayExecutor(plain, [places[i] for i in stored], [places[i] for i in summed]).run(points, numbers)
        for made in (Interpreter(tape, stored, summed), StraightLine(tape, stored, summed)):
            for _ in range(2):  # the second time in memory that has been used
                found = made.run(points, numbers)
                for one, other in zip(found[:2], expected[:2], strict=True):
                    assert np.allclose(one, other, rtol=1e-9, atol=1e-9, equal_nan=True)


def test_an_infinite_gradient_is_infinite_whatever_the_number_of_examples():
    u = Value(1.0)
    program = record(lambda x: autograd.exp(u * x[0]), [1.0], [u])
    for count in range(1, 20):
        points = np.ones((count, 1))
        points[-1] = np.inf
        assert program.value_and_grad(points, check=False)[1].tolist() == [np.inf]


def test_threads_that_ask_for_the_first_gradient_at_once_get_the_same():
    points = np.random.default_rng(0).normal(size=(10, 2))
    interval = sys.getswitchinterval()
    try:
        sys.setswitchinterval(1e-6)
        for seed in range(5):
            program = record(chain(200), [0.3, -0.7 - seed])
            with ThreadPoolExecutor(4) as pool:
                first, *others = pool.map(program.value_and_grad, [points] * 4)
            for other in others:
                assert all(map(same_bits, first, other))
    finally:
        sys.setswitchinterval(interval)


def test_a_process_forked_while_another_thread_compiles_can_compile():
    if not hasattr(os, "fork"):
        pytest.skip("this system cannot fork")
    code = """
import os, sys, threading, time, warnings
warnings.simplefilter("ignore")
import numpy  # by one thread: a fork in the middle of an import is Python's own trouble
import autograd
from autograd import record
def compile():
    record(lambda x: autograd.exp(x[0]), [1.0])([1.0])
thread = threading.Thread(target=compile)
thread.start()
time.sleep(float(sys.argv[1]))
child = os.fork()
if not child:
    os._exit(record(lambda x: autograd.exp(x[0]), [1.0])([0.0]) != 1.0)
thread.join()
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""
    with tempfile.TemporaryDirectory() as cache:
        for moment in ("0.05", "0.5"):
            environment = {**os.environ, "CHAINRULE_CACHE": f"{cache}/{moment}"}
            subprocess.run([sys.executable, "-c", code, moment], env=environment, timeout=60, check=True)


def test_an_interrupt_while_a_process_forks_leaves_no_lock_held():
    if not hasattr(os, "fork"):
        pytest.skip("this system cannot fork")
    code = """
import os, signal, sys, threading, time, warnings
warnings.simplefilter("ignore")
from autograd import Value, record

def interrupt(*_):
    raise KeyboardInterrupt

w = Value(2.0)
program = record(lambda x: x[0] * w, [1.0], [w])
assert program([1.0]) == 2.0
signal.signal(signal.SIGALRM, interrupt)
interrupts = 0
for i in range(200):
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.0001 + i * 4e-6)
        if not os.fork():
            os._exit(0)
        time.sleep(0.005)
    except KeyboardInterrupt:
        interrupts += 1
    os.waitpid(-1, 0)
found = []
thread = threading.Thread(target=lambda: found.append(record(lambda x: x[0] * w, [1.0], [w])([3.0])), daemon=True)
thread.start()
thread.join(20)
print(interrupts, found, flush=True)
os._exit(0)
"""
    done = subprocess.run([sys.executable, "-c", code], timeout=60, check=True, capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("200 [6.0]\n", "")


def test_nobody_is_in_the_compiler_while_the_process_ends(monkeypatch):
    events = []

    class Lock:
        def __enter__(self):
            events.append("take")

        def __exit__(self, *_):
            events.append("release")

    monkeypatch.setattr(background, "compiler", Lock())
    monkeypatch.setattr(background, "_is_ending", threading.Event())
    background._end()
    assert (events, background._is_ending.is_set()) == (["take", "release"], True)


@pytest.mark.parametrize("count", [0, 1, 127, 128, 1000])
def test_threads_share_the_examples(count):
    model = nn.MLP(3, [5, 1], activation="tanh", seed=0)
    program = record(model, [0.0] * 3, model.parameters())
    points = np.random.default_rng(0).normal(size=(count, 3))
    values, grad = program.value_and_grad(points, summed=True)
    for threads in (2, 3):
        shared, sums = program.value_and_grad(points, summed=True, threads=threads)
        assert same_bits(values, shared)
        assert np.allclose(grad, sums, rtol=1e-12)
        assert same_bits(sums, program.value_and_grad(points, summed=True, threads=threads)[1])


def a_network():
    model = nn.MLP(3, [5, 1], activation="tanh", seed=0)
    return record(model, [0.0] * 3, model.parameters()), np.random.default_rng(0).normal(size=(1000, 3))


def test_threads_that_have_gone_to_sleep_are_woken_and_many_can_ask_for_them():
    program, points = a_network()
    expected = program.value_and_grad(points, threads=2)

    def run(pause):
        time.sleep(pause)
        return program.value_and_grad(points, threads=2)

    pauses = [0.0, 0.0, 0.0, 0.02, 0.0, 0.005, 0.0, 0.0] * 3
    with ThreadPoolExecutor(4) as pool:
        for found in [*map(run, pauses), *pool.map(run, pauses)]:
            assert all(map(same_bits, found, expected))


def test_a_job_that_was_not_waited_for_ends_before_the_next(monkeypatch):
    program, points = a_network()
    points = np.tile(points, (50, 1))  # so many that the job is not done when the next is to be posted
    expected = program.value_and_grad(points, threads=2)
    runner = program._of_gradient._uncompiled
    function = runner._function
    (member,) = crew.crew(1)._members
    do, was_busy = member._do, []

    def watched(task, *job):
        if task == mailbox.POST:
            was_busy.append(member._is_busy)
        do(task, *job)

    monkeypatch.setattr(member, "_do", watched)

    class Interrupted:
        address = function.address

        def run(self, _):
            raise KeyboardInterrupt

    for _ in range(20):
        runner._function = Interrupted()
        with pytest.raises(KeyboardInterrupt):
            program.value_and_grad(points, threads=2)
        runner._function = function
        assert all(map(same_bits, program.value_and_grad(points, threads=2), expected))
    assert was_busy == [False] * 40


@pytest.mark.parametrize("is_dropped", [False, True])
def test_a_job_that_was_posted_in_silence_is_done(monkeypatch, is_dropped):
    program, points = a_network()
    expected = program.value_and_grad(points, threads=2)
    other, _ = a_network() if is_dropped else (program, None)
    other.value_and_grad(points[:10])
    (member,) = crew.crew(1)._members
    until = time.monotonic() + 60
    while member._is_awake and time.monotonic() < until:
        time.sleep(0.01)

    def interrupted():
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(member, "_ring", interrupted)
        with pytest.raises(KeyboardInterrupt):
            other.value_and_grad(points, threads=2)
    assert member._is_busy
    kept = weakref.ref(other._of_gradient._uncompiled)
    del other
    assert kept()  # what a job reads is there
    assert all(map(same_bits, program.value_and_grad(points, threads=2), expected))
    assert member._alive is None  # of what is done nothing is kept
    if is_dropped:
        gc.collect()
        assert kept() is None


@pytest.mark.parametrize("is_compiled", [False, True])
def test_where_there_are_no_threads_it_is_computed_without(monkeypatch, is_compiled):
    program = record(lambda x: autograd.exp(x[0]) * x[1], [0.5, 1.0])
    points = np.random.default_rng(0).normal(size=(1000, 2))
    if is_compiled:
        program.compile()
    expected = program.value_and_grad(points, threads=3)

    def none(*_):
        msg = "can't start new thread"
        raise RuntimeError(msg)

    monkeypatch.setattr(executor._thread, "start_new_thread", none)
    monkeypatch.setattr(crew.threading.Thread, "start", none)
    for kept in (crew.crew, executor._jobs_of):
        kept.cache_clear()
    assert all(map(same_bits, program.value_and_grad(points, threads=3), expected))
    for kept in (crew.crew, executor._jobs_of):
        kept.cache_clear()


def test_what_fails_in_a_thread_is_raised(monkeypatch):
    program = record(lambda x: autograd.exp(x[0]), [0.5])
    program.compile()
    points, run = np.ones((1000, 1)), StraightLine.run

    def failing(self, inputs, params):
        if inputs[0] != 1.0:
            msg = "there is no memory"
            raise MemoryError(msg)
        return run(self, inputs, params)

    monkeypatch.setattr(StraightLine, "run", failing)
    assert program(points, threads=2).tolist() == pytest.approx([math.e] * 1000)
    points[500:] = 2.0
    with pytest.raises(MemoryError, match="there is no memory"):
        program(points, threads=2)


def test_a_forked_process_has_threads_of_its_own():
    if not hasattr(os, "fork"):
        pytest.skip("this system cannot fork")
    code = """
import os, sys, warnings
warnings.simplefilter("ignore")
import numpy as np
from autograd import Value, record
w = Value(2.0)
program = record(lambda x: x[0] * w, [1.0], [w])
points = np.ones((1000, 1))
assert program.value_and_grad(points, threads=2)[1].tolist() == [1.0]
child = os.fork()
if not child:
    os._exit(program.value_and_grad(points, threads=2)[1].tolist() != [1.0])
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""
    subprocess.run([sys.executable, "-c", code], timeout=60, check=True)


@pytest.mark.parametrize("count", [1, 20, 3000])
def test_no_run_writes_over_the_results_of_another(count):
    """Neither of an earlier one, nor of one that another thread has begun with as many examples."""
    w = Value(2.0)
    program = record(lambda x: x[0] * w, [0.5], [w])
    points = np.arange(1.0, count + 1.0)[:, None]
    runner = program._of_gradient._uncompiled
    function = runner._function
    found = []

    def run(factor):
        found.append((factor, *program.value_and_grad(factor * points, params=[factor], summed=True)))

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
    for factor, values, slopes in found:
        assert values.tolist() == (factor**2 * points[:, 0]).tolist()
        assert slopes.tolist() == [factor * points.sum()]


def test_a_program_that_is_run_often_is_compiled_beside(monkeypatch):
    program = record(lambda x: autograd.tanh(x[0]) * x[1] - x[0], [0.5, 2.0])
    first = program.value_and_grad([0.25, -1.0])
    assert program.executor == "interpreter"
    monkeypatch.setattr(executor, "_TO_COMPILE", 0.0)
    until = time.monotonic() + 60
    while program.executor != "straight-line code" and time.monotonic() < until:
        again = program.value_and_grad([0.25, -1.0])
        assert (again[0], again[1].tolist()) == (first[0], first[1].tolist())
    assert program.executor == "straight-line code"


def wide(x, count=300):
    """Compute much that does not depend on each other, and of that again."""
    values = list(x)
    for _ in range(5):
        values = [autograd.sin(values[i % len(values)] * (i + 1.0) + values[7 * i % len(values)]) for i in range(count)]
    return autograd.sum(values)


def long(x):
    """Compute what depends on what was computed before."""
    value = x[0]
    for _ in range(1100):
        value = autograd.sin(value) * x[1]
    return value


def test_large_graphs_are_run_by_levels_for_few_examples(monkeypatch):
    monkeypatch.setattr(executor, "_TO_COMPILE", 0.0)  # it would be compiled
    program = record(wide, [0.3, 0.2])
    assert program.executor == "interpreter by levels"
    program.compile(single=True)
    for _ in range(3):
        assert program.value_and_grad([0.3, 0.2])[1].shape == (2,)
        assert program.value_and_grad([[0.3, 0.2]] * executor._FEW)[1].shape == (executor._FEW, 2)
        assert program.executor == "interpreter by levels"
    assert not program._of_gradient._compilations
    assert "_uncompiled" not in vars(program._of_gradient)
    monkeypatch.setattr(executor, "_TO_COMPILE", math.inf)
    program.value_and_grad([[0.3, 0.2]] * (executor._FEW + 1))
    assert program.executor == "interpreter"


def unlike(x):
    """Compute as much side by side as would fill a vector, but each by another function."""
    functions = [autograd.sin, autograd.cos, autograd.tanh, autograd.atan, autograd.sigmoid, autograd.erf]
    values = [x[0] + x[1]] * len(functions)
    for _ in range(400):
        values = [function(value) for function, value in zip(functions, values, strict=True)]
    return autograd.sum(values)


@pytest.mark.parametrize("f", [long, unlike, lambda x: wide(x, count=20)])
def test_long_and_narrow_and_small_ones_are_not(f):
    program = record(f, [0.3, 0.2])
    program([0.3, 0.2])
    assert program._forward.name == "interpreter"


def test_what_is_small_is_not_run_by_levels_when_its_gradient_is():
    program = record(lambda x: wide(x, count=120), [0.3, 0.2])
    program.value_and_grad([0.3, 0.2])
    assert program.executor == "interpreter by levels"
    program([0.3, 0.2])
    assert program._forward.name == "interpreter"


def test_dense_loops_are_not_run_by_levels():
    model = nn.MLP(16, [64, 64, 1], seed=0)
    program = record(model, [0.1] * 16, model.parameters())
    assert program.stats["with gradient"] > 2_000
    program.value_and_grad([0.1] * 16)
    assert program.executor == "dense loops"


def test_by_levels_threads_have_memory_of_their_own():
    program = record(wide, [0.3, 0.2])
    points = np.random.default_rng(0).uniform(-1, 1, size=(40, 2))
    expected = [program.value_and_grad(point) for point in points]
    with ThreadPoolExecutor(4) as pool:
        for _ in range(3):
            for one, other in zip(expected, pool.map(program.value_and_grad, points), strict=True):
                assert one[0] == other[0]
                assert same_bits(one[1], other[1])
    assert program.executor == "interpreter by levels"


def test_a_program_is_compiled_when_that_is_asked_for():
    program = record(lambda x: x[0] * x[1], [0.5, 2.0])
    program.compile()
    assert program.value_and_grad([[3.0, 2.0]] * 2)[1].tolist() == [[2.0, 3.0]] * 2
    assert program.executor == "straight-line code"
    program.value_and_grad([3.0, 2.0])
    assert program.executor == "interpreter"
    program.compile(single=True)
    assert program.value_and_grad([3.0, 2.0])[1].tolist() == [2.0, 3.0]
    assert program.executor == "straight-line code"


def test_of_several_results_the_jacobian_is_compiled():
    w = Value(3.0)
    program = record(lambda x: [x[0] * w, x[0] + w], [0.5], [w])
    program.jacobian([2.0])
    assert program.executor == "interpreter"
    program.compile(single=True)
    assert program.jacobian([2.0]).tolist() == [[2.0], [1.0]]
    assert program.executor == program._with_slopes.name == "straight-line code"


def of_layers():
    """Give a program, points for it, and a function that tells what machine code its gradient is computed by."""
    model = nn.MLP(3, [12, 12, 1], activation="tanh", seed=0)
    program = record(lambda x: model(x) ** 2, [0.1] * 3, model.parameters())
    points = np.random.default_rng(0).normal(size=(50, 3))
    return program, points, lambda: program._of_gradient._uncompiled._function


def test_layers_that_are_run_often_are_compiled_beside(monkeypatch):
    program, points, function = of_layers()
    values, grads = program.value_and_grad(points)
    shared = function()
    monkeypatch.setattr(executor, "_TO_COMPILE_A_WORD", 0.0)
    until = time.monotonic() + 60
    while function() is shared and time.monotonic() < until:
        again = program.value_and_grad(points)
        assert same_bits(again[0], values)
        assert same_bits(again[1], grads)
    assert function() is not shared
    assert same_bits(program.value_and_grad(points, threads=2)[0], values)
    assert program.executor == "dense loops"


def test_layers_are_compiled_when_that_is_asked_for():
    program, points, function = of_layers()
    values, grads = program.value_and_grad(points)
    shared = function()
    program.compile()
    own = function()
    assert own is not shared
    program.compile()
    assert function() is own
    again = program.value_and_grad(points)
    assert same_bits(again[0], values)
    assert same_bits(again[1], grads)


def test_many_layers_are_not_compiled(monkeypatch):
    program, points, function = of_layers()
    monkeypatch.setattr(executor, "_TO_COMPILE_A_WORD", 0.0)
    monkeypatch.setattr(interpreter, "_MOST_WORDS", 0)
    program.value_and_grad(points)
    shared = function()
    program.compile()
    program.value_and_grad(points)
    assert function() is shared
    assert program._of_gradient._specialisation is None


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """Begin with an empty folder, and as a new process would."""
    monkeypatch.setenv("CHAINRULE_CACHE", str(tmp_path / "cache"))
    interpreter._function.cache_clear()
    yield tmp_path / "cache"
    interpreter._function.cache_clear()


def works():
    interpreter._function.cache_clear()
    return record(lambda x: autograd.exp(x[0]), [1.0])([0.0]) == 1.0


def test_the_interpreter_is_compiled_once_for_a_machine(cache, monkeypatch):
    assert works()
    (file,) = cache.iterdir()
    monkeypatch.setattr(interpreter.kernel, "interpreter_module", None)  # it would be written with this
    assert works()
    assert [*cache.iterdir()] == [file]


@pytest.mark.parametrize("damage", [lambda content: content[:-1], lambda content: b""])
def test_a_damaged_file_is_made_anew(cache, damage):
    assert works()
    (file,) = cache.iterdir()
    content = file.read_bytes()
    file.write_bytes(damage(content))
    assert works()
    assert file.read_bytes() == content


def test_where_nothing_can_be_written_it_is_compiled_each_time(cache):
    cache.write_text("no folder")
    assert works()


def test_another_cpu_has_a_file_of_its_own(cache, monkeypatch):
    assert works()
    monkeypatch.setenv("CHAINRULE_CPU", "sse2")
    assert features().lanes == 2
    assert works()
    assert len([*cache.iterdir()]) == 2


@pytest.mark.usefixtures("cache")
def test_without_a_home_it_is_compiled_each_time(monkeypatch):
    monkeypatch.delenv("CHAINRULE_CACHE")
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)

    def no_home():
        msg = "Could not determine home directory."
        raise RuntimeError(msg)

    monkeypatch.setattr(compiling.Path, "home", no_home)
    assert works()


def test_only_the_latest_files_are_kept(cache):
    cache.mkdir()
    own = [cache / f"interpreter-{age:032x}.o" for age in range(12)]
    somebody_elses = [cache / "interpreter.o", cache / "main.o", cache / f"{0:032x}.o"]
    for age, file in enumerate([*own, *somebody_elses]):
        file.write_bytes(b"")
        os.utime(file, (1e9 - age, 1e9 - age))
    assert works()
    assert len([*cache.iterdir()]) == compiling._KEPT + 3
    assert not own[-1].exists()
    assert own[-2].exists()
    assert all(file.exists() for file in somebody_elses)


def test_the_folder_may_be_named_from_home(cache, monkeypatch):
    monkeypatch.setenv("HOME", str(cache))
    monkeypatch.setenv("CHAINRULE_CACHE", "~/kept")
    assert works()
    assert len([*(cache / "kept").iterdir()]) == 1


def test_what_has_no_instructions_is_not_compiled_at_once(monkeypatch):
    monkeypatch.setattr(executor, "Compilation", None)  # whose call fails
    program = record(lambda x: x[1], [1.0, 2.0])
    for _ in range(3):
        assert program.value_and_grad([[3.0, 4.0], [5.0, 6.0]])[0].tolist() == [4.0, 6.0]


def test_what_is_appended_meanwhile_is_no_part_of_what_is_compiled(monkeypatch):
    """A compiler reads the tape beside, while the program writes derivatives on it."""
    program = record(lambda x: autograd.tanh(x[0] * x[1]) + autograd.dot(x, [2.0, 3.0]), [0.5, 2.0])
    copied = Tape.copied

    def meanwhile(tape, count):
        found = copied(tape, count)
        tape.emit("exp", 0)
        return found

    monkeypatch.setattr(Tape, "copied", meanwhile)
    points = np.random.default_rng(0).normal(size=(20, 2))
    compiled = StraightLine(program._tape, program._observed, [])
    found, *_ = compiled.run(points, np.empty(0))
    monkeypatch.undo()
    assert np.allclose(found[0], np.tanh(points.prod(axis=1)) + points @ [2.0, 3.0], rtol=1e-14)
    rows = program._tape.copied(2)
    assert [len(row) for row in rows] == [2, 3, rows[1][-1]]
    program._tape.emit("log", 0)  # what exports memory could not grow


def test_a_failure_of_the_compiler_leaves_what_runs(monkeypatch):
    program = record(lambda x: autograd.exp(x[0]) * x[0], [0.5])
    monkeypatch.setattr(executor, "StraightLine", None)  # whose call fails
    monkeypatch.setattr(executor, "_TO_COMPILE", 0.0)
    for _ in range(3):
        assert program.value_and_grad([0.0])[1].tolist() == [1.0]
    assert program.executor == "interpreter"


def test_machine_code_lives_as_long_as_it_can_be_run():
    from llvmlite import ir

    module = ir.Module("nothing")
    function = ir.Function(module, ir.FunctionType(ir.VoidType(), [ir.IntType(64).as_pointer()]), "run")
    ir.IRBuilder(function.append_basic_block()).ret_void()
    run = compiling.compiled(module, features()).run
    gc.collect()
    assert not run.engine.closed
    run(b"")


def test_threads_that_run_straight_line_code_first_do_so_at_once():
    code = """
        import numpy as np
        from autograd import record

        program = record(lambda x: x[0] * x[1], [1.0, 2.0])
        program.compile()
        values, slopes = program.value_and_grad(np.ones((200_003, 2)), threads=2)
        print(program.executor, values.sum(), slopes.sum())
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)], capture_output=True, text=True, check=True, timeout=120
    )
    assert done.stdout == "straight-line code 200003.0 400006.0\n"
