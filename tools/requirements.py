"""Pin what pyproject.toml asks for: requirements.txt, the site's part of it, and their sisters.

Run as `make requirements`. The pins hold on Linux, macOS and Windows (uv's universal
resolution), and no address of a registry is written.
"""

import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Sequence
from pathlib import Path

from tools.setup import CUDA_ONLY, FROM_PYTORCH, PYTORCH_CPU_INDEX

ROOT = Path(__file__).resolve().parent.parent
HEADER = "# Made by `make requirements` from pyproject.toml. Do not edit.\n"
OLDEST_PYTHON = "3.11"
BINDER_PYTHON = "3.11"


def asked_for(extras: Sequence[str], *, labcode: bool) -> list[str]:
    """Return what pyproject.toml asks for: of some extras, and of labcode itself."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    own = project["dependencies"] if labcode else []
    return [*own, *(one for extra in extras for one in project["optional-dependencies"][extra])]


def resolve(asked: Sequence[str], held: Sequence[str] = ()) -> list[str]:
    """Resolve what is asked for into exact pins that agree with those held already."""
    command = [sys.executable, "-m", "uv", "pip", "compile", "--universal"]
    command += ["--python-version", OLDEST_PYTHON, "--no-header", "--no-annotate"]
    with tempfile.TemporaryDirectory() as folder:
        constraints = Path(folder) / "constraints.txt"
        constraints.write_text("\n".join(held))
        command += ["--no-emit-index-url", f"--constraint={constraints}", "-"]
        text = "\n".join(asked)
        run = subprocess.run(
            command, cwd=ROOT, check=True, text=True, input=text, stdout=subprocess.PIPE
        )
    return [line for line in run.stdout.splitlines() if "==" in line]


def for_binder(pins: list[str]) -> list[str]:
    """Keep what Linux with Python 3.11 needs, with torch and torchvision for the CPU alone."""
    from packaging.requirements import Requirement

    place = {
        "sys_platform": "linux",
        "platform_system": "Linux",
        "os_name": "posix",
        "platform_machine": "x86_64",
        "python_version": BINDER_PYTHON,
        "python_full_version": f"{BINDER_PYTHON}.0",
        "implementation_name": "cpython",
        "platform_python_implementation": "CPython",
    }
    kept = []
    for pin in pins:
        requirement = Requirement(pin)
        if CUDA_ONLY.match(requirement.name):
            continue
        if requirement.marker and not requirement.marker.evaluate(place):
            continue
        local = "+cpu" if requirement.name in FROM_PYTORCH else ""
        kept.append(f"{requirement.name}{requirement.specifier}{local}")
    return kept


def binder_lines(pins: list[str]) -> list[str]:
    """The lines of binder/requirements.txt for these pins."""
    return [f"--extra-index-url {PYTORCH_CPU_INDEX}", *for_binder(pins)]


def binder_pins(held: Sequence[str]) -> list[str]:
    """What runs the chapters in JupyterLab on Binder, in the versions of the other lists."""
    return resolve(asked_for(["notebooks", "lab", "binder"], labcode=True), held=held)


def write(name: str, lines: list[str]) -> None:
    """Write one list of pins below the header."""
    (ROOT / name).write_text(HEADER + "\n".join(lines) + "\n")


def main() -> None:
    """Write the five lists."""
    pins = resolve(asked_for(["notebooks", "site", "lab"], labcode=True))
    write("requirements.txt", [*pins, "-e ."])  # the last line installs labcode itself
    write("book/requirements.txt", resolve(asked_for(["site"], labcode=False), held=pins))
    for extra, folder in [("test", "tests"), ("benchmarks", "benchmarks")]:
        more = resolve(asked_for([extra], labcode=True), held=pins)
        write(f"{folder}/requirements.txt", [pin for pin in more if pin not in pins])
    write("binder/requirements.txt", binder_lines(binder_pins(pins)))


if __name__ == "__main__":
    main()
