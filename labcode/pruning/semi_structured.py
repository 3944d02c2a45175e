"""N:M masks: of every M weights in a row at most N stay, as 2:4 for sparse tensor cores.

The pattern saves time only where hardware knows it: NVIDIA's tensor cores since 2020 multiply
2:4 sparse matrices at up to twice the dense rate, in 16 and 8 bits. An ordinary processor, and
ONNX Runtime on it, gain nothing.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from labcode._bare import warn_of
from labcode._checks import check_int
from labcode.pruning.kinds import TRANSPOSED, called
from labcode.pruning.masks import Masks, passed_over, prunable


def nm_mask(weight: Tensor, n: int = 2, m: int = 4) -> Tensor:
    """Return where the N largest of every M consecutive inputs of a filter or neuron are.

    Args:
        weight: Shape (outputs, …); the inputs of one output are counted in their order in memory.
        n: Weights that stay in a block.
        m: Weights in a block; a shorter last block keeps at most n too.

    Returns:
        A bool tensor of the weight's shape.

    Raises:
        ValueError: ``n`` is above ``m``, or the weight has no second axis.

    Source: Mishra et al., "Accelerating sparse deep neural networks" (arXiv:2104.08378), 2.

    >>> nm_mask(torch.tensor([[1.0, -4.0, 3.0, 2.0]]))
    tensor([[False,  True,  True, False]])
    """
    if check_int("n", n) > check_int("m", m):
        raise ValueError(f"n must be at most m, got n={n} and m={m}")
    if weight.ndim < 2:
        raise ValueError(f"weight must be (outputs, inputs, …), got shape {tuple(weight.shape)}")
    blocks = _blocks(weight.detach().abs(), m)  # (outputs, blocks, m)
    order = blocks.argsort(dim=2, descending=True, stable=True)
    best = torch.zeros_like(blocks, dtype=torch.bool).scatter(2, order[:, :, :n], True)
    return best.flatten(1)[:, : weight[0].numel()].view(weight.shape)


def nm_masks(model: nn.Module, n: int = 2, m: int = 4) -> Masks:
    """Return N:M masks of all convolutions and linear layers.

    Raises:
        ValueError: ``n`` is above ``m``, or a layer is a transposed convolution, whose weight
            lists inputs before outputs; see also `prunable`.

    >>> nm_masks(nn.Linear(8, 3)).sparsity
    0.5
    """
    for name, layer in model.named_modules():
        if isinstance(layer, TRANSPOSED):
            raise ValueError(
                f"{called(name)} is a {type(layer).__name__}, whose weight lists inputs before "
                "outputs, so blocks of inputs do not lie side by side: give it a mask of its own"
            )
    warn_of(passed_over(model))
    return Masks.of(model, {name: nm_mask(w, n, m) for name, w in prunable(model).items()})


@dataclass(frozen=True, eq=False)
class NMWeight:
    """A weight in N:M form.

    Args:
        values: The weights that stay, (outputs, blocks, n).
        places: Where each stands in its block, 0 to m - 1, (outputs, blocks, n).
        m: Weights in a block.
        shape: Shape of the dense weight.
    """

    values: Tensor
    places: Tensor
    m: int
    shape: tuple[int, ...]

    @property
    def metadata_bits(self) -> int:
        """Bits for the places: two for each weight that stays, where m is 4."""
        return self.places.numel() * math.ceil(math.log2(self.m))

    @property
    def size_bytes(self) -> int:
        """Bytes of values and places together."""
        return self.values.numel() * self.values.element_size() + math.ceil(self.metadata_bits / 8)


def nm_pack(weight: Tensor, n: int = 2, m: int = 4) -> NMWeight:
    """Return an N:M sparse weight without its zeros.

    Args:
        weight: Shape (outputs, …), with at most n weights other than zero in a block.
        n: Weights that stay in a block.
        m: Weights in a block.

    Raises:
        ValueError: A block has more than ``n`` weights that are not zero.

    >>> packed = nm_pack(torch.tensor([[0.0, -4.0, 3.0, 0.0]]))
    >>> packed.values.tolist(), packed.places.tolist(), packed.size_bytes
    ([[[-4.0, 3.0]]], [[[1, 2]]], 9)
    """
    mask = nm_mask(weight, n, m)
    if bool((weight.detach() != 0)[~mask].any()):
        raise ValueError(f"weight must have at most {n} of {m} that are not zero: prune it first")
    blocks = _blocks(weight.detach(), m)
    places = _blocks(mask.float(), m).argsort(dim=2, descending=True, stable=True)[:, :, :n]
    places = places.sort(dim=2).values
    return NMWeight(blocks.gather(2, places), places, m, tuple(weight.shape))


def nm_unpack(packed: NMWeight) -> Tensor:
    """Return the dense weight, exactly.

    >>> nm_unpack(nm_pack(torch.tensor([[0.0, -4.0, 3.0, 0.0]])))
    tensor([[ 0., -4.,  3.,  0.]])
    """
    outputs, blocks, _ = packed.values.shape
    dense = packed.values.new_zeros(outputs, blocks, packed.m)
    dense.scatter_(2, packed.places, packed.values)
    size = math.prod(packed.shape[1:])
    return dense.flatten(1)[:, :size].reshape(packed.shape)


def _blocks(weight: Tensor, m: int) -> Tensor:
    """Return the weight as (outputs, blocks, m), filled up with zeros."""
    rows = weight.flatten(1)  # (outputs, inputs)
    return nn.functional.pad(rows, (0, -rows.shape[1] % m)).view(len(rows), -1, m)
