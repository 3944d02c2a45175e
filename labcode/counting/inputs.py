"""What a model is counted on: one image of a shape, or inputs as the caller gives them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch

from labcode._checks import check_numbers
from labcode.counting.shapes import META
from labcode.counting.twins import map_tensors, tensors_in, twin

IMAGE = (3, 224, 224)


@dataclass(frozen=True)
class Inputs:
    """The inputs of one call, without the numbers of those that hold floats.

    Args:
        shape: one image without the batch; None for inputs as given.
        args: what the model gets by position; without the image.
        kwargs: what it gets by name.
    """

    shape: tuple[int, ...] | None
    args: tuple[Any, ...] = ()
    kwargs: dict[str, Any] = field(default_factory=dict)

    def call(self, dtype: torch.dtype) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """Return the arguments of one call; an image is of the model's type.

        Tensors of floats stand as empty twins. Whole numbers and masks, such as tokens and
        lengths, keep their values, since these may decide what work there is.
        """
        args, kwargs = map_tensors((self.args, self.kwargs), _stand_in)
        if self.shape is not None:
            args = (torch.empty((1, *self.shape), dtype=dtype, device=META), *args)
        return args, kwargs

    def describe(self) -> str:
        """Return the inputs in words, without any number that they hold."""
        named = [*((None, a) for a in self.args), *self.kwargs.items()]
        if self.shape is not None:
            named = list(self.kwargs.items())
        texts = [f"{name}: {_text(v)}" if name else _text(v) for name, v in named]
        return ", ".join(texts)


def checked_inputs(input_shape: Any, inputs: Any, kwargs: Any) -> Inputs:
    """Return what the caller asked for.

    Args:
        input_shape: one image without the batch.
        inputs: a tuple of the model's arguments, or the only one; None for an image.
        kwargs: its arguments by name, or None.

    Raises:
        TypeError: if one is not what it must be.
        ValueError: if a shape is empty or not positive, or if both are given.
    """
    if kwargs is not None and not (isinstance(kwargs, Mapping) and all(map(_is_name, kwargs))):
        raise TypeError(f"kwargs must be a dict from argument names, got {type(kwargs).__name__}")
    named = dict(kwargs or {})
    if inputs is not None:
        if input_shape is not IMAGE:
            raise ValueError("give input_shape for one image, or inputs as they are, not both")
        args = inputs if type(inputs) is tuple else (inputs,)
        return Inputs(None, args, named)
    if input_shape is IMAGE and any(True for _ in tensors_in(named)):
        return Inputs(None, (), named)
    return Inputs(checked_shape(input_shape), (), named)


def _is_name(value: Any) -> bool:
    return isinstance(value, str)


def checked_shape(input_shape: Any) -> tuple[int, ...]:
    """Return the shape of one image as a tuple.

    Raises:
        TypeError: if it holds something else than ints.
        ValueError: if it is empty, not positive or holds too many numbers.

    >>> checked_shape([3, 8, 8])
    (3, 8, 8)
    """
    wanted = "input_shape must be a sequence of ints such as (3, 224, 224)"
    if isinstance(input_shape, torch.Tensor):
        raise TypeError(
            f"{wanted}, got a tensor of shape {tuple(input_shape.shape)}; "
            "give tensors as inputs=..."
        )
    if isinstance(input_shape, (str, bytes)) or not isinstance(input_shape, Sequence):
        raise TypeError(f"{wanted}, got {_short(input_shape)}")
    for size in input_shape:
        if isinstance(size, bool) or not isinstance(size, int):
            raise TypeError(f"{wanted}, got {_short(size)} in {_short(input_shape)}")
    if not input_shape:
        raise ValueError(f"{wanted}, got an empty one")
    if min(input_shape) < 1:
        raise ValueError(f"input_shape must hold positive sizes, got {tuple(input_shape)}")
    return check_numbers("input_shape", input_shape)


def _short(value: Any) -> str:
    """Return a value as Python writes it; a tensor, an array or a long text only in short."""
    shape = getattr(value, "shape", None)
    if shape is not None:
        return f"{type(value).__name__} of shape {tuple(shape)}"
    if isinstance(value, (list, tuple)) and any(hasattr(item, "shape") for item in value):
        return f"a {type(value).__name__} with {', '.join(map(_short, value[:3]))}"
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}..."


def _stand_in(tensor: torch.Tensor) -> torch.Tensor:
    if tensor.is_floating_point() or tensor.is_complex() or tensor.numel() > 2**22:
        return twin(tensor)
    return tensor


def _text(value: Any) -> str:
    if isinstance(value, torch.Tensor):
        kind = str(value.dtype).removeprefix("torch.")
        return f"{' × '.join(map(str, value.shape)) or 'scalar'} {kind}"
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{k}: {_text(v)}" for k, v in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(map(_text, value)) + "]"
    return _short(value)
