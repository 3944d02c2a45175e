"""Small tables with bars, as accessible HTML and as plain text; nothing but Python is needed.

The HTML carries its own inline style, takes its text colour from the page (light or dark), and
scrolls inside its own box, so that a narrow page never scrolls sideways.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

BAR_COLOURS = ("#2f8fd0", "#d5702a")  # blue, orange: colour-blind-safe, 3:1 on white and on black
_CELL = "padding:.2em .6em;border:0;vertical-align:top;white-space:nowrap;"
_WRAPPED = _CELL.replace("white-space:nowrap", "min-width:12em")
_RULE = "border-bottom:1px solid rgba(128,128,128,.5);"
_PREFIXES = ((10**12, "T"), (10**9, "G"), (10**6, "M"), (10**3, "k"))


@dataclass(frozen=True)
class Bar:
    """A cell with a bar below its text; `share` runs from 0 to 1."""

    text: str
    share: float
    colour: str = BAR_COLOURS[0]


Cell = str | Bar


@dataclass(frozen=True)
class Table:
    """A table to show: the first cell of a row names it.

    `numeric` columns stand to the right; `wrapped` ones hold long text and break their lines.
    """

    caption: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    total: tuple[Cell, ...] | None = None
    numeric: frozenset[int] = frozenset()
    wrapped: frozenset[int] = frozenset()


def humanise(number: float) -> str:
    """Return a number with three digits and a unit prefix.

    Args:
        number: a count, zero or more.

    Returns:
        The number with k, M, G or T (thousand, million, ...), or plain below a thousand.

    >>> humanise(1_814_073_344), humanise(999), humanise(999_999)
    ('1.81 G', '999', '1.00 M')
    """
    for size, prefix in _PREFIXES:
        if number >= size * 0.9995 and number >= 1000:
            value = number / size
            digits = 2 if value < 9.995 else 1 if value < 99.95 else 0
            return f"{value:.{digits}f} {prefix}"
    return f"{number:g}"


def exact(number: int) -> str:
    """Return an integer with thousands marked, and in short form from a million on.

    >>> exact(11_689_512), exact(108)
    ('11,689,512 (11.7 M)', '108')
    """
    return f"{number:,}" + (f" ({humanise(number)})" if number >= 10**6 else "")


def share(part: float, whole: float) -> float:
    """Return part / whole between 0 and 1; 0 where the whole is 0."""
    return min(max(part / whole, 0.0), 1.0) if whole else 0.0


def html_bar(fraction: float, colour: str = BAR_COLOURS[0]) -> str:
    """Return a bar as HTML; the text beside it must carry the number, screen readers skip it."""
    width = 100 * min(max(fraction, 0.0), 1.0)
    return (
        f'<div aria-hidden="true" style="height:.35em;width:{width:.1f}%;'
        f'background:{colour};border-radius:.15em"></div>'
    )


def html_table(table: Table) -> str:
    """Return the table as HTML with a caption, header scopes and bars."""
    head = "".join(_header(title, i, table) for i, title in enumerate(table.columns))
    body = "".join(_row(row, table) for row in table.rows)
    foot = f"<tfoot>{_row(table.total, table, strong=True)}</tfoot>" if table.total else ""
    caption = f'<caption style="text-align:left;color:inherit">{escape(table.caption)}</caption>'
    return (
        '<table style="border-collapse:collapse;color:inherit;background:transparent;'
        f'font-variant-numeric:tabular-nums;margin:0">{caption}'
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody>{foot}</table>"
    )


def html_box(content: str, label: str, *, max_height: str = "none") -> str:
    """Return content in a box that scrolls by itself and can be reached with the keyboard."""
    return (
        f'<div role="group" tabindex="0" aria-label="{escape(label)}" '
        f'style="overflow:auto;max-width:100%;max-height:{max_height}">{content}</div>'
    )


def html_details(summary: str, content: str) -> str:
    """Return content that is folded away under a line to click."""
    return f"<details><summary>{escape(summary)}</summary>{content}</details>"


def text_table(table: Table) -> str:
    """Return the table as aligned plain text, for a terminal."""
    rows = [table.columns, *(tuple(map(_text, row)) for row in table.rows)]
    if table.total:
        rows.append(tuple(map(_text, table.total)))
    widths = [max(len(row[i]) for row in rows) for i in range(len(table.columns))]
    lines = [_line(row, widths, table.numeric) for row in rows]
    rule = "-" * max(map(len, lines))
    lines.insert(1, rule)
    if table.total:
        lines.insert(-1, rule)
    return "\n".join([table.caption, *lines])


def _header(title: str, index: int, table: Table) -> str:
    return f'<th scope="col" style="{_cell(index, table)}{_RULE}">{escape(title)}</th>'


def _row(cells: Sequence[Cell], table: Table, *, strong: bool = False) -> str:
    weight = "font-weight:bold;" if strong else "font-weight:normal;"
    row = []
    for index, cell in enumerate(cells):
        tag, scope = ("th", ' scope="row"') if index == 0 else ("td", "")
        style = _cell(index, table) + weight
        row.append(f'<{tag}{scope} style="{style}">{_html(cell)}</{tag}>')
    return f"<tr>{''.join(row)}</tr>"


def _align(index: int, table: Table) -> str:
    return f"text-align:{'right' if index in table.numeric else 'left'};"


def _cell(index: int, table: Table) -> str:
    return _align(index, table) + (_WRAPPED if index in table.wrapped else _CELL)


def _html(cell: Cell) -> str:
    if isinstance(cell, Bar):
        return escape(cell.text) + html_bar(cell.share, cell.colour)
    return escape(cell)


def _text(cell: Cell) -> str:
    return cell.text if isinstance(cell, Bar) else cell


def _line(row: Sequence[str], widths: Sequence[int], numeric: frozenset[int]) -> str:
    cells = (
        cell.rjust(width) if index in numeric else cell.ljust(width)
        for index, (cell, width) in enumerate(zip(row, widths, strict=True))
    )
    return "  ".join(cells).rstrip()
