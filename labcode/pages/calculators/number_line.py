"""Real weights on a number line: bits, range and zero point decide where each one lands."""

from __future__ import annotations

from dataclasses import dataclass

from labcode._checks import check_between, check_choice
from labcode.pages.live.result import Beside, Result
from labcode.pages.pictures.levels import Move, moves_to_levels
from labcode.show.numbers import number, percent, plural, rounded
from labcode.show.tables import Cell, Head, Table

# The 25 weights of the eighth filter of LeNet-5's conv1, seed 0, to four decimals.
WEIGHTS = (
    *(0.0325, 0.0276, 0.1639, 0.1019, 0.1732),
    *(0.0542, 0.0482, 0.2197, -0.1199, -0.2432),
    *(-0.0117, 0.1606, 0.0393, 0.1058, -0.0024),
    *(0.0572, 0.2214, -0.0165, -0.1348, -0.0702),
    *(-0.3223, 0.0416, -0.0444, -0.1592, -0.3369),
)
KINDS = ("symmetric", "affine")


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
    moves = [Move(weight, levels.nearest(weight), levels.clips(weight)) for weight in WEIGHTS]
    total = sum((move.weight - move.level) ** 2 for move in moves)
    cut = sum((move.weight - move.level) ** 2 for move in moves if move.clipped)
    size, n = sum(weight**2 for weight in WEIGHTS), len(WEIGHTS)
    clipped = sum(move.clipped for move in moves)
    rows = (
        ("Scale (one step)", rounded(levels.scale)),
        ("Zero point", number(levels.zero_point) if levels.has_zero else "none: ±scale"),
        ("Integers", f"{levels.low} … {levels.high}" if levels.has_zero else "−1 and 1"),
        ("Error from rounding", percent(total - cut, size)),
        ("Error from clipping", f"{percent(cut, size)} ({clipped} weights)"),
        ("Bytes of the 25 weights", f"{-(-n * bits // 8)} + 4 for the scale, of {4 * n}"),
    )
    table = Table(
        columns=("", Head("This setting", "a")),
        rows=tuple((name, Cell(value, kind="strong")) for name, value in rows),
        style="list",
    )
    return Result(
        f"{plural(bits, 'bit')}: {2**bits} levels, root mean squared error "
        f"{rounded((total / n) ** 0.5)}, which is {rounded(100 * (total / size) ** 0.5)} % of the "
        "weights' own size.",
        (Beside(moves_to_levels(moves, levels.values), table),),
        "Errors are shares of the sum of the squared weights; clipped weights are orange.",
        values={"rounding": (total - cut) / size, "clipping": cut / size, "clipped": clipped},
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
    check_between("bits", bits, 1, 8)
    check_between("range_percent", range_percent, 1, 100)
    check_choice("kind", kind, KINDS)
    share = range_percent / 100
    if kind == "affine":
        low, high = min(WEIGHTS) * share, max(WEIGHTS) * share
        scale = (high - low) / (2**bits - 1)
        return Levels(scale, round(-low / scale), 0, 2**bits - 1)
    if bits == 1:
        return Levels(sum(map(abs, WEIGHTS)) / len(WEIGHTS), 0, -1, 1, has_zero=False)
    most = 2 ** (bits - 1) - 1
    return Levels(max(map(abs, WEIGHTS)) * share / most, 0, -most - 1, most)
