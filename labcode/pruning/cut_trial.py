"""Whether a network bears that channels go: seen by cutting a copy, not by its graph."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from labcode._walk import shapes_of
from labcode.pruning.agreement import answer_of, reweighted
from labcode.pruning.plan import Plan, silenced
from labcode.pruning.surgery import resized

Shapes = dict[str, tuple[int, ...]]


class Ordinary(str):
    """A reason that some layers of any network have to stay whole: nothing about it is odd."""


ANSWERS = Ordinary("its outputs are the network's answers, or are joined to them")
BREAKS = "the network does not run with fewer of its outputs"
OTHERWISE = "what follows it mixes its outputs, or does not keep zero at zero"


class CutTrial:
    """Cuts copies of a network with random weights, and runs them.

    Args:
        model: The network; left as it is.
        input_shape: One image; for several inputs a list of shapes.
    """

    def __init__(self, model: nn.Module, input_shape: Sequence[int]) -> None:
        """Run the whole network."""
        self._model = reweighted(model)  # with its own weights a silent channel hides a wrong cut
        generator = torch.Generator().manual_seed(0)
        shapes = shapes_of(input_shape)
        self._images = [torch.randn(2, *shape, generator=generator) for shape in shapes]
        self._whole = [self._shapes(self._model, training=mode) for mode in (False, True)]

    def why_not(self, plan: Plan) -> str:
        """Say why a plan cannot be cut, of the layers that lose outputs; nothing if it can.

        Nothing is said of a mode in which the whole network fails. `cut` compares more carefully.
        """
        smaller = resized(self._model, plan)
        for mode, whole in zip((False, True), self._whole, strict=True):
            found = self._shapes(smaller, training=mode)
            if whole and found != whole:
                return ANSWERS if found else BREAKS
        masked = silenced(self._model, plan)
        before, after = (self._answer(net, training=False) for net in (masked, smaller))
        return "" if all(_alike(before[place], after[place]) for place in before) else OTHERWISE

    def _answer(self, model: nn.Module, *, training: bool) -> dict[str, Tensor]:
        """Return the tensors of an answer; none where the network fails."""
        for dtype in (torch.float64, torch.float32):  # some make float32 tensors of their own
            images = [image.to(dtype) for image in self._images]
            try:
                return answer_of(model, images, seed=0, training=training)
            except Exception:  # such as a detector, which wants targets in training
                continue
        return {}

    def _shapes(self, model: nn.Module, *, training: bool) -> Shapes:
        answer = self._answer(model, training=training)
        return {place: tuple(leaf.shape) for place, leaf in answer.items()}


def _alike(before: Tensor, after: Tensor) -> bool:
    """Tell whether two answers are as good as equal; float32 rounds differently in other sums."""
    scale = before.double().abs().max() if before.numel() else torch.tensor(0.0)
    limit = 1e-6 if before.dtype == torch.float64 else 1e-3
    return bool(((before.double() - after.double()).abs() <= limit * scale.clamp(min=1)).all())
