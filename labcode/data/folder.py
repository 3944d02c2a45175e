"""A data set from a folder of the reader's own pictures: one sub-folder a class."""

from __future__ import annotations

import os
import warnings
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from labcode._checks import IntOrPair, Pair, check_choice, check_pair
from labcode.data.dataset import Dataset
from labcode.data.packaged import from_pixels, to_split
from labcode.data.splits import stratified_parts

COLORS = {"RGB": 3, "L": 1}  # Pillow's name -> channels
FEWEST = 5  # pictures of a class, so that each split gets one


class PictureError(ValueError):
    """A folder of pictures cannot be used; the message names the file or the class."""


def folder(
    path: str | os.PathLike[str],
    *,
    size: IntOrPair = 32,
    color: str | None = None,
    test: str | os.PathLike[str] | None = None,
) -> Dataset:
    """Return the pictures of a folder as a data set; each sub-folder is a class.

    A picture whose shape is not ``size`` is scaled until it covers it, and its middle is taken.
    The classes are the sub-folders in the order of their names, the pictures of a class are the
    files whose ending Pillow knows, below it at any depth. Hidden files are left out.

    Args:
        path: The folder.
        size: Height and width of the images, in pixels.
        color: "RGB" or "L" (grey) turns every picture into that. None takes the pictures as they
            are, and refuses a grey one among coloured ones.
        test: A second folder with the same classes, to be the test split. None takes 20 % of each
            class.

    Returns:
        The data set. A tenth of the pictures that are left for training is for validation; the
        splits of the same folder are always the same.

    Raises:
        FileNotFoundError: There is no such folder.
        PictureError: There is no class or only one, a class has fewer than 5 pictures, a picture
            cannot be read, some are grey and others coloured, or the two folders have other
            classes.

    Source: `PIL.ImageOps.fit` does the scaling and the cutting.
    """
    wanted = check_pair("size", size)
    if color is not None:
        check_choice("color", color, COLORS)
    root = Path(path).expanduser()
    files = _files(root)
    mode = color or _common_mode(files)
    about: dict[str, Any] = {
        "name": root.resolve().name,
        "source": "pictures of a folder of one's own",
        "licence": "that of the pictures",
    }
    pixels, labels = _pixels(files, wanted, mode)
    classes = tuple(files)
    if test is None:
        return from_pixels(pixels=pixels, labels=labels, white=255, classes=classes, **about)
    others = _files(Path(test).expanduser(), fewest=1)
    if tuple(others) != classes:
        odd = sorted(set(others) ^ set(classes))
        raise PictureError(f"{path} and {test} must have the same classes; not in both: {odd}")
    validation, train = stratified_parts(labels, 0.1)
    name = about["name"]
    return Dataset(
        **about,
        classes=classes,
        train=to_split(f"{name} train", pixels[train], labels[train]),
        validation=to_split(f"{name} validation", pixels[validation], labels[validation]),
        test=to_split(f"{name} test", *_pixels(others, wanted, mode)),
    )


def _files(root: Path, fewest: int = FEWEST) -> dict[str, list[Path]]:
    """Return the pictures of each class."""
    if not root.is_dir():
        raise FileNotFoundError(f"there is no folder {root}")
    names = sorted(f.name for f in root.iterdir() if f.is_dir() and not f.name.startswith("."))
    if len(names) < 2:
        raise PictureError(
            f"{root} must have a sub-folder for each of at least two classes, it has {len(names)}"
        )
    found = {name: _pictures(root / name) for name in names}
    for name, pictures in found.items():
        if len(pictures) < fewest:
            raise PictureError(
                f"class {name!r} must have at least {fewest} pictures, {root / name} has "
                f"{len(pictures)}"
            )
    return found


def find_pictures(root: Path) -> list[Path]:
    """Return the pictures below a folder at any depth, sorted; hidden files are left out.

    Raises:
        FileNotFoundError: There is no such folder.
    """
    if not root.is_dir():
        raise FileNotFoundError(f"there is no folder {root}")
    return _pictures(root)


def _pictures(place: Path) -> list[Path]:
    from PIL import Image  # here: what needs no pictures needs no Pillow

    known = Image.registered_extensions()
    inside = (p for p in place.rglob("*") if not any(x.startswith(".") for x in p.parts[-2:]))
    return sorted(p for p in inside if p.suffix.lower() in known and p.is_file())


def _common_mode(files: dict[str, list[Path]]) -> str:
    """Return the mode of all pictures, of their heads alone."""
    seen: dict[str, Path] = {}
    for picture in (one for pictures in files.values() for one in pictures):
        seen.setdefault(_mode(picture), picture)
        if len(seen) == 2:
            raise PictureError(
                f"{seen['L']} is grey and {seen['RGB']} is coloured; color='RGB' or color='L' "
                "makes all alike"
            )
    return next(iter(seen))


def _mode(picture: Path) -> str:
    from PIL import Image

    try:
        with Image.open(picture) as opened:
            return "L" if opened.mode in ("1", "L", "LA", "I", "I;16", "F") else "RGB"
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise PictureError(_unreadable(picture, error)) from error


def _pixels(
    files: dict[str, list[Path]], size: Pair, mode: str
) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Read all pictures: pixels (N, C, H, W) and labels (N,)."""
    counts = [len(pictures) for pictures in files.values()]
    labels = np.repeat(np.arange(len(files)), counts)
    pixels = np.empty((len(labels), COLORS[mode], *size), np.uint8)
    paths = [one for pictures in files.values() for one in pictures]
    for place, picture in enumerate(paths):
        pixels[place] = read_picture(picture, size, mode)
    return pixels, labels


def read_picture(picture: Path, size: Pair, mode: str = "RGB") -> NDArray[np.uint8]:
    """Return one picture, scaled and cut to a size, as pixels (C, H, W).

    Args:
        picture: The file.
        size: Height and width.
        mode: "RGB" or "L".

    Raises:
        PictureError: It cannot be read.
    """
    from PIL import Image, ImageOps

    try:
        with warnings.catch_warnings(), Image.open(picture) as opened:
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            upright = np.asarray(ImageOps.exif_transpose(opened).convert(mode), np.uint8)
    except (
        OSError,
        ValueError,
        SyntaxError,
        Image.DecompressionBombError,
        Image.DecompressionBombWarning,
    ) as error:
        raise PictureError(_unreadable(picture, error)) from error
    return fitted(upright, size)


def fitted(pixels: NDArray[np.uint8], size: Pair) -> NDArray[np.uint8]:
    """Scale a picture until it covers a size, and take its middle.

    Args:
        pixels: Shape (H, W) or (H, W, 3).
        size: Height and width.

    Returns:
        The pixels, channels first: (C, height, width).
    """
    from PIL import Image, ImageOps

    height, width = size
    if pixels.shape[:2] != size:
        picture = Image.fromarray(np.ascontiguousarray(pixels))
        pixels = np.asarray(ImageOps.fit(picture, (width, height), Image.Resampling.BILINEAR))
    return np.ascontiguousarray(pixels.reshape(height, width, -1).transpose(2, 0, 1))


def _unreadable(picture: Path, error: Exception) -> str:
    return f"{picture} cannot be read as a picture: {error}"
