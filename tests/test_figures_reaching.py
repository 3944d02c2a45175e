"""What the drawing of both ways shows is what gradients say that an output reads."""

import pytest
import torch
from torch import nn

from labcode.pages.figures.reaching import CHANNELS, SIDE, windows


@pytest.mark.parametrize("added", [False, True])
def test_the_first_output_reads_the_pixels_that_are_drawn(added):
    depthwise = nn.Conv2d(CHANNELS, CHANNELS, 3, padding=1, groups=CHANNELS, bias=False)
    pointwise = nn.Conv2d(CHANNELS, CHANNELS, 1, bias=False)
    for layer in (depthwise, pointwise):
        nn.init.ones_(layer.weight)
    image = torch.rand(1, CHANNELS, SIDE, SIDE, requires_grad=True)
    out = depthwise(image) + pointwise(image) if added else pointwise(depthwise(image))
    out[0, 0, SIDE // 2, SIDE // 2].backward()
    read = (image.grad[0] != 0).sum((1, 2)).tolist()
    assert read == [side**2 for side in windows(added=added)]
