"""For all tests: one thread, and no deadline."""

import os

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
