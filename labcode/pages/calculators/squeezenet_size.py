"""The whole SqueezeNet's size when the squeeze ratio and the share of 3x3 filters move."""

from __future__ import annotations

from labcode import cost
from labcode._checks import check_choice
from labcode.pages.calculators.fire_module import fire_layers
from labcode.pages.live.result import Result
from labcode.pages.networks import Layer, alexnet, by_part
from labcode.show.numbers import number, percent, rounded, scaled
from labcode.show.tables import Cell, Table

EXPAND = (128, 128, 256, 256, 384, 384, 512, 512)  # filters of fire2 ... fire9
POOL_BEFORE = (2, 5, 9)  # the Fire modules behind a pooling
RATIOS = ("0.125", "0.25", "0.375", "0.5", "0.75", "1")
SHARES = ("50 %", "1 %", "25 %", "75 %", "99 %")


def squeezenet(
    squeeze_ratio: float = 0.125, expand3x3_share: float = 0.5, input_size: int = 227
) -> list[Layer]:
    """Return the layers of SqueezeNet v1.0 for 1,000 classes.

    Args:
        squeeze_ratio: Squeeze filters over expand filters (SR).
        expand3x3_share: Share of the expand filters that are 3x3 (pct3x3).
        input_size: Height and width of the images, in pixels.

    Raises:
        ValueError: The images are too small, or a Fire module gets no squeeze filter.

    Source: SqueezeNet (arXiv:1602.07360), Table 1 and section 5.1.

    >>> sum(layer.cost.params for layer in squeezenet())
    1248424
    """
    first = cost.conv2d(3, 96, 7, input_size, stride=2, bias=True)
    assert first.output_size is not None
    size, channels = first.output_size[0], 96
    layers = [Layer("conv1", "conv", (channels, size, size), first)]
    for place, expand in enumerate(EXPAND, start=2):
        if place in POOL_BEFORE:
            pooled = cost.pool2d(size, 3, stride=2, ceil_mode=True).output_size
            assert pooled is not None
            size = pooled[0]
        squeeze, e3x3 = round(squeeze_ratio * expand), round(expand3x3_share * expand)
        layers += fire_layers(f"fire{place}", channels, squeeze, expand - e3x3, e3x3, size)
        channels = expand
    last = cost.conv2d(channels, 1000, 1, size, bias=True)
    return [*layers, Layer("conv10", "conv", (1000, size, size), last)]


def squeezenet_size(squeeze_ratio: str = "0.125", expand3x3_share: str = "50 %") -> Result:
    """Show the parameters of SqueezeNet module by module.

    Args:
        squeeze_ratio: One of `RATIOS`.
        expand3x3_share: One of `SHARES`.

    Returns:
        Parameters of each module, size in float32, and how many times smaller than AlexNet.

    Raises:
        ValueError: A setting is not one of those.

    >>> print(squeezenet_size().summary)
    1,248,424 parameters, 4.99 MB in float32: 48.8 times fewer than AlexNet.
    """
    ratio = float(check_choice("squeeze_ratio", squeeze_ratio, RATIOS))
    share = check_choice("expand3x3_share", expand3x3_share, SHARES)
    layers = squeezenet(ratio, float(share.rstrip(" %")) / 100)
    params = by_part(layers, "params")
    total, most = sum(params.values()), max(params.values())
    original = sum(layer.cost.params for layer in alexnet())
    macs = sum(layer.cost.macs for layer in layers)
    rows = tuple(
        (name, Cell(number(value), value / most, remark=percent(value, total)))
        for name, value in params.items()
    )
    return Result(
        f"{number(total)} parameters, {scaled(4 * total, 'B')} in float32: "
        f"{rounded(original / total)} times fewer than AlexNet.",
        (Table(columns=("Module", "Parameters"), rows=rows, style="list"),),
        f"{rounded(macs / 1e6)} million multiply-adds for an image of 227 × 227.",
        values=params,
    )
