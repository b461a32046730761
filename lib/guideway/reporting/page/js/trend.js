// The trend chart of a series: points, fitted line, 80 % interval, limits, crossing and works.

const Z80 = 1.2815515655446004, AHEAD = 364;

// Points and line of a series: exact where the report holds them, else read back from the strip map and the trend row.
function chartData(k) {
  const key = `${series.asset.at(k)}|${series.indicator.at(k)}`;
  const exact = trendOf.get(key);
  if (exact) {
    const { day: at, value, good, fitDay, fit, low, high } = exact;
    const points = list(at.n, (i) => ({ x: at.at(i), y: value.at(i), good: good.at(i) === 1 })).filter((p) => Number.isFinite(p.y));
    const line = list(fitDay.n, (i) => ({ x: fitDay.at(i), y: fit.at(i), low: low.at(i), high: high.at(i) }));
    return { points, line: line.length ? line : lineOfTrend(k), exact: true };
  }
  return { points: pointsOfStrip(series.asset.at(k), series.indicator.at(k)), line: lineOfTrend(k), exact: false };
}

function list(n, make) {
  return Array.from({ length: n }, (_, i) => make(i));
}

function lineOfTrend(k) {
  const now = series.now.at(k), rate = series.rate.at(k), today = data.meta.asOf;
  if (!Number.isFinite(now) || !Number.isFinite(rate)) return [];
  const since = Number.isFinite(series.since.at(k)) ? series.since.at(k) : today;
  const level = (Z80 * (series.sigma.at(k) || 0)) / Math.sqrt(Math.max(series.points.at(k) || 1, 1));
  const slope = (series.rateHigh.at(k) - series.rateLow.at(k)) / 2 || 0;
  const at = [...list(9, (i) => since + ((today - since) * i) / 8), ...list(13, (i) => today + 28 + ((AHEAD - 28) * i) / 12)];
  return at.map((x) => {
    const years = (x - today) / 365.25, width = Math.hypot(level, slope * years), y = now + rate * years;
    return { x, y, low: y - width, high: y + width };
  });
}

function pointsOfStrip(a, indicator) {
  const place = stripRowOf(a, indicator);
  if (!place) return [];
  const { map, row } = place, points = [];
  map.days.forEach((x, j) => {
    const y = map.valueAt(row, j);
    if (Number.isFinite(y)) points.push({ x, y, good: true });
  });
  return points;
}

function niceTicks(low, high, count) {
  const raw = (high - low) / count, power = 10 ** Math.floor(Math.log10(raw || 1));
  const step = [1, 2, 2.5, 5, 10].map((m) => m * power).find((m) => m >= raw) || power;
  const ticks = [];
  for (let v = Math.ceil(low / step - 1e-9) * step; v <= high + step * 1e-6; v += step) ticks.push(v);
  return { ticks, digits: Math.max(0, -Math.floor(Math.log10(step) + 1e-9)) + (String(step / power).includes(".") ? 1 : 0) };
}

function yRange(k, points, line, limits) {
  const inside = points.map((p) => p.y).concat(line.flatMap((p) => [p.low, p.high]));
  const next = series.limit.at(k);
  if (Number.isFinite(next)) inside.push(next);
  let low = Math.min(...inside), high = Math.max(...inside);
  if (!(high > low)) [low, high] = [low - 1 || -1, high + 1 || 1];
  const room = (high - low) * 0.3;
  for (const { limit } of limits) if (limit <= high + room && limit >= low - room) { low = Math.min(low, limit); high = Math.max(high, limit); }
  const pad = (high - low) * 0.07;
  return [low - pad, high + pad];
}

function drawTrend(k, { width, height }) {
  const { points, line } = chartData(k), today = data.meta.asOf, unit = unitOf(k);
  const limits = levelsOf(k).map((i) => ({ level: levels.level.at(i), limit: levels.limit.at(i), severity: levels.severity.at(i), p10: levels.p10.at(i), p50: levels.p50.at(i), p90: levels.p90.at(i) }));
  if (!points.length && !line.length) return h("p", { class: "soft" }, t("trend.none", { status: codeWord("status", series.status.at(k) || "no_data") }));
  const left = 36, right = 50, top = 12, bottom = 24;
  const x0 = Math.min(today - 90, ...points.map((p) => p.x), ...line.map((p) => p.x)), x1 = today + AHEAD;
  const [y0, y1] = yRange(k, points, line, limits);
  const X = (v) => left + ((v - x0) / (x1 - x0)) * (width - left - right);
  const Y = (v) => top + ((y1 - v) / (y1 - y0)) * (height - top - bottom);
  const path = (at, get) => at.map((p, i) => `${i ? "L" : "M"}${X(p.x).toFixed(1)} ${Y(get(p)).toFixed(1)}`).join("");
  const svg = s("svg", { class: "plot", viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": trendLabel(k) });
  const { ticks, digits } = niceTicks(y0, y1, 4);
  for (const v of ticks) {
    svg.append(s("line", { class: "axis", x1: left, x2: width - right, y1: Y(v), y2: Y(v) }));
    svg.append(s("text", { x: left - 7, y: Y(v) + 4, "text-anchor": "end" }, num(v, digits)));
  }
  for (const v of monthTicks(x0, x1, width)) svg.append(s("text", { x: X(v), y: height - 6, "text-anchor": "middle" }, day(v, "month")));
  const clip = `M${left} 0H${width - right}V${height - bottom}H${left}Z`;
  if (line.length) {
    const band = path(line, (p) => Math.min(p.high, y1)) + path([...line].reverse(), (p) => Math.max(p.low, y0)).replace("M", "L") + "Z";
    svg.append(s("path", { class: "band", d: band, "data-clip": clip }));
  }
  svg.append(s("line", { class: "today", x1: X(today), x2: X(today), y1: top, y2: height - bottom }));
  svg.append(s("text", { x: X(today) - 4, y: top + 4, "text-anchor": "end" }, t("trend.today")));
  drawLimits(svg, limits.filter((l) => l.limit >= y0 && l.limit <= y1), { X, Y, left, width, right, today, x1 });
  drawWorks(svg, k, { X, x0, x1, top, base: height - bottom });
  const past = line.filter((p) => p.x <= today), ahead = line.filter((p) => p.x >= today && p.y <= y1 && p.y >= y0);
  if (past.length > 1) svg.append(s("path", { class: "fit", d: path(past, (p) => p.y) }));
  if (ahead.length > 1) svg.append(s("path", { class: "fit ahead", d: path(ahead, (p) => p.y) }));
  for (const p of points) {
    const dot = s("circle", { class: p.good ? "pt" : "pt suspect", cx: X(p.x), cy: Y(p.y), r: 2.6 });
    svg.append(dot);
  }
  svg.addEventListener("pointermove", (event) => trendTip(svg, event, points, line, { X, width, unit }));
  svg.addEventListener("pointerleave", hideTip);
  return svg;
}

function drawLimits(svg, limits, { X, Y, left, width, right, today, x1 }) {
  let last = Infinity;
  for (const l of [...limits].sort((a, b) => a.limit - b.limit)) {
    const y = Y(l.limit);
    svg.append(s("line", { class: `limit s${l.severity}`, x1: left, x2: width - right, y1: y, y2: y }));
    const at = Math.min(y + 4, last - 12);
    last = at;
    svg.append(s("text", { x: width - right + 5, y: at }, `${grade(l.level)} ${val(l.limit)}`));
    if (l.p50 > 0 && l.p10 < x1 - today) {
      svg.append(s("line", { class: "cross", x1: X(today + l.p10), x2: X(Math.min(x1, today + (Number.isFinite(l.p90) ? l.p90 : Infinity))), y1: y, y2: y }));
      if (today + l.p50 <= x1) svg.append(s("circle", { class: "crossdot", cx: X(today + l.p50), cy: y, r: 4 }));
    }
  }
}

function worksOf(k) {
  const exact = trendOf.get(`${series.asset.at(k)}|${series.indicator.at(k)}`);
  const own = (worksByAsset.get(series.asset.at(k)) || []).map((i) => [interventions.day.at(i), interventions.type.at(i), interventions.source.at(i)]);
  return own.length ? own : exact?.works || [];
}

function drawWorks(svg, k, { X, x0, x1, top, base }) {
  for (const [at, kind, source] of worksOf(k)) {
    if (at < x0 || at > x1) continue;
    const x = X(at), words = `${codeWord("type", kind)}, ${codeWord("source", source)}, ${day(at)}`;
    svg.append(s("g", null, s("title", null, words), s("line", { class: "work", x1: x, x2: x, y1: top, y2: base }), s("path", { class: "workmark", d: `M${x} ${base - 5}l5 5-5 5-5-5z` })));
  }
}

function monthTicks(x0, x1, width) {
  const months = (x1 - x0) / 30.4, room = Math.max(2, Math.floor(width / 82));
  const step = [1, 2, 3, 6, 12, 24, 60, 120].find((m) => months / m <= room) || 240;
  const ticks = [], start = new Date(x0 * DAY_MS);
  for (let m = start.getUTCFullYear() * 12 + start.getUTCMonth() + 1; ; m++) {
    const v = Date.UTC(Math.floor(m / 12), m % 12, 1) / DAY_MS;
    if (v > x1) return ticks;
    if (m % step === 0) ticks.push(v);
  }
}

function trendTip(svg, event, points, line, { X, width, unit }) {
  const box = svg.getBoundingClientRect(), x = ((event.clientX - box.left) / box.width) * width;
  const near = (at) => at.reduce((best, p) => (Math.abs(X(p.x) - x) < Math.abs(X(best.x) - x) ? p : best), at[0]);
  const point = points.length ? near(points) : null, fit = line.length ? near(line) : null;
  const rows = [];
  if (point && Math.abs(X(point.x) - x) < 14) rows.push(`${day(point.x)}\n${t(point.good ? "trend.point" : "trend.suspect")} ${val(point.y, unit)}`);
  else if (fit) rows.push(`${day(fit.x)}\n${val(fit.y, unit)}\n${t("trend.interval")} ${val(fit.low)} – ${val(fit.high, unit)}`);
  if (rows.length) showTip(event.clientX, event.clientY, rows.join("\n"));
}

function trendLabel(k) {
  const a = series.asset.at(k);
  return `${assetName(a)}, ${indicatorWord(series.indicator.at(k))}: ${val(series.now.at(k), unitOf(k))}, ${grade(series.level.at(k))} ${crossWords(k)}`;
}

function trendFigure(k) {
  const a = series.asset.at(k), layer = series.layer.at(k);
  const caption = h("figcaption", null, mark(layer, t(`layer.${layer}.short`)), h("strong", null, said(assetName(a))),
    h("span", { class: "soft" }, h("br"), said(place(a)), h("br"), [indicatorWord(series.indicator.at(k)), unitOf(k)].filter(Boolean).join(", ")));
  return h("figure", null, caption, drawTrend(k, { width: 400, height: 216 }));
}
