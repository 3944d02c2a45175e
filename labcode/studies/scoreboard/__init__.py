"""One table for every technique of the course: what a network gets right, and what it costs."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import mean, stdev
from typing import TYPE_CHECKING

from labcode.show.tables import Table, html_box, html_table, text_table

if TYPE_CHECKING:
    import pandas as pd

    from labcode.studies.scoreboard.techniques import Technique

_COLUMNS = ("Network", "Test accuracy", "Params", "MACs", "Bytes on disk")


@dataclass(frozen=True)
class Row:
    """One network with one technique, over several seeds.

    Args:
        name: Network and technique, in words.
        accuracies: Test accuracy of each seed, from 0 to 1.
        params: Number of parameters; in a pruned network those that are not zero.
        macs: Multiply-adds for one image, as the network's kernels do them: a dense kernel
            multiplies by zeros as well.
        bytes_on_disk: Size of its file, everything in it included.

    Raises:
        ValueError: Fewer than three seeds, or an accuracy outside 0 to 1.
    """

    name: str
    accuracies: tuple[float, ...]
    params: int
    macs: int
    bytes_on_disk: int

    def __post_init__(self) -> None:
        """Refuse what would not be a fair row."""
        if len(self.accuracies) < 3:
            raise ValueError(f"{self.name}: three seeds are needed, got {len(self.accuracies)}")
        if not all(0 <= accuracy <= 1 for accuracy in self.accuracies):
            raise ValueError(f"{self.name}: accuracies go from 0 to 1, got {self.accuracies}")

    @property
    def mean(self) -> float:
        """Mean test accuracy over the seeds, from 0 to 1."""
        return mean(self.accuracies)

    @property
    def spread(self) -> float:
        """Standard deviation over the seeds (n - 1 in the denominator), from 0 to 1."""
        return stdev(self.accuracies)


@dataclass(frozen=True)
class Scoreboard:
    """Rows side by side; shown as a table."""

    rows: tuple[Row, ...]

    def __str__(self) -> str:
        """Return the table as plain text."""
        return text_table(self._table())

    def __repr__(self) -> str:
        """Return the table as plain text, which is what a Python prompt shows."""
        return str(self)

    def _repr_html_(self) -> str:
        return html_box(html_table(self._table()), "Scoreboard")

    def _table(self) -> Table:
        seeds = min(len(row.accuracies) for row in self.rows)
        caption = f"Test accuracy: mean ± standard deviation of {seeds} seeds or more"
        cells = tuple(_cells(row) for row in self.rows)
        return Table(caption, _COLUMNS, cells, numeric=frozenset({1, 2, 3, 4}))


def _cells(row: Row) -> tuple[str, ...]:
    accuracy = f"{100 * row.mean:.2f} ± {100 * row.spread:.2f} %"
    return (row.name, accuracy, f"{row.params:,}", f"{row.macs:,}", f"{row.bytes_on_disk:,}")


def baseline_row(network: str = "lenet5") -> Row:
    """Return the row of an uncompressed network.

    Args:
        network: A baseline of `labcode.weights.baselines`.

    Returns:
        Accuracy of its stored seeds; bytes of its weights in float32, as a safetensors file.

    Raises:
        ValueError: There is no baseline of this name.
    """
    from safetensors.torch import save

    from labcode.studies.scoreboard import techniques
    from labcode.weights import baselines

    results = baselines.results(network)
    return Row(
        name=techniques.technique(network, techniques.LENET5.id).name,
        accuracies=tuple(result.test_accuracy for result in results),
        params=results[0].params,
        macs=results[0].macs,
        bytes_on_disk=len(save(baselines.load(network, seed=0).state_dict())),
    )


def measured_rows(name: str) -> tuple[Row, ...]:
    """Return the rows of a table of `labcode.studies`, one for each technique.

    Args:
        name: A table with a row for each seed and the columns network, technique, seed,
            test_accuracy, params, macs and bytes_on_disk.

    Returns:
        A row for each network and technique, in the table's order. Where counts differ between
        seeds, their mean, rounded.

    Raises:
        KeyError: There is no such table, or it holds a technique that is not registered.
        ValueError: A technique has fewer than three seeds, or a seed stands in it twice.
    """
    from labcode import studies
    from labcode.studies.scoreboard.techniques import technique

    runs = studies.table(name)
    keys = runs[["network", "technique"]].drop_duplicates().itertuples(index=False, name=None)
    return tuple(_gathered(name, technique(*key), runs) for key in keys)


def row_of(technique: Technique) -> Row:
    """Return the row of one technique, from the table of its kind.

    Args:
        technique: One of `labcode.studies.scoreboard.techniques.ALL`.

    Raises:
        ValueError: Its table has fewer than three seeds of it, or a seed twice.
    """
    from labcode import studies

    table = technique.kind.table
    if table is None:
        return baseline_row(technique.network)
    return _gathered(table, technique, studies.table(table))


def _gathered(table: str, technique: Technique, rows: pd.DataFrame) -> Row:
    """Return a technique's row from those of its seeds, which are some of the table's."""
    mine = (rows["network"] == technique.network) & (rows["technique"] == technique.id)
    runs = rows[mine]
    if runs["seed"].duplicated().any():
        raise ValueError(f"{table}: a seed stands twice in {technique.name}")
    accuracies = tuple(runs["test_accuracy"])
    if not accuracies:
        raise ValueError(f"{table} has no row of {technique.name}")
    params, macs, size = (round(runs[c].mean()) for c in ("params", "macs", "bytes_on_disk"))
    return Row(technique.name, accuracies, params, macs, size)
