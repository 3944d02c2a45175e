"""Which network the page *Bring your own* works on: named by the environment, or the course's."""

from __future__ import annotations

import os
from pathlib import Path

import torch
from torch import nn

from labcode import weights
from labcode.command.errors import CommandError
from labcode.command.models import model_named

NETWORK, WEIGHTS = "LABCODE_NETWORK", "LABCODE_WEIGHTS"
DEFAULT = "EfficientNet-Lite0"


def chosen() -> str:
    """Return the name of the network that the environment asks for; `DEFAULT` if it asks for none.

    >>> chosen()
    'EfficientNet-Lite0'
    """
    return os.environ.get(NETWORK, "").strip() or DEFAULT


def network(
    name: str | None = None, *, weights_file: str | os.PathLike[str] | None = None
) -> nn.Module:
    """Return a network, in evaluation mode; nothing is downloaded.

    Args:
        name: "timm:NAME", "torchvision:NAME", "package.module:function" or "path/file.py:function"
            as `python -m labcode count` takes them, or "EfficientNet-Lite0". None takes what the
            environment variable LABCODE_NETWORK names, and EfficientNet-Lite0 if it is not set.
        weights_file: A file that `torch.save` made of the network's `state_dict`. None takes what
            LABCODE_WEIGHTS names. Without one, networks of torchvision and timm have random
            weights, always the same, and EfficientNet-Lite0 its trained ones.

    Raises:
        FileNotFoundError: There is no such file of weights.
        ValueError: There is no such network, or the file is not one of its weights.

    >>> type(network("torchvision:squeezenet1_1")).__name__
    'SqueezeNet'
    """
    wanted = chosen() if name is None else name
    if wanted == DEFAULT:
        model: nn.Module = weights.load_efficientnet_lite()
    else:
        try:
            with torch.random.fork_rng(devices=[]):
                torch.manual_seed(0)
                model = model_named(wanted)
        except CommandError as error:
            raise ValueError(str(error)) from error
    file = weights_file or os.environ.get(WEIGHTS, "").strip()
    if file:
        _fill(model, Path(file).expanduser(), wanted)
    return model.eval()


def _fill(model: nn.Module, file: Path, name: str) -> None:
    """Load a file of weights into a network."""
    if not file.is_file():
        raise FileNotFoundError(f"there is no file of weights {file}")
    try:
        state = torch.load(file, map_location="cpu", weights_only=True)
    except Exception as error:  # whatever the reader of the file raises
        line = str(error).strip().partition("\n")[0]
        raise ValueError(f"{file} is not a file of weights: {line}") from error
    for key in ("state_dict", "model_state_dict", "model"):  # how training scripts wrap them
        if isinstance(state, dict) and isinstance(state.get(key), dict):
            state = state[key]
    try:
        model.load_state_dict(state)
    except Exception as error:
        lines = [line.strip() for line in str(error).splitlines() if line.strip()]
        raise ValueError(f"{file} does not fit {name}: {lines[-1][:200]}") from error
