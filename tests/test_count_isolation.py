"""Counting leaves everything as it was: the model, its mode, hooks, buffers, the random state."""

from __future__ import annotations

import random
import subprocess
import sys
import threading
import warnings
from collections import OrderedDict
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from labcode import count


class Busy(nn.Module):
    """Changes everything it can reach while it runs."""

    def __init__(self, fail: bool = False) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3)
        self.norm = nn.BatchNorm2d(4)
        self.drop = nn.Dropout(0.5)
        self.register_buffer("counter", torch.tensor(0))
        self.register_buffer("mean", torch.zeros(9))
        self.plain = torch.zeros(3)
        self.features: list[Any] = ["before"]
        self.memory: dict[str, Any] = {"before": 1}
        self.steps, self.fail = 0, fail

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        assert not self.training
        assert not self.norm.training
        self.counter += 1
        assert self.counter.item() == 1
        self.mean[0] += 1
        self.mean.add_(x.mean())
        self.plain.fill_(7)
        self.conv.weight.mul_(0)
        self.conv.weight.data.zero_()
        x = self.drop(self.norm(self.conv(x)))
        F.batch_norm(x, self.norm.running_mean, self.norm.running_var, training=True)
        self.features.append(x)
        self.memory.clear()
        self.steps += 1
        self.last = x
        self.norm.momentum = None
        self.extra = nn.Linear(2, 2)
        torch.rand(3)
        torch.manual_seed(0)
        random.random()
        np.random.rand()  # noqa: NPY002 - the old global generator is the one to keep
        if self.fail:
            raise RuntimeError("on purpose")
        return x * torch.rand_like(x) + F.dropout(x, training=True)


def _state(model: nn.Module) -> dict[str, Any]:
    attributes = {}
    for name, module in model.named_modules():
        for key, value in module.__dict__.items():
            attributes[f"{name}/{key}"] = (id(value), _content(value))
    return attributes


def _content(value: Any) -> Any:
    if isinstance(value, (dict, list, set)):
        items = list(value.items()) if isinstance(value, dict) else list(value)
        return [(key, id(item)) for key, item in items] if isinstance(value, dict) else items
    return value if isinstance(value, (int, float, bool, str)) else id(value)


def _tensors(model: nn.Module) -> dict[str, torch.Tensor]:
    tensors = {**dict(model.named_parameters()), **dict(model.named_buffers())}
    return tensors | ({"plain": model.plain} if isinstance(model, Busy) else {})


@pytest.mark.slow
@pytest.mark.parametrize("fail", [False, True])
@pytest.mark.parametrize("training", [False, True])
def test_nothing_of_the_model_changes(fail: bool, training: bool) -> None:
    model = Busy(fail).train(training)
    model.drop.train(not training)  # a mixed mode comes back mixed
    state = _state(model)
    before = {name: tensor.clone() for name, tensor in _tensors(model).items()}
    if fail:
        with pytest.raises(ValueError, match="on purpose"):
            count(model, (3, 8, 8))
    else:
        count(model, (3, 8, 8))
    assert _state(model) == state
    assert model.training is training
    assert model.drop.training is not training
    assert not hasattr(model, "last")
    after = _tensors(model)
    assert list(after) == list(before)
    for name, tensor in after.items():
        assert torch.equal(tensor, before[name]), name
        assert tensor.device.type == "cpu"


@pytest.mark.slow
@pytest.mark.parametrize("fail", [False, True])
def test_no_random_state_changes(fail: bool) -> None:
    before = torch.get_rng_state(), random.getstate(), np.random.get_state()[1].tolist()  # noqa: NPY002
    try:
        count(Busy(fail), (3, 8, 8))
    except ValueError:
        assert fail
    torch_before = before[0]
    torch_after, *after = torch.get_rng_state(), random.getstate(), np.random.get_state()[1]  # noqa: NPY002
    # Building the model draws its weights; so compare with a second build from the same state.
    torch.set_rng_state(torch_before)
    Busy(fail)
    assert torch.equal(torch_after, torch.get_rng_state())
    assert (after[0], after[1].tolist()) == before[1:]


def test_hooks_run_and_stay() -> None:
    def pad(module: nn.Module, args: Any) -> Any:
        return F.pad(args[0], (1, 1, 1, 1))

    def double(module: nn.Module, args: Any, out: torch.Tensor) -> torch.Tensor:
        return torch.cat([out, out], 1)

    model = nn.Sequential(nn.Conv2d(3, 4, 3), nn.Conv2d(8, 2, 1))
    model[0].register_forward_pre_hook(pad)
    model[0].register_forward_hook(double)
    right = 4 * 27 * 64 + 2 * 8 * 64
    assert count(model, (3, 8, 8)).macs == right
    assert list(model[0]._forward_pre_hooks.values()) == [pad]
    assert list(model[0]._forward_hooks.values()) == [double]
    assert model(torch.zeros(1, 3, 8, 8)).shape == (1, 2, 8, 8)


def test_hooks_for_all_modules_and_with_keywords_run() -> None:
    class Scaled(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.inner = nn.Linear(4, 4)

        def forward(self, x: torch.Tensor, times: int = 1) -> torch.Tensor:
            return self.inner(x.repeat(times, 1))

    def twice(module: nn.Module, args: Any, kwargs: Any) -> Any:
        return args, {"times": 2}

    def wider(module: nn.Module, args: Any) -> Any:
        return (args[0].repeat(3, 1),) if isinstance(module, nn.Linear) else None

    model = Scaled()
    model.register_forward_pre_hook(twice, with_kwargs=True)
    handle = nn.modules.module.register_module_forward_pre_hook(wider)
    try:
        assert count(model, (4,)).macs == 16 * 2 * 3
    finally:
        handle.remove()


def test_a_hook_that_needs_numbers_stays_out_and_is_said() -> None:
    seen: list[float] = []
    model = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU())
    model[0].register_forward_hook(lambda module, args, out: seen.append(out.mean().item()))
    cost = count(model, (3, 8, 8))
    assert cost.macs == 4 * 27 * 36
    assert cost.notes == ("Hooks that need the values of tensors did not run: those of 0.",)
    assert cost.notes[0] in str(cost)
    assert cost.notes[0] in cost._repr_html_()
    assert seen == []
    model(torch.zeros(1, 3, 8, 8))
    assert len(seen) == 1


@pytest.mark.slow
def test_a_hook_that_fails_is_named() -> None:
    def hook(*_: Any) -> None:
        raise AssertionError("on purpose")

    model = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU())
    model[1].register_forward_hook(hook)
    with pytest.raises(ValueError, match=r"a hook of layer '1' \(ReLU\).*on purpose"):
        count(model, (3, 8, 8))


def test_training_goes_on_across_a_count() -> None:
    model = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.Flatten(), nn.Linear(144, 2))
    loss = model(torch.rand(2, 3, 8, 8)).sum()
    count(model, (3, 8, 8))
    loss.backward()
    assert all(p.grad is not None for p in model.parameters())
    assert torch.is_grad_enabled()
    assert not torch.is_inference_mode_enabled()


@pytest.mark.slow
def test_autocast_of_the_caller_does_not_reach_the_weights() -> None:
    class Cast(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv = nn.Conv2d(3, 4, 3)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            assert torch.is_autocast_enabled("cpu") is not x.is_meta
            return self.conv(x)

    model = Cast()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert count(model, (3, 8, 8)).macs == 4 * 27 * 36
        assert torch.is_autocast_enabled("cpu")
        out = model(torch.ones(1, 3, 8, 8))
    assert (out.device.type, out.dtype) == ("cpu", torch.bfloat16)


class Casting(nn.Module):
    """Runs a convolution and a linear layer on what comes, under autocasts of its own."""

    def __init__(self, run: Any) -> None:
        super().__init__()
        self.conv, self.linear = nn.Conv2d(3, 8, 1), nn.Linear(8, 4)
        self.held = torch.autocast("cpu", dtype=torch.bfloat16)
        self.run = run

    def forward(self, x: torch.Tensor) -> Any:
        return self.run(self, x)


def _on_its_device(model: Any, x: torch.Tensor) -> Any:
    with torch.autocast(x.device.type, dtype=torch.bfloat16):
        return model.linear(model.conv(x.half()).mean((2, 3)))


def _twice(model: Any, x: torch.Tensor) -> Any:
    with torch.autocast("cpu", dtype=torch.bfloat16):
        h = model.conv(x.bfloat16())
        with torch.autocast("cpu", enabled=False):
            return model.linear(h.float().mean((2, 3)))


def _held(model: Any, x: torch.Tensor) -> Any:
    with model.held:
        return torch.einsum("bchw,oc->bo", model.conv(x).half(), model.linear.weight)


@torch.autocast("cpu", dtype=torch.bfloat16)
def _decorated(model: Any, x: torch.Tensor) -> Any:
    return model.linear(model.conv(x).mean((2, 3)))


def _of_another_device(model: Any, x: torch.Tensor) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with torch.autocast("cuda", dtype=torch.float16):
            return model.linear(model.conv(x).mean((2, 3)))


@pytest.mark.parametrize("run", [_on_its_device, _twice, _held, _decorated, _of_another_device])
def test_a_model_with_autocasts_of_its_own_is_counted(run: Any) -> None:
    model = Casting(run)
    model(torch.rand(1, 3, 6, 6))  # it runs
    assert count(model, (3, 6, 6)).macs == 8 * 3 * 36 + 8 * 4
    assert not torch.is_autocast_enabled("cpu")


def test_what_no_autocast_mends_fails_as_in_pytorch() -> None:
    def doubled(model: Any, x: torch.Tensor) -> Any:
        with model.held:
            return model.conv(x.double())  # which autocast leaves alone

    def outside(model: Any, x: torch.Tensor) -> Any:
        with torch.autocast("cpu", enabled=False):
            return model.conv(x.half())

    for run in (doubled, outside):
        model = Casting(run)
        with pytest.raises(RuntimeError, match="should be the same"):
            model(torch.rand(1, 3, 6, 6))
        with pytest.raises(ValueError, match=r"'conv' .* should be the same"):
            count(model, (3, 6, 6))


def test_autocasts_of_other_threads_stay_real() -> None:
    def train() -> torch.dtype:
        with torch.autocast("cpu", dtype=torch.bfloat16):
            return nn.functional.linear(torch.ones(1, 2), torch.ones(1, 2)).dtype

    def elsewhere(model: Any, x: torch.Tensor) -> Any:
        with ThreadPoolExecutor() as pool:
            if pool.submit(train).result() != torch.bfloat16:
                raise ValueError("the autocast of another thread was taken off")
        return model.conv(x)

    assert count(Casting(elsewhere), (3, 6, 6)).macs == 8 * 3 * 36


@pytest.mark.filterwarnings("ignore:`torch.jit.script` is deprecated")
def test_a_scripted_model_keeps_its_mode_and_buffers() -> None:
    model = torch.jit.script(nn.Sequential(nn.BatchNorm2d(3), nn.Dropout()).train())
    mean = model.state_dict()["0.running_mean"].clone()
    held = [list(vars(module)) for module in model.modules()]
    count(model, (3, 4, 4))
    assert [list(vars(module)) for module in model.modules()] == held
    assert model.training
    assert all(module.training for module in model.modules())
    assert torch.equal(model.state_dict()["0.running_mean"], mean)


@pytest.mark.slow
def test_threads_do_not_disturb_each_other() -> None:
    model = nn.Sequential(*(nn.Conv2d(3, 3, 3, padding=1) for _ in range(20)))
    costs: list[Any] = []
    threads = [
        threading.Thread(target=lambda: costs.append(count(model, (3, 8, 8)))) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(costs) == 4
    assert len({(cost.params, cost.macs) for cost in costs}) == 1
    assert "forward" not in model[0].__dict__


_MEMORY = """
import resource, torch
from torch import nn
from labcode import count

def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024

count(nn.Conv2d(3, 4, 3), (3, 8, 8))
with torch.no_grad():
    model = nn.Sequential(nn.Conv2d(3, 64, 3, padding=1), nn.Flatten(), nn.Linear(2**20, 64))
model[1].register_forward_hook(lambda *_: None)
before = peak()
cost = count(nn.Sequential(model[0], nn.ReLU(), nn.Conv2d(64, 64, 3)), (3, 4096, 4096))
assert cost.macs > 10**11, cost.macs
assert count(model, (3, 128, 128)).params > 6 * 10**7
print(peak() - before)
"""


@pytest.mark.slow
def test_no_weights_are_copied_and_no_activations_take_memory() -> None:
    # The activations alone would take 4 GiB each, the weights 256 MiB.
    run = subprocess.run(
        [sys.executable, "-c", _MEMORY], capture_output=True, text=True, check=True
    )
    assert int(run.stdout) < 30  # MiB


class Makers(OrderedDict):
    """Makes what it is asked for, as a table of activations in transformers does."""

    def __getitem__(self, key):
        return super().__getitem__(key)()

    def __setitem__(self, key, value):
        assert isinstance(value, type), "only makers"
        super().__setitem__(key, value)


class Twice(list):
    """Shows each of its items twice."""

    def __iter__(self):
        return (item for item in super().__iter__() for _ in range(2))


def test_containers_that_show_something_else_than_they_hold_stay_as_they_are():
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.makers, self.twice = Makers(relu=nn.ReLU, tanh=nn.Tanh), Twice([1, 2])
            self.a = nn.Linear(4, 4)

        def forward(self, x):
            self.makers.pop("tanh", None)
            return self.makers["relu"](self.a(x))

    net = Net()
    for _ in range(3):
        assert count(net, (4,)).macs == 16
        assert list(dict.items(net.makers)) == [("relu", nn.ReLU), ("tanh", nn.Tanh)]
        assert list(list.__iter__(net.twice)) == [1, 2]
