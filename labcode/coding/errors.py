"""The one error of this package's files."""


class CodingError(ValueError):
    """Packed bytes are damaged, cut, made by something else, or belong to another network."""
