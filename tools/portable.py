"""Run the notebooks as other processors and other Pythons would: `make portable`.

    python -m tools.portable [--only WORD] [--python python3.12 --python python3.13]

A processor's older instructions round sums in another order, and so does another number of
threads. PyTorch and its oneDNN can be told not to use the newer ones. Each further Python gets an
environment of its own in _build/portable.
"""

import argparse
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from tools import nbval, setup

ROOT = Path(__file__).resolve().parent.parent
ENVIRONMENTS = ROOT / "_build" / "portable"
PROCESSORS = {
    "SSE4.1": {"ATEN_CPU_CAPABILITY": "default", "ONEDNN_MAX_CPU_ISA": "SSE41"},
    "AVX2": {"ATEN_CPU_CAPABILITY": "avx2", "ONEDNN_MAX_CPU_ISA": "AVX2"},
    "its own": {},
}
THREADS = (1, 2)
PYTHONS = ("python3.11", "python3.12", "python3.13", "python3.14")

Pass = tuple[str, str, dict[str, str]]  # what it plays, the Python, the environment's additions


def passes(own: str, others: Sequence[str]) -> Iterator[Pass]:
    """Yield every pass: all processors on this Python, then this processor on the others."""
    for processor, told in PROCESSORS.items():
        for threads in THREADS:
            title = f"instructions {processor}, threads {threads}"
            yield title, own, {**told, "OMP_NUM_THREADS": str(threads)}
    for python in others:
        yield f"Python {python}", python, {"OMP_NUM_THREADS": "1"}


def answers(python: str) -> str:
    """Return the version of a Python, such as "3.12"; empty if it does not start."""
    if shutil.which(python) is None:
        return ""
    line = [python, "-c", "import sys; print('%d.%d' % sys.version_info[:2])"]
    run = subprocess.run(line, check=False, capture_output=True, text=True)
    return run.stdout.strip() if run.returncode == 0 else ""


def pythons_here() -> list[str]:
    """Return the supported Pythons on the path, but for this one's version."""
    there = [found for name in PYTHONS if (found := shutil.which(name))]
    own = f"{sys.version_info.major}.{sys.version_info.minor}"
    return [python for python in there if answers(python) not in ("", own)]


def environment(python: str) -> str:
    """Make an environment of a Python with all that notebooks need; return its Python."""
    version = answers(python)
    if not version:
        raise SystemExit(f"PYTHONS: {python} does not start")
    folder = ENVIRONMENTS / version
    made = folder / "made"  # written last, so that a half-made one is made again
    if not made.exists():
        setup.make(folder, python)
        made.touch()
    inside = setup.python_of(folder)
    for part in ("site", "course", "tests"):
        setup.install(part, setup.remembered("", part), python=inside, quiet=True)
    return str(inside)


def check(python: str, told: dict[str, str], paths: Sequence[str]) -> bool:
    """Run one pass; return whether all was as stored."""
    line = nbval.command(paths, python)
    return subprocess.run(line, cwd=ROOT, env={**os.environ, **told}, check=False).returncode == 0


def main() -> int:
    """Run every pass and say which failed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default="", help="a word of the notebooks' path")
    parser.add_argument("--python", action="append", default=[], help="one more Python")
    asked = parser.parse_args()
    paths = nbval.notebooks(asked.only)
    others = [environment(python) for python in asked.python or pythons_here()]
    failed = []
    for title, python, told in passes(sys.executable, others):
        print(f"--- {title}", flush=True)
        if not check(python, told, paths):
            failed.append(title)
    print("\n".join(f"failed: {title}" for title in failed) or "All passes agree.")
    return len(failed)


if __name__ == "__main__":
    sys.exit(main())
