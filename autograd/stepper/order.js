// Why a topological sort: how the order is found, and what a recursion that does without it gets wrong.

const MOST_PUSHES = 300; // of the recursion, which may take exponentially many

class Tour {
  constructor(graph, numbers) {
    this.graph = graph;
    this.numbers = numbers;
    const search = this.search(), recursion = this.recurse();
    this.steps = [...search, ...recursion];
    this.counts = [["finding the order", search.length], ["recursion without it", recursion.length]];
  }

  name(place) {
    return this.graph.nodes[place].name;
  }

  parents(place) {
    return this.graph.nodes[place].operands.filter((operand) => typeof operand === "number");
  }

  /** Walk down from the root: a node is listed when all that it depends on has been. */
  search() {
    const steps = [], listed = [], entered = new Set(), open = [];
    const step = (text, place) => steps.push({ phase: "search", text, place, listed: [...listed], open: [...open] });
    const stack = [[this.graph.root, 0]];
    entered.add(this.graph.root);
    open.push(this.graph.root);
    step(`Start at ${this.name(this.graph.root)}. Before it is listed, all that it depends on must be.`, this.graph.root);
    while (stack.length) {
      const top = stack.at(-1), [place, next] = top, parents = this.parents(place);
      if (next < parents.length) {
        top[1]++;
        const parent = parents[next];
        if (entered.has(parent)) {
          if (next === 0 || parents[next - 1] !== parent || !listed.includes(parent))
            step(`${this.name(place)} also uses ${this.name(parent)}, which is ${listed.includes(parent) ? "listed" : "waiting"} already: nothing to do.`, parent);
        } else {
          entered.add(parent);
          open.push(parent);
          stack.push([parent, 0]);
          if (this.parents(parent).length) step(`${this.name(place)} uses ${this.name(parent)}: look at that first.`, parent);
        }
      } else {
        stack.pop();
        open.pop();
        listed.push(place);
        const why = parents.length ? `all that ${this.name(place)} depends on is listed` : `${this.name(place)} is a leaf`;
        step(`${why[0].toUpperCase()}${why.slice(1)}: it gets place ${listed.length}.`, place);
      }
    }
    return steps;
  }

  /** Hand gradients on at once, as they are, without waiting for what else may come. */
  recurse() {
    const steps = [], grads = this.graph.nodes.map(() => 0), pushes = new Map(), waiting = this.numbers.received.map((each) => each.length);
    grads[this.graph.root] = 1;
    const stack = [[this.graph.root, 0]];
    this.complete = true;
    while (stack.length) {
      const top = stack.at(-1), [place, argument] = top, { operands } = this.graph.nodes[place];
      if (argument >= operands.length) {
        stack.pop();
        continue;
      }
      top[1]++;
      const parent = operands[argument], slope = this.numbers.slopes[place][argument];
      if (typeof parent !== "number" || slope === null) continue;
      if (steps.length >= MOST_PUSHES) {
        this.complete = false;
        break;
      }
      const term = slope * grads[place], edge = `${place}-${argument}`, again = (pushes.get(edge) ?? 0) + 1;
      pushes.set(edge, again);
      waiting[parent]--;
      grads[parent] += term;
      const early = waiting[place] > 0, child = this.name(place);
      const trouble = again > 1
        ? `${child} hands on all that it holds a${again > 2 ? "nother time" : " second time"}: what it handed on before counts again.`
        : early ? `Too early: ${child}.grad is not complete, it waits for ${waiting[place]} more.` : "";
      steps.push({
        phase: "recursion", place: parent, from: place, edge, trouble, grads: [...grads],
        text: `${this.name(parent)}.grad += ${short(slope)} · ${bracketed(grads[place])} → ${short(grads[parent])}`,
      });
      stack.push([parent, 0]);
    }
    this.wrong = this.graph.nodes.flatMap((_, place) => (alike(grads[place], this.numbers.grads[place]) ? [] : [place]));
    return steps;
  }

  // ------------------------------------------------------------------ shown

  scene(index) {
    const step = this.steps[index], { nodes } = this.graph, searching = step.phase === "search";
    const place = new Map(searching ? step.listed.map((node, i) => [node, i + 1]) : []);
    return {
      known: searching ? new Set([...step.listed, ...step.open]) : new Set(nodes.keys()),
      current: new Set([step.place]),
      sources: new Set(searching ? step.open : [step.from]),
      number: (node) => `data ${short(this.numbers.data[node])}`,
      gradient: (node) => (searching ? (place.has(node) ? `place ${place.get(node)}` : "") : `grad ${short(step.grads[node])}`),
      coloured: new Map(searching ? [] : step.grads.entries()),
      wrong: new Set(index === this.steps.length - 1 ? this.wrong : []),
      edges: { known: new Set(), current: new Set(searching ? [] : [step.edge]) },
    };
  }

  elements(index) {
    const step = this.steps[index];
    return step.phase === "search" ? this.searchElements(step) : this.recursionElements(step, index === this.steps.length - 1);
  }

  searchElements({ text, listed, open }) {
    return [element("div", {},
      element("h3", {}, "Why this order? First: finding it"),
      element("p", {}, "A node's gradient is complete when everyone who uses it has handed on theirs. So the nodes are listed, each after all that it depends on; read backwards, that is the order of backpropagation."),
      element("p", { class: "happens" }, text),
      element("p", {}, element("span", { class: "muted" }, "waiting: "), open.map((each) => this.name(each)).join(" → ") || "none"),
      element("p", {}, element("span", { class: "muted" }, "listed: "), element("span", { class: "order" }, listed.map((each) => this.name(each)).join(", ") || "none yet")))];
  }

  recursionElements({ text, trouble, grads }, end) {
    const shown = this.graph.nodes.map((_, place) => place).filter((place) => place < this.graph.root).reverse();
    const some = shown.length > 40 ? shown.filter((place) => this.wrong.includes(place)).slice(0, 40) : shown;
    const rows = some.map((place) => {
      const right = this.numbers.grads[place], off = end && this.wrong.includes(place);
      return element("tr", { class: off ? "off" : "" },
        element("th", { scope: "row" }, this.name(place)),
        element("td", {}, numeral(short(right), right)),
        element("td", {}, numeral(short(grads[place]), grads[place]), off ? " ✗" : end ? " ✓" : ""));
    });
    return [element("div", {},
      element("h3", {}, "Why this order? Now without it"),
      element("p", {}, "The naive recursion: hand on what you have, then let the parent do the same, at once. It does not wait."),
      element("p", { class: "happens" }, element("code", {}, text)),
      trouble ? element("p", { class: "trouble" }, trouble) : null,
      end ? element("p", { class: this.wrong.length || !this.complete ? "trouble" : "right" }, this.verdict()) : null),
      element("table", { class: "beside" },
        element("thead", {}, element("tr", {}, element("th", {}, "grad of"), element("th", {}, "in order"), element("th", {}, "recursion"))),
        element("tbody", {}, rows)),
    ];
  }

  verdict() {
    if (!this.complete) return `Stopped after ${MOST_PUSHES} pushes: it goes along every path, and there are too many. In order, each edge is used once: ${this.numbers.shares.size} times in all.`;
    const reused = this.graph.nodes.flatMap((node, place) => (node.op && this.numbers.received[place].length > 1 ? [this.name(place)] : []));
    if (this.wrong.length) {
      const leaf = this.wrong.find((place) => !this.graph.nodes[place].op) ?? this.wrong[0], naive = this.steps.at(-1).grads[leaf];
      return `Wrong: ${this.name(leaf)}.grad became ${short(naive)} in place of ${short(this.numbers.grads[leaf])}. ${reused.join(", ")} is used more than once, and handed on before all had come.`;
    }
    return reused.length
      ? "Right here, but by luck alone: an inner node is used more than once."
      : "Right here, for no inner node is used more than once. It goes wrong where one is: try h = x*x, then h + h*h.";
  }
}

/** Tell whether two sums of the same terms are the same but for rounding. */
function alike(x, y) {
  return Object.is(x, y) || Math.abs(x - y) <= 1e-9 * Math.max(Math.abs(x), Math.abs(y));
}
