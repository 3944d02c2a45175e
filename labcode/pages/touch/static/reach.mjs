// Which inputs an output depends on, layer by layer: as sets, no numbers needed.

const range = (n) => [...Array(n).keys()];
const sorted = (channels) => [...new Set(channels)].sort((a, b) => a - b);

/** A grouped 1 x 1 convolution: an output reads all inputs of its own group. */
export function conv(inputs, outputs, groups) {
  return range(outputs).map((out) => {
    const group = Math.floor((out * groups) / outputs);
    const size = inputs / groups;
    return range(size).map((i) => group * size + i);
  });
}

/** The channel shuffle: at each place stands one channel, dealt out like cards. */
export function shuffle(channels, groups) {
  const size = channels / groups;
  return range(channels).map((place) => [(place % groups) * size + Math.floor(place / groups)]);
}

/** What `second` reads by way of `first`. */
export function through(first, second) {
  return second.map((read) => sorted(read.flatMap((channel) => first[channel])));
}

/** A unit: grouped, shuffled, grouped; with stride 2 beside its input, else added to it. */
export function unit(inputs, outputs, groups, shuffled) {
  const stride2 = outputs !== inputs;
  const hidden = outputs / 4;
  const branch = stride2 ? outputs - inputs : outputs;
  let inside = conv(inputs, hidden, groups);
  if (shuffled) inside = through(inside, shuffle(hidden, groups));
  const made = through(inside, conv(hidden, branch, groups));
  if (stride2) return [...range(inputs).map((channel) => [channel]), ...made];
  return made.map((read, channel) => sorted([...read, channel]));
}

/** Rows of a network: what each layer's outputs read of the row above. */
export function layers(kind, groups, depth, shuffled) {
  const channels = 4 * groups;
  if (kind === "plain") {
    return range(depth).flatMap((i) => [
      { name: `convolution ${i + 1}, ${groups} groups`, reads: conv(channels, channels, groups) },
      ...(shuffled && i < depth - 1 ? [{ name: "shuffle", reads: shuffle(channels, groups) }] : []),
    ]);
  }
  return range(depth).map((i) => {
    const [inputs, outputs] = i ? [2 * channels, 2 * channels] : [channels, 2 * channels];
    const name = i ? `unit ${i + 1}, stride 1` : "unit 1, stride 2";
    return { name, reads: unit(inputs, outputs, groups, shuffled) };
  });
}

/** For each row, what each of its channels depends on among the first row's channels. */
export function seen(rows, channels) {
  const found = [range(channels).map((channel) => [channel])];
  for (const { reads } of rows) found.push(through(found.at(-1), reads));
  return found;
}
