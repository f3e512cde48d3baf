"""The stepper's page in a real browser."""

import contextlib
import json
import math
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import xml.etree.ElementTree as ET
from base64 import b64decode
from importlib.resources import files

import pytest
from hypothesis import HealthCheck, assume, given, reject, settings
from hypothesis import strategies as st

import autograd
import nn
from autograd import Value, steps, trace_source
from autograd.ops import TABLE
from autograd.rules import latex, parameters
from autograd.rules.javascript import operations
from autograd.stepper import document, page
from autograd.stepping import short
from autograd.testing import expressions

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
needs_dot = pytest.mark.skipif(not shutil.which("dot"), reason="needs dot")
needs_chromium = pytest.mark.skipif(not CHROMIUM, reason="needs chromium")


@pytest.fixture(scope="module")
def browser():
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def tab(browser):
    """A page in which nothing may go wrong, and which must not load anything."""
    with browser.new_context(viewport={"width": 1200, "height": 900}, reduced_motion="reduce") as context:
        tab = context.new_page()
        tab.set_default_timeout(4000)
        tab.faults = []
        tab.on("pageerror", lambda error: tab.faults.append(str(error)))
        tab.on("console", lambda message: tab.faults.append(message.text))
        tab.on("request", lambda request: tab.faults.append(request.url) if request.url.startswith("http") else None)
        yield tab


def show(tab, listed):
    """Open the steps; what has gone wrong is known when the next are opened, or at `faultless`."""
    tab.faults.clear()
    tab.goto("about:blank")
    tab.set_content(document(listed))
    tab.locator(".stepper").first.wait_for()
    return tab.locator(".chainrule-stepper").first


def faultless(tab):
    return tab.faults == []


def texts(tab):
    return tab.locator(".stepper .panel").first.inner_text()


WALK = """() => {
  const root = document.querySelector(".chainrule-stepper").shadowRoot, scrubber = root.querySelector(".scrubber");
  return JSON.stringify(Array.from({ length: Number(scrubber.max) + 1 }, (_, index) => {
    scrubber.value = index;
    scrubber.dispatchEvent(new Event("input"));
    const nodes = [...root.querySelectorAll("g.node")].map((group) => [
      Number(group.id.slice(1)), ...[...group.querySelectorAll("text")].map((text) => text.textContent)]);
    return { said: root.querySelector("[role=status].unseen").textContent, nodes,
             numbers: root.querySelector(".numbers")?.textContent ?? "",
             sum: root.querySelector(".sum, .complete")?.textContent ?? "" };
  }));
}"""


def walk_through(tab):
    """Go to each step, and tell what is seen there."""
    return json.loads(tab.evaluate(WALK))


def nodes_of(value):
    return {place: (data.removeprefix("data "), grad.removeprefix("grad ")) for place, _, data, grad in value["nodes"]}


def expressions_to_step_through():
    a, b = Value(2.0, "a"), Value(-3.0, "b")
    x, y = Value(0.7, "x"), Value(1.5)
    h = x * a
    yield "fan-out", a * b + a
    yield "a*a", a * a
    yield "the root is a leaf", Value(5.0, "leaf")
    yield "constants", 2 - a * 3 / 4 + 1e-7
    yield "inner fan-out", autograd.tanh(h * h + h) * h
    yield "a power", x**y + a**2
    yield "dot", autograd.dot([a, b, 2.0], [x, y, a], 1.0)
    yield "maximum", autograd.maximum(a, b, x) + autograd.where(a > b, a, b)
    yield "kinks", abs(a - a) + autograd.relu(b) + autograd.relu(x)
    yield "softmax", autograd.log_softmax([a, b, x])[1]
    yield "large and small", autograd.exp(a * 40) * 1e-30 + b * 123456.789
    yield "inf", a * math.inf
    yield "braces", Value(1.0, "{x}") * Value(2.0, "</script><b>&") + 1


EXPRESSIONS = dict(expressions_to_step_through())


def check_every_step(tab, listed):
    show(tab, listed)
    walk = walk_through(tab)
    if not len(listed):
        assert walk[0]["said"] == ""
        return
    assert len(walk) == len(listed)
    for index, (seen, step) in enumerate(zip(walk, listed, strict=True)):
        assert seen["said"] == str(step)
        if listed.by != "layer":
            assert str(step) == step.symbols + seen["numbers"]
        if step.sum:
            assert seen["sum"].removeprefix("all paths have arrived") == step.total
        data, grads = listed.numbers_after(index)
        for place, (number, grad) in nodes_of(seen).items():
            assert number == (short(data[place]) if place in data else ""), (index, place)
            assert grad == (short(grads[place]) if place in grads else ""), (index, place)
    assert faultless(tab)


@needs_chromium
@pytest.mark.parametrize("name", EXPRESSIONS)
def test_the_numbers_are_pythons_at_every_step(tab, name):
    for by in ("contribution", "node", "layer"):
        check_every_step(tab, steps(EXPRESSIONS[name], by))


def small_mlp(layers=(8, 8, 1)):
    model = nn.MLP(3, layers, activation="tanh", seed=0)
    x = [Value(0.5, "x0"), Value(-1.0, "x1"), Value(2.0, "x2")]
    for layer in model.layers:
        outs = []
        for neuron in layer.neurons:
            total = neuron.b
            for w, each in zip(neuron.w, x, strict=True):
                total = total + w * each
            outs.append(autograd.tanh(total))
        x = outs
    return model, x[0]


@pytest.mark.no_cover
@needs_chromium
def test_the_numbers_are_pythons_in_an_mlp_of_300_nodes(tab):
    model, root = small_mlp()
    assert 290 <= len(steps(root).order) <= 350
    check_every_step(tab, steps(root, optimizer=nn.SGD(model.parameters(), lr=0.1)))


@needs_chromium
def test_an_update_is_shown(tab):
    w, x = Value(0.5, "w"), Value(3.0, "x")
    check_every_step(tab, steps(w * x, optimizer=nn.SGD([w], lr=0.1)))


@needs_chromium
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(expression=expressions(max_ops=6))
def test_the_numbers_are_pythons_on_random_graphs(tab, expression):
    root = expression(*(Value(x, f"x{i}") for i, x in enumerate(expression.inputs)))
    check_every_step(tab, steps(root))


@needs_chromium
def test_all_latex_of_the_table_is_typeset(tab):
    tab.goto("about:blank")
    tab.add_script_tag(content=files("autograd.stepper").joinpath("typeset.js").read_text("utf-8"))
    written = [latex(op.name) for op in TABLE.values()]
    for op in TABLE.values():
        kinds = [parameter.kind for parameter in parameters(op)]
        written += [
            latex(op.name, index=i + sum(kind != "scalar" for kind in kinds[:i])) for i in range(len(op.partials or ()))
        ]
    left = tab.evaluate(
        """(texts) => texts.flatMap((text) => typeset(text).flatMap((row) => [...row.querySelectorAll("mo, merror")]
             .map((each) => each.textContent).filter((each) => /[A-Za-z\\\\]/.test(each) && each !== "mod")))""",
        written,
    )
    assert left == []
    row = tab.evaluate(
        "typeset(String.raw`\\frac{x_{1}}{\\sqrt[3]{y}} \\mathrel{+}= \\left(a^{2}\\right)`)[0].outerHTML"
    )
    for part in ("<mfrac>", "<msub><mi>x</mi>", "<mroot>", "<mo>+=</mo>", "<msup><mi>a</mi>"):
        assert part in row


# ---------------------------------------------------------------------- the controls


@pytest.fixture
def example(tab):
    with trace_source():
        w, x, b = Value(0.7, "w"), Value(2.0, "x"), Value(-1.0, "b")
        h = w * x + b
        y = autograd.tanh(h * h + h)
    listed = steps(y)
    show(tab, listed)
    yield listed
    assert faultless(tab)


def count(tab):
    return tab.locator(".count").inner_text()


@needs_chromium
def test_buttons_and_keys_go_through_the_steps(tab, example):
    last = len(example)
    assert count(tab) == f"step 1/{last}"
    for name, at in [("Step forward", 2), ("Last step", last), ("Step back", last - 1), ("First step", 1)]:
        tab.get_by_role("button", name=name).click()
        assert count(tab) == f"step {at}/{last}"
    tab.locator(".stepper").focus()
    for key, at in [
        ("ArrowRight", 2),
        ("ArrowRight", 3),
        ("ArrowLeft", 2),
        ("End", last),
        ("ArrowRight", last),
        ("Home", 1),
    ]:
        tab.keyboard.press(key)
        assert count(tab) == f"step {at}/{last}"
    scrubber = tab.get_by_role("slider", name="Step", exact=True)
    scrubber.focus()
    tab.keyboard.press("ArrowRight")
    assert count(tab) == f"step 2/{last}"


@needs_chromium
def test_keys_do_not_leave_the_stepper_and_do_nothing_outside(tab, example):
    tab.evaluate("window.heard = 0; document.addEventListener('keydown', () => heard++)")
    tab.locator(".stepper").focus()
    tab.keyboard.press("ArrowRight")
    assert (tab.evaluate("heard"), count(tab)) == (0, f"step 2/{len(example)}")
    tab.evaluate("document.activeElement.blur()")
    tab.keyboard.press("ArrowRight")
    assert (tab.evaluate("heard"), count(tab)) == (1, f"step 2/{len(example)}")


@needs_chromium
def test_it_plays(tab, example):
    tab.clock.install()
    show(tab, example)
    tab.get_by_role("button", name="Play").click()
    tab.clock.run_for(1400 * 3 + 100)
    assert count(tab) == f"step 4/{len(example)}"
    tab.get_by_role("button", name="Pause").click()
    tab.clock.run_for(5000)
    assert count(tab) == f"step 4/{len(example)}"
    tab.locator(".stepper").focus()
    tab.keyboard.press(" ")
    tab.clock.run_for(1400 * len(example))
    assert count(tab) == f"step {len(example)}/{len(example)}"
    assert tab.get_by_role("button", name="Play").is_visible()
    tab.clock.resume()


@needs_chromium
def test_the_current_edge_is_bright_and_says_the_local_derivative(tab, example):
    place = next(i for i, step in enumerate(example) if step.phase == "backward" and step.rule == "h")
    tab.locator(".scrubber").fill(str(place))
    step = example[place]
    node = example.order.index(step.node)
    assert [each.get_attribute("id") for each in tab.locator("g.edge.current").all()] == [f"e{node}-{step.argument}"]
    assert tab.locator("text.slope").text_content() == f"× {short(step.sentence.numbers[0])}"
    assert tab.locator("g.node.current").get_attribute("id") == f"n{example.order.index(step.parent)}"
    assert tab.locator("g.node.source").get_attribute("id") == f"n{node}"
    assert len(tab.locator("g.node.positive").all()) > 0


@needs_chromium
def test_by_node_the_steps_are_others(tab, example):
    tab.get_by_label("What one step back is").select_option("node")
    by_node = example.grouped("node")
    walk = walk_through(tab)
    assert [each["said"] for each in walk] == [str(step) for step in by_node]
    tab.get_by_label("What one step back is").select_option("layer")
    assert [each["said"] for each in walk_through(tab)] == [str(step) for step in example.grouped("layer")]


@needs_chromium
def test_a_node_tells_all_about_itself(tab, example):
    names = list(example.names.values())
    h = names.index("h")
    tab.locator(f"g#n{h}").click()
    said = texts(tab)
    assert "h = v1 + b" in said
    assert repr(example.data[example.order[h]]) in said
    assert repr(example.grads[example.order[h]]) in said
    assert "the sum over 3 paths" in said
    assert "h = w * x + b" in said  # the line of code
    assert "finite difference" in said
    assert "✓" in said
    tab.locator(".panel").get_by_role("button", name="v1", exact=True).click()
    assert "v1 = w * x" in texts(tab)
    tab.keyboard.press("Escape")
    assert "Forward: compute v1" in texts(tab)
    assert tab.evaluate("document.activeElement.shadowRoot.activeElement.className").startswith("stepper")


@needs_chromium
def test_all_steps_can_be_listed_and_chosen(tab, example):
    tab.get_by_text("All steps as text").click()
    tab.locator(".all li").first.wait_for()
    rows = tab.locator(".all li .plain").all_inner_texts()
    assert rows == [str(step) for step in example]
    tab.locator(".all li .plain").nth(4).click()
    assert count(tab) == f"step 5/{len(example)}"


# ---------------------------------------------------------------------- predict first


def ask(tab, answer):
    tab.locator(".question input").fill(answer)
    tab.get_by_role("button", name="Check").click()


@needs_chromium
def test_predict_hides_the_number_and_tells_what_is_wrong(tab):
    a, b = Value(2.0, "a"), Value(-3.0, "b")
    d = a * b
    d.label = "d"
    listed = steps(d * 5 + a)
    show(tab, listed)
    tab.get_by_role("button", name="predict first").click()
    assert "-6" not in tab.locator(".stepper .panel").inner_text()
    ask(tab, "6")
    assert "sign" in tab.locator(".said").inner_text()
    ask(tab, "-6")
    assert "Right: d is -6." in texts(tab)
    assert tab.locator(".score").inner_text() == "0 of 1 right at the first try"
    place = next(i for i, step in enumerate(listed) if step.parent is a and step.sum and step.before)
    tab.locator(".scrubber").fill(str(place))  # a.grad: 1 -> -14
    hidden = tab.evaluate("document.querySelector('.chainrule-stepper').shadowRoot.querySelector('.frame').textContent")
    assert "grad 1 + ?" in hidden
    assert "× ?" in hidden
    for answer, fault in [
        ("16", "sign of the new term"), ("-15", "forgot to add"), ("-2", "adjoint is missing"),
        ("6", "local derivative is missing"), ("11", "by another operand"), ("1", "was before"), ("21", "were 4"),
        ("", "Type a number"), ("many", "Type a number"),
    ]:  # fmt: skip
        ask(tab, answer)
        assert fault in tab.locator(".said").inner_text(), answer
    ask(tab, "-14.05")
    assert "Right: a.grad is -14." in texts(tab)
    assert tab.locator(".score").inner_text() == "0 of 2 right at the first try"
    tab.keyboard.press("Enter")  # the button for the next step has the focus
    assert count(tab) == f"step {place + 2}/{len(listed)}"
    tab.get_by_role("button", name="Show me").click()
    assert tab.locator(".score").inner_text() == "0 of 3 right at the first try"
    assert faultless(tab)


@needs_chromium
def test_predictions_that_are_right_are_counted(tab, example):
    tab.get_by_role("button", name="predict first").click()
    for step in example:
        ask(tab, f"{step.after:.3g}")
        tab.keyboard.press("Enter")
    assert tab.locator(".score").inner_text() == f"{len(example)} of {len(example)} right at the first try"


@needs_chromium
def test_by_node_a_missing_path_is_named(tab, example):
    tab.get_by_label("What one step back is").select_option("node")
    by_node = example.grouped("node")
    place = next(
        i for i, step in enumerate(by_node) if step.phase == "backward" and step.sum and len(step.sum.numbers) == 4
    )
    tab.locator(".scrubber").fill(str(place))
    tab.get_by_role("button", name="predict first").click()
    terms = by_node[place].sum.numbers
    for answer, fault in [(terms[0], "path through v3 alone"), (terms[0] + terms[1], "The path through v2 is missing")]:
        ask(tab, repr(answer))
        assert fault in tab.locator(".said").inner_text()


# ---------------------------------------------------------------------- why a topological sort


def naive(root):
    """Hand on at once, by recursion."""
    grads = dict.fromkeys(autograd.topological_order(root), 0.0)
    grads[root] = 1.0

    def push(node):
        for parent, slope in zip(node.parents, node.local_grads, strict=True):
            grads[parent] += slope * grads[node]
            push(parent)

    push(root)
    return grads


@needs_chromium
def test_the_tour_finds_the_order_and_shows_what_goes_wrong_without(tab, example):
    tab.get_by_role("button", name="why this order?").click()
    places = walk_through(tab)
    found = next(each for each in reversed(places) if "place" in str(each["nodes"]))
    assert {place: third for place, _, _, third in found["nodes"]} == {
        k: f"place {k + 1}" for k in range(len(example.order))
    }
    wrong = naive(example.root)
    assert nodes_of(places[-1]) == {
        k: (short(example.data[node]), short(wrong[node])) for k, node in enumerate(example.order)
    }
    off = {f"n{k}" for k, node in enumerate(example.order) if not math.isclose(wrong[node], example.grads[node])}
    assert {each.get_attribute("id") for each in tab.locator("g.node.wrong").all()} == off
    assert "Wrong: w.grad became" in texts(tab)
    tab.get_by_role("button", name="why this order?").click()
    assert count(tab) == f"step 1/{len(example)}"


@needs_chromium
def test_where_nothing_is_used_twice_the_recursion_is_right(tab):
    show(tab, steps(EXPRESSIONS["constants"]))
    tab.get_by_role("button", name="why this order?").click()
    tab.get_by_role("button", name="Last step").click()
    assert "Right here, for no inner node is used more than once" in texts(tab)
    x = Value(1.0, "x")
    for _ in range(12):
        x = x * 0.5 + x
    show(tab, steps(x))
    tab.get_by_role("button", name="why this order?").click()
    tab.get_by_role("button", name="Last step").click()
    assert "Stopped after 300 pushes" in texts(tab)
    assert faultless(tab)


# ---------------------------------------------------------------------- where it is shown


@needs_chromium
def test_several_on_a_page_are_independent(tab):
    tab.faults.clear()
    tab.set_content(page(steps(Value(2.0, "a") * 3)) + page(steps(Value(4.0, "b") * 5 + 1)))
    tab.locator(".stepper").nth(1).wait_for()
    tab.locator(".stepper").nth(1).focus()
    tab.keyboard.press("End")
    assert tab.locator(".count").all_inner_texts() == ["step 1/2", "step 4/4"]
    assert faultless(tab)


@needs_chromium
def test_without_scripts_there_is_a_picture_and_a_table(browser, tmp_path):
    listed = steps(EXPRESSIONS["inner fan-out"])
    listed.to_html(tmp_path / "steps.html")
    with browser.new_context(java_script_enabled=False) as context:
        tab = context.new_page()
        tab.goto((tmp_path / "steps.html").as_uri())
        assert tab.locator("img").bounding_box()["height"] > 50
        tab.get_by_text("All").click()
        rows = tab.locator("tr").all_inner_texts()[1:]
        assert len(rows) == len(listed)
        for row, step in zip(rows, listed, strict=True):
            assert str(step) in row
            assert not step.sum or len(step.sum.numbers) == 1 or step.total in row


@needs_chromium
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_follows_the_page_around_it(browser, scheme):
    with browser.new_context(color_scheme=scheme) as context:
        tab = context.new_page()
        tab.set_content(document(steps(Value(2.0, "a") * 3)))
        stepper = tab.locator(".stepper")
        stepper.wait_for()
        assert ("dark" in stepper.get_attribute("class").split()) == (scheme == "dark")
        tab.evaluate("document.body.style.background = '#123'")
        tab.wait_for_function("document.querySelector('.chainrule-stepper').shadowRoot.querySelector('.stepper.dark')")


def svg_of(text):
    return b64decode(re.search(r'base64,([^"]+)', text)[1]).decode()


@needs_dot
def test_the_picture_has_all_numbers():
    listed = steps(EXPRESSIONS["inner fan-out"])
    svg = svg_of(page(listed))
    for node in listed.order:
        assert f">{listed.names[node]}<" in svg
        assert f">data {short(node.data)}" in svg
        assert f">grad {short(listed.grads[node])}" in svg
    hostile = svg_of(page(steps(Value(0.12345, 'a<b>&"c"|{d}\\e\n') * 2)))
    ET.fromstring(hostile)
    assert ">data 0.1235" in hostile or ">data 0.1234" in hostile


@needs_dot
def test_layers_and_neurons_have_frames_in_the_picture():
    model = nn.MLP(2, [2, 1], seed=0)
    svg = svg_of(page(steps(model([0.5, -1.0]), model=model)))
    for name in ("layers.0", "layers.1", "neurons.0", "neurons.1", "layers.1.neurons.0.w.1"):
        assert f">{name}<" in svg
    assert "neurons" not in svg_of(page(steps(model([0.5, -1.0]))))


@needs_dot
def test_a_file_is_small_needs_nothing_and_is_the_same_each_time(tmp_path):
    _, root = small_mlp([8, 6, 1])
    root = root * 2 + 1
    listed = steps(root)
    assert 500 <= len(listed) < 510
    text = document(listed)
    assert len(text.encode()) < 500_000
    assert text == document(steps(root))
    assert not re.search(r'(src|href)="(?!data:)', text)
    listed.to_html(tmp_path / "steps.html")
    assert (tmp_path / "steps.html").read_text("utf-8") == text


def test_a_notebook_gets_html_and_text():
    listed = steps(Value(2.0, "a") * 3)
    bundle = listed._repr_mimebundle_()
    assert bundle == {"text/plain": str(listed), "text/html": page(listed)}
    assert listed._repr_html_() == page(listed)


# ---------------------------------------------------------------------- what if


DIGITS = """() => {
  const root = document.querySelector(".chainrule-stepper").shadowRoot;
  return JSON.stringify([...root.querySelectorAll("g.node")].map((group) => {
    group.dispatchEvent(new Event("click"));
    const said = [...root.querySelectorAll(".panel dl dd")].map((each) => each.firstChild.textContent);
    return [Number(group.id.slice(1)), ...said];
  }));
}"""


def digits(tab):
    """Read all digits of each node's number and gradient."""
    return {place: (float(data), float(grad)) for place, data, grad in json.loads(tab.evaluate(DIGITS))}


def what_if(tab, **numbers):
    for name, number in numbers.items():
        field = tab.get_by_label(name, exact=True)
        field.fill(repr(number))
        field.press("Enter")


def alike(x, y, scale):
    """Tell whether numbers agree to 1e-12, of themselves or, where terms have cancelled, of the largest around."""
    return x == y or (x != x and y != y) or math.isclose(x, y, rel_tol=1e-12, abs_tol=1e-12 * scale)


def largest(numbers):
    return max(map(abs, filter(math.isfinite, numbers)), default=0.0)


@needs_chromium
@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(expression=expressions(max_ops=6), data=st.data())
def test_what_is_computed_anew_is_what_python_computes(tab, expression, data):
    def graph(numbers):
        return steps(expression(*(Value(x, f"x{i}") for i, x in enumerate(numbers))))

    listed = graph(expression.inputs)
    leaves = {node.label: node.data for node in listed.order if not node.op}
    assume(not operations({node.op for node in listed.order if node.op})[1] and leaves)
    fresh = {name: x * data.draw(st.floats(0.8, 1.25)) for name, x in leaves.items()}
    try:
        python = graph([fresh.get(f"x{i}", x) for i, x in enumerate(expression.inputs)])
    except (ArithmeticError, ValueError):
        reject()
    show(tab, listed)
    tab.get_by_role("button", name="what if?").click()
    what_if(tab, **fresh)
    seen = digits(tab)
    scales = largest(node.data for node in python.order), largest(python.grads.values())
    for place, node in enumerate(python.order):
        for found, expected, scale in zip(seen[place], (node.data, python.grads[node]), scales, strict=True):
            assert alike(found, expected, scale), (place, found, expected)
    tab.get_by_role("button", name="reset").click()
    assert digits(tab) == {k: (node.data, listed.grads[node]) for k, node in enumerate(listed.order)}
    assert faultless(tab)


@needs_chromium
def test_what_if_keeps_the_step_and_computes_every_line_anew(tab):
    def listed(w):
        w, x = Value(w, "w"), Value(2.0, "x")
        h = w * x + w
        return steps(autograd.tanh(h) * h, optimizer=nn.SGD([w], lr=0.1))

    show(tab, listed(0.5))
    tab.locator(".scrubber").fill("4")
    tab.get_by_role("button", name="what if?").click()
    what_if(tab, w=0.25)
    assert count(tab) == f"step 5/{len(listed(0.5))}"
    assert [each["said"] for each in walk_through(tab)] == [str(step) for step in listed(0.25)]
    tab.get_by_label("w, slider").fill("-0.5")
    assert [each["said"] for each in walk_through(tab)] == [str(step) for step in listed(-0.5)]
    assert tab.get_by_label("w", exact=True).input_value() == "-0.5"
    tab.get_by_label("w", exact=True).fill("nonsense")
    tab.keyboard.press("Enter")
    assert tab.get_by_label("w", exact=True).get_attribute("aria-invalid") == "true"
    tab.get_by_role("button", name="what if?").click()
    assert [each["said"] for each in walk_through(tab)] == [str(step) for step in listed(0.5)]
    assert faultless(tab)


@needs_chromium
def test_what_if_warns_where_the_code_would_go_another_way(tab):
    with trace_source():
        a, b = Value(2.0, "a"), Value(3.0, "b")
        y = a * b if a + 1 > 2.5 else a - b
    show(tab, steps(y))
    tab.get_by_role("button", name="what if?").click()
    what_if(tab, a=1.6)
    warnings = tab.locator(".warnings")
    assert warnings.inner_text() == ""
    what_if(tab, a=1.25)
    assert "The code would go another way in line" in warnings.inner_text()
    assert "y = a * b if a + 1 > 2.5 else a - b" in warnings.inner_text()
    what_if(tab, a=2.0)
    assert warnings.inner_text() == ""


@needs_chromium
def test_what_if_tells_of_other_branches_and_of_what_has_no_value(tab):
    a, b = Value(2.0, "a"), Value(3.0, "b")
    show(tab, steps(autograd.log(autograd.maximum(a, b))))
    tab.get_by_role("button", name="what if?").click()
    what_if(tab, a=4.0)
    assert "takes another branch now" in tab.locator(".warnings").inner_text()
    assert digits(tab)[0] == (4.0, 0.25)
    what_if(tab, a=-1.0, b=-2.0)
    assert "Python would raise an error" in tab.locator(".warnings").inner_text()
    assert faultless(tab)


@needs_chromium
def test_what_if_leaves_a_kink_without_its_convention(tab):
    x = Value(0.0, "x")
    show(tab, steps(abs(x) * 2))
    assert walk_through(tab)[-1]["said"].endswith("(derivative 0 at 0)")
    tab.get_by_role("button", name="what if?").click()
    what_if(tab, x=-3.0)
    assert walk_through(tab)[-1]["said"].endswith("= -1 · 2 → -2")


@needs_chromium
def test_what_if_does_not_pretend_to_know_an_update_of_several_lines(tab):
    w = Value(0.5, "w")
    listed = steps(w * w, optimizer=nn.SGD([w], lr=0.1, weight_decay=0.5))
    show(tab, listed)
    tab.get_by_role("button", name="what if?").click()
    what_if(tab, w=2.0)
    assert "The update is not computed anew" in tab.locator(".warnings").inner_text()
    assert walk_through(tab)[-1]["said"] == str(listed[-1])


@needs_chromium
def test_what_javascript_lacks_is_said(tab):
    show(tab, steps(autograd.gamma(Value(2.5, "x")) * 2))
    tab.get_by_role("button", name="what if?").click()
    assert "gamma cannot be computed in this page: JavaScript has no gamma" in tab.locator(".whatif").inner_text()
    assert tab.locator(".whatif input").count() == 0
    assert tab.get_by_role("button", name="reset").is_disabled()
    assert faultless(tab)


# ---------------------------------------------------------------------- graphs that are too big to be seen node by node


@needs_chromium
def test_a_big_graph_is_folded_into_the_layers_of_its_model(tab):
    model = nn.MLP(32, [16, 8, 3], seed=0)
    loss = nn.cross_entropy([model([0.1 * i * j for i in range(32)]) for j in range(3)], [0, 1, 2])
    listed = steps(loss, "layer", model=model)
    assert len(listed.order) > 600
    show(tab, listed)
    seen = walk_through(tab)
    assert [each["said"] for each in seen] == [str(step) for step in listed]
    names = [layer.name for layer in listed.layers]
    assert [name for _, name, *_ in seen[-1]["nodes"]] == names
    forward = [step for step in listed if step.phase == "forward"]
    assert [data for _, _, _, data, _ in seen[-1]["nodes"]] == [f"‖data‖ {short(step.after)}" for step in forward]
    tab.locator("g#n0").click()
    assert "48 dot, 48 relu" in texts(tab)
    assert len(tab.locator(".inside li").all()) == 30
    assert tab.get_by_role("button", name="what if?").count() == 0
    assert faultless(tab)


def test_20000_nodes_are_folded_in_seconds():
    x = Value(1.0, "x")
    for _ in range(10_000):
        x = autograd.sin(x * 0.5)
    start = time.perf_counter()
    text = document(steps(x))
    assert time.perf_counter() - start < 10
    assert len(text) < 300_000
    assert text.count("<tr>") <= 1 + 2 * 24


def test_300_nodes_are_shown_in_a_second():
    _, root = small_mlp()
    start = time.perf_counter()
    document(steps(root))
    assert time.perf_counter() - start < 1


# ---------------------------------------------------------------------- notebooks


def notebook(path, *sources):
    """Write a notebook whose cells have been run."""
    import nbformat

    cells = []
    for number, source in enumerate(sources, 1):
        scope = {}
        exec(source, scope)
        output = nbformat.v4.new_output("execute_result", scope["shown"]._repr_mimebundle_(), execution_count=number)
        cells.append(nbformat.v4.new_code_cell(source, outputs=[output], execution_count=number))
    path.write_text(nbformat.writes(nbformat.v4.new_notebook(cells=cells, metadata=PYTHON)), "utf-8")
    return path


PYTHON = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
TWO_CELLS = (
    "from autograd import Value, steps, tanh\nw = Value(0.5, 'w')\nshown = steps(tanh(w * 2) * w)",
    "from autograd import Value, steps\na = Value(3.0, 'a')\nshown = steps(a * a)",
)


@needs_chromium
@pytest.mark.parametrize("template", ["lab", "classic"])
def test_it_works_in_an_exported_notebook(browser, tmp_path, template):
    from nbconvert import HTMLExporter

    html, _ = HTMLExporter(template_name=template).from_filename(str(notebook(tmp_path / "two.ipynb", *TWO_CELLS)))
    (tmp_path / "two.html").write_text(html, "utf-8")
    with browser.new_context() as context:
        context.route(re.compile("^https?:"), lambda route: route.abort())  # the template asks for MathJax
        tab = context.new_page()
        tab.goto((tmp_path / "two.html").as_uri(), wait_until="domcontentloaded")
        tab.locator(".stepper").nth(1).wait_for()
        tab.locator(".stepper").nth(1).focus()
        tab.keyboard.press("End")
        assert tab.locator(".count").all_inner_texts() == ["step 1/7", "step 3/3"]
        tab.get_by_role("button", name="what if?").first.click()
        tab.get_by_label("w", exact=True).fill("1")
        tab.keyboard.press("Enter")
        assert "v1 = w * 2 = 1 * 2 = 2" in tab.locator("[role=status].unseen").first.text_content()


@pytest.fixture
def jupyter(tmp_path):
    """A Jupyter server, in a folder of its own, on this machine alone."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    folders = ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR")
    env = {**os.environ, "HOME": str(tmp_path), **{name: str(tmp_path / name) for name in folders}}
    command = [sys.executable, "-m", "notebook", "--no-browser", "--allow-root", "--ip=127.0.0.1", f"--port={port}",
               f"--ServerApp.root_dir={tmp_path}", "--IdentityProvider.token=", "--LabApp.news_url=None"]  # fmt: skip
    with (tmp_path / "lab.log").open("w") as log:
        server = subprocess.Popen(command, env=env, stdout=log, stderr=log, cwd=tmp_path, start_new_session=True)
        try:
            for _ in range(120):
                with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                    break
                time.sleep(0.5)
            yield f"http://127.0.0.1:{port}"
        finally:
            os.killpg(server.pid, signal.SIGKILL)  # with its kernels: asked to end, it may wait for them for long
            server.wait(30)


@needs_chromium
@pytest.mark.slow
@pytest.mark.parametrize("where", ["lab/tree", "notebooks"])  # JupyterLab and Notebook 7
def test_it_works_live_in_jupyter(browser, jupyter, tmp_path, where):
    import nbformat

    cells = [nbformat.v4.new_code_cell(source.replace("shown = ", "")) for source in TWO_CELLS]
    (tmp_path / "live.ipynb").write_text(
        nbformat.writes(nbformat.v4.new_notebook(cells=cells, metadata=PYTHON)), "utf-8"
    )
    with browser.new_context(viewport={"width": 1400, "height": 1000}) as context:
        tab = context.new_page()
        tab.set_default_timeout(30_000)
        tab.goto(f"{jupyter}/{where}/live.ipynb")
        tab.locator(".jp-Notebook .jp-CodeCell").nth(1).wait_for()
        tab.get_by_text("Python 3 (ipykernel)").first.wait_for()
        tab.wait_for_timeout(2000)  # the kernel starts
        tab.locator(".jp-Notebook .jp-CodeCell").first.click()
        for _ in range(2):
            tab.keyboard.press("Shift+Enter")
        tab.locator(".stepper").nth(1).wait_for()
        tab.locator(".stepper").first.focus()
        active = tab.locator(".jp-Cell.jp-mod-active").first.get_attribute("data-windowed-list-index")
        for key in ("ArrowRight", "ArrowRight", "ArrowDown", "ArrowLeft", "j", "End"):
            tab.keyboard.press(key)
        assert tab.locator(".count").first.inner_text() == "step 7/7"
        assert tab.locator(".jp-Cell.jp-mod-active").first.get_attribute("data-windowed-list-index") == active
        tab.locator(".stepper g.node").first.click()
        tab.locator(".stepper .close").first.wait_for()
        tab.keyboard.press("Escape")
        tab.get_by_role("button", name="what if?").first.click()
        field = tab.get_by_label("w", exact=True).first
        field.fill("1")
        field.press("Enter")
        assert "1" in tab.locator("[role=status].unseen").first.text_content()
        tab.get_by_role("button", name="predict first").first.click()
        tab.locator(".question input").first.wait_for()
        tab.keyboard.press("Control+s")
        # a notebook that somebody else has run is not trusted: the picture and the table are there
        notebook(tmp_path / "foreign.ipynb", *TWO_CELLS)
        tab.goto(f"{jupyter}/{where}/foreign.ipynb")
        tab.locator(".jp-OutputArea-output img").first.wait_for()
        assert tab.locator(".stepper").count() == 0
        assert "v1 = w * 2 = 0.5 * 2 = 1" in tab.locator(".jp-OutputArea-output details").first.text_content()
