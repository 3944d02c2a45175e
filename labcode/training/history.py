"""What happened in a training run."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd


class TrainingDiverged(RuntimeError):
    """The loss, or a weight, became NaN or infinite."""


@dataclass(frozen=True)
class Epoch:
    """One pass over the training split.

    Args:
        epoch: Its number, from 1.
        lr: The learning rate of its last step.
        train_loss: Mean of the loss over its images, as they were trained on.
        train_accuracy: Part of its images that were right when they were trained on, 0 to 1.
        validation_loss: Mean cross-entropy after the epoch, or None without validation.
        validation_accuracy: Accuracy after the epoch, 0 to 1, or None without validation.
    """

    epoch: int
    lr: float
    train_loss: float
    train_accuracy: float
    validation_loss: float | None = None
    validation_accuracy: float | None = None


@dataclass(frozen=True)
class History:
    """A training run.

    Args:
        epochs: Its epochs, in order.
        steps: Number of steps of the optimizer.
        seconds: Wall-clock time, without the loading of the data.
        device: Where it ran.
    """

    epochs: tuple[Epoch, ...]
    steps: int
    seconds: float = field(compare=False)
    device: str = "cpu"

    def to_frame(self) -> pd.DataFrame:
        """Return the epochs as a table, one row each."""
        import pandas as pd  # here: training itself needs no pandas

        return pd.DataFrame([asdict(epoch) for epoch in self.epochs]).set_index("epoch")
