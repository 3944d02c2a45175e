"""`torch.cond`: a branch that depends on data has one cost only if both sides cost the same."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch

if TYPE_CHECKING:
    from labcode.counting.dispatch import CountingMode
    from labcode.counting.tracking import Layer

COND = torch.ops.higher_order.cond
_ITEM = torch.ops.aten.item.default


def cond(mode: CountingMode, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Rule for `torch.cond`: run the side that is known to be taken, or compare both.

    Raises:
        DataNeededError: if the condition is not known and the sides cost differently.
    """
    condition, if_true, if_false, operands = args
    taken = _truth(mode, condition)
    with mode:
        if taken is not None:
            return (if_true if taken else if_false)(*operands)
        before = _state(mode)
        out = if_true(*operands)
        first = _state(mode)
        _reset(mode, before)
        if_false(*operands)
    second = _state(mode)
    if second.layers != first.layers:
        mode.refuse(
            "torch.cond chooses between branches of different cost: "
            f"{first.macs - before.macs:,} and {second.macs - before.macs:,} multiply-adds"
        )
    return out


@dataclass(frozen=True)
class State:
    """What was counted so far."""

    layers: tuple[tuple[Layer, int, dict[str, int]], ...]
    operations: list[tuple[str, int, int]]

    @property
    def macs(self) -> int:
        """All multiply-adds."""
        return sum(macs for _, macs, _ in self.layers)


def _truth(mode: CountingMode, condition: Any) -> bool | None:
    if not isinstance(condition, torch.Tensor):
        return bool(condition)
    known = mode.values.is_known(condition, _ITEM)
    return bool(mode.values.real(condition, copy=False)) if known else None


def _state(mode: CountingMode) -> State:
    layers = tuple((layer, layer.macs, dict(layer.uncounted)) for layer in mode.layers)
    return State(layers, mode.operations.sums())


def _reset(mode: CountingMode, state: State) -> None:
    mode.operations.reset(state.operations)
    for layer, macs, uncounted in state.layers:
        layer.macs = macs
        layer.uncounted.clear()
        layer.uncounted.update(uncounted)
