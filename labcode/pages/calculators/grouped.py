"""A grouped convolution at every number of groups that its channels allow."""

from __future__ import annotations

from math import gcd

from labcode import cost
from labcode._checks import check_int
from labcode.cost import Cost
from labcode.pages.calculators.wiring import wiring
from labcode.pages.live.draw import bar, heading, number, percent, table, times, tinted
from labcode.pages.live.result import Result

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
    lead = (
        f"{in_channels} → {out_channels} channels in {groups} group{'s' * (groups != 1)}: "
        f"{number(chosen.params)} weights, 1/{groups} of the {number(whole.params)} without groups."
    )
    lines = [
        f"{g} groups: {number(c.params)} weights, {number(c.macs)} multiply-adds, each output "
        f"reads {in_channels // g} channels"
        for g, c in costs.items()
    ]
    html = _html(lead, costs, groups, (in_channels, out_channels, kernel_size))
    return Result(html, "\n".join([lead, *lines]))


def divisors(value: int) -> list[int]:
    """Return the numbers that divide ``value``.

    >>> divisors(12)
    [1, 2, 3, 4, 6, 12]
    """
    return [d for d in range(1, value + 1) if value % d == 0]


def _html(lead: str, costs: dict[int, Cost], groups: int, shape: tuple[int, int, int]) -> str:
    c_in, c_out, k = shape
    shown = list(costs) if len(costs) <= MOST_ROWS else _around(list(costs), groups)
    rows = [(_name(g, g == groups), [_cells(g, costs, groups, c_in)]) for g in shown]
    formula = times(c_out, f"{c_in}/{groups}", f"{k}²")
    left_out = len(costs) - len(shown)
    more = f" {left_out} more numbers of groups are possible." if left_out else ""
    body = table([heading("Weights", "a")], rows)
    body = body.replace('class="live-table"', 'class="live-table live-list"')
    picture = tinted(wiring(c_in, c_out, groups), "b")
    return (
        f'<p class="live-lead">{lead}</p>\n<p>{picture}</p>\n{body}\n'
        f'<p class="live-caption">Weights: {formula} = {number(costs[groups].params)}; '
        f"multiply-adds: {number(costs[groups].macs)}. In the picture each row is an output "
        f"channel, each column an input channel that it reads.{more}</p>"
    )


def _around(allowed: list[int], groups: int) -> list[int]:
    """Return the first, the last, and those next to the chosen number of groups."""
    place = allowed.index(groups)
    low = max(0, min(place - MOST_ROWS // 2, len(allowed) - MOST_ROWS))
    return sorted({1, *allowed[low : low + MOST_ROWS], allowed[-1]})


def _name(groups: int, chosen: bool) -> str:
    name = f"{groups} group{'s' * (groups != 1)}"
    return f"<b>{name}</b>" if chosen else name


def _cells(groups: int, costs: dict[int, Cost], chosen: int, in_channels: int) -> str:
    whole, value = costs[1].params, costs[groups].params
    reads = in_channels // groups
    remark = f"{percent(value, whole)}, each output reads {reads} channel{'s' * (reads != 1)}"
    drawn = bar(value / whole, "b" if groups == chosen else "a")
    shown = f"<b>{number(value)}</b>" if groups == chosen else number(value)
    return f'{shown} <span class="live-remark">{remark}</span>{drawn}'
