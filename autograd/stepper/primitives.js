// The few functions that the table's texts are written in, as Python's `math` has them, and how Python prints a float.
// In IEEE arithmetic: inf and nan where Python would raise.

const PRIMITIVES = {
  ...Object.fromEntries(
    "abs acos acosh asin asinh atan atan2 atanh cbrt cos cosh exp expm1 hypot log log10 log1p log2 sin sinh sqrt tan tanh"
      .split(" ").map((name) => [name, Math[name]])),
  ceil: (x) => Math.ceil(x) + 0, // there is no -0 among Python's integers
  floor: (x) => Math.floor(x) + 0,
  trunc: (x) => Math.trunc(x) + 0,
  copysign: (x, y) => (y < 0 || Object.is(y, -0) ? -Math.abs(x) : Math.abs(x)),
  detached: (x) => x,
  element: (values, index) => (index >= 0 && index < values.length ? values[index] : NaN),
  erf: (x) => (Math.abs(x) < 2 ? erfSeries(x) : x < 0 ? erfcFraction(-x) - 1 : 1 - erfcFraction(x)),
  erfc: (x) => (x < -2 ? 2 - erfcFraction(-x) : x < 1 ? 1 - erfSeries(x) : erfcFraction(x)),
  exp2: (x) => 2 ** x,
  len: (values) => values.length,
  maximum: (...values) => values.reduce((best, value) => (value > best || value !== value ? value : best)),
  minimum: (...values) => -PRIMITIVES.maximum(...values.map((value) => -value)),
  places: (values) => values.map((_, place) => place),
  pow: (x, y) => (x === 1 || (x === -1 && Math.abs(y) === Infinity) ? 1 : x ** y),
  product: (factors) => factors.reduce((product, factor) => product * factor, 1),
  remainder: (x, y) => {
    const left = x % y; // it has the sign of x
    if (left === 0) return PRIMITIVES.copysign(0, y);
    return left < 0 === y < 0 ? left : left + y;
  },
  sum: (terms, start = 0) => terms.reduce((sum, term) => sum + term, start),
  zip: (...lists) => lists[0].map((_, i) => lists.map((list) => list[i])),
};

/** The error function near 0: a series of positive terms. */
function erfSeries(x) {
  let term = (2 * x) / Math.sqrt(Math.PI), sum = term;
  for (let n = 1; Math.abs(term) > 1e-18 * Math.abs(sum); n++) sum += term *= (2 * x * x) / (2 * n + 1);
  return sum === 0 || sum !== sum ? x * (2 / Math.sqrt(Math.PI)) : sum * Math.exp(-x * x);
}

/** What the error function lacks to 1, on the right: a continued fraction. */
function erfcFraction(x) {
  if (x > 27.3) return 0;
  let tail = 0;
  for (let k = Math.ceil(30 + 360 / (x * x)); k > 0; k--) tail = k / 2 / (x + tail);
  return Math.exp(-x * x) / (Math.sqrt(Math.PI) * (x + tail));
}

/** Put operands back into the parameters that they came from. */
function grouped(kinds, operands) {
  const scalars = kinds.filter((kind) => kind === "scalar").length;
  const length = (operands.length - scalars) / Math.max(1, kinds.length - scalars);
  let next = 0;
  return kinds.map((kind) => (kind === "scalar" ? operands[next++] : operands.slice(next, (next += length))));
}

/** Write a number as Python's format does with ".4g". */
function short(x) {
  if (!Number.isFinite(x) || x === 0) return repr(x).replace(".0", "");
  let [digits, exponent] = x.toExponential(3).split("e").map(Number);
  const exact = x.toExponential(60); // a tie goes to the even digit in Python, away from zero here
  if (/^-?\d\.\d{3}50*e/.test(exact) && Number(exact[exact.indexOf(".") + 3]) % 2 === 0)
    digits = Number(exact.slice(0, exact.indexOf(".") + 4));
  const places = exponent < -4 || exponent >= 4 ? [digits.toFixed(3), exponent] : [Number(`${digits}e${exponent}`).toFixed(3 - exponent), null];
  return withExponent(places[0].includes(".") ? places[0].replace(/\.?0+$/, "") : places[0], places[1]);
}

/** Write a number as Python's repr does: the fewest digits that give it back. */
function repr(x) {
  if (Number.isNaN(x)) return "nan";
  if (!Number.isFinite(x)) return x < 0 ? "-inf" : "inf";
  if (x === 0) return Object.is(x, -0) ? "-0.0" : "0.0";
  const [digits, exponent] = x.toExponential().split("e");
  if (Number(exponent) < -4 || Number(exponent) >= 16) return withExponent(digits, Number(exponent));
  const sign = x < 0 ? "-" : "", plain = digits.replace(/[-.]/g, ""), point = Number(exponent) + 1;
  if (point <= 0) return `${sign}0.${"0".repeat(-point)}${plain}`;
  return `${sign}${plain.slice(0, point).padEnd(point, "0")}.${plain.slice(point) || "0"}`;
}

function withExponent(digits, exponent) {
  return exponent === null ? digits : `${digits}e${exponent < 0 ? "-" : "+"}${String(Math.abs(exponent)).padStart(2, "0")}`;
}
