"""The error of a subcommand that could not do its work."""

from __future__ import annotations


class CommandError(Exception):
    """What was asked for cannot be done; the message is one sentence for the shell."""


def one_line(error: BaseException) -> str:
    """Return an error's message in one line.

    >>> one_line(ValueError("no such model\\nas this"))
    'no such model as this'
    """
    return " ".join(str(error).split()) or type(error).__name__
