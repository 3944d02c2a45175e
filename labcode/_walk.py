"""Which layers of a network run, in which order, and on maps of which size."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from labcode.training.devices import device_of
from labcode.training.evaluation import eval_mode


class Visit(NamedTuple):
    """One run of a layer: its name, and the shape of its input with a batch of one."""

    name: str
    input_shape: tuple[int, ...]


def walk(
    model: nn.Module, input_shape: Sequence[int], kinds: tuple[type[nn.Module], ...]
) -> list[Visit]:
    """Run a network once on zeros and return its layers in the order in which they run.

    Args:
        model: Any network; left as it is.
        input_shape: One image, (channels, height, width).
        kinds: The layers to watch.

    >>> walk(nn.Sequential(nn.Flatten(), nn.Linear(4, 2)), (1, 2, 2), (nn.Linear,))
    [Visit(name='1', input_shape=(1, 4))]
    """
    visits: list[Visit] = []

    def watch(name: str) -> Any:
        def hook(_: nn.Module, inputs: tuple[Tensor, ...]) -> None:
            visits.append(Visit(name, tuple(inputs[0].shape)))

        return hook

    handles = [
        layer.register_forward_pre_hook(watch(name))
        for name, layer in model.named_modules()
        if isinstance(layer, kinds)
    ]
    try:
        with eval_mode(model), torch.inference_mode():
            model(torch.zeros(1, *input_shape, device=device_of(model)))
    finally:
        for handle in handles:
            handle.remove()
    return visits


def running_order(
    model: nn.Module, input_shape: Sequence[int], kinds: tuple[type[nn.Module], ...]
) -> list[str]:
    """Return the names of a plain chain's layers, in the order in which they run.

    Only the order is looked at: that each layer takes the output of the one before it, its user
    finds out from the sizes. `labcode.quantization.chain` follows the operations themselves.

    Args:
        model: See `walk`, like the other arguments.
        input_shape: One image.
        kinds: The layers to watch.

    Raises:
        ValueError: A layer runs twice.
    """
    names = [visit.name for visit in walk(model, input_shape, kinds)]
    for name in names:
        if names.count(name) > 1:
            raise ValueError(f"{name!r} runs twice: this is no plain chain")
    return names
