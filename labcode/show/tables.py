"""Small tables with bars, as accessible HTML and as plain text; nothing but Python is needed.

A `Look` dresses the tags. The plain one puts the style into the HTML itself, takes the text's
colour from the page (light or dark), and scrolls inside its own box, so that a narrow page never
scrolls sideways; the calculators' look (`labcode.pages.live.render`) names classes instead.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Literal

from labcode.show.pictures import Picture, Tone

# blue, orange, green: colour-blind-safe, 3:1 on white and on black
_COLOURS: dict[Tone, str] = {"a": "#2f8fd0", "b": "#d5702a", "c": "#1d9a74"}
Kind = Literal["plain", "strong", "large", "code", "how", "error"]
_CELL = "padding:.2em .6em;border:0;vertical-align:top;white-space:nowrap;"
_WRAPPED = _CELL.replace("white-space:nowrap", "min-width:12em")
_RULE = "border-bottom:1px solid rgba(128,128,128,.5);"
# The page's own ground, where its name is known: it moves with the content, and so covers the
# shade, which stays at the edge, once the end is in sight.
_GROUND = "var(--labcode-ground,var(--pst-color-background,var(--jp-layout-color0,transparent)))"
_MORE_BELOW = (
    f"linear-gradient({_GROUND},{_GROUND}) bottom/100% 1em no-repeat local,"
    "linear-gradient(transparent,rgba(128,128,128,.45)) bottom/100% 1em no-repeat scroll"
)


@dataclass(frozen=True)
class Cell:
    """A cell that is more than its text.

    Args:
        text: What it says.
        share: How full its bar is, from 0 to 1; None for no bar.
        tone: The bar's colour.
        remark: What stands beside the text, more quietly.
        formula: How the number comes about.
        kind: How the text stands out.
        pictures: What is drawn in it; of two, the first leads to the second.
    """

    text: str = ""
    share: float | None = None
    tone: Tone = "a"
    remark: str = ""
    formula: str = ""
    kind: Kind = "plain"
    pictures: tuple[Picture, ...] = ()


@dataclass(frozen=True)
class Head:
    """The title of a column, with the colour of its bars."""

    text: str
    tone: Tone


AnyCell = str | Cell
Rows = tuple[tuple[AnyCell, ...], ...]


@dataclass(frozen=True)
class Table:
    """A table to show: the first cell of a row names it.

    Args:
        caption: What it shows; may be empty.
        columns: The titles, that of the names first; none for a table without a head.
        rows: Its cells, as many a row as there are columns; a cell alone is a heading across them.
        total: A last row, under a rule.
        numeric: Columns that stand to the right.
        wrapped: Columns that hold long text and break their lines.
        style: Words that a `Look` may read, such as "list".
    """

    caption: str = ""
    columns: tuple[str | Head, ...] = ()
    rows: Rows = ()
    total: tuple[AnyCell, ...] | None = None
    numeric: frozenset[int] = frozenset()
    wrapped: frozenset[int] = frozenset()
    style: str = ""


class Look:
    """The attributes of a table's tags, and its cells: here with the style in the HTML itself."""

    def table(self, table: Table) -> str:
        """Return the attributes of the table's tag."""
        return (
            ' style="border-collapse:collapse;color:inherit;background:transparent;'
            'font-variant-numeric:tabular-nums;margin:0"'
        )

    def caption(self) -> str:
        """Return the attributes of the caption's tag."""
        return ' style="text-align:left;color:inherit"'

    def head(self, table: Table, index: int) -> str:
        """Return the attributes of a column's title."""
        return f' style="{self._cell(table, index)}{_RULE}"'

    def cell(self, table: Table, index: int, strong: bool) -> str:
        """Return the attributes of a cell; ``strong`` in the row of totals."""
        weight = "font-weight:bold;" if strong else "font-weight:normal;"
        return f' style="{self._cell(table, index)}{weight}"'

    def title(self, head: str | Head) -> str:
        """Return what stands in a column's title."""
        return escape(_plain(head))

    def content(self, cell: AnyCell) -> str:
        """Return what stands in a cell."""
        if isinstance(cell, str) or cell.share is None:
            return escape(_plain(cell))
        return escape(cell.text) + html_bar(cell.share, cell.tone)

    def _cell(self, table: Table, index: int) -> str:
        align = f"text-align:{'right' if index in table.numeric else 'left'};"
        return align + (_WRAPPED if index in table.wrapped else _CELL)


def html_bar(fraction: float, tone: Tone = "a") -> str:
    """Return a bar as HTML; the text beside it must carry the number, screen readers skip it."""
    width = 100 * min(max(fraction, 0.0), 1.0)
    return (
        f'<div aria-hidden="true" style="height:.35em;width:{width:.1f}%;'
        f'background:{_COLOURS[tone]};border-radius:.15em"></div>'
    )


def html_table(table: Table, look: Look | None = None) -> str:
    """Return the table as HTML with a caption, header scopes and bars."""
    look = look or Look()
    head = "".join(_header(table, look, i) for i in range(len(table.columns)))
    body = "".join(_row(row, table, look) for row in table.rows)
    caption = f"<caption{look.caption()}>{escape(table.caption)}</caption>" if table.caption else ""
    top = f"<thead><tr>{head}</tr></thead>" if head else ""
    foot = f"<tfoot>{_row(table.total, table, look, strong=True)}</tfoot>" if table.total else ""
    return f"<table{look.table(table)}>{caption}{top}<tbody>{body}</tbody>{foot}</table>"


def html_box(content: str, label: str, *, max_height: str = "none") -> str:
    """Return content in a box that scrolls by itself and can be reached with the keyboard.

    A box of limited height is shaded at its lower edge as long as more follows. Its first line is
    a short tag: JupyterLab shows the first line of what is folded.
    """
    shade = "" if max_height == "none" else f";background:{_MORE_BELOW}"
    return (
        f'<div\nrole="group" tabindex="0" aria-label="{escape(label)}" '
        f'style="overflow:auto;max-width:100%;max-height:{max_height}{shade}">{content}</div>'
    )


def html_details(summary: str, content: str) -> str:
    """Return content that is folded away under a line to click."""
    return f"<details><summary>{escape(summary)}</summary>{content}</details>"


def text_table(table: Table) -> str:
    """Return the table as aligned plain text, for a terminal."""
    head = [tuple(map(_plain, table.columns))] if table.columns else []
    rows = [*head, *(_filled(tuple(map(_plain, row)), table) for row in table.rows)]
    if table.total:
        rows.append(tuple(map(_plain, table.total)))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [_line(row, widths, table.numeric) for row in rows]
    rule = "-" * max(map(len, lines))
    if head:
        lines.insert(1, rule)
    if table.total:
        lines.insert(-1, rule)
    return "\n".join([table.caption, *lines] if table.caption else lines)


def markdown_table(table: Table) -> str:
    """Return the table as Markdown, its caption above and its total in the last row, in bold.

    >>> print(markdown_table(Table("Costs", ("Name", "MACs"), (("a | b", "1"),), None, {1})))
    Costs
    <BLANKLINE>
    | Name | MACs |
    | --- | ---: |
    | a \\| b | 1 |
    """
    rows = [
        [text.replace("|", "\\|") for text in _filled(tuple(map(_plain, row)), table)]
        for row in table.rows
    ]
    if table.total:
        rows.append([f"**{text}**" if (text := _plain(cell)) else "" for cell in table.total])
    marks = ["---:" if i in table.numeric else "---" for i in range(len(table.columns))]
    lines = [[_plain(head) for head in table.columns], marks, *rows]
    body = "\n".join(f"| {' | '.join(line)} |" for line in lines)
    return f"{table.caption}\n\n{body}" if table.caption else body


def _header(table: Table, look: Look, index: int) -> str:
    title = look.title(table.columns[index])
    if not title:  # a corner that names nothing is not a head
        return f"<td{look.head(table, index)}></td>"
    return f'<th scope="col"{look.head(table, index)}>{title}</th>'


def _row(cells: Sequence[AnyCell], table: Table, look: Look, *, strong: bool = False) -> str:
    if len(cells) == 1 < len(table.columns):
        attributes = f' scope="rowgroup" colspan="{len(table.columns)}"{look.cell(table, 0, True)}'
        return f"<tr><th{attributes}>{look.content(cells[0])}</th></tr>"
    row = []
    for index, cell in enumerate(cells):
        tag, scope = ("th", ' scope="row"') if index == 0 else ("td", "")
        attributes = scope + look.cell(table, index, strong)
        row.append(f"<{tag}{attributes}>{look.content(cell)}</{tag}>")
    return f"<tr>{''.join(row)}</tr>"


def _filled(row: tuple[str, ...], table: Table) -> tuple[str, ...]:
    """Return the row with empty cells behind a heading, as many as there are columns."""
    return row + ("",) * (len(table.columns) - len(row))


def _plain(cell: str | Head | Cell) -> str:
    """Return what a cell says, without its bar."""
    if not isinstance(cell, Cell):
        return cell if isinstance(cell, str) else cell.text
    remark = f"({cell.remark})" if cell.text and cell.remark else cell.remark
    drawn = "; ".join(picture.label for picture in cell.pictures)
    said = " ".join(part for part in (cell.text, remark, drawn) if part)
    return f"{said}: {cell.formula}" if cell.formula else said


def _line(row: Sequence[str], widths: Sequence[int], numeric: frozenset[int]) -> str:
    cells = (
        cell.rjust(width) if index in numeric else cell.ljust(width)
        for index, (cell, width) in enumerate(zip(row, widths, strict=True))
    )
    return "  ".join(cells).rstrip()
