// Start: unpack, index, draw; then language, theme, print and keys.

let pack, data, chain, assets, series, levels, defects, interventions, works, strips;
const lineOf = new Map(), workOf = new Map(), worksByAsset = new Map(), trendOf = new Map(), severityOf = new Map(), indicatorUnit = new Map(), stripsOf = new Map();

function remember(key) {
  try { return localStorage.getItem(`guideway-${key}`); } catch { return null; }
}

function keep(key, value) {
  try { localStorage.setItem(`guideway-${key}`, value); } catch { /* a page opened from a file may have no storage */ }
}

function push(map, key, value) {
  if (map.has(key)) map.get(key).push(value);
  else map.set(key, [value]);
}

function index() {
  readSentences();
  assets = columns(pack, data.assets);
  series = columns(pack, data.series);
  levels = columns(pack, data.levels);
  defects = columns(pack, data.defects);
  interventions = columns(pack, data.interventions);
  works = data.works;
  for (const line of data.lines) lineOf.set(line.id, line);
  for (const work of works) workOf.set(work.work_no, work);
  firstWith(levels.level).forEach((i, level) => severityOf.set(level, levels.severity.at(i)));
  firstWith(series.indicator).forEach((k, indicator) => indicatorUnit.set(indicator, series.unit.at(k)));
  chain = { head: new Int32Array(assets.n).fill(-1), next: new Int32Array(series.n) };
  for (let k = series.n - 1; k >= 0; k--) {
    const a = series.asset.raw[k];
    chain.next[k] = chain.head[a];
    chain.head[a] = k;
  }
  indexRisks();
  for (let i = 0; i < interventions.n; i++) push(worksByAsset, interventions.asset.at(i), i);
  for (const spec of data.trends) {
    const chart = { works: spec.works };
    for (const name of ["day", "value", "good", "fitDay", "fit", "low", "high"]) chart[name] = column(pack, spec[name]);
    trendOf.set(`${spec.asset}|${spec.indicator}`, chart);
  }
  strips = data.strips.map((spec) => new StripMap(spec));
  for (const map of strips) push(stripsOf, `${map.line}|${map.indicator}`, map);
}

// The first row of each distinct text of a column.
function firstWith(texts) {
  const first = new Map(), seen = new Uint8Array(texts.texts.length);
  for (let i = 0; i < texts.n; i++) if (!seen[texts.raw[i]]) { seen[texts.raw[i]] = 1; first.set(texts.texts[texts.raw[i]], i); }
  return first;
}

// The series of an asset, most urgent first.
function seriesOfAsset(a) {
  const found = [];
  for (let k = chain.head[a]; k >= 0; k = chain.next[k]) found.push(k);
  return found;
}

function seriesAt(a, indicator) {
  return seriesOfAsset(a).find((k) => series.indicator.at(k) === indicator);
}

function drawAll() {
  for (const element of document.querySelectorAll("[data-t]")) element.textContent = t(element.dataset.t);
  for (const element of document.querySelectorAll("[data-t-label]")) { element.setAttribute("aria-label", t(element.dataset.tLabel)); element.title = t(element.dataset.tLabel); }
  haystack = null;
  drawDecide();
  drawLines();
  drawForecast();
  drawRates();
  drawTrends();
  drawWork();
  drawDeferred();
  drawPolicies();
  drawDefects();
  drawRisks();
  drawNoise();
  drawStrips();
  drawData();
  drawQuality();
  if (opened >= 0) openDetail(opened);
}

function isDark() {
  const theme = document.documentElement.dataset.theme;
  return theme ? theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
}

function useTheme(theme) {
  document.documentElement.dataset.theme = theme;
  keep("theme", theme);
  paintStrips();
}

function wire() {
  document.getElementById("theme").addEventListener("click", () => useTheme(isDark() ? "light" : "dark"));
  document.getElementById("print").addEventListener("click", () => print());
  document.getElementById("language").addEventListener("change", (event) => { useLanguage(event.target.value); keep("language", event.target.value); drawAll(); });
  document.addEventListener("keydown", onKey);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => paintStrips());
  let timer = 0;
  addEventListener("resize", () => { clearTimeout(timer); timer = setTimeout(() => paintStrips(), 150); });
  addEventListener("beforeprint", beforePrint);
  addEventListener("afterprint", afterPrint);
}

function onKey(event) {
  if (event.key === "Escape") { closeDetail(); hideTip(); return; }
  if (event.ctrlKey || event.metaKey || event.altKey || /^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName)) return;
  if (event.key === "/") { event.preventDefault(); jump("forecast"); document.getElementById("filter-text").focus({ preventScroll: true }); }
  else if (event.key === "t") useTheme(isDark() ? "light" : "dark");
  else if (event.key === "p") print();
}

let themeBefore;
function beforePrint() {
  themeBefore = document.documentElement.dataset.theme;
  document.documentElement.dataset.theme = "light";
  paintStrips();
  forecastGrid.drawPrinted();
  const note = document.getElementById("printed"), total = forecastGrid.rows.length;
  note.hidden = total <= PRINTED_ROWS;
  note.textContent = t("filter.printed", { n: PRINTED_ROWS, total: num(total) });
}

function afterPrint() {
  if (themeBefore) document.documentElement.dataset.theme = themeBefore;
  else delete document.documentElement.dataset.theme;
  paintStrips();
  forecastGrid.draw();
  document.getElementById("printed").hidden = true;
}

async function start() {
  const trouble = document.getElementById("trouble");
  try {
    pack = await unpack(document.getElementById("pack").textContent);
  } catch (error) {
    trouble.hidden = false;
    trouble.textContent = "This browser cannot open the report's data; the PDF and the workbooks beside this file hold the same figures.";
    throw error;
  }
  data = pack.header;
  document.getElementById("pack").remove();
  const theme = remember("theme"), stored = remember("language");
  if (theme === "dark" || theme === "light") document.documentElement.dataset.theme = theme;
  const code = stored && data.words[stored] ? stored : data.meta.language;
  document.getElementById("language").value = code;
  useLanguage(code);
  index();
  drawAll();
  wire();
  document.documentElement.dataset.ready = "true";
}

start();
