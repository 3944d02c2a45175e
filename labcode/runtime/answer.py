"""A process that answers: reads pictures, writes what an ONNX network says. It needs no PyTorch.

Run as ``python -m labcode.runtime.answer network.onnx``. Each picture on standard input is as many
bytes as the network has input values, one grey value from 0 to 255 each; each answer on standard
output is a line of JSON. At the end of the input it writes a last line that says how much memory it
needed at most. What goes wrong it says in one sentence on standard error, and ends with a status
that is not 0.
"""

from __future__ import annotations

import json
import math
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from onnxruntime import InferenceSession

INTERRUPTED = 130  # the status of a program that Ctrl-C ended


def answers(network: Path, pictures: IO[bytes]) -> Iterator[dict[str, Any]]:
    """Yield the answer to each picture.

    Args:
        network: An ONNX file that takes one image (1, C, H, W) and gives logits (1, classes), both
            float32. The number of images may be free; here it is 1.
        pictures: C·H·W bytes a picture.

    Yields:
        ``label``, ``probability`` (0 to 1) and ``ms``, the milliseconds that the network took.

    Raises:
        SessionError: The network is not an ONNX file.
        ValueError: The network takes or gives something else, it cannot be run, an answer is NaN or
            infinite, or the last picture is cut short.
    """
    import numpy as np

    from labcode.runtime.session import onnx_session

    session = onnx_session(network)
    name, shape = _entry(session)
    size = math.prod(shape)
    while data := _read(pictures, size):
        picture = np.frombuffer(data, np.uint8).astype(np.float32).reshape(shape) / 255
        start = time.perf_counter()
        logits = _run(session, {name: picture})  # (classes,)
        milliseconds = 1000 * (time.perf_counter() - start)
        powers = np.exp(logits - logits.max())
        label = int(logits.argmax())
        probability = float(powers[label] / powers.sum())
        yield {"label": label, "probability": probability, "ms": milliseconds}


def _entry(session: InferenceSession) -> tuple[str, list[int]]:
    """Return the name and the shape of the one image that a network takes."""
    entries, exits = session.get_inputs(), session.get_outputs()
    if len(entries) != 1 or len(exits) != 1:
        raise ValueError(
            f"the network must have one input and one output, got {len(entries)} and {len(exits)}"
        )
    for what, entry in (("take", entries[0]), ("give", exits[0])):
        if entry.type != "tensor(float)":
            raise ValueError(f"the network must {what} float32, got {entry.type}")
    batch, *sizes = entries[0].shape or [0]
    if batch != 1 and isinstance(batch, int):
        raise ValueError(f"the network must take 1 image in a run, but its file takes {batch}")
    if not sizes or not all(isinstance(size, int) and size > 0 for size in sizes):
        raise ValueError(f"the network must take images of one size, got {entries[0].shape}")
    return entries[0].name, [1, *sizes]


def _read(pictures: IO[bytes], size: int) -> bytes:
    """Return the next picture, or nothing at the end of the input."""
    data = b""
    while len(data) < size and (more := pictures.read(size - len(data))):
        data += more
    if data and len(data) != size:
        raise ValueError(f"a picture must have {size} bytes, but the last one has {len(data)}")
    return data


def _run(session: InferenceSession, feed: dict[str, NDArray[Any]]) -> NDArray[np.float64]:
    """Return the logits of one picture, (classes,)."""
    import numpy as np
    from onnxruntime import RunOptions

    options = RunOptions()
    options.log_severity_level = 4  # not on standard error: what is wrong is said below
    try:
        (found,) = session.run(None, feed, options)
    except Exception as error:  # the runtime's own kinds of error share no other base class
        why = next(iter(str(error).splitlines()), type(error).__name__)
        raise ValueError(f"the network cannot be run: {why}") from error
    if found.ndim != 2 or len(found) != 1 or not found.size:
        raise ValueError(f"the network must give logits (1, classes), got {found.shape}")
    if not np.isfinite(found).all():
        raise ValueError("the network answers with NaN or infinity")
    logits: NDArray[np.float64] = found[0].astype(np.float64)
    return logits


def peak_mebibytes() -> float | None:
    """Return the most memory that this process held, in MiB; None where no system tells."""
    status = Path("/proc/self/status")
    if status.exists():  # Linux; its getrusage would count the process that started this one too
        lines = status.read_text(encoding="utf-8").splitlines()
        found = (int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM:"))
        return next(found, None)
    try:
        import resource
    except ImportError:  # Windows
        return None
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most / (2**20 if sys.platform == "darwin" else 2**10)


def main() -> None:
    """Answer until the input ends."""
    if len(sys.argv) != 2:
        raise SystemExit(__doc__)
    try:
        if sys.stdin is None or sys.stdout is None:
            raise OSError("standard input and standard output must be open")
        for answer in answers(Path(sys.argv[1]), sys.stdin.buffer):
            _write(answer)
        _write({"peak_mib": peak_mebibytes()})
    except BrokenPipeError:
        # Python would try to write what is left once more when it ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise SystemExit("the answers are no longer read") from None
    except (ValueError, OSError, ImportError) as error:
        raise SystemExit(" ".join(str(error).split())) from None
    except KeyboardInterrupt:
        sys.stderr.write("stopped before the input ended\n")
        raise SystemExit(INTERRUPTED) from None


def _write(line: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(line, allow_nan=False) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
