"""A grouped convolution at every number of groups that its channels allow."""

from __future__ import annotations

from math import gcd

from labcode import cost
from labcode._checks import check_int
from labcode.pages.live.result import Paragraph, Result
from labcode.pages.pictures.wiring import wiring
from labcode.show.numbers import number, percent, plural, times
from labcode.show.pictures import Tone
from labcode.show.tables import Cell, Head, Kind, Table

MOST_ROWS = 10


def grouped_convolution(
    in_channels: int = 64,
    out_channels: int = 128,
    kernel_size: int = 3,
    output_size: int = 28,
    groups: int = 4,
) -> Result:
    """Show what groups do to the cost of a convolution.

    Args:
        in_channels: Channels of the input.
        out_channels: Channels of the output.
        kernel_size: Height and width of a filter, in pixels.
        output_size: Height and width of the output, in pixels.
        groups: Groups, which must divide both channels.

    Returns:
        Weights and multiply-adds without groups, with the chosen ones, and with all others that
        divide the channels.

    Raises:
        ValueError: A number is out of range, or the groups do not divide the channels.

    >>> print(grouped_convolution().summary)
    64 → 128 channels in 4 groups: 18,432 weights, 1/4 of the 73,728 without groups.
    """
    size = check_int("output_size", output_size) + check_int("kernel_size", kernel_size) - 1
    allowed = divisors(
        gcd(check_int("in_channels", in_channels), check_int("out_channels", out_channels))
    )
    costs = {
        g: cost.conv2d(in_channels, out_channels, kernel_size, size, groups=g) for g in allowed
    }
    if check_int("groups", groups) not in costs:
        raise ValueError(
            f"groups must divide {in_channels} and {out_channels}: "
            f"{', '.join(map(str, allowed))}; got {groups}"
        )
    chosen, whole = costs[groups], costs[1]
    shown = allowed if len(allowed) <= MOST_ROWS else _around(allowed, groups)
    left_out = len(allowed) - len(shown)
    more = f" {left_out} more numbers of groups are possible." if left_out else ""
    formula = times(out_channels, f"{in_channels}/{groups}", f"{kernel_size}²")
    rows = tuple(
        _row(g, costs[g].params, whole.params, in_channels // g, g == groups) for g in shown
    )
    return Result(
        f"{in_channels} → {out_channels} channels in {plural(groups, 'group')}: "
        f"{number(chosen.params)} weights, 1/{groups} of the {number(whole.params)} without "
        "groups.",
        (
            Paragraph(wiring(in_channels, out_channels, groups, tone="b")),
            Table(columns=("", Head("Weights", "a")), rows=rows, style="list"),
        ),
        f"Weights: {formula} = {number(chosen.params)}; multiply-adds: {number(chosen.macs)}. In "
        "the picture each row is an output channel, each column an input channel that it reads."
        + more,
        values={str(g): (c.params, c.macs, in_channels // g) for g, c in costs.items()},
    )


def divisors(value: int) -> list[int]:
    """Return the numbers that divide ``value``.

    >>> divisors(12)
    [1, 2, 3, 4, 6, 12]
    """
    return [d for d in range(1, value + 1) if value % d == 0]


def _around(allowed: list[int], groups: int) -> list[int]:
    """Return the first, the last, and those next to the chosen number of groups."""
    place = allowed.index(groups)
    low = max(0, min(place - MOST_ROWS // 2, len(allowed) - MOST_ROWS))
    return sorted({1, *allowed[low : low + MOST_ROWS], allowed[-1]})


def _row(groups: int, params: int, whole: int, reads: int, chosen: bool) -> tuple[Cell, Cell]:
    remark = f"{percent(params, whole)}, each output reads {plural(reads, 'channel')}"
    kind: Kind = "strong" if chosen else "plain"
    tone: Tone = "b" if chosen else "a"
    name = Cell(plural(groups, "group"), kind=kind)
    return name, Cell(number(params), params / whole, tone, remark, kind=kind)
