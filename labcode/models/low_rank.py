"""A linear layer in two thin ones: trained from scratch, or cut out of a trained layer by SVD."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from labcode._checks import check_bool, check_int


def break_even_rank(in_features: int, out_features: int) -> float:
    """Return the rank at which two thin layers have as many weights as the full one.

    The full layer has in x out weights, and the thin ones have rank x (in + out), so that they
    are equal at in x out / (in + out). Only a smaller rank saves anything.

    Args:
        in_features: Length of the input.
        out_features: Length of the output.

    Returns:
        The rank, mostly no whole number.

    Raises:
        TypeError: An argument is not an integer.
        ValueError: An argument is below 1.

    >>> break_even_rank(784, 300)
    216.9741697416974
    """
    n, m = check_int("in_features", in_features), check_int("out_features", out_features)
    return n * m / (n + m)


class LowRankLinear(nn.Module):
    """A linear layer whose weight matrix is a product of two: out x rank and rank x in.

    The thin middle layer has neither a bias nor an activation, so that the whole is linear
    and its weight matrix cannot have more than the given rank.
    """

    def __init__(self, in_features: int, out_features: int, rank: int, bias: bool = True) -> None:
        """Make the two layers.

        Args:
            in_features: Length of the input.
            out_features: Length of the output.
            rank: Length of the middle, at most the smaller of the two.
            bias: Whether the output has a bias.
        """
        super().__init__()
        n, m = check_int("in_features", in_features), check_int("out_features", out_features)
        if check_int("rank", rank) > min(n, m):
            raise ValueError(
                f"rank must be at most {min(n, m)}, the smaller side of the "
                f"{m} x {n} weight matrix, got {rank!r}"
            )
        self.first = nn.Linear(n, rank, bias=False)
        self.second = nn.Linear(rank, m, bias=check_bool("bias", bias))

    @property
    def rank(self) -> int:
        """Length of the middle."""
        return self.first.out_features

    @property
    def weight(self) -> Tensor:
        """The weight matrix (out_features, in_features) that the two layers make."""
        return self.second.weight @ self.first.weight

    def forward(self, x: Tensor) -> Tensor:
        """Turn (..., in_features) into (..., out_features)."""
        return self.second(self.first(x))  # type: ignore[no-any-return]


def low_rank_linear(
    *, in_features: int, out_features: int, rank: int, bias: bool = True
) -> LowRankLinear:
    """Return an untrained low-rank linear layer.

    It has rank x (in_features + out_features) weights. Both layers start from normal
    distributions such that values keep their variance on the way through each.

    Args:
        in_features: Length of the input.
        out_features: Length of the output.
        rank: Length of the middle, at most the smaller of the two.
        bias: Whether the output has a bias.

    Returns:
        The layer, in training mode.

    Raises:
        TypeError: An argument has the wrong type.
        ValueError: A number is below 1, or ``rank`` is more than the weight matrix can have.

    Source: Denil et al., "Predicting parameters in deep learning" (arXiv:1306.0543).

    >>> layer = low_rank_linear(in_features=784, out_features=300, rank=50)
    >>> layer.first.weight.numel() + layer.second.weight.numel()
    54200
    """
    layer = LowRankLinear(in_features, out_features, rank, bias)
    for part in (layer.first, layer.second):
        nn.init.normal_(part.weight, std=part.in_features**-0.5)
    if bias:
        nn.init.zeros_(layer.second.bias)
    return layer


@torch.no_grad()
def truncated_svd(layer: nn.Linear, rank: int) -> LowRankLinear:
    """Return the low-rank layer that is closest to a trained one.

    The weight matrix W = U S V' keeps its ``rank`` largest singular values; sqrt(S) goes to
    each side. No matrix of that rank is closer to W in the sum of squares (Eckart and Young),
    and that distance is the sum of the squared singular values that were dropped.

    Args:
        layer: A linear layer; it is not changed.
        rank: Singular values to keep, at most the smaller side of the weight matrix.

    Returns:
        A new layer with the same bias, type and device.

    Raises:
        TypeError: ``layer`` is not a linear layer, or ``rank`` not an integer.
        ValueError: ``rank`` is out of range.

    Source: Denton et al., "Exploiting linear structure" (arXiv:1404.0736), section 3.2.

    >>> full = nn.Linear(20, 10)
    >>> x = torch.rand(2, 20)
    >>> torch.allclose(truncated_svd(full, 10)(x), full(x), atol=1e-5)
    True
    """
    if not isinstance(layer, nn.Linear):
        raise TypeError(f"layer must be a torch.nn.Linear, got {type(layer).__name__}")
    bias = layer.bias is not None
    thin = LowRankLinear(layer.in_features, layer.out_features, rank, bias).to(layer.weight)
    u, s, v = torch.linalg.svd(layer.weight, full_matrices=False)  # (m, k), (k,), (k, n)
    root = s[:rank].sqrt()
    thin.first.weight.copy_(root[:, None] * v[:rank])  # (rank, n)
    thin.second.weight.copy_(u[:, :rank] * root)  # (m, rank)
    if bias:
        thin.second.bias.copy_(layer.bias)
    return thin
