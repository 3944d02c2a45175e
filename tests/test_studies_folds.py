"""The study of folds: what its trials train on, and what its tables say of each answer."""

import numpy as np
import pandas as pd
import pytest
import torch
from torch import nn

from labcode import models, studies
from labcode.data import Split
from labcode.data.splits import FOLDS
from labcode.studies.early_exit import trials as early_exit
from labcode.studies.folds import chapter_trials, fold_trials
from labcode.studies.folds.comparisons import ALL, AT_OWN_RATES, Comparison, right
from labcode.studies.folds.tables import SETTINGS, STUDY
from labcode.studies.protocol import digits
from labcode.studies.small_files import trials as small_trials
from labcode.training import difference_over_seeds
from labcode.weights import baselines

IMAGES = 1000
TABLES = [table.name for table in STUDY.tables]
# What fold 0 trained again, as the chapters' tables have it: where, which rows, which column.
CHAPTERS = {
    ("folds_exits", "last exit alone"): ("early_exit_harm", "method == 'last exit alone'"),
    ("folds_exits", "equal weights"): ("early_exit_harm", "method == 'equal weights'"),
    ("folds_blocks", "standard"): ("architecture_blocks", "kind == 'standard'"),
    ("folds_blocks", "depthwise separable"): (
        "architecture_blocks",
        "kind == 'depthwise separable'",
    ),
    ("folds_se", "without SE"): ("senet_choices", "placement == 'none'"),
    ("folds_se", "maximum"): ("senet_choices", "squeeze == 'maximum'"),
    ("folds_se", "r = 2"): ("senet_choices", "reduction == 2"),
    ("folds_lenet_300_100", "pruned"): (
        "scoreboard_pruning",
        "network == 'lenet_300_100' and technique == 'pruned'",
    ),
    ("folds_lenet_300_100", "rank_16"): (
        "scoreboard_low_rank",
        "network == 'lenet_300_100' and technique == 'rank_16'",
    ),
    ("folds_lenet5", "tenth"): ("pruning_finetuned_lenet5", "method == 'at once' and kept == 0.1"),
    ("folds_lenet5", "pruned"): (
        "scoreboard_pruning",
        "network == 'lenet5' and technique == 'pruned'",
    ),
    ("folds_lenet5", "half_filters"): (
        "pruning_cuts_lenet5",
        "width == 'half' and kind == 'L1 norm'",
    ),
    ("folds_stopping", "going on"): ("early_exit_budgets", "kind == 'exit 4'"),
    ("folds_stopping", "stopping early"): (
        "early_exit_budgets",
        "kind == 'confidence' and share == 0.16",
    ),
    ("folds_small_files", "float32"): (
        "small_files",
        "widths == '6 12 16' and form == 'float32'",
    ),
    ("folds_small_files", "shared"): (
        "small_files",
        "widths == '6 12 16' and form == '3 bits, shared'",
    ),
    **{
        ("folds_lottery", kind): ("pruning_lottery", f"kind == '{kind}' and round == 13")
        for kind in ("original", "re-initialised", "shuffled")
    },
}


class Says(nn.Module):
    """Answers about each image the last figure of the sum of its pixels."""

    def forward(self, x):
        return nn.functional.one_hot(x.sum((1, 2, 3)).long() % 10, 10).float()


def test_answers_name_the_images_that_are_wrong():
    images = torch.zeros(250, 1, 8, 8)
    images[:, 0, 0, 0] = torch.arange(250) % 10
    labels = torch.arange(250) % 10
    labels[[3, 199]] = 0
    model = Says().train()
    row = fold_trials.answers("it", model, Split(images, labels))
    assert row == {"network": "it", "right": 248, "wrong": "3 199"}
    assert model.training


def test_stored_answers_become_marks():
    rows = [
        {"fold": fold, "seed": 2 * fold + seed, "network": name, "right": 3, "wrong": str(wrong)}
        for fold in (0, 1)
        for seed, wrong in ((1, fold), (0, 3))
        for name in ("it", "other")
    ]
    found = right(pd.DataFrame(rows), "it")
    assert found.tolist() == [[[1, 1, 1, 0], [0, 1, 1, 1]], [[1, 1, 1, 0], [1, 0, 1, 1]]]
    with pytest.raises(ValueError, match="'it' must have as many seeds in each fold, got 3 rows"):
        right(pd.DataFrame(rows[1:]), "it")
    with pytest.raises(ValueError, match=r"'nothing' must have as many seeds.*got 0 rows"):
        right(pd.DataFrame(rows), "nothing")


def test_a_network_that_misses_nothing_is_read_back():
    rows = [{"fold": 0, "seed": s, "network": "it", "right": 4, "wrong": np.nan} for s in (0, 1)]
    assert right(pd.DataFrame(rows), "it").tolist() == [[[1] * 4, [1] * 4]]


def test_each_run_has_a_seed_of_its_own_and_fold_0_those_of_the_chapters():
    seeds = [setting["seed"] for setting in SETTINGS]
    assert seeds == list(range(FOLDS * fold_trials.SEEDS))
    stored = [result.seed for result in baselines.results("lenet_300_100")]
    assert [s["seed"] for s in SETTINGS if s["fold"] == 0] == stored


@pytest.mark.parametrize("name", TABLES)
def test_stored_answers_are_of_all_test_images(name):
    table = studies.table(name)
    for network, rows in table.groupby("network"):
        marks = right(table, network)
        assert marks.shape == (FOLDS, fold_trials.SEEDS, IMAGES)
        assert marks.sum(axis=2).ravel().tolist() == rows.sort_values("seed")["right"].tolist()


@pytest.mark.parametrize(("name", "network"), CHAPTERS)
def test_fold_0_is_what_the_chapters_measured(name, network):
    """Another processor rounds differently, which changes a training as another seed would."""
    table, rows = CHAPTERS[name, network]
    known = studies.table(table).query(rows)
    for column, value in (("exit", 4), ("budget", 480_000)):
        known = known[known[column] == value] if column in known else known
    known = known[known["seed"] < fold_trials.SEEDS].sort_values("seed")["test_accuracy"]
    again = right(studies.table(name), network)[0].mean(axis=1)
    assert not difference_over_seeds(known, again, images=IMAGES).told_apart
    assert abs(known.mean() - again.mean()) < 0.02


def test_fold_0_begins_with_the_stored_network():
    marks = right(studies.table("folds_lenet_300_100"), "uncompressed")[0]
    stored = [result.test_correct for result in baselines.results("lenet_300_100")]
    # Another processor may turn an image over that stands on the edge.
    assert np.abs(marks.sum(axis=1) - stored).max() <= 1


def test_another_fold_trains_a_network_of_its_own(monkeypatch):
    def few(self, data, *, seed, device):
        return self.initial(data, seed=seed), (data, device)

    monkeypatch.setattr(baselines.Recipe, "train", few)
    data = digits(fold=2)
    made = fold_trials.baseline("lenet_300_100", data, fold=2, seed=7)
    first = baselines.recipe("lenet_300_100").initial(data, seed=7)
    wanted = first.fc2.weight.half().float()  # as stored weights are rounded
    assert torch.equal(made.fc2.weight, wanted)
    stored = fold_trials.baseline("lenet_300_100", digits(), fold=0, seed=1)
    assert torch.equal(stored.fc2.weight, baselines.load("lenet_300_100", seed=1).fc2.weight)


@pytest.mark.parametrize("pair", [*ALL, *AT_OWN_RATES], ids=lambda pair: pair.label)
def test_a_comparison_is_that_of_its_counts(pair: Comparison):
    table = studies.table(pair.table).set_index(["network", "fold", "seed"])["right"]
    change = (table[pair.second] - table[pair.first]) / IMAGES
    assert pair.over_folds().value == pytest.approx(change.mean())
    assert pair.on_one_fold().value == pytest.approx(change[0].mean())
    assert pair.fold_by_fold() == pytest.approx(change.groupby("fold").mean().tolist())


def test_the_pairs_have_names_of_their_own():
    pairs = (*ALL, *AT_OWN_RATES)
    assert len({pair.label for pair in pairs}) == len(pairs)
    assert {pair.table for pair in pairs} == set(TABLES)


@pytest.mark.parametrize(
    ("name", "searched", "column"),
    [
        ("folds_blocks_own_rates", "architecture_block_rates", "kind"),
        ("folds_exits_own_rates", "early_exit_rates", "method"),
        ("folds_se_own_rates", "senet_rates", "network"),
        ("folds_lottery_own_rates", "pruning_lottery_rates", "start"),
    ],
)
def test_each_network_has_the_rate_that_was_best_for_it(name, searched, column):
    """By counts of validation images, which no mean of the search rounds."""
    rates = studies.table(searched)
    counts = (500 * rates["validation_accuracy"]).round()
    best = counts.groupby([rates[column], rates["lr"]]).sum().unstack().idxmax(axis=1)
    used = studies.table(name).groupby("network")["lr"].unique()
    assert used.map(list).to_dict() == {network: [rate] for network, rate in best.items()}


def test_the_smallest_file_has_the_rates_of_its_chapter():
    table, chapter = studies.table("folds_small_files"), studies.table("small_files")
    used = table.dropna(subset="widths")[["widths", "lr", "bits", "lr_of_values"]].drop_duplicates()
    (widths, lr, bits, lr_of_values) = used.iloc[0]
    known = chapter[chapter["widths"] == widths]
    assert len(used) == 1
    assert bits == 3
    assert set(known["lr"]) == {lr}
    assert set(known["lr_3_bits"]) == {lr_of_values}


@pytest.mark.slow
def test_a_plain_network_learns_from_its_fold(monkeypatch):
    monkeypatch.setattr(small_trials, "EPOCHS", 1)
    monkeypatch.setattr(small_trials, "SHARED_EPOCHS", 1)
    one, other = (
        small_trials.fold_rows("4 8 12", 0.02, 3, 0.002, fold=fold, seed=4) for fold in (1, 2)
    )
    assert [row["network"] for row in one] == ["float32", "shared"]
    assert all(row["right"] > 300 for row in one)  # of 1,000; a tenth by chance
    assert [row["wrong"] for row in one] != [row["wrong"] for row in other]


@pytest.fixture
def trained_on(monkeypatch):
    """Trainings that only tell what they were given."""
    seen = []

    def told(*choices, images, **settings):
        seen.append((choices, images.train, settings))
        return Says()

    monkeypatch.setattr(fold_trials.block_trials, "trained_block", told)
    monkeypatch.setattr(fold_trials.se_trials, "se_model", told)
    monkeypatch.setattr(fold_trials.early_exit, "harm_network", told)
    return seen


@pytest.mark.parametrize(
    ("trial", "n_train"),
    [("block_rows", 1000), ("se_rows", 1000), ("exit_rows", 3500)],
)
def test_a_trial_trains_and_tests_on_its_fold(trial, n_train, trained_on):
    rows = getattr(fold_trials, trial)(fold=2, seed=7)
    wanted = digits(n_train, fold=2)
    assert rows == [fold_trials.answers(row["network"], Says(), wanted.test) for row in rows]
    for choices, split, _ in trained_on:
        assert torch.equal(split.images, wanted.train.images)
        assert 7 in choices
    assert len({row["network"] for row in rows}) == len(rows) == len(trained_on)


@pytest.mark.parametrize(
    ("trial", "network", "n_train"),
    [("block_row", "Fire", 1000), ("se_row", "tanh", 1000), ("exit_row", "equal weights", 3500)],
)
def test_a_network_learns_from_its_fold_at_the_rate_given(trial, network, n_train, trained_on):
    row = getattr(fold_trials, trial)(network, 0.3, fold=2, seed=7)
    assert row == fold_trials.answers(network, Says(), digits(n_train, fold=2).test)
    ((choices, split, settings),) = trained_on
    assert torch.equal(split.images, digits(n_train, fold=2).train.images)
    named = (network,) if trial != "se_row" else fold_trials.se_trials.NETWORKS[network]
    assert set(named) <= set(choices)
    assert 7 in choices
    assert 0.3 in (*choices, *settings.values())


def replace_all(monkeypatch, told):
    """Put each function in the place of a module's own."""
    for (module, name), function in told.items():
        monkeypatch.setattr(module, name, function)


def test_compressed_networks_learn_from_their_fold(monkeypatch):
    seen, whole = [], baselines.load("lenet_300_100")
    told = {
        (fold_trials.pruning, "prune_by"): lambda *given: seen.append(given[3].train),
        (fold_trials.low_rank_trials, "mend"): lambda *given: seen.append(given[2].train),
        (fold_trials.quantization, "train"): lambda *given, **_: seen.append(given[1]),
        (fold_trials, "baseline"): lambda *given: whole,
    }
    replace_all(monkeypatch, told)
    rows, wanted = fold_trials.lenet_300_100_rows(fold=3, seed=9), digits(fold=3)
    assert len(seen) == 3
    assert all(torch.equal(split.images, wanted.train.images) for split in seen)
    assert rows[0] == fold_trials.answers("uncompressed", whole, wanted.test)
    assert rows[1] == rows[0] | {"network": "pruned"}


def test_a_compressed_lenet5_learns_from_its_fold(monkeypatch):
    seen, whole = [], baselines.load("lenet5")

    def train(model, split, *given, **settings):
        seen.append(split)
        return model

    told = {
        (chapter_trials.pruning, "prune_by"): lambda *given: seen.append(given[3].train),
        (chapter_trials.quantization, "train"): lambda *given, **_: seen.append(given[1]),
        (chapter_trials.protocol, "train"): train,
        (chapter_trials, "baseline"): lambda *given: whole,
    }
    replace_all(monkeypatch, told)
    rows, wanted = chapter_trials.lenet5_rows(fold=3, seed=9), digits(fold=3)
    assert len(seen) == 4
    assert all(torch.equal(split.images, wanted.train.images) for split in seen)
    assert rows[0] == fold_trials.answers("uncompressed", whole, wanted.test)
    assert [row["right"] for row in rows[1:3]] == [rows[0]["right"]] * 2  # nothing was pruned
    assert rows[3]["right"] < rows[0]["right"]  # half is cut out, and was not trained on


def test_stopping_early_takes_its_threshold_from_the_validation_split_of_its_fold(monkeypatch):
    """One exit is certain of all images and right in none, the last is right in all."""
    data, asked = digits(fold=1), []
    macs = models.exit_macs(models.exit_cnn())

    def logits(network, images):
        labels = next(part.labels for part in (data.validation, data.test) if part.images is images)
        asked.append(len(labels))
        return 9.0 * torch.stack(
            [nn.functional.one_hot((labels + wrong) % 10, 10).float() for wrong in (1, 1, 1, 0)]
        )

    monkeypatch.setattr(chapter_trials, "network_with_exits", lambda *_: models.exit_cnn())
    monkeypatch.setattr(chapter_trials, "digits", lambda **_: data)
    monkeypatch.setattr(chapter_trials.early_exit, "logits_of", logits)
    on, early = chapter_trials.stopping_rows(fold=1, seed=3)
    assert asked == [500, 1000]
    assert (on["network"], on["right"], on["macs"]) == ("going on", 1000, macs[-1])
    assert (early["network"], early["right"], early["macs"]) == ("stopping early", 0, macs[0])


def test_a_ticket_and_its_controls_learn_from_their_fold(monkeypatch):
    seen = []

    def told(digits, seed, epochs):
        def train(model, masks):
            seen.append((digits.train.images, seed, masks))

        return train

    monkeypatch.setattr(chapter_trials.lottery_trials, "lottery_training", told)
    rows = chapter_trials.lottery_rows(fold=4, seed=12)
    assert [row["network"] for row in rows] == [
        "unpruned",
        "original",
        "re-initialised",
        "shuffled",
    ]
    images = digits(fold=4).train.images
    assert all(torch.equal(given, images) and seed == 12 for given, seed, _ in seen)
    (_, _, none), *rounds = seen
    assert none is None
    left = [sum(int(mask.sum()) for mask in masks.values()) for _, _, masks in rounds]
    assert len(left) == chapter_trials.lottery_trials.LATE_ROUND + 2
    assert left[-3] == left[-2] == left[-1]  # the ticket, and its two controls
    weights = sum(p.numel() for p in baselines.load("lenet_300_100").parameters() if p.ndim > 1)
    assert left[-1] / weights == pytest.approx(0.8**13, rel=0.03)  # the last layer loses less


@pytest.mark.slow
def test_a_network_with_exits_learns_from_the_images_given():
    def last(**settings):
        network = early_exit.harm_network("narrow chain", early_exit.ALONE, 0, steps=1, **settings)
        return early_exit.logits_of(network, digits().test.images[:50])[-1]

    usual = last(probes=False)
    assert torch.equal(usual, last(images=digits(), probes=False))
    assert torch.equal(usual, last())  # probes leave the last exit alone
    assert not torch.allclose(usual, last(images=digits(fold=1), probes=False))
