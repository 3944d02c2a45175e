"""The `public-surface` directive: what `labcode` offers, read from its own code while building.

The code is parsed, not imported, so that the site builds without PyTorch.
"""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

ROOT = Path(__file__).resolve().parent.parent.parent
PACKAGE = ROOT / "labcode"
WINGS = ("pages", "studies")  # what the book is made of, not what a reader imports
Definition = ast.FunctionDef | ast.ClassDef


@dataclass(frozen=True)
class Name:
    """A public name: how it is called, and the first sentence of its docstring."""

    call: str
    sentence: str


@dataclass(frozen=True)
class Room:
    """A package or module of the library."""

    module: str
    sentence: str
    names: tuple[Name, ...]


def rooms() -> list[Room]:
    """All public rooms of the library, from A to Z; the package itself first."""
    return [_room(path) for path in [PACKAGE / "__init__.py", *_files()]]


def _files() -> Iterator[Path]:
    for path in sorted(PACKAGE.iterdir()):
        if path.name.startswith(("_", ".")) or path.stem in WINGS:
            continue
        if path.suffix == ".py":
            yield path
        elif (path / "__init__.py").exists():
            yield path / "__init__.py"


def _room(path: Path) -> Room:
    tree = _parsed(path)
    module = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
    found = ((name, _found(name, tree)) for name in _public(tree))
    names = tuple(Name(_call(name, node), _sentence(node)) for name, node in found if node)
    return Room(module, _sentence(tree), names)


def _parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def _public(tree: ast.Module) -> list[str]:
    """The names in `__all__`, or without one those of functions and classes without underscore."""
    for node in tree.body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__":
            return list(ast.literal_eval(node.value))
    return [n.name for n in tree.body if isinstance(n, Definition) and n.name[0] != "_"]


def _found(name: str, tree: ast.Module) -> Definition | None:
    """Follow a name to where it is defined; a constant has no definition."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            for alias in node.names:
                if name == (alias.asname or alias.name):
                    return _found(alias.name, _parsed(_source(str(node.module))))
        elif isinstance(node, Definition) and node.name == name:
            return node
    return None


def _source(module: str) -> Path:
    path = ROOT.joinpath(*module.split("."))
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


def _call(name: str, node: Definition | None) -> str:
    if not isinstance(node, ast.FunctionDef):
        return name
    given = node.args
    names = [a.arg for a in (*given.posonlyargs, *given.args)]
    if given.vararg:
        names.append(f"*{given.vararg.arg}")
    elif given.kwonlyargs:
        names.append("*")
    names += [a.arg for a in given.kwonlyargs]
    if given.kwarg:
        names.append(f"**{given.kwarg.arg}")
    return f"{name}({', '.join(names)})"


def _sentence(node: ast.Module | Definition | None) -> str:
    """The first paragraph of a docstring, in one line."""
    text = (ast.get_docstring(node) or "") if node else ""
    return " ".join(text.split("\n\n")[0].split())


class PublicSurface(SphinxDirective):
    """A section for each room: its sentence, and its names with theirs."""

    def run(self) -> list[nodes.Node]:
        """Build the sections."""
        for path in PACKAGE.rglob("*.py"):
            self.env.note_dependency(str(path))
        return [_section(room) for room in rooms()]


def _section(room: Room) -> nodes.section:
    section = nodes.section(ids=[room.module.replace(".", "-").replace("_", "-")])
    section += nodes.title("", "", nodes.literal("", room.module))
    section += nodes.paragraph("", *_text(room.sentence))
    if not room.names:
        return section
    listing = nodes.definition_list()
    for name in room.names:
        term = nodes.term("", "", nodes.literal("", name.call))
        meaning = nodes.definition("", nodes.paragraph("", *_text(name.sentence)))
        listing += nodes.definition_list_item("", term, meaning)
    section += listing
    return section


def _text(sentence: str) -> list[nodes.Node]:
    """A docstring's sentence with what stands in backquotes as code, and titles in italics."""
    parts = re.split(r"(`[^`]+`|\*[^* ][^*]*\*)", sentence.replace("``", "`"))
    return [_part(part) for part in parts if part]


def _part(part: str) -> nodes.Node:
    if part.startswith("`"):
        return nodes.literal("", part.strip("`"))
    if part.startswith("*") and len(part) > 2:
        return nodes.emphasis("", part.strip("*"))
    return nodes.Text(part)


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the directive."""
    app.add_directive("public-surface", PublicSurface)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
