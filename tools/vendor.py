"""Lay out the files that the site serves beside its pages: others', and the pieces to touch.

Python for the browser and KaTeX's fonts come from web/node_modules (npm, pinned in
web/package-lock.json). All go to _build/vendor/: `static` becomes the site's _static folder,
`root` its root.
"""

import shutil
from pathlib import Path

from labcode.pages.touch.site import site_files as touch_files

ROOT = Path(__file__).resolve().parent.parent
MODULES = ROOT / "web" / "node_modules"
VENDOR = ROOT / "_build" / "vendor"
PYODIDE = [
    "pyodide.mjs",
    "pyodide.asm.mjs",
    "pyodide.asm.wasm",
    "python_stdlib.zip",
    "pyodide-lock.json",
]


def copy(source: Path, target: Path) -> None:
    """Copy one file, making its folder."""
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)


def found(folder: Path, *patterns: str) -> list[Path]:
    """The files of a folder that the globs find; end with a message if one finds none."""
    files: list[Path] = []
    for pattern in patterns:
        matches = sorted(folder.glob(pattern))
        if not matches:
            raise SystemExit(f"{folder} has no file {pattern}, which the site needs")
        files += matches
    return files


def main() -> None:
    """Fill _build/vendor from nothing."""
    shutil.rmtree(VENDOR, ignore_errors=True)
    for name in PYODIDE:
        copy(MODULES / "pyodide" / name, VENDOR / "root/live/pyodide" / name)
    katex = MODULES / "katex/dist"
    copy(katex / "katex.min.css", VENDOR / "static/katex/katex.min.css")
    for font in found(katex / "fonts", "*.woff2"):
        copy(font, VENDOR / "static/katex/fonts" / font.name)
    for script in found(ROOT / "labcode/pages/live/worker", "*.mjs"):
        copy(script, VENDOR / "root/live" / script.name)
    (VENDOR / "root/touch").mkdir()
    for name, data in touch_files().items():
        (VENDOR / "root/touch" / name).write_bytes(data)
    copy(ROOT / "web/robots.txt", VENDOR / "root/robots.txt")


if __name__ == "__main__":
    main()
