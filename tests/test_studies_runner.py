"""The runner: the same rows whoever does the runs, and nothing finished is lost or done twice."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from distributed import LocalCluster

from labcode import studies, weights
from labcode.data import DownloadError
from labcode.studies import page_data, runner, runs
from labcode.studies.definition import Table, grid
from labcode.studies.workers import engine, here
from tests import tiny_study

pytestmark = pytest.mark.slow  # workers are processes
ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    tiny_study.use(tmp_path, put=monkeypatch.setattr)
    return tmp_path


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """Start a scheduler with two workers."""
    with LocalCluster(n_workers=2, threads_per_worker=2, dashboard_address=":0") as cluster:
        yield cluster.scheduler_address


def stored(folder: Path, name: str) -> str:
    return (folder / "tables/tiny" / f"{name}.csv").read_text()


def made(folder: Path, *tables, how=here) -> list[str]:
    told: list[str] = []
    runner.make(tables, engine=how, command="a command", tell=told.append)
    return told


def test_rows_hold_their_settings_first_and_stand_in_their_order(folder: Path) -> None:
    made(folder, tiny_study.AREAS)
    lines = [line.split(",") for line in stored(folder, "tiny_areas").splitlines()]
    assert lines[0] == ["width", "seed", "area", "number", "forgotten"]
    settings = [[w, s] for w in "31" for s in "102" for _ in (1, 2)]
    assert [line[:2] for line in lines[1:]] == settings
    assert [int(line[2]) for line in lines[1:]] == [3, 6] * 3 + [1, 2] * 3


def test_the_rows_are_the_same_whoever_does_the_runs(folder: Path, address: str) -> None:
    """In this process, in two others, and on a cluster whose workers have two threads each."""
    made(folder, tiny_study.AREAS)
    alone = stored(folder, "tiny_areas")
    for where in ({"jobs": 2}, {"scheduler": address}):
        (folder / "tables/tiny/tiny_areas.csv").unlink()
        with engine(**where) as workers:
            made(folder, tiny_study.AREAS, how=workers)
        assert stored(folder, "tiny_areas") == alone


def test_the_run_of_a_killed_worker_is_done_again(folder: Path, address: str, monkeypatch) -> None:
    table = Table("tiny_mortal", tiny_study.mortal_row, grid(folder=[str(folder)], seed=range(4)))
    tiny_study.use(folder, table, put=monkeypatch.setattr)
    with engine(scheduler=address) as workers:
        made(folder, table, how=workers)
    rows = studies.table("tiny_mortal")
    assert rows["square"].tolist() == [0, 1, 4, 9]
    assert len(list(folder.glob("2-*"))) == 2, (
        "seed 2 took one process that was killed, and one more"
    )


def test_a_sweep_that_is_interrupted_keeps_what_is_finished(folder: Path) -> None:
    """Ctrl-C while a worker is at seed 2 and another has done the rest; then seed 2 alone."""
    command = [sys.executable, "-m", "tests.tiny_study", str(folder), "tiny_slow"]
    # A process that a script began with "&" cannot hear Ctrl-C, and hands that on to its own.
    usual = signal.signal(signal.SIGINT, signal.default_int_handler)
    process = subprocess.Popen(
        [*command, "--jobs", "2"], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    signal.signal(signal.SIGINT, usual)
    kept = folder / "_build/tiny_slow.jsonl"
    wait_for(lambda: kept.exists() and len(kept.read_text().splitlines()) == 3)
    wait_for(lambda: "2\n" in (folder / "started").read_text())
    process.send_signal(signal.SIGINT)
    told, _ = process.communicate(timeout=300)
    assert process.returncode == 130
    assert "Finished runs are kept in _build" in told
    assert not (folder / "tables/tiny/tiny_slow.csv").exists()
    before = (folder / "started").read_text()
    assert sorted(before.split()) == ["0", "1", "2", "3"]
    (folder / "go").touch()
    subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE)
    assert (folder / "started").read_text() == before + "2\n"
    squares = [line.split(",")[2] for line in stored(folder, "tiny_slow").splitlines()[1:]]
    assert squares == ["0", "1", "4", "9"]
    assert not kept.exists()


def wait_for(condition) -> None:
    end = time.monotonic() + 300
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.02)


def test_finished_tables_wait_until_all_are_stored(folder: Path, monkeypatch) -> None:
    """Stopped in the second table, the next start does not train the first one again."""
    seen: list[str] = []

    def first(seed: int) -> dict:
        seen.append("first")
        return {"value": seed}

    def second(seed: int) -> dict:
        seen.append("second")
        if seen.count("second") == 1:
            raise KeyboardInterrupt
        return {"value": seed}

    tables = [Table(f.__name__, f, grid(seed=(0, 1))) for f in (first, second)]
    tiny_study.use(folder, *tables, put=monkeypatch.setattr)
    with pytest.raises(KeyboardInterrupt):
        made(folder, *tables)
    made(folder, *tables)
    assert seen == ["first", "first", "second", "second", "second"]
    assert not list((folder / "_build").iterdir())


def test_tables_are_made_in_the_order_of_their_needs(folder: Path) -> None:
    told = made(folder, *tiny_study.STUDY.tables)
    names = [line.split(":")[0].split()[0] for line in told]
    assert names == ["tiny_areas", "tiny_totals", "tiny_later", "tiny_times", "tiny_page"]
    assert "python benchmarks/tiny.py" in told[3]
    assert stored(folder, "tiny_totals") == "total\n36\n"
    assert stored(folder, "tiny_later") == "seed,size\n36,2\n7,0\n"
    assert weights.read("36.bin") == bytes([36, 255])
    made_by = "tests.tiny_study.packed_row"
    assert weights.store.entry("36.bin").items() >= {"network": "tiny", "made_by": made_by}.items()
    page = folder / page_data.FOLDER / "tiny_page.json"
    assert json.loads(page.read_text()) == {"rows": 2}


def test_a_needed_table_must_be_stored(folder: Path) -> None:
    with pytest.raises(KeyError, match="no stored table 'tiny_areas'"):
        made(folder, tiny_study.TOTALS)


def test_without_a_connection_the_stored_table_stays_and_the_rest_is_made(
    folder: Path, monkeypatch
) -> None:
    def offline(seed: int) -> dict:
        raise DownloadError("no connection")

    table = Table("tiny_offline", offline, grid(seed=(0,)))
    tiny_study.use(folder, table, put=monkeypatch.setattr)
    told = made(folder, table, tiny_study.AREAS)
    assert told[0] == "tiny_offline: not made, the stored table stays as it is: no connection"
    assert told[1].startswith("tiny_areas: stored")


def test_a_line_that_was_cut_off_is_a_run_to_be_done(folder: Path) -> None:
    finished = runs.Finished("areas")
    finished.keep({"seed": 0}, {"rows": [{"a": 1}]})
    with finished.path.open("a") as file:
        file.write('{"key": "{\\"seed\\": 1}", "ro')
    again = runs.Finished("areas")
    assert again.get({"seed": 0})["rows"] == [{"a": 1}]
    assert again.get({"seed": 1}) is None


def test_the_provenance_says_what_was_done(folder: Path) -> None:
    made(folder, tiny_study.AREAS)
    record = studies.provenance("tiny_areas")
    assert record["command"] == "a command"
    assert record["function"] == "tests.tiny_study.area_rows"
    assert record["data"] == "none"
    assert record["cores"] == os.cpu_count()
    assert {"python", "torch", "labcode"} <= set(record["versions"])
    assert record["seconds"] >= 0
    assert list(json.loads((folder / "tables/tiny/provenance.json").read_text())) == ["tiny_areas"]


def test_workers_must_make_sense() -> None:
    with pytest.raises(ValueError, match="jobs must be 1 or more, got 0"), engine(jobs=0):
        pass
    with pytest.raises(ValueError, match="a scheduler brings its own"), engine(2, "tcp://a:1"):
        pass
