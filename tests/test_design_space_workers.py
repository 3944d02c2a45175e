"""Many workers on one study, and what is left when one is killed."""

import json
import multiprocessing
import os
import signal
import sys
import threading
import time

import pytest
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend
from optuna.trial import TrialState

from labcode import search
from labcode.search.explore import count, open_study
from labcode.search.journal import FileLock, cut_torn_end

SLOW = f"{__name__}:slow"


def work(x):
    time.sleep(0.15)
    return {"y": float(x) ** 2}


slow = search.Problem({"x": tuple(range(50))}, {"y": "minimize"}, work)


@pytest.fixture(autouse=True)
def importable(monkeypatch):
    """Let the workers import this file."""
    root = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    monkeypatch.setenv("PYTHONPATH", root)


def wait_until(true, seconds=60):
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.02)


def open_slow(where):
    storage = search.open_storage(where, heartbeat=1, grace=3)
    return open_study(slow, storage, "design space")


def start(where, **options):
    return search.start_workers(
        SLOW, storage=where, sampler="random", heartbeat=1, grace=3, **options
    )


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL")
def test_a_killed_worker_loses_its_trial_alone_and_the_study_goes_on(tmp_path):
    where = tmp_path / "study.journal"
    first, *others = start(where, n_trials=40, workers=3)
    study = open_slow(where)
    try:

        def at_work():
            running = study.get_trials(deepcopy=False, states=(TrialState.RUNNING,))
            return [t for t in running if t.user_attrs.get("worker", "").endswith(f":{first.pid}")]

        wait_until(lambda: count(study, TrialState.COMPLETE) >= 3 and at_work())
        os.kill(first.pid, signal.SIGKILL)
        first.wait()
        lost = at_work()
        before = {t.number: t.values for t in study.get_trials(states=(TrialState.COMPLETE,))}
        search.wait_for(others, study, 40, progress=False)
    finally:
        for worker in (first, *others):
            worker.kill()
    after = {t.number: t for t in study.trials}
    assert all(after[number].values == values for number, values in before.items())
    done = [t for t in after.values() if t.state == TrialState.COMPLETE]
    assert len(done) == 40
    assert all(t.values == [float(t.params["x"]) ** 2] for t in done)
    failed = [t for t in after.values() if t.state == TrialState.FAIL]
    failed = [t for t in failed if not t.user_attrs.get("surplus")]
    # The signal may arrive between two trials, when there is nothing to lose.
    assert {t.number for t in failed} == {t.number for t in lost}
    for trial in failed:
        assert any(t.system_attrs.get("failed_trial") == trial.number for t in done)
    assert count(study, TrialState.RUNNING, TrialState.WAITING) == 0


@pytest.mark.slow
def test_four_workers_share_the_trials_and_make_no_more(tmp_path):
    where = tmp_path / "study.journal"
    workers = start(where, n_trials=24, workers=4)
    study = open_slow(where)
    search.wait_for(workers, study, 24, progress=False)
    found = search.table(study, slow)
    assert len(found) == 24
    assert [worker.returncode for worker in workers] == [0, 0, 0, 0]
    assert set(found["worker"].str.rpartition(":")[2].astype(int)) <= {w.pid for w in workers}
    assert found["worker"].nunique() > 1


def test_all_killed_and_started_again(tmp_path):
    where = tmp_path / "study.journal"
    workers = start(where, n_trials=30, workers=2)
    study = open_slow(where)
    wait_until(lambda: count(study, TrialState.COMPLETE) >= 2)
    for worker in workers:
        worker.kill()
        worker.wait()
    kept = count(study, TrialState.COMPLETE)
    assert kept < 30
    search.wait_for(start(where, n_trials=30, workers=2, seed=9), study, 30, progress=False)
    assert count(study, TrialState.COMPLETE) == 30
    assert count(study, TrialState.FAIL) <= 2 + sum("surplus" in t.user_attrs for t in study.trials)


def test_workers_that_fail_are_told(tmp_path):
    where = tmp_path / "study.journal"
    problem = f"{__name__}:broken"
    workers = search.start_workers(problem, storage=where, n_trials=3, workers=1)
    study = open_study(broken, search.open_storage(where), "design space")
    with pytest.raises(RuntimeError, match=r"exit codes \[1\] after 0 of 3 trials"):
        search.wait_for(workers, study, 3, progress=False)


def fall(x):
    raise OSError("no disk")


broken = search.Problem({"x": (1, 2)}, {"y": "minimize"}, fall)


@pytest.mark.parametrize("torn", ['{"op_code": 4, "wor', "x" * 200_000])
def test_a_record_written_by_half_is_cut_off_before_the_next(tmp_path, torn):
    where = tmp_path / "study.journal"
    search.explore(slow, n_trials=2, storage=where)
    whole = where.read_bytes()
    with where.open("a") as file:
        file.write(torn)
    study = search.explore(slow, n_trials=4, storage=where)
    assert count(study, TrialState.COMPLETE) == 4
    assert where.read_bytes().startswith(whole)
    assert all(json.loads(line) for line in where.read_text().splitlines())
    plain = JournalStorage(JournalFileBackend(str(where)))  # Optuna's own can read it
    assert len(plain.get_all_trials(plain.get_all_studies()[0]._study_id)) == 4


def test_cutting_leaves_whole_files_alone(tmp_path):
    file = tmp_path / "lines"
    for text, kept in (("", ""), ("a\nb\n", "a\nb\n"), ("a\nb", "a\n"), ("b", "")):
        file.write_text(text)
        assert cut_torn_end(file) == len(text) - len(kept)
        assert file.read_text() == kept


def hold(path, held):
    FileLock(path).acquire()
    held.set()
    time.sleep(600)


@pytest.mark.skipif(sys.platform == "win32", reason="no lock of the system")
def test_the_lock_of_a_killed_worker_is_free_at_once(tmp_path, monkeypatch):
    (tmp_path / "runs").mkdir()
    monkeypatch.chdir(tmp_path)
    where = "runs/study.journal"
    search.explore(slow, n_trials=1, storage=where)
    spawn = multiprocessing.get_context("spawn")
    held = spawn.Event()
    process = spawn.Process(target=hold, args=((tmp_path / where), held))
    process.start()
    assert held.wait(60)
    threading.Timer(0.5, process.kill).start()
    begin = time.monotonic()
    study = search.explore(slow, n_trials=2, storage=where)
    assert process.exitcode is not None or not process.is_alive()  # nobody wrote before
    assert time.monotonic() - begin < 30  # far below the minute after which workers count as dead
    assert count(study, TrialState.COMPLETE) == 2


def test_a_worker_that_slept_does_not_fall_over_its_trial(tmp_path):
    where = tmp_path / "study.journal"

    def sleepy(x):
        other = open_slow(where)  # meanwhile others took it for dead
        if len(other.trials) == 1:
            other.tell(0, state=TrialState.FAIL)
        return {"y": x}

    problem = search.Problem(slow.space, slow.aims, sleepy)
    study = search.explore(problem, n_trials=2, storage=where)
    assert [t.state.name for t in study.trials] == ["FAIL", "COMPLETE", "COMPLETE"]


def test_a_worker_taken_for_dead_at_the_last_moment_goes_on(tmp_path, monkeypatch):
    where = tmp_path / "study.journal"
    storage = search.open_storage(where)
    real, told = storage.set_trial_state_values, []

    def late(trial_id, state, values=None):
        if state == TrialState.COMPLETE and not told:
            told.append(trial_id)
            real(trial_id, TrialState.FAIL)  # another worker is faster by a moment
        return real(trial_id, state, values)

    monkeypatch.setattr(storage, "set_trial_state_values", late)
    study = search.explore(slow, n_trials=1, storage=storage)
    assert [t.state.name for t in study.trials] == ["FAIL", "COMPLETE"]
