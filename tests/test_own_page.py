"""What the page Bring your own is given: a network by its name, and pictures as it meets them."""

import json
import re

import nbformat
import numpy as np
import onnx
import pytest
import torch
from PIL import Image
from torch import nn

from labcode import own
from labcode.command.models import model_named
from labcode.models import efficientnet_lite
from labcode.studies import store
from tools import own_networks


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch):
    for name in ("NETWORK", "WEIGHTS", "PICTURES", "INPUT"):
        monkeypatch.delenv(f"LABCODE_{name}", raising=False)


def small(channels=3, classes=5):
    torch.manual_seed(1)
    return nn.Sequential(
        nn.Conv2d(channels, 8, 3, stride=2), nn.BatchNorm2d(8), nn.ReLU(),
        nn.Conv2d(8, 8, 3, stride=2), nn.ReLU(),
        nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, classes),
    ).eval()  # fmt: skip


@pytest.fixture
def grey(tmp_path):
    """A folder of five classes of three grey pictures each; the shade is the place in the row."""
    for place in range(15):
        folder = tmp_path / "pictures" / f"class{place // 3}"
        folder.mkdir(parents=True, exist_ok=True)
        pixels = np.full((20, 30), 10 * place, np.uint8)
        Image.fromarray(pixels, "L").save(folder / f"{place:02}.png")
    return tmp_path / "pictures"


def test_the_network_is_the_one_that_the_environment_names(monkeypatch):
    assert own.chosen() == "EfficientNet-Lite0"
    monkeypatch.setenv("LABCODE_NETWORK", "tests.test_own_page:small")
    assert own.chosen() == "tests.test_own_page:small"
    found = own.network()
    assert not found.training
    assert torch.equal(found[0].weight, small()[0].weight)
    monkeypatch.setenv("LABCODE_NETWORK", " ")
    assert own.chosen() == "EfficientNet-Lite0"


def test_random_weights_are_the_same_each_time_and_leave_the_generator_alone():
    state = torch.random.get_rng_state()
    one, two = (own.network("torchvision:squeezenet1_1") for _ in range(2))
    assert torch.equal(state, torch.random.get_rng_state())
    assert all(torch.equal(a, b) for a, b in zip(one.parameters(), two.parameters(), strict=True))


@pytest.mark.parametrize("wrap", [lambda s: s, lambda s: {"state_dict": s, "epoch": 3}])
def test_a_file_of_weights_fills_the_network(tmp_path, monkeypatch, wrap):
    torch.manual_seed(5)
    wanted = {name: torch.rand_like(p) for name, p in small().state_dict().items() if p.ndim}
    state = small().state_dict() | wanted
    torch.save(wrap(state), tmp_path / "mine.pth")
    monkeypatch.setenv("LABCODE_WEIGHTS", str(tmp_path / "mine.pth"))
    found = own.network("tests.test_own_page:small").state_dict()
    assert all(torch.equal(found[name], value) for name, value in wanted.items())


def test_what_cannot_be_taken_is_one_sentence(tmp_path):
    (tmp_path / "text.pth").write_text("no weights")
    torch.save(small(classes=4).state_dict(), tmp_path / "other.pth")
    name = "tests.test_own_page:small"
    for said, weights in (
        ("there is no file of weights", tmp_path / "none.pth"),
        ("is not a file of weights", tmp_path / "text.pth"),
        ("does not fit tests.test_own_page:small: size mismatch", tmp_path / "other.pth"),
    ):
        with pytest.raises((ValueError, FileNotFoundError), match=said) as caught:
            own.network(name, weights_file=weights)
        assert "\n" not in str(caught.value)
    with pytest.raises(ValueError, match="torchvision has no model 'resnet19'; did you mean"):
        own.network("torchvision:resnet19")
    with pytest.raises(ValueError, match=r"there is no file nowhere\.py"):
        own.network("nowhere.py:make")


def test_a_file_beside_which_others_lie(tmp_path):
    (tmp_path / "beside.py").write_text("CLASSES = 7\n")
    (tmp_path / "mine.py").write_text(
        "from beside import CLASSES\nfrom torch import nn\n"
        "def make():\n    return nn.Linear(3, CLASSES)\n"
    )
    assert model_named(f"{tmp_path / 'mine.py'}:make").out_features == 7


def test_grey_pictures_of_a_folder_and_their_numbers(grey, monkeypatch):
    monkeypatch.setenv("LABCODE_PICTURES", str(grey))
    monkeypatch.setenv("LABCODE_INPUT", "1,64,48")
    found = own.pictures(small(channels=1), 100)
    assert found.shape == (15, 1, 64, 48)
    shades = ((found * 0.5 + 0.5) * 255 / 10).mean((1, 2, 3)).round().int().tolist()
    assert shades == [*range(0, 15, 2), *range(1, 15, 2)]  # both halves see every class
    fewer = own.pictures(small(channels=1), 4, mean=(0.0,), std=(1.0,))
    assert (fewer.mean((1, 2, 3)) * 255 / 10).round().int().tolist() == [0, 9, 5, 14]


def test_sizes_and_numbers_are_those_that_the_network_tells(monkeypatch):
    assert own.sight_of(efficientnet_lite(num_classes=2)).mean == (127 / 255,) * 3
    timms = small()
    timms.pretrained_cfg = {"input_size": (3, 96, 96), "mean": (0.1,) * 3, "std": (0.2,) * 3}
    assert own.sight_of(timms) == own.Sight((3, 96, 96), (0.1,) * 3, (0.2,) * 3)
    assert own.sight_of(small()).mean == (0.485, 0.456, 0.406)
    assert own.sight_of(small(1)) == own.Sight((1, 224, 224), (0.5,), (0.5,))
    with pytest.raises(ValueError, match="1 or 3 channels, but the network takes 4"):
        own.sight_of(small(4))
    monkeypatch.setenv("LABCODE_INPUT", "3,x")
    with pytest.raises(ValueError, match="LABCODE_INPUT must be sizes such as 3,224,224"):
        own.sight_of(small())
    with pytest.raises(ValueError, match="mean and std must be 3 numbers each"):
        own.pictures(small(), 4, shape=(3, 8, 8), mean=(0.5,))


def test_the_courses_photographs_are_what_its_network_takes():
    from labcode import data

    found = own.pictures(efficientnet_lite(num_classes=2), 5, shape=(3, 32, 32))
    torch.testing.assert_close(found, data.photographs(5, size=32), rtol=0, atol=1e-5)


def test_too_few_pictures_and_no_folder(tmp_path):
    with pytest.raises(FileNotFoundError, match="there is no folder"):
        own.pictures(small(), folder=tmp_path / "none")
    Image.new("RGB", (8, 8)).save(tmp_path / "one.png")
    with pytest.raises(ValueError, match="must hold at least 4 pictures, it has 1"):
        own.pictures(small(), folder=tmp_path)


class Two(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = small()

    def forward(self, x):
        return {"logits": self.body(x), "features": x.mean((2, 3))}


def test_several_answers_are_refused_in_every_line_and_one_can_be_named():
    images = torch.rand(4, 3, 16, 16)
    found = own.variants(Two().eval(), images, runs=2)
    assert len(found) == 5
    assert {one.refusal for one in found} == {
        "Two answers with a dict, not with one tensor of logits: say which of its answers counts, "
        "such as own.OneAnswer(model, 0)"
    }
    shown = own.table(found)
    assert set(shown["kilobytes"]) == set(shown["ms"]) == {""}  # no NaN where nothing was measured
    assert shown.loc["int8", "remark"] == found[1].refusal
    one = own.OneAnswer(Two().eval(), "logits")
    assert torch.equal(one(images), small()(images))


@pytest.mark.slow
def test_a_network_with_one_named_answer_goes_all_the_way():
    images = torch.rand(8, 3, 16, 16, generator=torch.Generator().manual_seed(0))
    found = own.variants(own.OneAnswer(Two().eval(), "logits"), images, runs=2, multiple=2)
    assert [one.refusal for one in found] == [""] * 5
    assert found[0].agreement == 1
    assert all(one.size for one in found)


@pytest.mark.slow
def test_one_answer_to_all_pictures_is_said():
    net = small()
    nn.init.zeros_(net[-1].weight)
    images = torch.rand(8, 3, 16, 16, generator=torch.Generator().manual_seed(0))
    shown = own.table(own.variants(net, images, runs=2, multiple=2))["remark"]
    assert shown.iloc[0].startswith("it gives one answer to all 4 pictures that judge")
    assert set(shown.iloc[1:]) == {""}
    several = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(3, 3, bias=False))
    nn.init.eye_(several[2].weight)
    images = torch.eye(3)[[0, 1, 2] * 3][..., None, None].expand(9, 3, 4, 4).contiguous()
    assert own.variants(several, images, runs=2)[0].note == ""


class WithHead(nn.Module):
    """Its second head answers in training alone."""

    def __init__(self):
        super().__init__()
        self.body, self.head = small(), nn.Linear(3, 7)

    def forward(self, x):
        return (self.body(x), self.head(x.mean((2, 3)))) if self.training else self.body(x)


@pytest.mark.slow
def test_weights_that_no_answer_needs_are_said_of_the_file_that_holds_them():
    images = torch.rand(8, 3, 16, 16, generator=torch.Generator().manual_seed(0))
    notes = [one.note for one in own.variants(WithHead().eval(), images, runs=2)]
    assert notes[4].startswith("it holds 28 parameters of layers that do not run when the network")
    assert not any("28 parameters" in note for note in notes[:4])
    assert "parameters" not in own.variants(small(), images, runs=2)[4].note


def test_maps_and_nan_are_no_logits():
    maps = own.variants(nn.Conv2d(3, 4, 3), torch.rand(4, 3, 8, 8), runs=2)
    assert "answers with (2, 4, 6, 6) to 2 images" in maps[0].refusal
    net = small()
    nn.init.constant_(net[-1].bias, torch.nan)
    assert "NaN" in own.variants(net, torch.rand(4, 3, 16, 16), runs=2)[0].refusal


@pytest.mark.slow
def test_layers_that_keep_their_channels_are_said():
    torch.manual_seed(0)

    def net(*before, channels):
        after = (nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, 5))
        return nn.Sequential(*before, nn.Conv2d(channels, 8, 3, groups=4), nn.ReLU(), *after).eval()

    first = nn.Conv2d(3, 8, 3)
    partly = net(first, nn.ReLU(), nn.Conv2d(8, 8, 1), channels=8)
    images = torch.rand(4, 3, 12, 12)
    found = own.variants(partly, images, runs=2, multiple=2)
    said = "2 of 4 layers keep all channels: '2', because it is joined to '3', which has groups=4"
    assert found[2].note.endswith(f"{said} and must stay whole")
    whole = net(first, channels=8)
    reason = "no layer can lose channels: '0', because it is joined to '1', which has groups=4"
    for one in own.variants(whole, images, runs=2)[2:4]:
        assert one.refusal == f"{reason} and must stay whole"


def test_a_cut_leaves_numbers_of_channels_that_the_runtime_likes():
    """Of 20 channels 15 would stay, which four does not divide; the weights tell how many do."""
    torch.manual_seed(0)
    after = (nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(20, 5))
    network, images = nn.Sequential(nn.Conv2d(3, 20, 3), *after).eval(), torch.rand(8, 3, 12, 12)
    for multiple, left in (({}, 16), ({"multiple": 1}, 15), ({"multiple": 5}, 15)):
        file = own.variants(network, images, kept=0.75, runs=2, **multiple)[2].file
        shapes = [tuple(one.dims) for one in onnx.load_from_string(file).graph.initializer]
        assert (left, 3, 3, 3) in shapes, shapes


def test_a_refused_cut_is_tried_once(monkeypatch):
    from labcode.own import forms

    calls = []

    def refuse(*_):
        calls.append(1)
        raise ValueError("no cut here")

    monkeypatch.setattr(forms, "_cut", refuse)
    for name in ("_exported", "_in_int8"):
        monkeypatch.setattr(forms, name, lambda *_: (_ for _ in ()).throw(ValueError("not now")))
    found = forms.variants(small(), torch.rand(4, 3, 16, 16), runs=2)
    assert [one.refusal for one in found[2:4]] == ["no cut here"] * 2
    assert len(calls) == 1


CELLS = """\
import os, torch
from labcode import own
from labcode.preflight import Preflight, Verdict
name = os.environ["LABCODE_NETWORK"]
assert name != "bad", "not this one"
if name == "dead":
    os._exit(1)
IMAGES = torch.zeros(1, 3, 8, 8)
found = Preflight("Net", (), {"count": Verdict("yes"), "int8": Verdict("no", "it is odd")})
variants = [own.Variant("as it is", 1234567, 1.0, 12.3456, file=b"x")]
variants += [own.Variant("cut", refusal="no")]
"""
PAGE = {
    "cells": [
        {
            "cell_type": "code",
            "metadata": {},
            "execution_count": None,
            "outputs": [],
            "source": CELLS,
        }
    ],
    "metadata": {},
    "nbformat": 4,
    "nbformat_minor": 4,
}


def test_the_page_gives_each_name_that_the_tool_reads_one_meaning():
    cells = nbformat.read(own_networks.PAGE, as_version=4).cells
    code = "\n".join(cell.source for cell in cells if cell.cell_type == "code")
    for name in ("IMAGES", "found", "variants"):
        assert name in own_networks.PROBE
        assert len(re.findall(rf"^{name} = ", code, re.MULTILINE)) == 1


@pytest.mark.slow
def test_the_page_ends_where_every_form_is_refused(monkeypatch):
    for name in ("LABCODE_PROGRESS", "LABCODE_NETWORK", "LABCODE_INPUT"):
        monkeypatch.setenv(name, "1")  # restored afterwards
    monkeypatch.setenv("PYTHONPATH", str(own_networks.ROOT))  # where the kernel finds the tests
    found = own_networks.ran("tests.test_own_page:Two", shape="3,16,16")
    assert found["error"] == ""
    assert all("say which of its answers counts" in one["refusal"] for one in found["forms"])


@pytest.mark.slow
def test_the_tool_runs_a_page_for_each_network_and_stores_what_it_made(tmp_path, monkeypatch):
    page = tmp_path / "page.ipynb"
    page.write_text(json.dumps(PAGE))
    table = tmp_path / "own_networks" / "brought_pages.csv"
    before = []  # whether a page that runs finds what another one made

    def ran(name, shape, _ran=own_networks.ran):
        before.append(table.exists())
        return _ran(name, page, shape)

    monkeypatch.setattr(own_networks, "ran", ran)
    for place in (own_networks, store):
        monkeypatch.setattr(place, "FOLDER", tmp_path)
    monkeypatch.setattr(store, "ROOT", tmp_path)
    for name in ("LABCODE_PROGRESS", "LABCODE_NETWORK", "LABCODE_INPUT"):
        monkeypatch.setenv(name, "1")  # restored afterwards
    saved = tmp_path / "found.json"
    assert own_networks.main(["good", "bad", "--save", str(saved), "--store"]) == 1
    assert before == [False, False]
    good, bad = json.loads(saved.read_text())
    assert (good["error"], good["input"]) == ("", "3,8,8")
    assert good["peak_mib"] > 50
    assert "not this one" in bad["error"]
    assert page.read_text() == json.dumps(PAGE)
    assert "is there enough memory?" in own_networks.ran("dead", "")["error"]
    assert own_networks.main(["good", "--store"]) == 0  # in place of the rows before
    lines = table.read_text().splitlines()
    assert lines[0] == "network,step,answer,reason,bytes,ms,same,input,seconds,peak_mib"
    assert lines[2:6] == [
        "good,preflight: count,yes,,,,,,,",
        "good,preflight: int8,no,it is odd,,,,,,",
        "good,as it is,yes,,1234567,12.35,1,,,",
        "good,cut,no,no,,,,,,",
    ]
    assert lines[6].startswith("bad,page,no,")
    assert len(lines) == 7
