"""Files for sparse weights: only what is not zero, and where it stands.

Two forms, both ordinary safetensors files with nothing but weights in float32:

- "csr": for each row the number of weights, for each weight its column (16 bits);
- "relative": for each weight the number of zeros before it (8 bits); where more than 255 zeros
  come in a row, a filler weight of zero is stored.

The container of Deep Compression, which also shares values and codes them, is in
`labcode.coding`.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.numpy import load as load_arrays
from safetensors.numpy import save as save_arrays
from torch import Tensor, nn

from labcode._checks import check_choice
from labcode.pruning.masks import prunable

Arrays = dict[str, NDArray[np.generic]]


def save_dense(model: nn.Module) -> bytes:
    """Return the model's weights as an ordinary float32 safetensors file, zeros and all."""
    return save_arrays({name: _array(tensor) for name, tensor in model.state_dict().items()})


def save_sparse(model: nn.Module, form: str = "relative") -> bytes:
    """Return a file of a pruned model without its zeros.

    Args:
        model: Any network; the weights of convolutions and linear layers are stored sparse,
            biases and all else dense.
        form: "csr" or "relative".

    Returns:
        The bytes of a safetensors file.

    Raises:
        ValueError: ``form`` is unknown, or a layer has too many inputs for 16 bits.

    >>> layer = nn.Linear(100, 100)
    >>> _ = layer.weight.data.masked_fill_(torch.rand(100, 100) < 0.9, 0.0)
    >>> len(save_sparse(layer)) < len(save_sparse(layer, "csr")) < len(save_dense(layer))
    True
    """
    pack = _form(form)[0]
    sparse = prunable(model)
    arrays: Arrays = {}
    for name, tensor in model.state_dict().items():
        if name in sparse:
            rows = _array(tensor).reshape(len(tensor), -1)  # (outputs, inputs)
            arrays |= {f"{name}.{key}": value for key, value in pack(rows).items()}
        else:
            arrays[name] = _array(tensor)
    return save_arrays(arrays)


def load_sparse(file: bytes, model: nn.Module, form: str = "relative") -> nn.Module:
    """Fill a model of the same architecture from a file, in place, exactly.

    Args:
        file: What `save_sparse` returned.
        model: A network of the same architecture.
        form: The form that the file was written in.

    Returns:
        The same model.

    Raises:
        KeyError: A weight is not in the file.
        ValueError: ``form`` is unknown, or the stored places do not fit the layer.
    """
    unpack = _form(form)[1]
    arrays, sparse, state = load_arrays(file), prunable(model), {}
    for name, tensor in model.state_dict().items():
        if name in sparse:
            parts = {
                key[len(name) + 1 :]: a for key, a in arrays.items() if key.startswith(f"{name}.")
            }
            rows = unpack(parts, (len(tensor), tensor[0].numel()), name)
            state[name] = torch.from_numpy(rows).view(tensor.shape)
        else:
            state[name] = torch.from_numpy(arrays[name]).view(tensor.shape)
    model.load_state_dict(state)
    return model


def _array(tensor: Tensor) -> NDArray[np.float32]:
    return np.ascontiguousarray(tensor.detach().cpu().numpy())


def _to_csr(rows: NDArray[np.float32]) -> Arrays:
    if rows.shape[1] > 2**16:
        raise ValueError(f"columns of 16 bits go up to {2**16} inputs, got {rows.shape[1]}")
    places = np.nonzero(rows)
    counts = np.bincount(places[0], minlength=len(rows)).astype(np.uint16)
    return {"values": rows[places], "columns": places[1].astype(np.uint16), "counts": counts}


def _from_csr(parts: Arrays, shape: tuple[int, int], name: str) -> NDArray[np.float32]:
    rows = np.zeros(shape, np.float32)
    where = np.repeat(np.arange(len(parts["counts"])), parts["counts"].astype(np.int64))
    columns = parts["columns"].astype(np.int64)
    if len(parts["counts"]) != shape[0] or (len(columns) and columns.max() >= shape[1]):
        raise ValueError(f"{name}: the stored places do not fit a weight of {shape}")
    rows[where, columns] = parts["values"]
    return rows


def _to_relative(rows: NDArray[np.float32]) -> Arrays:
    flat = rows.ravel()
    steps = np.diff(np.flatnonzero(flat), prepend=-1)  # 1 where the next weight follows at once
    fillers = (steps - 1) // 256  # each stands for 255 zeros and itself
    values = np.zeros(len(steps) + int(fillers.sum()), np.float32)
    zeros = np.full(len(values), 255, np.uint8)
    own = np.cumsum(fillers + 1) - 1  # where the weights stand among the fillers
    values[own], zeros[own] = flat[flat != 0], (steps - 1) % 256
    return {"values": values, "zeros": zeros}


def _from_relative(parts: Arrays, shape: tuple[int, int], name: str) -> NDArray[np.float32]:
    flat = np.zeros(shape[0] * shape[1], np.float32)
    places = np.cumsum(parts["zeros"].astype(np.int64) + 1) - 1
    if len(places) and places[-1] >= len(flat):
        raise ValueError(f"{name}: the stored places do not fit a weight of {shape}")
    flat[places] = parts["values"]
    return flat.reshape(shape)


Packer = Callable[[NDArray[np.float32]], Arrays]
Unpacker = Callable[[Arrays, tuple[int, int], str], NDArray[np.float32]]
_FORMS: dict[str, tuple[Packer, Unpacker]] = {
    "csr": (_to_csr, _from_csr),
    "relative": (_to_relative, _from_relative),
}


def _form(form: str) -> tuple[Packer, Unpacker]:
    return _FORMS[check_choice("form", form, _FORMS)]
