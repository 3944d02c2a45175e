"""Results that take too long, or too quiet a machine, for a chapter.

Each study trains networks over seeds; its `tables` module declares what is stored and from which
settings. `python -m labcode.studies` trains again, `benchmarks/` measures time and memory.

Stored tables are CSV files in tables/, a folder a study, each with one provenance.json that says
how, when and on which machine its tables were made.
"""

from __future__ import annotations

import json
from importlib.resources import files
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

_FOLDER = files("labcode.studies") / "tables"


def names() -> list[str]:
    """Return the names of the stored tables."""
    return sorted(_tables())


def table(name: str) -> pd.DataFrame:
    """Return a stored table.

    Args:
        name: One of `names()`.

    Raises:
        KeyError: There is no such table.
    """
    import pandas as pd

    with (_folder_of(name) / f"{name}.csv").open() as file:
        return pd.read_csv(file)


def provenance(name: str) -> dict[str, Any]:
    """Return how a table was made: command, commit, machine, versions, date, and its facts.

    Args:
        name: One of `names()`.

    Raises:
        KeyError: There is no such table.
    """
    from labcode.studies.store import PROVENANCE, machine_name

    text = (_folder_of(name) / PROVENANCE).read_text(encoding="utf-8")
    record: dict[str, Any] = json.loads(text)[name]
    where = machine_name(record)
    return record | {"machine": where} if where else record


def _tables() -> dict[str, Any]:
    """Return the folder of each table by the table's name."""
    folders = [entry for entry in _FOLDER.iterdir() if entry.is_dir()]
    return {
        entry.name.removesuffix(".csv"): folder
        for folder in folders
        for entry in folder.iterdir()
        if entry.name.endswith(".csv")
    }


def _folder_of(name: str) -> Any:
    found = _tables()
    if name not in found:
        raise KeyError(f"no stored table {name!r}; there are: {', '.join(sorted(found))}")
    return found[name]
