"""The exercises of *Deep Compression*."""

from labcode.pages.exercises.choices import Choice, Option
from labcode.pages.exercises.kinds import Exercise
from labcode.pages.exercises.numbers import Marks, Number


def _rate() -> Marks:
    from labcode.papers import deep_compression as printed

    rate = 100 * printed.layer_rate("LeNet-5", "ip1", "P+Q")[0]
    return Marks(
        rate,
        {
            100 * 0.08 * 10 / 32: "That is without the codebook: 32 values of 32 bits, little "
            "beside 400,000 weights, but not nothing. (If yours has it in, give one more place.)",
            100 * (0.08 * 5 / 32 + 32 / 400_000): "You forgot the positions: a weight that stays "
            "takes 5 bits for its value and 5 for its index.",
            2.7: "That is what the paper prints. Asked is what the formula gives.",
            100 * 10 / 32: "Only 8 % of the weights stay.",
        },
        within=0.002,
    )


def _largest_step() -> str:
    from labcode import coding, weights
    from labcode.models import lenet5

    network = coding.unpack(weights.packed("lenet5", 0.018), lenet5())
    sizes = [
        len(coding.pack(network, indices=indices, coder=coder))
        for indices, coder in (
            ("relative", "fixed"),
            ("relative", "huffman"),
            ("relative", "rans"),
            ("grid", "rans"),
        )
    ]
    saved = {"huffman": sizes[0] - sizes[1], "rans": sizes[1] - sizes[2]}
    saved["grid"] = sizes[2] - sizes[3]
    return max(saved, key=lambda step: saved[step])


def _noticed() -> Marks:
    import zlib

    import numpy as np

    from labcode import weights

    file, rng = weights.packed("lenet5", 0.018), np.random.default_rng(0)
    right, noticed = zlib.crc32(file), 0
    for _ in range(300):
        other = bytearray(file)
        other[rng.integers(len(file))] ^= 1 << int(rng.integers(8))
        noticed += zlib.crc32(other) != right
    return Marks(
        noticed,
        {
            0: "A flipped bit does change what is unpacked. But each section has a checksum.",
            150: "That would be the toss of a coin. A checksum is the rest of a division: can one "
            "flipped bit leave it as it was?",
            299: "Of damages at random, a checksum of 32 bits misses one in four billion. A single "
            "flipped bit it cannot miss.",
        },
    )


EXERCISES: tuple[Exercise, ...] = (
    Number(
        id="deep_compression-1",
        asks="rate by the formula",
        unit="%",
        solve=_rate,
        hints=(
            "A weight that stays takes 5 + 5 bits, one that goes takes none. Before, each had 32.",
            "Add the codebook: 2⁵ values of 32 bits, over 400,000 weights of 32 bits.",
        ),
    ),
    Choice(
        id="deep_compression-2",
        asks="Which step, on top of those before it, saves the most?",
        choices={
            "huffman": Option(
                "Huffman's code in place of fixed lengths.",
                "It is by far the largest step: more than a third of the file goes.",
            ),
            "rans": Option(
                "rANS in place of Huffman's code.",
                "It comes closer to the entropy, but Huffman is near it already: two per cent "
                "of the file are left to win.",
            ),
            "grid": Option(
                "The grid in place of relative indices.",
                "It is the second largest step, about an eighth of the file. Pack all four ways.",
            ),
        },
        solve=_largest_step,
        hints=(
            "With fixed lengths, rare numbers are as short as frequent ones.",
            '`coding.pack(network, indices="relative", coder="fixed")`, then "huffman", then '
            '"rans", then `indices="grid"`.',
        ),
    ),
    Number(
        id="deep_compression-3",
        asks="damages that are noticed",
        solve=_noticed,
        hints=(
            "Each section has a checksum (CRC) of 32 bits, and so has the header.",
            "A CRC is the rest of a division. Can a single flipped bit leave the rest as it was?",
        ),
    ),
)
