"""Files for sparse weights: only what is not zero, and where it stands.

Two forms, both ordinary safetensors files:

- "csr": for each row the number of weights, for each weight its column (16 bits each; 32 where a
  row is longer than that can count);
- "relative": for each weight the number of zeros before it (8 bits); where more than 255 zeros
  come in a row, a filler weight of zero is stored.

The values of a weight stand under its own name, in its own dtype; what says where they stand,
under a short name behind it: ``conv1.weight.z`` for zeros, ``.c`` for columns, ``.n`` for numbers
in a row. The checksum is in `labcode.pruning.frame`.

The container of Deep Compression, which also shares values and codes them, is in
`labcode.coding`.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.parameter import is_lazy

from labcode._checks import check_choice
from labcode._refusals import not_stored
from labcode.pruning.frame import SparseFileError, frame, stored, unframe
from labcode.pruning.kinds import matrices
from labcode.pruning.places import FORMS, KEYS, Packer, Unpacker


def save_dense(model: nn.Module) -> bytes:
    """Return the model's weights as an ordinary safetensors file, zeros and all.

    Raises:
        ValueError: Something in the model's state is not a tensor, or of a dtype that the file
            cannot hold.
    """
    return frame({name: stored(name, tensor) for name, tensor in state_of(model).items()})


def save_sparse(model: nn.Module, form: str = "relative") -> bytes:
    """Return a file of a pruned model without its zeros.

    Args:
        model: Any network; the weights of convolutions, linear layers and other layers that
            multiply by weights are stored sparse, biases and all else dense.
        form: "csr" or "relative".

    Returns:
        The bytes of a safetensors file, with a checksum of them and of all names, shapes and
        dtypes. All values are exact; only a negative zero among a sparse weight comes back as
        zero, which it equals.

    Raises:
        ValueError: ``form`` is unknown, or something in the model's state is not a tensor, or of a
            dtype that the file cannot hold.

    >>> layer = nn.Linear(100, 100)
    >>> _ = layer.weight.data.masked_fill_(torch.rand(100, 100) < 0.9, 0.0)
    >>> len(save_sparse(layer)) < len(save_sparse(layer, "csr")) < len(save_dense(layer))
    True
    """
    pack = _form(form)[0]
    sparse, arrays = _sparse_names(model), {}
    for name, tensor in state_of(model).items():
        if name not in sparse:
            arrays[name] = stored(name, tensor)
            continue
        flat = tensor.flatten()
        places = (flat != 0).nonzero().flatten().numpy()
        parts = pack(places, _rows(tensor))
        values = torch.zeros(parts.pop("length")[0], dtype=flat.dtype)
        values[torch.from_numpy(parts.pop("own"))] = flat[torch.from_numpy(places)]
        arrays[name] = stored(name, values)
        for key, numbers in parts.items():
            arrays[f"{name}.{key}"] = stored(name, numbers)
    return frame(arrays, about(model, form))


def load_sparse(file: bytes, model: nn.Module, form: str = "relative") -> nn.Module:
    """Fill a model of the same architecture from a file, in place, exactly.

    Names, shapes, dtypes and the checksum are checked before the first weight is changed.

    Args:
        file: What `save_sparse` returned.
        model: A network of the same architecture.
        form: The form that the file was written in.

    Returns:
        The same model.

    Raises:
        SparseFileError: The file is damaged, was written in the other form, or belongs to
            another network; the model is as before.
        TypeError: ``file`` is not bytes.
        ValueError: ``form`` is unknown.

    >>> first, second = nn.Linear(3, 2), nn.Linear(3, 2)
    >>> torch.equal(load_sparse(save_sparse(first), second).weight, first.weight)
    True
    """
    if not isinstance(file, (bytes, bytearray, memoryview)):
        raise TypeError(f"file must be bytes, got {type(file).__name__}")
    unpack, sparse, like = _form(form)[1], _sparse_names(model), state_of(model)
    arrays, found = unframe(bytes(file), about(model, form)), {}
    for name, tensor in like.items():
        values = _taken(arrays, name)
        if values.dtype != tensor.dtype:
            raise SparseFileError(f"{name}: the file holds {values.dtype}, not {tensor.dtype}")
        if name in sparse:
            parts = {key: _taken(arrays, f"{name}.{key}") for key in KEYS[form]}
            places = unpack(parts, _rows(tensor), len(values))
            if places is None:
                raise SparseFileError(
                    f"{name}: the stored places do not fit a weight of {tuple(tensor.shape)}"
                )
            flat = torch.zeros(tensor.numel(), dtype=tensor.dtype)
            flat[torch.from_numpy(places)] = values
            values = flat
        if values.numel() != tensor.numel():
            raise SparseFileError(
                f"{name}: the file holds {values.numel()} values for {tuple(tensor.shape)}"
            )
        found[name] = values.view(tensor.shape)
    if arrays:
        raise SparseFileError(f"the file holds {sorted(arrays)[0]!r}, which this network has not")
    model.load_state_dict(found)
    return model


def state_of(model: nn.Module) -> dict[str, Tensor]:
    """Return a model's tensors by name, on the CPU.

    Raises:
        ValueError: Something in the model's state is not a tensor.
    """
    state = {}
    for name, tensor in model.state_dict().items():
        if not isinstance(tensor, Tensor) or tensor.is_quantized or is_lazy(tensor):
            kind = "quantized" if getattr(tensor, "is_quantized", False) else type(tensor).__name__
            raise ValueError(f"{name!r} of the model is not a plain tensor but {kind}: not stored")
        if why := not_stored(tensor):
            raise ValueError(f"{name!r} of the model {why}")
        state[name] = tensor.detach().cpu().contiguous()
    return state


def about(model: nn.Module, form: str) -> str:
    """Return what a file must be about: its form, and all names, shapes and dtypes."""
    state = state_of(model).items()
    return "\n".join([form, *(f"{name} {tuple(t.shape)} {t.dtype}" for name, t in state)])


def _sparse_names(model: nn.Module) -> set[str]:
    """Return the names of the weights that layers multiply by, tied ones under each name."""
    return {
        f"{name}.{own}" if name else own
        for name, layer in model.named_modules(remove_duplicate=False)
        for own, _ in matrices(layer)
    }


def _rows(tensor: Tensor) -> tuple[int, int]:
    """Return how many outputs a weight has, and how many values each."""
    return len(tensor), tensor.numel() // max(len(tensor), 1)


def _taken(arrays: dict[str, Tensor], name: str) -> Tensor:
    if name not in arrays:
        raise SparseFileError(f"the file holds no {name!r}, which this network has")
    return arrays.pop(name)


def _form(form: str) -> tuple[Packer, Unpacker]:
    return FORMS[check_choice("form", form, FORMS)]
