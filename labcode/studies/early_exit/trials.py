"""The experiments on dynamic networks, each as a function of a setting and a seed.

`tables` has their settings. Networks of one seed and design start from
the same weights, see the same batches in the same order, and take the same number of steps.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache, partial
from typing import Any

import torch
from safetensors.torch import save
from torch import Tensor, nn

from labcode import counting
from labcode._checks import check_choice
from labcode.counting import count_parameters
from labcode.data.dataset import Dataset, Split
from labcode.early_exit import budgets
from labcode.early_exit.probes import add_probes
from labcode.early_exit.rules import RULES, certainty
from labcode.early_exit.training import METHODS, accuracies, fit_exits, fit_widths
from labcode.models import exit_cnn, exit_macs, msd_net
from labcode.models.exit_cnn import CHANNELS
from labcode.models.exit_network import ExitNetwork, Trunk
from labcode.models.slimmable_cnn import SlimmableCNN, slimmable_cnn
from labcode.studies.definition import Row
from labcode.studies.protocol import digits, rounded, scores
from labcode.training import eval_mode, fit, seeded
from labcode.weights import baselines

ALONE = "last exit alone"  # the control; its early exits are linear probes
DESIGNS: dict[str, Callable[..., ExitNetwork]] = {
    "wide chain": exit_cnn,
    "narrow chain": partial(exit_cnn, channels=(4, 4, 8, 8)),
    "multi-scale": partial(msd_net, growth=2, stem=4),  # about as many multiply-adds as it
}
STEPS = 500  # in the experiments on harm
BATCH_SIZE = 64
LR = 5e-3
RATES = (2e-3, 5e-3, 1e-2, 2e-2, 4e-2, 8e-2)  # searched with early exits and without
WEIGHT_DECAY = 0.05
EPOCHS = 15  # with all training images, and augmentation
CHOSEN = "equal weights"  # the method of the network that the chapters use
SHARES = (0.08, 0.1, 0.13, 0.16, 0.2, 0.25, 0.3, 0.4, 0.5, 0.6, 0.8, 1.0)  # of all multiply-adds
BATCH = 100  # images that share a budget


def initial(design: str, seed: int, **settings: Any) -> ExitNetwork:
    """Return an untrained network of one of `DESIGNS`; the caller's random state stays."""
    build = DESIGNS[check_choice("design", design, DESIGNS)]
    return seeded(lambda: build(**settings), seed)


def harm_network(
    design: str,
    method: str,
    seed: int,
    *,
    grid: int = 1,
    n_train: int = 3500,
    steps: int = STEPS,
    lr: float = LR,
    images: Dataset | None = None,
    probes: bool = True,
) -> ExitNetwork:
    """Train a network by one of `METHODS`, or with its last exit alone; no augmentation.

    Args:
        design: One of `DESIGNS`.
        method: One of `METHODS`, or `ALONE`, whose early exits are then linear probes.
        seed: Of the first weights and the order of the images.
        grid: Means a side that an exit looks at; 1 sees the mean of each channel alone.
        n_train: Training images.
        steps: Steps of training, rounded to whole epochs.
        lr: Learning rate at the start.
        images: What to train on; None is the digits, of which ``n_train`` are taken.
        probes: Whether the early exits of `ALONE` are trained afterwards; the last is the same.

    Raises:
        ValueError: There is no such design or method.
    """
    network, train = initial(design, seed, grid=grid), (images or digits(n_train)).train
    settings: dict[str, Any] = {
        "epochs": max(1, round(steps / -(-len(train) // BATCH_SIZE))),
        "batch_size": BATCH_SIZE,
        "lr": lr,
        "weight_decay": WEIGHT_DECAY,
        "seed": seed,
        "device": "cpu",
    }
    if method == ALONE:
        fit(network, train, **settings)
        return (add_probes(network, train, seed=seed) if probes else network).eval()
    if method not in METHODS:
        raise ValueError(f"method must be {ALONE!r} or one of {list(METHODS)}, got {method!r}")
    fit_exits(network, train, METHODS[method], **settings)
    return network.eval()


def harm_rows(
    design: str, method: str, seed: int, grid: int = 1, n_train: int = 3500, steps: int = STEPS
) -> list[Row]:
    """Return the accuracy of each exit of `harm_network`, a row an exit (numbered from 1)."""
    network = harm_network(design, method, seed, grid=grid, n_train=n_train, steps=steps)
    data, macs = digits(n_train), exit_macs(network)
    validation, test = (exit_accuracies(network, s) for s in (data.validation, data.test))
    return [
        {"exit": k + 1, "macs": macs[k], "validation_accuracy": v, "test_accuracy": t}
        for k, (v, t) in enumerate(zip(validation, test, strict=True))
    ]


def tuning_row(design: str, method: str, seed: int, lr: float) -> Row:
    """Return the last exit's accuracy on the validation split at a learning rate."""
    network = harm_network(design, method, seed, lr=lr)
    return {"validation_accuracy": exit_accuracies(network, digits().validation)[-1]}


def exit_accuracies(network: ExitNetwork, split: Split) -> Sequence[float]:
    """Return the accuracy of each exit on a split, if all images left there."""
    return accuracies(logits_of(network, split.images), split.labels)


@torch.no_grad()
def logits_of(network: Any, images: Tensor) -> Tensor:
    """Return the logits of all exits or widths, (rows, N, classes), in evaluation mode."""
    with eval_mode(network):
        return torch.cat([network.all_logits(part) for part in torch.split(images, 250)], dim=1)


def full_settings(seed: int) -> dict[str, Any]:
    """Return the settings of all trainings with the whole training split."""
    return {
        "epochs": EPOCHS,
        "batch_size": BATCH_SIZE,
        "lr": LR,
        "weight_decay": WEIGHT_DECAY,
        "augment": baselines.recipe("small_cnn").augment,
        "seed": seed,
        "device": "cpu",
    }


@cache
def trained(seed: int) -> ExitNetwork:
    """Train the chain with its exits on all training images; its weights fit into float16."""
    network = initial("wide chain", seed)
    fit_exits(network, digits().train, METHODS[CHOSEN], **full_settings(seed))
    return rounded(network)


def exits_rows(seed: int) -> list[Row]:
    """Choose thresholds on the validation split for many budgets, and look at the test split.

    Returns:
        A row for each exit (all images leave there), and one for each way to choose and each
        share of the full cost: a shared threshold for each rule, fixed shares, and batches of
        100 that spend a budget on the least sure images or on random ones.
    """
    network, data = trained(seed), digits()
    macs = exit_macs(network)
    held, seen = (logits_of(network, s.images) for s in (data.validation, data.test))
    right, truth = held.argmax(2) == data.validation.labels, seen.argmax(2) == data.test.labels
    rows = [
        _row(f"exit {k + 1}", 1.0, budgets.outcome_at(_everyone(k, right), right, macs),
             budgets.outcome_at(_everyone(k, truth), truth, macs))
        for k in range(len(macs))
    ]  # fmt: skip
    for share in SHARES:
        budget = share * macs[-1]
        for rule in RULES:
            known, new = certainty(held, rule), certainty(seen, rule)
            limits: Any = budgets.shared_threshold(known, macs, budget)
            rows.append(_outcomes(rule, share, known, right, new, truth, macs, limits))
        known, new = certainty(held), certainty(seen)
        limits = budgets.share_thresholds(known, macs, budget)
        rows.append(_outcomes("fixed shares", share, known, right, new, truth, macs, limits))
        rows += batch_rows(share, new, truth, macs, seed)
    return rows


def batch_rows(
    share: float, scores: Tensor, right: Tensor, macs: Sequence[int], seed: int
) -> list[Row]:
    """Spend a budget over batches of the test split, on the least sure images and at random."""
    rows = []
    parts = list(zip(torch.split(scores, BATCH, 1), torch.split(right, BATCH, 1), strict=True))
    for name, luck in (("batch, least sure", None), ("batch, random", seed)):
        taken = [
            budgets.spend(s, macs, share * macs[-1] * s.shape[1], random=luck) for s, _ in parts
        ]
        found = budgets.outcome_at(torch.cat(taken), right, macs)
        rows.append(_row(name, share, None, found))
    return rows


def _everyone(exit_number: int, right: Tensor) -> Tensor:
    return torch.full(right.shape[1:], exit_number)


def _outcomes(
    kind: str,
    share: float,
    held: Tensor,
    held_right: Tensor,
    seen: Tensor,
    seen_right: Tensor,
    macs: Sequence[int],
    limits: float | Sequence[float],
) -> Row:
    first = budgets.outcome(held, held_right, macs, limits)
    second = budgets.outcome(seen, seen_right, macs, limits)
    limits = limits if isinstance(limits, Sequence) else [limits] * (len(macs) - 1)
    named = {f"threshold_{k + 1}": value for k, value in enumerate(limits)}
    return _row(kind, share, first, second) | named


def _row(kind: str, share: float, held: budgets.Outcome | None, seen: budgets.Outcome) -> Row:
    before = held and {"validation_accuracy": held.accuracy, "validation_macs": held.macs}
    return {"kind": kind, "share": share, "test_accuracy": seen.accuracy, "macs": seen.macs} | (
        before or {}
    )


def family_row(width: float, seed: int) -> Row:
    """Train a network without early exits at one width, on all training images."""
    network = initial("wide chain", seed, channels=[round(c * width) for c in CHANNELS])
    plain = Trunk(network)
    fit(plain, digits().train, **full_settings(seed))
    return report(rounded(plain))


def slim_rows(switchable: bool, seed: int) -> list[Row]:
    """Train one slimmable network on all training images; rows for each width.

    Returns:
        Two rows a width: with the batch norms' statistics as training left them, and after
        `SlimmableCNN.measure_statistics` took those of the training images at this width. The
        latter is the fair chance for norms that the widths share.
    """
    network = slim_network(switchable, seed)
    rows = []
    for width in network.widths:
        network.width = width
        rows.append({"width": width, "measured_anew": False} | report(network))
    for width in network.widths:
        network.width = width
        network.measure_statistics(digits().train.images)
        rows.append({"width": width, "measured_anew": True} | report(network))
    return rows


def slim_network(switchable: bool, seed: int, **changes: Any) -> SlimmableCNN:
    """Train a slimmable network on all training images; its weights fit into float16."""
    network = seeded(lambda: slimmable_cnn(switchable=switchable), seed)
    fit_widths(network, digits().train, **(full_settings(seed) | changes))
    rounded(network)
    return network


def report(model: nn.Module) -> Row:
    """Return accuracies, parameters, multiply-adds and the bytes of a float32 file."""
    return scores(model, digits()) | {
        "params": count_parameters(model),
        "macs": counting.count(model, digits().input_shape).macs,
        "bytes_on_disk": len(save(model.state_dict())),
    }
