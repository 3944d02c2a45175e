"""Stored tables and their definitions: one of each, with the same settings, and an origin."""

import inspect
import io
import subprocess
from pathlib import Path

import pandas as pd
import pytest

from labcode import cost, studies
from labcode.studies import registry, store, timings
from labcode.studies.__main__ import main
from labcode.studies.definition import Table, TimedTable, grid

ROOT = Path(__file__).resolve().parent.parent
TABLES = registry.tables()
MADE_HERE = [name for name, table in TABLES.items() if isinstance(table, Table)]
WITH_RUNS = [name for name in MADE_HERE if TABLES[name].function]
GATHERING = [name for name in MADE_HERE if TABLES[name].gather]
TIMED = [name for name, table in TABLES.items() if isinstance(table, TimedTable)]
YOUNGER = {"tables", "weight_decay"}  # some stored tables are older than these facts
UNSEEN_BY_PAGES = {
    "cnn_basics_pooled_files",
    "distillation_ensemble_temperature",
    "distillation_weight",
}


def needed(table: Table) -> list[pd.DataFrame]:
    return [studies.table(other.name) for other in table.needs]


def as_stored(rows: list[dict]) -> pd.DataFrame:
    """Send rows the way of a table: through a file."""
    return pd.read_csv(io.StringIO(pd.DataFrame(rows).to_csv(index=False, float_format="%.6g")))


def test_each_stored_table_has_its_definition_and_each_definition_its_table() -> None:
    assert set(studies.names()) == set(TABLES)
    folders = {path.stem: path.parent.name for path in store.FOLDER.glob("*/*.csv")}
    assert folders == {name: registry.study_of(name) for name in TABLES}
    every = [table.name for study in registry.studies().values() for table in study.tables]
    assert len(every) == len(set(every)), "two studies declare a table of the same name"


def test_each_study_stands_in_the_package_of_its_name() -> None:
    for name in registry.studies():
        assert (ROOT / "labcode/studies" / name / "tables.py").exists()


@pytest.mark.parametrize("name", WITH_RUNS)
def test_a_stored_table_has_the_settings_of_its_definition(name: str) -> None:
    """As first columns, each setting once, and in the order of the definition."""
    table, found = TABLES[name], studies.table(name)
    settings = table.runs(*needed(table))
    assert list(found.columns[: len(settings[0])]) == list(settings[0])
    declared = as_stored(settings)
    if table.gather:  # what it gathers comes after its own runs
        found = found.head(len(found) - len(table.gather(*needed(table))))
    distinct = found[list(declared.columns)].drop_duplicates().reset_index(drop=True)
    pd.testing.assert_frame_equal(distinct, declared, check_dtype=False)


@pytest.mark.parametrize("name", WITH_RUNS)
def test_a_row_function_takes_its_settings(name: str) -> None:
    table = TABLES[name]
    for setting in table.runs(*needed(table)):
        inspect.signature(table.function).bind(**setting)


@pytest.mark.parametrize("name", GATHERING)
def test_gathered_rows_are_those_of_the_stored_tables(name: str) -> None:
    table = TABLES[name]
    gathered = as_stored(table.gather(*needed(table)))
    last = studies.table(name).tail(len(gathered)).reset_index(drop=True)
    pd.testing.assert_frame_equal(last[list(gathered.columns)], gathered, check_dtype=False)


@pytest.mark.parametrize("name", MADE_HERE)
def test_a_table_says_how_its_runs_were_made(name: str) -> None:
    record = studies.provenance(name)
    assert {"command", "commit", "date", "versions", "cores", "machine"} <= set(record)
    assert {"python", "torch", "labcode"} <= set(record["versions"])
    if TABLES[name].function:
        assert {"function", "seconds"} <= set(record)
    for fact, value in TABLES[name].facts.items():
        assert fact in record or fact in YOUNGER
        if fact in record:
            assert record[fact] == as_json(value), fact


def as_json(value: object) -> object:
    return [as_json(v) for v in value] if isinstance(value, list | tuple) else value


@pytest.mark.parametrize("name", TIMED)
def test_a_measured_table_says_how_it_was_made(name: str) -> None:
    record = studies.provenance(name)
    assert {"command", "commit", "versions"} <= set(record)
    assert "torch" in record["versions"]
    assert (ROOT / TABLES[name].script).exists()
    if name != "count_causes":  # counts alone: the same on every machine
        assert {"date", "processor", "cores", "threads"} <= set(record)


def test_every_script_of_benchmarks_measures_a_table() -> None:
    scripts = {path.name for path in (ROOT / "benchmarks").glob("*.py")}
    declared = {Path(TABLES[name].script) for name in TIMED}
    assert scripts == {path.name for path in declared if path.parent.name == "benchmarks"}
    assert {str(path) for path in declared if path.name not in scripts} == {"tools/own_networks.py"}


def test_tables_that_no_page_shows_say_what_they_are_kept_for() -> None:
    assert {name for name, table in TABLES.items() if table.kept_for} == UNSEEN_BY_PAGES
    for name in UNSEEN_BY_PAGES:
        for page in (ROOT / "book").rglob("*.ipynb"):
            assert f'table(\\"{name}\\")' not in page.read_text(encoding="utf-8"), page


def test_everything_is_made_after_what_it_needs() -> None:
    ordered = registry.in_order(registry.named([]))
    assert {item.name for item in ordered} >= set(TABLES)
    place = {item.name: number for number, item in enumerate(ordered)}
    for item in ordered:
        for other in item.needs:
            assert place[other.name] < place[item.name]
    assert place["clothes_rates"] < place["clothes_blocks"]
    assert place["deep_compression_lenet5"] < place["scoreboard_deep_compression"]


def test_needs_in_a_circle_are_named() -> None:
    first = Table("first", gather=list)
    second = Table("second", gather=list, needs=(first,))
    object.__setattr__(first, "needs", (second,))
    with pytest.raises(ValueError, match="in a circle: first, second, first"):
        registry.in_order((first,))


def test_a_table_without_rows_is_refused() -> None:
    with pytest.raises(ValueError, match="nothing needs a function"):
        Table("nothing")


def test_names_stand_for_studies_tables_and_exports() -> None:
    assert {item.name for item in registry.named(["shufflenet", "few_bits"])} == {
        "shufflenet_rates",
        "shufflenet_shuffle",
        "few_bits",
    }
    with pytest.raises(ValueError, match=r"no study or table 'prunning'; there are: .*pruning"):
        registry.named(["prunning"])
    with pytest.raises(KeyError, match="no study declares a table 'nothing'"):
        registry.study_of("nothing")


def test_the_command_lists_what_it_would_make(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["clothes", "pruning_latency", "--list"]) == 0
    lines = dict(line.split(":", 1) for line in capsys.readouterr().out.splitlines())
    assert "60 runs" in lines["clothes_rates"]
    assert "needs clothes_rates" in lines["clothes_blocks"]
    assert lines["pruning_latency"] == " measured by benchmarks/pruning.py"
    with pytest.raises(SystemExit):
        main(["prunning"])
    assert "no study or table 'prunning'" in capsys.readouterr().err


def test_an_unknown_table_is_named() -> None:
    with pytest.raises(KeyError, match=r"no stored table 'nothing'; there are: .*roofline"):
        studies.table("nothing")
    with pytest.raises(KeyError, match="no stored table 'nothing'"):
        studies.provenance("nothing")


def test_the_code_is_named_by_its_commit_and_changes(tmp_path: Path, monkeypatch) -> None:
    """The tables that a sweep stores do not count as a change."""
    monkeypatch.setattr(store, "ROOT", tmp_path)
    monkeypatch.setattr(store, "FOLDER", tmp_path / "tables")
    assert store.code() == {}

    def git(*words: str) -> str:
        me = ("-c", "user.name=A", "-c", "user.email=a@b.c")
        done = subprocess.run(("git", *me, *words), cwd=tmp_path, check=True, capture_output=True)
        return done.stdout.decode().strip()

    git("init")
    (tmp_path / "code.py").write_text("1")
    store.save("study", "table", [{"a": 1}], {})
    git("add", ".")
    git("commit", "-m", "A commit")
    commit = git("rev-parse", "HEAD")
    store.save("study", "table", [{"a": 2}], {})
    assert store.code() == {"commit": commit, "changed": False}
    (tmp_path / "code.py").write_text("2")
    assert store.code() == {"commit": commit, "changed": True}


def test_a_measurement_is_kept_in_its_study(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(store, "ROOT", tmp_path)
    monkeypatch.setattr(store, "FOLDER", tmp_path)
    study = registry.studies()["counting"]
    table = TABLES["roofline"]

    def measured() -> None:
        pass

    path = timings.keep(study, table, measured, [{"kind": "copy", "ms": "0.30"}], threads=1)
    assert path.read_text() == "kind,ms\ncopy,0.30\n"
    monkeypatch.setattr(studies, "_FOLDER", tmp_path)
    record = studies.provenance("roofline")
    assert (record["command"], record["threads"]) == ("python benchmarks/roofline.py", 1)
    assert record["function"] == "benchmarks.roofline.measured"
    with pytest.raises(ValueError, match="counting does not declare a table 'pruning_zeros'"):
        timings.keep(study, TABLES["pruning_zeros"], measured, [])


def test_a_grid_has_every_combination() -> None:
    assert len(grid(a=range(3), b=range(4), seed=[0])) == 12


KERNEL = {"standard": 3, "grouped": 3, "depthwise": 3, "pointwise": 1}
GROUPS = {
    "standard": lambda channels: 1,
    "grouped": lambda channels: channels // 4,
    "depthwise": lambda channels: channels,
    "pointwise": lambda channels: 1,
}


def test_the_roofline_counts_are_those_of_the_formulas() -> None:
    table = studies.table("roofline").query("kind in @KERNEL")
    assert set(table["kind"]) == set(KERNEL)
    for row in table.itertuples():
        kernel, groups = KERNEL[row.kind], GROUPS[row.kind](row.channels)
        sizes = (row.channels, row.channels, kernel, row.size)
        layer = cost.conv2d(*sizes, padding=kernel // 2, groups=groups)
        values = 2 * row.channels * row.size**2 + layer.params
        assert (row.params, row.macs, row.bytes) == (layer.params, layer.macs, 4 * values)


def test_the_roofline_was_measured_fairly() -> None:
    table, record = studies.table("roofline"), studies.provenance("roofline")
    assert record["threads"] == 1
    assert record["runs"] >= 20
    assert record["clock"] in ("wall", "cpu")
    assert (table["low_ms"] > 0).all()
    assert (table["low_ms"] <= table["median_ms"]).all()
    assert (table["median_ms"] <= table["high_ms"]).all()


def test_every_kind_was_measured_at_every_stage() -> None:
    table = studies.table("roofline").query("kind in @KERNEL")
    stages = {
        kind: set(zip(g["channels"], g["size"], strict=True)) for kind, g in table.groupby("kind")
    }
    assert len(stages["standard"]) >= 6
    assert all(found == stages["standard"] for found in stages.values())


def test_labcode_counts_the_tiny_models_as_one_does_by_hand() -> None:
    causes = studies.table("count_causes").set_index("model")
    convolution, attention = 4 * 3 * 3 * 3 * 3 * 3, 4 * 5 * 8 * 8 + 2 * 5 * 5 * 8
    truth = causes["by_hand"].drop("attention")
    assert (truth == convolution).all()
    assert causes.loc["attention", "by_hand"] == attention
    assert (causes["labcode"] == causes["by_hand"]).all()
