// What the plan leaves for later, and the same history under three policies of maintenance.

function drawDeferred() {
  put(body("deferred"), plainTable([
    { label: t("work.no"), cls: "num", key: (d) => d.deferral_no, cell: (d) => num(d.deferral_no) },
    { label: t("work.work"), key: (d) => d.work_type, cell: (d) => [h("strong", null, said(codeWord("type", d.work_type))), h("span", { class: "sub" }, indicatorWord(d.indicator))] },
    { label: t("work.place"), key: (d) => `${d.line_id} ${String(Math.round(d.from_m)).padStart(9, "0")}`, cell: (d) => [said(lineName(d.line_id)), h("span", { class: "sub" }, said(workPlace(d)))] },
    { label: t("work.risk"), cls: "num risks", key: (d) => d.risk_52w, down: true, cell: (d) => percent(d.risk_52w) },
    { label: t("work.cost"), cls: "num", key: (d) => d.cost, down: true, cell: (d) => money(d.cost, d.currency) },
    { label: t("deferred.loss"), cls: "num", key: (d) => d.expected_loss, down: true, cell: (d) => money(d.expected_loss, d.currency) },
    { label: t("work.reason"), cls: "wordy", cell: (d) => said(sentences(d.reason)) },
  ], data.deferrals, { first: 10, open: (d) => { const k = d.first_asset === null ? undefined : seriesAt(d.first_asset, d.indicator); if (k !== undefined) openDetail(k); } }));
}

const COUNTED = { 1: "", h: "\u202fh", d: "\u202fd", min: "\u202fmin" };

function amount(row) {
  if (!row) return "–";
  const say = (x) => (COUNTED[row.unit] !== undefined ? num(x) + COUNTED[row.unit] : row.unit === "mm" ? val(x, row.unit) : row.measure === "break_even" ? `${val(x)}\u202f${row.unit}` : money(x, row.unit));
  return [say(row.value), row.low === null ? null : h("span", { class: "sub" }, t("cell.range", { low: say(row.low), high: say(row.high) }))];
}

function drawPolicies() {
  const network = data.policies.filter((r) => r.line_id === "*");
  const named = (key) => [...new Set(network.map((r) => r[key]).filter(Boolean))];
  const find = (measure, policy, against) => network.find((r) => r.measure === measure && r.policy === policy && r.against === against);
  const own = network.find((r) => r.against)?.policy, others = named("against");
  const verdict = (row) => (!row || row.low === null ? null : h("span", { class: row.high < 0 ? "sub" : "sub flag" }, t(row.high < 0 ? "policies.lower" : row.low > 0 ? "policies.higher" : "policies.unproven")));
  put(body("policies"),
    network.length ? h("p", { class: "note" }, t("policies.base", { n: num(network[0].sections), years: num(network[0].years) })) : null,
    plainTable([
      { label: t("policies.measure"), cell: (m) => h("strong", null, codeWord("measure", m)) },
      ...[...new Set(network.filter((r) => !r.against).map((r) => r.policy))].map((p) => ({ label: codeWord("policy", p), cls: "num", cell: (m) => amount(find(m, p, "")) })),
      ...others.map((o) => ({ label: t("policies.against", { policy: codeWord("policy", o) }), cls: "num", cell: (m) => [amount(find(m, own, o)), verdict(find(m, own, o))] })),
    ], named("measure")),
    network.length ? block(t("policies.where"), h("p", { class: "note" }, t("policies.where.note")), plainTable([
      { label: t("lines.line"), key: (r) => lineName(r.line_id), cell: (r) => said(lineName(r.line_id)) },
      { label: t("policies.growth"), key: (r) => r.growth, cell: (r) => codeWord("growth", r.growth) },
      { label: t("policies.sections"), cls: "num", key: (r) => r.sections, down: true, cell: (r) => num(r.sections) },
      { label: t("policies.other"), key: (r) => r.against, cell: (r) => codeWord("policy", r.against) },
      { label: codeWord("measure", "total_cost"), cls: "num", key: (r) => r.value, down: true, cell: (r) => [amount(r), verdict(r)] },
    ], data.policies.filter((r) => r.line_id !== "*"), { first: 12 })) : null);
}
