"""Which range to lay the integers over: everything, nearly everything, or what loses least."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from labcode._checks import check_choice, check_int, check_number
from labcode.quantization.affine import affine_params, symmetric_params

Range = tuple[float, float]

MOST_VALUES = 2**17  # more values than this are thinned out evenly: a search takes a second
CANDIDATES = 100  # ranges that the search for the least squared error tries
BINS = 2048  # of the histogram for the entropy, as in Migacz' talk
USUAL = (1e-10, 1e10)  # largest values whose squares and their sums float32 holds well
TIDY_FROM = 1e-3  # nine decimals of a smaller value would be few digits
FEWEST_BINS = 128  # that its threshold keeps, likewise, whatever the bits


def min_max(values: Tensor, bits: int = 8) -> Range:
    """Return the smallest and the largest value: nothing is clipped.

    Args:
        values: What was seen.
        bits: Not used; here so that all methods are called alike.

    >>> min_max(torch.tensor([-1.0, 0.5, 4.0]))
    (-1.0, 4.0)
    """
    seen = _flat(values)
    return float(seen.min()), float(seen.max())


def percentile(values: Tensor, bits: int = 8, *, share: float = 0.999) -> Range:
    """Return the range that holds a share of the values, as much cut off at either end.

    Args:
        values: What was seen.
        bits: Not used; here so that all methods are called alike.
        share: Share to keep, above 0 and at most 1.

    Raises:
        ValueError: ``share`` is out of range.

    >>> percentile(torch.arange(101.0), share=0.9)
    (5.0, 95.0)
    """
    if check_number("share", share, above=0.0) > 1:
        raise ValueError(f"share must be at most 1, got {share!r}")
    cut = (1 - share) / 2
    seen = _thinned(values).numpy()
    low, high = np.quantile(seen, [cut, 1 - cut])
    return _tidy(float(low)), _tidy(float(high))


def _tidy(value: float) -> float:
    """Return a value without the last digits that a quantile leaves, where it has others."""
    return round(value, 9) if abs(value) > TIDY_FROM else value


def least_squares(values: Tensor, bits: int = 8) -> Range:
    """Return the range with the least mean squared error, rounding and clipping together.

    Both ends of the min–max range shrink by the same factor; a hundred factors are tried.

    Args:
        values: What was seen.
        bits: Width of the unsigned integers.

    >>> low, high = least_squares(torch.cat([torch.linspace(-1, 1, 1000), torch.ones(1) * 50]), 4)
    >>> high < 50
    True
    """
    seen = _thinned(values)
    unit = float(_unit(seen.abs().max()))
    seen = seen / unit
    low, high = float(seen.min()), float(seen.max())
    best, least = (low, high), float("inf")
    for step in range(CANDIDATES, 0, -1):
        ends = low * step / CANDIDATES, high * step / CANDIDATES
        error = float((affine_params(*ends, bits).approximate(seen) - seen).square().mean())
        if error < least:
            best, least = ends, error
    return best[0] * unit, best[1] * unit


def _unit(largest: Tensor) -> Tensor:
    """Return a power of two to divide by, so that squares stay within float32; mostly 1.

    Dividing by it rounds nothing.
    """
    usual = (largest == 0) | ((largest > USUAL[0]) & (largest < USUAL[1]))
    return torch.where(usual, 1.0, torch.exp2(largest.double().log2().floor())).to(largest.dtype)


def entropy(values: Tensor, bits: int = 8) -> Range:
    """Return the range whose quantized histogram tells most about the original one.

    The range is clipped at ±threshold. Each threshold's histogram P (what lies beyond falls into
    its last bin) is compared with its quantized form Q by the Kullback–Leibler divergence. Values
    that are exactly zero are left out: every range holds zero, and the many zeros after a ReLU
    would drown what the others say.

    Args:
        values: What was seen.
        bits: Width of the integers: a threshold has 2^(bits − 1) of them, or 2^bits where no
            value is negative.

    Source: Migacz, "8-bit inference with TensorRT", GTC 2017.

    >>> bell = torch.randn(10_000, generator=torch.Generator().manual_seed(0))
    >>> low, high = entropy(torch.cat([bell, torch.ones(1) * 50]), 8)
    >>> high < 10
    True
    """
    check_int("bits", bits)
    seen = _thinned(values)
    low, high = float(seen.min()), float(seen.max())
    largest = max(abs(low), abs(high))
    levels = max(2, 2**bits if low >= 0 else 2 ** (bits - 1))
    if largest == 0 or levels >= BINS:
        return low, high
    counts, _ = np.histogram(seen[seen != 0].abs().numpy(), bins=BINS, range=(0.0, largest))
    # With few levels a sliver of the range could be chosen that hardly holds a value.
    stops = [*range(max(levels, FEWEST_BINS), BINS, max(1, levels // 16)), BINS]
    best = min(stops, key=lambda stop: divergence(counts.astype(float), stop, levels))
    threshold = largest * best / BINS
    return max(low, -threshold), min(high, threshold)


def divergence(counts: NDArray[np.float64], stop: int, levels: int) -> float:
    """Return what is lost when a histogram is cut after ``stop`` bins and put into levels.

    Args:
        counts: The histogram.
        stop: Bins to keep; the rest is added to the last one kept.
        levels: Groups of neighbouring bins that become one.

    Returns:
        Kullback–Leibler divergence from the quantized to the cut histogram, in nats.

    >>> divergence(np.array([1.0, 1.0, 2.0, 2.0]), stop=4, levels=2)
    0.0
    """
    kept = counts[:stop]
    p = kept.copy()
    p[-1] += counts[stop:].sum()
    group = np.arange(stop) * levels // stop  # the level that each bin falls into
    present = kept > 0  # an empty bin stays empty when a level is spread out again
    sums = np.bincount(group, weights=kept, minlength=levels)
    sizes = np.bincount(group, weights=present, minlength=levels)
    q = np.where(present, sums[group] / np.maximum(sizes, 1)[group], 0.0)
    p, q = p / p.sum(), q / max(q.sum(), 1e-12)
    used = p > 0
    # Where Q has nothing for values that P has, a tiny share stands for "nearly impossible".
    return float((p[used] * np.log(p[used] / np.maximum(q[used], 1e-9))).sum())


METHODS: dict[str, Callable[[Tensor, int], Range]] = {
    "min-max": min_max,
    "percentile": percentile,
    "mse": least_squares,
    "kl": entropy,
}
"""Ways to find a range, by name; each takes the values seen and the bits."""


def find_range(values: Tensor, method: str, bits: int) -> Range:
    """Return the range of values by a method's name.

    Args:
        values: What was seen.
        method: One of `METHODS`.
        bits: Width of the integers.

    Raises:
        ValueError: The method is unknown, or there are no values or some are not finite.

    >>> find_range(torch.tensor([0.0, 1.0]), "min-max", 8)
    (0.0, 1.0)
    """
    return METHODS[check_choice("method", method, METHODS)](values, bits)


def weight_magnitudes(weight: Tensor, method: str, bits: int) -> Tensor:
    """Return the largest magnitude to represent of each output channel.

    Args:
        weight: Weights of a layer, output channels first.
        method: "min-max" or "mse".
        bits: Width of the signed integers, at least 2.

    Returns:
        One magnitude for each output channel.

    Raises:
        ValueError: The method is neither.

    >>> weight_magnitudes(torch.tensor([[1.0, -3.0], [0.5, 0.0]]), "min-max", 8)
    tensor([3.0000, 0.5000])
    """
    rows = weight.detach().flatten(1)  # (channels, weights)
    largest = rows.abs().amax(1)
    if method == "min-max":
        return largest
    unit = _unit(largest)
    rows, largest = rows / unit[:, None], largest / unit
    if method != "mse":
        raise ValueError(f"method must be 'min-max' or 'mse' for weights, got {method!r}")
    best, least = largest, torch.full_like(largest, float("inf"))
    for step in range(CANDIDATES, 0, -1):
        tried = largest * step / CANDIDATES
        error = (symmetric_params(tried, bits, axis=0).approximate(rows) - rows).square().sum(1)
        best = torch.where(error < least, tried, best)
        least = torch.minimum(least, error)
    return best * unit


def _flat(values: Tensor) -> Tensor:
    seen = values.detach().flatten()
    if len(seen) == 0 or not bool(seen.isfinite().all()):
        raise ValueError(f"values must be finite numbers, at least one, got {tuple(values.shape)}")
    return seen


def _thinned(values: Tensor) -> Tensor:
    """Return at most `MOST_VALUES`, evenly spread, and always the two extremes."""
    seen = _flat(values)
    if len(seen) <= MOST_VALUES:
        return seen
    ends = torch.stack([seen.min(), seen.max()])
    return torch.cat([seen[:: -(-len(seen) // MOST_VALUES)], ends])
