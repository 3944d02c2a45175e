"""Masks: which weights of a network are kept, and zeros that stay zero in training."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

import torch
from torch import Tensor, nn

from labcode._bare import bare_parameters, warn_of, why_left
from labcode._checks import check_number
from labcode.pruning.kinds import LAYERS, check_layers, matrices

__all__ = ["LAYERS", "Masks", "left_out", "passed_over", "prunable"]


def prunable(model: nn.Module) -> dict[str, nn.Parameter]:
    """Return the weights of all convolutions and linear layers by name; biases are not among them.

    Transposed convolutions, the inner projections of attention and the products in recurrent
    layers are among them. What else a network holds, `left_out` lists.

    Args:
        model: Any network; a weight that two layers share is listed once.

    Returns:
        The parameters in the model's order, such as "conv1.weight".

    Raises:
        ValueError: A layer's weights cannot be pruned one by one: it is scripted, quantized or
            parametrized (weight_norm), or was never run (Lazy).

    >>> from labcode.models import lenet5
    >>> list(prunable(lenet5()))
    ['conv1.weight', 'conv2.weight', 'fc1.weight', 'fc2.weight']
    """
    check_layers(model)
    weights = {id(weight) for layer in model.modules() for _, weight in matrices(layer)}
    return {name: p for name, p in model.named_parameters() if id(p) in weights}


def left_out(model: nn.Module) -> dict[str, int]:
    """Return the parameters that `prunable` does not list, with their numbers of values.

    Args:
        model: Any network.

    Returns:
        Name of each bias, norm, embedding and parameter of another layer to its size.

    >>> left_out(nn.Sequential(nn.Embedding(10, 4), nn.Linear(4, 2)))
    {'0.weight': 40, '1.bias': 2}
    """
    taken = prunable(model)
    return {name: p.numel() for name, p in model.named_parameters() if name not in taken}


def passed_over(model: nn.Module, named: Iterable[str] = ()) -> dict[str, str]:
    """Return why parameters that may be weights are not pruned, by the module that holds them.

    A parameter that a module of one's own uses without a layer may be a matrix by which it
    multiplies, or a table of positions, or a factor for each channel. Nothing tells which, so it
    is pruned only if it is given scores or a mask by its name. `select` and the others that choose
    the parameters themselves warn of it in the same words.

    Args:
        model: Any network.
        named: Parameters that are pruned.

    Returns:
        A module's name, empty for the network itself, to a reason that names the parameters.

    >>> model = nn.Sequential(nn.Linear(4, 2))
    >>> model.gain = nn.Parameter(torch.ones(2))
    >>> passed_over(model)[""]
    "'gain' is in no layer: pruning takes such a parameter only by its name"
    """
    taken = {*named, *prunable(model)}
    left = [name for name in bare_parameters(model) if name not in taken]
    return why_left(left, "pruning takes such a parameter only by its name")


class Masks(Mapping[str, Tensor]):
    """Which weights are kept: the name of a parameter to a bool tensor of its shape.

    A mapping that is never changed. Make one with `Masks.of` or `Masks.from_thresholds`, which
    check names and shapes against a network.
    """

    def __init__(self, keep: Mapping[str, Tensor]) -> None:
        """Copy the masks.

        Args:
            keep: Name of a parameter to a bool tensor, True where the weight stays.

        Raises:
            TypeError: A mask is not a bool tensor.
            ValueError: There is no mask at all.
        """
        if not keep:
            raise ValueError("keep must hold at least one mask, got none")
        for name, mask in keep.items():
            if not isinstance(mask, Tensor) or mask.dtype != torch.bool:
                kind = mask.dtype if isinstance(mask, Tensor) else type(mask).__name__
                raise TypeError(f"keep[{name!r}] must be a bool tensor, got {kind}")
        self._keep = {name: mask.detach().clone() for name, mask in keep.items()}

    @classmethod
    def of(cls, model: nn.Module, keep: Mapping[str, Tensor] | None = None) -> Masks:
        """Return masks that fit a model.

        Args:
            model: The network that will be pruned.
            keep: Name of a parameter to a bool tensor of its shape; None keeps what is not
                zero now in the weights of all convolutions and linear layers.

        Returns:
            The masks; parameters without one are left alone.

        Raises:
            KeyError: The model has no parameter of a name.
            TypeError: A mask is not a bool tensor.
            ValueError: A mask's shape is not its parameter's, or two names are one parameter.

        >>> layer = nn.Linear(3, 1)
        >>> masks = Masks.of(layer, {"weight": torch.tensor([[True, False, True]])})
        >>> masks
        Masks(2 of 3 weights kept, weight 2 of 3)
        """
        if keep is None:
            keep = {name: weight != 0 for name, weight in prunable(model).items()}
            warn_of(passed_over(model))
        masks = cls(keep)
        seen: dict[int, str] = {}
        for name, mask in masks.items():
            other = seen.setdefault(id(_parameter(model, name, mask)), name)
            if other != name:
                raise ValueError(f"{name!r} is the same parameter as {other!r}: mask it once")
        return masks

    @classmethod
    def from_thresholds(cls, model: nn.Module, thresholds: float | Mapping[str, float]) -> Masks:
        """Return masks that keep the weights whose magnitude is above a threshold.

        Args:
            model: The network that will be pruned.
            thresholds: One for all layers, or one for each name (others are left alone).

        Raises:
            KeyError: The model has no parameter of a name.
            ValueError: A threshold is negative or not finite.

        >>> layer = nn.Linear(2, 1)
        >>> layer.weight.data = torch.tensor([[0.1, -2.0]])
        >>> Masks.from_thresholds(layer, 0.5)["weight"]
        tensor([[False,  True]])
        """
        if not isinstance(thresholds, Mapping):
            thresholds = dict.fromkeys(prunable(model), thresholds)
            warn_of(passed_over(model))
        keep = {}
        for name, threshold in thresholds.items():
            bound = check_number(f"thresholds[{name!r}]", threshold, minimum=0.0)
            keep[name] = _parameter(model, name).detach().abs() > bound
        return cls.of(model, keep)

    def apply(self, model: nn.Module) -> None:
        """Set the pruned weights of a model to zero, in place.

        Raises:
            KeyError: The model has no parameter of a name.
            ValueError: A mask's shape is not its parameter's.
        """
        with torch.no_grad():
            for name, mask in self._keep.items():
                weight = _parameter(model, name, mask)
                weight.masked_fill_(~mask.to(weight.device), 0.0)  # a NaN becomes zero, too

    def after_step(self, model: nn.Module, step: int) -> None:
        """Set the pruned weights back to zero: ``fit(…, after_step=masks.after_step)``.

        Whatever gradient, momentum or weight decay did to them is undone after each step, so
        that the network which the next step sees is the pruned one.

        Args:
            model: The network in training.
            step: The number of steps done; not used.
        """
        self.apply(model)

    @property
    def kept(self) -> dict[str, int]:
        """Number of weights that stay, for each name."""
        return {name: int(mask.sum()) for name, mask in self._keep.items()}

    @property
    def sizes(self) -> dict[str, int]:
        """Number of weights before pruning, for each name."""
        return {name: mask.numel() for name, mask in self._keep.items()}

    @property
    def total_kept(self) -> int:
        """Number of weights that stay in all masked layers together."""
        return sum(self.kept.values())

    @property
    def total_size(self) -> int:
        """Number of weights of all masked layers together."""
        return sum(self.sizes.values())

    @property
    def sparsity(self) -> float:
        """Part of the masked layers' weights that is pruned, from 0 to 1."""
        return 1 - self.total_kept / self.total_size

    @property
    def sparsities(self) -> dict[str, float]:
        """Part that is pruned, from 0 to 1, for each name."""
        return {name: 1 - self.kept[name] / size for name, size in self.sizes.items()}

    def __getitem__(self, name: str) -> Tensor:
        """Return the mask of a parameter."""
        return self._keep[name]

    def __iter__(self) -> Iterator[str]:
        """Go through the names."""
        return iter(self._keep)

    def __len__(self) -> int:
        """Return the number of masks."""
        return len(self._keep)

    def __repr__(self) -> str:
        """Say how many weights are kept, in all and for each name."""
        each = (f"{name} {self.kept[name]:,} of {size:,}" for name, size in self.sizes.items())
        total = f"{self.total_kept:,} of {self.total_size:,} weights kept"
        return f"Masks({', '.join([total, *each])})"


def _parameter(model: nn.Module, name: str, mask: Tensor | None = None) -> nn.Parameter:
    """Return a parameter, which must exist and have the mask's shape."""
    try:
        parameter = model.get_parameter(name)
    except AttributeError:
        names = ", ".join(prunable(model)) or "none"
        raise KeyError(
            f"the model has no parameter {name!r}; it can be pruned in: {names}"
        ) from None
    if mask is not None and mask.shape != parameter.shape:
        raise ValueError(
            f"the mask of {name!r} must have its shape {tuple(parameter.shape)}, "
            f"got {tuple(mask.shape)}"
        )
    return parameter
