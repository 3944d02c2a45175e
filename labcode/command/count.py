"""Count the parameters and multiply-adds of a model, layer by layer."""

from __future__ import annotations

import argparse
import re

from labcode.command.errors import CommandError, one_line
from labcode.command.models import add_model, model_named


def add(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the subcommand."""
    add_model(parser)
    parser.add_argument("--by", choices=("layer", "block", "operation"), default="layer")
    parser.add_argument(
        "--depth", type=_positive, default=1, help="how deep blocks go, with --by block"
    )
    parser.add_argument("--markdown", action="store_true", help="write the table as Markdown")


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
