"""ShuffleNet's Tables 1, 2 and 5: convolutions alone in Table 1, with the FC layer in Table 5."""

from __future__ import annotations

import re

from labcode import models
from labcode.papers.conventions import M, built, convolution_macs, counted, printed_rows
from labcode.papers.row import Found, Row, make_row


def rows() -> list[Row]:
    """Return Tables 1, 2 and 5 of "ShuffleNet" (arXiv:1707.01083).

    >>> [row.kind for row in rows() if row.table == "Table 1"][:2]
    ['equal to the digits printed', 'equal to the digits printed']
    """
    return [
        make_row(table, printed, _found(table, printed))
        for table, printed in printed_rows("shufflenet_v1", r"Table [125]")
    ]


def _found(table: str, printed: dict[str, str]) -> Found | None:
    name = printed["model"]
    if "error" in printed["quantity"]:
        return None
    if table == "Table 1":
        return _table1(int(printed["config"].removeprefix("g=")), printed["quantity"])
    if table == "Table 2":
        return _column(name.split()[1])
    if "MobileNet" in name:
        alpha = float(name.split()[0])
        return Found(counted(models.mobilenet_v1, width_multiplier=alpha).macs / M)
    return _table5(name)


def _table1(groups: int, quantity: str) -> Found:
    if "channels" not in quantity:
        return Found(convolution_macs(counted(models.shufflenet_v1, groups=groups)) / M)
    model = built(models.shufflenet_v1, groups=groups)
    widths = {name: m.num_features for name, m in model.named_modules() if name.endswith("bn3")}
    # The second unit of a stage has the width of its output; the first one concatenates.
    return Found("/".join(str(widths[f"stage{stage}.1.bn3"]) for stage in (2, 3, 4)))


def _column(scale: str) -> Found:
    """Table 2 begins a row of five networks with one figure; ours is the one with 3 groups."""
    factor = float(scale.rstrip("x"))
    ours = counted(models.shufflenet_v1, scale=factor).macs / M
    if factor == 1:
        two = convolution_macs(counted(models.shufflenet_v1, groups=2)) / M
        return Found(ours, "one figure for a row of 133 to 143 M; 2 groups have it", instead=two)
    if factor == 0.25:
        wide = counted(models.shufflenet_v1, scale=factor, stem_channels=12).macs / M
        return Found(ours, "conv1 with 12 filters, not a quarter of 24", instead=wide)
    return Found(ours)


def _table5(name: str) -> Found:
    scale = float(re.findall(r"([\d.]+)x", name)[0])
    groups = int(re.findall(r"g=(\d)", name)[0])
    if "shallow" in name:
        half = counted(models.shufflenet_v1, scale=scale, repeats=(1, 3, 1)).macs / M
        return Found(half, "half of the units at 0.5x; the paper does not say what it widened")
    if "SE" in name:
        return _with_se()
    if scale == 1.5:
        ours = counted(models.shufflenet_v1, scale=scale, groups=groups).macs / M
        same = counted(models.shufflenet_v1, scale=scale, groups=groups, stem_channels=24).macs / M
        return Found(ours, "conv1 with 24 filters at 1.5x too, as the authors' code", instead=same)
    try:
        ours = counted(models.shufflenet_v1, scale=scale, groups=groups).macs / M
    except ValueError as error:
        return Found(None, f"the widths do not divide: {error}")
    if groups == 8:
        return Found(ours, "140 is from Table 2's first row; Table 1 prints 137 for this network")
    return Found(ours)


def _with_se() -> Found:
    ours = counted(models.se_shufflenet_v1, scale=2.0, bias=False).macs / M
    plain = counted(models.shufflenet_v1, scale=2.0).macs
    outputs = {480: 4, 960: 8, 1920: 4}  # channels -> units
    behind = plain + sum(2 * units * c * c // 16 for c, units in outputs.items())
    reason = "SE behind each unit's concatenated output, not at the end of its branch"
    return Found(ours, reason, instead=behind / M)
