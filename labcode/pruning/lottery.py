"""Lottery tickets: train, prune, put the remaining weights back to where they started, repeat."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from labcode._checks import check_int, check_number
from labcode.pruning.importance import magnitude
from labcode.pruning.masks import Masks
from labcode.pruning.selection import select

Weights = dict[str, Tensor]
Train = Callable[[nn.Module, Masks | None], None]


@dataclass(frozen=True)
class Ticket:
    """A pruned network found by iterative pruning.

    Args:
        round: Number of prunings so far; 0 is the whole network.
        masks: Which weights it has, or None for the whole network.
        trained: The network after training with these masks from the rewound weights.
    """

    round: int
    masks: Masks | None
    trained: nn.Module


def weights_of(model: nn.Module) -> Weights:
    """Return a copy of all weights, biases and buffers, to rewind to."""
    return {name: tensor.detach().clone() for name, tensor in model.state_dict().items()}


def rewind(model: nn.Module, weights: Mapping[str, Tensor], masks: Masks | None) -> None:
    """Put a network back to earlier weights, in place, and prune it there.

    Args:
        model: The network.
        weights: From `weights_of`, of the same network at its start or at an early step.
        masks: What to prune; None prunes nothing.

    >>> layer = nn.Linear(2, 1)
    >>> start = weights_of(layer)
    >>> layer.weight.data += 1
    >>> rewind(layer, start, Masks.of(layer, {"weight": torch.tensor([[True, False]])}))
    >>> bool(layer.weight[0, 0] == start["weight"][0, 0]), layer.weight[0, 1].item()
    (True, 0.0)
    """
    model.load_state_dict(dict(weights))
    if masks is not None:
        masks.apply(model)


def find_tickets(
    model: nn.Module,
    start: Mapping[str, Tensor],
    train: Train,
    *,
    rounds: int,
    rate: float = 0.2,
    last_rate: float = 0.1,
) -> Iterator[Ticket]:
    """Prune iteratively, rewinding to the same start each time.

    Each round trains the network, prunes the smallest weights of each layer and rewinds the
    others. The last layer is pruned at half the rate, since it has few weights.

    Args:
        model: A network to work on; it is changed.
        start: The weights to rewind to: the original initial ones, or those of an early step.
        train: Trains the network in place, with the masks if there are any.
        rounds: Number of prunings.
        rate: Part of a layer's remaining weights that each round prunes.
        last_rate: The same for the last layer.

    Yields:
        The whole network trained, then the ticket of each round, trained.

    Raises:
        ValueError: A rate is out of range, or the network has no weights to prune.

    Source: Frankle and Carbin, "The lottery ticket hypothesis" (arXiv:1803.03635), sections 1
        and 2; rewinding to an early step: arXiv:1903.01611.
    """
    check_int("rounds", rounds, minimum=0)
    for name, value in (("rate", rate), ("last_rate", last_rate)):
        if check_number(name, value, above=0.0) >= 1:
            raise ValueError(f"{name} must be below 1, got {value!r}")
    masks: Masks | None = None
    for number in range(rounds + 1):
        rewind(model, start, masks)
        train(model, masks)
        yield Ticket(number, masks, copy.deepcopy(model))
        masks = _tighter(model, masks, (1 - rate) ** (number + 1), (1 - last_rate) ** (number + 1))


def _tighter(model: nn.Module, masks: Masks | None, kept: float, last_kept: float) -> Masks:
    """Return the next masks, layer by layer."""
    scores = magnitude(model)
    if not scores:
        raise ValueError(f"this {type(model).__name__} has no weights to prune")
    *inner, last = scores
    found = select(model, {last: scores[last]}, last_kept, scope="local", within=masks)
    if not inner:  # one layer, which is the last
        return found
    first = select(model, {n: scores[n] for n in inner}, kept, scope="local", within=masks)
    return Masks.of(model, {**first, **found})


def shuffled(masks: Masks, *, seed: int = 0) -> Masks:
    """Return masks with as many weights in each layer, at random places (a control).

    >>> masks = Masks({"weight": torch.tensor([True, False, False])})
    >>> shuffled(masks, seed=1).total_kept
    1
    """
    generator = torch.Generator().manual_seed(check_int("seed", seed, minimum=0))
    mixed = {}
    for name, mask in masks.items():
        order = torch.randperm(mask.numel(), generator=generator)
        mixed[name] = mask.flatten()[order].view(mask.shape)
    return Masks(mixed)
