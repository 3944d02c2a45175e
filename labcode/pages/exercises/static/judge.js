// Why an answer is wrong: the same rules, in the same order, as labcode/pages/exercises/numbers.py.
import { readings } from "./numbers.js";

const NEAR = 0.05;

function close(number, other, tolerance) {
  return Math.abs(number - other) <= Math.max(tolerance, 1e-6) * Math.abs(other) + 1e-12;
}

function times(factor) {
  return factor < 100 ? `about ${factor.toFixed(1)} times` : "more than a hundred times";
}

function compared(number, right) {
  if (close(number, right, NEAR)) {
    return "Close, but not it: it is off by less than 5 %. Count exactly, and round last.";
  }
  if (number * right < 0) return "The sign is the other way round.";
  const [mine, whole] = [Math.abs(number), Math.abs(right)];
  const more = mine > whole ? "too large" : "too small";
  if (number * right === 0) return `That is ${more}.`;
  return `That is ${more}, ${times(Math.max(mine, whole) / Math.min(mine, whole))}.`;
}

// Why a number is wrong; nothing if it is right.
export function why(number, { right, within, slips }) {
  if (close(number, right, within)) return "";
  const slip = slips.find(([value]) => close(number, value, within));
  return slip ? slip[1] : compared(number, right);
}

// Why a text is not a right answer to a field; nothing if one of its readings is right.
export function whyNot(text, field) {
  if (text.trim() === "") return "Write a number first.";
  const numbers = readings(text, field.unit);
  if (numbers.length === 0) {
    return "That cannot be read as a number. 1,000, 1000, 0.5, 0,5, 1/2, 1e3 and 50 % all can.";
  }
  const reasons = numbers.map((number) => why(number, field));
  return reasons.includes("") ? "" : reasons[0];
}

// What is said to the texts of all fields, and whether all are right.
export function answerTo(texts, fields) {
  for (const [place, field] of fields.entries()) {
    const reason = whyNot(texts[place], field);
    const asks = field.asks[0].toUpperCase() + field.asks.slice(1);
    if (reason) return { right: false, says: fields.length > 1 ? `${asks}: ${reason}` : reason };
  }
  return { right: true, says: `Right: ${fields.map(({ shown }) => shown).join(", ")}.` };
}
