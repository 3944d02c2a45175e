"""The study on photographs: its pictures, its parts of layers, and what its tables must hold."""

import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image
from torch import nn

from labcode import quantization, studies
from labcode.data import DownloadError
from labcode.studies.photographs import images, rounding


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A thousand classes with a picture each: its middle is white, its border black."""
    root = tmp_path_factory.mktemp("photographs")
    pixels = np.zeros((64, 64, 3), np.uint8)
    pixels[16:48, 16:48] = 255
    picture = root.parent / "one.png"
    Image.fromarray(pixels).save(picture)
    for number in range(1000):
        place = root / f"n{number:04}"
        place.mkdir()
        (place / "0.png").symlink_to(picture)
    return root


@pytest.fixture
def small(folder, monkeypatch):
    """The photographs at 32 pixels, whose shorter side is then 64, as that of the files."""
    monkeypatch.setenv(images.FOLDER, str(folder))
    fresh = images.photographs.__wrapped__
    monkeypatch.setattr(images, "photographs", fresh)
    return fresh(32)


def test_the_middle_of_each_photograph_is_taken(small):
    pixels, labels = small
    assert pixels.shape == (1000, 3, 32, 32)
    assert bool((pixels == 1).all()), "white is 1, and nothing of the border is left"
    assert labels.tolist() == list(range(1000))


def test_no_photograph_both_calibrates_and_judges(small, monkeypatch):
    pixels = torch.arange(1000.0).reshape(1000, 1, 1, 1)
    monkeypatch.setattr(images, "photographs", lambda size: (pixels, small[1]))
    seen, (fresh, labels) = images.calibration(size=32), images.judging(32)
    assert sorted([*seen.flatten().tolist(), *fresh.flatten().tolist()]) == list(range(1000))
    assert fresh.flatten().tolist() == labels.tolist()
    assert torch.equal(images.calibration(7, size=32), seen[:7])


def test_without_the_photographs_the_variable_is_named(monkeypatch):
    monkeypatch.delenv(images.FOLDER, raising=False)
    with pytest.raises(DownloadError, match="LABCODE_PHOTOGRAPHS; there are 0 classes"):
        images.photographs.__wrapped__()


@pytest.mark.parametrize(
    ("layer", "shape"),
    [
        (nn.Conv2d(3, 100, 3, stride=2), (2, 3, 9, 9)),
        (nn.Conv2d(80, 80, 3, groups=80), (2, 80, 9, 9)),
        (nn.Conv2d(5, 7, 1), (2, 5, 4, 4)),
        (nn.Linear(6, 90), (2, 6)),
    ],
)
def test_a_part_of_a_layer_answers_as_the_layer_does(layer, shape):
    x = torch.randn(shape)
    part, read = rounding._part(layer, x)
    wanted = layer(x)[:, : rounding.OUTPUTS]
    assert part(read).shape == wanted.shape
    assert torch.allclose(part(read), wanted, atol=1e-5)
    rounded = quantization.quantize_model(nn.Sequential(part), read, weight_bits=4)
    assert rounded(read).shape == wanted.shape


def table(name: str) -> pd.DataFrame:
    return studies.table(f"photographs_{name}")


def test_the_counts_of_learned_rounding_add_up_and_its_bytes_are_those_of_nearest():
    methods, learned = table("methods"), table("learned").iloc[0]
    assert learned["correct"] == methods.iloc[0]["correct"] - learned["lost"] + learned["won"]
    nearest = methods[(methods["method"] == "per_channel") & (methods["bits"] == 4)].iloc[0]
    assert learned["bytes"] == nearest["bytes"]


def test_the_defaults_of_learned_rounding_are_those_that_the_search_chose():
    """The best of the mean over the layers, and inside of what was tried."""
    found = table("rounding")
    ratio = np.log(found["learned"] / found["nearest"])
    mean = ratio.groupby([found["lr"], found["pull"], found["steps"]]).mean()
    counts = ratio.groupby([found["lr"], found["pull"], found["steps"]]).size()
    mean = mean[counts == len(rounding.LAYERS)]
    defaults = quantization.learn_rounding.__kwdefaults__
    at_steps = mean.xs(defaults["steps"], level="steps")
    lr, pull = at_steps.idxmin()
    assert (defaults["lr"], defaults["pull"]) == (lr, pull)
    lrs, pulls = at_steps.index.unique("lr"), at_steps.index.unique("pull")
    assert lrs.min() < lr < lrs.max()
    assert pulls.min() < pull < pulls.max()
