"""Which weights decay: MobileNet's paper puts little or no decay on the depthwise filters."""

from __future__ import annotations

from typing import Any

from torch import nn

from labcode._checks import check_choice

DECAYS = ("none", "everywhere", "not on depthwise")


def parameter_groups(model: nn.Module, where: str, decay: float) -> list[dict[str, Any]]:
    """Return the parameters for an optimizer, with or without weight decay.

    Args:
        model: A network.
        where: "none"; "everywhere", which is on all filters and linear weights; or "not on
            depthwise", which leaves the depthwise filters out.
        decay: The weight decay where there is one. Batch norms and biases never have any.

    Raises:
        ValueError: ``where`` is not one of the three.
    """
    check_choice("where", where, DECAYS)
    decayed: list[nn.Parameter] = []
    free: list[nn.Parameter] = []
    for layer in model.modules():
        depthwise = isinstance(layer, nn.Conv2d) and layer.groups > 1
        weighs = isinstance(layer, (nn.Conv2d, nn.Linear)) and where != "none"
        for name, parameter in layer.named_parameters(recurse=False):
            spared = not weighs or name == "bias" or (depthwise and where != "everywhere")
            (free if spared else decayed).append(parameter)
    return [
        {"params": decayed, "weight_decay": decay},
        {"params": free, "weight_decay": 0.0},
    ]
