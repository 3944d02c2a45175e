"""Problems for workers to import: nothing else here, so that they start fast."""

import os
import time
from pathlib import Path

from labcode import search


def work(x):
    time.sleep(0.15)
    return {"y": float(x) ** 2}


def meet(x):
    """Work when as many workers are there as $PRESENT says, each with a file in $MEETING."""
    meeting = Path(os.environ["MEETING"])
    (meeting / str(os.getpid())).touch()
    while len(list(meeting.iterdir())) < int(os.environ["PRESENT"]):
        time.sleep(0.02)
    return work(x)


def fall(x):
    raise OSError("no disk")


SPACE, AIMS = {"x": tuple(range(50))}, {"y": "minimize"}
slow = search.Problem(SPACE, AIMS, work)
together = search.Problem(SPACE, AIMS, meet)
broken = search.Problem(SPACE, AIMS, fall)
