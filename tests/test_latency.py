"""Latency: everything but the clock itself."""

import statistics

import numpy as np
import pytest
import torch
from torch import nn

from labcode.runtime import Timing, latency, onnx_session, ready_to_run, time_in_turn, to_onnx


class Clock:
    """A clock that candidates push forward: what they take is known."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now

    def task(self, seconds: float, log: list[str], name: str):
        def run() -> None:
            log.append(name)
            self.now += seconds

        return run


def make_network() -> nn.Module:
    torch.manual_seed(0)
    layers = (nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.Flatten(), nn.Dropout(), nn.Linear(36, 2))
    return nn.Sequential(*layers)


@pytest.fixture
def network() -> nn.Module:
    return make_network()


@pytest.fixture(scope="module")
def file() -> bytes:
    """An export takes seconds: made once for the tests that only read it."""
    return to_onnx(make_network(), (3, 5, 5))


def test_each_candidate_gets_its_own_time() -> None:
    clock, log = Clock(), []
    tasks = {"slow": clock.task(0.5, log, "slow"), "fast": clock.task(0.125, log, "fast")}
    timings = time_in_turn(tasks, runs=4, warmup=2, clock=clock)
    assert list(timings) == ["slow", "fast"]
    assert timings["slow"].seconds == (0.5,) * 4
    assert timings["fast"].seconds == (0.125,) * 4


def test_candidates_run_in_turn_and_take_turns_at_being_first() -> None:
    clock, log = Clock(), []
    tasks = {name: clock.task(1.0, log, name) for name in "abc"}
    time_in_turn(tasks, runs=4, warmup=1, clock=clock)
    assert "".join(log) == "abc" + "abc" + "bca" + "cab" + "abc"


def test_warm_up_is_not_timed() -> None:
    clock, delays = Clock(), iter([9.0, 9.0, 1.0, 2.0])

    def run() -> None:
        clock.now += next(delays)

    assert time_in_turn({"x": run}, runs=2, warmup=2, clock=clock)["x"].seconds == (1.0, 2.0)


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ({"runs": 1}, ValueError, "runs must be at least 2, got 1"),
        ({"warmup": -1}, ValueError, "warmup must be at least 0, got -1"),
        ({"runs": 2.5}, TypeError, "runs must be an integer, got 2.5"),
        ({"candidates": {}}, ValueError, "candidates must name at least one function"),
    ],
)
def test_nonsense_is_refused(arguments: dict, error: type, words: str) -> None:
    with pytest.raises(error, match=words):
        time_in_turn(**{"candidates": {"x": lambda: None}} | arguments)


def test_median_and_quartiles() -> None:
    seconds = (0.010, 0.001, 0.004, 0.002, 0.003)
    timing = Timing(seconds)
    low, _, high = statistics.quantiles([s * 1e3 for s in seconds], n=4)
    assert timing.median_ms == pytest.approx(3.0)
    assert timing.fastest_ms == pytest.approx(1.0)
    assert timing.quartiles_ms == pytest.approx((low, high))
    assert str(timing) == "3.00 ms (1.50 to 7.00)"


def test_one_run_has_no_spread() -> None:
    with pytest.raises(ValueError, match="at least two runs"):
        Timing((0.1,))


@pytest.mark.slow
def test_the_file_computes_what_pytorch_computes(network: nn.Module) -> None:
    images = np.random.default_rng(1).standard_normal((5, 3, 5, 5), dtype=np.float32)
    file = to_onnx(network, (3, 5, 5), batch=5)
    with torch.inference_mode():
        expected = network.eval()(torch.from_numpy(images)).numpy()
    np.testing.assert_allclose(ready_to_run(onnx_session(file), images)(), expected, atol=1e-6)


@pytest.mark.slow
def test_the_file_tells_nothing_of_the_machine(file: bytes) -> None:
    assert b"stack_trace" not in file
    assert b".py" not in file


@pytest.mark.slow
def test_the_model_is_left_as_it_was(network: nn.Module) -> None:
    network.train()
    network[1].eval()
    before = {name: value.clone() for name, value in network.state_dict().items()}
    to_onnx(network, (3, 5, 5))
    assert [module.training for module in network] == [True, False, True, True, True]
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())


@pytest.mark.slow
def test_the_mode_comes_back_after_a_failure(network: nn.Module) -> None:
    network.train()
    with pytest.raises(Exception, match="channels"):
        to_onnx(network, (7, 5, 5))
    assert network.training


@pytest.mark.slow
@pytest.mark.parametrize("threads", [1, 2])
def test_the_session_has_the_threads_that_were_asked_for(file: bytes, threads: int) -> None:
    session = onnx_session(file, threads=threads)
    options = session.get_session_options()
    assert (options.intra_op_num_threads, options.inter_op_num_threads) == (threads, 1)
    assert session.get_providers() == ["CPUExecutionProvider"]


def test_images_of_another_shape_are_refused(file: bytes) -> None:
    session = onnx_session(file)
    with pytest.raises(ValueError, match=r"must have shape \[1, 3, 5, 5\], got \[2, 3, 5, 5\]"):
        ready_to_run(session, np.zeros((2, 3, 5, 5), np.float32))


def test_sizes_are_checked(network: nn.Module) -> None:
    with pytest.raises(ValueError, match=r"input_shape\[1\] must be at least 1, got 0"):
        to_onnx(network, (3, 0, 5))
    with pytest.raises(ValueError, match="batch must be at least 1, got 0"):
        to_onnx(network, (3, 5, 5), batch=0)


@pytest.mark.slow
def test_models_are_timed_under_their_names(network: nn.Module) -> None:
    small = nn.Sequential(nn.Flatten(), nn.Linear(75, 2))
    timings = latency({"net": network, "small": small}, (3, 5, 5), batch=2, runs=5, warmup=1)
    assert list(timings) == ["net", "small"]
    assert all(len(timing.seconds) == 5 and timing.median_ms > 0 for timing in timings.values())
