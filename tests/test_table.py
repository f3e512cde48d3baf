"""The table: its texts against mpmath, and that it is the only place that knows an operation."""

import ast
import builtins
import math
import operator
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import mpmath
import pytest
from hypothesis import assume, given, reject
from hypothesis import strategies as st

import autograd
from autograd import Value, primitives, rules
from autograd.ops import TABLE
from autograd.testing import call_by_name, floats_in

PACKAGE = Path(autograd.__file__).parent
DIFFERENTIABLE = [op.name for op in TABLE.values() if op.partials is not None]
SEQUENCE_LENGTH = 3


def operands_of(name, draw, largest=20.0):
    """Draw a number for each operand of an operation, in its domain."""
    op = TABLE[name]
    domains = op.domain if len(op.domain) == len(rules.parameters(op)) else op.domain * len(rules.parameters(op))
    counts = [1 if p.kind == "scalar" else SEQUENCE_LENGTH for p in rules.parameters(op)]
    return [draw(floats_in(d, largest)) for d, count in zip(domains, counts, strict=True) for _ in range(count)]


def value_of(reader, name, operands):
    groups = rules.group(TABLE[name], operands)
    star = rules.parameters(TABLE[name])[0].kind == "star"
    return reader.value(name)(*groups[0]) if star else reader.value(name)(*groups)


def partials_of(reader, name, operands, out):
    """Give the local derivative for each operand."""
    groups = rules.group(TABLE[name], operands)
    slopes = []
    for index, part in enumerate(groups):
        slope = reader.partial(name, index)(*groups, out)
        slopes += slope if isinstance(part, list) else [slope]
    return slopes


@pytest.mark.parametrize("name", DIFFERENTIABLE)
@given(data=st.data())
def test_local_derivatives_are_those_of_the_value_at_60_digits(name, data):
    # near 0 the difference would reach across the origin
    operands = [x if abs(x) > 1e-3 else 0.5 for x in operands_of(name, data.draw)]
    if rules.parameters(TABLE[name])[0].name == "order":
        operands[0] = float(round(operands[0]) % 4)
    out = value_of(rules.IEEE, name, operands)
    slopes = partials_of(rules.IEEE, name, operands, out)
    with mpmath.workdps(60):
        step = mpmath.mpf(10) ** -25
        for index, slope in enumerate(slopes):
            if slope is None:
                continue
            above, below = ([mpmath.mpf(x) for x in operands] for _ in range(2))
            above[index] += step
            below[index] -= step
            try:
                right, left = (
                    (value_of(rules.mpmath_reader(), name, p) - value_of(rules.mpmath_reader(), name, q)) / step
                    for p, q in ((above, list(map(mpmath.mpf, operands))), (list(map(mpmath.mpf, operands)), below))
                )
            except (ValueError, TypeError, ZeroDivisionError):  # beyond the domain
                reject()
            assume(not isinstance(right, mpmath.mpc) and not isinstance(left, mpmath.mpc))
            assume(abs(right - left) <= 1e-9 * (1 + abs(right)))  # no kink between
            assert abs(slope - (right + left) / 2) <= 1e-11 * abs(right) + 1e-15


@pytest.mark.parametrize("name", DIFFERENTIABLE)
@given(data=st.data())
def test_floats_ieee_and_values_agree_bit_for_bit(name, data):
    operands = operands_of(name, data.draw)
    out = value_of(rules.IEEE, name, operands)
    slopes = partials_of(rules.IEEE, name, operands, out)
    leaves = [Value(x) for x in operands]
    node = call_by_name(rules.ieee_operation, name, leaves)
    assert identical(node.data, out)
    assert all(map(identical, node.local_grads, (0.0 if slope is None else slope for slope in slopes)))
    assert node.op == name
    assert identical(call_by_name(rules.ieee_operation, name, operands), out)
    if not TABLE[name].internal and not TABLE[name].by_hand:
        eager = call_by_name(rules.operation, name, leaves)
        assert identical(eager.data, node.data)
        assert all(map(identical, eager.local_grads, node.local_grads))
        assert identical(value_of(rules.FLOATS, name, operands), out)
    groups = rules.group(TABLE[name], leaves)
    again = [
        slope
        for index, part in enumerate(groups)
        for slope in (
            rules.VALUES.partial(name, index)(*groups, node)
            if isinstance(part, list)
            else [rules.VALUES.partial(name, index)(*groups, node)]
        )
    ]
    numbers = [slope.data if isinstance(slope, Value) else slope for slope in again]
    for one, other in zip(numbers, slopes, strict=True):
        assert one is other is None or identical(one, other)


ANY = st.floats(allow_nan=True, allow_infinity=True)


@pytest.mark.parametrize("name", [op.name for op in TABLE.values() if op.by_hand])
@given(a=ANY, b=ANY)
def test_the_six_operators_are_pinned_to_the_table_bit_for_bit(name, a, b):
    operands = [a, b][: len(rules.parameters(TABLE[name]))]
    try:
        node = getattr(operator, name)(*(Value(x) for x in operands))
    except (ArithmeticError, ValueError):
        return
    out = value_of(rules.IEEE, name, operands)
    assert identical(node.data, out)
    slopes = partials_of(rules.IEEE, name, operands, out)
    assert all(identical(x, y) for x, y in zip(node.local_grads, slopes, strict=True)), (node.local_grads, slopes)


def identical(a, b):
    return (math.isnan(a) and math.isnan(b)) or (a == b and math.copysign(1, a) == math.copysign(1, b))


@given(x=ANY, y=ANY)
def test_the_engines_power_derivatives_are_those_of_the_table(x, y):
    for name in ("power_by_base", "power_by_exponent"):
        by_hand = getattr(primitives, name)(x, y)
        assert identical(by_hand, rules.IEEE.value(name)(x, y))


@pytest.mark.parametrize("name", DIFFERENTIABLE)
@given(data=st.data())
def test_ieee_arithmetic_never_raises(name, data):
    count = sum(1 if p.kind == "scalar" else 2 for p in rules.parameters(TABLE[name]))
    operands = [data.draw(ANY) for _ in range(count)]
    out = value_of(rules.IEEE, name, operands)
    assert isinstance(out, float)
    for slope in partials_of(rules.IEEE, name, operands, out):
        assert slope is None or isinstance(slope, float)


@pytest.mark.parametrize("name", rules.public_names())
@given(data=st.data())
def test_where_a_value_exists_the_local_derivative_exists(name, data):
    count = sum(1 if p.kind == "scalar" else 2 for p in rules.parameters(TABLE[name]))
    leaves = [Value(data.draw(ANY)) for _ in range(count)]
    try:
        out = call_by_name(rules.operation, name, leaves)
    except autograd.AutogradError:
        return
    for node in out if isinstance(out, list) else [out]:
        assert all(type(slope) is float for slope in node.local_grads)


@pytest.mark.parametrize("name", sorted(set(TABLE) & set(dir(math)) - {"remainder"}))  # that of Python is %
@given(data=st.data())
def test_values_and_exceptions_are_those_of_math(name, data):
    if TABLE[name].by_hand or TABLE[name].parameters.startswith("["):
        return
    operands = [data.draw(ANY) for _ in rules.parameters(TABLE[name])]
    try:
        expected = getattr(math, name)(*operands)
    except (OverflowError, ValueError) as error:
        builtin = OverflowError if isinstance(error, OverflowError) else ValueError
        with pytest.raises(builtin):
            getattr(autograd, name)(*(Value(x) for x in operands))
        return
    assert identical(getattr(autograd, name)(*(Value(x) for x in operands)).data, expected)


# ---------------------------------------------------------------------- printing


def balanced(latex):
    depth = 0
    for character in re.sub(r"\\[{}|\\]", "", latex):
        depth += {"{": 1, "}": -1}.get(character, 0)
        assert depth >= 0
    return depth == 0 and latex.count(r"\left") == latex.count(r"\right")


@pytest.mark.parametrize("name", DIFFERENTIABLE)
def test_every_text_prints_as_latex_and_as_source(name):
    op = TABLE[name]
    names = [x for p in rules.parameters(op) for x in ([p.name] if p.kind == "scalar" else ["u", "v"])]
    for index in (None, *range(len(op.partials))):
        assert balanced(rules.latex(name, index=index))
    for index in (None, *range(len(names))):
        assert balanced(rules.latex(name, names, index))
        tree = ast.parse(rules.source(name, names, index))
        mentioned = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
        assert mentioned <= {*names, *TABLE, *primitives.IEEE, "out"}, mentioned


def moderate(x):
    """Move away from 0 and 1, and stay on the side of 1."""
    return 0.1 + 0.85 * abs(x) if abs(x) < 1.0 else 0.05 + abs(x)


@pytest.mark.parametrize("name", [op.name for op in TABLE.values() if op.textbook])
@given(data=st.data())
def test_textbook_forms_are_the_same_functions(name, data):
    operands = operands_of(name, lambda domain: data.draw(domain.filter(lambda x: abs(x) != 1.0).map(moderate)), 2.0)
    out = value_of(rules.IEEE, name, operands)
    names = [f"x{i}" for i in range(len(operands))]
    scope = {**primitives.IEEE, **{n: rules.FLOATS.value(n) for n in TABLE if n not in primitives.IEEE}}
    scope |= dict(zip(names, operands, strict=True), out=out)
    if name in {"maximum", "minimum"}:
        assume(len(set(operands)) == len(operands))
    for index, slope in enumerate(partials_of(rules.IEEE, name, operands, out)):
        shown = eval(rules.source(name, names, index), scope)
        assert shown == pytest.approx(slope or 0.0, rel=1e-9, abs=1e-12)


def test_printed_examples():
    assert rules.source("pow", ["a + b", "2"]) == "(a + b) ** 2"
    assert rules.source("pow", ["a + b", "2"], 0) == "2 * (a + b) ** (2 - 1)"
    assert rules.source("sum", ["a", "b"], 1) == "1.0"
    assert rules.source("tanh", ["my label"]) == "tanh(my label)"
    assert rules.latex("mul", ["a + b", "c"]) == r"\left(a + b\right) \cdot c"
    assert rules.latex("pow", ["-a", "2"]) == r"\left(-a\right)^{2}"
    assert rules.latex("relu", index=0) == r"\begin{cases} 1 & x > 0 \\ 0 & \text{otherwise} \end{cases}"
    assert rules.latex("sub", ["a", "b - c"]) == r"a - \left(b - c\right)"


# ---------------------------------------------------------------------- one table


LOOK = """
import autograd, inspect, sys
from autograd import Value, rules, parse
from autograd.ops import TABLE
name = sys.argv[1]
v = Value(0.5)
seen = {
    "table": name in TABLE,
    "function": hasattr(autograd, name),
    "method": hasattr(v, name),
    "star": name in autograd.__all__,
    "dir": name in dir(autograd) and name in dir(v),
}
def tries(**views):
    for view, look in views.items():
        try:
            look()
            seen[view] = True
        except (KeyError, AttributeError, ValueError):
            seen[view] = False
tries(
    floats=lambda: rules.FLOATS.value(name)(0.5),
    ieee=lambda: rules.IEEE.partial(name, 0)(0.5, 0.5),
    values=lambda: rules.VALUES.partial(name, 0)(v, v),
    latex=lambda: rules.latex(name),
    source=lambda: rules.source(name, ["x"], 0),
    parse=lambda: parse(f"{name}(x)"),
    gradients=lambda: autograd.gradients(getattr(v, name)(), v),
    second=lambda: autograd.gradients(autograd.gradients(getattr(v, name)(), v), v),
    steps=lambda: autograd.stepping.steps(getattr(v, name)()),
)
print("all" if all(seen.values()) else seen if any(seen.values()) else "none")
"""


def look_for(name, folder):
    script = "import autograd.stepping\n" + LOOK
    command = [sys.executable, "-c", script, name]
    run = subprocess.run(
        command, env={**os.environ, "PYTHONPATH": str(folder)}, cwd=folder, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stderr
    return run.stdout.strip()


@pytest.fixture
def copied(tmp_path):
    shutil.copytree(PACKAGE, tmp_path / "autograd", ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path


def test_an_entry_that_is_deleted_is_gone_from_every_view(copied):
    table = copied / "autograd" / "ops.py"
    assert look_for("expm1", copied) == "all"
    text = table.read_text()
    entry = re.search(r'    Op\("expm1".*\n', text).group()
    table.write_text(text.replace(entry, ""))
    assert look_for("expm1", copied) == "none"


def test_an_entry_that_is_added_in_one_line_is_in_every_view(copied):
    table = copied / "autograd" / "ops.py"
    assert look_for("versine", copied) == "none"
    line = '    Op("versine", "x", "1 - cos(x)", ("sin(x)",), "One minus the cosine."),\n'
    text = table.read_text()
    table.write_text(text.replace("ENTRIES = (\n", "ENTRIES = (\n" + line))
    assert look_for("versine", copied) == "all"


def test_no_operations_name_occurs_in_code_outside_the_table_and_the_primitives():
    """The texts of Python's own operators and of the primitives aside, also on vectors, code speaks of no operation."""
    known = (
        {op.name for op in TABLE.values() if op.by_hand}
        | set(dir(builtins))
        | {"power_by_base", "identity", "stop_gradient"}
    )
    names = {op.name for op in TABLE.values()} - known - {"power_by_exponent", "where", "dot", "scale"}
    assert len(names) > 20
    found = []
    for path in PACKAGE.rglob("*.py"):
        if path.name not in {"ops.py", "primitives.py"} and path.parent.name != "elementary":
            found += [(path.name, word) for word in words_of_code(path) if word in names]
    assert found == []


def words_of_code(path):
    """Give every name, attribute and string of a file; prose in strings has spaces."""
    for node in ast.walk(ast.parse(path.read_text())):
        match node:
            case ast.Attribute(value=ast.Name(id="math")):  # arithmetic of its own
                continue
            case ast.Name(id=word) | ast.Attribute(attr=word) | ast.FunctionDef(name=word) | ast.Constant(value=word):
                yield word
