"""Fire module, SqueezeNet, shuffle, ShuffleNet and SE by formula, against the real networks."""

from collections import Counter

import pytest
import torch
from torch import nn

import labcode
from labcode import models
from labcode.pages.calculators import (
    channel_shuffle,
    fire_module,
    se_cost,
    shufflenet_cost,
    squeezenet_size,
)
from labcode.pages.calculators.channel_shuffle import heard, shuffled_order
from labcode.pages.calculators.fire_module import fire_layers
from labcode.pages.calculators.se_cost import BLOCKS, excitation, resnet50
from labcode.pages.calculators.shufflenet_cost import SCALES, shufflenet
from labcode.pages.calculators.squeezenet_size import RATIOS, SHARES, squeezenet
from labcode.papers import reproduce
from labcode.show.pictures import Line, Rect, Words
from tests.models_helpers import on_meta, total


def counted(model, shape):
    """(output shape, parameters, multiply-adds) of convolutions and linear layers."""
    rows = labcode.count(model, shape).layers
    return [(r.output_shape, r.params, r.macs) for r in rows if r.type in ("Conv2d", "Linear")]


def formulas(layers):
    return [(layer.output_shape, layer.cost.params, layer.cost.macs) for layer in layers]


@pytest.mark.parametrize("setting", [(96, 16, 64, 64), (8, 3, 0, 5), (8, 20, 5, 0), (1, 1, 1, 1)])
def test_a_fire_module_costs_what_the_real_one_does(setting):
    real = counted(on_meta(lambda: models.Fire(*setting)), (setting[0], 13, 13))
    assert formulas(fire_layers("fire", *setting, 13)) == real


@pytest.mark.parametrize("ratio", RATIOS)
@pytest.mark.parametrize("share", SHARES)
def test_squeezenet_has_the_real_networks_layers(ratio, share):
    settings = {"squeeze_ratio": float(ratio), "expand3x3_share": float(share[:-2]) / 100}
    model = on_meta(models.squeezenet, **settings)
    assert formulas(squeezenet(**settings)) == counted(model, (3, 227, 227))


def test_the_squeezenet_calculator_says_the_papers_layer_sizes():
    values = squeezenet_size().values
    rows = [r for r in reproduce("squeezenet") if r.quantity == "params before pruning"]
    for row in rows:
        if row.config != "total":
            assert values[row.config] == int(row.published)
    assert sum(values.values()) == 1_248_424
    assert "1,248,424" in squeezenet_size().summary


@pytest.mark.slow
@pytest.mark.parametrize("groups", [1, 2, 3, 4, 8])
@pytest.mark.parametrize("scale", SCALES)
def test_shufflenet_has_the_real_networks_layers_or_both_refuse(groups, scale):
    try:
        model = on_meta(models.shufflenet_v1, groups=groups, scale=float(scale))
    except ValueError:
        with pytest.raises(ValueError, match=f"{groups} groups at scale {scale} do not work: "):
            shufflenet_cost(str(groups), scale)
        return
    ours = formulas(shufflenet(groups, float(scale)))
    assert ours == counted(model, (3, 224, 224))
    macs = sum(row[2] for row in ours[:-1])
    assert shufflenet_cost(str(groups), scale).values["macs"] == macs


@pytest.mark.parametrize("row", [r for r in reproduce("shufflenet_v1") if r.table == "Table 1"])
def test_the_shufflenet_calculator_says_table_1(row):
    groups = row.config.removeprefix("g=")
    result = shufflenet_cost(groups)
    if "channels" in row.quantity:
        for stage, width in zip((2, 3, 4), row.published.split("/"), strict=True):
            assert result.values["channels"][f"stage{stage}"] == int(width)
    else:
        assert f"{row.published} million" in result.summary


def test_resnet50_is_the_real_one():
    found = labcode.count(on_meta(models.bottleneck_resnet, stride_on="1x1"))
    ours = formulas(resnet50())
    assert sum(row[1] for row in ours) == found.params
    # The shortcut comes last in a block of ours and first when it runs: only the order differs.
    real = counted(on_meta(models.bottleneck_resnet, stride_on="1x1"), (3, 224, 224))
    assert sorted((row[0], row[2]) for row in ours) == sorted((row[0], row[2]) for row in real)


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize(("channels", "reduction"), [(256, 16), (64, 64), (10, 3)])
def test_excitation_is_the_real_layers(channels, reduction, bias):
    model = models.SqueezeExcite(channels, reduction=reduction, bias=bias)
    found = labcode.count(model, (channels, 7, 7))
    ours = excitation(channels, reduction, bias=bias)
    assert (ours.params, ours.macs) == (found.params, found.macs)


@pytest.mark.slow
@pytest.mark.parametrize("reduction", [1, 2, 4, 8, 16, 32, 64])
def test_the_se_calculator_says_what_the_real_network_gains(reduction):
    with_se = total(models.se_resnet50, (3, 224, 224), reduction=reduction)
    without = total(models.bottleneck_resnet, (3, 224, 224), stride_on="1x1")
    result = se_cost(reduction)
    params, macs = (found - base for found, base in zip(with_se, without, strict=True))
    assert (result.values["params"], result.values["macs"]) == (params, macs)
    assert f"{params:,} parameters more (" in result.summary
    assert f"{macs:,} multiply-adds more (" in result.summary
    parts = result.values["by_stage"]
    assert sum(parts.values()) == params
    assert {stage: se_cost(reduction, stage).values["params"] for stage in BLOCKS} == parts


@pytest.mark.parametrize(("groups", "per_group"), [(1, 5), (2, 3), (3, 4), (8, 6), (5, 1)])
def test_the_order_is_pytorchs(groups, per_group):
    channels = groups * per_group
    x = torch.arange(float(channels)).reshape(1, channels, 1, 1)
    theirs = nn.ChannelShuffle(groups)(x).flatten().long().tolist()
    assert shuffled_order(groups, per_group) == theirs
    names = [f"{chr(65 + c // per_group)}{c % per_group + 1}" for c in theirs]
    result = channel_shuffle(groups, per_group)
    assert result.values["order"] == theirs
    assert result.parts[0].label.endswith(": " + " ".join(names))


@pytest.mark.parametrize(("groups", "per_group", "following"), [(3, 4, 3), (2, 6, 4), (4, 2, 4)])
def test_who_is_heard_is_what_gradients_say(groups, per_group, following):
    channels = groups * per_group
    x = torch.randn(1, channels, 1, 1, requires_grad=True)
    layer = nn.Conv2d(channels, following, 1, groups=following, bias=False)  # one output a group
    y = layer(models.channel_shuffle(x, groups)).flatten()
    reach = [torch.autograd.grad(one, x, retain_graph=True)[0].flatten() != 0 for one in y]
    found = [len(set((row.nonzero().flatten() // per_group).tolist())) for row in reach]
    assert heard(groups, per_group, following) == found


def test_the_picture_has_a_wire_and_two_squares_for_each_channel():
    (picture,) = channel_shuffle(4, 5).parts
    kinds = Counter(type(shape) for shape in picture.shapes)
    assert kinds == {Line: 20, Rect: 40, Words: 40}
    assert "1 of 4 groups" in channel_shuffle(4, 5, shuffle=False).summary
    (large,) = channel_shuffle(8, 6).parts
    assert sum("faint" in shape.style for shape in large.shapes) == 2 * 12  # groups G and H


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: fire_module(expand1x1=0, expand3x3=0), r"expand1x1 \+ expand3x3 must be at least"),
        (lambda: fire_module(squeeze=0), "squeeze must be at least 1, got 0"),
        (lambda: squeezenet_size("0.3"), "squeeze_ratio must be one of .*, got '0.3'"),
        (lambda: squeezenet_size(expand3x3_share="0 %"), "expand3x3_share must be one of"),
        (lambda: channel_shuffle(9), "groups must be from 1 to 8, got 9"),
        (lambda: channel_shuffle(8, 7), "at most 48, got 8 x 7"),
        (lambda: heard(3, 4, 5), "next_groups must divide the 12 channels, got 5"),
        (lambda: shufflenet_cost("5"), "groups must be one of .*, got '5'"),
        (lambda: shufflenet_cost("3", "3"), "scale must be one of .*, got '3'"),
        (lambda: shufflenet(5), "groups must be one of '1', '2', '3', '4', '8', got '5'"),
        (lambda: se_cost(65), "reduction must be from 1 to 64, got 65"),
        (lambda: se_cost(16, "stage 9"), "where must be one of .*, got 'stage 9'"),
        (lambda: excitation(8, 9), "reduction must be at most the channels, 8, got 9"),
    ],
)
def test_bad_settings_are_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_a_module_that_squeezes_nothing_is_told():
    assert "Nothing is squeezed" in fire_module(squeeze=128).caption
    assert "holds: 16 < 128" in fire_module().caption
    assert fire_module().values["squeezes"]
    assert not fire_module(squeeze=128).values["squeezes"]
