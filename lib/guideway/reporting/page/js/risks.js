// Assets to look at: what is likely to fail, and what leaves its own past without a limit near.

const failureOf = new Map();

function indexRisks() {
  for (const row of data.risks.failures) failureOf.set(row.asset, row);
}

function reasonsIn(text) {
  return text && text.split("; ").map(sentences).join(t("detail.between"));
}

function drawRisks() {
  const asset = { label: t("risks.asset"), key: (r) => assetName(r.asset), cell: (r) => [h("strong", null, said(assetName(r.asset))), h("span", { class: "sub" }, said(place(r.asset)))] };
  const chance = (w) => ({ label: t("risks.within", { n: w }), cls: "num", key: (r) => r[`p${w}`] ?? NaN, down: true, cell: (r) => (r[`p${w}`] === null ? "–" : percent(r[`p${w}`])) });
  const first = (r) => seriesOfAsset(r.asset)[0];
  const open = (find) => (r) => { const k = find(r); if (k !== undefined) openDetail(k); };
  put(body("risks"),
    block(t("risks.failures"), h("p", { class: "note" }, t("risks.failures.note")), plainTable([
      asset, chance(4), chance(13), chance(26), chance(52),
      { label: t("risks.half"), cls: "num", key: (r) => r.median_days ?? NaN, cell: (r) => (r.median_days === null ? "–" : num(r.median_days)) },
      { label: t("work.reason"), cls: "wordy", cell: (r) => said(reasonsIn(r.reasons)) },
    ], data.risks.failures, { first: 10, open: open(first) })),
    block(t("risks.departures"), h("p", { class: "note" }, t("risks.departures.note")), plainTable([
      asset,
      { label: t("col.indicator_only"), key: (r) => indicatorWord(r.indicator), cell: (r) => said(indicatorWord(r.indicator)) },
      { label: t("risks.size"), cls: "num", key: (r) => r.size, down: true, cell: (r) => val(r.size, r.unit) },
      { label: t("risks.sigmas"), cls: "num", key: (r) => r.sigmas, down: true, cell: (r) => num(r.sigmas, 1) },
    ], data.risks.departures, { first: 10, open: open((r) => seriesAt(r.asset, r.indicator)) })));
}
