"""What the layers of a network take in: seen while images run through it, over all of their runs.

On the way it is noticed when a network multiplies with weights and runs no layer for it: what no
layer does, quantizing the layers does not touch.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode
from torch.utils._pytree import tree_leaves

from labcode._refusals import does_not_run, one_input
from labcode.quantization.admission import layers_to_quantize
from labcode.quantization.modules import PlainLayer
from labcode.quantization.plain import called
from labcode.training import eval_mode

CONVOLUTIONS = {f"conv{t}{n}d" for t in ("", "_transpose") for n in (1, 2, 3)}
LAYER_LIKE = {*CONVOLUTIONS, "convolution", "linear", "bilinear", "multi_head_attention_forward"}
MATMULS = {
    f"{linalg}{op}" for linalg in ("", "linalg_") for op in ("matmul", "vecdot", "multi_dot")
}
WITH_VECTORS = MATMULS | {"__matmul__", "__rmatmul__", "mv", "dot", "vdot", "inner"}
SUMMED = {"einsum", "tensordot", "chain_matmul"}
PRODUCTS = WITH_VECTORS | SUMMED | {"mm", "bmm", "addmm", "addbmm", "baddbmm", "addmv"}
LIKE = {"to", "type_as", "expand_as", "view_as", "reshape_as", "embedding"}  # no products
Watched = dict[str, list[Tensor]]


def layer_inputs(model: nn.Module, images: Tensor) -> dict[str, Tensor]:
    """Return what each convolution and linear layer takes in, by its name.

    Args:
        model: Runs in evaluation mode, and is left as it is.
        images: Images (N, C, H, W).

    Returns:
        In the order in which the layers run first: a layer's input, or where it runs several
        times, all numbers of all of its inputs in one row. A layer that does not run has none.

    >>> found = layer_inputs(nn.Sequential(nn.Flatten(), nn.Linear(4, 2)), torch.ones(1, 1, 2, 2))
    >>> found["1"]
    tensor([[1., 1., 1., 1.]])
    """
    return {name: together(runs) for name, runs in watched(model, images).items()}


def together(runs: list[Tensor]) -> Tensor:
    """Return what a layer took in over all of its runs."""
    return runs[0] if len(runs) == 1 else torch.cat([run.flatten() for run in runs])


def check_one_input(images: object) -> None:
    """Refuse what is not one tensor.

    Raises:
        TypeError: It is something else.
        ValueError: It is several inputs.
    """
    if isinstance(images, (tuple, list)) and (why := one_input(len(images))):
        raise ValueError(why)
    if not isinstance(images, Tensor):
        raise TypeError(f"images must be a tensor, got {type(images).__name__}")


def check_images(images: Tensor) -> None:
    """Refuse calibration images that are not finite, by their number.

    Raises:
        TypeError: They are not a tensor.
        ValueError: A value of an image is NaN or infinite, or there are several inputs.
    """
    check_one_input(images)
    if not images.numel():
        return
    if images.is_meta:
        raise ValueError("images are on the meta device, where there are no numbers")
    finite = images.isfinite().reshape(len(images), -1).all(1)
    if not bool(finite.all()):
        raise ValueError(f"image {int((~finite).nonzero()[0])} of images holds NaN or infinity")


@torch.no_grad()
def watched(
    model: nn.Module,
    images: Tensor,
    layers: Mapping[str, PlainLayer] | None = None,
    floats: set[nn.Module] = frozenset(),  # type: ignore[assignment]
) -> Watched:
    """Return each input of each run of some layers, in the order in which they run first.

    Args:
        model: Runs in evaluation mode, and is left as it is.
        images: Images (N, C, H, W).
        layers: The layers to watch, by name; None takes all that can be quantized.
        floats: Modules that may multiply as they like.

    Raises:
        ValueError: The network does not run on the images, or multiplies with weights outside of
            these layers.
    """
    layers = layers_to_quantize(model) if layers is None else layers
    seen: Watched = {}
    names: dict[nn.Module, str] = {layer: name for name, layer in layers.items()}
    running: list[nn.Module] = []

    def keep(layer: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        value = args[0] if args else kwargs["input"]
        seen.setdefault(names[layer], []).append(value.clone())  # it may be written over later

    with ExitStack() as stack, eval_mode(model):
        stack.enter_context(_followed(model, running))
        for layer in layers.values():
            handle = layer.register_forward_pre_hook(keep, with_kwargs=True)
            stack.callback(handle.remove)
        outside = stack.enter_context(_Outside(model, layers, floats, running))
        try:
            model(images)
        except Exception as error:
            if outside.refused:
                raise
            raise ValueError(does_not_run(type(model).__name__, [images], error)) from error
    return seen


@contextmanager
def _followed(model: nn.Module, running: list[nn.Module]) -> Iterator[None]:
    """Keep the list of the modules that are running, the innermost last."""
    handles: list[Any] = []
    for module in model.modules():
        handles.append(module.register_forward_pre_hook(lambda m, _: running.append(m)))
        handles.append(module.register_forward_hook(lambda *_: _dropped(running)))
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


def _dropped(running: list[nn.Module]) -> None:
    running.pop()


def _name_of(function: Any) -> str:
    """Return what a function is called; a property, such as T, has a getter of no name."""
    name = str(getattr(function, "__name__", function))
    owner = getattr(function, "__self__", None)
    return str(getattr(owner, "__name__", name)) if name == "__get__" else name


class _Outside(TorchFunctionMode):
    """Notices products with weights that no layer makes while it runs."""

    def __init__(
        self,
        model: nn.Module,
        layers: Mapping[str, PlainLayer],
        floats: set[nn.Module],
        running: list[nn.Module],
    ) -> None:
        super().__init__()
        self.names = {module: name for name, module in model.named_modules()}
        self.layers, self.floats, self.running = set(layers.values()), floats, running
        self.refused = False
        self.known = {id(p): name for name, p in model.named_parameters()}
        # From parameters alone, such as a transposed weight: the tensor, and whose it is.
        self.made: dict[int, tuple[Tensor, str]] = {}
        self.weights: dict[int, str] = {}
        for name, layer in layers.items():
            self.weights.setdefault(id(layer.weight), name)

    def __torch_function__(
        self, func: Any, types: Any, args: Any = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        """Let the function run, unless it goes past a layer."""
        found = func(*args, **(kwargs or {}))
        inside = any(module in self.layers or module in self.floats for module in self.running)
        if not inside and isinstance(found, (Tensor, tuple)):
            given = [leaf for leaf in tree_leaves((args, kwargs)) if isinstance(leaf, Tensor)]
            why = self._refusal(_name_of(func), given)
            self.refused = bool(why)
            if why:
                raise ValueError(why)
            if given and all(self._is_weight(leaf) for leaf in given):
                name = next((self._name(leaf) for leaf in given if self._name(leaf)), "")
                made = [leaf for leaf in tree_leaves(found) if isinstance(leaf, Tensor)]
                self.made |= {id(leaf): (leaf, name) for leaf in made}
        return found

    def _is_weight(self, tensor: Tensor) -> bool:
        return isinstance(tensor, nn.Parameter) or id(tensor) in self.made

    def _name(self, weight: Tensor) -> str:
        """Return the name of the parameter that a weight is, or is made of."""
        made = self.made.get(id(weight))
        return made[1] if made else self.known.get(id(weight), "")

    def _refusal(self, function: str, given: list[Tensor]) -> str:
        """Say what goes past the layers; nothing if nothing does."""
        for parameter in given:
            if id(parameter) in self.weights and function not in LIKE:
                return (
                    f"{called(self.weights[id(parameter)])} cannot be quantized: its weight is "
                    f"used where the layer does not run (by {function} in {self._where()})"
                )
        least = 1 if function in WITH_VECTORS else 2
        weights = [leaf for leaf in given if self._is_weight(leaf) and leaf.ndim >= least]
        if function in LAYER_LIKE or (function in PRODUCTS and weights):
            weights.sort(key=lambda leaf: -leaf.ndim)  # the bias is not what is meant
            name = next((self._name(leaf) for leaf in weights), "")
            return (
                f"{self._where()} cannot be quantized: its {function}{name and f' with {name!r}'} "
                "is not a layer of its own; name it in in_float to leave it so"
            )
        return ""

    def _where(self) -> str:
        return called(self.names.get(self.running[-1], "")) if self.running else "the model"
