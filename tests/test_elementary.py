"""The elementary functions of machine code: within two units in the last place, and right at every corner."""

import ctypes
import itertools
import math
import random
import struct
from functools import cache
from math import inf, nan

import coefficients as fits
import mpmath
import numpy as np
import pytest

import autograd
from autograd import record
from autograd.errors import ArgumentError
from autograd.primitives import C_LIBRARY, IEEE, LLVM, mpmath_primitives
from autograd.program import machine
from autograd.program.elementary import Elementary, coefficients, trigonometric
from autograd.program.elementary.functions import FUNCTIONS, SHORT
from autograd.program.interpreter import Interpreter

llvmlite = pytest.importorskip("llvmlite")

TINY, LARGEST = 5e-324, 1.7976931348623157e308
OF_TWO = ("atan2", "copysign", "hypot", "maximum", "minimum", "pow", "remainder")
NAMES = sorted({*FUNCTIONS, *LLVM, *SHORT})
CPUS = ("auto", "avx2", "sse2")


def features_of(cpu):
    try:
        return machine._features(cpu)
    except ArgumentError as error:
        pytest.skip(str(error))


def compiled(cpu, lanes, names):
    """Give functions of arrays, written for vectors of so many numbers."""
    from llvmlite import binding, ir

    features = features_of(cpu)
    double, whole = ir.DoubleType(), ir.IntType(64)
    vector, module = ir.VectorType(double, lanes), ir.Module("functions")
    for name in names:
        count = 2 if name in OF_TWO else 1
        signature = ir.FunctionType(ir.VoidType(), [double.as_pointer()] * (count + 1) + [whole])
        function = ir.Function(module, signature, f"loop_{name}")
        entry, loop, after = (function.append_basic_block() for _ in range(3))
        builder = ir.IRBuilder(entry)
        builder.branch(loop)
        builder.position_at_end(loop)
        index = builder.phi(whole)
        index.add_incoming(whole(0), entry)
        *arrays, stop = function.args
        places = [builder.bitcast(builder.gep(array, [index]), vector.as_pointer()) for array in arrays]
        elementary = Elementary(builder, lanes, features)
        out = elementary.call(name, [builder.load(place, align=8) for place in places[:-1]])
        assert not module.globals.keys() & {*C_LIBRARY.values()}
        builder.store(out, places[-1], align=8)
        following = builder.add(index, whole(lanes))
        index.add_incoming(following, builder.block)
        builder.cbranch(builder.icmp_signed("<", following, stop), loop, after)
        builder.position_at_end(after)
        builder.ret_void()
    parsed = binding.parse_assembly(str(module))
    parsed.verify()
    engine = binding.create_mcjit_compiler(parsed, machine.target_machine(features))
    engine.finalize_object()

    def function_of(name):
        count = 2 if name in OF_TWO else 1
        signature = ctypes.CFUNCTYPE(None, *[ctypes.c_void_p] * (count + 1), ctypes.c_int64)
        run = signature(engine.get_function_address(f"loop_{name}"))

        def function(*columns):
            length = len(columns[0])
            padded = [np.resize(np.array(column, float), length + -length % lanes) for column in columns]
            out = np.empty(len(padded[0]))
            run(*[array.ctypes.data for array in (*padded, out)], len(out))
            return out[:length].tolist()

        function.engine = engine
        return function

    return {name: function_of(name) for name in names}


@cache
def functions_of(cpu, lanes=None):
    return compiled(cpu, lanes or features_of(cpu).lanes, NAMES)


# ---------------------------------------------------------------------- points


def bits(x):
    return struct.pack("d", x)


def spread(generator, count, low, high, signs=(-1.0, 1.0)):
    """Give numbers whose logarithms are uniform."""
    exponents = (generator.uniform(math.log2(low), math.log2(high)) for _ in range(count))
    return [generator.choice(signs) * 2.0 ** min(each, 1023.999) for each in exponents]


def uniform(generator, count, low, high):
    return [generator.uniform(low, high) for _ in range(count)]


def about(x):
    """Give a number and those beside it."""
    return [math.nextafter(x, -inf), x, math.nextafter(x, inf)]


def near_quarter_turns(generator, count):
    """Give the floats that are nearest to multiples of pi/2; also the one that is nearest of all, relatively."""
    turns = [*range(1, count), *(generator.randrange(1 << 21) for _ in range(count))]
    turns += [int(each) for each in spread(generator, count, 2.0**18, 1e300, (1.0,))]
    with mpmath.workprec(1200):
        found = [float(turn * mpmath.pi / 2) for turn in turns]
    found += [math.ldexp(6381956970095103, 797), 6381956970095103.0, 2.0**20, 2.0**30]
    return [each * generator.choice((-1.0, 1.0)) for x in found for each in about(x)]


def whole_range(generator, count):
    return spread(generator, count, TINY, LARGEST)


def near_one(generator, count, signs=(-1.0, 1.0)):
    return [1 + x for x in spread(generator, count, 2.0**-53, 0.4, signs)]


def unit_interval(generator, count):
    inside = uniform(generator, count, -1, 1) + spread(generator, count, TINY, 1.0)
    return inside + near_one(generator, count, (-1.0,))


def logarithmic(generator, count):
    points = spread(generator, count, TINY, LARGEST, (1.0,)) + near_one(generator, count)
    return points + uniform(generator, count, 0.4, 2.3)


def angles(generator, count):
    return uniform(generator, count, -10, 10) + whole_range(generator, count) + near_quarter_turns(generator, count)


def around_zero(generator, count):
    return uniform(generator, count, -3, 3) + whole_range(generator, count)


def plane(generator, count):
    points = list(zip(uniform(generator, count, -1, 1), uniform(generator, count, -1, 1)))
    points += zip(spread(generator, count, TINY, 1e308), spread(generator, count, TINY, 1e308))
    sizes, ratios = spread(generator, count, 1e-310, 1e307), spread(generator, count, 0.2, 5)
    return points + [(x, x * ratio) for x, ratio in zip(sizes, ratios)]


def powers(generator, count):
    points = list(zip(uniform(generator, count, 0.5, 2), uniform(generator, count, -700, 700)))
    points += zip(spread(generator, count, TINY, LARGEST, (1.0,)), uniform(generator, count, -3, 3))
    points += [(x, generator.uniform(-700, 700) / (x - 1)) for x in near_one(generator, count)]
    return points + [(x, float(generator.randrange(-30, 30))) for x in spread(generator, count, 1e-9, 1e9)]


def beside_minus_one(generator, count):
    return [x - 1 for x in near_one(generator, count, (-1.0,))]


#: For each function, what gives points from a generator of random numbers and a count.
POINTS = {
    **dict.fromkeys(("acos", "asin", "atanh"), unit_interval),
    **dict.fromkeys(("asinh", "atan", "cbrt"), around_zero),
    **dict.fromkeys(("atan2", "hypot"), plane),
    **dict.fromkeys(("cos", "sin", "tan"), angles),
    **dict.fromkeys(("log", "log10", "log2"), logarithmic),
    "acosh": lambda g, n: [1 + x for x in spread(g, 2 * n, 2.0**-52, 1e308, (1.0,))] + uniform(g, n, 1, 4),
    "cosh": lambda g, n: uniform(g, n, -3, 3) + spread(g, n, 1e-10, 710.4),
    "erf": lambda g, n: uniform(g, n, -1.2, 1.2) + spread(g, n, TINY, 6),
    "erfc": lambda g, n: uniform(g, n, -1, 1) + uniform(g, n, 0.4, 27.2) + spread(g, n, 1e-20, 6),
    "exp": lambda g, n: uniform(g, n, -1, 1) + uniform(g, n, -745, 709.7) + uniform(g, n, -745, -708),
    "exp2": lambda g, n: uniform(g, n, -1, 1) + uniform(g, n, -1074, 1023.9) + uniform(g, n, -1074, -1022),
    "expm1": lambda g, n: uniform(g, n, -1, 1) + spread(g, n, TINY, 709.7) + uniform(g, n, -45, 60),
    "log1p": lambda g, n: spread(g, n, TINY, LARGEST, (1.0,)) + uniform(g, n, -1, 3) + beside_minus_one(g, n),
    "pow": powers,
    "sinh": lambda g, n: uniform(g, n, -3, 3) + spread(g, n, TINY, 710.4),
    "tanh": lambda g, n: uniform(g, n, -2, 2) + spread(g, n, TINY, 30),
}


@cache
def exact(name, count, seed):
    """Give points, and for each the value to far more digits than a float has and the float that is nearest to it."""
    points = [each if name in OF_TWO else (each,) for each in POINTS[name](random.Random(seed), count)]
    function = mpmath_primitives()[name]
    with mpmath.workprec(200):
        wanted = [function(*map(mpmath.mpf, point)) for point in points]
    return points, [(value, float(value)) for value in wanted]


def largest_error(function, name, count, seed=0):
    """Give the largest error in units of the last place, and where it is."""
    points, wanted = exact(name, count, seed)
    found = function(*zip(*points, strict=True))
    worst = (0.0, None)
    for point, y, (value, nearest) in zip(points, found, wanted, strict=True):
        if math.isinf(nearest):
            error = 0.0 if y == nearest or abs(y) == LARGEST else inf
        else:
            error = float(abs(mpmath.mpf(y) - value) / math.ulp(nearest)) if math.isfinite(y) else inf
        worst = max(worst, (error, point), key=lambda each: each[0])
    return worst


# ---------------------------------------------------------------------- the tests


@pytest.mark.parametrize("cpu", ["auto", "sse2"])
@pytest.mark.parametrize("name", POINTS)
def test_within_two_units_in_the_last_place(name, cpu):
    error, where = largest_error(functions_of(cpu)[name], name, 100)
    assert error <= 2, where


@pytest.mark.slow
@pytest.mark.parametrize("cpu", ["auto", "sse2"])
@pytest.mark.parametrize("name", POINTS)
def test_within_two_units_in_the_last_place_at_many_points(name, cpu):
    error, where = largest_error(functions_of(cpu)[name], name, 10_000, seed=1)
    assert error <= 2, where


def test_every_function_has_points():
    assert set(POINTS) == set(FUNCTIONS) - {"remainder"}
    assert not set(C_LIBRARY) & set(FUNCTIONS)


CORNERS = [0.0, TINY, 3 * TINY, 2.0**-1022 - TINY, 2.0**-1022, 1e-310, 1e-300, 2.0**-54, 2.0**-28, 1e-8, 0.1, 0.25, 0.5]
CORNERS += [
    *about(math.sqrt(0.5)),
    0.99,
    *about(1.0),
    1.5,
    2.0,
    3.0,
    4.0,
    7.0,
    8.0,
    10.0,
    20.0,
    22.0,
    27.5,
    40.0,
    100.0,
]
CORNERS += [708.4, 709.78, 709.79, 710.0, 710.4, 710.5, 745.0, 745.2, 746.0, 1000.0, 1022.0, 1023.0, 1024.0, 1074.0]
CORNERS += [1075.0, 1e5, *about(2.0**20), *about(2.0**30), 2.0**52, *about(2.0**53), 2.0**54, 2.0**60, 1e154, 1e300]
CORNERS += [2.0**500, 2.0**1000, 2.0**1023, LARGEST, inf]
CORNERS = [sign * x for x in CORNERS for sign in (1.0, -1.0)] + [nan]


def agree(x, y, units):
    """Tell whether two numbers are the same; finite ones that are not 0 may be some units in the last place apart."""
    if x != x or y != y:
        return x != x and y != y
    if 0.0 in (x, y):
        return bits(x) == bits(y) or (units and abs(x - y) == TINY and math.copysign(1, x) == math.copysign(1, y))
    return x == y or abs(x - y) <= units * math.ulp(y)


@pytest.mark.parametrize("cpu", CPUS)
@pytest.mark.parametrize("name", NAMES)
def test_every_corner(name, cpu):
    points = list(itertools.product(CORNERS, CORNERS) if name in OF_TWO else zip(CORNERS))
    found = functions_of(cpu)[name](*zip(*points, strict=True))
    units = 2 if name in POINTS else 0
    for point, y in zip(points, found, strict=True):
        assert agree(y, float(IEEE[name](*point)), units), (point, y, IEEE[name](*point))


@pytest.mark.parametrize("cpu", CPUS)
def test_tanh_is_as_good_together_with_its_slope(cpu, monkeypatch):
    features_of(cpu)
    monkeypatch.setenv("CHAINRULE_CPU", cpu)
    program = record(lambda x: autograd.tanh(x[0]), [0.5])
    generator = random.Random(0)
    points = (
        uniform(generator, 1000, 0.05, 1.5)
        + uniform(generator, 2500, 0.055, 0.0628)
        + uniform(generator, 500, -400, 400)
    )
    points += spread(generator, 500, TINY, 30) + [x for x in CORNERS if math.isfinite(x)]
    both, *_ = Interpreter(program._tape, program._observed + program._flat_slopes, []).run(
        np.array(points)[:, None], np.zeros(0)
    )
    for x, y, slope in zip(points, *both.tolist(), strict=True):
        with mpmath.workprec(200 + 3 * min(abs(int(x)), 1000)):
            exact_y, exact_slope = mpmath.tanh(x), mpmath.sech(x) ** 2
        assert abs(y - exact_y) <= 2 * math.ulp(float(exact_y)), x
        assert abs(slope - exact_slope) <= 4 * math.ulp(float(exact_slope)), x
        assert math.copysign(1.0, y) == math.copysign(1.0, x)


@pytest.mark.parametrize("cpu", CPUS)
def test_results_that_are_floats_are_exact(cpu):
    functions = functions_of(cpu)
    whole = [float(k) for k in range(-1074, 1024)]
    powers = [math.ldexp(1.0, int(k)) for k in whole]
    assert functions["exp2"](whole) == powers
    assert functions["log2"](powers) == whole
    assert functions["pow"]([2.0] * len(whole), whole) == powers
    tens = [float(k) for k in range(23)]
    assert functions["log10"]([10.0**k for k in tens]) == tens
    assert functions["cbrt"]([k**3 for k in whole]) == whole
    assert functions["hypot"]([3.0 * k for k in whole], [4.0 * k for k in whole]) == [abs(5.0 * k) for k in whole]
    assert functions["pow"](powers, [1.0] * len(powers)) == powers
    for name in ("cos", "cosh", "exp", "exp2"):
        assert functions[name]([0.0, -0.0]) == [1.0, 1.0]
    assert functions["tanh"]([-inf, -20.0, 20.0, inf]) == [-1.0, -1.0, 1.0, 1.0]
    assert functions["erf"]([-inf, -6.0, 6.0, inf]) == [-1.0, -1.0, 1.0, 1.0]


@pytest.mark.parametrize("cpu", CPUS)
def test_remainders_are_exact_whatever_the_quotient(cpu):
    generator = random.Random(0)
    points = list(zip(spread(generator, 2000, TINY, LARGEST), spread(generator, 2000, TINY, LARGEST)))
    points += [
        (x, x * factor) for x, factor in zip(spread(generator, 2000, TINY, 1e308), spread(generator, 2000, 1e-17, 1))
    ]
    points += [(y * generator.randrange(1 << 27), y) for y in spread(generator, 2000, TINY, 1e300)]
    points = [(x, y) for x, y in points if y]
    found = functions_of(cpu)["remainder"](*zip(*points, strict=True))
    assert [bits(y) for y in found] == [bits(x % y) for x, y in points]


def any_points(name):
    """Give points of the whole range and of the corners, mixed."""
    generator = random.Random(1)
    columns = []
    for _ in range(2 if name in OF_TWO else 1):
        column = [*CORNERS, *spread(generator, 150, TINY, LARGEST), *spread(generator, 150, 1e-3, 1e3)]
        generator.shuffle(column)
        columns.append(column)
    return columns


@pytest.mark.parametrize("lanes", [1, 2, 4, 8])
@pytest.mark.parametrize("cpu", CPUS)
def test_the_bits_depend_neither_on_the_lanes_nor_on_the_neighbours(cpu, lanes):
    """Between CPUs with fused instructions and those without they differ."""
    functions = functions_of(cpu, lanes)
    others = functions_of("auto" if features_of(cpu).fused == features_of("auto").fused else cpu)
    for name in NAMES:
        columns = any_points(name)
        found = functions[name](*columns)
        wanted = others[name](*[column[::-1] for column in columns])[::-1]
        assert [bits(y if y == y else nan) for y in found] == [bits(y if y == y else nan) for y in wanted]


def test_a_module_may_have_vectors_of_several_widths():
    from llvmlite import binding, ir

    module = ir.Module("widths")
    for lanes in (1, 8):
        vector = ir.VectorType(ir.DoubleType(), lanes)
        function = ir.Function(module, ir.FunctionType(vector, [vector]), f"widths{lanes}")
        builder = ir.IRBuilder(function.append_basic_block())
        builder.ret(Elementary(builder, lanes, features_of("auto")).call("sin", function.args))
    binding.parse_assembly(str(module)).verify()


@pytest.mark.parametrize(
    ("name", "owner", "attribute", "damage"),
    [
        ("sin", trigonometric, "_FUSED", lambda parts: [*parts[:2], 0.0]),  # two parts of pi/2 are too few
        ("cos", trigonometric, "_PLAIN", lambda parts: [*parts[:3], 0.0]),
        ("tan", trigonometric, "_two_over_pi", lambda digits: lambda count: digits(count) ^ (1 << 500)),
        ("exp", coefficients, "EXP", lambda numbers: (*numbers[:-1], 0.0)),
        ("log10", coefficients, "LOG", lambda numbers: (*numbers[:-1], 0.0)),
        ("erfc", coefficients, "ERFC", lambda numbers: (*numbers[:-2], 0.0, 0.0)),
        ("pow", coefficients, "LOG_FAR", lambda numbers: (*numbers[:-1], 0.0)),
        ("tanh", coefficients, "HALF_EXPM1", lambda numbers: (*numbers[:-1], 0.0)),
        ("tanh", coefficients, "ROOTS_LOW", lambda numbers: (0.0,) * len(numbers)),
    ],
)
def test_the_points_would_show_a_mistake(name, owner, attribute, damage, monkeypatch):
    monkeypatch.setattr(owner, attribute, damage(getattr(owner, attribute)))
    cpu = "sse2" if attribute == "_PLAIN" else "auto"
    if attribute == "_FUSED" and not features_of(cpu).fused:
        pytest.skip("it takes fused instructions")
    error, _ = largest_error(compiled(cpu, features_of(cpu).lanes, [name])[name], name, 100)
    assert error > 2


@pytest.mark.parametrize("name", fits.FITS)
def test_coefficients_are_those_that_are_computed(name):
    assert getattr(coefficients, name) == tuple(fits.fitted(name)[0])


def test_roots_are_those_that_are_computed():
    for name, (_, numbers) in fits.roots().items():
        assert getattr(coefficients, name) == tuple(numbers)


# ---------------------------------------------------------------------- the CPU


def test_plainer_cpus_are_chosen_by_the_environment(monkeypatch):
    monkeypatch.setenv("CHAINRULE_CPU", "auto")
    own = machine.features()
    monkeypatch.setenv("CHAINRULE_CPU", "")
    assert machine.features() == own
    monkeypatch.delenv("CHAINRULE_CPU")
    assert machine.features() == own
    features_of("sse2")
    monkeypatch.setenv("CHAINRULE_CPU", "sse2")
    assert machine.features()[:4] == (2, 16, False, "x86-64")
    features_of("avx2")
    monkeypatch.setenv("CHAINRULE_CPU", "avx2")
    assert machine.features()[:4] == (4, 16, True, "x86-64-v3")


def test_a_cpu_that_nobody_knows_is_refused(monkeypatch):
    monkeypatch.setenv("CHAINRULE_CPU", "z80")
    with pytest.raises(ArgumentError, match="CHAINRULE_CPU is 'z80', but can be auto or one of sse2, avx2"):
        machine.features()


@pytest.mark.parametrize(
    ("triple", "host", "wanted"),
    [
        ("x86_64-pc-linux-gnu", {"sse2": True}, (2, 16, False)),
        ("x86_64-pc-linux-gnu", {"sse2": True, "avx2": True, "fma": True}, (4, 16, True)),
        ("x86_64-pc-linux-gnu", {"avx2": True, "fma": True, "avx512f": True, "avx512dq": True}, (8, 32, True)),
        ("aarch64-unknown-linux-gnu", {"neon": True}, (2, 32, True)),
        ("arm64-apple-darwin", {}, (2, 32, True)),
    ],
)
def test_lanes_follow_the_features(triple, host, wanted, monkeypatch):
    from llvmlite import binding

    class Host(dict):
        def flatten(self):
            return ",".join(f"+{each}" for each in self)

    monkeypatch.setattr(binding, "get_process_triple", lambda: triple)
    monkeypatch.setattr(binding, "get_host_cpu_features", lambda: Host(host))
    assert machine._features.__wrapped__("auto")[:3] == wanted


def test_a_cpu_that_this_one_cannot_stand_in_for_is_refused(monkeypatch):
    from llvmlite import binding

    monkeypatch.setattr(binding, "get_host_cpu_features", lambda: {"sse2": True})
    with pytest.raises(ArgumentError, match="CHAINRULE_CPU is 'avx2', but this CPU has no avx2 and no fma"):
        machine._features.__wrapped__("avx2")
