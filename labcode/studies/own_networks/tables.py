"""The matrix of methods and architectures, with its settings."""

from __future__ import annotations

from labcode.studies.definition import Study, Table
from labcode.studies.own_networks import architectures, trials

MATRIX = Table(
    "preflight_matrix",
    trials.rows,
    [{"network": name} for name in architectures.ARCHITECTURES],
    facts={"data": f"{trials.IMAGES} random images; untrained networks with 10 classes"},
)
STUDY = Study("own_networks", (MATRIX,))
