"""Many workers on one study, and what is left when one is killed."""

import os
import subprocess
import sys
import threading
import time
import uuid

import pytest
from optuna.storages import InMemoryStorage
from optuna.trial import TrialState

from labcode import search
from labcode.search.explore import nothing_to_do, open_study
from labcode.search.lost import Patience
from labcode.search.storage import open_storage, retry
from labcode.search.trial import count, is_retry, is_surplus, measure, one_trial
from tests.postgres_server import make_database, server
from tests.slow_problem import broken, slow

pytestmark = pytest.mark.slow  # each starts workers, some on a server of their own

MODULE = "tests.slow_problem"
GRACE = 8  # seconds: a busy machine may be late with its signs of life


@pytest.fixture(autouse=True)
def importable(monkeypatch):
    """Let the workers import the problems."""
    root = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    monkeypatch.setenv("PYTHONPATH", root)


@pytest.fixture(scope="module")
def postgres():
    """A server of this module's own: in parallel runs each process has one."""
    with server() as address:
        yield address


@pytest.fixture(params=["file", "postgresql"])
def where(request, tmp_path):
    """A new place for a study: a file, and a database that many machines could reach."""
    if request.param == "file":
        return tmp_path / "study.db"
    return make_database(request.getfixturevalue("postgres"), f"study_{uuid.uuid4().hex}")


@pytest.fixture
def meeting(tmp_path, monkeypatch):
    """Let no worker of the problem "together" finish before so many are there."""
    (tmp_path / "meeting").mkdir()
    monkeypatch.setenv("MEETING", str(tmp_path / "meeting"))
    return lambda present: monkeypatch.setenv("PRESENT", str(present))


def wait_until(true, seconds=180):
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.02)


def open_slow(where, grace=GRACE):
    return open_study(slow, search.open_storage(where, heartbeat=1, grace=grace), "design space")


def start(where, problem="slow", **options):
    return search.start_workers(
        f"{MODULE}:{problem}",
        storage=where,
        sampler="random",
        heartbeat=1,
        grace=GRACE,
        **options,
    )


def take_for_dead(where):
    """Do with the first trial what the others do when its worker gives no sign of life."""
    other = open_slow(where)
    other.tell(0, state=TrialState.FAIL)
    retry(other, other.trials[0])


def assert_measured_again(study, where, lost):
    """Another worker measures the setting 7; ``lost`` is what the dead one had chosen of it."""
    search.explore(slow, n_trials=1, storage=search.open_storage(where, heartbeat=1, grace=2))
    found = [(t.state.name, t.params) for t in study.trials]
    assert found == [("FAIL", lost), ("COMPLETE", {"x": 7})]


def lost_trials(study):
    """The trials that failed, but for those that gave way."""
    failed = study.get_trials(states=(TrialState.FAIL,))
    return [trial for trial in failed if "surplus" not in trial.user_attrs]


def test_a_killed_worker_loses_its_trial_alone_and_the_study_goes_on(where, meeting, monkeypatch):
    meeting(3)
    monkeypatch.setenv("LAST", "0")  # stuck in its first: it cannot come too late to have a part
    (first,) = start(where, "together", n_trials=14, workers=1)
    monkeypatch.delenv("LAST")
    others = start(where, "together", n_trials=14, workers=2, seed=1)
    study = open_slow(where)
    try:

        def at_work():
            running = study.get_trials(deepcopy=False, states=(TrialState.RUNNING,))
            return [t for t in running if t.user_attrs.get("worker", "").endswith(f":{first.pid}")]

        wait_until(lambda: count(study, TrialState.COMPLETE) >= 3 and at_work())
        first.kill()  # SIGKILL: it cannot clean up
        first.wait()
        before = {t.number: t.values for t in study.get_trials(states=(TrialState.COMPLETE,))}
        search.wait_for(others, study, 14, progress=False)
    finally:
        for worker in (first, *others):
            worker.kill()
    after = {t.number: t for t in study.trials}
    assert all(after[number].values == values for number, values in before.items())
    done = [t for t in after.values() if t.state == TrialState.COMPLETE]
    assert len(done) == 14
    assert all(t.values == [float(t.params["x"]) ** 2] for t in done)
    (lost,) = lost_trials(study)
    (again,) = [t for t in done if t.system_attrs.get("failed_trial") == lost.number]
    assert lost.user_attrs["worker"].endswith(f":{first.pid}")
    assert lost.params.items() <= again.params.items()  # measured once, by another
    assert not again.user_attrs["worker"].endswith(f":{first.pid}")
    assert sum(is_retry(trial) for trial in done) == 1
    assert count(study, TrialState.RUNNING, TrialState.WAITING) == 0


def test_four_workers_share_the_trials_and_make_no_more(where, meeting):
    meeting(4)
    workers = start(where, "together", n_trials=10, workers=4)
    study = open_slow(where)
    search.wait_for(workers, study, 10, progress=False)
    found = search.table(study, slow)
    assert len(found) == 10
    assert lost_trials(study) == []
    assert [worker.returncode for worker in workers] == [0, 0, 0, 0]
    assert set(found["worker"].str.rpartition(":")[2].astype(int)) == {w.pid for w in workers}


def test_all_killed_and_started_again(where, monkeypatch):
    monkeypatch.setenv("LAST", "2")
    workers = start(where, n_trials=12, workers=2)
    monkeypatch.delenv("LAST")
    study = open_slow(where)
    wait_until(lambda: count(study, TrialState.COMPLETE) >= 2)
    for worker in workers:
        worker.kill()
        worker.wait()
    assert count(study, TrialState.COMPLETE) in (2, 3, 4)
    search.wait_for(start(where, n_trials=12, workers=2, seed=9), study, 12, progress=False)
    assert count(study, TrialState.COMPLETE) == 12
    assert len(lost_trials(study)) <= 2


def test_workers_started_at_once_make_the_place_together(where):
    command = [sys.executable, "-m", "labcode.search", f"{MODULE}:slow", "--storage", str(where)]
    command += ["--trials", "8", "--sampler", "random"]
    workers = [subprocess.Popen(command) for _ in range(4)]
    assert [worker.wait(300) for worker in workers] == [0, 0, 0, 0]
    assert count(open_slow(where), TrialState.COMPLETE) == 8


def test_no_two_workers_take_the_same_trial(where):
    study = open_slow(where)
    search.queue_grid(study, slow)
    taken, begin = [], threading.Barrier(5)

    def take():
        mine = open_slow(where)
        begin.wait()
        for _ in range(10):
            with pytest.warns(UserWarning, match="Heartbeat of storage"):
                taken.append(mine.ask().number)

    threads = [threading.Thread(target=take) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(taken) == list(range(50))


def test_workers_that_fail_are_told(tmp_path):
    where = tmp_path / "study.db"
    problem = f"{MODULE}:broken"
    workers = search.start_workers(problem, storage=where, n_trials=3, workers=1)
    study = open_study(broken, search.open_storage(where), "design space")
    with pytest.raises(RuntimeError, match=r"exit codes \[1\] after 0 of 3 trials"):
        search.wait_for(workers, study, 3, progress=False)


@pytest.mark.filterwarnings("ignore:Heartbeat of storage")
def test_a_worker_killed_before_its_first_sign_of_life_loses_no_setting(where):
    study = open_slow(where, grace=2)
    study.enqueue_trial({"x": 7})
    study.ask()  # and no more is heard of it
    assert_measured_again(study, where, lost={})


@pytest.mark.filterwarnings("ignore:Heartbeat of storage")
def test_a_worker_killed_at_its_work_loses_no_setting(where):
    """Its name stands; Optuna's own first sign of life, from a thread, has not come yet."""

    def die(x):
        raise SystemExit

    study = open_slow(where, grace=2)
    study.enqueue_trial({"x": 7})
    with pytest.raises(SystemExit):
        measure(study.ask(), search.Problem(slow.space, slow.aims, die))
    assert "worker" in study.trials[0].user_attrs  # and no more is heard of it
    assert_measured_again(study, where, lost={"x": 7})


@pytest.mark.filterwarnings("ignore:Heartbeat of storage")
def test_a_worker_that_comes_between_failing_and_queueing_takes_nothing_away(where, monkeypatch):
    """A dead worker's trial is failed first and queued after: a slow machine may stop between."""
    between = []

    def slowly(study, trial):
        other = open_slow(where, grace=2)
        between.append(nothing_to_do(other, 2))
        one_trial(other, slow, 2)  # one that had looked before, and asks all the same
        retry(study, trial)

    monkeypatch.setattr(search.storage, "retry", slowly)
    study = open_slow(where, grace=2)
    study.enqueue_trial({"x": 7})
    measure(study.ask(), slow)  # and no more is heard of it
    storage = open_storage(where, heartbeat=1, grace=2)
    search.explore(slow, n_trials=2, storage=storage)
    assert between == [True]
    assert [t.params for t in lost_trials(study)] == [{"x": 7}]
    done = study.get_trials(states=(TrialState.COMPLETE,))
    assert len(done) == 2
    assert sum(is_retry(trial) and trial.params == {"x": 7} for trial in done) == 1
    assert count(study, TrialState.RUNNING, TrialState.WAITING) == 0


@pytest.mark.filterwarnings("ignore:Heartbeat of storage")
def test_a_worker_killed_between_failing_and_queueing_loses_no_setting(where):
    study = open_slow(where, grace=2)
    study.enqueue_trial({"x": 7})
    study.ask()
    study.tell(0, state=TrialState.FAIL)  # and whoever did it is heard of no more
    assert_measured_again(study, where, lost={})


@pytest.mark.filterwarnings("ignore:Heartbeat of storage")
def test_patience_begins_anew_when_another_worker_has_marked_the_trial(where):
    """Else all who waited for it would queue it at once, beside the one who marked it."""
    study = open_slow(where, grace=2)
    study.ask()
    patience = Patience(open_storage(where, heartbeat=1, grace=2))
    patience.queue_again(study)
    time.sleep(2.1)
    study.tell(0, state=TrialState.FAIL)  # by another worker, who is about to queue it
    patience.queue_again(study)
    assert len(study.trials) == 1
    time.sleep(2.1)
    patience.queue_again(study)
    assert [t.state.name for t in study.trials] == ["FAIL", "WAITING"]


def test_the_one_who_repeats_a_lost_trial_stands_in_its_place():
    """However late it is queued: a later asker that was stopped meanwhile does not pass it."""
    study = open_study(slow, InMemoryStorage(), "design space")
    lost = study.ask()
    one_trial(study, slow, 2)
    late = study.ask()  # stopped before it could look whether it is needed
    study.tell(lost, state=TrialState.FAIL)
    assert is_surplus(study, late.number, 2)
    for again in (3, 4):  # queued twice: the second is not needed
        retry(study, study.trials[lost.number])
        assert is_surplus(study, late.number, 2)
        assert is_surplus(study, again, 2) == (again == 4)
    one_trial(study, slow, 2)
    assert study.trials[3].state == TrialState.COMPLETE


def test_an_error_is_not_measured_again():
    study = open_study(broken, InMemoryStorage(), "design space")
    with pytest.raises(OSError, match="no disk"):
        search.explore(broken, n_trials=1, storage=study._storage)
    assert study.trials[0].user_attrs["error"] == "OSError('no disk')"
    search.explore(slow, n_trials=1, storage=study._storage)
    assert [t.state.name for t in study.trials] == ["FAIL", "COMPLETE"]
    assert not is_retry(study.trials[1])


def test_a_queued_setting_that_gives_way_is_queued_again():
    study = open_study(slow, InMemoryStorage(), "design space")
    search.queue_grid(study, slow)
    study.ask()  # another worker is at what is missing
    one_trial(study, slow, 1)
    assert [t.state.name for t in study.trials[:2]] == ["RUNNING", "FAIL"]
    assert "surplus" in study.trials[1].user_attrs
    waiting = study.get_trials(states=(TrialState.WAITING,))
    assert len(waiting) == 49
    assert waiting[-1].system_attrs["fixed_params"] == study.trials[1].params


def test_a_worker_that_slept_does_not_fall_over_its_trial(tmp_path):
    where = tmp_path / "study.db"

    def sleepy(x):
        if len(open_slow(where).trials) == 1:
            take_for_dead(where)
        return {"y": x, "note": "too late"}

    problem = search.Problem(slow.space, slow.aims, sleepy)
    study = search.explore(problem, n_trials=2, storage=where)
    assert [t.state.name for t in study.trials] == ["FAIL", "COMPLETE", "COMPLETE"]


@pytest.mark.parametrize("error", [ZeroDivisionError, KeyboardInterrupt])
def test_an_error_reaches_the_caller_though_the_trial_was_lost(tmp_path, error):
    where = tmp_path / "study.db"

    def sleepy(x):
        open_slow(where).tell(0, state=TrialState.FAIL)
        raise error("woken")

    with pytest.raises(error, match="woken"):
        search.explore(search.Problem(slow.space, slow.aims, sleepy), n_trials=1, storage=where)
    assert [t.state.name for t in open_slow(where).trials] == ["FAIL"]  # not queued twice


def test_a_worker_taken_for_dead_at_the_last_moment_goes_on(tmp_path, monkeypatch):
    where = tmp_path / "study.db"
    storage = search.open_storage(where)
    real, told = storage.set_trial_state_values, []

    def late(trial_id, state, values=None):
        if state == TrialState.COMPLETE and not told:
            told.append(trial_id)
            take_for_dead(where)  # another worker is faster by a moment
        return real(trial_id, state, values)

    monkeypatch.setattr(storage, "set_trial_state_values", late)
    study = search.explore(slow, n_trials=1, storage=storage)
    assert [t.state.name for t in study.trials] == ["FAIL", "COMPLETE"]
