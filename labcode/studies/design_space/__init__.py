"""The design space of small SqueezeNets: what there is to choose, trained or looked up.

`labcode.search` searches it. Nothing here loads PyTorch before a network is trained.
"""

from labcode.studies.design_space.grid import BYPASSES, SHARES, SQUEEZE_RATIOS
from labcode.studies.design_space.problems import (
    AIMS,
    SPACE,
    TIMED_AIMS,
    measured_grid,
    measured_slowly,
    timed_grid,
    trained,
)

__all__ = [
    "AIMS",
    "BYPASSES",
    "SHARES",
    "SPACE",
    "SQUEEZE_RATIOS",
    "TIMED_AIMS",
    "measured_grid",
    "measured_slowly",
    "timed_grid",
    "trained",
]
