"""Pin what pyproject.toml asks for: requirements.txt and its sisters.

Run as `make requirements`. The pins hold on Linux, macOS and Windows (uv's universal
resolution), and no address of a registry is written.
"""

import re
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
HEADER = "# Made by `make requirements` from pyproject.toml. Do not edit.\n"
# PyTorch's own index: the only one with wheels for the CPU alone, which Binder's 2 GB need.
PYTORCH_CPU_INDEX = "https://download.pytorch.org/whl/cpu"
BINDER_PYTHON = "3.11"
# The ordinary torch wheel for Linux asks for these; the CPU wheel does not.
CUDA_ONLY = re.compile(r"^(nvidia-|cuda-|triton\b)")


def compile_pins(output: str, extras: list[str], held: list[str]) -> list[str]:
    """Resolve the extras into exact pins that agree with those held already."""
    command = [sys.executable, "-m", "uv", "pip", "compile", "--universal"]
    command += ["--python-version", "3.11", "--no-header", "--no-annotate", "--no-emit-index-url"]
    command += [f"--extra={extra}" for extra in extras]
    with tempfile.TemporaryDirectory() as folder:
        constraints = Path(folder) / "constraints.txt"
        constraints.write_text("\n".join(held))
        command += [f"--constraint={constraints}", str(ROOT / "pyproject.toml")]
        done = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True)
    pins = [line for line in done.stdout.splitlines() if "==" in line and line not in held]
    print(f"{output}: {len(pins)} pins")
    return pins


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
        local = "+cpu" if requirement.name in {"torch", "torchvision"} else ""
        kept.append(f"{requirement.name}{requirement.specifier}{local}")
    return kept


def binder_lines(pins: list[str]) -> list[str]:
    """The lines of binder/requirements.txt for these pins."""
    return [f"--extra-index-url {PYTORCH_CPU_INDEX}", *for_binder(pins)]


def write(name: str, lines: list[str]) -> None:
    """Write one list of pins below the header."""
    (ROOT / name).write_text(HEADER + "\n".join(lines) + "\n")


def main() -> None:
    """Write the four lists."""
    pins = compile_pins("requirements.txt", ["notebooks", "book"], held=[])
    write("requirements.txt", [*pins, "-e ."])  # the last line installs labcode itself
    for extra, name in [("test", "tests"), ("benchmarks", "benchmarks")]:
        output = f"{name}/requirements.txt"
        write(output, compile_pins(output, [extra], held=pins))
    write("binder/requirements.txt", binder_lines(pins))


if __name__ == "__main__":
    main()
