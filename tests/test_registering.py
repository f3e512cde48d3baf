"""Operations of one's own, as text and as Python functions."""

import copy
import math
import pickle

import mpmath
import pytest
import sympy
from hypothesis import given, settings
from hypothesis import strategies as st

import autograd
from autograd import Op, Value, custom, grad, gradients, hessian, hvp, jacobian, jvp, parse, primitives, register
from autograd.opaque import Unknown
from autograd.ops import TABLE
from autograd.registering import check_texts
from autograd.rules import IEEE, VALUES, latex, mpmath_reader, source
from autograd.stepping import steps
from autograd.testing import expressions, mlps, scalar_operations

FLOATS = st.floats(-2.0, 2.0, allow_subnormal=False)
BELL = Op("bell", "x", "exp(-x*x)", ("-2*x*out",), "The curve exp(-x²).")
MIXED = Op("mixed", "x, rate=2.0", "u*x*y", ("u*y + x*rate*cos(rate*x)*y", "x*u*x*y*0 + x*x*cos(rate*x)*y"), "Mixed.",
           let=(("u", "sin(rate*x)"), ("y", "3.0")))  # fmt: skip
CENTRED = Op("centred", "[values]+", "sum([value*value for value in values])/len(values)", ("2*value/len(values)",),
             "Mean square.")  # fmt: skip
SPREAD = Op("spread", "*values", "maximum(*values) - minimum(*values)", None, "Largest less smallest.")


def state():
    """What registering may change."""
    return list(TABLE), set(primitives.FLOATS), set(primitives.IEEE), set(vars(Value)), autograd.rules.public_names()


# ---------------------------------------------------------------------- register


def test_a_registered_operation_has_derivatives_of_every_order():
    register(BELL)
    t = sympy.symbols("t")
    exact = [sympy.diff(sympy.exp(-t * t), t, order) for order in range(4)]

    @given(st.floats(-5.0, 5.0))
    @settings(max_examples=50)
    def check(x):
        f = autograd.bell
        for order in range(4):
            wanted = float(exact[order].subs(t, sympy.Rational(x)).evalf(30))
            assert f(x) == pytest.approx(wanted, rel=1e-11, abs=1e-13)
            f = grad(f)
        assert jvp(grad(autograd.bell), (x,), (1.0,))[1] == pytest.approx(grad(grad(autograd.bell))(x), abs=1e-12)

    check()


def test_a_registered_operation_has_its_aliases():
    bell = register(BELL._replace(aliases=("gong",)))
    assert autograd.gong is bell
    assert Value(0.5).gong().data == bell(0.5) == parse("gong(x)")(x=0.5)


def test_a_registered_operation_is_in_every_view():
    bell = register(BELL)
    x = Value(0.5, "x")
    assert autograd.bell is bell
    assert bell(0.5) == math.exp(-0.25)
    y = x.bell()
    assert (y.op, y.data, y.local_grads) == ("bell", math.exp(-0.25), (-math.exp(-0.25),))
    y.backward()
    assert x.grad == -math.exp(-0.25)
    assert parse("bell(x) + 1")(x=0.5) == math.exp(-0.25) + 1
    assert "bell" in dir(autograd)
    assert "bell" in scalar_operations()
    assert source("bell", ["w"]) == "exp(-w * w)"
    assert source("bell", ["w"], 0, "v") == "-2 * w * v"
    assert latex("bell", index=0) == r"-2 \cdot x \cdot \mathrm{out}"
    assert [step.text for step in steps(y)] == [
        "y = bell(x) = bell(0.5) = 0.7788",
        "x.grad += ∂y/∂x · y.grad = (-2 * x * y) · y.grad = -0.7788 · 1 → -0.7788",
    ]
    assert mpmath_reader().value("bell")(mpmath.mpf(1)) == mpmath.exp(-1)
    assert bell.__doc__.startswith("The curve exp(-x²).")
    assert copy.deepcopy(y).op == pickle.loads(pickle.dumps(y)).op == "bell"
    assert gradients(gradients(copy.deepcopy(y), x), x).data == 0.0
    assert hessian(lambda v: bell(v[0]) * v[1])([0.0, 1.0]) == [[-2.0, 0.0], [0.0, 0.0]]

    @given(expressions(ops=["bell", "mul"], max_ops=5))
    def moves_like_the_sweep(expression):
        f = lambda inputs: expression(*inputs)
        slopes = grad(f)(expression.inputs)
        ones = [1.0] * len(slopes)
        assert jvp(f, (expression.inputs,), (ones,))[1] == pytest.approx(sum(slopes), rel=1e-9, abs=1e-9)

    moves_like_the_sweep()
    mlps(activations=["bell"])


def test_entries_with_defaults_steps_sequences_and_none_of_these():
    mixed, centred, spread = register(MIXED), register(CENTRED), register(SPREAD)
    assert mixed(0.5) == math.sin(1.0) * 0.5 * 3
    assert grad(mixed)(0.5) == pytest.approx(3 * (math.sin(1.0) + math.cos(1.0)), rel=1e-15)
    assert centred([1, 2.0, Value(3.0)]).data == 14 / 3
    assert hessian(centred)([1.0, 2.0]) == [[1.0, 0.0], [0.0, 1.0]]
    assert Value.centred([Value(2.0)]).data == 4.0
    assert grad(lambda x: spread(*x))([1.0, 5.0, 3.0]) == [-1.0, 1.0, 0.0]
    x = Value(4.0)
    assert x.spread(1.0).data == 3.0


def test_an_entry_may_be_stated_in_terms_of_others_and_serve_them_alone():
    slope = register(Op("bump_slope", "x", "-2*x*exp(-x*x)", ("(4*x*x - 2)*exp(-x*x)",), "", internal=True))
    bump = register(Op("bump", "x", "exp(-x*x)", ("bump_slope(x)",), "A bump."))
    assert slope(1.0) == grad(bump)(1.0) == -2 * math.exp(-1)
    assert hessian(bump)(0.0) == -2.0
    growth = register(Op("growth", "x", "exp(x)", ("growth(x)",), "Its own derivative."))
    assert grad(grad(growth))(1.0) == growth(1.0) == math.e
    assert not hasattr(Value, "bump_slope")
    with pytest.raises(AttributeError):
        autograd.bump_slope  # noqa: B018


def test_aliases_and_special_methods():
    bell = register(BELL._replace(aliases=("gauss",), special="__invert__"))
    x = Value(0.5)
    assert autograd.gauss is bell
    assert x.gauss().data == (~x).data == parse("gauss(x)")(x=0.5) == bell(0.5)
    assert {"bell", "gauss"} <= set(dir(autograd))
    with pytest.raises(ValueError, match="the name 'gauss' is taken"):
        register(BELL._replace(name="gauss"))


def test_an_equal_entry_can_be_registered_again():
    bell = register(BELL)
    assert register(BELL._replace()) is bell is autograd.bell
    with pytest.raises(ValueError, match="the name 'bell' is taken"):
        register(BELL._replace(partials=("-2.0*x*out",)))


def test_the_domain_of_an_entry():
    left = register(Op("left", "x", "log(-1 - x)", ("1/(1 + x)",), "On the left.", domain=("(-inf, -1)",)))
    assert left(-2.0) == 0.0
    assert "Examples" not in left.__doc__  # the usual argument is not in its domain
    right = register(Op("right", "x", "sqrt(x - 3)", ("0.5/out",), "On the right.", domain=("[3, 4)",)))
    assert hessian(right)(4.0) == -0.25
    nowhere = register(Op("nowhere", "x", "log(-1 - x*x)", ("2*x/(1 + x*x)",), "Of no number."))
    with pytest.raises(ValueError, match=r"nowhere\(1\.0\)"):
        nowhere(1.0)


def test_every_entry_of_the_table_could_be_registered():
    for op in list(TABLE.values()):
        check_texts(op)


def test_the_name_of_an_entry_taken_out_can_be_used_again():
    register(BELL)
    assert autograd.bell(1.0) == math.exp(-1)
    assert grad(autograd.bell)(1.0) == -2 * math.exp(-1)
    del TABLE["bell"], autograd.bell, Value.bell
    register(BELL._replace(value="exp(x)", partials=("out",)))
    assert autograd.bell(1.0) == Value(1.0).bell().data == IEEE.value("bell")(1.0) == math.e
    assert grad(grad(autograd.bell))(1.0) == VALUES.partial("bell", 0)(1.0, math.e) == math.e


WRONG = {
    "the name 'tanh' is taken: it is an entry of the table": {"name": "tanh"},
    "the name 'copysign' is taken: it is a primitive": {"name": "copysign"},
    "the name 'data' is taken: it is an attribute of Value": {"name": "data"},
    "the name 'jvp' is taken: it is an attribute of autograd": {"name": "jvp"},
    "the name 'item' is taken: it is an attribute of Value": {"aliases": ("item",)},
    "aliases has a name twice": {"aliases": ("its", "its")},
    "must be a Python name.*, not 'a b'": {"name": "a b"},
    "must be a Python name.*, not 'lambda'": {"name": "lambda"},
    "partials has 0 texts for 1 parameters": {"partials": ()},
    "partials has 2 texts for 1 parameters": {"partials": ("1.0", "1.0")},
    r"partials has 1 texts for 2 parameters \(x, y\)": {"parameters": "x, y"},
    "textbook has 2 texts for 1 parameters": {"textbook": ("1", "2")},
    "unknown names in 'q[*]x': q": {"value": "q*x"},
    "unknown names in 'p': p": {"partials": ("p",)},
    "unknown names in 'value': value": {"partials": ("value",)},
    "unknown names in 'out': out": {"value": "out"},
    "unknown names in 'mine[(]x[)]': mine": {"value": "mine(x)"},
    "unknown names in 'nothing': nothing": {"value": "nothing"},
    "unknown names in 'u [+] x': u": {"let": (("u", "u + x"),)},
    "unknown names in 'u': u": {"let": (("u", "2*out"),), "value": "u"},
    "unknown names in 'v': v": {"let": (("u", "v"), ("v", "x"))},
    "'tanh[(]x, x[)]': too many positional arguments": {"value": "tanh(x, x)"},
    "'floor[(][)]': missing a required argument": {"value": "floor()"},
    "'exp' in 'x [+] exp' is a function": {"value": "x + exp"},
    "'pi[(]x[)]' in .* is not a call": {"value": "pi(x)"},
    "has 'keyword', which not every reader": {"value": "leaky_relu(x, slope=2.0)"},
    "'x [+]' is not an expression": {"value": "x +"},
    "'x % 2' has 'Mod', which not every reader": {"value": "x % 2"},
    r"'x\.real' has 'x\.real', which not every reader": {"value": "x.real"},
    "which not every reader": {"value": "'x'"},
    "'x x' is no parameter": {"parameters": "x x"},
    r"\*xs must be the only parameter": {"parameters": "*xs, y", "partials": ("1.0", "1.0")},
    "without a default follows": {"parameters": "x=1.0, y", "partials": ("1.0", "1.0")},
    "'out' cannot be the name of a parameter": {"parameters": "out"},
    "'d_x' cannot be the name of .* a step": {"let": (("d_x", "2*x"),)},
    "'exp' cannot be the name of a parameter": {"parameters": "exp"},
    "domain must have an interval": {"domain": ("x > 0",)},
    "special must be a special method that Value has not got": {"special": "__add__"},
    "by_hand is for": {"by_hand": True},
    "the name 'arcsin' is taken": {"aliases": ("arcsin",)},
    "it cannot be computed at": {"value": "len(x)"},
}


@pytest.mark.parametrize(("message", "fields"), WRONG.items(), ids=list(WRONG))
def test_a_wrong_entry_is_an_error_and_nothing_is_half_registered(message, fields):
    before = state()
    right = Op("mine", "x", "x*x", ("2*x",), "The square.")
    with pytest.raises(ValueError, match=f"^register: .*{message}"):
        register(right._replace(**fields))
    assert state() == before
    register(right)  # and the mistake can be mended
    assert grad(autograd.mine)(3.0) == 6.0


@pytest.mark.parametrize(
    "fields", [{"partials": ["2*x"]}, {"value": 2}, {"let": (("u",),)}, {"internal": 1}, {"domain": "(0, inf)"}]
)
def test_a_field_of_the_wrong_type(fields):
    before = state()
    with pytest.raises(TypeError, match=f"register: {next(iter(fields))} of 'mine' must be"):
        register(Op("mine", "x", "x*x", ("2*x",), "The square.")._replace(**fields))
    with pytest.raises(TypeError, match="must be an autograd.Op, not tuple"):
        register(("mine", "x", "x*x", ("2*x",)))
    assert state() == before


# ---------------------------------------------------------------------- custom


def twisted(x, y):
    """A function that no expression states."""
    return math.sin(x) * y**2 if x > 0 else x * y**2


def twisted_partials(out, x, y):
    assert out == twisted(x, y)
    return (math.cos(x) if x > 0 else 1.0) * y**2, 2 * y * (math.sin(x) if x > 0 else x)


def test_a_custom_operation_has_first_derivatives_in_every_mode():
    f = custom(twisted, twisted_partials)

    @given(FLOATS.filter(bool), FLOATS, FLOATS, FLOATS)
    def check(x, y, v, w):
        slopes = twisted_partials(twisted(x, y), x, y)
        a, b = Value(x, "a"), Value(y, "b")
        out = f(a, b)
        assert (out.op, out.data, out.local_grads, out.operands) == ("twisted", twisted(x, y), slopes, (a, b))
        out.backward()
        assert (a.grad, b.grad) == grad(f, (0, 1))(x, y) == tuple(0.0 + slope for slope in slopes)
        assert [slope.data for slope in gradients(out, [a, b])] == [a.grad, b.grad]
        assert jacobian(f, 1)(x, y) == slopes[1]
        assert jvp(f, (x, y), (v, w))[1] == pytest.approx(slopes[0] * v + slopes[1] * w, rel=1e-13, abs=1e-13)
        assert f(x, y) == twisted(x, y)
        assert type(f(x, y)) is float
        assert f(a, y).operands == (a, y)
        step = 1e-6
        difference = (twisted(x, y + step) - twisted(x, y - step)) / (2 * step)
        assert b.grad == pytest.approx(difference, rel=1e-6, abs=1e-6)

    check()


@pytest.fixture
def lookup():
    return custom(lambda x, y: x * math.cos(y), lambda out, x, y: (math.cos(y), -x * math.sin(y)))


def test_a_second_derivative_of_a_custom_operation_is_refused(lookup):
    x = Value(2.0)
    slope = gradients(lookup(x, 0.5), x)
    assert slope.data == math.cos(0.5)
    f = lambda x: lookup(x, 0.5)
    for twice in (
        lambda: gradients(slope, x),
        lambda: gradients(slope * 2.0, x),
        lambda: gradients(slope + x, x),
        slope.backward,
        (slope * x).backward,
        copy.deepcopy(slope).backward,
        pickle.loads(pickle.dumps(slope)).backward,
        lambda: grad(grad(f))(2.0),
        lambda: grad(grad(f))(Value(2.0)),
        lambda: hessian(f)(2.0),
        lambda: hvp(f, (2.0,), (1.0,)),
        lambda: jvp(grad(f), (2.0,), (1.0,)),
        lambda: jvp(grad(f), (Value(2.0),), (1.0,)),
        lambda: grad(lambda x: jvp(f, (x,), (1.0,))[1])(2.0),
        lambda: jvp(lambda x: jvp(f, (x,), (1.0,))[1], (2.0,), (1.0,)),
    ):
        with pytest.raises(NotImplementedError, match="second derivative is not known.*autograd.register"):
            twice()


def test_what_does_not_need_the_second_derivative_works(lookup):
    x, w = Value(2.0), Value(3.0)
    slope = gradients(lookup(x, 0.5) * w, x)
    assert gradients(slope, w).data == math.cos(0.5)
    assert grad(lambda x: x * grad(lambda y: lookup(y, 0.5))(1.0))(2.0) == math.cos(0.5)


def test_a_custom_operation_in_the_other_views(lookup):
    x = Value(2.0, "x")
    y = lookup(x, 0.5)
    assert y.op == "operation"
    assert y.op in TABLE
    assert steps(y)[0].text == "y = operation(x, 0.5) = operation(2, 0.5) = 1.755"
    assert copy.deepcopy(y).local_grads == pickle.loads(pickle.dumps(y)).local_grads == y.local_grads
    x.data = 3.0
    with pytest.raises(RuntimeError, match=r"data was changed .*: operation gave 1\.75.* \(x=3\.0, 0\.5\)"):
        gradients(y, x)
    assert not hasattr(Value, "operation")


def test_a_stale_graph_whose_value_cannot_be_computed_any_more():
    log = custom(math.log, lambda out, x: (1 / x,))
    x = Value(2.0, "x")
    y = log(x)
    x.data = -1.0
    with pytest.raises(RuntimeError, match=r"data was changed .* \(x=-1\.0\) it gives nan"):
        gradients(y, x)


def test_names_of_custom_operations():
    def height(x):
        return 2 * x

    first, second = (custom(height, lambda out, x: (2.0,)) for _ in range(2))
    x = Value(1.0)
    assert [f(x).op for f in (first, second, custom(math.exp, lambda out, x: (out,)))] == [
        "height",
        "height_2",
        "exp_2",
    ]
    assert first.__name__ == "height"
    assert custom(lambda x: x, lambda out, x: (1.0,))(x).op == "operation"


def test_a_custom_operation_of_any_number_of_arguments():
    largest = custom(lambda *xs: max(xs), lambda out, *xs: [float(x == out) for x in xs])
    assert grad(lambda xs: largest(*xs))([1.0, 5.0, 2.0]) == [0.0, 1.0, 0.0]
    assert jacobian(lambda x: largest(x, 1.0))(3.0) == 1.0
    assert jvp(lambda *xs: largest(*xs) ** 2, (1.0, 5.0, 2.0, 0.0), (1.0, 1.0, 2.0, 0.0)) == (25.0, 10.0)
    scaled = custom(lambda x, scale=2.0: x * scale, lambda out, x, scale=2.0: (scale, x)[: 1 + (scale != 2.0)])
    assert grad(scaled)(3.0) == 2.0
    assert grad(scaled, (0, 1))(3.0, 5.0) == (5.0, 3.0)


def test_wrong_input_of_custom():
    before = state()
    with pytest.raises(TypeError, match="custom: forward must be a function, not int 3"):
        custom(3, lambda out, x: (1.0,))
    with pytest.raises(TypeError, match="custom: partials must be a function, not str"):
        custom(math.exp, "out")
    with pytest.raises(ValueError, match="one argument more than forward.*forward takes 1 arguments, partials 1"):
        custom(math.exp, lambda x: (math.exp(x),))
    with pytest.raises(ValueError, match="forward takes 2 arguments, partials 2"):
        custom(lambda x, y: x, lambda x, y: (1.0, 0.0))
    with pytest.raises(ValueError, match="keyword-only"):
        custom(lambda x, *, y: x, lambda out, x: (1.0,))
    with pytest.raises(ValueError, match="must take one argument more"):
        custom(lambda: 1.0, lambda out: ())
    assert state() == before


def test_wrong_input_of_a_custom_operation(lookup):
    with pytest.raises(TypeError, match="takes 2 operands, not 1"):
        lookup(1.0)
    with pytest.raises(TypeError, match="operation: an operand must be a real number.*, not str 'a'"):
        lookup(Value(1.0), "a")
    with pytest.raises(
        ValueError, match=r"partials must give a tuple of 1, a derivative for each .*, not \(1.0, 2.0\)"
    ):
        custom(lambda x: x, lambda out, x: (1.0, 2.0))(Value(1.0))
    with pytest.raises(ValueError, match="partials must give a tuple of 1.*, not 1.0"):
        custom(lambda x: x, lambda out, x: 1.0)(Value(1.0))
    with pytest.raises(TypeError, match="a local derivative must be a real number"):
        custom(lambda x: x, lambda out, x: (None,))(Value(1.0))
    with pytest.raises(TypeError, match="the result of forward must be a real number.*, not list"):
        custom(lambda x: [x], lambda out, x: (1.0,))(Value(1.0))
    with pytest.raises(ValueError, match=r"log_2\(q=-1\.0\): .*"):
        custom(math.log, lambda out, x: (1 / x,))(Value(-1.0, "q"))
    with pytest.raises(ZeroDivisionError, match=r"the partials of operation\w*\(0\.0\)"):
        custom(lambda x: x, lambda out, x: (1 / x,))(Value(0.0))


def test_an_unknown_derivative_cannot_be_used():
    unknown = Unknown("lookup")
    assert math.isnan(unknown)
    for use in (
        lambda: unknown * 2.0,
        lambda: 2.0 * unknown,
        lambda: unknown + 1,
        lambda: 1 + unknown,
        lambda: Value(unknown),
    ):
        with pytest.raises(NotImplementedError, match="lookup is a custom operation"):
            use()


def test_value_says_how_to_make_an_operation():
    with pytest.raises(TypeError, match="autograd.register, or with autograd.custom"):
        Value(1.0, "x", (), "mine")
