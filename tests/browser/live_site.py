"""A small site of calculators alone, made from what `explore` writes, for tests of the script."""

import shutil
from pathlib import Path

import pydata_sphinx_theme

from labcode.pages import calculators
from labcode.pages.live import Explorer, explore
from labcode.pages.live.sheet import page_script, style_sheet
from tools import live_bundle, prepared

ROOT = Path(__file__).resolve().parents[2]
STYLES = Path(pydata_sphinx_theme.__file__).parent / "theme/pydata_sphinx_theme/static/styles"
PYODIDE = (
    "pyodide.mjs",
    "pyodide.asm.mjs",
    "pyodide.asm.wasm",
    "python_stdlib.zip",
    "pyodide-lock.json",
)

PAGE = """<!doctype html>
<html lang="en" data-theme="{theme}">
<head><meta charset="utf-8"><title>{title}</title><link rel="icon" href="data:,">
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="stylesheet" href="../_static/bootstrap.css">
<link rel="stylesheet" href="../_static/pydata-sphinx-theme.css">
<link rel="stylesheet" href="../_static/live.css">
<script defer src="../_static/live.js?v=1"></script></head>
<body><main class="bd-content"><article style="max-width: 44rem; margin: auto; padding: 1rem">
<h1>{title}</h1>
<div class="cell_output"><div class="output text_html">{forms}</div></div>
</article></main></body></html>
"""


def hero() -> Explorer:
    """The calculator that the landing page opens with."""
    return explore(
        calculators.convolutions,
        in_channels=(3, 1, 64),
        out_channels=(4, 1, 64),
        kernel_size=(3, 1, 11),
        input_size=(5, 1, 64),
        stride=(1, 1, 4),
        padding=(0, 0, 5),
        groups=(1, 1, 16),
    )


def others() -> list[Explorer]:
    """One of each other calculator, with each sort of control."""
    return [
        explore(
            calculators.receptive_field, layers=(3, 1, 8), stride=(1, 1, 3), same_padding=False
        ),
        explore(calculators.sharing, out_channels=(6, 1, 64), input_size=(28, 4, 64)),
        explore(calculators.network_layers, network=["LeNet-5", "AlexNet"], classes=(0, 0, 1000)),
        explore(calculators.counts, mega_macs=(714, 1, 20_000), precision=["float32", "int8"]),
        explore(
            calculators.grouped_convolution,
            in_channels=(64, 1, 512),
            out_channels=(128, 1, 512),
            groups=(4, 1, 64),
        ),
        explore(calculators.few_bits, bits=(2, 1, 8), network=["LeNet-5", "Small CNN"]),
        explore(
            calculators.pruned_networks,
            network=["LeNet-300-100", "LeNet-5"],
            kept=["5 %", "20 %", "10 %", "2 %"],
        ),
    ]


def write(site: Path) -> None:
    """Write the site: pages in a folder below the root, as the book's pages are."""
    pages = {"hero": [hero()], "all": [hero(), *others()]}
    (site / "book").mkdir(parents=True)
    for name, explorers in pages.items():
        forms = "\n".join(one._repr_mimebundle_()["text/html"] for one in explorers)
        for form in prepared.Forms(forms).found:
            if not (folder := site / "live/answers" / str(form["id"])).exists():
                prepared.write(form, folder)
        for theme in ("light", "dark"):
            text = PAGE.format(theme=theme, title=name, forms=forms)
            (site / f"book/{name}-{theme}.html").write_text(text, encoding="utf-8")
    for source in (
        STYLES / "bootstrap.css",
        STYLES / "pydata-sphinx-theme.css",
    ):
        _copy(source, site / "_static" / source.name)
    (site / "_static/live.css").write_text(style_sheet(), encoding="utf-8")
    (site / "_static/live.js").write_text(page_script(), encoding="utf-8")
    _copy(ROOT / "labcode/pages/live/worker/worker.mjs", site / "live/worker.mjs")
    for name in PYODIDE:
        _copy(ROOT / "web/node_modules/pyodide" / name, site / "live/pyodide" / name)
    live_bundle.write_zip(live_bundle.browser_files(), site / "live/labcode.zip")


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)
