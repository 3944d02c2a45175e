"""Squeeze-and-excitation: the block, its places in a residual block, and in Inception."""

from __future__ import annotations

from labcode import cost
from labcode._checks import check_int
from labcode.pages.figures.figure import Figure
from labcode.pages.figures.flow import Box, End, Fork, Part, Says, chart
from labcode.show.numbers import number
from labcode.show.pictures import Picture

RESIDUAL = Box("residual", tone="a")
SE = Box("SE", tone="b")


def se_block(channels: int = 64, reduction: int = 16, size: int = 28) -> Figure:
    """Draw an SE block: a map becomes one number a channel, and that a weight for the channel.

    Args:
        channels: Of the map.
        reduction: How many times fewer units the hidden layer has.
        size: Of the map, in pixels.

    Source: Hu et al., "Squeeze-and-excitation networks" (arXiv:1709.01507), section 3.

    >>> se_block()
    SE block: 64 maps, 64 means, 4 hidden units, 64 weights from 0 to 1; 580 weights and biases.
    """
    hidden = check_int("channels", channels) // check_int("reduction", reduction)
    first, second = cost.linear(channels, hidden), cost.linear(hidden, channels)
    gate: list[Part] = [
        Box("mean of each map", "squeeze", "n"),
        Says(f"{channels} numbers"),
        Box("fc, ReLU", f"{number(first.params)} parameters", "b"),
        Says(f"{hidden} numbers"),
        Box("fc, sigmoid", f"{number(second.params)} parameters", "b"),
        Says(f"{channels} weights, 0 to 1"),
    ]
    label = (
        f"SE block: {channels} maps, {channels} means, {hidden} hidden units, {channels} weights "
        f"from 0 to 1; {number((first + second).params)} weights and biases."
    )
    shape = f"{channels} × {size} × {size}"
    parts: list[Part] = [
        End(shape),
        Fork(([], gate), "×", through=0),
        End(f"{shape}, each map scaled"),
    ]
    return Figure((chart(label, parts),))


def se_places() -> Figure:
    """Draw the four places of an SE block in a residual block.

    Source: Hu et al. (arXiv:1709.01507), figure 5.

    >>> [panel.label.partition(":")[0] for panel in se_places().panels]
    ['Standard SE', 'SE-PRE', 'SE-POST', 'SE-Identity']
    """
    places: tuple[tuple[str, str, list[Part], list[Part], list[Part]], ...] = (
        ("Standard SE", "behind the residual branch", [RESIDUAL, SE], [], []),
        ("SE-PRE", "before the residual branch", [SE, RESIDUAL], [], []),
        ("SE-POST", "behind the sum", [RESIDUAL], [], [SE]),
        ("SE-Identity", "on the shortcut", [RESIDUAL], [SE], []),
    )
    return Figure(tuple(_place(*place) for place in places))


def _place(
    name: str, where: str, branch: list[Part], shortcut: list[Part], after: list[Part]
) -> Picture:
    parts: list[Part] = [End("input"), Fork((branch, shortcut), through=0), *after, End("output")]
    return chart(f"{name}: the SE block stands {where}.", parts, title=name, width=164)


def se_in_networks() -> Figure:
    """Draw an SE block behind an Inception module and inside a residual block.

    Source: Hu et al. (arXiv:1709.01507), figures 2 and 3.

    >>> len(se_in_networks().panels)
    2
    """
    gate: list[Part] = [
        Box("mean of each map", tone="n"),
        Box("fc, ReLU", tone="b"),
        Box("fc, sigmoid", tone="b"),
    ]
    scaled = Fork(([], gate), "×", through=0)
    inception: list[Part] = [End("input"), Box("Inception module"), scaled, End("output")]
    branch: list[Part] = [Box("residual"), scaled]
    residual: list[Part] = [End("input"), Fork((branch, []), through=0), End("output")]
    return Figure(
        (
            chart(
                "SE in Inception: the module's output is scaled, channel by channel.",
                inception,
                title="SE-Inception",
                width=230,
            ),
            chart(
                "SE in a residual block: the branch is scaled before the input is added.",
                residual,
                title="SE-ResNet",
                width=230,
            ),
        )
    )
