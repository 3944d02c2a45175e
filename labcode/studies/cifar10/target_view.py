"""MLPerf Tiny's target as the page shows it: accuracy with its interval, and bytes of each file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from labcode.studies.cifar10.view import N_TEST, Pair
from labcode.training import Difference, difference_over_changes

if TYPE_CHECKING:
    import pandas as pd

ASKED = 0.85  # accuracy that MLPerf Tiny asks of its image classification
LIMIT = 96_000  # bytes that its int8 file may have
FILES: dict[str, Pair] = {
    "float32": Pair("cifar10_target_files", {"method": "uncompressed"}),
    "int8 file, weights in 8 bits": Pair("cifar10_target_files", {"method": "int8", "bits": 8}),
    "int8 file, weights in 7 bits": Pair("cifar10_target_files", {"method": "int8", "bits": 7}),
    **{
        f"{bits} bits": Pair("cifar10_target_files", {"method": "rounded", "bits": bits})
        for bits in (8, 6, 5, 4)
    },
    "64 shared values": Pair("cifar10_target_files", {"method": "shared", "bits": 6}),
    "32 shared values": Pair("cifar10_target_files", {"method": "shared", "bits": 5}),
    "4 bits, trained": Pair("cifar10_target_lessons", {"method": "rounded"}),
    "32 shared values, trained": Pair("cifar10_target_lessons", {"method": "shared", "bits": 5}),
    "16 shared values, trained": Pair("cifar10_target_lessons", {"method": "shared", "bits": 4}),
    "70 % of the weights, trained, shared, coded": Pair(
        "cifar10_target_lessons", {"method": "pruned", "kept": 0.7}
    ),
    "half of the weights, trained, shared, coded": Pair(
        "cifar10_target_lessons", {"method": "pruned", "kept": 0.5}
    ),
}


def accuracy(name: str) -> Difference:
    """Return a file's accuracy with its interval, over seeds and pictures.

    It is the difference from a network that is right in no picture.

    Args:
        name: One of `FILES`.
    """
    right = (FILES[name].rows()["test_accuracy"] * N_TEST).round().astype(int).tolist()
    return difference_over_changes([0] * len(right), right, images=N_TEST)


def reached(name: str) -> bool | None:
    """Return whether a file reaches what is asked; None where the interval does not tell.

    Args:
        name: One of `FILES`.
    """
    found = accuracy(name)
    if found.low >= ASKED:
        return True
    return False if found.high < ASKED else None


def files() -> pd.DataFrame:
    """Return every file: accuracy, kilobytes, and what it changes of the network's own answers."""
    import pandas as pd

    return pd.DataFrame({name: _line(name) for name in FILES}).T


def _line(name: str) -> dict[str, Any]:
    found = accuracy(name)
    low, high = (round(100 * end, 1) for end in (found.low, found.high))
    return {
        "accuracy (%)": f"{100 * found.value:.1f} ({low} to {high})",
        "kB": round(FILES[name].rows()["bytes_on_disk"].mean() / 1000, 1),
        "difference": "" if name == "float32" else str(FILES[name].difference()),
    }
