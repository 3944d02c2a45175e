"""Data sets that torchvision downloads, with their checksums verified."""

from __future__ import annotations

import contextlib
import http.client
import io
import os
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from labcode._progress import wants_progress
from labcode.data.dataset import Dataset
from labcode.data.packaged import DIGITS, to_split
from labcode.data.splits import stratified_parts

TIMEOUT = 30.0  # seconds without an answer until a download counts as failed


class DownloadError(RuntimeError):
    """A data set is not on this machine and could not be downloaded."""


@dataclass(frozen=True)
class _Online:
    """What is known of a data set before it is there."""

    torchvision_name: str
    folder: str  # below the root, where torchvision looks
    classes: tuple[str, ...]
    source: str
    licence: str
    shape: tuple[int, int, int]
    train_size: int
    test_size: int
    validation_share: float  # of the official training images


ONLINE = {
    "mnist": _Online(
        torchvision_name="MNIST",
        folder="MNIST/raw",
        classes=DIGITS,
        source="MNIST (LeCun, Cortes and Burges), through torchvision",
        licence="CC BY-SA 3.0",
        shape=(1, 28, 28),
        train_size=60_000,
        test_size=10_000,
        validation_share=1 / 12,  # about 5,000 images
    ),
    "fashion_mnist": _Online(
        torchvision_name="FashionMNIST",
        folder="FashionMNIST/raw",
        classes=(
            "T-shirt/top",
            "Trouser",
            "Pullover",
            "Dress",
            "Coat",
            "Sandal",
            "Shirt",
            "Sneaker",
            "Bag",
            "Ankle boot",
        ),
        source="Fashion-MNIST (Xiao, Rasul and Vollgraf, arXiv:1708.07747), through torchvision",
        licence="MIT",
        shape=(1, 28, 28),
        train_size=60_000,
        test_size=10_000,
        validation_share=1 / 12,  # 5,000 images
    ),
    "cifar10": _Online(
        torchvision_name="CIFAR10",
        folder="",
        classes=(
            "airplane",
            "automobile",
            "bird",
            "cat",
            "deer",
            "dog",
            "frog",
            "horse",
            "ship",
            "truck",
        ),
        source="CIFAR-10 (Krizhevsky, 2009), through torchvision",
        licence="none stated by its authors; cite Krizhevsky (2009)",
        shape=(3, 32, 32),
        train_size=50_000,
        test_size=10_000,
        validation_share=0.1,  # 5,000 images
    ),
}


def online(name: str, root: str | os.PathLike[str] | None, download: bool) -> Dataset:
    """Return a data set of torchvision's; see `labcode.data.load` for the arguments."""
    about, folder = ONLINE[name], Path(root) if root is not None else default_root()
    train_pixels, train_labels = _fetch(name, folder, train=True, download=download)
    validation, train = stratified_parts(train_labels, about.validation_share)
    splits = {
        "train": to_split(f"{name} train", train_pixels[train], train_labels[train]),
        "validation": to_split(
            f"{name} validation", train_pixels[validation], train_labels[validation]
        ),
        "test": to_split(f"{name} test", *_fetch(name, folder, train=False, download=download)),
    }
    return Dataset(
        name=name,
        **splits,
        classes=about.classes,
        source=about.source,
        licence=about.licence,
    )


def default_root() -> Path:
    """Return where downloads are kept: $LABCODE_DATA, or labcode in the user's cache."""
    chosen = os.environ.get("LABCODE_DATA")
    if chosen:
        return Path(chosen).expanduser()
    cache = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(cache).expanduser() / "labcode"


def _fetch(
    name: str, root: Path, *, train: bool, download: bool
) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Return one official split as pixels (N, C, H, W) and labels (N,)."""
    from torchvision import datasets  # here, since it is slow to import

    about = ONLINE[name]
    kind: Callable[..., Any] = getattr(datasets, about.torchvision_name)
    # torchvision reports a missing file, a wrong checksum and a failed download by these.
    failures = (
        RuntimeError,
        OSError,
        EOFError,
        ValueError,
        AssertionError,
        http.client.HTTPException,
    )
    try:
        with _timeout(TIMEOUT), _quiet(not wants_progress()):
            found = kind(str(root), train=train, download=download)
    except failures as error:
        raise DownloadError(_advice(name, root, kind, download, error)) from error
    pixels = np.asarray(found.data)
    pixels = pixels[:, None] if pixels.ndim == 3 else pixels.transpose(0, 3, 1, 2)  # (N, C, H, W)
    expected = (about.train_size if train else about.test_size, *about.shape)
    if pixels.shape != expected:
        reason = ValueError(f"the files hold images of shape {pixels.shape}, not {expected}")
        raise DownloadError(_advice(name, root, kind, download, reason)) from reason
    return pixels, np.asarray(found.targets, dtype=np.int64)


def _advice(name: str, root: Path, kind: Any, download: bool, reason: BaseException) -> str:
    """Say what failed and the three ways out."""
    about = ONLINE[name]
    names = [file for file, _ in getattr(kind, "resources", [])] or [kind.filename]
    sites = list(getattr(kind, "mirrors", [])) or [kind.url.rpartition("/")[0] + "/"]
    what = "could not be downloaded" if download else "is not on this machine (download=False)"
    cause = " ".join(str(reason).split()) or type(reason).__name__
    return (
        f"data set {name!r} {what}: {cause}\n"
        f"Choose one of these:\n"
        f"  - work offline: labcode.data.load('mnist5k') or load('digits') needs no download;\n"
        f"  - connect this machine to the internet and call load({name!r}) again;\n"
        f"  - on another machine, fetch {', '.join(names)} from {sites[0]} and put "
        f"{'them' if len(names) > 1 else 'it'} into {root / about.folder}, then call "
        f"load({name!r}, root={str(root)!r}) again; the checksums are "
        f"verified. Delete what is damaged there."
    )


@contextlib.contextmanager
def _timeout(seconds: float) -> Iterator[None]:
    """Let a silent network fail instead of waiting for ever (torchvision sets no limit)."""
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(seconds)
    try:
        yield
    finally:
        socket.setdefaulttimeout(before)


@contextlib.contextmanager
def _quiet(silent: bool) -> Iterator[None]:
    """Keep torchvision's progress bar, which writes to stderr, out of stored outputs."""
    with contextlib.redirect_stderr(io.StringIO()) if silent else contextlib.nullcontext():
        yield
