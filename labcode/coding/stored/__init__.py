"""Packed networks that a study left behind, so that a chapter can open them.

The study of Deep Compression writes them in its runs of seed 0, whose rows its tables hold.
"""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

from labcode.coding.errors import CodingError

SUFFIX = ".diet"
FINAL = {"lenet5": 0.018, "lenet_300_100": 0.06}  # part of the weights; size alone chose it
# Network and part of the weights: as in the paper, and the final settings.
KEPT = tuple((network, part) for network in FINAL for part in (0.08, FINAL[network]))
_FOLDER = files("labcode.coding.stored")


def file_name(network: str, part: float) -> str:
    """Return the name of the file of a network with so much of its weights kept.

    >>> file_name("lenet5", 0.08)
    'lenet5-8.diet'
    """
    return f"{network}-{100 * part:g}{SUFFIX}"


def names() -> list[str]:
    """Return the names of the files."""
    return sorted(entry.name for entry in _FOLDER.iterdir() if entry.name.endswith(SUFFIX))


def packed(network: str, part: float) -> bytes:
    """Return a packed network, for `labcode.coding.unpack`.

    Args:
        network: "lenet5" or "lenet_300_100".
        part: Part of the weights that was asked for.

    Raises:
        CodingError: There is no such file.
    """
    name = file_name(network, part)
    if name not in names():
        raise CodingError(f"no packed network {name}; there are: {', '.join(names())}")
    return _FOLDER.joinpath(name).read_bytes()


def keep(folder: Path | None, network: str, part: float, data: bytes) -> None:
    """Write a packed network into a folder if it is one of `KEPT`; without a folder do nothing."""
    if folder is not None and (network, part) in KEPT:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / file_name(network, part)).write_bytes(data)
