// Typesets the LaTeX that steps come with: the part of it that the table is printed in, as MathML.

const LATEX_TOKENS = /\\mathrel\{\+\}=|\\[A-Za-z]+|\\[^]|\d+(?:\.\d+)?(?:e[+-]?\d+)?|[^]/gu;

const LATEX_OPERATORS = {
  "\\cdot": "·", "\\le": "≤", "\\ge": "≥", "\\ne": "≠", "\\wedge": "∧", "\\vee": "∨", "\\leftarrow": "←", "\\sim": "∼",
  "\\bmod": "mod", "\\mathrel{+}=": "+=", "-": "−", "+": "+", "=": "=", "<": "<", ">": ">", ",": ",", "*": "∗", "/": "/",
};
const LATEX_LETTERS = {
  "\\partial": "∂", "\\dots": "…", "\\infty": "∞", "\\pi": "π", "\\Gamma": "Γ", "\\psi": "ψ", "\\backslash": "\\",
};
const LATEX_DELIMITERS = { "\\lceil": "⌈", "\\rceil": "⌉", "\\lfloor": "⌊", "\\rfloor": "⌋", "\\{": "{", "\\}": "}", ".": "" };
const LATEX_FUNCTIONS = /^\\(ln|log|exp|sinh?|cosh?|tanh?|arcsin|arccos|arctan|max|min)$/;

/** Typeset a line of LaTeX as rows: the second equals sign, and each after it, begins one. */
function typeset(latex) {
  return new Typesetter(latex).rows();
}

class Typesetter {
  constructor(latex) {
    this.tokens = latex.match(LATEX_TOKENS) ?? [];
    this.at = 0;
  }

  rows() {
    const rows = [[]];
    let related = false;
    while (this.at < this.tokens.length) {
      if (this.tokens[this.at] === "=" && related) rows.push([]);
      related ||= ["=", "\\mathrel{+}=", "\\leftarrow"].includes(this.tokens[this.at]);
      const atom = this.scripted();
      if (atom) rows.at(-1).push(atom);
    }
    return rows.map((row) => mathml("math", { display: "block" }, mathml("mrow", {}, ...row)));
  }

  /** Read atoms up to one of some tokens, which is left out. */
  until(...ends) {
    const atoms = [];
    while (this.at < this.tokens.length && !ends.includes(this.tokens[this.at])) {
      const atom = this.scripted();
      if (atom) atoms.push(atom);
    }
    this.at++;
    return mathml("mrow", {}, ...atoms);
  }

  /** Read an atom with what stands above and below it. */
  scripted() {
    const base = this.atom();
    let below = null, above = null;
    while (base && (this.tokens[this.at] === "_" || this.tokens[this.at] === "^")) {
      if (this.tokens[this.at++] === "_") below = this.argument();
      else above = this.argument();
    }
    if (below && above) return mathml("msubsup", {}, base, below, above);
    if (below) return mathml("msub", {}, base, below);
    return above ? mathml("msup", {}, base, above) : base;
  }

  argument() {
    while (this.tokens[this.at] === " ") this.at++;
    if (this.tokens[this.at] === "{") {
      this.at++;
      return this.until("}");
    }
    return this.atom();
  }

  /** Read what stands in braces as it is. */
  raw() {
    let text = "", depth = 0;
    do {
      const token = this.tokens[this.at++];
      if (token === "{") depth++;
      else if (token === "}") depth--;
      else text += /^\\[^A-Za-z]/.test(token) ? token.slice(1) : token;
    } while (depth > 0 && this.at < this.tokens.length);
    return text;
  }

  atom() {
    const token = this.tokens[this.at++];
    if (token in LATEX_OPERATORS) return mathml("mo", token === "," ? { separator: "true" } : {}, LATEX_OPERATORS[token]);
    if (token in LATEX_LETTERS) return mathml("mi", { mathvariant: "normal" }, LATEX_LETTERS[token]);
    if (LATEX_FUNCTIONS.test(token)) return mathml("mi", {}, token.slice(1));
    switch (token) {
      case " ": return null;
      case "{": return this.until("}");
      case "\\frac": return mathml("mfrac", {}, this.argument(), this.argument());
      case "\\sqrt": return this.root();
      case "\\left": return this.fenced();
      case "\\begin": return this.cases();
      case "\\text": return mathml("mtext", {}, this.raw());
      case "\\mathtt": return mathml("mtext", { class: "literal" }, this.raw());
      case "\\mathrm": case "\\operatorname": return mathml("mi", { mathvariant: "normal" }, this.raw());
    }
    if (/^\d/.test(token)) return mathml("mn", {}, token);
    if (/^\p{L}$/u.test(token)) return mathml("mi", {}, token);
    return mathml("mo", { stretchy: "false" }, token.replace(/^\\/, ""));
  }

  root() {
    if (this.tokens[this.at] !== "[") return mathml("msqrt", {}, this.argument());
    this.at++;
    const degree = this.until("]");
    return mathml("mroot", {}, this.argument(), degree);
  }

  fenced() {
    const open = this.tokens[this.at++], inside = this.until("\\right"), close = this.tokens[this.at++];
    const fence = (token) => mathml("mo", { fence: "true", stretchy: "true" }, LATEX_DELIMITERS[token] ?? token);
    return mathml("mrow", {}, fence(open), inside, fence(close));
  }

  cases() {
    this.raw();
    const rows = [];
    while (this.at < this.tokens.length && this.tokens[this.at] !== "\\end") {
      const value = this.until("&"), atoms = [];
      while (this.at < this.tokens.length && !["\\\\", "\\end"].includes(this.tokens[this.at])) {
        const atom = this.scripted();
        if (atom) atoms.push(atom);
      }
      if (this.tokens[this.at] === "\\\\") this.at++;
      const word = mathml("mtext", {}, atoms.length === 1 && atoms[0].localName === "mtext" ? "" : "if ");
      rows.push(mathml("mtr", {}, mathml("mtd", {}, value), mathml("mtd", {}, word, ...atoms)));
    }
    this.at++;
    this.raw();
    return mathml("mrow", {}, mathml("mo", { fence: "true", stretchy: "true" }, "{"), mathml("mtable", { class: "cases" }, ...rows));
  }
}

function mathml(tag, attributes, ...children) {
  const made = document.createElementNS("http://www.w3.org/1998/Math/MathML", tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}
