"""What the tests of several networks share."""

from collections.abc import Callable

import torch
from torch import nn

import labcode


def on_meta(make: Callable[..., nn.Module], **settings: object) -> nn.Module:
    """Build a network without memory for its weights."""
    with torch.device("meta"):
        return make(**settings)


def total(make: Callable[..., nn.Module], shape: tuple[int, ...], **settings: object):
    """Return (params, macs) as labcode counts them."""
    found = labcode.count(on_meta(make, **settings), shape)
    assert found.uncounted == {}
    return found.params, found.macs


def random_state(model: nn.Module) -> dict[str, torch.Tensor]:
    """Return random values for every parameter and buffer; variances stay positive."""
    generator = torch.Generator().manual_seed(0)
    state = {}
    for name, value in model.state_dict().items():
        if value.dim() == 0:  # batches seen
            state[name] = torch.zeros((), dtype=torch.long)
        elif value.dim() == 1:
            state[name] = 0.5 + torch.rand(value.shape, generator=generator)
        else:
            scale = (2 / value[0].numel()) ** 0.5
            state[name] = torch.randn(value.shape, generator=generator) * scale
    return state


def with_the_same_weights(
    ours: nn.Module, theirs: nn.Module, state: dict[str, torch.Tensor]
) -> None:
    """Give both networks one state; ours by the order of its layers, not by their names."""
    theirs.load_state_dict(state, assign=True)
    shapes = [tuple(value.shape) for value in ours.state_dict().values()]
    assert shapes == [tuple(value.shape) for value in state.values()]
    ours.load_state_dict(dict(zip(ours.state_dict(), state.values(), strict=True)), assign=True)
