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
    this.picture = svgText ? new Picture(svgText, graph, (place) => this.select(place)) : null;
    this.build();
    this.render();
  }

  get step() {
    return this.passes.steps[this.index];
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
      this.live);
    root.append(element("style", {}, STYLE), this.box);
    this.followTheme();
  }

  controls() {
    const go = (sign, name, to) => button(sign, name, () => { this.pause(); to(); });
    this.scrubber = element("input", {
      type: "range", min: 0, max: Math.max(0, this.passes.steps.length - 1), "aria-label": "Step", class: "scrubber",
      oninput: () => { this.pause(); this.go(Number(this.scrubber.value)); },
    });
    this.first = go("⏮", "First step (Home)", () => this.go(0));
    this.back = go("◀", "Step back (←)", () => this.go(this.index - 1));
    this.player = button("▶", "Play (space)", () => this.toggle(), { class: "play" });
    this.forward = go("▶", "Step forward (→)", () => this.go(this.index + 1));
    this.last = go("⏭", "Last step (End)", () => this.go(this.passes.steps.length - 1));
    const names = { contribution: "each contribution", node: "each node", layer: "each layer" };
    const by = element("select", { "aria-label": "What one step back is", onchange: (event) => this.group(event.target.value) },
      Object.keys(this.graph.steps.backward).map((each) => element("option", { value: each, selected: each === this.passes.by }, names[each])));
    return element("footer", { class: "controls" },
      element("div", { class: "buttons" }, this.first, this.back, this.player, this.forward, this.last),
      this.scrubber,
      element("label", { class: "by" }, "by ", by));
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
    this.index = Math.max(0, Math.min(index, this.passes.steps.length - 1));
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
    const { phase, node } = this.step, old = this.step;
    this.passes = new Passes(this.graph, by);
    const same = this.passes.steps.findIndex((step) => step.phase === phase && (step.argument === undefined ? step.node === (old.parent ?? node) : step.parent === (old.parent ?? node)));
    const begin = this.passes.steps.findIndex((step) => step.phase === phase);
    this.scrubber.max = Math.max(0, this.passes.steps.length - 1);
    this.go(same >= 0 ? same : Math.max(0, begin));
  }

  toggle() {
    if (this.timer) {
      this.pause();
      return;
    }
    if (this.index === this.passes.steps.length - 1) this.go(0);
    this.timer = setInterval(() => {
      if (this.index < this.passes.steps.length - 1) this.go(this.index + 1);
      if (this.index === this.passes.steps.length - 1) this.pause();
    }, PACE);
    this.showPlayer();
  }

  pause() {
    clearInterval(this.timer);
    this.timer = null;
    this.showPlayer();
  }

  showPlayer() {
    this.player.textContent = this.timer ? "⏸" : "▶";
    this.player.setAttribute("aria-label", this.timer ? "Pause (space)" : "Play (space)");
  }

  /** Keys belong to the stepper while it has the focus: the notebook around it does not hear them. */
  key(event) {
    event.stopPropagation();
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    const target = event.composedPath()[0], typing = target.matches("input, select, textarea");
    if (event.key === "Escape" && this.selected !== null) {
      this.select(null);
    } else if (typing) {
      return;
    } else if (event.key === " ") {
      if (target.localName === "button") return;
      this.toggle();
    } else {
      const to = { ArrowRight: this.index + 1, ArrowLeft: this.index - 1, Home: 0, End: this.passes.steps.length - 1 }[event.key];
      if (to === undefined) return;
      this.pause();
      this.go(to);
    }
    event.preventDefault();
  }

  // ------------------------------------------------------------------ what is shown

  render() {
    const { step, passes, numbers } = this;
    const known = passes.known(this.index, numbers);
    this.count.textContent = passes.steps.length ? `step ${this.index + 1}/${passes.steps.length}` : "no steps";
    this.scrubber.value = this.index;
    this.scrubber.setAttribute("aria-valuetext", this.count.textContent);
    this.first.disabled = this.back.disabled = this.index === 0;
    this.forward.disabled = this.last.disabled = this.index >= passes.steps.length - 1;
    this.showProgress();
    this.greatest = Math.max(0, ...numbers.grads.map(Math.abs).filter(Number.isFinite));
    this.showPicture(known);
    this.showPanel();
    this.showCode();
  }

  showProgress() {
    let start = 0;
    this.progress.replaceChildren(...this.passes.counts.filter(([, count]) => count).map(([phase, count]) => {
      const done = Math.max(0, Math.min(this.index + 1 - start, count));
      start += count;
      return element("span", { class: `phase ${phase}${done && (done < count || start === this.passes.steps.length || this.index + 1 === start) ? " now" : ""}`, style: `flex-grow: ${count}` },
        element("span", { class: "bar" }, element("span", { class: "done", style: `width: ${(100 * done) / count}%` })),
        element("span", { class: "name" }, phase));
    }));
  }

  showPicture(known) {
    if (!this.picture) return;
    const { step, numbers } = this;
    const single = step?.phase === "backward" && step.argument !== undefined;
    this.picture.show({
      known,
      changes: step ? this.passes.changes(step) : [],
      edges: step ? this.passes.edges(step, numbers) : [],
      source: single ? step.node : undefined,
      hidden: new Set(),
      label: single ? { edge: `${step.node}-${step.argument}`, text: `× ${bracketed(numbers.slopes[step.node][step.argument])}` } : null,
      greatest: this.greatest,
      selected: this.selected,
    });
    if (step) this.picture.reveal(this.selected ?? this.passes.changes(step)[0]);
    const most = short(this.greatest);
    this.legend.replaceChildren("grad ", numeral(`-${most}`, -this.greatest), element("span", { class: "scale" }), numeral(most, this.greatest));
  }

  showPanel() {
    const { step } = this;
    if (this.selected !== null) this.panel.replaceChildren(...present(nodeElements(this, this.selected)));
    else if (step) this.panel.replaceChildren(...present(stepElements(this, step, false)));
    else this.panel.replaceChildren(element("p", {}, "A leaf has no steps: its gradient by itself is 1."));
    const said = step ? this.numbers.text(step, step) : "";
    if (this.live.textContent !== said) this.live.textContent = said;
  }

  showCode() {
    const number = this.selected !== null ? this.graph.nodes[this.selected].source?.number : this.step?.source?.number;
    this.lines?.forEach((line, i) => {
      line.classList.toggle("current", i + 1 === number);
      if (i + 1 === number) line.parentElement.scrollTop = Math.max(0, line.offsetTop - line.parentElement.clientHeight / 2);
    });
  }
}

function present(elements) {
  return elements.flat().filter((each) => each != null);
}

/** Start each stepper that is on the page and does not run yet. */
function startSteppers() {
  for (const host of document.querySelectorAll(".chainrule-stepper:not([data-runs])")) {
    host.setAttribute("data-runs", "");
    const graph = JSON.parse(host.querySelector("script[type='application/json']").textContent);
    const picture = host.querySelector("img")?.src ?? "", base64 = picture.split("base64,")[1];
    const svgText = base64 ? new TextDecoder().decode(Uint8Array.from(atob(base64), (each) => each.charCodeAt(0))) : "";
    new Stepper(host, graph, svgText);
  }
}
