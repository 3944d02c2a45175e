"""Say which methods will work on a model, and which layers they leave out and why."""

from __future__ import annotations

import argparse

from labcode.command.count import shape
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
    parser.add_argument(
        "--method", action="append", metavar="NAME", help="try this method only; may be repeated"
    )


def run(arguments: argparse.Namespace) -> str:
    """Return what the methods say.

    Raises:
        CommandError: if there is no such model or method, or if the model does not run.
    """
    model = model_named(arguments.model)
    from labcode import preflight  # only here: `--help` needs no PyTorch

    try:
        return str(preflight.check(model.eval(), arguments.input, methods=arguments.method))
    except (TypeError, ValueError) as error:
        raise CommandError(one_line(error)) from error
