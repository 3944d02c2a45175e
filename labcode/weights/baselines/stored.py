"""The stored baselines: what they reach, and the networks themselves.

``make baselines`` trains them again and stores them (tools/baselines.py).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from labcode.weights import store
from labcode.weights.baselines.recipes import RECIPES, recipe
from labcode.weights.store import WeightsError
from labcode.weights.tensors import unpack


@dataclass(frozen=True)
class Result:
    """What one stored network reaches, measured with its stored (rounded) weights.

    Args:
        network: Name of the network.
        seed: Seed that it was trained from.
        dataset: Data set whose splits were used.
        validation_correct: Right answers on the validation split.
        validation_n: Images in the validation split.
        validation_loss: Mean cross-entropy on it, in nats.
        test_correct: Right answers on the test split.
        test_n: Images in the test split.
        test_loss: Mean cross-entropy on it, in nats.
        params: Number of parameters.
        macs: Multiply-adds for one image.
        bytes: Size of the file of weights on disk.
        cpu_seconds: Processor time of its training, all threads together, on the machine
            that `provenance` names.
        made_by: The function that trained it.
        file: Name of the file of weights.
        sha256: Checksum of that file.
    """

    network: str
    seed: int
    dataset: str
    validation_correct: int
    validation_n: int
    validation_loss: float
    test_correct: int
    test_n: int
    test_loss: float
    params: int
    macs: int
    bytes: int
    cpu_seconds: float
    made_by: str
    file: str
    sha256: str

    @property
    def test_accuracy(self) -> float:
        """Part of the test images that are right, from 0 to 1."""
        return self.test_correct / self.test_n

    @property
    def validation_accuracy(self) -> float:
        """Part of the validation images that are right, from 0 to 1."""
        return self.validation_correct / self.validation_n


def results(name: str | None = None) -> tuple[Result, ...]:
    """Return what the stored baselines reach, a row for each network and seed.

    Args:
        name: Keep the rows of this network alone; None keeps all.

    Returns:
        The rows; pandas.DataFrame(results()) makes them a table.

    Raises:
        ValueError: There is no baseline of this name.
        WeightsError: The manifest is missing or damaged.

    >>> sorted({row.seed for row in results("lenet5")})
    [0, 1, 2]
    """
    if name is not None:
        recipe(name)  # refuses a name that is unknown
    rows = [_result(file, known) for file, known in store.manifest().items() if "results" in known]
    rows.sort(key=lambda row: row.seed)
    names = RECIPES if name is None else (name,)
    return tuple(row for network in names for row in rows if row.network == network)


def _result(file: str, known: store.Entry) -> Result:
    own = ("network", "seed", "dataset", "bytes", "made_by", "sha256")
    try:
        return Result(file=file, **{key: known[key] for key in own}, **known["results"])
    except (KeyError, TypeError) as error:
        raise WeightsError(
            f"{store.MANIFEST} is damaged (results of {file}: {error}); run `make baselines`"
        ) from error


def provenance(name: str, *, seed: int = 0) -> dict[str, Any]:
    """Return how, when, where and with which versions a stored baseline was made.

    Args:
        name: "lenet5", "lenet_300_100" or "small_cnn".
        seed: Which of the trainings; 0, 1 or 2.

    Returns:
        "made_by" and "recipe"; "date", "versions", and what is known of the machine.

    Raises:
        ValueError: There is no such network or seed.
        WeightsError: The manifest is missing or damaged.

    >>> sorted(provenance("lenet5"))
    ['architecture', 'cores', 'date', 'made_by', 'recipe', 'system', 'threads', 'versions']
    """
    known = store.entry(_row(name, seed).file)
    about = ("bytes", "sha256", "network", "seed", "dataset", "results")  # see `results`
    return {key: fact for key, fact in known.items() if key not in about}


def load(name: str, *, seed: int = 0) -> nn.Module:
    """Return a trained baseline.

    Args:
        name: "lenet5", "lenet_300_100" or "small_cnn".
        seed: Which of the trainings; 0, 1 or 2.

    Returns:
        The network in evaluation mode, on the CPU, with float32 weights.

    Raises:
        ValueError: There is no such network or seed.
        WeightsError: The file of weights is missing or damaged.

    >>> model = load("lenet5", seed=0)
    >>> model(torch.zeros(1, 1, 28, 28)).shape
    torch.Size([1, 10])
    """
    row = _row(name, seed)
    with torch.random.fork_rng(devices=[]):  # the first weights are drawn and then replaced
        model = recipe(name).build()
    unpack(model, store.read(row.file), name=row.file)
    return model.eval()


def _row(name: str, seed: int) -> Result:
    rows = {row.seed: row for row in results(name)}
    if seed not in rows or isinstance(seed, bool):
        seeds = ", ".join(map(str, rows))
        raise ValueError(f"seed must be one of {seeds} for {name}, got {seed!r}")
    return rows[seed]
