"""Channel shuffle as a picture: where each channel goes, and whom the next groups hear."""

from __future__ import annotations

from labcode._checks import check_int
from labcode.pages.live.draw import number, svg
from labcode.pages.live.result import Result

MAX_GROUPS, MAX_CHANNELS = 8, 48
SIDE, HEIGHT, MARGIN = 22.0, 116.0, 2.0  # pixels: of a square, of the picture, around it
_STYLES = ("live-full", "live-pale", "live-faint")
_TONES = "abc"


def shuffled_order(groups: int, per_group: int) -> list[int]:
    """Return which channel stands at each place after the shuffle.

    Args:
        groups: Number of groups (g).
        per_group: Channels in each (n).

    >>> shuffled_order(2, 3)
    [0, 3, 1, 4, 2, 5]
    """
    g, n = check_int("groups", groups), check_int("per_group", per_group)
    return [group * n + place for place in range(n) for group in range(g)]


def heard(groups: int, per_group: int, next_groups: int) -> list[int]:
    """Return from how many groups each group of the next convolution reads after a shuffle.

    Args:
        groups: Groups before the shuffle.
        per_group: Channels in each.
        next_groups: Groups of the convolution behind it; they divide the channels.

    Raises:
        ValueError: ``next_groups`` does not divide the channels.

    >>> heard(3, 4, 3), heard(4, 2, 4)
    ([3, 3, 3], [2, 2, 2, 2])
    """
    channels = groups * per_group
    if channels % check_int("next_groups", next_groups):
        raise ValueError(f"next_groups must divide the {channels} channels, got {next_groups!r}")
    size, order = channels // next_groups, shuffled_order(groups, per_group)
    parts = [order[start : start + size] for start in range(0, channels, size)]
    return [len({channel // per_group for channel in part}) for part in parts]


def channel_shuffle(groups: int = 3, per_group: int = 4, shuffle: bool = True) -> Result:
    """Draw the shuffle of g groups of n channels.

    Args:
        groups: Number of groups (g), up to 8.
        per_group: Channels in each (n); there are at most 48 channels.
        shuffle: Whether the channels are shuffled at all.

    Returns:
        A picture, and from how many groups each group of the next layer reads.

    Raises:
        TypeError: An argument has the wrong type.
        ValueError: A number is out of range.

    >>> print(channel_shuffle().text.splitlines()[0])
    With the shuffle, each of the next 3 groups reads channels from 3 of 3 groups.
    """
    g, n = check_int("groups", groups), check_int("per_group", per_group)
    if g > MAX_GROUPS:
        raise ValueError(f"groups must be at most {MAX_GROUPS}, got {groups!r}")
    if g * n > MAX_CHANNELS:
        raise ValueError(f"groups x per_group must be at most {MAX_CHANNELS}, got {g} x {n}")
    order = shuffled_order(g, n) if shuffle else list(range(g * n))
    reached = min(heard(g, n, g)) if shuffle else 1
    how = "With" if shuffle else "Without"
    lead = (
        f"{how} the shuffle, each of the next {g} groups reads channels from "
        f"{number(reached)} of {g} groups."
    )
    caption = (
        f"Above: {g} groups of {n} channels, as a grouped convolution leaves them. Below: the same "
        f"channels, as the next one reads them, {n} for each of its groups (the gaps)."
    )
    names = [_name(channel, n) for channel in order]
    text = "\n".join([lead, "Order: " + " ".join(names)])
    html = (
        f'<p class="live-lead">{lead}</p>\n{_picture(order, g, n)}\n'
        f'<p class="live-caption">{caption}</p>'
    )
    return Result(html, text)


def _name(channel: int, n: int) -> str:
    return f"{chr(ord('A') + channel // n)}{channel % n + 1}"


def _x(place: int, n: int) -> float:
    """Return where a square begins; a gap of half a square stands between two groups."""
    return MARGIN + SIDE * (place + 0.5 * (place // n))


def _picture(order: list[int], g: int, n: int) -> str:
    bottom = HEIGHT - SIDE - MARGIN
    body = []
    for place, channel in enumerate(order):
        start, end = _x(channel, n) + SIDE / 2, _x(place, n) + SIDE / 2
        body.append(
            f'<line class="live-wire live-{_TONES[channel // n % 3]}" x1="{start:g}" '
            f'y1="{MARGIN + SIDE:g}" x2="{end:g}" y2="{bottom:g}"/>'
        )
    for place, channel in enumerate(order):
        body += [_square(place, place, n, MARGIN), _square(place, channel, n, bottom)]
    label = "Channels in order before and after: " + " ".join(_name(c, n) for c in order)
    return svg(_x(g * n - 1, n) + SIDE + MARGIN, HEIGHT, label, "".join(body))


def _square(place: int, channel: int, n: int, y: float) -> str:
    """Return a square at a place with the name of its channel; the group decides its colour."""
    group = channel // n
    tone, style = _TONES[group % 3], _STYLES[group // 3]
    x = _x(place, n)
    return (
        f'<rect class="{style} live-{tone}" x="{x + 1:g}" y="{y:g}" width="{SIDE - 2:g}" '
        f'height="{SIDE:g}" rx="2"/><text class="live-tag{" live-on" if group < 3 else ""}" '
        f'x="{x + SIDE / 2:g}" y="{y + SIDE / 2 + 4:g}" text-anchor="middle">'
        f"{_name(channel, n)}</text>"
    )
