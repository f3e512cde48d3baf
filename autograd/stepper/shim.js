function short(x) { if (!isFinite(x)) return isNaN(x) ? "nan" : x > 0 ? "inf" : "-inf"; if (x === 0) return Object.is(x, -0) ? "-0" : "0"; const e = Math.floor(Math.log10(Math.abs(x))); if (e < -4 || e >= 4) return x.toExponential(3).replace(/\.?0+e/, "e").replace(/e([+-])(\d)$/, "e$10$2"); return String(Number(x.toPrecision(4))); }
function repr(x) { return String(x); }
const OPERATIONS = {
 mul: {value: ([x,y]) => x*y, partials: ([x,y]) => [y,x]}, add: {value: ([x,y]) => x+y, partials: () => [1,1]}, tanh: {value: ([x]) => Math.tanh(x), partials: ([x],o) => [1-o*o]}, square: {value: ([x]) => x*x, partials: ([x])=>[2*x]}};
