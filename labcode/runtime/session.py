"""ONNX Runtime ready to run a file: the one place where a session is made. It needs no PyTorch."""

from __future__ import annotations

from collections.abc import Sequence
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING

from labcode._checks import check_bool, check_int

if TYPE_CHECKING:
    from onnxruntime import InferenceSession


class SessionError(ValueError):
    """ONNX Runtime cannot load a file."""


def onnx_session(
    file: bytes | PathLike[str],
    *,
    threads: int = 1,
    spinning: bool = False,
    optimized: bool = True,
    profile: str | None = None,
    providers: Sequence[str] = ("CPUExecutionProvider",),
) -> InferenceSession:
    """Return an ONNX file ready to run.

    One thread, since then a time says more about the network and less about the machine's other
    work. Where there are more, a thread without work sleeps, so that it leaves its core to what
    runs next, such as the network that this one is compared with.

    Args:
        file: The bytes of an ONNX file, such as from `labcode.runtime.to_onnx`, or its path.
        threads: Threads for the work within one operation.
        spinning: Whether a thread without work looks for some without a pause, for tens of
            milliseconds after a run, as ONNX Runtime lets it of its own accord.
        optimized: Whether the runtime may rewrite the graph, such as to fuse operations.
        profile: The beginning of the path where the session writes the time of each operation
            when its ``end_profiling()`` is called; None writes nothing.
        providers: What computes, the first that can; see ``onnxruntime.get_available_providers``.

    Raises:
        SessionError: The file is missing, is not an ONNX file, or the runtime cannot run it; the
            message says why.
        TypeError: ``threads`` is not an integer, or ``spinning`` not a bool.
        ValueError: ``threads`` is below 1.
    """
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = check_int("threads", threads)
    options.inter_op_num_threads = 1
    spins = str(int(check_bool("spinning", spinning)))
    options.add_session_config_entry("session.intra_op.allow_spinning", spins)
    options.log_severity_level = 3  # errors only
    if not optimized:
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    if profile is not None:
        options.enable_profiling, options.profile_file_prefix = True, profile
    try:
        return onnxruntime.InferenceSession(file, options, providers=list(providers))
    except Exception as error:  # the runtime's own kinds of error share no other base class
        raise SessionError(f"{_named(file)} cannot be loaded: {_first_line(error)}") from error


def _named(file: bytes | PathLike[str]) -> str:
    """Return what to call a file in an error."""
    if isinstance(file, bytes):
        return f"the ONNX file of {len(file):,} bytes that begins with {file[:16]!r}"
    return f"the ONNX file {Path(file)}"


def _first_line(error: Exception) -> str:
    return next(iter(str(error).splitlines()), type(error).__name__)
