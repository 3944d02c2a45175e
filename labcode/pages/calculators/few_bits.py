"""Browse the measured accuracies of networks in few bits."""

from __future__ import annotations

from labcode._checks import check_int
from labcode.pages.calculators.few_bits_grid import GRID, PARAMS
from labcode.pages.live.draw import TONES, bar, heading, number, table
from labcode.pages.live.result import Result

METHODS = {
    "PTQ, weights": "After training, weights",
    "PTQ, weights and activations": "After training, weights and activations",
    "k-means": "k-means, weights",
    "k-means, trained": "k-means, centroids trained, weights",
    "QAT, weights": "Quantized training, weights",
    "QAT, weights and activations": "Quantized training, weights and activations",
}
NETWORKS = {"LeNet-5": "lenet5", "Small CNN": "small_cnn"}


def few_bits(bits: int = 3, network: str = "LeNet-5") -> Result:
    """Show what was measured at a number of bits.

    Args:
        bits: Bits of the weights, and of the activations where a method quantizes them, 1 to 8.
        network: "LeNet-5" or "Small CNN".

    Returns:
        Mean test accuracy ± standard deviation over three seeds of each method, and the bytes of
        all parameters.

    Raises:
        ValueError: A number is out of range, or the network is unknown.

    >>> few_bits(bits=8).text.splitlines()[1].startswith("float32: 98.")
    True
    """
    if check_int("bits", bits) > 8:
        raise ValueError(f"bits must be from 1 to 8, got {bits!r}")
    if network not in NETWORKS:
        raise ValueError(f"network must be one of {', '.join(NETWORKS)}, got {network!r}")
    key = NETWORKS[network]
    plain = _percent(GRID[key, "float32", 32])
    count = PARAMS[key]
    lead = (
        f"{network} with {bits} bit{'s' * (bits > 1)}: {number(-(-count * bits // 8))} bytes of "
        f"parameters instead of {number(4 * count)}."
    )
    found = {name: GRID.get((key, method, bits)) for method, name in METHODS.items()}
    text = [lead, f"float32: {plain}"]
    text += [f"{name}: {_percent(value)}" for name, value in found.items()]
    rows = [("float32", [_cell(GRID[key, "float32", 32], 0)])]
    rows += [(name, [_cell(value, 1 + ("training," in name))]) for name, value in found.items()]
    body = table([heading("Test accuracy", "a")], rows)
    body = body.replace('class="live-table"', 'class="live-table live-list"')
    caption = (
        "Measured beforehand: three networks from three seeds for each number, mean ± standard "
        "deviation. The bars start at 10 %, which is guessing."
    )
    return Result(
        f'<p class="live-lead">{lead}</p>\n{body}\n<p class="live-caption">{caption}</p>',
        "\n".join(text),
    )


def _percent(value: tuple[float, float] | None) -> str:
    return "not measured" if value is None else f"{100 * value[0]:.2f} ± {100 * value[1]:.2f} %"


def _cell(value: tuple[float, float] | None, tone: int) -> str:
    if value is None:
        return '<span class="live-remark">not measured</span>'
    return f"<b>{_percent(value)}</b>{bar((value[0] - 0.1) / 0.9, TONES[tone])}"
