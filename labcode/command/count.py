"""Count the parameters and multiply-adds of a model, layer by layer."""

from __future__ import annotations

import argparse
import re

from labcode.command.errors import CommandError, one_line
from labcode.command.models import model_named


def add(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the subcommand."""
    parser.add_argument(
        "model", help="torchvision:NAME, timm:NAME, or package.module:function, which makes one"
    )
    parser.add_argument(
        "--input",
        type=shape,
        default=(3, 224, 224),
        metavar="C,H,W",
        help="one input without the batch, such as 3,224,224 (the default)",
    )
    parser.add_argument("--by", choices=("layer", "block", "operation"), default="layer")
    parser.add_argument(
        "--depth", type=_positive, default=1, help="how deep blocks go, with --by block"
    )
    parser.add_argument("--markdown", action="store_true", help="write the table as Markdown")


def shape(text: str) -> tuple[int, ...]:
    """Return a shape from how it is written in the shell.

    Raises:
        argparse.ArgumentTypeError: if it is not positive whole numbers with commas or an x between.

    >>> shape("3,224,224"), shape("1x28x28")
    ((3, 224, 224), (1, 28, 28))
    """
    parts = re.split(r"\s*[,x×]\s*", text.strip())
    if not all(re.fullmatch(r"[0-9]+", part) and int(part) for part in parts):
        raise argparse.ArgumentTypeError(f"must be sizes such as 3,224,224, got {text!r}")
    return tuple(map(int, parts))


def _positive(text: str) -> int:
    if not re.fullmatch(r"[0-9]+", text) or not int(text):
        raise argparse.ArgumentTypeError(f"must be a whole number from 1, got {text!r}")
    return int(text)


def run(arguments: argparse.Namespace) -> str:
    """Return the table of costs.

    Raises:
        CommandError: if there is no such model, or if it cannot be counted.
    """
    model = model_named(arguments.model)
    from labcode.counting import View, count  # only here: `--help` needs no PyTorch

    try:
        cost = count(model, arguments.input)
    except (TypeError, ValueError) as error:
        raise CommandError(one_line(error)) from error
    if arguments.by == "layer":
        return cost.to_markdown() if arguments.markdown else str(cost)
    view: View = cost.by_operation()
    if arguments.by == "block":
        view = cost.by_depth(arguments.depth)
    return view.to_markdown() if arguments.markdown else str(view)
