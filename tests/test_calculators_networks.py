"""LeNet-5 and AlexNet by formula, against real modules and published numbers."""

from collections.abc import Callable

import pytest
import torch
import torchvision
from torch import nn

from labcode.pages.calculators import network_layers
from labcode.pages.calculators.network_layers import NETWORKS
from labcode.pages.networks import alexnet, alexnet_torchvision, lenet5


def lenet5_module(in_channels: int = 1, classes: int = 10) -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(in_channels, 20, 5), nn.MaxPool2d(2),
        nn.Conv2d(20, 50, 5), nn.MaxPool2d(2), nn.Flatten(),
        nn.LazyLinear(500), nn.ReLU(), nn.Linear(500, classes),
    )  # fmt: skip


def alexnet_module(groups: int, in_channels: int = 3, classes: int = 1000) -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(in_channels, 96, 11, stride=4, padding=2), nn.MaxPool2d(3, 2),
        nn.Conv2d(96, 256, 5, padding=2, groups=groups), nn.MaxPool2d(3, 2),
        nn.Conv2d(256, 384, 3, padding=1),
        nn.Conv2d(384, 384, 3, padding=1, groups=groups),
        nn.Conv2d(384, 256, 3, padding=1, groups=groups), nn.MaxPool2d(3, 2), nn.Flatten(),
        nn.LazyLinear(4096), nn.Linear(4096, 4096), nn.Linear(4096, classes),
    )  # fmt: skip


def measured(build: Callable[[], nn.Module], shape: tuple[int, int, int]):
    """Each layer's output shape, parameters and multiply-adds, as the module runs."""
    rows = []

    def note(layer, _, output):
        places = output[0].numel() // layer.weight.shape[0]
        params = sum(p.numel() for p in layer.parameters())
        rows.append((tuple(output.shape[1:]), params, layer.weight.numel() * places))

    with torch.device("meta"):  # shapes without arithmetic
        model = build().eval()
        model(torch.zeros(1, *shape))  # lets lazy layers find their size
        for layer in model.modules():
            if isinstance(layer, nn.Conv2d | nn.Linear):
                layer.register_forward_hook(note)
        model(torch.zeros(1, *shape))
    return rows


def predicted(layers):
    return [(layer.output_shape, layer.cost.params, layer.cost.macs) for layer in layers]


@pytest.mark.parametrize(("size", "channels", "classes"), [(28, 1, 10), (32, 3, 7), (41, 1, 10)])
def test_lenet5_is_the_module(size, channels, classes):
    rows = measured(lambda: lenet5_module(channels, classes), (channels, size, size))
    assert predicted(lenet5(size, channels, classes)) == rows


@pytest.mark.parametrize("groups", [1, 2])
@pytest.mark.parametrize(
    ("size", "channels", "classes"), [(224, 3, 1000), (227, 3, 10), (63, 1, 5)]
)
def test_alexnet_is_the_module(groups, size, channels, classes):
    rows = measured(lambda: alexnet_module(groups, channels, classes), (channels, size, size))
    assert predicted(alexnet(size, channels, classes, groups=groups)) == rows


@pytest.mark.parametrize(("size", "classes"), [(224, 1000), (256, 10)])
def test_torchvisions_alexnet_is_torchvisions(size, classes):
    rows = measured(lambda: torchvision.models.alexnet(num_classes=classes), (3, size, size))
    assert predicted(alexnet_torchvision(size, 3, classes)) == rows


@pytest.mark.parametrize(
    ("network", "params"),
    [
        ("LeNet-5", 431_080),
        ("AlexNet", 60_965_224),
        ("AlexNet, ungrouped", 62_378_344),
        ("AlexNet, torchvision", 61_100_840),
    ],
)
def test_published_numbers(network, params):
    result = network_layers(network)
    assert f"{network}: {params:,} parameters" in result.summary
    assert result.parts[0].total[2] == f"{params:,}"


@pytest.mark.parametrize("network", sorted(NETWORKS))
def test_rows_add_up_to_the_totals(network):
    result = network_layers(network, classes=17)
    params, macs = map(sum, zip(*result.values["by_layer"], strict=True))
    assert (params, macs) == (result.values["params"], result.values["macs"])
    shown = [[cell.text for cell in row[2:]] for row in result.parts[0].rows]
    assert shown == [[f"{n:,}" for n in layer] for layer in result.values["by_layer"]]
    assert f"{params:,} parameters" in result.summary
    assert f"{macs:,} multiply-adds" in result.summary


def test_the_shares_of_the_lesson():
    lenet = network_layers()
    assert "94.1 % of them in linear layers" in lenet.summary
    assert "82.3 % in convolutions" in lenet.summary


def test_errors_name_the_layer_or_the_argument():
    with pytest.raises(ValueError, match="too small: conv2 gets 3 × 3 pixels"):
        network_layers(input_size=11)
    with pytest.raises(ValueError, match="too small: the pooling after conv2 gets 2 × 2"):
        network_layers("AlexNet", input_size=27)
    with pytest.raises(ValueError, match=r"network must be one of 'LeNet-5', .* got 'VGG'"):
        network_layers("VGG")
    with pytest.raises(ValueError, match="classes must be at least 0, got -1"):
        network_layers(classes=-1)
