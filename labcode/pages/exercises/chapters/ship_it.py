"""The exercises of *Ship it*."""

from labcode.pages.exercises.choices import Choice, Option
from labcode.pages.exercises.kinds import Exercise


def _last_digits() -> str:
    """Export for any batch, answer all test images at once and one by one, and compare."""
    import numpy as np
    import onnx

    from labcode import data, runtime
    from labcode.weights import baselines

    model, digits = baselines.load("small_cnn", seed=0), data.load("mnist5k")
    images = digits.test.images
    file = runtime.to_onnx(model, digits.input_shape, batch=None)
    constants = onnx.load_from_string(file).graph.initializer
    if any(one.data_type == onnx.TensorProto.FLOAT16 for one in constants):
        return "bits"
    session = runtime.onnx_session(file)
    name = session.get_inputs()[0].name
    at_once = session.run(None, {name: images.numpy()})[0]  # (1000, 10)
    alone = np.concatenate([session.run(None, {name: one[None].numpy()})[0] for one in images])
    # Another batch's means would move a logit by far more than the last digits of float32.
    rounding = np.abs(at_once - alone).max() < 1e-4 * np.abs(alone).max()
    return "order" if rounding else "state"


def _calibration() -> str:
    """Which pictures make the int8 file that reads most test digits, the test's own left out."""
    import torch

    from labcode import data, runtime
    from labcode.weights import baselines

    model, digits = baselines.load("small_cnn", seed=0), data.load("mnist5k")
    noise = torch.rand(200, 1, 28, 28, generator=torch.Generator().manual_seed(0)) * 0.1
    pictures = {"noise": noise, "train": digits.train.images[:200]}
    files = {name: runtime.to_int8(model, images) for name, images in pictures.items()}
    right = runtime.compare_files(files, digits.test, runs=2)["accuracy"]
    return str(right.idxmax())


def _first_answer() -> str:
    """Where the seconds of a process that gives one answer go."""
    import json
    import subprocess
    import sys
    import tempfile
    import time
    from pathlib import Path

    from labcode import data, runtime
    from labcode.weights import baselines

    model, digits = baselines.load("small_cnn", seed=0), data.load("mnist5k")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "network.onnx"
        path.write_bytes(runtime.to_onnx(model, digits.input_shape))
        picture = (digits.test.images[0] * 255).byte().numpy().tobytes()
        command = [sys.executable, "-m", "labcode.runtime.answer", str(path)]
        start = time.perf_counter()
        done = subprocess.run(command, input=picture, capture_output=True, check=True)
        whole = time.perf_counter() - start
        start = time.perf_counter()
        path.read_bytes()
        reading = time.perf_counter() - start
    network = json.loads(done.stdout.splitlines()[0])["ms"] / 1000
    parts = {"network": network, "file": reading, "process": whole - network - reading}
    return max(parts, key=lambda name: parts[name])


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
                "It takes a very small part of that time. Even a network without any work would "
                "not help.",
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
