"""One check of shapes for both tellings of convolution."""

from __future__ import annotations

from torch import Tensor


def check_image_and_filters(image: Tensor, filters: Tensor) -> None:
    """Refuse an image (C_in, H, W) and filters (C_out, C_in, k, k) that do not fit together."""
    if image.ndim != 3:
        raise ValueError(f"image must be (C_in, H, W), got {tuple(image.shape)}")
    if filters.ndim != 4 or filters.shape[1] != image.shape[0]:
        raise ValueError(
            f"filters must be (C_out, {image.shape[0]}, k, k) for this image, "
            f"got {tuple(filters.shape)}"
        )
    if any(k > side for k, side in zip(filters.shape[2:], image.shape[1:], strict=True)):
        raise ValueError(
            f"filters of {tuple(filters.shape[2:])} pixels are larger than "
            f"the image of {tuple(image.shape[1:])}"
        )
