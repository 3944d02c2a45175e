"""What the network for MLPerf Tiny's target reaches in each kind of file, as the page shows it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from labcode.studies.cifar10 import target
from labcode.studies.cifar10.view import Pair

if TYPE_CHECKING:
    import pandas as pd


def _file(method: str, bits: int) -> Pair:
    return Pair("cifar10_target_files", {"method": method, "bits": bits})


WHOLE = "float32"
TRAINED = f"{target.BITS} bits, trained"
FILES: dict[str, Pair] = {
    WHOLE: _file("uncompressed", 0),
    "int8": _file("int8", 8),
    f"{target.BITS} bits": _file("rounded", target.BITS),
    TRAINED: Pair("cifar10_target_lessons", {}),
}


def files() -> pd.DataFrame:
    """Return the files side by side: kilobytes, the accuracy of each seed, and the difference.

    The difference is that from the float32 file, over seeds and pictures.
    """
    import pandas as pd

    return pd.DataFrame({name: _line(name, pair) for name, pair in FILES.items()}).T


def _line(name: str, pair: Pair) -> dict[str, Any]:
    found = pair.rows()
    right = (100 * found["test_accuracy"]).round(1)
    return {
        "kB": round(found["bytes_on_disk"].mean() / 1000, 1),
        **{f"seed {seed} (%)": share for seed, share in zip(found["seed"], right, strict=True)},
        "difference": "" if name == WHOLE else str(pair.difference()),
    }
