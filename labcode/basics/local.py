"""A locally connected layer: a convolution whose weights are not shared between places."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from labcode._checks import IntOrPair, check_int, check_pair
from labcode._windows import conv_output_size


class LocallyConnected2d(nn.Module):
    """A layer whose every output value sees a small patch, through weights of its own.

    Args:
        in_channels: Channels of the input.
        out_channels: Channels of the output.
        kernel_size: Height and width of a patch, in pixels.
        input_size: Height and width of the input, in pixels; each place has its own weights,
            so the layer works for this size alone.
        bias: Whether each output value has a bias of its own.

    Raises:
        TypeError: A size is not an integer.
        ValueError: A size is below 1, or a patch is larger than the input.

    Source: Keras' LocallyConnected2D; first weights as in torch.nn.Conv2d.

    >>> layer = LocallyConnected2d(3, 4, kernel_size=3, input_size=5, bias=False)
    >>> sum(p.numel() for p in layer.parameters()), layer(torch.rand(2, 3, 5, 5)).shape
    (972, torch.Size([2, 4, 3, 3]))
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: IntOrPair,
        input_size: IntOrPair,
        *,
        bias: bool = True,
    ) -> None:
        """Draw the first weights; the class says what the arguments are."""
        super().__init__()
        self.kernel_size = check_pair("kernel_size", kernel_size)
        self.input_size = check_pair("input_size", input_size)
        self.output_size = conv_output_size(self.input_size, self.kernel_size)
        self.in_channels = check_int("in_channels", in_channels)
        places = math.prod(self.output_size)
        reads = self.in_channels * math.prod(self.kernel_size)
        outputs = check_int("out_channels", out_channels)
        bound = 1 / math.sqrt(reads)
        self.weight = nn.Parameter(torch.empty(outputs, reads, places).uniform_(-bound, bound))
        self.bias = (
            nn.Parameter(torch.empty(outputs, places).uniform_(-bound, bound)) if bias else None
        )

    def forward(self, images: Tensor) -> Tensor:
        """Turn images (N, C_in, H, W) into maps (N, C_out, H_out, W_out)."""
        expected = (self.in_channels, *self.input_size)
        if images.shape[1:] != expected:
            raise ValueError(f"images must be (N, {expected}), got {tuple(images.shape)}")
        patches = F.unfold(images, self.kernel_size)  # (N, C_in * k * k, places)
        maps = torch.einsum("nrp,orp->nop", patches, self.weight)  # (N, C_out, places)
        if self.bias is not None:
            maps = maps + self.bias
        return maps.reshape(*maps.shape[:2], *self.output_size)  # (N, C_out, H_out, W_out)

    @torch.no_grad()
    def copy_filters(self, filters: Tensor) -> None:
        """Give every place the same filters (C_out, C_in, k, k): then it is a convolution."""
        self.weight.copy_(filters.flatten(1)[:, :, None].expand_as(self.weight))
