"""The first telling of convolution: neurons that look at a patch each and share their weights."""

from __future__ import annotations

import torch  # noqa: F401 (the examples below)
from torch import Tensor

from labcode.basics._shapes import check_image_and_filters


def neuron_weights(filters: Tensor, input_size: tuple[int, int]) -> Tensor:
    """Write a convolution as a fully connected layer, whose weights are mostly zero and shared.

    Every output value is a neuron. It is joined to all input pixels, but only the weights
    inside its own patch are not zero, and those are the same numbers for every neuron of a
    channel.

    Args:
        filters: One filter for each output channel, shape (C_out, C_in, k, k).
        input_size: Height and width of the input, in pixels.

    Returns:
        Each neuron's weights, shape (C_out, H_out, W_out, C_in, H, W).

    Raises:
        ValueError: The filters have no four dimensions or are larger than the input.

    >>> neuron_weights(torch.ones(1, 1, 2, 2), (3, 3))[0, 0, 1, 0]  # the upper right neuron
    tensor([[0., 1., 1.],
            [0., 1., 1.],
            [0., 0., 0.]])
    """
    c_out, c_in, k_h, k_w = filters.shape if filters.ndim == 4 else (0, 0, 0, 0)
    check_image_and_filters(filters.new_empty(c_in, *input_size), filters)
    height, width = input_size[0] - k_h + 1, input_size[1] - k_w + 1
    weights = filters.new_zeros(c_out, height, width, c_in, *input_size)
    for top in range(height):
        for left in range(width):
            weights[:, top, left, :, top : top + k_h, left : left + k_w] = filters
    return weights


def convolve_by_neurons(image: Tensor, filters: Tensor) -> Tensor:
    """Convolve by letting every neuron sum its weights times all pixels of the image.

    Args:
        image: Shape (C_in, H, W).
        filters: Shape (C_out, C_in, k, k).

    Returns:
        The feature maps, shape (C_out, H_out, W_out).

    Raises:
        ValueError: The shapes do not fit together.

    >>> convolve_by_neurons(torch.ones(1, 3, 3), torch.ones(1, 1, 2, 2))
    tensor([[[4., 4.],
             [4., 4.]]])
    """
    check_image_and_filters(image, filters)
    height, width = int(image.shape[1]), int(image.shape[2])
    weights = neuron_weights(filters, (height, width))
    outputs = weights.flatten(3).flatten(0, 2) @ image.flatten()  # (C_out * H_out * W_out,)
    return outputs.reshape(weights.shape[:3])
