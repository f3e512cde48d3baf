"""
Computes the polynomials of `autograd.program.elementary.coefficients`, and writes that module.

Each is the interpolation at Chebyshev's points, of a precision far beyond a float's, then rounded. Beside them are the
roots of 2. Run ``python tests/coefficients.py``.
"""

import struct
import sys
from pathlib import Path

import mpmath
from mpmath import mp

PRECISION = 400  # bits: near zero the functions lose half of them


def of_square(function):
    """Turn an even function into one of x²."""
    return lambda z: function(mpmath.sqrt(z))


def scaled_erfc(t):
    """(1 + 2x) exp(x²) erfc(x), where t is (x - 4)/(x + 4)."""
    x = 4 * (1 + t) / (1 - t)
    return (1 + 2 * x) * mpmath.exp(x * x) * mpmath.erfc(x)


#: For each its function, where it is fitted, how many coefficients it has, and what the module says of it.
FITS = {
    "EXP": (lambda r: mpmath.hyp1f1(1, 3, r) / 2, (-0.3467, 0.3467), 10, "exp(r) = 1 + r + r² EXP(r)"),
    "HALF_EXPM1": (
        lambda r: mpmath.hyp1f1(1, 3, 2 * r), (-0.02168, 0.02168), 7, "(exp(2r) - 1)/2 = r + r² HALF_EXPM1(r)",
    ),
    "EXP2": (lambda r: mpmath.ln2 * mpmath.hyp1f1(1, 2, r * mpmath.ln2), (-0.5, 0.5), 12, "2**r = 1 + r EXP2(r)"),
    "COSH": (of_square(lambda r: (mpmath.cosh(r) - 1) / r**2), (0, 0.1202), 5, "cosh(r) = 1 + z COSH(z), z = r²"),
    "SINH": (of_square(lambda r: (mpmath.sinh(r) - r) / r**3), (0, 0.1202), 5, "sinh(r) = r + r z SINH(z), z = r²"),
    "LOG": (
        of_square(lambda s: (2 * mpmath.atanh(s) / s - 2) / s**2), (0, 0.0295), 7,
        "log(1 + f) = 2 s + s z LOG(z), s = f/(2 + f), z = s²",
    ),
    "LOG_FAR": (
        of_square(lambda s: (2 * mpmath.atanh(s) / s - 2 - 2 * s**2 / 3) / s**4), (0, 0.0295), 8,
        "log(1 + f) = 2 s + 2/3 s z + s z² LOG_FAR(z)",
    ),
    "ATANH": (of_square(lambda s: (mpmath.atanh(s) - s) / s**3), (0, 0.041), 8, "atanh(s) = s + s z ATANH(z), z = s²"),
    "SIN": (of_square(lambda r: (mpmath.sin(r) - r) / r**3), (0, 0.617), 6, "sin(r) = r + r z SIN(z), z = r²"),
    "COS": (
        of_square(lambda r: (mpmath.cos(r) - 1 + r**2 / 2) / r**4), (0, 0.617), 6,
        "cos(r) = 1 - z/2 + z² COS(z), z = r²",
    ),
    "TAN": (of_square(lambda r: (mpmath.tan(r) - r) / r**3), (0, 0.617), 15, "tan(r) = r + r z TAN(z), z = r²"),
    "ATAN": (of_square(lambda t: (mpmath.atan(t) - t) / t**3), (0, 0.25), 13, "atan(t) = t + t z ATAN(z), z = t²"),
    "ASIN": (of_square(lambda x: (mpmath.asin(x) - x) / x**3), (0, 0.25), 13, "asin(x) = x + x z ASIN(z), z = x²"),
    "CBRT": (lambda m: m ** (-mpmath.mpf(1) / 3), (1, 2), 6, "m**(-1/3), roughly"),
    "ERF": (of_square(lambda x: mpmath.erf(x) / x - 1), (0, 1), 12, "erf(x) = x + x ERF(z), z = x²"),
    "ERFC": (scaled_erfc, (-0.78, 0.76), 23, "(1 + 2 x) exp(x²) erfc(x) = ERFC(t), t = (x - 4)/(x + 4)"),
}  # fmt: skip


def fitted(name):
    """Give the coefficients, from the constant one, and the largest error of the unrounded polynomial."""
    function, interval, count, _ = FITS[name]
    with mpmath.workprec(PRECISION):
        coefficients, error = mp.chebyfit(function, [mpmath.mpf(end) for end in interval], count, error=True)
        return [float(each) for each in reversed(coefficients)], float(error)


def roots():
    """Give the eighth roots of 1, 2, 4, ... 128, without n/8 in the exponent, and half of what rounding took."""
    numbers, rests = [], []
    for n in range(8):
        with mpmath.workprec(PRECISION):
            exact = mpmath.root(mpmath.mpf(2) ** n, 8)
            number = float(exact)
            rests.append(float((exact - number) / number / 2))
        bits = struct.unpack(">q", struct.pack(">d", number))[0] - (n << 49)
        numbers.append(struct.unpack(">d", struct.pack(">q", bits))[0])
    return {
        "ROOTS": ("2**(n/8), n from 0 to 7; from its bits those of n/8 in an exponent are taken off", numbers),
        "ROOTS_LOW": ("What rounding took from them, as a part of them, halved", rests),
    }


def module():
    """Give the text of the module."""
    lines = ['"""Coefficients of polynomials, from the constant one. `tests/coefficients.py` writes this module."""']
    for name, (_, (low, high), _, meaning) in FITS.items():
        coefficients, error = fitted(name)
        variable = meaning.rpartition(f"{name}(")[2].partition(")")[0] if f"{name}(" in meaning else "m"
        lines += ["", f"#: {meaning}; {low} <= {variable} <= {high}, within {error:.1e}.", f"{name} = ("]
        lines += [*(f"    {each!r}," for each in coefficients), ")"]
    for name, (meaning, numbers) in roots().items():
        lines += ["", f"#: {meaning}.", f"{name} = (", *(f"    {each!r}," for each in numbers), ")"]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    target = Path(__file__).parent.parent / "autograd" / "program" / "elementary" / "coefficients.py"
    target.write_text(module())
    sys.stdout.write(f"wrote {target}\n")
