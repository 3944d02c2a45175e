"""Results that take too long, or too quiet a machine, for a chapter.

`benchmarks/` measures time and memory, `experiments/` trains networks over seeds.

Each table is a CSV file with a JSON file of the same name beside it, which says how, when and
on which machine it was made.
"""

from __future__ import annotations

import json
from importlib.resources import files
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

_FOLDER = files("labcode.studies") / "tables"


def names() -> list[str]:
    """Return the names of the tables."""
    found = (entry.name for entry in _FOLDER.iterdir())
    return sorted(name.removesuffix(".csv") for name in found if name.endswith(".csv"))


def table(name: str) -> pd.DataFrame:
    """Return a measured table.

    Args:
        name: One of `names()`.

    Raises:
        KeyError: There is no such table.
    """
    import pandas as pd

    with _file(name, ".csv").open() as file:
        return pd.read_csv(file)


def provenance(name: str) -> dict[str, Any]:
    """Return how a table was made: script, machine, versions and date.

    Args:
        name: One of `names()`.

    Raises:
        KeyError: There is no such table.
    """
    record: dict[str, Any] = json.loads(_file(name, ".json").read_text(encoding="utf-8"))
    return record


def _file(name: str, suffix: str) -> Any:
    if name not in names():
        raise KeyError(f"no measured table {name!r}; there are: {', '.join(names())}")
    return _FOLDER.joinpath(name + suffix)
