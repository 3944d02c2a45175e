// A number as people write it: 85,010 or 85 010, 0.43 or 0,43, 1e3, 1.18·10⁸, 43 %, 118 million.
const WORDS = { k: 1e3, thousand: 1e3, M: 1e6, million: 1e6, G: 1e9, billion: 1e9 };
const RAISED = "⁰¹²³⁴⁵⁶⁷⁸⁹";
const SPACES = /[\s\u00a0\u2009\u202f'’_]+/g;
const NUMBER = /^([-+]?[\d.,]+)(?:(?:e|[x×*·]10\^?)([-+]?\d+))?(.*)$/i;

function plain(text) {
  const raised = (found) => [...found].map((c) => (c === "⁻" ? "-" : RAISED.indexOf(c))).join("");
  return text
    .replace(/10[⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+/g, (found) => "10^" + raised(found.slice(2)))
    .replace(/[−–]/g, "-")
    .replace(SPACES, "");
}

// What digits with points and commas may stand for: 85,010 may be either, the usual one first.
function digits(text) {
  const marks = text.match(/[.,]/g) ?? [];
  if (marks.length === 0) return [Number(text)];
  const last = marks.at(-1);
  const asPoint = Number(text.replace(last === "," ? /\./g : /,/g, "").replace(last, "."));
  const grouped = /^[-+]?[1-9]\d{0,2}([.,]\d{3})+$/.test(text) && new Set(marks).size === 1;
  const asGroups = Number(text.replace(/[.,]/g, ""));
  if (!grouped) return [asPoint];
  if (marks.length > 1) return [asGroups];
  return last === "," ? [asGroups, asPoint] : [asPoint, asGroups];
}

// What stands after the digits: a factor, a per cent sign, a unit. Null if it is not one of these.
function factors(rest, unit) {
  const letters = unit.replace(SPACES, "");
  if (rest === "" || rest.toLowerCase() === letters.toLowerCase()) return [1];
  if (rest === "%") return [1 / 100, 1];
  const word = Object.keys(WORDS).find((each) => rest.startsWith(each));
  const after = word && rest.slice(word.length);
  if (word && (after === "" || after.toLowerCase() === letters.toLowerCase())) return [WORDS[word]];
  return /^[a-zA-Z]{2,}$/.test(rest) ? [1] : null;
}

// All numbers that a text may stand for; none if it is not a number.
export function readings(text, unit = "") {
  const written = plain(text);
  const parts = written.split("/");
  if (parts.length === 2 && parts.every((part) => /^[-+]?[\d.,]+$/.test(part))) {
    return [digits(parts[0])[0] / digits(parts[1])[0]].filter(Number.isFinite);
  }
  const found = NUMBER.exec(written);
  const by = found && factors(found[3], unit);
  if (!by) return [];
  const power = 10 ** Number(found[2] ?? 0);
  const all = digits(found[1]).flatMap((value) => by.map((factor) => value * power * factor));
  return all.filter(Number.isFinite);
}
