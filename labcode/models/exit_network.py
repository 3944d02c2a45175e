"""A network that can answer after each of its stages: what all designs with exits share."""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor, nn

from labcode.models.lenet5 import check_images

Features = tuple[Tensor, ...]
"""What one stage hands to the next: one map, or several of different sizes (coarsest last)."""


class ExitNetwork(nn.Module):
    """Stages in a row, with a classifier behind each: an exit.

    Args:
        stages: Each turns `Features` into `Features`; the first gets ``(images,)``.
        exits: Each turns the coarsest map of its stage, (N, C, H, W), into logits (N, classes).
        input_shape: Channels, height and width of an image.
    """

    def __init__(
        self,
        stages: Iterable[nn.Module],
        exits: Iterable[nn.Module],
        input_shape: tuple[int, int, int],
    ) -> None:
        """Keep the parts."""
        super().__init__()
        self.stages = nn.ModuleList(stages)
        self.exits = nn.ModuleList(exits)
        self.input_shape = input_shape

    def step(self, index: int, features: Features) -> tuple[Tensor, Features]:
        """Run one stage and its exit, and nothing else.

        Args:
            index: Number of the stage, from 0.
            features: What the stage before returned; ``(images,)`` for the first.

        Returns:
            The exit's logits (N, classes), and the features for the next stage.
        """
        features = self.stages[index](features)
        return self.exits[index](features[-1]), features

    def forward(self, x: Tensor) -> Tensor:
        """Turn images (N, C, H, W) into the last exit's logits; the other exits do not run."""
        check_images(x, self.input_shape)
        features: Features = (x,)
        for stage in self.stages:
            features = stage(features)
        return self.exits[-1](features[-1])  # type: ignore[no-any-return]  # (N, classes)

    def all_logits(self, x: Tensor) -> Tensor:
        """Turn images (N, C, H, W) into the logits of every exit, (exits, N, classes)."""
        check_images(x, self.input_shape)
        found: list[Tensor] = []
        features: Features = (x,)
        for index in range(len(self.exits)):
            logits, features = self.step(index, features)
            found.append(logits)
        return torch.stack(found)


class UpTo(nn.Module):
    """The stages up to an exit, with all exits on the way: what an image that leaves there ran."""

    def __init__(self, network: ExitNetwork, index: int) -> None:
        """Share the network's first parts, up to exit ``index`` (from 0)."""
        super().__init__()
        self.stages = network.stages[: index + 1]
        self.exits = network.exits[: index + 1]

    def forward(self, x: Tensor) -> Tensor:
        """Turn images (N, C, H, W) into the logits of the last exit that is left."""
        features: Features = (x,)
        for stage, leave in zip(self.stages, self.exits, strict=True):
            features = stage(features)
            logits = leave(features[-1])
        return logits  # type: ignore[no-any-return]


class AllExits(nn.Module):
    """The network with all of its answers: for methods that must see every exit run, as a cut."""

    def __init__(self, network: ExitNetwork) -> None:
        """Share the network."""
        super().__init__()
        self.network = network

    def forward(self, x: Tensor) -> tuple[Tensor, ...]:
        """Turn images (N, C, H, W) into the logits of every exit, each (N, classes)."""
        return tuple(self.network.all_logits(x))


class Trunk(nn.Module):
    """The network without its early exits: what would be shipped if nothing left early."""

    def __init__(self, network: ExitNetwork) -> None:
        """Share the stages and the last exit."""
        super().__init__()
        self.stages = network.stages
        self.leave = network.exits[-1]

    def forward(self, x: Tensor) -> Tensor:
        """Turn images (N, C, H, W) into logits (N, classes)."""
        features: Features = (x,)
        for stage in self.stages:
            features = stage(features)
        return self.leave(features[-1])  # type: ignore[no-any-return]


def exit_macs(network: ExitNetwork) -> tuple[int, ...]:
    """Return what an image costs that leaves at each exit, the exits that it passed included.

    Returns:
        Multiply-adds for one image, one number for each exit.
    """
    from labcode.counting import count

    every = range(len(network.exits))
    return tuple(count(UpTo(network, index), network.input_shape).macs for index in every)


class Head(nn.Module):
    """A classifier for a map: pool it to a small grid, then one linear layer."""

    def __init__(self, channels: int, size: int, grid: int, num_classes: int) -> None:
        """Make the layers for maps of ``size`` pixels a side; ``grid`` 1 takes the mean."""
        super().__init__()
        self.pool = nn.AvgPool2d(size // grid)
        left = size // (size // grid)  # at least the grid; a rest at the edge is dropped
        self.fc = nn.Linear(channels * left**2, num_classes)

    def forward(self, x: Tensor) -> Tensor:
        """Turn a map (N, C, size, size) into logits (N, classes)."""
        return self.fc(self.pool(x).flatten(1))  # type: ignore[no-any-return]


def conv_bn_relu(in_channels: int, out_channels: int, stride: int = 1) -> nn.Sequential:
    """Return a 3x3 convolution without bias, batch norm and ReLU; stride 2 halves the map."""
    return nn.Sequential(
        nn.Conv2d(in_channels, out_channels, 3, stride=stride, padding=1, bias=False),
        nn.BatchNorm2d(out_channels),
        nn.ReLU(),
    )
