"""Real weights on a number line: bits, range and zero point decide where each one lands."""

from __future__ import annotations

from dataclasses import dataclass

from labcode._checks import check_int
from labcode.pages.live.draw import heading, number, rounded, svg, table
from labcode.pages.live.result import Result

# The 25 weights of the eighth filter of LeNet-5's conv1, seed 0, to four decimals.
WEIGHTS = (
    *(0.0325, 0.0276, 0.1639, 0.1019, 0.1732),
    *(0.0542, 0.0482, 0.2197, -0.1199, -0.2432),
    *(-0.0117, 0.1606, 0.0393, 0.1058, -0.0024),
    *(0.0572, 0.2214, -0.0165, -0.1348, -0.0702),
    *(-0.3223, 0.0416, -0.0444, -0.1592, -0.3369),
)
KINDS = ("symmetric", "affine")

# The picture, in pixels.
WIDTH, HEIGHT, MARGIN = 320.0, 118.0, 14.0
ABOVE, BELOW = 26.0, 84.0  # where the weights are, and where the levels
MOST_TICKS = 64  # more levels than this are drawn as one bar


def number_line(bits: int = 3, range_percent: int = 100, kind: str = "symmetric") -> Result:
    """Quantize 25 weights of a trained filter and show where each one lands.

    Args:
        bits: Bits of the integers, 1 to 8. One bit and symmetric: −scale and scale.
        range_percent: The range in percent of the one that holds all weights; below 100 the
            outermost weights are clipped.
        kind: "symmetric": zero point 0 and signed integers; "affine": the integers start at the
            smallest weight, and the zero point is the one that means zero.

    Returns:
        Scale, zero point, the error by its cause, and the bytes.

    Raises:
        ValueError: A number is out of range, or the kind is unknown.

    >>> print(number_line(bits=8).summary)
    8 bits: 256 levels, root mean squared error 0.000834, which is 0.559 % of the weights' own size.
    """
    levels = levels_of(bits, range_percent, kind)
    landed = [levels.nearest(weight) for weight in WEIGHTS]
    clipped = [levels.clips(weight) for weight in WEIGHTS]
    squares = [(a - b) ** 2 for a, b in zip(WEIGHTS, landed, strict=True)]
    cut = sum(square for square, out in zip(squares, clipped, strict=True) if out)
    total, size = sum(squares), sum(weight**2 for weight in WEIGHTS)
    n = len(WEIGHTS)
    lead = (
        f"{bits} bit{'s' * (bits > 1)}: {2**bits} levels, root mean squared error "
        f"{rounded((total / n) ** 0.5)}, which is {rounded(100 * (total / size) ** 0.5)} % of the "
        "weights' own size."
    )
    rows = [
        ("Scale (one step)", rounded(levels.scale)),
        ("Zero point", number(levels.zero_point) if levels.has_zero else "none: ±scale"),
        ("Integers", f"{levels.low} … {levels.high}" if levels.has_zero else "−1 and 1"),
        ("Error from rounding", f"{rounded(100 * (total - cut) / size)} %"),
        ("Error from clipping", f"{rounded(100 * cut / size)} % ({sum(clipped)} weights)"),
        ("Bytes of the 25 weights", f"{-(-n * bits // 8)} + 4 for the scale, of {4 * n}"),
    ]
    text = "\n".join([lead, *(f"{name}: {value}" for name, value in rows)])
    cells = [(name, [f"<b>{value}</b>"]) for name, value in rows]
    body = table([heading("This setting", "a")], cells)
    body = body.replace('class="live-table"', 'class="live-table live-list"')
    caption = "Errors are shares of the sum of the squared weights; clipped weights are orange."
    return Result(
        f'<p class="live-lead">{lead}</p>\n'
        f'<div class="live-beside">{_picture(levels, landed, clipped)}\n{body}</div>\n'
        f'<p class="live-caption">{caption}</p>',
        text,
    )


@dataclass(frozen=True)
class Levels:
    """The values that integers can stand for.

    Args:
        scale: The step between two levels.
        zero_point: The integer of zero.
        low: Smallest integer.
        high: Largest integer.
        has_zero: Whether zero is a level; not with one symmetric bit.
    """

    scale: float
    zero_point: int
    low: int
    high: int
    has_zero: bool = True

    @property
    def values(self) -> list[float]:
        """All levels, from the lowest to the highest."""
        if not self.has_zero:
            return [-self.scale, self.scale]
        return [self.scale * (i - self.zero_point) for i in range(self.low, self.high + 1)]

    def nearest(self, weight: float) -> float:
        """Return the level that a weight becomes."""
        if not self.has_zero:
            return self.scale if weight >= 0 else -self.scale
        integer = round(weight / self.scale) + self.zero_point
        return self.scale * (min(max(integer, self.low), self.high) - self.zero_point)

    def clips(self, weight: float) -> bool:
        """Tell whether a weight lies more than half a step beyond the ends."""
        if not self.has_zero:
            return False
        place = weight / self.scale + self.zero_point
        return place < self.low - 0.5 or place > self.high + 0.5


def levels_of(bits: int, range_percent: int, kind: str) -> Levels:
    """Return the levels of a setting of `number_line`."""
    if check_int("bits", bits) > 8:
        raise ValueError(f"bits must be from 1 to 8, got {bits!r}")
    if check_int("range_percent", range_percent) > 100:
        raise ValueError(f"range_percent must be from 1 to 100, got {range_percent!r}")
    if kind not in KINDS:
        raise ValueError(f"kind must be one of {', '.join(KINDS)}, got {kind!r}")
    share = range_percent / 100
    if kind == "affine":
        low, high = min(WEIGHTS) * share, max(WEIGHTS) * share
        scale = (high - low) / (2**bits - 1)
        return Levels(scale, round(-low / scale), 0, 2**bits - 1)
    if bits == 1:
        return Levels(sum(map(abs, WEIGHTS)) / len(WEIGHTS), 0, -1, 1, has_zero=False)
    most = 2 ** (bits - 1) - 1
    return Levels(max(map(abs, WEIGHTS)) * share / most, 0, -most - 1, most)


def _picture(levels: Levels, landed: list[float], clipped: list[bool]) -> str:
    """Return the weights above, the levels below, and a line from each to its own."""
    lines, dots = [], []
    for weight, level, out in zip(WEIGHTS, landed, clipped, strict=True):
        tone = "live-b" if out else "live-a"
        lines.append(
            f'<g class="{tone}"><line class="live-drop" x1="{_x(weight):.4g}" y1="{ABOVE + 5:g}" '
            f'x2="{_x(level):.4g}" y2="{BELOW - 9:g}"/></g>'
        )
        dots.append(
            f'<g class="{tone}"><circle class="live-full" cx="{_x(weight):.4g}" cy="{ABOVE:g}" '
            'r="4"/></g>'
        )
    label = (
        f"25 weights on a number line and the {len(levels.values)} levels that they move to; "
        f"{sum(clipped)} are clipped"
    )
    names = (
        f'<text class="live-name" x="0" y="11">weights</text>'
        f'<text class="live-name" x="0" y="{HEIGHT - 2:g}">levels</text>'
    )
    return svg(WIDTH, HEIGHT, label, "".join([*lines, *dots, _ticks(levels), names]))


def _ticks(levels: Levels) -> str:
    """Return the levels as ticks on a line, with zero named."""
    inside = [value for value in levels.values if abs(value) <= _reach() * 1.001]
    first, last = _x(min(inside)), _x(max(inside))
    line = f'<line class="live-thin" x1="0" y1="{BELOW:g}" x2="{WIDTH:g}" y2="{BELOW:g}"/>'
    zero = (
        f'<text class="live-name" text-anchor="middle" x="{_x(0):.4g}" y="{BELOW + 22:g}">0</text>'
    )
    if len(inside) > MOST_TICKS:
        bar = (
            f'<rect class="live-pale" x="{first:.4g}" y="{BELOW - 7:g}" '
            f'width="{last - first:.4g}" height="14"/>'
        )
        return line + bar + zero
    marks = "".join(
        f'<line class="live-line" x1="{_x(value):.4g}" y1="{BELOW - 7:g}" x2="{_x(value):.4g}" '
        f'y2="{BELOW + 7:g}"/>'
        for value in inside
    )
    return line + marks + zero


def _reach() -> float:
    return max(map(abs, WEIGHTS)) * 1.15


def _x(value: float) -> float:
    """Return the place of a value, in pixels from the left."""
    return WIDTH / 2 + (WIDTH / 2 - MARGIN) * value / _reach()
