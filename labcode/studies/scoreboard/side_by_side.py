"""Rows of the stored scoreboard side by side, for a page that weighs one technique with another."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

    from labcode.studies.scoreboard.techniques import Technique


def side_by_side(*techniques: Technique) -> pd.DataFrame:
    """Return techniques side by side, with the numbers that decide between them.

    Args:
        techniques: Of `labcode.studies.scoreboard.techniques`, in the order of the rows.

    Returns:
        A row for each, by its name: mean test accuracy and its spread over the seeds in per cent,
        kilobytes on disk, millions of multiply-adds, and how many times faster it is than the
        uncompressed LeNet-5 that was timed in the same run.

    Raises:
        KeyError: The stored scoreboard has no such row.
    """
    import pandas as pd

    from labcode import studies

    board = studies.table("scoreboard").set_index(["network", "technique"])
    rows = board.loc[[(technique.network, technique.id) for technique in techniques]]
    columns = {
        "test accuracy (%)": (100 * rows["test_accuracy"]).round(2),
        "±": (100 * rows["spread"]).round(2),
        "kB": (rows["bytes_on_disk"] / 1000).round(1),
        "million MACs": (rows["macs"] / 1e6).round(2),
        "times faster": rows["times_faster"].round(2),
    }
    names = [technique.name for technique in techniques]
    return pd.DataFrame(columns).set_index(pd.Index(names, name="network"))
