"""The architectures' networks: sizes by formula, small images, initial weights, refusals."""

import pytest
import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from labcode import cost, models
from labcode.models import (
    alexnet,
    bn_inception,
    googlenet,
    mobilenet_v1,
    mobilenet_v2,
    nin,
    resnet18,
    resnet50,
    se_inception,
    se_mobilenet_v1,
    se_resnet50,
    se_shufflenet_v1,
    shufflenet_v1,
    squeezenet,
    vgg16,
)
from tests.models_helpers import on_meta, total

FACTORIES = [
    alexnet,
    bn_inception,
    googlenet,
    mobilenet_v1,
    mobilenet_v2,
    nin,
    resnet18,
    resnet50,
    se_inception,
    se_mobilenet_v1,
    se_resnet50,
    se_shufflenet_v1,
    shufflenet_v1,
    squeezenet,
    vgg16,
]


def weights(model: nn.Module) -> int:
    return sum(p.numel() for p in model.parameters() if p.dim() > 1)


# --- sizes known from elsewhere ---------------------------------------------------------------


def test_the_three_alexnets_have_the_known_sizes():
    size = (3, 227, 227)
    assert total(alexnet, size, variant="grouped")[0] == 60_965_224
    assert total(alexnet, size, variant="ungrouped")[0] == 62_378_344
    assert total(alexnet, size, variant="torchvision")[0] == 61_100_840
    assert alexnet_map_sizes() == [55, 27, 13, 13, 13]  # Caffe's bvlc_reference_caffenet


@pytest.mark.parametrize(
    ("variant", "widths"), [("grouped", [4096, 4096]), ("torchvision", [9216, 4096])]
)
def test_alexnets_dropout_stands_where_its_source_has_it(variant, widths):
    # Section 4.2 of the paper: on the outputs of fc6 and fc7; torchvision: on their inputs.
    model, seen = on_meta(alexnet, variant=variant), []
    model.dropout.register_forward_hook(lambda _, args, out: seen.append(args[0].shape[1]))
    model(torch.zeros(1, 3, 227, 227, device="meta"))
    assert seen == widths


def alexnet_map_sizes() -> list[int]:
    import labcode

    rows = labcode.count(on_meta(alexnet), (3, 227, 227)).layers
    return [row.output_shape[1] for row in rows if row.type == "Conv2d"]


def test_sizes_that_other_libraries_state():
    assert total(googlenet, (3, 224, 224))[0] == 6_998_552  # Caffe's bvlc_googlenet
    assert total(nin, (3, 32, 32))[0] == 966_986  # imgclsmob
    assert total(se_resnet50, (3, 224, 224))[0] == 28_088_024  # imgclsmob and timm
    assert total(shufflenet_v1, (3, 224, 224), groups=3)[0] == 1_865_728  # mmpretrain: 1.87 M
    # The Caffe port of BN-Inception gives its convolutions biases, one for each batch-norm scale.
    model = on_meta(bn_inception)
    biases = sum(m.num_features for m in model.modules() if isinstance(m, nn.BatchNorm2d))
    assert total(bn_inception, (3, 224, 224))[0] + biases == 11_295_240  # imgclsmob


# --- sizes by formula -------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("alpha", [1.0, 0.75, 0.5, 0.25, 0.3])  # 0.3 leaves parts of channels
@pytest.mark.parametrize("size", [224, 160, 28])
def test_mobilenet_v1_costs_what_the_formula_says(alpha, size):
    widths = [64, 128, 128, 256, 256, *[512] * 6, 1024, 1024]
    strides = [1, 2, 1, 2, 1, 2, 1, 1, 1, 1, 1, 2, 1]
    channels = int(32 * alpha)
    layers = [cost.conv2d(3, channels, 3, size, stride=2, padding=1)]
    for width, stride in zip(widths, strides, strict=True):
        before, channels = channels, int(width * alpha)
        layers.append(
            cost.depthwise_separable(
                before, channels, 3, layers[-1].output_size, stride=stride, padding=1
            )
        )
    layers.append(cost.linear(channels, 1000, bias=False))
    predicted = sum(layers)
    model = on_meta(mobilenet_v1, width_multiplier=alpha)
    assert weights(model) == predicted.params
    assert total(mobilenet_v1, (3, size, size), width_multiplier=alpha)[1] == predicted.macs


def fire(channels: int, ratio: float, share: float, expand: int, size) -> cost.Cost:
    squeeze, wide = round(ratio * expand), round(share * expand)
    parts = [cost.conv2d(channels, squeeze, 1, size, bias=True)]
    if expand - wide:
        parts.append(cost.conv2d(squeeze, expand - wide, 1, size, bias=True))
    if wide:
        parts.append(cost.conv2d(squeeze, wide, 3, size, padding=1, bias=True))
    return sum(parts)


@pytest.mark.parametrize("ratio", [0.125, 0.25, 0.5, 0.75, 1.0])
@pytest.mark.parametrize("share", [0.0, 0.25, 0.5, 1.0])
def test_squeezenet_costs_what_the_formula_says(ratio, share):
    layers = [cost.conv2d(3, 96, 7, 227, stride=2, bias=True)]
    channels, sizes = 96, [55] * 3 + [27] * 4 + [13]
    for i, size in enumerate(sizes):
        expand = 128 + 128 * (i // 2)  # base_e + incr_e * floor(i / freq)
        layers.append(fire(channels, ratio, share, expand, size))
        channels = expand
    layers.append(cost.conv2d(channels, 1000, 1, 13, bias=True))
    predicted = sum(layers)
    found = total(squeezenet, (3, 227, 227), squeeze_ratio=ratio, expand3x3_share=share)
    assert found == (predicted.params, predicted.macs)


def test_squeezenets_bypasses_cost_what_the_formula_says():
    plain = total(squeezenet, (3, 227, 227))
    assert total(squeezenet, (3, 227, 227), bypass="simple") == plain
    around = [(96, 128, 55), (128, 256, 55), (256, 384, 27), (384, 512, 27)]
    extra = sum(cost.conv2d(a, b, 1, size, bias=True) for a, b, size in around)
    complex_ = total(squeezenet, (3, 227, 227), bypass="complex")
    assert complex_ == (plain[0] + extra.params, plain[1] + extra.macs)


@pytest.mark.parametrize("groups", [1, 2, 3, 4, 8])
def test_shufflenet_costs_what_the_formula_says(groups):
    outputs = {1: 144, 2: 200, 3: 240, 4: 272, 8: 384}[groups]  # the paper's Table 1
    layers = [cost.conv2d(3, 24, 3, 224, stride=2, padding=1)]
    channels, size = 24, 56
    for stage, repeats in enumerate((4, 8, 4)):
        out = outputs * 2**stage
        for number in range(repeats):
            stride = 1 if number else 2
            first = 1 if stage == 0 and number == 0 else groups
            hidden, branch = out // 4, out if number else out - channels
            layers.append(cost.conv2d(channels, hidden, 1, size, groups=first))
            layers.append(
                cost.conv2d(hidden, hidden, 3, size, stride=stride, padding=1, groups=hidden)
            )
            size = size // stride
            layers.append(cost.conv2d(hidden, branch, 1, size, groups=groups))
            channels = out
    layers.append(cost.linear(channels, 1000, bias=False))
    predicted = sum(layers)
    assert weights(on_meta(shufflenet_v1, groups=groups)) == predicted.params
    assert total(shufflenet_v1, (3, 224, 224), groups=groups)[1] == predicted.macs


@pytest.mark.slow
@pytest.mark.parametrize("reduction", [2, 4, 8, 16, 32])
def test_se_adds_to_resnet50_what_the_papers_formula_says(reduction):
    blocks = {256: 3, 512: 4, 1024: 6, 2048: 3}  # output channels -> blocks
    added = sum(2 * n * c * c // reduction for c, n in blocks.items())  # equation 5 of the paper
    plain = total(resnet50, (3, 224, 224), stride_on="1x1")
    found = total(se_resnet50, (3, 224, 224), reduction=reduction, bias=False)
    assert found == (plain[0] + added, plain[1] + added)


# --- small grey images ------------------------------------------------------------------------

SMALL = {
    "mobilenet_v1": lambda **k: mobilenet_v1(width_multiplier=0.25, **k),
    "mobilenet_v2": lambda **k: mobilenet_v2(width_multiplier=0.35, **k),
    "shufflenet_v1": lambda **k: shufflenet_v1(groups=1, **k),
    "shufflenet_v1 without shuffle": lambda **k: shufflenet_v1(shuffle=False, **k),
    "squeezenet 1.0": lambda **k: squeezenet(bypass="complex", **k),
    "squeezenet 1.1": lambda **k: squeezenet(version="1.1", bypass="simple", **k),
    "nin": nin,
    "se_mobilenet_v1": lambda **k: se_mobilenet_v1(width_multiplier=0.5, **k),
    "se_shufflenet_v1": se_shufflenet_v1,
    "se_inception": se_inception,
}


@pytest.mark.slow
@pytest.mark.parametrize("name", SMALL)
def test_grey_digits_pass_and_every_weight_learns(name):
    model = on_meta(SMALL[name], num_classes=10, in_channels=1)  # which weights get a gradient
    logits = model(torch.empty(4, 1, 28, 28, device="meta"))  # does not depend on their values
    assert logits.shape == (4, 10)
    logits.sum().backward()
    still = [n for n, p in model.named_parameters() if p.grad is None]
    assert still == []


@pytest.mark.parametrize(
    ("make", "size", "layer"),
    [
        (alexnet, 28, "pool2"),
        (alexnet, 8, "conv1"),
        (vgg16, 28, r"features\.pool5"),
        (squeezenet, 20, r"features\.pool8"),
        (googlenet, 28, r"blocks\.pool5"),
        (nin, 3, "pool2"),
        (bn_inception, 6, "pool2"),
    ],
)
def test_images_that_are_too_small_name_the_layer(make, size, layer):
    message = rf"images of {size} x {size} are too small for \w+: its layer '{layer}' has a "
    with pytest.raises(ValueError, match=message):
        on_meta(make)(torch.zeros(1, 3, size, size, device="meta"))


@pytest.mark.parametrize(("make", "smallest"), [(alexnet, 67), (vgg16, 32), (googlenet, 31)])
def test_the_smallest_image_of_the_docstring_passes(make, smallest):
    model = on_meta(make).eval()
    shape = (2, 3, smallest, smallest)
    assert model(torch.zeros(shape, device="meta")).shape == (2, 1000)


# --- initial weights --------------------------------------------------------------------------


def deviation(layer: nn.Module) -> float:
    return float(layer.weight.detach().std())


@pytest.mark.slow
def test_weights_start_as_the_papers_say():
    torch.manual_seed(0)
    net = alexnet(num_classes=10)
    assert deviation(net.conv3) == pytest.approx(0.01, rel=0.02)
    ones = {
        n for n, m in net.named_children() if getattr(m, "bias", None) is not None and m.bias.all()
    }
    assert ones == {"conv2", "conv4", "conv5", "fc6", "fc7"}
    net = squeezenet()
    bound = (3 / 512) ** 0.5  # Caffe's xavier
    assert 0.98 * bound < float(net.features.fire9.squeeze.weight.detach().abs().max()) <= bound
    assert deviation(net.conv10) == pytest.approx(0.01, rel=0.02)
    net = resnet18()
    conv = net.stage3[1].conv1
    assert deviation(conv) == pytest.approx((2 / (256 * 9)) ** 0.5, rel=0.02)
    net = mobilenet_v1()
    # A normal distribution that is cut at two deviations keeps 0.880 of its deviation.
    assert deviation(net.blocks[12].pointwise) == pytest.approx(0.880 * 0.09, rel=0.01)
    assert deviation(nin().mlpconv2[0]) == pytest.approx(0.05, rel=0.02)


# --- refusals ---------------------------------------------------------------------------------


@pytest.mark.parametrize("make", FACTORIES, ids=lambda make: make.__name__)
def test_every_factory_checks_classes_and_channels(make):
    for name in ("num_classes", "in_channels"):
        with pytest.raises(ValueError, match=f"{name} must be at least 1, got 0"):
            make(**{name: 0})
        with pytest.raises(TypeError, match=f"{name} must be an integer, got 3.0"):
            make(**{name: 3.0})


@pytest.mark.parametrize("make", FACTORIES, ids=lambda make: make.__name__)
def test_every_network_refuses_images_of_other_channels(make):
    model = on_meta(make, in_channels=1)
    with pytest.raises(ValueError, match=r"x must have the shape \(N, 1, H, W\), got \(2, 3,"):
        model(torch.zeros(2, 3, 64, 64, device="meta"))
    with pytest.raises(ValueError, match=r"x must have the shape \(N, 1, H, W\), got \(1, 64"):
        model(torch.zeros(1, 64, 64, device="meta"))


@pytest.mark.parametrize(
    ("make", "arguments", "error", "message"),
    [
        (alexnet, {"variant": "half"}, ValueError, "variant must be one of 'grouped', 'un"),
        (mobilenet_v1, {"width_multiplier": 0}, ValueError, "width_multiplier must be .* got 0"),
        (mobilenet_v1, {"width_multiplier": -1.0}, ValueError, "width_multiplier"),
        (mobilenet_v1, {"width_multiplier": "1"}, TypeError, "width_multiplier"),
        (mobilenet_v1, {"repeats": -1}, ValueError, "repeats"),
        (mobilenet_v1, {"separable": 1}, TypeError, "separable"),
        (mobilenet_v2, {"width_multiplier": float("nan")}, ValueError, "width_multiplier"),
        (squeezenet, {"version": "2.0"}, ValueError, "version must be one of '1.0', '1.1'"),
        (squeezenet, {"version": 1.0}, ValueError, "version must be one of '1.0', '1.1', got 1.0"),
        (squeezenet, {"squeeze_ratio": 0}, ValueError, "squeeze_ratio"),
        (squeezenet, {"squeeze_ratio": 0.001}, ValueError, "leaves fire2 no squeeze filter"),
        (squeezenet, {"expand3x3_share": 1.5}, ValueError, "expand3x3_share must be at most 1"),
        (squeezenet, {"expand3x3_share": -0.1}, ValueError, "expand3x3_share"),
        (squeezenet, {"bypass": "none"}, ValueError, "bypass must be one of None, 'simple', 'co"),
        (shufflenet_v1, {"groups": 5}, ValueError, "groups must be one of 1, 2, 3, 4, 8, got 5"),
        (shufflenet_v1, {"groups": 4, "scale": 0.5}, ValueError, "in stage2, the bottleneck .* 34"),
        (shufflenet_v1, {"groups": 8, "scale": 0.5}, ValueError, "in stage2, the branch .* 180"),
        (shufflenet_v1, {"scale": 0}, ValueError, "scale"),
        (shufflenet_v1, {"shuffle": "yes"}, TypeError, "shuffle"),
        (shufflenet_v1, {"repeats": (3, 7)}, ValueError, "one number for each of 3 stages"),
        (shufflenet_v1, {"stem_channels": 0}, ValueError, "stem_channels"),
        (resnet50, {"stride_on": "2x2"}, ValueError, "stride_on must be one of '1x1', '3x3'"),
        (models.bottleneck_resnet, {"depth": 34}, ValueError, "depth must be one of 50, 101, 152"),
        (se_resnet50, {"placement": "before"}, ValueError, "placement must be one of 'standard'"),
        (se_resnet50, {"reduction": 512}, ValueError, "reduction must be at most .* 256, got 512"),
        (se_resnet50, {"reduction": 0}, ValueError, "reduction"),
        (se_resnet50, {"ratio": 4}, TypeError, "unexpected keyword argument 'ratio'"),
        (se_inception, {"gate": "step"}, ValueError, "gate must be one of 'sigmoid'"),
        (se_shufflenet_v1, {"squeeze": "mean"}, ValueError, "squeeze must be one of 'average'"),
        (se_mobilenet_v1, {"bias": None}, TypeError, "bias"),
    ],
)
def test_nonsense_is_refused(make, arguments, error, message):
    with pytest.raises(error, match=message):
        on_meta(make, **arguments)


@pytest.mark.slow
def test_pytorch_counts_the_same_multiply_adds():
    for make in (mobilenet_v1, shufflenet_v1, squeezenet, se_resnet50, bn_inception):
        model = on_meta(make).eval()
        with FlopCounterMode(display=False) as counter:
            model(torch.zeros(1, 3, 224, 224, device="meta"))
        assert counter.get_total_flops() == 2 * total(make, (3, 224, 224))[1]
