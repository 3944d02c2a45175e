"""Which packed networks the runs of seed 0 leave behind, so that a chapter can open them."""

from __future__ import annotations

from pathlib import Path

PAPER = 0.08  # part of the weights: what the paper keeps of both networks
FINAL = {"lenet5": 0.018, "lenet_300_100": 0.06}  # part of the weights; size alone chose it
# Network and part of the weights: as in the paper, and the final settings.
KEPT = tuple((network, part) for network in FINAL for part in (PAPER, FINAL[network]))


def file_name(network: str, part: float) -> str:
    """Return the name of the file of a network with so much of its weights kept.

    >>> file_name("lenet5", 0.08)
    'lenet5-8.diet'
    """
    return f"{network}-{100 * part:g}.diet"


def leave(folder: Path | None, network: str, part: float, data: bytes) -> None:
    """Write a packed network into a folder if it is one of `KEPT`; without a folder do nothing."""
    if folder is not None and (network, part) in KEPT:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / file_name(network, part)).write_bytes(data)


def facts_of(name: str) -> dict[str, str | float]:
    """Return the network and the part behind a name of `file_name`.

    >>> facts_of("lenet5-8.diet")
    {'network': 'lenet5', 'part': 0.08}
    """
    network, part = next(pair for pair in KEPT if file_name(*pair) == name)
    return {"network": network, "part": part}
