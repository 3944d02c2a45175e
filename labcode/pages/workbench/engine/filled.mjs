/**
 * A typed array of what a function makes of each place.
 *
 * A loop: `from` with a function takes a hundred times as long, a quarter of a second for the
 * weights of LeNet-5, and a hand that moves waits for it.
 */
export function filled(Kind, length, of) {
  const found = new Kind(length);
  for (let place = 0; place < length; place++) found[place] = of(place);
  return found;
}
