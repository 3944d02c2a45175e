"""A small SE-ResNet for digits: placement, reduction, squeeze and gate as arguments."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from labcode.data import Dataset, Split
from labcode.models._parts import check_batch, init_he
from labcode.models.resnet import BasicBlock
from labcode.models.squeeze_excite import SEResidual, SqueezeExcite
from labcode.studies.small_runs import Row, facts, trained
from labcode.training import eval_mode

WIDTHS = (8, 16, 32)
EPOCHS = 6
LR = 1e-2  # that of the small SqueezeNet; not searched


class SmallSEResNet(nn.Module):
    """A stem and three residual blocks of 8, 16 and 32 channels, with or without SE."""

    def __init__(self, placement: str | None, **settings: Any) -> None:
        """Make the layers; `small_se_resnet` documents the arguments."""
        super().__init__()
        self.conv1 = nn.Conv2d(1, WIDTHS[0], 3, stride=2, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(WIDTHS[0])
        self.blocks = nn.Sequential()
        inside = WIDTHS[0]
        for outside in WIDTHS:
            block = BasicBlock(inside, outside, 1 if outside == inside else 2)
            self.blocks.append(
                block if placement is None else SEResidual(block, placement, **settings)
            )
            inside = outside
        self.fc = nn.Linear(inside, 10)
        init_he(self)

    def forward(self, x: Tensor) -> Tensor:
        """Turn images (N, 1, H, W) into logits (N, 10)."""
        check_batch(x, 1)  # (N, 1, 28, 28)
        x = F.relu(self.bn1(self.conv1(x)))  # (N, 8, 14, 14)
        x = self.blocks(x)  # (N, 32, 4, 4)
        return self.fc(x.mean((2, 3)))  # type: ignore[no-any-return]  # (N, 10)


def small_se_resnet(
    placement: str | None = "standard",
    *,
    reduction: int = 4,
    squeeze: str = "average",
    gate: str = "sigmoid",
) -> SmallSEResNet:
    """Return an untrained small SE-ResNet for grey digits.

    Args:
        placement: "standard", "pre", "post" or "identity"; None leaves SE out.
        reduction: The hidden layer has channels / reduction units; at most 8.
        squeeze: "average" or "maximum" of each map.
        gate: "sigmoid", "tanh", "relu" or "hard_sigmoid".

    Raises:
        TypeError: ``reduction`` is not an integer.
        ValueError: A setting is unknown, or ``reduction`` is more than the channels.

    >>> import labcode
    >>> [labcode.count(small_se_resnet(place), (1, 28, 28)).macs for place in (None, "standard")]
    [645216, 645888]
    """
    return SmallSEResNet(placement, reduction=reduction, squeeze=squeeze, gate=gate)


def se_row(
    placement: str,
    reduction: int,
    squeeze: str,
    gate: str,
    seed: int,
    *,
    epochs: int = EPOCHS,
    lr: float = LR,
    images: Dataset | None = None,
) -> Row:
    """Train the small ResNet with SE, or with placement "none" without it.

    Args:
        placement: "none", or see `small_se_resnet`, like the next three.
        reduction: At most 8.
        squeeze: "average" or "maximum".
        gate: "sigmoid", "tanh", "relu" or "hard_sigmoid".
        seed: Of the first weights and the order of the images.
        epochs: Passes over the training images.
        lr: Learning rate at the start.
        images: What to train on; None is 1,000 digits.
    """
    model = se_model(placement, reduction, squeeze, gate, seed, epochs=epochs, lr=lr, images=images)
    return facts(model, images)


def se_model(
    placement: str,
    reduction: int,
    squeeze: str,
    gate: str,
    seed: int,
    *,
    epochs: int = EPOCHS,
    lr: float = LR,
    images: Dataset | None = None,
) -> nn.Module:
    """Return the trained network of a row of `se_row`."""
    place = None if placement == "none" else placement
    settings: dict[str, Any] = {"reduction": reduction, "squeeze": squeeze, "gate": gate}
    return trained(
        lambda: small_se_resnet(place, **settings), seed, epochs=epochs, lr=lr, images=images
    )


def mean_weights(model: nn.Module, split: Split) -> list[Tensor]:
    """Return the mean weight of each channel for each class, SE layer by SE layer.

    Args:
        model: A network with `SqueezeExcite` layers.
        split: Images and their classes.

    Returns:
        For each layer a tensor (classes, channels).
    """
    gates = [layer.gate for layer in model.modules() if isinstance(layer, SqueezeExcite)]
    seen: dict[int, Tensor] = {}

    def keep(gate: nn.Module, _: Any, output: Tensor) -> None:
        seen[id(gate)] = output

    hooks = [gate.register_forward_hook(keep) for gate in gates]
    try:
        with eval_mode(model), torch.inference_mode():
            model(split.images)
    finally:
        for hook in hooks:
            hook.remove()
    classes = [split.labels == label for label in range(int(split.labels.max()) + 1)]
    return [torch.stack([seen[id(gate)][chosen].mean(0) for chosen in classes]) for gate in gates]
