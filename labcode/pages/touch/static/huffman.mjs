// Huffman's rule, one join at a time (see labcode/coding/huffman.py for codes in files).

import { times } from "./kit.mjs";

/** How often each letter comes, in the order of the alphabet. */
export function countLetters(message) {
  const counts = new Map();
  for (const letter of [...message].sort()) counts.set(letter, (counts.get(letter) ?? 0) + 1);
  return counts;
}

/** One node for each letter. */
export function leavesOf(counts) {
  return [...counts].map(([name, count]) => ({ name, count, kids: [] }));
}

/** Why two nodes are not to be joined now, or null. */
export function refusal(forest, first, second) {
  const [least, next] = forest.map((node) => node.count).sort((a, b) => a - b);
  const [low, high] = [first, second].sort((a, b) => a.count - b.count);
  if (low.count === least && high.count === next) return null;
  const left = forest.filter((node) => node !== first && node !== second);
  const rarer = left.reduce((a, b) => (b.count < a.count ? b : a));
  return (
    `Not yet: ${high.name} comes ${times(high.count)}, and ${rarer.name} only ` +
    `${times(rarer.count)}. Who is joined early gets a long name, so the rarest go first.`
  );
}

/** The forest with two nodes joined; the rarer stands on the right, under a 1. */
export function join(forest, first, second) {
  const kids = first.count < second.count ? [second, first] : [first, second];
  const joined = { name: kids[0].name + kids[1].name, count: first.count + second.count, kids };
  const place = forest.indexOf(first);
  return forest.map((node, i) => (i === place ? joined : node)).filter((node) => node !== second);
}

/** The two nodes that Huffman's rule joins next. */
export function rarest(forest) {
  return [...forest].sort((a, b) => a.count - b.count).slice(0, 2);
}

/** Each letter's name so far: a bit for each join above it. */
export function namesOf(forest) {
  const names = new Map();
  const walk = (node, name) => {
    if (!node.kids.length) names.set(node.name, name);
    node.kids.forEach((kid, bit) => walk(kid, name + bit));
  };
  forest.forEach((node) => walk(node, ""));
  return names;
}

/** Bits of all letters by their names. */
export function bitsOf(counts, names) {
  return [...counts].reduce((sum, [letter, count]) => sum + count * names.get(letter).length, 0);
}

/** The least that any code of single letters can need, in bits. */
export function entropyOf(counts) {
  const all = [...counts.values()].reduce((sum, count) => sum + count, 0);
  return [...counts.values()].reduce((sum, count) => sum + count * Math.log2(all / count), 0);
}
