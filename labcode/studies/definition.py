"""What a study declares: its tables as objects, and the data that pages take from them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, field
from itertools import product
from typing import Any

Row = dict[str, Any]
Settings = Sequence[Row] | Callable[..., Iterable[Row]]


@dataclass(frozen=True)
class Weights:
    """A file of weights that the course ships.

    Args:
        data: Its bytes.
        facts: ``network``, ``seed``, ``dataset``, and what else its entry in the manifest says.
    """

    data: bytes
    facts: Mapping[str, Any]


@dataclass(frozen=True)
class Outcome:
    """What a run gives beside its rows: weights for the store, `labcode.weights`.

    Args:
        rows: One row or several.
        files: Each file, by its name.
    """

    rows: Row | list[Row]
    files: Mapping[str, Weights]


@dataclass(frozen=True, eq=False)
class Table:
    """A stored table: the rows of runs, rows gathered from other tables, or both.

    Args:
        name: Of the stored file, without its ending.
        function: Called as ``function(**setting)`` for each setting, with the seed in it. It
            returns a row, several, or an `Outcome`. Each row gets its setting's values as its
            first columns. None if nothing is run.
        settings: The arguments of each run, in the order of the rows; or a function that returns
            them, called with the stored tables that are needed.
        needs: Tables that must be stored before.
        gather: Called with the stored tables that are needed; returns rows, which come last.
        facts: What else a reader needs to know, such as data and epochs.
        kept_for: What the table is evidence for, if no page shows it.

    Raises:
        ValueError: The table has neither runs nor rows to gather.
    """

    name: str
    function: Callable[..., Row | list[Row] | Outcome] | None = None
    settings: Settings = ()
    needs: tuple[Table, ...] = ()
    _: KW_ONLY
    gather: Callable[..., list[Row]] | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)
    kept_for: str = ""

    def __post_init__(self) -> None:
        """Refuse a table that would have no rows."""
        if self.function is None and self.gather is None:
            raise ValueError(f"{self.name} needs a function that runs, or one that gathers rows")

    def runs(self, *needed: Any) -> list[Row]:
        """Return the settings of all runs.

        Args:
            needed: The stored tables of ``needs``, in their order.
        """
        return list(self.settings(*needed) if callable(self.settings) else self.settings)


@dataclass(frozen=True, eq=False)
class TimedTable:
    """A stored table that a script measures on a quiet machine: times, memory, or other counters.

    Args:
        name: Of the stored file, without its ending.
        script: What measures it, from the root of the repository.
        needs: Tables that must be stored before.
        kept_for: What the table is evidence for, if no page shows it.
    """

    name: str
    script: str
    needs: tuple[Table, ...] = ()
    kept_for: str = ""


@dataclass(frozen=True, eq=False)
class Export:
    """What a page browses: written anew when a table that it needs is.

    Args:
        name: Of the JSON file in labcode/pages/data, without its ending: that of the calculator
            which reads it.
        function: Called with the stored tables that are needed; returns plain data.
        needs: Tables that must be stored before.
    """

    name: str
    function: Callable[..., dict[str, Any]]
    needs: tuple[Table | TimedTable, ...] = ()


@dataclass(frozen=True, eq=False)
class Study:
    """The tables of one subject; they share a folder and a record of how they were made.

    Args:
        name: Of the study's package and of the folder of its tables.
        tables: What is stored.
        exports: What pages take from the tables.
    """

    name: str
    tables: tuple[Table | TimedTable, ...]
    exports: tuple[Export, ...] = ()


def grid(**values: Iterable[Any]) -> list[Row]:
    """Return every combination of the values as settings, the last name changing fastest.

    >>> grid(width=(1, 2), seed=(0, 1))[:3]
    [{'width': 1, 'seed': 0}, {'width': 1, 'seed': 1}, {'width': 2, 'seed': 0}]
    """
    return [dict(zip(values, chosen, strict=True)) for chosen in product(*values.values())]
