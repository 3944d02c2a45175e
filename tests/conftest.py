"""For all tests: one thread."""

import os

# Several workers share the machine, and most layers here are too small for a second thread: it
# would wait more than it works. Said before anything imports torch; started processes hear it too.
os.environ.setdefault("OMP_NUM_THREADS", "1")
