"""What the page's scoreboard browses, from the gathered table."""

from __future__ import annotations

from typing import Any

from labcode.studies.scoreboard.techniques import technique

COLUMNS = (  # after the name
    "kind",
    "test_accuracy",
    "spread",
    "params",
    "macs",
    "bytes_on_disk",
    "onnx_bytes",
    "activation_bytes",
    "times_faster",
    "times_faster_p95",
)


def page_data(table: Any) -> dict[str, Any]:
    """Return all rows of the scoreboard in its order, each a list of ``columns``.

    Args:
        table: The table `scoreboard`.
    """
    pairs = zip(table["network"], table["technique"], strict=True)
    names = [technique(network, id).name for network, id in pairs]
    numbers = table[list(COLUMNS)].astype(object).values.tolist()
    rows = [[name, *row] for name, row in zip(names, numbers, strict=True)]
    return {"columns": ["name", *COLUMNS], "rows": rows}
