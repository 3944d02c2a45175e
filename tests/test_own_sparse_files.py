"""Sparse files of any network: exact to the bit, and no damaged or foreign file is taken."""

import random

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.torch import load
from torch import nn

from labcode.models import lenet5
from labcode.pruning import SparseFileError, load_sparse, save_dense, save_sparse
from tests.examples import examples

FORMS = ("csr", "relative")
DTYPES = (torch.float64, torch.float32, torch.float16, torch.bfloat16)


def bits(tensor):
    """The tensor's bytes, with 0.0 for -0.0."""
    plain = tensor + 0 if tensor.is_floating_point() else tensor
    return plain.detach().contiguous().flatten().view(torch.uint8).tolist()


def tied(dtype):
    net = nn.Sequential(nn.Linear(8, 8), nn.ReLU(), nn.Linear(8, 8)).to(dtype)
    net[2].weight = net[0].weight
    return net


MAKERS = (
    lambda dtype: nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.Linear(30, 7)).to(dtype),
    lambda dtype: nn.ConvTranspose2d(4, 6, 3, groups=2).to(dtype),
    lambda dtype: nn.MultiheadAttention(8, 2, kdim=3).to(dtype),
    lambda dtype: nn.LSTM(5, 4, bidirectional=True).to(dtype),
    lambda dtype: nn.utils.parametrizations.weight_norm(nn.Linear(9, 5)).to(dtype),
    lambda dtype: nn.Sequential(nn.Embedding(5, 4), nn.Conv1d(4, 3, 2)).to(dtype),
    lambda dtype: nn.Linear(600, 2, bias=False).to(dtype),
    tied,
)


@settings(max_examples=examples(80))
@given(
    st.sampled_from(MAKERS), st.sampled_from(DTYPES), st.sampled_from(FORMS),
    st.sampled_from([0.0, 0.003, 0.2, 1.0]), st.integers(0, 10**6),
)  # fmt: skip
def test_every_bit_comes_back(make, dtype, form, density, seed):
    torch.manual_seed(seed)
    model, other = make(dtype), make(dtype)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.mul_(torch.rand(parameter.shape) < density)
        for buffer in model.buffers():
            buffer.copy_(torch.rand(buffer.shape) * 9)
    load_sparse(save_sparse(model, form), other, form)
    for (name, a), b in zip(model.state_dict().items(), other.state_dict().values(), strict=True):
        assert a.dtype == b.dtype
        assert bits(a) == bits(b), name


@pytest.mark.parametrize("columns", [65_535, 65_536, 65_537, 200_000])
@pytest.mark.parametrize("density", [0.0001, 1.0])
def test_rows_longer_than_16_bits_count(columns, density):
    model, other = nn.Linear(columns, 2), nn.Linear(columns, 2)
    with torch.no_grad():
        model.weight.mul_(torch.rand(2, columns) < density)
        model.weight[0, -1] = 1.0  # in the last column
    for form in FORMS:
        load_sparse(save_sparse(model, form), other, form)
        assert torch.equal(model.weight, other.weight)


def test_nan_and_infinity_come_back():
    model = nn.Linear(3, 1, bias=False)
    model.weight.data = torch.tensor([[torch.nan, 0.0, -torch.inf]])
    back = load_sparse(save_sparse(model), nn.Linear(3, 1, bias=False))
    assert bits(back.weight) == bits(model.weight)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    "other",
    [
        nn.Linear(20, 5), nn.Linear(10, 6), nn.Linear(5, 10), nn.Linear(10, 5, bias=False),
        nn.Linear(10, 5, dtype=torch.float64), nn.Sequential(nn.Linear(10, 5)), nn.ReLU(),
        nn.Conv2d(10, 5, 1),
    ],
    ids=str,
)  # fmt: skip
def test_another_network_is_refused_and_left_alone(other, form):
    file = save_sparse(nn.Linear(10, 5), form)
    before = {name: tensor.clone() for name, tensor in other.state_dict().items()}
    with pytest.raises(SparseFileError, match="checksum is wrong"):
        load_sparse(file, other, form)
    assert all(torch.equal(before[name], t) for name, t in other.state_dict().items())


def damaged(file, rng):
    """A file with flipped bits, a cut, something more, something moved or zeroed."""
    data, place = bytearray(file), rng.randrange(len(file))
    kind = rng.randrange(7)
    if kind == 0:
        data[place] ^= 1 << rng.randrange(8)
    elif kind == 1:
        del data[place:]
    elif kind == 2:
        del data[place : place + rng.randint(1, 9)]
    elif kind == 3:
        data[place:place] = rng.randbytes(rng.randint(1, 9))
    elif kind == 4:
        data += rng.choice([b"\0", b" ", rng.randbytes(8)])
    elif kind == 5:
        data[place : place + 16] = bytes(len(data[place : place + 16]))
    else:
        end = min(200, len(data))
        data[rng.randrange(end)] = rng.randrange(256)
    return bytes(data)


@pytest.mark.slow
@pytest.mark.parametrize("form", FORMS)
def test_none_of_thousands_of_damaged_files_is_taken(form):
    rng = random.Random(form)
    model = nn.Sequential(nn.Conv2d(2, 3, 3), nn.BatchNorm2d(3), nn.Linear(30, 4))
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.mul_(torch.rand(parameter.shape) < 0.2)
    file = save_sparse(model, form)
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    tried = 0
    for bit in range(8 * 400):  # the whole header's start, bit by bit, the checksum's own too
        flipped = bytearray(file)
        flipped[bit // 8] ^= 1 << bit % 8
        with pytest.raises(SparseFileError):
            load_sparse(bytes(flipped), model, form)
    while tried < 3000:
        bad = damaged(file, rng)
        if bad != file:
            tried += 1
            with pytest.raises(SparseFileError):
                load_sparse(bad, model, form)
    assert all(torch.equal(before[name], t) for name, t in model.state_dict().items())
    load_sparse(file, model, form)


@settings(max_examples=examples(300))
@given(st.binary(max_size=300))
def test_any_bytes_are_refused_with_the_one_error(data):
    for start in (b"", save_sparse(nn.Linear(2, 2))[:60]):
        with pytest.raises(SparseFileError):
            load_sparse(start + data, nn.Linear(2, 2))


def test_the_other_form_and_no_bytes_are_refused():
    model = nn.Linear(5, 3)
    with pytest.raises(SparseFileError, match="another form"):
        load_sparse(save_sparse(model, "csr"), model, "relative")
    with pytest.raises(TypeError, match="file must be bytes, got list"):
        load_sparse([], model)


def test_what_a_file_cannot_hold_is_named():
    lazy = nn.Sequential(nn.LazyLinear(2))
    with pytest.raises(ValueError, match=r"'0\.weight' of the model is not a plain tensor"):
        save_sparse(lazy)
    model = nn.Linear(2, 2)
    model.register_buffer("wave", torch.zeros(2, dtype=torch.complex64))
    with pytest.raises(ValueError, match=r"'wave' must have one of the dtypes .*complex64"):
        save_sparse(model)


@pytest.mark.parametrize("form", FORMS)
def test_a_checksum_makes_no_file_of_the_course_longer(form):
    """A file had this header before it had a checksum: the parts' names in full."""
    model, full = lenet5(), {"z": "zeros", "c": "columns", "n": "counts"}
    file = save_sparse(model, form)
    arrays = load(file)
    names = {
        name: f"{name[:-1]}{full[name[-1]]}" if name[-2:-1] == "." else name for name in arrays
    }
    values = {name: f"{name}.values" for name in names if name.endswith(".weight")}
    from safetensors.torch import save

    assert len(file) == len(save({(names | values)[n]: a for n, a in arrays.items()}))


@pytest.mark.parametrize("dtype", DTYPES)
def test_dense_files_hold_any_dtype(dtype):
    model = nn.Linear(3, 2, dtype=dtype)
    assert torch.equal(load(save_dense(model))["weight"], model.weight)
