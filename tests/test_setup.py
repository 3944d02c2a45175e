"""The set-up: what is installed by which command, and that what did not finish is made again."""

import ast
import os
import re
import shutil
import subprocess
import sys
import zipfile
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tools import requirements, setup

ROOT = Path(__file__).parent.parent


def names(pins: tuple[str, ...]) -> set[str]:
    return {canonicalize_name(Requirement(pin).name) for pin in pins}


def closure(asked: list[str]) -> set[str]:
    """The packages that these need here, by what the installed ones say of themselves."""
    found: set[tuple[str, str]] = set()
    left = [(Requirement(one), "") for one in asked]
    while left:
        requirement, extra = left.pop()
        if requirement.marker and not requirement.marker.evaluate({"extra": extra}):
            continue
        name = canonicalize_name(requirement.name)
        for wanted in {"", *requirement.extras}:
            if (name, wanted) not in found:
                found.add((name, wanted))
                more = metadata.requires(name) or []
                left += [(Requirement(one), wanted) for one in more]
    return {name for name, _ in found}


def test_the_sites_pins_are_a_part_of_the_courses() -> None:
    whole = {pin.split(" ;")[0] for pin in setup.lines("course")}
    part = {pin.split(" ;")[0] for pin in setup.lines("site")}
    assert part < whole, "run `make requirements`"


def test_the_sites_pins_are_what_it_needs_and_no_more() -> None:
    here = [Requirement(pin) for pin in setup.lines("site")]
    pinned = {canonicalize_name(r.name) for r in here if not r.marker or r.marker.evaluate()}
    assert pinned == closure(requirements.asked_for(["site"], labcode=False))
    assert not pinned & {"torch", "torchvision", "numpy", "pandas", "onnx", "jupyterlab"}


def test_the_site_takes_one_call_and_then_labcode_without_what_it_imports() -> None:
    first, labcode = setup.steps("site", "", "Linux")
    assert first.pins == tuple(setup.lines("site"))
    assert first.options == ()
    assert labcode.options == ("--no-deps", "--no-build-isolation", "--editable", ".")
    assert not labcode.pins


@pytest.mark.parametrize("torch", ["", "cpu"])
@pytest.mark.parametrize("system", ["Darwin", "Windows"])
def test_only_linux_has_two_kinds_of_pytorch(torch, system) -> None:
    assert setup.steps("course", torch, system) == setup.steps("course", "", "Linux")


def test_pytorch_for_the_cpu_comes_from_its_own_index_and_nothing_else_does() -> None:
    own, rest, _ = setup.steps("course", "cpu", "Linux")
    assert own.options == ("--no-deps", "--default-index", setup.PYTORCH_CPU_INDEX)
    assert names(own.pins) == {"torch", "torchvision"}
    assert all(re.fullmatch(r"\w+==[\d.]+\+cpu", pin) for pin in own.pins)
    whole = setup.lines("course")
    assert set(rest.pins) <= set(whole)
    left_out = names(tuple(set(whole) - set(rest.pins)))
    assert left_out
    assert all(name.startswith(("nvidia-", "cuda-")) or name == "triton" for name in left_out)
    assert rest.options == ("--compile-bytecode",)


def test_a_step_reads_its_pins_and_shows_progress_unless_it_is_told_not_to() -> None:
    python = Path("/a/python")
    step = setup.Step(("--no-deps",), ("a==1", "b==2"))
    line = setup.command(step, python, quiet=False)
    head = ["/a/python", "-m", "uv", "pip", "install", "--python", "/a/python"]
    assert [part.replace("\\", "/") for part in line] == [*head, "--no-deps", "--requirements", "-"]
    assert "--quiet" in setup.command(step, python, quiet=True)
    alone = setup.command(setup.Step(("--editable", ".")), python, quiet=False)
    assert "--requirements" not in alone


def test_every_part_says_its_size_on_every_system() -> None:
    for part in setup.PINS:
        for system in ("Linux", "Darwin", "Windows"):
            assert setup.megabytes(part, "", system) > 0
    assert setup.megabytes("course", "cpu", "Linux") < setup.megabytes("course", "", "Linux") / 4


def test_pytorch_is_remembered(tmp_path) -> None:
    assert setup.remembered("", "course", tmp_path) == ""
    assert setup.remembered("cpu", "course", tmp_path) == "cpu"
    assert setup.remembered("", "course", tmp_path) == "cpu"


def wheel(folder: Path, name: str, version: str, needs: str = "") -> None:
    """Write a package of nothing but its name."""
    folder.mkdir(parents=True, exist_ok=True)
    info = f"{name}-{version}.dist-info"
    about = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
    about += f"Requires-Dist: {needs}\n" if needs else ""
    with zipfile.ZipFile(folder / f"{name}-{version}-py3-none-any.whl", "w") as archive:
        archive.writestr(f"{info}/METADATA", about)
        archive.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
        archive.writestr(f"{info}/RECORD", "")


def index(folder: Path) -> str:
    """Turn a folder of wheels into an index; return its address."""
    for file in list(folder.glob("*.whl")):
        page = folder / "simple" / canonicalize_name(file.name.partition("-")[0]) / "index.html"
        page.parent.mkdir(parents=True, exist_ok=True)
        line = f'<a href="{file.as_uri()}">{file.name}</a>\n'
        page.write_text((page.read_text() if page.exists() else "") + line)
    return (folder / "simple").as_uri()


@pytest.fixture
def two_indexes(tmp_path, monkeypatch) -> None:
    """An ordinary index with the CUDA build, and PyTorch's, which also has an old numpy."""
    wheel(tmp_path / "usual", "torch", "2.0", needs="nvidia-x==1.0")
    for name in ("torchvision", "nvidia_x", "numpy"):
        wheel(tmp_path / "usual", name, "2.0" if name != "nvidia_x" else "1.0")
    wheel(tmp_path / "pytorch", "torch", "2.0+cpu")
    wheel(tmp_path / "pytorch", "torchvision", "2.0+cpu")
    wheel(tmp_path / "pytorch", "numpy", "1.0")
    monkeypatch.setattr(setup, "PYTORCH_CPU_INDEX", index(tmp_path / "pytorch"))
    monkeypatch.setenv("UV_DEFAULT_INDEX", index(tmp_path / "usual"))
    for name in ("UV_INDEX", "UV_INDEX_URL", "UV_EXTRA_INDEX_URL", "UV_FIND_LINKS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "cache"))
    pins = ["numpy==2.0", "nvidia-x==1.0", "torch==2.0", "torchvision==2.0"]
    monkeypatch.setattr(setup, "lines", lambda part: pins)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("torch", "expected"),
    [
        ("cpu", {"numpy": "2.0", "torch": "2.0+cpu", "torchvision": "2.0+cpu"}),
        ("", {"numpy": "2.0", "nvidia-x": "1.0", "torch": "2.0", "torchvision": "2.0"}),
    ],
)
@pytest.mark.usefixtures("two_indexes")
def test_uv_installs_from_the_right_index(torch, expected, tmp_path) -> None:
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", tmp_path / "env"], check=True)
    for step in setup.steps("course", torch, "Linux")[:-1]:  # all but labcode itself
        line = setup.command(step, Path(sys.executable), quiet=True)
        line[line.index("--python") + 1] = str(setup.python_of(tmp_path / "env"))
        subprocess.run(line, check=True, text=True, input="\n".join(step.pins))
    line = [sys.executable, "-m", "uv", "pip", "freeze", "--python", str(tmp_path / "env")]
    freeze = subprocess.run(line, check=True, capture_output=True, text=True).stdout
    assert dict(pin.split("==") for pin in freeze.split()) == expected


# --- a set-up that stops half-way ---------------------------------------------------------

STAND_IN = """#!{python}
import os, shutil, sys
from pathlib import Path
said = sys.argv[1:]
with open({log!r}, "a") as log:
    print(*said, file=log)
if said[0] == "tools/setup.py" and said[1] == "venv":
    shutil.rmtree(".venv", ignore_errors=True)
    home = Path(".venv/bin")
    home.mkdir(parents=True)
    (home / "python").symlink_to(sys.argv[0])
    if Path("fail").exists():
        sys.exit(1)
"""


@pytest.fixture
def project(tmp_path) -> Path:
    """The Makefile in a folder of its own, with a stand-in for Python that only keeps a record."""
    folder = tmp_path / "a folder"
    (folder / "book").mkdir(parents=True)
    (folder / "tests").mkdir()
    shutil.copy(ROOT / "Makefile", folder)
    for name in (*setup.PINS.values(), "pyproject.toml"):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text("")
    stand_in = tmp_path / "python"
    stand_in.write_text(STAND_IN.format(python=sys.executable, log=str(tmp_path / "log")))
    stand_in.chmod(0o755)
    return folder


def made(folder: Path, *words: str) -> list[str]:
    """Run make with the stand-in; return what it called since the last time."""
    log = folder.parent / "log"
    log.write_text("")
    line = ["make", f"PYTHON={folder.parent / 'python'}", *words]
    environment = {k: v for k, v in os.environ.items() if not k.startswith("MAKE")}
    subprocess.run(line, cwd=folder, env=environment, capture_output=True, check=False)
    return [" ".join(call.split()[:2]) for call in log.read_text().splitlines()]


VENV = ["tools/machine.py --space", "tools/setup.py venv"]
SITE = [*VENV, "tools/setup.py site"]


def test_a_finished_set_up_is_not_made_again(project) -> None:
    assert made(project, ".venv/stamps/site") == SITE
    assert made(project, ".venv/stamps/site") == []
    os.utime(project / "book/requirements.txt")
    assert made(project, ".venv/stamps/site") == SITE[2:]


def test_a_half_made_environment_is_made_again(project) -> None:
    (project / "fail").touch()
    assert made(project, ".venv/stamps/site") == VENV
    assert (project / ".venv/bin/python").exists()
    (project / "fail").unlink()
    assert made(project, ".venv/stamps/site") == SITE


def test_an_environment_without_its_python_or_of_another_folder_is_made_again(project) -> None:
    made(project, ".venv/stamps/site")
    moved = project.rename(project.parent / "another folder")
    assert made(moved, ".venv/stamps/site") == SITE
    (moved / ".venv/bin/python").unlink()
    (moved / ".venv/bin/python").symlink_to(moved / "gone")
    assert made(moved, ".venv/stamps/site") == SITE


def test_the_chapters_need_the_course_on_top_of_the_site(project) -> None:
    found = made(project, ".venv/stamps/course", "TORCH=cpu")
    assert found == [*SITE, "tools/machine.py --space", "tools/setup.py course"]
    assert "--torch cpu" in (project.parent / "log").read_text()


def test_what_stands_in_the_way_goes_and_a_link_is_only_unlinked(tmp_path, monkeypatch) -> None:
    calls: list[list[str]] = []
    monkeypatch.setattr(subprocess, "run", lambda line, check: calls.append(line))
    shared = tmp_path / "shared"
    shared.mkdir()
    (shared / "kept").touch()
    (tmp_path / "link").symlink_to(shared, target_is_directory=True)
    setup.make(tmp_path / "link")
    assert (shared / "kept").exists()
    assert not (tmp_path / "link").exists()
    setup.make(shared)
    assert not shared.exists()
    assert calls[2][1:] == ["-m", "venv", str(shared)]
    assert calls[3][-1] in setup.lines("site")  # uv at its pin


# --- the front door -----------------------------------------------------------------------


def test_every_target_has_its_line_in_help() -> None:
    makefile = (ROOT / "Makefile").read_text()
    phony = re.search(r"^\.PHONY: ((?:.*\\\n)*.*)", makefile, re.M)
    assert phony
    targets = phony[1].replace("\\\n", " ").split()
    run = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True)
    listed = re.findall(r"^  make (\w+)", run.stdout, re.M)
    assert sorted(listed) == sorted(targets)


ALONE = """
import sys
sys.path.insert(0, "tools")  # where scripts find each other
class NoPackage:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] not in {own!r} | sys.stdlib_module_names:
            raise ImportError(name + " is not there while the site is built")
sys.meta_path.insert(0, NoPackage())
for name in {modules!r}:
    __import__(name)
"""


def scripts_of_the_site() -> list[str]:
    """The tools that `make book` runs, and the one that an extension runs beside it."""
    recipe = re.search(r"^\$\(SITE\):.*\n((?:\t.*\n)+)", (ROOT / "Makefile").read_text(), re.M)
    assert recipe
    return [*re.findall(r"tools/(\w+)\.py", recipe[1]), "prepared"]


def labcode_in(path: Path) -> set[str]:
    """The modules of labcode that a file imports."""
    nodes = ast.walk(ast.parse(path.read_text(encoding="utf-8")))
    found = {str(node.module) for node in nodes if isinstance(node, ast.ImportFrom)}
    return {name for name in found if name.startswith("labcode")}


def test_what_builds_the_site_imports_without_pytorch() -> None:
    scripts = scripts_of_the_site()
    assert set(scripts) >= {"vendor", "live_bundle", "drawing", "workbench", "prepared"}
    extensions = [labcode_in(path) for path in (ROOT / "book/_ext").glob("*.py")]
    pages = sorted(set().union(*extensions))
    assert "labcode.pages.exercises.box" in pages
    modules = [*scripts, "setup", "machine", *pages, "labcode.pages.calculators"]
    code = ALONE.format(own={"labcode", *scripts, "setup", "machine"}, modules=modules)
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)
