"""Int8 files of networks that users bring: right, or refused in one sentence."""

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from labcode import coding
from labcode.runtime import (
    ExportError,
    int8,
    onnx_logits,
    peak_activation_bytes,
    read_qdq,
    to_int8,
    to_onnx,
    trace_int8,
)

SHAPE = (3, 8, 8)
IMAGES = torch.rand(12, *SHAPE, generator=torch.Generator().manual_seed(0))


class SharedConv(nn.Module):
    """One convolution used twice, with a batch norm of its own each time."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 3, 3, padding=1, bias=False)
        self.first, self.second = nn.BatchNorm2d(3), nn.BatchNorm2d(3)
        nn.init.uniform_(self.first.weight, 1, 3)
        nn.init.uniform_(self.second.weight, 1, 3)

    def forward(self, x: Tensor) -> Tensor:
        return self.second(self.conv(F.relu(self.first(self.conv(x)))))


def seeded(build: object) -> nn.Module:
    torch.manual_seed(0)
    return build().eval()  # type: ignore[operator]


@pytest.mark.slow
@pytest.mark.parametrize(
    "build",
    [
        SharedConv,
        lambda: nn.Sequential(nn.utils.weight_norm(nn.Conv2d(3, 4, 3)), nn.BatchNorm2d(4)),
        lambda: nn.Sequential(
            nn.ConvTranspose2d(3, 4, 2, bias=False), nn.BatchNorm2d(4), nn.ReLU()
        ),
        lambda: nn.Sequential(nn.BatchNorm2d(3), nn.Conv2d(3, 6, 3, groups=3), nn.GroupNorm(2, 6)),
    ],
)
@pytest.mark.filterwarnings("ignore")  # PyTorch's old weight norm
def test_an_int8_file_answers_nearly_as_the_network(build) -> None:
    model = seeded(build)
    file = to_int8(model, IMAGES, batch=3)
    with torch.no_grad():
        wanted = model(IMAGES)
    got = onnx_logits(file, IMAGES, 3)
    assert float((got - wanted).norm() / wanted.norm()) < 0.1


@pytest.mark.parametrize("rest", [(), (nn.BatchNorm2d(6),)])
def test_transposed_groups_with_biases_are_named(rest) -> None:
    layer = nn.ConvTranspose2d(3, 6, 2, groups=3, bias=not rest)
    with pytest.raises(ExportError, match=r"^0 is a ConvTranspose2d with groups=3 and biases"):
        to_int8(nn.Sequential(layer, *rest, nn.ReLU()).eval(), IMAGES)


@pytest.mark.slow
def test_transposed_groups_without_biases_are_rounded() -> None:
    model = seeded(lambda: nn.Sequential(nn.ConvTranspose2d(3, 6, 2, groups=3, bias=False)))
    with torch.no_grad():
        wanted = model(IMAGES)
    got = onnx_logits(to_int8(model, IMAGES), IMAGES, 1)
    assert float((got - wanted).norm() / wanted.norm()) < 0.1


def test_an_image_that_is_not_finite_is_named() -> None:
    for bad in ("nan", "inf"):
        images = IMAGES.clone()
        images[5, 0, 3, 3] = float(bad)
        with pytest.raises(ValueError, match="image 5 of images holds NaN or infinity"):
            to_int8(nn.Conv2d(3, 4, 3), images)


@pytest.mark.slow
def test_an_int8_file_that_answers_otherwise_is_refused(monkeypatch) -> None:
    model = seeded(lambda: nn.Sequential(nn.Conv2d(3, 4, 3), nn.Flatten(), nn.Linear(144, 5)))
    other = seeded(lambda: nn.Sequential(nn.Flatten(), nn.Linear(192, 5)))
    monkeypatch.setattr(int8, "folded_and_left", lambda *_: (other, {}))
    with pytest.raises(
        ExportError, match=r"the int8 file of Sequential does not answer .* 0\.3 is"
    ):
        to_int8(model, IMAGES)
    monkeypatch.undo()
    monkeypatch.setattr(int8, "onnx_logits", lambda *_: torch.full((12, 5), float("nan")))
    with pytest.raises(ExportError, match="the int8 file of Sequential answers with NaN"):
        to_int8(model, IMAGES)


CHAINS = {
    "no bias": lambda: nn.Sequential(
        *(nn.Conv2d(3, 4, 3, bias=False), nn.ReLU(), nn.Flatten(), nn.Linear(144, 5, bias=False))
    ),
    "flat first": lambda: nn.Sequential(
        *(nn.Flatten(), nn.Linear(192, 200), nn.ReLU(), nn.Linear(200, 5))
    ),
    "pools": lambda: nn.Sequential(
        *(nn.MaxPool2d(2, stride=1), nn.Conv2d(3, 4, 3, padding="same"), nn.ReLU()),
        *(nn.MaxPool2d(3, 2, ceil_mode=True, dilation=1), nn.Flatten(), nn.Linear(36, 5)),
    ),
    "dilated pool": lambda: nn.Sequential(
        *(nn.Conv2d(3, 4, 1), nn.MaxPool2d(2, 2, dilation=2), nn.Flatten(), nn.Linear(36, 5))
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", CHAINS)
def test_a_file_is_read_back_and_needs_as_much_memory_as_in_float(name) -> None:
    model = seeded(CHAINS[name])
    file = to_int8(model, IMAGES, batch=3)
    network = read_qdq(file)
    np.testing.assert_allclose(network(IMAGES), onnx_logits(file, IMAGES, 3), atol=0.02)
    ours, theirs = network.trace(IMAGES[:3]), trace_int8(file, IMAGES[:3])
    for layer, values in theirs.items():
        assert float((ours[layer] != values).double().mean()) < 0.01
    assert list(theirs) == [layer.name for layer in network.layers]
    one = to_int8(model, IMAGES)
    assert peak_activation_bytes(one, bytes_each=1) == peak_activation_bytes(
        to_onnx(model, SHAPE), bytes_each=1
    )


@pytest.mark.slow
def test_memory_of_an_int8_file_by_hand() -> None:
    model = seeded(CHAINS["flat first"])
    assert peak_activation_bytes(to_int8(model, IMAGES), bytes_each=1) == 192 + 200


@pytest.mark.slow
def test_a_float_file_is_not_read_as_integers() -> None:
    with pytest.raises(ValueError, match="the file is not a QDQ file: nothing quantizes"):
        read_qdq(to_onnx(nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU()), SHAPE))


def test_the_report_of_zeros_alone_has_an_overhead() -> None:
    layer = nn.Linear(4, 2)
    nn.init.zeros_(layer.weight)
    nn.init.zeros_(layer.bias)
    found = coding.report(coding.pack(layer), layer)
    assert found.entropy_bytes == 0
    assert found.overhead == float("inf")
    assert found.ratio == 4 * 10 / found.total
