"""Which layers of a network run, in which order, and on maps of which size."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from labcode._checks import check_numbers
from labcode._refusals import clear_failure
from labcode.training.devices import device_of
from labcode.training.evaluation import eval_mode


class Visit(NamedTuple):
    """One run of a layer: its name, and the shape of its input with a batch of one."""

    name: str
    input_shape: tuple[int, ...]


def shapes_of(input_shape: Sequence[Any]) -> list[tuple[int, ...]]:
    """Return the shape of each input: ``input_shape`` is one shape, or one for each input.

    Raises:
        ValueError: The shapes have names, since inputs go by position here; or one holds too many
            numbers.

    >>> shapes_of((3, 8, 8)), shapes_of([(3, 8, 8), (5,)])
    ([(3, 8, 8)], [(3, 8, 8), (5,)])
    """
    if isinstance(input_shape, Mapping):
        raise ValueError(
            f"input_shape must be one shape, or a list of shapes, got a dict of "
            f"{', '.join(map(repr, input_shape))}: inputs by name are not supported here"
        )
    if len(input_shape) and all(isinstance(shape, Sequence) for shape in input_shape):
        return [check_numbers("input_shape", shape) for shape in input_shape]
    return [check_numbers("input_shape", input_shape)]


def dtype_of(model: nn.Module) -> torch.dtype:
    """Return the floating-point type of a network's parameters, which its inputs must have."""
    for parameter in model.parameters():
        if parameter.is_floating_point():
            return parameter.dtype
    return torch.get_default_dtype()


def walk(
    model: nn.Module, input_shape: Sequence[int], kinds: tuple[type[nn.Module], ...]
) -> list[Visit]:
    """Run a network once on zeros and return its layers in the order in which they run.

    Args:
        model: Any network; left as it is.
        input_shape: One image, (channels, height, width); for several inputs a list of shapes.
        kinds: The layers to watch.

    Raises:
        ValueError: The network does not run on such images.

    >>> walk(nn.Sequential(nn.Flatten(), nn.Linear(4, 2)), (1, 2, 2), (nn.Linear,))
    [Visit(name='1', input_shape=(1, 4))]
    """
    visits: list[Visit] = []

    def watch(name: str) -> Any:
        def hook(_: nn.Module, inputs: tuple[Tensor, ...], named: dict[str, Tensor]) -> None:
            first = (*inputs, *named.values())[0]
            visits.append(Visit(name, tuple(first.shape)))

        return hook

    images = [torch.zeros(1, *shape) for shape in shapes_of(input_shape)]
    handles = [
        layer.register_forward_pre_hook(watch(name), with_kwargs=True)
        for name, layer in model.named_modules()
        if isinstance(layer, kinds)
    ]
    try:
        with eval_mode(model), torch.inference_mode(), clear_failure(model, images):
            model(*(zeros.to(device_of(model), dtype_of(model)) for zeros in images))
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
            raise ValueError(f"{name!r} runs twice: this is not a plain chain")
    return names
