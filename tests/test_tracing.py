"""Which line made a node, what variables have held it, and which comparisons decided."""

import copy
import gc
import math
import pickle
import threading
from pathlib import Path

import pytest
from hypothesis import given

import autograd
import nn
from autograd import Value, detect_anomaly, grad, jvp, no_grad, steps, tanh, trace_source
from autograd.sources import SourceLine, users_line
from autograd.testing import expressions
from autograd.tracing import Comparison
from autograd.watchers import watched


def line_of(text):
    """Give the only line of this file that ends with a comment."""
    lines = Path(__file__).read_text(encoding="utf-8").splitlines()
    (found,) = [n for n, line in enumerate(lines, 1) if line.endswith(f"# {text}")]
    return SourceLine(__file__, found, lines[found - 1].strip())


def traced(f, *leaves):
    with trace_source():
        return f(*leaves)


def said(_root):
    return [(str(step), step.source and step.source.text) for step in steps(_root) if step.phase == "forward"]


def test_each_step_has_its_line():
    def f(a, b):
        d = a * b  # a product
        return tanh(
            d + a  # an addition
        )  # its end

    listed = steps(traced(f, Value(2.0, "a"), Value(3.0, "b")))
    made = [step.source for step in listed if step.phase == "forward"]
    assert made[:2] == [line_of("a product"), line_of("an addition")]
    assert made[2].text == "return tanh("
    assert [step.source for step in listed if step.phase == "backward" and step.node is listed.order[2]] == made[:1] * 2
    assert str(made[0]).endswith(f"test_tracing.py:{made[0].number}: d = a * b  # a product")


def test_outside_nothing_is_recorded():
    x = Value(2.0, "x")
    y = x * 3
    assert type(y) is Value
    assert steps(y)[0].source is None
    assert steps(y).comparisons == []
    assert not watched


def test_nodes_are_called_by_the_variables_that_have_held_them():
    def f(a, b):
        d, e = a * b, a + b
        total = 0.0
        for i in range(2):
            total += d * i
        if (w := tanh(total)) > 0:
            pass
        m = autograd.mean([w, e])
        q = autograd.softmax([m, e])
        other = m
        return other * q[0] + nn.Neuron(1, seed=0)([e])

    listed = steps(traced(f, Value(2.0), Value(3.0)))
    assert [name for name in listed.names.values() if name[0] != "v"] == ["a", "b", "d", "total", "w", "e", "m"]
    assert [step.symbols for step in listed[:10]] == [
        "d = a * b", "v1 = d * 0", "v2 = 0 + v1", "v3 = d * 1", "total = v2 + v3", "w = tanh(total)", "e = a + b",
        "v4 = sum([w, e])", "m = v4 / 2", "v5 = maximum(m, e)",
    ]  # fmt: skip


def test_of_nodes_with_one_variable_the_last_one_has_its_name():
    def f(x):
        for _ in range(3):
            x = x * 2
        y = x + 1
        return y * y

    listed = steps(traced(f, Value(1.0, "start")))
    assert list(listed.names.values()) == ["start", "v1", "v2", "x", "y", "v3"]


def test_what_a_function_held_when_it_ended_is_a_name():
    def product(a):
        w = Value(2.0)
        z = a * w
        return z  # noqa: RET504 - the variable is what is looked for

    def twice(b):
        return product(b) + product(b)

    listed = steps(traced(twice, Value(1.0)))
    assert list(listed.names.values()) == ["a", "v1", "v2", "w", "z", "v3"]


def test_a_variable_of_the_caller_is_a_name_without_recording():
    w, xs, _hidden, labelled = Value(1.0), [Value(2.0), Value(3.0)], Value(4.0), Value(5.0, "five")
    loss = w * xs[1] + xs[0] * _hidden + labelled
    listed = steps(loss)
    assert list(listed.names.values()) == ["w", "xs[1]", "v1", "xs[0]", "v2", "v3", "v4", "five", "loss"]
    assert str(listed[0]) == "v1 = w * xs[1] = 1 * 3 = 3"


def test_a_label_comes_first_and_names_are_unique():
    w, x = Value(1.0, "x"), Value(2.0)
    again, b = Value(3.0, "twice"), Value(4.0, "twice")
    v1 = w * x
    listed = steps(v1 * (again - b) * 2)
    assert list(listed.names.values()) == ["x", "v2", "v1", "again", "b", "v3", "v4", "v5"]
    assert len(set(listed.names.values())) == len(listed.order)


@given(expressions(max_ops=6))
def test_nothing_else_changes(expression):
    leaves = [Value(x) for x in expression.inputs]
    plain, watched_one = expression(*leaves), traced(expression, *leaves)
    numbers = [(step.before, step.after, step.phase) for step in steps(plain)]
    assert repr([(step.before, step.after, step.phase) for step in steps(watched_one)]) == repr(numbers)
    watched_one.backward()
    grads = [leaf.grad for leaf in leaves]
    for leaf in leaves:
        leaf.grad = 0.0
    plain.backward()
    assert repr(grads) == repr([leaf.grad for leaf in leaves])


def test_comparisons_are_remembered():
    def f(x, y):
        if x * x > 4:  # a product beside a number
            y = y * 2
        largest = max(x, y)  # two nodes
        return largest + 1 if largest else largest  # truth

    x, y = Value(3.0, "x"), Value(1.0, "y")
    comparisons = steps(traced(f, x, y)).comparisons
    assert [(c.operator, c.outcome, c.source) for c in comparisons] == [
        (">", True, line_of("a product beside a number")),
        (">", False, line_of("two nodes")),
        ("!=", True, line_of("truth")),
    ]
    assert (comparisons[0].left.data, comparisons[0].right) == (9.0, 4.0)
    assert comparisons[1].right is comparisons[2].left is x
    assert str(comparisons[0]).startswith(f"9 > 4 was True ({__file__}:")


def test_reflected_comparisons_and_those_after_the_last_node():
    def f(x):
        y = x * 2
        return y if 1 < y else x  # noqa: SIM300

    (comparison,) = steps(traced(f, Value(3.0))).comparisons
    assert (comparison.left.data, comparison.operator, comparison.right) == (6.0, ">", 1.0)


def test_comparisons_that_do_not_depend_on_the_graph_are_left_out():
    with trace_source():
        x, other = Value(1.0), Value(2.0)
        assert other * 2 > 1
        y = x * 3
        z = other * 5
    assert steps(y).comparisons == []
    assert len(steps(z).comparisons) == 1


def test_what_cannot_be_compared_is_not_remembered():
    with trace_source() as trace, pytest.raises(TypeError):
        Value(1.0) < "a"  # noqa: B015
    assert trace.comparisons == []


def test_copies_keep_the_line_but_not_the_comparisons():
    def f(x):
        return x * 2 if x > 0 else x  # copied

    y = traced(f, Value(1.0, "x"))
    for twin in (copy.deepcopy(y), pickle.loads(pickle.dumps(y))):
        assert steps(twin)[0].source == line_of("copied")
        assert steps(twin).comparisons == []
    assert len(steps(y).comparisons) == 1


def test_it_lives_with_the_others_that_watch():
    def f(x):
        return tanh(x) * x  # watched

    with trace_source(), detect_anomaly():
        y = f(Value(1.0))
    with detect_anomaly(), trace_source():
        z = f(Value(1.0))
    assert steps(y)[0].source == steps(z)[0].source == line_of("watched")
    with trace_source(), no_grad():
        assert f(Value(1.0)).parents == ()
    with trace_source():
        assert grad(grad(f))(1.0) == grad(grad(f))(1.0)
        assert jvp(f, (1.0,), (1.0,))[1] == pytest.approx(grad(f)(1.0))


def test_another_thread_is_not_recorded():
    made = []
    with trace_source():
        thread = threading.Thread(target=lambda: made.append(Value(1.0) * 2))
        thread.start()
        thread.join()
    assert type(made[0]) is Value


def test_it_can_be_a_decorator():
    @trace_source()
    def f(x):
        return x * 2  # decorated

    assert steps(f(Value(1.0)))[0].source == line_of("decorated")


def test_with_a_file_its_line_is_given_though_another_one_calls(tmp_path):
    path = tmp_path / "called.py"
    path.write_text("def double(x):\n    return x * 2\n")
    scope = {}
    exec(compile(path.read_text(), str(path), "exec"), scope)
    with trace_source():
        assert steps(scope["double"](Value(1.0)))[0].source == SourceLine(str(path), 2, "return x * 2")
    with trace_source(__file__):
        y = scope["double"](Value(1.0))  # from here
    assert steps(y)[0].source == line_of("from here")
    with trace_source("no such file"):
        assert steps(scope["double"](Value(1.0)))[0].source.number == 2


def test_code_without_a_file_has_lines_without_text():
    scope = {"x": Value(1.0)}
    with trace_source():
        exec("y = x * 2", scope)
    assert steps(scope["y"])[0].source == SourceLine("<string>", 1, "")
    assert str(SourceLine("<string>", 1, "")) == "<string>:1"


def test_nothing_is_left_over_without_comparisons():
    def work():
        w = Value(0.5)
        with trace_source():
            for _ in range(20):
                y = tanh(w * 2 + 1)
        y.backward()

    work()
    gc.collect()
    gc.disable()
    try:
        before = len(gc.get_objects())
        for _ in range(10):
            work()
        assert len(gc.get_objects()) - before < 50
    finally:
        gc.enable()


def test_a_comparison_is_data():
    x = Value(math.pi, "x")
    comparison = Comparison(x, "<", 4.0, outcome=True, source=None)
    assert comparison == (x, "<", 4.0, True, None)
    assert str(comparison) == "3.142 < 4 was True"


def test_a_line_of_no_users_is_none():
    assert users_line(None) is None


def test_a_copy_of_a_node_can_be_recorded_and_what_others_note_on_nodes_keeps_the_line():
    def f(x):
        y = copy.copy(x[0] * x[1])
        with autograd.trace_source():
            z = autograd.sin(y)
        value, slope = autograd.jvp(lambda a: a * a, [z], [1.0])
        return value + slope

    text = str(autograd.record(f, [1.0, 2.0]))
    assert "autograd.sin(y)" in text
    assert "autograd.jvp(" in text
    assert "copy.copy" not in text  # a copy has forgotten it
