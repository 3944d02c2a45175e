"""One answer of a network that gives several."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from labcode._refusals import clear_failure


class OneAnswer(nn.Module):
    """A network of which one answer counts, such as the logits among several.

    Args:
        model: Answers with a tuple, a list, a dict, or an object with attributes.
        which: The place in a tuple or list, the key of a dict, or the name of an attribute.

    >>> class Both(nn.Module):
    ...     def forward(self, x):
    ...         return {"logits": x + 1, "features": x}
    >>> OneAnswer(Both(), "logits")(torch.zeros(2))
    tensor([1., 1.])
    """

    def __init__(self, model: nn.Module, which: int | str = 0) -> None:
        """Keep the network and the place."""
        super().__init__()
        self.model = model
        self.which = which

    def forward(self, x: Tensor) -> Tensor:
        """Return the one answer to images (N, C, H, W)."""
        found: Any = self.model(x)
        if isinstance(self.which, str) and not isinstance(found, dict):
            answer: Tensor = getattr(found, self.which)
        else:
            answer = found[self.which]
        return answer


def logits_of(model: nn.Module, images: Tensor) -> Tensor:
    """Return what a network answers to images, which must be logits.

    Args:
        model: In evaluation mode.
        images: (N, C, H, W).

    Returns:
        (N, classes).

    Raises:
        ValueError: The network does not answer with one tensor (N, classes), or not with finite
            numbers.
    """
    with torch.no_grad(), clear_failure(model, [images]):
        found = model(images)
    name = type(model).__name__
    if not isinstance(found, Tensor):
        raise ValueError(
            f"{name} answers with a {type(found).__name__}, not with one tensor of logits: say "
            "which of its answers counts, such as own.OneAnswer(model, 0)"
        )
    if found.ndim != 2 or len(found) != len(images):
        raise ValueError(
            f"{name} answers with {tuple(found.shape)} to {len(images)} images, but a classifier "
            "answers with (images, classes)"
        )
    if not bool(found.isfinite().all()):
        raise ValueError(f"{name} answers with NaN or infinity")
    return found
