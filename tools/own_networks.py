"""Run the page *Bring your own* for many networks, without changing a line of it.

python tools/own_networks.py                          all of `NETWORKS`; timm's need timm
python tools/own_networks.py torchvision:resnet18     some
python tools/own_networks.py --save found.json …      and write what came out
python tools/own_networks.py --input 3,64,64 …        on small pictures, which is quicker

The page reads the network's name from the environment, so each network is one run of the very
notebook that is in the book. Nothing is written into the book.
"""

import argparse
import json
import os
import sys
import time
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, DeadKernelError

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "book" / "photographs" / "your_own.ipynb"
CELL_TIMEOUT = 1800  # seconds; a big network on a busy machine
NETWORKS = (
    "torchvision:squeezenet1_1",
    "torchvision:mobilenet_v3_small",
    "torchvision:shufflenet_v2_x0_5",
    "torchvision:mnasnet0_5",
    "torchvision:resnet18",
    "torchvision:mobilenet_v2",
    "torchvision:regnet_y_400mf",
    "timm:lcnet_050",
    "timm:mobilenetv4_conv_small",
    "timm:tf_efficientnet_lite0",
    "timm:repvgg_a0",
    "timm:ghostnet_100",
    "timm:convnext_atto",
    "timm:vit_tiny_patch16_224",
)


def ran(network: str, page: Path = PAGE, shape: str = "") -> dict[str, Any]:
    """Run the page for a network.

    Args:
        network: As LABCODE_NETWORK names it.
        page: The notebook.
        shape: As LABCODE_INPUT names it; empty for the network's own.

    Returns:
        ``network``, ``seconds``, ``error`` (empty if the page ran to its end), and the text of its
        ``preflight`` and of its ``table``.
    """
    os.environ |= {"LABCODE_NETWORK": network, "LABCODE_INPUT": shape, "LABCODE_PROGRESS": "0"}
    notebook = nbformat.read(page, as_version=4)
    client = NotebookClient(
        notebook,
        timeout=CELL_TIMEOUT,
        kernel_name="python3",
        resources={"metadata": {"path": str(page.parent)}},
        store_widget_state=False,
    )
    start, error = time.perf_counter(), ""
    try:
        client.execute()
    except CellExecutionError as failed:
        error = f"{failed.ename}: {failed.evalue}"
    except DeadKernelError:
        error = "the process that ran the page was killed: is there enough memory?"
    return {
        "network": network,
        "seconds": round(time.perf_counter() - start),
        "error": error,
        "preflight": said(notebook, "found = preflight.check"),
        "table": said(notebook, "variants = own.variants"),
    }


def said(notebook: Any, beginning: str) -> str:
    """Return the text of what a cell printed or showed; empty if it showed nothing.

    Args:
        notebook: That ran.
        beginning: Words of the cell's code.
    """
    cell = next(c for c in notebook.cells if c.cell_type == "code" and beginning in c.source)
    texts = [o.get("text") or o.get("data", {}).get("text/plain", "") for o in cell.outputs]
    return "\n".join(texts)


def main(words: list[str] | None = None) -> int:
    """Run what the command line asks for; the code is the number of pages that did not end."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("networks", nargs="*", default=NETWORKS)
    parser.add_argument("--input", default="", help="of all, such as 3,64,64, to be quicker")
    parser.add_argument("--save", type=Path, help="a JSON file for what came out")
    asked = parser.parse_args(words)
    rows = []
    for network in asked.networks:
        row = ran(network, shape=asked.input)
        rows.append(row)
        print(f"\n## {network}: {row['seconds']} s\n{row['error'] or row['table']}", flush=True)
        if asked.save:
            asked.save.write_text(json.dumps(rows, indent=1))
    return sum(bool(row["error"]) for row in rows)


if __name__ == "__main__":
    sys.exit(main())
