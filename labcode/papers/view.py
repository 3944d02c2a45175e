"""How a paper's numbers look in a notebook: published beside computed, in a box that scrolls."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass

from labcode.papers.row import CITED, EQUAL, Row
from labcode.show.tables import Table, html_box, html_details, html_table, text_table

_COLUMNS = ("Number", "Verdict", "Published", "Computed", "Difference")  # a phone shows two
_CITED_COLUMNS = ("Number", "Published")


@dataclass(frozen=True)
class View:
    """Rows of one paper, as a table."""

    paper: str
    rows: tuple[Row, ...]

    @property
    def counts(self) -> Counter[str]:
        """How many rows have which kind of verdict."""
        return Counter(row.kind for row in self.rows)

    def __repr__(self) -> str:
        """Return the rows that were computed as plain text."""
        return text_table(self._computed())

    def _repr_html_(self) -> str:
        """Return the rows that were computed, and those that are only cited folded away."""
        computed, cited = self._computed(), self._cited()
        html = ""
        if computed.rows:
            label = f"{self.paper}: published and computed"
            html = html_box(html_table(computed), label, max_height="26em")
        if cited.rows:
            label = f"{self.paper}: cited"
            box = html_box(html_table(cited), label, max_height="26em")
            html += html_details(cited.caption, box)
        return html

    def _computed(self) -> Table:
        rows = [row for row in self.rows if row.kind != CITED]
        caption = f"{self.paper}: {len(rows)} numbers, published and computed"
        cells = [
            (name(row), _verdict(row), _printed(row), computed(row), difference(row))
            for row in rows
        ]
        numeric = frozenset({2, 3, 4})
        return Table(caption, _COLUMNS, tuple(cells), numeric=numeric, wrapped=frozenset({0, 1}))

    def _cited(self) -> Table:
        rows = [row for row in self.rows if row.kind == CITED]
        caption = f"{len(rows)} more numbers are cited, since nothing here can compute them"
        cells = [(name(row), _printed(row)) for row in rows]
        return Table(caption, _CITED_COLUMNS, tuple(cells), wrapped=frozenset({0}))


def name(row: Row) -> str:
    """Return what a number is: its table, the network, the setting and the quantity.

    >>> name(Row("Table 4", "MobileNet", "Table 4", "params", "4.2", "M", 4.21, EQUAL))
    'Table 4: MobileNet, params'
    """
    parts = [row.network, row.config, row.quantity]
    return f"{row.table}: {', '.join(part for part in parts if part and part != row.table)}"


def _printed(row: Row) -> str:
    return f"{row.published} {row.unit}".strip() if row.unit != "count" else row.published


def _verdict(row: Row) -> str:
    return "equal" if row.verdict == EQUAL else row.verdict


def computed(row: Row) -> str:
    """Return our number with two digits more than were printed; whole numbers whole.

    >>> computed(Row("", "", "", "", "4.2", "M", 4.209088, EQUAL))
    '4.209'
    """
    if row.computed is None:
        return "none"
    return row.computed if isinstance(row.computed, str) else f"{row.computed:{_format(row)}}"


def difference(row: Row) -> str:
    """Return computed minus published with its sign, empty where there is none.

    >>> difference(Row("", "", "", "", "569", "M", 568.740352, EQUAL))
    '-0.26'
    """
    if row.difference is None:
        return ""
    return f"{row.difference:+{_format(row)}}" if row.difference else "0"


def _format(row: Row) -> str:
    decimals = re.search(r"\.(\d+)", row.published)
    digits = len(decimals.group(1)) if decimals else 0
    return ",.0f" if isinstance(row.computed, int) else f",.{digits + 2}f"
