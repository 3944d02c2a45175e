"""Trained weights that come with the course: one folder of files, and a manifest that names each.

>>> from labcode import weights
>>> len(weights.packed("lenet5", 0.018))  # bytes of LeNet-5 after Deep Compression
8240
"""

from labcode.weights.exits import load_exits
from labcode.weights.imagenet import load_efficientnet_lite
from labcode.weights.store import WeightsError, keep, packed, read
from labcode.weights.tensors import pack, unpack

__all__ = [
    "WeightsError",
    "keep",
    "load_efficientnet_lite",
    "load_exits",
    "pack",
    "packed",
    "read",
    "unpack",
]
