"""Drawings: what is on them, that every label is drawn, that they never fail, and the same text in every process."""

import re
import shutil
import subprocess
import sys
import warnings
import xml.etree.ElementTree as ET
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import autograd
import nn
from autograd import Value, draw, draw_dot, topological_order
from autograd.drawing import colours, rendering
from autograd.testing import expressions
from nn.cli import main

needs_dot = pytest.mark.skipif(not rendering.find_dot(), reason="needs dot")
SVG = "{http://www.w3.org/2000/svg}"


def example():
    a, b = Value(2.0, "a"), Value(-3.0, "b")
    c = a * b + a * a
    c.label = "c"
    return a, b, c


def groups(svg):
    """Give the groups of an SVG with an id, each with the texts in it."""
    tree = ET.fromstring(svg)
    found = {}
    for group in tree.iter(f"{SVG}g"):
        found.setdefault(group.get("id"), [text.text or "" for text in group.findall(f".//{SVG}text")])
    return found


@needs_dot
@settings(max_examples=25)
@given(expressions(max_ops=8))
def test_every_node_and_every_edge_is_drawn_once(expression):
    leaves = [Value(x) for x in expression.inputs]
    root = expression(*leaves)
    order = topological_order(root)
    root.backward()
    drawn = Counter(group.get("id") for group in ET.fromstring(draw(root).svg()).iter(f"{SVG}g"))
    expected = Counter(f"n{k}" for k in range(len(order)))
    for k, node in enumerate(order):
        if node.op:
            places = [j for j, operand in enumerate(node.operands) if isinstance(operand, Value)]
            assert len(places) == len(node.parents)
            expected.update([f"o{k}", f"v{k}", *(f"e{k}-{j}" for j in places)])
    assert {id_: count for id_, count in drawn.items() if re.match(r"[nove]\d", id_)} == expected


@needs_dot
def test_a_box_has_label_data_and_grad_in_this_order():
    _, _, c = example()
    c.backward()
    found = groups(draw(c).svg())
    assert found["n0"] == ["a", "data 2", "grad 1"]
    assert found["n1"] == ["b", "data -3", "grad 2"]
    assert found["o2"] == ["×"]
    assert {"e3-0", "e3-1"} <= found.keys()  # two edges for a*a
    assert not any("not computed" in text for texts in found.values() for text in texts)


@needs_dot
def test_before_backward_it_says_so():
    _, _, c = example()
    found = groups(draw(c).svg())
    assert found["n0"] == ["a", "data 2", "grad –"]
    assert "gradients are not computed yet: call backward()" in found["graph0"]


HOSTILE = [
    '"', "\\", "\\N", "a|b", "{x}", "<b>", "<<b>>", "&amp;", "&", "]]>", "a\nb", "  ", "é ∂ 微",
    "\x00\x1b", "\ud800", "x" * 500, "%s",
]  # fmt: skip


@needs_dot
@pytest.mark.parametrize("label", HOSTILE)
def test_every_label_is_drawn_as_it_is(label):
    x = Value(1.0)
    x.label = label
    (text, *_) = groups(draw(x * 2).svg())["n0"]
    printable = "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in " ".join(label.split()))
    if len(label) > 40:
        assert text == "x" * 39 + "…"
    elif printable:
        assert text == printable
    else:  # a label of nothing is none
        assert text == "x"


@needs_dot
@settings(max_examples=30)
@given(st.text(max_size=12))
def test_no_label_breaks_a_drawing(label):
    x = Value(1.0)
    x.label = label
    found = groups(draw([x + 1.0, x * x], color_by_grad=True).svg())
    assert {"n0", "n1", "n2", "e1-0", "e2-0", "e2-1"} <= found.keys()


def test_constants_stand_in_the_operation():
    x = Value(3.0, "x")
    source = draw([2 - x, x * 2, x**0.5, 1 / x, autograd.leaky_relu(x, 0.2), autograd.dot([x], [2.5])]).source
    for text in ("2 −", "× 2", "** 0.5", "1 /", "leaky_relu(·, 0.2)", "· (2.5)"):
        assert f'label="{text}"' in source, text


def test_local_derivatives_path_and_fields():
    _, b, c = example()
    v1 = c.parents[0]
    c.backward()
    source = draw(c, local_grads=True, path=[b, v1, c], fields=["data"], number_format=".2f", rankdir="TB").source
    assert "rankdir=TB" in source
    assert re.search(r"n0 -> o2 \[label=\" -3.00 \"", source)
    assert 'label="{2.00}"' not in source
    assert 'label="{data 2.00}"' in source
    bright = re.findall(r"(\w+ -> \w+) \[.*?penwidth=2.5", source)
    assert bright == ["n1 -> o2", "o2 -> n2", "n2 -> o4", "o4 -> n4"]


def test_colours_tell_sign_and_size_and_have_a_legend():
    _, _, c = example()
    c.backward()
    source = draw(c, color_by_grad=True).source
    assert colours.fill(2.0, 2.0) in source
    assert "BGCOLOR='#2166ac'" in source
    assert "gradient" in source
    assert colours.fill(float("nan"), 1.0) == "#999999"
    assert colours.fill(float("inf"), 1.0) == colours.fill(1.0, 1.0)
    assert colours.largest_of([float("nan"), 0.0]) == 1.0


def test_layers_and_neurons_get_frames():
    model = nn.MLP(2, [3, 1], activation="tanh", seed=0)
    out = model([1.5, -0.5])
    source = draw(out, model=model).source
    assert source.count("subgraph") == 2 + 4
    for title in ("layers.0", "layers.1", "neurons.2", "{w.0|"):
        assert title in source
    first = source[source.index('"cluster_layers.0#0/neurons.0"') : source.index('"cluster_layers.0#0/neurons.1"')]
    order = topological_order(out)
    inside = {int(k) for k in re.findall(r"\tn(\d+) \[", first)}
    assert {order[k] for k in inside if not order[k].op} == set(model.layers[0].neurons[0].parameters())


@pytest.mark.parametrize("opened", [True, "node"])
def test_a_dot_can_be_opened_into_its_products(opened):
    w, x, b = Value(0.5, "w"), Value(2.0, "x"), Value(1.0, "b")
    y = autograd.dot([w, 3.0], [x, w], b)
    y.backward()
    source = draw(y, opened=True if opened is True else [y], local_grads=True).source
    assert re.findall(r'label="([^"]*×[^"]*)"', source) == ["×", "3 ×"]
    assert len(re.findall(r'id="e3-\d"', source)) == 4
    assert draw(y.tanh(), opened=[b]).source.count("×") == 0
    assert "label=tanh" in draw(y.tanh(), opened=True).source  # it is made of nothing smaller


def test_a_big_graph_is_folded_and_says_so():
    x = Value(0.5, "x")
    y = x
    for _ in range(1000):
        y = (y * x).tanh()
    drawing = draw(y)
    assert "2,001 nodes, folded by depth" in drawing.source
    assert len(drawing.picture.boxes) <= 24
    assert sum(int(dict(box.facts)["count"].split(" ")[0].replace(",", "")) for box in drawing.picture.boxes) == 2000
    model = nn.MLP(2, [4, 1], activation="tanh", seed=0)
    loss = nn.mse([model([i / 50, 0.5]) for i in range(50)], [0.0] * 50)
    drawing = draw(loss, model=model, limit=100)
    assert [box.name for box in drawing.picture.boxes][:2] == ["layers.0", "layers.1"]
    assert "folded by layer" in drawing.source
    assert len(draw(loss, limit=10_000).picture.boxes) == len(topological_order(loss))


PROGRAM = """
import autograd, nn
model = nn.MLP(2, [3, 1], activation="tanh", seed=0)
out = model([autograd.Value(1.0, "x"), 2.0])
out.backward()
print(autograd.draw(out, model=model, color_by_grad=True, local_grads=True, opened=True).source)
print(autograd.draw(out, model=model, limit=5).source)
"""


def test_the_same_text_in_every_process():
    texts = {
        subprocess.run(
            [sys.executable, "-c", PROGRAM], env={"PYTHONHASHSEED": seed}, capture_output=True, check=True, text=True
        ).stdout
        for seed in ("1", "2")
    }
    assert len(texts) == 1


@pytest.fixture
def without_system_dot(monkeypatch):
    """Leave the wheel's program as the only one."""
    wheel = shutil.which("graphviz-pure")
    monkeypatch.setattr(rendering.shutil, "which", lambda name, **_: wheel if name == "graphviz-pure" else None)
    rendering.find_dot.cache_clear()
    monkeypatch.setattr(rendering.dot_command, "DOT_BINARY", rendering.dot_command.DOT_BINARY)
    yield wheel
    rendering.find_dot.cache_clear()


@pytest.mark.skipif(not shutil.which("graphviz-pure"), reason="needs graphviz-pure")
def test_the_wheel_stands_in_for_the_system(without_system_dot, tmp_path):
    _, _, c = example()
    drawing = draw(c)
    assert str(rendering.dot_command.DOT_BINARY) == without_system_dot
    assert groups(drawing.svg())["n0"][0] == "a"
    assert "image/svg+xml" in drawing._repr_mimebundle_()
    assert "</svg>" in Path(drawing.render(tmp_path / "graph", format="svg")).read_text(encoding="utf-8")


@pytest.fixture
def without_dot(monkeypatch):
    """Leave no program that can lay out a graph."""
    monkeypatch.setattr(rendering.dot_command, "DOT_BINARY", Path("no-such-dot"))
    monkeypatch.setattr(rendering, "find_dot", lambda: "")


@pytest.mark.usefixtures("without_dot")
def test_without_a_program_there_are_a_table_and_the_dot_text(tmp_path):
    _, _, c = example()
    c.backward()
    drawing = draw(c)
    bundle = drawing._repr_mimebundle_()
    assert "<td>b</td><td></td><td>-3</td><td>2</td>" in bundle["text/html"]
    assert "<td>c</td><td>+ of v1, v2</td><td>-2</td><td>1</td>" in bundle["text/html"]
    assert bundle["text/plain"] == drawing.source
    with pytest.warns(UserWarning, match="only the DOT text has been saved"):
        saved = drawing.render(tmp_path / "graph.gv")
    assert Path(saved).read_text(encoding="utf-8") == drawing.source
    with pytest.raises(ImportError, match=r"chainrule\[draw\]"):
        drawing.svg()


def test_micrograds_draw_dot():
    _, _, c = example()
    c.backward()
    drawing = draw_dot(c, format="png", rankdir="TB")
    assert drawing.format == "png"
    assert "rankdir=TB" in drawing.source
    assert "{a|data 2.0000|grad 1.0000}" in drawing.source


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"roots": 2.0}, "roots must be a Value, a list of Values or a program, not float"),
        ({"roots": []}, "roots must be a Value"),
        ({"rankdir": "left"}, "rankdir must be one of LR, TB, RL, BT, not 'left'"),
        ({"number_format": ".4q"}, "number_format must be a format of a float"),
        ({"fields": "data"}, "fields must be some of 'label', 'data', 'grad', not 'data'"),
        ({"fields": ["colour"]}, "fields must be some of"),
        ({"path": [Value(1.0)]}, "path must be of nodes in this graph"),
        ({"limit": 0}, "limit must be a positive integer"),
        ({"model": 3}, r"model must have named_parameters\(\)"),
    ],
)
def test_errors(options, said):
    _, _, c = example()
    with pytest.raises((TypeError, ValueError), match=said):
        draw(**{"roots": c, **options})


def test_a_hundred_thousand_nodes_are_drawn_folded():
    x = Value(0.5, "x")
    y = x
    for i in range(50_000):
        y = y * 0.999 + x if i % 2 else (y - x).tanh()
    y.backward()
    drawing = draw(y)
    assert len(drawing.source) < 20_000


@needs_dot
@pytest.mark.parametrize(("suffix", "begins"), [("svg", b"<?xml"), ("png", b"\x89PNG"), ("dot", b'digraph "graph" {')])
def test_the_draw_command(tmp_path, capsys, suffix, begins):
    target = tmp_path / f"graph.{suffix}"
    assert main(["draw", "tanh(w*x+b)", "w=0.5", "x=2", "b=-1", "-o", str(target), "--local-grads", "--color"]) == 0
    assert target.read_bytes().startswith(begins)
    assert str(target) in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["w*x", "w=1", "x=2", "-o", "graph.bmq"], "-o must end in"),
        (["w*x", "w=1", "x=2", "-o", "no/such/folder/graph.svg"], "-o must be a file in a folder that is there"),
        (["w*x", "w=1"], "no value is given for x"),
    ],
)
def test_errors_of_the_draw_command(capsys, words, said):
    assert main(["draw", *words]) == 2
    assert said in capsys.readouterr().err


@pytest.mark.usefixtures("without_dot")
def test_the_draw_command_without_a_program(tmp_path, capsys):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert main(["draw", "w*x", "w=1", "x=2", "-o", str(tmp_path / "graph.svg")]) == 0
    assert "graph.dot" in capsys.readouterr().out
    assert (tmp_path / "graph.dot").read_text().startswith('digraph "graph" {')


# ---------------------------------------------------------------------- programs


def test_a_program_is_drawn_by_its_instructions():
    program = autograd.record(lambda x: autograd.tanh(x[0] * x[0] + 2.0) - x[1], [1.0, 2.0])
    picture = draw(program).picture
    assert [box.name for box in picture.boxes if box.is_leaf] == ["x0", "x1"]
    assert [oval.text for oval in picture.ovals] == ["mul", "add(·, 2)", "tanh", "sub"]
    squared = next(oval.id for oval in picture.ovals if oval.text == "mul")
    leaf = next(box.id for box in picture.boxes if box.name == "x0")
    assert [(arrow.start, arrow.end) for arrow in picture.arrows].count((leaf, squared)) == 2
    assert "backward" not in draw(program).source
    both = draw(program, gradient=True, rankdir="TB")
    assert len(both.picture.ovals) == program.stats["with gradient"]
    assert "rankdir=TB" in both.source


def test_a_large_program_is_folded():
    program = autograd.record(lambda x: autograd.sum([autograd.sin(x[0] * i) for i in range(20)]), [1.0])
    drawing = draw(program, limit=10)
    assert [box.name for box in drawing.picture.boxes] == ["depth 0", "depth 1", "depth 2", "depth 3"]
    assert [box.facts for box in drawing.picture.boxes][2] == (("count", "19 numbers"),)
    assert [arrow.text for arrow in drawing.picture.arrows] == ["1", "19", "1", "19"]
    assert "folded by depth" in drawing.source
    assert len(draw(program).picture.boxes) > 30
