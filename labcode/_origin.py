"""When, where and with what something is made: what tables and weights write down of themselves."""

from __future__ import annotations

import datetime
import os
import platform
import sys
from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import labcode


def here(packages: Iterable[str]) -> dict[str, Any]:
    """Return the origin of what is made here and now.

    Args:
        packages: Whose versions matter.

    Returns:
        ``processor``, ``cores`` and ``system`` as far as they are known, ``date`` (UTC) and
        ``versions``.
    """
    today = datetime.datetime.now(datetime.UTC).date().isoformat()
    return machine() | {"date": today, "versions": versions(packages)}


def machine() -> dict[str, Any]:
    """Return processor, cores and system of this machine, as far as they are known."""
    found = {"processor": processor(), "cores": os.cpu_count(), "system": platform.system()}
    return {name: fact for name, fact in found.items() if fact}


def processor() -> str:
    """Return the processor as the system names it."""
    return cpu_facts().get("model name", platform.processor())


def cpu_facts() -> dict[str, str]:
    """Return what Linux says of its first processor, such as "flags"; elsewhere nothing."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text(encoding="utf-8").splitlines() if info.exists() else []
    pairs = [line.partition(":") for line in lines if ":" in line]
    return {name.strip(): value.strip() for name, _, value in reversed(pairs)}


def versions(packages: Iterable[str]) -> dict[str, str]:
    """Return the versions of Python, of packages that are installed, and of labcode."""
    found = {"python": platform.python_version()}
    for package in packages:
        try:
            # What is imported knows more than what is installed: 2.14.1+cpu, say.
            found[package] = getattr(sys.modules.get(package), "__version__", version(package))
        except PackageNotFoundError:
            continue
    return found | {"labcode": labcode.__version__}
