"""The scoreboard's techniques: each row has one, and what it runs is what the row counts."""

from collections.abc import Callable
from dataclasses import FrozenInstanceError, astuple, replace

import numpy as np
import onnx
import pytest
import torch

from labcode import data, studies
from labcode.counting import count
from labcode.pages.calculators.compare_techniques import ENTRIES
from labcode.quantization import fold_batch_norm
from labcode.runtime import Timing, onnx_session
from labcode.studies import scoreboard
from labcode.studies.low_rank import low_rank_trials
from labcode.studies.scoreboard import combinations, techniques
from labcode.studies.scoreboard.running import INPUT_SHAPE, ExitStages, FloatFile, Int8File
from labcode.studies.scoreboard.techniques import Technique

ALL = [pytest.param(t, id=f"{t.network}-{t.id}") for t in techniques.ALL]
TABLES = [name for name in studies.names() if name.startswith("scoreboard_")]
SPARSE = {  # their parameters are those that are not zero
    *techniques.PRUNED.values(),
    *techniques.PAPER_FILES.values(),
    *techniques.FINAL_FILES.values(),
    techniques.HALF_PACKED,
    techniques.TAUGHT_PACKED,
}


def keys(name: str) -> list[tuple[str, str]]:
    """Network and technique of each row of a table, without repetitions, in its order."""
    pairs = studies.table(name)[["network", "technique"]].drop_duplicates()
    return list(pairs.itertuples(index=False, name=None))


def registered(*, table: str | None = None) -> list[tuple[str, str]]:
    """The keys of all techniques, or of those whose kind has a table."""
    found = (t for t in techniques.ALL if table in (None, t.kind.table))
    return [(t.network, t.id) for t in found]


@pytest.mark.parametrize("name", TABLES)
def test_every_row_of_a_table_has_its_technique_and_every_technique_a_row(name: str) -> None:
    assert sorted(keys(name)) == sorted(registered(table=name))


def test_the_whole_table_stands_in_the_order_of_the_registry() -> None:
    assert keys("scoreboard") == registered()
    assert {t.kind.table for t in techniques.ALL} == {None, *TABLES}
    assert studies.table("scoreboard")["kind"].tolist() == [t.kind.label for t in techniques.ALL]


def test_keys_and_what_people_read_are_unique() -> None:
    assert len(set(registered())) == len(techniques.ALL)
    assert len({t.name for t in techniques.ALL}) == len(techniques.ALL)
    for t in techniques.ALL:
        assert techniques.technique(t.network, t.id) is t
        assert techniques.labels(t.network)[t.id] == t.label


def test_what_is_not_registered_is_refused_by_name() -> None:
    with pytest.raises(KeyError, match=r"no technique 'magic' .*; there are: uncompressed, pruned"):
        techniques.technique("lenet5", "magic")
    with pytest.raises(KeyError, match="'vgg16'; there are: backbone, exit_cnn, lenet5"):
        techniques.technique("vgg16", "uncompressed")
    with pytest.raises(KeyError, match="no technique 'half of the filters cut out'"):
        techniques.technique("lenet5", techniques.HALF.label)  # a label is only shown


def test_prose_is_no_id() -> None:
    with pytest.raises(ValueError, match=r"id must be an identifier .*, got 'cut in half'"):
        replace(techniques.HALF, id="cut in half")
    with pytest.raises(ValueError, match=r"network must be an identifier .*, got 'LeNet-5'"):
        replace(techniques.HALF, network="LeNet-5")
    with pytest.raises(FrozenInstanceError):
        techniques.HALF.id = "other"  # type: ignore[misc]


@pytest.mark.slow
def test_other_words_change_nothing_but_what_is_shown() -> None:
    reworded = replace(techniques.HALF_INT8, label="8-bit, float32, pruned, early exit")
    assert reworded == techniques.HALF_INT8
    assert reworded.key == techniques.HALF_INT8.key
    assert reworded.deployed.files() == techniques.HALF_INT8.deployed.files()
    assert reworded.deployed.activation_bytes() == techniques.HALF_INT8.deployed.activation_bytes()
    row, other = scoreboard.row_of(techniques.HALF_INT8), scoreboard.row_of(reworded)
    assert other.name == "LeNet-5, 8-bit, float32, pruned, early exit"
    assert replace(other, name=row.name) == row


def test_labels_say_the_settings_of_their_rows() -> None:
    rows = studies.table("scoreboard_pruning").set_index(["network", "technique"])
    for technique in techniques.PRUNED.values():
        kept = rows.loc[(technique.network, technique.id), "kept"].unique()
        assert technique.label == f"pruned to {100 * float(kept.item()):g} %"
    assert techniques.EXITS.label == "early exit, 18 % of the work"


@pytest.mark.parametrize("technique", ALL)
def test_the_whole_table_holds_the_rows_that_the_chapters_show(technique: Technique) -> None:
    table, row = studies.table("scoreboard"), scoreboard.row_of(technique)
    found = table.set_index(["network", "technique"]).loc[(technique.network, technique.id)]
    assert found["test_accuracy"] == pytest.approx(row.mean, abs=1e-5)
    assert found["spread"] == pytest.approx(row.spread, abs=1e-5)
    assert (found["params"], found["macs"]) == (row.params, row.macs)
    assert found["bytes_on_disk"] == row.bytes_on_disk
    assert found["seeds"] == len(row.accuracies) >= 3


def test_a_table_and_its_techniques_give_the_same_rows() -> None:
    for name in TABLES:
        rows = [scoreboard.row_of(techniques.technique(*key)) for key in keys(name)]
        assert scoreboard.measured_rows(name) == tuple(rows)


def test_the_calculator_browses_the_same_numbers() -> None:
    table = studies.table("scoreboard")
    assert [entry.name for entry in ENTRIES] == [technique.name for technique in techniques.ALL]
    assert [entry.kind for entry in ENTRIES] == table["kind"].tolist()
    columns = ["test_accuracy", "spread", "params", "macs", "bytes_on_disk", "onnx_bytes"]
    columns += ["activation_bytes", "times_faster", "times_faster_p95"]
    for entry, found in zip(ENTRIES, table[columns].itertuples(index=False), strict=True):
        assert astuple(entry)[2:] == pytest.approx(tuple(found), abs=1e-5)


@pytest.mark.slow
@pytest.mark.parametrize("technique", ALL)
def test_counts_of_the_row_are_those_of_what_runs(technique: Technique) -> None:
    row, model = scoreboard.row_of(technique), technique.deployed.model()
    cost = count(model, INPUT_SHAPE)
    if isinstance(technique.deployed, ExitStages):
        assert row.macs < cost.macs  # the expected work, below that of all stages
    else:
        assert row.macs == cost.macs
    if isinstance(technique.deployed, Int8File):  # batch norm is folded into the convolutions
        cost = count(fold_batch_norm(model.eval(), INPUT_SHAPE), INPUT_SHAPE)
    if technique in SPARSE:
        assert row.params < 0.2 * cost.params
    else:
        assert row.params == cost.params


def sizes(technique: Technique) -> tuple[int, int]:
    """Bytes of a technique's files, made anew, and of its activations."""
    return sum(map(len, technique.deployed.files())), technique.deployed.activation_bytes()


@pytest.mark.slow
@pytest.mark.parametrize(
    "technique",
    [
        techniques.LENET5,
        techniques.HALF,
        techniques.INT8,
        techniques.LABELS,
        techniques.RANKS[16],
        techniques.EXITS,
        techniques.SLIM,
        techniques.BLOCKS["Fire"],
    ],
    ids=lambda technique: technique.id,
)
def test_the_files_are_those_that_the_table_weighed(technique: Technique) -> None:
    table = studies.table("scoreboard").set_index(["network", "technique"])
    found = table.loc[(technique.network, technique.id)]
    onnx_bytes, activations = sizes(technique)
    assert activations == found["activation_bytes"]
    # Names of the exporter's nodes differ by a few bytes between versions.
    assert onnx_bytes == pytest.approx(found["onnx_bytes"], rel=0.01)


def first_answers(technique: Technique, images: np.ndarray) -> Callable[[], object]:
    return technique.deployed.answers(technique.deployed.files(), images)


@pytest.mark.slow
def test_what_is_timed_runs_the_files_on_one_image_after_another() -> None:
    images = data.load("mnist5k").test.images[:2].numpy()
    for technique in (techniques.HALF, techniques.HALF_INT8):
        answer = first_answers(technique, images)
        session = onnx_session(technique.deployed.files()[0])
        name = session.get_inputs()[0].name
        for image in (images[0], images[1], images[0]):
            (logits,) = answer()  # type: ignore[misc]
            np.testing.assert_array_equal(logits, session.run(None, {name: image[None]})[0])


@pytest.mark.slow
def test_early_exits_leave_early_and_their_mean_counts() -> None:
    images = data.load("mnist5k").test.images[:30].numpy()
    answer = first_answers(techniques.EXITS, images)
    exits = [answer()[1] for _ in images]  # type: ignore[index]
    assert min(exits) == 0
    assert len(set(exits)) > 1
    uneven = Timing((0.001, 0.001, 0.007))
    assert techniques.EXITS.deployed.spent_ms(uneven) == pytest.approx(3)
    assert techniques.LENET5.deployed.spent_ms(uneven) == pytest.approx(1)


def test_times_are_ratios_of_what_was_measured_in_turn() -> None:
    table = studies.table("scoreboard")
    p95 = table["baseline_p95_ms"] / table["p95_ms"]
    assert p95.tolist() == pytest.approx(table["times_faster_p95"].tolist(), rel=1e-4)
    times = table["baseline_ms"] / table["ms"]
    assert times.tolist() == pytest.approx(table["times_faster"].tolist(), rel=1e-4)
    assert (table["p95_ms"] > table["ms"])[table["technique"] != techniques.EXITS.id].all()
    made = studies.provenance("scoreboard")
    assert {"machine", "versions", "threads", "runs", "date"} <= set(made)
    assert {"python", "torch", "onnxruntime"} <= set(made["versions"])


def test_rows_that_run_the_uncompressed_file_are_exactly_as_fast() -> None:
    table = studies.table("scoreboard").set_index(["network", "technique"])
    same = [t for t in techniques.ALL if t.deployed == techniques.LENET5.deployed]
    assert techniques.LENET5 in same
    assert techniques.QAT_2_BIT in same
    for technique in same:
        row = table.loc[(technique.network, technique.id)]
        assert (row["times_faster"], row["times_faster_p95"]) == (1, 1)
    others = table.drop([(t.network, t.id) for t in same])
    assert (others["times_faster"] != 1).all()


def test_combined_rows_are_those_of_their_own_tables() -> None:
    found = studies.table("deep_compression_lenet5_taught")
    smallest = found[found["part"] == found["part"].min()]
    taught = scoreboard.row_of(techniques.TAUGHT_PACKED)
    assert taught.accuracies == tuple(smallest["test_accuracy"])
    assert taught.bytes_on_disk == round(smallest["bytes_on_disk"].mean())


def test_the_dense_control_learned_for_as_long_as_the_packed_network() -> None:
    found = studies.table("deep_compression_lenet5_taught")
    smallest = found[found["part"] == found["part"].min()].set_index("seed")
    dense = studies.table("deep_compression_lenet5_dense").set_index("seed")
    for what in ("passes", "teachers", "network"):
        assert dense[what].to_dict() == smallest[what].to_dict()


@pytest.mark.parametrize("rank", [16, 32])
def test_low_rank_rows_are_those_of_the_chapters_table(rank: int) -> None:
    row = scoreboard.row_of(techniques.RANKS[rank])
    found = studies.table("architecture_low_rank").query(
        "network == 'lenet_300_100' and closest == 'answers' and epochs == 8 and rank == @rank"
    )
    assert row.accuracies == tuple(found["test_accuracy"])
    # 784 x rank and rank x 300 in place of 784 x 300; two more layers and three biases as before
    weights = rank * (784 + 300) + 300 * 100 + 100 * 10
    assert (row.params, row.macs) == (weights + 300 + 100 + 10, weights)
    assert 4 * row.params < row.bytes_on_disk < 4 * row.params + 1000
    shape = low_rank_trials.cut_network("lenet_300_100", "weights", rank, 0)
    assert count(shape, INPUT_SHAPE).params == row.params


@pytest.mark.slow
def test_a_combination_keeps_the_cut_networks_shape_and_packs_it(monkeypatch) -> None:
    for epochs in ("FINE_TUNING_EPOCHS", "EPOCHS", "SHARE_EPOCHS"):
        monkeypatch.setitem(getattr(combinations, epochs), "lenet5", 1)
    digits = data.load(n_train=60)
    taught = combinations.taught_half(digits, 0)
    before = [p.clone() for p in taught.parameters()]
    eight = combinations.int8_row(techniques.HALF_INT8, taught, digits)
    packed = combinations.packed_row(techniques.HALF_PACKED, taught, digits, 0)
    assert all(torch.equal(a, b) for a, b in zip(before, taught.parameters(), strict=True))
    assert (eight["technique"], packed["technique"]) == ("half_filters_int8", "half_filters_packed")
    assert eight["macs"] == packed["macs"] == 646_500
    assert eight["params"] < eight["bytes_on_disk"] < 1.1 * eight["params"]
    # 7.1 % of 108,700 weights stay, and biases of living neurons
    assert 0.071 * 108_700 * 0.99 < packed["params"] < 0.071 * 108_700 + 595
    assert packed["bytes_on_disk"] < eight["bytes_on_disk"] / 8


@pytest.mark.slow
def test_int8_takes_a_quarter_of_the_memory_and_early_exits_that_of_a_stage() -> None:
    floats = techniques.LENET5.deployed.activation_bytes()
    assert floats == 4 * techniques.INT8.deployed.activation_bytes()
    trunk = techniques.WITHOUT_EXITS.deployed.activation_bytes()
    assert techniques.EXITS.deployed.activation_bytes() <= 1.2 * trunk


@pytest.mark.slow
@pytest.mark.parametrize(
    ("technique", "kind", "held"),
    [
        (techniques.INT8, Int8File, onnx.TensorProto.INT8),
        (techniques.HALF_TAUGHT_INT8, Int8File, onnx.TensorProto.INT8),
        (techniques.QAT_2_BIT, FloatFile, onnx.TensorProto.FLOAT),
        (techniques.HALF, FloatFile, onnx.TensorProto.FLOAT),
    ],
    ids=lambda value: getattr(value, "id", None),
)
def test_int8_files_hold_int8_and_others_float32(technique: Technique, kind, held) -> None:
    assert type(technique.deployed) is kind
    (file,) = technique.deployed.files()
    graph = onnx.load_from_string(file).graph
    assert {t.data_type for t in graph.initializer if len(t.dims) > 1} == {held}
