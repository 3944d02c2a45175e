// Puts weights into an ONNX file that has none. Such a file is a protocol buffer, and two of those,
// one after the other, are read as one: so the weights are simply written behind it.

const FLOAT = 1; // ONNX's number for float32

/**
 * The file with its weights.
 *
 * @param {Uint8Array} graph An ONNX file whose operations name weights that it does not hold.
 * @param {Array<{name: string, shape: number[]}>} like The weights' names and shapes.
 * @param {Map<string, Float32Array>} weights Their values.
 */
export function withWeights(graph, like, weights) {
  const initializers = like.map(({ name, shape }) => {
    const values = new Uint8Array(weights.get(name).buffer);
    const dims = shape.map((size) => [...varint(8), ...varint(size)]).flat(); // field 1
    const head = [...dims, ...varint(16), FLOAT]; // field 2
    const tensor = join(head, message(8, new TextEncoder().encode(name)), message(9, values));
    return message(5, tensor); // GraphProto.initializer
  });
  return join(graph, message(7, join(...initializers))); // ModelProto.graph
}

function message(field, bytes) {
  return join(varint(8 * field + 2), varint(bytes.length), bytes);
}

function varint(number) {
  const bytes = [];
  for (; number > 127; number = Math.floor(number / 128)) bytes.push((number % 128) + 128);
  return [...bytes, number];
}

function join(...parts) {
  const joined = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let place = 0;
  for (const part of parts) {
    joined.set(part, place);
    place += part.length;
  }
  return joined;
}
