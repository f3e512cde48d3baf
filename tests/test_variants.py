"""Functions that are recorded again where a comparison comes out otherwise: each example goes its own way."""

import copy
import functools
import pickle
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import autograd
from autograd import Program, Value, Variants, draw, record
from autograd.errors import ArgumentError, DomainError, GuardError, OperandError


def eager(f, point):
    leaves = [Value(x) for x in point]
    out = f(leaves)
    out.backward()
    return out.data, [leaf.grad for leaf in leaves]


def branching(x):
    """Go one of five ways; in each of them other operations are done."""
    if x[0] > 1:
        return x[0] * x[1]
    total = x[1]
    for _ in range(3):
        if total > 0.5:
            total = autograd.sin(total) - x[0]
    return total * x[1]


points_of_branches = st.lists(st.tuples(st.floats(-3, 3), st.floats(-3, 3)), min_size=1, max_size=12)


@given(points_of_branches)
def test_each_example_is_computed_the_way_it_goes(points):
    program = record(branching, [2.0, 1.0], on_guard="record")
    wanted = [eager(branching, point) for point in points]
    values, grads = program.value_and_grad(points)
    assert np.allclose(values, [value for value, _ in wanted], rtol=1e-13, atol=1e-15)
    assert np.allclose(grads, [slopes for _, slopes in wanted], rtol=1e-12, atol=1e-15)
    assert np.array_equal(program(points), values)
    assert np.allclose(program.jacobian(points)[:, 0], grads, rtol=1e-14)
    assert len(program.programs) <= 5
    for point, value, grad in zip(points, values, grads, strict=True):
        assert program(point) == pytest.approx(value, rel=1e-14)
        assert program.value_and_grad(point)[1] == pytest.approx(grad, rel=1e-13)


def test_a_way_is_recorded_once():
    calls = []

    def f(x):
        calls.append(x[0].data)
        return x[0] * 2 if x[0] > 0 else -x[0]

    program = record(f, [1.0], on_guard="record")
    for _ in range(3):
        assert program([[2.0], [-3.0], [0.0], [5.0]]).tolist() == [4.0, 3.0, -0.0, 10.0]
    assert calls == [1.0, -3.0]
    assert program([-7.0]) == 7.0
    assert isinstance(program([-7.0]), float)
    assert program(np.empty((0, 1))).shape == (0,)
    assert program.executor == "interpreter"
    assert repr(program) == "<Variants of 1 inputs and 0 params: 2 programs>"
    assert str(program).startswith("way 0:\nv2 = mul(x0, 2)")


@pytest.mark.parametrize("numbers", [None, [3.0, -2.0]])
def test_shared_parameters_decide_too(numbers):
    w, b = Value(0.5), Value(1.0)

    def f(x):
        return x[0] * w if x[0] + b > 0 else x[0] * x[0]

    program = record(f, [1.0], [w, b], on_guard="record")
    points = [[1.0], [-4.0], [1.5], [-0.5]]
    values, mean = program.value_and_grad(points, params=numbers)
    total = program.value_and_grad(points, params=numbers, summed=True)[1]
    w_now, b_now = numbers or (0.5, 1.0)
    taken = [x for (x,) in points if x + b_now > 0]
    assert values.tolist() == [x * w_now if x + b_now > 0 else x * x for (x,) in points]
    assert total.tolist() == [sum(taken), 0.0]
    assert mean.tolist() == [sum(taken) / 4, 0.0]
    assert (w.data, b.data) == (0.5, 1.0)


def test_several_results_of_several_ways():
    def f(x):
        return [x[0], x[0] * 2] if x[0] > 0 else [-x[0], x[0]] if x[0] > -5 else [x[0]]

    program = record(f, [1.0], on_guard="record")
    first, second = program([[1.0], [-1.0]])
    assert (first.tolist(), second.tolist()) == ([1.0, 1.0], [2.0, -1.0])
    assert program.jacobian([[1.0], [-1.0]])[:, :, 0].tolist() == [[1.0, 2.0], [-1.0, 1.0]]
    assert program([-9.0]) == [-9.0]
    with pytest.raises(ValueError, match="more results for one example than for another"):
        program([[1.0], [-9.0]])


def test_a_function_of_too_many_ways_is_refused():
    def f(x):
        total = x[0]
        while total > 1:
            total = total - 1
        return total

    program = record(f, [0.5], on_guard="record")
    assert program([[i + 0.5] for i in range(64)]).tolist() == [0.5] * 64
    with pytest.raises(GuardError, match="goes more than 64 ways.*where, maximum or relu"):
        program([64.5])
    assert len(program.programs) == 64


def test_what_the_function_raises_where_it_is_recorded_again():
    program = record(lambda x: x[0] if x[0] > 0 else autograd.log(x[0]), [1.0], on_guard="record")
    with pytest.raises(DomainError, match="log"):
        program([[1.0], [-1.0]])
    assert program([2.0]) == 2.0


def test_an_error_counts_the_examples_of_all_ways():
    def f(x):
        return autograd.sqrt(x[0]) if x[1] > 0 else autograd.log(x[0])

    program = record(f, [1.0, 1.0], on_guard="record")
    for points, said in (
        ([[1.0, 1.0], [2.0, -1.0], [-1.0, 1.0], [-1.0, -1.0]], "example 2: sqrt"),
        ([[1.0, 1.0], [2.0, -1.0], [3.0, -1.0], [-1.0, -1.0]], "example 3: log"),
        ([[1.0, 1.0], [-1.0, -1.0]], "example 1: log"),
    ):
        for run in (program, program.value_and_grad, program.jacobian):
            with pytest.raises(DomainError, match=rf"^{said}\(x0=-1.0\): math domain error$"):
                run(points)


def test_which_examples_go_the_recorded_way():
    program = record(branching, [2.0, 1.0])
    assert program.follows([[3.0, 1.0], [0.5, 1.0], [1.5, 0.0]]).tolist() == [True, False, True]
    assert record(lambda x: x[0] * 2, [1.0]).follows([[1.0], [2.0]]).tolist() == [True, True]
    assert program.follows([0.0, 1.0]).tolist() == [False]
    with pytest.raises(GuardError, match='on_guard="record"'):
        program([0.0, 1.0])


def test_only_a_function_can_be_recorded_again():
    x = Value(1.0)
    with pytest.raises(ArgumentError, match="on_guard='record' is for a function"):
        record(x * 2, [x], on_guard="record")
    with pytest.raises(ArgumentError, match="on_guard must be 'raise' or 'record', not 'again'"):
        record(x * 2, [x], on_guard="again")


def test_what_has_been_recorded_is_compiled_when_that_is_asked_for():
    program = record(lambda x: x[0] * 2 if x[0] > 1 else -x[0], [2.0], on_guard="record")
    assert program([[3.0], [0.5]]).tolist() == [6.0, -0.5]
    program.compile()
    assert program([[3.0], [4.0], [0.5], [0.25]]).tolist() == [6.0, 8.0, -0.5, -0.25]
    assert {each._forward.name for each in program.programs} == {"straight-line code"}


def shared(w):
    return record(lambda x: x[0] * w if x[0] > 1 else autograd.sin(x[0] - w), [2.0], [w], on_guard="record")


def test_all_ways_are_counted():
    program = shared(Value(3.0, "w"))
    first = dict(program.stats)
    assert first == {"programs": 1} | program.programs[0].stats
    program([0.0])
    both = [each.stats for each in program.programs]
    assert program.stats == {"programs": 2, "inputs": 1, "params": 1} | {
        name: both[0][name] + both[1][name] for name in ("nodes", "instructions", "with gradient", "guards")
    }
    assert program.stats["instructions"] == 3 > first["instructions"] == 1


def test_all_ways_are_drawn_side_by_side():
    program = shared(Value(3.0, "w"))
    program([0.0])
    picture = draw(program).picture
    first, second = (draw(each).picture for each in program.programs)
    assert [box.name for box in picture.boxes] == [box.name for box in (*first.boxes, *second.boxes)]
    assert [oval.text for oval in picture.ovals] == ["mul", "gt(·, 1)", "sub", "sin", "gt(·, 1)"]
    assert {box.cluster for box in picture.boxes} == {("way 0",), ("way 1",)}
    ids = [each.id for each in (*picture.boxes, *picture.ovals, *picture.arrows)]
    assert len({*ids}) == len(ids)
    way_of = {each.id: each.cluster for each in (*picture.boxes, *picture.ovals)}
    assert all(way_of[arrow.start] == way_of[arrow.end] for arrow in picture.arrows)
    assert len(picture.arrows) == len(first.arrows) + len(second.arrows)
    assert "way 1" in draw(program).source
    assert "way 1: " in draw(program, limit=3).picture.note
    assert len(draw(program, gradient=True).picture.boxes) > len(picture.boxes)


def test_all_ways_are_saved_and_share_their_parameters(tmp_path):
    w = Value(3.0, "w")
    program = shared(w)
    points = [[2.0], [0.5], [-1.0], [7.0]]
    values, grad = program.value_and_grad(points)
    program.save(tmp_path / "ways")
    w.data = 0.0
    loaded = Variants.load(tmp_path / "ways")
    assert [(leaf.data, leaf.label) for leaf in loaded.params] == [(3.0, "w")]
    found, slope = loaded.value_and_grad(points)
    assert (found.tolist(), slope.tolist()) == (values.tolist(), grad.tolist())
    assert (str(loaded), loaded.stats) == (str(program), program.stats)
    loaded.params[0].data = 0.0
    assert loaded([[2.0], [0.5]]).tolist() == program([[2.0], [0.5]]).tolist()
    with pytest.raises(ValueError, match=r"ways' is of a function that goes 2 ways: load it with Variants\.load"):
        Program.load(tmp_path / "ways")


def test_a_way_that_was_not_saved_is_refused(tmp_path):
    program = shared(Value(3.0))
    program.save(tmp_path / "ways")
    for loaded in (Variants.load(tmp_path / "ways"), Variants([Program.load(tmp_path / "ways")])):
        with pytest.raises(GuardError, match="example 2 goes a way that was not recorded before, nor") as caught:
            loaded([[2.0], [3.0], [0.0]])
        assert caught.value.example == 2
        assert len(loaded.programs) == 1
        assert loaded([2.0]) == 6.0


def of_a_leaf(w, x):
    return x[0] * w if x[0] > 1 else -x[0] * w


class Line:
    """What has its parameters itself."""

    def __init__(self):
        self.w = Value(3.0, "w")

    def __call__(self, x):
        return of_a_leaf(self.w, x)


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda variants: pickle.loads(pickle.dumps(variants))])
def test_a_copy_records_only_what_has_its_parameters(copied):
    line = Line()
    own = copied(record(line, [2.0], [line.w], on_guard="record"))
    own.params[0].data = 10.0
    assert [part.tolist() for part in own.value_and_grad([[2.0], [0.5]], summed=True)] == [[20.0, -5.0], [1.5]]
    w = Value(3.0)
    f = functools.partial(of_a_leaf, w)
    program = record(f, [2.0], [w], on_guard="record")
    twin = copied(program)
    twin.params[0].data = 10.0
    assert twin([2.0]) == 20.0
    assert twin.value_and_grad([2.0])[1].tolist() == [2.0]
    with pytest.raises(GuardError, match="example 0 goes a way .* a copy has the programs, but not the function"):
        twin.value_and_grad([0.5])
    assert copy.copy(program).value_and_grad([0.5])[1].tolist() == [-0.5]
    nameless = copied(record(lambda x: x[0] * 2 if x[0] > 1 else -x[0], [2.0], on_guard="record"))
    assert nameless([3.0]) == 6.0
    with pytest.raises(GuardError, match="but not the function"):
        nameless([0.5])
    assert len(program.programs) == 1


def test_numbers_for_the_parameters_are_seen_by_no_other_run(tmp_path):
    w, inside, go_on = Value(1.0), threading.Event(), threading.Event()

    def f(x):
        if x[0] * w > 2:
            inside.set()
            go_on.wait(30)
            return x[0] * w
        return -x[0] * w

    program, other = record(f, [1.0], [w], on_guard="record"), record(lambda x: x[0] * w, [1.0], [w])
    found = []
    one = threading.Thread(target=lambda: found.append(program([1.5], params=[5.0])))
    constant = record(lambda x: x[0] * w * 0.5, [1.0])

    def saved():
        other.save(tmp_path / "other")
        return Program.load(tmp_path / "other")([3.0])

    tasks = (lambda: other([1.0]), lambda: constant([1.0]), saved, lambda: record(lambda x: x[0] * w, [1.0])([4.0]))
    others = [threading.Thread(target=lambda task=task: found.append(task())) for task in tasks]
    one.start()
    assert inside.wait(30)
    for thread in others:
        thread.start()
        thread.join(0.05)
    go_on.set()
    for thread in (one, *others):
        thread.join()
    assert sorted(found) == [0.5, 1.0, 3.0, 4.0, 7.5]
    assert w.data == 1.0


def test_a_function_may_wait_for_other_programs_where_no_numbers_are_given():
    w = Value(2.0)
    other = record(lambda x: x[0] * w, [1.0], [w])

    def f(x):
        found = []
        thread = threading.Thread(target=lambda: found.append(other([3.0])), daemon=True)
        thread.start()
        thread.join(30)
        return x[0] * found[0] if x[0] > 0 else -x[0] * w

    assert record(f, [-1.0], [w], on_guard="record")([2.0]) == 12.0


@pytest.mark.parametrize("after", [0, 1, 2, 4, 5, 6])  # before and after it is recorded
def test_an_interrupt_leaves_parameters_as_they_were(after):
    class Leaf:
        """What is interrupted once, when it has been given a number."""

        def __init__(self, number):
            self.__dict__["data"] = number

        def __setattr__(self, name, number):
            self.__dict__[name] = number
            given.append(number)
            if len(given) == after + 1:
                raise KeyboardInterrupt

    given = []
    leaves = [Leaf(float(i)) for i in range(3)]
    program = record(lambda x: x[0] * 2, [1.0], on_guard="record")
    program._programs[0].params = leaves
    with pytest.raises(KeyboardInterrupt):
        program._recorded_with([7.0, 8.0, 9.0], lambda _: given.append([leaf.data for leaf in leaves]), [2.0])
    assert [leaf.data for leaf in leaves] == [0.0, 1.0, 2.0]
    assert ([7.0, 8.0, 9.0] in given) == (after > 2)


def test_what_others_do_to_parameters_meanwhile_stays():
    w = Value(1.0)

    def f(x):
        if x[0] > 1:
            w.data = 10.0  # as by another thread
            return x[0] * w
        return x[0] - w

    assert record(f, [1.0], [w], on_guard="record")([2.0]) == 20.0
    assert w.data == 10.0


def test_threads_record_a_way_once():
    start = threading.Barrier(4)

    def f(x):
        time.sleep(0.001)
        return x[0] * 2 if x[0] > 0 else -x[0]

    program = record(f, [1.0], on_guard="record")

    def run(_):
        start.wait(30)
        return program([-3.0])

    with ThreadPoolExecutor(4) as pool:
        assert [*pool.map(run, range(4))] == [3.0] * 4
    assert len(program.programs) == 2


def test_variants_are_of_programs_with_the_same_parameters():
    w, v = Value(1.0), Value(2.0)
    one, other, none = (record(lambda x, p=p: x[0] * (p or 2.0), [1.0], [p] if p else []) for p in (w, v, None))
    assert Variants([one])([3.0]) == 3.0
    for programs in ([], [1], "ab", [one, w], one):
        with pytest.raises(OperandError, match="programs must be one Program at least, not "):
            Variants(programs)
    two = record(lambda x: x[0] * w * x[1], [1.0, 2.0], [w])
    for programs in ([one, other], [none, one], [one, two]):
        with pytest.raises(ArgumentError, match="programs must be of as many inputs and of the same parameters"):
            Variants(programs)
