"""SqueezeNet pruned as its paper's Table 1 says, shared and packed; with real weights online."""

from __future__ import annotations

import hashlib
import io
import re
import threading
import time
import urllib.request
from collections.abc import Mapping

import torch
from torch import Tensor, nn

from labcode import coding, models
from labcode._checks import check_choice
from labcode.data.download import DownloadError
from labcode.papers import published
from labcode.quantization.weight_sharing import share_weights

MAX_BYTES = 20 * 2**20  # the file has 5 MB; more is something else
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
        seconds: After which it gives up, whatever happens.
        url: Of the file; None is torchvision's own. Its name holds the start of its SHA-256.

    Raises:
        DownloadError: There is no connection, or the file is not what was expected.
        ValueError: ``version`` is unknown.
    """
    import torchvision

    check_choice("version", version, VERSIONS)
    enum = f"SqueezeNet{version.replace('.', '_')}_Weights"
    source = getattr(torchvision.models, enum).IMAGENET1K_V1.url if url is None else url
    data = _fetch(source, seconds)
    found = re.search(r"-([0-9a-f]{8,})\.", source)
    if not found or not hashlib.sha256(data).hexdigest().startswith(found.group(1)):
        raise DownloadError(f"{source} is damaged: its SHA-256 is not the one in its name")
    return from_torchvision(torch.load(io.BytesIO(data), weights_only=True), version)


def _fetch(url: str, seconds: float) -> bytes:
    """Read a file in a thread of its own: looking up a name may hang longer than any timeout."""
    done: list[bytes | Exception] = []
    end = time.monotonic() + seconds

    def read() -> None:
        try:
            with urllib.request.urlopen(url, timeout=min(seconds, 10.0)) as answer:
                parts = bytearray()
                while time.monotonic() < end and (part := answer.read(2**16)):
                    parts += part
                    if len(parts) > MAX_BYTES:
                        raise OSError(f"more than {MAX_BYTES:,} bytes")
            done.append(bytes(parts))
        except Exception as error:  # whatever goes wrong belongs to the caller
            done.append(error)

    worker = threading.Thread(target=read, daemon=True)
    worker.start()
    worker.join(seconds)
    if not done:
        raise DownloadError(f"{url} did not come within {seconds:g} seconds")
    if isinstance(done[0], Exception):
        raise DownloadError(f"{url} cannot be had: {done[0]}") from done[0]
    return done[0]
