"""The files that the workbench loads, as the site ships them.

They are read, not made, so that the site is built without PyTorch. The page's own scripts lie in
the folder itself, the engine and what it loads in two folders within. *Draw a digit*'s scripts that
read packed files stand beside the engine, which writes such files.
"""

from __future__ import annotations

from importlib.resources import files
from importlib.resources.abc import Traversable

from labcode.weights.store import read

WEIGHTS = "lenet5-seed0.safetensors"  # in float16
READERS = ("bytes.mjs", "places.mjs", "symbols.mjs", "unpack.mjs")  # of the page Draw a digit
SCOREBOARD = "compare_techniques.json"  # of labcode.pages.data, for the plane's other points
FOLDERS = {"static": "", "engine": "engine/", "stored": "stored/"}  # here, and on the site
KINDS = (".mjs", ".css", ".svg", ".onnx", ".json", ".bin")


def site_files() -> dict[str, bytes]:
    """Return all files of the workbench by their paths in its folder.

    >>> found = site_files()
    >>> sum(len(found[f"stored/{name}.bin"]) for name in ("held-out", "train")) < 900_000
    True
    """
    here = files("labcode.pages.workbench")
    found = {
        target + name: data
        for folder, target in FOLDERS.items()
        for name, data in _all(here / folder)
    }
    drawing = files("labcode.pages.drawing") / "static"
    found |= {f"engine/{name}": (drawing / name).read_bytes() for name in READERS}
    scoreboard = (files("labcode.pages.data") / SCOREBOARD).read_bytes()
    return found | {f"stored/{WEIGHTS}": read(WEIGHTS), "scoreboard.json": scoreboard}


def _all(folder: Traversable) -> list[tuple[str, bytes]]:
    """Return name and bytes of each file of a folder that the page loads."""
    entries = sorted(folder.iterdir(), key=lambda entry: entry.name) if folder.is_dir() else []
    return [(e.name, e.read_bytes()) for e in entries if e.name.endswith(KINDS)]
