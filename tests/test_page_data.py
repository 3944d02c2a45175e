"""What pages show is what the studies stored: each JSON file against its maker."""

import json
from importlib.resources import files

import pytest
import torch

from labcode.pages import data
from labcode.studies import page_data, registry

EXPORTS = {item.name: item for study in registry.studies().values() for item in study.exports}
FROM_TABLES = ("compare_techniques", "design_space", "few_bits", "pruned_networks")


def test_every_file_has_a_maker_and_is_named_after_its_calculator():
    found = {entry.name for entry in files("labcode.pages.data").iterdir()}
    assert {name for name in found if name.endswith(".json")} == {
        f"{name}.json" for name in EXPORTS
    }
    calculators = {entry.name for entry in files("labcode.pages.calculators").iterdir()}
    assert {f"{name}.py" for name in EXPORTS} <= calculators


@pytest.mark.parametrize("name", FROM_TABLES)
def test_stored_data_is_what_the_tables_give_now(name):
    # Means and deviations are exact fractions rounded once: the same on every machine.
    assert data.load(name) == page_data.made(EXPORTS[name])


def test_the_sevens_are_what_the_stored_network_says():
    stored, made = (
        d["pictures"] for d in (data.load("soft_label"), page_data.made(EXPORTS["soft_label"]))
    )
    for old, new in zip(stored, made, strict=True):
        # four decimals; another processor adds up the products in another order
        assert old["logits"] == pytest.approx(new["logits"], rel=0, abs=2e-3)
        assert old | {"logits": 0} == new | {"logits": 0}


@pytest.mark.slow
def test_the_exits_are_what_the_stored_network_says():
    stored, made = data.load("exit_thresholds"), page_data.made(EXPORTS["exit_thresholds"])
    assert {key: stored[key] for key in ("macs", "plain_macs")} == {
        key: made[key] for key in ("macs", "plain_macs")
    }
    # Another processor rounds differently, which may turn an image at the edge over.
    pairs = zip("".join(stored["right"]), "".join(made["right"]), strict=True)
    assert sum(a != b for a, b in pairs) <= 2
    assert list(stored["sure"]) == list(made["sure"])
    for old, new in zip(stored["sure"].values(), made["sure"].values(), strict=True):
        before, now = (torch.tensor([[*map(int, row.split())] for row in r]) for r in (old, new))
        assert before.shape == now.shape == (3, 500)
        assert int((before - now).abs().max()) <= 1 + 65_535 * 1e-4


def test_json_comes_back_as_it_was():
    made = {"seeds": 3, "rows": [["a ±", 0.1, None], [1, 2.5e-7, True]], "by": {"a": [1]}}
    text = page_data.as_json(made)
    assert json.loads(text) == made
    assert text.count("\n") == 8
    for name in EXPORTS:
        source = files("labcode.pages.data").joinpath(f"{name}.json").read_text("utf-8")
        assert page_data.as_json(json.loads(source)) == source
