"""A network of one's own and one's own pictures: what each method makes of them, side by side."""

from labcode.own.answer import OneAnswer
from labcode.own.choice import chosen, network
from labcode.own.forms import Variant, variants
from labcode.own.shown import table
from labcode.own.sight import Sight, pictures, sight_of

__all__ = [
    "OneAnswer",
    "Sight",
    "Variant",
    "chosen",
    "network",
    "pictures",
    "sight_of",
    "table",
    "variants",
]
