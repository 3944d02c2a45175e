"""The study on small photographs, on a few made-up pictures: what each technique hands over."""

import numpy as np
import pytest
from PIL import Image

from labcode import weights
from labcode.models import resnet8
from labcode.studies.cifar10 import compressed, images, stored, trials
from labcode.studies.cifar10.compressed import Choice
from labcode.studies.cifar10.tables import LESSON_RATES, TUNED, UNTRAINED
from labcode.training import seeded

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """Two folders of ten classes, each class of its own colour with noise."""
    root, random = tmp_path_factory.mktemp("pictures"), np.random.default_rng(0)
    for part, count in (("train", 40), ("test", 8)):
        for number in range(10):
            folder = root / part / f"class{number}"
            folder.mkdir(parents=True)
            for k in range(count):
                color = np.array([25 * number, 250 - 25 * number, 90])
                pixels = color + random.normal(0, 20, (32, 32, 3))
                Image.fromarray(pixels.clip(0, 255).astype(np.uint8)).save(folder / f"{k}.png")
    return root


@pytest.fixture(autouse=True)
def small(place, monkeypatch):
    """Let the study find these pictures, and an untrained network as the stored one."""
    monkeypatch.setenv(images.FOLDER, str(place))
    packed = weights.pack(seeded(resnet8, 0), {})
    monkeypatch.setattr(stored, "read", lambda name: packed)
    for kept in (images.pictures, images._every, stored.right):
        kept.cache_clear()
    yield
    for kept in (images.pictures, images._every, stored.right):
        kept.cache_clear()


def test_every_method_of_a_table_is_known():
    named = {row["method"] for table in (UNTRAINED, TUNED, LESSON_RATES) for row in table.runs()}
    assert named == set(compressed.METHODS)


def test_the_network_as_it_is_changes_no_answer():
    row = compressed.row("uncompressed", 0)
    assert (row["lost"], row["won"]) == (0, 0)
    assert row["macs"] == 12_501_632
    assert row["bytes_on_disk"] > 4 * 77_000


@pytest.mark.parametrize("bits", [8, 7])
def test_an_int8_file_takes_a_quarter(bits):
    row = compressed.row("int8", 0, bits=bits)
    assert row["bytes_on_disk"] < 0.4 * compressed.row("uncompressed", 0)["bytes_on_disk"]
    right = row["test_accuracy"] * 80
    before = compressed.row("uncompressed", 0)["test_accuracy"] * 80
    assert right == pytest.approx(before + row["won"] - row["lost"])


@pytest.mark.parametrize("passes", [0, 1])
@pytest.mark.parametrize(("method", "choice"), [("rounded", {"bits": 4}), ("shared", {"bits": 3})])
def test_few_bits_take_few_bytes_and_leave_every_layer(method, choice, passes):
    row = compressed.row(method, 0, passes=passes, **choice)
    assert row["macs"] == 12_501_632
    assert row["bytes_on_disk"] < (choice["bits"] / 8) * 78_186 + 4_000


def test_shared_values_are_as_few_as_the_bits_say():
    made = compressed.shared(Choice(0, bits=3, passes=1))
    layer = made.model.get_submodule("block2.conv1")
    assert len(layer.weight.unique()) <= 8


@pytest.mark.parametrize("passes", [0, 1])
def test_pruned_weights_are_zero_in_the_file(passes):
    made = compressed.pruned(Choice(0, kept=0.3, passes=passes))
    kernels = [p for p in made.model.parameters() if p.dim() > 1]
    left = sum(int(p.count_nonzero()) for p in kernels) / sum(p.numel() for p in kernels)
    assert left == pytest.approx(0.3, abs=0.001)
    assert made.size < compressed.shared(Choice(0, bits=compressed.PACKED_BITS)).size


def test_cut_filters_save_multiply_adds():
    row = compressed.row("cut", 0, kept=0.5)
    assert row["macs"] < 0.6 * 12_501_632
    assert compressed.row("cut", 0, kept=1.0)["lost"] == 0


def test_the_trained_network_is_handed_out_as_it_was_measured(monkeypatch):
    monkeypatch.setattr(trials, "PASSES", 1)
    outcome = trials.resnet8_row(0)
    (file,) = outcome.files.values()
    network = resnet8()
    weights.unpack(network, file.data)
    right = compressed.logits_of(network.eval(), images.pictures().test.images).argmax(1)
    share = (right == images.pictures().test.labels).double().mean().item()
    assert outcome.rows["test_accuracy"] == pytest.approx(share)
    assert outcome.rows["params"] == 78_186
