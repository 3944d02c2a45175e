"""What several networks share: checks of their arguments and images, and how weights start."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn


def check_batch(x: Tensor, in_channels: int) -> None:
    """Refuse what is not a batch of images with ``in_channels`` channels.

    Raises:
        ValueError: ``x`` is not (N, in_channels, H, W).
    """
    if x.dim() != 4 or x.shape[1] != in_channels:
        raise ValueError(f"x must have the shape (N, {in_channels}, H, W), got {tuple(x.shape)}")


def check_windows(x: Tensor, model: nn.Module, names: Sequence[str]) -> None:
    """Refuse images that one of the layers is too large for, and say which.

    Args:
        x: Images (N, C, H, W).
        model: The network that holds the layers.
        names: Its convolutions and poolings that change the size of the map, in order.

    Raises:
        ValueError: A window is larger than the padded map that it gets.

    >>> model = nn.Sequential(nn.MaxPool2d(2), nn.MaxPool2d(3))
    >>> check_windows(torch.zeros(1, 1, 4, 4), model, ("0", "1"))
    Traceback (most recent call last):
    ...
    ValueError: images of 4 x 4 are too small for Sequential: its layer '1' ...
    """
    size = [x.shape[2], x.shape[3]]
    for name in names:
        layer = model.get_submodule(name)
        kernel, stride, padding = (_pair(layer, a) for a in ("kernel_size", "stride", "padding"))
        sides = zip(size, kernel, stride, padding, strict=True)
        up = getattr(layer, "ceil_mode", False)  # a last window may reach over the edge
        after = [
            (side + 2 * pad - window + (step - 1 if up else 0)) // step + 1
            for side, window, step, pad in sides
        ]
        if min(after) < 1:
            raise ValueError(
                f"images of {x.shape[2]} x {x.shape[3]} are too small for "
                f"{type(model).__name__}: its layer {name!r} has a {kernel[0]}x{kernel[1]} window "
                f"and would get a map of {size[0]} x {size[1]}"
            )
        size = after


def _pair(layer: nn.Module, attribute: str) -> tuple[int, int]:
    value = getattr(layer, attribute)
    return (value, value) if isinstance(value, int) else value


@torch.no_grad()
def init_he(model: nn.Module) -> None:
    """Start convolutions as He et al. (2015) do for ReLU, linear layers at N(0, 0.01), biases at 0.

    The standard deviation of a filter is sqrt(2 / (outputs that read one value)), their
    backward rule, as in torchvision's ResNets. Batch norms start as the identity. A network on
    the meta device has no numbers to draw, and is left alone.

    Source: He et al., "Delving deep into rectifiers" (arXiv:1502.01852), equation 14.
    """
    for layer in model.modules():
        if isinstance(layer, (nn.Conv2d, nn.Linear)) and layer.weight.is_meta:
            continue
        if isinstance(layer, nn.Conv2d):
            nn.init.kaiming_normal_(layer.weight, mode="fan_out", nonlinearity="relu")
        elif isinstance(layer, nn.Linear):
            nn.init.normal_(layer.weight, std=0.01)
        if isinstance(layer, (nn.Conv2d, nn.Linear)) and layer.bias is not None:
            layer.bias.zero_()
