"""Browse the measured accuracies of networks in few bits."""

from __future__ import annotations

from labcode._checks import check_between, check_choice
from labcode.pages import data
from labcode.pages.live.cells import accuracies
from labcode.pages.live.result import Result
from labcode.show.numbers import number, plural
from labcode.show.pictures import Tone
from labcode.show.tables import Head

METHODS = {
    "PTQ, weights": "Rounded after training, weights",
    "PTQ, weights and activations": "Rounded after training, weights and activations",
    "k-means": "k-means, weights",
    "k-means, trained": "k-means, centroids trained, weights",
    "QAT, weights": "Quantized training, weights",
    "QAT, weights and activations": "Quantized training, weights and activations",
}
NETWORKS = {"LeNet-5": "lenet5", "Small CNN": "small_cnn"}
# The colour of a bar: the whole network, quantized after training, or trained in few bits.
TRAINED = ("k-means, trained", "QAT, weights", "QAT, weights and activations")
TONES: dict[str, Tone] = {name: "c" if way in TRAINED else "b" for way, name in METHODS.items()}
TONES["float32"] = "a"
STORED = data.load("few_bits")
# Network, method, bits: mean and standard deviation of the test accuracy over the seeds.
GRID: dict[tuple[str, str, int], tuple[float, float]] = {
    (network, method, bits): (mean, deviation)
    for network, method, bits, mean, deviation in STORED["rows"]
}


def few_bits(bits: int = 3, network: str = "LeNet-5") -> Result:
    """Show what was measured at a number of bits.

    Args:
        bits: Bits of the weights, and of the activations where a method quantizes them, 1 to 8.
        network: "LeNet-5" or "Small CNN".

    Returns:
        Mean test accuracy ± standard deviation over three seeds of each method that was measured
        there, and the bytes of all parameters.

    Raises:
        ValueError: A number is out of range, or the network is unknown.

    >>> few_bits(bits=8).values["float32"][0] > 0.98
    True
    """
    check_between("bits", bits, 1, 8)
    key = NETWORKS[check_choice("network", network, tuple(NETWORKS))]
    params: int = STORED["params"][key]
    found = {"float32": GRID[key, "float32", 32]} | {
        name: GRID.get((key, method, bits)) for method, name in METHODS.items()
    }
    table, missing = accuracies(found, TONES, Head("Test accuracy", "a"))
    return Result(
        f"{network} with {plural(bits, 'bit')}: {number(-(-params * bits // 8))} bytes of "
        f"parameters instead of {number(4 * params)}.",
        (table,),
        "Measured beforehand: three networks from three seeds for each number, mean ± standard "
        "deviation. The bars start at 10 %, which is guessing. The bytes are those of the "
        "parameters alone; a packed file also holds scales and a header, and its biases take more."
        + missing,
        values={name: measured for name, measured in found.items() if measured},
    )
