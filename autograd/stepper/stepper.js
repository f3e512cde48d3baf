// The stepper: its state, its controls and its keys.

const PACE = 1400; // milliseconds that a step stays while playing

class Stepper {
  constructor(host, graph, svgText) {
    this.host = host;
    this.graph = graph;
    this.numbers = new Numbers(graph);
    this.recorded = this.numbers;
    this.passes = new Passes(graph, graph.by);
    this.index = 0;
    this.selected = null;
    this.tour = null;
    this.predictions = new Predictions();
    this.picture = svgText ? new Picture(svgText, graph, (place) => this.select(place)) : null;
    this.whatIf = new WhatIf(this);
    this.build();
    this.render();
  }

  /** What is gone through: the steps, or the tour of the order. */
  get shown() {
    return this.tour ?? this.passes;
  }

  get step() {
    return this.passes.steps[this.index];
  }

  get length() {
    return this.shown.steps.length;
  }

  // ------------------------------------------------------------------ what there is

  build() {
    const root = this.host.attachShadow({ mode: "open" });
    this.progress = element("div", { class: "progress", "aria-hidden": "true" });
    this.count = element("span", { class: "count" });
    this.panel = element("section", { class: "panel", "aria-label": "Step" });
    this.live = element("div", { class: "unseen", role: "status", "aria-live": "polite" });
    this.box = element("div", {
      class: "stepper", role: "group", tabindex: 0, "aria-label": `Steps of ${this.graph.title}`, onkeydown: (event) => this.key(event),
    },
      element("header", {}, element("h2", {}, this.graph.title), this.progress, this.count),
      element("div", { class: "body" },
        this.picture ? element("div", { class: "picture" }, this.picture.frame, this.pictureTools()) : null,
        element("div", { class: "side" }, this.panel, this.codeElement())),
      this.controls(),
      this.whatIf.box,
      this.allSteps(),
      this.live);
    const { width, height } = this.picture?.size ?? {};
    if (height) this.box.style.setProperty("--height", `${Math.min(500, Math.max(360, 1.25 * height + 80))}px`);
    this.box.classList.toggle("wide", width > 2 * height);
    this.box.classList.toggle("coded", this.graph.code !== "");
    root.append(element("style", {}, STYLE), this.box);
    this.followTheme();
  }

  controls() {
    const go = (sign, name, to) => button(icon(sign), name, () => { this.pause(); this.go(to()); });
    this.scrubber = element("input", {
      type: "range", min: 0, "aria-label": "Step", class: "scrubber",
      oninput: () => { this.pause(); this.go(Number(this.scrubber.value)); },
    });
    this.first = go("first", "First step (Home)", () => 0);
    this.back = go("back", "Step back (←)", () => this.index - 1);
    this.player = button(icon("play"), "Play (space)", () => this.toggle(), { class: "play" });
    this.forward = go("forward", "Step forward (→)", () => this.index + 1);
    this.last = go("last", "Last step (End)", () => this.length - 1);
    const names = { contribution: "each contribution", node: "each node", layer: "each layer" };
    this.by = element("select", { "aria-label": "What one step back is", onchange: () => this.group(this.by.value) },
      Object.keys(this.graph.steps.backward).map((each) => element("option", { value: each, selected: each === this.passes.by }, names[each])));
    this.predict = this.toggleOf("predict first", "The next number is hidden: say what it will be", () => this.askFirst());
    this.whyOrder = this.toggleOf("why this order?", "How the order is found, and what goes wrong without it", () => this.showTour());
    this.ask = this.toggleOf("what if?", whyNotComputed(this.graph) || "Other numbers for the leaves", () => this.askWhatIf());
    this.score = element("span", { class: "score", role: "status" });
    return element("footer", { class: "controls" },
      element("div", { class: "buttons" }, this.first, this.back, this.player, this.forward, this.last),
      this.scrubber,
      element("label", { class: "by" }, "by ", this.by),
      this.graph.folded
        ? element("span", { class: "muted" }, `${this.graph.folded} Click one to open it.`)
        : element("div", { class: "modes" }, this.ask, this.predict, this.whyOrder, this.score));
  }

  toggleOf(text, title, onclick) {
    return element("button", { type: "button", class: "toggle", "aria-pressed": "false", title, onclick }, text);
  }

  pictureTools() {
    const scaled = (factor) => () => this.picture.zoom((this.picture.scale ?? this.picture.svg.clientWidth / this.picture.size.width) * factor);
    this.legend = element("div", { class: "legend" });
    return element("div", { class: "tools" }, this.legend,
      element("span", { class: "buttons" },
        button("−", "Smaller", scaled(0.8)), button("fit", "Fit the drawing", () => this.picture.zoom(null)), button("+", "Larger", scaled(1.25))));
  }

  codeElement() {
    if (!this.graph.code) return null;
    this.lines = this.graph.code.replace(/\n+$/, "").split("\n").map((line, i) =>
      element("div", { class: "line" }, element("span", { class: "muted" }, String(i + 1)), element("code", {}, line || " ")));
    return element("div", { class: "code", role: "region", "aria-label": "Code", tabindex: -1 }, this.lines);
  }

  /** Make a list of all steps as text, which is filled when it is opened. */
  allSteps() {
    this.list = element("ol", {});
    this.all = element("details", { class: "all", ontoggle: () => this.showList() }, element("summary", {}, "All steps as text"), this.list);
    return this.all;
  }

  showList() {
    if (!this.all.open) return;
    this.list.replaceChildren(...this.passes.steps.map((step, i) => {
      const total = step.sum?.quantities.length > 1 ? element("div", { class: "muted" }, this.numbers.text(step.sum, step)) : null;
      return element("li", { "aria-current": i === this.index ? "step" : false },
        element("button", { type: "button", class: "plain", onclick: () => this.go(i) }, this.numbers.text(step, step)), total);
    }));
  }

  followTheme() {
    const follow = () => this.box.classList.toggle("dark", standsOnDark(this.host.parentElement));
    follow();
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", follow);
    const observer = new MutationObserver(() => requestAnimationFrame(follow));
    for (const each of [document.documentElement, document.body])
      observer.observe(each, { attributes: true, attributeFilter: ["class", "data-jp-theme-light", "data-theme", "style"] });
  }

  // ------------------------------------------------------------------ what can be done

  go(index) {
    this.index = Math.max(0, Math.min(index, this.length - 1));
    this.selected = null;
    this.render();
  }

  select(place) {
    this.selected = place;
    this.pause();
    this.render();
    if (place === null) this.box.focus({ preventScroll: true });
  }

  /** Take other steps back; the page stays at what it shows, as near as can be. */
  group(by) {
    const old = this.step, about = old?.parent ?? old?.node;
    this.passes = new Passes(this.graph, by);
    const same = this.passes.steps.findIndex((step) => step.phase === old.phase && (step.parent ?? step.node) === about);
    const begin = this.passes.steps.findIndex((step) => step.phase === old?.phase);
    this.go(same >= 0 ? same : Math.max(0, begin));
  }

  /** Turn on or off that the next number is asked for. */
  askFirst() {
    this.predictions.on = !this.predictions.on;
    if (this.predictions.on && this.tour) this.showTour();
    this.selected = null;
    this.pause();
    this.render();
    if (this.predictions.on && this.index === this.length - 1) this.go(0);
  }

  /** Show or hide the leaves' numbers; hidden, they are those that were recorded. */
  askWhatIf() {
    this.whatIf.box.hidden = !this.whatIf.box.hidden;
    this.ask.setAttribute("aria-pressed", !this.whatIf.box.hidden);
    if (this.whatIf.box.hidden) this.whatIf.reset();
  }

  /** Take other numbers; the step stays where it is. */
  take(numbers) {
    this.numbers = numbers;
    if (this.tour) this.tour = new Tour(this.graph, numbers);
    this.predictions.answers.clear();
    this.go(this.index);
  }

  showScore() {
    this.score.textContent = this.predictions.on ? this.predictions.score() : "";
  }

  /** Turn on or off the tour of the order. */
  showTour() {
    this.pause();
    this.selected = null;
    [this.tour, this.index, this.resume] = this.tour ? [null, this.resume, 0] : [new Tour(this.graph, this.numbers), 0, this.index];
    this.render();
  }

  toggle() {
    if (this.timer || this.player.ariaDisabled === "true") {
      this.pause();
      return;
    }
    if (this.index === this.length - 1) this.go(0);
    this.timer = setInterval(() => {
      if (this.index < this.length - 1) this.go(this.index + 1);
      if (this.index === this.length - 1) this.pause();
    }, PACE);
    this.showPlayer();
  }

  pause() {
    clearInterval(this.timer);
    this.timer = null;
    this.showPlayer();
  }

  showPlayer() {
    this.player.replaceChildren(icon(this.timer ? "pause" : "play"));
    this.player.setAttribute("aria-label", this.timer ? "Pause (space)" : "Play (space)");
  }

  /** Keys belong to the stepper while it has the focus: the notebook around it does not hear them. */
  key(event) {
    event.stopPropagation();
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    const target = event.composedPath()[0], typing = target.matches("input, select, textarea");
    if (event.key === "Escape" && this.selected !== null) {
      this.select(null);
    } else if (typing && !(target.value === "" && event.key.startsWith("Arrow"))) {
      return;
    } else if (event.key === " ") {
      if (target.localName === "button") return;
      this.toggle();
    } else {
      const to = { ArrowRight: this.index + 1, ArrowLeft: this.index - 1, Home: 0, End: this.length - 1 }[event.key];
      if (to === undefined) return;
      this.pause();
      this.go(to);
    }
    event.preventDefault();
  }

  // ------------------------------------------------------------------ what is shown

  render() {
    const { numbers, length } = this;
    this.count.textContent = length ? `step ${this.index + 1}/${length}` : "no steps";
    this.scrubber.max = Math.max(0, length - 1);
    this.scrubber.value = this.index;
    this.scrubber.setAttribute("aria-valuetext", this.count.textContent);
    for (const each of [this.first, this.back]) enable(each, this.index > 0);
    for (const each of [this.forward, this.last]) enable(each, this.index < length - 1);
    enable(this.player, length > 1 && !this.predictions.on);
    this.predict.setAttribute("aria-pressed", this.predictions.on);
    this.whyOrder.setAttribute("aria-pressed", this.tour !== null);
    this.by.disabled = this.tour !== null;
    this.greatest = Math.max(0, ...numbers.grads.map(Math.abs).filter(Number.isFinite));
    this.showProgress();
    this.showPicture();
    this.showPanel();
    this.showCode();
    this.showScore();
    this.all.hidden = this.tour !== null || this.predictions.on;
    this.showList();
  }

  showProgress() {
    let start = 0;
    this.progress.replaceChildren(...this.shown.counts.filter(([, count]) => count).map(([phase, count]) => {
      const done = Math.max(0, Math.min(this.index + 1 - start, count)), now = this.index >= start && this.index < start + count;
      start += count;
      return element("span", { class: now ? "phase now" : "phase", style: `flex-grow: ${count}` },
        element("span", { class: "bar" }, element("span", { class: "done", style: `width: ${(100 * done) / count}%` })),
        element("span", { class: "name" }, phase));
    }));
  }

  showPicture() {
    if (!this.picture) return;
    const scene = this.tour ? this.tour.scene(this.index) : this.scene();
    this.picture.show({ ...scene, selected: this.selected, greatest: this.greatest });
    this.picture.reveal(this.selected === null ? [...scene.current, ...scene.sources].slice(0, 8) : [this.selected]);
    const most = short(this.greatest);
    this.legend.replaceChildren("grad ", numeral(`-${most}`, -this.greatest), element("span", { class: "scale" }), numeral(most, this.greatest));
  }

  /** What the picture shows at the present step. */
  scene() {
    const { step, numbers, passes } = this, known = passes.known(this.index, numbers), backward = known.phase !== "forward";
    const changes = step ? passes.changes(step) : [], secret = new Set(this.predictions.hides(this) ? changes : []);
    const single = step?.phase === "backward" && step.argument !== undefined, before = step ? numbers.before(step) : 0;
    const [dataIs, gradIs] = this.graph.folded ? ["‖data‖ ", "‖grad‖ "] : ["data ", "grad "];
    return {
      forward: !backward,
      known: new Set((backward ? known.grads : known.data).keys()),
      current: new Set(changes),
      sources: new Set(single ? [step.node] : []),
      number: (place) => (secret.has(place) && step.phase !== "backward" ? "?" : known.data.has(place) ? `${dataIs}${short(known.data.get(place))}` : ""),
      gradient: (place) => {
        if (!known.grads.has(place)) return "";
        if (!secret.has(place) || step.phase !== "backward") return `${gradIs}${short(known.grads.get(place))}`;
        return single && before !== 0 ? `grad ${short(before)} + ?` : "grad ?";
      },
      coloured: new Map([...known.grads].filter(([place]) => !secret.has(place))),
      edges: { known: known.edges, current: new Set(step ? passes.edges(step, numbers) : []) },
      label: single ? { edge: `${step.node}-${step.argument}`, text: secret.size ? "× ?" : `× ${short(numbers.slopes[step.node][step.argument])}` } : null,
    };
  }

  showPanel() {
    const { step } = this, secret = this.predictions.hides(this);
    this.box.classList.toggle("touring", this.tour !== null);
    const elements =
      this.selected !== null ? nodeElements(this, this.selected)
      : this.tour ? this.tour.elements(this.index)
      : step ? stepElements(this, step, secret)
      : [element("p", {}, "A leaf has no steps: its gradient by itself is 1.")];
    const root = this.host.shadowRoot, within = root.activeElement !== null, inPanel = this.panel.contains(root.activeElement);
    this.panel.replaceChildren(...present(elements));
    const said = this.tour ? this.tour.steps[this.index].text : !step ? "" : secret ? symbolsOf(step) : this.numbers.text(step, step);
    if (this.live.textContent !== said) this.live.textContent = said;
    const question = this.panel.querySelector("input[type=text]");
    if (question && within) question.focus({ preventScroll: true });
    else if (inPanel) this.box.focus({ preventScroll: true });
  }

  showCode() {
    const number = this.selected !== null ? this.graph.nodes[this.selected].source?.number : this.tour ? undefined : this.step?.source?.number;
    this.lines?.forEach((line, i) => {
      line.classList.toggle("current", i + 1 === number);
      if (i + 1 === number) line.parentElement.scrollTop = Math.max(0, line.offsetTop - line.parentElement.clientHeight / 2);
    });
  }
}

function present(elements) {
  return elements.flat().filter((each) => each != null);
}

/** Read bytes that are written in base64. */
function bytesOf(base64) {
  return Uint8Array.from(atob(base64), (each) => each.charCodeAt(0));
}

async function inflated(base64) {
  return new Response(new Blob([bytesOf(base64)]).stream().pipeThrough(new DecompressionStream("deflate"))).text();
}

/** Start each stepper that is on the page and does not run yet. */
async function startSteppers() {
  for (const host of document.querySelectorAll(".chainrule-stepper:not([data-runs])")) {
    host.setAttribute("data-runs", "");
    const base64 = host.querySelector("img")?.src.split("base64,")[1];
    const graph = JSON.parse(await inflated(host.querySelector("script[type='text/plain']").textContent));
    new Stepper(host, graph, base64 ? new TextDecoder().decode(bytesOf(base64)) : "");
  }
}
