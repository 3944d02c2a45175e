"""The course's networks, one a file, written to be read."""

from labcode.models.lenet5 import LeNet5, lenet5
from labcode.models.lenet_300_100 import LeNet300100, lenet_300_100

__all__ = ["LeNet5", "LeNet300100", "lenet5", "lenet_300_100"]
