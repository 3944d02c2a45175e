"""Which notebooks are run, and as which machines."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tools import nbval, portable


def git(folder: Path, *words: str) -> None:
    who = ["-c", "user.name=A", "-c", "user.email=a@b.invalid"]
    subprocess.run(["git", *who, *words], cwd=folder, check=True, capture_output=True)


@pytest.fixture
def repository(tmp_path) -> Path:
    """A repository with two committed notebooks and a page."""
    for name in ("one/first.ipynb", "two/second é.ipynb", "one/page.md"):
        (tmp_path / "book" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "book" / name).write_text("{}")
    git(tmp_path, "init", "-q")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-q", "-m", "start")
    return tmp_path


def test_only_takes_the_notebooks_whose_path_holds_the_word(repository) -> None:
    both = ["book/one/first.ipynb", "book/two/second é.ipynb"]
    assert nbval.notebooks("", repository) == both
    assert nbval.notebooks("two", repository) == both[1:]
    assert nbval.notebooks("one/fir", repository) == both[:1]
    with pytest.raises(SystemExit, match="ONLY=three: no notebook's path holds that word"):
        nbval.notebooks("three", repository)
    with pytest.raises(SystemExit, match="ONLY=book"):  # each path holds this: it chooses nothing
        nbval.notebooks("book", repository)


def test_changed_are_those_that_the_last_commit_does_not_hold(repository) -> None:
    assert nbval.changed(repository) == []
    (repository / "book/one/page.md").write_text("changed")
    (repository / "book/two/second é.ipynb").write_text('{"a": 1}')
    (repository / "book/one/new.ipynb").write_text("{}")
    assert nbval.changed(repository) == ["book/one/new.ipynb", "book/two/second é.ipynb"]
    git(repository, "add", ".")
    (repository / "book/one/first.ipynb").unlink()  # what is gone cannot be run
    assert nbval.changed(repository) == ["book/one/new.ipynb", "book/two/second é.ipynb"]
    git(repository, "commit", "-q", "-m", "more")
    assert nbval.changed(repository) == []


def test_each_processor_runs_with_one_thread_and_with_two() -> None:
    found = list(portable.passes("own", ["python3.12"]))
    played = {(told.get("ONEDNN_MAX_CPU_ISA"), told["OMP_NUM_THREADS"]) for _, own, told in found}
    assert played == {(isa, n) for isa in ("SSE41", "AVX2", None) for n in ("1", "2")}
    assert [python for _, python, _ in found] == [*["own"] * 6, "python3.12"]
    assert len({title for title, _, _ in found}) == 7


@pytest.mark.slow
def test_pytorch_obeys_what_a_pass_tells_it() -> None:
    code = "import torch; print(torch.backends.cpu.get_cpu_capability(), torch.get_num_threads())"
    told = dict(portable.PROCESSORS["SSE4.1"], OMP_NUM_THREADS="2")
    environment = {**os.environ, **told}
    line = [sys.executable, "-c", code]
    run = subprocess.run(line, env=environment, capture_output=True, text=True, check=True)
    assert run.stdout.split() == ["DEFAULT", "2"]


def test_the_passes_that_failed_are_counted(monkeypatch) -> None:
    monkeypatch.setattr(portable, "check", lambda python, told, paths: "AVX2" not in told.values())
    monkeypatch.setattr(portable, "pythons_here", list)
    monkeypatch.setattr(sys, "argv", ["portable", "--only", "pruning"])
    assert portable.main() == 2


def test_a_python_that_does_not_start_is_named() -> None:
    assert portable.answers(sys.executable) == f"{sys.version_info.major}.{sys.version_info.minor}"
    with pytest.raises(SystemExit, match="PYTHONS: nowhere does not start"):
        portable.environment("nowhere")
