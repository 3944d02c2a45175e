"""Other ways to look at a cost: each adds up to the same totals, in running order."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn
from torchvision import models

from labcode import count
from labcode.counting import ModelCost, View


class Backwards(nn.Module):
    """Runs its layers in another order than it has them."""

    def __init__(self) -> None:
        super().__init__()
        self.last, self.idle, self.first = nn.Linear(8, 2), nn.Linear(2, 2), nn.Linear(4, 8)
        self.idle.requires_grad_(False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.last(self.first(x).half().float()) @ torch.ones(2, 2)


class Wrapped(nn.Module):
    """A network inside another module."""

    def __init__(self, net: nn.Module) -> None:
        super().__init__()
        self.model = nn.Sequential(net)

    def forward(self, x: torch.Tensor) -> Any:
        return self.model(x)


@pytest.fixture(scope="module")
def cost() -> ModelCost:
    return count(models.resnet18())


def test_blocks_are_in_running_order_and_add_up(cost: ModelCost) -> None:
    for depth in (1, 2, 3):
        frame = cost.by_depth(depth).to_frame()
        assert frame["macs"].sum() == cost.macs
        assert frame["params"].sum() == cost.params
        assert frame["layers"].sum() == len(cost.layers)
    assert list(cost.by_depth(1).to_frame()["block"])[:3] == ["conv1", "bn1", "relu"]
    assert "layer1.0" in list(cost.by_depth(2).to_frame()["block"])


def test_layers_that_run_in_another_order() -> None:
    cost = count(Backwards(), (4,))
    ran = [row.name for row in cost.in_running_order().layers if row.calls]
    assert ran == ["(model)", "first", "last"]
    assert {row.name for row in cost.in_running_order().layers} == {r.name for r in cost.layers}
    assert [row.order for row in cost.layers if row.calls] == [0, 2, 1]
    assert [row.name for row in cost.layers] == ["(model)", "last", "idle", "first"]


def test_a_wrapped_network_has_its_own_blocks(cost: ModelCost) -> None:
    wrapped = count(Wrapped(models.resnet18()))
    names = [f"model.0.{name}" for name in cost.by_depth(1).to_frame()["block"]]
    assert list(wrapped.by_depth(1).to_frame()["block"]) == names
    assert ">model.0.layer1<" in wrapped._repr_html_().split("<details>")[0]


@pytest.mark.parametrize("depth", [0, -1, True, "1", 1.0])
def test_a_wrong_depth(cost: ModelCost, depth: Any) -> None:
    with pytest.raises(ValueError, match="depth must be a whole number from 1"):
        cost.by_depth(depth)


def test_operations_add_up_and_name_what_is_not_counted() -> None:
    class Mixed(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv, self.fc = nn.Conv2d(3, 4, 3), nn.Linear(6, 2)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return torch.fft.fft2(self.fc(self.conv(x))).real

    cost = count(Mixed(), (3, 8, 8))
    frame = cost.by_operation().to_frame()
    assert list(frame["operation"]) == ["aten::conv2d", "aten::linear", "aten::_fft_c2c"]
    assert list(frame["macs"])[:2] == [108 * 36, 4 * 6 * 6 * 2]
    assert "?" in str(cost.by_operation())


def test_totals_tell_the_trainable_share_and_bytes() -> None:
    net = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Conv2d(4, 2, 1).half())
    net[2].requires_grad_(False)
    net[1].register_forward_hook(lambda m, args, out: out.half())
    cost = count(net, (3, 8, 8))
    assert (cost.params, cost.trainable) == (112 + 10, 112)
    assert cost.param_bytes == 4 * 112 + 2 * 10
    assert cost.output_bytes == 4 * 4 * 36 * 2 + 2 * 2 * 36
    assert "112 (91.8 %)" in str(cost.totals())


def test_bytes_and_trainable_agree_with_pytorch(cost: ModelCost) -> None:
    parameters = list(models.resnet18().parameters())
    assert cost.param_bytes == sum(p.numel() * p.element_size() for p in parameters)
    assert cost.trainable == sum(p.numel() for p in parameters)


def test_markdown_has_a_row_a_layer(cost: ModelCost) -> None:
    lines = cost.to_markdown().splitlines()
    rows = [line for line in lines if line.startswith("| ")]
    assert len(rows) == len(cost.layers) + 3  # head, rule and total
    assert {line.count("|") for line in rows} == {7}
    assert rows[-1].startswith("| **Total** |")
    view = cost.by_depth()
    assert isinstance(view, View)
    assert view.to_markdown().splitlines()[2] == "| Block | Layers | Params | Trainable | MACs |"
    assert repr(view) == str(view)
    assert "<table" in view._repr_html_()
