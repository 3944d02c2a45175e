"""Export to ONNX: what comes out is run and compared before it is handed over."""

from __future__ import annotations

import contextlib
import copy
import io
import logging
import warnings
from collections.abc import Iterator, Sequence

import torch
from torch import Tensor, nn

from labcode._checks import check_int, check_number
from labcode.quantization import fold_batch_norm, onnx_int8_bytes
from labcode.runtime.latency import exported, onnx_session


class ExportError(ValueError):
    """A model cannot be exported, or its file does not answer as the model does."""


def to_onnx(
    model: nn.Module,
    input_shape: Sequence[int] = (3, 224, 224),
    *,
    any_batch: bool = False,
    tolerance: float = 1e-4,
) -> bytes:
    """Return a model as an ONNX file that ONNX Runtime answers with as the model does.

    Args:
        model: A module with one tensor in and one out; it is left as it was.
        input_shape: The shape of one image, (channels, height, width).
        any_batch: Whether the file takes any number of images; else it takes one.
        tolerance: The largest difference there may be between an output of the file and one of
            the model, as a part of the largest output.

    Returns:
        The bytes of the file, weights included.

    Raises:
        ExportError: The model cannot be exported, the runtime cannot run the file, or its answers
            differ; the message says why.
        ValueError: A size or the tolerance is out of range.

    >>> len(to_onnx(nn.Sequential(nn.Flatten(), nn.Linear(4, 2)), (1, 2, 2))) < 1000
    True
    """
    sizes = [check_int(f"input_shape[{i}]", size) for i, size in enumerate(input_shape)]
    check_number("tolerance", tolerance, above=0.0)
    name = type(model).__name__
    with _evaluated(model) as ready:
        images = torch.rand(
            3 if any_batch else 1, *sizes, generator=torch.Generator().manual_seed(0)
        )
        expected = _answer(ready, images)
        file = _exported(ready, images[:2], any_batch)
        for n in {1, len(images)}:
            _compare(name, file, images[:n], expected[:n], tolerance)
    return file


def to_int8(model: nn.Module, images: Tensor, *, batch: int = 1) -> bytes:
    """Return a model as an int8 ONNX file: static quantization, calibrated on real images.

    Batch norm is folded into the convolutions before it. Weights have one scale for each channel
    and seven of their eight bits, so that every processor gives the same answers.

    Args:
        model: A plain chain of layers with one tensor in and one out; it is left as it was.
        images: Calibration images, as the network will meet them, shape (N, C, H, W).
        batch: Images in one run; the file takes no other number.

    Returns:
        The bytes of the file.

    Raises:
        ExportError: The model cannot be exported.
        ValueError: There are fewer images than ``batch``.
    """
    with _evaluated(model) as ready, _said(type(model).__name__):
        return onnx_int8_bytes(
            fold_batch_norm(ready, images.shape[1:]), images, batch=batch, reduce_range=True
        )


@contextlib.contextmanager
def _evaluated(model: nn.Module) -> Iterator[nn.Module]:
    """Hand out a copy in evaluation mode on the CPU, so that the caller's model stays."""
    if not isinstance(model, nn.Module):
        raise TypeError(f"model must be a torch.nn.Module, got {type(model).__name__}")
    yield copy.deepcopy(model).cpu().eval()


@contextlib.contextmanager
def _said(name: str) -> Iterator[None]:
    """Turn whatever the exporter raises into one sentence, and keep its log out of the output."""
    out, err = contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO())
    try:
        with out, err, warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except Exception as error:
        raise ExportError(f"{name} cannot be exported: {_reason(error)}") from error


def _reason(error: BaseException) -> str:
    """Return the first line of the error that began it all."""
    while error.__cause__ is not None:
        error = error.__cause__
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[0] if lines else type(error).__name__


def _answer(model: nn.Module, images: Tensor) -> Tensor:
    with torch.inference_mode():
        found = model(images)
    if not isinstance(found, Tensor):
        raise ExportError(
            f"{type(model).__name__} must return one tensor, but returned {type(found).__name__}"
        )
    return found


def _exported(model: nn.Module, images: Tensor, any_batch: bool) -> bytes:
    level = logging.getLogger("torch.onnx").level
    logging.getLogger("torch.onnx").setLevel(logging.CRITICAL)
    try:
        with _said(type(model).__name__):
            return exported(model, (images,), any_batch=any_batch)
    finally:
        logging.getLogger("torch.onnx").setLevel(level)


def _compare(name: str, file: bytes, images: Tensor, expected: Tensor, tolerance: float) -> None:
    with _said(name):
        session = onnx_session(file)
        found = session.run(None, {session.get_inputs()[0].name: images.numpy()})
    got = torch.from_numpy(found[0])
    if got.shape != expected.shape:
        raise ExportError(
            f"the file of {name} returns {tuple(got.shape)}, the model {tuple(expected.shape)}"
        )
    largest = float(expected.abs().max())
    difference = float((got - expected).abs().max())
    if not difference <= tolerance * max(largest, 1e-12):
        raise ExportError(
            f"the file of {name} answers otherwise than the model: the largest difference is "
            f"{difference:.2g} where the largest output is {largest:.2g}"
        )
