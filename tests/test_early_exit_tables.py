"""The stored network, the calculator's baked answers and the measured tables agree."""

from itertools import pairwise

import numpy as np
import pytest
import torch
from safetensors.torch import save

import labcode
from labcode import studies
from labcode.data import load
from labcode.early_exit import METHODS, certainty, outcome, shared_threshold
from labcode.models import exit_macs, slimmable_cnn
from labcode.models.exit_network import Trunk
from labcode.pages.calculators import exit_thresholds
from labcode.pages.calculators.exit_thresholds import IMAGES, PLAIN_MACS, RIGHT, SURE, taken
from labcode.pages.calculators.exit_thresholds import MACS as SHOWN_MACS
from labcode.studies import scoreboard
from labcode.studies.early_exit.trials import ALONE, SHARES, initial, logits_of
from labcode.weights import exits, load_exits, read

LAST_STEP = 1 / 65_535
MACS = tuple(SHOWN_MACS)


@pytest.fixture(scope="module")
def network():
    return load_exits()


@pytest.fixture(scope="module")
def digits():
    return load("mnist5k")


@pytest.fixture(scope="module")
def held(network, digits):
    return logits_of(network, digits.validation.images)


def test_the_calculator_holds_what_the_stored_network_answers(held, digits):
    """Another processor rounds differently, which may turn an image at the edge over."""
    baked = torch.tensor(RIGHT)
    truth = held.argmax(2) == digits.validation.labels
    assert baked.shape == (len(MACS), IMAGES) == truth.shape
    assert int((baked != truth).sum()) <= 2
    for rule in SURE:
        found = torch.tensor(SURE[rule])
        assert float((found - certainty(held[:-1], rule)).abs().max()) < LAST_STEP + 1e-4


def test_the_calculator_knows_the_costs(network):
    assert exit_macs(network) == MACS
    assert labcode.count(Trunk(network), (1, 28, 28)).macs == PLAIN_MACS
    assert 1 < MACS[-1] / PLAIN_MACS < 1.01  # the early exits add less than a hundredth


@pytest.mark.parametrize("rule", list(SURE))
@pytest.mark.parametrize("threshold", [0, 300, 800, 990, 1000])
def test_the_calculator_counts_as_the_library_does(threshold, rule):
    scores = torch.cat([torch.tensor(SURE[rule]), torch.zeros(1, IMAGES)]).double()
    found = outcome(scores, torch.tensor(RIGHT), MACS, threshold / 1000)
    result = exit_thresholds(threshold, rule)
    leaves = result.values["leave"]
    assert leaves == [round(share * IMAGES) for share in found.shares]
    assert leaves == np.bincount(taken(rule, threshold / 1000), minlength=4).tolist()
    assert result.values["macs"] == round(found.macs)
    assert sum(result.values["right"]) == round(found.accuracy * IMAGES)
    shown = [cell.text for _, cell in result.parts[0].rows]
    hits = sum(result.values["right"])
    assert shown == [*map(str, leaves), f"{round(found.macs):,}", str(hits)]


def test_bad_settings_of_the_calculator_are_named():
    with pytest.raises(ValueError, match="threshold must be from 0 to 1000, got 1001"):
        exit_thresholds(1001)
    with pytest.raises(ValueError, match=r"rule must be one of 'confidence', .*, got 'luck'"):
        exit_thresholds(500, "luck")


def test_the_stored_file_is_small_and_loads_as_it_was_measured(network, held, digits):
    assert len(read(exits.FILE)) < 150_000
    table = studies.table("early_exit_budgets").query("seed == 0")
    seen = logits_of(network, digits.test.images)
    truth = seen.argmax(2) == digits.test.labels
    for k in range(4):
        row = table[table["kind"] == f"exit {k + 1}"]
        assert abs(float(truth[k].double().mean()) - row["test_accuracy"].item()) <= 0.002
        assert row["macs"].item() == pytest.approx(MACS[k], rel=1e-5)  # six digits are stored
    for rule in ("confidence", "entropy", "margin"):
        limit = shared_threshold(certainty(held, rule), MACS, 0.16 * MACS[-1])
        row = table.query("kind == @rule and share == 0.16")
        assert limit == pytest.approx(row["threshold_1"].item(), rel=0.01)
        found = outcome(certainty(seen, rule), truth, MACS, limit)
        assert found.macs == pytest.approx(row["macs"].item(), rel=0.02)
        assert found.accuracy == pytest.approx(row["test_accuracy"].item(), abs=0.003)


def test_every_budget_was_kept_where_thresholds_were_chosen():
    table = studies.table("early_exit_budgets")
    for kind in ("confidence", "entropy", "margin"):
        rows = table[table["kind"] == kind]
        assert len(rows) == len(SHARES) * 3
        assert (rows["validation_macs"] <= 1.00001 * rows["share"] * MACS[-1]).all()
    for kind in ("batch, least sure", "batch, random"):
        rows = table[table["kind"] == kind]
        assert (rows["macs"] <= 1.00001 * rows["share"] * MACS[-1]).all()
        step = max(b - a for a, b in pairwise(MACS))
        assert (rows["macs"] >= rows["share"] * MACS[-1] - step / 100 - 20).all()


@pytest.mark.parametrize(("name", "seeds"), [("early_exit_harm", 5), ("early_exit_harm_grid", 3)])
def test_exits_were_compared_with_none_seed_by_seed(name, seeds):
    table = studies.table(name)
    assert set(table["method"]) == {ALONE, "equal weights"}
    for _, rows in table.groupby(["method", "exit"]):
        assert sorted(rows["seed"]) == list(range(seeds))
    last = table[table["exit"] == 4]
    assert (
        last["macs"] == exit_macs(initial("narrow chain", 0, grid=last["grid"].iloc[0]))[3]
    ).all()


def test_the_family_costs_what_its_members_count():
    own = studies.table("early_exit_family")
    assert (own.groupby("width").size() == 3).all()
    network = slimmable_cnn()
    for row in own.itertuples():
        cut = network.cut(row.width)
        assert row.params == sum(p.numel() for p in cut.parameters())
        assert row.macs == labcode.count(cut, (1, 28, 28)).macs
        assert row.bytes_on_disk == len(save(cut.state_dict()))
    assert own.query("width == 1.0")["macs"].iloc[0] == PLAIN_MACS


def test_slimmable_networks_cost_what_the_family_costs():
    slim = studies.table("early_exit_slimmable")
    own = studies.table("early_exit_family").groupby("width")["macs"].first()
    for (width, switchable, anew), rows in slim.groupby(["width", "switchable", "measured_anew"]):
        assert sorted(rows["seed"]) == [0, 1, 2], (width, switchable, anew)
        assert (rows["macs"] == own[width]).all()
        network = slimmable_cnn(switchable=switchable)
        assert (rows["params"] == sum(p.numel() for p in network.parameters())).all()
        assert (rows["bytes_on_disk"] == len(save(network.state_dict()))).all()
    assert len(slim) == 4 * 2 * 2 * 3


def test_every_way_to_train_exits_was_compared_on_the_same_seeds():
    table = studies.table("early_exit_methods")
    assert set(table["method"]) == set(METHODS) - {"equal weights"}
    for _, rows in table.groupby(["method", "exit"]):
        assert sorted(rows["seed"]) == list(range(5))
    assert set(table["macs"]) == set(studies.table("early_exit_harm")["macs"])


def test_the_clock_was_fair():
    record, table = studies.provenance("early_exit_latency"), studies.table("early_exit_latency")
    assert (record["threads"], record["clock"]) == (1, "processor time of the thread")
    assert (table["p95_ms"] >= table["mean_ms"] * 0.9).all()
    exits = table[table["kind"] == "exit"].sort_values("setting")
    assert exits["mean_ms"].is_monotonic_increasing
    assert exits["macs"].tolist() == list(MACS)
    widths = table[table["kind"] == "width"].sort_values("setting")
    assert widths["mean_share"].iloc[-1] == pytest.approx(1, abs=1e-3)


def test_the_scoreboards_rows_are_those_of_the_tables(network):
    rows = {row.name: row for row in scoreboard.measured_rows("scoreboard_early_exit")}
    early = rows["CNN with exits, early exit, 18 % of the work"]
    assert round(100 * early.macs / MACS[-1]) == 18
    table = studies.table("early_exit_budgets").query("kind == 'confidence' and share == 0.16")
    assert early.accuracies == tuple(table["test_accuracy"])
    assert early.macs == pytest.approx(table["macs"].mean(), abs=1)
    assert early.params == sum(p.numel() for p in network.parameters())
    assert early.bytes_on_disk == len(save(network.state_dict()))
    assert rows["CNN with exits, without exits"].macs == PLAIN_MACS
