"""ONNX Runtime's own int8: make such a file, and let it answer."""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from labcode._checks import check_choice, check_int
from labcode.quantization.calibration import check_images
from labcode.quantization.comparison import answers, check_same, mean_gap
from labcode.quantization.folding import folded_and_left
from labcode.quantization.plain import called, plain_copy, refuse_compiled
from labcode.quantization.unfolded import Transposed
from labcode.runtime.export import ExportError, log_level, said, to_onnx
from labcode.runtime.session import onnx_session

COMPARED = 16  # images that the file and the model answer before it is handed over
# Measured: 0.01 to 0.05 for networks from LeNet-5 to MobileNetV2. An answer of zeros is off by 1,
# and an answer that has nothing to do with the wanted one by about 1.4.
TOLERANCE = 0.3
WEIGHTED = ("Conv", "ConvTranspose", "Gemm", "MatMul")
RANGES = {"min-max": "MinMax", "percentile": "Percentile", "kl": "Entropy"}


def to_int8(
    model: nn.Module,
    images: Tensor,
    *,
    batch: int = 1,
    ranges: str = "min-max",
    reduce_range: bool = True,
) -> bytes:
    """Return a model as an int8 ONNX file: static quantization, calibrated on real images.

    Batch norm is folded into the convolutions before it. Weights are int8, symmetric, with one
    scale for each output channel; activations are uint8, affine; biases are int32. The file is in
    QDQ form: float operations between pairs of QuantizeLinear and DequantizeLinear, which the
    runtime turns into integer operations.

    Args:
        model: A module with one tensor in and one out; it is left as it was.
        images: Calibration images, as the network will meet them, shape (N, C, H, W).
        batch: Images in one run; the file takes no other number.
        ranges: "min-max", "percentile" or "kl".
        reduce_range: Whether the weights use 7 of their 8 bits. Then the answers are the same on
            every processor, see `labcode.runtime.saturates`.

    Returns:
        The bytes of the file, which was run on the first images and compared with the model.

    Raises:
        ExportError: The model cannot be exported, or the file does not answer nearly as it does.
        ValueError: ``ranges`` is unknown, an image is not finite, or there are fewer images than
            ``batch``.

    Source: onnxruntime.quantization.quantize_static.
    """
    from onnxruntime import quantization as ort

    check_choice("ranges", ranges, RANGES)
    if len(images) < check_int("batch", batch):
        raise ValueError(f"images must be at least one batch of {batch}, got {len(images)}")
    refuse_compiled(model)
    check_images(images)
    shape = images.shape[1:]
    float_file = to_onnx(_folded(model, shape), shape, batch=batch)
    _refuse_two_kinds(float_file)
    with tempfile.TemporaryDirectory() as folder, said(type(model).__name__):
        source, target = Path(folder) / "float.onnx", Path(folder) / "int8.onnx"
        source.write_bytes(float_file)
        # The root logger takes the quantizer's advice to preprocess: batch norm is folded already.
        with log_level("root", logging.ERROR):
            ort.quantize_static(
                source,
                target,
                _reader(images, batch, source),
                quant_format=ort.QuantFormat.QDQ,
                per_channel=True,
                reduce_range=reduce_range,
                activation_type=ort.QuantType.QUInt8,
                weight_type=ort.QuantType.QInt8,
                calibrate_method=getattr(ort.CalibrationMethod, RANGES[ranges]),
            )
        file = target.read_bytes()
    _compare(model, file, images, batch)
    return file


def _folded(model: nn.Module, shape: Sequence[int]) -> nn.Module:
    """Fold the batch norms of a copy, on the CPU; what folding says is why there is no file."""
    try:
        folded, _ = folded_and_left(plain_copy(model).cpu(), shape)  # a norm that stays is in float
    except ValueError as error:
        raise ExportError(str(error)) from error
    for name, layer in folded.named_modules():
        if isinstance(layer, Transposed) and layer.groups > 1 and layer.bias is not None:
            raise ExportError(
                f"{called(name)} is a {type(layer).__name__} with groups={layer.groups} and "
                "biases, a batch norm's included, for which ONNX Runtime's quantizer has no scales"
            )
    return folded


def _refuse_two_kinds(file: bytes) -> None:
    """Refuse a weight that operations of two kinds use: its output channels are not one axis."""
    import onnx

    users: dict[str, str] = {}
    graph = onnx.load_from_string(file).graph
    stored = {tensor.name for tensor in graph.initializer}
    for node in graph.node:
        for weight in stored.intersection(node.input[1:2] if node.op_type in WEIGHTED else ()):
            other = users.setdefault(weight, node.op_type)
            if other != node.op_type:
                raise ExportError(
                    f"{weight} is the weight of a {other} and of a {node.op_type}, and no scale "
                    "for each output channel fits both"
                )


def _compare(model: nn.Module, file: bytes, images: Tensor, batch: int) -> None:
    """Refuse a file that does not answer nearly as the model does."""
    shown = images[: batch * -(-COMPARED // batch)].cpu()  # whole batches
    shown = shown[: len(shown) // batch * batch]
    name, plain = type(model).__name__, plain_copy(model).cpu()
    found = [answers(plain, part) for part in torch.split(shown, batch)]
    wanted = [torch.cat(parts) for parts in zip(*found, strict=True)]
    check_same(
        f"the int8 file of {name}",
        name,
        wanted,
        [onnx_logits(file, shown, batch)],
        tolerance=TOLERANCE,
        measure=mean_gap,
        error=ExportError,
    )


def _reader(images: Tensor, batch: int, source: Path) -> Any:
    """Return what hands the runtime its calibration images, batch by batch."""
    import onnx
    from onnxruntime.quantization import CalibrationDataReader

    name = onnx.load(source).graph.input[0].name
    whole = images[: len(images) // batch * batch]

    class Reader(CalibrationDataReader):  # type: ignore[misc]
        batches = iter([{name: part.numpy()} for part in torch.split(whole, batch)])

        def get_next(self) -> Any:
            return next(self.batches, None)

    return Reader()


def onnx_logits(file: bytes, images: Tensor, batch: int) -> Tensor:
    """Return what ONNX Runtime answers to images (N, C, H, W); N is a multiple of ``batch``."""
    session = onnx_session(file)
    name = session.get_inputs()[0].name
    parts = [session.run(None, {name: part.numpy()})[0] for part in torch.split(images, batch)]
    return torch.from_numpy(np.concatenate(parts))
