"""The table as JavaScript, beside Python's IEEE arithmetic."""

import json
import math
import shutil
import subprocess
from importlib.resources import files

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import autograd
from autograd.ops import TABLE
from autograd.rules import IEEE, group, parameters
from autograd.rules.javascript import PRIMITIVES, entries, operations
from autograd.stepping import short
from autograd.testing import floats_in

NODE = shutil.which("node")
pytestmark = pytest.mark.skipif(not NODE, reason="needs node")

NODES = [op.name for op in TABLE.values() if op.partials is not None]
LACKED = {"gamma", "lgamma", "gamma_slope", "polygamma"}

SERVE = """
const read = (x) => typeof x === "string" ? { inf: Infinity, "-inf": -Infinity, nan: NaN }[x] : x;
const write = (x) => x === null ? null : Number.isFinite(x) ? (Object.is(x, -0) ? "-0.0" : x) : repr(x);
let rest = "";
process.stdin.on("data", (data) => {
  const lines = (rest + data).split("\\n");
  rest = lines.pop();
  for (const line of lines) {
    const { call, operands, out } = JSON.parse(line), given = operands.map(read);
    const answer = call === "format" ? given.map((x) => [short(x), repr(x)])
      : [write(OPERATIONS[call].value(given)), OPERATIONS[call].partials(given, read(out)).map(write)];
    process.stdout.write(JSON.stringify(answer) + "\\n");
  }
});
"""


def plain(x):
    return x if math.isfinite(x) else str(x)


class Node:
    def __init__(self):
        script = files("autograd.stepper").joinpath("primitives.js").read_text("utf-8")
        script += f"const entries = {entries(NODES)};\nconst OPERATIONS = {operations(NODES)[0]};\n{SERVE}"
        self.process = subprocess.Popen([NODE, "-e", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def ask(self, call, operands, out=0.0):
        question = {"call": call, "operands": [plain(x) for x in operands], "out": plain(out)}
        self.process.stdin.write(json.dumps(question) + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def close(self):
        self.process.stdin.close()
        self.process.stdout.close()
        self.process.wait(10)


@pytest.fixture(scope="module")
def node():
    node = Node()
    yield node
    node.close()


def test_only_the_gamma_functions_are_lacking():
    assert set(operations(NODES)[1]) == LACKED
    assert operations(["gamma"])[1] == {"gamma": "JavaScript has no gamma, lgamma, polygamma"}
    assert set(autograd.primitives.FLOATS) - PRIMITIVES == {
        "gamma",
        "lgamma",
        "polygamma",
        "inf",
        "nan",
        "pi",
        "nothing",
    }


def alike(x, y):
    if x is None or y is None:
        return x is y
    x, y = float(x), float(y)
    return x == y or (x != x and y != y) or math.isclose(x, y, rel_tol=1e-12, abs_tol=5e-322)


HARD = [
    0.0,
    -0.0,
    1.0,
    -1.0,
    0.5,
    2.0,
    -2.0,
    1e-300,
    1e300,
    -1e300,
    710.0,
    -750.0,
    math.inf,
    -math.inf,
    math.nan,
    27.0,
    1e-20,
]


@pytest.mark.parametrize("name", [name for name in NODES if name not in LACKED])
@settings(max_examples=60)
@given(data=st.data())
def test_values_and_local_derivatives_are_pythons(node, name, data):
    op = TABLE[name]
    domains = op.domain if len(op.domain) == len(parameters(op)) else op.domain * len(parameters(op))
    given_ = []
    length = data.draw(st.integers(1, 4))
    for parameter, domain in zip(parameters(op), domains, strict=True):
        one = st.sampled_from(HARD) | floats_in(domain) | st.floats(-30, 30)
        count = 1 if parameter.kind == "scalar" else length
        given_ += data.draw(st.lists(one, min_size=count, max_size=count))
    arguments = group(op, given_)
    unpacked = arguments[0] if parameters(op)[0].kind == "star" else arguments
    out = IEEE.value(name)(*unpacked)
    slopes = []
    for index in range(len(op.partials)):
        slope = IEEE.partial(name, index)(*arguments, out)
        slopes += slope if isinstance(slope, list) else [slope]
    value, partials = node.ask(name, given_, out)
    assert alike(value, out), (given_, value, out)
    assert len(partials) == len(given_)
    assert all(map(alike, partials, slopes)), (given_, partials, slopes)


@settings(max_examples=300)
@given(
    st.lists(
        st.floats() | st.floats(-1e6, 1e6) | st.integers(-99999, 99999).map(lambda n: n / 16) | st.integers().map(float)
    )
)
def test_numbers_are_written_as_python_writes_them(node, numbers):
    assert node.ask("format", numbers) == [[short(x), repr(x)] for x in numbers]


def test_ties_go_to_the_even_digit(node):
    ties = [1.0625, 1.1875, -1.0625, 0.03125, 100.25, 1000.5, 1001.5, 10000.5, 12345.0, 12355.0, 9999.5, 0.00012345]
    assert node.ask("format", ties) == [[short(x), repr(x)] for x in ties]
