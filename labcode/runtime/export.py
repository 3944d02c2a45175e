"""Export to ONNX: what comes out is run and compared before it is handed over.

The comparison costs little beside the export (3 percent of the time for MobileNetV2, 1 percent for
LeNet-5), so nothing exports without it.
"""

from __future__ import annotations

import contextlib
import io
import logging
import warnings
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from labcode._checks import check_int, check_number
from labcode._copied import copied
from labcode._refusals import (
    TO_FLOAT32,
    does_not_run,
    one_input,
    refuse_damaged,
    refuse_unusable,
)
from labcode._walk import shapes_of
from labcode.quantization.comparison import largest_gap
from labcode.runtime.half import half_inside
from labcode.runtime.session import SessionError, onnx_session

Tensors = tuple[Tensor, ...]


class ExportError(ValueError):
    """A model cannot be exported, or its file does not answer as the model does."""


def to_onnx(
    model: nn.Module,
    input_shape: Sequence[int] = (3, 224, 224),
    *,
    batch: int | None = 1,
    tolerance: float = 1e-4,
) -> bytes:
    """Return a model as an ONNX file that ONNX Runtime answers with as the model does.

    Args:
        model: A module with one tensor in and one out; it is left as it was.
        input_shape: The shape of one image, (channels, height, width).
        batch: Images in one run, and the file takes no other number; None takes any number.
        tolerance: See `export_module`.

    Returns:
        The bytes of the file, weights included.

    Raises:
        ExportError: The model cannot be exported, the runtime cannot run the file, or its answers
            differ; the message says why.
        TypeError: The model is not a module, or a size is not an integer.
        ValueError: A size or the tolerance is out of range.

    >>> len(to_onnx(nn.Sequential(nn.Flatten(), nn.Linear(4, 2)), (1, 2, 2))) < 1000
    True
    """
    if len(several := shapes_of(input_shape)) > 1:
        raise ValueError(f"{one_input(len(several))}: export_module takes any number")
    sizes = [check_int(f"input_shape[{i}]", size) for i, size in enumerate(input_shape)]
    n = 3 if batch is None else check_int("batch", batch)
    images = torch.rand(n, *sizes, generator=torch.Generator().manual_seed(0))  # (N, C, H, W)
    return _export(model, (images,), Tensor, any_batch=batch is None, tolerance=tolerance)


def export_module(
    model: nn.Module, examples: Sequence[Tensor], *, tolerance: float = 1e-4
) -> bytes:
    """Return a model of any number of inputs and outputs as an ONNX file; see `to_onnx`.

    Args:
        model: A module that takes tensors and returns a tensor or a tuple of tensors; it is
            exported in evaluation mode, on the CPU, and left as it was.
        examples: Its inputs; the file takes just these shapes.
        tolerance: The largest difference there may be between an output of the file and one of
            the model, as a part of the largest value of that output.

    Returns:
        The bytes of the file, weights included, without the exporter's notes on source lines.

    Raises:
        ExportError: As in `to_onnx`.
        TypeError: The model is not a module.
        ValueError: The tolerance is out of range.

    Source: torch.onnx.export, the exporter over torch.export.
    """
    inputs = tuple(example.detach().cpu() for example in examples)
    return _export(model, inputs, (Tensor, tuple), any_batch=False, tolerance=tolerance)


def _export(
    model: nn.Module,
    inputs: Tensors,
    output: type | tuple[type, ...],
    *,
    any_batch: bool,
    tolerance: float,
) -> bytes:
    """Export a copy of the model, and compare its answers for one image and for all."""
    check_number("tolerance", tolerance, above=0.0)
    if not isinstance(model, nn.Module):
        raise TypeError(f"model must be a torch.nn.Module, got {type(model).__name__}")
    refuse_unusable(model)
    name = type(model).__name__
    for own, parameter in model.named_parameters():
        if parameter.is_floating_point() and parameter.dtype != torch.float32:
            raise ExportError(f"{own} is {parameter.dtype}, but must be float32: {TO_FLOAT32}")
    refuse_damaged(model, "exported", ExportError)
    ready = copied(model).cpu().eval()
    expected = _steady_answer(ready, inputs, output, tolerance)
    file = _file(ready, _first(inputs, 2) if any_batch else inputs, any_batch)
    try:
        for n in (1, len(inputs[0])) if any_batch else (len(inputs[0]),):
            _compare(name, file, _first(inputs, n), _first(expected, n), tolerance)
    except SessionError as error:
        raise ExportError(_not_run(name, half_inside(ready, inputs), error)) from error
    return file


def _not_run(name: str, half: str, error: SessionError) -> str:
    """Say why the runtime does not run a file: mostly numbers that it does not calculate with."""
    if half:
        return f"{half}, which ONNX Runtime cannot run here: let {name} compute in float32"
    why = str(error).rpartition(" : ")[2]  # after the runtime's own codes
    return f"ONNX Runtime cannot run the file of {name}: {why}"


def _steady_answer(
    model: nn.Module, inputs: Tensors, output: type | tuple[type, ...], tolerance: float
) -> Tensors:
    """Return the answer of a copy, which must be the same when the same inputs come again."""
    twin = copied(model)
    first, again = (_answer(twin, inputs, output) for _ in range(2))
    pairs = zip(first, again, strict=True)  # what is NaN both times is told by the comparison
    if all(_alike(a.nan_to_num(), b.nan_to_num(), tolerance) for a, b in pairs):
        return first
    before = dict(model.named_buffers())
    changed = [n for n, b in twin.named_buffers() if not torch.equal(b, before.get(n, b + 1))]
    how = f"changes its buffer {changed[0]!r} when it answers, and then " if changed else ""
    raise ExportError(
        f"{type(model).__name__} {how}answers otherwise when the same inputs come again, which a "
        "file cannot do"
    )


def _alike(wanted: Tensor, got: Tensor, tolerance: float) -> bool:
    return got.shape == wanted.shape and largest_gap(wanted, got) <= tolerance


def _first(tensors: Tensors, n: int) -> Tensors:
    return tuple(tensor[:n] for tensor in tensors)


def _answer(model: nn.Module, inputs: Tensors, output: type | tuple[type, ...]) -> Tensors:
    """Return the model's outputs, which must be of a kind that is wanted."""
    name = type(model).__name__
    try:
        with torch.inference_mode():
            found = model(*inputs)
    except Exception as error:
        raise ExportError(does_not_run(name, inputs, error)) from error
    tensors = found if isinstance(found, tuple) else (found,)
    if not isinstance(found, output) or not all(isinstance(t, Tensor) for t in tensors):
        wanted = "one tensor" if output is Tensor else "a tensor or a tuple of tensors"
        raise ExportError(
            f"{name} must return {wanted}, but returned {_kind(found)}: "
            f"own.OneAnswer(model, {_first_key(found)!r}) is a network with one of its answers"
        )
    return tensors


def _kind(found: Any) -> str:
    """Return the kind of an answer, of a tuple with the kinds in it."""
    inside = f" of {', '.join(type(t).__name__ for t in found)}" if isinstance(found, tuple) else ""
    return type(found).__name__ + inside


def _first_key(found: Any) -> int | str:
    """Return how to ask an answer for its first part."""
    if isinstance(found, Mapping):
        return next(iter(found), 0)
    names = getattr(found, "__dataclass_fields__", ())
    return 0 if isinstance(found, (tuple, list)) else next(iter(names), 0)


@contextlib.contextmanager
def said(name: str) -> Iterator[None]:
    """Turn whatever the exporter raises into one sentence, and keep its log out of the output."""
    out, err = contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO())
    try:
        with out, err, warnings.catch_warnings(), log_level("torch.onnx", logging.CRITICAL):
            warnings.simplefilter("ignore")
            yield
    except ExportError:
        raise
    except Exception as error:
        raise ExportError(f"{name} cannot be exported: {_reason(error)}") from error


@contextlib.contextmanager
def log_level(logger: str, level: int) -> Iterator[None]:
    """Let a logger report nothing below a level for a while."""
    log = logging.getLogger(logger)
    before = log.level
    log.setLevel(level)
    try:
        yield
    finally:
        log.setLevel(before)


def _reason(error: BaseException) -> str:
    """Return the first line of the error that began it all."""
    while error.__cause__ is not None:
        error = error.__cause__
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[0] if lines else type(error).__name__


def _file(model: nn.Module, examples: Tensors, any_batch: bool) -> bytes:
    """Return the exported file, which nobody has run yet."""
    shapes = tuple({0: torch.export.Dim("batch")} for _ in examples) if any_batch else None
    with said(type(model).__name__):
        program = torch.onnx.export(
            model, examples, dynamo=True, verbose=False, dynamic_shapes=shapes
        )
        assert program is not None
        return _without_notes(program.model_proto)


def _without_notes(file: Any) -> bytes:
    """Return an ONNX file without the exporter's notes, such as this machine's paths."""
    graph = file.graph
    for entry in (file, graph, *graph.node, *graph.input, *graph.output, *graph.value_info):
        entry.ClearField("metadata_props")
    serialised: bytes = file.SerializeToString()
    return serialised


def _compare(name: str, file: bytes, inputs: Tensors, expected: Tensors, tolerance: float) -> None:
    """Refuse a file whose outputs are not the model's."""
    session = onnx_session(file)
    with said(name):
        names = [entry.name for entry in session.get_inputs()]
        feed = {key: value.numpy() for key, value in zip(names, inputs, strict=True)}
        found = session.run(None, feed)
    if len(found) != len(expected):
        raise ExportError(f"the file of {name} has {len(found)} outputs, the model {len(expected)}")
    for got, wanted in zip(found, expected, strict=True):
        _compare_output(name, torch.from_numpy(got), wanted, tolerance)


def _compare_output(name: str, got: Tensor, wanted: Tensor, tolerance: float) -> None:
    if got.shape != wanted.shape:
        raise ExportError(
            f"the file of {name} returns {tuple(got.shape)}, the model {tuple(wanted.shape)}"
        )
    if not _alike(wanted, got, tolerance):
        difference, largest = float((got - wanted).abs().max()), float(wanted.abs().max())
        raise ExportError(
            f"the file of {name} does not answer as the model does: the largest difference is "
            f"{difference:.2g} where the largest output is {largest:.2g}"
        )
