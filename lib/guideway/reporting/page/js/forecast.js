// The table of sections: filter, sort, keyboard, one row each.

const forecastState = { text: "", line: "", indicator: "", layer: "", within: 26, sort: null };
const WEEK_TICKS = [4, 13, 26, 52];
let forecastGrid = null;

// Near weeks get more room: the root of the time.
function weekShare(days) {
  return Math.sqrt(Math.max(0, Math.min(1, days / 7 / 52))) * 100;
}

function weekScale() {
  return h("span", { class: "ticks", "aria-hidden": "true" }, WEEK_TICKS.map((w) => h("i", { css: { left: `${weekShare(w * 7)}%` } }, String(w))));
}

function intervalBar(k) {
  const low = series.p10.at(k), middle = series.p50.at(k), high = series.p90.at(k);
  const bar = h("span", { class: "iv", "aria-hidden": "true" }, WEEK_TICKS.map((w) => h("b", { css: { left: `${weekShare(w * 7)}%` } })));
  if (!series.level.at(k)) return bar;
  if (Number.isFinite(low) && low <= 364) {
    const from = weekShare(low), to = weekShare(Number.isFinite(high) ? high : 9999);
    bar.append(h("span", { class: "bar80", css: { left: `${from}%`, width: `${to - from}%` } }));
  }
  if (Number.isFinite(middle) && middle <= 364) bar.append(h("span", { class: "dot", css: { left: `${weekShare(middle)}%` } }));
  else bar.append(h("span", { class: "far" }, "→"));
  return bar;
}

function forecastColumns() {
  const under = (text) => h("span", { class: "sub" }, text);
  return [
    { label: t("col.layer"), cls: "mid", key: (k) => ({ act: 0, plan: 1, watch: 2 })[series.layer.at(k)], cell: (k) => mark(series.layer.at(k), t(`layer.${series.layer.at(k)}.short`)) },
    { label: t("col.section"), key: (k) => series.asset.at(k), cell: (k) => { const a = series.asset.at(k); return [h("strong", null, said(assetName(a))), under(said(place(a)))]; } },
    { label: t("col.indicator"), cls: "mid", key: (k) => indicatorWord(series.indicator.at(k)), hint: (k) => indicatorWord(series.indicator.at(k)), cell: (k) => [indicatorWord(series.indicator.at(k)), under(`${val(series.now.at(k), unitOf(k))} · ${nowWords(k)}`)] },
    { label: t("col.limit"), cls: "wide", key: (k) => series.severity.at(k), down: true, cell: (k) => (series.level.at(k) ? [`${grade(series.level.at(k))} ${val(series.limit.at(k), unitOf(k))}`, under(asked(series.severity.at(k), series.asset.at(k), false))] : t("cell.no_limit")) },
    { label: t("col.when"), key: (k) => (series.level.at(k) ? series.p50.at(k) : NaN), cell: (k) => [crossWords(k), series.p50.at(k) > 0 ? under(dates(series.p10.at(k), series.p90.at(k))) : under("\u00a0")] },
    { label: "", under: weekScale, cls: "mid", key: (k) => series.p10.at(k), cell: intervalBar },
    { label: t("col.rate"), cls: "num wide", key: (k) => pace(k), down: true, cell: (k) => [signed(series.rate.at(k), perYear(k)), under(`${val(series.rateLow.at(k))} – ${val(series.rateHigh.at(k))}`)] },
    { label: t("col.shift"), cls: "wide", key: (k) => series.shift.at(k), cell: shiftWords },
    { label: t("col.work"), cls: "wide", key: (k) => series.work.at(k), cell: workWords },
  ];
}

let haystack = null;

function matches() {
  const { text, line, indicator, layer, within } = forecastState;
  const words = text.toLocaleLowerCase().split(/\s+/).filter(Boolean), found = [];
  if (words.length && !haystack) haystack = list(assets.n, (a) => `${assetName(a)} ${assets.id.at(a)} ${where(a)}`.toLocaleLowerCase());
  const lineOk = assets.line.texts.indexOf(line), kindOk = series.indicator.texts.indexOf(indicator), layerOk = series.layer.texts.indexOf(layer);
  const named = series.indicator.texts.map((code) => ` ${code} ${indicatorWord(code)}`.toLocaleLowerCase());
  for (let k = 0; k < series.n; k++) {
    const a = series.asset.raw[k];
    if (line && assets.line.raw[a] !== lineOk) continue;
    if (indicator && series.indicator.raw[k] !== kindOk) continue;
    if (layer && series.layer.raw[k] !== layerOk) continue;
    if (within && !(series.p50.at(k) <= within * 7 || series.beyondSeverity.at(k) > 0)) continue;
    if (words.length && !words.every((w) => haystack[a].includes(w) || named[series.indicator.raw[k]].includes(w))) continue;
    found.push(k);
  }
  return Uint32Array.from(found);
}

function drawForecast() {
  const count = h("span", { class: "count", role: "status" });
  forecastGrid = new Grid({ columns: forecastColumns(), rowHeight: 58, height: 58 * 10, rowClass: (k) => series.layer.at(k), open: openDetail, label: t("forecast.title") });
  if (forecastState.sort !== null) { forecastGrid.sortBy(forecastState.sort); forecastState.sort = null; }
  const apply = () => {
    forecastGrid.setRows(matches());
    count.textContent = t("filter.count", { n: num(forecastGrid.rows.length), total: num(series.n) });
  };
  const choose = (name, label, options) => h("select", { id: `filter-${name}`, "aria-label": label, on: { change: (e) => { forecastState[name] = e.target.value; apply(); } } },
    h("option", { value: "" }, label), options.map(([value, word]) => h("option", { value, selected: forecastState[name] === value }, word)));
  const find = h("input", { type: "search", id: "filter-text", placeholder: t("filter.find"), "aria-label": t("filter.find"), value: forecastState.text, autocomplete: "off", on: { input: (e) => { forecastState.text = e.target.value; apply(); } } });
  const present = (column_) => [...new Set(Array.from(column_.raw, (c) => column_.texts[c]))];
  const within = h("span", { class: "seg", role: "group", "aria-label": t("filter.within") }, h("span", null, t("filter.within")), [4, 13, 26, 52, 0].map((w) => h("button", {
    type: "button", "data-within": w, "aria-pressed": String(forecastState.within === w), on: { click: (e) => {
      forecastState.within = w;
      for (const button of e.target.parentNode.querySelectorAll("button")) button.setAttribute("aria-pressed", String(button === e.target));
      apply();
    } } }, w ? num(w) : t("filter.any"))));
  const bar = h("div", { class: "filters" }, find, choose("line", t("filter.line"), data.lines.map((l) => [l.id, l.name])),
    choose("indicator", t("filter.indicator"), present(series.indicator).map((code) => [code, indicatorWord(code)])),
    choose("layer", t("filter.layer"), ["act", "plan", "watch"].map((l) => [l, t(`layer.${l}`)])), within, count);
  put(body("forecast"), bar, forecastGrid.element, h("p", { class: "note", id: "printed", hidden: true }));
  apply();
}
