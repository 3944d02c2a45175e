"""A sweep keeps what it has finished and says how its rows were made."""

import json
from pathlib import Path

import pytest

from experiments import record
from labcode import studies


@pytest.fixture(autouse=True)
def own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(record, "FOLDER", tmp_path)
    monkeypatch.setattr(record, "HALFWAY", tmp_path / "halfway")
    return tmp_path


SETTINGS = [{"width": width, "seed": seed} for width in (1, 2) for seed in (0, 1)]


def test_rows_hold_their_settings_and_the_function_is_named(own_folders: Path) -> None:
    def trial(width: int, seed: int) -> record.Row:
        return {"area": width**2 + seed}

    record.measure("areas", trial, SETTINGS, script="experiments/record.py", data="none")
    lines = (own_folders / "areas.csv").read_text().splitlines()
    assert lines == ["width,seed,area", "1,0,1", "1,1,2", "2,0,4", "2,1,5"]
    made = json.loads((own_folders / "areas.json").read_text())
    assert made["function"].endswith("trial")
    assert made["data"] == "none"
    assert not list((own_folders / "halfway").iterdir())


def test_a_stopped_sweep_goes_on_where_it_stopped(own_folders: Path) -> None:
    calls = []

    def trial(width: int, seed: int) -> record.Row:
        calls.append((width, seed))
        if len(calls) == 3:
            raise KeyboardInterrupt
        return {"area": width}

    with pytest.raises(KeyboardInterrupt):
        record.measure("areas", trial, SETTINGS, script="experiments/record.py")
    assert not (own_folders / "areas.csv").exists()
    record.measure("areas", trial, SETTINGS, script="experiments/record.py")
    assert calls == [(1, 0), (1, 1), (2, 0), (2, 0), (2, 1)]
    assert len((own_folders / "areas.csv").read_text().splitlines()) == 5


def test_tables_are_made_by_name_or_all(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[str] = []
    tables = {name: lambda name=name: made.append(name) for name in ("first", "second")}
    for words in (["second"], []):
        monkeypatch.setattr("sys.argv", ["script", *words])
        record.run_tables(tables, "Make tables.")
    assert made == ["second", "first", "second"]


def test_an_unknown_table_is_named_and_nothing_is_made(monkeypatch, capsys) -> None:
    made: list[str] = []
    monkeypatch.setattr("sys.argv", ["script", "first", "third"])
    with pytest.raises(SystemExit):
        record.run_tables({"first": lambda: made.append("first")}, "Make tables.")
    assert made == []
    assert "'third'; choose from first" in capsys.readouterr().err


@pytest.mark.parametrize(
    "name", [name for name in studies.names() if "function" in studies.provenance(name)]
)
def test_the_function_that_made_a_table_is_still_there(name: str) -> None:
    module, _, function = studies.provenance(name)["function"].rpartition(".")
    assert callable(getattr(__import__(module, fromlist=[function]), function))
