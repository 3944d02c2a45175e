"""Channel shuffle as a picture: where each channel goes, and whom the next groups hear."""

from __future__ import annotations

from labcode._checks import check_between, check_int
from labcode.pages.live.result import Result
from labcode.pages.pictures.wires import wires
from labcode.show.numbers import plural

MAX_GROUPS, MAX_CHANNELS = 8, 48


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

    >>> print(channel_shuffle().summary)
    With the shuffle, each of the next 3 groups reads channels from 3 of 3 groups.
    """
    g, n = check_between("groups", groups, 1, MAX_GROUPS), check_int("per_group", per_group)
    if g * n > MAX_CHANNELS:
        raise ValueError(f"groups x per_group must be at most {MAX_CHANNELS}, got {g} x {n}")
    order = shuffled_order(g, n) if shuffle else list(range(g * n))
    reached = min(heard(g, n, g)) if shuffle else 1
    return Result(
        f"{'With' if shuffle else 'Without'} the shuffle, each of the next {g} groups reads "
        f"channels from {reached} of {g} groups."
        if g > 1
        else "With one group there is nothing to shuffle: it reads all channels.",
        (wires(order, n),),
        f"Above: {plural(g, 'group')} of {plural(n, 'channel')}, as a grouped convolution leaves "
        f"them. Below: the same channels, as the next one reads them, {n} for each of its groups "
        "(the gaps).",
        values={"order": order, "heard": reached},
    )
