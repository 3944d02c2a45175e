"""The trials on Fashion-MNIST: the right images, and rates that only the validation split chose."""

import pytest

from labcode import data, studies
from labcode.models import blocks
from labcode.studies.blocks import block_trials, other_images
from labcode.studies.clothes import clothes_trials
from labcode.studies.protocol import facts
from labcode.studies.senet import se_trials
from labcode.studies.shufflenet import shuffle_trials

PASSES = 4  # enough that training on the wrong images shows
TABLES = {"clothes_blocks": "block", "clothes_shuffle": "shuffle", "clothes_se": "se"}


@pytest.fixture
def few(monkeypatch):
    """Digits in the place of the clothes, and a few passes over them."""
    images = data.load(n_train=300)
    monkeypatch.setattr(clothes_trials, "clothes", lambda: images)
    monkeypatch.setattr(clothes_trials, "EPOCHS", PASSES)
    return images


@pytest.mark.slow
def test_a_block_is_trained_and_judged_on_the_images_given(few):
    budget = block_trials.BUDGETS[0]
    model = block_trials.trained_block("standard", budget, 3, 1e-2, epochs=PASSES, images=few)
    assert clothes_trials.block_row("standard", budget, 1e-2, 3) == facts(model, few)


@pytest.mark.slow
def test_the_other_trials_are_those_on_digits_with_other_images(few):
    choice = {"placement": "none", "reduction": 4, "squeeze": "average", "gate": "sigmoid"}
    row = clothes_trials.se_row(**choice, lr=2e-2, seed=3)
    assert row == se_trials.se_row(**choice, lr=2e-2, seed=3, epochs=PASSES, images=few)
    units = {"groups": 8, "shuffle": True, "lr": 1e-2, "seed": 3}
    row = clothes_trials.shuffle_row(**units)
    assert row == shuffle_trials.shuffle_row(**units, epochs=PASSES, images=few)
    assert (
        row["train_accuracy"]
        != shuffle_trials.shuffle_row(**units, epochs=PASSES)["train_accuracy"]
    )


@pytest.mark.slow
def test_a_rate_is_judged_on_the_validation_split(few):
    setting = {"kind": "grouped", "budget": block_trials.BUDGETS[0], "lr": 1e-2, "seed": 3}
    whole = clothes_trials.block_row(**setting)
    found = clothes_trials.rate_row("block", **setting)
    assert found == {name: whole[name] for name in ("train_accuracy", "validation_accuracy")}


@pytest.mark.parametrize("name", TABLES)
def test_each_network_has_the_rate_that_was_best_on_the_validation_split(name):
    table = studies.table(name)
    if "kind" not in table:
        table["kind"] = "all"
    rates = studies.table("clothes_rates").query("trial == @TABLES[@name]")
    rates = rates.assign(kind=rates["kind"].fillna("all"))
    best = rates.groupby(["kind", "lr"])["validation_accuracy"].mean().unstack().idxmax(axis=1)
    for kind, used in table.groupby("kind")["lr"]:
        assert set(used) == {best[kind]}
    assert set(table["seed"]) == {0, 1, 2}


@pytest.mark.slow
def test_the_stored_costs_are_those_of_the_formulas():
    for row in studies.table("clothes_blocks").itertuples():
        found = blocks.backbone_cost(row.kind, *blocks.widths(row.kind, row.budget))
        assert (found.params, found.macs) == (row.params, row.macs)


@pytest.mark.slow
def test_the_few_images_are_those_of_the_contest(monkeypatch):
    digits = data.load()
    monkeypatch.setattr(clothes_trials, "load", lambda name: digits)
    found = clothes_trials.few_row("standard", 1)
    assert found == {
        "test_accuracy": other_images.contest(digits, ["standard"], seed=1)["standard"]
    }


@pytest.mark.parametrize("table", TABLES)
def test_stored_accuracies_are_of_as_many_test_images_as_intervals_take(table):
    right = studies.table(table)["test_accuracy"] * clothes_trials.N_TEST
    assert (right - right.round()).abs().max() < 1e-6
    assert (right % 10).round().nunique() > 1  # of a tenth as many images they would not be
