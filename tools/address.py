"""Carry the repository's address from _config.yml to every file that needs it.

Run as `make address` after changing `repository.url` or `repository.branch`.
Launch buttons take it from _config.yml themselves. A notebook that is opened alone in
Colab, Binder's links, the citation and pip's metadata cannot, so it is written into them.
"""

import json
import re
from dataclasses import dataclass
from pathlib import Path

import nbformat
import yaml

ROOT = Path(__file__).resolve().parent.parent
LANDING = "book/index.ipynb"
SETUP_TAG = "colab-setup"
COLABS_OWN = ["torch", "torchvision", "numpy", "protobuf", "ipywidgets"]


@dataclass(frozen=True)
class Address:
    """Where the repository is."""

    url: str
    branch: str

    @property
    def path(self) -> str:
        """Owner and name, as in github.com/OWNER/NAME."""
        return self.url.removeprefix("https://github.com/")

    def binder(self, notebook: str = LANDING) -> str:
        """The link that opens a notebook in JupyterLab on Binder."""
        return f"https://mybinder.org/v2/gh/{self.path}/{self.branch}?urlpath=lab/tree/{notebook}"

    def colab(self, notebook: str = LANDING) -> str:
        """The link that opens a notebook in Colab."""
        base = "https://colab.research.google.com/github"
        return f"{base}/{self.path}/blob/{self.branch}/{notebook}"

    def setup_cell(self) -> str:
        """The first code cell of a chapter: on Colab it installs labcode, elsewhere nothing.

        Colab's own versions of some packages are asked for by name, so that none is replaced.
        """
        return (
            "# @title Set-up (only Colab needs it; elsewhere this cell does nothing)\n"
            "import importlib.util\n"
            "import sys\n\n"
            'if "google.colab" in sys.modules and importlib.util.find_spec("labcode") is None:\n'
            "    from importlib.metadata import version\n\n"
            f"    own = {json.dumps(COLABS_OWN)}  # stay as they are\n"
            '    own = " ".join(f"{name}=={version(name)}" for name in own)\n'
            f'    %pip install --quiet {{own}} "labcode[notebooks] @ git+{self.url}@{self.branch}"'
        )


def address() -> Address:
    """Read the address from _config.yml, the one place where it is set."""
    repository = yaml.safe_load((ROOT / "_config.yml").read_text())["repository"]
    if not re.fullmatch(r"https://github\.com/[\w.-]+/[\w.-]+", repository["url"]):
        raise SystemExit(
            "_config.yml: repository.url must look like https://github.com/OWNER/NAME "
            f"(Binder's and Colab's links are made for GitHub), got {repository['url']!r}"
        )
    return Address(repository["url"], repository["branch"])


def notebooks() -> list[Path]:
    """All notebooks of the book."""
    found = sorted((ROOT / "book").rglob("*.ipynb"))
    return [path for path in found if ".ipynb_checkpoints" not in path.parts]


def setup_cell(notebook: nbformat.NotebookNode) -> nbformat.NotebookNode | None:
    """The notebook's set-up cell, known by its tag."""
    tagged = (cell for cell in notebook.cells if SETUP_TAG in cell.metadata.get("tags", []))
    return next(tagged, None)


def write_notebook(path: Path, here: Address) -> bool:
    """Put the address into a notebook's set-up cell; say whether that changed it."""
    notebook = nbformat.read(path, as_version=4)
    cell = setup_cell(notebook)
    if cell is None or cell.source == here.setup_cell():
        return False
    cell.source = here.setup_cell()
    nbformat.write(notebook, path)
    return True


def rewrite(text: str, here: Address) -> str:
    """Replace the links to the repository in a text file."""
    colab = r"https://colab\.research\.google\.com/github/[\w.-]+/[\w.-]+/blob/[\w.-]+/"
    binder = r"https://mybinder\.org/v2/gh/[\w.-]+/[\w.-]+/[\w.-]+\?"
    text = re.sub(colab, here.colab(""), text)
    text = re.sub(binder, here.binder().split("?")[0] + "?", text)
    own = r"(^(?:repository-code|Repository|Source|git clone)[:=\s\"]+)https://github\.com/[\w./-]+"
    return re.sub(own, rf"\g<1>{here.url}", text, flags=re.MULTILINE)


def main() -> None:
    """Rewrite what differs, and name it."""
    here = address()
    for path in notebooks():
        if write_notebook(path, here):
            print(path.relative_to(ROOT))
    for name in ("README.md", "CITATION.cff", "pyproject.toml", "book/running.md"):
        path = ROOT / name
        before = path.read_text()
        after = rewrite(before, here)
        if after != before:
            path.write_text(after)
            print(name)


if __name__ == "__main__":
    main()
