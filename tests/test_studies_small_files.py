"""Plain small networks in few bytes: the stored files are those that the table measured."""

import numpy as np
import pytest
import torch

from labcode import coding, quantization, studies
from labcode.models import small_cnn
from labcode.studies.protocol import digits
from labcode.studies.small_files import trials
from labcode.studies.small_files.tables import WIDTHS
from labcode.weights import store

FILES = sorted(
    name for name in store.manifest() if name.startswith("small_cnn-") and ".diet" in name
)


def empty(widths: str) -> torch.nn.Module:
    """A network of these widths as the files are for: without batch norms."""
    plain = small_cnn(widths=[int(width) for width in widths.split()]).eval()
    return quantization.fold_batch_norm(plain, trials.SHAPE)


def wrong_places(listed: str) -> set[int]:
    return {int(place) for place in listed.split()[1:]}


def test_there_is_a_file_for_each_width_and_number_of_bits() -> None:
    assert len(FILES) == len(WIDTHS) * len(trials.BITS)


@pytest.mark.parametrize("name", FILES)
def test_a_stored_file_is_the_row_of_its_seed(name: str) -> None:
    known, file = store.entry(name), store.read(name)
    table = studies.table("small_files").query("seed == 0 and widths == @known['widths']")
    row = table[table["form"].str.startswith(name.split("-")[-1][0])].iloc[0]
    assert len(file) == row["bytes_on_disk"]
    network = coding.unpack(file, empty(known["widths"]))
    with torch.no_grad():
        answers = network(digits().test.images).argmax(1)
    wrong = set((answers != digits().test.labels).nonzero().flatten().tolist())
    # Another processor rounds differently, which can decide about a digit on the edge.
    assert len(wrong ^ wrong_places(row["wrong"])) <= 1
    for layer in (network.conv2, network.conv3, network.fc):
        assert len(layer.weight.unique()) <= 2 ** int(row["form"][0]) + 1


def test_each_row_lists_as_many_wrong_answers_as_its_accuracy_says() -> None:
    table = studies.table("small_files")
    counted = table["wrong"].map(lambda listed: len(wrong_places(listed)))
    assert np.allclose(1 - counted / 1000, table["test_accuracy"])


@pytest.mark.slow
def test_a_run_leaves_files_that_answer_as_its_rows_say(monkeypatch) -> None:
    small = digits(100)
    monkeypatch.setattr(trials.protocol, "digits", lambda: small)
    for name in ("EPOCHS", "SHARED_EPOCHS"):
        monkeypatch.setattr(trials, name, 1)
    rates = {"lr": 0.005, "lr_4_bits": 0.002, "lr_3_bits": 0.001}
    outcome = trials.plain_rows("4 8 12", **rates, seed=0)
    shared = {row["form"][0]: row for row in outcome.rows if "shared" in row["form"]}
    assert len(shared) == len(outcome.files) == len(trials.BITS)
    for name, file in outcome.files.items():
        row = shared[name.split("-")[-1][0]]
        network = coding.unpack(file.data, empty("4 8 12"))
        with torch.no_grad():
            wrong = network(small.test.images).argmax(1) != small.test.labels
        assert set(wrong.nonzero().flatten().tolist()) == wrong_places(row["wrong"])
        assert row["bytes_on_disk"] == len(file.data)
    plain = {"validation_accuracy": outcome.rows[0]["validation_accuracy"]}
    assert trials.rate_row("4 8 12", rates["lr"], 0) == pytest.approx(plain)
    assert trials.rate_row("4 8 12", rates["lr"] / 1000, 0) != plain
    searched = {
        (row["bits"], row["lr"]): row["validation_accuracy"]
        for row in trials.shared_rate_rows("4 8 12", rates["lr"], 0)
    }
    for bits in trials.BITS:
        trained = shared[str(bits)]["validation_accuracy"]
        assert searched[bits, rates[f"lr_{bits}_bits"]] == pytest.approx(trained)
    sizes = [row["bytes_on_disk"] for row in outcome.rows]
    assert sizes == sorted(sizes, reverse=True)
    assert trials.plain_rows("4 8 12", **rates, seed=1).files == {}
