// Elements are made from names and texts only: no markup is ever parsed, so no text of the data can become code.

const SVG = "http://www.w3.org/2000/svg";

function h(name, attributes, ...children) {
  return fill(document.createElement(name), attributes, children);
}

function s(name, attributes, ...children) {
  return fill(document.createElementNS(SVG, name), attributes, children);
}

function fill(element, attributes, children) {
  for (const [key, value] of Object.entries(attributes || {})) {
    if (value === undefined || value === null || value === false) continue;
    if (key === "on") for (const [event, run] of Object.entries(value)) element.addEventListener(event, run);
    else if (key === "css") for (const [property, text] of Object.entries(value)) element.style.setProperty(property, text);
    else element.setAttribute(key, value === true ? "" : value);
  }
  for (const child of children.flat(3)) if (child !== null && child !== undefined && child !== false) element.append(child);
  return element;
}

// A text of the data: on its own for the two directions of writing.
function said(text) {
  return h("bdi", null, String(text));
}

function put(element, ...children) {
  element.replaceChildren(...children.flat(3).filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

function body(id) {
  return document.querySelector(`#${id} > .body`);
}

const SHAPES = { act: "M6 1 11.4 11H.6z", plan: "M6 .6 11.4 6 6 11.4.6 6z", watch: "M6 3a3 3 0 1 1 0 6 3 3 0 1 1 0-6z" };

function mark(layer, word) {
  const shape = s("path", { d: SHAPES[layer], fill: layer === "watch" ? "none" : "currentColor", stroke: "currentColor", "stroke-width": layer === "watch" ? 1.4 : 0 });
  return h("span", { class: `mark ${layer}` }, s("svg", { viewBox: "0 0 12 12", width: 11, height: 11, "aria-hidden": "true" }, shape), word);
}

const tip = document.getElementById("tip");

function showTip(x, y, text) {
  tip.textContent = text;
  tip.hidden = false;
  const box = tip.getBoundingClientRect();
  tip.style.left = `${Math.max(8, Math.min(x + 14, innerWidth - box.width - 8))}px`;
  tip.style.top = `${y + 18 + box.height > innerHeight ? y - box.height - 12 : y + 18}px`;
}

function hideTip() {
  tip.hidden = true;
}

// The colour a custom property stands for in the theme in use, as [r, g, b].
function colour(property) {
  const probe = h("i", { css: { color: `var(${property})` } });
  document.body.append(probe);
  const parts = getComputedStyle(probe).color.match(/[\d.]+/g).slice(0, 3).map(Number);
  probe.remove();
  return parts;
}
