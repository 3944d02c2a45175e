"""Problems for workers to import: nothing else here, so that they start fast."""

import os
import time
from pathlib import Path

from labcode import search

MEASURED = []  # settings that this worker has begun


def work(x):
    """Take a moment; a worker that measured $LAST settings is stuck in its next for good."""
    stuck = len(MEASURED) == int(os.environ.get("LAST", -1))
    MEASURED.append(x)
    while stuck:
        time.sleep(1)
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
