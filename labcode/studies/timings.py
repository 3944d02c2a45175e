"""How a script of benchmarks/ stores what it measured, and on what kind of machine it ran."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from labcode._origin import cpu_facts
from labcode.studies import store
from labcode.studies.definition import Row, Study, TimedTable


def keep(
    study: Study,
    table: TimedTable,
    function: Callable[..., Any],
    rows: Iterable[Row],
    *,
    packages: Iterable[str] = ("onnxruntime", "torch"),
    **facts: Any,
) -> Path:
    """Store a table that was measured here and now.

    Args:
        study: The study that declares the table.
        table: The table.
        function: What measured it, in the table's script.
        rows: What was measured.
        packages: Whose versions matter.
        facts: What else a reader needs to know, such as threads, runs and clock.

    Returns:
        The table's file.

    Raises:
        ValueError: The study does not declare the table.
    """
    if table not in study.tables:
        raise ValueError(f"the study {study.name} does not declare a table {table.name!r}")
    name = f"{Path(table.script).with_suffix('').as_posix().replace('/', '.')}.{function.__name__}"
    made = store.made_here(f"python {table.script}", name, packages=packages, **facts)
    return store.save(study.name, table.name, rows, made)


def load_average() -> float | None:
    """Return how many programs ran in the last minute; None where the system does not say.

    A script asks before it adds its own load.
    """
    return round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None


def eight_bit_products() -> bool:
    """Return whether this processor has instructions for products of eight-bit numbers (VNNI)."""
    return any("vnni" in flag for flag in cpu_facts().get("flags", "").split())
