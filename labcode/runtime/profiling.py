"""Where the milliseconds go: ONNX Runtime's own record of every operation it ran."""

from __future__ import annotations

import json
import tempfile
from collections import defaultdict
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any, NamedTuple

from labcode._checks import check_int
from labcode.runtime.session import onnx_session

if TYPE_CHECKING:
    from numpy.typing import NDArray


class Operation(NamedTuple):
    """One operation of a file, as the runtime runs it.

    Args:
        name: Its name in the file, or the one that the runtime gave to what it fused.
        kind: Such as "Conv".
        ms: Median time of a run, in milliseconds.
    """

    name: str
    kind: str
    ms: float


def profile(file: bytes, images: NDArray[Any], *, runs: int = 20) -> list[Operation]:
    """Return the operations of an ONNX file in running order, with the time that each takes.

    One thread. The runtime writes down every operation, which costs a little time itself: shares
    are to be trusted more than sums.

    Args:
        file: The bytes of an ONNX file with one input.
        images: Its input, (N, C, H, W).
        runs: Runs that are recorded, after two that are not.

    Returns:
        The operations.

    Raises:
        TypeError: ``runs`` is not an integer.
        SessionError: The runtime cannot load the file.
        ValueError: ``runs`` is below 1.
    """
    check_int("runs", runs)
    with tempfile.TemporaryDirectory() as folder:
        session = onnx_session(file, profile=str(Path(folder) / "profile"))
        name = session.get_inputs()[0].name
        for _ in range(runs + 2):
            session.run(None, {name: images})
        events = json.loads(Path(session.end_profiling()).read_text(encoding="utf-8"))
    times: dict[tuple[str, str], list[float]] = defaultdict(list)
    for event in events:
        if event.get("cat") == "Node" and event["name"].endswith("_kernel_time"):
            key = event["name"].removesuffix("_kernel_time"), event["args"]["op_name"]
            times[key].append(event["dur"] / 1000)
    return [Operation(*key, median(seen[2:] or seen)) for key, seen in times.items()]
