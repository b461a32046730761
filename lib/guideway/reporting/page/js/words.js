// Words, numbers and dates of the language in use.

const LOCALES = { en: "en-GB", "zh-Hant": "zh-Hant-HK", "zh-Hans": "zh-Hans-CN" };
const DAY_MS = 86400000;
let language = document.documentElement.lang;
let phrases = {};

function useLanguage(code) {
  language = code;
  phrases = {};
  data.keys.forEach((key, i) => { phrases[key] = data.words[code][i]; });
  document.documentElement.lang = code;
}

// The phrase for one thing or for many.
function many(key, n, values) {
  return t(n === 1 && phrases[`${key}_one`] ? `${key}_one` : key, { n: num(n), ...values });
}

function t(key, values) {
  let text = phrases[key];
  if (text === undefined) return key;
  for (const name in values) text = text.replaceAll(`{${name}}`, () => String(values[name]));
  return text;
}

function codeWord(kind, code, fallback) {
  return phrases[`${kind}.${code}`] ?? fallback ?? String(code).replaceAll("_", " ");
}

function indicatorWord(code) {
  return codeWord("indicator", code, Object.hasOwn(data.meta.titles, code) ? data.meta.titles[code] : undefined);
}

// A limit's level: a code such as IAL as it is, a word such as less_comfortable in the language.
function grade(code) {
  return codeWord("grade", String(code).replaceAll(" ", "_"), String(code));
}

function levelWord(code) {
  const word = phrases[`level.${code}`];
  return word ? `${code}, ${word}` : grade(code);
}

const formats = new Map();
function formatter(make, ...options) {
  const key = language + make.name + JSON.stringify(options);
  if (!formats.has(key)) formats.set(key, new make(LOCALES[language], ...options));
  return formats.get(key);
}

function num(value, digits = 0) {
  if (!Number.isFinite(value)) return "–";
  return formatter(Intl.NumberFormat, { minimumFractionDigits: digits, maximumFractionDigits: digits }).format(Object.is(value, -0) || Math.abs(value) < 0.5 / 10 ** digits ? 0 : value).replace("-", "−");
}

// As many decimals as a value of this size needs to be read.
function val(value, unit) {
  if (!Number.isFinite(value)) return "–";
  const size = Math.abs(value);
  const digits = size >= 100 ? 0 : size >= 20 ? 1 : 2;
  return num(value, digits) + (unit ? "\u202f" + unit : "");
}

// A change carries its sign, and a small one a third decimal.
function signed(value, unit) {
  const text = Math.abs(value) < 0.01 && value ? num(value, 3) + (unit ? "\u202f" + unit : "") : val(value, unit);
  return (value > 0 ? "+" : "") + text;
}

function percent(share) {
  return Number.isFinite(share) ? num(share * 100) + "\u202f%" : "–";
}

function money(amount, currency) {
  try {
    return formatter(Intl.NumberFormat, { style: "currency", currency, maximumFractionDigits: 0 }).format(amount).replace("-", "−");
  } catch {
    return `${num(amount)} ${currency}`;
  }
}

function day(days, style = "day") {
  return Number.isFinite(days) ? dayFormat(style).format(new Date(days * DAY_MS)) : "–";
}

function dayFormat(style) {
  const options = {
    day: { day: "numeric", month: "short", year: "numeric" },
    short: { day: "numeric", month: "short" },
    month: { month: "short", year: "2-digit" },
  }[style];
  return formatter(Intl.DateTimeFormat, { ...options, timeZone: "UTC" });
}

function minute(minutes, withDay = true) {
  const options = withDay ? { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" } : { hour: "2-digit", minute: "2-digit" };
  return formatter(Intl.DateTimeFormat, { ...options, hour12: false, timeZone: "UTC" }).format(new Date(minutes * 60000));
}

function away(days) {
  if (!Number.isFinite(days)) return t("cell.never");
  if (days <= 0) return t("cell.now");
  if (days < 7) return t("cell.this_week");
  const weeks = Math.round(days / 7);
  if (weeks === 1) return t("cell.week");
  return weeks <= 104 ? t("cell.weeks", { n: weeks }) : t("cell.years", { n: num(days / 365.25, 1) });
}

// The 80 % interval as dates; an end that lies beyond the forecast's reach is said in words.
function dates(low, high) {
  if (!Number.isFinite(low)) return t("cell.never");
  const from = data.meta.asOf + low, to = data.meta.asOf + high;
  if (!Number.isFinite(high)) return `${day(from)} – ${t("cell.beyond_ten")}`;
  if (Math.round(low) === Math.round(high)) return day(from);
  if (language === "en") return dayFormat("day").formatRange(new Date(from * DAY_MS), new Date(to * DAY_MS));
  return `${day(from)} – ${day(to, sameYear(from, to) ? "short" : "day")}`;
}

function sameYear(a, b) {
  return new Date(a * DAY_MS).getUTCFullYear() === new Date(b * DAY_MS).getUTCFullYear();
}
