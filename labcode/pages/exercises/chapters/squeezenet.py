"""The exercises of *SqueezeNet*."""

from labcode import cost
from labcode.pages.exercises.kinds import Exercise
from labcode.pages.exercises.numbers import Field, Marks, Number, Several


def _module() -> Marks:
    from labcode import models

    right = sum(p.numel() for p in models.Fire(100, 20, 40, 60).parameters())
    wide = cost.conv2d(100, 60, 3, 13, bias=True).params
    squeeze = cost.conv2d(100, 20, 1, 13, bias=True).params
    narrow = cost.conv2d(20, 60, 3, 13, bias=True).params
    return Marks(
        right,
        {
            right - 120: "You forgot the biases: one for each of 20 + 40 + 60 filters.",
            right - squeeze: "You forgot the squeeze layer.",
            right - narrow + wide: "The 3×3 filters read the 20 squeezed channels, not all 100.",
            squeeze + cost.conv2d(20, 100, 3, 13, bias=True).params: "Only 60 of the expanding "
            "filters are 3×3, the other 40 are 1×1.",
        },
    )


def _times(pixels: int) -> float:
    from labcode import models
    from labcode.papers.conventions import counted

    first, second = (
        counted(models.squeezenet, pixels, version=version).macs for version in ("1.0", "1.1")
    )
    return round(first / second, 3)


def _of(pixels: int, other: int) -> Marks:
    return Marks(
        _times(pixels),
        {
            2.4: "That is what its authors say of their own two counts. Count both here.",
            _times(other): f"That is for {other} pixels.",
            round(1 / _times(pixels), 3): "The other way round: version 1.0 needs more.",
        },
    )


def _at_227() -> Marks:
    return _of(227, 224)


def _at_224() -> Marks:
    return _of(224, 227)


def _squeeze() -> Marks:
    from labcode import models

    one = cost.conv2d(128, 128, 3, 13, padding=1, bias=True).params
    sizes = (
        sum(p.numel() for p in models.Fire(128, s, 64, 64).parameters()) for s in range(1, 999)
    )
    right = next(s for s, size in enumerate(sizes, start=1) if size > one)
    return Marks(
        right,
        {
            right - 1: "With this many it is still smaller. Asked is the first that has more.",
            128: "With 128 the module squeezes nothing, but half of its filters are 1×1, so it is "
            "still smaller.",
            16: "That is what the paper takes. The module is far smaller then.",
            one // (9 * 128 + 128): "Both 64 + 64 filters read s channels: 64 · s and 64 · 9 · s "
            "weights.",
        },
    )


EXERCISES: tuple[Exercise, ...] = (
    Number(
        id="squeezenet-1",
        asks="parameters of the module",
        unit="parameters",
        solve=_module,
        hints=(
            "Filters × inputs × kernel², and a bias for each filter.",
            "20 filters read 100 channels. 40 of 1×1 and 60 of 3×3 read the 20.",
        ),
    ),
    Several(
        id="squeezenet-2",
        parts=(
            Field(asks="times as many MACs at 227 pixels", solve=_at_227),
            Field(asks="times as many MACs at 224 pixels", solve=_at_224),
        ),
        hints=(
            '`counted(models.squeezenet, pixels, version="1.0").macs`, and the same for "1.1".',
            "Watch the sizes of the maps: where a pooling does not come out even, it rounds up.",
        ),
    ),
    Number(
        id="squeezenet-3",
        asks="first squeeze size with more parameters",
        solve=_squeeze,
        hints=(
            "The convolution has 128 · 128 · 9 weights and 128 biases.",
            "The module has 128 · s + s, then 64 · s + 64, then 64 · 9 · s + 64.",
        ),
    ),
)
