"""The exercises of *Counting cost*."""

from labcode import cost
from labcode.pages.exercises.kinds import Exercise
from labcode.pages.exercises.numbers import Field, Marks, Number, Several

_STEM = cost.conv2d(3, 64, kernel_size=7, input_size=224, stride=2, padding=3)


def _side() -> Marks:
    return Marks(
        (_STEM.output_size or (0, 0))[0],
        {
            111: "You forgot the 1: the first place of the kernel counts as well.",
            109: "You left the padding out: three pixels more on each side.",
            224: "That is for stride 1. With stride 2 every other place is left out.",
            113: "You rounded up. A kernel that does not fit any more is left out.",
        },
    )


def _params() -> Marks:
    return Marks(
        _STEM.params,
        {
            _STEM.params + 64: "You counted the bias; this layer has none.",
            64 * 49: "Each filter reads all three colours: a kernel has 3 · 7 · 7 weights.",
            3 * 49: "That is one filter. There are 64 of them.",
        },
    )


def _macs() -> Marks:
    return Marks(
        _STEM.macs,
        {
            _STEM.flops: "Those are FLOPs. A multiply-add counts once, so MACs are half.",
            cost.conv2d(3, 64, 7, 224, padding=3).macs: "Right for stride 1. With stride 2 there "
            "are a quarter as many places.",
            _STEM.macs // 3: "Each output reads all three colours.",
            _STEM.params: "Those are the weights. Each is used once at every place of the output.",
        },
    )


def _enough(kernel: int, share: float) -> int:
    """The fewest outputs at which a depthwise separable layer needs less than a share."""
    for n in range(1, 1000):
        split = cost.depthwise_separable(8, n, kernel, 11).macs
        if split < share * cost.conv2d(8, n, kernel, 11).macs:
            return n
    raise ValueError(f"no number of outputs below 1000 leaves less than {share}")


def _outputs() -> Marks:
    right = _enough(5, 0.1)
    return Marks(
        right,
        {
            right - 1: "Nearly: put this one into the formula once more. A bit more than a tenth "
            "remains.",
            11: "You forgot the pointwise part: 1/N < 1/10 alone would need N = 11, and 1/25 comes "
            "on top.",
            25: "25 is the size of the kernel. Solve 1/N + 1/25 < 1/10 for N.",
        },
    )


def _gap() -> Marks:
    projection = 197 * cost.linear(768, 768, bias=False).macs
    product = 197 * 197 * 768
    attention, norms = 12 * (4 * projection + 2 * product), 25 * 197 * 768 * 4
    return Marks(
        attention - norms,
        {
            attention: "That is all of attention, which thop misses. But thop also counts the "
            "normalisations, although they are not multiply-adds, and so makes up for a part.",
            attention + norms: "Two errors in two directions: what is missed and what is counted "
            "too much do not add up, they cancel in part.",
            12 * 4 * projection - norms: "You forgot the two products in which the positions are "
            "compared and mixed.",
            12 * (4 * projection + product) - norms: "There are two products of that size: one "
            "compares the positions, one mixes them.",
            attention // 12 - norms: "That is the attention of one block. There are twelve.",
        },
    )


EXERCISES: tuple[Exercise, ...] = (
    Several(
        id="counting_cost-1",
        parts=(
            Field(asks="side of the output", unit="pixels", solve=_side),
            Field(asks="parameters", solve=_params),
            Field(asks="MACs", solve=_macs),
        ),
        hints=(
            "The output has (size + 2 · padding − kernel) // stride + 1 pixels in each direction.",
            "One filter has 3 · 7 · 7 weights. Each weight is used once at each place of the "
            "output.",
        ),
    ),
    Number(
        id="counting_cost-2",
        asks="fewest output channels",
        unit="channels",
        solve=_outputs,
        hints=(
            "The share that remains is 1/N + 1/k², with N output channels and kernels of k × k.",
            "1/N must be less than 1/10 − 1/25.",
        ),
    ),
    Number(
        id="counting_cost-3",
        asks="by how many MACs thop's count is too small",
        unit="MACs",
        solve=_gap,
        hints=(
            "In one block, attention does four projections of 197 positions, and two products of "
            "197 × 197 × 768.",
            "thop counts 25 · 197 · 768 · 4 operations of the normalisations, although they are "
            "not multiply-adds. They hide a part of the gap.",
        ),
    ),
)
