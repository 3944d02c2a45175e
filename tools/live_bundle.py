"""Zip the part of labcode that runs in the reader's browser: pure Python and JSON, no packages.

Usage: python tools/live_bundle.py _build/vendor/root/live/labcode.zip

The same files give the same bytes, whenever and wherever they are zipped.
"""

import subprocess
import sys
import zipfile
from collections.abc import Iterable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LONG_AGO = (1980, 1, 1, 0, 0, 0)  # the earliest date that a zip can hold
ENTRY_POINTS = ("labcode.pages.live.browser", "labcode.pages.calculators")

# Runs in a fresh Python: imports the entry points with only the standard library in reach, then
# every calculator's module, and prints the files of labcode that this loaded, with the JSON
# files that lie beside a package: its data.
PROBE = """
import importlib, pathlib, pkgutil, sys
standard = sys.stdlib_module_names
class OnlyStandard:
    def find_spec(self, name, path=None, target=None):
        top = name.partition(".")[0]
        if top != "labcode" and top not in standard:
            raise ImportError(f"{name} is not in the standard library")
sys.meta_path.insert(0, OnlyStandard())
sys.path.insert(0, sys.argv[1])
for entry in sys.argv[2:]:
    module = importlib.import_module(entry)
    for found in pkgutil.iter_modules(getattr(module, "__path__", []), entry + "."):
        importlib.import_module(found.name)
for name in sorted(sys.modules):
    if name.partition(".")[0] == "labcode":
        file = pathlib.Path(sys.modules[name].__file__)
        beside = file.parent.glob("*.json") if file.name == "__init__.py" else ()
        print(file, *beside, sep="\\n")
"""


def browser_files(root: Path = ROOT, entry_points: Iterable[str] = ENTRY_POINTS) -> list[Path]:
    """Return the files that the browser needs, sorted; fail if one imports a package."""
    command = [sys.executable, "-I", "-S", "-B", "-c", PROBE, str(root), *entry_points]
    probe = subprocess.run(command, capture_output=True, text=True, check=False)
    if probe.returncode:
        raise SystemExit(
            "The browser's part of labcode must import without other packages, but:\n"
            + probe.stderr
        )
    return sorted(Path(line).resolve() for line in probe.stdout.splitlines())


def write_zip(files: Iterable[Path], target: Path, root: Path = ROOT) -> None:
    """Write ``files`` to the zip ``target``, the same bytes each time."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for file in files:
            entry = zipfile.ZipInfo(file.relative_to(root).as_posix(), LONG_AGO)
            entry.create_system = 3  # Unix, whatever this machine is
            entry.external_attr = 0o644 << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, file.read_bytes())


def main() -> None:
    """Write the zip that the command line names."""
    if len(sys.argv) != 2:
        raise SystemExit(__doc__)
    write_zip(browser_files(), Path(sys.argv[1]))


if __name__ == "__main__":
    main()
