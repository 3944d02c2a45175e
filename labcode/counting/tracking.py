"""Follow which layer of a model is running, and leave the model as it was."""

from __future__ import annotations

import random
import sys
import threading
from collections import Counter, OrderedDict, deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import torch
from torch import nn

_LOCK = threading.RLock()  # a model carries its trackers while it is counted, so one at a time
_CONTAINERS = frozenset({list, dict, set, deque, OrderedDict})


class Layer:
    """One module of a model while it is counted."""

    __slots__ = ["calls", "is_leaf", "macs", "module", "name", "parameters", "shape", "uncounted"]

    def __init__(
        self, name: str, module: nn.Module, parameters: list[nn.Parameter], is_leaf: bool
    ) -> None:
        """Start a layer's count at nothing; `parameters` are those it is the first to own."""
        self.name, self.module = name, module
        self.parameters, self.is_leaf = parameters, is_leaf
        self.macs = self.calls = 0
        self.shape: tuple[int, ...] | None = None
        self.uncounted: Counter[str] = Counter()

    def add_uncounted(self, operation: str) -> None:
        """Note that an operation without a formula ran in this layer."""
        self.uncounted[operation] += 1

    @property
    def kind(self) -> str:
        """The class of the module."""
        if isinstance(self.module, torch.jit.ScriptModule):
            return f"{self.module.original_name} (TorchScript)"
        return type(self.module).__name__

    @property
    def params(self) -> int:
        """The number of parameters, trained or not."""
        return sum(p.numel() for p in self.parameters)

    @property
    def is_row(self) -> bool:
        """Whether the layer has anything to show."""
        return bool(self.parameters or self.macs or self.uncounted or (self.is_leaf and self.calls))


class Failure:
    """Where a forward failed: the innermost layer and the shapes that came to it."""

    def __init__(self) -> None:
        """Start with no failure."""
        self.layer: Layer | None = None
        self.shapes: list[tuple[int, ...]] = []

    def note(self, layer: Layer, args: Any) -> None:
        """Remember the first layer that failed, which is the innermost."""
        if self.layer is None:
            self.layer = layer
            self.shapes = [tuple(a.shape) for a in args if isinstance(a, torch.Tensor)]


def unwrapped(model: nn.Module) -> nn.Module:
    """Return the model inside torch.compile, DataParallel or DistributedDataParallel."""
    parallel = (nn.DataParallel, nn.parallel.DistributedDataParallel)
    while True:
        inner = model.module if isinstance(model, parallel) else _compiled(model)
        if inner is None:
            return model
        model = inner


def _compiled(module: nn.Module) -> nn.Module | None:
    # By name: importing torch._dynamo for the class would take seconds.
    is_wrapper = type(module).__name__ == "OptimizedModule"
    return module._modules.get("_orig_mod") if is_wrapper else None


def find_layers(model: nn.Module) -> list[Layer]:
    """Return every module once, in order; each parameter belongs to its first owner."""
    layers: list[Layer] = []
    seen: set[int] = set()

    def walk(module: nn.Module, name: str) -> None:
        module = _compiled(module) or module
        if id(module) in seen:
            return
        seen.add(id(module))
        whole = isinstance(module, torch.jit.ScriptModule)  # its inside is not Python
        own = list(module.parameters()) if whole else module._parameters.values()
        new = {id(p): p for p in own if p is not None and id(p) not in seen}
        seen.update(new)
        children = [] if whole else [(n, m) for n, m in module._modules.items() if m is not None]
        layers.append(Layer(name or "(model)", module, list(new.values()), not children))
        for child_name, child in children:
            walk(child, f"{name}.{child_name}" if name else child_name)

    walk(model, "")
    return layers


@contextmanager
def tracked(
    modules: list[nn.Module], layers: list[Layer], running: list[Layer]
) -> Iterator[Failure]:
    """Put trackers on the layers and evaluation mode on the model; take both off at the end.

    Attributes, hooks, modes, buffers and the random state come back exactly, also after an error.
    Hooks of the caller do not run meanwhile.
    """
    failure = Failure()
    with _LOCK:
        restore = [*_random_states(), *_modes(modules)]
        saved = [_snapshot(module) for module in modules]
        try:
            _install_all(modules, layers, running, failure)
            yield failure
        finally:
            for snapshot in saved:
                _restore(*snapshot)
            for call in restore:
                call()


def _install_all(
    modules: list[nn.Module], layers: list[Layer], running: list[Layer], failure: Failure
) -> None:
    for layer in layers:
        _install(layer.module, _tracker(layer, running, failure))
    for module in modules:
        if isinstance(module, torch.jit.ScriptModule):
            module.training = False
            continue
        module.__dict__["training"] = False
        inner = _compiled(module)
        if inner is not None:
            _install(module, partial(_call, inner))


def _call(module: nn.Module, *args: Any, **kwargs: Any) -> Any:
    return module(*args, **kwargs)


def _install(module: nn.Module, forward: Callable[..., Any]) -> None:
    # `_compiled_call_impl` is what calling a module looks for first: no hook runs. `forward` is
    # replaced too, for models that call it directly.
    module.__dict__["_compiled_call_impl"] = forward
    module.__dict__["forward"] = forward


def _tracker(layer: Layer, running: list[Layer], failure: Failure) -> Callable[..., Any]:
    forward = layer.module.forward

    def track(*args: Any, **kwargs: Any) -> Any:
        running.append(layer)
        try:
            out = forward(*args, **kwargs)
        except Exception:
            failure.note(layer, (*args, *kwargs.values()))
            raise
        finally:
            running.pop()
        layer.calls += 1
        if layer.shape is None:
            layer.shape = output_shape(out)
        return out

    return track


def output_shape(out: Any) -> tuple[int, ...] | None:
    """Return the shape of the first tensor in a layer's output, without the batch of one."""
    if isinstance(out, torch.Tensor):
        shape = tuple(out.shape)
        return shape[1:] if len(shape) > 1 and shape[0] == 1 else shape
    items = out.values() if isinstance(out, dict) else out
    if not isinstance(out, (dict, list, tuple)):
        return None
    shapes = (output_shape(item) for item in items)
    return next((shape for shape in shapes if shape is not None), None)


Held = list[tuple[Any, Any]]


def _snapshot(module: nn.Module) -> tuple[dict[str, Any], dict[str, Any], Held]:
    """Remember a module's attributes and what its lists, dicts and sets hold."""
    attributes = module.__dict__
    saved = attributes.copy()
    held = [(v, v.copy() if v else None) for v in saved.values() if type(v) in _CONTAINERS]
    return attributes, saved, held


def _restore(attributes: dict[str, Any], saved: dict[str, Any], held: Held) -> None:
    attributes.clear()
    attributes.update(saved)
    for container, content in held:
        if content:
            container.clear()
            fill = container.update if hasattr(container, "update") else container.extend
            fill(content)
        elif container:
            container.clear()


def _modes(modules: list[nn.Module]) -> list[Callable[[], None]]:
    """Return calls that bring the modes of TorchScript modules back; others keep theirs inside."""
    scripted = (m for m in modules if isinstance(m, torch.jit.ScriptModule))
    return [partial(setattr, m, "training", m.training) for m in scripted]


def _random_states() -> list[Callable[[], None]]:
    """Return calls that bring the random states of PyTorch, Python and NumPy back."""
    calls: list[Callable[[], None]] = [
        partial(torch.set_rng_state, torch.get_rng_state()),
        partial(random.setstate, random.getstate()),
    ]
    numpy_random = sys.modules.get("numpy.random")
    if numpy_random is not None:
        calls.append(partial(numpy_random.set_state, numpy_random.get_state()))
    return calls
