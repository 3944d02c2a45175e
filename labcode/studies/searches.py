"""What a search of the learning rate says: the best on the validation split, and its range."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd


def by_rate(searches: pd.DataFrame, **chosen: Any) -> pd.Series:
    """Return the validation accuracy at each rate, a mean over seeds and what is not chosen.

    Args:
        searches: A stored table with columns ``lr`` and ``validation_accuracy``.
        chosen: Columns and values that choose rows of it.

    Raises:
        ValueError: No row is chosen.
    """
    rows = searches
    for column, value in chosen.items():
        rows = rows[rows[column] == value]
    if rows.empty:
        raise ValueError(f"no row of the searches has {chosen}")
    return rows.groupby("lr")["validation_accuracy"].mean()


def best_rate(searches: pd.DataFrame, **chosen: Any) -> float:
    """Return the rate with the highest validation accuracy, the lowest of equals; see `by_rate`."""
    found = by_rate(searches, **chosen)
    rates: list[float] = found.index.tolist()
    return rates[int(found.argmax())]


def safe_rate(searches: pd.DataFrame, *, within: float = 0.005, **chosen: Any) -> float:
    """Return the lowest rate that is as good as the best but for so little; see `best_rate`.

    For networks of which some seeds learn nothing at the next higher rate.

    Args:
        searches: A stored table with columns ``lr`` and ``validation_accuracy``.
        within: How much less validation accuracy is still as good, in parts of 1.
        chosen: Columns and values that choose rows of it.
    """
    found = by_rate(searches, **chosen)
    rates: list[float] = found[found >= found.max() - within - 1e-9].index.tolist()
    return rates[0]


def with_rates(
    searches: pd.DataFrame,
    settings: Iterable[dict[str, Any]],
    chosen: Callable[[dict[str, Any]], dict[str, Any]] = dict,
    rate: Callable[..., float] = best_rate,
) -> list[dict[str, Any]]:
    """Return each setting with the rate of its search, as ``lr``.

    Args:
        searches: A stored table with columns ``lr`` and ``validation_accuracy``.
        settings: One for each kind of network.
        chosen: Turns a setting into the columns and values that choose rows of the search.
        rate: `best_rate` or `safe_rate`.
    """
    return [setting | {"lr": rate(searches, **chosen(setting))} for setting in settings]


def at_own_rates(searches: pd.DataFrame, columns: Sequence[str]) -> pd.DataFrame:
    """Return the rows of each kind of network at its own best rate; see `best_rate`.

    Args:
        searches: A stored table with columns ``lr`` and ``validation_accuracy``.
        columns: What tells the kinds of network apart.
    """
    import pandas as pd

    found = [
        part[part["lr"] == best_rate(part)]
        for _, part in searches.groupby(list(columns), sort=False)
    ]
    return pd.concat(found, ignore_index=True)


def inside(searches: pd.DataFrame, **chosen: Any) -> bool:
    """Return whether the lowest and the highest rate of the search both do worse than the best.

    Arguments and errors are those of `by_rate`.
    """
    found = by_rate(searches, **chosen)
    best = found.max()
    return bool(found.iloc[0] < best and found.iloc[-1] < best)
