"""labcode.models: sizes by formula, shapes, equality with Caffe's layers, and refusals."""

import pytest
import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from labcode import cost
from labcode.cost import Cost
from labcode.models import keras_lightweight_cnn, lenet5, lenet_300_100, small_cnn


def measured(model: nn.Module, shape: tuple[int, ...]) -> tuple[int, int]:
    """Return parameters and MACs as PyTorch counts them."""
    with FlopCounterMode(display=False) as counter:
        model(torch.zeros(1, *shape))
    return sum(p.numel() for p in model.parameters()), counter.get_total_flops() // 2


def lenet5_by_formula(num_classes: int, channels: int, size: tuple[int, int]) -> Cost:
    layers = [cost.conv2d(channels, 20, 5, size, bias=True)]
    layers += [cost.pool2d(layers[-1].output_size, 2)]
    layers += [cost.conv2d(20, 50, 5, layers[-1].output_size, bias=True)]
    layers += [cost.pool2d(layers[-1].output_size, 2)]
    height, width = layers[-1].output_size
    return sum(layers) + cost.linear(50 * height * width, 500) + cost.linear(500, num_classes)


@pytest.mark.parametrize(
    ("num_classes", "channels", "size"),
    [(10, 1, (28, 28)), (10, 3, (32, 32)), (7, 2, (16, 16)), (100, 3, (20, 33))],
)
def test_lenet5_costs_what_the_formulas_say(num_classes, channels, size):
    model = lenet5(num_classes=num_classes, in_channels=channels, input_size=size)
    predicted = lenet5_by_formula(num_classes, channels, size)
    assert measured(model, (channels, *size)) == (predicted.params, predicted.macs)
    assert model(torch.zeros(3, channels, *size)).shape == (3, num_classes)


def test_the_published_sizes():
    assert measured(lenet5(), (1, 28, 28)) == (431_080, 2_293_000)
    assert measured(lenet_300_100(), (1, 28, 28)) == (266_610, 266_200)


def test_lenet_300_100_costs_what_the_formulas_say():
    model = lenet_300_100(num_classes=7, in_channels=3, input_size=(8, 9))
    predicted = cost.linear(216, 300) + cost.linear(300, 100) + cost.linear(100, 7)
    assert measured(model, (3, 8, 9)) == (predicted.params, predicted.macs)
    assert model(torch.zeros(3, 3, 8, 9)).shape == (3, 7)


def test_lenet5_computes_what_caffes_layers_compute():
    model = lenet5()
    plain = nn.Sequential(
        nn.Conv2d(1, 20, 5),
        nn.MaxPool2d(2, 2),
        nn.Conv2d(20, 50, 5),
        nn.MaxPool2d(2, 2),
        nn.Flatten(),
        nn.Linear(800, 500),
        nn.ReLU(),
        nn.Linear(500, 10),
    )
    names = dict(zip(plain.state_dict(), model.state_dict().values(), strict=True))
    plain.load_state_dict(names)
    images = torch.rand(4, 1, 28, 28)
    torch.testing.assert_close(model(images), plain(images))


@pytest.mark.parametrize("make", [lenet5, lenet_300_100])
def test_weights_start_as_documented(make):
    torch.manual_seed(0)
    model = make()
    for layer in model.modules():
        if isinstance(layer, (nn.Conv2d, nn.Linear)):
            bound = (3 / layer.weight[0].numel()) ** 0.5
            assert float(layer.weight.detach().abs().max()) <= bound
            assert float(layer.weight.detach().abs().max()) > 0.95 * bound
            assert not layer.bias.any()
            # uniform in ±b has the standard deviation b / sqrt(3)
            assert float(layer.weight.detach().std()) == pytest.approx(bound / 3**0.5, rel=0.1)


@pytest.mark.parametrize("make", [lenet5, lenet_300_100])
def test_the_seed_decides_the_weights(make):
    states = []
    for seed in (0, 0, 1):
        torch.manual_seed(seed)
        states.append(make().fc1.weight)
    assert torch.equal(states[0], states[1])
    assert not torch.equal(states[0], states[2])


@pytest.mark.parametrize("size", [8, 15, (28, 15), (15, 28)])
def test_images_that_are_too_small_are_refused(size):
    with pytest.raises(ValueError, match=r"input_size must be at least 16 x 16 .*got (8|15|28) x"):
        lenet5(input_size=size)


@pytest.mark.parametrize("make", [lenet5, lenet_300_100])
@pytest.mark.parametrize("shape", [(2, 3, 28, 28), (2, 1, 32, 32), (1, 28, 28), (2, 784)])
def test_images_of_another_shape_are_refused(make, shape):
    with pytest.raises(ValueError, match=r"x must have the shape \(N, 1, 28, 28\), got \("):
        make()(torch.zeros(shape))


@pytest.mark.parametrize("make", [lenet5, lenet_300_100])
@pytest.mark.parametrize(
    ("arguments", "error", "name"),
    [
        ({"num_classes": 0}, ValueError, "num_classes"),
        ({"num_classes": 10.0}, TypeError, "num_classes"),
        ({"in_channels": -1}, ValueError, "in_channels"),
        ({"in_channels": "3"}, TypeError, "in_channels"),
        ({"input_size": (28, 28, 28)}, ValueError, "input_size"),
        ({"input_size": True}, TypeError, "input_size"),
    ],
)
def test_nonsense_is_refused(make, arguments, error, name):
    with pytest.raises(error, match=name):
        make(**arguments)


def test_the_keras_network_costs_what_the_formulas_say():
    model = keras_lightweight_cnn(num_classes=7, in_channels=4)
    layers = [
        cost.conv2d(4, 4, 3, (30, 20), padding=1, groups=4, bias=True),
        cost.conv2d(4, 32, 1, (30, 20), bias=True),
        cost.linear(32, 7),
    ]
    predicted = sum(layers)
    assert measured(model, (4, 30, 20)) == (predicted.params, predicted.macs)


def test_the_keras_network_computes_what_plain_layers_compute():
    model = keras_lightweight_cnn()
    pooled = nn.Sequential(nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten())
    plain = nn.Sequential(model.depthwise, model.pointwise, pooled, model.classifier)
    images = torch.rand(2, 3, 24, 17)
    torch.testing.assert_close(model(images), plain(images))


@pytest.mark.parametrize("shape", [(3, 24, 24), (2, 1, 24, 24)])
def test_the_keras_network_refuses_other_images(shape):
    with pytest.raises(ValueError, match=r"x must have the shape \(N, 3, H, W\), got \("):
        keras_lightweight_cnn()(torch.zeros(shape))


@pytest.mark.parametrize("name", ["num_classes", "in_channels"])
def test_the_keras_network_refuses_nonsense(name):
    with pytest.raises(ValueError, match=name):
        keras_lightweight_cnn(**{name: 0})
    with pytest.raises(TypeError, match=name):
        keras_lightweight_cnn(**{name: 3.0})


def test_the_keras_network_starts_as_keras_starts_it():
    torch.manual_seed(0)
    model = keras_lightweight_cnn(num_classes=1000)
    weight = model.classifier.weight.detach()
    bound = (6 / (32 + 1000)) ** 0.5  # Glorot and Bengio (2010), equation 16
    assert 0.98 * bound < float(weight.abs().max()) <= bound
    assert not any(layer.bias.any() for layer in (model.depthwise, model.pointwise))


def test_the_small_cnn_costs_what_its_docstring_says():
    assert measured(small_cnn(), (1, 28, 28)) == (29_178, 1_924_992)
    assert measured(small_cnn(num_classes=7, in_channels=3, input_size=(9, 8)), (3, 9, 8))[0] == (
        3 * 16 * 9 + 16 * 32 * 9 + 32 * 64 * 9 + 2 * (16 + 32 + 64) + 64 * 7 + 7
    )
    with pytest.raises(ValueError, match="input_size must be at least 8 x 8"):
        small_cnn(input_size=7)
    with pytest.raises(ValueError, match=r"x must have the shape \(N, 1, 28, 28\)"):
        small_cnn()(torch.zeros(1, 1, 8, 8))
