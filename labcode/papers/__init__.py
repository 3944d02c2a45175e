"""Papers' tables, published beside computed: each number with its difference and a verdict."""

from __future__ import annotations

from collections.abc import Callable

from labcode.papers import (
    alexnet,
    deep_compression,
    mobilenet_v1,
    senet,
    shufflenet_v1,
    squeezenet,
)
from labcode.papers.row import CITED, EQUAL, Found, Row, agrees, to_frame, verdict

__all__ = [
    "CITED",
    "EQUAL",
    "Found",
    "Row",
    "agrees",
    "papers",
    "reproduce",
    "to_frame",
    "verdict",
]

_PAPERS: dict[str, Callable[[], list[Row]]] = {
    "mobilenet_v1": mobilenet_v1.rows,
    "squeezenet": squeezenet.rows,
    "shufflenet_v1": shufflenet_v1.rows,
    "senet": senet.rows,
    "alexnet": alexnet.rows,
    "deep_compression": deep_compression.rows,
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
    return _PAPERS[paper]()
