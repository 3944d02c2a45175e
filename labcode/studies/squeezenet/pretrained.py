"""SqueezeNet pruned as its paper's Table 1 says, shared and packed; with real weights online."""

from __future__ import annotations

import contextlib
import io
import re
import socket
import tempfile
from collections.abc import Mapping

import torch
from torch import Tensor, nn

from labcode import coding, models
from labcode._checks import check_choice
from labcode._progress import wants_progress
from labcode.data.download import DownloadError
from labcode.papers import published
from labcode.quantization.weight_sharing import share_weights

VERSIONS = ("1.0", "1.1")


def kept_shares() -> dict[str, float]:
    """Return the share of the weights of each layer of SqueezeNet that the paper kept.

    Source: SqueezeNet (arXiv:1602.07360), Table 1, whose "sparsity" is what stays.

    >>> kept_shares()["conv10"], kept_shares()["features.fire2.expand3x3"]
    (0.2, 0.33)
    """
    table, shares = published.table("squeezenet"), {}
    rows = table[table["quantity"].str.startswith("kept fraction")]
    for module, printed in zip(rows["config"], rows["value"], strict=True):
        parts = ("squeeze", "expand1x1", "expand3x3") if module.startswith("fire") else ("",)
        kept = [int(share) / 100 for share in re.findall(r"(\d+)%", printed)]
        for part, share in zip(parts, kept, strict=True):
            shares[f"features.{module}.{part}" if part else module] = share
    return shares


def prune_as_printed(model: nn.Module, shares: Mapping[str, float]) -> int:
    """Set the smallest weights of each layer to zero, in place.

    Args:
        model: The network.
        shares: By layer, which share of the weights stays, rounded up.

    Returns:
        How many parameters are left: weights that are not zero, and all biases.
    """
    left = 0
    with torch.no_grad():
        for name, share in shares.items():
            layer = model.get_submodule(name)
            assert isinstance(layer, nn.Conv2d)
            weight = layer.weight
            keep = -(-round(100 * share) * weight.numel() // 100)
            chosen = weight.abs().flatten().topk(keep).indices
            mask = torch.zeros(weight.numel(), dtype=torch.bool)
            mask[chosen] = True
            weight *= mask.view_as(weight)
            left += keep + layer.out_channels
    return left


def compress(model: nn.Module, bits: int = 6) -> tuple[bytes, int]:
    """Prune a SqueezeNet to the printed shares, share its weights, and pack it, in place.

    Nothing is trained after, so the network is worse; its size is that of a file.

    Args:
        model: A network of `labcode.models.squeezenet`, of any version.
        bits: Of the codebook of each layer.

    Returns:
        The packed file, and how many parameters are left.
    """
    left = prune_as_printed(model, kept_shares())
    share_weights(model, {name: bits for name, p in model.named_parameters() if p.ndim > 1})
    return coding.pack(model), left


def from_torchvision(state: Mapping[str, Tensor], version: str) -> nn.Module:
    """Return our SqueezeNet with torchvision's weights, layer by layer in order.

    Raises:
        ValueError: The weights do not fit the network.
    """
    model = models.squeezenet(version=version)
    ours = model.state_dict()
    if [tuple(v.shape) for v in state.values()] != [tuple(v.shape) for v in ours.values()]:
        raise ValueError(f"these weights are not those of SqueezeNet {version}")
    model.load_state_dict(dict(zip(ours, state.values(), strict=True)))
    return model


def pretrained(version: str = "1.1", *, seconds: float = 60.0, url: str | None = None) -> nn.Module:
    """Return SqueezeNet with torchvision's weights, trained on ImageNet; they are downloaded.

    Args:
        version: "1.0" or "1.1".
        seconds: Without an answer, after which it gives up.
        url: Of the file; None is torchvision's own. Its name holds the start of its SHA-256,
            as in "squeezenet1_1-b8a52dc0.pth".

    Raises:
        DownloadError: There is no connection, or the file is not what was expected.
        ValueError: ``version`` is unknown.
    """
    import torchvision

    check_choice("version", version, VERSIONS)
    enum = f"SqueezeNet{version.replace('.', '_')}_Weights"
    source = getattr(torchvision.models, enum).IMAGENET1K_V1.url if url is None else url
    return from_torchvision(_download(source, seconds), version)


def _download(url: str, seconds: float) -> dict[str, Tensor]:
    """Return the weights in a file on the network, by PyTorch's own road."""
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(seconds)  # PyTorch sets none, and would wait for ever
    try:
        with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(io.StringIO()):
            return torch.hub.load_state_dict_from_url(
                url,
                model_dir=folder,
                map_location="cpu",
                progress=wants_progress(),
                check_hash=True,
                weights_only=True,
            )
    except Exception as error:  # no connection, a wrong checksum, a file of something else
        raise DownloadError(f"{url} cannot be had: {error or type(error).__name__}") from error
    finally:
        socket.setdefaulttimeout(before)
