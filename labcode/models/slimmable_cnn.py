"""One set of weights, several widths: each layer can run with its first channels alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from labcode._checks import check_int, check_number
from labcode.models.exit_cnn import CHANNELS, STRIDES, exit_cnn
from labcode.models.exit_network import Trunk
from labcode.models.lenet5 import check_images

WIDTHS = (0.25, 0.5, 0.75, 1.0)


class SlimmableCNN(nn.Module):
    """The chain of `exit_cnn`, at several widths; see `slimmable_cnn`."""

    def __init__(self, widths: Sequence[float], switchable: bool, num_classes: int) -> None:
        """Make the layers; `slimmable_cnn` documents the arguments."""
        super().__init__()
        channels = (1, *(c for stage in CHANNELS for c in (stage, stage)))
        strides = [s for stage in STRIDES for s in (stage, 1)]
        self.convs = nn.ModuleList(
            nn.Conv2d(a, b, 3, stride=stride, padding=1, bias=False)
            for (a, b), stride in zip(pairwise(channels), strides, strict=True)
        )
        self.norms = nn.ModuleList(
            nn.ModuleList(nn.BatchNorm2d(round(c * share)) for c in channels[1:])
            for share in (widths if switchable else (1.0,))
        )
        self.fc = nn.Linear(CHANNELS[-1] * 9, num_classes)
        self.widths, self.switchable = tuple(widths), switchable
        self.width = 1.0  # at which `forward` runs; set it to any of `widths`

    def forward(self, x: Tensor) -> Tensor:
        """Turn images (N, 1, 28, 28) into logits (N, classes), at the width that is set."""
        check_images(x, (1, 28, 28))
        if self.width not in self.widths:
            raise ValueError(f"width must be one of {self.widths}, got {self.width!r}")
        for conv, norm in self._layers(self.width):
            out = round(conv.out_channels * self.width)
            weight = conv.weight[:out, : x.shape[1]]
            x = F.conv2d(x, weight, stride=conv.stride, padding=1)  # (N, out, H, W)
            x = F.relu(self._normalised(x, norm))
        x = F.avg_pool2d(x, 2).flatten(1)  # (N, 9 * channels): 7 x 7 pooled to 3 x 3
        return F.linear(x, self.fc.weight[:, : x.shape[1]], self.fc.bias)

    def _layers(self, width: float) -> Iterator[tuple[nn.Conv2d, nn.BatchNorm2d]]:
        norms = self.norms[self.widths.index(width) if self.switchable else 0]
        pairs = zip(self.convs, cast(nn.ModuleList, norms), strict=True)
        return cast(Iterator[tuple[nn.Conv2d, nn.BatchNorm2d]], pairs)

    def _normalised(self, x: Tensor, norm: nn.BatchNorm2d) -> Tensor:
        if self.switchable:
            return norm(x)  # type: ignore[no-any-return]
        n = x.shape[1]  # one norm for all widths: its first channels
        assert norm.running_mean is not None
        assert norm.running_var is not None
        mean, var = norm.running_mean[:n], norm.running_var[:n]
        training, pace = self.training, norm.momentum or 0.0
        return F.batch_norm(x, mean, var, norm.weight[:n], norm.bias[:n], training, pace)

    def all_logits(self, x: Tensor) -> Tensor:
        """Turn images into logits at every width, (widths, N, classes); the width set stays."""
        before, found = self.width, []
        for width in self.widths:
            self.width = width
            found.append(self(x))
        self.width = before
        return torch.stack(found)

    @torch.no_grad()
    def measure_statistics(self, images: Tensor) -> None:
        """Set the means and spreads in the norms of the width that is set to those of images.

        Shared norms have one set of statistics: measure anew after each change of the width.
        """
        modes = [(module, module.training) for module in self.modules()]
        norms = [norm for _, norm in self._layers(self.width)]
        usual = [norm.momentum for norm in norms]
        for norm in norms:
            norm.momentum = 1.0  # nothing is left of what was stored
        self.train()
        self(images)
        for module, training in modes:
            module.training = training
        for norm, momentum in zip(norms, usual, strict=True):
            norm.momentum = momentum

    @torch.no_grad()
    def cut(self, width: float) -> Trunk:
        """Return a plain network of one width, with copies of the weights that it uses."""
        if width not in self.widths or not self.switchable:
            raise ValueError(f"width must be one of {self.widths} and have norms, got {width!r}")
        classes = self.fc.out_features
        channels = [round(c * width) for c in CHANNELS]
        plain = Trunk(exit_cnn(num_classes=classes, channels=channels))
        theirs = [m for m in plain.modules() if isinstance(m, (nn.Conv2d, nn.BatchNorm2d))]
        places = zip(*[iter(theirs)] * 2, strict=True)  # pairs of convolution and norm
        for (conv, norm), (to_conv, to_norm) in zip(self._layers(width), places, strict=True):
            out, read = to_conv.weight.shape[:2]
            to_conv.weight.copy_(conv.weight[:out, :read])
            to_norm.load_state_dict(norm.state_dict())
        head = plain.leave.fc
        assert isinstance(head, nn.Linear)
        head.weight.copy_(self.fc.weight[:, : head.in_features])
        head.bias.copy_(self.fc.bias)
        return plain.train(self.training)


def slimmable_cnn(
    *, widths: Sequence[float] = WIDTHS, switchable: bool = True, num_classes: int = 10
) -> SlimmableCNN:
    """Return an untrained network that runs at several widths.

    At width 0.5 every layer computes its first half of the channels, from the first half of the
    channels before it. The means and spreads of a channel depend on how many channels it reads,
    so each width has batch norms of its own.

    Args:
        widths: Shares of the channels, growing, from above 0 to 1.
        switchable: Whether each width has its own batch norms; False is a control.
        num_classes: Number of outputs.

    Returns:
        The network at width 1, in training mode; set its ``width`` to change it.

    Raises:
        ValueError: The widths do not grow up to 1, or do not give whole channels.

    Source: Yu et al., "Slimmable neural networks" (arXiv:1812.08928).

    >>> network = slimmable_cnn()
    >>> network.width = 0.25
    >>> network(torch.zeros(2, 1, 28, 28)).shape
    torch.Size([2, 10])
    """
    shares = [check_number("widths", width, above=0.0) for width in widths]
    if shares != sorted(set(shares)) or shares[-1:] != [1.0]:
        raise ValueError(f"widths must grow up to 1, got {tuple(widths)}")
    if any((c * share) % 1 for c in CHANNELS for share in shares):
        raise ValueError(f"widths must give whole numbers of {CHANNELS} channels, got {widths}")
    return SlimmableCNN(shares, switchable, check_int("num_classes", num_classes))
