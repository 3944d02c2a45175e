"""Set up .venv in parts, each on top of the one before: what make calls.

    python tools/setup.py venv            a new environment with uv in it, and nothing else
    .venv/bin/python tools/setup.py site  what builds the site; no PyTorch
    ... course [--torch cpu]              what runs the chapters
    ... tests, ... benchmarks             what the checks and the benchmarks need besides

Nothing but the standard library is imported: there may be nothing else yet.
"""

from __future__ import annotations

import argparse
import os
import platform
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PINS = {
    "site": "book/requirements.txt",
    "course": "requirements.txt",
    "tests": "tests/requirements.txt",
    "benchmarks": "benchmarks/requirements.txt",
}
# PyTorch's own index: the only one with wheels for the CPU alone.
PYTORCH_CPU_INDEX = "https://download.pytorch.org/whl/cpu"
FROM_PYTORCH = ("torch", "torchvision")
# The ordinary torch wheel for Linux asks for these; the CPU wheel does not.
CUDA_ONLY = re.compile(r"^(nvidia-|cuda-|triton\b)")
# Megabytes of the wheels, without what stands in uv's cache. Sums over the lists of pins.
UV_MB, SITE_MB, TESTS_MB, BENCHMARKS_MB = 20, 110, 95, 25
COURSE_MB = {"Linux": 3200, "Linux, cpu": 440, "Darwin": 280, "Windows": 280}


@dataclass(frozen=True)
class Step:
    """One call of uv's installer.

    Args:
        options: What stands behind `uv pip install`.
        pins: What it reads as its list, one package a line; empty if the options say it all.
    """

    options: tuple[str, ...]
    pins: tuple[str, ...] = ()


def lines(part: str) -> list[str]:
    """Return the pins of a part, without comments and options."""
    text = (ROOT / PINS[part]).read_text(encoding="utf-8")
    return [line for line in text.splitlines() if line and line[0] not in "#-"]


def steps(part: str, torch: str, system: str) -> list[Step]:
    """Return the calls that install a part.

    Args:
        part: One of `PINS`.
        torch: "cpu" for PyTorch without what a graphics card needs, or "".
        system: As `platform.system` says it. Only Linux has two kinds of PyTorch: elsewhere
            the ordinary one is for the CPU.
    """
    pins = lines(part)
    found = []
    if part == "course" and torch == "cpu" and system == "Linux":
        own = tuple(f"{pin}+cpu" for pin in pins if pin.partition("==")[0] in FROM_PYTORCH)
        # Its index holds old versions of other packages too: nothing but these two from there.
        found.append(Step(("--no-deps", "--default-index", PYTORCH_CPU_INDEX), own))
        pins = [pin for pin in pins if not CUDA_ONLY.match(pin)]
    # Compiled now, on all cores: every kernel and every check imports PyTorch. The site does not.
    found.append(Step(() if part == "site" else ("--compile-bytecode",), tuple(pins)))
    if part in ("site", "course"):  # labcode itself, from this folder
        found.append(Step(("--no-deps", "--no-build-isolation", "--editable", ".")))
    return found


def command(step: Step, python: Path, *, quiet: bool) -> list[str]:
    """Return a step as a command line; with pins it reads them from its standard input."""
    head = [str(python), "-m", "uv", "pip", "install", "--python", str(python)]
    from_input = ["--requirements", "-"] if step.pins else []
    return [*head, *(["--quiet"] if quiet else []), *step.options, *from_input]


def megabytes(part: str, torch: str, system: str) -> int:
    """Return about how much is downloaded for a part."""
    if part == "course":
        cpu = torch == "cpu" and system == "Linux"
        return COURSE_MB["Linux, cpu" if cpu else system]
    return {"site": SITE_MB, "tests": TESTS_MB, "benchmarks": BENCHMARKS_MB}[part]


def install(part: str, torch: str, *, python: Path, quiet: bool) -> None:
    """Install a part into the environment of a Python."""
    size = megabytes(part, torch, platform.system())
    print(f"Packages ({part}): about {size} MB, less what uv's cache holds.", flush=True)
    for step in steps(part, torch, platform.system()):
        line = command(step, python, quiet=quiet)
        text = "\n".join(step.pins)
        done = subprocess.run(line, cwd=ROOT, check=False, text=True, input=text or None)
        if done.returncode:
            raise SystemExit(
                f"{part}: uv could not install it. The same command goes on from here."
            )


def remembered(torch: str, part: str, folder: Path = VENV) -> str:
    """Return which PyTorch to take: the one asked for, or else the one taken before."""
    note = folder / "torch"
    if torch and part == "course":
        note.write_text(torch)
    return torch or (note.read_text() if note.exists() else "")


def make(folder: Path = VENV, base: str = "") -> None:
    """Make an environment from nothing, with uv in it.

    Args:
        folder: Where; what is there now goes.
        base: The Python to make it of; this one if not given.
    """
    if folder.is_symlink():
        folder.unlink()
    elif folder.exists():
        print(f"{folder.name} was not finished, or was moved, or lost its Python: made again.")
        shutil.rmtree(folder)
    base = base or getattr(sys, "_base_executable", sys.executable)  # .venv may be the active one
    uv = next(pin for pin in lines("site") if pin.startswith("uv=="))
    print(f"uv, which installs the rest: about {UV_MB} MB.", flush=True)
    subprocess.run([base, "-m", "venv", str(folder)], check=True)
    pip = [str(python_of(folder)), "-m", "pip", "install", "--disable-pip-version-check"]
    quiet = [] if sys.stderr.isatty() else ["--quiet"]
    subprocess.run([*pip, *quiet, uv], check=True)


def python_of(folder: Path) -> Path:
    """Return the Python of an environment."""
    return folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def main() -> None:
    """Do what the command line says."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("part", choices=["venv", *PINS])
    parser.add_argument("--torch", default="", choices=["", "cpu"], help="on Linux: without CUDA")
    asked = parser.parse_args()
    if asked.part == "venv":
        make()
        return
    torch = remembered(asked.torch, asked.part)
    install(asked.part, torch, python=Path(sys.executable), quiet=not sys.stderr.isatty())


if __name__ == "__main__":
    main()
