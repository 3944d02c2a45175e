"""Browse the measured accuracies of pruned networks."""

from __future__ import annotations

from labcode._checks import check_choice
from labcode.pages import data
from labcode.pages.live.cells import NotMeasuredError, accuracies
from labcode.pages.live.result import Result
from labcode.show.numbers import number
from labcode.show.pictures import Tone
from labcode.show.tables import Head

NETWORKS = {"LeNet-300-100": "lenet_300_100", "LeNet-5": "lenet5"}
METHODS = {
    "none": "Not pruned",
    "at once": "Smallest, at once",
    "in rounds": "Smallest, in rounds",
    "gradually": "Smallest, gradually",
    "random, at once": "At random, at once",
}
# The colour of a bar: the whole network, pruned by size, or pruned at random.
COLOURS: dict[str, Tone] = {"none": "a", "random, at once": "c"}
TONES: dict[str, Tone] = {name: COLOURS.get(method, "b") for method, name in METHODS.items()}
STORED = data.load("pruned_networks")
# Network, way, kept share: mean and standard deviation of the test accuracy over the seeds.
GRID: dict[tuple[str, str, float], tuple[float, float]] = {
    (network, method, kept): (mean, deviation)
    for network, method, kept, mean, deviation in STORED["rows"]
}
SHARES = {f"{100 * share:g} %": share for share in sorted({kept for *_, kept in GRID if kept < 1})}


def pruned_networks(network: str = "LeNet-300-100", kept: str = "5 %") -> Result:
    """Show what was measured at a kept share, for each way to prune.

    Args:
        network: "LeNet-300-100" or "LeNet-5".
        kept: Share of the weights that stays, such as "5 %".

    Returns:
        Mean test accuracy ± standard deviation over three seeds of each way that was measured
        there, after fine-tuning.

    Raises:
        ValueError: The network or the share is unknown.
        NotMeasuredError: The network was not pruned to this share.

    >>> print(pruned_networks(kept="5 %").summary)
    LeNet-300-100 with 5 % of its weights: 13,310 instead of 266,200.
    """
    key = NETWORKS[check_choice("network", network, tuple(NETWORKS))]
    share = SHARES[check_choice("kept", kept, tuple(SHARES))]
    weights: int = STORED["weights"][key]
    left = -(-round(weights * share * 1000) // 1000)
    found = {
        name: GRID.get((key, method, 1.0 if method == "none" else share))
        for method, name in METHODS.items()
    }
    if not any(measured for name, measured in found.items() if name != METHODS["none"]):
        raise NotMeasuredError("kept", f"nobody has pruned {network} to {kept} of its weights")
    table, missing = accuracies(found, TONES, Head("Test accuracy", "b"))
    return Result(
        f"{network} with {kept} of its weights: {number(left)} instead of {number(weights)}.",
        (table,),
        "Measured beforehand: three networks from three seeds for each number, mean ± standard "
        "deviation, all ways with the same steps of fine-tuning. The bars start at 10 %, which is "
        "guessing." + missing,
        values={name: measured for name, measured in found.items() if measured},
    )
