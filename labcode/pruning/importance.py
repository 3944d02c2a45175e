"""How much each single weight matters: scores, higher for weights that should stay."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from labcode._checks import check_int
from labcode._walk import dtype_of
from labcode.data.dataset import Split
from labcode.pruning.masks import prunable
from labcode.training.devices import device_of
from labcode.training.evaluation import check_logits, check_split, eval_mode

Scores = dict[str, Tensor]
"""Name of a parameter to a score for each of its weights, of its shape."""

Importance = Callable[[nn.Module], Scores]


def magnitude(model: nn.Module) -> Scores:
    """Score each weight by its absolute value.

    Args:
        model: Scored in the weights of its convolutions and linear layers.

    Returns:
        A score for each weight, zero or more.

    Source: Han et al., "Learning both weights and connections" (arXiv:1506.02626), section 3.

    >>> layer = nn.Linear(2, 1)
    >>> layer.weight.data = torch.tensor([[0.5, -2.0]])
    >>> magnitude(layer)["weight"]
    tensor([[0.5000, 2.0000]])
    """
    return {name: weight.detach().abs() for name, weight in prunable(model).items()}


def gradient_times_weight(model: nn.Module, split: Split, *, n_images: int = 500) -> Scores:
    """Score each weight by what the loss would change, to first order, if it became zero.

    To first order the loss changes by -gradient x weight, so the score is its absolute value.

    Args:
        model: Scored in the weights of its convolutions and linear layers; left as it was.
        split: Images to measure the gradient on; never the test split.
        n_images: How many of its images to use, from the first on.

    Returns:
        A score for each weight, in nats.

    Raises:
        TypeError: ``split`` is not a split.
        ValueError: ``n_images`` is below 1, the network returns no logits, or a layer has no
            part in them.

    Source: Molchanov et al. (arXiv:1611.06440), equation 7, for single weights.
    """
    check_split("split", split)
    n, device = check_int("n_images", n_images), device_of(model)
    weights = prunable(model)
    labels = split.labels[:n].to(device)
    with eval_mode(model), torch.enable_grad(), _with_gradient(weights.values()):
        logits = check_logits(model(split.images[:n].to(device, dtype_of(model))), labels)
        loss = F.cross_entropy(logits, labels)
        gradients = torch.autograd.grad(loss, list(weights.values()), allow_unused=True)
    scores = {}
    for (name, weight), gradient in zip(weights.items(), gradients, strict=True):
        if gradient is None:
            raise ValueError(
                f"{name!r} has no part in the logits, so it has no gradient: its layer does not "
                "run in evaluation mode, or what it gives is not used"
            )
        scores[name] = (_at_least_float32(weight) * _at_least_float32(gradient)).abs()
    return scores


@contextmanager
def _with_gradient(weights: Iterable[nn.Parameter]) -> Iterator[None]:
    """Let frozen weights have a gradient meanwhile."""
    frozen = [weight for weight in weights if not weight.requires_grad]
    for weight in frozen:
        weight.requires_grad_(True)
    try:
        yield
    finally:
        for weight in frozen:
            weight.requires_grad_(False)


def _at_least_float32(values: Tensor) -> Tensor:
    """Return values without a gradient; small products would be zero in half precision."""
    values = values.detach()
    return values.float() if values.dtype in (torch.float16, torch.bfloat16) else values


def random_scores(model: nn.Module, *, seed: int = 0) -> Scores:
    """Score each weight by chance: the control that every importance must beat.

    Args:
        model: Scored in the weights of its convolutions and linear layers.
        seed: Decides the scores; the caller's random state stays.

    Returns:
        Scores from 0 to 1.

    >>> random_scores(nn.Linear(2, 1), seed=1)["weight"].shape
    torch.Size([1, 2])
    """
    generator = torch.Generator().manual_seed(check_int("seed", seed, minimum=0))
    return {
        name: torch.rand(weight.shape, generator=generator).to(weight.device)
        for name, weight in prunable(model).items()
    }


def reversed_scores(scores: Mapping[str, Tensor]) -> Scores:
    """Return the opposite order: what mattered most now matters least (the other control).

    >>> reversed_scores({"weight": torch.tensor([1.0, 3.0])})
    {'weight': tensor([-1., -3.])}
    """
    return {name: -score for name, score in scores.items()}
