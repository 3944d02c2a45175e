"""How a paper's numbers look in a notebook: published beside computed, in a box that scrolls."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape
from itertools import groupby

from labcode.papers.row import CITED, EQUAL, KINDS, Row
from labcode.show.tables import (
    AnyCell,
    Cell,
    Look,
    Rows,
    Table,
    html_box,
    html_details,
    html_table,
    text_table,
)

_COLUMNS = ("Number", "Verdict", "Published", "Computed", "Difference")
_NARROW_COLUMNS = ("Number and verdict", "Printed", "Ours")  # a phone shows all three
_CITED_COLUMNS = ("Number", "Printed")


class _Narrow(Look):
    """Columns that share the width of their box: words break before a column is out of sight."""

    def table(self, table: Table) -> str:
        """Return the attributes of the table's tag."""
        return super().table(table)[:-1] + ';width:100%;table-layout:fixed"'

    def head(self, table: Table, index: int) -> str:
        """Return the attributes of a column's title: the first takes half of the width."""
        width = 50 if index == 0 else 50 / (len(table.columns) - 1)
        return super().head(table, index)[:-1] + f'width:{width:g}%"'

    def content(self, cell: AnyCell) -> str:
        """Return what stands in a cell, the verdict on a line of its own."""
        if isinstance(cell, str):
            return escape(cell)
        return f"{escape(cell.text)}<br><em>{escape(cell.remark)}</em>"

    def _cell(self, table: Table, index: int) -> str:
        return super()._cell(table, index).replace("white-space:nowrap", "overflow-wrap:anywhere")


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
            html = html_box(html_table(self._narrow(), _Narrow()), label, max_height="26em")
        if cited.rows:
            label = f"{self.paper}: cited"
            box = html_box(html_table(cited, _Narrow()), label, max_height="26em")
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

    def _narrow(self) -> Table:
        """The rows that were computed, under a heading for each of the paper's tables."""
        rows = [row for row in self.rows if row.kind != CITED]
        found = ", ".join(f"{self.counts[kind]} {kind}" for kind in KINDS[:3] if self.counts[kind])
        caption = f"{self.paper}: {len(rows)} numbers, {found.replace(EQUAL, 'equal')}"
        cells = _under_headings(rows, lambda row: (_printed(row), computed(row)), _verdict)
        return Table(caption, _NARROW_COLUMNS, cells, numeric=frozenset({1, 2}))

    def _cited(self) -> Table:
        rows = [row for row in self.rows if row.kind == CITED]
        caption = f"{len(rows)} more numbers are cited, since nothing here can compute them"
        cells = _under_headings(rows, lambda row: (_printed(row),))
        return Table(caption, _CITED_COLUMNS, cells, numeric=frozenset({1}))


def _under_headings(
    rows: Sequence[Row],
    values: Callable[[Row], tuple[str, ...]],
    verdict: Callable[[Row], str] | None = None,
) -> Rows:
    """Return the cells of rows, each table of the paper under its name.

    A network that all rows of a table share stands in the heading, and not in each row.
    """
    cells: list[tuple[AnyCell, ...]] = []
    for table, group in groupby(rows, lambda row: row.table):
        part = list(group)
        shared = part[0].network if len({row.network for row in part}) == 1 else ""
        cells.append((f"{table}: {shared}" if shared else table,))
        for row in part:
            text = _name_in_table(row, shared)
            first = Cell(text, remark=verdict(row)) if verdict else text
            cells.append((first, *values(row)))
    return tuple(cells)


def _name_in_table(row: Row, shared: str) -> str:
    parts = ["" if row.network == shared else row.network, row.config, row.quantity]
    return ", ".join(part for part in parts if part and part != row.table)


def name(row: Row) -> str:
    """Return what a number is: its table, the network, the setting and the quantity.

    >>> name(Row("Table 4", "MobileNet", "Table 4", "params", "4.2", "M", 4.21, EQUAL))
    'Table 4: MobileNet, params'
    """
    return f"{row.table}: {_name_in_table(row, '')}"


def _printed(row: Row) -> str:
    published = row.published.strip()
    if row.unit == "count" or (row.unit == "%" and "%" in published):  # some have their signs
        return published
    return f"{published} {row.unit}".strip()


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
