"""Progress bars are for people: shown live, kept out of stored outputs."""

import sys
from types import SimpleNamespace

import nbformat
import pytest
from nbclient import NotebookClient

from labcode._progress import wants_progress

TRAIN = """
import torch
from torch import nn
from labcode.data import Split
from labcode.training import fit
split = Split(torch.rand(40, 1, 4, 4), torch.arange(40) % 2)
fit(nn.Sequential(nn.Flatten(), nn.Linear(16, 2)), split, epochs=3, device="cpu").steps
"""


@pytest.fixture(autouse=True)
def _plain_environment(monkeypatch):
    monkeypatch.delenv("LABCODE_PROGRESS", raising=False)
    monkeypatch.delenv("CI", raising=False)


def notebook_asks(monkeypatch, allow_stdin: bool) -> None:
    """Pretend that a notebook's frontend asked for the running cell."""
    request = {"content": {"allow_stdin": allow_stdin}}
    kernel = SimpleNamespace(get_parent=lambda channel: request)
    shell = SimpleNamespace(kernel=kernel)
    monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=lambda: shell))


def terminal(monkeypatch, is_one: bool) -> None:
    monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=lambda: None))
    monkeypatch.setattr(sys, "stderr", SimpleNamespace(isatty=lambda: is_one))


@pytest.mark.parametrize("live", [True, False])
def test_a_terminal_or_a_file(monkeypatch, live):
    terminal(monkeypatch, live)
    assert wants_progress() is live
    assert wants_progress(True) is True
    assert wants_progress(False) is False


@pytest.mark.parametrize("live", [True, False])
def test_a_frontend_that_can_ask_its_user(monkeypatch, live):
    notebook_asks(monkeypatch, live)
    assert wants_progress() is live


@pytest.mark.parametrize(("setting", "shown"), [("0", False), ("false", False), ("1", True)])
def test_the_environment_decides(monkeypatch, setting, shown):
    terminal(monkeypatch, not shown)
    monkeypatch.setenv("LABCODE_PROGRESS", setting)
    assert wants_progress() is shown


def test_continuous_integration_shows_none(monkeypatch):
    terminal(monkeypatch, True)
    monkeypatch.setenv("CI", "true")
    assert wants_progress() is False


@pytest.mark.slow
@pytest.mark.parametrize("setting", [None, "1"])
def test_a_stored_output_holds_no_bar(monkeypatch, setting, tmp_path):
    """Run a real kernel as nbclient, nbconvert and the book do; a bar appears only if forced."""
    if setting is not None:
        monkeypatch.setenv("LABCODE_PROGRESS", setting)
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(TRAIN)])
    NotebookClient(notebook, timeout=120, resources={"metadata": {"path": tmp_path}}).execute()
    outputs = notebook.cells[0].outputs
    results = [output for output in outputs if output.output_type == "execute_result"]
    assert results[0]["data"]["text/plain"] == "3"
    assert (len(outputs) > 1) is (setting == "1")
