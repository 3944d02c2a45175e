r"""One worker of a search, for as many processes and machines as there are.

    python -m labcode.search labcode.studies.design_space.problems:trained \
        --storage study.db --trials 40

Started again, it goes on; started several times at once, the workers share the study: on one
machine by a file, on many by a database's URL.
"""

import argparse
import os
import sys

from labcode.search.explore import SAMPLERS, explore
from labcode.search.problem import find_problem
from labcode.search.storage import GRACE, HEARTBEAT, open_storage


def main(arguments: list[str] | None = None) -> int:
    """Work on a study until it has its trials."""
    parser = argparse.ArgumentParser(
        prog="python -m labcode.search",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("problem", help="module:name of a Problem, or of what returns one")
    parser.add_argument("--storage", required=True, help="a file (SQLite), or a database's URL")
    parser.add_argument("--name", default="design space", help="the study's name")
    parser.add_argument("--trials", type=int, required=True, help="finished trials in all")
    parser.add_argument("--sampler", choices=SAMPLERS, default="tpe")
    parser.add_argument("--seed", type=int, help="left out: another one in each process")
    parser.add_argument("--heartbeat", type=int, default=HEARTBEAT, help="seconds")
    parser.add_argument("--grace", type=int, default=GRACE, help="seconds until taken for dead")
    given = parser.parse_args(arguments)
    seed = given.seed if given.seed is not None else int.from_bytes(os.urandom(4), "big")
    explore(
        find_problem(given.problem),
        n_trials=given.trials,
        sampler=given.sampler,
        seed=seed,
        storage=open_storage(given.storage, heartbeat=given.heartbeat, grace=given.grace),
        name=given.name,
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
