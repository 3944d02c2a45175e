"""The one renderer of calculators: a `Result` as HTML, with the classes of live.css, or as text."""

from __future__ import annotations

from html import escape

from labcode.pages.live.result import Beside, Paragraph, Part, Result
from labcode.show.pictures import Picture, Tone, svg, svg_pair
from labcode.show.tables import AnyCell, Cell, Head, Look, Table, html_table, text_table

_TAGS = {
    "plain": "{}",
    "strong": "<b>{}</b>",
    "large": '<b class="live-number">{}</b>',
    "code": "<code>{}</code>",
    "how": '<span class="live-how">{}</span>',
    "error": '<span class="live-error">{}</span>',
}


def html(result: Result) -> str:
    """Return a result as a fragment of HTML.

    >>> html(Result("Two."))
    '<p class="live-lead">Two.</p>'
    """
    pieces = [f'<p class="live-lead">{_words(result.lead)}</p>', *map(_part, result.parts)]
    if result.caption or result.legend:
        named = " ".join(_dotted(head) for head in result.legend)
        words = " ".join(part for part in (_words(result.caption), named) if part)
        pieces.append(f'<p class="live-caption">{words}</p>')
    return "\n".join(pieces)


def text(result: Result) -> str:
    """Return a result as plain text; the first line is its summary.

    >>> print(text(Result("3 x 4", spoken="12.")))
    12.
    3 x 4
    """
    lead = [] if result.lead == result.summary else [result.lead]
    parts = [_part_text(part) for part in result.parts]
    return "\n".join(filter(None, [result.summary, *lead, *parts, result.caption]))


class _PageLook(Look):
    """Classes in the place of styles; a cell may hold a remark, a formula and pictures."""

    def table(self, table: Table) -> str:
        classes = " ".join(["live-table", *(f"live-{word}" for word in table.style.split())])
        columns = len(table.columns) - 1  # how many stand below a row's name in a narrow place
        return f' class="{classes}"' + (f' style="--live-columns:{columns}"' if columns > 0 else "")

    def caption(self) -> str:
        return ""

    def head(self, table: Table, index: int) -> str:
        return ""

    def cell(self, table: Table, index: int, strong: bool) -> str:
        return ""

    def title(self, head: str | Head) -> str:
        return _words(head) if isinstance(head, str) else _dotted(head)

    def content(self, cell: AnyCell) -> str:
        return _words(cell) if isinstance(cell, str) else _cell(cell)


def bar(fraction: float, tone: Tone) -> str:
    """Return a bar that is filled from 0 to 1; the number it shows must stand beside it."""
    width = max(0.0, min(1.0, fraction)) * 100
    return (
        f'<span class="live-bar live-{tone}" aria-hidden="true">'
        f'<span style="width:{width:.2f}%"></span></span>'
    )


def _words(text: str) -> str:
    return escape(text, quote=False)


def _dotted(head: Head) -> str:
    dot = f'<span class="live-dot live-{head.tone}" aria-hidden="true"></span>'
    return dot + _words(head.text)


def _cell(cell: Cell) -> str:
    said = _TAGS[cell.kind].format(_words(cell.text)) if cell.text else ""
    remark = f'<span class="live-remark">{_words(cell.remark)}</span>' if cell.remark else ""
    formula = f'<div class="live-formula">{_words(cell.formula)}</div>' if cell.formula else ""
    drawn = bar(cell.share, cell.tone) if cell.share is not None else ""
    return " ".join(filter(None, (said, remark))) + drawn + formula + _pictures(cell.pictures)


def _pictures(pictures: tuple[Picture, ...]) -> str:
    return svg_pair(*pictures) if len(pictures) == 2 else "".join(map(svg, pictures))


def _part(part: Part) -> str:
    if isinstance(part, Table):
        return html_table(part, _PageLook())
    if isinstance(part, Picture):
        return svg(part)
    if isinstance(part, Beside):
        return f'<div class="live-beside">{svg(part.picture)}\n{_part(part.table)}</div>'
    inner = svg(part.content) if isinstance(part.content, Picture) else _words(part.content)
    return f'<p class="live-caption">{inner}</p>' if part.quiet else f"<p>{inner}</p>"


def _part_text(part: Part) -> str:
    if isinstance(part, Table):
        return text_table(part)
    if isinstance(part, Beside):
        return f"{part.picture.label}\n{text_table(part.table)}"
    content = part.content if isinstance(part, Paragraph) else part
    return content.label if isinstance(content, Picture) else content
