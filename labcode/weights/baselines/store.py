"""The stored baselines: weights as safetensors in float16, and what they reach.

``make baselines`` trains them again and writes these files (tools/baselines.py).
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load as load_tensors
from safetensors.torch import save as pack_tensors
from torch import Tensor, nn

from labcode.weights.baselines.recipes import recipe

RESULTS = "results.json"


class BaselineError(RuntimeError):
    """A stored baseline is missing or damaged."""


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
        BaselineError: The stored results are missing or damaged.

    >>> sorted({row.seed for row in results("lenet5")})
    [0, 1, 2]
    """
    if name is not None:
        recipe(name)  # refuses a name that is unknown
    try:
        rows = tuple(Result(**row) for row in _stored()["rows"])
    except (KeyError, TypeError) as error:
        raise BaselineError(f"{RESULTS} is damaged ({error}); run `make baselines`") from error
    return tuple(row for row in rows if name in (None, row.network))


def provenance() -> dict[str, Any]:
    """Return when, where and with which versions the stored baselines were made.

    Returns:
        "date", "machine", "versions" and "recipes", as plain values.

    Raises:
        BaselineError: The stored results are missing or damaged.

    >>> sorted(provenance())
    ['date', 'machine', 'recipes', 'versions']
    """
    return {key: value for key, value in _stored().items() if key != "rows"}


def load(name: str, *, seed: int = 0) -> nn.Module:
    """Return a trained baseline.

    Args:
        name: "lenet5", "lenet_300_100" or "small_cnn".
        seed: Which of the trainings; 0, 1 or 2.

    Returns:
        The network in evaluation mode, on the CPU, with float32 weights.

    Raises:
        ValueError: There is no such network or seed.
        BaselineError: The file of weights is missing or damaged.

    >>> model = load("lenet5", seed=0)
    >>> model(torch.zeros(1, 1, 28, 28)).shape
    torch.Size([1, 10])
    """
    rows = {row.seed: row for row in results(name)}
    if seed not in rows or isinstance(seed, bool):
        seeds = ", ".join(map(str, rows))
        raise ValueError(f"seed must be one of {seeds} for {name}, got {seed!r}")
    row = rows[seed]
    with torch.random.fork_rng(devices=[]):  # the first weights are drawn and then replaced
        model = recipe(name).build()
    unpack(model, _read(row.file), expected_sha256=row.sha256, name=row.file)
    return model.eval()


def pack(model: nn.Module, metadata: Mapping[str, str]) -> bytes:
    """Return the model's weights, rounded to float16, as a safetensors file.

    Args:
        model: A model whose values all fit into float16 (below 65,504).
        metadata: Kept in the file's header.

    Returns:
        The bytes of the file.

    Raises:
        ValueError: A value is too large for float16.
    """
    half = {name: tensor.detach().cpu().half() for name, tensor in model.state_dict().items()}
    for name, tensor in half.items():
        if not bool(tensor.isfinite().all()):
            raise ValueError(f"{name} holds a value that does not fit into float16")
    return pack_tensors({k: v.contiguous() for k, v in half.items()}, dict(metadata))


def unpack(
    model: nn.Module, packed: bytes, *, expected_sha256: str | None = None, name: str = "weights"
) -> None:
    """Load packed weights into a model, in place, as the model's own dtype.

    Args:
        model: The network that the weights belong to.
        packed: What `pack` returned.
        expected_sha256: Checksum to verify; None verifies none.
        name: What to call the file in an error.

    Raises:
        BaselineError: The bytes are damaged or belong to another network.
    """
    if expected_sha256 is not None and sha256(packed) != expected_sha256:
        raise BaselineError(
            f"{name} is damaged: its checksum is not the stored one; install labcode again, "
            f"or run `make baselines` in a clone"
        )
    try:
        tensors: dict[str, Tensor] = load_tensors(packed)
        model.load_state_dict(tensors)
    except (SafetensorError, RuntimeError) as error:
        cause = " ".join(str(error).split())
        raise BaselineError(
            f"{name} does not hold the weights of a {type(model).__name__}: {cause}"
        ) from error


def sha256(packed: bytes) -> str:
    """Return the checksum of a file's bytes."""
    return hashlib.sha256(packed).hexdigest()


def _stored() -> dict[str, Any]:
    try:
        found = json.loads(_read(RESULTS))
    except ValueError as error:
        raise BaselineError(f"{RESULTS} is damaged ({error}); run `make baselines`") from error
    if not isinstance(found, dict):
        raise BaselineError(f"{RESULTS} is damaged (no object); run `make baselines`")
    return found


def _read(name: str) -> bytes:
    try:
        return _folder().joinpath(name).read_bytes()
    except OSError as error:
        raise BaselineError(
            f"{name} is missing from the stored baselines; install labcode again, "
            f"or run `make baselines` in a clone"
        ) from error


def _folder() -> Path:
    """Return where the baselines are stored, inside the installed package."""
    return Path(os.fspath(files("labcode.weights.baselines") / "stored"))  # type: ignore[call-overload]
