"""The calculator of soft labels, against torch and the network that its numbers come from."""

import re

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from labcode import data
from labcode.distillation import logits_of
from labcode.pages.calculators.soft_label import PICTURES, soft_label, softened
from labcode.weights import baselines

LOGITS = {name: stored["logits"] for name, stored in PICTURES.items()}
PIXELS = {name: stored["pixels"] for name, stored in PICTURES.items()}
PLACES = {name: stored["place"] for name, stored in PICTURES.items()}


@pytest.fixture(scope="module")
def test_split():
    return data.load("mnist5k").test


def test_the_logits_are_those_of_the_network(test_split):
    found = logits_of(baselines.load("lenet5", seed=0), test_split.images[list(PLACES.values())])
    stored = torch.tensor([LOGITS[name] for name in PLACES])
    # four decimals; another processor adds up the products in another order
    torch.testing.assert_close(stored, found, rtol=0, atol=2e-3)


def test_the_pictures_are_the_images_and_all_are_sevens(test_split):
    for name, place in PLACES.items():
        assert int(test_split.labels[place]) == 7
        shades = torch.tensor([[int(shade, 16) for shade in row] for row in PIXELS[name]])
        image = test_split.images[place, 0]
        torch.testing.assert_close(shades / 15, image, rtol=0, atol=0.5 / 15 + 1e-6)


@given(st.lists(st.floats(-30, 30), min_size=2, max_size=12), st.floats(0.3, 40))
def test_softening_is_torchs_softmax(logits, temperature):
    expected = (torch.tensor(logits, dtype=torch.float64) / temperature).softmax(dim=0)
    found = torch.tensor(softened(logits, temperature), dtype=torch.float64)
    torch.testing.assert_close(found, expected, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("temperature", [1, 2, 8, 32])
@pytest.mark.parametrize("picture", list(PLACES))
def test_what_is_shown_is_torchs_answer(picture, temperature):
    shares = (torch.tensor(LOGITS[picture], dtype=torch.float64) / temperature).softmax(dim=0)
    result = soft_label(picture, temperature)
    assert result.values["shares"] == pytest.approx(shares.tolist(), rel=1e-9)
    entropy = float(torch.distributions.Categorical(shares).entropy()) / 0.6931471805599453
    assert result.values["entropy"] == pytest.approx(entropy)
    assert f"Entropy {entropy:.2f} bits" in result.summary
    first, second = shares.argsort(descending=True)[:2].tolist()
    assert f"for {first}, then" in result.summary
    assert f"for {second}. Entropy" in result.summary
    (beside,) = result.parts
    for digit, (name, cell) in enumerate(beside.table.rows):
        assert name == str(digit)
        shown = float(re.fullmatch(r"(?:< )?([\d.]+) %", cell.text).group(1))
        assert shown == pytest.approx(100 * float(shares[digit]), abs=0.11)
        assert cell.share == result.values["shares"][digit]


def test_the_drawing_has_each_dark_pixel_once():
    picture = soft_label("like a 9").parts[0].picture
    drawn = sorted(re.findall(r"M(\d+) (\d+)h", "".join(path.d for path in picture.shapes)))
    rows = PIXELS["like a 9"]
    dark = [(str(5 * x), str(5 * y)) for y in range(28) for x in range(28) if rows[y][x] != "0"]
    assert drawn == sorted(dark)
    assert picture.label == "A handwritten seven, like a 9"


def test_bad_settings_are_named():
    with pytest.raises(ValueError, match=r"picture must be one of 'like a 1', .*, got 'a dog'"):
        soft_label("a dog")
    with pytest.raises(ValueError, match="temperature must be from 1 to 32, got 33"):
        soft_label(temperature=33)
    with pytest.raises(ValueError, match="temperature must be from 1 to 32, got 0"):
        soft_label(temperature=0)
