"""From scores to masks: how many weights stay, and whether layers compete for them."""

from __future__ import annotations

import math
from collections.abc import Mapping

import torch
from torch import Tensor, nn

from labcode._bare import warn_of
from labcode._checks import check_choice, check_int, check_number
from labcode.pruning.masks import Masks, passed_over

SCOPES = ("global", "local")


def select(
    model: nn.Module,
    scores: Mapping[str, Tensor],
    kept: float,
    *,
    scope: str = "global",
    within: Mapping[str, Tensor] | None = None,
) -> Masks:
    """Return masks that keep the weights with the highest scores.

    A parameter that is in no layer and has no scores stays as it is, with a warning that names it.

    Args:
        model: The network that will be pruned.
        scores: Name of a parameter to a score for each weight, of its shape.
        kept: Part of the weights that stays, from 0 to 1; the number is rounded up.
        scope: "global": one threshold for all layers together, so that layers compete; "local":
            one for each layer, so that each keeps the same part.
        within: Earlier masks; what they pruned stays pruned.

    Returns:
        The masks. Exactly ``ceil(kept x size)`` weights stay, of equal scores the first ones
        (fewer where ``within`` leaves fewer).

    Raises:
        KeyError: The model has no parameter of a name.
        ValueError: ``kept`` or ``scope`` is out of range, there is no score, a score is NaN, a
            shape is wrong, or ``within`` has no mask of a name.

    >>> layer = nn.Linear(4, 1)
    >>> select(layer, {"weight": torch.tensor([[4.0, 1.0, 3.0, 2.0]])}, 0.5)["weight"]
    tensor([[ True, False,  True, False]])
    """
    part = _check_part("kept", kept)
    check_choice("scope", scope, SCOPES)
    if not scores:
        kind = type(model).__name__
        bare = "".join(f"; {why}" for why in passed_over(model).values())
        raise ValueError(f"scores are empty: this {kind} has no weights of layers to prune{bare}")
    for name, score in scores.items():
        if bool(score.isnan().any()):
            raise ValueError(f"scores[{name!r}] holds NaN")
    warn_of(passed_over(model, scores))
    if within is not None:
        scores = {name: _within(name, score, within) for name, score in scores.items()}
    if scope == "local":
        return Masks.of(model, {name: _best(score, part) for name, score in scores.items()})
    flat = _best(torch.cat([score.flatten() for score in scores.values()]), part)
    pieces = torch.split(flat, [score.numel() for score in scores.values()])
    shaped = zip(scores.items(), pieces, strict=True)
    return Masks.of(model, {name: piece.view(score.shape) for (name, score), piece in shaped})


def best_units(
    scores: Mapping[str, Tensor], counts: Mapping[str, int]
) -> dict[str, tuple[int, ...]]:
    """Return the numbers of the filters or neurons with the highest scores, layer by layer.

    Args:
        scores: Name of a layer to a score for each of its outputs.
        counts: Name of a layer to the number of outputs that stay.

    Returns:
        For each layer in ``counts`` the numbers that stay, sorted.

    Raises:
        KeyError: A layer has no scores.
        ValueError: A count is below 1 or above the number of outputs.

    >>> best_units({"conv1": torch.tensor([0.3, 0.9, 0.5])}, {"conv1": 2})
    {'conv1': (1, 2)}
    """
    best = {}
    for name, wanted in counts.items():
        if name not in scores:
            raise KeyError(f"counts names {name!r}, but there are scores for {', '.join(scores)}")
        size, count = len(scores[name]), check_int(f"counts[{name!r}]", wanted)
        if count > size:
            raise ValueError(f"counts[{name!r}] must be at most {size}, got {count}")
        order = scores[name].argsort(descending=True, stable=True)
        best[name] = tuple(sorted(order[:count].tolist()))
    return best


def _within(name: str, score: Tensor, within: Mapping[str, Tensor]) -> Tensor:
    """Return scores that are minus infinity where an earlier mask pruned."""
    if name not in within or within[name].shape != score.shape:
        raise ValueError(f"within must have a mask of {name!r} of shape {tuple(score.shape)}")
    return score.masked_fill(~within[name].to(score.device), -math.inf)


def _best(scores: Tensor, part: float) -> Tensor:
    """Return where the highest scores are; what is minus infinity never is among them."""
    count = math.ceil(round(part * scores.numel(), 6))  # 0.07 x 100 is 7.000000000000001
    order = scores.flatten().argsort(descending=True, stable=True)
    best = torch.zeros(scores.numel(), dtype=torch.bool, device=scores.device)
    best[order[:count]] = True
    return best.view(scores.shape) & (scores != -math.inf)


def _check_part(name: str, value: object) -> float:
    number = check_number(name, value, minimum=0.0)
    if number > 1:
        raise ValueError(f"{name} must be from 0 to 1, got {value!r}")
    return number
