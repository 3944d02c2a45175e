"""Run the experiments of the chapters on dynamic computation over seeds.

Run as `python experiments/dynamic_computation.py` (about half an hour on one core), or with the
names of some tables. Writes early_exit_*.csv and scoreboard_early_exit.csv, the
stored network with exits, and the outputs that the calculator of the page browses.

Learning rates are the baselines'; the table rates compares them with others on the validation
split.
"""

import base64
import textwrap
from itertools import product

import pandas as pd
import torch
from record import FOLDER, ROOT, measure, run_tables, store
from safetensors.torch import save

from labcode import weights
from labcode.early_exit import RULES, certainty
from labcode.early_exit.training import METHODS
from labcode.models import exit_macs
from labcode.models.exit_network import Trunk
from labcode.models.slimmable_cnn import WIDTHS, slimmable_cnn
from labcode.studies.early_exit import trials

SCRIPT = "experiments/dynamic_computation.py"
EXITS = "exit_cnn-seed0.safetensors"  # what load_exits reads
PLAIN = "mnist5k: 3500 training, 500 validation and 1000 test images, no augmentation"
ALL = "mnist5k: 3500 training, 500 validation and 1000 test images, augmented"
SEEDS = (0, 1, 2)
HARM_SEEDS = (0, 1, 2, 3, 4)
BUDGET = 0.16  # of the full cost, on the scoreboard: less loses answers on the validation split
FEATURED = ("last exit alone", "equal weights")


def rates() -> None:
    settings = [
        {"design": "narrow chain", "method": m, "seed": s, "lr": lr}
        for m, lr, s in product(FEATURED, (2e-3, 5e-3, 1e-2), (100, 101))
    ]
    measure("early_exit_rates", trials.tuning_row, settings, script=SCRIPT, data=PLAIN)


USUAL = {"design": "narrow chain", "grid": 1, "n_train": 3500, "steps": trials.STEPS}


def harm() -> None:
    """With and without exits, in a narrow chain whose exits see means alone."""
    settings = [USUAL | {"method": m, "seed": s} for m, s in product(FEATURED, HARM_SEEDS)]
    measure("early_exit_harm", trials.harm_rows, settings, script=SCRIPT, data=PLAIN)


def changes() -> None:
    """The same pair with one thing changed."""
    ways: tuple[dict[str, object], ...] = (
        {"grid": 3},
        {"steps": 2 * trials.STEPS},
        {"design": "multi-scale"},
        {"design": "wide chain"},
    )
    for way in ways:
        pairs = product(FEATURED, SEEDS)
        settings = [USUAL | way | {"method": m, "seed": s} for m, s in pairs]
        name = "early_exit_harm_" + "_".join(way).replace("design", str(way.get("design"))[:5])
        name = name.replace(" ", "_").replace("-", "_")
        measure(name, trials.harm_rows, settings, script=SCRIPT, data=PLAIN)


def methods() -> None:
    """The other ways to train all exits."""
    others = [m for m in METHODS if m not in FEATURED]
    settings = [USUAL | {"method": m, "seed": s} for m, s in product(others, HARM_SEEDS)]
    measure("early_exit_methods", trials.harm_rows, settings, script=SCRIPT, data=PLAIN)


def exits() -> None:
    settings = [{"seed": s} for s in SEEDS]
    measure("early_exit_budgets", trials.exits_rows, settings, script=SCRIPT, data=ALL)
    about = {"network": "exit_cnn", "seed": 0, "dataset": "mnist5k"}
    header = {"format": "pt"} | {name: str(fact) for name, fact in about.items()}
    weights.keep(
        EXITS,
        weights.pack(trials.trained(0), header),
        made_by="labcode.studies.early_exit.trials.trained",
        **about,
    )


def family() -> None:
    settings = [{"width": w, "seed": s} for w, s in product(WIDTHS, SEEDS)]
    measure("early_exit_family", trials.family_row, settings, script=SCRIPT, data=ALL)


def slimmable() -> None:
    settings = [{"switchable": k, "seed": s} for k, s in product((True, False), SEEDS)]
    measure("early_exit_slimmable", trials.slim_rows, settings, script=SCRIPT, data=ALL)


def scoreboard() -> None:
    """Gather the rows of the scoreboard from the other tables."""
    columns = ["network", "technique", "seed", "test_accuracy", "params", "macs", "bytes_on_disk"]
    whole = pd.read_csv(FOLDER / "early_exit_family.csv").query("width == 1.0")
    found = [whole.assign(technique="without exits")]
    network = weights.load_exits()
    size = {"params": sum(p.numel() for p in network.parameters())}
    size |= {"bytes_on_disk": len(save(network.state_dict()))}
    early = pd.read_csv(FOLDER / "early_exit_budgets.csv")
    early = early.query("kind == 'confidence' and share == @BUDGET")
    early = early.assign(technique=f"early exit, {BUDGET:.0%} of the work", **size)
    found.append(early)
    if (FOLDER / "early_exit_slimmable.csv").exists():
        slim = pd.read_csv(FOLDER / "early_exit_slimmable.csv")
        slim = slim.query("switchable and not measured_anew and width == 0.5")
        slim_network = slimmable_cnn()
        size = {"params": sum(p.numel() for p in slim_network.parameters())}
        size |= {"bytes_on_disk": len(save(slim_network.state_dict()))}
        found.append(slim.assign(technique="slimmable, half of the width", **size))
    rows = pd.concat([part.assign(network="exit_cnn")[columns] for part in found])
    rows["macs"] = rows["macs"].round().astype(int)
    made = {
        "script": SCRIPT,
        "function": "labcode.studies.early_exit.trials.exits_rows",
        "data": ALL,
    }
    store("scoreboard_early_exit", rows.to_dict("records"), made)


def grid() -> None:
    """Bake the stored network's answers about the validation images into the calculator."""
    network, split = weights.load_exits(), trials.digits().validation
    logits = trials.logits_of(network, split.images)
    right = logits.argmax(2) == split.labels
    lines = [
        '"""What `exit_thresholds` browses: written by experiments/dynamic_computation.py."""',
        "",
        f"MACS = {exit_macs(network)}  # up to each exit",
        f"PLAIN_MACS = {trials.counting.count(Trunk(network), (1, 28, 28)).macs}  # no early exits",
        f"IMAGES = {len(split)}",
        "# Whether each exit is right, a bit an image, exit by exit; base64.",
        _bytes("RIGHT", bytes(right.to(torch.uint8).flatten().tolist()), bits=True),
        "# How sure each early exit is, in 65,535ths, two bytes an image, exit by exit; base64.",
        "SURE = {",
    ]
    for rule in RULES:
        values = (certainty(logits[:-1], rule) * 65_535).floor().int().flatten().tolist()
        packed = b"".join(value.to_bytes(2, "big") for value in values)
        lines.append(_bytes(f'    "{rule}"', packed, sep=": ", tail=","))
    lines += ["}"]
    target = ROOT / "labcode/pages/calculators" / "exit_outputs.py"
    target.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _bytes(name: str, data: bytes, *, bits: bool = False, sep: str = " = ", tail: str = "") -> str:
    """Return bytes as base64 in lines of source code."""
    if bits:
        data = int("".join(map(str, data)), 2).to_bytes(-(-len(data) // 8), "big")
    text = base64.b64encode(data).decode()
    indent = " " * (len(name) - len(name.lstrip()))
    body = "\n".join(f'{indent}    "{part}"' for part in textwrap.wrap(text, 88))
    return f"{name}{sep}(\n{body}\n{indent}){tail}"


TABLES = {
    "rates": rates,
    "exits": exits,
    "family": family,
    "harm": harm,
    "changes": changes,
    "methods": methods,
    "slimmable": slimmable,
    "scoreboard": scoreboard,
    "grid": grid,
}


if __name__ == "__main__":
    run_tables(TABLES, __doc__)
