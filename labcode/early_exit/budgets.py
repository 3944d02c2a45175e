"""Thresholds for a budget, chosen on held-out images, and a budget spread over a batch."""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor

from labcode._checks import check_number
from labcode.early_exit.inference import check_thresholds


@dataclass(frozen=True)
class Outcome:
    """What thresholds lead to on some images.

    Args:
        accuracy: Part of the images that are right.
        macs: Expected multiply-adds for one image.
        shares: Part of the images that leaves at each exit.
    """

    accuracy: float
    macs: float
    shares: tuple[float, ...]


def leaving(scores: Tensor, thresholds: float | Sequence[float]) -> Tensor:
    """Return the exit that each image takes.

    Args:
        scores: How sure each exit is of each image, (exits, N).
        thresholds: As in `answer`.

    Returns:
        Numbers of exits, from 0, (N,).

    >>> leaving(torch.tensor([[0.9, 0.2], [0.1, 0.6], [0.0, 0.0]]), 0.5)
    tensor([0, 1])
    """
    check_scores(scores)
    limits = torch.tensor(check_thresholds(thresholds, len(scores)))
    sure = scores >= torch.cat([limits, torch.tensor([-torch.inf])]).to(scores)[:, None]
    return sure.int().argmax(dim=0)  # the first that is sure; the last always is


def outcome(
    scores: Tensor, right: Tensor, macs: Sequence[int], thresholds: float | Sequence[float]
) -> Outcome:
    """Return accuracy, expected cost and shares of exits under some thresholds.

    Args:
        scores: How sure each exit is of each image, (exits, N).
        right: Whether each exit is right, (exits, N), bool.
        macs: Multiply-adds of an image that leaves at each exit.
        thresholds: As in `answer`.

    Raises:
        ValueError: The shapes do not fit together.

    >>> scores = torch.tensor([[0.9, 0.2], [0.9, 0.6]])
    >>> right = torch.tensor([[True, False], [True, True]])
    >>> outcome(scores, right, (10, 40), 0.5)
    Outcome(accuracy=1.0, macs=25.0, shares=(0.5, 0.5))
    """
    return outcome_at(leaving(scores, thresholds), right, macs)


def outcome_at(exits: Tensor, right: Tensor, macs: Sequence[int]) -> Outcome:
    """Return what follows when image i takes exit ``exits[i]``; see `outcome`."""
    if right.ndim != 2 or right.shape[1:] != exits.shape or len(right) != len(macs):
        raise ValueError(
            f"right must be (exits, N) with {len(macs)} exits and {len(exits)} images, "
            f"got {tuple(right.shape)}"
        )
    hits = right.gather(0, exits[None])[0].double()
    counts = torch.bincount(exits, minlength=len(macs)).double() / len(exits)
    cost = float((counts * torch.tensor(macs, dtype=torch.float64)).sum())
    return Outcome(float(hits.mean()), cost, tuple(counts.tolist()))


def shared_threshold(scores: Tensor, macs: Sequence[int], budget: float) -> float:
    """Return the largest threshold, the same for all exits, that keeps within a budget.

    A larger threshold never lets an image leave earlier, so the expected cost grows with it,
    and only thresholds at which some image stands need to be tried.

    Args:
        scores: How sure each exit is of each held-out image, (exits, N).
        macs: Multiply-adds of an image that leaves at each exit, growing.
        budget: Expected multiply-adds for one image.

    Raises:
        ValueError: Even leaving at the first exit costs more, or the shapes do not fit.

    >>> shared_threshold(torch.tensor([[0.9, 0.2, 0.5], [0.9, 0.6, 0.8]]), (10, 40), 20)
    0.5
    """
    check_scores(scores)
    check_budget(macs, budget)
    if budget >= macs[-1]:
        return 2.0  # nobody has to leave
    tried: list[float] = [*sorted(set(scores[:-1].flatten().tolist())), 2.0]
    low, high = 0, len(tried) - 1  # tried[low] keeps within the budget
    prices = torch.tensor(macs, dtype=torch.float64)
    while low < high:
        middle = (low + high + 1) // 2
        spent = prices[leaving(scores, tried[middle])].mean()
        low, high = (middle, high) if spent <= budget else (low, middle - 1)
    return tried[low]


def share_thresholds(scores: Tensor, macs: Sequence[int], budget: float) -> tuple[float, ...]:
    """Return a threshold for each exit so that fixed shares of the images leave there.

    The share of those still in that leaves is the same q at each exit; q is solved for the
    budget, and each threshold is set so that its share leaves on the held-out images.

    Args:
        scores: How sure each exit is of each held-out image, (exits, N).
        macs: Multiply-adds of an image that leaves at each exit, growing.
        budget: Expected multiply-adds for one image.

    Raises:
        ValueError: Even leaving at the first exit costs more, or the shapes do not fit.

    Source: MSDNet (arXiv:1703.09844), for "budgeted batch classification"; there the shares are
        scaled to add up to one, here the last exit takes what is left.
    """
    check_scores(scores)
    check_budget(macs, budget)
    low, high = 0.0, 1.0  # of q; a larger one is cheaper
    for _ in range(50):
        q = (low + high) / 2
        spent = sum(s * m for s, m in zip(_shares(q, len(macs)), macs, strict=True))
        low, high = (q, high) if spent > budget else (low, q)
    alive = torch.ones(scores.shape[1], dtype=torch.bool)
    found = []
    for index, share in enumerate(_shares(high, len(macs))[:-1]):
        wanted = min(round(share * scores.shape[1]), int(alive.sum()))
        ranked = scores[index][alive].sort(descending=True).values
        limit = float(ranked[wanted - 1]) if wanted else 2.0
        found.append(limit)
        alive &= scores[index] < limit
    return tuple(found)


def _shares(q: float, exits: int) -> list[float]:
    """Return what leaves at each exit when a share q of those still in does."""
    found = [q * (1 - q) ** index for index in range(exits - 1)]
    return [*found, 1 - sum(found)]


def spend(
    scores: Tensor, macs: Sequence[int], budget: float, *, random: int | None = None
) -> Tensor:
    """Spread a budget over a batch: again and again the least sure image goes one exit further.

    A score is looked at only after it was paid for, as it would be while running.

    Args:
        scores: How sure each exit is of each image, (exits, N).
        macs: Multiply-adds of an image that leaves at each exit, growing.
        budget: Multiply-adds for the whole batch.
        random: A seed: images are picked at random instead, as a control.

    Returns:
        The exit that each image takes, (N,).

    Raises:
        ValueError: The budget does not pay for the first exit of all images.

    >>> spend(torch.tensor([[0.9, 0.2], [1.0, 1.0]]), (10, 40), 50)
    tensor([0, 1])
    """
    exits, n = check_scores(scores)
    check_budget([m * n for m in macs], budget)
    left = budget - macs[0] * n
    generator = torch.Generator().manual_seed(random or 0)
    luck = torch.rand(exits, n, generator=generator).tolist()
    order = scores.tolist() if random is None else luck
    queue = [(order[0][i], i, 0) for i in range(n)]
    heapq.heapify(queue)
    taken = torch.zeros(n, dtype=torch.long)
    while queue:
        _, image, at = heapq.heappop(queue)
        price = macs[at + 1] - macs[at]
        if price > left:
            continue
        left -= price
        taken[image] = at + 1
        if at + 2 < exits:
            heapq.heappush(queue, (order[at + 1][image], image, at + 1))
    return taken


def check_scores(scores: Tensor) -> tuple[int, int]:
    """Return the numbers of exits and images of a table of scores.

    Raises:
        ValueError: It is not (exits, N) with at least one of each, or holds a NaN.
    """
    if scores.ndim != 2 or 0 in scores.shape:
        raise ValueError(f"scores must be (exits, N), got {tuple(scores.shape)}")
    if bool(scores.isnan().any()):
        raise ValueError("scores must be numbers, got a NaN")
    return scores.shape[0], scores.shape[1]


def check_budget(macs: Sequence[int], budget: float) -> None:
    """Refuse costs that do not grow, and a budget that buys no answer."""
    if any(b <= a for a, b in pairwise(macs)):
        raise ValueError(f"macs must grow from exit to exit, got {tuple(macs)}")
    if check_number("budget", budget) < macs[0]:
        raise ValueError(f"budget must be at least {macs[0]:,}, the first exit, got {budget!r}")
