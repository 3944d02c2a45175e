"""What cannot be counted gets one clear error: the layer, what came, what was expected."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn
from torchvision import models

from labcode import count


@pytest.mark.parametrize("model", [3, "resnet18", None, torch.relu, torch.zeros(3), [nn.ReLU()]])
def test_not_a_module(model: Any) -> None:
    with pytest.raises(
        TypeError, match=f"model must be a torch.nn.Module, got {type(model).__name__}"
    ):
        count(model)


def test_a_class_instead_of_a_module() -> None:
    with pytest.raises(TypeError, match="got the class ReLU itself"):
        count(nn.ReLU)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("shape", "value"),
    [((3, 2.0, 2), "2.0"), ((True, 2, 2), "True"), ("322", "'322'"), (3, "3"), (None, "None"),
     ((3, "2", 2), "'2'"), ({3, 2}, "{"), (b"ab", "b'ab'")],
)  # fmt: skip
def test_an_input_shape_of_the_wrong_type(shape: Any, value: str) -> None:
    with pytest.raises(TypeError) as caught:
        count(nn.ReLU(), shape)
    assert "input_shape must be a sequence of ints" in str(caught.value)
    assert value in str(caught.value)


@pytest.mark.parametrize("shape", [(), [], (0, 2, 2), (3, -1, 2)])
def test_an_input_shape_of_the_wrong_value(shape: Any) -> None:
    with pytest.raises(ValueError, match="input_shape"):
        count(nn.ReLU(), shape)


def test_lists_and_torch_sizes_are_input_shapes_too() -> None:
    assert count(nn.ReLU(), [3, 2, 2]).input_shape == (3, 2, 2)
    assert count(nn.ReLU(), torch.Size([3, 2, 2])).input_shape == (3, 2, 2)


CHANNELS = [
    (nn.Conv2d(3, 4, 3), (1, 8, 8), "Conv2d", "expects 3 input channels, got 1"),
    (nn.ConvTranspose2d(3, 4, 3), (1, 8, 8), "ConvTranspose2d", "expects 3 input channels, got 1"),
    (nn.Linear(5, 6), (4,), "Linear", "expects 5 input features, got 4"),
    (nn.BatchNorm2d(5), (4, 2, 2), "BatchNorm2d", "expects 5 input channels, got 4"),
    (nn.GroupNorm(1, 5), (4, 2, 2), "GroupNorm", "expects 5 input channels, got 4"),
    (nn.LSTM(5, 6), (7, 4), "LSTM", "expects 5 input features, got 4"),
]


@pytest.mark.parametrize(("layer", "shape", "kind", "text"), CHANNELS)
def test_wrong_channels(layer: nn.Module, shape: tuple[int, ...], kind: str, text: str) -> None:
    with pytest.raises(ValueError, match="cannot count Sequential") as caught:
        count(nn.Sequential(nn.Identity(), layer), shape)
    message = str(caught.value)
    assert f"layer '1' ({kind}) {text}" in message
    assert str((1, *shape)) in message
    assert f"input_shape={shape}" in message
    assert caught.value.__cause__ is not None
    assert "\n" not in message


def test_the_layer_of_a_large_model_is_named() -> None:
    with pytest.raises(ValueError, match=r"layer 'features.0.0' \(Conv2d\) expects 3 input chan"):
        count(models.mobilenet_v2(), (1, 224, 224))


def test_an_image_too_small_for_the_kernel() -> None:
    with pytest.raises(ValueError, match=r"'0' \(Conv2d\) failed on .*\(1, 3, 4, 4\).*[Kk]ernel"):
        count(nn.Sequential(nn.Conv2d(3, 4, 9)), (3, 4, 4))


def test_a_model_s_own_check_is_passed_on() -> None:
    with pytest.raises(ValueError, match=r"VisionTransformer.*Wrong image height"):
        count(models.vit_b_16(), (3, 64, 64))


class _Fn(nn.Module):
    def __init__(self, function: Any) -> None:
        super().__init__()
        self.function = function

    def forward(self, x: torch.Tensor) -> Any:
        return self.function(x)


def _written_through_a_view(x: torch.Tensor) -> torch.Tensor:
    table = torch.zeros(3)
    table[0] = x.mean()
    return x if table.sum().item() > 0 else -x


DATA = [
    _written_through_a_view,
    lambda x: x if x.sum() > 0 else -x,
    lambda x: x * x.max().item(),
    lambda x: torch.tensor(x.tolist()),
    lambda x: x[x > 0],
    lambda x: torch.from_numpy(x.numpy()),
    lambda x: x if torch.rand(1) < 0.5 else -x,
    lambda x: x if torch.zeros(1).add_(x.mean()).item() else -x,
]


@pytest.mark.parametrize("function", DATA)
def test_a_flow_that_depends_on_data(function: Any) -> None:
    with pytest.raises(ValueError, match=r"layer '1' \(_Fn\) asks for the values of a tensor"):
        count(nn.Sequential(nn.ReLU(), _Fn(function)), (3,))


def test_a_lazy_layer_that_has_no_shape_yet() -> None:
    with pytest.raises(ValueError, match=r"layer '1' \(LazyLinear\) has no shape yet"):
        count(nn.Sequential(nn.Flatten(), nn.LazyLinear(3)), (3,))


def test_a_bug_in_the_forward_keeps_its_cause() -> None:
    with pytest.raises(ValueError, match="AttributeError") as caught:
        count(_Fn(lambda x: x.nonsense), (3,))
    assert isinstance(caught.value.__cause__, AttributeError)
