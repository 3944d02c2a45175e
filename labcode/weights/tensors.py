"""A network's weights as the bytes of a safetensors file, rounded to float16, and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from labcode.weights.store import WeightsError

if TYPE_CHECKING:
    from torch import nn


def pack(model: nn.Module, metadata: Mapping[str, str]) -> bytes:
    """Return the model's weights, rounded to float16, as a safetensors file.

    Args:
        model: A model whose values all fit into float16 (below 65,504).
        metadata: Kept in the file's header.

    Returns:
        The bytes of the file.

    Raises:
        ValueError: A value is too large for float16.
    """
    from safetensors.torch import save

    half = {name: tensor.detach().cpu().half() for name, tensor in model.state_dict().items()}
    for name, tensor in half.items():
        if not bool(tensor.isfinite().all()):
            raise ValueError(f"{name} holds a value that does not fit into float16")
    packed: bytes = save({k: v.contiguous() for k, v in half.items()}, dict(metadata))
    return packed


def unpack(model: nn.Module, packed: bytes, *, name: str = "weights") -> None:
    """Load packed weights into a model, in place, as the model's own dtype.

    Args:
        model: The network that the weights belong to.
        packed: What `pack` returned.
        name: What to call the file in an error.

    Raises:
        WeightsError: The bytes are damaged or belong to another network.
    """
    from safetensors import SafetensorError
    from safetensors.torch import load

    try:
        model.load_state_dict(load(packed))
    except (SafetensorError, RuntimeError) as error:
        cause = " ".join(str(error).split())
        raise WeightsError(
            f"{name} does not hold the weights of a {type(model).__name__}: {cause}"
        ) from error
