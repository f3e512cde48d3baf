// What if: other numbers for the leaves, and everything is computed anew.

const OUTCOMES = {
  "<": (x, y) => x < y, "<=": (x, y) => x <= y, ">": (x, y) => x > y, ">=": (x, y) => x >= y, "==": (x, y) => x === y, "!=": (x, y) => x !== y,
};

class WhatIf {
  constructor(stepper) {
    this.stepper = stepper;
    this.given = new Map();
    this.leaves = stepper.graph.nodes.flatMap((node, place) => (node.op || place > stepper.graph.root ? [] : [place]));
    this.warnings = element("div", { class: "warnings", role: "status" });
    this.rows = new Map(this.leaves.map((place) => [place, this.row(place)]));
    const why = whyNotComputed(stepper.graph);
    this.box = element("section", { class: "whatif", hidden: true, "aria-label": "What if" },
      element("div", { class: "headline" },
        element("span", {}, why || "What if a leaf had another number? Move it, or type one: everything here is computed anew."),
        button("reset", null, () => this.reset(), { class: "action", title: "The numbers that were recorded", disabled: Boolean(why) })),
      element("div", { class: "leaves" }, why ? [] : [...this.rows.values()].map(({ row }) => row)),
      this.warnings);
  }

  row(place) {
    const { name } = this.stepper.graph.nodes[place], value = this.stepper.recorded.data[place], span = Math.max(1, 2 * Math.abs(value)) || 1;
    const slider = element("input", {
      type: "range", min: value - span, max: value + span, step: span / 200, "aria-label": `${name}, slider`,
      oninput: () => this.set(place, Number(slider.value)),
    });
    const field = element("input", {
      type: "text", inputmode: "decimal", size: 9, "aria-label": name, autocomplete: "off",
      onchange: () => this.type(place, field),
      onkeydown: (event) => event.key === "Enter" && this.type(place, field),
    });
    slider.value = value;
    field.value = repr(value);
    return { row: element("label", {}, element("span", { class: "leaf" }, name), slider, field), slider, field };
  }

  type(place, field) {
    const number = Number(field.value.replace(",", ".").replace("−", "-"));
    const fine = field.value.trim() !== "" && Number.isFinite(number);
    field.setAttribute("aria-invalid", String(!fine));
    if (fine && number !== (this.given.get(place) ?? this.stepper.recorded.data[place])) this.set(place, number);
  }

  set(place, number) {
    const { slider, field } = this.rows.get(place);
    if (Number(slider.value) !== number) slider.value = number;
    if (document.activeElement !== field) field.value = repr(number);
    if (Object.is(number, this.stepper.recorded.data[place])) this.given.delete(place);
    else this.given.set(place, number);
    this.compute();
  }

  reset() {
    for (const [place, { slider, field }] of this.rows) {
      slider.value = this.stepper.recorded.data[place];
      field.value = repr(this.stepper.recorded.data[place]);
      field.removeAttribute("aria-invalid");
    }
    this.given.clear();
    this.compute();
  }

  /** Compute everything anew; where that cannot be done, say why, and leave the numbers as they are. */
  compute() {
    const { stepper } = this, { graph, recorded } = stepper;
    if (!this.given.size) {
      this.warn([]);
      stepper.take(recorded);
      return;
    }
    try {
      const numbers = recorded.at(this.given);
      this.warn(this.doubts(numbers));
      stepper.take(numbers);
    } catch (error) {
      this.warn([`Not computed: ${error.message}. The numbers are those from before.`]);
    }
  }

  warn(texts) {
    this.warnings.replaceChildren(...texts.map((text) => element("p", { class: "trouble" }, "⚠ ", text)));
  }

  /** Say where the numbers may not be what the code would have computed. */
  doubts(numbers) {
    const { graph } = this.stepper, doubts = [];
    for (const { left, operator, right, outcome, source, text } of graph.comparisons ?? []) {
      const at = (operand) => (typeof operand === "number" ? numbers.data[operand] : float(operand[0]));
      if (OUTCOMES[operator](at(left), at(right)) !== outcome)
        doubts.push(`The code would go another way${source ? ` in line ${source.number} (${source.text})` : ""}: ${text} was ${outcome ? "true" : "false"} when it ran, and is not now. What is shown is the way that was taken.`);
    }
    const turned = graph.nodes.filter((_, place) => numbers.slopes[place].some((slope, j) => (slope === null) !== (this.stepper.recorded.slopes[place][j] === null)));
    if (turned.length) doubts.push(`${turned.map(({ name }) => name).join(", ")} takes another branch now: the gradients are right, but the steps are those of the branch that was recorded.`);
    if (graph.steps.update.some((step) => !step.formula)) doubts.push("The update is not computed anew: its rule has more than one line. It keeps the recorded numbers.");
    if (numbers.data.some((x, place) => Number.isNaN(x) && !Number.isNaN(this.stepper.recorded.data[place]))) doubts.push("Some numbers are nan: Python would raise an error there.");
    return doubts;
  }
}
