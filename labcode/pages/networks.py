"""The layers of LeNet-5, AlexNet and VGG-16 with their costs, built from `labcode.cost`.

Every convolution and linear layer has biases, as the published counts do.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from labcode import cost
from labcode._checks import check_int
from labcode.cost import Cost


@dataclass(frozen=True)
class Layer:
    """One layer with weights: its cost, and the shape (channels, height, width) of its output."""

    name: str
    kind: Literal["conv", "linear"]
    output_shape: tuple[int, ...]
    cost: Cost


def by_part(layers: Sequence[Layer], what: Literal["params", "macs"]) -> dict[str, int]:
    """Return a cost of each part of a network: the layers whose names begin alike, up to a point.

    >>> by_part(lenet5()[:2], "params")
    {'conv1': 520, 'conv2': 25050}
    """
    found: dict[str, int] = {}
    for layer in layers:
        part = layer.name.partition(".")[0]
        found[part] = found.get(part, 0) + getattr(layer.cost, what)
    return found


class Stack:
    """A network that grows layer by layer and keeps the shape of what comes out.

    >>> stack = Stack(channels=1, size=28)
    >>> stack.conv("conv1", 20, 5).pool(2).shape
    (20, 12, 12)
    """

    def __init__(self, channels: int, size: int) -> None:
        """Start with the shape of the image."""
        self.channels = check_int("in_channels", channels)
        self.size = check_int("input_size", size)
        self.layers: list[Layer] = []
        self.features: int | None = None  # set by the first linear layer

    @property
    def shape(self) -> tuple[int, int, int]:
        """The (channels, height, width) that comes out of the last convolution or pooling."""
        return self.channels, self.size, self.size

    def conv(
        self,
        name: str,
        out_channels: int,
        kernel_size: int,
        *,
        stride: int = 1,
        padding: int = 0,
        groups: int = 1,
    ) -> Stack:
        """Add a convolution with biases."""
        spent = _named(name, self.size, lambda: cost.conv2d(
            self.channels, out_channels, kernel_size, self.size,
            stride=stride, padding=padding, groups=groups, bias=True,
        ))  # fmt: skip
        assert spent.output_size is not None
        self.channels, self.size = out_channels, spent.output_size[0]
        self.layers.append(Layer(name, "conv", self.shape, spent))
        return self

    def pool(self, kernel_size: int, *, stride: int | None = None) -> Stack:
        """Add max pooling, which costs nothing and changes the size."""
        pooled = _named(
            f"the pooling after {self.layers[-1].name}",
            self.size,
            lambda: cost.pool2d(self.size, kernel_size, stride=stride),
        )
        assert pooled.output_size is not None
        self.size = pooled.output_size[0]
        return self

    def pool_to(self, size: int) -> Stack:
        """Add adaptive average pooling, which gives the same size for every input."""
        self.size = size
        return self

    def linear(self, name: str, out_features: int) -> Stack:
        """Add a linear layer with biases; the first one reads all values of the map."""
        inputs = self.channels * self.size**2 if self.features is None else self.features
        self.layers.append(
            Layer(name, "linear", (out_features,), cost.linear(inputs, out_features))
        )
        self.features = out_features
        return self


def _named(name: str, size: int, count: Callable[[], Cost]) -> Cost:
    """Return the cost, or say which layer has no room for its window."""
    try:
        return count()
    except ValueError as error:
        raise ValueError(
            f"the input is too small: {name} gets {size} × {size} pixels ({error})"
        ) from None


def lenet5(input_size: int = 28, in_channels: int = 1, classes: int = 10) -> list[Layer]:
    """Return the layers of LeNet-5 as Caffe trains it on MNIST.

    Source: Caffe, examples/mnist/lenet.prototxt; LeCun et al. (1998) had narrower layers.

    >>> sum(layer.cost.params for layer in lenet5())
    431080
    """
    stack = Stack(in_channels, input_size)
    stack.conv("conv1", 20, 5).pool(2).conv("conv2", 50, 5).pool(2)
    return stack.linear("fc1", 500).linear("fc2", check_int("classes", classes)).layers


def alexnet(
    input_size: int = 224, in_channels: int = 3, classes: int = 1000, *, groups: int = 2
) -> list[Layer]:
    """Return the layers of AlexNet; ``groups`` is 2 as on its two GPUs, or 1.

    Source: Krizhevsky et al., ImageNet classification (2012), section 3.5.

    >>> sum(layer.cost.params for layer in alexnet()), sum(
    ...     layer.cost.params for layer in alexnet(groups=1)
    ... )
    (60965224, 62378344)
    """
    return _alexnet(
        (96, 256, 384, 384, 256), Stack(in_channels, input_size), classes, groups, adaptive=False
    )


def alexnet_torchvision(
    input_size: int = 224, in_channels: int = 3, classes: int = 1000
) -> list[Layer]:
    """Return the layers of torchvision's AlexNet, which is a little narrower.

    Source: Krizhevsky, One weird trick (arXiv:1404.5997); torchvision.models.alexnet.

    >>> sum(layer.cost.params for layer in alexnet_torchvision())
    61100840
    """
    return _alexnet(
        (64, 192, 384, 256, 256), Stack(in_channels, input_size), classes, 1, adaptive=True
    )


def _alexnet(
    widths: Sequence[int], stack: Stack, classes: int, groups: int, *, adaptive: bool
) -> list[Layer]:
    """Stack the five convolutions and three linear layers of an AlexNet."""
    stack.conv("conv1", widths[0], 11, stride=4, padding=2).pool(3, stride=2)
    stack.conv("conv2", widths[1], 5, padding=2, groups=groups).pool(3, stride=2)
    stack.conv("conv3", widths[2], 3, padding=1)
    stack.conv("conv4", widths[3], 3, padding=1, groups=groups)
    stack.conv("conv5", widths[4], 3, padding=1, groups=groups).pool(3, stride=2)
    if adaptive:
        stack.pool_to(6)
    stack.linear("fc6", 4096).linear("fc7", 4096)
    return stack.linear("fc8", check_int("classes", classes)).layers


def vgg16(input_size: int = 224, in_channels: int = 3, classes: int = 1000) -> list[Layer]:
    """Return the layers of VGG-16.

    Source: Simonyan and Zisserman, Very deep convolutional networks (arXiv:1409.1556), table 1,
        column D.

    >>> sum(layer.cost.params for layer in vgg16())
    138357544
    """
    stack = Stack(in_channels, input_size)
    for block, (convolutions, width) in enumerate(
        ((2, 64), (2, 128), (3, 256), (3, 512), (3, 512)), start=1
    ):
        for place in range(1, convolutions + 1):
            stack.conv(f"conv{block}_{place}", width, 3, padding=1)
        stack.pool(2)
    stack.linear("fc6", 4096).linear("fc7", 4096)
    return stack.linear("fc8", check_int("classes", classes)).layers
