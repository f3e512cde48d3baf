// Computes the graph anew at other numbers: for a what-if, and for finite differences.

/** Give the numbers of all nodes for new numbers of some: of leaves, or of inner nodes that are held there. */
function computed(graph, data, given) {
  const fresh = [...data];
  for (const [place, number] of given) fresh[place] = number;
  const changed = new Set(given.keys());
  graph.nodes.forEach((node, place) => {
    if (!node.op || given.has(place) || !node.operands.some((operand) => changed.has(operand))) return;
    fresh[place] = OPERATIONS[node.op].value(operandsAt(graph, fresh, place));
    changed.add(place);
  });
  return fresh;
}

function operandsAt(graph, data, place) {
  return graph.nodes[place].operands.map((operand) => (typeof operand === "number" ? data[operand] : float(operand[0])));
}

/** Say which operations of a graph cannot be computed here, and why; "" if all can. */
function whyNotComputed(graph) {
  if (graph.folded) return graph.folded;
  const missing = Object.entries(graph.unavailable ?? {});
  return missing.map(([name, reason]) => `${name} cannot be computed in this page: ${reason}`).join("; ");
}

/** Differentiate the root by a node with central differences, extrapolated to a step of zero (Ridders' method). */
function finiteDifference({ graph, numbers }, place) {
  const x = numbers.data[place], f = (at) => computed(graph, numbers.data, new Map([[place, at]]))[graph.root];
  let step = 0.02 * Math.max(Math.abs(x), 0.05), best = NaN, error = Infinity, before = [];
  for (let row = 0; row < 10; row++, step /= 1.6) {
    const above = x + step, below = x - step, now = [(f(above) - f(below)) / (above - below)];
    for (let column = 1, factor = 2.56; column <= row; column++, factor *= 2.56) {
      now.push((now[column - 1] * factor - before[column - 1]) / (factor - 1));
      const off = Math.max(Math.abs(now[column] - now[column - 1]), Math.abs(now[column] - before[column - 1]));
      if (off <= error) [best, error] = [now[column], off];
    }
    before = now;
  }
  return { best, error };
}

/** Set a node's gradient beside its finite difference. */
function differenceOf(stepper, place) {
  const { graph, numbers } = stepper, grad = numbers.grads[place];
  if (whyNotComputed(graph)) return null;
  let difference;
  try {
    difference = finiteDifference(stepper, place);
  } catch {
    return null; // a number close by is outside of where the function has a value
  }
  const { best, error } = difference;
  if (!Number.isFinite(best)) return null;
  const agrees = Math.abs(best - grad) <= 1e-6 * Math.max(Math.abs(grad), stepper.greatest * 1e-3) + 4 * error;
  return element("p", { class: "difference", title: `${repr(best)}, give or take ${short(error)}` },
    `finite difference: ${short(agrees && Math.abs(best - grad) < 1e-4 * Math.abs(grad) ? grad : best)} `,
    agrees ? element("span", { class: "right" }, "✓") : element("span", { class: "trouble" }, "✗ not the gradient: is it at a kink?"));
}
