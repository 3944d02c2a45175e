"""What pages browse, as plain data made from stored tables and weights; nothing is trained.

A page reads the JSON file of its calculator's name (`labcode.pages.data`) and knows no study.
"""

from __future__ import annotations

import json
from typing import Any

from labcode import studies
from labcode.studies.definition import Export

FOLDER = "labcode/pages/data"  # from the root of the repository


def made(export: Export) -> dict[str, Any]:
    """Return the data of one file, made from what its study stored."""
    return export.function(*(studies.table(table.name) for table in export.needs))


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
