"""Time as a reader would meet it: ONNX Runtime, warm, candidates in turn, one thread.

PyTorch runs a network for research; ONNX Runtime runs it as a product would. One thread, since
then a time says more about the network and less about the machine's other work. Candidates run in
turn within one session, so that a slow moment of the machine strikes all of them.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median, quantiles
from typing import TYPE_CHECKING, Any

from labcode._checks import check_int
from labcode.runtime.session import onnx_session

if TYPE_CHECKING:
    import torch
    from numpy.typing import NDArray
    from onnxruntime import InferenceSession


@dataclass(frozen=True)
class Timing:
    """How long something took, over many runs.

    Args:
        seconds: The time of each run, in seconds, in the order of the runs.

    Raises:
        ValueError: There are fewer than two runs, so there is no spread.

    >>> print(Timing((0.004, 0.002, 0.003, 0.0025, 0.0035)))
    3.00 ms (2.25 to 3.75)
    """

    seconds: tuple[float, ...]

    def __post_init__(self) -> None:
        """Refuse what has no spread."""
        if len(self.seconds) < 2:
            raise ValueError(f"seconds must hold at least two runs, got {self.seconds!r}")

    @property
    def median_ms(self) -> float:
        """The middle run, in milliseconds."""
        return median(self.seconds) * 1e3

    @property
    def fastest_ms(self) -> float:
        """The run that the rest of the machine disturbed least, in milliseconds."""
        return min(self.seconds) * 1e3

    @property
    def quartiles_ms(self) -> tuple[float, float]:
        """The runs that a quarter of all runs stay under, and over, in milliseconds."""
        low, _, high = quantiles(self.seconds, n=4)
        return low * 1e3, high * 1e3

    @property
    def p95_ms(self) -> float:
        """The time that 95 % of the runs stay under, in milliseconds.

        >>> round(Timing(tuple(i / 1000 for i in range(1, 101))).p95_ms, 2)
        95.95
        """
        return quantiles(self.seconds, n=20)[-1] * 1e3

    def __str__(self) -> str:
        """Say the median with the quartiles."""
        low, high = self.quartiles_ms
        return f"{self.median_ms:.2f} ms ({low:.2f} to {high:.2f})"


def time_in_turn(
    candidates: Mapping[str, Callable[[], object]],
    *,
    runs: int = 30,
    warmup: int = 3,
    clock: Callable[[], float] = time.perf_counter,
) -> dict[str, Timing]:
    """Time functions in turn: each round runs every candidate once.

    The round starts with another candidate each time, so that none always runs first.

    Args:
        candidates: The functions to time, by name.
        runs: Timed runs of each, at least two.
        warmup: Runs of each before them, which are not timed.
        clock: A clock in seconds.

    Returns:
        A timing for each candidate, in the order given.

    Raises:
        ValueError: There is no candidate, or a number is too small.

    >>> ticks = iter([0.0, 0.1, 1.0, 1.1])
    >>> timing = time_in_turn({"nothing": lambda: None}, runs=2, clock=lambda: next(ticks))
    >>> round(timing["nothing"].median_ms)
    100
    """
    check_int("runs", runs, minimum=2)
    check_int("warmup", warmup, minimum=0)
    if not candidates:
        raise ValueError("candidates must name at least one function, got none")
    names = list(candidates)
    for _ in range(warmup):
        for name in names:
            candidates[name]()
    seconds: dict[str, list[float]] = {name: [] for name in names}
    for turn in range(runs):
        for name in _rotated(names, turn):
            start = clock()
            candidates[name]()
            seconds[name].append(clock() - start)
    return {name: Timing(tuple(seconds[name])) for name in names}


def _rotated(names: Sequence[str], turn: int) -> list[str]:
    first = turn % len(names)
    return [*names[first:], *names[:first]]


def latency(
    models: Mapping[str, torch.nn.Module],
    input_shape: Sequence[int] = (3, 224, 224),
    *,
    batch: int = 1,
    threads: int = 1,
    runs: int = 30,
    warmup: int = 3,
) -> dict[str, Timing]:
    """Time models in ONNX Runtime, in turn, on the same random input.

    Args:
        models: The models, by name; each takes the same input.
        input_shape: The shape of one image, (channels, height, width).
        batch: Images in one run.
        threads: Threads for the work within one operation.
        runs: Timed runs of each, at least two.
        warmup: Runs of each before them, which are not timed.

    Returns:
        A timing for each model: the time of one run with ``batch`` images.

    Raises:
        ExportError: A model cannot be exported.
        ValueError: There is no model, or a number is too small.
    """
    import numpy as np

    from labcode.runtime.export import to_onnx  # not above: timing itself needs no PyTorch

    images = np.random.default_rng(0).standard_normal((batch, *input_shape), dtype=np.float32)
    candidates = {}
    for name, model in models.items():
        session = onnx_session(to_onnx(model, input_shape, batch=batch), threads=threads)
        candidates[name] = ready_to_run(session, images)
    return time_in_turn(candidates, runs=runs, warmup=warmup)


def ready_to_run(session: InferenceSession, images: NDArray[Any]) -> Callable[[], NDArray[Any]]:
    """Return a function that runs the network once, its input and output already in place.

    With a place bound for it, no run spends time on making room for the output.

    Args:
        session: A network with one input and one output of a fixed shape.
        images: Its input, (N, C, H, W).

    Returns:
        A function of no argument; it returns the output, which its next call overwrites.

    Raises:
        ValueError: The images do not have the shape that the network takes.
    """
    import numpy as np
    from onnxruntime import OrtValue

    entry, exit_ = session.get_inputs()[0], session.get_outputs()[0]
    if list(images.shape) != entry.shape:
        raise ValueError(f"images must have shape {entry.shape}, got {list(images.shape)}")
    output = OrtValue.ortvalue_from_shape_and_type(exit_.shape, np.float32, "cpu")
    binding = session.io_binding()
    binding.bind_ortvalue_input(entry.name, OrtValue.ortvalue_from_numpy(images))
    binding.bind_ortvalue_output(exit_.name, output)

    def run() -> NDArray[Any]:
        session.run_with_iobinding(binding)
        result: NDArray[Any] = output.numpy()
        return result

    return run
