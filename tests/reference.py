"""The operations once more, written independently of the table: for floats, for mpmath and for sympy."""

import math
import operator

import mpmath
import sympy

OPERATORS = ["add", "sub", "mul", "truediv", "pow", "neg"]
ELEMENTARY = "sin cos tan asin acos atan atan2 sinh cosh tanh asinh acosh atanh exp log sqrt erf erfc gamma".split()  # noqa: SIM905
IN_ALL_LIBRARIES = [*ELEMENTARY, "expm1", "log10", "log1p", "hypot"]
IN_SYMPY = ELEMENTARY


def fold(terms, start=0.0):
    for term in terms:
        start = start + term
    return start


def float_sigmoid(x):
    return 1 / (1 + math.exp(-x)) if x >= 0 else math.exp(x) / (1 + math.exp(x))


def float_softplus(x):
    return x + math.log1p(math.exp(-x)) if x > 0 else math.log1p(math.exp(x))


def selu(x, exponential):
    return 1.0507009873554805 * (x if x > 0 else 1.6732632423543772 * exponential(x))


def float_gelu_tanh(x):
    return x * float_sigmoid(math.sqrt(8 / math.pi) * x * (1 + 0.044715 * x * x))


def clip(x, low, high):
    return min(max(x, low), high)


def taken(values, index):
    if index < 0:
        msg = "a list would count from its end"
        raise IndexError(msg)
    return values[math.floor(index)]


def float_logsumexp(values):
    top = max(values)
    return top + math.log(fold(math.exp(value - top) for value in values))


def real(function):
    """Refuse what mpmath would continue into the complex plane."""

    def checked(*operands):
        out = function(*operands)
        if isinstance(out, mpmath.mpc):
            msg = "complex"
            raise ValueError(msg)  # noqa: TRY004
        return out

    return checked


FLOATS = {
    "add": operator.add,
    "sub": operator.sub,
    "mul": operator.mul,
    "truediv": operator.truediv,
    "pow": math.pow,
    "neg": operator.neg,
    **{name: getattr(math, name) for name in IN_ALL_LIBRARIES},
    "sigmoid": float_sigmoid,
    **{name: getattr(math, name) for name in ("cbrt", "exp2", "lgamma", "log2")},
    "square": lambda x: x * x,
    "reciprocal": lambda x: 1 / x,
    "softplus": float_softplus,
    "log_sigmoid": lambda x: -float_softplus(-x),
    "elu": lambda x, alpha=1.0: x if x > 0 else alpha * math.expm1(x),
    "selu": lambda x: 1.0507009873554805 * x if x > 0 else 1.0507009873554805 * 1.6732632423543772 * math.expm1(x),
    "gelu": lambda x: -0.0 if x < -40 else x * (math.erfc(-x / math.sqrt(2)) / 2),
    "gelu_tanh": lambda x: -0.0 if x < -40 else float_gelu_tanh(x),
    "silu": lambda x: x * float_sigmoid(x),
    "mish": lambda x: x * math.tanh(float_softplus(x)),
    "softsign": lambda x: x / (1 + abs(x)),
    "hardtanh": lambda x: clip(x, -1.0, 1.0),
    "sign": lambda x: math.copysign(1.0, x) if x else 0.0,
    "floor": lambda x: float(math.floor(x)),
    "ceil": lambda x: float(math.ceil(x)),
    "trunc": lambda x: float(math.trunc(x)),
    "remainder": operator.mod,
    "clip": clip,
    "norm": lambda values: math.hypot(*values),
    "prod": math.prod,
    "relu": lambda x: x if x > 0 else 0.0,
    "leaky_relu": lambda x, slope=0.01: x if x >= 0 else slope * x,
    "abs": abs,
    "maximum": lambda *values: max(values),
    "minimum": lambda *values: min(values),
    "take": taken,
    "where": lambda condition, a, b: a if condition else b,
    "sum": fold,
    "dot": lambda ws, xs, bias=0.0: fold((w * x for w, x in zip(ws, xs, strict=True)), bias),
    "logsumexp": float_logsumexp,
    "mean": lambda values: fold(values) / len(values),
}

MPMATH = {
    **FLOATS,
    "pow": real(mpmath.power),
    **{name: real(getattr(mpmath, name)) for name in IN_ALL_LIBRARIES},
    "sigmoid": lambda x: 1 / (1 + mpmath.exp(-x)),
    "exp2": lambda x: mpmath.mpf(2) ** x,
    "log2": real(lambda x: mpmath.log(x, 2)),
    "cbrt": lambda x: mpmath.sign(x) * mpmath.cbrt(abs(x)),
    "lgamma": lambda x: mpmath.re(mpmath.loggamma(x)),
    "softplus": lambda x: mpmath.log1p(mpmath.exp(x)),
    "log_sigmoid": lambda x: -mpmath.log1p(mpmath.exp(-x)),
    "elu": lambda x, alpha=1.0: x if x > 0 else alpha * mpmath.expm1(x),
    "selu": lambda x: selu(x, mpmath.expm1),
    "gelu": lambda x: x * mpmath.ncdf(x),
    "gelu_tanh": lambda x: x / 2 * (1 + mpmath.tanh(mpmath.sqrt(2 / mpmath.pi) * (x + 0.044715 * x**3))),
    "silu": lambda x: x / (1 + mpmath.exp(-x)),
    "mish": lambda x: x * mpmath.tanh(mpmath.log1p(mpmath.exp(x))),
    "sign": mpmath.sign,
    "floor": mpmath.floor,
    "ceil": mpmath.ceil,
    "trunc": lambda x: mpmath.sign(x) * mpmath.floor(abs(x)),
    "norm": lambda values: mpmath.sqrt(mpmath.fsum(value**2 for value in values)),
    "logsumexp": lambda values: mpmath.log(mpmath.fsum(mpmath.exp(value) for value in values)),
}

#: Smooth operations alone: sympy's derivatives at kinks are another story.
SYMPY = {
    **{name: getattr(operator, name) for name in OPERATORS},
    **{name: getattr(sympy, name) for name in IN_SYMPY},
    "expm1": lambda x: sympy.exp(x) - 1,
    "log1p": lambda x: sympy.log(1 + x),
    "hypot": lambda x, y: sympy.sqrt(x**2 + y**2),
    "sigmoid": lambda x: 1 / (1 + sympy.exp(-x)),
    "square": lambda x: x**2,
    "reciprocal": lambda x: 1 / x,
    "exp2": lambda x: sympy.Integer(2) ** x,
    "log2": lambda x: sympy.log(x, 2),
    "log10": lambda x: sympy.log(x, 10),
    "lgamma": lambda x: sympy.log(sympy.Abs(sympy.gamma(x))),
    "softplus": lambda x: sympy.log(1 + sympy.exp(x)),
    "log_sigmoid": lambda x: -sympy.log(1 + sympy.exp(-x)),
    "gelu": lambda x: x * sympy.erfc(-x / sympy.sqrt(2)) / 2,
    "silu": lambda x: x / (1 + sympy.exp(-x)),
    "mish": lambda x: x * sympy.tanh(sympy.log(1 + sympy.exp(x))),
    "prod": lambda values: sympy.Mul(*values),
    "sum": lambda values: sympy.Add(*values),
    "mean": lambda values: sympy.Add(*values) / len(values),
    "dot": lambda ws, xs, bias=0: sympy.Add(*(w * x for w, x in zip(ws, xs, strict=True)), bias),
    "logsumexp": lambda values: sympy.log(sympy.Add(*(sympy.exp(value) for value in values))),
}
