"""Int8 products on this processor, against exact sums and a model of sums in 16 bits."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from labcode.quantization import saturated_product
from labcode.runtime import int8_product, saturates
from tests.examples import examples


@settings(max_examples=examples(30))
@given(st.integers(1, 5), st.integers(1, 40), st.integers(1, 9), st.integers(0, 2**31))
def test_the_runtimes_product_is_exact_or_saturates_in_pairs(images, halves, outputs, seed):
    torch.manual_seed(seed)
    x = torch.randint(0, 256, (images, 2 * halves))
    weight = torch.randint(-128, 128, (outputs, 2 * halves))
    expected = saturated_product(x, weight) if saturates() else x @ weight.T
    assert torch.equal(int8_product(x, weight).long(), expected.long())
    small = weight.clamp(-64, 64)  # 7 bits: safe everywhere
    assert torch.equal(saturated_product(x, small).long(), x @ small.T)
    assert torch.equal(int8_product(x, small).long(), x @ small.T)


def test_saturation_cuts_a_pair_at_16_bits_and_nothing_else():
    x, weight = torch.tensor([[255, 255, 255, 0]]), torch.tensor([[127, 127, -128, 5]])
    pairs = [np.clip(255 * 127 * 2, -(2**15), 2**15 - 1), 255 * -128]
    assert saturated_product(x, weight).item() == sum(pairs)
    with pytest.raises(ValueError, match="integers must have an even number of inputs, got 3"):
        saturated_product(x[:, :3], weight[:, :3])
