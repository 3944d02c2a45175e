"""The whole pipeline: prune, share weights, train the centroids. What is left is to pack.

As in Deep Compression, with three additions: weights of weak neurons go first, so that whole rows
and columns become empty, which the packed file hardly pays for; a teacher helps, be it the dense
network itself or others; and biases of neurons that are gone go as well.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor, nn

from labcode._checks import check_number
from labcode._walk import running_order
from labcode.data.dataset import Split
from labcode.distillation.softlabels import LiveTeacher
from labcode.pruning.masks import LAYERS, Masks, prunable
from labcode.quantization.weight_sharing import centroid_training, share_weights
from labcode.training import LossFn, fit
from labcode.training.loop import Augment
from labcode.weights.baselines import recipe

TEMPERATURE, SOFT = 4.0, 0.9  # of the dense network's soft labels, and their part of the loss


@dataclass(frozen=True, eq=False)
class Guide:
    """What training follows: how images are changed, what the loss is, and how long steps are.

    Args:
        lr: Highest learning rate; centroids have half of it.
        batch_size: Images in a step.
        augment: How training images are changed; None leaves them as they are.
        loss_fn: See `labcode.training.fit`.
    """

    lr: float
    batch_size: int
    augment: Augment | None = None
    loss_fn: LossFn | None = None


def taught_by(teacher: nn.Module, network: str, *, soft: float = SOFT) -> Guide:
    """Return a guide that trains by a baseline's recipe, with a teacher beside the labels.

    The teacher, as a rule the dense network itself, answers about the very images that the
    pruned network is trained on.

    Args:
        teacher: The trained network.
        network: The baseline whose learning rate, batch size and augmentation are used.
        soft: Part of the loss that the teacher's soft labels have; 0 is without a teacher.
    """
    # The stored files were trained with rounded probabilities; logarithms would change them.
    loss = LiveTeacher(teacher).loss(temperature=TEMPERATURE, soft_weight=soft, log_target=False)
    how = recipe(network)
    return Guide(how.lr, how.batch_size, how.augment, loss if soft else None)


def scores(
    model: nn.Module, input_shape: Sequence[int], pressure: float = 0.5
) -> dict[str, Tensor]:
    """Return the score of each weight: its magnitude, less for weights of weak neurons.

    The strength of a neuron (or filter) is the norm of its incoming weights times the norm of its
    outgoing ones, as a part of the layer's strongest. A weight's magnitude is multiplied by
    strength**pressure of the neuron that it comes from and of the one that it leads to.

    Args:
        model: A plain chain of convolutions and linear layers.
        input_shape: One image, (channels, height, width).
        pressure: 0 is plain magnitude; the larger, the sooner whole neurons go.

    Returns:
        By parameter name, a tensor of the weight's shape.

    Raises:
        ValueError: ``pressure`` is negative, or the layers are not a plain chain.

    >>> layers = nn.Sequential(nn.Linear(1, 2, bias=False), nn.Linear(2, 1, bias=False))
    >>> layers[0].weight.data = torch.tensor([[1.0], [1.0]])
    >>> layers[1].weight.data = torch.tensor([[4.0, 1.0]])
    >>> scores(layers, (1,))["0.weight"].flatten()
    tensor([1.0000, 0.5000])
    """
    check_number("pressure", pressure, minimum=0.0)
    found = {name: weight.detach().abs() for name, weight in prunable(model).items()}
    for first, second in pairwise(_weights_in_order(model, input_shape)):
        incoming = found[first].flatten(1).square().sum(dim=1)  # (C,)
        outgoing = by_input(found[second], len(incoming)).square().sum(dim=(0, 2))  # (C,)
        strength = (incoming * outgoing).sqrt()
        factor = (strength / strength.max().clamp(min=1e-30)) ** pressure
        found[first] = (found[first].flatten(1) * factor[:, None]).view_as(found[first])
        grouped = by_input(found[second], len(factor)) * factor[:, None]
        found[second] = grouped.reshape(found[second].shape)
    return found


def by_input(weight: Tensor, channels: int) -> Tensor:
    """Return a weight as (outputs, channels, what it reads of each channel)."""
    if weight[0].numel() % channels:
        raise ValueError(f"the layers are not a plain chain: {channels} outputs do not lead to it")
    return weight.reshape(len(weight), channels, -1)


def masks_for(
    model: nn.Module, kept: float, input_shape: Sequence[int], *, pressure: float = 0.5
) -> Masks:
    """Return masks that keep the best weights of all layers together, and no dead neuron.

    A neuron without incoming weights, or without outgoing ones, loses all of its weights and its
    bias.

    Args:
        model: See `scores`.
        kept: Part of all weights to keep, above 0 to 1 (dead neurons may take a little more).
        input_shape: See `scores`.
        pressure: See `scores`.
    """
    found, order = scores(model, input_shape, pressure), _weights_in_order(model, input_shape)
    values = torch.cat([score.flatten() for score in found.values()])
    n = max(1, round(check_number("kept", kept, above=0.0) * len(values)))
    lowest = values.topk(min(n, len(values))).values[-1]
    keep = {name: (score >= lowest) & (score > 0) for name, score in found.items()}
    for _ in found:  # what dies may leave a neighbour dead
        for first, second in pairwise(order):
            alive = keep[first].flatten(1).any(dim=1)
            alive &= by_input(keep[second], len(alive)).any(dim=2).any(dim=0)
            keep[first] &= alive.view(-1, *[1] * (keep[first].ndim - 1))
            grouped = by_input(keep[second], len(alive)) & alive[:, None]
            keep[second] = grouped.reshape(keep[second].shape)
    return Masks.of(model, keep | _biases(model, keep, order[-1]))


def prune(
    model: nn.Module,
    train: Split,
    guide: Guide,
    kept: float,
    *,
    epochs: int,
    seed: int,
    pressure: float = 0.5,
) -> Masks:
    """Prune to a share of the weights and train what is left, in place.

    Args:
        model: The network; a plain chain.
        train: What to train on.
        guide: What training follows, such as `taught_by` a teacher.
        kept: Part of all weights that stays.
        epochs: Passes over ``train``.
        seed: Decides order and augmentation.
        pressure: See `scores`.

    Returns:
        What was kept.
    """
    masks = masks_for(model, kept, train.images.shape[1:], pressure=pressure)
    masks.apply(model)
    refine(model, train, guide, epochs=epochs, seed=seed, masks=masks)
    return masks


def share(
    model: nn.Module,
    train: Split,
    guide: Guide,
    bits: Mapping[str, int],
    *,
    epochs: int,
    seed: int,
    init: str = "linear",
) -> None:
    """Share weights, train the centroids, and round them to float16, in place.

    Args:
        model: The pruned network.
        train: What to train on.
        guide: See `prune`.
        bits: See `labcode.quantization.share_weights`.
        epochs: Passes over ``train``; 0 trains no centroid.
        seed: Decides order and augmentation, and a random start.
        init: How k-means starts.
    """
    shared = share_weights(model, bits, init=init, seed=seed)
    if epochs:
        with centroid_training(model, shared):
            refine(model, train, guide, epochs=epochs, lr=guide.lr / 2, seed=seed)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.copy_(parameter.half())


def refine(
    model: nn.Module,
    train: Split,
    guide: Guide,
    *,
    epochs: int,
    seed: int,
    lr: float | None = None,
    masks: Masks | None = None,
) -> None:
    """Train a network in place as a guide says, with a learning rate that falls to zero.

    Args:
        model: The network.
        train: What to train on.
        guide: See `prune`.
        epochs: Passes over ``train``.
        seed: Decides order and augmentation.
        lr: Highest learning rate; None takes the guide's.
        masks: What stays zero.
    """
    fit(
        model,
        train,
        epochs=epochs,
        lr=lr or guide.lr,
        batch_size=guide.batch_size,
        augment=guide.augment,
        loss_fn=guide.loss_fn,
        seed=seed,
        device="cpu",
        after_step=None if masks is None else masks.after_step,
    )


def bits_of(model: nn.Module, weights: int, biases: int) -> dict[str, int]:
    """Return the bits of each parameter.

    >>> bits_of(nn.Linear(3, 2), 3, 4)
    {'weight': 3, 'bias': 4}
    """
    return {name: weights if p.ndim > 1 else biases for name, p in model.named_parameters()}


def _weights_in_order(model: nn.Module, input_shape: Sequence[int]) -> list[str]:
    """Return the names of the weights in the order in which their layers run."""
    return [f"{layer}.weight" for layer in running_order(model, input_shape, LAYERS)]


def _biases(model: nn.Module, keep: Mapping[str, Tensor], last: str) -> dict[str, Tensor]:
    """Return masks of biases: a neuron without weights needs none; outputs keep theirs."""
    names, found = dict(model.named_parameters()), {}
    for name in keep:
        bias = name.removesuffix("weight") + "bias"
        if bias in names and name != last:
            found[bias] = keep[name].flatten(1).any(dim=1)
    return found
