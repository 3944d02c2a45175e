"""The store of weights: each file is what the manifest says, and no damage goes unnoticed."""

import fnmatch
import hashlib
import importlib
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from labcode import weights
from labcode.weights import WeightsError, store

ROOT = Path(store.__file__).parent
NAMES = sorted(path.name for path in (ROOT / "files").iterdir())
KINDS = (".safetensors", ".diet", ".packed")


@pytest.fixture
def copy(tmp_path, monkeypatch):
    """Let labcode read a copy of the store, which a test may damage."""
    shutil.copytree(ROOT / "files", tmp_path / "files")
    shutil.copy(ROOT / store.MANIFEST, tmp_path)
    monkeypatch.setattr(store, "_root", lambda: tmp_path)
    return tmp_path


def test_the_manifest_names_the_files_that_are_there_and_no_others():
    assert list(store.manifest()) == NAMES
    everywhere = [path for kind in KINDS for path in ROOT.parent.rglob(f"*{kind}")]
    assert {path.parent for path in everywhere} == {ROOT / "files"}


@pytest.mark.parametrize("name", NAMES)
def test_an_entry_says_size_checksum_and_what_made_the_file(name):
    data, known = (ROOT / "files" / name).read_bytes(), store.entry(name)
    assert known["bytes"] == len(data)
    assert known["sha256"] == hashlib.sha256(data).hexdigest()
    assert known["network"] in name
    assert known["dataset"] == ("cifar10" if known["network"].startswith("resnet8") else "mnist5k")
    assert known["date"].startswith("2026-")
    assert weights.read(name) == data


@pytest.mark.parametrize("made_by", sorted({e["made_by"] for e in store.manifest().values()}))
def test_what_made_a_file_can_be_found(made_by):
    parts = made_by.split(".")
    for n in range(len(parts) - 1, 0, -1):
        try:
            found = importlib.import_module(".".join(parts[:n]))
        except ModuleNotFoundError:
            continue
        for part in parts[n:]:
            found = getattr(found, part)
        assert callable(found)
        return
    pytest.fail(f"no module of {made_by} exists")


@pytest.mark.parametrize("name", NAMES)
def test_a_flipped_bit_a_cut_and_a_missing_file_are_refused(copy, name):
    path, made_by = copy / "files" / name, store.entry(name)["made_by"]
    whole = path.read_bytes()
    for place in (0, len(whole) // 2, len(whole) - 1):
        flipped = bytearray(whole)
        flipped[place] ^= 1
        path.write_bytes(bytes(flipped))
        with pytest.raises(WeightsError, match=f"{name} is damaged: .* {made_by}"):
            weights.read(name)
    path.write_bytes(whole[:-1])
    with pytest.raises(WeightsError, match=f"{name} is damaged"):
        weights.read(name)
    path.unlink()
    with pytest.raises(WeightsError, match=f"{name} is missing .* {made_by}"):
        weights.read(name)


def test_damage_is_noticed_by_whoever_loads(copy):
    for path in (copy / "files").iterdir():
        path.write_bytes(path.read_bytes()[:-1] + b"?")
    with pytest.raises(WeightsError, match=r"exit_cnn-seed0\.safetensors is damaged"):
        weights.load_exits()
    with pytest.raises(WeightsError, match=r"lenet5-1\.8\.diet is damaged"):
        weights.packed("lenet5", 0.018)


def test_an_unknown_file_is_refused_with_those_there_are():
    with pytest.raises(WeightsError, match=r"names no file ../store.py; there are: exit_cnn"):
        weights.read("../store.py")


def test_keeping_writes_the_file_and_its_entry_and_leaves_the_others(copy):
    before = store.manifest()
    about = {"network": "x", "seed": 3, "dataset": "digits", "made_by": "labcode.count"}
    path = weights.keep("a.diet", b"abc", **about, part=0.5)
    assert path.read_bytes() == weights.read("a.diet") == weights.packed("x", 0.5) == b"abc"
    known = store.entry("a.diet")
    assert known["sha256"] == hashlib.sha256(b"abc").hexdigest()
    assert about.items() <= known.items()
    assert {"python", "torch", "safetensors"} <= set(known["versions"])
    assert {n: e for n, e in store.manifest().items() if n != "a.diet"} == before
    weights.keep("a.diet", b"abcd", **about)
    assert weights.read("a.diet") == b"abcd"
    assert "part" not in store.entry("a.diet")


def test_the_package_ships_the_files_and_the_manifest():
    pyproject = tomllib.loads((ROOT.parent.parent / "pyproject.toml").read_text())
    patterns = pyproject["tool"]["setuptools"]["package-data"]["labcode"]
    for name in (store.MANIFEST, *(f"files/{name}" for name in NAMES)):
        assert any(fnmatch.fnmatch(f"weights/{name}", pattern) for pattern in patterns), name


def test_reading_needs_no_package():
    program = "import sys; from labcode import weights; weights.packed('lenet5', 0.018); "
    program += "weights.read('lenet5-seed0.safetensors'); "
    program += "sys.exit(bool({'torch', 'numpy', 'safetensors'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", program]).returncode == 0
