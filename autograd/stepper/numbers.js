// The numbers of both passes: as Python computed them, or, in a what-if, as this page does.

/** Read a number as it stands in the data: JSON has no inf and nan. */
function float(written) {
  return typeof written === "string" ? { inf: Infinity, "-inf": -Infinity }[written] ?? NaN : written;
}

class Numbers {
  /** Take the numbers of a graph as they were recorded. */
  constructor(graph) {
    this.graph = graph;
    this.data = graph.nodes.map((node) => float(node.data));
    this.slopes = graph.nodes.map((node) => (node.slopes ?? []).map((slope) => (slope === null ? null : float(slope))));
    if (graph.folded) this.fold();
    else this.sweep();
  }

  /** Of a graph that is folded, the numbers are the lengths of what the layers have. */
  fold() {
    this.grads = this.graph.nodes.map((layer) => float(layer.grad));
    this.shares = new Map();
    this.received = this.graph.nodes.map(() => []);
  }

  /** Compute everything anew, for other numbers of some leaves. */
  at(given) {
    const fresh = Object.create(Numbers.prototype), { nodes } = this.graph;
    fresh.graph = this.graph;
    fresh.changed = true;
    fresh.data = computed(this.graph, this.data, given);
    fresh.slopes = nodes.map((node, place) => {
      if (!node.op || node.operands.every((operand) => typeof operand !== "number" || Object.is(fresh.data[operand], this.data[operand]))) return this.slopes[place];
      const slopes = OPERATIONS[node.op].partials(operandsAt(this.graph, fresh.data, place), fresh.data[place]);
      return slopes.map((slope, j) => (typeof node.operands[j] === "number" ? slope : null));
    });
    const same = fresh.slopes.every((slopes, place) => slopes.every((slope, j) => (slope === null) === (this.slopes[place][j] === null)));
    fresh.sweep(same ? this.graph.swept : [...nodes.keys()].slice(0, this.graph.root + 1).reverse());
    return fresh;
  }

  /** Hand the gradients on from the root to the leaves; a slope that is null is that of a branch not taken. */
  sweep(order = this.graph.swept) {
    const { nodes } = this.graph;
    this.grads = nodes.map(() => 0);
    this.shares = new Map();
    this.received = nodes.map(() => []);
    const reached = nodes.map(() => false);
    this.grads[order[0]] = 1;
    reached[order[0]] = true;
    for (const place of order) {
      if (!reached[place]) continue;
      nodes[place].operands.forEach((parent, argument) => {
        const slope = this.slopes[place][argument];
        if (typeof parent !== "number" || slope === null) return;
        const before = this.grads[parent], after = before + slope * this.grads[place];
        const share = { node: place, argument, parent, slope, before, after };
        this.grads[parent] = after;
        this.shares.set(`${place}-${argument}`, share);
        this.received[parent].push(share);
        reached[parent] = true;
      });
    }
  }

  operand(node, argument) {
    const operand = this.graph.nodes[node].operands[argument];
    return typeof operand === "number" ? this.data[operand] : float(operand[0]);
  }

  /** The share that a step of the backward pass is about; undefined if it is about a whole node. */
  share(step) {
    return this.shares.get(`${step.node}-${step.argument}`);
  }

  /** The number that a step leads to. */
  after(step) {
    if (step.phase === "forward") return this.data[step.node];
    if (step.phase === "update") return this.changed && step.formula ? this.updated(step) : float(step.numbers.at(-1));
    const share = this.share(step);
    return share ? share.after : this.grads[step.node];
  }

  /** What the optimizer's formula makes of a parameter. */
  updated({ formula, settings, node }) {
    const read = Object.fromEntries(Object.entries(settings).map(([name, number]) => [name, float(number)]));
    return FORMULAS[formula]({ ...read, w: this.data[node], grad: this.grads[node] });
  }

  before(step) {
    if (step.phase === "update") return this.data[step.node];
    return this.share(step)?.before ?? 0;
  }

  /** Give what a quantity of a step is; `recorded` is what Python found. */
  quantity([kind, node, argument], step, recorded) {
    const layer = this.graph.layers?.[node];
    if (step.phase === "update" && !step.formula) return float(recorded);
    switch (kind) {
      case "data": case "before": return this.data[node];
      case "operand": return this.operand(node, argument);
      case "slope": return this.slopes[node][argument];
      case "adjoint": return this.grads[node];
      case "share": return this.slopes[node][argument] * this.grads[node];
      case "after": return this.after(step);
      case "data norm": return this.changed ? Math.hypot(...layer.nodes.map((each) => this.data[each])) : float(recorded);
      case "grad norm": return this.changed ? Math.hypot(...layer.nodes.map((each) => this.grads[each])) : float(recorded);
      case "parameter norm":
        return this.changed ? Math.hypot(...layer.parameters.map((each) => this.grads[each])) : float(recorded);
      default: return float(recorded);
    }
  }

  /** Give the parts of a sentence: texts, and numbers as [text, number, kind]. */
  parts(sentence, step) {
    const numbers = sentence.quantities.map((each, i) => this.quantity(each, step, step.numbers?.[i]));
    // what is a convention at the recorded numbers need not be one at others
    const line = this.changed && sentence.note ? sentence.line.replace(/ {3}\(.*\)$/, "") : sentence.line;
    let which = 0;
    return line.split(/(\{\{|\}\}|\{\})/).map((part) => {
      if (part === "{{" || part === "}}") return part[0];
      if (part !== "{}") return part;
      const [kind, , , tight] = sentence.quantities[which], number = numbers[which++], text = short(number);
      return [tight && text.startsWith("-") ? `(${text})` : text, number, kind];
    });
  }

  /** Write a sentence as Python prints it. */
  text(sentence, step) {
    return this.parts(sentence, step).map((part) => (typeof part === "string" ? part : part[0])).join("");
  }
}
