"""The course's networks, one a file, written to be read."""

from labcode.models.alexnet import AlexNet, alexnet
from labcode.models.bn_inception import BNInception, bn_inception
from labcode.models.digits_mobilenet import DigitsMobileNet, digits_mobilenet
from labcode.models.efficientnet_lite import EfficientNetLite, efficientnet_lite
from labcode.models.exit_cnn import ExitCNN, exit_cnn
from labcode.models.exit_network import ExitNetwork, exit_macs
from labcode.models.field_network import field_network
from labcode.models.first_layer_network import first_layer_network
from labcode.models.googlenet import GoogLeNet, googlenet
from labcode.models.keras_lightweight_cnn import KerasLightweightCNN, keras_lightweight_cnn
from labcode.models.late_squeezenet import LateSqueezeNet, late_squeezenet
from labcode.models.lenet5 import LeNet5, lenet5
from labcode.models.lenet_300_100 import LeNet300100, lenet_300_100
from labcode.models.low_rank import (
    LowRankLinear,
    break_even_rank,
    low_rank_linear,
    truncated_svd,
)
from labcode.models.mobilenet_v1 import MobileNetV1, SeparableBlock, mobilenet_v1
from labcode.models.mobilenet_v2 import InvertedResidual, MobileNetV2, mobilenet_v2
from labcode.models.msd_net import MSDNet, msd_net
from labcode.models.nin import NIN, nin
from labcode.models.place_network import place_network
from labcode.models.pooled_network import pooled_network
from labcode.models.resnet import ResNet, bottleneck_resnet, resnet18, resnet50
from labcode.models.resnet8 import ResNet8, resnet8
from labcode.models.se_networks import (
    se_inception,
    se_mobilenet_v1,
    se_resnet50,
    se_shufflenet_v1,
)
from labcode.models.shufflenet_v1 import (
    ShuffleNetV1,
    ShuffleUnit,
    channel_shuffle,
    shufflenet_v1,
)
from labcode.models.slimmable_cnn import SlimmableCNN, slimmable_cnn
from labcode.models.small_cnn import SmallCNN, small_cnn
from labcode.models.small_se_resnet import SmallSEResNet, small_se_resnet
from labcode.models.small_shufflenet import SmallShuffleNet, small_shufflenet
from labcode.models.small_squeezenet import SmallSqueezeNet, small_squeezenet
from labcode.models.squeeze_excite import SEResidual, SqueezeExcite
from labcode.models.squeezenet import Fire, SqueezeNet, squeezenet
from labcode.models.student import student
from labcode.models.vgg16 import VGG16, vgg16
from labcode.models.wide_student import wide_student

__all__ = [
    "NIN",
    "VGG16",
    "AlexNet",
    "BNInception",
    "DigitsMobileNet",
    "EfficientNetLite",
    "ExitCNN",
    "ExitNetwork",
    "Fire",
    "GoogLeNet",
    "InvertedResidual",
    "KerasLightweightCNN",
    "LateSqueezeNet",
    "LeNet5",
    "LeNet300100",
    "LowRankLinear",
    "MSDNet",
    "MobileNetV1",
    "MobileNetV2",
    "ResNet",
    "ResNet8",
    "SEResidual",
    "SeparableBlock",
    "ShuffleNetV1",
    "ShuffleUnit",
    "SlimmableCNN",
    "SmallCNN",
    "SmallSEResNet",
    "SmallShuffleNet",
    "SmallSqueezeNet",
    "SqueezeExcite",
    "SqueezeNet",
    "alexnet",
    "bn_inception",
    "bottleneck_resnet",
    "break_even_rank",
    "channel_shuffle",
    "digits_mobilenet",
    "efficientnet_lite",
    "exit_cnn",
    "exit_macs",
    "field_network",
    "first_layer_network",
    "googlenet",
    "keras_lightweight_cnn",
    "late_squeezenet",
    "lenet5",
    "lenet_300_100",
    "low_rank_linear",
    "mobilenet_v1",
    "mobilenet_v2",
    "msd_net",
    "nin",
    "place_network",
    "pooled_network",
    "resnet8",
    "resnet18",
    "resnet50",
    "se_inception",
    "se_mobilenet_v1",
    "se_resnet50",
    "se_shufflenet_v1",
    "shufflenet_v1",
    "slimmable_cnn",
    "small_cnn",
    "small_se_resnet",
    "small_shufflenet",
    "small_squeezenet",
    "squeezenet",
    "student",
    "truncated_svd",
    "vgg16",
    "wide_student",
]
