"""Expressions that users type."""

import math
from contextlib import suppress

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import autograd
from autograd import Value, parse


@pytest.mark.parametrize(
    ("text", "values", "expected"),
    [
        ("tanh(w*x + b)", {"w": 0.5, "x": 2, "b": -1}, 0.0),
        ("2**3**2", {}, 512.0),
        ("-x**2", {"x": 3}, -9.0),
        ("+x - -x", {"x": 3}, 6.0),
        ("(a+b)*(a-b)/2", {"a": 3, "b": 1}, 4.0),
        ("a-b-c", {"a": 1, "b": 2, "c": 3}, -4.0),
        ("sum([a, 2, a])", {"a": 1}, 4.0),
        ("dot((1, 2), [a, a], 1)", {"a": 3}, 10.0),
        ("maximum(a, 2, 3)", {"a": 1}, 3.0),
        ("where(a > 0, a, -a)", {"a": -4}, 4.0),
        ("where(a <= 0, 1, 2)", {"a": 0}, 1.0),
        ("sin(pi/2)", {}, 1.0),
        ("log(e)", {}, 1.0),
        ("e*pi", {"e": 2, "pi": 3}, 6.0),
        ("1e-3 + .5", {}, 0.501),
        ("x % 3", {"x": 7}, 1.0),
        ("sum(softmax([x, 2*x]))", {"x": 3}, 1.0),
        ("leaky_relu(x, 0.5)", {"x": -2}, -1.0),
        (" x ", {"x": 1}, 1.0),
        ("λ*2", {"λ": 2}, 4.0),
    ],
)
def test_values(text, values, expected):
    assert parse(text)(**values) == pytest.approx(expected)


def test_values_in_values_out():
    w = Value(0.5, "w")
    y = parse("w*w*x")(w=w, x=3.0)
    y.backward()
    assert w.grad == 3.0
    assert parse("w*w*x").names == ["w", "x"]
    assert repr(parse("a + b")) == "parse('a + b')"


@pytest.mark.parametrize(
    ("text", "message", "place"),
    [
        ("tahn(w*x)", "unknown function 'tahn'; did you mean tanh?", "tahn"),
        ("1 + foo(x)", "unknown function 'foo'", "foo"),
        ("__import__('os').system('true')", "only names", "__import__('os').system('true')"),
        ("x.__class__", "only names", "x.__class__"),
        ("(lambda: 1)()", "only names", "(lambda: 1)()"),
        ("[x for x in y]", "only names", "[x for x in y]"),
        ("x if y else z", "only names", "x if y else z"),
        ("x and y", "only names", "x and y"),
        ("0 < x < 1", "a comparison is one of", "0 < x < 1"),
        ("x == y", "a comparison is one of", "x == y"),
        ("1 + tanh(x, 2)", "tanh takes 1 argument, not 2", "tanh(x, 2)"),
        ("tanh()", "tanh takes 1 argument, not 0", "tanh()"),
        ("leaky_relu()", "leaky_relu takes 1 to 2 arguments, not 0", "leaky_relu()"),
        ("clip(x, 1)", "clip takes 3 arguments, not 2", "clip(x, 1)"),
        ("maximum()", "maximum takes at least 1 argument, not 0", "maximum()"),
        ("sum(x, y)", "sum takes a list: write sum([a, b])", "sum(x, y)"),
        ("dot([x], y)", "dot takes a list, as [a, b] here", "y"),
        ("tanh([x])", "tanh takes a number, not a list here", "[x]"),
        ("tanh(softmax([x]))", "tanh takes a number, not a list here", "softmax([x])"),
        ("x // y", "only names", "x // y"),
        ("x @ y", "only names", "x @ y"),
        ("~x", "only names", "~x"),
        ("x[0]", "only names", "x[0]"),
        ("exp(*x)", "only names", "*x"),
        ("exp(x=1)", "by position", "exp(x=1)"),
        ("f'{x}'", "only names", "f'{x}'"),
        ("1j", "only names", "1j"),
        ("True", "only names", "True"),
        ("'a'", "only names", "'a'"),
        ("1 + 9" + "0" * 400, "too large for a float", "9" + "0" * 110),
        ("ü + tahn(x)", "unknown function", "tahn"),
    ],
)
def test_what_is_not_an_expression_is_pointed_at(text, message, place):
    with pytest.raises(ValueError, match=r"expression|unknown|only|too large|takes|comparison|by position") as caught:
        parse(text)
    said, line, carets = str(caught.value).split("\n")
    assert message in said
    start = carets.index("^")
    assert line[start:].startswith(place[: len(line) - start])
    assert line[start : start + carets.count("^")].startswith(place[:100])


@pytest.mark.parametrize(
    "text",
    [
        *("w +* 2", "(x", "x)", "", "  ", "x = 1", "import os", "x; y", "\0", "a b", "1__0", "x\ny"),
        *("(" * 300 + "x" + ")" * 300, "-" * 9000 + "x", "x" * 10_001),
    ],
)
def test_what_python_cannot_read_is_a_value_error(text):
    with pytest.raises(ValueError, match="expression"):
        parse(text)


def test_a_syntax_error_is_pointed_at():
    with pytest.raises(ValueError, match=r"this is not an expression: .*\n    w \+\* 2\n       \^"):
        parse("w +* 2")


def test_values_that_are_missing_or_unknown():
    with pytest.raises(ValueError, match="no value is given for x, b in"):
        parse("w*x + b")(w=1)
    with pytest.raises(ValueError, match="y does not occur in 'w', which has w"):
        parse("w")(w=1, y=2)
    with pytest.raises(ValueError, match="which has no names"):
        parse("1")(y=2)
    with pytest.raises(TypeError, match="must be a str, not int"):
        parse(1)


def test_errors_of_operations_are_theirs():
    with pytest.raises(ValueError, match=r"log\(x=-1\.0\)"):
        parse("log(x)")(x=Value(-1.0, "x"))
    with pytest.raises(TypeError, match="parse: x must be a real number"):
        parse("x + y")(x="a", y="b")
    with pytest.raises(ValueError, match=r"'\[x\]\*2' cannot be computed"):
        parse("[x]*2")(x=1.0)


def test_long_expressions_do_not_recurse():
    text = "+".join(["x"] * 2000)
    assert parse(text)(x=1.0) == 2000.0


@given(st.text(max_size=30))
@example("0\r0")
@example("\f0 0")
def test_no_text_does_harm(text):
    with suppress(autograd.errors.ExpressionError):
        parse(text)


@given(st.recursive(st.sampled_from(["x", "y", "2", "0.5"]), lambda e: st.one_of(
    st.tuples(e, st.sampled_from("+-*"), e).map(lambda t: f"({t[0]} {t[1]} {t[2]})"),
    e.map(lambda t: f"tanh({t})"), e.map(lambda t: f"-{t}"),
)))  # fmt: skip
def test_what_python_evaluates_is_what_is_computed(text):
    expression = parse(text)
    values = {name: value for name, value in (("x", 0.3), ("y", -0.7)) if name in expression.names}
    assert expression(**values) == eval(text, {"tanh": math.tanh, "x": 0.3, "y": -0.7})
