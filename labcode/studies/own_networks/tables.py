"""The matrix of methods and architectures, and the page *Bring your own* for other networks."""

from __future__ import annotations

from labcode.studies.definition import Study, Table, TimedTable
from labcode.studies.own_networks import architectures, trials

MATRIX = Table(
    "preflight_matrix",
    trials.rows,
    [{"network": name} for name in architectures.ARCHITECTURES],
    facts={"data": f"{trials.IMAGES} random images; untrained networks with 10 classes"},
)
PAGES = TimedTable("brought_pages", "tools/own_networks.py")
STUDY = Study("own_networks", (MATRIX, PAGES))
