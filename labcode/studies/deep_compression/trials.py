"""One network of one seed through the pipeline: rows for the stored tables."""

from __future__ import annotations

import copy
from pathlib import Path

from torch import nn

from labcode import data
from labcode.coding.container import pack, unpack
from labcode.coding.pipeline import SOFT, Guide, bits_of, prune, share, taught_by
from labcode.coding.report import report
from labcode.studies.deep_compression.kept import PAPER, leave
from labcode.studies.definition import Row
from labcode.training import evaluate
from labcode.weights import baselines
from labcode.weights.baselines import recipe

KEPT = (0.25, 0.08, 0.04, 0.025, 0.018, 0.013, 0.009)  # part of the weights after each round
EPOCHS = {"lenet5": 6, "lenet_300_100": 15}  # of training after each round
SHARE_EPOCHS = {"lenet5": 2, "lenet_300_100": 5}  # of the centroids


def curve_trial(
    network: str,
    seed: int,
    *,
    kept: tuple[float, ...] = KEPT,
    bits: int = 3,
    pressure: float = 0.5,
    soft: float = SOFT,
    n_train: int | None = None,
    files: Path | None = None,
) -> list[Row]:
    """Prune a baseline in rounds; after each, share the weights of a copy and pack it.

    Args:
        network: "lenet5" or "lenet_300_100".
        seed: Of the baseline; it decides all random numbers too.
        kept: Part of the weights that stay, round by round; nothing is packed after the first.
        bits: Bits of the codebooks of weights; biases have four.
        pressure: See `labcode.coding.pipeline.scores`.
        soft: Part of the loss that the dense network's soft labels have.
        n_train: Training images; None takes all.
        files: Where to keep the packed files; None keeps none.

    Returns:
        A row for each round but the first. The packed file was unpacked into a fresh network
        before its accuracies were taken.
    """
    images = data.load("mnist5k", n_train=n_train)
    dense = baselines.load(network, seed=seed)
    guide, model = taught_by(dense, network, soft=soft), copy.deepcopy(dense)
    rows = []
    for number, part in enumerate(kept):
        prune(
            model,
            images.train,
            guide,
            part,
            epochs=EPOCHS[network],
            seed=100 * seed + number,
            pressure=pressure,
        )
        if number:
            packed, row = _row(network, seed, images, guide, model, part, bits)
            leave(files, network, part, packed)
            rows.append(row)
    return rows


def _row(
    network: str,
    seed: int,
    images: data.Dataset,
    guide: Guide,
    pruned: nn.Module,
    part: float,
    bits: int,
) -> tuple[bytes, Row]:
    """Share and pack a copy of a pruned network; return the file and its facts."""
    model = copy.deepcopy(pruned)
    widths = paper_bits(model) if part == PAPER else bits_of(model, bits, 4)
    epochs = SHARE_EPOCHS[network]
    share(model, images.train, guide, widths, epochs=epochs, seed=seed)
    packed = pack(model)
    found = report(packed, model)
    again = unpack(packed, recipe(network).initial(images, seed=seed))
    before = {r.seed: r for r in baselines.results(network)}[seed]
    row = {
        "part": part,
        "weights": sum(int((p != 0).sum()) for p in model.parameters() if p.ndim > 1),
        "params": sum(int((p != 0).sum()) for p in model.parameters()),
        "validation_before": before.validation_accuracy,
        "validation_pruned": evaluate(pruned, images.validation).accuracy,
        "validation_accuracy": evaluate(again, images.validation).accuracy,
        "validation_loss": evaluate(again, images.validation).loss,
        "test_before": before.test_accuracy,
        "test_accuracy": evaluate(again, images.test).accuracy,
        "bytes_dense": 4 * found.parameters,
        "bytes_pruned": len(pack(pruned, indices="relative", coder="fixed")),
        "bytes_shared": len(pack(model, indices="relative", coder="fixed")),
        "bytes_huffman": len(pack(model, indices="relative", coder="huffman")),
        "bytes_rans": len(pack(model, indices="relative", coder="rans")),
        "bytes_on_disk": len(packed),
        "bytes_entropy": found.entropy_bytes,
        "ratio": found.ratio,
        "macs": before.macs,
    }
    return packed, row


def paper_bits(model: nn.Module) -> dict[str, int]:
    """Return the paper's bits: 8 for convolutions; 5 for LeNet-5's linear layers, 6 for others.

    Source: Deep Compression (arXiv:1510.00149), tables 2 and 3. Biases have 8 here.
    """
    linear = 5 if any(p.ndim == 4 for p in model.parameters()) else 6
    by_dimension = {4: 8, 2: linear, 1: 8}
    return {name: by_dimension[p.ndim] for name, p in model.named_parameters()}


def init_trial(
    network: str,
    seed: int,
    *,
    kept: float = PAPER,
    bits: tuple[int, ...] = (1, 2, 3, 4),
) -> list[Row]:
    """Prune once, then share with each start of k-means and several bits.

    Args:
        network: "lenet5" or "lenet_300_100".
        seed: Of the baseline; it decides all random numbers too.
        kept: Part of the weights that stay.
        bits: Bits of the codebooks.

    Returns:
        A row for each start and number of bits: accuracy before and after centroid training.
    """
    images, dense = data.load("mnist5k"), baselines.load(network, seed=seed)
    guide, model = taught_by(dense, network), copy.deepcopy(dense)
    for number, part in enumerate((KEPT[0], kept)):
        prune(model, images.train, guide, part, epochs=EPOCHS[network], seed=100 * seed + number)
    rows = []
    for width in bits:
        for init in ("linear", "density", "random"):
            row: Row = {"bits": width, "init": init}
            for epochs in (0, 2):
                shared = copy.deepcopy(model)
                widths = {n: width for n, p in model.named_parameters() if p.ndim > 1}
                share(shared, images.train, guide, widths, epochs=epochs, seed=seed, init=init)
                name = "trained" if epochs else "clustered"
                row[f"validation_{name}"] = evaluate(shared, images.validation).accuracy
                row[f"accuracy_{name}"] = evaluate(shared, images.test).accuracy
            rows.append(row)
    return rows
