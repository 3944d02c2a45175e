"""Networks of the chapters as strips, and any network of yours."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from labcode.pages.calculators.mobilenet_table import mobilenet_layers
from labcode.pages.figures.figure import Figure
from labcode.pages.figures.letters import width_of
from labcode.pages.figures.strips import NAME, SHAPE, Layer, strip
from labcode.pages.networks import Stack
from labcode.show.numbers import number

if TYPE_CHECKING:
    from torch import nn

    from labcode.counting import LayerCost

MOST_ROWS = 40


def lenet5() -> Figure:
    """Draw LeNet-5, layer by layer.

    Source: Caffe, examples/mnist/lenet.prototxt.

    >>> lenet5()
    LeNet-5: from 1 × 28 × 28 pixels to 10 numbers, 431,080 weights and biases in all.
    """
    stack = Stack(channels=1, size=28)
    rows = [Layer("image", stack.shape, 0, "c")]
    for name, channels in (("conv1", 20), ("conv2", 50)):
        params = stack.conv(name, channels, 5).layers[-1].cost.params
        rows.append(Layer(f"{name}, 5×5", stack.shape, params))
        rows.append(Layer("max pool", stack.pool(2).shape, 0, "n"))
    for name, features in (("fc1", 500), ("fc2", 10)):
        layer = stack.linear(name, features).layers[-1]
        rows.append(Layer(name, layer.output_shape, layer.cost.params, "b"))
    total = number(sum(row.params for row in rows))
    label = f"LeNet-5: from 1 × 28 × 28 pixels to 10 numbers, {total} weights and biases in all."
    return Figure((strip(label, rows),))


def resnet8(width: int = 16, *, pooled: bool = False) -> Figure:
    """Draw ResNet-8 of MLPerf Tiny, a row a block.

    Args:
        width: Filters of the first convolution.
        pooled: Whether a max pooling follows it.

    Source: `labcode.models.resnet8`, whose layers are counted.

    >>> resnet8()
    ResNet-8: from 3 × 32 × 32 pixels to 10 numbers, 78,186 weights and biases in all.
    """
    import labcode
    from labcode import models

    counted = labcode.count(models.resnet8(width=width, pooled=pooled), (3, 32, 32))
    layers = counted.in_running_order().layers
    parts = {"conv, 3×3": ("conv", "bn"), "block 1": ("block1",)}
    parts |= {"block 2, /2": ("block2",), "block 3" + ", /2" * (not pooled): ("block3",)}
    parts["fc"] = ("fc",)
    rows = [Layer("image", (3, 32, 32), 0, "c")]
    for name, modules in parts.items():
        own = [layer for layer in layers if layer.name.partition(".")[0] in modules]
        shape, params = own[-1].output_shape or (), sum(layer.params for layer in own)
        rows.append(Layer(name, shape, params, "b" if name == "fc" else "a"))
    if pooled:
        channels, high, wide = rows[1].shape
        rows.insert(2, Layer("max pool, /2", (channels, high // 2, wide // 2), 0, "n"))
    rows.insert(-1, Layer("mean", (*rows[-2].shape[:1], 1, 1), 0, "n"))
    total = number(counted.params)
    name = "ResNet-8" + f", {width} filters wide" * (width != 16) + ", pooled early" * pooled
    label = f"{name}: from 3 × 32 × 32 pixels to 10 numbers, {total} weights and biases in all."
    return Figure((strip(label, rows),))


def mobilenet_table(width_percent: int = 100, resolution: int = 224) -> Figure:
    """Draw MobileNet's whole table: how its maps shrink while their channels grow.

    Args:
        width_percent: The width multiplier, in percent.
        resolution: Of the image, in pixels.

    Source: Howard et al., "MobileNets" (arXiv:1704.04861), Table 1.

    >>> mobilenet_table()
    MobileNet, layer by layer: from 3 × 224 × 224 to 1000 numbers; 4,209,088 weights.
    """
    found = mobilenet_layers(width_percent, resolution)
    rows = [Layer("image", (3, resolution, resolution), 0, "c")]
    for at, layer in enumerate(found):
        size = layer.cost.output_size
        if layer.kind == "depthwise" or size is None:
            continue
        block = layer.kind == "1×1"
        before = found[at - 1]
        params = layer.repeats * (layer.cost.params + before.cost.params * block)
        name = f"{layer.repeats} × block" if layer.repeats > 1 else "block" if block else "conv"
        step = before.stride if block else layer.stride
        channels = layer.cost.params // (layer.input_shape[0] * (1 if block else 9))
        rows.append(Layer(name + ", /2" * (step == 2), (channels, *size), params))
    last = found[-1]
    rows.append(Layer("mean", (last.input_shape[0], 1, 1), 0, "n"))
    rows.append(Layer("fc", (last.norm_params,), last.cost.params, "b"))
    total = sum(row.params for row in rows)
    label = (
        f"MobileNet, layer by layer: from 3 × {resolution} × {resolution} to "
        f"{last.norm_params} numbers; {number(total)} weights."
    )
    return Figure((strip(label, rows),))


def shufflenet_table(groups: int = 3) -> Figure:
    """Draw ShuffleNet, a row a stage: how its maps shrink while their channels grow.

    Args:
        groups: Of its 1x1 convolutions: 1, 2, 3, 4 or 8.

    Source: Zhang et al., "ShuffleNet" (arXiv:1707.01083), Table 1.

    >>> shufflenet_table()
    ShuffleNet, stage by stage: from 3 × 224 × 224 pixels to 1000 numbers, with 3 groups.
    """
    import labcode
    from labcode import models

    network = models.shufflenet_v1(groups=groups)
    layers = labcode.count(network, (3, 224, 224)).in_running_order().layers
    names = {"conv1": "conv, /2", "pool": "max pool, /2"}
    for stage_of, stage in ((n, getattr(network, f"stage{n}")) for n in (2, 3, 4)):
        names[f"stage{stage_of}"] = f"{len(stage)} × unit"
    rows = [Layer("image", (3, 224, 224), 0, "c")]
    for part, name in names.items():
        with_norm = (part, part.replace("conv", "bn"))
        own = [layer for layer in layers if layer.name.partition(".")[0] in with_norm]
        shape, params = own[-1].output_shape or (), sum(layer.params for layer in own)
        rows.append(Layer(name, shape, params, "n" if part == "pool" else "a"))
    rows.append(Layer("mean", (*rows[-1].shape[:1], 1, 1), 0, "n"))
    rows.append(Layer("fc", layers[-1].output_shape or (), layers[-1].params, "b"))
    label = (
        f"ShuffleNet, stage by stage: from 3 × 224 × 224 pixels to {rows[-1].shape[0]} numbers, "
        f"with {groups} groups."
    )
    return Figure((strip(label, rows),))


def layers_of(model: nn.Module, input_shape: Sequence[int]) -> Figure:
    """Draw any network: the layers that hold weights or change the map, in running order.

    The weights of a norm count with the layer before it.

    Args:
        model: It is run once on an image of zeros and left as it is.
        input_shape: Of one image: channels, height, width.

    Raises:
        ValueError: More than 40 layers would have to be drawn.

    >>> from torch import nn
    >>> layers_of(nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU(), nn.Flatten()), (1, 8, 8))
    Sequential: 3 rows, 40 weights and biases in all.
    """
    import labcode

    counted = labcode.count(model, tuple(input_shape))
    rows = [Layer("input", tuple(input_shape), 0, "c")]
    for layer in counted.in_running_order().layers:
        if not layer.output_bytes and not layer.params:
            continue
        shape = layer.output_shape or rows[-1].shape
        if "Norm" in layer.type and shape == rows[-1].shape:
            rows[-1] = replace(rows[-1], params=rows[-1].params + layer.params)
        elif layer.params or shape != rows[-1].shape:
            rows.append(_row(layer, shape))
    if len(rows) > MOST_ROWS:
        raise ValueError(
            f"model must have at most {MOST_ROWS} layers with weights or another shape, "
            f"got {len(rows)}: give a part of it"
        )
    label = (
        f"{counted.model}: {len(rows)} rows, {number(counted.params)} weights and biases in all."
    )
    return Figure((strip(label, rows),))


def _row(layer: LayerCost, shape: tuple[int, ...]) -> Layer:
    tone = "b" if layer.type == "Linear" else "a" if layer.macs else "n"
    kind = layer.type.removesuffix("2d")
    name = layer.name if any(map(str.isalpha, layer.name)) else f"{layer.name} {kind}".strip()
    return Layer(_short(name, shape), shape, layer.params, tone)


def _short(name: str, shape: tuple[int, ...]) -> str:
    """Return the end of a long name, as far as there is room before the shape."""
    room = SHAPE - NAME - width_of(" × ".join(map(str, shape))) - 10
    while width_of(name) > room and len(name) > 1:
        name = "…" + name[2:]
    return name
