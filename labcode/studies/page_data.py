"""Write what pages show into their folder: `python -m labcode.studies.page_data`.

Each study's `page_data` maps stored tables and weights to plain data; nothing is trained. A
page reads the JSON file of its own name (`labcode.pages.data`) and knows no study.
"""

from __future__ import annotations

import json
from importlib import import_module
from importlib.resources import files
from pathlib import Path
from typing import Any

STUDIES = {  # the file's name, which is the calculator's, and the study that fills it
    "compare_techniques": "scoreboard",
    "design_space": "design_space",
    "exit_thresholds": "early_exit",
    "few_bits": "quantization",
    "pruned_networks": "pruning",
    "soft_label": "distillation",
}


def made(name: str) -> dict[str, Any]:
    """Return the data of one file, made from what the study stored.

    Args:
        name: One of `STUDIES`.
    """
    study = import_module(f"labcode.studies.{STUDIES[name]}.page_data")
    data: dict[str, Any] = study.page_data()
    return data


def as_json(data: dict[str, Any]) -> str:
    """Return data as JSON with each item of a list in a line of its own.

    >>> print(as_json({"seeds": 3, "rows": [[1, 0.5], [2, 0.25]]}), end="")
    {
     "seeds": 3,
     "rows": [
      [1, 0.5],
      [2, 0.25]
     ]
    }
    """
    parts = [f" {json.dumps(key)}: {_value(value)}" for key, value in data.items()]
    return "{\n" + ",\n".join(parts) + "\n}\n"


def _value(value: Any) -> str:
    if not isinstance(value, list):
        return json.dumps(value, ensure_ascii=False)
    items = ",\n".join(f"  {json.dumps(item, ensure_ascii=False)}" for item in value)
    return f"[\n{items}\n ]"


def write(name: str) -> None:
    """Write one file.

    Args:
        name: One of `STUDIES`.
    """
    target = Path(str(files("labcode.pages.data"))) / f"{name}.json"
    target.write_text(as_json(made(name)), encoding="utf-8")


if __name__ == "__main__":
    for file_name in STUDIES:
        write(file_name)
