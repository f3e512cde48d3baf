// Makes elements of the page.

const SVG = "http://www.w3.org/2000/svg";

/** Make an HTML element; an attribute that begins with "on" is a listener, one that is false is left out. */
function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (value === true) made.setAttribute(name, "");
    else if (value !== false && value != null) made.setAttribute(name, value);
  }
  made.append(...children.flat().filter((child) => child != null && child !== ""));
  return made;
}

/** Make a button; its name is what a screen reader says where the text is a sign. */
function button(text, name, onclick, attributes = {}) {
  return element("button", { type: "button", "aria-label": name || null, title: name || null, onclick, ...attributes }, text);
}

/** Let a button do something or nothing; it keeps the focus that it has. */
function enable(made, can) {
  made.setAttribute("aria-disabled", !can);
}

const ICONS = {
  first: "M4 4h2v12H4zM16 4v12L7 10z", back: "M14 4v12L5 10z", play: "M5 3v14l12-7z", pause: "M5 4h4v12H5zM11 4h4v12h-4z",
  forward: "M6 4v12l9-6z", last: "M14 4h2v12h-2zM4 4v12l9-6z",
};

/** Draw the sign of a button. */
function icon(name) {
  const svg = document.createElementNS(SVG, "svg"), path = document.createElementNS(SVG, "path");
  for (const [attribute, value] of Object.entries({ viewBox: "0 0 20 20", class: "icon", "aria-hidden": "true" }))
    svg.setAttribute(attribute, value);
  path.setAttribute("d", ICONS[name]);
  svg.append(path);
  return svg;
}

/** Make a number that tells all its digits to who points at it. */
function numeral(text, number, attributes = {}) {
  return element("span", { title: repr(number), ...attributes }, text);
}

/** Tell whether a page is dark where an element stands, whatever made it so. */
function standsOnDark(place) {
  for (let each = place; each; each = each.parentElement) {
    const [red, green, blue, alpha = 1] = (getComputedStyle(each).backgroundColor.match(/[\d.]+/g) ?? []).map(Number);
    if (alpha > 0 && red !== undefined) return 0.299 * red + 0.587 * green + 0.114 * blue < 128;
  }
  return false;
}
