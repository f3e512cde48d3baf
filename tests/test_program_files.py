"""Programs in files, in pickles and in other processes: the same program, or a clear error."""

import copy
import hashlib
import io
import json
import math
import multiprocessing
import pickle
import re
from array import array

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import autograd
import nn
from autograd import Op, Program, Value, record, recorded, register, tanh
from autograd.errors import ArgumentError, AutogradError, DomainError, GuardError, OperandError, StaleGraphError
from autograd.ops import TABLE
from autograd.program import Variants
from autograd.program.saving import _ARRAYS as ARRAYS
from autograd.testing import expressions


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    return tmp_path_factory.mktemp("programs") / "a.program"


def through_a_file(program, path):
    program.save(path)
    return Program.load(path)


def bits(numbers):
    return np.ascontiguousarray(numbers, dtype=float).tobytes()


def branching(w):
    """Record something of everything: a guard, inputs and parameters, of which one is never used, constants."""

    def f(x):
        total = autograd.dot(x[:2], [w, 2.0], -0.0)
        if total > 0.5:
            total = autograd.where(x[1], total, tanh(total) * math.nan)
        return [total, autograd.maximum(x[0], total, w) / x[1]]

    return record(f, [1.0, 2.0, 3.0], [w])


@given(expressions(), st.data())
def test_what_is_loaded_pickled_or_copied_gives_the_same_bits(path, expression, data):
    count = len(expression.inputs)
    rows = st.lists(st.floats(-3, 3), min_size=count, max_size=count)
    points = np.array([expression.inputs, *data.draw(st.lists(rows, max_size=4))])
    w = Value(data.draw(st.floats(-2, 2)), "w")
    program = record(lambda x: [expression(*x) + 0.0 * w, w * x[0], x[-1] - 0.5], expression.inputs, [w])
    values, slopes = program(points, check=False), program.jacobian(points, check=False)
    for twin in (through_a_file(program, path), pickle.loads(pickle.dumps(program)), copy.deepcopy(program)):
        assert bits(twin(points, check=False)) == bits(values)
        assert bits(twin.jacobian(points, check=False)) == bits(slopes)
        assert (str(twin), twin.stats, twin.form) == (str(program), program.stats, program.form)
        assert [(leaf.data, leaf.label) for leaf in twin.params] == [(w.data, "w")]
        assert twin.params[0] is not w


@pytest.mark.parametrize("name", [op.name for op in TABLE.values() if op.partials is not None])
def test_every_operation_can_be_saved(name, path):
    leaves: list[Value] = []

    def new():
        leaves.append(Value(0.5, f"x{len(leaves)}"))
        return leaves[-1]

    own = autograd.rules.parameters(TABLE[name])
    given = [new() if p.kind == "scalar" else [new(), new()] for p in own]
    out = autograd.rules.functions.ieee_operation(name)(*(given[0] if own[0].kind == "star" else given))
    program = record(out, leaves)
    assert str(through_a_file(program, path)) == str(program)


def test_errors_are_the_same(path):
    w = Value(1.0, "w")
    program = branching(w)
    root = record(lambda x: autograd.log(x[0] * w), [1.0], [w])
    for twin in (through_a_file(program, path), pickle.loads(pickle.dumps(program))):
        with pytest.raises(GuardError) as expected:
            program([-5.0, 0.0, 1.0])
        with pytest.raises(GuardError) as caught:
            twin([-5.0, 0.0, 1.0])
        assert str(caught.value) == str(expected.value)
        assert "> 0.5 was True" in str(caught.value)
    twin = through_a_file(root, path)
    with pytest.raises(DomainError) as expected:
        root([-2.0])
    with pytest.raises(DomainError) as caught:
        twin([-2.0])
    assert str(caught.value) == str(expected.value)


def test_parameters_are_those_of_the_moment_of_saving(path):
    model = nn.MLP(2, [3, 1], seed=0)
    program = record(model, [0.0, 0.0], model.parameters())
    for parameter in model.parameters():
        parameter.data *= 2
    loaded = through_a_file(program, path)
    points = np.random.default_rng(0).normal(size=(70, 2))
    wanted = program.value_and_grad(points)
    for parameter in model.parameters():
        parameter.data = 0.0
    found = loaded.value_and_grad(points)
    assert [bits(each) for each in found] == [bits(each) for each in wanted]
    loaded.params[-1].data += 1.0
    assert np.allclose(loaded(points), wanted[0] + 1, rtol=1e-13)


def test_what_is_pickled_together_stays_together():
    w, rate = Value(3.0), Value(0.5)
    program = record(lambda x: x[0] * w * rate, [1.0], [w])
    for w_2, rate_2, twin in (pickle.loads(pickle.dumps((w, rate, program))), copy.deepcopy((w, rate, program))):
        w_2.data = 5.0
        assert (twin([2.0]), program([2.0])) == (5.0, 3.0)
        rate_2.data = 0.0
        with pytest.raises(StaleGraphError, match="0.0 was 0.5"):
            twin([2.0])


def test_a_graph_that_has_changed_is_not_saved(path):
    rate = Value(0.5, "rate")
    program = record(lambda x: x[0] * rate, [1.0])
    rate.data = 1.0
    for keep in (lambda: program.save(path), lambda: pickle.dumps(program), lambda: copy.deepcopy(program)):
        with pytest.raises(StaleGraphError, match="rate=1.0 was 0.5"):
            keep()


# ---------------------------------------------------------------------- files that are no programs


@pytest.fixture(scope="module")
def content(path):
    branching(Value(1.0, "w")).save(path)
    return path.read_bytes()


def refused(path, data, said=None):
    path.write_bytes(data)
    with pytest.raises(ArgumentError, match=said) as caught:
        Program.load(path)
    assert repr(str(path)) in str(caught.value)
    return str(caught.value)


@given(st.data())
def test_each_damaged_byte_is_noticed(path, content, data):
    place = data.draw(st.integers(0, len(content) - 1))
    flipped = content[place] ^ data.draw(st.integers(1, 255))
    refused(path, content[:place] + bytes([flipped]) + content[place + 1 :])


@given(st.data())
def test_a_part_of_a_file_is_refused(path, content, data):
    refused(path, content[: data.draw(st.integers(0, len(content) - 1))])


def arrays_of_numpy():
    file = io.BytesIO()
    np.savez(file, x=np.zeros(3))
    return file.getvalue()


class Evil:
    def __reduce__(self):
        return pytest.fail, ("it was executed",)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "is empty"),
        (pickle.dumps({"program": 1}), "is no saved program"),
        (pickle.dumps(Evil()), "is no saved program"),
        (arrays_of_numpy(), "is no saved program"),
        (b"print('hello')\n", "is no saved program"),
        (b"\0" * 5000, "is no saved program"),
        (b"chainrule checkpoint 1 00\n", "is no saved program"),
        (b"chainrule program 1", "is damaged: its checksum"),
        (b"chainrule program 2 " + b"0" * 64 + b"\n{}", "is a program saved in version 2 .* reads version 1"),
    ],
)
def test_other_files_are_refused(path, data, said):
    refused(path, data, said)


def sealed(body):
    return f"chainrule program 1 {hashlib.sha256(body).hexdigest()}\n".encode() + body


def taken_apart(content):
    _, line, rest = content.split(b"\n", 2)
    head, arrays = json.loads(line), {}
    for name, kind in ARRAYS.items():
        arrays[name] = array(kind)
        size = head["arrays"][name] * arrays[name].itemsize
        arrays[name].frombytes(rest[:size])
        rest = rest[size:]
    return head, arrays


def put_together(head, arrays):
    return sealed(b"\n".join([json.dumps(head).encode(), b"".join(each.tobytes() for each in arrays.values())]))


scraps = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**65), 2**65) | st.integers(-2, 12) | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=6,
) | st.sampled_from(["relu", "add", "sum", "softmax", "hypot", "input", "constant", "where", "__class__"])


def replaced(tree, data):
    """Put something else in the place of a part of a tree."""
    if not isinstance(tree, list | dict) or not tree or data.draw(st.integers(0, 3)) == 0:
        return data.draw(scraps)
    key = data.draw(st.sampled_from(sorted(tree) if isinstance(tree, dict) else range(len(tree))))
    twin = copy.copy(tree)
    twin[key] = replaced(tree[key], data)
    return twin


def loads_or_is_refused(path, data):
    """Whatever a file says, it is refused, or is a program that runs."""
    path.write_bytes(data)
    try:
        program = Program.load(path)
    except ArgumentError as error:
        if repr(str(path)) not in str(error):
            raise
        return
    points = np.zeros((3, program.stats["inputs"]))
    str(program)
    for run in (program, program.jacobian):
        try:
            run(points)
        except (AutogradError, ArithmeticError):
            continue


@given(st.data())
def test_a_header_with_something_else_in_it(path, content, data):
    head, arrays = taken_apart(content)
    loads_or_is_refused(path, put_together(replaced(head, data), arrays))


@given(st.data())
def test_numbers_that_are_others(path, content, data):
    head, arrays = taken_apart(content)
    for _ in range(data.draw(st.integers(1, 3))):
        chosen = arrays[data.draw(st.sampled_from(sorted(arrays)))]
        if chosen.typecode == "d":
            number = data.draw(st.floats())
        else:
            width = 8 * chosen.itemsize
            low = 0 if chosen.typecode == "H" else -(2 ** (width - 1))
            number = data.draw(st.integers(max(low, -3), 20) | st.integers(low, low + 2**width - 1))
        chosen[data.draw(st.integers(0, len(chosen) - 1))] = number
    loads_or_is_refused(path, put_together(head, arrays))


@pytest.mark.parametrize(
    ("name", "place", "number"),
    [
        ("codes", 0, 60_000), ("operands", -1, 10**6), ("operands", -1, -1), ("operands", 0, 99), ("starts", 0, 1),
        ("starts", 3, 10**12), ("starts", 3, -5), ("starts", 4, 0), ("line_of", 2, 7), ("line_of", 2, -2),
    ],
)  # fmt: skip
def test_places_outside_are_refused(path, content, name, place, number):
    head, arrays = taken_apart(content)
    arrays[name][place] = number
    assert "is damaged, or was not written by chainrule" in refused(path, put_together(head, arrays))


def test_a_parameter_is_there_once(path, content):
    head, arrays = taken_apart(content)
    param, given = head["names"].index("param"), head["names"].index("input")
    arrays["codes"][list(arrays["codes"]).index(given)] = param
    assert "is damaged, or was not written by chainrule: node" in refused(path, put_together(head, arrays))


@pytest.mark.parametrize("body", [b"", b"\n", b"null\n", b"[" * 100_000 + b"\n", b"{}", b'{"arrays": {}}\n', b"\xff\n"])
def test_what_is_no_header(path, body):
    assert "is damaged, or was not written by chainrule" in refused(path, sealed(body))


def test_what_follows_a_program_is_one_of_the_same_leaves(path, content):
    body = content.split(b"\n", 1)[1]
    branching(Value(1.0, "v")).save(path)
    other = path.read_bytes().split(b"\n", 1)[1]
    path.write_bytes(sealed(body + body))
    assert len(Variants.load(path).programs) == 2
    assert "the leaves of its ways cannot be so" in refused(path, sealed(body + other))
    assert "the header cannot be so" in refused(path, sealed(body + b"\0"))


def test_a_length_beyond_the_file_takes_no_memory(path, content):
    head, arrays = taken_apart(content)
    head["arrays"]["codes"] = 2**60
    refused(path, put_together(head, arrays), "the length of codes")


def test_a_file_is_written_as_a_whole_or_not_at_all(path, content, monkeypatch):
    path.write_bytes(content)
    with monkeypatch.context() as patch:
        patch.setattr("os.fsync", lambda _: (_ for _ in ()).throw(OSError("no space")))
        with pytest.raises(OSError, match="no space"):
            branching(Value(2.0)).save(path)
    assert path.read_bytes() == content
    assert list(path.parent.iterdir()) == [path]
    for target in (path.parent / "nowhere" / "a.program", path.parent):
        with pytest.raises(OSError, match=r"^\[Errno \d+\] [\w ]+: '" + re.escape(str(target)) + "'$"):
            branching(Value(2.0)).save(target)
    with pytest.raises(FileNotFoundError):
        Program.load(path.parent / "nothing")


# ---------------------------------------------------------------------- operations of one's own


def cube_of(x):
    return x**3


def test_an_operation_of_python_functions_cannot_leave(path):
    cubed = autograd.custom(cube_of, lambda out, x: (3 * x * x,))
    program = record(lambda x: cubed(x[0]), [2.0])
    for keep, word in ((lambda: program.save(path), "save"), (lambda: pickle.dumps(program), "pickle")):
        with pytest.raises(OperandError, match=f"cannot {word} this program: it uses cube_of, which custom has made"):
            keep()
    assert copy.deepcopy(program)([2.0]) == 8.0
    register(Op("cube_and_one", "x", "cube_of(x) + 1", ("3*x*x",), "By way of the other."))
    with pytest.raises(OperandError, match="it uses cube_of"):
        record(lambda x: autograd.cube_and_one(x[0]), [2.0]).save(path)


def test_an_operation_of_text_must_be_there_and_the_same(path):
    register(Op("half_of", "x", "x/2", ("0.5",), "Half."))
    register(Op("bend", "x", "half_of(x)*x", ("x",), "A parabola."))
    program = record(lambda x: autograd.bend(x[0]), [2.0])
    pickled = pickle.dumps(program)
    loaded = through_a_file(program, path)
    assert loaded.value_and_grad([3.0]) == (4.5, [3.0])
    assert pickle.loads(pickled)([3.0]) == 4.5
    half = TABLE.pop("half_of")
    for load in (lambda: Program.load(path), lambda: pickle.loads(pickled)):
        with pytest.raises(ArgumentError, match=r"needs the operation 'half_of': register it before, .* = x/2"):
            load()
    TABLE["half_of"] = half._replace(value="x/3")
    for load in (lambda: Program.load(path), lambda: pickle.loads(pickled)):
        with pytest.raises(
            ArgumentError, match=r"'half_of' as it was registered there, .* = x/2, .*; here it is .*x/3"
        ):
            load()


# ---------------------------------------------------------------------- other processes


@pytest.mark.filterwarnings("ignore:.*fork")  # of JAX and Python: libraries of other tests may have threads by then
@pytest.mark.parametrize("method", ["spawn", "fork"])
def test_other_processes_compute_the_same_bits(method):
    if method not in multiprocessing.get_all_start_methods():
        pytest.skip("this system cannot fork")
    model = nn.MLP(2, [4, 1], activation="tanh", seed=0)
    program = record(model, [0.0, 0.0], model.parameters())
    points = np.random.default_rng(0).normal(size=(200, 2))
    wanted = program.value_and_grad(points, threads=2)
    with multiprocessing.get_context(method).Pool(1) as pool:
        found = pool.apply_async(program.value_and_grad, (points,), {"threads": 2}).get(timeout=60)
    assert [bits(each) for each in found] == [bits(each) for each in wanted]


@recorded
def squared(x):
    return x * x


def either(x):
    return x[0] * 2 if x[0] > 0 else -x[0]


def test_recorded_functions_pickle_by_name():
    assert pickle.loads(pickle.dumps(squared)) is squared
    assert copy.deepcopy(squared) is squared
    model = nn.MLP(1, [1], seed=0)
    model.fast = recorded(model.__call__, params=model.parameters())
    twin = copy.deepcopy(model)
    before = model.fast([2.0])
    for parameter in twin.parameters():
        parameter.data = 0.0
    assert (twin.fast([2.0]), model.fast([2.0])) == (0.0, before)
    with pytest.raises((AttributeError, pickle.PicklingError), match="lambda"):
        pickle.dumps(recorded(lambda x: x))


def test_variants_pickle_with_the_function_they_record():
    variants = record(either, [1.0], on_guard="record")
    twin = pickle.loads(pickle.dumps(variants))
    assert isinstance(twin, Variants)
    assert twin([[1.0], [-3.0]]).tolist() == [2.0, 3.0]
    assert (len(twin.programs), len(variants.programs)) == (2, 1)
