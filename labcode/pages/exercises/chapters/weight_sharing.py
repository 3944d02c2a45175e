"""The exercises of *Shared weights and short codes*."""

from typing import Any

from labcode.pages.exercises.findings import Finding
from labcode.pages.exercises.kinds import Exercise
from labcode.pages.exercises.numbers import Field, Marks, Number, Several


def _numbers() -> Marks:
    kept = 260
    return Marks(
        kept * 6,
        {
            1000 * 6: "Only 26 % of the weights stay, and only those have a number.",
            kept * (6 + 5): "You counted the positions too. Asked are the numbers alone.",
            kept * 6 // 8: "Those are bytes; asked are bits.",
        },
    )


def _book() -> Marks:
    return Marks(
        2**6 * 32,
        {
            6 * 32: "6 bits tell 2⁶ values apart, so the codebook has 64.",
            2**6 * 16: "That is with 16-bit values, as `labcode` stores them. Asked are 32-bit "
            "ones.",
            2**6: "Those are its values. Each has 32 bits.",
        },
    )


def _not_exact(counts: Any) -> str:
    """Say why Huffman's code for these frequencies does not equal their entropy."""
    import numpy as np

    from labcode import coding

    counts = np.asarray(counts)
    if counts.shape != (4,):
        return f"Four symbols are asked, so four frequencies, and not {counts.size}."
    if (counts <= 0).any() or not np.equal(np.mod(counts, 1), 0).all():
        return "Frequencies are whole numbers above zero."
    counts = counts.astype(np.int64)
    bits = float(counts @ coding.code_lengths(counts) / counts.sum())
    least = coding.entropy(counts)
    if bits - least < 1e-9:
        return ""
    return (
        f"Huffman's code takes {bits:.3f} bits a symbol there, and the entropy is {least:.3f}. "
        "They are equal only if each share is a power of one half."
    )


def _index_bits() -> Marks:
    import numpy as np

    from labcode import coding

    places = np.flatnonzero(np.random.default_rng(0).random(1_000_000) < 0.01)
    cost = {bits: bits * len(coding.to_relative(places, bits)) for bits in range(4, 13)}
    best = min(cost, key=lambda bits: cost[bits])
    return Marks(
        best,
        {
            7: "That is the mean gap's length. But gaps vary: more than a quarter are longer "
            "than 126 zeros, and need fillers.",
            6: "Too many fillers: a gap of more than 62 zeros needs one, and the mean gap is 99.",
            10: "There are hardly any fillers then, but each index is two bits longer.",
            9: "There are hardly any fillers then, but each index is a bit longer.",
        },
    )


EXERCISES: tuple[Exercise, ...] = (
    Several(
        id="weight_sharing-1",
        parts=(
            Field(asks="numbers of the weights", unit="bits", solve=_numbers),
            Field(asks="codebook", unit="bits", solve=_book),
        ),
        hints=(
            "How many of the 1,000 weights stay?",
            "6 bits tell 64 values apart. Each value in the codebook has 32 bits.",
        ),
    ),
    Finding(
        id="weight_sharing-2",
        asks="frequencies of four symbols for which Huffman's code equals the entropy",
        fault=_not_exact,
        example=[8, 4, 2, 2],
        wrong=([5, 3, 2, 1], [1, 2, 3, 4], [8, 4, 2], [100_000, 10, 10, 10], [0, 1, 1, 2]),
        hints=(
            "A name has a whole number of bits. Which shares are worth a whole number of bits?",
            "Shares of 1/2, 1/4 and 1/8 are worth 1, 2 and 3 bits. They must add up to 1.",
        ),
    ),
    Number(
        id="weight_sharing-3",
        asks="bits of an index with which the whole is shortest",
        unit="bits",
        solve=_index_bits,
        hints=(
            "The mean gap is 99 zeros. What happens with a gap that is longer than the index can "
            "say?",
            "Count `bits * len(coding.to_relative(places, bits))` for 4 to 12 bits.",
        ),
    ),
)
