"""Refuse, by name and before anything is downloaded, a machine that the course cannot run on.

Run by make under whatever Python the machine has, so nothing here needs a newer one than 3.6:
python tools/machine.py [--space MB]
"""

import argparse
import importlib.util
import os
import platform
import shutil
import sys
import sysconfig
import tempfile
from pathlib import Path
from typing import Mapping, NamedTuple, Optional, Tuple

ROOT = Path(__file__).resolve().parent.parent
OLDEST = (3, 11)
TOO_NEW = (3, 15)  # ONNX Runtime and others have no wheels for it yet
OLDEST_MACOS = 14  # PyTorch's and ONNX Runtime's wheels ask for it
OLDEST_GLIBC = (2, 28)  # so do PyTorch's for Linux: manylinux_2_28


class Machine(NamedTuple):
    """What is asked of a machine before anything is installed."""

    python: Tuple[int, ...]
    executable: str
    implementation: str  # "CPython"
    bits: int
    has_ensurepip: bool
    system: str  # "Linux", "Darwin", "Windows"
    processor: str  # "x86_64", "arm64"
    macos: str  # "14.5"; empty elsewhere
    libc: str  # "musl" or "glibc"; empty where there is no such thing
    glibc: Tuple[int, ...]  # (2, 36); empty if it is not known
    cache: Path  # uv's folder of packages
    cache_is_writable: bool
    free_mb: int  # on the disk that holds this folder


def this_machine() -> Machine:
    """Return what this machine and this Python are."""
    cache = uv_cache(os.environ, platform.system(), Path.home)
    name, version = platform.libc_ver() if platform.system() == "Linux" else ("", "")
    return Machine(
        python=sys.version_info[:2],
        executable=sys.executable,
        implementation=platform.python_implementation(),
        bits=64 if sys.maxsize > 2**32 else 32,
        has_ensurepip=importlib.util.find_spec("ensurepip") is not None,
        system=platform.system(),
        processor=platform.machine(),
        macos=platform.mac_ver()[0],
        libc="musl" if is_musl() else name,
        glibc=numbers(version) if name == "glibc" else (),
        cache=cache,
        cache_is_writable=is_writable(cache),
        free_mb=shutil.disk_usage(str(ROOT)).free // 10**6,
    )


def is_musl() -> bool:
    """Return whether this Python was built for musl, as Alpine's is."""
    names = ("SOABI", "HOST_GNU_TYPE")
    return any("musl" in str(sysconfig.get_config_var(name)) for name in names)


def uv_cache(environment: Mapping[str, str], system: str, home=Path.home) -> Path:
    """Return the folder in which uv keeps packages."""
    if environment.get("UV_CACHE_DIR"):
        return Path(environment["UV_CACHE_DIR"])
    if system == "Windows":
        return Path(environment.get("LOCALAPPDATA") or home()) / "uv" / "cache"
    return Path(environment.get("XDG_CACHE_HOME") or home() / ".cache") / "uv"


def is_writable(folder: Path) -> bool:
    """Return whether files can be made in a folder; it is made where it is not there yet."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=str(folder)):
            return True
    except OSError:
        return False


def numbers(version: str) -> Tuple[int, ...]:
    """Return "14.5" as (14, 5)."""
    return tuple(int(part) for part in version.split(".") if part.isdigit())


def refusal(machine: Machine, space_mb: int) -> Optional[str]:
    """Return why nothing should be installed here, and what to do; None if all is well."""
    checks = (wrong_python, wrong_mac, wrong_linux, no_ensurepip, no_cache)
    found = next(filter(None, (check(machine) for check in checks)), None)
    return found or no_space(machine, space_mb)


def wrong_python(machine: Machine) -> Optional[str]:
    """Refuse Pythons for which packages are missing."""
    version = ".".join(map(str, machine.python))
    here = "this is {} {} ({})".format(machine.implementation, version, machine.executable)
    other = "Name another: make book PYTHON=python3.12"
    if machine.python < OLDEST:
        return "Python 3.11 or newer is needed, {}. {}".format(here, other)
    if machine.python >= TOO_NEW:
        text = "Python 3.11 to 3.14 is needed, {}: some packages have no wheels for it yet. {}"
        return text.format(here, other)
    if machine.implementation != "CPython" or machine.bits != 64:
        return "CPython for 64 bits is needed, {}, {} bits. {}".format(here, machine.bits, other)
    return None


def wrong_mac(machine: Machine) -> Optional[str]:
    """Refuse Macs for which PyTorch has no wheels."""
    if machine.system != "Darwin":
        return None
    if machine.processor != "arm64":
        return (
            "PyTorch has no wheels for Macs with Intel processors. (On a Mac with an Apple "
            "processor this Python, {}, was built for Intel: install one for arm64.)"
        ).format(machine.executable)
    if numbers(machine.macos) < (OLDEST_MACOS,):
        text = "macOS {} or newer is needed, this is {}: PyTorch has no wheels for it."
        return text.format(OLDEST_MACOS, machine.macos)
    return None


def wrong_linux(machine: Machine) -> Optional[str]:
    """Refuse Linux systems for which PyTorch has no wheels."""
    if machine.system != "Linux":
        return None
    if machine.libc == "musl":
        return "PyTorch has no wheels for Linux with musl (Alpine). Take a system with glibc."
    if machine.glibc and machine.glibc < OLDEST_GLIBC:
        text = "glibc 2.28 or newer is needed (Debian 10, Ubuntu 20.04), this is {}."
        return text.format(".".join(map(str, machine.glibc)))
    if machine.processor not in ("x86_64", "aarch64"):
        return "PyTorch has no wheels for Linux on {}.".format(machine.processor)
    return None


def no_ensurepip(machine: Machine) -> Optional[str]:
    """Refuse a Python that cannot make an environment, as Debian's without python3-venv."""
    if machine.has_ensurepip:
        return None
    text = (
        "{0} cannot make a virtual environment: its module ensurepip is missing. On Debian and "
        "Ubuntu: sudo apt install python{1}-venv"
    )
    return text.format(machine.executable, ".".join(map(str, machine.python)))


def no_cache(machine: Machine) -> Optional[str]:
    """Refuse a folder for packages that cannot be written."""
    if machine.cache_is_writable:
        return None
    text = (
        "Packages are kept in {}, which cannot be written. Name another folder: "
        "make book UV_CACHE_DIR=/a/folder"
    )
    return text.format(machine.cache)


def no_space(machine: Machine, space_mb: int) -> Optional[str]:
    """Refuse a disk that is too full."""
    if machine.free_mb >= space_mb:
        return None
    text = "{:.1f} GB of disk are needed here, {:.1f} are free."
    return text.format(space_mb / 1000, machine.free_mb / 1000)


def main() -> None:
    """Say why not, or say nothing."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--space", type=int, default=0, metavar="MB", help="disk that is needed")
    why = refusal(this_machine(), parser.parse_args().space)
    if why:
        sys.exit(why)


if __name__ == "__main__":
    main()
