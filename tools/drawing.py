"""Write the networks of the page *Draw a digit*, and the runtime that runs them in a browser.

Usage: python tools/drawing.py _build/vendor/root/draw
"""

import sys
from pathlib import Path

from vendor import MODULES, copy, found

from labcode.pages.drawing.site import site_files

RUNTIME = ("ort.wasm.min.mjs", "ort-wasm-simd-threaded.mjs", "ort-wasm-simd-threaded.wasm")
SCRIPTS = Path(__file__).resolve().parent.parent / "labcode/pages/drawing/static"


def main() -> None:
    """Fill the folder that the command line names."""
    if len(sys.argv) != 2:
        raise SystemExit(__doc__)
    target = Path(sys.argv[1])
    for script in found(SCRIPTS, "*.mjs", "*.css"):
        copy(script, target / script.name)
    for name in RUNTIME:
        copy(MODULES / "onnxruntime-web/dist" / name, target / "ort" / name)
    for name, data in site_files().items():
        (target / name).write_bytes(data)


if __name__ == "__main__":
    main()
