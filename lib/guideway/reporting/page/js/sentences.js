// Sentences the pipeline writes in English, in the language in use: the same patterns and rules as reporting/sentences.py.

const FORMS = { n: "[-+−]?[\\d.,]*\\d%?\\+?", refused: "[a-z_]+" };
const readers = [], codeOfTitle = new Map(), told = new Map();

function readSentences() {
  for (const [english, ...chinese] of data.sentences) {
    const source = english.split(/(\{[a-z]+\d*\})/).map((part, k) => {
      if (k % 2 === 0) return part.replace(/[.*+?^${}()|[\]\\/-]/g, "\\$&");
      const name = part.slice(1, -1);
      return `(?<${name}>${FORMS[kindOf(name)] ?? ".+?"})`;
    }).join("");
    readers.push({ reader: new RegExp(`^${source}$`, "s"), phrases: { "zh-Hant": chinese[0], "zh-Hans": chinese[1] } });
  }
  data.keys.forEach((key, i) => { if (key.startsWith("indicator.")) codeOfTitle.set(data.words.en[i].toLowerCase(), key.slice(10)); });
  for (const [code, title] of Object.entries(data.meta.titles)) codeOfTitle.set(title.toLowerCase(), code);
}

function kindOf(name) {
  return name.replace(/\d+$/, "");
}

function sentences(text) {
  if (language === "en" || !text) return text;
  const key = `${language}|${text}`;
  if (!told.has(key)) told.set(key, wholeText(text));
  return told.get(key);
}

function wholeText(text) {
  const pieces = text.split(/(?<=\.) (?=[A-Z0-9])/);
  if (pieces.length > 1) return pieces.map((piece) => oneSentence(piece) ?? `${piece} `).join("").trim();
  return oneSentence(text) ?? (text.includes("; ") ? citation(text) : text);
}

function oneSentence(text) {
  for (const { reader, phrases: chinese } of readers) {
    const found = reader.exec(text);
    if (found) return chinese[language].replace(/\{([a-z]+\d*)\}/g, (_, name) => sentenceField(kindOf(name), found.groups[name]));
  }
  return null;
}

function sentenceField(kind, value) {
  if (kind === "indicator") return codeOfTitle.has(value.toLowerCase()) ? indicatorWord(codeOfTitle.get(value.toLowerCase())) : value;
  if (kind === "unit") return data.units[value] ?? value.replace(/dB re \S+ \S+/, "dB");
  if (kind === "say") return wholeText(value);
  if (kind === "rule") return citation(value);
  return codeWord(kind, value.replaceAll(" ", "_"), value);
}

function citation(text) {
  return text.split(/(; |, )/).map((part) => ({ "; ": "；", ", ": "，" })[part] ?? oneSentence(part) ?? codeWord("zone", part, part)).join("");
}
