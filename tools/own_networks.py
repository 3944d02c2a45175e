"""Run the page *Bring your own* for many networks, without changing a line of it.

python tools/own_networks.py                          all of `NETWORKS`; timm's need timm
python tools/own_networks.py torchvision:resnet18     some
python tools/own_networks.py --save found.json …      and write what came out
python tools/own_networks.py --store …                into the table that the page shows
python tools/own_networks.py --input 3,64,64 …        on small pictures, which is quicker

The page reads the network's name from the environment, so each network is one run of the very
notebook that is in the book. Nothing is written into the book.
"""

import argparse
import json
import os
import sys
import time
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import nbformat
import pandas as pd
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, DeadKernelError

from labcode.studies.own_networks.tables import PAGES, STUDY
from labcode.studies.store import FOLDER
from labcode.studies.timings import keep, load_average

ROOT = Path(__file__).resolve().parent.parent
FACTS = ("input", "seconds", "peak_mib")  # of the page
PAGE = ROOT / "book" / "photographs" / "your_own.ipynb"
COLUMNS = ("network", "step", "answer", "reason", "bytes", "ms", "same", *FACTS)
PACKAGES = ("onnxruntime", "torch", "torchvision", "timm")
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


PROBE = """
import json
import time
from labcode.runtime.answer import peak_mebibytes

seconds = round(time.process_time())
forms = [{k: v for k, v in vars(one).items() if k != "file"} for one in variants]
verdicts = {m: [v.answer, v.reason] for m, v in found.verdicts.items()}
needed = {"seconds": seconds, "peak_mib": round(peak_mebibytes())}
needed["input"] = ",".join(map(str, IMAGES.shape[1:]))
print(json.dumps(needed | {"verdicts": verdicts, "forms": forms}))
"""  # runs behind the page, in the same process


def ran(network: str, page: Path = PAGE, shape: str = "") -> dict[str, Any]:
    """Run the page for a network.

    Args:
        network: As LABCODE_NETWORK names it.
        page: The notebook.
        shape: As LABCODE_INPUT names it; empty for the network's own.

    Returns:
        ``network``, ``clock`` (seconds of the wall), ``error`` (empty if the page ran to its end),
        and then what the page made: ``verdicts`` of the preflight and ``forms`` of the network;
        ``input``, one picture; ``seconds`` of processor time; ``peak_mib``, the most memory.
    """
    os.environ |= {"LABCODE_NETWORK": network, "LABCODE_INPUT": shape, "LABCODE_PROGRESS": "0"}
    notebook = nbformat.read(page, as_version=4)
    probe = nbformat.v4.new_code_cell(PROBE)
    notebook.cells.append(probe)
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
    except (DeadKernelError, AssertionError) as failed:  # nbclient stumbles over the dead process
        if not any(isinstance(e, DeadKernelError) for e in (failed, failed.__context__)):
            raise
        error = "the process that ran the page was killed: is there enough memory?"
    clock = round(time.perf_counter() - start)
    row = {"network": network, "clock": clock, "error": error}
    said = [output.text for output in probe.outputs if output.output_type == "stream"]
    return row | (json.loads(said[-1]) if said and not error else {})


def stored_rows(found: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the rows of the stored table for one network: the page, its methods, its forms.

    Args:
        found: From `ran`.
    """
    page = {"step": "page", "answer": "no" if found["error"] else "yes", "reason": found["error"]}
    page |= {name: found.get(name) for name in FACTS}
    methods = [
        {"step": f"preflight: {method}", "answer": answer, "reason": reason}
        for method, (answer, reason) in found.get("verdicts", {}).items()
    ]
    forms = [
        {
            "step": one["name"],
            "answer": "no" if one["refusal"] else "yes",
            "reason": one["refusal"] or one["note"],
            "bytes": one["size"],
            "ms": one["milliseconds"],
            "same": one["agreement"],
        }
        for one in found.get("forms", ())
    ]
    rows = [{"network": found["network"], **row} for row in (page, *methods, *forms)]
    return [{name: written(row.get(name)) for name in COLUMNS} for row in rows]


def written(value: str | float | None) -> str:
    """Return a value as the table has it: all digits of a whole number, four of another."""
    if value is None:
        return ""
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def store(found: dict[str, Any], load: float | None = None) -> None:
    """Store what came out for one network, in place of what was stored of it.

    Args:
        found: From `ran`.
        load: How many programs ran beside it.
    """
    rows = stored_rows(found)
    file = FOLDER / STUDY.name / f"{PAGES.name}.csv"
    if file.exists():
        known = pd.read_csv(file, dtype=str, keep_default_na=False).to_dict("records")
        rows += [row for row in known if row["network"] != found["network"]]
    order = {name: place for place, name in enumerate(NETWORKS)}
    rows.sort(key=lambda row: order.get(row["network"], len(order)))  # ties stay as they are
    packages = [name for name in PACKAGES if find_spec(name)]
    keep(STUDY, PAGES, ran, rows, packages=packages, threads=1, load_average=load)


def told(row: dict[str, str]) -> str:
    """Return a line of a stored row."""
    return "  ".join(filter(None, (row[name] for name in COLUMNS[1:])))


def main(words: list[str] | None = None) -> int:
    """Run what the command line asks for; the code is the number of pages that did not end."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("networks", nargs="*", default=NETWORKS)
    parser.add_argument("--input", default="", help="of all, such as 3,64,64, to be quicker")
    parser.add_argument("--save", type=Path, help="a JSON file for what came out")
    parser.add_argument("--store", action="store_true", help="in the table that the page shows")
    asked = parser.parse_args(words)
    rows, loads = [], []
    for network in asked.networks:
        loads.append(load_average())
        row = ran(network, shape=asked.input)
        rows.append(row)
        print(f"\n## {network}: {row['clock']} s", flush=True)
        print("\n".join(filter(None, map(told, stored_rows(row)))), flush=True)
        if asked.save:
            asked.save.write_text(json.dumps(rows, indent=1))
    if asked.store:  # not before all have run: the page reads the table
        for row, load in zip(rows, loads, strict=True):
            store(row, load)
    return sum(bool(row["error"]) for row in rows)


if __name__ == "__main__":
    sys.exit(main())
