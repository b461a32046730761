// Strip maps: chainage from left to right, time from top to bottom, coloured by the share of the limit that is used.

class StripMap {
  constructor(spec) {
    Object.assign(this, spec);
    this.row = column(pack, spec.assets);
    this.cells = column(pack, spec.values).raw;
    [this.S, this.T] = spec.values.shape;
    this.lo = spec.values.lo;
    this.hi = spec.values.hi;
    this.limits = Object.entries(spec.limits).map(([level, limit]) => ({ level, limit, severity: severityOf.get(level) || 1 })).sort((a, b) => a.severity - b.severity);
    const n = this.limits.length;
    this.sign = n > 1 && this.limits[n - 1].limit < this.limits[0].limit ? -1 : 1;
  }

  valueAt(row, j) {
    const q = this.cells[row * this.T + j];
    return q === 255 ? NaN : this.lo + (q / 254) * (this.hi - this.lo);
  }

  // Colour of each of the 256 codes: a ramp up to the first limit, one colour for each level beyond.
  palette() {
    const ramp = [0, 1, 2].map((i) => colour(`--ramp-${i}`)), over = [1, 2, 3].map((i) => colour(`--over-${i}`));
    const best = this.sign > 0 ? this.lo : this.hi, first = this.limits[0]?.limit ?? (this.sign > 0 ? this.hi : this.lo);
    const paint = new Uint8ClampedArray(256 * 4);
    for (let q = 0; q < 255; q++) {
      const v = this.lo + (q / 254) * (this.hi - this.lo);
      const beyond = this.limits.filter((l) => this.sign * (v - l.limit) > 0).pop();
      const f = Math.max(0, Math.min(1, (v - best) / (first - best || 1))) * 2;
      const [a, b, w] = f < 1 ? [ramp[0], ramp[1], f] : [ramp[1], ramp[2], f - 1];
      const c = beyond ? over[Math.min(beyond.severity, 3) - 1] : a.map((x, i) => x + (b[i] - x) * w);
      paint.set([...c, 255], q * 4);
    }
    return paint;
  }

  span(row) {
    const from = assets.from.at(this.row.at(row)), to = assets.to.at(this.row.at(row));
    return [from, Number.isFinite(to) && to > from ? to : from];
  }

  measure() {
    this.start = this.span(0)[0];
    this.end = Math.max(this.start + 1, this.span(this.S - 1)[1]);
    this.edges = Float64Array.from({ length: this.S }, (_, i) => this.span(i)[0]);
    const last = this.span(this.S - 1);
    if (last[1] === last[0] && this.S > 1) this.end = last[0] + (last[0] - this.start) / (this.S - 1);
  }

  // Rows whose start lies left of a share of the width: the row drawn there.
  rowAt(share) {
    const at = this.start + share * (this.end - this.start);
    let low = 0, high = this.S - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.edges[middle] <= at + 1e-9) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  paint(canvas, width) {
    const W = Math.max(1, Math.round(width)), { S, T, cells, sign } = this;
    canvas.width = W;
    canvas.height = T;
    const context = canvas.getContext("2d"), image = context.createImageData(W, T), paint = this.palette();
    for (let x = 0; x < W; x++) {
      const a = this.rowAt(x / W), b = Math.min(S - 1, Math.max(a, this.rowAt((x + 1) / W - 1e-9)));
      for (let j = 0; j < T; j++) {
        let q = 255;
        for (let row = a; row <= b; row++) {
          const c = cells[row * T + j];
          if (c !== 255 && (q === 255 || (sign > 0 ? c > q : c < q))) q = c;
        }
        if (q !== 255) image.data.set(paint.subarray(q * 4, q * 4 + 4), (j * W + x) * 4);
      }
    }
    context.putImageData(image, 0, 0);
  }
}

function drawStrip(map) {
  map.measure();
  const height = Math.max(96, Math.min(230, map.T * 7));
  const canvas = h("canvas", { css: { height: `${height}px` } });
  const cursor = h("div", { class: "cell-cursor", hidden: true });
  const box = h("div", { class: "map", tabindex: 0, role: "img", "aria-label": `${lineName(map.line)}, ${indicatorWord(map.indicator)}: ${t("strips.note")}` }, canvas, cursor);
  const profile = h("div");
  const grid = h("div", { class: "mapgrid" }, h("div", { class: "ylab" }, h("span", { css: { top: "50%" } }, t("strips.newest"))), profile,
    h("div", { class: "ylab" }, timeLabels(map)), box, h("div"), h("div", { class: "xlab" }, kmLabels(map)));
  const title = h("h3", null, said(lineName(map.line)), map.track ? h("span", { class: "soft" }, " · ", said(map.track)) : null, h("span", { class: "soft" }, ` · ${indicatorWord(map.indicator)}, ${map.unit}`));
  const figure = h("figure", { class: "strip" }, h("figcaption", null, title), grid, legend(map));
  figure.paint = () => {
    const width = box.clientWidth || 1000;
    map.paint(canvas, width);
    put(profile, drawProfile(map, width));
  };
  hoverStrip(map, box, cursor, height);
  return figure;
}

function drawProfile(map, width) {
  const height = 78, newest = (row) => { for (let j = map.T - 1; j >= 0; j--) { const v = map.valueAt(row, j); if (Number.isFinite(v)) return v; } return NaN; };
  const columns_ = Math.min(map.S, Math.max(60, Math.round(width / 2))), values = [];
  for (let c = 0; c < columns_; c++) {
    const a = Math.floor((c * map.S) / columns_), b = Math.max(a + 1, Math.floor(((c + 1) * map.S) / columns_));
    let worst = NaN;
    for (let row = a; row < b; row++) { const v = newest(row); if (Number.isFinite(v) && !(map.sign * (v - worst) <= 0)) worst = v; }
    values.push([map.span(a)[0], b < map.S ? map.span(b)[0] : map.end, worst]);
  }
  const shown = values.map((v) => v[2]).filter(Number.isFinite);
  const all = shown.concat(map.limits.map((l) => l.limit).filter((l) => l <= Math.max(...shown) * 1.35 && l >= Math.min(...shown) * 0.65));
  let low = Math.min(...all), high = Math.max(...all);
  if (!(high > low)) high = low + 1;
  const X = (m) => ((m - map.start) / (map.end - map.start)) * width, Y = (v) => height - 6 - ((v - low) / (high - low)) * (height - 14);
  let d = "", pen = false;
  for (const [from, to, v] of values) {
    if (!Number.isFinite(v)) { pen = false; continue; }
    d += `${pen ? "L" : "M"}${X(from).toFixed(1)} ${Y(v).toFixed(1)}L${X(to).toFixed(1)} ${Y(v).toFixed(1)}`;
    pen = true;
  }
  let last = Infinity;
  const lines = map.limits.filter((l) => l.limit >= low && l.limit <= high).sort((a, b) => a.limit - b.limit).map((l) => {
    last = Math.min(Y(l.limit) + 4, last - 12);
    return [
      s("line", { class: `limit s${l.severity}`, x1: 0, x2: width, y1: Y(l.limit), y2: Y(l.limit) }),
      s("text", { x: width + 6, y: last }, `${grade(l.level)} ${val(l.limit)}`),
    ];
  });
  return s("svg", { class: "plot", viewBox: `0 0 ${width} ${height}`, height, "aria-hidden": "true" }, lines, s("path", { class: "profile", d }));
}

function timeLabels(map) {
  const picks = [...new Set([0, Math.floor((map.T - 1) / 2), map.T - 1])];
  return picks.map((j) => h("span", { css: { top: `${((j + 0.5) / map.T) * 100}%` } }, day(map.days[j], "month")));
}

function kmLabels(map) {
  const { ticks } = niceTicks(map.start / 1000, map.end / 1000, 8);
  const digits = ticks.some((v) => Math.abs(v - Math.round(v)) > 1e-6) ? 1 : 0;
  return ticks.map((v) => h("span", { css: { left: `${((v * 1000 - map.start) / (map.end - map.start)) * 100}%` } }, `${num(v, digits)} km`));
}

function legend(map) {
  const best = map.sign > 0 ? map.lo : map.hi, first = map.limits[0];
  const upTo = first ? val(first.limit, map.unit) : val(map.sign > 0 ? map.hi : map.lo, map.unit);
  return h("div", { class: "legend" }, h("span", null, val(best, map.unit), h("i", { class: "ramp" }), upTo),
    map.limits.map((l) => h("span", null, h("i", { class: `o${Math.min(3, l.severity)}` }), `${t("strips.beyond", { level: grade(l.level) })}, ${val(l.limit, map.unit)}`)),
    h("span", null, h("i", { class: "miss" }), t("strips.missing")));
}

function hoverStrip(map, box, cursor, height) {
  let row = 0, j = map.T - 1;
  const show = (x, y) => {
    const a = map.row.at(row), v = map.valueAt(row, j), [from, to] = map.span(row);
    const next = map.limits.filter((l) => map.sign * (v - l.limit) > 0).pop();
    const share = next ? t("cell.over_limit", { level: grade(next.level) }) : map.limits[0] ? t("cell.of_limit", { p: num((v / map.limits[0].limit) * 100), level: grade(map.limits[0].level) }) : "";
    const what = Number.isFinite(v) ? [val(v, map.unit), share].filter(Boolean).join(" · ") : t("strips.missing");
    showTip(x, y, `${assetName(a)}\n${kmRange(from, to)} · ${day(map.days[j])}\n${what}`);
    const end = row + 1 < map.S ? map.edges[row + 1] : map.end, size = map.end - map.start;
    cursor.hidden = false;
    cursor.style.left = `${((from - map.start) / size) * 100}%`;
    cursor.style.width = `${Math.max(0.3, ((end - from) / size) * 100)}%`;
    cursor.style.top = `${(j / map.T) * 100}%`;
    cursor.style.height = `${height / map.T}px`;
  };
  const open = () => { const k = seriesAt(map.row.at(row), map.indicator); if (k !== undefined) openDetail(k); };
  box.addEventListener("pointermove", (event) => {
    const area = box.getBoundingClientRect();
    row = map.rowAt(Math.max(0, Math.min(0.99999, (event.clientX - area.left) / area.width)));
    j = Math.max(0, Math.min(map.T - 1, Math.floor(((event.clientY - area.top) / area.height) * map.T)));
    show(event.clientX, event.clientY);
  });
  const leave = () => { hideTip(); cursor.hidden = true; };
  box.addEventListener("pointerleave", leave);
  box.addEventListener("blur", leave);
  box.addEventListener("click", open);
  box.addEventListener("keydown", (event) => {
    const step = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
    if (event.key === "Enter") return open();
    if (!step) return;
    event.preventDefault();
    row = Math.max(0, Math.min(map.S - 1, row + step[0]));
    j = Math.max(0, Math.min(map.T - 1, j + step[1]));
    const area = box.getBoundingClientRect();
    show(area.left + ((map.edges[row] - map.start) / (map.end - map.start)) * area.width, area.top + (j / map.T) * area.height);
  });
}

const STRIP_GROUPS = { metro: "vibration", tram: "vibration", maglev: "maglev" };

const MAPS_AT_ONCE = 16;
const stripState = { line: null };

function stripGroup(map) {
  if (/vibration|noise|sound|corrugation|kb_/.test(map.indicator)) return "vibration";
  return STRIP_GROUPS[lineOf.get(map.line)?.mode] === "maglev" ? "maglev" : "track";
}

// A few lines are shown together; of many, one at a time, first the one with the most urgent section.
function drawStrips() {
  const all = strips.filter((map) => map.S && map.T), many_ = all.length > MAPS_AT_ONCE;
  const lines = [...new Set(all.map((map) => map.line))];
  if (many_ && stripState.line === null) {
    const urgent = series.n ? assets.line.at(series.asset.at(0)) : "";
    stripState.line = lines.includes(urgent) ? urgent : lines[0];
  }
  const shown = many_ ? all.filter((map) => map.line === stripState.line) : all;
  const parts = [], figures = [];
  if (many_) parts.push(h("div", { class: "filters" }, h("select", { id: "strip-line", "aria-label": t("lines.line"), on: { change: (e) => { stripState.line = e.target.value; drawStrips(); } } },
    lines.map((line) => h("option", { value: line, selected: line === stripState.line }, lineName(line))))));
  for (const group of ["track", "vibration", "maglev"]) {
    const maps = shown.filter((map) => stripGroup(map) === group);
    if (!maps.length) continue;
    parts.push(h("h3", { class: "group" }, t(`strips.${group}`)));
    for (const map of maps) { const figure = drawStrip(map); figures.push(figure); parts.push(figure); }
  }
  put(body("strips"), parts.length ? parts : h("p", { class: "soft" }, t("none.rows")));
  const seen = new IntersectionObserver((entries) => entries.forEach((e) => { if (e.isIntersecting) { e.target.paint(); seen.unobserve(e.target); } }), { rootMargin: "500px" });
  figures.forEach((figure) => seen.observe(figure));
  paintStrips = () => figures.forEach((figure) => figure.paint());
}
let paintStrips = () => {};

function stripRowOf(a, indicator) {
  for (const map of stripsOf.get(`${assets.line.at(a)}|${indicator}`) || []) {
    const row = map.row.raw.indexOf(a);
    if (row >= 0) return { map, row };
  }
  return null;
}
