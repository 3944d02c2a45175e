"""Files side by side: bytes, accuracy and time."""

from __future__ import annotations

import gzip
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from labcode._checks import check_int
from labcode.data.dataset import Split
from labcode.runtime.session import onnx_session
from labcode.runtime.timing import time_in_turn

if TYPE_CHECKING:
    import pandas as pd


def compare_files(
    files: Mapping[str, bytes],
    split: Split,
    *,
    runs: int = 200,
    clock: Callable[[], float] = time.thread_time,
) -> pd.DataFrame:
    """Weigh and time ONNX files that take one image, in turn, and let them answer a split.

    Args:
        files: The files, by name; the first is what the others are compared with.
        split: Images with labels; every file answers all of them.
        runs: Timed runs of each file, at least two.
        clock: A clock in seconds; the processor time of the thread leaves out other programs.

    Returns:
        A row a file: ``opset``, ``bytes``, ``gzip_bytes``, ``accuracy`` (0 to 1), ``median_ms``
        and ``p95_ms`` of one image on one thread, and ``times_faster`` than the first file.

    Raises:
        SessionError: A file is not an ONNX file.
        ValueError: There is no file, or ``runs`` is too small.
    """
    check_int("runs", runs, minimum=2)
    if not files:
        raise ValueError("files must name at least one file, got none")
    import pandas as pd

    sessions = {name: onnx_session(data) for name, data in files.items()}
    rows = {name: _facts(data) | _accuracy(sessions[name], split) for name, data in files.items()}
    image = split.images[:1].numpy()
    candidates = {name: _run(session, image) for name, session in sessions.items()}
    timings = time_in_turn(candidates, runs=runs, warmup=10, clock=clock)
    first = next(iter(timings.values())).median_ms
    for name, timing in timings.items():
        rows[name] |= {"median_ms": timing.median_ms, "p95_ms": timing.p95_ms}
        rows[name]["times_faster"] = first / timing.median_ms
    return pd.DataFrame(rows.values(), index=list(rows))


def _facts(data: bytes) -> dict[str, Any]:
    import onnx

    opset = onnx.load_from_string(data).opset_import[0].version
    zipped = len(gzip.compress(data, 9, mtime=0))
    return {"opset": opset, "bytes": len(data), "gzip_bytes": zipped}


def _accuracy(session: Any, split: Split) -> dict[str, float]:
    name = session.get_inputs()[0].name
    answers = [session.run(None, {name: image[None].numpy()})[0] for image in split.images]
    right = torch.from_numpy(np.concatenate(answers)).argmax(dim=1) == split.labels
    return {"accuracy": float(right.float().mean())}


def _run(session: Any, image: Any) -> Callable[[], object]:
    name = session.get_inputs()[0].name
    return lambda: session.run(None, {name: image})
