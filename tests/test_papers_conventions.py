"""What papers add to multiply-adds, against what PyTorch's own layers put out."""

import math

import pytest
import torch
from torch import nn

from labcode import models
from labcode.models import SqueezeExcite
from labcode.papers import conventions
from labcode.papers.conventions import built, counted


def passed(make, kind, *, inputs=False, **settings) -> int:
    """Return the values that go through all layers of one kind, seen by hooks."""
    seen = []
    with torch.device("meta"):
        model = make(**settings).eval()
    for layer in model.modules():
        if isinstance(layer, kind):
            layer.register_forward_hook(
                lambda _, args, out: seen.append((args[0] if inputs else out).numel())
            )
    model(torch.zeros(1, 3, 224, 224, device="meta"))
    return sum(seen)


@pytest.mark.slow
@pytest.mark.parametrize("make", [models.resnet50, models.se_inception, models.mobilenet_v1])
def test_normalised_values_are_what_the_batch_norms_put_out(make):
    assert conventions.normalised_values(counted(make)) == passed(make, nn.BatchNorm2d) > 0


@pytest.mark.slow
@pytest.mark.parametrize(
    "make", [models.se_resnet50, models.se_inception, models.se_mobilenet_v1, models.resnet50]
)
def test_squeezed_values_are_what_the_squeezes_read(make):
    seen = passed(make, SqueezeExcite, inputs=True)
    assert conventions.squeezed_values(counted(make)) == seen
    assert (seen > 0) == (make is not models.resnet50)


def test_weights_convolutions_and_running_statistics_are_parts_of_the_whole():
    model = built(models.mobilenet_v1)
    norms = [layer for layer in model.modules() if isinstance(layer, nn.BatchNorm2d)]
    extra = sum(p.numel() for norm in norms for p in norm.parameters()) + model.fc.out_features
    params = sum(p.numel() for p in model.parameters())
    assert conventions.weights(models.mobilenet_v1) == params - extra
    stored = sum(b.numel() for b in model.buffers() if b.dim())
    assert conventions.running_statistics(models.mobilenet_v1) == stored == 2 * (extra - 1000) // 2
    found = counted(models.mobilenet_v1)
    assert conventions.convolution_macs(found) == found.macs - math.prod(model.fc.weight.shape)
