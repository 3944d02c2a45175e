"""Networks that torchvision has: the same outputs from the same weights, the same tables."""

import pytest
import torch
from torchvision import models as theirs

import labcode
from labcode import models as ours
from tests.models_helpers import on_meta, random_state, with_the_same_weights

PAIRS = {
    "alexnet": (ours.alexnet, {"variant": "torchvision"}, theirs.alexnet, 71),
    "vgg16": (ours.vgg16, {}, theirs.vgg16, 32),
    "squeezenet 1.0": (ours.squeezenet, {"version": "1.0"}, theirs.squeezenet1_0, 64),
    "squeezenet 1.1": (ours.squeezenet, {"version": "1.1"}, theirs.squeezenet1_1, 66),
    "resnet18": (ours.resnet18, {}, theirs.resnet18, 64),
    "resnet50": (ours.resnet50, {}, theirs.resnet50, 40),
    "resnext50": (
        ours.bottleneck_resnet,
        {"groups": 32, "group_width": 4},
        theirs.resnext50_32x4d,
        40,
    ),
    "mobilenet_v2": (ours.mobilenet_v2, {}, theirs.mobilenet_v2, 64),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", PAIRS)
def test_the_same_weights_give_the_same_outputs(name):
    make, settings, make_theirs, size = PAIRS[name]
    mine = on_meta(make, **settings).eval()
    other = on_meta(make_theirs).eval()
    with_the_same_weights(mine, other, random_state(other))
    images = torch.rand(2, 3, size, size, generator=torch.Generator().manual_seed(1))
    with torch.inference_mode():
        expected = other(images)
        assert expected.std() > 0  # else anything would agree
        torch.testing.assert_close(mine(images), expected, rtol=1e-4, atol=1e-4)


TABLES = {
    **{name: pair[:3] for name, pair in PAIRS.items()},
    "resnet101": (ours.bottleneck_resnet, {"depth": 101}, theirs.resnet101),
    "resnet152": (ours.bottleneck_resnet, {"depth": 152}, theirs.resnet152),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", TABLES)
def test_the_tables_are_equal_layer_by_layer(name):
    make, settings, make_theirs = TABLES[name]

    def table(model):
        rows = labcode.count(model).layers
        return [(r.type, r.output_shape, r.params, r.macs) for r in rows if r.params]

    mine, other = table(on_meta(make, **settings)), table(on_meta(make_theirs))
    assert mine == other
    assert len(mine) >= 8


@pytest.mark.slow
@pytest.mark.parametrize("width", [0.35, 0.5, 0.75, 1.4])
def test_mobilenet_v2_has_torchvisions_widths(width):
    mine = labcode.count(on_meta(ours.mobilenet_v2, width_multiplier=width))
    other = labcode.count(on_meta(theirs.mobilenet_v2, width_mult=width))
    assert (mine.params, mine.macs) == (other.params, other.macs)
