// The drawing of the graph: its layout stays, what is known and what happens is shown on it.

class Picture {
  /** Take over a drawing; `onnode` is told which node was clicked. */
  constructor(svgText, graph, onnode) {
    const parsed = new DOMParser().parseFromString(svgText, "image/svg+xml").documentElement;
    this.svg = document.importNode(parsed, true);
    this.graph = graph;
    this.nodes = graph.nodes.map((_, place) => this.group(`n${place}`));
    this.operations = graph.nodes.map((_, place) => this.group(`o${place}`));
    this.cells = this.nodes.map((group) => { const all = cellsOf(group); return [all[0], ...all.slice(-2)]; }); // a layer has more, between
    this.edges = new Map();
    for (const group of this.svg.querySelectorAll("g[id^=e]")) {
      this.edges.set(group.id.slice(1), group);
      group.classList.add("edge");
    }
    for (const each of this.svg.querySelectorAll("title, style")) each.remove();
    this.nodes.forEach((group, place) => {
      if (!group) return;
      for (const each of [group, this.operations[place]]) {
        each?.classList.add(each === group ? "node" : "operation");
        each?.addEventListener("click", () => onnode(place));
      }
      group.setAttribute("role", "button");
      group.addEventListener("keydown", (event) => {
        if (event.key !== "Enter" && event.key !== " ") return;
        event.stopPropagation();
        event.preventDefault();
        onnode(place);
      });
    });
    this.ways = graph.nodes.map((_, place) => this.group(`v${place}`));
    this.ways.forEach((group) => group?.classList.add("edge"));
    this.said = [];
    this.layer = document.createElementNS(SVG, "g");
    (this.svg.querySelector("g") ?? this.svg).append(this.layer);
    this.size = { width: this.svg.viewBox.baseVal.width, height: this.svg.viewBox.baseVal.height };
    this.svg.removeAttribute("width");
    this.svg.removeAttribute("height");
    this.svg.setAttribute("role", "group");
    this.svg.setAttribute("aria-label", "Drawing of the graph");
    this.frame = element("div", { class: "frame", tabindex: -1 }, this.svg);
    this.zoom(null);
  }

  group(id) {
    return this.svg.querySelector(`#${id}`);
  }

  /** Show the drawing in a size; null fits it into the frame, but keeps its letters readable. */
  zoom(scale) {
    this.scale = scale;
    const { width } = this.size;
    this.svg.style.width = scale === null ? "" : `${width * scale}px`;
    this.svg.style.minWidth = scale === null ? `${0.75 * width}px` : "0";
    this.svg.style.maxWidth = scale === null ? `${1.25 * width}px` : "none";
  }

  /**
   * Show a scene: whether it is of the forward pass; which nodes are known (done), current (bright), sources and selected; the text of each one's number and
   * gradient; the gradients to colour by; the edges known and current; a text on an edge; nodes
   * whose gradient is wrong.
   */
  show({ forward, known, current, sources, selected, number, gradient, coloured, wrong, edges, label, greatest }) {
    this.nodes.forEach((group, place) => {
      if (!group) return;
      const texts = [this.graph.nodes[place].name, number(place), gradient(place)];
      const state = { known: known.has(place), current: current.has(place), source: sources.has(place), selected: place === selected, wrong: Boolean(wrong?.has(place)) };
      const computing = forward && state.current, grad = coloured.get(place);
      const said = JSON.stringify([texts, state, computing, grad, greatest]);
      if (this.said[place] === said) return;
      this.said[place] = said;
      texts.forEach((text, which) => this.write(this.cells[place][which], text));
      mark(group, state);
      for (const each of [this.operations[place], this.ways[place]]) mark(each, { known: state.known, current: computing });
      colour(group, grad, greatest);
      group.tabIndex = state.current ? 0 : -1;
      group.setAttribute("aria-label", texts.filter(Boolean).join(", "));
    });
    for (const [key, group] of this.edges) mark(group, { known: edges.known.has(key), current: edges.current.has(key) });
    this.layer.replaceChildren();
    if (label) this.writeOnEdge(label.edge, label.text);
  }

  /** Write into a cell, narrower where it would not fit. */
  write(cell, text) {
    if (!cell || cell.text.textContent === text) return;
    cell.text.textContent = text;
    cell.text.removeAttribute("textLength");
    if (text.length * 0.6 * cell.size > cell.width) {
      cell.text.setAttribute("textLength", cell.width);
      cell.text.setAttribute("lengthAdjust", "spacingAndGlyphs");
    }
  }

  /** Write a local derivative on an edge. */
  writeOnEdge(edge, text) {
    const path = this.edges.get(edge)?.querySelector("path");
    if (!path) return;
    const middle = path.getPointAtLength(path.getTotalLength() / 2);
    const written = document.createElementNS(SVG, "text");
    for (const [name, value] of Object.entries({ x: middle.x, y: middle.y - 6, class: "slope", "text-anchor": "middle" }))
      written.setAttribute(name, value);
    written.textContent = text;
    this.layer.append(written);
  }

  /** Bring nodes into sight, the first above all, where the drawing is larger than its frame. */
  reveal(places) {
    const { frame } = this, [first, ...others] = places.map((place) => this.nodes[place]).filter(Boolean);
    if (!first || (frame.scrollWidth <= frame.clientWidth && frame.scrollHeight <= frame.clientHeight)) return;
    const inside = frame.getBoundingClientRect(), margin = 16, room = { x: inside.width - 2 * margin, y: inside.height - 2 * margin };
    let box = first.getBoundingClientRect();
    for (const other of others) {
      const more = other.getBoundingClientRect();
      const x = Math.min(box.left, more.left), y = Math.min(box.top, more.top);
      const both = new DOMRect(x, y, Math.max(box.right, more.right) - x, Math.max(box.bottom, more.bottom) - y);
      if (both.width <= room.x && both.height <= room.y) box = both;
    }
    const beyond = (from, to, least, most) => (from < least + margin ? from - least - margin : to > most - margin ? to - most + margin : 0);
    const left = beyond(box.left, box.right, inside.left, inside.right);
    const top = beyond(box.top, box.bottom, inside.top, inside.bottom);
    if (left || top) frame.scrollBy({ left, top, behavior: still() ? "auto" : "smooth" });
  }
}

/** Tell whether the system asks for less motion. */
function still() {
  return matchMedia("(prefers-reduced-motion: reduce)").matches;
}

function mark(group, classes) {
  for (const [name, is] of Object.entries(classes)) group?.classList.toggle(name, Boolean(is));
}

/** Colour a node by the sign and the size of its gradient. */
function colour(group, grad, greatest) {
  const some = grad !== undefined && Number.isFinite(grad) && grad !== 0 && greatest > 0;
  mark(group, { positive: some && grad > 0, negative: some && grad < 0 });
  group.style.setProperty("--size", some ? `${Math.round(shade(Math.abs(grad) / greatest))}%` : "0%");
}

/** How strong a colour is, in per cent, for a part of the greatest gradient; small ones are told from none. */
function shade(part) {
  return 12 + 48 * Math.sqrt(part);
}

/** Find the texts of a node with the room that each has. */
function cellsOf(group) {
  if (!group) return [];
  const numbersIn = (shape) => shape.getAttribute("points").match(/-?[\d.]+/g).map(Number);
  const outline = group.querySelector("polygon, path");
  const shape = outline.localName === "polygon" ? numbersIn(outline) : outline.getAttribute("d").match(/-?[\d.]+/g).map(Number);
  const xs = shape.filter((_, i) => i % 2 === 0), left = Math.min(...xs), right = Math.max(...xs);
  const walls = [...group.querySelectorAll("polyline")].map(numbersIn).filter(([x1, , x2]) => x1 === x2).map(([x]) => x);
  return [...group.querySelectorAll("text")].map((text) => {
    const x = Number(text.getAttribute("x"));
    const from = Math.max(left, ...walls.filter((wall) => wall < x)), to = Math.min(right, ...walls.filter((wall) => wall > x));
    return { text, width: to - from - 6, size: Number(text.getAttribute("font-size") ?? 12) };
  });
}
