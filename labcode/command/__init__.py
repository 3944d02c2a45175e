"""The command for the shell, `python -m labcode`: a subcommand a file."""

from __future__ import annotations

import argparse
import importlib
import sys
from collections.abc import Sequence
from typing import NoReturn

from labcode.command.errors import CommandError

__all__ = ["main"]

# The files of this folder that are subcommands; each has `add(parser)` and `run(arguments)`.
_NAMES = ("check", "count", "report")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a subcommand; what it says goes to stdout, an error in one sentence to stderr.

    Args:
        arguments: the words after `python -m labcode`; those of the shell if None.

    Returns:
        0, or 1 if it could not be done.

    Raises:
        SystemExit: with code 2 if the words are not understood; with 0 after `--help`.
    """
    chosen = _parser().parse_args(arguments)
    try:
        text = chosen.run(chosen)
    except CommandError as error:
        print(f"labcode {chosen.command}: {error}", file=sys.stderr)
        return 1
    print(text)
    return 0


class _Parser(argparse.ArgumentParser):
    """Says what is wrong in one sentence, and leaves the usage to `--help`."""

    def error(self, message: str) -> NoReturn:
        """Leave with code 2."""
        self.exit(2, f"{self.prog}: {message} (see --help)\n")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="python -m labcode", description="Count, check and report.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name in _NAMES:
        module = importlib.import_module(f"labcode.command.{name}")
        help_text = (module.__doc__ or "").strip().splitlines()[0]
        command = commands.add_parser(name, help=help_text, description=help_text)
        module.add(command)
        command.set_defaults(run=module.run)
    return parser
