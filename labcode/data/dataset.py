"""A data set in memory: three splits of images and labels."""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from labcode._checks import check_int


@dataclass(frozen=True, eq=False)
class Split:
    """Images with their labels.

    Args:
        images: float32 in [0, 1], shape (N, C, H, W).
        labels: int64 class numbers, shape (N,).
        name: What the split is, such as "mnist5k train", for messages and tables.

    Raises:
        TypeError: The images are not float32 or the labels are not int64.
        ValueError: The shapes do not fit together, or the split is empty.
    """

    images: Tensor
    labels: Tensor
    name: str = "split"

    def __post_init__(self) -> None:
        """Refuse tensors that do not make a split."""
        if self.images.dtype != torch.float32 or self.labels.dtype != torch.int64:
            raise TypeError(
                f"{self.name}: images must be float32 and labels int64, "
                f"got {self.images.dtype} and {self.labels.dtype}"
            )
        images, labels = tuple(self.images.shape), tuple(self.labels.shape)
        if len(images) != 4 or labels != images[:1] or images[0] == 0:
            raise ValueError(
                f"{self.name}: images must be (N, C, H, W) and labels (N,) with N > 0, "
                f"got {images} and {labels}"
            )

    def __len__(self) -> int:
        """Return the number of images."""
        return len(self.labels)

    def __repr__(self) -> str:
        """Name the split and its shape instead of printing its pixels."""
        return f"Split({self.name!r}, images {tuple(self.images.shape)})"

    def subset(self, n_per_class: int) -> Split:
        """Return the first ``n_per_class`` images of every class, in their order.

        A smaller subset is contained in every larger one, so that experiments on the size
        of the training set differ in nothing else.

        Args:
            n_per_class: Number of images of each class.

        Returns:
            A new split with ``n_per_class`` images of each class that occurs.

        Raises:
            TypeError: ``n_per_class`` is not an integer.
            ValueError: It is below 1, or a class has fewer images.

        >>> labels = torch.tensor([0, 1, 0, 1, 0])
        >>> Split(torch.rand(5, 1, 8, 8), labels).subset(2).labels
        tensor([0, 1, 0, 1])
        """
        wanted = check_int("n_per_class", n_per_class)
        one_hot = torch.nn.functional.one_hot(self.labels)  # (N, classes)
        rank = one_hot.cumsum(0).gather(1, self.labels[:, None])[:, 0]  # 1, 2, … in each class
        present = one_hot.sum(0)
        fewest = int(present[present > 0].min())
        if wanted > fewest:
            raise ValueError(
                f"n_per_class must be at most {fewest}, the size of the smallest class "
                f"of {self.name}, got {wanted}"
            )
        keep = rank <= wanted
        name = f"{self.name}, {wanted} a class"
        return Split(self.images[keep], self.labels[keep], name)


@dataclass(frozen=True, eq=False)
class Dataset:
    """A data set with fixed splits; each has one use.

    Args:
        name: The name that `labcode.data.load` knows it by.
        train: To fit weights on.
        validation: To choose with: settings, the epoch to stop at, what to prune.
        test: To report. Look at it once, after every choice is made.
        classes: The name of each class, by class number.
        source: Where the images come from.
        licence: The terms that they may be used under.
    """

    name: str
    train: Split
    validation: Split
    test: Split
    classes: tuple[str, ...]
    source: str
    licence: str

    @property
    def input_shape(self) -> tuple[int, int, int]:
        """Channels, height and width of one image."""
        channels, height, width = self.train.images.shape[1:]
        return channels, height, width

    def __repr__(self) -> str:
        """Name the data set and its sizes instead of printing its pixels."""
        sizes = f"{len(self.train)} train, {len(self.validation)} validation, {len(self.test)} test"
        return f"Dataset({self.name!r}: {sizes}, images {self.input_shape})"

    def with_train(self, n_train: int) -> Dataset:
        """Return the data set with a smaller training split; the other splits stay.

        Args:
            n_train: Number of training images, the same number of each class.

        Returns:
            A new data set that shares the validation and test splits.

        Raises:
            TypeError: ``n_train`` is not an integer.
            ValueError: It is not a multiple of the number of classes, or too large.
        """
        wanted, classes = check_int("n_train", n_train), len(self.classes)
        if wanted % classes:
            raise ValueError(
                f"n_train must be a multiple of the number of classes, {classes}, got {wanted}"
            )
        return replace(self, train=self.train.subset(wanted // classes))
