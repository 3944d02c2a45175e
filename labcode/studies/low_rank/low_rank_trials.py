"""Trials of low-rank layers: cut out of a trained network, mended, or trained from scratch."""

from __future__ import annotations

from torch import Tensor, nn

from labcode import counting
from labcode._checks import check_choice
from labcode.data import Dataset
from labcode.low_rank import layer_inputs, output_svd
from labcode.models import low_rank_linear, truncated_svd
from labcode.studies import protocol
from labcode.studies.definition import Row
from labcode.studies.protocol import fine_tuning, scores
from labcode.training import seeded
from labcode.weights import baselines

RANKS = (1, 2, 4, 8, 16, 32, 64, 128)
LONG_RANKS = (2, 8)
FEW_RANKS = (2, 8, 32)
CUTS = ("weights", "answers")  # what the low-rank layer is closest in
WAYS = ("cut", "short", "long")  # cut out of a trained network, or from scratch
EPOCHS = (
    8  # of fine-tuning; a network from scratch gets as many ("short") or those of both ("long")
)


def first_linear(model: nn.Module) -> nn.Linear:
    """Return the network's layer ``fc1``."""
    layer = model.get_submodule("fc1")
    assert isinstance(layer, nn.Linear)
    return layer


def cut_network(network: str, closest: str, rank: int, seed: int) -> nn.Module:
    """Return a baseline whose ``fc1`` is replaced by its closest layer of a rank.

    Args:
        network: "lenet_300_100" or "lenet5".
        closest: What it is closest in: "weights", or "answers" on the training images.
        rank: Singular values that stay.
        seed: Of the baseline.

    Raises:
        ValueError: ``closest`` is neither, or the rank is out of range.
    """
    model = baselines.load(network, seed=seed)
    return cut_first_layer(model, closest, rank, protocol.digits().train.images)


def cut_first_layer(model: nn.Module, closest: str, rank: int, images: Tensor) -> nn.Module:
    """Replace a network's ``fc1`` by its closest layer of a rank, in place.

    Args:
        model: With a linear layer ``fc1``.
        closest: See `cut_network`.
        rank: Singular values that stay.
        images: Training images, for the layer that is closest in its answers.

    Returns:
        The same network.

    Raises:
        ValueError: ``closest`` is neither, or the rank is out of range.
    """
    check_choice("closest", closest, CUTS)
    layer = first_linear(model)
    if closest == "weights":
        model.fc1 = truncated_svd(layer, rank)
    else:
        model.fc1 = output_svd(layer, layer_inputs(model, "fc1", images), rank)
    return model


def mend(
    model: nn.Module,
    network: str,
    digits: Dataset,
    seed: int,
    epochs: int = EPOCHS,
    **settings: float,
) -> None:
    """Train a network on, in place, with the recipe of its baseline but for the settings."""
    recipe = fine_tuning(network) | settings
    protocol.train(model, digits.train, seed, epochs=epochs, **recipe)


def cut_rows(network: str, closest: str, rank: int, seed: int, mended: bool) -> list[Row]:
    """Cut a baseline's first linear layer to a rank, and score it before and after training.

    Args:
        network: "lenet_300_100" or "lenet5".
        closest: "weights" or "answers".
        rank: Singular values that stay.
        seed: Of the baseline, and of the order of the images.
        mended: Whether to fine-tune the cut network, for a second row.

    Returns:
        A row with epochs 0, and one with the epochs of the fine-tuning.
    """
    digits, model = protocol.digits(), cut_network(network, closest, rank, seed)
    params = {"params": counting.count(model, digits.input_shape).params}
    rows = [params | {"epochs": 0} | scores(model, digits)]
    if mended:
        mend(model, network, digits, seed)
        rows.append(params | {"epochs": EPOCHS} | scores(model, digits))
    return rows


def rate_row(network: str, way: str, rank: int, lr: float, seed: int) -> Row:
    """Train a network with a thin first layer at a learning rate of its own.

    Args:
        network: "lenet_300_100" or "lenet5".
        way: One of `WAYS`: what its first weights are, and how long it trains.
        rank: Rank of the first linear layer.
        lr: Learning rate at the start.
        seed: Of the baseline or of the first weights, and of the order of the images.

    Raises:
        ValueError: There is no such way.
    """
    if check_choice("way", way, WAYS) == "cut":
        model, epochs = cut_network(network, "answers", rank, seed), EPOCHS
    else:
        model, epochs = thin_network(network, rank, seed), scratch_epochs(network, way)
    digits = protocol.digits()
    mend(model, network, digits, seed, epochs, lr=lr)
    return scores(model, digits)


def thin_network(network: str, rank: int, seed: int) -> nn.Module:
    """Return the untrained network of a seed whose ``fc1`` is a pair of thin layers."""
    model = baselines.recipe(network).initial(protocol.digits(), seed=seed)
    full = first_linear(model)
    inputs, outputs = full.in_features, full.out_features
    model.fc1 = seeded(
        lambda: low_rank_linear(in_features=inputs, out_features=outputs, rank=rank), seed
    )
    return model


def scratch_epochs(network: str, budget: str) -> int:
    """Return the passes of a training from scratch; see `scratch_row` for the budgets."""
    return EPOCHS + (baselines.recipe(network).epochs if budget == "long" else 0)


def scratch_row(network: str, rank: int, seed: int, budget: str) -> Row:
    """Train the same shape from random weights.

    Args:
        network: "lenet_300_100" or "lenet5".
        rank: Rank of the first linear layer.
        seed: Decides the first weights and the order of the images.
        budget: "short" takes the steps of the fine-tuning, "long" those of the baseline's
            training as well.
    """
    digits, model = protocol.digits(), thin_network(network, rank, seed)
    epochs = scratch_epochs(network, budget)
    mend(model, network, digits, seed, epochs)
    params = counting.count(model, digits.input_shape).params
    return {"params": params, "epochs": epochs} | scores(model, digits)
