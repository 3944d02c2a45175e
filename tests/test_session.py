"""Sessions of ONNX Runtime: the settings asked for, and a clear word for what is no ONNX file."""

import json
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from labcode import runtime
from labcode.runtime import SessionError, onnx_session


@pytest.fixture
def file() -> bytes:
    """Doubles three numbers, then takes their part above zero; made by hand, not exported."""
    ends = [helper.make_tensor_value_info(n, TensorProto.FLOAT, [3]) for n in ("x", "y")]
    nodes = [
        helper.make_node("Add", ["x", "x"], ["twice"], "add"),
        helper.make_node("Relu", ["twice"], ["y"], "relu"),
    ]
    graph = helper.make_graph(nodes, "g", ends[:1], ends[1:])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 19)], ir_version=10)
    onnx.checker.check_model(model)
    return model.SerializeToString()


def test_bytes_and_a_path_give_the_same_answers(file: bytes, tmp_path: Path) -> None:
    path = tmp_path / "network.onnx"
    path.write_bytes(file)
    x = np.array([1.0, -2.0, 0.5], np.float32)
    for source in (file, path):
        assert onnx_session(source).run(None, {"x": x})[0].tolist() == [2.0, 0.0, 1.0]


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize(("optimized", "level"), [(True, 99), (False, 0)])
def test_the_settings_are_those_asked_for(
    file: bytes, threads: int, optimized: bool, level: int
) -> None:
    session = onnx_session(file, threads=threads, optimized=optimized)
    options = session.get_session_options()
    assert (options.intra_op_num_threads, options.inter_op_num_threads) == (threads, 1)
    assert options.graph_optimization_level.value == level
    assert session.get_providers() == ["CPUExecutionProvider"]


def test_a_thread_that_waits_leaves_its_core_to_what_runs_next_unless_asked() -> None:
    """Measured as processor time of this process while it does nothing."""
    channels = [helper.make_tensor_value_info(n, TensorProto.FLOAT, [1, 16, 64, 64]) for n in "xy"]
    weight = helper.make_tensor("w", TensorProto.FLOAT, [16, 16, 3, 3], [0.01] * 16 * 16 * 9)
    node = helper.make_node("Conv", ["x", "w"], ["y"], pads=[1, 1, 1, 1])
    graph = helper.make_graph([node], "g", channels[:1], channels[1:], [weight])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 19)], ir_version=10)
    used: dict[bool, list[float]] = {False: [], True: []}
    for spinning, seconds in used.items():
        session = onnx_session(model.SerializeToString(), threads=2, spinning=spinning)
        for _ in range(5):
            session.run(None, {"x": np.ones((1, 16, 64, 64), np.float32)})
            start = time.process_time()
            time.sleep(0.02)
            seconds.append(time.process_time() - start)
    assert min(used[False]) < 0.002 < max(used[True])


def test_a_profile_times_every_operation(file: bytes, tmp_path: Path) -> None:
    session = onnx_session(file, profile=str(tmp_path / "times"), optimized=False)
    session.run(None, {"x": np.zeros(3, np.float32)})
    written = Path(session.end_profiling())
    assert written.parent == tmp_path
    names = [event["name"] for event in json.loads(written.read_text())]
    assert {"add_kernel_time", "relu_kernel_time"} <= set(names)


@pytest.mark.parametrize("nonsense", [b"", b"\x89PNG\r\n", b"not a network " * 40])
def test_what_is_not_an_onnx_file_is_named(nonsense: bytes, tmp_path: Path) -> None:
    with pytest.raises(SessionError) as caught:
        onnx_session(nonsense)
    assert f"the ONNX file of {len(nonsense):,} bytes" in str(caught.value)
    assert "\n" not in str(caught.value)
    path = tmp_path / "picture.onnx"
    path.write_bytes(nonsense)
    with pytest.raises(SessionError, match=r"picture\.onnx cannot be loaded: "):
        onnx_session(path)


def test_a_cut_file_and_a_missing_one_are_named(file: bytes, tmp_path: Path) -> None:
    with pytest.raises(SessionError, match="cannot be loaded"):
        onnx_session(file[: len(file) // 2])
    with pytest.raises(SessionError, match=r"none\.onnx cannot be loaded: .*exist"):
        onnx_session(tmp_path / "none.onnx")


def test_nonsense_about_threads_is_refused(file: bytes) -> None:
    with pytest.raises(ValueError, match="threads must be at least 1, got 0"):
        onnx_session(file, threads=0)
    with pytest.raises(TypeError, match="threads must be an integer"):
        onnx_session(file, threads=1.5)  # type: ignore[arg-type]


def test_the_public_names_are_found_and_no_others() -> None:
    assert set(runtime.__all__) <= set(dir(runtime))
    assert {getattr(runtime, name).__name__ for name in runtime.__all__} == set(runtime.__all__)
    with pytest.raises(AttributeError, match=r"'labcode\.runtime' has no attribute 'no_such'"):
        _ = runtime.no_such


def test_sessions_and_timing_need_no_pytorch() -> None:
    program = "import sys; from labcode.runtime import Timing, onnx_session, ready_to_run, "
    program += "time_in_turn; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program]).returncode == 0
