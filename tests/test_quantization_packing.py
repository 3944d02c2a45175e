"""Packed bits come back, and a packed network is the network."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from labcode.quantization import (
    PackingError,
    fold_batch_norm,
    integer_weights,
    pack_bits,
    pack_model,
    quant_layers,
    quantize_model,
    to_integer,
    unpack_bits,
    unpack_model,
)
from labcode.weights import baselines
from tests.examples import examples

SHAPE = (1, 28, 28)
IMAGES = torch.rand(20, *SHAPE, generator=torch.Generator().manual_seed(0))


@settings(max_examples=examples(200))
@given(st.data(), st.integers(1, 16))
def test_packed_bits_come_back(data, bits):
    values = data.draw(st.lists(st.integers(0, 2**bits - 1), max_size=70))
    packed = pack_bits(torch.tensor(values, dtype=torch.int64), bits)
    assert len(packed) == -(-len(values) * bits // 8)
    # The same number in one piece: the first integer holds the lowest bits.
    assert int.from_bytes(packed, "little") == sum(v << (bits * i) for i, v in enumerate(values))
    assert unpack_bits(packed, bits, len(values)).tolist() == values


@pytest.mark.parametrize(("bits", "dtype"), [(8, "<u1"), (16, "<u2")])
def test_whole_bytes_are_numpys(bits, dtype):
    values = torch.randint(0, 2**bits, (100,))
    assert pack_bits(values, bits) == values.numpy().astype(np.dtype(dtype)).tobytes()


def packed_case(bits: int, weights: str = "mse", activations: int | None = 8):
    model = baselines.load("lenet5")
    quantized = quantize_model(
        model, IMAGES, weight_bits=bits, activation_bits=activations, weights=weights
    )
    return model, quantized, pack_model(quantized)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("bits", "weights"), [(8, "mse"), (5, "mse"), (4, "mse"), (2, "ternary"), (1, "mse")]
)
def test_a_packed_network_is_the_network(bits, weights):
    model, quantized, packed = packed_case(bits, weights)
    back = unpack_model(packed, model)
    for name, layer in quant_layers(quantized).items():
        before, after = integer_weights(layer), integer_weights(quant_layers(back)[name])
        assert torch.equal(before.integers, after.integers)
        torch.testing.assert_close(before.scale, after.scale, rtol=1e-5, atol=0)
        assert before.bits == after.bits == bits
    with torch.no_grad():
        torch.testing.assert_close(back(IMAGES), quantized(IMAGES), rtol=1e-3, atol=1e-3)
    integers, again = (to_integer(m, SHAPE).trace(IMAGES) for m in (quantized, back))
    for name in ("image", "conv1", "conv2", "fc1"):
        assert (integers[name] - again[name]).abs().max() <= 1


@pytest.mark.slow
@pytest.mark.parametrize("bits", [8, 4, 2, 1])
def test_every_byte_is_accounted_for(bits):
    _, quantized, packed = packed_case(bits)
    weights = sum(
        -(-layer.weight.numel() * bits // 8) for layer in quant_layers(quantized).values()
    )
    channels = 20 + 50 + 500 + 10
    header = int.from_bytes(packed[:4], "little")
    assert len(packed) == 8 + header + weights + channels * (4 + 4)  # scales and biases
    assert header < 500


def test_without_biases_and_quantized_inputs_there_is_less():
    model = torch.nn.Sequential(torch.nn.Linear(784, 3, bias=False))
    quantized = quantize_model(model, IMAGES.flatten(1), weight_bits=3, activation_bits=None)
    back = unpack_model(pack_model(quantized), model)
    assert back[0].bias is None
    assert back[0].input_quantizer is None
    x = IMAGES.flatten(1)
    torch.testing.assert_close(back(x), quantized(x))


def test_a_folded_batch_norm_network_packs_too():
    model = fold_batch_norm(baselines.load("small_cnn"), SHAPE)
    quantized = quantize_model(model, IMAGES, weight_bits=4)
    torch.testing.assert_close(
        unpack_model(pack_model(quantized), model)(IMAGES), quantized(IMAGES), rtol=1e-3, atol=1e-3
    )


def test_bad_arguments_are_named():
    model, _, packed = packed_case(4)
    with pytest.raises(ValueError, match="integers must be from 0 to 3, got -1 to 3"):
        pack_bits(torch.tensor([3, -1]), 2)
    with pytest.raises(
        ValueError, match="packed must have 2 bytes for 5 integers of 3 bits, got 1"
    ):
        unpack_bits(b"a", 3, 5)
    with pytest.raises(ValueError, match="model must come from quantize_model"):
        pack_model(model)
    with pytest.raises(PackingError, match="packed holds the layers"):
        unpack_model(packed, baselines.load("lenet_300_100"))
    with pytest.raises(
        PackingError, match="conv1 of the model is not a layer like that of the file"
    ):
        unpack_model(packed, baselines.recipe("lenet5").build(in_channels=3))
