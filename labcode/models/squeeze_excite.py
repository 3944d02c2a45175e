"""Squeeze-and-excitation: a small network that weighs the channels of a map."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from labcode._checks import check_bool, check_choice, check_int
from labcode.data import Split
from labcode.models.resnet import Residual
from labcode.training import eval_mode

SQUEEZES: dict[str, type[nn.Module]] = {
    "average": nn.AdaptiveAvgPool2d,
    "maximum": nn.AdaptiveMaxPool2d,
}
GATES: dict[str, type[nn.Module]] = {
    "sigmoid": nn.Sigmoid,
    "tanh": nn.Tanh,
    "relu": nn.ReLU,
    "hard_sigmoid": nn.Hardsigmoid,
}
PLACEMENTS = ("standard", "pre", "post", "identity")


class SqueezeExcite(nn.Module):
    """Squeeze each map to a number, excite the numbers to weights, and scale the maps by them.

    Its input and output have the same shape, so that it fits behind any layer.

    >>> layer = SqueezeExcite(64, reduction=16)
    >>> layer(torch.zeros(2, 64, 7, 7)).shape, layer.weights(torch.zeros(2, 64, 7, 7)).shape
    (torch.Size([2, 64, 7, 7]), torch.Size([2, 64]))
    """

    def __init__(
        self,
        channels: int,
        *,
        reduction: int = 16,
        squeeze: str = "average",
        gate: str = "sigmoid",
        bias: bool = True,
    ) -> None:
        """Make the layers.

        Args:
            channels: Channels of the input and of the output.
            reduction: The paper's r: the hidden layer has channels / r units, rounded down.
            squeeze: "average" or "maximum" of each map.
            gate: The function that ends the excitation: "sigmoid", "tanh", "relu" or
                "hard_sigmoid".
            bias: Whether the two linear layers have biases.

        Raises:
            TypeError: An argument has the wrong type.
            ValueError: An argument is out of range, or ``reduction`` is more than the channels.

        Source: Hu et al., "Squeeze-and-excitation networks" (arXiv:1709.01507), section 3.
        """
        super().__init__()
        hidden = check_int("channels", channels) // check_int("reduction", reduction)
        if not hidden:
            raise ValueError(
                f"reduction must be at most the number of channels, {channels}, got {reduction!r}"
            )
        check_bool("bias", bias)
        self.squeeze = SQUEEZES[check_choice("squeeze", squeeze, SQUEEZES)](1)
        self.fc1 = nn.Linear(channels, hidden, bias=bias)
        self.fc2 = nn.Linear(hidden, channels, bias=bias)
        self.gate = GATES[check_choice("gate", gate, GATES)]()

    def weights(self, x: Tensor) -> Tensor:
        """Return the weight of each channel, (N, channels), for maps (N, channels, H, W)."""
        x = self.squeeze(x).flatten(1)  # (N, channels)
        x = F.relu(self.fc1(x))  # (N, channels / reduction)
        return self.gate(self.fc2(x))  # type: ignore[no-any-return]  # (N, channels)

    def forward(self, x: Tensor) -> Tensor:
        """Scale each map of (N, channels, H, W) by its weight."""
        return x * self.weights(x)[..., None, None]


class SEResidual(nn.Module):
    """A residual block with a squeeze-and-excitation layer at one of four places.

    The block is one of `labcode.models.resnet`, or has the same ``branch(x)`` and
    ``shortcut(x)``, whose sum goes through a ReLU.
    """

    def __init__(self, block: Residual, placement: str, **settings: Any) -> None:
        """Put the layer into ``block``.

        Args:
            block: The residual block.
            placement: "standard": behind the branch, before the addition; "pre": before the
                branch; "post": behind the addition and its ReLU; "identity": on the shortcut,
                behind its 1x1 convolution where it has one.
            settings: The other arguments of `SqueezeExcite`.

        Raises:
            ValueError: ``placement`` is not one of the four.

        Source: Hu et al., section 6.6 and Figure 5.
        """
        super().__init__()
        self.placement = check_choice("placement", placement, PLACEMENTS)
        channels = block.in_channels if placement == "pre" else block.out_channels
        self.block = block
        self.excite = SqueezeExcite(channels, **settings)

    def forward(self, x: Tensor) -> Tensor:
        """Turn (N, in_channels, H, W) into (N, out_channels, H / stride, W / stride)."""
        block, excite, place = self.block, self.excite, self.placement
        branch = block.branch(excite(x) if place == "pre" else x)
        shortcut = block.shortcut(x)
        branch = excite(branch) if place == "standard" else branch
        shortcut = excite(shortcut) if place == "identity" else shortcut
        out = F.relu(branch + shortcut)
        return excite(out) if place == "post" else out


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
