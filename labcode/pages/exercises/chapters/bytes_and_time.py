"""The exercises of *Bytes and time*."""

from itertools import pairwise
from math import prod

from labcode import cost
from labcode.pages.exercises.choices import Choice, Option
from labcode.pages.exercises.kinds import Exercise
from labcode.pages.exercises.numbers import Marks, Number


def _half_file() -> Marks:
    from safetensors.torch import save

    from labcode.models import lenet5

    tensors = lenet5().state_dict()
    whole = len(save(tensors))
    half = len(save({name: tensor.half() for name, tensor in tensors.items()}))
    params = sum(tensor.numel() for tensor in tensors.values())
    return Marks(
        half,
        {
            2 * params: "Those are the weights alone. The file begins with a header that says "
            "where each tensor stands, some 600 bytes.",
            whole: "That is the file of 32-bit numbers. With 16 bits each takes 2 bytes.",
            round(whole / 2): "Only the weights are halved. The header is about as long as before.",
        },
        within=20 / half,
    )


def _most_activations() -> Marks:
    first, _ = cost.conv2d(1, 20, 5, 28).output_size or (0, 0)
    second, _ = cost.conv2d(20, 50, 5, first // 2).output_size or (0, 0)
    maps = [(1, 28, 28), (20, first, first), (20, first // 2, first // 2), (50, second, second)]
    sizes = [4 * prod(shape) for shape in maps]
    needs = [before + after for before, after in pairwise(sizes)]
    return Marks(
        max(needs),
        {
            needs[0]: "That is the first convolution. Its output is as large, but what it reads is "
            "small. Look at the layer behind it.",
            max(needs) // 4: "Those are values. Each takes 4 bytes.",
            sizes[1]: "That is the largest map alone. While a layer runs, what it reads and what "
            "it writes must both be there.",
            4 * cost.linear(800, 500, bias=False).params: "Those are the weights of `fc1`. Asked "
            "are the values that go in and come out.",
        },
    )


def _intensity(batch: int) -> float:
    layer = cost.linear(800, 500, bias=False)
    return batch * layer.flops / (4 * (layer.params + batch * (800 + 500)))


def _what_to_buy() -> str:
    return "bytes" if _intensity(1) < 1 < _intensity(64) else "arithmetic"


EXERCISES: tuple[Exercise, ...] = (
    Number(
        id="bytes_and_time-1",
        asks="size of the file with 16-bit numbers",
        unit="bytes",
        solve=_half_file,
        hints=(
            "LeNet-5 has 431,080 parameters. How many bytes does one of them take?",
            "The header says where each tensor begins and ends. It hardly changes: see what the "
            "cell about the file of 32-bit numbers printed.",
        ),
    ),
    Number(
        id="bytes_and_time-2",
        asks="activation memory of the layer that needs most",
        unit="bytes",
        solve=_most_activations,
        hints=(
            "A layer needs room for what it reads and for what it writes.",
            "The maps have 1·28·28, 20·24·24, 20·12·12 and 50·8·8 values. Add up neighbours.",
        ),
    ),
    Choice(
        id="bytes_and_time-3",
        asks="A phone asks for one image at a time. What do you ship to make this layer faster?",
        choices={
            "bytes": Option(
                "Weights of half the bytes, on the same processor.",
                "With one image the layer does one operation for every two bytes, so it waits for "
                "memory. Half the bytes are half the wait.",
            ),
            "arithmetic": Option(
                "The same weights, on a processor with twice the arithmetic.",
                "Compute the intensity for a batch of 1: half an operation a byte. Such a layer "
                "waits for its weights, and a faster multiplier would wait for them just as long.",
            ),
            "batch": Option(
                "Nothing new: collect 64 questions, then answer them in one batch.",
                "That raises the intensity, and a server does it. But here one person waits for "
                "one answer, and the first of 64 would wait for the last.",
            ),
        },
        solve=_what_to_buy,
        hints=(
            "Compute the FLOPs and the bytes of the layer for one image: 800 · 500 weights, 800 "
            "numbers in, 500 out.",
            "Is the intensity left or right of the corner of the roofline?",
        ),
    ),
)
