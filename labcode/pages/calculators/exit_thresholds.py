"""A threshold for early exits, on answers that were really measured."""

from __future__ import annotations

from base64 import b64decode
from functools import cache

from labcode._checks import check_int
from labcode.pages.calculators.exit_outputs import IMAGES, MACS, PLAIN_MACS, RIGHT, SURE
from labcode.pages.live.draw import TONES, bar, heading, number, percent, table
from labcode.pages.live.result import Result

EXITS = len(MACS)


@cache
def right() -> tuple[tuple[bool, ...], ...]:
    """Return whether each exit is right about each image, a row an exit."""
    bits = f"{int.from_bytes(b64decode(RIGHT), 'big'):0{EXITS * IMAGES}b}"
    return tuple(
        tuple(bit == "1" for bit in bits[k * IMAGES : (k + 1) * IMAGES]) for k in range(EXITS)
    )


@cache
def sure(rule: str) -> tuple[tuple[float, ...], ...]:
    """Return how sure each early exit is of each image, from 0 to 1, a row an exit."""
    data = b64decode(SURE[rule])
    values = [int.from_bytes(data[i : i + 2], "big") / 65_535 for i in range(0, len(data), 2)]
    return tuple(tuple(values[k * IMAGES : (k + 1) * IMAGES]) for k in range(EXITS - 1))


def taken(rule: str, threshold: float) -> list[int]:
    """Return the exit that each image takes, from 0: the first that is sure enough."""
    scores = sure(rule)
    return [
        next((k for k in range(EXITS - 1) if scores[k][i] >= threshold), EXITS - 1)
        for i in range(IMAGES)
    ]


def exit_thresholds(threshold: int = 900, rule: str = "confidence") -> Result:
    """Show which images leave where, and what that costs and loses.

    Args:
        threshold: How sure an exit must be, in thousandths, 0 to 1000.
        rule: "confidence", "entropy" or "margin".

    Returns:
        For each exit the share of the images that leaves there and how many of these are right;
        expected multiply-adds and accuracy.

    Raises:
        ValueError: The threshold is out of range, or there is no such rule.

    >>> exit_thresholds(0).text.splitlines()[1].startswith("exit 1: 500 of 500 images")
    True
    """
    if check_int("threshold", threshold, minimum=0) > 1000:
        raise ValueError(f"threshold must be from 0 to 1000, got {threshold!r}")
    if rule not in SURE:
        raise ValueError(f"rule must be one of {', '.join(SURE)}, got {rule!r}")
    exits, truth = taken(rule, threshold / 1000), right()
    hits = [truth[k][i] for i, k in enumerate(exits)]
    expected = round(sum(MACS[k] for k in exits) / IMAGES)
    last = sum(truth[-1])
    lead = (
        f"{percent(sum(hits), IMAGES)} right for {percent(expected, PLAIN_MACS)} of the "
        f"multiply-adds of the network without early exits."
    )
    text, rows = [lead], []
    for k in range(EXITS):
        leave = [hit for hit, at in zip(hits, exits, strict=True) if at == k]
        good = f"{percent(sum(leave), len(leave))} right" if leave else "nobody leaves here"
        text.append(f"exit {k + 1}: {len(leave)} of {IMAGES} images, {good}")
        remark = f'<span class="live-remark">{good}</span>'
        share = f"<b>{len(leave)}</b> {remark}{bar(len(leave) / IMAGES, TONES[0])}"
        rows.append((f"Exit {k + 1}", [share]))
    remark = f'<span class="live-remark">{percent(expected, PLAIN_MACS)}</span>'
    cost = f"<b>{number(expected)}</b> {remark}{bar(expected / MACS[-1], TONES[1])}"
    rows.append(("Expected multiply-adds", [cost]))
    remark = f'<span class="live-remark">all at the last exit: {last}</span>'
    score = f"<b>{sum(hits)}</b> {remark}{bar(sum(hits) / IMAGES, TONES[2])}"
    rows.append((f"Right, of {IMAGES}", [score]))
    text.append(f"expected multiply-adds: {number(expected)} ({percent(expected, PLAIN_MACS)})")
    text.append(f"right: {sum(hits)} of {IMAGES}; all at the last exit: {last}")
    body = table([heading("Images", "a")], rows)
    body = body.replace('class="live-table"', 'class="live-table live-list"')
    caption = (
        f"Counted over the {IMAGES} validation images: what the stored network really answered "
        f"about each of them at each exit."
    )
    html = f'<p class="live-lead">{lead}</p>\n{body}\n<p class="live-caption">{caption}</p>'
    return Result(html, "\n".join(text))
