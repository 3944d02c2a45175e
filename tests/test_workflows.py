"""What GitHub runs: well formed, safe, and nothing but the Makefile's own targets."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.specifiers import SpecifierSet

ROOT = Path(__file__).parent.parent
WORKFLOWS = sorted((ROOT / ".github/workflows").glob("*.yml"))
GOOD = """\
name: good
on: push
permissions: {}
concurrency: {group: good, cancel-in-progress: true}
jobs:
  one:
    name: one
    runs-on: ubuntu-24.04
    timeout-minutes: 5
    steps:
      - uses: actions/checkout@de0fac2e4500dabe0009e67214ff5f5447ce83dd # v6.0.2
        with: {persist-credentials: false}
"""


def check(folder: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(ROOT / "tools/workflows.py"), str(folder)]
    return subprocess.run(command, capture_output=True, text=True)


def steps(path: Path) -> list[dict]:
    jobs = yaml.safe_load(path.read_text(encoding="utf-8"))["jobs"].values()
    return [step for job in jobs for step in job["steps"]]


@pytest.mark.slow
def test_ours_pass() -> None:
    done = check(ROOT / ".github")
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.slow
@pytest.mark.parametrize(
    ("good", "bad", "complaint"),
    [
        ("name: good\n", "name: good\n", None),
        ("timeout-minutes", "timeout", "'timeout' was unexpected"),
        ("runs-on", "run-on", "'runs-on' is a required property"),
        ("on: push", "on: pusht", "'pusht' is not"),
        ("de0fac2e4500dabe0009e67214ff5f5447ce83dd", "v6", "unpinned-uses"),
        ("{persist-credentials: false}", "{}", "artipacked"),
        ("permissions: {}", "permissions: write-all", "excessive-permissions"),
    ],
)
def test_a_broken_one_fails(tmp_path, good, bad, complaint) -> None:
    folder = tmp_path / ".github"  # zizmor looks for workflows nowhere else
    (folder / "workflows").mkdir(parents=True)
    (folder / "workflows/a.yml").write_text(GOOD.replace(good, bad))
    done = check(folder)
    assert bool(done.returncode) == (complaint is not None), done.stdout + done.stderr
    assert (complaint or "") in done.stdout + done.stderr


def test_a_folder_without_workflows_fails(tmp_path) -> None:
    assert check(tmp_path).returncode


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_it_runs_targets_of_the_makefile_and_sets_variables_that_it_reads(path: Path) -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    run = "\n".join(step.get("run", "") for step in steps(path))
    calls = re.findall(r"^make (\S+)(.*)$", run, re.MULTILINE)
    assert calls
    for target, settings in calls:
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target
        for name in re.findall(r"(\w+)=", settings):
            assert re.search(rf"^{name}\s*\?=|\$\({name}\)", makefile, re.MULTILINE), name


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_every_action_is_pinned_and_its_version_told(path: Path) -> None:
    used = re.findall(r"uses: (.*)", path.read_text(encoding="utf-8"))
    assert used
    for use in used:
        assert re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", use), use


def test_each_python_is_one_that_the_project_supports() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    named = [
        version
        for path in WORKFLOWS
        for version in re.findall(r'"(3\.\d+)"', path.read_text(encoding="utf-8"))
    ]
    assert set(named) >= {"3.11", "3.14"}
    assert not [v for v in named if v not in SpecifierSet(project["requires-python"])]
    start = "Programming Language :: Python :: 3."
    told = {c.rsplit(" ", 1)[1] for c in project.get("classifiers", []) if c.startswith(start)}
    assert not told or set(named) <= told
