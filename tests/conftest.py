"""For all tests: one thread, no deadline, and the same random numbers whatever ran before."""

import os
import random
import sys

from hypothesis import settings

from tests.examples import examples

# Several workers share the machine, and most layers here are too small for a second thread: it
# would wait more than it works. Said before anything imports torch; started processes hear it too.
os.environ.setdefault("OMP_NUM_THREADS", "1")

# How long an example takes says how busy the machine is, not whether the code is right. Where a
# service checks a change (it sets CI), the examples are the same each time: what is red there is
# red because of the change. Everywhere else each run tries new ones.
settings.register_profile(
    "course",
    deadline=None,
    derandomize=bool(os.environ.get("CI")),
    max_examples=examples(100),
)
settings.load_profile("course")


def pytest_runtest_setup() -> None:
    """Start each test from the same random state: which worker ran what before it decides nothing.

    What a test draws is then drawn again when it is run alone. A package that is not imported yet
    keeps its own first state, or is not used.
    """
    random.seed(0)
    if numpy := sys.modules.get("numpy"):
        numpy.random.seed(0)
    if torch := sys.modules.get("torch"):
        torch.manual_seed(0)
