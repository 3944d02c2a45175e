"""What every committed file owes to a fresh clone."""

import json
import re
import subprocess
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parent.parent
LISTED = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True)
FILES = [ROOT / name for name in LISTED.stdout.splitlines() if (ROOT / name).is_file()]
# Put together here, so that this file does not hold them.
REGISTRIES = ["py" + "pi.org", "python" + "hosted.org", "npm" + "js.org", "npm" + "js.com"]
REGISTRIES += ["deb." + "debian.org", "yarn" + "pkg.com"]
A_MACHINES_PATH = re.compile(r"(?<![\w.])/(work|root|home/\w+|Users/\w+)/")


def text_files() -> list[tuple[Path, str]]:
    found = []
    for path in FILES:
        try:
            found.append((path, path.read_text(encoding="utf-8")))
        except UnicodeDecodeError:
            continue
    return found


def test_no_file_names_a_package_registry() -> None:
    bad = [(path, host) for path, text in text_files() for host in REGISTRIES if host in text]
    assert not bad


def test_no_file_holds_a_path_of_a_machine() -> None:
    bad = [path for path, text in text_files() if A_MACHINES_PATH.search(text)]
    assert not bad


def test_the_table_of_contents_names_every_chapter() -> None:
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text())
    named = {toc["root"]} | {c["file"] for part in toc["parts"] for c in part["chapters"]}
    pages = {
        str(path.relative_to(ROOT).with_suffix(""))
        for path in FILES
        if path.parts[len(ROOT.parts)] == "book" and path.suffix in {".ipynb", ".md"}
    }
    assert named == pages


NOTEBOOKS = [path for path in FILES if path.suffix == ".ipynb"]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_was_run_from_top_to_bottom_and_ends_on_prose(path: Path) -> None:
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    code = [cell for cell in cells if cell["cell_type"] == "code"]
    assert [cell["execution_count"] for cell in code] == list(range(1, len(code) + 1))
    assert cells[-1]["cell_type"] == "markdown"
    outputs = [output for cell in code for output in cell["outputs"]]
    assert not [o for o in outputs if o["output_type"] == "error" or o.get("name") == "stderr"]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebooks_cells_are_small(path: Path) -> None:
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    for cell in cells:
        if cell["cell_type"] == "code":
            lines = [line for line in "".join(cell["source"]).splitlines() if line.strip()]
            assert len(lines) <= 25, "".join(cell["source"])


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_every_picture_of_a_notebook_has_alt_text(path: Path) -> None:
    for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
        data = [output.get("data", {}) for output in cell.get("outputs", [])]
        if any("image/png" in bundle for bundle in data):
            image = cell["metadata"].get("mystnb", {}).get("image", {})
            assert image.get("alt"), "".join(cell["source"])
