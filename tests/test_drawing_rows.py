"""What *Draw a digit* ships is what the scoreboard measured: a technique, in a run of one seed."""

import pytest

from labcode import data, studies
from labcode.models import exit_macs
from labcode.models.exit_network import ExitNetwork
from labcode.pages.drawing.networks import shipped
from labcode.pages.drawing.shipped import Shipped
from labcode.pages.drawing.site import BASELINE_SEED
from labcode.studies.scoreboard import techniques
from labcode.studies.scoreboard.techniques import Technique
from labcode.weights import baselines

SEEDS = {"baseline": BASELINE_SEED}  # the others are those of seed 0
ROWS = {
    "baseline": techniques.LENET5,
    "packed": techniques.FINAL_FILES["lenet5"],
    "student": techniques.TAUGHT_AUGMENTED,
    "exits": techniques.EXITS,
}
ONE_DIGIT = 1.001e-3  # of 1,000: rounding in a sum, on another processor, may decide about it


@pytest.fixture(scope="module")
def networks() -> dict[str, Shipped]:
    """The page's networks, exported once, by their ids."""
    return {network.id: network for network in shipped()}


def measured(technique: Technique, seed: int) -> dict[str, float]:
    """What a row says about the run of the seed: a baseline's stands with its weights."""
    if technique.kind.table is None:
        found = next(r for r in baselines.results(technique.network) if r.seed == seed)
        return {"test_accuracy": found.test_accuracy, "params": found.params, "macs": found.macs}
    rows = studies.table(technique.kind.table).query("seed == @seed")
    rows = rows.set_index(["network", "technique"])
    return rows.loc[(technique.network, technique.id)].to_dict()


def test_every_shipped_network_has_its_row(networks) -> None:
    assert set(networks) == set(ROWS)


@pytest.mark.slow
@pytest.mark.parametrize("id", ROWS)
def test_a_shipped_network_answers_as_its_row_says(networks, id: str) -> None:
    test, row = data.load("mnist5k").test, measured(ROWS[id], SEEDS.get(id, 0))
    found = networks[id].answer(test.images)
    right = (found.probabilities.argmax(dim=1) == test.labels).double().mean()
    assert float(right) == pytest.approx(row["test_accuracy"], abs=ONE_DIGIT)
    assert networks[id].entry()["params"] == row["params"]
    if isinstance(model := networks[id].model, ExitNetwork):
        macs = exit_macs(model)
        spent = sum(macs[exit - 1] for exit in found.exits if exit) / len(test)
        assert spent == pytest.approx(row["macs"], rel=0.01)  # an image may leave elsewhere
    else:
        assert networks[id].entry()["macs"] == row["macs"]


def test_the_packed_file_is_the_rows_file(networks) -> None:
    packed = networks["packed"].files["packed.diet"]
    assert len(packed) == measured(ROWS["packed"], seed=0)["bytes_on_disk"]
