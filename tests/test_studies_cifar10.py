"""The study on small photographs, on a few made-up pictures: what each technique hands over."""

import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image

from labcode import counting, models, quantization, weights
from labcode.models import resnet8
from labcode.studies.cifar10 import (
    compressed,
    contest,
    exits,
    images,
    rates,
    stored,
    students,
    target,
    trials,
)
from labcode.studies.cifar10.compressed import Choice
from labcode.studies.cifar10.tables import (
    FEW_BITS,
    LESSON_RATES,
    LOW_RANK,
    PRUNED,
    RESNET8,
    SHARED,
    TUNED,
    TUNING_RATES,
    UNTRAINED,
)
from labcode.training import seeded
from labcode.training.loop import Batch, cross_entropy

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
    pooled = weights.pack(seeded(stored.NETWORKS[target.NETWORK], 0), {})
    monkeypatch.setattr(stored, "read", lambda name: pooled if "pooled" in name else packed)
    for kept in (images.pictures, images._every, stored.right):
        kept.cache_clear()
    yield
    for kept in (images.pictures, images._every, stored.right):
        kept.cache_clear()


def as_searched(table):
    """Return a search of the rates whose best is, for each choice, the highest rate."""
    return pd.DataFrame([row | {"validation_accuracy": row["lr"]} for row in table.runs()])


def test_each_training_takes_the_rate_of_its_own_search():
    searches = as_searched(TUNING_RATES)
    one = (searches["method"] == "pruned") & (searches["kept"] == 0.1) & (searches["lr"] == 0.05)
    searches.loc[one, "validation_accuracy"] = 9.0  # best of this share alone
    assert {row["lr"] for row in LOW_RANK.runs(None, searches)} == {0.4}
    by_share = {row["kept"]: row["lr"] for row in PRUNED.runs(None, searches)}
    assert by_share == {0.5: 0.4, 0.1: 0.05}


def test_every_method_of_a_table_is_known():
    every = (UNTRAINED, TUNED, LESSON_RATES, TUNING_RATES, FEW_BITS, SHARED, LOW_RANK, PRUNED)
    given = {RESNET8: None, LESSON_RATES: as_searched(LESSON_RATES)}
    given[TUNING_RATES] = as_searched(TUNING_RATES)
    named = {row["method"] for table in every for row in table.runs(*map(given.get, table.needs))}
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


def test_a_part_of_the_rank_saves_multiply_adds_and_the_full_rank_changes_no_answer():
    whole = compressed.row("thin", 0, kept=1.0)
    assert whole["lost"] + whole["won"] <= 1  # two sums in another order may round to another side
    half = compressed.row("thin", 0, kept=0.5)
    assert half["macs"] < 0.7 * 12_501_632 < 12_501_632 < whole["macs"]


def test_a_lesson_sees_its_pictures_at_its_rate(monkeypatch):
    seen = []
    monkeypatch.setattr(compressed, "tuned", lambda *given, **named: seen.append((given, named)))
    compressed.Choice(1, passes=2, lr=0.3, n_train=20, order=7).train(None, after_step="prune")
    ((_, order), named) = seen[0]
    assert (order, named["passes"], named["lr"], named["after_step"]) == (7, 2, 0.3, "prune")
    assert len(named["data"].train) == 20


def test_a_search_begins_with_the_first_network_and_scores_the_validation_split():
    found = rates.compressed_row("shared", 4, 1.0, 1e-9, 100, n_train=20)
    still = compressed.shared(Choice(rates.NETWORK, bits=4))
    assert found == {"validation_accuracy": stored.validation_accuracy(still.answers)}


def test_bfloat16_leaves_weights_and_loss_in_float32():
    network = seeded(resnet8, 0)
    images_, labels = torch.rand(8, 3, 32, 32), torch.arange(8)
    batch = Batch(images_, labels, labels)
    logits, loss = trials.in_bfloat16(cross_entropy)(network, batch)
    exact, _ = cross_entropy(network, batch)
    loss.backward()
    assert {logits.dtype, loss.dtype, network.fc.weight.grad.dtype} == {torch.float32}
    assert 0 < (logits - exact).abs().max() < 0.05 * exact.abs().max()


def test_students_of_both_lessons_begin_alike_and_are_scored_against_the_labels(monkeypatch):
    monkeypatch.setattr(students, "N_TRAIN", 40)
    monkeypatch.setattr(students, "PASSES", 1)
    rows = students.student_rows(0.4, 0.2, 0)
    assert [(row["lesson"], row["file"]) for row in rows] == [
        ("labels", "float32"),
        ("labels", "int8"),
        ("taught", "float32"),
        ("taught", "int8"),
    ]
    for first, second in zip(rows[:2], rows[2:], strict=True):
        assert (first["lost_to_labels"], first["won_over_labels"]) == (0, 0)
        right = 80 * second["test_accuracy"] - 80 * first["test_accuracy"]
        assert right == pytest.approx(second["won_over_labels"] - second["lost_to_labels"])
    assert rows[0]["macs"] == rows[3]["macs"] < 12_501_632 / 3
    assert rows[1]["bytes_on_disk"] < rows[0]["bytes_on_disk"] / 2


def test_a_taught_student_hears_the_teacher(monkeypatch):
    """With the teacher's own weights and no labels there is nothing to learn."""
    monkeypatch.setattr(students, "SOFT_WEIGHT", 1.0)
    network = seeded(resnet8, 0).eval()
    batch = Batch(torch.rand(8, 3, 32, 32), torch.arange(8), torch.arange(8))
    _, taught = students.loss_of("taught", 0)(network, batch)
    _, alone = students.loss_of("labels", 0)(network, batch)
    assert taught < 0.01 < alone


def test_exits_leave_the_networks_own_answer_as_the_last():
    network = exits.with_exits(stored.whole(0)).eval()
    test = images.pictures().test.images
    assert torch.allclose(network(test), stored.whole(0)(test), atol=1e-5)
    last = models.exit_macs(network)[-1]
    heads = 4 * 4 * (16 + 32) * 10  # both early exits: their pooled means times ten classes
    assert last == 12_501_632 + heads


def test_early_exits_cost_what_their_pictures_ran():
    rows = exits.exit_rows(0, n_train=40, passes=1, lr=0.05)
    assert [(row["exit"], row["share"]) for row in rows] == [
        *((1, 0.0), (2, 0.0), (3, 0.0)),
        *((0, 0.6), (0, 0.8)),
    ]
    macs = [row["macs"] for row in rows]
    assert macs[0] < macs[1] < macs[2]
    assert (rows[2]["lost_to_last"], rows[2]["won_over_last"]) == (0, 0)
    for row in rows:
        right = 80 * row["test_accuracy"] - 80 * rows[2]["test_accuracy"]
        assert right == pytest.approx(row["won_over_last"] - row["lost_to_last"])


def test_a_search_of_the_exits_asks_what_leaving_early_reads_at_its_budgets():
    row = exits.rate_row(0.05, 7, n_train=40, passes=1)
    network = exits.learned(0, n_train=40, passes=1, lr=0.05, order=7)
    seen = exits.read_by(network, images.pictures().validation)
    macs = models.exit_macs(network)
    shares = []
    for share in exits.SHARES:
        taken = exits.left_at(seen, seen, macs, share)
        right = [bool(seen.right[k, place]) for place, k in enumerate(taken.tolist())]
        shares.append(sum(right) / len(right))
    assert row["validation_accuracy"] == pytest.approx(sum(shares) / len(shares))
    assert row["last_accuracy"] == pytest.approx(float(seen.right[-1].double().mean()))


def test_the_contest_sets_every_block_against_the_standard_one(monkeypatch):
    monkeypatch.setattr(contest, "N_TRAIN", 40)
    monkeypatch.setattr(contest, "PASSES", 1)
    rates = {f"{name}_lr": 0.1 for name in contest.KINDS}
    rows = contest.contest_rows(0, **rates)
    assert [row["kind"] for row in rows] == list(contest.KINDS.values())
    assert (rows[0]["lost"], rows[0]["won"]) == (0, 0)
    for row in rows:
        assert row["macs"] == pytest.approx(contest.BUDGET, rel=0.01)
        right = 80 * row["test_accuracy"] - 80 * rows[0]["test_accuracy"]
        assert right == pytest.approx(row["won"] - row["lost"])


def test_a_search_of_the_contest_trains_the_kind_that_it_names(monkeypatch):
    monkeypatch.setattr(contest, "SEARCH", {"n_train": 20, "passes": 1})
    found = contest.rate_row("Fire", 0.1, 100)
    again = contest.learned("Fire", 100, lr=0.1, n_train=20, passes=1)
    answers = compressed.logits_of(again, images.pictures().validation.images)
    right = answers.argmax(1) == images.pictures().validation.labels
    assert found == {"validation_accuracy": pytest.approx(right.double().mean().item())}


def test_the_network_of_the_target_pools_early_and_costs_what_its_layers_do():
    network = stored.whole(0, target.NETWORK)
    hooked: list[tuple[int, ...]] = []
    network.block1.register_forward_hook(lambda _, __, out: hooked.append(tuple(out.shape)))
    network.block3.register_forward_hook(lambda _, __, out: hooked.append(tuple(out.shape)))
    network(torch.zeros(2, 3, 32, 32))
    assert hooked == [(2, 24, 16, 16), (2, 96, 8, 8)]
    found = counting.count(network, (3, 32, 32))
    first = 27 * 24 * 1024 + 2 * 216 * 24 * 256
    second = (216 + 24 + 432) * 48 * 64
    third = (432 + 48 + 864) * 96 * 64
    assert found.macs == first + second + third + 96 * 10


def test_a_search_of_the_target_trains_gently(monkeypatch):
    seen, train = [], trials.trained

    def watched(build, seed, **named):
        seen.append(named)
        return train(build, seed, **named)

    monkeypatch.setattr(trials, "trained", watched)
    monkeypatch.setattr(target, "SEARCH", {"n_train": 20, "passes": 1})
    assert target.rate_row(0.2, 100)["validation_loss"] > 0
    (named,) = seen
    assert (named["lr"], named["weight_decay"]) == (0.2, 2e-4)
    assert named["augment"].max_shift == 2


def test_the_network_of_the_target_is_handed_out_as_it_was_measured(monkeypatch):
    monkeypatch.setattr(target, "PASSES", 1)
    outcome = target.network_row(0.1, 0)
    ((name, file),) = outcome.files.items()
    assert name == "resnet8-pooled-seed0.safetensors"
    network = stored.NETWORKS[target.NETWORK]()
    weights.unpack(network, file.data)
    right = compressed.logits_of(network.eval(), images.pictures().test.images).argmax(1)
    share = (right == images.pictures().test.labels).double().mean().item()
    assert outcome.rows["test_accuracy"] == pytest.approx(share)


def test_files_of_the_target_are_smaller_and_smaller():
    rows = [target.file_row(method, bits, 0) for method, bits in
            (("uncompressed", 0), ("int8", 8), ("rounded", 4))]  # fmt: skip
    sizes = [row["bytes_on_disk"] for row in rows]
    assert sizes[0] > 3 * sizes[1] > 6 * sizes[2]
    assert (rows[0]["lost"], rows[0]["won"]) == (0, 0)
    assert sizes[2] < 96_000


def test_a_lesson_in_four_bits_hands_out_the_file_that_it_scored():
    outcome = target.lesson_row(0.002, 0)
    ((name, file),) = outcome.files.items()
    assert name == target.packed_name(0)
    assert outcome.rows["bytes_on_disk"] == len(file.data) < 96_000
    network = quantization.unpack_model(file.data, stored.folded(0, target.NETWORK))
    right = compressed.logits_of(network, images.pictures().test.images).argmax(1)
    share = (right == images.pictures().test.labels).double().mean().item()
    assert outcome.rows["test_accuracy"] == pytest.approx(share)
    layers = quantization.quant_layers(network)
    assert {len(layer.weight.unique()) <= 16 * len(layer.weight) for layer in layers.values()} == {
        True
    }


def test_a_search_of_lessons_leaves_the_test_pictures_alone(monkeypatch):
    monkeypatch.setattr(target, "judged", lambda *_: pytest.fail("looked at the test pictures"))
    assert set(target.lesson_rate_row(0.002, 20, 100)) == {"validation_accuracy"}
