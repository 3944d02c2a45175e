"""What papers printed: one table, each row with its source."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd


def papers() -> list[str]:
    """Return the names of the papers.

    >>> "deep_compression" in papers()
    True
    """
    return sorted(_all()["paper"].unique())


def table(paper: str) -> pd.DataFrame:
    """Return the rows of one paper.

    Args:
        paper: One of `papers()`.

    Returns:
        Columns model, config, quantity, value (text, as printed), unit and source.

    Raises:
        KeyError: There is no such paper.

    >>> rows = table("deep_compression").query("model == 'LeNet-5'")
    >>> rows.query("quantity == 'compression'").value.item()
    '39'
    """
    if paper not in papers():
        raise KeyError(f"no published table of {paper!r}; there are: {', '.join(papers())}")
    found = _all().query("paper == @paper")
    return found.drop(columns="paper").reset_index(drop=True)


@cache
def _all() -> pd.DataFrame:
    import pandas as pd

    with files("labcode.papers.published").joinpath("published.csv").open(encoding="utf-8") as file:
        return pd.read_csv(file, dtype=str, keep_default_na=False)
