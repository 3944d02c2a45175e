"""Rows about filters and neurons: what to remove, what remains, and the small network's chances."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from labcode.data import Split
from labcode.pruning import activity
from labcode.pruning.chain import chain_plan
from labcode.pruning.formats import save_dense
from labcode.pruning.importance import reversed_scores
from labcode.pruning.plan import silenced
from labcode.pruning.plan_costs import plan_cost
from labcode.pruning.selection import best_units
from labcode.pruning.surgery import cut
from labcode.studies import protocol
from labcode.studies.definition import Row
from labcode.studies.protocol import fine_tuning, scores
from labcode.training import evaluate, seeded
from labcode.weights import baselines

INPUT_SHAPE = (1, 28, 28)
FINE_TUNING_EPOCHS = {"lenet5": 8, "lenet_300_100": 15}
WIDTHS: dict[str, dict[str, dict[str, int]]] = {  # outputs that stay, layer by layer
    "lenet5": {
        "half": {"conv1": 10, "conv2": 25, "fc1": 250},
        "fifth": {"conv1": 4, "conv2": 10, "fc1": 100},
    },
    "lenet_300_100": {
        "tenth": {"fc1": 30, "fc2": 10},
        "thirtieth": {"fc1": 10, "fc2": 8},
    },
}
FRESH = ("scratch, short", "scratch, long")  # kinds that start from fresh weights
KEPT = (1.0, 0.8, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1, 0.05)


def unit_orders(model: nn.Module, layer: str, split: Split, seed: int) -> dict[str, Tensor]:
    """Return scores of a layer's units in several orders, by name.

    Args:
        model: A network.
        layer: Name of a convolution or linear layer.
        split: Images on which activity is measured.
        seed: Of the random order.

    Returns:
        Scores, higher for what stays. Activity only where a ReLU follows (linear layers here).
    """
    generator = torch.Generator().manual_seed(seed)
    norm = activity.unit_norms(model, p=1)[layer]
    orders = {"L1 norm": norm, "L2 norm": activity.unit_norms(model, p=2)[layer]}
    if isinstance(model.get_submodule(layer), nn.Linear):
        seldom_zero = 1 - activity.zero_share(model, split, [layer])[layer]
        orders["seldom zero"] = seldom_zero
        orders["mean activation"] = activity.mean_activation(model, split, [layer])[layer]
        orders["often zero (reversed)"] = -seldom_zero
    orders["random"] = torch.rand(len(norm), generator=generator)
    orders["L1 norm, reversed"] = -norm
    return orders


def unit_rows(network: str, layer: str, seed: int) -> list[Row]:
    """Silence units of one layer in several orders, without any training after it.

    Args:
        network: A baseline.
        layer: The layer whose filters or neurons go.
        seed: Of the baseline, and of the random order.

    Returns:
        A row for each order and kept share, with the accuracy on the test split.
    """
    digits, model = protocol.digits(), baselines.load(network, seed=seed)
    rows = []
    for order, ranks in unit_orders(model, layer, digits.train, seed).items():
        for kept in KEPT:
            stay = best_units({layer: ranks}, {layer: max(1, round(kept * len(ranks)))})
            pruned = silenced(model, chain_plan(model, stay, INPUT_SHAPE))
            accuracy = evaluate(pruned, digits.test).accuracy
            rows.append({"order": order, "kept": kept, "test_accuracy": accuracy})
    return rows


def random_rows(network: str, layer: str, draws: int, seed: int) -> list[Row]:
    """Silence units of one layer in random orders, without any training after it.

    Args:
        network: A baseline.
        layer: The layer whose filters or neurons go.
        draws: Number of random orders.
        seed: Of the baseline, and of the orders.

    Returns:
        A row for each order and kept share, with the accuracy on the test split.
    """
    digits, model = protocol.digits(), baselines.load(network, seed=seed)
    generator = torch.Generator().manual_seed(1000 + seed)  # not the one of `unit_orders`
    rows = []
    for draw in range(draws):
        ranks = torch.rand(len(activity.unit_norms(model)[layer]), generator=generator)
        for kept in KEPT[1:]:
            stay = best_units({layer: ranks}, {layer: max(1, round(kept * len(ranks)))})
            pruned = silenced(model, chain_plan(model, stay, INPUT_SHAPE))
            accuracy = evaluate(pruned, digits.test).accuracy
            rows.append({"draw": draw, "kept": kept, "test_accuracy": accuracy})
    return rows


def structured_row(network: str, width: str, kind: str, seed: int) -> Row:
    """Make a small network in one way and measure it.

    Args:
        network: A baseline.
        width: One of `WIDTHS` of that network.
        kind: "L1 norm", "L2 norm", "random" or "L1 norm, reversed": cut the trained network in
            that order and fine-tune it. "scratch, short": the same small network from fresh
            weights, with as many steps as the fine-tuning has. "scratch, long": with as many as
            training the large network and fine-tuning have together.
        seed: Of the baseline, the fresh weights and the order of the images.

    Returns:
        Validation and test accuracy, parameters, multiply-adds and bytes of the float32 file.
    """
    return structured(network, width, kind, seed)[1]


def rate_row(network: str, width: str, kind: str, lr: float, seed: int) -> Row:
    """Make a small network as `structured_row` does, at a learning rate of its own.

    Args:
        network: A baseline.
        width: One of `WIDTHS` of that network.
        kind: See `structured_row`.
        lr: Learning rate at the start.
        seed: Of the baseline, the fresh weights and the order of the images.

    Returns:
        Validation and test accuracy.
    """
    row = structured(network, width, kind, seed, lr=lr)[1]
    return {what: row[what] for what in ("validation_accuracy", "test_accuracy")}


def structured(
    network: str, width: str, kind: str, seed: int, **settings: float
) -> tuple[nn.Module, Row]:
    """Return the network of `structured_row` with its row.

    The settings stand in place of the baseline's own, such as ``lr``; see
    `labcode.training.fit`.
    """
    digits, counts = protocol.digits(), WIDTHS[network][width]
    epochs = FINE_TUNING_EPOCHS[network]
    if kind in FRESH:
        small = fresh(network, counts, seed)
        epochs += baselines.recipe(network).epochs if kind == "scratch, long" else 0
    else:
        small = cut_by(baselines.load(network, seed=seed), counts, kind, seed)
    how = fine_tuning(network) | settings
    protocol.train(small, digits.train, seed, epochs=epochs, **how)
    plan = chain_plan(small, {}, INPUT_SHAPE)
    spent = plan_cost(small, plan, INPUT_SHAPE)
    size = len(save_dense(small))
    costs = {"params": spent.params, "macs": spent.macs, "bytes_on_disk": size}
    return small, {"epochs": epochs} | scores(small, digits) | costs


def cut_by(model: nn.Module, counts: Mapping[str, int], kind: str, seed: int) -> nn.Module:
    """Return a network cut to so many outputs in each layer, in the order of a norm or chance.

    Args:
        model: A plain chain.
        counts: Name of a layer to the number of outputs that stay.
        kind: "L1 norm", "L2 norm", "random" or "L1 norm, reversed".
        seed: Of the random order.
    """
    ranks = activity.unit_norms(model, p=2 if kind == "L2 norm" else 1)
    if kind == "random":
        generator = torch.Generator().manual_seed(seed)
        ranks = {n: torch.rand(len(s), generator=generator) for n, s in ranks.items()}
    elif kind == "L1 norm, reversed":
        ranks = reversed_scores(ranks)
    elif kind not in ("L1 norm", "L2 norm"):
        raise ValueError(f"kind must be a norm or 'random', got {kind!r}")
    plan = chain_plan(model, best_units(ranks, counts), INPUT_SHAPE)
    return cut(model, plan, INPUT_SHAPE)


def fresh(network: str, counts: Mapping[str, int], seed: int) -> nn.Module:
    """Return an untrained network of the cut network's architecture, with its own first weights.

    Weights start as the baselines' do: uniform in ±sqrt(3 / fan_in), biases at zero.
    """
    from labcode.models.lenet5 import init_like_caffe

    whole = baselines.recipe(network).build()
    small = cut_by(whole, counts, "L1 norm", seed)
    seeded(lambda: init_like_caffe(small), 2000 + seed)
    return small
