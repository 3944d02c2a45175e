"""The tool that runs the notebooks: stores a real run, and nothing that a run changes by itself."""

import nbformat
import pytest
from nbclient.exceptions import CellExecutionError

from tools import notebooks


def notebook(*sources: str) -> nbformat.NotebookNode:
    return nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(s) for s in sources])


def test_chapters_come_in_the_order_of_the_table_of_contents() -> None:
    names = [path.stem for path in notebooks.chapters()]
    assert names[:3] == ["index", "counting_cost", "bytes_and_time"]


@pytest.mark.slow
def test_outputs_are_stored_without_live_widgets(tmp_path) -> None:
    path = tmp_path / "a.ipynb"
    source = "import ipywidgets\nipywidgets.IntSlider(3)"
    nbformat.write(notebook("1 + 1", source), path)
    notebooks.main([str(path)], root=tmp_path)
    one, two = nbformat.read(path, as_version=4).cells
    assert one.outputs[0].data["text/plain"] == "2"
    assert one.execution_count == 1
    assert notebooks.WIDGET_VIEW not in two.outputs[0].data
    assert "IntSlider" in two.outputs[0].data["text/plain"]


@pytest.mark.slow
def test_what_is_printed_in_pieces_is_stored_in_one(tmp_path) -> None:
    path = tmp_path / "a.ipynb"
    nbformat.write(notebook("for i in range(3):\n    print(i, flush=True)"), path)
    notebooks.main([str(path)], root=tmp_path)
    [output] = nbformat.read(path, as_version=4).cells[0].outputs
    assert output.text == "0\n1\n2\n"


@pytest.mark.slow
def test_a_failing_notebook_is_left_as_it_was(tmp_path) -> None:
    path = tmp_path / "a.ipynb"
    nbformat.write(notebook("1", "1 / 0"), path)
    before = path.read_text()
    with pytest.raises(CellExecutionError, match="ZeroDivisionError"):
        notebooks.main([str(path)], root=tmp_path)
    assert path.read_text() == before
