"""A MobileNet for digits, and its trials: width, resolution, and decay of depthwise filters."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from labcode._checks import check_int, check_number
from labcode.counting import count
from labcode.data import Split
from labcode.models import SeparableBlock
from labcode.models._parts import check_batch, check_choice
from labcode.models.mobilenet_v1 import init_like_slim
from labcode.studies.small_runs import Row, digits
from labcode.training import evaluate, fit

STEM = 16  # channels of the first convolution at width 1
LAYOUT = ((32, 1), (64, 2), (64, 1), (128, 2), (128, 1))  # (output channels, stride) of the blocks
WIDTHS = (1.0, 0.5, 0.25)
SIZES = (28, 20, 14)  # pixels; rho is the size over 28
DECAYS = ("none", "everywhere", "not on depthwise")
DECAY = 1.0  # AdamW's: 20 times the usual one, so that an effect has a chance to show
EPOCHS = 10
LR = 1e-2


class DigitsMobileNet(nn.Module):
    """MobileNet's stem, five of its blocks and its classifier, for small grey images."""

    def __init__(self, width_multiplier: float) -> None:
        """Make the layers; `digits_mobilenet` documents the argument."""
        super().__init__()
        channels = max(1, int(STEM * width_multiplier))
        self.conv1 = nn.Conv2d(1, channels, 3, stride=2, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(channels)
        self.blocks = nn.Sequential()
        for width, stride in LAYOUT:
            out_channels = max(1, int(width * width_multiplier))
            self.blocks.append(SeparableBlock(channels, out_channels, stride))
            channels = out_channels
        self.fc = nn.Linear(channels, 10)
        init_like_slim(self)

    def forward(self, x: Tensor) -> Tensor:
        """Turn images (N, 1, H, W) of any size into logits (N, 10)."""
        check_batch(x, 1)  # (N, 1, 28, 28)
        x = F.relu(self.bn1(self.conv1(x)))  # (N, 16, 14, 14)
        x = self.blocks(x)  # (N, 128, 4, 4)
        return self.fc(x.mean((2, 3)))  # type: ignore[no-any-return]  # (N, 10)


def digits_mobilenet(width_multiplier: float = 1.0) -> DigitsMobileNet:
    """Return an untrained MobileNet of 12 layers for grey images of any size.

    Args:
        width_multiplier: The paper's alpha, the share of each layer's channels.

    Raises:
        TypeError: The width is not a number.
        ValueError: The width is not positive.

    >>> digits_mobilenet(0.5)(torch.zeros(2, 1, 20, 20)).shape
    torch.Size([2, 10])
    """
    return DigitsMobileNet(check_number("width_multiplier", width_multiplier, above=0))


def resized(split: Split, size: int) -> Split:
    """Return the images in another size, by bilinear interpolation without aliasing.

    Args:
        split: Images (N, C, H, W) and their labels.
        size: Height and width, in pixels.
    """
    if split.images.shape[-1] == check_int("size", size):
        return split
    shape = (size, size)
    images = F.interpolate(split.images, shape, mode="bilinear", antialias=True)
    return Split(images, split.labels)


def parameter_groups(model: nn.Module, where: str, decay: float) -> list[dict[str, Any]]:
    """Return the parameters for an optimizer, with or without weight decay.

    Args:
        model: A network.
        where: "none"; "everywhere", which is on all filters and linear weights; or "not on
            depthwise", which leaves the depthwise filters out.
        decay: The weight decay where there is one. Batch norms and biases never have any.

    Raises:
        ValueError: ``where`` is none of the three.
    """
    check_choice("where", where, DECAYS)
    decayed: list[nn.Parameter] = []
    free: list[nn.Parameter] = []
    for layer in model.modules():
        depthwise = isinstance(layer, nn.Conv2d) and layer.groups > 1
        weighs = isinstance(layer, (nn.Conv2d, nn.Linear)) and where != "none"
        for name, parameter in layer.named_parameters(recurse=False):
            spared = not weighs or name == "bias" or (depthwise and where != "everywhere")
            (free if spared else decayed).append(parameter)
    return [
        {"params": decayed, "weight_decay": decay},
        {"params": free, "weight_decay": 0.0},
    ]


def trained_mobilenet(
    width_multiplier: float, size: int, seed: int, where: str = "everywhere", decay: float = 0.05
) -> DigitsMobileNet:
    """Return a MobileNet trained on 1,000 digits of a size.

    Args:
        width_multiplier: The paper's alpha.
        size: Height and width of the images, in pixels.
        seed: Decides the first weights and the order of the images.
        where: Which weights decay; see `parameter_groups`.
        decay: AdamW's weight decay.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = digits_mobilenet(width_multiplier)
    groups = parameter_groups(model, where, decay)
    fit(
        model,
        resized(digits().train, size),
        epochs=EPOCHS,
        batch_size=50,
        optimizer=lambda _: torch.optim.AdamW(groups, lr=LR),
        seed=seed,
        device="cpu",
    )
    return model.eval()


def _scored(model: nn.Module, size: int) -> Row:
    """Return cost and accuracies of a network of images of a size."""
    cost = count(model, (1, size, size))
    splits = {"train": digits().train, "validation": digits().validation, "test": digits().test}
    accuracies = {
        f"{name}_accuracy": evaluate(model, resized(split, size)).accuracy
        for name, split in splits.items()
    }
    return {"params": cost.params, "macs": cost.macs} | accuracies


def multiplier_row(width_multiplier: float, size: int, seed: int) -> Row:
    """Return cost and accuracies at a width and a resolution."""
    return _scored(trained_mobilenet(width_multiplier, size, seed), size)


def decay_row(where: str, decay: float, seed: int) -> Row:
    """Return accuracies with weight decay everywhere, not on depthwise filters, or nowhere."""
    model = trained_mobilenet(1.0, 28, seed, where, decay)
    norms = [
        float(layer.weight.detach().norm())
        for layer in model.modules()
        if isinstance(layer, nn.Conv2d) and layer.groups > 1
    ]
    return _scored(model, 28) | {"depthwise_norm": sum(norms) / len(norms)}
