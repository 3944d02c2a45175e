"""The tables of EfficientNet-Lite0 on photographs, with their settings."""

from __future__ import annotations

from labcode.studies.definition import Row, Study, Table, TimedTable
from labcode.studies.photographs import family, layers, rounding, trials

DATA = (
    "1,000 labelled photographs of ImageNet's training part, one a class: 125 calibrate, "
    "875 judge; absolute accuracy is too high, since the network was trained on such"
)
WHOLE: Row = {"method": "", "bits": 0, "kept": 1.0}
FACTS = {"data": DATA, "network": "EfficientNet-Lite0, batch norm folded"}


def settings() -> list[Row]:
    """Return every method with its settings, in the order of the pages."""
    rows: list[Row] = [{"method": "uncompressed"}]
    rows += [{"method": "int8_file", "bits": bits} for bits in (8, 7)]
    rows += [{"method": "per_channel", "bits": 8}, {"method": "per_tensor", "bits": 8}]
    rows += [{"method": "equalized", "bits": 8}, {"method": "corrected", "bits": 8}]
    few = ("per_channel", "bias_alone", "mixed")
    rows += [{"method": method, "bits": 4} for method in few]
    rows += [{"method": how, "kept": kept} for kept in (0.9, 0.75) for how in ("cut", "repaired")]
    rows += [{"method": "shared", "bits": bits} for bits in (6, 5, 4)]
    return [WHOLE | one for one in rows]


METHODS = Table("photographs_methods", trials.row, settings, facts=FACTS)
SENSITIVITY = Table(
    "photographs_layers",
    layers.rows,
    [{"bits": 8, "per_channel": False}, {"bits": 4, "per_channel": True}],
    facts=FACTS | {"photographs": layers.SEEN},
)
LEARNED = Table(
    "photographs_learned",
    trials.row,
    [WHOLE | {"method": "learned", "bits": 4}],
    facts=FACTS | {"samples": trials.SAMPLES} | trials.LEARNING,
)
ROUNDING = Table(
    "photographs_rounding",
    rounding.row,
    rounding.settings,
    facts=FACTS | {"teach": rounding.TEACH, "bits": rounding.BITS, "samples": trials.SAMPLES},
)
FAMILY = Table(
    "photographs_family",
    family.row,
    family.settings(),
    needs=(METHODS,),
    gather=family.lite0,
    facts={"data": DATA, "network": "EfficientNet-Lite0, 1 and 2"},
)
MILLISECONDS = TimedTable("photographs_milliseconds", "benchmarks/photographs.py")
STUDY = Study("photographs", (METHODS, LEARNED, SENSITIVITY, ROUNDING, FAMILY, MILLISECONDS))
