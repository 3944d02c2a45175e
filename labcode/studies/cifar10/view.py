"""Rows of the stored tables as the page shows them: each technique with its difference."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from labcode import studies
from labcode.training import Difference, difference_over_changes

if TYPE_CHECKING:
    import pandas as pd

N_TEST = 10_000
TABLES = (
    *("cifar10_untrained", "cifar10_tuned"),
    *("cifar10_few_bits", "cifar10_two_bits", "cifar10_shared"),
    *("cifar10_low_rank", "cifar10_pruned"),
)


class Way(NamedTuple):
    """What makes ResNet-8 small, as the tables name it.

    Args:
        method: One of `labcode.studies.cifar10.compressed.METHODS`.
        bits: Of the weights, where the method has a choice.
        kept: Part of the weights or filters that stays, where it removes some.
        passes: Over the training pictures after the step, where it trains.
        n_train: Training pictures of these passes; 0 is all.
    """

    method: str
    bits: int = 0
    kept: float = 1.0
    passes: int = 0
    n_train: int = 0


class Pair(NamedTuple):
    """Two networks of a table whose trial compared their answers, picture by picture.

    Args:
        table: Name of the stored table.
        chosen: Columns and values that choose the rows, one for each seed.
        lost: Column with the pictures that the first network alone gets right.
        won: That of the second.
    """

    table: str
    chosen: Mapping[str, Any]
    lost: str = "lost"
    won: str = "won"

    def rows(self) -> pd.DataFrame:
        """Return the stored rows, one for each seed.

        Raises:
            KeyError: There are none.
        """
        table = studies.table(self.table)
        chosen = (table[[*self.chosen]] == [*self.chosen.values()]).all(axis=1)
        if not chosen.any():
            raise KeyError(f"{self.table} has no row of {dict(self.chosen)}")
        return table[chosen].sort_values("seed")

    def difference(self) -> Difference:
        """Return the second network's accuracy minus the first's, over seeds and pictures."""
        found = self.rows()
        lost, won = found[self.lost].tolist(), found[self.won].tolist()
        return difference_over_changes(lost, won, images=N_TEST)


PLAIN = Way("uncompressed")
LESSON = 10_000  # training pictures of most lessons after compression
LONGER = 20_000  # of the one with two bits


def rows(way: Way) -> pd.DataFrame:
    """Return the stored rows of a technique, one for each seed.

    Raises:
        KeyError: There are none.

    >>> len(rows(PLAIN))
    3
    """
    import pandas as pd

    table = pd.concat([studies.table(name) for name in TABLES], ignore_index=True)
    table["n_train"] = table["n_train"].fillna(0)  # older tables train with all pictures
    chosen = (table[list(Way._fields)] == list(way)).all(axis=1)
    if not chosen.any():
        raise KeyError(f"no row of {way} is stored")
    return table[chosen].sort_values("seed")


def difference(way: Way) -> Difference:
    """Return a technique's accuracy minus the network's own, over seeds and pictures."""
    found = rows(way)
    return difference_over_changes(found["lost"].tolist(), found["won"].tolist(), images=N_TEST)


def taught(method: str, n_train: int = LESSON, **choices: Any) -> Way:
    """Return a technique with one pass over some pictures after it."""
    return Way(method, passes=1, n_train=n_train, **choices)


def gain(way: Way, over: Way) -> Difference:
    """Return a technique's accuracy minus another's.

    The pictures that only one of the two gets right are not stored; what they change of the
    network's own answers is, and the two together change no fewer.
    """
    one, two = rows(over), rows(way)
    lost = one["won"].to_numpy() + two["lost"].to_numpy()
    won = one["lost"].to_numpy() + two["won"].to_numpy()
    counted_twice = (lost + won - N_TEST).clip(0)  # no more pictures can change than there are
    spare = (counted_twice + 1) // 2
    return difference_over_changes((lost - spare).tolist(), (won - spare).tolist(), images=N_TEST)


def compared(wanted: Mapping[str, Way]) -> pd.DataFrame:
    """Return techniques side by side: accuracy, difference, kilobytes and multiply-adds.

    Args:
        wanted: What a row is called to the technique.
    """
    import pandas as pd

    return pd.DataFrame({name: _line(way) for name, way in wanted.items()}).T


def _line(way: Way) -> dict[str, Any]:
    found = rows(way)
    return {
        "accuracy (%)": round(100 * found["test_accuracy"].mean(), 1),
        "difference": "" if way == PLAIN else str(difference(way)),
        "kB": round(found["bytes_on_disk"].mean() / 1000, 1),
        "million MACs": round(found["macs"].mean() / 1e6, 2),
    }
