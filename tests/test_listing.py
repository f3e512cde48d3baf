"""A program as text: every instruction once, with the line of code that it comes from, and what must come out."""

import re

from hypothesis import given

import autograd
from autograd import Value, record, trace_source
from autograd.testing import expressions


def f(x):
    y = autograd.sigmoid(x[0]) * x[1]
    if y > 0.1:
        y = y + 1
    return autograd.tanh(y) - x[0]


def comments(program):
    """Give the comment of each instruction of the forward pass."""
    forward = str(program).split("\nreturn ")[0].splitlines()
    return {
        line.split(" = ")[1].split("  # ")[0].strip(): line.partition("  # ")[2] for line in forward if " = " in line
    }


def test_each_instruction_has_the_line_of_its_node():
    first = f.__code__.co_firstlineno
    said = comments(record(f, [1.0, 2.0]))
    numbers = {instruction: re.match(r"line (\d+): ", comment) for instruction, comment in said.items()}
    lines = {instruction.split("(")[0]: int(found[1]) - first for instruction, found in numbers.items() if found}
    assert lines == {"sigmoid": 1, "mul": 1, "add": 3, "tanh": 4, "sub": 4}
    assert said["sub(v6, x0)"].endswith(": return autograd.tanh(y) - x[0]")
    assert [instruction for instruction, found in numbers.items() if found is None] == ["gt(v3, 0.1)"]


def test_a_guard_says_what_must_come_out_and_where():
    (line,) = [line for line in str(record(f, [1.0, 2.0])).splitlines() if line.startswith("require")]
    assert re.match(r"require v9 +# 1.462 > 0.1 was True \(.*test_listing.py:\d+: if y > 0.1:\)", line)
    assert "\nrequire not v" in str(record(f, [1.0, 0.0]))


def test_without_a_trace_there_are_no_lines():
    x = Value(2.0)
    before = autograd.tanh(x)
    with trace_source():
        after = before * x
    said = comments(record(after, [x]))
    assert said["tanh(input[0])"] == ""
    assert said["mul(v1, input[0])"].endswith("after = before * x")


def test_lines_of_several_files_are_named():
    x = Value(2.0)
    with trace_source():
        source = "def squared(x):\n    return x * x\n"
        scope = {}
        exec(compile(source, "elsewhere.py", "exec"), scope)
        y = scope["squared"](x) + 1
    said = comments(record(y, [x]))
    assert said["mul(input[0], input[0])"].startswith("elsewhere.py:2")
    assert re.match(r"test_listing.py:\d+: y = scope", said["add(v1, 1)"])


@given(expressions())
def test_an_instruction_uses_what_stands_above_it(expression):
    program = record(lambda x: expression(*x) + 0.0 * x[0], expression.inputs)
    known = {f"x{i}" for i in range(len(expression.inputs))}
    count = 0
    for line in str(program).splitlines():
        code = line.split("  # ")[0]
        used = set(re.findall(r"\b[vx]\d+\b", code.split(" = ")[-1]))
        assert used <= known, line
        if " = " in code:
            known.add(code.split(" = ")[0])
            count += 1
    assert count >= program.stats["with gradient"]


def test_labels_that_say_too_little_are_not_shown():
    twice, also = Value(2.0, "a"), Value(3.0, "a")
    assert "v2 = mul(input[0], param[0])" in str(record(twice * also, [twice], params=[also]))
    like_a_name, other = Value(2.0, "v2"), Value(3.0, "c")
    assert "v2 = add(input[0], c)" in str(record(like_a_name + other, [like_a_name, other]))
