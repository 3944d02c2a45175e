"""Export: the file answers as the model does, or an error says why there is none."""

import numpy as np
import onnx
import pytest
import torch
from torch import nn

from labcode import data
from labcode.models import small_cnn
from labcode.runtime import (
    ExportError,
    compare_files,
    export,
    export_module,
    onnx_session,
    to_int8,
    to_onnx,
)
from labcode.weights.baselines import load


def answer(file: bytes, images: torch.Tensor) -> torch.Tensor:
    session = onnx_session(file)
    return torch.from_numpy(session.run(None, {session.get_inputs()[0].name: images.numpy()})[0])


@pytest.mark.slow
def test_a_file_answers_as_the_model_for_any_number_of_images() -> None:
    model = small_cnn().train()
    norm = next(module for module in model.modules() if isinstance(module, nn.BatchNorm2d))
    before = norm.running_mean.clone()
    file = to_onnx(model, (1, 28, 28), batch=None)
    assert model.training
    assert torch.equal(norm.running_mean, before)
    for n in (1, 2, 7):
        images = torch.rand(n, 1, 28, 28)
        with torch.inference_mode():
            expected = model.eval()(images)
        torch.testing.assert_close(answer(file, images), expected, rtol=1e-3, atol=1e-4)


@pytest.mark.slow
def test_a_file_for_one_image_refuses_two() -> None:
    file = to_onnx(nn.Sequential(nn.Flatten(), nn.Linear(4, 2)), (1, 2, 2))
    with pytest.raises(Exception, match="Got: 2 Expected: 1"):
        answer(file, torch.rand(2, 1, 2, 2))


class Wavering(nn.Module):
    """Takes another way for bright images: not one sequence of operations."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return the image, or its double."""
        return x if x.sum() > 0 else 2 * x


class Drifting(nn.Module):
    """Answers otherwise each time."""

    def __init__(self) -> None:
        """Begin at zero."""
        super().__init__()
        self.calls = 0

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return the image and the number of calls."""
        self.calls += 1
        return x + self.calls


class Twofold(nn.Module):
    """Returns two tensors."""

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Return the image twice."""
        return x, x


@pytest.mark.slow
@pytest.mark.parametrize(
    ("model", "words"),
    [
        (Wavering(), "Wavering cannot be exported: .*data-dependent"),
        (Drifting(), "^Drifting answers otherwise when the same inputs come again"),
        (Twofold(), "Twofold must return one tensor, but returned tuple"),
    ],
)
def test_what_cannot_be_exported_is_said(model: nn.Module, words: str, capfd) -> None:
    with pytest.raises(ExportError, match=words):
        to_onnx(model, (1, 4, 4))
    assert capfd.readouterr() == ("", "")


class Split(nn.Module):
    """Takes two tensors and returns their sum and their product."""

    def forward(self, x: torch.Tensor, y: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Return both."""
        return x + y, x * y


class DriftingProduct(Split):
    """The product is another at each call; the sum stays."""

    calls = 0

    def forward(self, x: torch.Tensor, y: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Return both."""
        self.calls += 1
        return x + y, x * y + self.calls


@pytest.mark.slow
def test_a_module_with_more_inputs_and_outputs_is_compared_output_by_output() -> None:
    x, y = torch.tensor([[1.0, 2.0]]), torch.tensor([[3.0, -4.0]])
    found = onnx_session(export_module(Split(), (x, y))).run(None, {"x": x.numpy(), "y": y.numpy()})
    assert [values.tolist() for values in found] == [[[4.0, -2.0]], [[3.0, -8.0]]]
    with pytest.raises(
        ExportError, match=r"^DriftingProduct answers otherwise when the same inputs come again"
    ):
        export_module(DriftingProduct(), (x, y))


@pytest.mark.slow
def test_pytorch_alone_would_write_the_file_of_a_network_that_drifts() -> None:
    file = export._file(Drifting(), (torch.zeros(1, 1, 4, 4),), any_batch=False)
    once = answer(file, torch.zeros(1, 1, 4, 4))
    torch.testing.assert_close(once, answer(file, torch.zeros(1, 1, 4, 4)))
    assert once.min() == once.max() >= 1  # the same number for ever


@pytest.mark.slow
def test_a_file_that_does_not_answer_as_the_model_is_refused(monkeypatch) -> None:
    other = to_onnx(nn.Sequential(nn.Hardtanh(0.0, 0.5)), (1, 4, 4))
    monkeypatch.setattr(export, "_file", lambda *_: other)
    with pytest.raises(ExportError, match="the file of Identity does not answer as the model does"):
        to_onnx(nn.Identity(), (1, 4, 4))


def test_a_model_that_does_not_take_the_images_is_named() -> None:
    said = r"^Sequential does not run on one tensor, \(1, 7, 5, 5\): .*channels"
    with pytest.raises(ExportError, match=said):
        to_onnx(nn.Sequential(nn.Conv2d(3, 4, 3)), (7, 5, 5))


def test_nonsense_is_refused_by_name() -> None:
    with pytest.raises(TypeError, match=r"model must be a torch\.nn\.Module, got str"):
        to_onnx("LeNet", (1, 28, 28))  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=r"input_shape\[1\]"):
        to_onnx(nn.Flatten(), (1, 0, 28))
    with pytest.raises(ValueError, match="tolerance"):
        to_onnx(nn.Flatten(), (1, 2, 2), tolerance=0.0)
    with pytest.raises(ValueError, match="at least one batch of 4, got 2"):
        to_int8(nn.Sequential(nn.Flatten(), nn.Linear(4, 2)), torch.rand(2, 1, 2, 2), batch=4)
    with pytest.raises(ValueError, match="files"):
        compare_files({}, data.load("mnist5k").test)


@pytest.mark.slow
def test_int8_is_a_quarter_of_the_bytes_and_answers_nearly_the_same() -> None:
    digits = data.load("mnist5k")
    model = load("small_cnn", seed=0)
    file = to_int8(model, digits.train.images[:100])
    stored = onnx.load_from_string(file).graph.initializer
    weights = [
        onnx.numpy_helper.to_array(t) for t in stored if t.data_type == onnx.TensorProto.INT8
    ]
    assert sum(w.size for w in weights if w.ndim > 1) == sum(
        p.numel() for p in model.parameters() if p.ndim > 1
    )
    assert max(int(np.abs(w).max()) for w in weights if w.ndim > 1) <= 64  # seven bits
    images = digits.test.images[:200]
    with torch.inference_mode():
        expected = model(images).argmax(dim=1)
    found = torch.cat([answer(file, image[None]) for image in images]).argmax(dim=1)
    assert (found == expected).float().mean() >= 0.98  # eight bits hardly move a decision


@pytest.mark.slow
def test_a_report_weighs_times_and_counts() -> None:
    digits = data.load("mnist5k")
    few = digits.test.subset(3)
    model = load("lenet_300_100", seed=0)
    file = to_onnx(model, (1, 28, 28))
    ticks = iter(np.arange(0.0, 1000.0, 0.001))
    table = compare_files(
        {"first": file, "second": file}, few, runs=5, clock=lambda: float(next(ticks))
    )
    with torch.inference_mode():
        right = (model(few.images).argmax(dim=1) == few.labels).float().mean()
    assert list(table.index) == ["first", "second"]
    assert table["accuracy"].tolist() == pytest.approx([float(right)] * 2)
    assert table["bytes"].tolist() == [len(file)] * 2
    assert table["gzip_bytes"].iloc[0] < len(file)
    assert table["times_faster"].tolist() == pytest.approx([1.0, 1.0])
