// Where something is, and what a series says, in words.

function assetName(a) {
  return assets.name.at(a) || assets.id.at(a);
}

function lineName(id) {
  return lineOf.get(id)?.name || id;
}

function km(a) {
  return kmRange(assets.from.at(a), assets.to.at(a));
}

function kmRange(from, to) {
  if (!Number.isFinite(from)) return "";
  if (!Number.isFinite(to) || to === from) return t("cell.at_km", { from: num(from / 1000, 3) });
  const digits = Math.abs(to - from) < 100 ? 3 : 2;
  return t("cell.km", { from: num(from / 1000, digits), to: num(to / 1000, digits) });
}

// Where a work or deferral is: track and chainage, or the depot and what is worked on there.
function workPlace(w) {
  const spot = w.from_m === null ? [t("work.depot"), w.first_asset === null ? "" : assetName(w.first_asset)] : [w.track_id, kmRange(w.from_m, w.to_m)];
  return [...spot, many("work.assets", w.asset_ids)].filter(Boolean).join(" · ");
}

function place(a) {
  return placeOf(a, assets.from.at(a), assets.to.at(a));
}

function placeOf(a, from, to) {
  return [kmRange(from, to), lineName(assets.line.at(a))].filter(Boolean).join(" · ");
}

function where(a) {
  return [lineName(assets.line.at(a)), assets.track.at(a), km(a)].filter(Boolean).join(" · ");
}

// What a limit of a severity asks for, before it is crossed or now: of receivers, less noise.
function asked(severity, a, now) {
  return t(["consequence", now ? "now" : null, assets.type.at(a) === "receiver" ? "receiver" : null, severity].filter(Boolean).join("."));
}

// What a series asks for: because of the limit it is beyond, else of the next one.
function consequence(k) {
  const beyond = series.beyondSeverity.at(k), next = series.severity.at(k);
  if (beyond) return asked(beyond, series.asset.at(k), true);
  return next ? asked(next, series.asset.at(k), false) : "";
}

function unitOf(k) {
  return series.unit.at(k);
}

function nowWords(k) {
  const level = series.level.at(k), beyond = series.beyond.at(k);
  if (beyond) return t("cell.over_limit", { level: grade(beyond) });
  if (!level) return t("cell.no_limit");
  return t("cell.of_limit", { p: num((series.now.at(k) / series.limit.at(k)) * 100), level: grade(level) });
}

function perYear(k) {
  return t("cell.per_year", { unit: unitOf(k) });
}

function shiftWords(k) {
  const shift = series.shift.at(k);
  if (!Number.isFinite(shift)) return "–";
  if (Math.abs(shift) < 7) return t("cell.steady");
  return t(shift < 0 ? "cell.sooner" : "cell.later", { n: num(Math.abs(shift)) });
}

function workWords(k) {
  const work = workOf.get(series.work.at(k));
  return work ? t("cell.work", { n: work.work_no, date: day(Math.floor(work.window_start / 1440), "short") }) : t("cell.no_work");
}

function crossWords(k) {
  if (!series.level.at(k)) return t("cell.no_limit");
  return away(series.p50.at(k));
}

// Share of the next limit that is used up in a year; the order of the fastest.
function pace(k) {
  const rate = series.rate.at(k), limit = series.limit.at(k);
  if (!(Number.isFinite(rate) && limit)) return NaN;
  return (series.now.at(k) <= limit || series.beyond.at(k) ? rate : -rate) / Math.abs(limit);
}

// The rows of the level table that belong to a series, mildest first.
function levelsOf(k) {
  const rows = [];
  for (let i = levels.first.at(k); i < levels.first.at(k + 1); i++) rows.push(i);
  return rows;
}
