"""Imports run one way: library below, studies and pages above it, and no circle among rooms."""

import ast
from graphlib import TopologicalSorter
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent / "labcode"
WINGS = ("studies", "pages")
# What runs in the reader's browser, where there is only Python itself.
PURE = ("cost", "show", "_checks", "_windows")
PURE += ("pages.calculators", "pages.data", "pages.live", "pages.networks", "pages.pictures")


def name_of(path: Path) -> str:
    parts = ("labcode", *path.relative_to(ROOT).with_suffix("").parts)
    return ".".join(parts).removesuffix(".__init__")


MODULES = {name_of(path): path for path in ROOT.rglob("*.py")}


def imported(path: Path) -> set[str]:
    """The modules of labcode that a file imports, wherever in it the import stands."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: a relative import hides the room it comes from"
            names = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= {name if name in MODULES else str(node.module) for name in names}
    return {name for name in found if name.split(".")[0] == "labcode" and name != "labcode"}


def room(module: str) -> str:
    return module.split(".")[1]


def is_pure(module: str) -> bool:
    return any(f"{module}.".startswith(f"labcode.{name}.") for name in PURE)


ARROWS = {
    (name, target)
    for name, path in MODULES.items()
    if name != "labcode"  # it only hands names on, when they are first used
    for target in imported(path)
}


def test_the_library_imports_no_study_and_no_page() -> None:
    assert not {(a, b) for a, b in ARROWS if room(a) not in WINGS and room(b) in WINGS}


def test_studies_import_no_page() -> None:
    assert not {(a, b) for a, b in ARROWS if room(a) == "studies" and room(b) == "pages"}


def test_pages_read_stored_tables_and_import_no_study() -> None:
    from_pages = {(a, b) for a, b in ARROWS if room(a) == "pages" and room(b) == "studies"}
    assert not {(a, b) for a, b in from_pages if b != "labcode.studies"}


def test_calculators_import_only_what_runs_in_a_browser() -> None:
    """And so does all that they import."""
    assert not {(a, b) for a, b in ARROWS if is_pure(a) and not is_pure(b)}
    assert is_pure("labcode.pages.calculators.counts")
    assert not is_pure("labcode.pages.drawing")


def test_no_two_rooms_need_each_other() -> None:
    needs: dict[str, set[str]] = {}
    for a, b in ARROWS:
        if room(a) != room(b):
            needs.setdefault(room(a), set()).add(room(b))
    list(TopologicalSorter(needs).static_order())  # raises CycleError, which names the circle
