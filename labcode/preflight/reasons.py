"""What is particular about a layer, and why a method leaves it alone."""

from __future__ import annotations

import torch
from torch import nn

from labcode.preflight.facts import NORMS, TRANSPOSED, LayerFacts


def particular(layer: LayerFacts) -> tuple[str, ...]:
    """Return what is particular about a layer, in a few words each.

    Args:
        layer: The layer's facts.
    """
    found = []
    if layer.calls > 1:
        found.append(f"runs {layer.calls} times")
    if not layer.calls:
        found.append(_idle(layer))
    if layer.aliases:
        found.append(f"is {', '.join(layer.aliases)} too")
    if layer.shared_with:
        found.append(f"shares weights with {', '.join(layer.shared_with)}")
    if layer.computed:
        found.append(f"computes its {' and '.join(layer.computed)} anew in each pass")
    if layer.dtype not in (torch.float32, None):
        found.append(f"is in {str(layer.dtype).removeprefix('torch.')}")
    found += _built(layer.layer)
    return tuple(found)


def _idle(layer: LayerFacts) -> str:
    if isinstance(layer.layer, torch.jit.ScriptModule):
        return "is compiled, so nothing sees whether it runs"
    if layer.inside:
        return f"works inside {layer.inside}"
    return "runs in training alone" if layer.calls_in_training else "never ran"


def _built(layer: nn.Module) -> list[str]:
    """Return what the layer's own settings say."""
    groups = getattr(layer, "groups", 1)
    found = []
    if isinstance(layer, TRANSPOSED):
        found.append("is transposed")
    if isinstance(groups, int) and groups > 1 and hasattr(layer, "out_channels"):
        depthwise = groups == layer.in_channels
        found.append("is depthwise" if depthwise else f"has {groups} groups")
    if isinstance(layer, NORMS) and layer.running_mean is None:
        found.append("keeps no running statistics")
    return found


def why_not(layer: LayerFacts, said: str = "") -> str:
    """Return why a method that worked left a layer out.

    Args:
        layer: The layer that it did not take.
        said: The method's own reason, if it gave one.

    Returns:
        A reason that fits behind "because": the method's, or that the layer does not run by
        itself; "the method passed it over" where neither is, which a test takes as a fault.
    """
    if layer.inside:
        return f"its weights are used inside {layer.inside}, which never calls it"
    if said:
        return said
    return PASSED_OVER if layer.calls else f"it {_idle(layer)}"


PASSED_OVER = "the method passed it over"
