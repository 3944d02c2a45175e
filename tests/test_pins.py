"""Pins are exact, agree with each other, and name no registry; Binder's follow them."""

import json
import re
import shlex
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from repo2docker.app import Repo2Docker

from tools import requirements, setup

ROOT = Path(__file__).parent.parent


def pins(name: str) -> list[Requirement]:
    lines = (ROOT / name).read_text(encoding="utf-8").splitlines()
    return [Requirement(line) for line in lines if line and line[0] not in "#-"]


def test_all_pins_are_exact() -> None:
    for name in setup.PINS.values():
        for pin in pins(name):
            assert re.fullmatch(r"==[\w.+!]+", str(pin.specifier)), f"{name}: {pin}"


def test_requirements_hold_what_pyproject_asks_for_and_labcode_itself() -> None:
    asked = requirements.asked_for(["notebooks", "site", "lab"], labcode=True)
    held: dict[str, list[str]] = {}
    for pin in pins("requirements.txt"):
        held.setdefault(canonicalize_name(pin.name), []).append(str(pin.specifier)[2:])
    for requirement in map(Requirement, asked):
        versions = held[canonicalize_name(requirement.name)]
        assert all(version in requirement.specifier for version in versions), requirement
    assert "-e ." in (ROOT / "requirements.txt").read_text().splitlines()


def test_binder_has_the_same_versions_for_the_cpu() -> None:
    held: dict[str, set[str]] = {}
    for pin in pins("requirements.txt"):
        held.setdefault(pin.name, set()).add(str(pin.specifier))
    binder = {pin.name: str(pin.specifier) for pin in pins("binder/requirements.txt")}
    for name, version in binder.items():
        if name in held:
            assert version.removesuffix("+cpu") in held[name], f"{name}: run `make requirements`"
    assert all(binder[name].endswith("+cpu") for name in ("torch", "torchvision"))
    assert not [name for name in binder if setup.CUDA_ONLY.match(name)]


def test_binder_has_all_that_runs_the_chapters_and_nothing_that_builds_the_site() -> None:
    binder = {
        canonicalize_name(pin.name): str(pin.specifier)[2:]
        for pin in pins("binder/requirements.txt")
    }
    for asked in requirements.asked_for(["notebooks", "lab", "binder"], labcode=True):
        requirement = Requirement(asked)
        version = binder[canonicalize_name(requirement.name)].partition("+")[0]
        assert version in requirement.specifier, asked
    builds_the_site = ("sphinx", "jupyter-book", "myst", "nodejs", "pydata", "pybtex")
    assert not [name for name in binder if name.startswith(builds_the_site)]


@pytest.mark.slow
def test_repo2docker_accepts_the_folder_and_writes_its_dockerfile(monkeypatch) -> None:
    monkeypatch.chdir(ROOT)
    app = Repo2Docker()
    packs = (pack(app.base_image) for pack in app.buildpacks)
    pack = next(pack for pack in packs if pack.detect())
    pack.platform = "linux/amd64"
    assert type(pack).__name__ == "PythonBuildPack"
    assert pack.python_version == requirements.BINDER_PYTHON
    dockerfile = pack.render({})
    assert "binder/requirements.txt" in dockerfile
    assert "binder/postBuild" in dockerfile
    assert "binder/start" in dockerfile


def test_binder_opens_jupyterlab_on_the_landing_notebook() -> None:
    start = (ROOT / "binder/start").read_text()
    for app in ("LabApp", "JupyterNotebookApp", "ServerApp"):  # whichever of them is started
        assert f"--{app}.default_url=/lab/tree/book/index.ipynb" in start
    assert (ROOT / "book/index.ipynb").exists()
    for script in ("postBuild", "start"):
        assert (ROOT / "binder" / script).stat().st_mode & 0o100, f"{script} is not executable"


@pytest.mark.slow
def test_a_bare_link_to_jupyterlab_leads_to_the_landing_notebook(monkeypatch) -> None:
    """As the server answers it, started the way that Binder starts it."""
    from jupyterlab.labapp import LabApp

    words = shlex.split((ROOT / "binder/start").read_text(), comments=True)
    options = [word for word in words if word.startswith("--")]
    app = LabApp()
    app.parse_command_line(options)
    assert app.default_url == "/lab/tree/book/index.ipynb"


def test_links_in_a_notebook_open_pages_as_they_read() -> None:
    settings = json.loads((ROOT / "binder/overrides.json").read_text())
    viewers = settings["@jupyterlab/docmanager-extension:plugin"]["defaultViewers"]
    assert viewers == {"markdown": "Markdown Preview"}
    assert "overrides.json" in (ROOT / "binder/postBuild").read_text()
