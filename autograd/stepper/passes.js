// The steps in the order in which they are shown, and what is known when one has been made.

class Passes {
  constructor(graph, by) {
    this.graph = graph;
    this.by = by;
    const { forward, backward, update } = graph.steps;
    const layered = by === "layer";
    this.steps = [
      ...(layered || graph.folded ? forward.layer : forward.node).map((step) => ({ phase: "forward", ...step })),
      ...backward[by].map((step) => ({ phase: "backward", ...step })),
      ...update.map((step) => ({ phase: "update", ...step })),
    ];
    this.counts = ["forward", "backward", "update"].map((phase) => [phase, this.steps.filter((s) => s.phase === phase).length]);
  }

  /** The nodes whose number or gradient a step gives. */
  changes(step) {
    if (this.graph.folded) return [step.layer];
    if (step.layer !== undefined) {
      const { nodes, parameters } = this.graph.layers[step.layer];
      return step.phase === "forward" ? nodes : [...nodes, ...parameters];
    }
    return [step.phase === "backward" && step.argument !== undefined ? step.parent : step.node];
  }

  /** The edges that a step goes along, each as "node-argument". */
  edges(step, numbers) {
    if (step.phase === "update") return [];
    if (this.graph.folded && step.phase === "forward") return this.operandsOf(step.layer);
    if (this.graph.folded)
      return this.graph.nodes.flatMap(({ operands }, user) => operands.flatMap((each, j) => (each === step.layer ? [`${user}-${j}`] : [])));
    if (step.layer !== undefined) return this.graph.layers[step.layer].nodes.flatMap((node) => this.operandsOf(node));
    if (step.phase === "forward") return this.operandsOf(step.node);
    if (step.argument !== undefined) return [`${step.node}-${step.argument}`];
    return numbers.received[step.node].map(({ node, argument }) => `${node}-${argument}`);
  }

  operandsOf(node) {
    return this.graph.nodes[node].operands.flatMap((operand, j) => (typeof operand === "number" ? [`${node}-${j}`] : []));
  }

  /** What is known after a step: numbers, gradients as far as they have been added up, and the edges gone along. */
  known(index, numbers) {
    const { nodes } = this.graph, data = new Map(), grads = new Map(), edges = new Set();
    nodes.forEach((node, place) => node.op || data.set(place, numbers.data[place]));
    let phase = "forward";
    for (const step of this.steps.slice(0, index + 1)) {
      if (step.phase === "backward" && phase === "forward") {
        if (!this.graph.folded) grads.set(this.graph.root, 1);
        edges.clear();
      }
      phase = step.phase;
      for (const edge of this.edges(step, numbers)) edges.add(edge);
      for (const node of this.changes(step)) {
        if (phase === "backward") grads.set(node, step.argument === undefined ? numbers.grads[node] : numbers.after(step));
        else data.set(node, phase === "update" ? numbers.after(step) : numbers.data[node]);
      }
    }
    return { data, grads, edges, phase };
  }
}
