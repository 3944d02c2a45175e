"""Say which methods will work on a model, and which layers they leave out and why."""

from __future__ import annotations

import argparse

from labcode.command.errors import CommandError, one_line
from labcode.command.models import add_model, model_named


def add(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the subcommand."""
    add_model(parser)
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
