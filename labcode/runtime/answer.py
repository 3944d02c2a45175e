"""A process that answers: reads pictures, writes what an ONNX network says. It needs no PyTorch.

Run as ``python -m labcode.runtime.answer network.onnx``. Each picture on standard input is as many
bytes as the network has input values, one grey value from 0 to 255 each; each answer on standard
output is a line of JSON. At the end of the input it writes a last line that says how much memory it
needed at most.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import numpy as np

from labcode.runtime.session import onnx_session


def answers(network: Path, pictures: IO[bytes]) -> Iterator[dict[str, Any]]:
    """Yield the answer to each picture.

    Args:
        network: An ONNX file that takes one image (1, C, H, W) and gives logits (1, classes).
        pictures: C·H·W bytes a picture.

    Yields:
        ``label``, ``probability`` (0 to 1) and ``ms``, the milliseconds that the network took.

    Raises:
        SessionError: The network is not an ONNX file.
        ValueError: The last picture is cut short.
    """
    session = onnx_session(network)
    entry = session.get_inputs()[0]
    size = int(np.prod(entry.shape))
    while data := pictures.read(size):
        if len(data) != size:
            raise ValueError(f"a picture must have {size} bytes, but the last one has {len(data)}")
        picture = np.frombuffer(data, np.uint8).astype(np.float32).reshape(entry.shape) / 255
        start = time.perf_counter()
        logits = session.run(None, {entry.name: picture})[0][0]  # (classes,)
        milliseconds = 1000 * (time.perf_counter() - start)
        powers = np.exp(logits - logits.max())
        label = int(logits.argmax())
        probability = float(powers[label] / powers.sum())
        yield {"label": label, "probability": probability, "ms": milliseconds}


def peak_megabytes() -> float | None:
    """Return the most memory that this process held, or None where the system does not tell."""
    status = Path("/proc/self/status")
    if status.exists():  # Linux; its getrusage would count the process that started this one too
        lines = status.read_text(encoding="utf-8").splitlines()
        return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM:"))
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
    for answer in answers(Path(sys.argv[1]), sys.stdin.buffer):
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()
    sys.stdout.write(json.dumps({"peak_mb": peak_megabytes()}) + "\n")


if __name__ == "__main__":
    main()
