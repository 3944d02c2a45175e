"""The small network of the study notes behind the course, written there for Keras."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional as F

from labcode._checks import check_int


class KerasLightweightCNN(nn.Module):
    """One depthwise separable convolution and a classifier; see `keras_lightweight_cnn`."""

    def __init__(self, num_classes: int, in_channels: int) -> None:
        """Make the layers; `keras_lightweight_cnn` documents the arguments."""
        super().__init__()
        self.depthwise = nn.Conv2d(in_channels, in_channels, 3, padding=1, groups=in_channels)
        self.pointwise = nn.Conv2d(in_channels, 32, 1)
        self.classifier = nn.Linear(32, num_classes)
        for layer in (self.depthwise, self.pointwise, self.classifier):
            nn.init.xavier_uniform_(layer.weight)  # what Keras calls glorot_uniform
            nn.init.zeros_(layer.bias)  # type: ignore[arg-type]  # each layer has a bias

    def forward(self, x: Tensor) -> Tensor:
        """Turn images (N, C, H, W) into logits (N, num_classes)."""
        channels = self.depthwise.in_channels
        if x.dim() != 4 or x.shape[1] != channels:
            raise ValueError(f"x must have the shape (N, {channels}, H, W), got {tuple(x.shape)}")
        x = self.depthwise(x)  # (N, 3, 224, 224)
        x = F.relu(self.pointwise(x))  # (N, 32, 224, 224)
        x = x.mean((2, 3))  # (N, 32)
        return self.classifier(x)  # type: ignore[no-any-return]  # (N, 10)


def keras_lightweight_cnn(*, num_classes: int = 10, in_channels: int = 3) -> KerasLightweightCNN:
    """Return the untrained network: depthwise 3x3, pointwise to 32 with ReLU, average, linear.

    Both convolutions and the linear layer have biases; the depthwise one pads by 1 ("same").
    With 10 classes and 3 channels it has 488 parameters; on 3x224x224 it does 6,171,968 MACs.
    Weights are Glorot-uniform and biases zero, Keras's defaults.

    Args:
        num_classes: Number of outputs.
        in_channels: Channels of the images.

    Returns:
        The network, in training mode; it takes images of any size.

    Raises:
        TypeError: An argument is not an integer.
        ValueError: An argument is below 1.

    Source: the study notes behind the course, "Lightweight CNNs, theory" (claim C36).

    >>> import labcode
    >>> found = labcode.count(keras_lightweight_cnn(), (3, 224, 224))
    >>> found.params, found.macs
    (488, 6171968)
    """
    return KerasLightweightCNN(
        check_int("num_classes", num_classes), check_int("in_channels", in_channels)
    )
