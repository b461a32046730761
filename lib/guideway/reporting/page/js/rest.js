// The other sections: lines, rates, trends, works, defects, data and how far to trust it.

function drawLines() {
  const peak = Math.max(1, ...data.lines.map((l) => l.crossing_52w));
  const bar = (n) => h("span", { class: "share" }, h("i", { css: { width: `${(n / peak) * 46}px` }, "aria-hidden": "true" }), num(n));
  const sum = (key) => data.lines.reduce((total, l) => total + (l[key] ?? 0), 0);
  const plainNumber = (key, label, digits = 0) => ({ label, cls: "num", key: (l) => l[key] ?? NaN, down: true, cell: (l) => (l[key] === undefined || l[key] === null ? "–" : num(l[key], digits)) });
  const change = (n) => (n === null || n === undefined ? t("change.unknown") : n > 0 ? `▲ ${t("change.more", { n })}` : n < 0 ? `▽ ${t("change.fewer", { n: -n })}` : t("change.same"));
  const columnList = [
    { label: t("lines.line"), key: (l) => l.name, cell: (l) => [h("strong", null, said(l.name)), h("span", { class: "sub" }, codeWord("mode", l.mode))] },
    plainNumber("length_km", t("lines.length"), 1), plainNumber("assets", t("lines.assets")),
    ...WEEK_TICKS.map((w) => ({ label: t("lines.weeks", { n: w }), cls: "num", key: (l) => l[`crossing_${w}w`], down: true, cell: (l) => bar(l[`crossing_${w}w`]) })),
    { label: t("lines.change"), cls: "nowrap", key: (l) => l.crossing_13w_change ?? NaN, down: true, cell: (l) => change(l.crossing_13w_change) },
    plainNumber("exceedances", t("lines.defects")), plainNumber("recordings", t("lines.recordings")), plainNumber("files_rejected", t("lines.rejected")),
  ];
  const changes = data.lines.map((l) => l.crossing_13w_change).filter((n) => n !== null && n !== undefined);
  const foot = [h("td", null, t("lines.total")), ...[["length_km", 1], ["assets", 0]].map(([key, d]) => h("td", { class: "num" }, num(sum(key), d))),
    ...WEEK_TICKS.map((w) => h("td", { class: "num" }, num(sum(`crossing_${w}w`)))), h("td", { class: "nowrap" }, changes.length ? change(changes.reduce((a, b) => a + b, 0)) : "–"),
    ...["exceedances", "recordings", "files_rejected"].map((key) => h("td", { class: "num" }, num(sum(key))))];
  put(body("lines"), plainTable(columnList, data.lines, { foot, open: (l) => { forecastState.line = l.id; forecastState.within = 52; drawForecast(); jump("forecast"); } }),
    data.classes.length ? block(t("classes.title"), h("p", { class: "note" }, t("classes.note")), plainTable([
      { label: t("lines.line"), key: (c) => lineName(c.line_id), cell: (c) => said(lineName(c.line_id)) },
      { label: t("col.indicator_only"), cell: (c) => said(indicatorWord(c.indicator)) },
      ...["A", "B", "C", "D", "E"].map((name) => ({ label: name, cls: "num", key: (c) => c[name], down: true, cell: (c) => num(c[name], 1) })),
    ], data.classes)) : null);
}

function drawRates() {
  const top = [];
  for (let k = 0; k < series.n; k++) {
    const p = pace(k);
    if (p > 0 && (top.length < 10 || p > top[top.length - 1][0])) {
      top.push([p, k]);
      top.sort((a, b) => b[0] - a[0]);
      if (top.length > 10) top.pop();
    }
  }
  put(body("rates"), plainTable([
    { label: t("col.section"), cell: ([, k]) => { const a = series.asset.at(k); return [h("strong", null, said(assetName(a))), h("span", { class: "sub" }, said(place(a)))]; } },
    { label: t("col.indicator"), cell: ([, k]) => [indicatorWord(series.indicator.at(k)), h("span", { class: "sub" }, `${val(series.now.at(k), unitOf(k))} · ${nowWords(k)}`)] },
    { label: t("col.rate"), cls: "num", cell: ([, k]) => [signed(series.rate.at(k), perYear(k)), h("span", { class: "sub" }, `${val(series.rateLow.at(k))} – ${val(series.rateHigh.at(k))}`)] },
    { label: t("rates.pace"), key: ([p]) => p, down: true, cell: ([p, k]) => t("rates.share", { p: num(p * 100), level: grade(series.level.at(k)) }) },
    { label: t("col.when"), key: ([, k]) => series.p50.at(k), cell: ([, k]) => [`${grade(series.level.at(k))} ${crossWords(k)}`, series.p50.at(k) > 0 ? h("span", { class: "sub" }, dates(series.p10.at(k), series.p90.at(k))) : null] },
    { label: t("col.work"), cell: ([, k]) => workWords(k) },
  ], top, { open: ([, k]) => openDetail(k) }));
}

// The most urgent charts, at most two of a mode, so that no kind of network is left out.
function drawTrends() {
  const seen = new Map(), picked = [];
  for (let k = 0; k < series.n && picked.length < 9; k++) {
    const a = series.asset.at(k), mode = lineOf.get(assets.line.at(a))?.mode, key = `${mode}|${series.indicator.at(k)}`;
    if (!series.level.at(k) || series.layer.at(k) === "watch" || (seen.get(key) || 0) >= (series.p50.at(k) > 0 ? 2 : 1)) continue;
    seen.set(key, (seen.get(key) || 0) + 1);
    picked.push(k);
  }
  const figures = picked.map((k) => { const figure = trendFigure(k); figure.addEventListener("click", () => openDetail(k)); return figure; });
  put(body("trends"), figures.length ? h("div", { class: "charts" }, figures) : h("p", { class: "soft" }, t("none.rows")));
}

function drawWork() {
  const total = new Map();
  for (const w of works) total.set(w.currency, (total.get(w.currency) || 0) + w.cost);
  const cost = [...total].map(([currency, amount]) => money(amount, currency)).join(" + ");
  const verdict = data.meta.plan[language];
  put(body("work"), verdict ? h("p", { class: "note verdict" }, verdict) : null, plainTable([
    { label: t("work.no"), cls: "num", key: (w) => w.work_no, cell: (w) => num(w.work_no) },
    { label: t("work.work"), key: (w) => w.work_type, cell: (w) => [h("strong", null, said(codeWord("type", w.work_type))), h("span", { class: "sub" }, indicatorWord(w.indicator))] },
    { label: t("work.place"), key: (w) => `${w.line_id} ${String(Math.round(w.from_m)).padStart(9, "0")}`, cell: (w) => [said(lineName(w.line_id)), h("span", { class: "sub" }, said(workPlace(w)))] },
    { label: t("work.window"), cls: "nowrap", key: (w) => w.window_start, cell: (w) => [day(Math.floor(w.window_start / 1440)), h("span", { class: "sub" }, said(`${minute(w.window_start, false)} – ${minute(w.window_end, false)} ${w.zone}`))] },
    { label: t("work.cost"), cls: "num", key: (w) => w.cost, down: true, cell: (w) => money(w.cost, w.currency) },
    { label: t("work.effect"), cls: "num", key: (w) => w.expected_effect ?? NaN, cell: (w) => (w.expected_effect === null ? "–" : signed(w.expected_effect, indicatorUnit.get(w.indicator) || "")) },
    { label: t("work.risks"), cls: "num risks", key: (w) => w.risk_52w ?? w.risk_without, down: true, cell: (w) => [percent(w.risk_without), " · ", percent(w.risk_52w ?? NaN)] },
    { label: t("work.reason"), cls: "wordy", cell: (w) => said(sentences(w.reason)) },
  ], works, { foot: works.length ? [h("td", { colspan: 4 }, many("work.total", works.length, { cost })), h("td", { colspan: 4 })] : undefined }));
  const inferred = list(interventions.n, (i) => i).filter((i) => interventions.source.at(i) === "inferred").sort((i, j) => interventions.day.at(j) - interventions.day.at(i));
  put(body("inferred"), plainTable([
    { label: t("col.section"), key: (i) => interventions.asset.at(i), cell: (i) => { const a = interventions.asset.at(i); return [h("strong", null, said(assetName(a))), h("span", { class: "sub" }, said(place(a)))]; } },
    { label: t("inferred.when"), cls: "nowrap", key: (i) => interventions.day.at(i), down: true, cell: (i) => day(interventions.day.at(i)) },
    { label: t("inferred.effect"), key: (i) => interventions.effect.at(i), cell: (i) => (Number.isFinite(interventions.effect.at(i)) ? `${indicatorWord(interventions.indicator.at(i))} ${signed(interventions.effect.at(i), indicatorUnit.get(interventions.indicator.at(i)) || "")}` : "–") },
    { label: t("inferred.confidence"), cls: "num", key: (i) => interventions.confidence.at(i), down: true, cell: (i) => percent(interventions.confidence.at(i)) },
  ], inferred, { first: 10, open: (i) => { const k = seriesOfAsset(interventions.asset.at(i))[0]; if (k !== undefined) openDetail(k); } }));
}

function drawDefects() {
  const rows = list(defects.n, (i) => i).sort((a, b) => defects.severity.at(b) - defects.severity.at(a) || defects.peak.at(b) / defects.limit.at(b) - defects.peak.at(a) / defects.limit.at(a));
  const layer = (i) => (defects.severity.at(i) >= 2 ? "act" : "plan");
  put(body("defects"), plainTable([
    { label: t("col.layer"), key: (i) => defects.severity.at(i), down: true, cell: (i) => [mark(layer(i), t(`layer.${layer(i)}.short`)), h("span", { class: "sub" }, asked(defects.severity.at(i), defects.asset.at(i), true))] },
    { label: t("col.section"), key: (i) => defects.asset.at(i), cell: (i) => { const a = defects.asset.at(i); return [h("strong", null, said(assetName(a))), h("span", { class: "sub" }, said(placeOf(a, defects.from.at(i), defects.to.at(i))))]; } },
    { label: t("col.indicator_only"), key: (i) => indicatorWord(defects.indicator.at(i)), cell: (i) => said(indicatorWord(defects.indicator.at(i))) },
    { label: t("defects.peak"), cls: "num", key: (i) => defects.peak.at(i), down: true, cell: (i) => val(defects.peak.at(i), defects.unit.at(i)) },
    { label: t("defects.limit"), cls: "num", cell: (i) => `${grade(defects.level.at(i))} ${val(defects.limit.at(i), defects.unit.at(i))}` },
    { label: t("defects.extent"), cls: "num", key: (i) => defects.to.at(i) - defects.from.at(i), down: true, cell: (i) => (defects.to.at(i) > defects.from.at(i) ? `${num(defects.to.at(i) - defects.from.at(i), 1)}\u202fm` : "–") },
    { label: t("defects.measured"), cls: "nowrap", key: (i) => defects.day.at(i), down: true, cell: (i) => day(defects.day.at(i), "short") },
    { label: t("defects.reason"), cls: "wordy", cell: (i) => said(sentences(defects.reason.at(i))) },
  ], rows, { first: 15, open: (i) => { const k = seriesAt(defects.asset.at(i), defects.indicator.at(i)) ?? seriesOfAsset(defects.asset.at(i))[0]; if (k !== undefined) openDetail(k); } }));
}

function block(title, ...inside) {
  return h("div", { class: "block" }, h("h3", null, title), inside);
}

function drawData() {
  const { rejected, misaligned, unmeasured, untrended } = data.data;
  put(body("data"),
    block(t("data.rejected"), plainTable([
      { label: t("data.file"), key: (f) => f.path, cell: (f) => [said(f.path), h("span", { class: "sub" }, said(f.source_id), ` · ${num(f.size_bytes / 1e6, 1)}\u202fMB`)] },
      { label: t("data.status"), key: (f) => f.status, cell: (f) => codeWord("status", f.status) },
      { label: t("data.delivered"), cls: "nowrap", key: (f) => f.delivered_at, down: true, cell: (f) => [minute(f.delivered_at), h("span", { class: "sub" }, "UTC")] },
      { label: t("data.reason"), cls: "wordy", cell: (f) => said(sentences(f.reason) || "–") },
    ], rejected)),
    block(t("data.misaligned"), plainTable([
      { label: t("data.recording"), key: (m) => m.recording_id, cell: (m) => said(m.recording_id) },
      { label: t("work.place"), cell: (m) => said(`${lineName(m.line_id)} · ${kmRange(m.from_m, m.to_m)}`) },
      { label: t("data.started"), cls: "nowrap", key: (m) => m.started_at, down: true, cell: (m) => [minute(m.started_at), h("span", { class: "sub" }, said(m.zone))] },
      { label: t("data.reason"), cell: (m) => (m.correlation === null ? codeWord("method", m.method) : t("data.correlation", { r: num(m.correlation, 2) })) },
    ], misaligned)),
    block(t("data.unmeasured"), plainTable([
      { label: t("data.recording"), key: (m) => m.recording_id, cell: (m) => said(m.recording_id) },
      { label: t("lines.line"), cell: (m) => said(lineName(m.line_id)) },
      { label: t("data.started"), cls: "nowrap", key: (m) => m.started_at, down: true, cell: (m) => [minute(m.started_at), h("span", { class: "sub" }, said(m.zone))] },
      { label: t("data.status"), cell: (m) => codeWord("status", m.status) },
      { label: t("data.reason"), cls: "wordy", cell: (m) => said(sentences(m.reason) || "–") },
    ], unmeasured)),
    untrended.length ? block(t("data.untrended"), plainTable([
      { label: t("lines.line"), cell: (u) => said(lineName(u.line_id)) },
      { label: t("col.indicator_only"), cell: (u) => indicatorWord(u.indicator) },
      { label: t("data.reason"), cell: (u) => codeWord("status", u.status) },
      { label: t("data.count"), cls: "num", key: (u) => u.n, down: true, cell: (u) => num(u.n) },
    ], untrended)) : null);
}

function drawQuality() {
  const model = data.meta.model, trained = model?.trained ? t("quality.trained", { date: day(model.trained) }) : "";
  const metrics = model ? Object.entries(model.metrics).map(([name, value]) => `${codeWord("metric", name)} ${num(value, 3)}`).join(" · ") : "";
  put(body("quality"),
    block(t("quality.scorecard"), h("p", { class: "note" }, t("quality.scorecard.note")), h("p", { class: "note verdict" }, data.meta.coverage[language].map((says) => [says, h("br")])), plainTable([
      { label: t("col.indicator_only"), key: (c) => c.indicator, cell: (c) => said(indicatorWord(c.indicator)) },
      { label: t("quality.horizon"), cls: "num", key: (c) => c.horizon_weeks, cell: (c) => t("lines.weeks", { n: c.horizon_weeks }) },
      { label: t("quality.n"), cls: "num", key: (c) => c.n, down: true, cell: (c) => num(c.n) },
      { label: t("quality.coverage80"), cls: "num", key: (c) => c.coverage_80, cell: (c) => percent(c.coverage_80) },
      { label: t("quality.coverage95"), cls: "num", key: (c) => c.coverage_95, cell: (c) => percent(c.coverage_95) },
      { label: t("quality.crps"), cls: "num", key: (c) => c.crps, cell: (c) => `${num(c.crps, 3)}\u202f${indicatorUnit.get(c.indicator) || ""}` },
      { label: t("quality.baseline"), cls: "num", key: (c) => c.baseline_crps, cell: (c) => `${num(c.baseline_crps, 3)}\u202f${indicatorUnit.get(c.indicator) || ""}` },
      { label: t("quality.skill"), cls: "num", key: (c) => 1 - c.crps / c.baseline_crps, down: true, cell: (c) => percent(1 - c.crps / c.baseline_crps) },
      { label: t("quality.bias"), cls: "num", key: (c) => c.bias, cell: (c) => signed(c.bias, indicatorUnit.get(c.indicator) || "") },
    ], data.scorecard, { first: 30 })),
    block(t("quality.model"), model ? [h("p", null, h("strong", null, said(model.name)), ` · ${t("quality.version")} `, said(model.version), " · ", said(codeWord("alias", model.alias)), trained ? ` · ${trained}` : ""), h("p", { class: "soft" }, said(metrics)), model.gate ? h("p", null, `${t("quality.gate")}: `, said(sentences(model.gate))) : null] : h("p", { class: "soft" }, t("quality.no_model"))),
    h("div", { class: "pair block" },
      block(t("quality.rules"), h("p", { class: "note" }, t("quality.rules.note")), plainTable([
        { label: t("quality.book"), cell: (b) => said(b.rulebook_id) },
        { label: t("quality.standard"), cell: (b) => said(b.standard) },
        { label: t("quality.edition"), cell: (b) => said(b.edition) },
        { label: t("quality.values"), cell: (b) => [num(b.size), h("span", { class: b.sum ? "sub flag" : "sub" }, b.sum ? t("quality.unverified", { n: num(b.sum) }) : t("quality.verified"))] },
      ], data.books)),
      block(t("quality.tables"), plainTable([
        { label: t("quality.table"), cell: (v) => said(v[0]) },
        { label: t("quality.version"), cls: "num", cell: (v) => num(v[1]) },
      ], data.versions, { first: 40 }))));
  put(document.getElementById("made"), said(t("footer.made", { version: data.meta.version, run: data.meta.run })));
}
