"""Train small SqueezeNets, ShuffleNets and SE-ResNets over seeds for their chapters.

Run as `python experiments/small_networks.py` (about ten minutes of one core), or with the names
of some tables. Writes squeezenet_pooling.csv, squeezenet_pooling_14.csv,
shufflenet_shuffle.csv and senet_choices.csv, each with a JSON file beside it.
"""

from itertools import product

from record import measure, run_tables

from labcode.studies.senet import se_trials
from labcode.studies.shufflenet import shuffle_trials
from labcode.studies.squeezenet import squeeze_trials

SCRIPT = "experiments/small_networks.py"
DATA = "mnist5k: 1000 training, 500 validation and 1000 test images"
SEEDS = (0, 1, 2)
# The early network again, so wide that it does the late one's multiply-adds.
WIDER = 2.25
STANDARD = {"placement": "standard", "reduction": 4, "squeeze": "average", "gate": "sigmoid"}
CHOICES = (
    STANDARD | {"placement": "none"},
    STANDARD,
    *(STANDARD | {"placement": place} for place in ("pre", "post", "identity")),
    *(STANDARD | {"reduction": reduction} for reduction in (2, 8)),
    STANDARD | {"squeeze": "maximum"},
    *(STANDARD | {"gate": gate} for gate in ("tanh", "relu")),
)

SHUFFLES = ((1, False), (4, True), (4, False), (8, True), (8, False))  # groups, shuffled or not


def squeezenet() -> None:
    places = [*((place, 1.0) for place in squeeze_trials.POOLS), ("early", WIDER)]
    settings = [
        {"place": place, "width": width, "seed": seed}
        for seed, (place, width) in product(SEEDS, places)
    ]
    function = squeeze_trials.pooling_row
    epochs = squeeze_trials.EPOCHS
    measure("squeezenet_pooling", function, settings, script=SCRIPT, data=DATA, epochs=epochs)


def squeezenet_14() -> None:
    """Train on smaller digits, which every place's last layer sees whole."""
    places = [*((place, 1.0) for place in squeeze_trials.POOLS), ("early", WIDER)]
    settings = [
        {"place": place, "width": width, "size": 14, "epochs": 12, "seed": seed}
        for seed, (place, width) in product(SEEDS, places)
    ]
    function = squeeze_trials.pooling_row
    measure("squeezenet_pooling_14", function, settings, script=SCRIPT, data=DATA)


def shufflenet() -> None:
    settings = [
        {"groups": groups, "shuffle": shuffle, "seed": seed}
        for seed, (groups, shuffle) in product(SEEDS, SHUFFLES)
    ]
    function = shuffle_trials.shuffle_row
    epochs = shuffle_trials.EPOCHS
    measure("shufflenet_shuffle", function, settings, script=SCRIPT, data=DATA, epochs=epochs)


def senet() -> None:
    settings = [choice | {"seed": seed} for seed, choice in product(SEEDS, CHOICES)]
    function = se_trials.se_row
    epochs = se_trials.EPOCHS
    measure("senet_choices", function, settings, script=SCRIPT, data=DATA, epochs=epochs)


TABLES = {
    "squeezenet": squeezenet,
    "squeezenet_14": squeezenet_14,
    "shufflenet": shufflenet,
    "senet": senet,
}


if __name__ == "__main__":
    run_tables(TABLES, __doc__)
