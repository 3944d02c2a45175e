"""What is particular about each layer of a network: seen by running it, not by its name."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.parameter import is_lazy
from torch.nn.utils import parametrize

from labcode._copied import copied
from labcode._refusals import computed_in, why_it_stopped
from labcode.training.evaluation import restored_mode

Runner = Callable[[nn.Module], Any]  # calls a network on the inputs

CONVOLUTIONS = (nn.Conv1d, nn.Conv2d, nn.Conv3d)
TRANSPOSED = (nn.ConvTranspose1d, nn.ConvTranspose2d, nn.ConvTranspose3d)
NORMS = (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d, nn.SyncBatchNorm)


@dataclass(frozen=True)
class LayerFacts:
    """One layer with parameters of its own.

    Args:
        name: Its name in the network; empty for the network itself.
        kind: Its class.
        layer: The layer.
        weights: Number of its parameters.
        calls: How often it runs in one pass in evaluation mode.
        calls_in_training: The same in training mode.
        aliases: Other names of the same module.
        shared_with: Other layers that hold one of its parameters too.
        computed: Parameters that are computed anew from others, such as by weight_norm.
        inside: The module that uses its weights without calling it, such as an attention.
    """

    name: str
    kind: str
    layer: nn.Module = field(repr=False)
    weights: int
    calls: int
    calls_in_training: int
    aliases: tuple[str, ...] = ()
    shared_with: tuple[str, ...] = ()
    computed: tuple[str, ...] = ()
    inside: str = ""

    @property
    def dtype(self) -> torch.dtype | None:
        """The dtype of its first parameter."""
        return next((p.dtype for p in self.layer.parameters(recurse=False)), None)


@dataclass(frozen=True)
class Facts:
    """What one run of a network shows.

    Args:
        layers: The layers with parameters and the batch norms, those that run first, in running
            order.
        output: "tensor", or what else the network returns, such as "a tuple of 2".
        scripted: Whether it is a TorchScript module.
        hooks: Names of the layers with hooks of the user's.
        failure: Why it did not run; empty if it did.
    """

    layers: tuple[LayerFacts, ...]
    output: str
    scripted: bool
    hooks: tuple[str, ...]
    failure: str = ""


def look(model: nn.Module, run: Runner) -> Facts:
    """Return what is particular about a network's layers.

    Args:
        model: Any network; it is left as it was.
        run: Calls a network on the inputs that it is made for.
    """
    if isinstance(model, torch.jit.ScriptModule):
        return Facts((), "unknown", True, ())
    try:
        twin = copied(model)
    except ValueError as error:  # some networks hold what cannot be copied
        return Facts((), "unknown", False, (), str(error))
    order, output, failure = _one_run(twin, run, training=False)
    in_training = _one_run(twin, run, training=True)[0]
    names, shared = _names(model), _sharers(model)
    layers = [
        LayerFacts(
            name=all_names[0],
            kind=type(layer).__name__,
            layer=layer,
            weights=sum(_size(p) for p in layer.parameters(recurse=False)) or _computed_size(layer),
            calls=order[all_names[0]],
            calls_in_training=in_training[all_names[0]],
            aliases=tuple(all_names[1:]),
            shared_with=tuple(sorted(shared[all_names[0]])),
            computed=_computed(layer),
            inside=_user(model, all_names[0]) if not order[all_names[0]] else "",
        )
        for layer, all_names in names.items()
        if _has_weights(layer)
    ]
    running = list(order)
    places = {name: place for place, name in enumerate(running)}
    layers.sort(key=lambda one: places.get(one.name, len(places)))
    return Facts(tuple(layers), output, False, _hooked(model), failure)


def _one_run(model: nn.Module, run: Runner, *, training: bool) -> tuple[Counter[str], str, str]:
    """Run once; return how often each module ran, in running order, and what came out."""
    calls: Counter[str] = Counter()
    handles = [
        module.register_forward_pre_hook(lambda *_, name=name: calls.update([name]))
        for name, module in model.named_modules()
        if not isinstance(module, torch.jit.ScriptModule)  # those take no hooks
    ]
    try:
        with restored_mode(model), torch.no_grad(), torch.random.fork_rng(devices=[]):
            model.train(training)
            return calls, _described(run(model)), ""
    except Exception as error:
        return calls, "unknown", _short(error)
    finally:
        for handle in handles:
            handle.remove()


def _described(output: Any) -> str:
    if isinstance(output, Tensor):
        return "tensor"
    if isinstance(output, dict):
        return f"a dict of {len(output)}"
    if isinstance(output, (tuple, list)):
        return f"a {type(output).__name__} of {len(output)}"
    return f"a {type(output).__name__}"


def _names(model: nn.Module) -> dict[nn.Module, list[str]]:
    """Return every module with all of its names."""
    found: dict[nn.Module, list[str]] = {}
    for name, module in model.named_modules(remove_duplicate=False):
        found.setdefault(module, []).append(name)
    return found


def _sharers(model: nn.Module) -> dict[str, set[str]]:
    """Return for each layer the others that hold one of its parameters."""
    holders: dict[int, list[str]] = defaultdict(list)
    for name, module in model.named_modules():
        for parameter in module.parameters(recurse=False):
            holders[id(parameter)].append(name)
    shared: dict[str, set[str]] = defaultdict(set)
    for names in holders.values():
        for name in names:
            shared[name] |= set(names) - {name}
    return shared


def _has_weights(module: nn.Module) -> bool:
    """Tell whether it is a layer of the table; a batch norm is, without weights of its own too."""
    if (
        isinstance(module, (parametrize.ParametrizationList,))
        or "parametrizations" in type(module).__module__
    ):
        return False
    own = next(module.parameters(recurse=False), None) is not None
    return own or parametrize.is_parametrized(module) or isinstance(module, NORMS)


def _size(parameter: nn.Parameter) -> int:
    """Return the number of a parameter's values; 0 before the first run of a lazy layer."""
    return 0 if is_lazy(parameter) else parameter.numel()


def _computed_size(module: nn.Module) -> int:
    if not parametrize.is_parametrized(module):
        return 0
    return sum(p.numel() for p in module.parameters())


def _computed(module: nn.Module) -> tuple[str, ...]:
    return tuple(computed_in(module))


def _user(model: nn.Module, name: str) -> str:
    """Return the attention around a layer that never runs by itself."""
    parent = name.rpartition(".")[0]
    if parent != name and isinstance(model.get_submodule(parent), nn.MultiheadAttention):
        return parent
    return ""


def _hooked(model: nn.Module) -> tuple[str, ...]:
    return tuple(
        name or "(the network)"
        for name, module in model.named_modules()
        if module._forward_hooks or module._forward_pre_hooks
    )


def _short(error: Exception) -> str:
    """Return the first line of an error, with its kind where the line does not explain itself."""
    line, why = str(error).strip().partition("\n")[0], why_it_stopped(error)
    if not line or why != line:
        return why
    return f"{type(error).__name__}: {line[:200]}"
