"""Which machine measured: for the facts beside each table."""

import os
import platform
from pathlib import Path


def cpu_facts() -> dict[str, str]:
    """What Linux says of its first processor, such as "model name" and "flags"; else nothing."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text(encoding="utf-8").splitlines() if info.exists() else []
    pairs = [line.partition(":") for line in lines if ":" in line]
    return {name.strip(): value.strip() for name, _, value in reversed(pairs)}


def processor() -> str:
    """The processor as the system names it."""
    return cpu_facts().get("model name", platform.processor())


def machine() -> str:
    """The processor and its cores, such as "AMD EPYC, 2 cores"."""
    return f"{processor()}, {os.cpu_count()} cores"
