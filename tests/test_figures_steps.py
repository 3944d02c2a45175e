"""Numbers in drawings of steps, windows, folds and gaps, each found in another way."""

import json
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.nn import functional as F
from torchvision import models as published

from labcode import coding, data
from labcode.data.splits import FOLDS, fold_parts
from labcode.pages import figures
from labcode.pages.figures import convolving, folds, gaps, stepping
from labcode.pruning.places import FORMS
from labcode.show.pictures import Path as Drawn
from labcode.show.pictures import Rect, Words
from tests.examples import examples
from tests.test_figures import numbers, texts

BOOK = Path(__file__).resolve().parent.parent / "book"


def by_torch(**settings: int) -> list[list[int]]:
    image = torch.tensor(convolving.IMAGE)[None, None].float()
    filters = torch.tensor(convolving.FILTER)[None, None].float()
    return F.conv2d(image, filters, **settings)[0, 0].int().tolist()


@pytest.mark.parametrize(("at", "settings"), [(0, {"padding": 1}), (1, {"stride": 2})])
def test_padding_and_stride_give_the_numbers_of_pytorch(at, settings):
    panel = figures.padding_and_stride().panels[at]
    expected = by_torch(**settings)
    assert numbers(panel.label)[-2:] == [len(expected), len(expected[0])]
    flat = [str(value).replace("-", "−") for row in expected for value in row]
    said = [shape.text for shape in panel.shapes if isinstance(shape, Words)]
    assert said[-2 - len(flat) : -2] == flat  # two notes stand behind the output
    ghosts = [shape.d.count("z") for shape in panel.shapes if shape.style == "ghost"]
    padding = settings.get("padding", 0)
    assert sum(ghosts) == (5 + 2 * padding) ** 2 - 25


@pytest.mark.parametrize(("at", "columns"), [(0, [0]), (1, [0, 2])])
def test_the_filter_moves_by_the_stride(at, columns):
    panel = figures.padding_and_stride().panels[at]
    beams = [shape for shape in panel.shapes if shape.style.startswith("beam")]
    middles = [beam.x + beam.width / 2 - stepping.LEFT for beam in beams]
    assert middles == [stepping.CELL * (column + 1.5) for column in columns]


@pytest.mark.parametrize("at", range(3))
def test_a_dilated_filter_reads_the_pixels_that_pytorch_reads(at):
    image = torch.zeros(1, 1, 7, 7, requires_grad=True)
    layer = nn.Conv2d(1, 1, 3, dilation=at + 1, bias=False)
    answer = layer(image)
    answer[0, 0, answer.shape[2] // 2, answer.shape[3] // 2].backward()  # the place in the middle
    read = {tuple(place) for place in (image.grad[0, 0] != 0).nonzero().tolist()}
    panel = figures.dilated_filter().panels[0]
    filled = [shape for shape in panel.shapes if shape.style == "full a"]
    left = 5 + at * (7 * 14 + 14)
    corners = [
        tuple(map(float, one[1:].split("h")[0].split())) for one in filled[at].d.split("z")[:-1]
    ]
    drawn = {(int((y - 28) // 14), int((x - left) // 14)) for x, y in corners}
    assert drawn == read
    window = max(row for row, _ in read) - min(row for row, _ in read) + 1
    assert numbers(panel.label)[3 + 2 * at : 5 + 2 * at] == [window, window]
    frame = [shape for shape in panel.shapes if shape.style == "mark b"][at]
    assert (frame.width, frame.height) == (14 * window, 14 * window)


def test_the_folds_are_those_of_the_splits():
    labels = np.repeat(np.arange(10), folds.DIGITS // 10)
    parts = [[set(part.tolist()) for part in fold_parts(labels, fold)] for fold in range(FOLDS)]
    drawn = folds.tenths()
    tenth = folds.DIGITS // folds.TENTHS
    for one, sets in zip(drawn, parts, strict=True):
        assert [tenth * one.count(use) for use in folds.USES] == [len(part) for part in sets]
    shared = {}
    for one, other in combinations(range(FOLDS), 2):
        both = len(parts[one][2] & parts[other][2])
        near = (other - one) % FOLDS in (1, FOLDS - 1)
        shared.setdefault(near, set()).add(both)
        pairs = zip(drawn[one], drawn[other], strict=True)
        assert tenth * sum(pair == ("train", "train") for pair in pairs) == both
    label = figures.five_folds().panels[0].label
    assert numbers(label)[-4:] == [5, *shared[True], 4, *shared[False]] == [5, 2500, 4, 2000]


def test_the_folds_have_the_digits_of_the_course():
    digits = data.load("mnist5k")
    sizes = [len(part) for part in (digits.test, digits.validation, digits.train)]
    assert sum(sizes) == folds.DIGITS
    named = texts(figures.five_folds())[:3]
    assert named == [f"{use} {size:,}" for use, size in zip(folds.USES, sizes, strict=True)]
    bars = [s for s in figures.five_folds().panels[0].shapes if isinstance(s, Drawn)]
    squares = [sum(s.d.count("z") for s in bars if s.style == f"map {tone}") for tone in "bca"]
    assert squares == [2 * FOLDS, FOLDS, 7 * FOLDS]


def test_the_gaps_are_those_of_the_page():
    row = np.array(gaps.ROWS).flatten()
    shown = [gap for _, gap in gaps.stored(row.tolist())]
    assert shown == coding.to_relative(row.nonzero()[0], bits=4).tolist() == [2, 3, 1, 4, 1]
    label = figures.relative_index().panels[0].label
    assert label.endswith(": 2, 3, 1, 3, 0, 1.")
    page = json.loads((BOOK / "pruning/zeros.ipynb").read_text(encoding="utf-8"))
    source = "".join("".join(cell["source"]) for cell in page["cells"])
    assert str([list(line) for line in gaps.ROWS]) in source


@given(st.lists(st.integers(0, 3), max_size=60), st.integers(1, 4))
@settings(max_examples=examples(60), deadline=None)
def test_what_is_stored_leads_back_to_the_row(row, bits):
    found = gaps.stored(row, bits)
    indices = np.array([gap for _, gap in found], dtype=np.int64)
    assert all(0 <= gap < 2**bits for gap in indices)
    places = np.cumsum(indices + 1) - 1  # a filler is a zero with a place of its own
    back = np.zeros(len(row), np.int64)
    back[places] = [row[place] for place, _ in found]
    assert back.tolist() == row
    assert places.tolist() == [place for place, _ in found]


@given(st.lists(st.integers(0, 800), min_size=1, max_size=4))
@settings(max_examples=examples(20), deadline=None)
def test_fillers_are_those_of_a_sparse_file(zeros):
    row = [value for gap in zeros for value in [*([0] * gap), 1]]
    places = np.flatnonzero(row)
    pack, _ = FORMS["relative"]
    written = pack(places, (1, len(row)))["z"].tolist()
    assert written == [gap for _, gap in gaps.stored(row, bits=8)]


def test_the_orders_of_mean_and_layer_are_those_of_the_networks():
    with torch.device("meta"):
        two, three = published.mobilenet_v2().eval(), published.mobilenet_v3_large().eval()
        image = torch.zeros(1, 3, 224, 224)
    maps = three.features(image)
    layer, curve = three.classifier[:2]
    assert isinstance(curve, nn.Hardswish)
    assert (layer.in_features, layer.out_features) == (maps.shape[1], 1280)
    wide = two.features[-1][0]  # the caption names its 320 channels
    assert (wide.in_channels, wide.out_channels, wide.kernel_size) == (320, 1280, (1, 1))
    assert two.features(image).shape[1:] == (1280, 7, 7)
    last, first = (numbers(panel.label) for panel in figures.mean_before_or_after().panels)
    assert last == [*maps.shape[1:], layer.out_features, *maps.shape[2:], layer.out_features]
    assert first == [*maps.shape[1:], layer.in_features, layer.out_features]
    boxes = [
        s for p in figures.mean_before_or_after().panels for s in p.shapes if isinstance(s, Rect)
    ]
    assert [box.style for box in boxes] == ["box a", "box n", "box n", "box a"]
