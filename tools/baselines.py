"""Train the baselines and store them: `make baselines`.

Every network is trained by its recipe (labcode/weights/baselines/recipes.py) on the training split
of mnist5k, once for each seed. Its weights are rounded to float16 and stored, and the stored
file is what is measured. The test split is used last, once, when all networks are trained.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from torch import nn

from labcode import cost, weights
from labcode.cost import Cost
from labcode.data import Dataset, load
from labcode.models.small_cnn import WIDTHS
from labcode.training import evaluate
from labcode.weights.baselines import RECIPES, Recipe, results

SEEDS = (0, 1, 2)
MADE_BY = "labcode.weights.baselines.Recipe.train"


@dataclass(frozen=True)
class Trained:
    """A network that was trained and stored, before it meets the test split."""

    recipe: Recipe
    seed: int
    model: nn.Module  # with the stored weights
    packed: bytes
    seconds: float  # of processor time

    @property
    def file(self) -> str:
        return f"{self.recipe.name}-seed{self.seed}.safetensors"


def train(recipe: Recipe, seed: int, data: Dataset) -> Trained:
    """Train one network, round it, and read the rounded weights back."""
    start = time.process_time()
    model, _ = recipe.train(data, seed=seed, device="cpu")
    seconds = time.process_time() - start
    metadata = {
        "format": "pt",
        "network": recipe.name,
        "seed": str(seed),
        "dataset": data.name,
        "input_shape": "x".join(map(str, data.input_shape)),
        "made_by": MADE_BY,
    }
    packed = weights.pack(model, metadata)
    stored = recipe.initial(data, seed=seed).eval()
    weights.unpack(stored, packed)
    return Trained(recipe, seed, stored, packed, seconds)


def predicted_cost(recipe: Recipe, data: Dataset) -> Cost:
    """Return the network's cost by formula; the tests compare it with the network."""
    channels, height, width = data.input_shape
    classes = len(data.classes)
    if recipe.name == "lenet_300_100":
        widths = [channels * height * width, 300, 100, classes]
        return sum((cost.linear(a, b) for a, b in pairwise(widths)), Cost(0, 0))
    if recipe.name == "small_cnn":
        return small_cnn_cost(channels, (height, width), classes)
    total = cost.conv2d(channels, 20, 5, (height, width), bias=True)
    total += cost.pool2d(total.output_size, 2)
    total += cost.conv2d(20, 50, 5, total.output_size, bias=True)
    total += cost.pool2d(total.output_size, 2)
    features = 50 * total.output_size[0] * total.output_size[1]
    return total + cost.linear(features, 500) + cost.linear(500, classes)


def small_cnn_cost(channels: int, size: tuple[int, int], classes: int) -> Cost:
    """Return what three blocks of convolution and batch norm and a linear layer cost."""
    total = Cost(0, 0, size)
    for before, after in pairwise([channels, *WIDTHS]):
        total += cost.conv2d(before, after, 3, total.output_size, padding=1)
        total += Cost(2 * after, 0, total.output_size)  # batch norm: a factor and an offset each
        total += cost.pool2d(total.output_size, 2)
    return total + cost.linear(WIDTHS[-1] * total.output_size[0] * total.output_size[1], classes)


def measured(trained: Trained, data: Dataset) -> dict[str, Any]:
    """Measure a stored network on the validation and the test split."""
    validation, test = evaluate(trained.model, data.validation), evaluate(trained.model, data.test)
    total = predicted_cost(trained.recipe, data)
    return {
        "validation_correct": validation.correct,
        "validation_n": validation.n,
        "validation_loss": round(validation.loss, 6),
        "test_correct": test.correct,
        "test_n": test.n,
        "test_loss": round(test.loss, 6),
        "params": total.params,
        "macs": total.macs,
        "cpu_seconds": round(trained.seconds, 1),
    }


def make(
    data: Dataset, recipes: list[Recipe], seeds: tuple[int, ...], root: Path | None = None
) -> None:
    """Train all, then measure all, then store all; other files stay."""
    networks = []
    for recipe in recipes:
        for seed in seeds:
            networks.append(train(recipe, seed, data))
            seen = evaluate(networks[-1].model, data.validation)
            print(
                f"{recipe.name} seed {seed}: {networks[-1].seconds:.0f} s, validation {seen}",
                flush=True,
            )
    found = [measured(network, data) for network in networks]  # the one look at the test split
    for network, numbers in zip(networks, found, strict=True):
        weights.keep(
            network.file,
            network.packed,
            network=network.recipe.name,
            seed=network.seed,
            dataset=data.name,
            made_by=MADE_BY,
            recipe=settings(network.recipe),
            results=numbers,
            root=root,
        )


def settings(recipe: Recipe) -> dict[str, Any]:
    """Return what decides how a network is trained, as plain values."""
    return {k: v for k, v in asdict(recipe).items() if k not in ("name", "build")}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", choices=list(RECIPES), help="one network; the others stay")
    options = parser.parse_args()
    recipes = [RECIPES[options.only]] if options.only else list(RECIPES.values())
    make(load("mnist5k"), recipes, SEEDS)
    for r in results(options.only):
        print(f"{r.network} seed {r.seed}: test {r.test_correct} of {r.test_n}, {r.bytes:,} bytes")


if __name__ == "__main__":
    main()
