"""The second telling of convolution: a filter sweeps over the image."""

from __future__ import annotations

import torch  # noqa: F401 (the example below)
from torch import Tensor

from labcode.basics._shapes import check_image_and_filters


def convolve_by_sweeping(image: Tensor, filters: Tensor) -> Tensor:
    """Convolve by laying each filter on every place of the image, row by row.

    Args:
        image: Shape (C_in, H, W).
        filters: Shape (C_out, C_in, k, k).

    Returns:
        The feature maps, shape (C_out, H_out, W_out).

    Raises:
        ValueError: The shapes do not fit together.

    >>> convolve_by_sweeping(torch.ones(1, 3, 3), torch.ones(1, 1, 2, 2))
    tensor([[[4., 4.],
             [4., 4.]]])
    """
    check_image_and_filters(image, filters)
    c_out, _, k_h, k_w = filters.shape
    height, width = image.shape[1] - k_h + 1, image.shape[2] - k_w + 1
    maps = image.new_empty(c_out, height, width)
    for channel, one_filter in enumerate(filters):
        for top in range(height):
            for left in range(width):
                patch = image[:, top : top + k_h, left : left + k_w]  # (C_in, k, k)
                maps[channel, top, left] = (patch * one_filter).sum()
    return maps
