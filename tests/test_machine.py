"""What cannot work is refused by name, with a way out, before anything is downloaded."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tools import machine as machines

GOOD = machines.Machine(
    python=(3, 12),
    executable="/usr/bin/python3",
    implementation="CPython",
    bits=64,
    has_ensurepip=True,
    system="Linux",
    processor="x86_64",
    macos="",
    libc="glibc",
    glibc=(2, 36),
    cache=Path("/reader/.cache/uv"),
    cache_is_writable=True,
    free_mb=50_000,
)
MAC = GOOD._replace(system="Darwin", processor="arm64", macos="14.5", libc="", glibc=())
WINDOWS = GOOD._replace(system="Windows", processor="AMD64", libc="", glibc=())


@pytest.mark.parametrize(
    "machine",
    [
        GOOD,
        GOOD._replace(python=(3, 11)),
        GOOD._replace(python=(3, 14)),
        GOOD._replace(processor="aarch64"),
        GOOD._replace(glibc=()),  # not known: let it try
        MAC,
        MAC._replace(macos="26.1"),
        WINDOWS,
    ],
)
def test_a_machine_that_works_is_not_refused(machine) -> None:
    assert machines.refusal(machine, space_mb=7000) is None


@pytest.mark.parametrize(
    ("machine", "said"),
    [
        (
            GOOD._replace(python=(3, 10)),
            r"3\.11 or newer is needed, this is CPython 3\.10.*PYTHON",
        ),
        (
            GOOD._replace(python=(3, 15)),
            r"3\.11 to 3\.14 is needed, this is CPython 3\.15.*PYTHON",
        ),
        (GOOD._replace(python=(4, 0)), r"3\.11 to 3\.14 is needed"),
        (GOOD._replace(implementation="PyPy"), r"CPython for 64 bits is needed, this is PyPy"),
        (GOOD._replace(bits=32), r"CPython for 64 bits is needed.*32 bits"),
        (MAC._replace(processor="x86_64"), r"no wheels for Macs with Intel processors"),
        (MAC._replace(macos="13.6.1"), r"macOS 14 or newer is needed, this is 13\.6\.1"),
        (GOOD._replace(libc="musl", glibc=()), r"musl \(Alpine\)"),
        (GOOD._replace(glibc=(2, 27)), r"glibc 2\.28 or newer is needed.*this is 2\.27"),
        (GOOD._replace(processor="riscv64"), r"no wheels for Linux on riscv64"),
        (GOOD._replace(has_ensurepip=False), r"sudo apt install python3\.12-venv"),
        (
            GOOD._replace(cache_is_writable=False),
            r"reader/\.cache/uv, which.*UV_CACHE_DIR=",
        ),
        (GOOD._replace(free_mb=900), r"7\.0 GB of disk are needed here, 0\.9 are free"),
    ],
)
def test_a_machine_that_cannot_work_is_refused_by_name(machine, said) -> None:
    why = machines.refusal(machine, space_mb=7000)
    assert why is not None
    assert re.search(said, why), why


def test_this_machine_which_runs_the_tests_is_not_refused() -> None:
    assert machines.refusal(machines.this_machine(), space_mb=0) is None


def test_the_command_says_why_and_fails() -> None:
    line = [sys.executable, "-I", "tools/machine.py", "--space", str(10**12)]
    run = subprocess.run(line, cwd=machines.ROOT, capture_output=True, text=True, check=False)
    assert run.returncode == 1
    assert "GB of disk are needed" in run.stderr


@pytest.mark.parametrize(
    ("environment", "system", "folder"),
    [
        ({"UV_CACHE_DIR": "/a", "XDG_CACHE_HOME": "/b"}, "Linux", "/a"),
        ({"XDG_CACHE_HOME": "/b"}, "Linux", "/b/uv"),
        ({}, "Darwin", "/reader/.cache/uv"),
        ({"LOCALAPPDATA": "/c"}, "Windows", "/c/uv/cache"),
    ],
)
def test_packages_are_kept_where_uv_keeps_them(environment, system, folder) -> None:
    assert machines.uv_cache(environment, system, lambda: Path("/reader")) == Path(folder)


def test_the_folder_is_the_one_that_uv_names() -> None:
    line = [sys.executable, "-m", "uv", "cache", "dir"]
    named = subprocess.run(line, capture_output=True, text=True, check=True).stdout.strip()
    assert machines.this_machine().cache == Path(named)


def test_a_folder_below_a_file_cannot_be_written(tmp_path) -> None:
    (tmp_path / "file").write_text("")
    assert machines.is_writable(tmp_path / "not" / "there" / "yet")
    assert not machines.is_writable(tmp_path / "file" / "uv")


def test_an_old_python_can_read_it() -> None:
    source = Path(machines.__file__).read_text(encoding="utf-8")
    ast.parse(source, feature_version=(3, 6))
    assert "import annotations" not in source  # 3.6 has none
