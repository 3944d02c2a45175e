"""`labcode.count` against two others: PyTorch's own counter and the formulas of `labcode.cost`."""

from __future__ import annotations

import operator
from functools import reduce
from queue import SimpleQueue
from typing import Any

import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from torch import nn
from torch.utils.flop_counter import FlopCounterMode
from torchvision import models

from labcode import count
from labcode.cost import Cost, conv2d, depthwise_separable, linear
from tests.examples import examples

MODELS = ["alexnet", "squeezenet1_1", "resnet18", "mobilenet_v2", "shufflenet_v2_x0_5", "swin_t"]
MODELS += ["mnasnet0_5", "regnet_y_400mf", "efficientnet_b0", "convnext_tiny", "vit_b_32"]


def _torch_macs(model: nn.Module, shape: tuple[int, ...]) -> int:
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        model.to("meta").eval()(torch.empty(1, *shape, device="meta"))
    return counter.get_total_flops() // 2


@pytest.mark.slow
@pytest.mark.parametrize("name", MODELS)
def test_equals_pytorch_s_own_counter_on_networks(name: str) -> None:
    model = models.get_model(name)
    assert count(model).macs == _torch_macs(model, (3, 224, 224))


@pytest.mark.slow
@pytest.mark.parametrize("name", ["segmentation.fcn_resnet50", "video.r3d_18"])
def test_equals_pytorch_s_own_counter_on_other_tasks(name: str) -> None:
    shape = (3, 8, 112, 112) if name.startswith("video") else (3, 64, 64)
    maker = getattr(getattr(models, name.split(".")[0]), name.split(".")[1])
    extra: dict[str, Any] = {} if name.startswith("video") else {"weights_backbone": None}
    model = maker(weights=None, **extra)
    assert count(model, shape).macs == _torch_macs(model, shape)


SMALL: list[tuple[nn.Module, tuple[int, ...]]] = [
    (nn.ConvTranspose2d(4, 6, 3, stride=2, padding=1, groups=2, output_padding=1), (4, 7, 5)),
    (nn.ConvTranspose1d(4, 6, 3, stride=2), (4, 7)),
    (nn.ConvTranspose3d(2, 3, 3), (2, 4, 4, 4)),
    (nn.LSTM(4, 5, 2, bidirectional=True, proj_size=3, batch_first=True), (6, 4)),
    (nn.GRU(4, 5, 2, batch_first=True), (6, 4)),
    (nn.RNN(4, 5, 1, nonlinearity="relu"), (6, 4)),
    (nn.TransformerEncoderLayer(8, 2, 16, batch_first=True), (5, 8)),
    (nn.Conv2d(3, 4, (3, 5), stride=(2, 1), padding=(1, 2), dilation=(2, 1)), (3, 9, 9)),
]


@pytest.mark.parametrize(("model", "shape"), SMALL, ids=[type(m).__name__ for m, _ in SMALL])
def test_equals_pytorch_s_own_counter_on_layers(model: nn.Module, shape: tuple[int, ...]) -> None:
    assert count(model, shape).macs == _torch_macs(model, shape)


@st.composite
def networks(draw: st.DrawFn) -> tuple[nn.Module, tuple[int, int, int], list[Cost]]:
    """Draw a network of convolutions with a linear layer, its input, and its costs by formula."""
    channels, size = draw(st.integers(1, 6)), (draw(st.integers(5, 20)), draw(st.integers(5, 20)))
    shape, layers, costs = (channels, *size), [], []
    for _ in range(draw(st.integers(1, 4))):
        out = draw(st.integers(1, 6))
        kernel = (draw(st.integers(1, 4)), draw(st.integers(1, 4)))
        stride, padding = draw(st.integers(1, 3)), draw(st.integers(0, 2))
        dilation, bias = draw(st.integers(1, 2)), draw(st.booleans())
        divisors = [g for g in range(1, 7) if channels % g == out % g == 0]
        groups = draw(st.sampled_from(divisors))
        room = [n + 2 * padding - dilation * (k - 1) for n, k in zip(size, kernel, strict=True)]
        assume(min(room) > 0)
        setting = {"stride": stride, "padding": padding, "dilation": dilation}
        setting |= {"groups": groups, "bias": bias}
        layers += [nn.Conv2d(channels, out, kernel, **setting), nn.BatchNorm2d(out), nn.ReLU()]
        cost = conv2d(channels, out, kernel, size, **setting)
        costs += [cost, Cost(2 * out, 0, cost.output_size)]
        assert cost.output_size is not None
        channels, size = out, cost.output_size
    features = channels * size[0] * size[1]
    layers += [nn.Flatten(), nn.Linear(features, 3)]
    return nn.Sequential(*layers), shape, [*costs, linear(features, 3)]


@pytest.mark.slow
@settings(max_examples=examples(100))
@given(networks())
def test_equals_the_formulas_on_random_networks(network: Any) -> None:
    model, shape, costs = network
    cost = count(model, shape)
    total = reduce(operator.add, costs)
    assert (cost.params, cost.macs, cost.flops) == (total.params, total.macs, total.flops)
    rows = [row for row in cost.layers if row.params]
    assert [(row.params, row.macs) for row in rows] == [(c.params, c.macs) for c in costs]
    sizes = [c.output_size for c in costs[:-1]]
    assert [row.output_shape[1:] for row in rows[:-1]] == sizes
    assert cost.macs == _torch_macs(model, shape)


def test_equals_the_course_s_first_example() -> None:
    standard = nn.Conv2d(3, 4, 3, bias=False)
    separable = nn.Sequential(
        nn.Conv2d(3, 3, 3, groups=3, bias=False), nn.Conv2d(3, 4, 1, bias=False)
    )
    for model, cost in (
        (standard, conv2d(3, 4, 3, 5)),
        (separable, depthwise_separable(3, 4, 3, 5)),
    ):
        counted = count(model, (3, 5, 5))
        assert (counted.params, counted.macs) == (cost.params, cost.macs)
    assert (count(separable, (3, 5, 5)).params, count(separable, (3, 5, 5)).macs) == (39, 351)


@given(st.data())
@settings(max_examples=examples(60))
def test_direct_rules_give_pytorch_s_own_shapes(data: st.DataObject) -> None:
    dims = st.integers(1, 5)
    x = torch.rand(data.draw(dims), data.draw(dims), data.draw(dims) + 5, data.draw(dims) + 5)
    kernel, stride = data.draw(st.integers(1, 4)), data.draw(st.integers(1, 3))
    padding, ceil = data.draw(st.integers(0, kernel // 2)), data.draw(st.booleans())
    axis = data.draw(st.integers(-4, 3))
    keep = data.draw(st.booleans())

    def forward(y: torch.Tensor) -> list[torch.Tensor]:
        f = nn.functional
        return [
            f.max_pool2d(y, kernel, stride, padding, ceil_mode=ceil),
            f.avg_pool2d(y, kernel, stride, padding, ceil_mode=ceil),
            f.avg_pool2d(y, kernel),
            f.adaptive_avg_pool2d(y, kernel),
            torch.cat([y, y], axis),
            y.mean((axis, (axis + 1) % 4) if (axis + 1) % 4 != axis % 4 else axis, keep),
            y.flatten(axis),
            y.reshape(y.shape[0], -1),
            y @ y.transpose(2, 3),
            y * y[:, :1],
            y[0] + y,
            y.masked_fill(y > 0, 1),
            y.softmax(axis),
        ]

    class Model(nn.Module):
        def forward(self, y: torch.Tensor) -> None:
            for out in forward(y):
                shapes.put(tuple(out.shape))

    shapes: SimpleQueue[tuple[int, ...]] = SimpleQueue()  # a list would be put back by the count
    count(Model(), tuple(x.shape[1:]))
    assert [shapes.get_nowait() for _ in range(shapes.qsize())] == [
        tuple(out.shape) for out in forward(x[:1])
    ]
