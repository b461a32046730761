// The first screen: what to do within days, what to plan, what changed.

const FIRST_ITEMS = 5;

function drawDecide() {
  const meta = data.meta, [first, ...rest] = meta.headline[language];
  document.getElementById("week").textContent = t("report.week", { week: meta.week, year: meta.year });
  document.getElementById("upto").textContent = t("report.data_to", { date: day(meta.asOf) });
  put(document.getElementById("headline"), first);
  put(document.getElementById("lead"), rest.map((sentence) => h("span", null, sentence)));
  put(document.getElementById("panels"), panelAct(), panelPlan(), panelChanged());
}

function panel(kind, title, why, items, total, none, more) {
  const left = total - items.length;
  return h("div", { class: `panel ${kind}` }, h("h3", null, title, total ? h("span", { class: "n" }, num(total)) : null), h("p", { class: "why" }, why),
    items.length ? h("ul", { class: "items" }, items.map((item) => h("li", null, item))) : h("p", { class: "soft" }, none),
    left > 0 ? h("button", { type: "button", class: "link", on: { click: more } }, t("more", { n: num(left) })) : null);
}

function entry({ a, b, c, d, open }) {
  return h("button", { type: "button", class: "item", on: { click: open } }, h("span", { class: "a" }, said(a)), h("span", { class: "b" }, b), h("span", { class: "c" }, c), d ? h("span", { class: "d" }, d) : null);
}

function jump(id) {
  document.getElementById(id).scrollIntoView();
}

// Each place once, by its worst finding.
function panelAct() {
  const { act, places } = data.summary;
  const items = act.slice(0, FIRST_ITEMS).map(([isDefect, k, more]) => (isDefect ? defectEntry(k, more) : actEntry(k, more)));
  return panel("act", mark("act", t("layer.act")), t("layer.act.why"), items, places, t("none.act"), () => { forecastState.layer = "act"; forecastState.within = 0; drawForecast(); jump("forecast"); });
}

// What is planned there, and what else was found.
function furtherWords(a, more) {
  const k = seriesOfAsset(a).find((o) => workOf.has(series.work.at(o))), work = k === undefined ? null : workOf.get(series.work.at(k));
  return [work ? t("act.work", { n: work.work_no, date: day(Math.floor(work.window_start / 1440), "short") }) : t("act.no_work"), more ? many("act.more", more) : null];
}

function actEntry(k, more) {
  const a = series.asset.at(k), beyond = series.beyond.at(k);
  const when = series.p50.at(k) > 0 ? `${grade(series.level.at(k))} ${away(series.p50.at(k))}, ${dates(series.p10.at(k), series.p90.at(k))}` : null;
  return entry({
    a: assetName(a), b: beyond ? t("cell.over_limit", { level: grade(beyond) }) : away(series.p50.at(k)),
    c: [said(place(a)), " · ", `${indicatorWord(series.indicator.at(k))} ${val(series.now.at(k), unitOf(k))}`],
    d: [consequence(k), when, ...furtherWords(a, more)].filter(Boolean).join(" · "), open: () => openDetail(k),
  });
}

function defectEntry(i, more) {
  const a = defects.asset.at(i), severity = defects.severity.at(i);
  return entry({
    a: assetName(a), b: t("cell.over_limit", { level: grade(defects.level.at(i)) }),
    c: [said(placeOf(a, defects.from.at(i), defects.to.at(i))), " · ", `${indicatorWord(defects.indicator.at(i))} ${val(defects.peak.at(i), defects.unit.at(i))} (${grade(defects.level.at(i))} ${val(defects.limit.at(i), defects.unit.at(i))})`],
    d: [asked(severity, a, true), ...furtherWords(a, more)].filter(Boolean).join(" · "), open: () => jump("defects"),
  });
}

const CERTAIN = 0.995;

function withoutWords(w) {
  return w.risk_without >= CERTAIN ? t("work.beyond") : t("work.without", { p: percent(w.risk_without), year: percent(w.risk_52w) });
}

function panelPlan() {
  const items = works.slice(0, FIRST_ITEMS).map((w) => entry({
    a: `${codeWord("type", w.work_type)}, ${lineName(w.line_id)}`, b: day(Math.floor(w.window_start / 1440), "short"),
    c: [said(kmRange(w.from_m, w.to_m) || t("work.depot")), ` · ${many("work.assets", w.asset_ids)} · ${money(w.cost, w.currency)}`],
    d: [w.expected_effect === null ? null : `${indicatorWord(w.indicator)} ${signed(w.expected_effect, indicatorUnit.get(w.indicator) || "")}`, withoutWords(w)].filter(Boolean).join(" · "), open: () => jump("work"),
  }));
  return panel("plan", mark("plan", t("layer.plan")), t("layer.plan.why"), items, works.length, t("none.plan"), () => jump("work"));
}

const LEAST_CHANGE = 0.001;

// Why a forecast moved since last week: the level, its rate, the limit.
function whyWords(k) {
  const unit = unitOf(k), level = series.levelChange.at(k), rate = series.rateChange.at(k), limit = series.limitChange.at(k);
  return [
    Math.abs(level) >= LEAST_CHANGE ? `${indicatorWord(series.indicator.at(k))} ${signed(level, unit)}` : null,
    Math.abs(rate) >= Math.max(0.02 * Math.abs(series.rate.at(k)), LEAST_CHANGE) ? t("why.rate", { change: signed(rate, perYear(k)) }) : null,
    Math.abs(limit) >= LEAST_CHANGE ? t("why.limit", { change: signed(limit, unit) }) : null,
  ].filter(Boolean).join(" · ");
}

function panelChanged() {
  const { newly, sooner, later, moved } = data.summary, fresh = new Set(newly);
  const picked = [...new Set([...newly, ...sooner, ...later])].slice(0, FIRST_ITEMS);
  const items = picked.map((k) => entry({
    a: assetName(series.asset.at(k)), b: fresh.has(k) ? t("cell.newly", { level: grade(series.beyond.at(k)) }) : shiftWords(k),
    c: [said(place(series.asset.at(k))), ` · ${grade(series.level.at(k))} ${away(series.p50.at(k))}`], d: whyWords(k) || null, open: () => openDetail(k),
  }));
  return panel("changed", t("layer.changed"), t("layer.changed.why"), items, moved, t("none.changed"), () => { forecastState.within = 0; forecastState.sort = 7; drawForecast(); jump("forecast"); });
}
