"""The memory that an ONNX file needs between its operations, against counts by hand."""

import pytest
import torch
from torch import nn

from labcode.models import lenet5
from labcode.runtime import peak_activation_bytes, to_onnx


def peak(model: nn.Module, shape: tuple[int, int, int], **settings: int) -> int:
    return peak_activation_bytes(to_onnx(model, shape), **settings)


@pytest.mark.slow
def test_peak_activation_memory_by_hand() -> None:
    # LeNet-5's first pooling reads 20 x 24 x 24 values and writes 20 x 12 x 12.
    assert peak(lenet5(), (1, 28, 28)) == 4 * (20 * 24 * 24 + 20 * 12 * 12)
    assert peak(lenet5(), (1, 28, 28), bytes_each=1) == 20 * 24 * 24 + 20 * 12 * 12
    wide = nn.Sequential(nn.Flatten(), nn.Linear(12, 1000), nn.ReLU(), nn.Linear(1000, 1))
    assert peak(wide, (3, 2, 2)) == 4 * (12 + 1000)


@pytest.mark.slow
def test_what_a_skip_connection_carries_takes_memory() -> None:
    class Skip(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.wide, self.back = nn.Conv2d(2, 7, 1), nn.Conv2d(7, 2, 1)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return x + self.back(torch.relu(self.wide(x)))

    # While ``back`` runs, 2 channels are carried, 7 are read and 2 are written.
    assert peak(Skip(), (2, 5, 5)) == 4 * 25 * (2 + 7 + 2)


@pytest.mark.slow
def test_a_file_without_shapes_is_refused() -> None:
    file = to_onnx(nn.Sequential(nn.Conv2d(1, 2, 3), nn.MaxPool2d(2)), (1, 6, 6), batch=None)
    with pytest.raises(ValueError, match="no shape is known"):
        peak_activation_bytes(file)
