"""Papers' tables, published beside computed: each number with its difference and a verdict."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING

from labcode.papers import (
    alexnet,
    deep_compression,
    mobilenet_v1,
    senet,
    shufflenet_v1,
    squeezenet,
)
from labcode.papers.row import CITED, EQUAL, KINDS, Found, Row, agrees, to_frame, verdict
from labcode.papers.view import View

__all__ = [
    "CITED",
    "EQUAL",
    "KINDS",
    "Found",
    "Row",
    "View",
    "agrees",
    "papers",
    "reproduce",
    "show",
    "summary",
    "to_frame",
    "verdict",
]

if TYPE_CHECKING:
    import pandas as pd

_PAPERS: dict[str, Callable[[], list[Row]]] = {
    "mobilenet_v1": mobilenet_v1.rows,
    "squeezenet": squeezenet.rows,
    "shufflenet_v1": shufflenet_v1.rows,
    "senet": senet.rows,
    "alexnet": alexnet.rows,
    "deep_compression": deep_compression.rows,
}

_TITLES = {
    "mobilenet_v1": "MobileNet",
    "squeezenet": "SqueezeNet",
    "shufflenet_v1": "ShuffleNet",
    "senet": "SENet",
    "alexnet": "AlexNet",
    "deep_compression": "Deep Compression",
}


def papers() -> list[str]:
    """Return the papers whose tables are recomputed.

    >>> papers()[:2]
    ['mobilenet_v1', 'squeezenet']
    """
    return list(_PAPERS)


def reproduce(paper: str) -> list[Row]:
    """Return a paper's numbers, published beside computed.

    Args:
        paper: One of `papers()`.

    Returns:
        One row a published number, in the paper's order.

    Raises:
        KeyError: There is no such paper.

    >>> row = reproduce("mobilenet_v1")[-2]
    >>> row.published, round(row.computed, 2), row.kind
    ('239', 238.6, 'equal to the digits printed')
    """
    if paper not in _PAPERS:
        raise KeyError(f"no recomputed tables of {paper!r}; there are: {', '.join(_PAPERS)}")
    return list(_rows(paper))


@cache
def _rows(paper: str) -> tuple[Row, ...]:
    return tuple(_PAPERS[paper]())


def show(paper: str, tables: str = ".*") -> View:
    """Return some tables of a paper, published beside computed, to show in a notebook.

    Args:
        paper: One of `papers()`.
        tables: A regular expression that the name of a table matches whole.

    Returns:
        A table in a box that scrolls by itself; the numbers that are only cited are folded away.

    Raises:
        KeyError: There is no such paper.
        ValueError: It has no such table.

    >>> show("mobilenet_v1", "Table 5").counts["equal to the digits printed"]
    4
    """
    rows = [row for row in reproduce(paper) if re.fullmatch(tables, row.table)]
    if not rows:
        raise ValueError(f"no table of {paper!r} matches {tables!r}")
    return View(_TITLES[paper], tuple(rows))


def summary() -> pd.DataFrame:
    """Return how many published numbers have which verdict.

    Returns:
        One row a paper and one for all of them; one column a kind of verdict, and their sum.

    >>> int(summary().loc["alexnet", "cited"])
    3
    """
    import pandas as pd

    counts = {paper: Counter(row.kind for row in reproduce(paper)) for paper in papers()}
    counts["all six"] = sum(counts.values(), Counter())
    table = pd.DataFrame([[counts[paper][kind] for kind in KINDS] for paper in counts])
    table.index, table.columns = pd.Index(counts), pd.Index(KINDS)
    return table.assign(together=table.sum(axis=1))
