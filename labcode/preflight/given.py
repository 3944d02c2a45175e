"""What a network is run on in the preflight: images, or several inputs and inputs by name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn

from labcode._checks import check_numbers
from labcode._refusals import one_input


@dataclass(frozen=True)
class Given:
    """The inputs of one call.

    Args:
        args: By position; a single tensor (N, …) in the plain case.
        kwargs: By name.
    """

    args: tuple[Any, ...]
    kwargs: dict[str, Any] = field(default_factory=dict)

    def run(self, model: nn.Module) -> Any:
        """Return what the network answers."""
        return model(*self.args, **self.kwargs)

    @property
    def is_plain(self) -> bool:
        """Whether it is one tensor, by position."""
        return len(self.args) == 1 and not self.kwargs and isinstance(self.args[0], Tensor)

    @property
    def images(self) -> Tensor:
        """The one tensor, (N, …), for methods that take networks with one input.

        Raises:
            ValueError: There are several inputs, one has a name, or it is not a tensor.
        """
        if why := one_input(len(self.args) + len(self.kwargs)):
            raise ValueError(why)
        if not self.is_plain:
            raise ValueError("the network's input is not one tensor, and this method is for those")
        images: Tensor = self.args[0]
        return images

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of one image, without the batch."""
        return tuple(self.images.shape[1:])

    @property
    def shapes(self) -> Any:
        """The shape of one image, or a list of shapes, for methods that take several inputs.

        Raises:
            ValueError: An input has a name, or does not hold floating-point numbers, such as
                tokens: nothing can be drawn at random for it.
        """
        floats = [x for x in self.args if isinstance(x, Tensor) and x.is_floating_point()]
        if self.kwargs or len(floats) < len(self.args):
            raise ValueError(
                "an input has a name or is not floating point, and this method draws its inputs "
                "at random from their shapes"
            )
        shapes = [tuple(x.shape[1:]) for x in floats]
        return shapes[0] if len(shapes) == 1 else shapes

    def described(self) -> str:
        """Return the inputs in words, without their numbers."""
        if self.is_plain:
            return f"images of {tuple(self.images.shape)}"
        named = [("", x) for x in self.args] + [(f"{k}: ", x) for k, x in self.kwargs.items()]
        parts = [f"{name}{_kind(x)}" for name, x in named]
        return f"inputs ({', '.join(parts)})"


def given_inputs(inputs: Any, kwargs: Mapping[str, Any] | None) -> Given:
    """Return what a caller gave; ``inputs`` is a tuple of arguments, or the only one."""
    args = inputs if isinstance(inputs, tuple) else () if inputs is None else (inputs,)
    return Given(args, dict(kwargs or {}))


def _kind(value: Any) -> str:
    if isinstance(value, Tensor):
        return f"{' × '.join(map(str, value.shape)) or 'scalar'} " + str(value.dtype).removeprefix(
            "torch."
        )
    return type(value).__name__


def drawn(shape: tuple[int, ...], number: int, like: nn.Module) -> Given:
    """Return random images from 0 to 1 on the device and in the type of a network.

    Args:
        shape: One image.
        number: How many.
        like: The network.

    Raises:
        ValueError: They do not fit into the memory.
    """
    check_numbers("input_shape", shape)
    try:
        images = torch.rand(number, *shape, generator=torch.Generator().manual_seed(0))
    except RuntimeError as error:  # of PyTorch's allocator
        raise ValueError(f"there is no memory for {number} images of {shape}") from error
    first = next((p for p in like.parameters() if p.is_floating_point()), None)
    return Given((images if first is None else images.to(first.device, first.dtype),))
