"""The files that the workbench loads, as the site ships them.

They are read, not made, so that the site is built without PyTorch. All lie in one folder: the
engine's scripts stand beside those of the page and those of *Draw a digit* that read packed files.
"""

from __future__ import annotations

from importlib.resources import files
from importlib.resources.abc import Traversable

from labcode.weights.store import read

WEIGHTS = "lenet5-seed0.safetensors"  # in float16
READERS = ("bytes.mjs", "places.mjs", "symbols.mjs", "unpack.mjs")  # of the page Draw a digit
SHOWN = (".mjs", ".css", ".svg", ".onnx", ".json", ".bin")


def site_files() -> dict[str, bytes]:
    """Return all files of the workbench by name.

    >>> found = site_files()
    >>> sum(len(found[name]) for name in ("held-out.bin", "train.bin")) < 900_000
    True
    """
    here = files("labcode.pages.workbench")
    found = {name: data for part in ("engine", "static", "stored") for name, data in _all(here / part)}
    drawing = files("labcode.pages.drawing") / "static"
    readers = {name: (drawing / name).read_bytes() for name in READERS}
    return found | readers | {WEIGHTS: read(WEIGHTS)}


def _all(folder: Traversable) -> list[tuple[str, bytes]]:
    """Return name and bytes of each file of a folder that the page loads."""
    entries = sorted(folder.iterdir(), key=lambda entry: entry.name) if folder.is_dir() else []
    return [(e.name, e.read_bytes()) for e in entries if e.name.endswith(SHOWN)]
