"""The process that answers, where something is wrong: one sentence, and never a traceback."""

import json
import os
import signal
import subprocess
import sys
from functools import partial
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

COMMAND = [sys.executable, "-m", "labcode.runtime.answer"]
PIXELS = 6


def network(
    path: Path,
    *,
    batch: int | str = 1,
    kind: int = TensorProto.FLOAT,
    weight: float = 1.0,
    sizes: tuple[int | str, ...] = (PIXELS,),
    flat: bool = False,
) -> Path:
    """Write a network whose logit of class i is i times the sum of the pixels."""
    weights = np.tile([0.0, weight, 2 * weight], (PIXELS, 1))
    dtype = helper.tensor_dtype_to_np_dtype(kind)
    constant = numpy_helper.from_array(weights.astype(dtype), "w")
    nodes = [helper.make_node("MatMul", ["x", "w"], ["m" if flat else "y"])]
    if flat:
        nodes.append(helper.make_node("ReduceSum", ["m"], ["y"], keepdims=0))
    graph = helper.make_graph(
        nodes,
        "sums",
        [helper.make_tensor_value_info("x", kind, [batch, *sizes])],
        [helper.make_tensor_value_info("y", kind, [] if flat else [batch, 3])],
        [constant],
    )
    opset = helper.make_opsetid("", 19)
    onnx.save(helper.make_model(graph, opset_imports=[opset], ir_version=10), path)
    return path


def run(file: Path | str, pictures: bytes) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run([*COMMAND, str(file)], input=pictures, capture_output=True, timeout=300)


def one_sentence(said: bytes) -> str:
    lines = said.decode().splitlines()
    assert len(lines) == 1, lines
    assert "Traceback" not in lines[0]
    return lines[0]


@pytest.mark.parametrize("batch", [1, "n"])
def test_one_picture_at_a_time_is_answered(tmp_path, batch) -> None:
    pictures = np.random.default_rng(0).integers(0, 256, (4, PIXELS), dtype=np.uint8)
    done = run(network(tmp_path / "n.onnx", batch=batch), pictures.tobytes())
    *found, last = map(json.loads, done.stdout.splitlines())
    assert (done.returncode, done.stderr) == (0, b"")
    assert set(last) == {"peak_mib"}
    for answer, picture in zip(found, pictures, strict=True):
        logits = picture.sum() / 255 * np.arange(3)
        powers = np.exp(logits - logits.max())
        assert answer["label"] == 2
        assert answer["probability"] == pytest.approx(powers[2] / powers.sum(), rel=1e-5)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("made", "said"),
    [
        ({"batch": 2}, "must take 1 image in a run, but its file takes 2"),
        ({"kind": TensorProto.DOUBLE}, "must take float32, got tensor(double)"),
        ({"weight": np.nan}, "the network answers with NaN or infinity"),
        ({"weight": np.inf}, "the network answers with NaN or infinity"),
        ({"sizes": ("h",)}, "must take images of one size, got [1, 'h']"),
        ({"flat": True}, "must give logits (1, classes), got ()"),
    ],
)
def test_a_network_of_another_kind_is_refused(tmp_path, made, said) -> None:
    done = run(network(tmp_path / "n.onnx", **made), bytes(4 * PIXELS))
    assert done.returncode == 1
    assert said in one_sentence(done.stderr)
    assert done.stdout == b""


@pytest.mark.slow
def test_a_file_that_is_none_and_a_cut_picture_are_said(tmp_path) -> None:
    garbage = tmp_path / "garbage.onnx"
    garbage.write_bytes(b"no network")
    for file in (tmp_path / "missing.onnx", garbage, tmp_path):
        done = run(file, b"")
        assert done.returncode == 1
        assert f"the ONNX file {file} cannot be loaded" in one_sentence(done.stderr)
    done = run(network(tmp_path / "n.onnx"), bytes(PIXELS + 2))
    assert done.returncode == 1
    assert "must have 6 bytes, but the last one has 2" in one_sentence(done.stderr)
    assert len(done.stdout.splitlines()) == 1  # the whole picture was answered


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="signals and pipes of another kind")
def test_a_closed_pipe_and_ctrl_c_are_said(tmp_path) -> None:
    file = network(tmp_path / "n.onnx")
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    for how in ("closed pipe", "ctrl-c"):
        # A job in the background of a shell ignores Ctrl-C, and so would what it starts.
        heard = partial(signal.signal, signal.SIGINT, signal.SIG_DFL)
        command = [*COMMAND, str(file)]
        with subprocess.Popen(command, preexec_fn=heard, **pipes) as process:
            assert process.stdin is not None
            assert process.stdout is not None
            assert process.stderr is not None
            process.stdin.write(bytes(PIXELS))
            process.stdin.flush()
            json.loads(process.stdout.readline())  # it runs
            if how == "closed pipe":
                process.stdout.close()
                process.stdin.write(bytes(PIXELS))
                process.stdin.close()
            else:
                process.send_signal(signal.SIGINT)
            said = one_sentence(process.stderr.read())
            status = process.wait(timeout=300)
        closed = how == "closed pipe"
        assert status == (1 if closed else 130)
        assert said == (
            "the answers are no longer read" if closed else "stopped before the input ended"
        )
