"""SqueezeNet with its bypasses, and a small one whose poolings stand early or late."""

from __future__ import annotations

from collections.abc import Sequence

from labcode import cost
from labcode.pages.figures.figure import Figure
from labcode.pages.figures.marks import arrow, heading, note, path_line, words
from labcode.show.pictures import Picture, Rect, Shape

# SqueezeNet from top to bottom. Source: Iandola et al. (arXiv:1602.07360), figure 2.
LAYERS = ("conv1", "pool", "fire2", "fire3", "fire4", "pool", "fire5", "fire6", "fire7", "fire8",
          "pool", "fire9", "conv10", "mean")  # fmt: skip
SIMPLE = ("fire3", "fire5", "fire7", "fire9")  # as many channels out as in: the input can be added
OTHERS = ("fire2", "fire4", "fire6", "fire8")  # here a 1×1 convolution must change their number
BOX, HIGH, ROW, TOP = 62.0, 22.0, 45.0, 30.0  # pixels: of a box, its height, from layer to layer
POOLS = {"early": ("conv1", "fire2"), "late": ("fire3", "fire5")}
CONV1, FIRES = 12, (24, 24, 32, 32)  # channels of the small network, as `models.late_squeezenet`


def squeezenet_bypasses() -> Figure:
    """Draw SqueezeNet three times: plain, with simple bypasses, with complex ones.

    Source: Iandola et al., "SqueezeNet" (arXiv:1602.07360), figure 2.

    >>> squeezenet_bypasses().panels[0].label.partition(":")[0]
    'SqueezeNet plain, with simple and with complex bypasses'
    """
    shapes = [*_column(38, "plain", (), ()), *_column(126, "simple", SIMPLE, ())]
    shapes += _column(238, "complex", SIMPLE, OTHERS)
    label = (
        "SqueezeNet plain, with simple and with complex bypasses: a simple one leads around "
        f"{', '.join(SIMPLE)}; a complex one leads through a 1×1 convolution around "
        f"{', '.join(OTHERS)} as well."
    )
    return Figure((Picture(324, TOP + ROW * (len(LAYERS) - 1) + HIGH + 6, label, tuple(shapes)),))


def _column(x: float, title: str, plain: Sequence[str], convs: Sequence[str]) -> list[Shape]:
    """Return the network, with arcs around some modules."""
    shapes: list[Shape] = [heading(x, 12, title)]
    for at, layer in enumerate(LAYERS):
        y = TOP + ROW * at
        tone = "a" if layer.startswith("fire") else "b" if layer.startswith("conv") else "n"
        shapes += [
            Rect(f"box {tone}", x - BOX / 2, y, BOX, HIGH, 5),
            words(x, y + HIGH / 2, layer),
            *(arrow((x, y + HIGH), (x, y + ROW)) if at < len(LAYERS) - 1 else ()),
        ]
        if layer in plain:
            shapes += _around(x, y, BOX / 2 + 13)
        elif layer in convs:
            shapes += _around(x, y, BOX / 2 + 30, "1×1")
    return shapes


def _around(x: float, y: float, reach: float, text: str = "") -> list[Shape]:
    """Return the way around a module, from the wire above it to the wire below."""
    out, above, below = x + reach, y - 15, y + HIGH + 4
    if not text:
        return arrow((x, above), (out, above), (out, below), (x + 1, below))
    return [
        path_line((x, above), (out, above), (out, y)),
        Rect("box c", out - 19, y, 38, HIGH, 4),
        words(out, y + HIGH / 2, text),
        *arrow((out, y + HIGH), (out, below), (x + 1, below)),
    ]


def late_pooling() -> Figure:
    """Draw the same small SqueezeNet twice: its poolings early, and late.

    >>> for panel in late_pooling().panels:
    ...     print(panel.label)
    Early pooling: maps of 28, 14, 7, 7, 7, 7 pixels a side; 0.4 M multiply-adds.
    Late pooling: maps of 28, 28, 28, 14, 14, 7 pixels a side; 2.0 M multiply-adds.
    """
    return Figure(tuple(_pooled(when, behind) for when, behind in POOLS.items()))


def sizes_and_macs(behind: Sequence[str]) -> tuple[list[tuple[str, int]], int]:
    """Return each layer with the size of its map, and the multiply-adds of all.

    Args:
        behind: The layers behind which a pooling stands.
    """
    size, channels, rows = 28, CONV1, [("conv1", 28)]
    macs = cost.conv2d(1, CONV1, 3, size, padding=1).macs
    for at, out in enumerate(FIRES, start=2):
        size = size // 2 if rows[-1][0] in behind else size
        squeeze = out // 4
        macs += cost.conv2d(channels, squeeze, 1, size).macs
        macs += cost.conv2d(squeeze, out // 2, 1, size).macs
        macs += cost.conv2d(squeeze, out // 2, 3, size, padding=1).macs
        channels = out
        rows.append((f"fire{at}", size))
    size = size // 2 if rows[-1][0] in behind else size
    return [*rows, ("conv10", size)], macs + cost.conv2d(channels, 10, 1, size).macs


def _pooled(when: str, behind: Sequence[str]) -> Picture:
    """Return the maps of a network as bars, with poolings behind some layers."""
    rows, macs = sizes_and_macs(behind)
    shapes: list[Shape] = [heading(81, 12, f"{when} pooling")]
    y = 28.0
    for name, size in rows:
        wide = 72 * size / 28
        shapes += [
            note(54, y + 11, name, "end"),
            Rect(f"map {'b' if name.startswith('conv') else 'a'}", 62, y, wide, 22, 2),
            note(62 + wide + 5, y + 11, f"{size}²", "start"),
        ]
        y += 26
        if name in behind:
            shapes += [note(62, y + 9, "pooling ↓", "start")]
            y += 24
    said = f"{macs / 1e6:.1f} M multiply-adds"
    sides = ", ".join(str(size) for _, size in rows)
    label = f"{when.capitalize()} pooling: maps of {sides} pixels a side; {said}."
    return Picture(166, y + 24, label, (*shapes, words(83, y + 12, said)))
