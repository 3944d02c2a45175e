"""Every row of the scoreboard as an object: what it is called, and how its file runs.

Tables hold a technique's ``id``. Its ``label`` is for people: it is shown, never read.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial

from labcode.models import student
from labcode.studies.deep_compression.kept import FINAL, PAPER
from labcode.studies.low_rank.low_rank_trials import cut_network
from labcode.studies.pruning.trials import SCOREBOARD
from labcode.studies.scoreboard import shapes
from labcode.studies.scoreboard.running import Deployed, ExitStages, FloatFile, Int8File
from labcode.weights import baselines, load_exits


@dataclass(frozen=True)
class Kind:
    """A sort of technique, and the table with its rows.

    Args:
        label: What people read.
        table: Name of the table; None for the baselines, which are stored with their weights.
    """

    label: str
    table: str | None


SHOWN = {
    "lenet5": "LeNet-5",
    "lenet_300_100": "LeNet-300-100",
    "small_cnn": "small CNN",
    "exit_cnn": "CNN with exits",
    "backbone": "small network",
}
"""What people read instead of a network's identifier."""


@dataclass(frozen=True)
class Technique:
    """One network with one technique: a row of the scoreboard.

    Args:
        network: Which network, as the tables say it.
        id: Which technique, as the tables say it: an identifier.
        label: What people read instead of the id; nothing depends on it.
        kind: Of which sort it is.
        deployed: How it runs.

    Raises:
        ValueError: The network or the id is not an identifier.
    """

    network: str
    id: str
    label: str = field(compare=False)
    kind: Kind
    deployed: Deployed = field(repr=False)

    def __post_init__(self) -> None:
        """Refuse prose where a program looks things up."""
        for name in ("network", "id"):
            value = getattr(self, name)
            if not value.isidentifier():
                raise ValueError(f"{name} must be an identifier such as 'lenet5', got {value!r}")

    @property
    def key(self) -> dict[str, str]:
        """The two columns that name the row in a table."""
        return {"network": self.network, "technique": self.id}

    @property
    def name(self) -> str:
        """Network and technique, for people."""
        return f"{SHOWN.get(self.network, self.network)}, {self.label}"


UNCOMPRESSED = Kind("uncompressed", None)
PRUNING = Kind("pruning", "scoreboard_pruning")
DISTILLATION = Kind("distillation", "scoreboard_distillation")
QUANTIZATION = Kind("quantization", "scoreboard_quantization")
DEEP_COMPRESSION = Kind("prune, share and code", "scoreboard_deep_compression")
LOW_RANK = Kind("low rank", "scoreboard_low_rank")
ARCHITECTURE = Kind("efficient blocks", "scoreboard_architecture")
EARLY_EXIT = Kind("early exit", "scoreboard_early_exit")
COMBINATION = Kind("combination", "scoreboard_combinations")

# What runs. Techniques that leave the operations alone run the uncompressed network's file.
_LENET5 = FloatFile(partial(baselines.load, "lenet5", seed=0))
_LENET_300_100 = FloatFile(partial(baselines.load, "lenet_300_100", seed=0))
_SMALL_CNN = FloatFile(partial(baselines.load, "small_cnn", seed=0))
_HALF = FloatFile(shapes.half_lenet5)
_HALF_INT8 = Int8File(shapes.half_lenet5)
_STUDENT = FloatFile(student)

_L5, _L300 = "lenet5", "lenet_300_100"

LENET5 = Technique(_L5, "uncompressed", "uncompressed", UNCOMPRESSED, _LENET5)
LENET_300_100 = Technique(_L300, "uncompressed", "uncompressed", UNCOMPRESSED, _LENET_300_100)
SMALL_CNN = Technique("small_cnn", "uncompressed", "uncompressed", UNCOMPRESSED, _SMALL_CNN)


def _pruned(network: str, runs: Deployed) -> Technique:
    kept, _ = SCOREBOARD[network]
    return Technique(network, "pruned", f"pruned to {100 * kept:g} %", PRUNING, runs)


PRUNED = {_L5: _pruned(_L5, _LENET5), _L300: _pruned(_L300, _LENET_300_100)}
HALF = Technique(_L5, "half_filters", "half of the filters cut out", PRUNING, _HALF)


def _taught(id: str, label: str) -> Technique:
    return Technique("student", id, label, DISTILLATION, _STUDENT)


LABELS = _taught("labels", "labels alone")
TAUGHT = _taught("taught", "taught by LeNet-5")
LABELS_AUGMENTED = _taught("labels_augmented", "labels alone, augmented")
TAUGHT_AUGMENTED = _taught("taught_augmented", "taught by LeNet-5, augmented")

INT8 = Technique(_L5, "int8", "int8, post-training", QUANTIZATION, Int8File(_LENET5.build))
QAT_4_BIT = Technique(_L5, "qat_4_bit", "4-bit QAT", QUANTIZATION, _LENET5)
QAT_2_BIT = Technique(_L5, "qat_2_bit", "2-bit QAT", QUANTIZATION, _LENET5)
TERNARY = Technique(_L5, "ternary", "ternary weights", QUANTIZATION, _LENET5)
BINARY = Technique(_L5, "binary", "binary weights", QUANTIZATION, _LENET5)
SMALL_CNN_INT8 = Technique(
    "small_cnn", INT8.id, INT8.label, QUANTIZATION, Int8File(_SMALL_CNN.build)
)


def _as_in_the_paper(network: str, runs: Deployed) -> Technique:
    label = f"Deep Compression as in the paper, {100 * PAPER:g} % kept"
    return Technique(network, "deep_compression_paper", label, DEEP_COMPRESSION, runs)


def _final(network: str, runs: Deployed) -> Technique:
    label = f"Deep Compression, our own format, {100 * FINAL[network]:g} % kept"
    return Technique(network, "deep_compression_final", label, DEEP_COMPRESSION, runs)


PAPER_FILES = {
    _L5: _as_in_the_paper(_L5, _LENET5),
    _L300: _as_in_the_paper(_L300, _LENET_300_100),
}
FINAL_FILES = {_L5: _final(_L5, _LENET5), _L300: _final(_L300, _LENET_300_100)}


def _ranked(rank: int) -> Technique:
    runs = FloatFile(partial(cut_network, _L300, "weights", rank, 0))
    return Technique(_L300, f"rank_{rank}", f"first layer of rank {rank}", LOW_RANK, runs)


RANKS = {rank: _ranked(rank) for rank in (16, 32)}


def _blocks(kind: str, id: str) -> Technique:
    runs = FloatFile(partial(shapes.block_backbone, kind))
    return Technique("backbone", id, f"{kind} blocks", ARCHITECTURE, runs)


BLOCKS = {  # by their name in `labcode.models.blocks`
    kind: _blocks(kind, id)
    for kind, id in {
        "standard": "standard_blocks",
        "grouped": "grouped_blocks",
        "grouped + shuffle": "shuffled_blocks",
        "depthwise separable": "separable_blocks",
        "Fire": "fire_blocks",
        "inverted residual": "inverted_residual_blocks",
        "standard + SE": "excited_blocks",
    }.items()
}


def _exit_cnn(id: str, label: str, runs: Deployed) -> Technique:
    return Technique("exit_cnn", id, label, EARLY_EXIT, runs)


WITHOUT_EXITS = _exit_cnn("without_exits", "without exits", FloatFile(shapes.without_exits))
# The threshold was chosen for 16 % of the work on validation images; test images get 18 %.
EXITS = _exit_cnn("early_exit", "early exit, 18 % of the work", ExitStages(load_exits))
SLIM = _exit_cnn("slimmable_half", "slimmable, half of the width", FloatFile(shapes.slim_half))


def _combined(id: str, label: str, runs: Deployed) -> Technique:
    return Technique(_L5, id, label, COMBINATION, runs)


HALF_INT8 = _combined("half_filters_int8", f"{HALF.label}, int8", _HALF_INT8)
HALF_TAUGHT = _combined("half_filters_taught", f"{HALF.label}, taught", _HALF)
HALF_TAUGHT_INT8 = _combined("half_filters_taught_int8", f"{HALF.label}, taught, int8", _HALF_INT8)
HALF_PACKED = _combined(
    "half_filters_packed", f"{HALF.label}, taught, pruned, shared, coded", _HALF
)
TAUGHT_PACKED = _combined(
    "taught_packed", "pruned, taught by three networks, shared, coded", _LENET5
)

ALL = (  # in the order of the book
    *(LENET5, LENET_300_100, SMALL_CNN),
    *(*PRUNED.values(), HALF),
    *(LABELS, TAUGHT, LABELS_AUGMENTED, TAUGHT_AUGMENTED),
    *(INT8, QAT_4_BIT, QAT_2_BIT, TERNARY, BINARY, SMALL_CNN_INT8),
    *(PAPER_FILES[_L5], FINAL_FILES[_L5], PAPER_FILES[_L300], FINAL_FILES[_L300]),
    *RANKS.values(),
    *BLOCKS.values(),
    *(WITHOUT_EXITS, EXITS, SLIM),
    *(HALF_INT8, HALF_TAUGHT, HALF_TAUGHT_INT8, HALF_PACKED, TAUGHT_PACKED),
)
_BY_KEY = {(technique.network, technique.id): technique for technique in ALL}


def technique(network: str, id: str) -> Technique:
    """Return the technique of a row.

    Args:
        network: As in the tables, such as "lenet5".
        id: The technique, as in the tables, such as "half_filters".

    Raises:
        KeyError: There is no such row; the message names the ids of the network, or the networks.

    >>> technique("lenet5", "half_filters").name
    'LeNet-5, half of the filters cut out'
    """
    if (network, id) not in _BY_KEY:
        known = list(labels(network)) or sorted({t.network for t in ALL})
        raise KeyError(
            f"no technique {id!r} of the network {network!r}; there are: {', '.join(known)}"
        )
    return _BY_KEY[network, id]


def labels(network: str) -> dict[str, str]:
    """Return what people read for each technique of a network, by its id.

    >>> labels("small_cnn")
    {'uncompressed': 'uncompressed', 'int8': 'int8, post-training'}
    """
    return {t.id: t.label for t in ALL if t.network == network}
