// What is said beside the drawing: about a step, or about a node that was clicked.

/** Give the title of a step. */
function titleOf(step, graph) {
  const node = graph.nodes[step.node], layer = graph.layers?.[step.layer]?.name;
  if (step.layer !== undefined) return step.phase === "forward" ? `Forward through ${layer}` : `Backward through ${layer}`;
  if (step.phase === "forward") return `Forward: compute ${node.name}`;
  if (step.phase === "update") return `Update ${node.name}`;
  if (step.argument === undefined) return `Backward: collect ${node.name}.grad`;
  return `Backward through ${node.name} = ${node.call}`;
}

/** Show a sentence: its numbers tell all their digits; those after its symbols are held back if they are secret. */
function sentenceElements(numbers, sentence, step) {
  return numbers.parts(sentence, step).map((part) =>
    typeof part === "string" ? part : numeral(part[0], part[1], { class: `number ${part[2].replace(" ", "-")}` }));
}

/** Give the part of a step's line that has the numbers: what comes after the symbols. */
function numbersOf(step) {
  return { ...step, line: step.line.slice(step.symbols).replace(/^; /, "") };
}

/** Give the symbols of a step. */
function symbolsOf(step) {
  return step.line.slice(0, step.symbols).replaceAll("{{", "{").replaceAll("}}", "}");
}

/** Say a step: title, formula, numbers, and what has come together. */
function stepElements(stepper, step, secret) {
  const { graph, numbers } = stepper;
  return [
    element("div", {},
      element("h3", {}, titleOf(step, graph)),
      step.layer !== undefined
        ? element("p", { class: "symbols" }, symbolsOf(step))
        : element("div", { class: "formula", role: "math", "aria-label": symbolsOf(step) }, typeset(step.latex)),
      secret ? stepper.predictions.elements(stepper) : stepper.predictions.verdict(stepper),
      secret ? null : element("p", { class: "numbers" }, sentenceElements(numbers, numbersOf(step), step)),
      secret ? null : changeElement(stepper, step)),
    element("div", {},
      secret ? null : sumElement(stepper, step),
      secret ? null : differenceElement(stepper, step),
      becauseElement(stepper, step),
      sourceElement(step.source)),
  ];
}

function changeElement({ graph, numbers }, step) {
  if (step.layer !== undefined || step.phase === "forward") return null;
  const name = graph.nodes[step.phase === "backward" ? step.parent ?? step.node : step.node].name;
  const before = numbers.before(step), after = numbers.after(step), share = numbers.share(step);
  const term = share && before !== 0 ? share.slope * numbers.grads[share.node] : null;
  return element("p", { class: "change" },
    `${name}${step.phase === "backward" ? ".grad" : ""}: `, numeral(short(before), before),
    term === null ? " → " : [" + ", numeral(bracketed(term), term), " = "],
    element("strong", {}, numeral(short(after), after)));
}

/** Say the sum, when its last term has arrived. */
function sumElement({ numbers }, step) {
  if (!step.sum) return null;
  const said = sentenceElements(numbers, step.sum, step);
  const several = step.sum.quantities.length > 1;
  return element("p", { class: several ? "sum" : "complete" },
    several ? element("span", { class: "caption" }, "all paths have arrived") : null, said);
}

/** Set a gradient that is complete beside its finite difference. */
function differenceElement(stepper, step) {
  if (step.phase !== "backward" || !step.sum) return null;
  return differenceOf(stepper, step.parent ?? step.node);
}

function becauseElement({ graph }, step) {
  if (step.phase !== "backward" || step.argument === undefined) return null;
  const rule = graph.rules[graph.nodes[step.node].op]?.[graph.nodes[step.node].owners?.[step.argument] ?? step.argument];
  return rule ? element("div", { class: "because" }, element("span", {}, "because"), typeset(rule)) : null;
}

function sourceElement(source) {
  return source ? element("p", { class: "source" }, `line ${source.number}`, element("code", {}, source.text)) : null;
}

/** Say all about a node: what it is computed from, its gradient as one sum, and who uses it. */
function nodeElements(stepper, place) {
  if (stepper.graph.folded) return layerElements(stepper, place);
  const { graph, numbers } = stepper, node = graph.nodes[place], data = numbers.data[place], grad = numbers.grads[place];
  const link = (other) =>
    element("button", { type: "button", class: "link", onclick: () => stepper.select(other) }, graph.nodes[other].name);
  const neighbours = (title, places) =>
    places.length ? element("p", { class: "neighbours" }, `${title} `, [...new Set(places)].flatMap((other) => [link(other), " "])) : null;
  const users = graph.nodes.flatMap((each, user) => (user <= graph.root && each.operands.includes(place) ? [user] : []));
  return [
    element("div", {},
      element("div", { class: "headline" },
        element("h3", {}, node.op ? `${node.name} = ${node.call}` : `${node.name}, a leaf`),
        button("×", "Back to the steps (Escape)", () => stepper.select(null), { class: "close" })),
      element("dl", {},
        element("dt", {}, "data"), element("dd", {}, repr(data)),
        element("dt", {}, "grad"), element("dd", {}, repr(grad), element("span", { class: "muted" }, " when the sweep has ended"))),
      neighbours("computed from", node.operands.filter((operand) => typeof operand === "number")),
      neighbours("used by", users),
      sourceElement(node.source)),
    element("div", {},
      contributionElements(stepper, place),
      differenceOf(stepper, place),
      node.op ? graph.rules[node.op].map((rule) => element("div", { class: "because" }, typeset(rule))) : null),
  ];
}

/** Say all about a layer: its lengths, and some of the nodes in it. */
function layerElements(stepper, place) {
  const { graph, numbers } = stepper, { name, call, inside, counts } = graph.nodes[place];
  const [nodes, leaves] = counts, rest = nodes - inside.length;
  return [
    element("div", {},
      element("div", { class: "headline" },
        element("h3", {}, name), button("×", "Back to the steps (Escape)", () => stepper.select(null), { class: "close" })),
      element("p", {}, `${call}; ${leaves} leaves are used here first`),
      element("dl", {},
        element("dt", {}, "‖data‖"), element("dd", {}, repr(numbers.data[place])),
        element("dt", {}, "‖grad‖"), element("dd", {}, repr(numbers.grads[place])))),
    element("div", {},
      element("ul", { class: "inside" }, inside.map((line) => element("li", {}, line))),
      rest ? element("p", { class: "muted" }, `… and ${rest.toLocaleString("en")} more`) : null),
  ];
}

const LONGEST_SUM = 12; // terms of a gradient that are listed

/** List what a node gets, as one sum. */
function contributionElements({ graph, numbers }, place) {
  const name = graph.nodes[place].name, shares = numbers.received[place];
  if (place === graph.root) return element("p", {}, `${name}.grad = 1, for that is where the sweep starts: ∂${name}/∂${name} = 1`);
  if (!shares.length) return element("p", {}, "Nothing flows back to it: every branch that uses it was not taken.");
  const rows = shares.slice(0, LONGEST_SUM).map(({ node, argument, slope }, i) => {
    const child = graph.nodes[node].name, grad = numbers.grads[node], term = slope * grad;
    return element("tr", {},
      element("td", {}, i ? "+" : "="),
      element("td", {}, `∂${child}/∂${name} · ${child}.grad`),
      element("td", {}, "= ", numeral(short(slope), slope, { class: "number slope" }), " · ", numeral(bracketed(grad), grad, { class: "number adjoint" })),
      element("td", {}, "= ", numeral(short(term), term)));
  });
  if (shares.length > LONGEST_SUM)
    rows.push(element("tr", {}, element("td", {}, "+"), element("td", { colspan: 3 }, `… ${shares.length - LONGEST_SUM} more terms`)));
  const total = numbers.grads[place];
  rows.push(element("tr", { class: "total" }, element("td", {}, "="), element("td", { colspan: 2 },
    shares.length === 1 ? "the one path" : `the sum over ${shares.length} paths`), element("td", {}, numeral(short(total), total))));
  return element("table", { class: "contributions" }, element("caption", {}, `${name}.grad`), element("tbody", {}, rows));
}

function bracketed(number) {
  const text = short(number);
  return text.startsWith("-") ? `(${text})` : text;
}
