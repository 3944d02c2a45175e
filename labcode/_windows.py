"""Where a sliding window fits: the output sizes of convolution and pooling.

Pure Python, since `labcode.cost` needs it in the browser.
"""

from __future__ import annotations

from labcode._checks import IntOrPair, Pair, check_bool, check_pair


def conv_output_size(
    input_size: IntOrPair,
    kernel_size: IntOrPair,
    *,
    stride: IntOrPair = 1,
    padding: IntOrPair = 0,
    dilation: IntOrPair = 1,
) -> Pair:
    """Return the height and width that a sliding window leaves.

    Args:
        input_size: Height and width of the input, in pixels.
        kernel_size: Height and width of the window, in pixels.
        stride: Step from one window to the next, in pixels.
        padding: Pixels added on each side.
        dilation: Distance between the pixels that one window reads.

    Returns:
        The output's (height, width), in pixels.

    Raises:
        TypeError: An argument is neither an int nor a pair of ints.
        ValueError: A number is out of range, or the window is larger than the padded input.

    Source: the formula of torch.nn.Conv2d, section "Shape".

    >>> conv_output_size(28, 5), conv_output_size((224, 112), 3, stride=2, padding=1)
    ((24, 24), (112, 56))
    """
    size = check_pair("input_size", input_size)
    kernel = check_pair("kernel_size", kernel_size)
    step = check_pair("stride", stride)
    pad = check_pair("padding", padding, minimum=0)
    spread = check_pair("dilation", dilation)
    span = (spread[0] * (kernel[0] - 1) + 1, spread[1] * (kernel[1] - 1) + 1)
    room = (size[0] + 2 * pad[0], size[1] + 2 * pad[1])
    if span[0] > room[0] or span[1] > room[1]:
        dilated = f" (it spans {_by(span)} with dilation {dilation!r})" if span != kernel else ""
        raise ValueError(
            f"kernel_size {kernel_size!r}{dilated} must not be larger than the padded input: "
            f"input_size {input_size!r} with padding {padding!r} is {_by(room)}"
        )
    return (room[0] - span[0]) // step[0] + 1, (room[1] - span[1]) // step[1] + 1


def pool_output_size(
    input_size: IntOrPair,
    kernel_size: IntOrPair,
    *,
    stride: IntOrPair | None = None,
    padding: IntOrPair = 0,
    ceil_mode: bool = False,
) -> Pair:
    """Return the height and width that pooling leaves; see `labcode.cost.pool2d`.

    >>> pool_output_size(7, 2), pool_output_size(7, 2, ceil_mode=True)
    ((3, 3), (4, 4))
    """
    size = check_pair("input_size", input_size)
    kernel = check_pair("kernel_size", kernel_size)
    step = kernel if stride is None else check_pair("stride", stride)
    pad = check_pair("padding", padding, minimum=0)
    if 2 * pad[0] > kernel[0] or 2 * pad[1] > kernel[1]:
        raise ValueError(
            f"padding must be at most half of kernel_size, "
            f"got padding={padding!r} and kernel_size={kernel_size!r}"
        )
    if not check_bool("ceil_mode", ceil_mode):
        return conv_output_size(input_size, kernel_size, stride=step, padding=padding)
    height, width = (_ceil_windows(*line) for line in zip(size, kernel, step, pad, strict=True))
    if min(height, width) < 1:
        raise ValueError(
            f"kernel_size {kernel_size!r} must not be larger than the padded input: "
            f"not even one window starts in input_size {input_size!r} with padding {padding!r}"
        )
    return height, width


def _ceil_windows(size: int, kernel: int, stride: int, padding: int) -> int:
    """Count the windows along one direction in PyTorch's ceil mode."""
    windows = -((kernel - size - 2 * padding) // stride) + 1  # rounded up
    if (windows - 1) * stride >= size + padding:  # a window must start inside the input
        windows -= 1
    return windows


def _by(size: Pair) -> str:
    return f"{size[0]} x {size[1]}"
