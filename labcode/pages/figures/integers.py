"""Numbers as integers: a quantizer's number line, and a layer that computes without floats."""

from __future__ import annotations

from collections.abc import Sequence

from labcode._checks import check_between
from labcode.pages.figures.figure import Figure
from labcode.pages.figures.flow import Box, End, Fork, Part, Says, chart
from labcode.pages.figures.marks import note, rule, signed, words
from labcode.show.numbers import number
from labcode.show.pictures import Circle, Line, Picture, Shape

VALUES = (-0.8, 0.0, 0.5, 1.6, 2.5)  # shown on the line; the last is beyond its end
WIDTH, ABOVE, BELOW = 336.0, 48.0, 118.0  # pixels: of the line, of the values, of the integers


def scale_and_zero_point(low: float, high: float, bits: int) -> tuple[float, int]:
    """Return the distance of two marks, and the integer that stands for zero.

    >>> scale_and_zero_point(-1.0, 2.0, 2)
    (1.0, 1)
    """
    scale = (high - low) / (2**bits - 1)
    return scale, round(-low / scale)


def number_line(low: float = -1.0, high: float = 2.0, bits: int = 3) -> Figure:
    """Draw values above, the integers that they become below, and what the two constants mean.

    Args:
        low: Smallest value that has a mark, below zero.
        high: Largest.
        bits: Of an integer, 2 to 4.

    >>> number_line()  # doctest: +NORMALIZE_WHITESPACE
    A quantizer's number line: 8 marks, scale 0.429, zero point 2; −0.8, 0, 0.5, 1.6, 2.5 become
    0, 2, 3, 6, 7.
    """
    scale, zero = scale_and_zero_point(low, high, check_between("bits", bits, 2, 4))
    top = 2**bits - 1
    codes = [min(max(round(value / scale) + zero, 0), top) for value in VALUES]
    least, most = min(-zero * scale, *VALUES) - scale / 2, max(*VALUES, high) + scale / 4

    def place(value: float) -> float:
        return 8 + (value - least) / (most - least) * (WIDTH - 16)

    marks = [place((code - zero) * scale) for code in range(top + 1)]
    shapes: list[Shape] = [
        *_values([place(value) for value in VALUES], [marks[code] for code in codes], codes, top),
        rule(4, ABOVE, WIDTH - 4, ABOVE),
        rule(marks[0], BELOW, marks[-1], BELOW),
        note(4, 10, "values", "start"),
        note(4, BELOW + 42, "integers", "start"),
    ]
    for code, x in enumerate(marks):
        tone = "c" if code == zero else "a"
        shapes += [
            Line(f"curve {tone}", x, BELOW - 7, x, BELOW + 7),
            words(x, BELOW + 20, str(code)),
        ]
    shapes += [
        note(marks[zero] - 6, BELOW + 42, "↑ zero point", "start"),
        Line("curve b", marks[-2], BELOW + 32, marks[-1], BELOW + 32),
        note(WIDTH - 2, BELOW + 46, f"scale {scale:.3g}", "end"),
    ]
    said = ", ".join(signed(value) for value in VALUES)
    label = (
        f"A quantizer's number line: {top + 1} marks, scale {scale:.3g}, zero point {zero}; "
        f"{said} become {', '.join(map(str, codes))}."
    )
    return Figure((Picture(WIDTH, BELOW + 56, label, tuple(shapes)),))


def _values(
    places: Sequence[float], marks: Sequence[float], codes: Sequence[int], top: int
) -> list[Shape]:
    """Return the values with lines to their marks; one beyond the last mark is clipped."""
    shapes: list[Shape] = []
    for value, x, mark, code in zip(VALUES, places, marks, codes, strict=True):
        tone = "b" if code == top else "a"
        shapes += [
            Line(f"drop {tone}", x, ABOVE, mark, BELOW - 8),
            Circle(f"full {tone}", x, ABOVE, 4.5),
            words(x, ABOVE - 17, signed(value)),
        ]
    return shapes


def integer_layer() -> Figure:
    """Draw a layer that computes with integers alone, with the numbers of one small sum.

    Source: Jacob et al., "Quantization and training" (arXiv:1712.05877), section 2.

    >>> integer_layer()  # doctest: +NORMALIZE_WHITESPACE
    A layer in whole numbers: the integers 100, 40, less the zero point 10, times 50, −70 give
    2,400; times 0.005 and rounded 12, plus the zero point 5: 17.
    """
    x, weights = (0.9, 0.3), (0.5, -0.7)
    scale_x, zero_x, scale_w, scale_y, zero_y = 0.01, 10, 0.01, 0.02, 5
    codes = [round(value / scale_x) + zero_x for value in x]
    whole = [round(value / scale_w) for value in weights]
    total = sum(w * (q - zero_x) for q, w in zip(codes, whole, strict=True))
    factor = scale_w * scale_x / scale_y
    scaled = round(total * factor)
    answer = min(max(scaled + zero_y, 0), 255)
    both = ", ".join(signed(w) for w in whole)
    inputs = [
        Box("input, uint8", ", ".join(map(str, codes)), "a"),
        Box(f"− zero point {zero_x}", ", ".join(str(q - zero_x) for q in codes), "a"),
    ]
    parts: list[Part] = [
        End("one output, two inputs"),
        Fork((inputs, [Box("weights, int8", both, "b")]), "sum of products, int32"),
        Says(number(total)),
        Box(f"× {factor:g}, rounded", "one large integer and a shift", "n"),
        Says(str(scaled)),
        Box(f"+ zero point {zero_y}, clip to 0 … 255", tone="n"),
        End(f"output, uint8: {answer}"),
    ]
    label = (
        f"A layer in whole numbers: the integers {', '.join(map(str, codes))}, less the zero point "
        f"{zero_x}, times {both} give {number(total)}; times {factor:g} and rounded {scaled}, plus "
        f"the zero point {zero_y}: {answer}."
    )
    return Figure((chart(label, parts),))
