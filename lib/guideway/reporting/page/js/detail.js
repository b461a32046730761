// The drawer: everything known about one section.

const drawer = document.getElementById("detail");
let opened = -1;

function detailIsOpen() {
  return !drawer.hidden;
}

function closeDetail() {
  drawer.hidden = true;
  opened = -1;
}

function openDetail(k) {
  opened = k;
  const a = series.asset.at(k), layer = series.layer.at(k);
  const close = h("button", { type: "button", class: "close", on: { click: closeDetail } }, t("action.close"));
  const top = h("div", { class: "top" }, h("h2", null, said(assetName(a))), close);
  const verdict = h("p", { css: { "margin-top": "10px" } }, mark(layer, t(`layer.${layer}`)),
    layer === "watch" || !consequence(k) ? null : h("span", { class: "soft" }, ` · ${consequence(k)}`));
  const others = seriesOfAsset(a).map((o) => h("button", { type: "button", "aria-pressed": String(o === k), on: { click: () => openDetail(o) } }, indicatorWord(series.indicator.at(o))));
  const { points, exact } = chartData(k);
  const caveat = exact ? null : h("p", { class: "note" }, t(points.length ? "trend.coarse" : "trend.no_points"));
  put(drawer, top, h("p", { class: "soft" }, said(where(a))), verdict, h("div", { class: "tabs" }, others),
    h("div", { class: "chart" }, drawTrend(k, { width: 500, height: 290 })), caveat,
    h("h3", null, t("detail.limits")), limitTable(k), h("h3", null, t("detail.facts")), facts(k, a));
  drawer.hidden = false;
  drawer.setAttribute("aria-label", assetName(a));
}

function limitTable(k) {
  return plainTable([
    { label: t("detail.level"), cell: (i) => [levelWord(levels.level.at(i)), levels.unverified.at(i) ? h("span", { class: "sub flag" }, t("detail.unverified")) : null] },
    { label: t("detail.limit"), cls: "num", cell: (i) => val(levels.limit.at(i), unitOf(k)) },
    { label: t("detail.crosses"), cell: (i) => [away(levels.p50.at(i)), levels.p50.at(i) > 0 ? h("span", { class: "sub" }, dates(levels.p10.at(i), levels.p90.at(i))) : null] },
    { label: t("detail.probability"), cell: (i) => [4, 13, 26, 52].map((w) => num(levels[`c${w}`].at(i) * 100)).join(" / ") + "\u202f%" },
  ], levelsOf(k));
}

function facts(k, a) {
  const unit = unitOf(k), rows = [
    [t("col.rate"), `${signed(series.rate.at(k), perYear(k))} (${val(series.rateLow.at(k))} – ${val(series.rateHigh.at(k))})`],
    [t("col.shift"), shiftWords(k)],
    [t("col.work"), workWords(k)],
    [t("detail.since"), day(series.since.at(k))],
    [t("detail.points"), num(series.points.at(k))],
    [t("detail.sigma"), val(series.sigma.at(k), unit)],
    [t("detail.model"), [codeWord("trend_model", series.model.at(k)), codeWord("status", series.status.at(k))].filter(Boolean).join(", ")],
    [t("detail.speed"), Number.isFinite(assets.speed.at(a)) ? `${num(assets.speed.at(a))} km/h` : ""],
    [t("detail.structure"), assets.structure.at(a) && codeWord("structure", assets.structure.at(a))],
    [t("detail.form"), assets.form.at(a) && codeWord("form", assets.form.at(a))],
    [t("detail.risk"), Number.isFinite(series.risk.at(k)) ? percent(series.risk.at(k)) : ""],
    [t("detail.reasons"), reasonsIn(series.reasons.at(k))],
    [t("detail.fails"), failureOf.has(a) ? [percent(failureOf.get(a).p13), reasonsIn(failureOf.get(a).reasons)].filter(Boolean).join(" · ") : ""],
    ...worksOf(k).map(([at, kind, source]) => [t("trend.work"), `${codeWord("type", kind)}, ${codeWord("source", source)}, ${day(at)}`]),
  ];
  return h("dl", null, rows.filter((row) => row[1] && row[1] !== "–").map(([term, text]) => [h("dt", null, term), h("dd", null, said(text))]));
}
