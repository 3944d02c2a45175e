"""A list of numbers with bars: what the calculators of networks show."""

from __future__ import annotations

from collections.abc import Iterable

from labcode.pages.live.draw import Tone, bar


def item(
    title: str, value: str, remark: str, fraction: float, tone: Tone = "a", *, aside: str = ""
) -> str:
    """Return a row: a name, a number with a remark, and a bar.

    Args:
        title: The name.
        value: The number, as text.
        remark: What stands beside the number.
        fraction: How full the bar is, from 0 to 1.
        tone: Its colour.
        aside: What stands beside the name.
    """
    beside = f' <span class="live-remark">{aside}</span>' if aside else ""
    return (
        f'<tr><th scope="row">{title}{beside}</th><td>{value} '
        f'<span class="live-remark">{remark}</span>{bar(fraction, tone)}</td></tr>'
    )


def listing(lead: str, heads: tuple[str, str], rows: Iterable[str], caption: str) -> str:
    """Return the first sentence, the rows of `item`, and a caption as HTML.

    >>> listing("Two.", ("Layer", "MACs"), [item("a", "2", "all", 1.0)], "").count("<tr>")
    2
    """
    head = "".join(f'<th scope="col">{text}</th>' for text in heads)
    return (
        f'<p class="live-lead">{lead}</p>\n<table class="live-table live-list"><thead><tr>{head}'
        f"</tr></thead>\n<tbody>{''.join(rows)}</tbody></table>\n"
        f'<p class="live-caption">{caption}</p>'
    )
