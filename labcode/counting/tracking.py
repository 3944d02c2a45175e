"""Follow which layer of a model is running, and leave the model as it was."""

from __future__ import annotations

import itertools
import random
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import torch
from torch import nn

from labcode.counting.keeping import Snapshot
from labcode.counting.packed import packed_tensors
from labcode.counting.twins import tensors_in

_LOCK = threading.RLock()  # a model carries its trackers while it is counted, so one at a time


class Layer:
    """One module of a model while it is counted."""

    __slots__ = [
        "calls",
        "inside",
        "is_leaf",
        "macs",
        "module",
        "name",
        "order",
        "output_bytes",
        "parameters",
        "shape",
        "uncounted",
    ]

    def __init__(
        self, name: str, module: nn.Module, parameters: list[nn.Parameter], is_leaf: bool
    ) -> None:
        """Start a layer's count at nothing; `parameters` are those it is the first to own."""
        self.name, self.module = name, module
        self.parameters, self.is_leaf = parameters, is_leaf
        self.clear()

    def clear(self) -> None:
        """Forget what was counted, for another run."""
        self.macs = self.calls = self.output_bytes = 0
        self.order: int | None = None  # its place among the layers, by their first call
        self.inside = ""  # the layer in whose call its weights worked, if it was not called itself
        self.shape: tuple[int, ...] | None = None
        self.uncounted: Counter[str] = Counter()

    def finish(self, out: Any) -> None:
        """Note a call and what it gave."""
        self.calls += 1
        if self.shape is None:
            self.shape = output_shape(out)
        if self.is_leaf:
            self.output_bytes += sum(t.numel() * t.element_size() for t in tensors_in(out))

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
        if packed_tensors(self.module):
            return True
        return bool(self.parameters or self.macs or self.uncounted or (self.is_leaf and self.calls))


class Failure:
    """Where a forward failed: the innermost layer and the shapes that came to it."""

    def __init__(self) -> None:
        """Start with no failure."""
        self.layer: Layer | None = None
        self.shapes: list[tuple[int, ...]] = []
        self.in_hook = False
        self.order = itertools.count()
        self.emptied: list[str] = []  # cached functions whose tables had to be emptied

    def note(self, layer: Layer, args: Any, *, in_hook: bool = False) -> None:
        """Remember the first layer that failed, which is the innermost."""
        if self.layer is None:
            self.layer, self.in_hook = layer, in_hook
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
    modules: list[nn.Module],
    layers: list[Layer],
    running: list[Layer],
    failure: Failure,
    *,
    without_hooks: frozenset[str] = frozenset(),
) -> Iterator[None]:
    """Put trackers on the layers and evaluation mode on the model; take both off at the end.

    Whatever the model can reach comes back exactly, also after an error: see `Snapshot`.

    Args:
        modules: all modules of the model.
        layers: the layers to follow.
        running: the stack of layers that are running; kept up while the model runs.
        failure: gets where it failed, and which caches had to be emptied.
        without_hooks: names of the layers whose hooks stay out.
    """
    with _LOCK:
        restore = [*_random_states(), *_modes(modules)]
        snapshot = Snapshot(modules)
        try:
            _install_all(modules, layers, running, failure, without_hooks)
            yield
        finally:
            failure.emptied += snapshot.restore()
            for call in restore:
                call()


def _install_all(
    modules: list[nn.Module],
    layers: list[Layer],
    running: list[Layer],
    failure: Failure,
    without_hooks: frozenset[str],
) -> None:
    for layer in layers:
        track = _tracker(layer, running, failure)
        call = track if layer.name in without_hooks else _with_hooks(layer, track, failure)
        _install(layer.module, track, call)
    for module in modules:
        if isinstance(module, torch.jit.ScriptModule):
            if hasattr(module, "training"):  # a frozen one has no mode
                module.training = False
            continue
        module.__dict__["training"] = False
        inner = _compiled(module)
        if inner is not None:
            _install(module, partial(_call, inner), partial(_call, inner))


def _call(module: nn.Module, *args: Any, **kwargs: Any) -> Any:
    return module(*args, **kwargs)


def _install(module: nn.Module, forward: Callable[..., Any], call: Callable[..., Any]) -> None:
    # `_compiled_call_impl` is what calling a module looks for first. `forward` is replaced too,
    # for models that call it directly.
    module.__dict__["_compiled_call_impl"] = call
    module.__dict__["forward"] = forward


def _tracker(layer: Layer, running: list[Layer], failure: Failure) -> Callable[..., Any]:
    forward, order = layer.module.forward, failure.order

    def track(*args: Any, **kwargs: Any) -> Any:
        running.append(layer)
        if layer.order is None:
            layer.order = next(order)
        try:
            out = forward(*args, **kwargs)
        except Exception:
            failure.note(layer, (*args, *kwargs.values()))
            raise
        finally:
            running.pop()
        layer.finish(out)
        return out

    return track


def _with_hooks(layer: Layer, track: Callable[..., Any], failure: Failure) -> Callable[..., Any]:
    """Return what a call of a layer runs: its forward, with its hooks where it has some."""
    module, everywhere = layer.module, nn.modules.module
    attributes = module.__dict__
    if isinstance(module, torch.jit.ScriptModule):
        return track

    def call(*args: Any, **kwargs: Any) -> Any:
        if not (
            module._forward_pre_hooks
            or module._forward_hooks
            or everywhere._global_forward_pre_hooks
            or everywhere._global_forward_hooks
            or attributes["forward"] is not track  # replaced while the model runs
        ):
            return track(*args, **kwargs)
        try:
            return nn.Module._call_impl(module, *args, **kwargs)  # type: ignore[no-untyped-call]
        except Exception:
            failure.note(layer, (*args, *kwargs.values()), in_hook=True)
            raise

    return call


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


def _modes(modules: list[nn.Module]) -> list[Callable[[], None]]:
    """Return calls that bring TorchScript modules back, with the mode that they keep inside."""
    scripted = [m for m in modules if isinstance(m, torch.jit.ScriptModule)]
    with_mode = (m for m in scripted if hasattr(m, "training"))  # a frozen one has none
    modes = [partial(setattr, m, "training", m.training) for m in with_mode]
    return [*modes, *(partial(_put_back, vars(m), dict(vars(m))) for m in scripted)]


def _put_back(attributes: dict[str, Any], before: dict[str, Any]) -> None:
    attributes.clear()
    attributes.update(before)


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
