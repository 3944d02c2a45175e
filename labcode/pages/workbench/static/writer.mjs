// The worker that writes files, beside the one that answers.

import { answering } from "./answering.mjs";
import { pack } from "./engine/pack.mjs";

answering({ pack: ({ layers, state }) => pack(layers, state) });
