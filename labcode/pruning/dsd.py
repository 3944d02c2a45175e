"""Dense, sparse, dense again: prune, train, let the pruned weights grow back from zero."""

from __future__ import annotations

from typing import Any

from torch import nn

from labcode._checks import check_int, check_number
from labcode.data.dataset import Split
from labcode.pruning.masks import Masks
from labcode.pruning.pruner import prune_and_train
from labcode.pruning.schedules import one_shot
from labcode.training import fit


def dense_sparse_dense(
    model: nn.Module,
    train: Split,
    *,
    sparsity: float = 0.3,
    sparse_epochs: int,
    dense_epochs: int,
    lr: float = 1e-3,
    dense_lr: float | None = None,
    seed: int = 0,
    **settings: Any,
) -> Masks:
    """Train a trained dense network further: sparse first, then dense again, in place.

    The sparse part keeps the same share of each layer. In the dense part the pruned weights
    start again from zero, with a smaller learning rate.

    Args:
        model: A network that was trained densely already.
        train: The images and labels.
        sparsity: Part of each layer's weights that is pruned, from 0 to below 1.
        sparse_epochs: Passes with masks.
        dense_epochs: Passes without.
        lr: Learning rate of the sparse part.
        dense_lr: Learning rate of the last part; None is a tenth of ``lr``, as in the paper.
        seed: Decides the order of the images and the augmentation.
        **settings: For `labcode.training.fit`, such as ``weight_decay`` and ``augment``.

    Returns:
        The masks of the sparse part; the model itself is dense again.

    Source: Han et al., "DSD" (arXiv:1607.04381), algorithm 1 and section 3.
    """
    if check_number("sparsity", sparsity, minimum=0.0) >= 1:
        raise ValueError(f"sparsity must be below 1, got {sparsity!r}")
    check_int("dense_epochs", dense_epochs)
    masks = prune_and_train(
        model,
        train,
        one_shot(1 - sparsity),
        epochs=sparse_epochs,
        scope="local",
        lr=lr,
        seed=seed,
        **settings,
    )
    last_lr = lr / 10 if dense_lr is None else dense_lr
    fit(model, train, epochs=dense_epochs, lr=last_lr, seed=seed + 1, **settings)
    return masks
