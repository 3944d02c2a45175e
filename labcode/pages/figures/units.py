"""An Inception module, and ShuffleNet's three units."""

from __future__ import annotations

from labcode.pages.figures.figure import Figure
from labcode.pages.figures.flow import Box, End, Fork, Part, chart


def inception() -> Figure:
    """Draw an Inception module: four branches look at the same maps, their answers are stacked.

    Source: Szegedy et al., "Going deeper with convolutions" (arXiv:1409.4842), figure 2b; the
        numbers are those of its module 3a.

    >>> inception()
    Inception module: 192 channels through four branches, 64 + 128 + 32 + 32 = 256 come out.
    """
    widths = (64, 128, 32, 32)  # filters that each branch ends with
    one, three, five, pooled = map(str, widths)
    branches: tuple[list[Box], ...] = (
        [Box("1×1", one)],
        [Box("1×1", "96", "b"), Box("3×3", three)],
        [Box("1×1", "16", "b"), Box("5×5", five)],
        [Box("pool 3×3", tone="n"), Box("1×1", pooled)],
    )
    total = sum(widths)
    label = (
        "Inception module: 192 channels through four branches, "
        f"{' + '.join(map(str, widths))} = {total} come out."
    )
    parts: list[Part] = [
        End("192 × 28 × 28"),
        Fork(branches, "concatenate"),
        End(f"{total} × 28 × 28"),
    ]
    return Figure((chart(label, parts),))


def shufflenet_units() -> Figure:
    """Draw the three units: a bottleneck, groups with a shuffle, and the one with stride 2.

    Source: Zhang et al., "ShuffleNet" (arXiv:1707.01083), figure 2.

    >>> len(shufflenet_units().panels)
    3
    """
    bottleneck = [
        Box("1×1"),
        Box("depthwise 3×3", tone="b"),
        Box("1×1"),
    ]
    shuffled = [
        Box("1×1, groups"),
        Box("shuffle", tone="c"),
        Box("depthwise 3×3", tone="b"),
        Box("1×1, groups"),
    ]
    halved = [
        Box("1×1, groups"),
        Box("shuffle", tone="c"),
        Box("depthwise 3×3, /2", tone="b"),
        Box("1×1, groups"),
    ]
    pooled = [Box("mean 3×3, /2", tone="n")]
    relu = Box("ReLU", tone="n")
    return Figure(
        (
            chart(
                "Bottleneck with depthwise: 1×1, depthwise 3×3, 1×1; the input is added.",
                [End("input"), Fork((bottleneck, []), through=0), relu],
                title="bottleneck",
                width=166,
            ),
            chart(
                "ShuffleNet's unit: grouped 1×1, shuffle, depthwise 3×3, grouped 1×1; added.",
                [End("input"), Fork((shuffled, []), through=0), relu],
                title="groups and shuffle",
                width=166,
            ),
            chart(
                "ShuffleNet's unit with stride 2: the shortcut is pooled, and both are stacked.",
                [End("input"), Fork((halved, pooled), "concatenate"), relu],
                title="the same, with stride 2",
                width=290,
            ),
        )
    )
