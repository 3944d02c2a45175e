"""The one store of trained weights: a file each, and a manifest that says what each file is.

manifest.json has an entry for each file of the folder ``files``: its ``sha256`` and ``bytes``, the
``network``, ``seed`` and ``dataset``, the function that made it (``made_by``), and as far as they
are known ``date``, ``processor``, ``cores``, ``system`` and ``versions``. The entries of baselines
hold their ``recipe`` and ``results`` too, those of packed networks the ``part`` of the weights that
stays.

Reading needs no package but Python itself.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from labcode._origin import here

MANIFEST = "manifest.json"
PACKAGES = ("torch", "numpy", "safetensors", "mlxtend")  # whose versions decide what is trained

Entry = dict[str, Any]


class WeightsError(RuntimeError):
    """A file of weights, or the manifest, is missing or damaged."""


def read(name: str) -> bytes:
    """Return a file of weights; its size and checksum are those of the manifest.

    Args:
        name: Name of the file, such as "lenet5-seed0.safetensors".

    Raises:
        WeightsError: The manifest names no such file, or the file is missing or damaged.

    >>> read("lenet5-1.8.diet")[:4]
    b'DIET'
    """
    known = entry(name)
    again = f"install labcode again, or make it anew with {known['made_by']}"
    try:
        data = (_root() / "files" / name).read_bytes()
    except OSError as error:
        raise WeightsError(f"{name} is missing from the stored weights; {again}") from error
    if len(data) != known["bytes"] or sha256(data) != known["sha256"]:
        raise WeightsError(f"{name} is damaged: its checksum is not the manifest's; {again}")
    return data


def packed(network: str, part: float) -> bytes:
    """Return a network after Deep Compression, for `labcode.coding.unpack`.

    Args:
        network: "lenet5" or "lenet_300_100".
        part: Part of the weights that was asked to stay.

    Raises:
        WeightsError: There is no such file, or it is missing or damaged.
    """
    entries = {n: e for n, e in manifest().items() if "part" in e}
    for name, known in entries.items():
        if (known["network"], known["part"]) == (network, part):
            return read(name)
    there = ", ".join(f"{e['network']!r}, {e['part']:g}" for e in entries.values())
    raise WeightsError(f"no packed network {network!r}, {part!r} is stored; there are: {there}")


def entry(name: str) -> Entry:
    """Return what the manifest says of a file.

    Args:
        name: Name of the file.

    Raises:
        WeightsError: The manifest names no such file, or is missing or damaged.

    >>> entry("lenet5-seed0.safetensors")["network"]
    'lenet5'
    """
    entries = manifest()
    if name not in entries:
        raise WeightsError(f"{MANIFEST} names no file {name}; there are: {', '.join(entries)}")
    return entries[name]


def manifest() -> dict[str, Entry]:
    """Return the entry of each file, by the file's name.

    Raises:
        WeightsError: The manifest is missing or damaged.
    """
    try:
        found = json.loads((_root() / MANIFEST).read_text(encoding="utf-8"))
    except OSError as error:
        raise WeightsError(f"{MANIFEST} is missing; install labcode again") from error
    except ValueError as error:
        raise WeightsError(f"{MANIFEST} is damaged ({error}); install labcode again") from error
    kinds = {"bytes": int, "sha256": str, "network": str, "seed": int, "made_by": str}
    whole = isinstance(found, dict) and all(
        isinstance(known, dict) and all(isinstance(known.get(k), t) for k, t in kinds.items())
        for known in found.values()
    )
    if not whole:
        raise WeightsError(f"{MANIFEST} is damaged (an entry lacks facts); install labcode again")
    return found  # type: ignore[no-any-return]


def keep(
    name: str,
    data: bytes,
    *,
    network: str,
    seed: int,
    dataset: str,
    made_by: str,
    root: Path | None = None,
    **facts: Any,
) -> Path:
    """Write a file of weights and its entry in the manifest; other files stay.

    Args:
        name: Name of the file.
        data: Its bytes.
        network: Name of the network.
        seed: Seed that it was trained from.
        dataset: Data set that it was trained on.
        made_by: The function that made it, with its module.
        root: Folder of the manifest; None means the one inside labcode.
        facts: What else a reader needs to know, as plain values.

    Returns:
        The file.
    """
    root = root or _root()
    target, listing = root / "files" / name, root / MANIFEST
    target.parent.mkdir(parents=True, exist_ok=True)
    known = json.loads(listing.read_text(encoding="utf-8")) if listing.exists() else {}
    about = {"network": network, "seed": seed, "dataset": dataset, "made_by": made_by}
    known[name] = {"bytes": len(data), "sha256": sha256(data)} | about | facts | here(PACKAGES)
    target.write_bytes(data)
    text = json.dumps(dict(sorted(known.items())), indent=1, ensure_ascii=False)
    listing.write_text(text + "\n", encoding="utf-8")
    return target


def sha256(data: bytes) -> str:
    """Return the checksum of a file's bytes."""
    return hashlib.sha256(data).hexdigest()


def _root() -> Path:
    """Return the folder of the manifest, inside the installed package."""
    return Path(__file__).resolve().parent
