"""The exercises of *Quantization*."""

from labcode.pages.exercises.choices import Choice, Option
from labcode.pages.exercises.kinds import Exercise
from labcode.pages.exercises.numbers import Field, Marks, Several


def _scale() -> Marks:
    from labcode import quantization

    return Marks(
        float(quantization.affine_params(-1.0, 4.0, bits=8).scale),
        {
            5 / 256: "256 marks have 255 steps between them.",
            4 / 255: "The range is from −1 to 4, which is 5 long.",
            8 / 255: "That is a symmetric scale, from −4 to 4. Here the range need not be "
            "symmetric, and three eighths of it would be wasted.",
        },
        within=0.002,
    )


def _zero_point() -> Marks:
    from labcode import quantization

    right = int(quantization.affine_params(-1.0, 4.0, bits=8).zero_point)
    return Marks(
        right,
        {
            -right: "The integers go from 0 to 255: zero lies that many steps above the lowest.",
            255 - right: "You counted from the top. Zero is 1 above the lowest value, −1.",
            0: "Integer 0 stands for the lowest value, −1. Which one stands for 0.0?",
            128: "That is the middle of the integers. Zero is not in the middle of −1 to 4.",
        },
    )


def _value() -> Marks:
    import torch

    from labcode import quantization

    params = quantization.affine_params(-1.0, 4.0, bits=8)
    scale = float(params.scale)
    return Marks(
        float(params.dequantize(torch.tensor(200))),
        {
            200 * scale: "You forgot to take the zero point off before the scale is applied.",
            200 * scale + 1: "The zero point is taken off, not added.",
            200.0: "That is the integer. The real number is a multiple of the scale.",
        },
    )


def _in_32_bits() -> Marks:
    right = (2**31 - 1) // (255 * 127)
    return Marks(
        right,
        {
            right + 1: "One less: with this many the sum is larger than 2³¹ − 1.",
            (2**32 - 1) // (255 * 127): "That is without a sign. Sums may be negative, so one bit "
            "is the sign.",
            (2**31 - 1) // (255 * 255): "The weights are signed: the largest is 127, not 255.",
            (2**31 - 1) // (127 * 127): "The inputs are unsigned: the largest is 255, not 127.",
        },
    )


def _in_16_bits() -> Marks:
    right = (2**15 - 1) // (255 * 127)
    return Marks(
        right,
        {
            2: "That is without a sign, up to 65,535. With one, the largest is 32,767.",
            0: "One product is 32,385, which still fits.",
        },
    )


def _which_rule() -> str:
    from labcode import studies

    runs = studies.table("quantization_ranges").query("network == 'small_cnn' and bits == 3")
    return str(runs.groupby("method")["test_accuracy"].mean()[["min-max", "mse"]].idxmax())


EXERCISES: tuple[Exercise, ...] = (
    Several(
        id="quantization-1",
        parts=(
            Field(asks="scale", solve=_scale),
            Field(asks="zero point", solve=_zero_point),
            Field(asks="value of integer 200", solve=_value),
        ),
        hints=(
            "8 bits have 256 marks, from 0 to 255. How many steps are between the first and the "
            "last?",
            "Zero is 1 above the lowest value. How many steps is that?",
            "value = scale · (integer − zero point)",
        ),
    ),
    Several(
        id="quantization-2",
        parts=(
            Field(asks="products that fit into 32 bits", solve=_in_32_bits),
            Field(asks="products that fit into 16 bits", solve=_in_16_bits),
        ),
        hints=(
            "One product is at most 255 · 127. What is the largest number with a sign and 32 bits?",
            "Divide, and leave out what is behind the point.",
        ),
    ),
    Choice(
        id="quantization-3",
        asks="Which range would you ship for activations of 3 bits?",
        choices={
            "min-max": Option(
                "Min–max: no value is clipped, so nothing is lost.",
                "A few rare values are very large, and the eight marks are spread to reach them. "
                "Nearly all others share the lowest two or three.",
            ),
            "mse": Option(
                "The range of least squared error: a few large values are clipped.",
                "The marks stand where most values are. On the small CNN it is far ahead.",
            ),
            "same": Option(
                "Either: with so few marks the range does not matter any more.",
                "It matters most with few marks. Run both with `trials.range_trial` and count.",
            ),
        },
        solve=_which_rule,
        hints=(
            "Draw the distribution of a layer's activations. Where are most of them, and how far "
            "does the largest lie?",
            '`trials.range_trial("small_cnn", method, 3, 1)` with "min-max" and with "mse".',
        ),
    ),
)
