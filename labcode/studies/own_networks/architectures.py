"""Architectures that readers bring: the course's and torchvision's, untrained, 10 classes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from torch import nn

from labcode import models
from labcode.training import seeded

CLASSES = 10
Shape = tuple[int, int, int]
Maker = tuple[Callable[[], nn.Module], Shape]


def _torchvision(name: str, **settings: Any) -> Callable[[], nn.Module]:
    def build() -> nn.Module:
        from torchvision import models as theirs

        model: nn.Module = getattr(theirs, name)(num_classes=CLASSES, **settings)
        return model

    return build


def _small_vit() -> nn.Module:
    from torchvision.models import VisionTransformer

    model: nn.Module = VisionTransformer(64, 16, 4, 4, 64, 128, num_classes=CLASSES)
    return model


ARCHITECTURES: dict[str, Maker] = {
    "LeNet-5": (models.lenet5, (1, 28, 28)),
    "LeNet-300-100": (models.lenet_300_100, (1, 28, 28)),
    "small CNN": (models.small_cnn, (1, 28, 28)),
    "ResNet-8": (models.resnet8, (3, 32, 32)),
    "EfficientNet-Lite0": (lambda: models.efficientnet_lite(num_classes=CLASSES), (3, 64, 64)),
    "small MobileNet": (models.digits_mobilenet, (1, 28, 28)),
    "small SqueezeNet": (models.small_squeezenet, (1, 28, 28)),
    "small ShuffleNet": (models.small_shufflenet, (1, 28, 28)),
    "small SE-ResNet": (models.small_se_resnet, (1, 28, 28)),
    "CNN with exits": (models.exit_cnn, (1, 28, 28)),
    "MobileNet v1": (lambda: models.mobilenet_v1(num_classes=CLASSES), (3, 64, 64)),
    "SqueezeNet 1.1": (_torchvision("squeezenet1_1"), (3, 64, 64)),
    "ShuffleNet v1": (lambda: models.shufflenet_v1(num_classes=CLASSES), (3, 64, 64)),
    "ResNet-18": (_torchvision("resnet18"), (3, 64, 64)),
    "GoogLeNet": (_torchvision("googlenet", init_weights=False, aux_logits=True), (3, 64, 64)),
    "MobileNet v2": (_torchvision("mobilenet_v2"), (3, 64, 64)),
    "MobileNet v3 small": (_torchvision("mobilenet_v3_small"), (3, 64, 64)),
    "MnasNet 0.5": (_torchvision("mnasnet0_5"), (3, 64, 64)),
    "ShuffleNet v2 0.5": (_torchvision("shufflenet_v2_x0_5"), (3, 64, 64)),
    "EfficientNet-B0": (_torchvision("efficientnet_b0"), (3, 64, 64)),
    "RegNetY-400MF": (_torchvision("regnet_y_400mf"), (3, 64, 64)),
    "Vision transformer, small": (_small_vit, (3, 64, 64)),
}
"""Name to what builds the network and the shape of one image."""


def built(name: str) -> tuple[nn.Module, Shape]:
    """Return an architecture with weights from seed 0, in evaluation mode, and its images' shape.

    Raises:
        KeyError: There is none of that name.
    """
    build, shape = ARCHITECTURES[name]
    return seeded(build, 0).eval(), shape
