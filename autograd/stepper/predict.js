// Predict first: the next number is hidden and asked for.

const TOLERANCE = 0.01; // of an answer, relative

class Predictions {
  constructor() {
    this.on = false;
    this.answers = new Map(); // for each step that was asked: whether the first try was right, and whether it is shown
  }

  key(stepper) {
    return `${stepper.passes.by} ${stepper.index}`;
  }

  /** Tell whether the number of the present step is to be hidden. */
  hides(stepper) {
    return this.on && stepper.step?.layer === undefined && stepper.step !== undefined && !this.answers.get(this.key(stepper))?.shown;
  }

  score() {
    const tries = [...this.answers.values()].filter(({ right }) => right !== undefined);
    return tries.length ? `${tries.filter(({ right }) => right).length} of ${tries.length} right at the first try` : "";
  }

  /** Make the question, in place of the number. */
  elements(stepper) {
    const { step, graph } = stepper, key = this.key(stepper);
    const name = `${graph.nodes[step.phase === "backward" ? step.parent ?? step.node : step.node].name}${step.phase === "backward" ? ".grad" : ""}`;
    const field = element("input", { type: "text", inputmode: "decimal", size: 10, autocomplete: "off", "aria-label": `${name} after this step` });
    const said = element("p", { class: "said", role: "status" });
    const settle = (right) => {
      if (!this.answers.has(key)) this.answers.set(key, { right });
    };
    const check = (event) => {
      event.preventDefault();
      const answer = Number(field.value.replace(",", ".").replace("−", "-"));
      if (field.value.trim() === "" || Number.isNaN(answer)) {
        said.textContent = "Type a number.";
        return;
      }
      const right = near(answer, stepper.numbers.after(step));
      settle(right);
      if (right) this.show(stepper, `Right: ${name} is ${short(stepper.numbers.after(step))}.`);
      else said.textContent = fault(stepper, step, answer);
      stepper.showScore();
    };
    const reveal = () => {
      settle(false);
      this.show(stepper, "");
    };
    return element("form", { class: "question", onsubmit: check },
      element("label", {}, `${name} `, step.phase === "backward" && step.argument !== undefined ? "after this step = " : "= ", field), " ",
      element("button", { class: "action" }, "Check"), " ",
      element("button", { type: "button", class: "action", onclick: reveal }, "Show me"),
      said);
  }

  show(stepper, verdict) {
    const key = this.key(stepper);
    this.answers.set(key, { ...this.answers.get(key), shown: true, verdict });
    stepper.render();
    stepper.showScore();
    stepper.forward.focus({ preventScroll: true });
  }

  /** Say how the answer to the present step was, once it is shown. */
  verdict(stepper) {
    const said = this.on && this.answers.get(this.key(stepper))?.verdict;
    return said ? element("p", { class: "right" }, "✓ ", said) : null;
  }
}

function near(answer, truth) {
  if (Number.isNaN(truth)) return false;
  return answer === truth || Math.abs(answer - truth) <= TOLERANCE * Math.abs(truth) || short(answer) === short(truth);
}

/** Say what may have gone wrong: which factor, which sign, or that a term was forgotten. */
function fault(stepper, step, answer) {
  const { numbers, graph } = stepper, truth = numbers.after(step);
  const is = (candidate) => Number.isFinite(candidate) && near(answer, candidate);
  if (step.phase === "forward") {
    if (is(-truth)) return "The sign is off.";
    return `Not yet. Put the numbers in: ${numbersLeft(stepper, step)}`;
  }
  if (step.phase === "update") {
    const before = numbers.before(step);
    if (is(2 * before - truth)) return "The sign is off: the step goes against the gradient, downhill.";
    return is(before) ? "That is the parameter before the update." : `Not yet. Put the numbers in: ${numbersLeft(stepper, step)}`;
  }
  const share = numbers.share(step);
  return share ? faultOfShare(numbers, graph, share, answer, is) : faultOfSum(numbers, graph, numbers.received[step.node], answer, is);
}

function faultOfShare(numbers, graph, { node, argument, parent, slope, before }, answer, is) {
  const adjoint = numbers.grads[node], child = graph.nodes[node].name, name = graph.nodes[parent].name;
  const partial = `∂${child}/∂${name}`, others = numbers.slopes[node].filter((each, j) => each !== null && j !== argument && each !== slope);
  if (is(before - slope * adjoint)) return `The sign of the new term is off: look at the signs of ${partial} and of ${child}.grad.`;
  if (before !== 0 && is(slope * adjoint)) return `You forgot to add: ${name}.grad is ${short(before)} already, from another path, and += adds to it.`;
  if (before !== 0 && is(before * slope * adjoint)) return "Paths are added, not multiplied.";
  if (before !== 0 && is(before)) return `That is what ${name}.grad was before: add ${partial} · ${child}.grad.`;
  if (others.some((other) => is(before + other * adjoint))) return `That is the local derivative of ${child} by another operand: here it is by ${name}.`;
  if (is(before + slope)) return `The adjoint is missing: multiply the local derivative by ${child}.grad = ${short(adjoint)}.`;
  if (is(before + adjoint)) return `The local derivative is missing: multiply ${child}.grad by ${partial}.`;
  if (is(before + slope + adjoint)) return "Multiply the two factors, do not add them.";
  if (adjoint !== 0 && Number.isFinite(adjoint)) {
    const used = (answer - before) / adjoint;
    if (before === 0 || Math.abs(used) < 1e3 * Math.max(1, Math.abs(slope)))
      return `Not yet: it would be right if ${partial} were ${short(used)}. Look at the rule again.`;
  }
  return `Not yet. ${child}.grad is ${short(adjoint)}; multiply it by ${partial}${before !== 0 ? `, and add it to ${short(before)}` : ""}.`;
}

function faultOfSum(numbers, graph, shares, answer, is) {
  const terms = shares.map(({ node, slope }) => slope * numbers.grads[node]), total = terms.reduce((x, y) => x + y, 0);
  const through = (i) => `through ${graph.nodes[shares[i].node].name}`;
  if (is(-total)) return "The sign is off.";
  for (let i = 0; i < terms.length && terms.length > 1; i++) {
    if (is(terms[i])) return `That is the path ${through(i)} alone. Add what comes ${terms.map((_, j) => j).filter((j) => j !== i).map(through).join(", ")}.`;
    if (is(total - terms[i])) return `The path ${through(i)} is missing.`;
    if (is(total - 2 * terms[i])) return `The sign of the path ${through(i)} is off.`;
  }
  if (terms.length > 1 && is(terms.reduce((x, y) => x * y, 1))) return "Paths are added, not multiplied.";
  if (shares.length === 1) return faultOfShare(numbers, graph, shares[0], answer, is);
  return `Not yet: it is a sum of ${shares.length} products, one for each path.`;
}

/** Give a step's numbers without the last one, the result. */
function numbersLeft({ numbers }, step) {
  const parts = numbers.parts(numbersOf(step), step);
  const last = parts.findLastIndex((part) => typeof part !== "string");
  return parts.slice(0, last).map((part) => (typeof part === "string" ? part : part[0])).join("").replace(/^\s*=\s*/, "").replace(/[\s=→]+$/, "");
}
