"""Answers of layers at sampled places, and what they were made of: to fit layers to images."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from labcode._refusals import clear_failure
from labcode.training.evaluation import eval_mode

Fit = Callable[[str, Tensor], None]  # gets a layer's name and its input


def sampled_answers(
    model: nn.Module, images: Tensor, names: Iterable[str], samples: int, seed: int
) -> dict[str, Tensor]:
    """Return what some layers answer at places drawn over images and map.

    Args:
        model: Run once in evaluation mode, and left as it is.
        images: Images (N, C, H, W).
        names: Convolutions and linear layers.
        samples: Places to draw; fewer where there are not as many.
        seed: Draws the places.

    Returns:
        By layer, answers of shape (samples, out_channels).

    Raises:
        ValueError: The model has no such layer, or a layer runs twice.
    """
    modules, seen = dict(model.named_modules()), {}

    def note(name: str, output: Tensor) -> None:
        if name in seen:
            raise ValueError(f"{name!r} runs twice, and cannot be fitted to both inputs")
        linear = isinstance(modules[name], nn.Linear)  # it answers along the last dimension
        rows = _rows(output) if linear else output.flatten(2).transpose(1, 2).flatten(0, 1)
        seen[name] = rows[_drawn(len(rows), samples, seed)].clone()

    handles = []
    for name in names:
        if name not in modules:
            raise ValueError(f"the model has no layer {name!r}")
        handles.append(
            modules[name].register_forward_hook(
                lambda _m, _i, output, name=name: note(name, output)
            )
        )
    _run(model, images, handles)
    return seen


def fit_in_order(model: nn.Module, images: Tensor, names: Iterable[str], fit: Fit) -> None:
    """Call a function with each layer's input just before the layer runs: it may change it.

    So the layers behind it see what the changed layer hands on, in one pass.

    Args:
        model: Run once in evaluation mode.
        images: Images (N, C, H, W).
        names: The layers.
        fit: Called with the layer's name and its input.

    Raises:
        ValueError: A layer runs twice.
    """
    done: set[str] = set()

    def before(name: str, x: Tensor) -> None:
        if name in done:
            raise ValueError(f"{name!r} runs twice, and cannot be fitted to both inputs")
        done.add(name)
        with torch.enable_grad():
            fit(name, x.detach())

    handles = [
        model.get_submodule(name).register_forward_pre_hook(
            lambda _m, inputs, name=name: before(name, inputs[0])
        )
        for name in names
    ]
    _run(model, images, handles)


def ingredients(layer: nn.Module, x: Tensor, samples: int, seed: int) -> Tensor:
    """Return what the answers at the places of `sampled_answers` are sums of.

    Args:
        layer: A linear layer or a two-dimensional convolution padded with zeros.
        x: Its input, (N, …, features) or (N, C, H, W).
        samples: As in `sampled_answers`.
        seed: Likewise.

    Returns:
        Values (samples, groups, values of a group).

    Raises:
        ValueError: The layer, or its input, is of another kind.
    """
    if not isinstance(layer, nn.Conv2d):
        x = _rows(x)
        return x[_drawn(len(x), samples, seed)][:, None]
    if layer.padding_mode != "zeros" or isinstance(layer.padding, str):
        raise ValueError("a convolution must be padded with a number of zeros here")
    (top, left), (kh, kw) = layer.padding, layer.kernel_size
    x = F.pad(x, (left, left, top, top))
    height, width = (
        (x.shape[2 + axis] - layer.dilation[axis] * (layer.kernel_size[axis] - 1) - 1)
        // layer.stride[axis]
        + 1
        for axis in (0, 1)
    )
    places = _drawn(len(x) * height * width, samples, seed)
    image, place = places // (height * width), places % (height * width)
    rows = (place // width * layer.stride[0])[:, None] + torch.arange(kh) * layer.dilation[0]
    columns = (place % width * layer.stride[1])[:, None] + torch.arange(kw) * layer.dilation[1]
    windows = x.permute(0, 2, 3, 1)[image[:, None, None], rows[:, :, None], columns[:, None, :]]
    return windows.permute(0, 3, 1, 2).reshape(len(places), layer.groups, -1)  # C, kh, kw inside


def _rows(x: Tensor) -> Tensor:
    """Return what a linear layer takes, or answers with, a row a place: (N, …, F) to (N·…, F)."""
    return x.reshape(-1, x.shape[-1])


def _drawn(count: int, samples: int, seed: int) -> Tensor:
    """Draw places, the same for the same count."""
    generator = torch.Generator().manual_seed(seed)
    return torch.randperm(count, generator=generator)[:samples]


def _run(
    model: nn.Module, images: Tensor, handles: list[torch.utils.hooks.RemovableHandle]
) -> None:
    try:
        with eval_mode(model), torch.no_grad(), clear_failure(model, [images]):
            model(images)
    finally:
        for handle in handles:
            handle.remove()
