"""Soft labels, stored once and reused; or asked for again, for each changed image."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch  # noqa: F401 (the example below)
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from labcode.data import Split
from labcode.distillation.checks import check_logits
from labcode.distillation.loss import distillation_loss
from labcode.distillation.teachers import Combine, combined_logits, logits_of
from labcode.training import Batch, LossFn


@dataclass(frozen=True, eq=False)
class SoftLabels:
    """A teacher's logits for every image of a split, in its order.

    The teacher runs once, and students, temperatures and weights share its answers. They belong
    to the split's own images, in this order: the right answers of another split, or of the same
    one in another order, are soon found to differ, and refused. A student that trains on changed
    copies is taught what the teacher said of the unchanged image; `LiveTeacher` looks at the
    changed copies instead.

    Args:
        logits: Shape (N, classes).
        name: Whose answers they are, for messages.
        labels: The split's labels, shape (N,): not taught, but compared in each step with those
            of the images that the student sees. Without them nothing but the size is compared.
        fingerprint: Of the split's images; `fingerprint_of` makes it, `load` compares it.

    Raises:
        ValueError: `check_logits` refuses the logits, or there is not one label for each.
    """

    logits: Tensor
    name: str = "teacher"
    labels: Tensor | None = None
    fingerprint: str = ""

    def __post_init__(self) -> None:
        """Refuse what cannot be logits; keep a copy without a gradient."""
        checked = check_logits(f"{self.name}'s logits", self.logits)
        object.__setattr__(self, "logits", checked.detach().clone())
        if self.labels is not None and self.labels.shape != self.logits.shape[:1]:
            raise ValueError(
                f"labels must have the shape ({len(self.logits)},), got {tuple(self.labels.shape)}"
            )

    @classmethod
    def from_teacher(cls, teacher: nn.Module, split: Split, *, name: str = "teacher") -> SoftLabels:
        """Ask a teacher about every image of a split, once."""
        return cls(logits_of(teacher, split.images), name, split.labels, fingerprint_of(split))

    @classmethod
    def from_ensemble(
        cls,
        teachers: Sequence[nn.Module],
        split: Split,
        *,
        combine: Combine = "logits",
        temperature: float = 1.0,
        name: str = "ensemble",
    ) -> SoftLabels:
        """Ask several teachers, and combine their answers as `combined_logits` says."""
        members = [logits_of(teacher, split.images) for teacher in teachers]
        logits = combined_logits(members, combine=combine, temperature=temperature)
        return cls(logits, name, split.labels, fingerprint_of(split))

    def __len__(self) -> int:
        """Return the number of images."""
        return len(self.logits)

    def __repr__(self) -> str:
        """Name the teacher and the shape instead of printing all values."""
        return f"SoftLabels({self.name!r}, logits {tuple(self.logits.shape)})"

    def loss(self, *, temperature: float = 4.0, soft_weight: float = 0.9) -> LossFn:
        """Return a loss for `labcode.training.fit`, which says where each image stands.

        Args:
            temperature: As in `distillation_loss`.
            soft_weight: As in `distillation_loss`.

        Returns:
            The loss. It raises a ValueError when the images are others than the teacher's.
        """

        def loss_fn(model: nn.Module, batch: Batch) -> tuple[Tensor, Tensor]:
            logits = model(batch.images)  # (N, classes)
            taught = self.logits.to(logits.device)[self._places(batch.places, batch.labels)]
            return logits, distillation_loss(
                logits, taught, batch.labels, temperature=temperature, soft_weight=soft_weight
            )

        return loss_fn

    def _places(self, indices: Tensor, labels: Tensor) -> Tensor:
        """Return the places, if the images there are those that the teacher was asked about."""
        last = int(indices.max())
        if last >= len(self):
            raise ValueError(
                f"indices must be below {len(self)}, the images that {self.name} was asked about, "
                f"got {last}: train on the same split"
            )
        if self.labels is not None:
            differ = self.labels.to(labels.device)[indices] != labels
            if bool(differ.any()):
                place = int(indices[differ][0])
                raise ValueError(
                    f"image {place} is not the one that {self.name} was asked about: its label was "
                    f"{int(self.labels[place])}, got {int(labels[differ][0])}: train on the same "
                    "split, in the same order"
                )
        return indices

    def save(self, path: str | os.PathLike[str]) -> int:
        """Write the logits as a safetensors file of float16, and return its bytes.

        Raises:
            ValueError: A logit does not fit into float16.
        """
        half = self.logits.half()
        check_logits(f"{self.name}'s logits in float16", half.float())
        tensors = {"logits": half.contiguous()}
        if self.labels is not None:
            tensors["labels"] = self.labels.contiguous()
        save_file(tensors, Path(path), {"name": self.name, "fingerprint": self.fingerprint})
        return Path(path).stat().st_size

    @classmethod
    def load(cls, path: str | os.PathLike[str], split: Split) -> SoftLabels:
        """Read what `save` wrote, for the same images.

        Args:
            path: The file.
            split: The images that the teacher was asked about.

        Raises:
            ValueError: The file does not hold soft labels, or those of other images.
        """
        try:
            with safe_open(Path(path), "pt") as file:
                tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
                facts = file.metadata() or {}
            logits = tensors["logits"].float()
        except (SafetensorError, KeyError) as error:
            raise ValueError(f"{path} does not hold soft labels: {error}") from error
        name, print_ = facts.get("name", "teacher"), facts.get("fingerprint", "")
        if len(logits) != len(split) or (print_ and print_ != fingerprint_of(split)):
            raise ValueError(
                f"split must hold the {len(logits)} images that {name} was asked about, "
                f"got {len(split)} others from {split.name!r}"
            )
        return cls(logits, name, tensors.get("labels"), print_)


def fingerprint_of(split: Split) -> str:
    """Return a short text that differs for other images, or for another order of them.

    >>> both = Split(torch.eye(4).reshape(2, 1, 2, 4), torch.tensor([0, 1]))
    >>> other = Split(both.images.flip(0), both.labels)
    >>> fingerprint_of(both) == fingerprint_of(other)
    False
    """
    return hashlib.sha256(split.images.contiguous().numpy().tobytes()).hexdigest()[:32]


@dataclass(frozen=True, eq=False)
class LiveTeacher:
    """A teacher that sees the same changed images as the student, in every step.

    The teacher answers about just the images that the student is trained on, however they were
    changed. It costs a run of the teacher in every step, which stored soft labels save.

    Args:
        teacher: Turns images (N, C, H, W) into logits (N, classes).

    Source: Beyer et al., 2022 (arXiv:2106.05237), who call this consistent teaching.
    """

    teacher: nn.Module

    def loss(
        self, *, temperature: float = 4.0, soft_weight: float = 0.9, log_target: bool = True
    ) -> LossFn:
        """Return a loss for `labcode.training.fit`; see `distillation_loss`."""

        def loss_fn(model: nn.Module, batch: Batch) -> tuple[Tensor, Tensor]:
            taught = logits_of(self.teacher, batch.images)
            logits = model(batch.images)  # (N, classes)
            return logits, distillation_loss(
                logits,
                taught.to(logits.device),
                batch.labels,
                temperature=temperature,
                soft_weight=soft_weight,
                log_target=log_target,
            )

        return loss_fn
