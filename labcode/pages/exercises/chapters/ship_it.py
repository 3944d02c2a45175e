"""The exercises of *Ship it*."""

from labcode.pages.exercises.choices import Choice, Option
from labcode.pages.exercises.kinds import Exercise


def _last_digits() -> str:
    """Whether the same numbers give another sum in another order."""
    import torch

    large, small = torch.tensor(1e8), torch.tensor(1.0)
    return "order" if (large - large) + small != (large + small) - large else "state"


def _calibration() -> str:
    """Whether faint noise makes smaller activations than digits do."""
    import torch

    from labcode import data
    from labcode.quantization.layers import layer_inputs
    from labcode.weights import baselines

    model, digits = baselines.load("small_cnn", seed=0), data.load("mnist5k")
    noise = torch.rand(50, 1, 28, 28, generator=torch.Generator().manual_seed(0)) * 0.1
    found, real = layer_inputs(model, noise), layer_inputs(model, digits.train.images[:50])
    smaller = all(float(found[name].max()) < float(real[name].max()) for name in real)
    return "train" if smaller else "noise"


def _first_answer() -> str:
    """Where the time goes: the start of a Python process against one run of the network."""
    import subprocess
    import sys
    import time

    import torch

    from labcode.weights import baselines

    model, image = baselines.load("small_cnn", seed=0), torch.rand(1, 1, 28, 28)
    start = time.perf_counter()
    subprocess.run([sys.executable, "-c", "import numpy"], check=True)
    process = time.perf_counter() - start
    with torch.no_grad():
        model(image)
        start = time.perf_counter()
        model(image)
    return "process" if process > time.perf_counter() - start else "network"


EXERCISES: tuple[Exercise, ...] = (
    Choice(
        id="ship_it-1",
        asks="All 1,000 images at once: why may the last digits of a logit differ?",
        choices={
            "order": Option(
                "Sums are taken in another order, and each order rounds otherwise.",
                "So a decision changes only where two logits were nearly equal.",
            ),
            "state": Option(
                "Batch norm takes the means of the batch, which is another one now.",
                "While training, yes. An exported network has the stored means, the same for every "
                "batch.",
            ),
            "bits": Option(
                "A batch is computed with fewer bits, to be faster.",
                "The file says float32, for one image and for a thousand.",
            ),
        },
        solve=_last_digits,
        hints=(
            "Is (a + b) + c the same as a + (b + c), in float32?",
            "Compare the logits of both files: how large is the largest difference?",
        ),
    ),
    Choice(
        id="ship_it-2",
        asks="Which pictures would you calibrate the int8 file with?",
        choices={
            "noise": Option(
                "Faint noise: it needs no data, and covers all pixels alike.",
                "Its activations are small, so the ranges are too: real digits leave them at once "
                "and are clipped. Try it.",
            ),
            "train": Option(
                "Some hundred digits of the training part.",
                "They make activations as large as those that the network will meet.",
            ),
            "test": Option(
                "The test digits: the ranges then fit what is measured.",
                "They would, and the test would no longer say how the file does on new digits.",
            ),
        },
        solve=_calibration,
        hints=(
            "What does the quantizer read from the calibrating pictures?",
            "`runtime.to_int8(model, noise)` and `runtime.compare_files` show what noise does.",
        ),
    ),
    Choice(
        id="ship_it-3",
        asks="The first answer must come sooner. What do you work on?",
        choices={
            "network": Option(
                "The network: fewer multiply-adds.",
                "It takes a thousandth of that time. Even a network without any work would not "
                "help.",
            ),
            "file": Option(
                "The file: fewer bytes to read.",
                "Some tens of kilobytes are read in a moment. See what else is in that time.",
            ),
            "process": Option(
                "The start: keep the process alive, or start it before it is asked.",
                "Nearly all of the time goes to Python, the runtime's library and preparing the "
                "operations.",
            ),
        },
        solve=_first_answer,
        hints=(
            "Time one answer from outside, and compare it with the `ms` that the process itself "
            "tells.",
            "Weigh the whole, then work on the largest part.",
        ),
    ),
)
