"""The zip that the browser unpacks: labcode's own files, no package, the same bytes each time."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tools import live_bundle

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="module")
def bundle(tmp_path_factory):
    target = tmp_path_factory.mktemp("bundle") / "live" / "labcode.zip"
    live_bundle.write_zip(live_bundle.browser_files(), target)
    return target


def test_the_files_are_those_that_the_tests_use(bundle):
    with zipfile.ZipFile(bundle) as archive:
        names = archive.namelist()
        for name in names:
            assert archive.read(name) == (ROOT / name).read_bytes()
    assert names == sorted(names)
    calculators = {path.name for path in (ROOT / "labcode/pages/calculators").glob("*.py")}
    assert {Path(name).name for name in names if "/calculators/" in name} == calculators
    stored = {path.name for path in (ROOT / "labcode/pages/data").iterdir() if path.is_file()}
    assert {Path(name).name for name in names if "pages/data/" in name} == stored
    assert {"labcode/__init__.py", "labcode/cost.py", "labcode/pages/live/browser.py"} <= set(names)


def test_the_bytes_are_the_same_each_time(bundle, tmp_path):
    live_bundle.write_zip(live_bundle.browser_files(), tmp_path / "again.zip")
    assert (tmp_path / "again.zip").read_bytes() == bundle.read_bytes()
    with zipfile.ZipFile(bundle) as archive:
        assert {entry.date_time for entry in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}


@pytest.mark.parametrize(
    ("name", "settings", "said"),
    [
        ("convolutions", '{"out_channels": 8}', "Standard 216 parameters, grouped 216"),
        ("pruned_networks", "{}", "13,310 instead of 266,200."),  # which reads JSON from the zip
    ],
)
def test_python_runs_from_the_zip_without_any_package(bundle, name, settings, said):
    code = (
        f"import sys; sys.path.insert(0, {str(bundle)!r});"
        "from labcode.pages.live.browser import answer;"
        f"print(answer('labcode.pages.calculators.{name}', {name!r}, {settings!r}))"
    )
    run = subprocess.run(
        [sys.executable, "-I", "-S", "-c", code], capture_output=True, text=True, check=True
    )
    assert said in run.stdout


def test_a_package_import_is_refused(tmp_path):
    package = tmp_path / "labcode"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "heavy.py").write_text("import numpy\n")
    with pytest.raises(SystemExit, match="numpy is not in the standard library"):
        live_bundle.browser_files(tmp_path, ["labcode.heavy"])
