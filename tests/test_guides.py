"""README and CONTRIBUTING: each file that they name is there, each command does something."""

import re

import pytest

from tests.test_repository import FILES, ROOT

MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
SUFFIXES = (".py", ".mjs", ".md", ".yml", ".toml", ".cff", ".csv", ".bib", ".ipynb")
GUIDES = {
    name: (ROOT / name).read_text(encoding="utf-8") for name in ("README.md", "CONTRIBUTING.md")
}
CODE = re.compile(r"`([^`\n]+)`")


def paths_in(text: str) -> list[str]:
    """The files and folders that stand alone in backticks, or behind a command's Python."""
    words = [word for code in CODE.findall(text) for word in code.split()]
    named = [w for w in words if w.endswith((*SUFFIXES, "/")) and re.fullmatch(r"[\w./-]+", w)]
    return [word for word in named if "://" not in word and not word.startswith("..")]


def calls_in(text: str) -> list[tuple[str, str]]:
    """The make targets that are named in code, each with what stands behind it."""
    blocks = re.findall(r"^```bash\n(.*?)^```", text, re.M | re.S)
    codes = [*CODE.findall(text), *"\n".join(blocks).splitlines()]
    return re.findall(r"^make (\w+)([^#\n]*)", "\n".join(codes), re.M)


def is_there(name: str) -> bool:
    """Whether a path exists, from the top or from a folder in which a guide has led its reader."""
    if (ROOT / name).exists():
        return True
    return any(f"/{path.relative_to(ROOT).as_posix()}".endswith(f"/{name}") for path in FILES) or (
        name.endswith("/") and any(f"/{name}" in path.as_posix() for path in FILES)
    )


@pytest.mark.parametrize("guide", GUIDES)
def test_what_a_guide_names_is_there(guide: str) -> None:
    named = paths_in(GUIDES[guide])
    assert len(named) > 8
    assert [name for name in named if not is_there(name)] == []


@pytest.mark.parametrize("guide", GUIDES)
def test_each_command_of_a_guide_is_a_target_with_settings_that_it_reads(guide: str) -> None:
    calls = calls_in(GUIDES[guide])
    assert len(calls) > 5
    for target, rest in calls:
        assert re.search(rf"^{target}:", MAKEFILE, re.M), target
        for setting in re.findall(r"\b([A-Z_]+)=", rest):
            assert re.search(rf"\$\({setting}\)|^{setting} \?=", MAKEFILE, re.M), setting


@pytest.mark.parametrize("line", ["`labcode/gone.py`", "`nobody/`", "`gone.mjs`"])
def test_what_is_not_there_is_seen(line: str) -> None:
    assert [name for name in paths_in(line) if not is_there(name)]


def test_a_path_at_the_end_of_a_command_is_seen() -> None:
    line = "`.venv/bin/python tools/notebooks.py book/gone.ipynb`"
    assert paths_in(line) == ["tools/notebooks.py", "book/gone.ipynb"]
