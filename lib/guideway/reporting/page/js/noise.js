// Noise control: what each receiver hears, what its level is made of, what works beside it brought.

function drawNoise() {
  const receiver = { label: t("noise.receiver"), key: (r) => assetName(r.asset), cell: (r) => [h("strong", null, said(assetName(r.asset))), h("span", { class: "sub" }, said(place(r.asset)))] };
  const shareBar = (share) => h("span", { class: "share" }, h("i", { css: { width: `${share * 46}px` }, "aria-hidden": "true" }), percent(share));
  const open = (r) => { const k = seriesOfAsset(r.asset)[0]; if (k !== undefined) openDetail(k); };
  put(body("noise"),
    block(t("noise.sources"), h("p", { class: "note" }, t("noise.sources.note")), plainTable([
      receiver,
      { label: t("noise.source"), key: (r) => r.kind, cell: (r) => [h("strong", null, said(t(`noise.kind.${r.kind}`, { source: r.source }))), h("span", { class: "sub" }, r.hz === null ? "" : `${num(r.hz, 1)}\u202fHz`)] },
      { label: t("noise.quantity"), key: (r) => r.quantity, cell: (r) => t(`noise.quantity.${r.quantity}`) },
      { label: t("noise.share"), cls: "num", key: (r) => r.share, down: true, cell: (r) => shareBar(r.share) },
      { label: t("noise.when_found"), cls: "num", key: (r) => r.found, down: true, cell: (r) => percent(r.found) },
      { label: t("noise.passages"), cls: "num", key: (r) => r.n / r.of, down: true, cell: (r) => t("noise.n_of", { n: num(r.n), of: num(r.of) }) },
    ], data.noise.sources, { first: 15, open })),
    block(t("noise.levels"), h("p", { class: "note" }, t("noise.levels.note")), plainTable([
      receiver,
      { label: t("col.indicator_only"), key: (r) => indicatorWord(r.indicator), cell: (r) => [said(indicatorWord(r.indicator)), h("span", { class: "sub" }, `${t("noise.passages")}: ${num(r.n)}`)] },
      { label: t("noise.level"), cls: "num", key: (r) => r.level, down: true, cell: (r) => `${num(r.level, 1)}\u202fdB` },
      ...["common", "speed", "train_type", "rail_roughness", "track_decay", "location", "rest"].map((part) => ({
        label: t(`noise.part.${part}`), cls: "num", key: (r) => r[part] ?? NaN, down: true,
        cell: (r) => (r[part] === null ? "–" : part === "common" ? num(r[part], 1) : part === "rest" ? `± ${num(r[part], 1)}` : signed(r[part], "dB")),
      })),
    ], data.noise.levels, { first: 15, open })),
    block(t("noise.losses"), h("p", { class: "note" }, t("noise.losses.note")), plainTable([
      receiver,
      { label: t("work.work"), key: (r) => r.type, cell: (r) => [h("strong", null, said(codeWord("type", r.type))), h("span", { class: "sub" }, day(r.day))] },
      { label: t("col.indicator_only"), key: (r) => indicatorWord(r.indicator), cell: (r) => said(indicatorWord(r.indicator)) },
      { label: t("noise.loss"), cls: "num", key: (r) => r.loss ?? NaN, down: true, cell: (r) => (r.loss === null ? "–" : `${signed(r.loss, "dB")}`) },
      { label: t("noise.interval"), cls: "num", cell: (r) => (r.low === null ? "–" : `${num(r.low, 1)} – ${num(r.high, 1)}\u202fdB`) },
      { label: t("noise.recordings"), cls: "num", key: (r) => r.before + r.after, cell: (r) => `${num(r.before)} · ${num(r.after)}` },
      { label: t("noise.verdict"), key: (r) => r.verdict, cell: (r) => t(`noise.verdict.${r.verdict}`) },
    ], data.noise.losses, { first: 15, open })));
}
