"""The stored packed networks: whole, as small as their tables say, and as good."""

from pathlib import Path

import pytest

from labcode import data, studies, weights
from labcode.coding import pack, report, unpack
from labcode.models import lenet5, lenet_300_100
from labcode.papers import published
from labcode.studies.deep_compression import kept
from labcode.studies.scoreboard import techniques
from labcode.training import evaluate
from labcode.weights import WeightsError, store

BUILD = {"lenet5": lenet5, "lenet_300_100": lenet_300_100}
TABLES = {("lenet_300_100", 0.06): "deep_compression_taught_by_lenet5"}
PAIRS = [pytest.param(*pair, id=kept.file_name(*pair)) for pair in kept.KEPT]


ONE_DIGIT = 1.001e-3  # of 1,000: rounding in a sum, on another processor, may decide about it


@pytest.mark.slow
@pytest.mark.parametrize(("network", "part"), PAIRS)
def test_a_stored_file_is_the_one_of_its_table(network: str, part: float) -> None:
    table = studies.table(TABLES.get((network, part), f"deep_compression_{network}"))
    row = table[(table["seed"] == 0) & (table["part"] == part)].iloc[0]
    file = weights.packed(network, part)
    model = unpack(file, BUILD[network]())
    assert pack(model) == file
    assert file[:4] == b"DIET"
    assert len(file) == row["bytes_on_disk"]
    assert len(pack(model, indices="relative", coder="huffman")) == row["bytes_huffman"]
    assert sum(int((p != 0).sum()) for p in model.parameters() if p.ndim > 1) == row["weights"]
    assert sum(int((p != 0).sum()) for p in model.parameters()) == row["params"]
    assert report(file, model).entropy_bytes == pytest.approx(row["bytes_entropy"], rel=1e-5)
    accuracy = evaluate(model, data.load("mnist5k").test).accuracy
    assert accuracy == pytest.approx(row["test_accuracy"], abs=ONE_DIGIT)


@pytest.mark.slow
@pytest.mark.parametrize("network", kept.FINAL)
def test_the_scoreboards_rows_are_those_of_the_stored_files(network: str) -> None:
    board = studies.table("scoreboard_deep_compression").query("seed == 0")
    board = board.set_index(["network", "technique"])
    final, paper = (
        board.loc[(network, found[network].id)]
        for found in (techniques.FINAL_FILES, techniques.PAPER_FILES)
    )
    smallest, largest = (
        unpack(weights.packed(network, part), BUILD[network]())
        for part in (kept.FINAL[network], kept.PAPER)
    )
    assert len(pack(smallest)) == final["bytes_on_disk"]
    assert len(pack(largest, indices="relative", coder="huffman")) == paper["bytes_on_disk"]
    for row, model in ((final, smallest), (paper, largest)):
        assert sum(int((p != 0).sum()) for p in model.parameters()) == row["params"]
        accuracy = evaluate(model, data.load("mnist5k").test).accuracy
        assert accuracy == pytest.approx(row["test_accuracy"], abs=ONE_DIGIT)


def test_all_files_are_there_and_no_other() -> None:
    packed = [name for name, known in store.manifest().items() if "part" in known]
    assert packed == sorted(kept.file_name(*pair) for pair in kept.KEPT)
    for name in packed:
        assert store.read(name) == weights.packed(**kept.facts_of(name))
    with pytest.raises(WeightsError, match=r"no packed network 'lenet5', 0\.5 is stored; there"):
        weights.packed("lenet5", 0.5)


def test_only_chosen_files_are_kept(tmp_path: Path) -> None:
    kept.leave(tmp_path, "lenet5", 0.5, b"no")
    kept.leave(None, *kept.KEPT[0], b"no")
    assert not list(tmp_path.iterdir())
    kept.leave(tmp_path, *kept.KEPT[0], b"yes")
    assert (tmp_path / kept.file_name(*kept.KEPT[0])).read_bytes() == b"yes"


@pytest.mark.parametrize(
    ("network", "name", "table"),
    [
        ("lenet5", "LeNet-5", "deep_compression_lenet5"),
        ("lenet_300_100", "LeNet-300-100", "deep_compression_taught_by_lenet5"),
    ],
)
def test_size_alone_chose_the_final_setting(network: str, name: str, table: str) -> None:
    final = kept.FINAL[network]
    asked = published.table("soft_weight_sharing").set_index("model")["value"].astype(float)[name]
    runs = studies.table(table).dropna(subset="ratio")
    assert runs[runs["part"] == final]["ratio"].min() > asked
    milder = runs[runs["part"] > final].groupby("part")["ratio"].min()
    assert (milder <= asked).all()
    shown = studies.table("scoreboard_deep_compression").query("network == @network")
    shown = shown[shown["technique"] == techniques.FINAL_FILES[network].id]
    assert list(shown["bytes_on_disk"]) == list(runs[runs["part"] == final]["bytes_on_disk"])
    assert list(shown["test_accuracy"]) == list(runs[runs["part"] == final]["test_accuracy"])
