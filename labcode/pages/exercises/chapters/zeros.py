"""The exercises of *Zeros save nothing*."""

from labcode.pages.exercises.kinds import Exercise
from labcode.pages.exercises.numbers import Field, Marks, Number, Several

COLUMN = 16  # bits of a column


def _csr_from(bits: int) -> float:
    """Return the zeros from which CSR without row starts is smaller, in percent."""
    return 100 * (1 - bits / (bits + COLUMN))


def _sixteen() -> Marks:
    return Marks(
        _csr_from(16),
        {
            200 / 3: "A weight that stays takes two numbers of 16 bits, a value and its column, "
            "not three.",
            100: "Sparse wins before everything is zero: a weight that stays takes 32 bits in "
            "place of 16, and one that goes takes none.",
        },
    )


def _four() -> Marks:
    return Marks(
        _csr_from(4),
        {
            50: "That is for weights of 16 bits. The column still takes 16, the weight only 4.",
            20: "That is the share that stays. Asked is the sparsity, the share of zeros.",
            75: "You compared the 4 bits of a weight with the 16 of its column. A weight that "
            "stays takes both, 20 bits, and has to be held against the 4 bits of a dense one.",
        },
    )


def _fillers() -> Marks:
    q = 0.99**16
    return Marks(
        q / (1 - q),
        {
            1 / (1 - q): "Those are all entries for each weight: the weight itself is one of them.",
            q: "That is the chance that one filler is needed. There may be several in a row.",
            0.99**4 / (1 - 0.99**4): "4 bits tell 16 gaps, so the power is 16 and not 4.",
            0.99**15 / (1 - 0.99**15): "4 bits count from 0 to 15. A filler takes the 16th place "
            "itself, so the power is 16.",
        },
    )


def _metadata() -> Marks:
    import torch

    from labcode import pruning

    weight = torch.randn(16, 16, generator=torch.Generator().manual_seed(0))
    bits = {}
    for n, m in ((2, 4), (4, 8)):
        packed = pruning.nm_pack(weight * pruning.nm_mask(weight, n, m), n, m)
        bits[m] = packed.metadata_bits // packed.places.numel()
    return Marks(
        bits[8],
        {
            bits[4]: "That is for 2:4, with four places in a group. Here a group has eight.",
            4 * bits[8]: "Those are the bits of a whole group. Four weights share them.",
            8: "That would be a bit for every place: 8 for the group, 2 for each weight that "
            "stays. The format stores the place of each weight instead.",
            1: "One bit tells two places apart. A group has eight.",
        },
    )


EXERCISES: tuple[Exercise, ...] = (
    Several(
        id="zeros-1",
        parts=(
            Field(asks="zeros with 16-bit weights", unit="%", solve=_sixteen),
            Field(asks="zeros with 4-bit weights", unit="%", solve=_four),
        ),
        hints=(
            "A weight that stays takes its own bits and those of its column. One that goes takes "
            "none.",
            "With a share k that stays, sparse is smaller where k · (16 + 16) < 16.",
        ),
    ),
    Number(
        id="zeros-2",
        asks="fillers for each weight that stays, on average",
        solve=_fillers,
        hints=(
            "s is the share of zeros. What is it here?",
            "q = 0.99¹⁶ is the chance that the next 16 entries are all zero.",
        ),
    ),
    Number(
        id="zeros-3",
        asks="bits of metadata for each weight that stays, in 4:8",
        unit="bits",
        solve=_metadata,
        hints=(
            "A weight that stays must say at which of the eight places it stood.",
            "How many bits tell eight places apart?",
        ),
    ),
)
