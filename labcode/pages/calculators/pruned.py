"""Browse the measured accuracies of pruned networks."""

from __future__ import annotations

from labcode.pages.calculators.pruned_grid import GRID, WEIGHTS
from labcode.pages.live.draw import TONES, bar, heading, number, table
from labcode.pages.live.result import Result

NETWORKS = {"LeNet-300-100": "lenet_300_100", "LeNet-5": "lenet5"}
METHODS = {
    "at once": "Smallest, at once",
    "in rounds": "Smallest, in rounds",
    "gradually": "Smallest, gradually",
    "random, at once": "At random, at once",
}


def pruned_networks(network: str = "LeNet-300-100", kept: str = "5 %") -> Result:
    """Show what was measured at a kept share, for each way to prune.

    Args:
        network: "LeNet-300-100" or "LeNet-5".
        kept: Share of the weights that stays, such as "5 %".

    Returns:
        Mean test accuracy ± standard deviation over three seeds of each way, after fine-tuning.

    Raises:
        ValueError: The network or the share is unknown.

    >>> pruned_networks(kept="5 %").text.splitlines()[0].startswith("LeNet-300-100 with 5 %")
    True
    """
    if network not in NETWORKS:
        raise ValueError(f"network must be one of {', '.join(NETWORKS)}, got {network!r}")
    shares = {f"{100 * share:g} %": share for _, _, share in GRID}
    if kept not in shares or kept == "100 %":
        known = sorted(share for share in set(shares.values()) if share < 1)
        options = ", ".join(f"{100 * share:g} %" for share in known)
        raise ValueError(f"kept must be one of {options}, got {kept!r}")
    key, share = NETWORKS[network], shares[kept]
    left = number(-(-round(WEIGHTS[key] * share * 1000) // 1000))
    lead = f"{network} with {kept} of its weights: {left} instead of {number(WEIGHTS[key])}."
    found = {"Not pruned": GRID[key, "none", 1.0]} | {
        name: GRID.get((key, method, share)) for method, name in METHODS.items()
    }
    tones = [TONES[0], TONES[1], TONES[1], TONES[1], TONES[2]]
    rows = [
        (name, [_cell(value, bar((value[0] - 0.1) / 0.9, tone) if value else "")])
        for (name, value), tone in zip(found.items(), tones, strict=True)
    ]
    body = table([heading("Test accuracy", "b")], rows)
    body = body.replace('class="live-table"', 'class="live-table live-list"')
    caption = (
        "Measured beforehand: three networks from three seeds for each number, mean ± standard "
        "deviation, all ways with the same steps of fine-tuning. The bars start at 10 %, which is "
        "guessing."
    )
    lines = [lead, *(f"{name}: {_percent(value)}" for name, value in found.items())]
    html = f'<p class="live-lead">{lead}</p>\n{body}\n<p class="live-caption">{caption}</p>'
    return Result(html, "\n".join(lines))


def _percent(value: tuple[float, float] | None) -> str:
    return "not measured" if value is None else f"{100 * value[0]:.2f} ± {100 * value[1]:.2f} %"


def _cell(value: tuple[float, float] | None, picture: str) -> str:
    if value is None:
        return '<span class="live-remark">not measured</span>'
    return f"<b>{_percent(value)}</b>{picture}"
