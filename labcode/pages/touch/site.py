"""The files that the pieces load from the site's folder /touch."""

from __future__ import annotations

from importlib.resources import files

from labcode.weights.store import read

# In their order: a later one may refine an earlier one.
STYLES = (
    *("base", "controls", "pixels", "tables"),
    *("filter", "shift", "soft_labels", "coding", "shuffle"),
)
POOLINGS = ("none", "mean", "max")  # of the networks that the piece *A digit on the move* asks


def site_files() -> dict[str, bytes]:
    """Return all files by name: a module a piece, one style sheet, and three small networks.

    >>> sorted(name for name in site_files() if name.endswith(".diet"))
    ['pooled-max.diet', 'pooled-mean.diet', 'pooled-none.diet']
    """
    folder = files("labcode.pages.touch").joinpath("static")
    scripts = {
        entry.name: entry.read_bytes()
        for entry in sorted(folder.iterdir(), key=lambda entry: entry.name)
        if entry.name.endswith(".mjs")
    }
    sheet = b"\n".join(folder.joinpath(f"{name}.css").read_bytes() for name in STYLES)
    networks = {f"pooled-{kind}.diet": read(stored_name(kind)) for kind in POOLINGS}
    return scripts | {"touch.css": sheet} | networks


def stored_name(kind: str) -> str:
    """Return the name under which the network with a pooling is stored, in `labcode.weights`."""
    return f"pooled_network-{kind}.diet"
