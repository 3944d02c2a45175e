"""A folder of one's own pictures becomes a data set, or one sentence says why not."""

import numpy as np
import pytest
import torch
from PIL import Image

from labcode import data
from labcode.data import FlipAndShift, PictureError, folder


def paint(path, value, size=(40, 30), mode="RGB", **save):
    """Save a picture of one value; size is width and height."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new(mode, size, value).save(path, **save)


@pytest.fixture
def pictures(tmp_path):
    """Two classes of ten pictures in several formats and sizes: cats are red, dogs are blue."""
    endings = ("png", "jpg", "bmp", "webp", "gif")
    for number in range(10):
        ending, size = endings[number % 5], (20 + 7 * number, 50 - 2 * number)
        paint(tmp_path / f"cat/{number}.{ending}", (255, 0, 0), size)
        paint(tmp_path / f"dog/deeper/{number}.{ending}", (0, 0, 255), size)
    return tmp_path


def test_classes_are_the_folders_and_pixels_those_of_the_pictures(pictures):
    found = folder(pictures, size=16)
    assert found.classes == ("cat", "dog")
    assert found.input_shape == (3, 16, 16)
    assert [len(s) for s in (found.train, found.validation, found.test)] == [14, 2, 4]
    for split in (found.train, found.validation, found.test):
        red = split.images[:, 0].mean((1, 2)) > 0.9
        assert torch.equal(red, split.labels == 0)


def test_the_same_folder_gives_the_same_splits(pictures):
    one, two = folder(pictures, size=8), folder(pictures, size=8)
    assert torch.equal(one.train.images, two.train.images)


def test_a_second_folder_is_the_test_split(pictures, tmp_path_factory):
    other = tmp_path_factory.mktemp("test")
    paint(other / "cat/a.png", (255, 0, 0))
    paint(other / "dog/a.png", (0, 0, 255))
    found = folder(pictures, size=8, test=other)
    assert [len(s) for s in (found.train, found.validation, found.test)] == [18, 2, 2]
    paint(other / "bird/a.png", (0, 0, 255))
    with pytest.raises(PictureError, match=r"same classes; not in both: \['bird'\]"):
        folder(pictures, size=8, test=other)


def test_what_does_not_fit_is_cut_at_its_edges_and_not_squeezed(tmp_path):
    wide = np.zeros((10, 30, 3), np.uint8)
    wide[:, 10:20] = 255  # the middle third is white
    for name in ("a", "b"):
        for number in range(5):
            path = tmp_path / name / f"{number}.png"
            path.parent.mkdir(exist_ok=True)
            Image.fromarray(wide).save(path)
    assert bool((folder(tmp_path, size=10).train.images == 1).all())


def test_a_turned_photograph_stands_upright(tmp_path):
    pixels = np.zeros((8, 8, 3), np.uint8)
    pixels[:4] = 255  # white above
    exif = Image.Exif()
    exif[0x0112] = 3  # upside down
    for name in ("a", "b"):
        for number in range(5):
            path = tmp_path / name / f"{number}.png"
            path.parent.mkdir(exist_ok=True)
            Image.fromarray(pixels[::-1].copy()).save(path, exif=exif)
    assert bool((folder(tmp_path, size=8).train.images[:, :, :4] == 1).all())


def test_a_grey_picture_among_coloured_ones_is_named(pictures):
    paint(pictures / "dog/grey.png", 128, mode="L")
    with pytest.raises(PictureError, match=r"grey\.png is grey and .* is coloured; color='RGB'"):
        folder(pictures)
    assert folder(pictures, color="RGB", size=8).input_shape == (3, 8, 8)
    assert folder(pictures, color="L", size=8).input_shape == (1, 8, 8)


@pytest.mark.parametrize(
    "harm", [lambda b: b"", lambda b: b"no picture", lambda b: b[: len(b) // 2]]
)
def test_a_broken_picture_is_named(pictures, harm):
    broken = pictures / "cat/1.jpg"
    broken.write_bytes(harm(broken.read_bytes()))
    with pytest.raises(PictureError, match=r"1\.jpg cannot be read as a picture"):
        folder(pictures)


def test_an_empty_class_is_named(pictures):
    (pictures / "bird").mkdir()
    (pictures / "bird/notes.txt").write_text("no picture")
    with pytest.raises(PictureError, match=r"class 'bird' must have at least 5 pictures, .* has 0"):
        folder(pictures)


def test_one_class_is_none(pictures, tmp_path_factory):
    with pytest.raises(PictureError, match="at least two classes, it has 0"):
        folder(pictures / "cat")
    with pytest.raises(FileNotFoundError, match="there is no folder"):
        folder(pictures / "nothing")


def test_hidden_files_are_left_out(pictures):
    paint(pictures / "cat/.hidden.png", (0, 255, 0))
    (pictures / ".git").mkdir()
    assert len(folder(pictures, size=8).train) == 14


def test_flips_and_shifts_keep_each_pixel_or_move_it():
    images = torch.arange(2 * 3 * 6 * 6, dtype=torch.float32).reshape(2, 3, 6, 6) + 1
    still = FlipAndShift(0)
    seen = set()
    for seed in range(20):
        changed = still(images, torch.Generator().manual_seed(seed))
        for before, after in zip(images, changed, strict=True):
            assert torch.equal(after, before) or torch.equal(after, before.flip(2))
            seen.add(torch.equal(after, before))
    assert seen == {True, False}
    moved = FlipAndShift(2)(images, torch.Generator().manual_seed(1))
    assert moved.shape == images.shape
    values = set(images.unique().tolist()) | {0.0}
    assert set(moved.unique().tolist()) <= values
    with pytest.raises(ValueError, match="max_shift must be at least 0"):
        FlipAndShift(-1)


def test_the_photographs_are_the_same_each_time_and_differ_from_one_another():
    some = data.photographs(10, size=32)
    assert torch.equal(some, data.photographs(10, size=32))
    assert some.shape == (10, 3, 32, 32)
    assert -1 <= float(some.min()) < -0.9 < 0.9 < float(some.max()) <= 1
    assert len({image.sum().item() for image in some}) == 10
