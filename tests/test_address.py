"""The repository's address stands in _config.yml, and everything else follows it."""

import importlib.util
import re
import sys
import tomllib
from importlib.metadata import version
from pathlib import Path
from types import ModuleType

import nbformat
import pytest
import yaml
from IPython.core.interactiveshell import InteractiveShell

from tools import address

ROOT = Path(__file__).parent.parent
HERE = address.address()
FOLLOWERS = ["README.md", "CITATION.cff", "pyproject.toml", "book/running.md"]


@pytest.mark.parametrize("path", address.notebooks(), ids=lambda path: path.stem)
def test_each_notebook_installs_labcode_from_the_address_on_colab(path: Path) -> None:
    notebook = nbformat.read(path, as_version=4)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert code[0].source == HERE.setup_cell(), "run `make address`"
    assert {"colab-setup", "remove-cell"} <= set(code[0].metadata.tags)
    assert code[0].metadata.cellView == "form"  # Colab shows it folded
    assert code[0].metadata.jupyter.source_hidden  # and so does JupyterLab


def test_on_colab_the_set_up_keeps_what_colab_has(monkeypatch) -> None:
    asked = []
    shell = InteractiveShell()
    shell.register_magic_function(asked.append, magic_name="pip")
    shell.run_cell(HERE.setup_cell()).raise_error()
    assert asked == []  # elsewhere it does nothing
    monkeypatch.setitem(sys.modules, "google.colab", ModuleType("google.colab"))
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    shell.run_cell(HERE.setup_cell()).raise_error()
    [line] = asked
    for name in address.COLABS_OWN:
        assert f" {name}=={version(name)} " in line
    assert line.endswith(f'"labcode[notebooks] @ git+{HERE.url}@{HERE.branch}"')


@pytest.mark.parametrize("name", FOLLOWERS)
def test_files_follow_the_address(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    assert HERE.url in text
    assert address.rewrite(text, HERE) == text, "run `make address`"


@pytest.mark.parametrize("name", FOLLOWERS)
def test_another_address_reaches_every_link(name: str) -> None:
    fork = address.Address("https://github.com/someone/their-fork", "dev")
    text = address.rewrite((ROOT / name).read_text(encoding="utf-8"), fork)
    assert HERE.path not in text
    assert re.search(r"someone/their-fork", text)


def test_metadata_names_the_address() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    assert project["urls"]["Repository"] == citation["repository-code"] == HERE.url
    assert citation["version"] == project["version"]


def test_an_address_outside_github_is_refused(tmp_path: Path, monkeypatch) -> None:
    (tmp_path / "_config.yml").write_text("repository: {url: 'https://example.org/x', branch: b}")
    monkeypatch.setattr(address, "ROOT", tmp_path)
    with pytest.raises(SystemExit, match=r"example\.org/x"):
        address.address()
