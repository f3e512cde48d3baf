"""The steps of the passes: what they say is true, and adds up."""

import math
import operator
import tracemalloc
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

import autograd
import nn
from autograd import Value, primitives
from autograd.ops import TABLE
from autograd.rules import FLOATS
from autograd.rules.patterns import RESULT, rule_pattern, value_pattern
from autograd.stepping import Quantity, short, steps
from autograd.testing import expressions


def lines(_root):
    return [str(step) for step in steps(_root)]


def test_calls_keep_their_shape():
    w, x, b = Value(1.0, "w"), Value(2.0, "x"), Value(3.0, "b")
    assert lines(autograd.dot([w], [x], b))[0] == "v1 = dot([w], [x], b) = dot([1], [2], 3) = 5"
    assert lines(autograd.dot([x, w], [3, x]))[0] == "v1 = dot([x, w], [3, x]) = dot([2, 1], [3, 2]) = 8"
    assert lines(autograd.sum([x, 2]))[0] == "v1 = sum([x, 2]) = sum([2, 2]) = 4"
    assert lines(autograd.maximum(x, w))[0] == "v1 = maximum(x, w) = maximum(2, 1) = 2"
    assert lines(2 - x)[0] == "v1 = 2 - x = 2 - 2 = 0"


def test_an_operand_that_comes_twice_is_told_apart():
    x = Value(3.0, "x")
    assert lines(x * x)[1:] == [
        "x.grad += ∂v1/∂x (as operand 1) · v1.grad = x · v1.grad = 3 · 1 → 3",
        "x.grad += ∂v1/∂x (as operand 2) · v1.grad = x · v1.grad = 3 · 1 → 6",
    ]


@pytest.mark.parametrize(
    ("f", "said"),
    [
        (abs, "= 0 · 1 → 0   (derivative 0 at 0)"),
        (lambda x: autograd.norm([x, 0.0 * x]), "= 0 · 1 → 0   (derivatives 0 at the origin)"),
        (lambda x: autograd.maximum(x, 0.0), "= 0.5 · 1 → 0.5   (equal arguments share the derivative equally)"),
    ],
)
def test_at_a_kink_the_convention_is_said(f, said):
    assert any(line.endswith(said) for line in lines(f(Value(0.0, "x")))), lines(f(Value(0.0, "x")))
    assert not any("(derivative" in line or "share" in line for line in lines(f(Value(2.0, "x"))))


def graph_of(expression):
    leaves = [Value(x, f"x{i}") for i, x in enumerate(expression.inputs)]
    return leaves, expression(*leaves)


def same(x, y):
    return x == y or (math.isnan(x) and math.isnan(y))


@given(expressions(max_ops=6))
def test_the_contributions_sum_to_the_gradients_and_leave_grad_alone(expression):
    leaves, root = graph_of(expression)
    contributed = dict.fromkeys(leaves, 0.0)
    for step in steps(root):
        if step.parent in contributed:
            assert same(step.before, contributed[step.parent])
            slope, adjoint, after = step.sentence.numbers
            contributed[step.parent] += slope * adjoint
            assert same(after, step.after)
            assert same(step.after, contributed[step.parent])
    if root in leaves:
        contributed[root] = 1.0
    collected = {step.parent: step.after for step in steps(root, by="node")}
    final = steps(root).grads
    assert {leaf.grad for leaf in leaves} == {0.0}
    root.backward()
    for leaf in leaves:
        assert leaf not in final or same(final[leaf], leaf.grad)
        assert same(contributed[leaf], leaf.grad)
        assert leaf is root or same(collected.get(leaf, 0.0), leaf.grad)


@given(expressions(max_ops=6), st.sampled_from(["contribution", "node", "layer"]))
def test_the_text_is_the_template_filled(expression, by):
    _, root = graph_of(expression)
    for step in steps(root, by):
        numbers = [step.resolve(quantity) for quantity in step.quantities]
        assert str(step) == step.text == step.line.format(*map(Quantity.written, step.quantities, numbers))
        assert step.line.startswith(step.symbols)
        for quantity, number in zip(step.quantities, numbers):
            if quantity.kind == "operand":
                operand = steps(root).order[quantity.node].operands[quantity.argument]
                assert number == getattr(operand, "data", operand)
        if step.sum:
            assert step.total == step.sum.line.format(*map(Quantity.written, step.sum.quantities, step.sum.numbers))


@given(expressions(max_ops=6))
def test_what_is_said_is_true(expression):
    """Read the lines: an operation written out gives its result, and a rule the local derivative."""
    _, root = graph_of(expression)
    listed = steps(root)
    scope = {name: getattr(operator, name, None) or FLOATS.value(name) for name in TABLE}
    scope |= primitives.FLOATS | {op.name: autograd.rules.operation(op.name) for op in TABLE.values()}
    scope |= {listed.names[node]: node.data for node in listed.order}
    for step in listed:
        if any(not isinstance(x, Value) and float(short(x)) != x for x in step.node.operands):
            continue  # a long constant is rounded in what is said
        if step.phase == "forward":
            assert same(eval(step.symbols.split(" = ")[1], scope), step.after)
        elif not step.note:
            try:
                rule = eval(step.rule, scope)
            except (
                ArithmeticError,
                ValueError,
            ):  # at the edge of a domain, say log(0), where the derivative is infinite
                continue
            assert rule == pytest.approx(step.sentence.numbers[0], rel=1e-6, abs=1e-12, nan_ok=True)


@given(expressions(max_ops=6), st.slices(20), st.sampled_from(["contribution", "node", "layer"]))
def test_it_is_a_sequence(expression, part, by):
    _, root = graph_of(expression)
    listed = steps(root, by)
    everything = list(listed)
    assert isinstance(listed, Sequence)
    assert len(everything) == len(listed)
    assert repr(listed[part]) == repr(everything[part])  # a nan does not equal itself, but prints as itself
    assert repr([listed[i - len(listed)] for i in range(len(listed))]) == repr(everything)
    phases = [listed.phase(phase) for phase in ("forward", "backward", "update")]
    assert repr([listed[place] for places in phases for place in places]) == repr(everything)
    for place in (len(listed), -len(listed) - 1):
        with pytest.raises(IndexError):
            listed[place]


@pytest.mark.no_cover
def test_steps_are_made_when_they_are_asked_for():
    x = Value(1.0, "x")
    y = x
    for _ in range(10_000):
        y = y * 0.5 + x
    for by in ("contribution", "node", "layer"):
        listed = steps(y, by)
        tracemalloc.start()
        before = tracemalloc.get_traced_memory()[0]
        assert (len(listed), str(listed[-1]).split()[0]) == {
            "contribution": (50_000, "x.grad"), "node": (40_000, "x.grad"), "layer": (40_000, "depth"),
        }[by]  # fmt: skip
        assert tracemalloc.get_traced_memory()[0] - before < 1000 * len(listed)
        tracemalloc.stop()


def test_the_sum_is_said_in_full_when_the_last_share_has_arrived():
    a, b = Value(2.0, "a"), Value(3.0, "b")
    d, e = a * b, a + b
    d.label, e.label = "d", "e"
    root = e + 2 * d
    totals = [step.total for step in steps(root) if step.total]
    assert "a.grad = 6 + 1 = 7 (two paths: through d, through e)" in totals
    assert "d.grad = 2 (one path: through v1)" in totals
    assert len(totals) == len(steps(root).order) - 1
    assert "\n  a.grad = 6 + 1 = 7 (two paths: through d, through e)\n" in str(steps(root))
    assert "(one path" not in str(steps(root))
    x = Value(3.0, "x")
    assert (
        steps(x * x)[-1].total == "x.grad = 3 + 3 = 6 (two paths: through v1 (as operand 1), through v1 (as operand 2))"
    )


def test_by_node_every_gradient_is_one_sum():
    a, b = Value(2.0, "a"), Value(-3.0, "b")
    assert lines_by(a * b + a, "node") == [
        "v1 = a * b = 2 * (-3) = -6",
        "v2 = v1 + a = -6 + 2 = -4",
        "v1.grad = ∂v2/∂v1 · v2.grad = 1 · 1 = 1",
        "b.grad = ∂v1/∂b · v1.grad = a · v1.grad = 2 · 1 = 2",
        "a.grad = ∂v2/∂a · v2.grad + ∂v1/∂a · v1.grad = 1 · v2.grad + b · v1.grad = 1 · 1 + (-3) · 1 = -2",
    ]


def lines_by(_root, by):
    return [str(step) for step in steps(_root, by)]


def test_by_layer_a_model_is_folded():
    model = nn.MLP(2, [3, 2], seed=0)
    loss = nn.cross_entropy([model([1.0, -1.0]), model([0.5, 2.0])], [1, 0])
    listed = steps(loss, "layer", model=model)
    assert [layer.name for layer in listed.layers] == ["layers.0", "layers.1", "no parameters"]
    computed = [place for layer in listed.layers for place in layer.nodes]
    assert sorted(computed) == [place for place, node in enumerate(listed.order) if node.op]
    assert [len(layer.parameters) for layer in listed.layers] == [9, 8, 0]
    loss.backward()
    norm = math.hypot(*(p.grad for p in model.parameters()[:9]))
    assert listed[-1].sentence.numbers[1] == pytest.approx(norm)


def test_a_layer_that_is_used_again_is_there_again():
    model = nn.MLP(2, [2, 2], seed=0)
    first, second = model.layers
    root = autograd.sum(second(first(second(first([1.0, 2.0])))))
    names = [layer.name for layer in steps(root, "layer", model=model).layers]
    assert names == ["layers.0", "layers.1", "layers.0", "layers.1", "no parameters"]
    assert [layer.name for layer in steps(second([1.0, 2.0])[0], "layer", model=model).layers] == ["layers.1"]


@given(expressions(max_ops=6), st.sampled_from(["contribution", "node", "layer"]))
def test_what_is_known_grows_to_all(expression, by):
    _, root = graph_of(expression)
    listed = steps(root, by)
    before = {}, {}
    for index, step in enumerate(listed):
        data, grads = listed.numbers_after(index)
        assert before[0].keys() <= data.keys()
        assert before[1].keys() <= grads.keys()
        changed = listed.order.index(step.parent or step.node)
        known = data if step.phase == "forward" else grads
        assert changed in known
        if step.layer is not None:
            assert set(listed.layers[step.layer].nodes) <= known.keys()
        elif step.parent:
            assert same(grads[changed], step.after)
        for place, grad in grads.items():  # nothing is known before all that it depends on
            users = [each for each, node in enumerate(listed.order) if listed.order[place] in node.parents]
            assert by == "contribution" or not users or any(each in grads for each in users), (place, grad)
        before = data, grads
    if len(listed):
        assert repr(list(data.values())) == repr([listed.data[listed.order[place]] for place in data])
        final = {place: listed.grads[listed.order[place]] for place in grads}
        assert repr(grads) == repr(final)
        assert len(data) == len(listed.order)


def test_half_way_only_the_last_layers_have_gradients():
    a = Value(2.0, "a")
    listed = steps(autograd.exp(a * 3) + a, "layer")
    assert [sorted(listed.numbers_after(index)[1]) for index in range(6)] == [[], [], [], [3], [2, 3], [0, 1, 2, 3]]


@pytest.mark.parametrize("name", [op.name for op in TABLE.values() if op.partials and op.name != "sum"])
def test_patterns_are_filled_as_texts_are_printed(name):
    op = TABLE[name]
    kinds = [parameter.kind for parameter in autograd.rules.parameters(op)]
    names = [f"x{place}" for place in range(sum(1 if kind == "scalar" else 3 for kind in kinds))]
    for index in range(len(names)):
        rule = rule_pattern(op, len(names), index)
        filled = rule.fill(rule.source, ["out" if place == RESULT else names[place] for place in rule.operands])
        assert filled == autograd.rules.source(name, names, index)
    value = value_pattern(op, len(names))
    assert value.fill(value.source, [names[place] for place in value.operands]) == autograd.rules.source(name, names)


@given(expressions(max_ops=8))
def test_layers_depend_on_those_before_them_alone(expression):
    _, root = graph_of(expression)
    listed = steps(root, "layer")
    computed = {}
    for number, layer in enumerate(listed.layers):
        computed |= {listed.order[place]: number for place in layer.nodes}
    for node, number in computed.items():
        assert all(computed.get(parent, -1) < number for parent in node.parents)


def test_an_optimizer_shows_its_update_and_changes_nothing():
    w, x = Value(0.5, "w"), Value(3.0, "x")
    listed = steps(w * x, optimizer=nn.SGD([w, Value(1.0)], lr=0.1))
    (update,) = [step for step in listed if step.phase == "update"]
    assert str(update) == "w ← w - η · w.grad = 0.5 - 0.1 · 3 = 0.2"
    assert update.latex == r"w \leftarrow w - η \cdot w\mathtt{.grad}"
    assert (update.node, update.before, w.data, w.grad) == (w, 0.5, 0.5, 0.0)
    assert update == listed[-1]
    (w * x).backward()
    nn.SGD([w], lr=0.1).step()
    assert w.data == update.after


def test_steps_keep_the_numbers_that_were_computed():
    x = Value(3.0, "x")
    listed = steps(x * x)
    x.data = 5.0
    assert str(listed[0]) == "v1 = x * x = 3 * 3 = 9"


def test_braces_in_labels_do_no_harm():
    x = Value(2.0, "{0}")
    assert lines(x * 2) == ["v1 = {0} * 2 = 2 * 2 = 4", "{0}.grad += ∂v1/∂{0} · v1.grad = 2 · 1 → 2"]
    assert steps(x * 2)[1].total == "{0}.grad = 2 (one path: through v1)"


def test_long_sums_are_not_written_out():
    leaves = [Value(float(i), f"x{i}") for i in range(300)]
    assert lines(autograd.sum(leaves))[0] == "v1 = sum([x0, x1, x2, ..., x299]) = sum([0, 1, 2, ..., 299]) = 4.485e+04"
    shared = sum((leaves[0] * i for i in range(1, 20)), 0.0)
    assert steps(shared)[-1].total.startswith("x0.grad = 19 + 18 + 17 + ... + 1 = 190 (19 paths: through v")


def test_a_dot_can_be_opened():
    w, x = Value(0.5, "w"), Value(-2.0, "x")
    y = autograd.dot([w, 3], [x, w])
    assert str(steps(y).opened(y)) == "y = w * x + 3 * w + 0 = 0.5 * (-2) + 3 * 0.5 + 0 = 0.5"
    with pytest.raises(ValueError, match="node must be the result of an operation in the graph"):
        steps(y).opened(w)


def test_a_leaf_has_no_steps():
    for by in ("contribution", "node", "layer"):
        assert list(steps(Value(2.0), by)) == []
        assert repr(steps(Value(2.0, "x"), by)) == f"<Steps of x by {by}: none>"


@given(expressions(max_ops=6))
def test_latex_is_balanced(expression):
    _, root = graph_of(expression)
    for by in ("contribution", "node"):
        for step in steps(root, by):
            assert step.latex.count("{") == step.latex.count("}")
            assert step.latex.count(r"\left") == step.latex.count(r"\right")


@pytest.mark.parametrize("by", ["contribution", "node", "layer"])
def test_parameters_are_called_after_the_model(by):
    model = nn.MLP(2, [1], seed=0)
    named = dict(model.named_parameters())
    listed = steps(model([0.5, -1.0]), by, model=model)
    assert {name: node for node, name in listed.names.items() if node in named.values()} == named
    assert [layer.name for layer in listed.grouped("layer").layers] == ["layers.0"]


def test_latex():
    w, b = Value(2.0, "w1"), Value(1.0, "bias")
    listed = steps(autograd.tanh(w * b))
    assert listed[1].latex == r"v_{2} = \tanh\left(v_{1}\right)"
    assert listed[3].latex == (
        r"w_{1}\mathtt{.grad} \mathrel{+}= \frac{\partial v_{1}}{\partial w_{1}} \cdot v_{1}\mathtt{.grad}"
        r" = \mathrm{bias} \cdot v_{1}\mathtt{.grad}"
    )


@pytest.mark.parametrize(
    ("given", "error", "message"),
    [
        ({"by": "edge"}, ValueError, "by must be one of 'contribution', 'node', 'layer', not 'edge'"),
        ({"optimizer": 0.1}, TypeError, "optimizer must have parameters and explain"),
        ({"model": 3, "by": "layer"}, TypeError, "model must have named_parameters"),
    ],
)
def test_wrong_arguments_are_refused(given, error, message):
    with pytest.raises(error, match=message):
        steps(Value(1.0) * 2, **given)


def test_what_is_no_value_is_refused():
    with pytest.raises(TypeError, match="root must be a Value, not float"):
        steps(1.0)
