"""What teachers say: the logits of one network, and of several as one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import torch
from torch import Tensor, nn

from labcode._checks import check_int
from labcode.distillation.checks import check_logits
from labcode.distillation.loss import check_temperature
from labcode.training import device_of, eval_mode

Combine = Literal["logits", "probabilities"]


@torch.no_grad()
def logits_of(model: nn.Module, images: Tensor, *, batch_size: int = 500) -> Tensor:
    """Return a network's logits in evaluation mode, without a gradient, on the CPU.

    Args:
        model: Turns images (N, C, H, W) into logits (N, classes).
        images: Shape (N, C, H, W).
        batch_size: Images at a time.

    Returns:
        The logits, shape (N, classes).

    Raises:
        ValueError: The output holds a NaN, or looks as if an activation was on it.
    """
    size, device = check_int("batch_size", batch_size), device_of(model)
    with eval_mode(model):
        parts = [model(part.to(device)).cpu() for part in torch.split(images, size)]
    return check_logits("the network's logits", torch.cat(parts))


def combined_logits(
    members: Sequence[Tensor], *, combine: Combine = "logits", temperature: float = 1.0
) -> Tensor:
    """Return the logits of an ensemble: of several teachers as one.

    - "logits" takes the mean of the members' logits. At each temperature this is the geometric
      mean of their probabilities, so that one stored set serves all temperatures. A member that
      is sure that a class is wrong can rule it out.
    - "probabilities" takes the mean of the members' probabilities, softened at a temperature, as
      in a vote. The result gives that mean back when it is softened at the same temperature, and
      at no other.

    Hinton et al. use either. With logits of about the same size the two hardly differ; the
    course uses "logits", since the same soft labels then serve a whole temperature sweep.

    Args:
        members: Logits of each member for the same images, each of shape (N, classes).
        combine: "logits" or "probabilities".
        temperature: At which probabilities are averaged; it does nothing to "logits".

    Returns:
        Logits, shape (N, classes); those of "probabilities" are T times log-probabilities.

    Raises:
        ValueError: There is no member, their shapes differ, or an argument is out of range.

    >>> sure, unsure = torch.tensor([[9.0, -9.0]]), torch.tensor([[-1.0, 1.0]])
    >>> combined_logits([sure, unsure])
    tensor([[ 4., -4.]])
    >>> combined_logits([sure, unsure], combine="probabilities").softmax(dim=1)
    tensor([[0.5596, 0.4404]])
    """
    if combine not in ("logits", "probabilities"):
        raise ValueError(f"combine must be 'logits' or 'probabilities', got {combine!r}")
    shapes = [tuple(logits.shape) for logits in members]
    if not shapes or len(set(shapes)) > 1:
        raise ValueError(f"members must hold logits of one shape (N, classes), got {shapes}")
    stacked = torch.stack([check_logits("a member's logits", logits) for logits in members])
    if combine == "logits":
        return stacked.mean(dim=0)
    heat = check_temperature(temperature)
    log_p = (stacked / heat).log_softmax(dim=2)  # (members, N, classes)
    return heat * (log_p.logsumexp(dim=0) - torch.tensor(float(len(shapes))).log())
